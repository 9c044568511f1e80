"""What flow matching trains: a velocity v(x, t), and the flow that carries noise to examples along it.

    dx/dt = v(x, t),    x(0) = z ~ N(0, I),    x(1) an example

For points the velocity is a multilayer perceptron that gets t as one more number. For images it is a small U-Net
(Ronneberger et al. 2015): convolutions halve the sides down to 4 × 4 pixels and double them again, and on the way back
each size is given what it was on the way there. The sides are halved first and doubled last, as in DCGAN: nothing but
the image itself is ever of full size, and that makes it cheap. t is told by sines and cosines (Vaswani et al. 2017), in
each block one number for each channel.
"""

from math import prod

import torch
from torch import nn
from torch.nn.functional import silu

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks._images import doublings, square
from gan_core.pieces.networks.mlp import mlp

FREQUENCIES = 16  # of sines and of cosines


def euler(v, x, t, h):
    """x(t + h) ≈ x + h v(x, t): one look at v, an error of order h² a step."""
    return x + h * v(x, t)


def midpoint(v, x, t, h):
    """x(t + h) ≈ x + h v(x + h/2 · v(x, t), t + h/2): two looks at v, an error of order h³ a step."""
    return x + h * v(x + h / 2 * v(x, t), t + h / 2)


class Flow(nn.Module):
    """z (n, prod(shape)) -> x(1) (n, *shape), where x(0) = z and dx/dt = v(x, t), by `steps` steps from 0 to 1.

    `velocity` is a module (x (n, *shape), t (n,)) -> (n, *shape). `step(v, x, t, h)` makes one step: `midpoint` or
    `euler`. `end` builds what x(1) goes through: `nn.Hardtanh` cuts images to [−1, 1]. The number of steps is no part
    of what is learned: set `flow.steps` to another, and the same velocity is followed in more or fewer.
    Raises ValueError for steps below one.
    """

    def __init__(self, velocity, shape, *, steps=8, step=midpoint, end=nn.Identity):
        super().__init__()
        self.velocity, self.shape = velocity, tuple(shape)
        self.steps, self.step, self.end = whole("steps", steps), step, end()

    def forward(self, z):
        def v(x, t):
            return self.velocity(x, x.new_full((len(x),), t))

        x = z.reshape(len(z), *self.shape)
        for k in range(self.steps):
            x = self.step(v, x, k / self.steps, 1 / self.steps)
        return self.end(x)

    def extra_repr(self):
        return f"shape={self.shape}, steps={self.steps}, step={self.step.__name__}"


class PointVelocity(nn.Module):
    """v(x, t) for points (n, *shape): a multilayer perceptron of (x, t), `depth` smooth hidden layers of `width`."""

    def __init__(self, shape, *, width=128, depth=3):
        super().__init__()
        self.layers = mlp(prod(shape) + 1, shape, width=width, depth=depth, activation=nn.SiLU)

    def forward(self, x, t):
        return self.layers(torch.cat((x.flatten(1), t[:, None]), dim=1))


class ImageVelocity(nn.Module):
    """v(x, t) for images (n, channels, size, size): a U-Net, at first v = 0.

    `width` is the number of channels at half the size; each halving doubles it, as in DCGAN.
    Raises ValueError for a shape that is not square with a side of 8, 16, 32, 64 or 128.
    """

    def __init__(self, shape, *, width=32):
        super().__init__()
        channels, size = square("the U-Net needs", shape)
        wide = [whole("width", width) * 2**level for level in range(doublings(size))]
        features = 4 * width
        self.time = nn.Sequential(Waves(FREQUENCIES), nn.Linear(2 * FREQUENCIES, features), nn.SiLU())
        self.first = nn.Conv2d(channels, wide[0], 4, 2, 1)
        self.there = nn.ModuleList(Block(c, features) for c in wide)
        self.halvings = nn.ModuleList(nn.Conv2d(c, 2 * c, 4, 2, 1) for c in wide[:-1])
        self.doublings = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 4, 2, 1) for c in wide[:-1])
        self.back = nn.ModuleList(Block(c, features) for c in wide)
        self.norm = _norm(wide[0])
        self.last = _zeros(nn.ConvTranspose2d(wide[0], channels, 4, 2, 1))

    def forward(self, x, t):
        time = self.time(t)
        h, seen = self.first(x), []
        for level, block in enumerate(self.there):
            h = block(self.halvings[level - 1](h) if level else h, time)
            seen.append(h)
        for level in reversed(range(len(self.back))):
            if level < len(self.doublings):
                h = self.doublings[level](h) + seen[level]
            h = self.back[level](h, time)
        return self.last(silu(self.norm(h)))


class Block(nn.Module):
    """h ↦ h + conv₂(silu(norm₂(conv₁(silu(norm₁(h))) + W time))): 3 × 3 convolutions that keep size and channels."""

    def __init__(self, channels, time_features):
        super().__init__()
        self.norm1, self.conv1 = _norm(channels), nn.Conv2d(channels, channels, 3, 1, 1)
        self.time = nn.Linear(time_features, channels)
        self.norm2, self.conv2 = _norm(channels), _zeros(nn.Conv2d(channels, channels, 3, 1, 1))

    def forward(self, h, time):
        y = self.conv1(silu(self.norm1(h))) + self.time(time)[:, :, None, None]
        return h + self.conv2(silu(self.norm2(y)))


class Waves(nn.Module):
    """t (n,) -> (n, 2k): sin ωt and cos ωt for k frequencies ω from 1 to 100, each as many times the one before."""

    def __init__(self, k):
        super().__init__()
        self.register_buffer("omega", torch.logspace(0, 2, k), persistent=False)

    def forward(self, t):
        angle = t[:, None] * self.omega
        return torch.cat((angle.sin(), angle.cos()), dim=1)


def _norm(channels):
    """In groups of 16 channels: with fewer, torch takes several times as long in bfloat16 with channels last."""
    return nn.GroupNorm(channels // 16 if channels % 16 == 0 else 1, channels)


def _zeros(layer):
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
