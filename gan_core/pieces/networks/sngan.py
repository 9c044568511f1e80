"""The two pairs of networks of Miyato et al. 2018, "Spectral normalization …": the plain one, and the residual one.

They come as they are, without normalisation in D: `lipschitz.spectrally_normalised` adds it, `methods.sngan` does.

The plain pair (their table 3). From z the generator makes size/8 × size/8 pixels and doubles the sides three times; the
discriminator halves them three times, by convolutions with stride 2 between others with stride 1. Batch normalisation
in G only; in D leaky rectifiers of slope 0.1.

The residual pair (tables 4 to 6) adds, in blocks, what two convolutions make of their input to the input; see `RESNETS`
for the channels at each size. D ends in a sum over all places and one dense layer without a bias.
"""

from itertools import pairwise
from typing import NamedTuple

from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, relu

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks._images import square

SIZES = (16, 32, 48, 64, 128)


class Channels(NamedTuple):
    """Of a residual pair, as multiples of its width: G's, from `side` × `side` pixels on; D's, and how many halve."""

    side: int
    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    halvings: int


RESNETS = {  # by size: table 4 (CIFAR-10), the same for 16 pixels, table 5 (STL-10), and table 6 (ImageNet, 128 pixels)
    16: Channels(4, (4, 4, 4), (2, 2, 2, 2), 2),
    32: Channels(4, (4, 4, 4, 4), (2, 2, 2, 2), 2),
    48: Channels(6, (8, 4, 2, 1), (1, 2, 4, 8, 16), 4),
    64: Channels(4, (16, 8, 4, 2, 1), (1, 2, 4, 8, 16), 4),
    128: Channels(4, (16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), 5),
}


def sngan_generator(z, shape, *, width=64):
    """z (n, z) -> images (n, channels, size, size) in (−1, 1), for `shape` = (channels, size, size).

    `width` is the number of channels before the last layer; 8 times as many follow z.
    Raises ValueError for a shape that is not square with a side of 16, 32, 48, 64 or 128.

    >>> sngan_generator(128, (3, 48, 48), width=4).eval()(__import__("torch").zeros(2, 128)).shape
    torch.Size([2, 3, 48, 48])
    """
    channels, size = square("SNGAN needs", shape, SIZES)
    c, side = 8 * whole("width", width), size // 8
    layers = [nn.Linear(whole("z", z), c * side**2), nn.Unflatten(1, (c, side, side)), nn.BatchNorm2d(c), nn.ReLU()]
    for _ in range(3):
        layers += [nn.ConvTranspose2d(c, c // 2, 4, 2, 1), nn.BatchNorm2d(c // 2), nn.ReLU()]  # sides doubled
        c //= 2
    return nn.Sequential(*layers, nn.Conv2d(c, channels, 3, 1, 1), nn.Tanh()).apply(_small)


def sngan_discriminator(shape, *, width=64):
    """Images (n, channels, size, size) -> logits (n, 1). `width` is the number of channels after the first layer.

    Raises ValueError as `sngan_generator`.
    """
    channels, size = square("SNGAN needs", shape, SIZES)
    c = whole("width", width)
    layers = [nn.Conv2d(channels, c, 3, 1, 1), nn.LeakyReLU(0.1)]
    for _ in range(3):
        layers += [nn.Conv2d(c, c, 4, 2, 1), nn.LeakyReLU(0.1)]  # sides halved
        layers += [nn.Conv2d(c, 2 * c, 3, 1, 1), nn.LeakyReLU(0.1)]
        c *= 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(c * (size // 8) ** 2, 1)).apply(_small)


def resnet_generator(z, shape, *, width=64):
    """z (n, z) -> images (n, channels, size, size) in (−1, 1): a dense layer, and blocks that double the sides.

    `width` times the numbers in `RESNETS` are the channels. Raises ValueError as `sngan_generator`.

    >>> resnet_generator(128, (3, 32, 32), width=4).eval()(__import__("torch").zeros(2, 128)).shape
    torch.Size([2, 3, 32, 32])
    """
    channels, size = square("SNGAN needs", shape, SIZES)
    side, wide, *_ = RESNETS[size]
    wide = [whole("width", width) * each for each in wide]
    blocks = [Upward(i, o) for i, o in pairwise(wide)]
    first = nn.Linear(whole("z", z), wide[0] * side**2), nn.Unflatten(1, (wide[0], side, side))
    last = nn.BatchNorm2d(wide[-1]), nn.ReLU(), nn.Conv2d(wide[-1], channels, 3, 1, 1), nn.Tanh()
    return nn.Sequential(*first, *blocks, *last).apply(_glorot)


def resnet_discriminator(shape, *, width=64):
    """Images (n, channels, size, size) -> logits (n, 1): blocks, the first of which halve the sides, and a sum.

    `width` times the numbers in `RESNETS` are the channels. Raises ValueError as `sngan_generator`.
    """
    channels, size = square("SNGAN needs", shape, SIZES)
    _, _, wide, halvings = RESNETS[size]
    wide = [whole("width", width) * each for each in wide]
    blocks = [Downward(channels, wide[0], first=True)]
    blocks += [Downward(i, o, halves=count < halvings) for count, (i, o) in enumerate(pairwise(wide), 1)]
    return nn.Sequential(*blocks, nn.ReLU(), SumOverPlaces(), nn.Linear(wide[-1], 1, bias=False)).apply(_glorot)


class Upward(nn.Module):
    """x ↦ up(x) + what two 3 × 3 convolutions make of it: twice the sides, each pixel at first four times."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(outputs), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    @property
    def told(self):
        """Whether it takes labels beside x: if its normalisations do, see `conditional.class_conditional`."""
        return getattr(self.norm1, "told", False)

    def forward(self, x, *y):
        h = self.conv1(_doubled(relu(self.norm1(x, *y))))
        h = self.conv2(relu(self.norm2(h, *y)))
        return h + self.shortcut(_doubled(x))


class Downward(nn.Module):
    """x ↦ down(x) + what two 3 × 3 convolutions make of it; `halves` the sides by means over 2 × 2 pixels.

    The `first` one, which gets the image, begins without a rectifier: that would lose all pixels below 0.
    """

    def __init__(self, inputs, outputs, *, halves=True, first=False):
        super().__init__()
        self.halves, self.first = halves, first
        hidden = outputs if first else inputs
        self.conv1, self.conv2 = nn.Conv2d(inputs, hidden, 3, 1, 1), nn.Conv2d(hidden, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if halves or inputs != outputs else nn.Identity()

    def forward(self, x):
        h = self.conv2(relu(self.conv1(x if self.first else relu(x))))
        if not self.halves:
            return h + self.shortcut(x)
        return avg_pool2d(h, 2) + self.shortcut(avg_pool2d(x, 2))  # a 1 × 1 convolution and a mean may change places


class SumOverPlaces(nn.Module):
    """(n, c, h, w) -> (n, c)."""

    def forward(self, x):
        return x.sum((2, 3))


def _doubled(x):
    return interpolate(x, scale_factor=2)


def _small(layer):
    """All weights from N(0, 0.02²), as the authors' code has it for the plain pair."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0, 0.02)
        nn.init.zeros_(layer.bias)


def _glorot(layer):
    """Glorot & Bengio 2010; √2 times as large for the two convolutions within a block, which a rectifier halves."""
    if isinstance(layer, Upward | Downward):
        for within in (layer.conv1, layer.conv2):
            nn.init.xavier_uniform_(within.weight, 2**0.5)
    elif isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
