"""The pair of the stacked digits: its convolutions are torch's, its sizes those that are said."""

from functools import partial

import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.nn import functional

from gan_core import networks
from gan_core.pieces.networks.unrolled import Convolution

GEOMETRIES = {  # inputs, outputs, side, kernel, stride, padding, transposed
    "halves 8": (3, 2, 8, 4, 2, 1, False),
    "halves 2": (2, 5, 2, 4, 2, 1, False),
    "keeps 8": (2, 3, 8, 3, 1, 1, False),
    "odd, and no padding": (1, 2, 7, 3, 2, 0, False),
    "doubles 2": (4, 2, 2, 4, 2, 1, True),
    "doubles 4": (2, 3, 4, 4, 2, 1, True),
    "transposed, odd": (2, 2, 3, 3, 2, 0, True),
}


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)


def torchs(layer, x, stride, padding, transposed):
    """What torch's own convolution makes of the weights of `layer`."""
    outputs, inputs, kernel = layer.weight.shape
    weight = layer.weight.view(outputs, inputs, *2 * [int(kernel**0.5)])
    if transposed:
        return functional.conv_transpose2d(x, weight.transpose(0, 1), layer.bias, stride, padding)
    return functional.conv2d(x, weight, layer.bias, stride, padding)


def oracle_convolution(convolution, geometry):
    inputs, outputs, side, kernel, stride, padding, transposed = GEOMETRIES[geometry]
    rng = torch.Generator().manual_seed(1)
    layer = convolution(
        inputs, outputs, side, kernel, stride=stride, padding=padding, transposed=transposed, bias=True
    )  # fmt: skip
    x = torch.randn(3, inputs, side, side, generator=rng, requires_grad=True)
    ours, theirs = layer(x.flatten(2)), torchs(layer, x, stride, padding, transposed).flatten(2)
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    along = torch.randn(ours.shape, generator=rng)
    for numbers in (x, layer.weight, layer.bias):  # and so its gradients
        gradients = [torch.autograd.grad(y, numbers, along, retain_graph=True)[0] for y in (ours, theirs)]
        torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_convolution(geometry):
    oracle_convolution(Convolution, geometry)


def built(change):
    """Our convolution with something changed after it was made."""

    def convolution(*sizes, **geometry):
        layer = Convolution(*sizes, **geometry)
        change(layer)
        return layer

    return convolution


def kernel_turned(layer):
    kernels, size = layer.joins.shape
    layer.joins = layer.joins.view(kernels, size).flip(0)


def pixels_in_columns(layer):
    there, here = layer.pixels
    new, old = round(there**0.5), round(here**0.5)
    layer.joins = layer.joins.view(-1, new, new, old, old).permute(0, 2, 1, 3, 4).reshape(layer.joins.shape)


CONVOLUTION_MUTANTS = {
    "the kernel turned by 180°": built(kernel_turned),
    "pixels in columns": built(pixels_in_columns),
    "twice": built(lambda layer: layer.joins.mul_(2)),
    "no bias": lambda *sizes, bias, **geometry: Convolution(*sizes, **geometry),
    "another padding": lambda *sizes, padding, **geometry: Convolution(*sizes, padding=padding + 1, **geometry),
    "never transposed": lambda *sizes, transposed, **geometry: Convolution(*sizes, **geometry),
    "always transposed": lambda *sizes, transposed, **geometry: Convolution(*sizes, transposed=True, **geometry),
}


@pytest.mark.parametrize("name", CONVOLUTION_MUTANTS)
def test_convolution_mutants(name):
    geometry = "doubles 4" if name == "never transposed" else "halves 8"
    assert_killed(partial(oracle_convolution, geometry=geometry), CONVOLUTION_MUTANTS[name])


@pytest.mark.parametrize("transposed", [False, True])
def test_the_first_weights_are_drawn_as_torch_draws_them(transposed):
    theirs = (nn.ConvTranspose2d if transposed else nn.Conv2d)(40, 30, 4, 2, 1)
    ours = Convolution(40, 30, 8, 4, stride=2, padding=1, transposed=transposed, bias=True)
    for one, other in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        assert one.numel() == other.numel()
        assert torch.isclose(one.abs().max(), other.abs().max(), rtol=0.2)  # both uniform: the ends say it all
    assert torch.isclose(ours.weight.std(), theirs.weight.std(), rtol=0.02)


def oracle_generator(generator):
    for width in (4, 32):
        network = generator(7, width=width)
        images = network(torch.randn(5, 7))
        assert images.shape == (5, 3, 8, 8)
        assert images.abs().max() < 1
        channels = [layer.num_features for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
        assert channels == [width, width // 2, width // 4]
    for wrong in ({"width": 6}, {"width": 0}, {"z": 0}):
        with pytest.raises(ValueError, match="must be"):
            generator(**{"z": 7, **wrong})


def test_generator():
    oracle_generator(networks.unrolled_generator)


GENERATOR_MUTANTS = {
    "no tanh": lambda z, width=32: networks.unrolled_generator(z, width=width)[:-1],
    "twice as wide": lambda z, width=32: networks.unrolled_generator(z, width=2 * width),
    "any width": lambda z, width=32: networks.unrolled_generator(z, width=max(width // 4 * 4, 4)),
    "in a row": lambda z, width=32: nn.Sequential(networks.unrolled_generator(z, width=width), nn.Flatten()),
}


@pytest.mark.parametrize("name", GENERATOR_MUTANTS)
def test_generator_mutants(name):
    assert_killed(oracle_generator, GENERATOR_MUTANTS[name])


def oracle_discriminator(discriminator):
    for x, channels in ((1 / 8, [1, 2, 4]), (1 / 4, [2, 4, 8]), (1 / 2, [4, 8, 16])):
        for normed in (True, False):
            network = discriminator(x, normed=normed)
            assert network(torch.randn(5, 3, 8, 8)).shape == (5, 1)
            assert [len(layer.weight) for layer in network.modules() if isinstance(layer, Convolution)] == channels
            layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
            assert [layer.num_features for layer in layers] == channels * normed
            pixels = torch.zeros(1, 3, 8, 8, requires_grad=True)
            network.eval()(pixels).backward()
            assert (pixels.grad != 0).all()  # there is no pixel that it does not look at
    for wrong in (0, 1 / 16, 0.3, -1):
        with pytest.raises(ValueError, match="whole number of channels"):
            discriminator(wrong)


def test_discriminator():
    oracle_discriminator(networks.unrolled_discriminator)


DISCRIMINATOR_MUTANTS = {
    "always normed": lambda x, normed=True: networks.unrolled_discriminator(x),
    "never normed": lambda x, normed=True: networks.unrolled_discriminator(x, normed=False),
    "X channels": lambda x, normed=True: networks.unrolled_discriminator(x / 2, normed=normed),
    "any X": lambda x, normed=True: networks.unrolled_discriminator(max(round(8 * x), 1) / 8, normed=normed),
    "one half of the image": lambda x, normed=True: Blind(networks.unrolled_discriminator(x, normed=normed)),
}


class Blind(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(torch.cat((x[..., :4], torch.zeros_like(x[..., 4:])), -1))


@pytest.mark.parametrize("name", DISCRIMINATOR_MUTANTS)
def test_discriminator_mutants(name):
    assert_killed(oracle_discriminator, DISCRIMINATOR_MUTANTS[name])
