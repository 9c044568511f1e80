"""The pair of Progressive GAN, and what it is made of: Karras, Aila, Laine & Lehtinen 2018, "Progressive growing …".

From z the generator makes 4 × 4 pixels and doubles the sides, each pixel four times, with two 3 × 3 convolutions a
level; the discriminator goes the same way back, by means over 2 × 2 pixels. At every level a 1 × 1 convolution, toRGB,
can make an image of what the generator has so far, and another, fromRGB, can let the discriminator begin there.

How far the two have grown is their `stage` s, a real number from 0 to `levels`. Its whole part l is the level, with
images of 4·2ˡ pixels a side; what is left, α = s − l, tells how far the next level is faded in. With h_l for what the
generator's blocks have made at level l, x_l for the discriminator's image at that level, and block for its way down:

    α = 0     G makes        toRGB_l(h_l)
              D begins with  fromRGB_l(x_l)
    α > 0     G makes        (1 − α) up(toRGB_l(h_l)) + α toRGB_{l+1}(h_{l+1})
              D begins with  (1 − α) fromRGB_l(x_l)   + α block_{l+1}(fromRGB_{l+1}(x_{l+1}))

Both deal in images of full size at every stage: the generator makes each pixel a square of them, the discriminator
takes the means over such squares. So nothing around them has to know of levels. A new network is at its last stage, the
whole of it; a schedule (`growth.Growth`) sets others. (In the paper the real images lose a share 1 − α of their finest
details during a fade, too. Here they are always what they are.)

Three tricks go with it, each a part that can be left out: `PixelNorm` (norm=nn.Identity), `MinibatchStd` (group=None)
and the equalised learning rate (`equalised`, around a network or not).
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate
from torch.nn.utils.parametrize import is_parametrized, register_parametrization

from gan_core.mathematics._counts import whole
from gan_core.pieces.networks._images import doublings
from gan_core.pieces.networks.mlp import Scale

FIRST = 4  # pixels along a side at level 0
MOST = 512  # channels, as in the paper
GAIN = 2**0.5  # of weights before a rectifier, which halves the square of what comes; of others it is 1
SLOPE = 0.2  # of the leaky rectifiers
TINY = 1e-8  # under the roots, as in the paper


# ---- the parts


class PixelNorm(nn.Module):
    """y_c = x_c / √(mean over all channels c of x_c² + 10⁻⁸), at each pixel by itself: vectors of length √channels.

    x (n, channels, …). Nothing is learned, and no image feels another. It keeps a generator in a contest with its
    discriminator from growing louder and louder.
    """

    def forward(self, x):
        return x / (x.square().mean(1, keepdim=True) + TINY).sqrt()


class MinibatchStd(nn.Module):
    """One more channel that says how much the images of a minibatch differ: (n, c, h, w) -> (n, c + 1, h, w).

    In each group of `group` neighbours, σ = √(variance + 10⁻⁸) of each feature at each place over the group; the mean
    of all of them is one number, the same everywhere in the group. A minibatch that is no multiple of `group` is one
    group. A generator that makes one image over and over gives itself away by it. The price: what the network says of
    an image depends on the others of its group, so it is no function of one image any more.
    """

    def __init__(self, group=4):
        super().__init__()
        self.group = whole("group", group)

    def forward(self, x):
        size = self.group if len(x) % self.group == 0 else len(x)
        groups = x.unflatten(0, (-1, size))
        variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
        spread = (variance + TINY).sqrt().mean((1, 2, 3)).repeat_interleave(size)
        return torch.cat([x, spread[:, None, None, None] * torch.ones_like(x[:, :1])], 1)

    def extra_repr(self):
        return f"group={self.group}"


def equalised(network):
    """`network` with the equalised learning rate: each weight is w ~ N(0, 1), used as c·w. Changes and returns it.

    c = gain / √fan_in, where fan_in is how many numbers one output is a sum of: with it unit variance goes in and
    gain² comes out (He et al. 2015). The gain is √2, for a rectifier to follow, or the layer's own `gain`. Drawn
    straight from N(0, c²) the network would be the same at the start; but Adam changes each number by about its rate η
    at a step, whatever c is, which is η/c of such a weight and η of one in this form: the same for every layer.
    Dense layers and convolutions, all of them; biases begin at 0.

    Raises ValueError when there is no such layer, one that has a parametrisation already, a lazy one without weights,
    and for transposed convolutions, where not all outputs are sums of as many numbers.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd))]
    if not layers:
        raise ValueError("the network has no dense layer and no convolution to equalise")
    if any(map(nn.parameter.is_lazy, network.parameters())):
        raise ValueError("a lazy layer has no weights yet; call the network on an example, or give the layer its sizes")
    for layer in layers:
        if isinstance(layer, nn.modules.conv._ConvTransposeNd):
            raise ValueError(f"{layer} has no one fan-in; enlarge, then convolve, and the layer can be equalised")
        if is_parametrized(layer):
            raise ValueError("a layer of the network has a parametrisation already; build it anew to equalise it")
    for layer in layers:
        register_parametrization(layer, "weight", Scale(he(layer)))
        nn.init.normal_(layer.parametrizations.weight.original)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network


def he(layer):
    """c = gain / √fan_in of a dense layer or a convolution: weights of this spread keep that of its inputs."""
    return getattr(layer, "gain", GAIN) / layer.weight[0].numel() ** 0.5


# ---- the networks


def progressive_generator(z, shape, *, width=64, norm=PixelNorm):
    """z (n, z) -> images (n, channels, size, size), for `shape` = (channels, size, size), size 4, 8, 16 …

    `width` is the number of channels at full size, twice as many at each level below, up to 512: with 128 it is the
    paper's for 128 pixels. `norm`, a function that builds a module, follows z and each convolution: `PixelNorm`, or
    nn.Identity for none. The images end in no tanh; nothing but the data bounds them.
    Raises ValueError for a shape that is not square with a side of 4·2ᵏ.

    >>> G = progressive_generator(8, (3, 32, 32), width=4)
    >>> G.levels, G.stage, G(torch.zeros(2, 8)).shape
    (3, 3.0, torch.Size([2, 3, 32, 32]))
    """
    return ProgressiveGenerator(whole("z", z), *_sizes(shape, width), norm)


def progressive_discriminator(shape, *, width=64, group=4):
    """Images (n, channels, size, size) -> logits (n, 1). `width` as for the generator.

    `group` is that of `MinibatchStd`, which lets D see how much the images of a minibatch differ: an image's logit then
    depends on the others. None leaves it out. Raises ValueError as `progressive_generator` does.
    """
    return ProgressiveDiscriminator(*_sizes(shape, width), group)


def levels(shape):
    """How often 4 doubles to the side of images (channels, size, size); ValueError where it does not.

    >>> levels((3, 32, 32))
    3
    """
    square = isinstance(shape, (tuple, list)) and len(shape) == 3 and shape[1] == shape[2]
    size = whole("size", shape[1], least=0) if square else 0
    if size < FIRST or size & (size - 1):
        raise ValueError(
            f"a network that grows from 4 × 4 needs square images (channels, size, size) with size 4, 8, 16, 32, 64 …; "
            f"given {tuple(shape) if isinstance(shape, (tuple, list)) else shape!r}"
        )
    return doublings(size)


class Progressive(nn.Module):
    """A network with a `stage`, from 0 to `levels`; it is saved with the weights."""

    def __init__(self, levels):
        super().__init__()
        self.levels = levels
        self.stage = levels

    @property
    def stage(self):
        """s = l + α: level l, and α of the way to the next. Raises ValueError outside of 0 … levels."""
        return self._stage

    @stage.setter
    def stage(self, s):
        if not 0 <= s <= self.levels:
            raise ValueError(f"stage must be a number from 0 to {self.levels}; given {s!r}")
        self._stage = float(s)

    def get_extra_state(self):
        """The 64 bits of the stage, as a whole number: not every device has numbers of 64 bits with a point."""
        bits = torch.tensor(self.stage, dtype=torch.float64).view(torch.int64)
        return bits.to(next(self.parameters()).device)

    def set_extra_state(self, bits):
        self.stage = bits.cpu().view(torch.float64).item()

    def split(self):
        """The level l and α."""
        level = int(self.stage)
        return level, self.stage - level


class ProgressiveGenerator(Progressive):
    """`blocks[l]` makes level l of level l − 1, `blocks[0]` of z; `to_rgb[l]` makes an image of it."""

    def __init__(self, z, channels, widths, norm):
        super().__init__(len(widths) - 1)
        first = widths[0]
        dense = nn.Linear(z, first * FIRST**2), nn.Unflatten(1, (first, FIRST, FIRST)), nn.LeakyReLU(SLOPE), norm()
        self.blocks = nn.ModuleList([nn.Sequential(norm(), *dense, *_convolved(first, first), norm())])
        for i, o in pairwise(widths):
            layers = nn.Upsample(scale_factor=2), *_convolved(i, o), norm(), *_convolved(o, o), norm()
            self.blocks.append(nn.Sequential(*layers))
        self.to_rgb = nn.ModuleList(_last(nn.Conv2d(width, channels, 1)) for width in widths)
        self.apply(_first_weights)

    def forward(self, z):
        level, alpha = self.split()
        h = z
        for block in self.blocks[: level + 1]:
            h = block(h)
        x = self.to_rgb[level](h)
        if alpha:
            level += 1
            x = (1 - alpha) * _enlarged(x, 2) + alpha * self.to_rgb[level](self.blocks[level](h))
        return _enlarged(x, 2 ** (self.levels - level))


class ProgressiveDiscriminator(Progressive):
    """`from_rgb[l]` begins with an image of level l; `blocks[l]` goes on to level l − 1, `blocks[0]` to the logit."""

    def __init__(self, channels, widths, group):
        super().__init__(len(widths) - 1)
        first = widths[0]
        spread = () if group is None else (MinibatchStd(group),)
        dense = nn.Flatten(), nn.Linear(first * FIRST**2, first), nn.LeakyReLU(SLOPE), _last(nn.Linear(first, 1))
        self.blocks = nn.ModuleList([nn.Sequential(*spread, *_convolved(first + len(spread), first), *dense)])
        for o, i in pairwise(widths):
            self.blocks.append(nn.Sequential(*_convolved(i, i), *_convolved(i, o), nn.AvgPool2d(2)))
        rgb = (nn.Sequential(nn.Conv2d(channels, width, 1), nn.LeakyReLU(SLOPE)) for width in widths)
        self.from_rgb = nn.ModuleList(rgb)
        self.apply(_first_weights)

    def forward(self, x):
        level, alpha = self.split()
        h = self.from_rgb[level](_averaged(x, 2 ** (self.levels - level)))
        if alpha:
            finer = self.from_rgb[level + 1](_averaged(x, 2 ** (self.levels - level - 1)))
            h = (1 - alpha) * h + alpha * self.blocks[level + 1](finer)
        for block in reversed(self.blocks[: level + 1]):
            h = block(h)
        return h


def _sizes(shape, width):
    """The channels of the image, and those at each level, 4 × 4 first."""
    last, width = levels(shape), whole("width", width)
    return whole("channels", shape[0]), [min(width << k, max(MOST, width)) for k in range(last, -1, -1)]


def _convolved(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, 1, 1), nn.LeakyReLU(SLOPE)


def _last(layer):
    """A layer that no rectifier follows."""
    layer.gain = 1
    return layer


def _first_weights(layer):
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.normal_(layer.weight, 0, he(layer))
        nn.init.zeros_(layer.bias)


def _enlarged(x, times):
    return x if times == 1 else interpolate(x, scale_factor=times)


def _averaged(x, over):
    return x if over == 1 else avg_pool2d(x, over)
