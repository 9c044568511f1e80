"""The bench of the museum: GANs so small that what must come out of a step is known."""

from functools import partial

import torch
from torch import nn

from gan_core import datasets, training
from gan_core.pieces.networks import mlp
from gan_core.pieces.objectives import wasserstein
from gan_core.training import GAN

ETA = 0.1


class Point(nn.Module):
    """G of one number: x = θ, whatever z is."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.as_tensor(theta, dtype=torch.get_default_dtype()))

    def forward(self, z):
        return self.theta.expand(len(z), *self.theta.shape)


class Slope(nn.Module):
    """D of one number: a(x) = ψ x."""

    def __init__(self, psi):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi], dtype=torch.get_default_dtype()))

    def forward(self, x):
        return self.psi * x


def two_numbers():
    """The Dirac-GAN: all data at 1, all fakes at θ, D(x) = ψ x, L_D = ψ θ − ψ, L_G = −ψ θ, and SGD with η = 0.1."""
    sgd = partial(torch.optim.SGD, lr=ETA)
    gan = GAN(Point([0.3]), Slope(0.5), z=1, objective=wasserstein, optimizer_d=sgd, optimizer_g=sgd)
    return training.start(gan, torch.ones(8, 1), batch=4)


def weights(run):
    """θ and ψ as they are now."""
    return run.generator.theta.detach().clone(), run.discriminator.psi.detach().clone()


def with_critic(critic, shape=(2, 3), n=8):
    """A run with this critic, which is all that a penalty asks for; its minibatches have `n` examples."""
    data = torch.zeros(n, *shape)
    return training.start(GAN(partial(mlp, 1, shape, width=1, depth=0), critic, z=1), data, batch=n)


class Linear(nn.Module):
    """f(x) = ⟨w, x⟩: its slope is ‖w‖ everywhere. w is the same number in each place."""

    def __init__(self, slope, shape=(2, 3)):
        super().__init__()
        w = torch.ones(shape)
        self.w = nn.Parameter(slope * w / w.norm())

    def forward(self, x):
        return (self.w * x).flatten(1).sum(1)


class Bowl(nn.Module):
    """f(x) = ½‖x‖² + b: its slope at x is ‖x‖."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return x.flatten(1).square().sum(1) / 2 + self.bias


def flat():
    """A critic whose last layer begins at zero: f = 0, and no slope anywhere."""
    network = mlp((2, 3), 1, width=5)
    for p in network[-3].parameters():
        nn.init.zeros_(p)
    return network


def pairs(run):
    """A minibatch of real examples and one of fakes, far apart."""
    rng, shape = torch.Generator().manual_seed(0), (run.batch, *run.data.shape)
    return torch.randn(shape, generator=rng), 3 + torch.randn(shape, generator=rng)


class Label(nn.Module):
    """G whose examples are their labels, x = y; θ is there to be trained."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(()))

    def forward(self, z, y):
        return y[:, None] + 0 * self.theta


class Listener(nn.Module):
    """D that keeps what it is shown and told: a(x) = ψ x."""

    def __init__(self):
        super().__init__()
        self.psi, self.seen = nn.Parameter(torch.ones(())), []

    def forward(self, x, y=None):
        self.seen.append((x.detach(), y))
        return self.psi * x


def labels_as_examples(classes=10):
    """A run with labels in which each example, real or fake, is the number of its class."""
    y = torch.arange(100) % classes
    data = datasets.Examples(y[:, None].to(torch.get_default_dtype()), y)
    run = training.start(GAN(Label, Listener, z=1, classes=classes), data, batch=32)
    run.discriminator.seen.clear()
    return run


def listened():
    """A run on the line whose D keeps what it is shown."""
    data = datasets.mixture([0.0], std=1.0)
    run = training.start(GAN(partial(mlp, 1, 1, width=4, depth=1), Listener, z=1), data, batch=4)
    run.discriminator.seen.clear()
    return run


def with_average(beta=0.9):
    """A run whose G has batch normalisation and a moving average."""

    def generator():
        return nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))

    gan = GAN(generator, partial(mlp, 1, 1, width=4, depth=1), z=2, ema=beta)
    return training.start(gan, torch.zeros(32, 1), batch=32)
