"""DCGAN's pair of networks: the formula by hand, the sizes of the paper, the recipe's exceptions, bf16 beside it."""

from functools import cache, partial

import numpy as np
import pytest
import torch
from by_hand import altered, count, each_layer, noise
from mutants import assert_killed, faults
from torch import nn

from gan_core import datasets, methods, objectives, training
from gan_core.pieces.devices import Place
from gan_core.pieces.networks import dcgan_discriminator, dcgan_generator
from gan_core.pieces.networks._images import SIZES

# The formula: one tap of the kernel at a time, instead of torch's convolutions


def doubled(x, weight):
    """Transposed convolution, kernel 4, stride 2, padding 1: y[2i − 1 + k, 2j − 1 + l] += x[i, j] · weight[k, l]."""
    n, _, h, w = x.shape
    y = x.new_zeros(n, weight.shape[1], 2 * h + 2, 2 * w + 2)
    for k in range(4):
        for m in range(4):
            y[:, :, k : k + 2 * h : 2, m : m + 2 * w : 2] += torch.einsum("nchw,co->nohw", x, weight[:, :, k, m])
    return y[:, :, 1:-1, 1:-1]


def halved(x, weight):
    """Convolution, kernel 4, stride 2, padding 1: y[i, j] = Σ x[2i − 1 + k, 2j − 1 + l] · weight[k, l]."""
    h, w = x.shape[2:]
    x = nn.functional.pad(x, (1, 1, 1, 1))
    taps = [(k, m) for k in range(4) for m in range(4)]
    return sum(
        torch.einsum("nchw,oc->nohw", x[:, :, k : k + h : 2, m : m + w : 2], weight[:, :, k, m]) for k, m in taps
    )


def normalised(x, gain, shift):
    """Batch normalisation of each channel over the batch and all places, with torch's ε = 10⁻⁵."""
    x = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    return x * gain[:, None, None] + shift[:, None, None]


def oracle_generator(build):
    """G of 16 × 16 images: a product to 4 × 4, doubled twice; batch norm and a rectifier between, tanh at the end."""
    net = build(5, (3, 16, 16), width=6)
    w1, gain1, shift1, w2, gain2, shift2, w3, bias = net.parameters()
    assert (w1.shape, w2.shape, w3.shape) == ((5, 12, 4, 4), (12, 6, 4, 4), (6, 3, 4, 4))
    z = noise(7, 5)
    h = (z @ w1.reshape(5, -1)).reshape(7, 12, 4, 4)  # the first layer is a product of matrices
    h = doubled(normalised(h, gain1, shift1).relu(), w2)
    h = doubled(normalised(h, gain2, shift2).relu(), w3) + bias[:, None, None]
    images = net(z)
    assert images.min() < 0 < images.max()
    torch.testing.assert_close(images, h.tanh())


def oracle_discriminator(build):
    """D of 16 × 16 images: halved twice, the second time with batch norm; leaky rectifiers; a product to one logit."""
    net = build((3, 16, 16), width=6)
    w1, bias1, w2, gain2, shift2, w3, bias3 = net.parameters()
    assert (w1.shape, w2.shape, w3.shape) == ((6, 3, 4, 4), (12, 6, 4, 4), (1, 12, 4, 4))
    x = noise(7, 3, 16, 16)
    h = halved(x, w1) + bias1[:, None, None]
    h = normalised(halved(torch.maximum(h, 0.2 * h), w2), gain2, shift2)
    h = torch.maximum(h, 0.2 * h)
    torch.testing.assert_close(net(x), h.reshape(7, -1) @ w3.reshape(1, -1).T + bias3)


def oracle_critic(build):
    """D without batch norm, for a gradient penalty: a bias in its place, and no image feels the others."""
    net = build((3, 16, 16), width=6, normed=False)
    w1, bias1, w2, bias2, w3, bias3 = net.parameters()
    assert (w1.shape, w2.shape, w3.shape) == ((6, 3, 4, 4), (12, 6, 4, 4), (1, 12, 4, 4))
    assert not bias2.any()
    with torch.no_grad():
        for bias in (bias1, bias2, bias3):
            bias.copy_(noise(len(bias)))
    x = noise(7, 3, 16, 16)
    h = halved(x, w1) + bias1[:, None, None]
    h = halved(torch.maximum(h, 0.2 * h), w2) + bias2[:, None, None]
    h = torch.maximum(h, 0.2 * h)
    torch.testing.assert_close(net(x), h.reshape(7, -1) @ w3.reshape(1, -1).T + bias3)
    torch.testing.assert_close(net(x)[:2], net(x[:2]))


def kernel(layer, size, stride, padding, **more):
    """The same convolution with another kernel: the sides come out as before."""
    bias = layer.bias is not None
    return type(layer)(layer.in_channels, layer.out_channels, size, stride, padding, bias=bias, **more)


def loose(layer):
    return nn.BatchNorm2d(layer.num_features, 0.8)  # the second argument is ε


GENERATORS = {
    "batch norm on the images": altered(dcgan_generator, lambda net: net.insert(len(net) - 1, nn.BatchNorm2d(3))),
    "batch norm lost": altered(dcgan_generator, each_layer(nn.BatchNorm2d, lambda layer: nn.Identity())),
    "BatchNorm2d(n, 0.8)": altered(dcgan_generator, each_layer(nn.BatchNorm2d, loose)),
    "leaky rectifiers": altered(dcgan_generator, each_layer(nn.ReLU, lambda layer: nn.LeakyReLU(0.2))),
    "sigmoid at the end": altered(dcgan_generator, each_layer(nn.Tanh, lambda layer: nn.Sigmoid())),
    "nothing at the end": altered(dcgan_generator, each_layer(nn.Tanh, lambda layer: nn.Identity())),
    "kernel of 2": altered(dcgan_generator, lambda net: net.__setitem__(-2, kernel(net[-2], 2, 2, 0))),
    "padding 2 and output padding": altered(
        dcgan_generator, lambda net: net.__setitem__(-2, kernel(net[-2], 5, 2, 2, output_padding=1))
    ),
    "width not doubled": lambda z, shape, width: altered(
        partial(dcgan_generator, z, shape, width=width), lambda net: net.__setitem__(1, nn.ConvTranspose2d(z, width, 4))
    )(),
    "a bias before batch norm": altered(
        dcgan_generator, lambda net: net.__setitem__(1, nn.ConvTranspose2d(5, 12, 4, bias=True))
    ),
}

DISCRIMINATORS = {
    "batch norm on the images": altered(dcgan_discriminator, lambda net: net.insert(0, nn.BatchNorm2d(3))),
    "batch norm after the first": altered(dcgan_discriminator, lambda net: net.insert(1, nn.BatchNorm2d(6))),
    "BatchNorm2d(n, 0.8)": altered(dcgan_discriminator, each_layer(nn.BatchNorm2d, loose)),
    "rectifiers": altered(dcgan_discriminator, each_layer(nn.LeakyReLU, lambda layer: nn.ReLU())),
    "torch's slope of 0.01": altered(dcgan_discriminator, each_layer(nn.LeakyReLU, lambda layer: nn.LeakyReLU())),
    "sigmoid at the end": altered(dcgan_discriminator, lambda net: net.append(nn.Sigmoid())),
    "padding 0": altered(dcgan_discriminator, each_layer(nn.Conv2d, lambda layer: kernel(layer, 4, 2, 0))),
    "pooling, not strides": altered(
        dcgan_discriminator,
        lambda net: net.__setitem__(0, nn.Sequential(nn.Conv2d(3, 6, 5, 1, 2), nn.AvgPool2d(2))),
    ),
    "width not doubled": lambda shape, width: nn.Sequential(
        nn.Conv2d(3, 6, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(6, 6, 4, 2, 1, bias=False), nn.BatchNorm2d(6),
        nn.LeakyReLU(0.2), nn.Conv2d(6, 1, 4), nn.Flatten(),
    ),
}  # fmt: skip


def test_generator():
    oracle_generator(dcgan_generator)
    oracle_generator(altered(dcgan_generator, lambda net: None))


def test_discriminator():
    oracle_discriminator(dcgan_discriminator)
    oracle_discriminator(altered(dcgan_discriminator, lambda net: None))


def test_critic():
    oracle_critic(dcgan_discriminator)
    assert_killed(oracle_critic, lambda shape, width, normed: dcgan_discriminator(shape, width=width))
    assert_killed(oracle_critic, altered(dcgan_discriminator, lambda net: setattr(net[2], "bias", None)))
    assert_killed(oracle_critic, altered(dcgan_discriminator, lambda net: net.insert(3, nn.InstanceNorm2d(12))))


@faults(GENERATORS)
def test_generator_mutants(mutant):
    assert_killed(oracle_generator, mutant)


@faults(DISCRIMINATORS)
def test_discriminator_mutants(mutant):
    assert_killed(oracle_discriminator, mutant)


# The first weights


def oracle_first_weights(generator, discriminator):
    """Weights from N(0, 0.02²), gains from N(1, 0.02²), everything else zero: each layer within 5 standard errors."""
    torch.manual_seed(0)
    for net in (generator(100, (3, 32, 32)), discriminator((3, 32, 32))):
        for name, p in net.named_parameters():
            p, n = p.detach(), p.numel()
            if p.ndim == 4 or name.endswith("weight"):
                mean = 0 if p.ndim == 4 else 1
                assert abs(p.mean() - mean) < 5 * 0.02 / n**0.5, name
                assert abs(p.std() - 0.02) < 5 * 0.02 / (2 * n) ** 0.5, name  # s.e. of σ is σ/√2n
                assert (p - mean).abs().max() > 0.03, name  # tails: not of a uniform draw, which ends at √3 σ = 0.035
                assert abs(((p - mean) / 0.02).pow(4).mean() - 3) < 5 * (96 / n) ** 0.5, name  # kurtosis of a Gaussian
            else:
                assert not p.any(), name


def rescaled(weights=lambda p: p, gains=lambda p: p, biases=lambda p: p):
    def change(net):
        with torch.no_grad():
            for name, p in net.named_parameters():
                rule = weights if p.ndim == 4 else gains if name.endswith("weight") else biases
                p.copy_(rule(p))

    return altered(dcgan_generator, change), altered(dcgan_discriminator, change)


def test_first_weights():
    oracle_first_weights(dcgan_generator, dcgan_discriminator)
    oracle_first_weights(*rescaled())
    oracle_first_weights(dcgan_generator, partial(dcgan_discriminator, normed=False))


@faults(
    {
        "σ = 0.2": rescaled(weights=lambda p: 10 * p),
        "uniform of the same σ": rescaled(weights=lambda p: (torch.rand_like(p) - 0.5) * 12**0.5 * 0.02),
        "torch's own": rescaled(weights=lambda p: nn.init.kaiming_uniform_(torch.empty_like(p), 5**0.5)),
        "gains of one": rescaled(gains=torch.ones_like),
        "gains about zero": rescaled(gains=lambda p: p - 1),
        "biases drawn too": rescaled(biases=lambda p: 0.02 * torch.randn_like(p)),
    }
)
def test_first_weights_mutants(mutant):
    assert_killed(lambda pair: oracle_first_weights(*pair), mutant)


# Sizes, counts, what sees what


def shapes_of(net, x):
    """What comes out of each convolution: its (channels, height, width), first to last."""
    shapes = []
    convolutions = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [c.register_forward_hook(lambda _layer, _x, y: shapes.append(tuple(y.shape[1:]))) for c in convolutions]
    with torch.no_grad():
        net.eval()(x)
    for hook in hooks:
        hook.remove()
    return shapes


def test_the_figure_of_the_paper():
    """Radford et al. 2016, figure 1: 100 numbers, 4 × 4 × 1024, half the channels at twice the side, 64 × 64 × 3."""
    up = shapes_of(dcgan_generator(100, (3, 64, 64), width=128), torch.zeros(1, 100))
    assert up == [(1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (3, 64, 64)]
    down = shapes_of(dcgan_discriminator((3, 64, 64), width=128), torch.zeros(1, 3, 64, 64))
    assert down == [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (1, 1, 1)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_every_size(size, channels):
    z, width, doublings = 3, 2, int(np.log2(size)) - 2
    generator = dcgan_generator(z, (channels, size, size), width=width)
    discriminator = dcgan_discriminator((channels, size, size), width=width)
    images = generator(noise(2, z))
    assert shapes_of(generator, noise(2, z)) == [
        *((width * size // 2 // side, side, side) for side in (4 * 2**i for i in range(doublings))),
        (channels, size, size),
    ]
    assert shapes_of(discriminator, images) == [
        *((width * size // 2 // side, side, side) for side in (size // 2 // 2**i for i in range(doublings))),
        (1, 1, 1),
    ]
    assert images.shape == (2, channels, size, size)
    assert discriminator(images).shape == (2, 1)


def test_counts():
    """16 weights for each pair of channels, a gain and a shift for each channel of batch norm. PyTorch's example has
    3,576,704 and 2,765,568: no biases at all; ours has them where no batch norm follows, which would take them out."""
    example_g = 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (512 + 256 + 128 + 64)
    example_d = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1) + 2 * (128 + 256 + 512)
    assert (example_g, example_d) == (3_576_704, 2_765_568)
    assert count(dcgan_generator(100, (3, 64, 64))) == example_g + 3
    assert count(dcgan_discriminator((3, 64, 64))) == example_d + 64 + 1


def sees(places, layers):
    """Unit 1 and the rows or columns 1 … 3 · 2^layers − 2 of the image `layers` convolutions away belong together.

    By recursion: first … last of one layer belong to 2·first − 1 … 2·last + 2 of the next finer one.
    """
    used = torch.nonzero(places.flatten()).flatten().tolist()
    assert used == list(range(1, 3 * 2**layers - 1)), layers


def test_what_a_unit_of_the_discriminator_sees():
    """Its receptive field has sides of 4, 10, 22, 46 pixels; the logit sees all."""
    torch.manual_seed(0)
    net = dcgan_discriminator((3, 64, 64), width=4).double().eval()
    x = noise(1, 3, 64, 64).double().requires_grad_()
    outputs, h = [], x
    for layer in net:
        h = layer(h)
        if isinstance(layer, nn.Conv2d):
            outputs.append(h)
    for layers, y in enumerate(outputs[:-1], 1):
        (seen,) = torch.autograd.grad(y[0, :, 1, 1].sum(), x, retain_graph=True)
        sees(seen.abs().sum((0, 1, 2)), layers)
        sees(seen.abs().sum((0, 1, 3)), layers)
    (seen,) = torch.autograd.grad(outputs[-1].sum(), x)
    assert seen.abs().sum((0, 1)).all()


def test_what_a_unit_of_the_generator_paints():
    """One of the 4 × 4 places paints sides of 46 pixels of 64, after 4, 10 and 22 on the way."""
    torch.manual_seed(0)
    net = dcgan_generator(8, (3, 64, 64), width=8).double().eval()
    first = net[:2](noise(1, 8).double())
    bumped = first.clone()
    bumped[:, :, 1, 1] += 1
    layers = 0
    with torch.no_grad():
        for layer in net[2:]:
            first, bumped = layer(first), layer(bumped)
            if isinstance(layer, nn.ConvTranspose2d):
                layers += 1
                painted = (first - bumped).abs().sum((0, 1))
                sees(painted.sum(0), layers)
                sees(painted.sum(1), layers)
    assert layers == 4


# In training and at rest


def test_images_are_bounded():
    generator = dcgan_generator(4, (1, 8, 8), width=4)
    with torch.no_grad():
        for p in generator.parameters():
            p.mul_(100)
        images = generator(noise(64, 4))
    assert (images.min(), images.max()) == (-1, 1)
    assert not generator.eval()(torch.zeros(1, 4)).isnan().any()


def test_at_rest_an_example_does_not_feel_the_others():
    generator, discriminator = dcgan_generator(4, (1, 16, 16), width=4), dcgan_discriminator((1, 16, 16), width=4)
    for net, x in ((generator, noise(6, 4)), (discriminator, noise(6, 1, 16, 16))):
        assert not torch.allclose(net(x)[:2], net(x[:2]))  # in training it does: batch norm
        net.eval()
        torch.testing.assert_close(net(x)[:2], net(x[:2]))


# The method


def test_the_method_has_the_parts_of_the_paper():
    gan = methods.dcgan((1, 16, 16), width=4)
    run = training.start(gan, torch.zeros(64, 1, 16, 16), batch=2)
    assert gan.objective is objectives.non_saturating
    assert (gan.z, gan.n_dis, gan.penalties, gan.constraints, gan.ema) == (100, 1, (), (), None)
    for optimizer, net in ((run.optimizer_d, run.discriminator), (run.optimizer_g, run.generator)):
        (group,) = optimizer.param_groups
        assert isinstance(optimizer, torch.optim.Adam)
        assert (group["lr"], group["betas"], group["weight_decay"]) == (2e-4, (0.5, 0.999), 0)
        assert len(group["params"]) == len(list(net.parameters()))
    assert count(run.generator) == count(dcgan_generator(100, (1, 16, 16), width=4))
    assert count(run.discriminator) == count(dcgan_discriminator((1, 16, 16), width=4))
    assert methods.dcgan((1, 16, 16), z=7).z == 7


# The fast switch: products in bf16, images channels last


def losses(seed, bf16, change=lambda run: None):
    """The losses of 30 steps on striped images: (2, 30). bf16 works on every CPU, if slowly without units for it."""
    stripes = torch.sin(torch.arange(16) * noise(256, 1, 1, 1)).expand(256, 1, 16, 16)
    gan = methods.dcgan((1, 16, 16), z=16, width=8)
    run = training.start(gan, datasets.Examples(stripes), seed=seed, batch=32, device="cpu", fast=False)
    run.place = Place(torch.device("cpu"), bf16=bf16, channels_last=bf16)
    run.generator, run.discriminator = run.place.put(run.generator), run.place.put(run.discriminator)
    change(run)
    for _ in range(30):
        training.iteration(run)
    return np.stack(list(run.history.values()))


@cache
def plain_losses():
    return np.array([losses(seed, bf16=False) for seed in range(3)])


def oracle_bf16(change):
    """Products of numbers with 8 bits move the losses by less than one rounding to 8 bits would: 2⁻⁹ of them."""
    plain = plain_losses()
    fast = np.array([losses(seed, bf16=True, change=change) for seed in range(3)])
    assert np.ptp(plain[:, 0], axis=1).min() > 0.2, "L_D must have moved, or there is nothing to compare"
    off = np.sqrt(np.mean((fast / plain - 1) ** 2, axis=(1, 2)))
    assert off.mean() < 2**-9
    assert off.min() > 2**-19, "both were computed in the same way, or nearly"


def other_noise(run):
    run.rng.manual_seed(1)


def never_bf16(run):
    run.place = run.place._replace(bf16=False)


def two_bits(run):
    """Every convolution gives numbers of 2 bits."""

    def coarse(_layer, _inputs, y):
        unit = 2.0 ** (y.detach().float().abs().clamp_min(1e-30).log2().floor() - 1)
        return y + ((y / unit).round() * unit - y).detach()

    for layer in (*run.generator, *run.discriminator):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(coarse)


def test_bf16_trains_alike():
    oracle_bf16(lambda run: None)


@pytest.mark.parametrize("mutant", [other_noise, never_bf16, two_bits])
def test_bf16_mutants(mutant):
    assert_killed(oracle_bf16, mutant)
