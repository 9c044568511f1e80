"""What all pairs of networks for images have in common: sizes, gradients, and what is said of a wrong shape or number.

Their layers have files of their own: test_dcgan, test_sngan, test_r3gan, test_progressive.
"""

import re
from functools import partial

import pytest
import torch
from by_hand import drawn_anew, noise

from gan_core.pieces.networks import (
    dcgan_discriminator,
    dcgan_generator,
    r3gan_discriminator,
    r3gan_generator,
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)

PAIRS = {
    "dcgan": (dcgan_generator, dcgan_discriminator),
    "sngan": (sngan_generator, sngan_discriminator),
    "resnet": (resnet_generator, resnet_discriminator),
    "r3gan": (r3gan_generator, r3gan_discriminator),
}
OF_8, OF_16 = (8, 16, 32, 64, 128), (16, 32, 48, 64, 128)
SIZES = {"dcgan": OF_8, "sngan": OF_16, "resnet": OF_16, "r3gan": OF_8}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("name", "size"), [(name, size) for name in PAIRS for size in SIZES[name]])
def test_every_size(name, size, channels):
    generator, discriminator = PAIRS[name]
    shape = channels, size, size
    with torch.device("meta"):
        made = generator(7, shape, width=3)(torch.zeros(2, 7))
        assert made.shape == (2, *shape)
        assert discriminator(shape, width=3)(made).shape == (2, 1)


@pytest.mark.parametrize("name", sorted(PAIRS.keys() - {"dcgan"}))  # there, batch norm is in D
def test_an_example_does_not_feel_the_others(name):
    net, x = drawn_anew(PAIRS[name][1]((3, 16, 16), width=8)), noise(6, 3, 16, 16)
    torch.testing.assert_close(net(x)[:2], net(x[:2]))


@pytest.mark.parametrize(("name", "size"), [("dcgan", 8), ("dcgan", 32), ("sngan", 16), ("resnet", 16), ("r3gan", 16)])
def test_a_gradient_reaches_every_weight(name, size, float64):
    generator, discriminator = PAIRS[name]
    shape = 3, size, size
    g, d = (drawn_anew(net) for net in (generator(4, shape, width=4), discriminator(shape, width=4)))
    d(g(noise(8, 4))).square().mean().backward()
    for net in (g, d):
        for weight, p in net.named_parameters():
            assert p.grad.isfinite().all(), weight
            assert p.grad.any(), weight


NO_SHAPES = [(3, 4, 4), (3, 256, 256), (3, 96, 96), [3, 40, 40], (3, 32, 64), (32, 32), (2, 3, 32, 32), 32, None]
OTHERS_SIZES = [(name, (3, size, size)) for name, sizes in SIZES.items() for size in {*OF_8, *OF_16} - {*sizes}]


@pytest.mark.parametrize(("name", "shape"), [*((name, shape) for name in PAIRS for shape in NO_SHAPES), *OTHERS_SIZES])
def test_bad_shapes(name, shape):
    generator, discriminator = PAIRS[name]
    given = re.escape(str(tuple(shape) if isinstance(shape, list) else shape))
    says = f"square images .* one of {', '.join(map(str, SIZES[name]))}; given {given}$"
    for build in (partial(generator, 10), discriminator):
        with pytest.raises(ValueError, match=says):
            build(shape)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda g, d: g(0, (3, 16, 16)), ValueError, "z must be at least 1; given 0"),
        (lambda g, d: g(2.5, (3, 16, 16)), TypeError, "z must be a whole number; given 2.5"),
        (lambda g, d: g(4, (0, 16, 16)), ValueError, "channels must be at least 1; given 0"),
        (lambda g, d: d((0, 16, 16)), ValueError, "channels must be at least 1; given 0"),
        (lambda g, d: g(4, (3, 16, 16), width=0), ValueError, "width must be at least 1; given 0"),
        (lambda g, d: d((3, 16, 16), width=0), ValueError, "width must be at least 1; given 0"),
        (lambda g, d: g(4, (3, 16, 16), width=1.5), TypeError, "width must be a whole number; given 1.5"),
        (lambda g, d: d((3, 16, 16), width=2.5), TypeError, "width must be a whole number; given 2.5"),
    ],
)
def test_bad_numbers(name, build, error, says):
    with pytest.raises(error, match=says):
        build(*PAIRS[name])
