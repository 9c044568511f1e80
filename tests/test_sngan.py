"""The two pairs of networks of SNGAN: the formulas by hand, the sizes and counts of the paper's tables 3 to 6."""

from functools import partial
from itertools import pairwise

import pytest
import torch
from by_hand import altered, convolved, count, doubled, drawn_anew, each_layer, halved, noise
from mutants import assert_killed, faults
from torch import nn

from gan_core.pieces.networks import resnet_discriminator, resnet_generator, sngan_discriminator, sngan_generator
from gan_core.pieces.networks.sngan import RESNETS, Downward, SumOverPlaces, Upward

# The formulas: one tap of the kernel at a time, means by slices, pixels repeated


def normalised(x, layer):
    """Batch normalisation of each channel over the batch and all places, with torch's ε = 10⁻⁵."""
    x = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    return x * layer.weight[:, None, None] + layer.bias[:, None, None]


def oracle_downward(downward):
    """h = conv₂(max(0, conv₁(max(0, x)))) + what a 1 × 1 convolution makes of x, and then the means over 2 × 2.

    The first block, on the image, is without the first rectifier. A block that changes neither sides nor channels
    adds x itself.
    """
    for inputs, outputs, halves, first in [
        (3, 4, True, True), (4, 6, True, False), (4, 4, True, False), (4, 4, False, False), (4, 6, False, False)
    ]:  # fmt: skip
        block = drawn_anew(downward(inputs, outputs, halves=halves, first=first), std=0.5)
        hidden = outputs if first else inputs
        assert block.conv1.weight.shape == (hidden, inputs, 3, 3)
        x = noise(2, inputs, 6, 6)
        h = convolved(convolved(x if first else x.clamp_min(0), block.conv1).clamp_min(0), block.conv2)
        short = convolved(x, block.shortcut) if halves or inputs != outputs else x
        torch.testing.assert_close(block(x), halved(h + short) if halves else h + short)


class Faulty(Downward):
    """`Downward` in another, plainer form, right unless told otherwise."""

    bent, between, pool, straight = False, nn.functional.relu, staticmethod(halved), True

    def forward(self, x):
        bent = torch.relu(x) if self.bent or not self.first else x
        h = self.conv2(type(self).between(self.conv1(bent)))
        if self.halves:
            h, x = self.pool(h), self.pool(x)
        return h + self.shortcut(x) if self.straight else h


def faulty(**faults):
    return type("Mutant", (Faulty,), faults)


class Narrow(Downward):
    """As many channels between the two convolutions as come out, in every block."""

    def __init__(self, inputs, outputs, **how):
        super().__init__(inputs, outputs, **how)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, 1, 1), nn.Conv2d(outputs, outputs, 3, 1, 1)


def test_downward():
    oracle_downward(Downward)
    oracle_downward(Faulty)


@faults(
    {
        "a rectifier on the image": faulty(bent=True),
        "none between the convolutions": faulty(between=lambda x: x),
        "leaky rectifiers": faulty(between=partial(nn.functional.leaky_relu, negative_slope=0.1)),
        "the largest of 2 × 2": faulty(pool=staticmethod(partial(nn.functional.max_pool2d, kernel_size=2))),
        "the sum of 2 × 2": faulty(pool=staticmethod(lambda x: 4 * halved(x))),
        "every second pixel": faulty(pool=staticmethod(lambda x: x[..., ::2, ::2])),
        "no way around": faulty(straight=False),
        "wide between": Narrow,
    }
)
def test_downward_mutants(mutant):
    assert_killed(oracle_downward, mutant)


def test_the_first_block_tells_dark_pixels_apart():
    """With a rectifier on the image all below 0 are alike to the convolutions: a fault of public code."""

    def oracle(downward):
        block = downward(3, 4, first=True)
        dark = -0.1 - 0.8 * torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            ways = block(dark) - block.shortcut(halved(dark))  # without the way around
        assert (ways[0] - ways[1]).abs().max() > 1e-3

    oracle(Downward)
    assert_killed(oracle, faulty(bent=True))


def test_a_mean_and_a_1_by_1_convolution_may_change_places():
    """The authors' code convolves the way around first in all blocks but D's first."""
    block = drawn_anew(Downward(4, 6), std=0.5)
    x = noise(2, 4, 8, 8)
    torch.testing.assert_close(block.shortcut(halved(x)), halved(block.shortcut(x)))
    three = drawn_anew(nn.Conv2d(4, 6, 3, 1, 1), std=0.5)
    assert not torch.allclose(three(halved(x)), halved(three(x)), atol=0.1)  # of a 3 × 3 one it is not true


def oracle_upward(upward):
    """h = conv₂(max(0, BN₂(conv₁(up(max(0, BN₁(x))))))) + a 1 × 1 convolution of up(x)."""
    for inputs, outputs in ((5, 3), (4, 4)):
        block = drawn_anew(upward(inputs, outputs), std=0.5)
        assert block.conv1.weight.shape == (outputs, inputs, 3, 3)
        x = noise(3, inputs, 4, 4)
        h = convolved(doubled(normalised(x, block.norm1).clamp_min(0)), block.conv1)
        h = convolved(normalised(h, block.norm2).clamp_min(0), block.conv2)
        torch.testing.assert_close(block(x), h + convolved(doubled(x), block.shortcut), rtol=1e-4, atol=1e-5)


class FaultyUp(Upward):
    up, norms, bent, straight = staticmethod(doubled), True, False, True

    def forward(self, x):
        first, second = (self.norm1, self.norm2) if self.norms else (nn.Identity(), nn.Identity())
        h = self.conv1(self.up(torch.relu(first(x))))
        h = self.conv2(torch.relu(second(h)))
        return h + self.shortcut(self.up(torch.relu(x) if self.bent else x)) if self.straight else h


def faulty_up(**faults):
    return type("Mutant", (FaultyUp,), faults)


def test_upward():
    oracle_upward(Upward)
    oracle_upward(FaultyUp)


@faults(
    {
        "in between, not four times": faulty_up(
            up=staticmethod(partial(nn.functional.interpolate, scale_factor=2, mode="bilinear"))
        ),
        "no batch norm": faulty_up(norms=False),
        "a rectifier on the way around": faulty_up(bent=True),
        "no way around": faulty_up(straight=False),
    }
)
def test_upward_mutants(mutant):
    assert_killed(oracle_upward, mutant)


def oracle_ends(generator, discriminator):
    """What stands before, between and behind the blocks: the layers in the order of the tables, one after the other."""
    net = drawn_anew(generator(5, (3, 16, 16), width=2), std=0.5)
    first, _, *blocks, norm, _, last, _ = net
    z = noise(4, 5)
    h = (z @ first.weight.T + first.bias).reshape(4, -1, 4, 4)
    for block in blocks:
        h = block(h)
    expected = torch.tanh(convolved(normalised(h, norm).clamp_min(0), last))
    torch.testing.assert_close(net(z), expected, rtol=1e-4, atol=1e-5)

    net = drawn_anew(discriminator((3, 16, 16), width=2), std=0.5)
    *blocks, _, _, last = net
    x = noise(4, 3, 16, 16)
    h = x
    for block in blocks:
        h = block(h)
    assert [block.first for block in blocks] == [True, False, False, False]
    assert last.bias is None
    torch.testing.assert_close(net(x), h.clamp_min(0).sum((2, 3)) @ last.weight.T, rtol=1e-4, atol=1e-4)


def put(place, layer):
    return lambda network: network.__setitem__(place, layer)


class MeanOverPlaces(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


ENDS_MUTANTS = {
    "the mean over all places": (resnet_generator, altered(resnet_discriminator, put(-2, MeanOverPlaces()))),
    "no rectifier before the sum": (resnet_generator, altered(resnet_discriminator, put(-3, nn.Identity()))),
    "a bias at the end": (resnet_generator, altered(resnet_discriminator, put(-1, nn.Linear(4, 1)))),
    "the second block is a first one": (
        resnet_generator,
        altered(resnet_discriminator, lambda net: setattr(net[1], "first", True)),
    ),
    "a sigmoid at the end of G": (altered(resnet_generator, put(-1, nn.Sigmoid())), resnet_discriminator),
    "no rectifier at the end of G": (altered(resnet_generator, put(-3, nn.Identity())), resnet_discriminator),
    "BatchNorm2d(n, 0.8)": (altered(resnet_generator, put(-4, nn.BatchNorm2d(8, 0.8))), resnet_discriminator),
}


def test_ends():
    oracle_ends(resnet_generator, resnet_discriminator)


@pytest.mark.parametrize("name", ENDS_MUTANTS)
def test_ends_mutants(name):
    assert_killed(lambda pair: oracle_ends(*pair), ENDS_MUTANTS[name])


# The tables of the paper, written down once more

CONVOLUTIONS = {  # table 3 with its width of 64, by size: what comes out of each layer, (channels, side)
    32: {
        "generator": [(512, 4), (256, 8), (128, 16), (64, 32), (3, 32)],
        "discriminator": [(64, 32), (64, 16), (128, 16), (128, 8), (256, 8), (256, 4), (512, 4)],
    },
    48: {
        "generator": [(512, 6), (256, 12), (128, 24), (64, 48), (3, 48)],
        "discriminator": [(64, 48), (64, 24), (128, 24), (128, 12), (256, 12), (256, 6), (512, 6)],
    },
}
RESIDUAL = {  # tables 4, 5 and 6: what comes out of the dense layer and each block of G; of each block of D
    16: {  # of the course, as table 4
        "generator": [(256, 4), (256, 8), (256, 16)],
        "discriminator": [(128, 8), (128, 4), (128, 4), (128, 4)],
    },
    32: {
        "generator": [(256, 4), (256, 8), (256, 16), (256, 32)],
        "discriminator": [(128, 16), (128, 8), (128, 8), (128, 8)],
    },
    48: {
        "generator": [(512, 6), (256, 12), (128, 24), (64, 48)],
        "discriminator": [(64, 24), (128, 12), (256, 6), (512, 3), (1024, 3)],
    },
    64: {  # of the course, as table 6
        "generator": [(1024, 4), (512, 8), (256, 16), (128, 32), (64, 64)],
        "discriminator": [(64, 32), (128, 16), (256, 8), (512, 4), (1024, 4)],
    },
    128: {
        "generator": [(1024, 4), (1024, 8), (512, 16), (256, 32), (128, 64), (64, 128)],
        "discriminator": [(64, 64), (128, 32), (256, 16), (512, 8), (1024, 4), (1024, 4)],
    },
}


def on_meta(build, *args, **kwargs):
    """The network with shapes and no numbers."""
    with torch.device("meta"):
        return build(*args, **kwargs)


def outputs(network, x, *kinds):
    """What comes out of each layer of some kinds, (channels, side), first to last, and what comes out at the end."""
    seen = []
    for layer in network.modules():
        if isinstance(layer, kinds):
            layer.register_forward_hook(lambda layer, given, y: seen.append(tuple(y.shape[1:3])))
    with torch.device("meta"):
        return seen, tuple(network(torch.zeros(2, *x)).shape)


def dense(inputs, outputs, bias=True):
    return inputs * outputs + outputs * bias


def conv(size, inputs, outputs):
    return size**2 * inputs * outputs + outputs


def norm(channels):
    return 2 * channels


def oracle_table_3(generator, discriminator, size):
    table, side = CONVOLUTIONS[size], size // 8
    net = on_meta(generator, 128, (3, size, size), width=64)
    wide = [channels for channels, _ in table["generator"][:-1]]
    between = sum(norm(i) + conv(4, i, o) for i, o in pairwise(wide))
    assert count(net) == dense(128, 512 * side**2) + between + norm(64) + conv(3, 64, 3)
    kinds = nn.Unflatten, nn.ConvTranspose2d, nn.Conv2d
    assert outputs(net, (128,), *kinds) == (table["generator"], (2, 3, size, size))

    net = on_meta(discriminator, (3, size, size), width=64)
    wide = [3, *(channels for channels, _ in table["discriminator"])]
    kernels = [3, 4, 3, 4, 3, 4, 3]
    layers = sum(conv(k, i, o) for k, (i, o) in zip(kernels, pairwise(wide), strict=True))
    assert count(net) == layers + dense(512 * side**2, 1)
    assert outputs(net, (3, size, size), nn.Conv2d) == (table["discriminator"], (2, 1))
    slopes = {layer.negative_slope for layer in net if isinstance(layer, nn.LeakyReLU)}
    assert (len([layer for layer in net if isinstance(layer, nn.LeakyReLU)]), slopes) == (7, {0.1})
    assert not [layer for layer in net if isinstance(layer, nn.BatchNorm2d)]


@pytest.mark.parametrize("size", CONVOLUTIONS)
def test_table_3(size):
    oracle_table_3(sngan_generator, sngan_discriminator, size)


CONVOLUTION_MUTANTS = {
    "half as wide": (partial(sngan_generator), lambda shape, width: sngan_discriminator(shape, width=width // 2)),
    "DCGAN's slope of 0.2": (
        sngan_generator,
        altered(sngan_discriminator, each_layer(nn.LeakyReLU, lambda layer: nn.LeakyReLU(0.2))),
    ),
    "batch norm in D": (sngan_generator, altered(sngan_discriminator, lambda net: net.insert(3, nn.BatchNorm2d(64)))),
    "no batch norm in G": (
        altered(sngan_generator, each_layer(nn.BatchNorm2d, lambda layer: nn.Identity())),
        sngan_discriminator,
    ),
    "all kernels 3 × 3": (
        sngan_generator,
        altered(
            sngan_discriminator,
            each_layer(nn.Conv2d, lambda layer: nn.Conv2d(layer.in_channels, layer.out_channels, 3, layer.stride, 1)),
        ),
    ),
    "no bias before batch norm": (
        altered(sngan_generator, lambda net: setattr(net[4], "bias", None)),
        sngan_discriminator,
    ),
    "4 × 4 at the end of G": (
        altered(sngan_generator, put(-2, nn.Conv2d(64, 3, 4, 1, "same"))),
        sngan_discriminator,
    ),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("name", CONVOLUTION_MUTANTS)
def test_table_3_mutants(name):
    assert_killed(lambda pair: oracle_table_3(*pair, size=32), CONVOLUTION_MUTANTS[name])


def up(inputs, outputs):
    """Numbers of a block that doubles."""
    return (
        norm(inputs) + conv(3, inputs, outputs) + norm(outputs) + conv(3, outputs, outputs) + conv(1, inputs, outputs)
    )


def down(inputs, outputs, first=False, halves=True):
    hidden = outputs if first else inputs
    around = conv(1, inputs, outputs) if halves or inputs != outputs else 0
    return conv(3, inputs, hidden) + conv(3, hidden, outputs) + around


def oracle_residual(generator, discriminator, size):
    """Counts and outputs of tables 4 to 6. Between two convolutions are as many channels as come out; in D, as many
    as go in, but for its first block."""
    table = RESIDUAL[size]
    net = on_meta(generator, 128, (3, size, size), width=64)
    wide, side = [channels for channels, _ in table["generator"]], table["generator"][0][1]
    blocks = sum(up(i, o) for i, o in pairwise(wide))
    assert count(net) == dense(128, wide[0] * side**2) + blocks + norm(wide[-1]) + conv(3, wide[-1], 3)
    assert outputs(net, (128,), nn.Unflatten, Upward) == (table["generator"], (2, 3, size, size))

    net = on_meta(discriminator, (3, size, size), width=64)
    sizes = [(3, size), *table["discriminator"]]
    blocks = sum(down(i, o, first=i == 3, halves=before != after) for (i, before), (o, after) in pairwise(sizes))
    assert count(net) == blocks + dense(sizes[-1][0], 1, bias=False)
    assert outputs(net, (3, size, size), Downward) == (table["discriminator"], (2, 1))


@pytest.mark.parametrize("size", RESIDUAL)
def test_tables_4_to_6(size):
    oracle_residual(resnet_generator, resnet_discriminator, size)


def with_channels(build, size, **changes):
    """`build` with other numbers in `RESNETS`."""

    def mutant(*args, **kwargs):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(RESNETS, size, RESNETS[size]._replace(**changes))
            return build(*args, **kwargs)

    return mutant


RESIDUAL_MUTANTS = {
    "32: D as wide as G": (32, {"discriminator": (4, 4, 4, 4)}),
    "32: three halve": (32, {"halvings": 3}),
    "32: G narrows": (32, {"generator": (8, 4, 2, 1)}),
    "48: from 3 × 3 on": (48, {"side": 3, "generator": (16, 8, 4, 2, 1)}),
    "48: the last one halves too": (48, {"halvings": 5}),
    "48: a block too few": (48, {"discriminator": (1, 2, 4, 8)}),
    "128: G narrows at once": (128, {"generator": (16, 8, 4, 2, 1, 1)}),
    "128: half of D": (128, {"discriminator": (1, 2, 4, 8, 8, 8)}),
}


@pytest.mark.parametrize("name", RESIDUAL_MUTANTS)
def test_tables_4_to_6_mutants(name):
    size, changes = RESIDUAL_MUTANTS[name]
    pair = (with_channels(build, size, **changes) for build in (resnet_generator, resnet_discriminator))
    assert_killed(lambda pair: oracle_residual(*pair, size=size), pair)


# The first weights


def oracle_small(generator, discriminator):
    """Weights from N(0, 0.02²), each layer within 5 standard errors; gains of one, all else zero."""
    torch.manual_seed(0)
    for network in (generator(128, (3, 32, 32), width=16), discriminator((3, 32, 32), width=16)):
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                n = layer.weight.numel()
                assert abs(layer.weight.mean()) < 5 * 0.02 / n**0.5
                assert abs(layer.weight.std() - 0.02) < 5 * 0.02 / (2 * n) ** 0.5  # s.e. of σ is σ/√2n
                assert n < 2_000 or layer.weight.abs().max() > 0.06  # not uniform: that ends at √3 σ
                assert not layer.bias.any()
            elif isinstance(layer, nn.BatchNorm2d):
                assert (layer.weight == 1).all()
                assert not layer.bias.any()


def oracle_glorot(generator, discriminator):
    """Uniform in ± g √(6/(fan in + fan out)), g = √2 for the two convolutions within a block and 1 elsewhere; biases 0.

    fan in and out: channels times places of the kernel.
    """
    torch.manual_seed(0)
    for network in (generator(128, (3, 32, 32), width=8), discriminator((3, 32, 32), width=16)):
        within = {
            id(c) for block in network if isinstance(block, Upward | Downward) for c in (block.conv1, block.conv2)
        }
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                outputs, inputs, *kernel = layer.weight.shape
                places = kernel[0] ** 2 if kernel else 1
                end = (2**0.5 if id(layer) in within else 1) * (6 / ((inputs + outputs) * places)) ** 0.5
                n, weight = layer.weight.numel(), layer.weight.detach()
                assert weight.abs().max() <= end * (1 + 1e-6)
                assert weight.abs().max() > end * (1 - 20 / n)  # P(all n stay below) = (1 − 20/n)ⁿ < e⁻²⁰
                assert abs(weight.mean()) < 5 * end / (3 * n) ** 0.5
                assert abs(weight.square().mean() * 3 / end**2 - 1) < 5 * (4 / 5 / n) ** 0.5
                assert layer.bias is None or not layer.bias.any()


def refreshed(change):
    """The ResNets with other first weights."""

    def anew(network):
        with torch.no_grad():
            for layer in network.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                    change(layer)

    return altered(resnet_generator, anew), altered(resnet_discriminator, anew)


def test_first_weights():
    oracle_small(sngan_generator, sngan_discriminator)
    oracle_glorot(resnet_generator, resnet_discriminator)


FIRST_WEIGHTS_MUTANTS = {
    "the same everywhere": refreshed(lambda layer: nn.init.xavier_uniform_(layer.weight)),
    "√2 everywhere": refreshed(lambda layer: nn.init.xavier_uniform_(layer.weight, 2**0.5)),
    "normal": refreshed(lambda layer: nn.init.xavier_normal_(layer.weight)),
    "torch's own": refreshed(lambda layer: layer.reset_parameters()),
    "those of the plain pair": refreshed(lambda layer: nn.init.normal_(layer.weight, 0, 0.02)),
}


@pytest.mark.parametrize("name", FIRST_WEIGHTS_MUTANTS)
def test_first_weights_mutants(name):
    assert_killed(lambda pair: oracle_glorot(*pair), FIRST_WEIGHTS_MUTANTS[name])
    assert_killed(lambda pair: oracle_small(*pair), (resnet_generator, resnet_discriminator))


# In training and at rest


@pytest.mark.parametrize("build", [sngan_generator, resnet_generator])
def test_images_are_bounded(build):
    images = drawn_anew(build(4, (1, 16, 16), width=2), std=0.5)(10 * noise(16, 4))
    assert -1 <= images.min() < 0 < images.max() <= 1


def test_a_sum_over_places():
    assert SumOverPlaces()(torch.ones(2, 5, 3, 4)).tolist() == [[12.0] * 5] * 2
