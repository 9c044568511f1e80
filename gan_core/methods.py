"""The methods: each function states the parts of one GAN and returns them as a value for `training.fit`."""

from functools import partial

from torch import nn

from gan_core.networks import dcgan_discriminator, dcgan_generator, mlp
from gan_core.training import GAN, adam


def gan(shape, *, z=16, width=128, depth=2):
    """The GAN of Goodfellow et al. 2014: two multilayer perceptrons, the non-saturating loss, n_dis = 1.

    `shape` is that of one example: points (d,) or images (channels, height, width). Images are expected in [−1, 1], so
    their generator ends in tanh; points are not bounded and it ends in nothing. Where the paper has maxout units,
    Dropout and momentum, here are leaky rectifiers and Adam. Raises ValueError for another shape.
    """
    if not isinstance(shape, (tuple, list)) or len(shape) not in (1, 3):
        raise ValueError(f"shape must be that of a point (d,) or an image (channels, height, width); given {shape!r}")
    return GAN(
        generator=partial(mlp, z, shape, width=width, depth=depth, end=nn.Tanh if len(shape) == 3 else nn.Identity),
        discriminator=partial(mlp, shape, 1, width=width, depth=depth, activation=partial(nn.LeakyReLU, 0.2)),
        z=z,
    )


def dcgan(shape, *, z=100, width=64):
    """Deep convolutional GAN, Radford et al. 2016: convolutions with strides, batch normalisation, Adam at 2·10⁻⁴.

    `shape` is (channels, size, size) with size 8, 16, 32, 64 or 128, images in [−1, 1]; `width` the channels next to
    the image, as many as the paper has with 128 (PyTorch's example: 64). The non-saturating loss, n_dis = 1, Adam with
    β₁ = 0.5 as in the paper. Raises ValueError for another shape.
    """
    optimizer = partial(adam, lr=2e-4)
    return GAN(
        generator=partial(dcgan_generator, z, shape, width=width),
        discriminator=partial(dcgan_discriminator, shape, width=width),
        z=z,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
    )
