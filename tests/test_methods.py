"""The methods are values whose parts are what they say."""

import pytest
import torch
from torch import nn

from gan_core import methods, objectives


def test_gan_has_the_parts_it_names():
    gan = methods.gan((1, 8, 8), z=5, width=7, depth=3)
    generator, discriminator = gan.generator(), gan.discriminator()
    assert gan.objective is objectives.non_saturating
    assert (gan.z, gan.n_dis) == (5, 1)
    assert generator(torch.zeros(4, 5)).shape == (4, 1, 8, 8)
    assert discriminator(torch.zeros(4, 1, 8, 8)).shape == (4, 1)
    for module in (generator, discriminator):
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        assert [layer.out_features for layer in linear[:-1]] == [7, 7, 7]
    assert {type(layer) for layer in discriminator} >= {nn.LeakyReLU, nn.Identity}  # logits: no sigmoid at the end
    assert nn.Sigmoid not in {type(layer) for layer in discriminator}


def test_images_are_bounded_and_points_are_not():
    for shape, bounded in (((1, 8, 8), True), ((2,), False)):
        generator = methods.gan(shape).generator()
        x = generator(1e4 * torch.randn(64, 16, generator=torch.Generator().manual_seed(0))).abs().max()
        assert (x <= 1) == bounded


@pytest.mark.parametrize("shape", [3, (), (2, 2), "12", (1, 2, 3, 4)])
def test_gan_wants_the_shape_of_an_example(shape):
    with pytest.raises(ValueError, match="shape must be that of a point"):
        methods.gan(shape)


def test_a_size_below_one_is_said_where_it_is_given():
    with pytest.raises(ValueError, match="z must be at least 1; given 0"):
        methods.gan((2,), z=0)
    with pytest.raises(ValueError, match="width must be at least 1; given 0"):
        methods.gan((2,), width=0).generator()
