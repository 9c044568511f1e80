"""Progressive GAN's networks: the paper's sizes, all layers by hand, the two ends of a fade, each trick in numpy."""

import copy
from functools import partial
from math import sqrt

import numpy as np
import pytest
import torch
from by_hand import convolved, count, doubled, drawn_anew, halved, leaky, noise
from mutants import assert_killed
from torch import nn

from gan_core.pieces.networks import (
    MinibatchStd,
    PixelNorm,
    equalised,
    progressive_discriminator,
    progressive_generator,
)
from gan_core.pieces.networks.progressive import levels

SHAPE = (3, 32, 32)
LEVELS = 3
STAGES = [0, 0.3, 1, 1.5, 2, 2.9, 3]


def pair(**how):
    """A generator and a discriminator of 32 × 32 pixels, all of their numbers away from 0."""
    return (
        drawn_anew(progressive_generator(5, SHAPE, width=2)),
        drawn_anew(progressive_discriminator(SHAPE, width=2, **how)),
    )


# ---- every layer by hand: one tap of the kernel at a time, means by slices, pixels repeated


def on_the_sphere(x):
    """Each pixel's vector at the length √channels."""
    return x * sqrt(x.shape[1]) / (x.square().sum(1, keepdim=True) + 1e-8 * x.shape[1]).sqrt()


def repeated(step, x, times):
    for _ in range(times):
        x = step(x)
    return x


def matrices(block):
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def features(G, z, level, norm=on_the_sphere):
    """What G makes of z up to a level: a dense layer and a convolution, then two convolutions for each doubling."""
    dense, conv = matrices(G.blocks[0])
    h = (norm(z) @ dense.weight.T + dense.bias).reshape(len(z), -1, 4, 4)
    h = norm(leaky(convolved(norm(leaky(h)), conv)))
    for block in G.blocks[1 : level + 1]:
        one, two = matrices(block)
        h = norm(leaky(convolved(norm(leaky(convolved(doubled(h), one))), two)))
    return h


def downward(D, h, level):
    """Two convolutions and the means over 2 × 2 pixels: from a level to the one below."""
    one, two = matrices(D.blocks[level])
    return halved(leaky(convolved(leaky(convolved(h, one)), two)))


def judged(D, h, level):
    """The logits of what stands at a level: down to 4 × 4, the minibatch's spread, a convolution, two dense layers."""
    while level:
        h, level = downward(D, h, level), level - 1
    conv, dense, last = matrices(D.blocks[0])
    spread = torch.from_numpy(written_out_std(h.detach().numpy(), 4)) if isinstance(D.blocks[0][0], MinibatchStd) else h
    h = leaky(convolved(spread, conv)).reshape(len(h), -1)
    return leaky(h @ dense.weight.T + dense.bias) @ last.weight.T + last.bias


def seen(D, x, level):
    """What D begins with at a level: fromRGB of the image, halved down to it."""
    return leaky(convolved(repeated(halved, x, LEVELS - level), D.from_rgb[level][0]))


def written_out_generator(
    G, z, *, fade=lambda alpha: alpha, enlarged=doubled, of=None, features=features, rgb=convolved
):  # fmt: skip
    """G(z) at G's stage, right unless told otherwise."""
    level, alpha = divmod(G.stage, 1)
    level, alpha = int(level), fade(alpha)
    x = rgb(features(G, z, level), G.to_rgb[level])
    if alpha:
        finer = rgb(features(G, z, level + 1), G.to_rgb[level + 1])
        x, level = (1 - alpha) * enlarged(x) + alpha * (finer if of is None else of(finer, x)), level + 1
    return repeated(enlarged, x, LEVELS - level)


def written_out_discriminator(
    D, x, *, fade=lambda alpha: alpha, before=False, seen=seen, downward=downward, judged=judged
):  # fmt: skip
    """D(x) at D's stage, right unless told otherwise."""
    level, alpha = divmod(D.stage, 1)
    level, alpha = int(level), fade(alpha)
    h = seen(D, x, level)
    if alpha and before:  # the images blended, not what is made of them
        blunt = repeated(doubled, repeated(halved, x, LEVELS - level), LEVELS - level)
        h, level = seen(D, (1 - alpha) * blunt + alpha * x, level + 1), level + 1
    elif alpha:
        h = (1 - alpha) * h + alpha * downward(D, seen(D, x, level + 1), level + 1)
    return judged(D, h, level)


# the same with the networks' own layers, where numbers must agree to the last bit
generator_of_its_layers = partial(
    written_out_generator,
    features=lambda G, z, level: nn.Sequential(*G.blocks[: level + 1])(z),
    rgb=lambda h, layer: layer(h),
)
discriminator_of_its_layers = partial(
    written_out_discriminator,
    seen=lambda D, x, level: D.from_rgb[level](nn.functional.avg_pool2d(x, 2 ** (LEVELS - level))),
    downward=lambda D, h, level: D.blocks[level](h),
    judged=lambda D, h, level: nn.Sequential(*D.blocks[: level + 1][::-1])(h),
)


def called(network, inputs):
    return network(inputs)


def oracle_generator(images):
    """images(G, z) is what the paper's layers make, one by one, at each stage and of full size."""
    G, z = pair()[0], noise(3, 5)
    for G.stage in STAGES:
        torch.testing.assert_close(images(G, z), written_out_generator(G, z), rtol=0, atol=1e-10)


def oracle_discriminator(logits):
    """logits(D, x) likewise; with six images the minibatch is one group."""
    x = noise(6, *SHAPE)
    for D in pair()[1], pair(group=None)[1]:
        for D.stage in STAGES:
            torch.testing.assert_close(logits(D, x), written_out_discriminator(D, x), rtol=0, atol=1e-10)


def oracle_ends_of_a_fade_of_the_generator(images):
    """α = 0 is the network before, bit for bit, and α = 1 the one after; between, G's images change evenly."""
    G, z = pair()[0], noise(4, 5)
    plain = []
    for level in range(LEVELS + 1):
        x = nn.Sequential(*G.blocks[: level + 1], G.to_rgb[level])(z)
        plain.append(x.repeat_interleave(2 ** (LEVELS - level), 2).repeat_interleave(2 ** (LEVELS - level), 3))
    for level in range(LEVELS + 1):
        G.stage = level
        assert torch.equal(images(G, z), plain[level])
    for level in range(LEVELS):
        for alpha in 2**-40, 0.25, 0.75, 1 - 2**-40:
            G.stage = level + alpha
            between = (1 - alpha) * plain[level] + alpha * plain[level + 1]
            torch.testing.assert_close(images(G, z), between, rtol=0, atol=1e-12)


def oracle_ends_of_a_fade_of_the_discriminator(logits):
    """The same for D's logits, which change steadily, but not evenly: layers with rectifiers come after the blend."""
    D, x = pair()[1], noise(4, *SHAPE)
    plain = []
    for level in range(LEVELS + 1):
        means = nn.functional.avg_pool2d(x, 2 ** (LEVELS - level))
        plain.append(nn.Sequential(D.from_rgb[level], *D.blocks[: level + 1][::-1])(means))
    for level in range(LEVELS + 1):
        D.stage = level
        assert torch.equal(logits(D, x), plain[level])
    for level in range(LEVELS):
        for alpha, end in (2**-40, level), (1 - 2**-40, level + 1):
            D.stage = level + alpha
            torch.testing.assert_close(logits(D, x), plain[end], rtol=0, atol=1e-9)
        D.stage = level + 0.5
        assert all((logits(D, x) - plain[end]).abs().max() > 1e-3 for end in (level, level + 1))


@pytest.mark.usefixtures("float64")
def test_generator():
    oracle_generator(called)
    for images in called, generator_of_its_layers:
        oracle_ends_of_a_fade_of_the_generator(images)


@pytest.mark.usefixtures("float64")
def test_discriminator():
    oracle_discriminator(called)
    for logits in called, discriminator_of_its_layers:
        oracle_ends_of_a_fade_of_the_discriminator(logits)


def smooth(x):
    return nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


GENERATOR_MUTANTS = {
    "no fade": {"fade": lambda alpha: 0},
    "a fade from the other end": {"fade": lambda alpha: alpha and 1 - alpha},
    "a fade by the square": {"fade": lambda alpha: alpha**2},
    "the new level at once": {"fade": lambda alpha: alpha and 1},
    "the old level not taken back": {"of": lambda finer, x: finer + doubled(x)},
    "enlarged with bilinear weights": {"enlarged": smooth},
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("fault", GENERATOR_MUTANTS)
def test_mutants_of_the_generator(fault):
    assert_killed(oracle_generator, partial(written_out_generator, **GENERATOR_MUTANTS[fault]))
    assert_killed(oracle_ends_of_a_fade_of_the_generator, partial(generator_of_its_layers, **GENERATOR_MUTANTS[fault]))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("norm", [lambda x: x, partial(nn.functional.normalize, dim=1)])
def test_another_norm_shows(norm):
    assert_killed(oracle_generator, partial(written_out_generator, features=partial(features, norm=norm)))


DISCRIMINATOR_MUTANTS = {
    "no fade": {"fade": lambda alpha: 0},
    "a fade from the other end": {"fade": lambda alpha: alpha and 1 - alpha},
    "the new level at once": {"fade": lambda alpha: alpha and 1},
    "images blended in place of features": {"before": True},
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("fault", DISCRIMINATOR_MUTANTS)
def test_mutants_of_the_discriminator(fault):
    faults = DISCRIMINATOR_MUTANTS[fault]
    assert_killed(oracle_discriminator, partial(written_out_discriminator, **faults))
    assert_killed(oracle_ends_of_a_fade_of_the_discriminator, partial(discriminator_of_its_layers, **faults))


@pytest.mark.usefixtures("float64")
def test_the_discriminator_sees_what_the_generator_has_made_and_no_finer():
    """Means over squares undo the enlargement; what has the same means has the same logits."""
    G, D = pair()
    z, grain = noise(4, 5), noise(4, *SHAPE, seed=1)
    for level in range(LEVELS):
        G.stage = D.stage = level
        side = 2 ** (LEVELS - level)
        x = G(z)
        small = nn.functional.avg_pool2d(x, side)
        torch.testing.assert_close(x, small.repeat_interleave(side, 2).repeat_interleave(side, 3))
        without_means = grain - nn.functional.interpolate(nn.functional.avg_pool2d(grain, side), scale_factor=side)
        torch.testing.assert_close(D(x + without_means), D(x), rtol=0, atol=1e-12)
        D.stage = level + 0.5
        assert (D(x + without_means) - D(x)).abs().max() > 1e-3


@pytest.mark.usefixtures("float64")
def test_a_slope_at_full_size_is_one_kth_of_that_on_images_k_times_smaller():
    D = pair()[1]
    for D.stage in range(LEVELS + 1):
        side = 2 ** (LEVELS - int(D.stage))
        x = noise(4, *SHAPE).requires_grad_()
        small = nn.functional.avg_pool2d(x.detach(), side).requires_grad_()
        begin, *rest = D.from_rgb[int(D.stage)], *D.blocks[: int(D.stage) + 1][::-1]
        (at_full_size,) = torch.autograd.grad(D(x).sum(), x)
        (at_its_level,) = torch.autograd.grad(nn.Sequential(begin, *rest)(small).sum(), small)
        slopes = (each.flatten(1).norm(dim=1) for each in (side * at_full_size, at_its_level))
        torch.testing.assert_close(*slopes, rtol=1e-10, atol=0)


# ---- sizes


def test_channels_and_number_of_weights_of_the_paper():
    """Table 2, for 1024 × 1024 pixels: 512 channels up to 32 × 32, then half as many a level; 23.1 M weights each."""
    with torch.device("meta"):
        G = progressive_generator(512, (3, 1024, 1024), width=16)
        D = progressive_discriminator((3, 1024, 1024), width=16)
    assert [rgb.in_channels for rgb in G.to_rgb] == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert [rgb[0].out_channels for rgb in D.from_rgb] == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert round(count(G.blocks, G.to_rgb[-1]) / 1e6, 1) == round(count(D.blocks, D.from_rgb[-1]) / 1e6, 1) == 23.1


@pytest.mark.parametrize(
    ("size", "width", "channels"),
    [
        (4, 7, [7]),
        (32, 16, [128, 64, 32, 16]),
        (64, 40, [512, 320, 160, 80, 40]),
        (128, 128, [512, 512, 512, 512, 256, 128]),  # the paper's
        (8, 600, [600, 600]),
    ],
)
def test_channels(size, width, channels):
    with torch.device("meta"):
        G, D = (
            progressive_generator(3, (1, size, size), width=width),
            progressive_discriminator((1, size, size), width=width),
        )
    assert [rgb.in_channels for rgb in G.to_rgb] == [rgb[0].out_channels for rgb in D.from_rgb] == channels
    assert G.levels == D.levels == levels((1, size, size)) == len(channels) - 1


@pytest.mark.parametrize("shape", [(3, 48, 48), (3, 2, 2), (3, 0, 0), (3, 16, 32), (16, 16), (2,), 32, None, "abc"])
def test_a_size_that_no_growth_reaches_is_refused(shape):
    for build in levels, partial(progressive_generator, 5), progressive_discriminator:
        with pytest.raises(ValueError, match=r"with size 4, 8, 16, 32, 64 …; given"):
            build(shape)


def test_a_size_below_one_is_said_where_it_is_given():
    with pytest.raises(ValueError, match="width must be at least 1; given 0"):
        progressive_discriminator(SHAPE, width=0)
    with pytest.raises(ValueError, match="z must be at least 1; given 0"):
        progressive_generator(0, SHAPE)
    with pytest.raises(ValueError, match="group must be at least 1; given 0"):
        progressive_discriminator(SHAPE, group=0)


# ---- the stage


def test_a_new_network_is_the_whole_of_it_and_says_its_stage():
    for network in pair():
        assert (network.stage, network.levels) == (3.0, 3)


@pytest.mark.parametrize("s", [-0.1, 3.01, float("nan"), float("inf")])
def test_a_stage_that_is_none_is_refused_and_the_old_one_kept(s):
    for network in pair():
        network.stage = 1.5
        with pytest.raises(ValueError, match="stage must be a number from 0 to 3; given"):
            network.stage = s
        assert network.stage == 1.5


def test_the_stage_is_saved_with_the_weights_to_the_last_bit(tmp_path):
    for network in pair():
        for stage in 0, 1, 1 / 3, 2 + 1e-9, 3, 1e-300:
            network.stage = stage
            torch.save(network.state_dict(), tmp_path / "weights.pt")
            other = copy.deepcopy(network)
            assert other.stage == stage
            other.stage = 2
            other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
            assert other.stage == stage
        assert all(each.isfinite().all() for each in network.state_dict().values())  # as training asks


# ---- the equalised learning rate


class Twenty(nn.Module):
    """Layers of all kinds, with gains of both kinds."""

    def __init__(self):
        super().__init__()
        self.wide, self.conv, self.grouped = nn.Linear(400, 300), nn.Conv2d(20, 30, 3), nn.Conv2d(20, 30, 3, groups=2)
        self.line = nn.Conv1d(30, 20, 5, bias=False)
        self.last = nn.Linear(300, 200)
        self.last.gain = 1


def fan_in(layer):
    return layer.weight.shape[1:].numel()


def gain(layer):
    return getattr(layer, "gain", sqrt(2))


def apart(network):
    """The layers with a matrix, and what is learned of each."""
    return {layer: layer.parametrizations.weight.original for layer in matrices_of_any_kind(network)}


def matrices_of_any_kind(network):
    return [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd))]


def oracle_unit_variance(equalise):
    """What is learned begins as N(0, 1), biases as 0, and of N(0, 1) in each input gain² comes out, in every layer.

    The bounds are five standard deviations of what sampling does to a variance.
    """
    torch.manual_seed(0)
    for layer, w in apart(equalise(Twenty())).items():
        assert abs(w.mean()) < 5 / sqrt(w.numel())
        assert abs(w.var() - 1) < 5 * sqrt(2 / w.numel())
        assert layer.bias is None or not layer.bias.any()
        side = (400,) if isinstance(layer, nn.Linear) and layer.in_features == 400 else (fan_in(layer),)
        if not isinstance(layer, nn.Linear):
            side = (layer.in_channels, *layer.kernel_size)  # one place of the output
        y = layer(noise(2_000, *side))
        assert abs(y.square().mean() / gain(layer) ** 2 - 1) < 5 * sqrt(2 / w.numel()) + 5 * sqrt(
            2 / y.shape[1] / 2_000
        )


def oracle_the_same_rate(equalise):
    """Adam's first step changes each number that is learned by its rate η, so every weight by η of its spread c."""
    torch.manual_seed(0)
    network, eta = equalise(Twenty()), 0.01
    layers = matrices_of_any_kind(network)
    before = [layer.weight.detach().clone() for layer in layers]
    optimizer = torch.optim.Adam(network.parameters(), lr=eta, eps=0)
    torch.stack([(layer.weight * noise(*layer.weight.shape)).sum() for layer in layers]).sum().backward()
    optimizer.step()
    for layer, old in zip(layers, before, strict=True):
        changes = (layer.weight.detach() - old).abs() * sqrt(fan_in(layer)) / gain(layer)
        torch.testing.assert_close(changes, torch.full_like(changes, eta), rtol=0, atol=1e-6)


def oracle_the_gradient_is_c_times(equalise):
    """W = c·w, so ∂L/∂w = c ∂L/∂W with c = gain / √fan_in."""
    for layer, w in apart(equalise(Twenty())).items():
        c = gain(layer) / sqrt(fan_in(layer))
        torch.testing.assert_close(layer.weight, c * w)
        (gradient,) = torch.autograd.grad((layer.weight * noise(*w.shape)).sum(), w)
        torch.testing.assert_close(gradient, c * noise(*w.shape))


class Times(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c

    def forward(self, w):
        return self.c * w


def equalise(network, *, c=None, spread=1.0, bias=0.0, only=lambda layer: True):
    """`equalised` in a plainer form, right unless told otherwise."""
    c = c or (lambda layer: gain(layer) / sqrt(fan_in(layer)))
    for layer in matrices_of_any_kind(network):
        if only(layer):
            factor = c(layer)
            nn.utils.parametrize.register_parametrization(layer, "weight", Times(factor))
            nn.init.normal_(layer.parametrizations.weight.original, 0, spread)
            if layer.bias is not None:
                nn.init.normal_(layer.bias, 0, bias)
    return network


def test_equalised():
    for one in equalised, equalise:
        oracle_unit_variance(one)
        oracle_the_same_rate(one)
        oracle_the_gradient_is_c_times(one)


EQUALISED_MUTANTS = {
    "√2 for all": {"c": lambda layer: sqrt(2 / fan_in(layer))},
    "1 for all": {"c": lambda layer: 1 / sqrt(fan_in(layer))},
    "the fan-out": {"c": lambda layer: gain(layer) / sqrt(layer.weight[:, 0].numel())},
    "the kernel's places forgotten": {"c": lambda layer: gain(layer) / sqrt(layer.weight.shape[1])},
    "groups forgotten": {
        "c": lambda layer: gain(layer) / sqrt(fan_in(layer) * getattr(layer, "groups", 1)),
    },
    "no root": {"c": lambda layer: gain(layer) / fan_in(layer)},
    "c for all the same": {"c": lambda layer: 0.07},
}


@pytest.mark.parametrize("fault", EQUALISED_MUTANTS)
def test_mutants_of_the_equalised_rate(fault):
    mutant = partial(equalise, **EQUALISED_MUTANTS[fault])
    for oracle in oracle_unit_variance, oracle_the_same_rate, oracle_the_gradient_is_c_times:
        assert_killed(oracle, mutant)


def test_mutants_of_the_first_weights():
    assert_killed(oracle_unit_variance, partial(equalise, spread=0.1))
    assert_killed(oracle_unit_variance, partial(equalise, bias=0.1))

    def drawn_with_that_spread(network):  # He et al. 2015: the same at the start, but Adam's steps differ
        for layer in matrices_of_any_kind(network):
            nn.init.normal_(layer.weight, 0, gain(layer) / sqrt(fan_in(layer)))
        return network

    assert_killed(oracle_the_same_rate, drawn_with_that_spread)


@pytest.mark.parametrize(
    ("build", "layers", "linear"),
    [
        (partial(progressive_generator, 64), 12, {f"to_rgb.{k}" for k in range(4)}),
        (progressive_discriminator, 13, {"blocks.0.6"}),
    ],
)
def test_all_layers_are_equalised_and_those_without_a_rectifier_have_gain_one(build, layers, linear):
    """Plain networks begin with the same spread of weights, so leaving the rate out leaves nothing else out."""
    torch.manual_seed(0)
    network = build(SHAPE, width=16)
    plain = {name: layer for name, layer in network.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}
    assert len(plain) == layers
    assert {name for name, layer in plain.items() if gain(layer) == 1} == linear
    found = dict(equalised(copy.deepcopy(network)).named_modules())
    for name, before in plain.items():
        layer = found[name]
        numbers = layer.weight.numel()
        assert abs(layer.weight.std() / before.weight.std() - 1) < 5 / sqrt(numbers)
        assert not before.bias.any()
        assert abs(layer.weight.std() * sqrt(fan_in(layer)) / gain(layer) - 1) < 5 / sqrt(2 * numbers)


def test_the_variance_stays_on_the_way_through_the_discriminator():
    """Where a rectifier of slope 0.2 follows a gain of √2, the mean square grows by 1.04 a layer."""
    torch.manual_seed(0)
    D = equalised(progressive_discriminator(SHAPE, width=64, group=None))
    h = D.from_rgb[3](noise(64, *SHAPE))
    assert h.square().mean().item() == pytest.approx(1.04, rel=0.2)
    for layer in D.blocks[3][:-1]:
        h = layer(h)
    assert h.square().mean().item() == pytest.approx(1.04**3, rel=0.2)


def test_what_cannot_be_equalised_is_refused():
    with pytest.raises(ValueError, match="no dense layer and no convolution"):
        equalised(nn.ReLU())
    with pytest.raises(ValueError, match="lazy layer has no weights yet"):
        equalised(nn.LazyLinear(3))
    with pytest.raises(ValueError, match="has no one fan-in"):
        equalised(nn.ConvTranspose2d(3, 3, 4))
    with pytest.raises(ValueError, match="parametrisation already"):
        equalised(equalised(nn.Linear(2, 2)))


# ---- pixel norm


def oracle_pixel_norm(norm):
    """y = x / √(mean of x² over channels + 10⁻⁸), in numpy; 0 stays 0; for images and for vectors."""
    for shape in (2, 5, 3, 4), (4, 6):
        x = 3 * noise(*shape) + 1
        x[0, :, ...] *= 1e-3
        x[1, ...] = 0
        mean = np.stack([(x.numpy()[:, c]) ** 2 for c in range(shape[1])]).mean(0)
        expected = np.stack([x.numpy()[:, c] / np.sqrt(mean + 1e-8) for c in range(shape[1])], axis=1)
        np.testing.assert_allclose(norm()(x).numpy(), expected, rtol=1e-12, atol=1e-15)


def as_layer(function):
    return lambda: function


PIXEL_NORM_MUTANTS = {
    "length one": lambda x: nn.functional.normalize(x, dim=1),
    "over the whole image": lambda x: x / (x.square().mean(tuple(range(1, x.ndim)), keepdim=True) + 1e-8).sqrt(),
    "over the batch": lambda x: x / (x.square().mean(0, keepdim=True) + 1e-8).sqrt(),
    "the mean taken away": lambda x: (
        (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-8).sqrt()
    ),
    "no root": lambda x: x / (x.square().mean(1, keepdim=True) + 1e-8),
    "nothing under the root": lambda x: x / x.square().mean(1, keepdim=True).sqrt(),
    "too much under the root": lambda x: x / (x.square().mean(1, keepdim=True) + 1e-5).sqrt(),
    "absolute values": lambda x: x / (x.abs().mean(1, keepdim=True) + 1e-8),
}


@pytest.mark.usefixtures("float64")
def test_pixel_norm():
    oracle_pixel_norm(PixelNorm)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("fault", PIXEL_NORM_MUTANTS)
def test_mutants_of_pixel_norm(fault):
    assert_killed(oracle_pixel_norm, as_layer(PIXEL_NORM_MUTANTS[fault]))


# ---- minibatch standard deviation


def written_out_std(x, group):
    """In numpy, group by group, feature by feature."""
    n, channels, h, w = x.shape
    size = group if n % group == 0 else n
    maps = np.zeros((n, 1, h, w))
    for first in range(0, n, size):
        members = range(first, first + size)
        deviations = [
            np.sqrt(np.mean([(x[i, c, a, b] - np.mean([x[j, c, a, b] for j in members])) ** 2 for i in members]) + 1e-8)
            for c in range(channels)
            for a in range(h)
            for b in range(w)
        ]
        maps[first : first + size] = np.mean(deviations)
    return np.concatenate([x, maps], axis=1)


def oracle_minibatch_std(layer):
    """layer(group)(x) is x with one more channel, as numpy has it, for whole groups and for what is none."""
    for n, group in (8, 4), (4, 4), (6, 4), (3, 4), (1, 4), (6, 2), (6, 3):
        x = noise(n, 3, 2, 2) * torch.arange(1.0, n + 1)[:, None, None, None]
        np.testing.assert_allclose(layer(group)(x).numpy(), written_out_std(x.numpy(), group), rtol=1e-12, atol=1e-12)


def spread(x, group, *, correction=0, over=(1, 2, 3), root=True, whole=False, strided=False, first=False):
    """`MinibatchStd` in another form, right unless told otherwise."""
    n = len(x)
    size = n if whole or n % group else group
    groups = x.reshape(size, -1, *x.shape[1:]).transpose(0, 1) if strided else x.reshape(-1, size, *x.shape[1:])
    variance = groups.var(1, correction=correction) + 1e-8
    maps = (variance.sqrt() if root else variance).mean(over, keepdim=True)
    maps = maps.expand(-1, maps.shape[1], *x.shape[2:])
    maps = maps.repeat(size, 1, 1, 1) if strided else maps.repeat_interleave(size, 0)
    return torch.cat([maps, x] if first else [x, maps], 1)


MINIBATCH_STD_MUTANTS = {
    "divided by size − 1": {"correction": 1},
    "a map for each channel": {"over": (2, 3)},
    "a map that differs by place": {"over": (1,)},
    "the variance": {"root": False},
    "the whole minibatch": {"whole": True},
    "every second one a group": {"strided": True},
    "the map first": {"first": True},
}


def form(**faults):
    return lambda group: lambda x: spread(x, group, **faults)


@pytest.mark.usefixtures("float64")
def test_minibatch_std():
    oracle_minibatch_std(MinibatchStd)
    oracle_minibatch_std(form())


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("fault", MINIBATCH_STD_MUTANTS)
def test_mutants_of_minibatch_std(fault):
    assert_killed(oracle_minibatch_std, form(**MINIBATCH_STD_MUTANTS[fault]))


@pytest.mark.usefixtures("float64")
def test_minibatch_std_of_images_that_are_all_the_same():
    """It says √10⁻⁸, and has gradients to any order: a generator that has collapsed can be told so."""
    x = noise(1, 2, 3, 3).expand(4, -1, -1, -1).clone().requires_grad_()
    y = MinibatchStd()(x)
    torch.testing.assert_close(y[:, 2], torch.full((4, 3, 3), 1e-4))
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (curve,) = torch.autograd.grad(slope.square().sum(), x)
    assert slope.isfinite().all()
    assert curve.isfinite().all()


@pytest.mark.usefixtures("float64")
def test_an_image_feels_the_others_of_its_group_and_no_more():
    D = pair()[1]
    x = noise(8, *SHAPE)
    others = x.clone()
    others[1:4] += 1
    assert (D(x)[0] - D(others)[0]).abs() > 1e-6
    torch.testing.assert_close(D(x)[4:], D(others)[4:], rtol=0, atol=1e-12)
    alone = pair(group=None)[1]
    torch.testing.assert_close(alone(x)[:1], alone(x[:1]), rtol=0, atol=1e-12)
