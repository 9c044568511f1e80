"""The network of a judge: a few convolutions, one layer of features, one layer of answers."""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval


class Reader(nn.Module):
    """Images (n, *shape) -> `features` (n, features), all ≥ 0 -> outputs (n, outputs); always of float32.

    `layers` are pairs (channels, stride): a convolution with a 3 × 3 kernel, or with a 4 × 4 one where it halves the
    sides. `normed` is for learning; without, it is the network that `folded` gives.
    """

    def __init__(self, shape, layers, features, outputs, *, normed=False):
        super().__init__()
        channels, side, _ = shape
        body = []
        for width, stride in layers:
            convolution = nn.Conv2d(channels, width, 2 + stride, stride, 1, bias=not normed, dtype=torch.float32)
            body += [convolution, *([nn.BatchNorm2d(width, dtype=torch.float32)] * normed), nn.ReLU()]
            channels, side = width, side // stride
        last = nn.Linear(channels * side**2, features, bias=not normed, dtype=torch.float32)
        body += [nn.Flatten(), last, *([nn.BatchNorm1d(features, dtype=torch.float32)] * normed), nn.ReLU()]
        self.features = nn.Sequential(*body)
        self.answers = nn.Linear(features, outputs, dtype=torch.float32)

    def forward(self, x):
        return self.answers(self.features(x))


def fold(reader):
    """Take each batch normalisation of `reader` into the layer before it: w ← w γ/σ, b ← β − μ γ/σ. Returns it.

    The function in eval mode is the same, and its weights are all there is to know of it.
    """
    folded = []
    for layer in reader.eval().features:
        if isinstance(layer, nn.BatchNorm2d):
            folded[-1] = fuse_conv_bn_eval(folded[-1], layer)
        elif isinstance(layer, nn.BatchNorm1d):
            folded[-1] = fuse_linear_bn_eval(folded[-1], layer)
        else:
            folded.append(layer)
    reader.features = nn.Sequential(*folded)
    return reader
