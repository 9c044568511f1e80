"""The methods: each function states the parts of one GAN and returns them as a value for `training.fit`."""

from dataclasses import replace
from functools import partial

from torch import nn

from gan_core.networks import Scale, dcgan_discriminator, dcgan_generator, mlp, orthogonal
from gan_core.objectives import minimax
from gan_core.training import GAN, adam
from gan_core.unrolling import unroll


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


def unrolled(shape, *, K=5, z=None, width=None):
    """Unrolled GAN, Metz et al. 2017: G plays against D as it would be K of its own steps later.

    For points (d,) the networks, their start and the zero-sum loss of the paper's appendix A, with Adam at 10⁻³ in
    place of 10⁻⁴ (the effects of its 25,000 steps then show in 3,000). For images `dcgan` with the same opponent.
    K = 0 is the same game without looking ahead. `z` and `width` are 256 and 128 for points
    unless given, and for images those of `dcgan`. Raises ValueError as `gan` and `dcgan` do, and for K < 0.
    """
    sizes = {name: value for name, value in {"z": z, "width": width}.items() if value is not None}
    if isinstance(shape, (tuple, list)) and len(shape) == 3:
        return replace(dcgan(shape, **sizes), opponent=unroll(K))
    z, width = sizes.get("z", 256), sizes.get("width", 128)
    return replace(
        gan(shape, z=z),
        generator=lambda: orthogonal(mlp(z, shape, width=width), 0.8),
        discriminator=lambda: nn.Sequential(Scale(1 / 4), orthogonal(mlp(shape, 1, width=width, depth=1), 0.8)),
        objective=minimax,
        opponent=unroll(K),
    )
