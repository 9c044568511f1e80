"""The backbone of R3GAN, Huang, Gokaslan, Kuleshov & Tompkin 2024, "The GAN is dead; long live the GAN! …".

A residual network as image classifiers have them today, in both players, and none of the tricks that had gathered in
GANs: no normalisation, no mapping network, no noise in the layers, no minibatch statistics, no tanh at the end.

A block is x ↦ x + W₃ f(W₂ f(W₁ x + b₁) + b₂): 1 × 1 to twice the channels, 3 × 3 within groups of 16 channels, 1 × 1
back; f a leaky rectifier of slope 0.2. What normalisation did in such networks is left to the first weights, as in
Fixup (Zhang, Dauphin & Ma 2019): W₃ = 0, so that each block begins as the identity; W₁ and W₂ are drawn with the
deviation g B^(−1/4)/√(fan in), g = √(2/(1 + 0.2²)), so that a step of the optimizer moves the output about as much
whatever the number B of blocks in the network is.

Between blocks the sides double or halve by linear interpolation, `resampling`, and a 1 × 1 convolution, without a bias
and of gain 1, changes the channels. G begins with a learned image of 4 × 4 pixels, each channel of which is multiplied
with a number made of z; D ends with the same turned round, one weight for each channel and place.

Simplified to class size: one block at each size in place of two; channels that double whenever the sides halve, down
to 4 × 4, where the paper stops at 768; edges repeated by the filter and not faded to 0; γ, the learning rate and β₂
that do not change in the course of training; and no augmentation, see `networks.augmented`.
"""

from math import gcd

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks._images import doublings, square

SLOPE = 0.2
GAIN = (2 / (1 + SLOPE**2)) ** 0.5  # of He et al. 2015 for a leaky rectifier
GROUP = 16  # channels that a 3 × 3 convolution mixes


def r3gan_generator(z, shape, *, width=16, blocks=1):
    """z (n, z) -> images (n, channels, size, size) for `shape` = (channels, size, size).

    They are not bounded in training; in eval mode what is past −1 or 1 is cut off, as where a picture is stored.
    `width` is the number of channels at full size, twice as many at each smaller one; `blocks` of them at each size.
    Raises ValueError for a shape that is not square with a side of 8, 16, 32, 64 or 128.

    >>> r3gan_generator(64, (3, 32, 32), width=4)(__import__("torch").zeros(2, 64)).shape
    torch.Size([2, 3, 32, 32])
    """
    channels, size = square("R3GAN needs", shape)
    steps = doublings(size)
    c, each = whole("width", width) * 2**steps, whole("blocks", blocks)
    gain = GAIN * (each * (steps + 1)) ** (-1 / 4)
    layers = [Basis(whole("z", z), c), *(Block(c, gain) for _ in range(each))]
    for step in range(steps):
        layers += [_one_by_one(c, c // 2), Resample(4 * 2**step, 8 * 2**step)]  # fewer channels first: less to do
        layers += [Block(c // 2, gain) for _ in range(each)]
        c //= 2
    return nn.Sequential(*layers, _one_by_one(c, channels), CutOff())


def r3gan_discriminator(shape, *, width=16, blocks=1):
    """Images (n, channels, size, size) -> logits (n, 1), for `shape` = (channels, size, size).

    `width` and `blocks` are as in `r3gan_generator`, the way back. Raises ValueError as it does.
    """
    channels, size = square("R3GAN needs", shape)
    steps = doublings(size)
    c, each = whole("width", width), whole("blocks", blocks)
    gain = GAIN * (each * (steps + 1)) ** (-1 / 4)
    layers = [_one_by_one(channels, c), *(Block(c, gain) for _ in range(each))]
    for step in range(steps, 0, -1):
        layers += [Resample(4 * 2**step, 2 * 2**step), _one_by_one(c, 2 * c)]
        layers += [Block(2 * c, gain) for _ in range(each)]
        c *= 2
    each_place = _drawn(nn.Conv2d(c, c, 4, groups=c, bias=False))  # c × 4 × 4 to c × 1 × 1, channel by channel
    return nn.Sequential(*layers, each_place, nn.Flatten(), _drawn(nn.Linear(c, 1, bias=False)))


class Block(nn.Module):
    """x ↦ x + W₃ f(W₂ f(W₁ x + b₁) + b₂), the identity at the start; W₁ and W₂ are drawn with this gain."""

    def __init__(self, channels, gain):
        super().__init__()
        hidden = 2 * channels
        self.conv1 = _drawn(nn.Conv2d(channels, hidden, 1), gain)
        self.conv2 = _drawn(nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden // gcd(hidden, GROUP)), gain)
        self.conv3 = _drawn(nn.Conv2d(hidden, channels, 1, bias=False), 0)

    def forward(self, x):
        h = leaky_relu(self.conv1(x), SLOPE)
        return x + self.conv3(leaky_relu(self.conv2(h), SLOPE))


class Basis(nn.Module):
    """z (n, z) -> (n, channels, 4, 4): each channel of a learned image, times a number that is linear in z."""

    def __init__(self, z, channels):
        super().__init__()
        self.image = nn.Parameter(torch.randn(channels, 4, 4))
        self.modulation = _drawn(nn.Linear(z, channels, bias=False))

    def forward(self, z):
        return self.image * self.modulation(z)[:, :, None, None]


class Resample(nn.Module):
    """(n, c, before, before) -> (n, c, after, after), twice or half as many: x ↦ R x Rᵀ with R = `resampling`."""

    def __init__(self, before, after):
        super().__init__()
        self.register_buffer("R", resampling(before, after), persistent=False)

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.permute(0, 2, 3, 1)  # channels last, and then each axis in turn as one product of matrices
        rows = self.R @ x.reshape(n, h, w * c)
        both = self.R @ rows.reshape(n * len(self.R), w, c)
        return both.unflatten(0, (n, -1)).permute(0, 3, 1, 2)

    def extra_repr(self):
        return "{1}, {0}".format(*self.R.shape)


class CutOff(nn.Module):
    """x in training, in eval mode max(−1, min(x, 1))."""

    def forward(self, x):
        return x if self.training else x.clamp(-1, 1)


def resampling(before, after):
    """The matrix (after, before) of linear interpolation along one axis, to twice or to half as many pixels.

    Up, each new pixel lies a quarter of the way from an old one to the next: weights of ¾ and ¼, past the edge those of
    the last pixel. Down, it is the transpose over 2, (1, 3, 3, 1)/8 around each new one. Rows sum to 1, so that a plain
    image stays as it is. Raises ValueError for other numbers, and for those below one.

    >>> resampling(2, 4)
    tensor([[1.0000, 0.0000],
            [0.7500, 0.2500],
            [0.2500, 0.7500],
            [0.0000, 1.0000]])
    """
    before, after = whole("before", before), whole("after", after)
    if before == 2 * after:
        return resampling(after, before).mT / 2
    if after != 2 * before:
        raise ValueError(f"sides double or halve; given {before} and {after}")
    R = torch.zeros(after, before)
    for new in range(after):
        old = new // 2
        beyond = min(max(old + (1 if new % 2 else -1), 0), before - 1)
        R[new, old] += 3 / 4
        R[new, beyond] += 1 / 4
    return R


def _one_by_one(inputs, outputs):
    return _drawn(nn.Conv2d(inputs, outputs, 1, bias=False))


def _drawn(layer, gain=1.0):
    """`layer` with weights from N(0, gain²/fan in), He et al. 2015, and biases 0."""
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, 0, gain / fan_in**0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
