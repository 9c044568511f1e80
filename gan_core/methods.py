"""The methods: each function states the parts of one GAN and returns them as a value for `training.fit`."""

from dataclasses import replace
from functools import partial

import torch
from torch import nn

from gan_core.lipschitz import GradientPenalty, clip, r1, spectrally_normalised
from gan_core.networks import (
    Scale,
    dcgan_discriminator,
    dcgan_generator,
    mlp,
    orthogonal,
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)
from gan_core.objectives import hinge, minimax, wasserstein
from gan_core.training import GAN, adam
from gan_core.unrolling import unroll


def described(paper, about):
    """Give a method what the table of methods says of it: where it comes from, and what it is, in a line."""

    def with_description(method):
        method.paper, method.about = paper, about
        return method

    return with_description


@described("Goodfellow et al. 2014", "the first GAN: two multilayer perceptrons, the non-saturating loss")
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


@described("Radford et al. 2016", "convolutions with strides, batch normalisation, Adam at 2·10⁻⁴")
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


@described("Metz et al. 2017", "G plays against D as it would be K of its own steps later")
def unrolled(shape, *, K=5, z=None, width=None):
    """Unrolled GAN, Metz et al. 2017: G plays against D as it would be K of its own steps later.

    For points (d,) the networks, their start and the zero-sum loss of the paper's appendix A, with Adam at 10⁻³ in
    place of 10⁻⁴ (the effects of its 25,000 steps then show in 3,000). For images `dcgan` with the same opponent.
    K = 0 is the same game without looking ahead. `z` and `width` are 256 and 128 for points
    unless given, and for images those of `dcgan`. Raises ValueError as `gan` and `dcgan` do, and for K < 0.
    """
    sizes = _given(z=z, width=width)
    if _image(shape):
        return replace(dcgan(shape, **sizes), opponent=unroll(K))
    z, width = sizes.get("z", 256), sizes.get("width", 128)
    return replace(
        gan(shape, z=z),
        generator=lambda: orthogonal(mlp(z, shape, width=width), 0.8),
        discriminator=lambda: nn.Sequential(Scale(1 / 4), orthogonal(mlp(shape, 1, width=width, depth=1), 0.8)),
        objective=minimax,
        opponent=unroll(K),
    )


@described("Arjovsky et al. 2017", "a critic, whose numbers are no probabilities; its weights clipped to ±c")
def wgan(shape, *, c=0.01, lr=5e-5, z=None, width=None):
    """Wasserstein GAN, Arjovsky, Chintala & Bottou 2017: D is a critic for the earth mover's distance, weights in ±c.

    For points the networks of `gan`, for images those of `dcgan`. n_dis = 5 and RMSprop at 5·10⁻⁵ as in the paper,
    where Adam made the loss unstable. (Its code trains the critic 100 times in each of the first 25 iterations, too.)
    `z` and `width` are those of `gan` and `dcgan` unless given. Raises ValueError as these do, and for c ≤ 0.
    """
    optimizer = partial(torch.optim.RMSprop, lr=lr)
    return replace(
        (dcgan if _image(shape) else gan)(shape, **_given(z=z, width=width)),
        objective=wasserstein,
        constraints=(clip(c),),
        n_dis=5,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
    )


@described("Gulrajani et al. 2017", "a critic with a price on every slope that is not 1")
def wgan_gp(shape, *, weight=10, lr=1e-4, z=None, width=None):
    """WGAN with gradient penalty, Gulrajani et al. 2017: a price on slopes other than 1, between real and fake.

    For points the networks of `gan`, for images those of `dcgan` without batch normalisation in the critic. n_dis = 5,
    Adam at 10⁻⁴ with β = (0, 0.9) and a weight of 10 as in the paper's algorithm 1. `z` and `width` are those of `gan`
    and `dcgan` unless given. Raises ValueError as these do, and for weight ≤ 0.
    """
    optimizer = partial(adam, lr=lr, betas=(0.0, 0.9))
    return replace(
        _unnormed(shape, **_given(z=z, width=width)),
        objective=wasserstein,
        penalties=(GradientPenalty(weight),),
        n_dis=5,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
    )


@described("Mescheder et al. 2018", "no batch normalisation in D, a price on its slopes at the data (R1), quick Adam")
def r1gan(shape, *, gamma=0.1, every=4, lr=1e-3, z=None, width=None):
    """GAN with R1, Mescheder, Geiger & Nowozin 2018: the non-saturating loss and a price on D's slopes at the data.

    For points the networks of `gan`, for images those of `dcgan` without batch normalisation in D. The price γ/2 ‖∇a‖²
    is asked in every fourth iteration only, four times as high. A D that is kept in bounds bears a quicker Adam: 10⁻³
    with β = (0, 0.99), as in StyleGAN2 (Karras et al. 2020), which asks the price lazily, too. `z` and `width` are
    those of `gan` and `dcgan` unless given. Raises ValueError as these do, for γ ≤ 0 and for `every` below one.
    """
    optimizer = partial(adam, lr=lr, betas=(0.0, 0.99))
    return replace(
        _unnormed(shape, **_given(z=z, width=width)),
        penalties=(r1(gamma, every=every),),
        optimizer_d=optimizer,
        optimizer_g=optimizer,
    )


@described("Miyato et al. 2018", "every layer of D divided by its largest singular value; the hinge loss")
def sngan(shape, *, objective=hinge, n_dis=1, z=128, width=64):
    """Spectrally normalised GAN, Miyato et al. 2018: W/σ(W) in every layer of D, the plain networks of their table 3.

    `shape` is that of points (d,), with the networks of `gan`, or (channels, size, size) with size 16, 32, 48, 64 or
    128. The paper compares losses with this pair: `objective` is `hinge` or `non_saturating`. Adam at 2·10⁻⁴ with
    β = (0.5, 0.999) and n_dis = 1, its setting C; with n_dis = 5 it is the like of its A. Raises ValueError for another
    shape.
    """
    optimizer = partial(adam, lr=2e-4)
    if _image(shape):
        networks = partial(sngan_generator, z, shape, width=width), partial(sngan_discriminator, shape, width=width)
    else:
        base = gan(shape, z=z, width=width)
        networks = base.generator, base.discriminator
    return GAN(
        generator=networks[0],
        discriminator=lambda: spectrally_normalised(networks[1]()),
        z=z,
        objective=objective,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
        n_dis=n_dis,
    )


@described("Miyato et al. 2018", "the same with residual networks, as in their tables 4 to 6; n_dis = 5")
def sngan_resnet(shape, *, objective=hinge, n_dis=5, z=128, width=64):
    """SNGAN with the residual networks of Miyato et al. 2018, tables 4 to 6: hinge loss, n_dis = 5, Adam, β = (0, 0.9).

    `shape` is (channels, size, size) with size 16, 32, 48, 64 or 128; `width` the unit of `networks.sngan.RESNETS`, 64
    in the paper. (Its learning rate falls to 0 in the course of training, here it does not.) Raises ValueError for
    another shape.
    """
    optimizer = partial(adam, lr=2e-4, betas=(0.0, 0.9))
    return GAN(
        generator=partial(resnet_generator, z, shape, width=width),
        discriminator=lambda: spectrally_normalised(resnet_discriminator(shape, width=width)),
        z=z,
        objective=objective,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
        n_dis=n_dis,
    )


@described("Miyato et al. 2018", "DCGAN's networks with a spectrally normalised D; the hinge loss")
def sndcgan(shape, *, objective=hinge, lr=1e-3, z=None, width=None):
    """SNGAN, Miyato et al. 2018, on DCGAN's networks: less work than the paper's own, the quickest to clean pictures.

    For images the networks of `dcgan`, for points those of `gan`; every layer of D as W/σ(W), no batch normalisation in
    it. n_dis = 1 and Adam at 10⁻³ with β = (0, 0.9): a D that is bounded bears five times the rate of DCGAN. `z` and
    `width` are those of `gan` and `dcgan` unless given. Raises ValueError as these do.
    """
    optimizer = partial(adam, lr=lr, betas=(0.0, 0.9))
    base = _unnormed(shape, **_given(z=z, width=width))
    return replace(
        base,
        discriminator=lambda: spectrally_normalised(base.discriminator()),
        objective=objective,
        optimizer_d=optimizer,
        optimizer_g=optimizer,
    )


def _unnormed(shape, **sizes):
    """`gan` for points; for images `dcgan` with a D in which no image feels the others of its minibatch."""
    if not _image(shape):
        return gan(shape, **sizes)
    base = dcgan(shape, **sizes)
    return replace(base, discriminator=partial(base.discriminator, normed=False))


def _image(shape):
    return isinstance(shape, (tuple, list)) and len(shape) == 3


def _given(**sizes):
    """The sizes that were given; the others are for the method to choose."""
    return {name: value for name, value in sizes.items() if value is not None}
