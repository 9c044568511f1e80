"""R3GAN's backbone: its formulas by hand, the first weights of Fixup, its counts; and the method that is made of it."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import log2

import numpy as np
import pytest
import torch
from by_hand import drawn_anew, leaky, noise
from mutants import assert_killed
from torch import nn
from torch.nn.functional import interpolate, pad

from gan_core import datasets, methods, objectives, training
from gan_core.pieces.lipschitz import r1, r2
from gan_core.pieces.networks import r3gan, r3gan_discriminator, r3gan_generator
from gan_core.pieces.networks.r3gan import GAIN, Basis, Block, Resample, resampling
from gan_core.training.replicates import Stack

# ---- a block


def by_matrix(x, layer):
    """A 1 × 1 convolution as a product with a matrix."""
    y = torch.einsum("nchw,oc->nohw", x, layer.weight[:, :, 0, 0])
    return y if layer.bias is None else y + layer.bias[:, None, None]


def in_groups(x, layer, group):
    """A 3 × 3 convolution of each `group` channels by themselves, one tap of the kernel at a time; 0 outside."""
    h, w = x.shape[2:]
    made = []
    for first in range(0, x.shape[1], group):
        of, W = pad(x[:, first : first + group], (1, 1, 1, 1)), layer.weight[first : first + group]
        taps = [(k, j) for k in range(3) for j in range(3)]
        made.append(sum(torch.einsum("nchw,oc->nohw", of[:, :, k : k + h, j : j + w], W[:, :, k, j]) for k, j in taps))
    return torch.cat(made, 1) + layer.bias[:, None, None]


def oracle_block(block):
    """x + W₃ f(W₂ f(W₁ x + b₁) + b₂): twice the channels between, in groups of 16, or in one where there are fewer."""
    for channels, group in ((4, 8), (16, 16), (24, 16)):
        layer, x = drawn_anew(block(channels, 1.0)), noise(2, channels, 4, 5)
        h = leaky(by_matrix(x, layer.conv1))
        assert h.shape[1] == 2 * channels
        expected = x + by_matrix(leaky(in_groups(h, layer.conv2, group)), layer.conv3)
        torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)
        assert sum(p.numel() for p in layer.parameters()) == 4 * channels**2 + 18 * channels * group + 4 * channels


class Faulty(Block):
    """The block in another form, right unless told otherwise."""

    kept, slope, last = True, 0.2, staticmethod(lambda x: x)

    def forward(self, x):
        bend = partial(nn.functional.leaky_relu, negative_slope=self.slope)
        h = self.conv3(bend(self.conv2(bend(self.conv1(x)))))
        return self.last((x if self.kept else 0) + h)


def faulty(**faults):
    return type("Mutant", (Faulty,), faults)


def rebuilt(change):
    """A block with another layer in it."""

    class Mutant(Faulty):
        def __init__(self, channels, gain):
            super().__init__(channels, gain)
            change(self, 2 * channels)

    return Mutant


BLOCK_MUTANTS = {
    "x is not added": faulty(kept=False),
    "rectifiers that do not leak": faulty(slope=0.0),
    "SNGAN's slope": faulty(slope=0.1),
    "bent at the end": faulty(last=staticmethod(torch.relu)),
    "not in groups": rebuilt(lambda block, c: setattr(block, "conv2", nn.Conv2d(c, c, 3, 1, 1))),
    "each channel by itself": rebuilt(lambda block, c: setattr(block, "conv2", nn.Conv2d(c, c, 3, 1, 1, groups=c))),
    "no biases": rebuilt(lambda block, c: setattr(block.conv1, "bias", None)),
    "normalised": faulty(last=staticmethod(lambda x: nn.functional.group_norm(x, 1))),
}


def test_block():
    oracle_block(Block)
    oracle_block(Faulty)


@pytest.mark.parametrize("fault", BLOCK_MUTANTS)
def test_block_mutants(fault):
    assert_killed(oracle_block, BLOCK_MUTANTS[fault])


# ---- from size to size


def oracle_up(resample):
    """As torch interpolates between pixels, bilinearly."""
    for side in (1, 4, 6):
        x = noise(2, 3, side, side)
        found = resample(side, 2 * side)(x)
        torch.testing.assert_close(found, interpolate(x, scale_factor=2, mode="bilinear"), rtol=1e-5, atol=1e-5)


def oracle_down(resample):
    """The filter (1, 3, 3, 1)/8 along both axes, every second place; edges repeated, so that a plain image stays."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    for side in (2, 4, 12):
        x = noise(2, 3, side, side)
        around = pad(x, (1, 1, 1, 1), mode="replicate")
        kernel = (taps[:, None] * taps).expand(3, 1, 4, 4)
        expected = nn.functional.conv2d(around, kernel, stride=2, groups=3)
        torch.testing.assert_close(resample(side, side // 2)(x), expected, rtol=1e-5, atol=1e-5)


def otherwise(change):
    """Resampling by another function of x, of which only the sides are as they should be."""

    class Mutant(nn.Module):
        def __init__(self, before, after):
            super().__init__()
            self.before, self.after = before, after

        def forward(self, x):
            return change(x, self.before, self.after)

    return Mutant


RESAMPLING_MUTANTS = {
    "each pixel four times": (oracle_up, otherwise(lambda x, b, a: interpolate(x, scale_factor=2))),
    "corners on corners": (
        oracle_up,
        otherwise(lambda x, b, a: interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)),
    ),
    "bicubic": (oracle_up, otherwise(lambda x, b, a: interpolate(x, scale_factor=2, mode="bicubic"))),
    "faded to 0 at the edge": (
        oracle_up,
        otherwise(lambda x, b, a: interpolate(pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")[..., 2:-2, 2:-2]),
    ),
    "means of 2 × 2": (oracle_down, otherwise(lambda x, b, a: nn.functional.avg_pool2d(x, 2))),
    "every second pixel": (oracle_down, otherwise(lambda x, b, a: x[..., ::2, ::2])),
    "only the rows": (oracle_down, otherwise(lambda x, b, a: (resampling(b, a) @ x)[..., ::2])),
    "the transpose, not halved": (oracle_down, otherwise(lambda x, b, a: 4 * Resample(b, a)(x))),
}


def test_resample():
    oracle_up(Resample)
    oracle_down(Resample)


@pytest.mark.parametrize("fault", RESAMPLING_MUTANTS)
def test_resampling_mutants(fault):
    oracle, mutant = RESAMPLING_MUTANTS[fault]
    assert_killed(oracle, mutant)


@pytest.mark.parametrize("sides", [(4, 8), (8, 4), (1, 2), (2, 1)])
def test_a_plain_image_stays_and_the_layout_does_not_matter(sides):
    R = resampling(*sides)
    assert R.shape == sides[::-1]
    assert torch.equal(R.sum(1), torch.ones(sides[1]))
    x = noise(2, 5, sides[0], sides[0])
    layer = Resample(*sides)
    torch.testing.assert_close(layer(x.to(memory_format=torch.channels_last)), layer(x))
    assert not layer.state_dict()


@pytest.mark.parametrize("sides", [(4, 4), (4, 16), (5, 2)])
def test_sides_that_do_not_double_or_halve(sides):
    with pytest.raises(ValueError, match=f"sides double or halve; given {sides[0]} and {sides[1]}"):
        resampling(*sides)


@pytest.mark.parametrize(
    ("sides", "error", "says"),
    [
        ((0, 0), ValueError, "before must be at least 1; given 0"),
        ((-2, -1), ValueError, "before must be at least 1; given -2"),
        ((2, 1.0), TypeError, "after must be a whole number; given 1.0"),
    ],
)
def test_sides_that_are_none(sides, error, says):
    with pytest.raises(error, match=says):
        resampling(*sides)


def test_basis():
    layer, z = Basis(3, 5), noise(2, 3)
    expected = torch.einsum("nz,cz,chw->nchw", z, layer.modulation.weight, layer.image)
    torch.testing.assert_close(layer(z), expected)
    assert layer.modulation.bias is None


# ---- the two networks


def block(channels):
    """Numbers of a block of that many channels, for 8 channels or more."""
    return 2 * channels * channels * 2 + 2 * channels * 16 * 9 + 2 * 2 * channels


def oracle_counts(generator, discriminator):
    """Layers and numbers as the paper has them: a block or more at each size, 1 × 1 convolutions where channels change,
    a learned 4 × 4 image in G, a weight for each channel and place in D; nothing is normalised."""
    for size, width, blocks in ((8, 8, 1), (32, 16, 1), (32, 8, 2), (64, 8, 1)):
        wide = [width * 2**k for k in range(int(log2(size // 4)) + 1)]  # from full size to 4 × 4
        between = sum(a * b for a, b in pairwise(wide))
        shared = blocks * sum(map(block, wide)) + between + 3 * width + 16 * wide[-1]
        net = generator(7, (3, size, size), width=width, blocks=blocks)
        assert sum(p.numel() for p in net.parameters()) == shared + 7 * wide[-1]
        made = net(noise(2, 7))
        assert made.shape == (2, 3, size, size)
        assert made.abs().max() > 1, "bounded"
        assert torch.equal(net.eval()(noise(2, 7)), made.clamp(-1, 1)), "a picture has no more than black and white"
        of_d = discriminator((3, size, size), width=width, blocks=blocks)
        assert sum(p.numel() for p in of_d.parameters()) == shared + wide[-1]
        assert of_d(noise(2, 3, size, size)).shape == (2, 1)
        for network in (net, of_d):
            kinds = [type(layer).__name__ for layer in network.modules()]
            assert not [kind for kind in kinds if "Norm" in kind or kind in ("Tanh", "Dropout")]
            assert kinds.count("Block") == blocks * len(wide)
            assert kinds.count("Resample") == len(wide) - 1


def oracle_identity(generator, discriminator):
    """At the start a block changes nothing: what G and D do is to resample and to change channels, and no more."""
    torch.manual_seed(0)
    g, d = generator(5, (3, 16, 16), width=8, blocks=2), discriminator((3, 16, 16), width=8, blocks=2)
    for network, given in ((g, noise(2, 5)), (d, noise(2, 3, 16, 16))):
        without = nn.Sequential(*(layer for layer in network if not isinstance(layer, Block)))
        assert len(without) == len(network) - 6
        assert torch.equal(network(given), without(given))
    x = g[:1](noise(2, 5))
    for layer in g[1:]:
        if isinstance(layer, nn.Conv2d):
            x = torch.einsum("nchw,oc->nohw", x, layer.weight[:, :, 0, 0])
        elif isinstance(layer, Resample):  # what is left are blocks, and the cut, which is for pictures at rest
            x = interpolate(x, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(g(noise(2, 5)), x, rtol=1e-4, atol=1e-4)


def oracle_first_weights(generator, discriminator):
    """N(0, gain²/fan in), within 5 standard errors: gain g B^(−1/4) in a block of a network of B, 0 for its last, 1
    elsewhere; biases 0; the learned image N(0, 1)."""
    torch.manual_seed(0)
    for blocks in (1, 3):
        nets = generator(64, (3, 16, 16), width=16, blocks=blocks), discriminator((3, 16, 16), width=16, blocks=blocks)
        inside = (2 / 1.04) ** 0.5 * (3 * blocks) ** -0.25
        for network in nets:
            gains = {id(conv): inside for b in network if isinstance(b, Block) for conv in (b.conv1, b.conv2)}
            gains |= {id(b.conv3): 0 for b in network if isinstance(b, Block)}
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    weight, gain = layer.weight.detach(), gains.get(id(layer), 1)
                    std, n = gain / weight[0].numel() ** 0.5, weight.numel()
                    assert abs(weight.mean()) <= 5 * std / n**0.5
                    assert abs(weight.square().mean().sqrt() - std) <= 5 * std / (2 * n) ** 0.5
                    assert gain == 0 or n < 2_000 or weight.abs().max() > 3 * std  # not uniform: that ends at √3 σ
                    assert layer.bias is None or not layer.bias.any()
        image = nets[0][0].image
        assert abs(image.std() - 1) < 5 / (2 * image.numel()) ** 0.5


def test_networks():
    for oracle in oracle_counts, oracle_identity, oracle_first_weights:
        oracle(r3gan_generator, r3gan_discriminator)
    assert pytest.approx(1.3868, abs=1e-4) == GAIN


def altered(change):
    """The pair, each network changed after it is built."""

    def of(build):
        def changed(*args, **kwargs):
            network = build(*args, **kwargs)
            return change(network) or network

        return changed

    return of(r3gan_generator), of(r3gan_discriminator)


def each_block(change):
    def of(network):
        with torch.no_grad():
            for layer in network:
                if isinstance(layer, Block):
                    change(layer)

    return altered(of)


def rescaled(name, factor):
    return each_block(lambda block: getattr(block, name).weight.mul_(factor))


NETWORK_MUTANTS = {
    "the last convolution drawn": (oracle_identity, each_block(lambda b: nn.init.normal_(b.conv3.weight, 0, 0.02))),
    "a bias at its end": (
        oracle_identity,
        each_block(lambda b: setattr(b.conv3, "bias", nn.Parameter(torch.ones(len(b.conv3.weight))))),
    ),
    "without B^(−1/4)": (oracle_first_weights, rescaled("conv2", 3**0.25)),
    "B^(−1/2), of blocks of two layers": (oracle_first_weights, rescaled("conv1", 3**-0.25)),
    "torch's own": (oracle_first_weights, each_block(lambda b: b.conv1.reset_parameters())),
    "biases drawn": (oracle_first_weights, each_block(lambda b: nn.init.normal_(b.conv1.bias))),
    "fan out": (oracle_first_weights, rescaled("conv1", 2**-0.5)),
    "tanh at the end": (oracle_counts, altered(lambda net: net.append(nn.Tanh()))),
    "cut off in training too": (oracle_counts, altered(lambda net: net.append(nn.Hardtanh()))),
    "never cut off": (oracle_counts, altered(lambda net: isinstance(net[-1], r3gan.CutOff) and net.__delitem__(-1))),
    "batch norm": (oracle_counts, altered(lambda net: net.insert(3, nn.Identity()).insert(3, nn.BatchNorm2d(32)))),
    "a block left out": (oracle_counts, altered(lambda net: net.__delitem__(1))),
    "twice as wide": (
        oracle_counts,
        (
            lambda *args, width, **more: r3gan_generator(*args, width=2 * width, **more),
            lambda *args, width, **more: r3gan_discriminator(*args, width=2 * width, **more),
        ),
    ),
}


@pytest.mark.parametrize("fault", NETWORK_MUTANTS)
def test_network_mutants(fault):
    oracle, pair = NETWORK_MUTANTS[fault]
    assert_killed(lambda pair: oracle(*pair), pair)


def test_no_blocks():
    with pytest.raises(ValueError, match="blocks must be at least 1; given 0"):
        r3gan_discriminator((3, 16, 16), blocks=0)


# ---- the method


def data(shape):
    return noise(32, *shape).clamp(-1, 1)


def oracle_method(method):
    """Relativistic, R1 and R2 of one γ and in step, one step of D, Adam with β = (0, 0.99), a moving average of G."""
    for shape, sizes in (((2,), {"z": 5, "width": 4}), ((3, 8, 8), {"z": 5, "width": 4})):
        for gamma, every, ema in ((1.0, 1, 0.5), (0.2, 4, None)):
            gan = method(shape, gamma=gamma, every=every, lr=3e-4, ema=ema, **sizes)
            assert gan.objective is objectives.relativistic
            assert gan.penalties == (r1(gamma, every=every), r2(gamma, every=every))
            assert (gan.n_dis, gan.z, gan.ema, gan.constraints) == (1, 5, ema, ())
            run = training.start(gan, data(shape), batch=8)
            for optimizer in (run.optimizer_d, run.optimizer_g):
                (group,) = optimizer.param_groups
                assert (type(optimizer), group["lr"], group["betas"]) == (torch.optim.Adam, 3e-4, (0.0, 0.99))
            blocks = [
                sum(isinstance(each, Block) for each in net.modules()) for net in (run.generator, run.discriminator)
            ]
            assert blocks == ([2, 2] if len(shape) == 3 else [0, 0])
            training.train(run, 2)
            assert run.samples(3).shape == (3, *shape)
            assert run.samples(3).isfinite().all()
            assert np.isfinite(run.history["loss_g"]).all()
    plain, points = methods.gan((2,)), method((2,))
    assert [str(each()) for each in (plain.generator, plain.discriminator)] == [
        str(each()) for each in (points.generator, points.discriminator)
    ]
    images = method((3, 8, 8))
    for gan, lr in ((points, 1e-3), (images, 1.5e-3)):
        assert gan.optimizer_d.keywords["lr"] == gan.optimizer_g.keywords["lr"] == lr
        assert gan.penalties == (r1(1.0, every=4), r2(1.0, every=4))
    assert images.z == 64
    assert images.generator()[0].image.shape == (32, 4, 4)
    assert images.ema == 0.999


def but(**parts):
    return lambda *args, **kwargs: replace(methods.r3gan(*args, **kwargs), **parts)


def with_penalties(*kinds):
    def of(*args, gamma=0.1, every=1, **more):
        made = methods.r3gan(*args, gamma=gamma, every=every, **more)
        return replace(made, penalties=tuple(kind(gamma, every=every) for kind in kinds))

    return of


METHOD_MUTANTS = {
    "not relativistic": but(objective=objectives.non_saturating),
    "R1 alone": with_penalties(r1),
    "R2 alone": with_penalties(r2),
    "R1 twice": with_penalties(r1, r1),
    "no penalties": but(penalties=()),
    "γ is not given on": lambda *args, gamma=None, **more: methods.r3gan(*args, **more),
    "no average": but(ema=None),
    "β₁ = 0.5": but(optimizer_g=training.adam),
    "five steps of D": but(n_dis=5),
    "DCGAN's networks": lambda shape, **more: replace(
        methods.r3gan(shape, **more),
        **({"generator": methods.dcgan(shape, z=5, width=4).generator} if len(shape) == 3 else {}),
    ),
}


def test_method():
    oracle_method(methods.r3gan)


@pytest.mark.parametrize("fault", METHOD_MUTANTS)
def test_method_mutants(fault):
    assert_killed(oracle_method, METHOD_MUTANTS[fault])


def oracle_begins(r3gan):
    """At full size too the first steps do not throw D off; with a rate of 3·10⁻³ its loss jumps to 300."""
    run = training.start(r3gan((3, 64, 64), width=32), datasets.faces(64, 64), batch=4, device="cpu")
    training.train(run, 10)
    assert run.losses[4:10, 0].max() < 4


def test_a_wide_network_takes_small_steps():
    oracle_begins(methods.r3gan)
    assert methods.r3gan((3, 64, 64), width=32).optimizer_d.keywords["lr"] == 0.024 / 32
    assert methods.r3gan((3, 32, 32), width=8).optimizer_g.keywords["lr"] == 3e-3


def test_a_wide_network_takes_small_steps_mutants():
    assert_killed(oracle_begins, partial(methods.r3gan, lr=3e-3))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: methods.r3gan((2, 2)), "shape must be that of a point"),
        (lambda: methods.r3gan((3, 48, 48)).generator(), "R3GAN needs square images"),
        (lambda: methods.r3gan((2,), gamma=0), "weight must be a positive number, such as 10; given 0"),
        (lambda: methods.r3gan((2,), every=0), "every must be at least 1; given 0"),
    ],
)
def test_what_it_does_not_take(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_seeds_together_are_the_seeds_alone(float64):
    """On points the runs of several seeds move as one, pairs and all, and end where each ends alone."""
    gan = methods.r3gan((2,), z=3, width=8)
    start = lambda: [training.start(gan, datasets.ring(), seed=seed, batch=16) for seed in (5, 0, 3)]  # noqa: E731
    alone, together = start(), start()
    for run in alone:
        training.train(run, 6)
    stack = Stack(together)
    for _ in range(6):
        training.iteration(stack)
    stack.release()
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other.history["loss_d"], one.history["loss_d"], rtol=1e-9)
        np.testing.assert_allclose(other.history["loss_g"], one.history["loss_g"], rtol=1e-9)
        torch.testing.assert_close(other.samples(8), one.samples(8), rtol=1e-9, atol=1e-9)
    replicated = training.replicate(gan, datasets.ring(), steps=6, seeds=(5, 0, 3), batch=16)
    for one, other in zip(alone, replicated, strict=True):
        np.testing.assert_allclose(other.history["loss_d"], one.history["loss_d"], rtol=1e-9)


def test_the_module_is_not_its_networks():
    """`networks.r3gan` is the page, `networks.r3gan_generator` a function of it."""
    assert r3gan.r3gan_generator is r3gan_generator
