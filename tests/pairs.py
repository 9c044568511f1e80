"""Pairs of networks for the tests, written as a user would write them."""

import torch
from torch import nn


class ToldG(nn.Module):
    """(n, 4), (n,) -> 8×8 images in (−1, 1) of the classes asked for."""

    def __init__(self, classes=10):
        super().__init__()
        self.table = nn.Embedding(classes, 4)
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64), nn.Tanh())

    def forward(self, z, y):
        return self.layers(torch.cat([z, self.table(y)], 1)).reshape(-1, 1, 8, 8)


class ToldD(nn.Module):
    """8×8 images, (n,) -> logits (n,)."""

    def __init__(self, classes=10):
        super().__init__()
        self.table = nn.Embedding(classes, 16)
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU(0.2), nn.Dropout(0.3))
        self.end = nn.Linear(16, 1)

    def forward(self, x, y):
        features = self.features(x)
        return self.end(features)[:, 0] + (features * self.table(y)).sum(1)


class Flat(nn.Sequential):
    """Points (n, 2) -> logits, drawing random numbers of its own."""

    def __init__(self):
        super().__init__(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Dropout(0.5), nn.Linear(16, 1))
