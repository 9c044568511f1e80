"""The methods: each function states the parts of one GAN and returns them as a value for `training.fit`."""

from dataclasses import replace
from functools import partial
from math import prod

import torch
from torch import nn

from gan_core.mathematics._counts import whole
from gan_core.pieces.heads import classification
from gan_core.pieces.lipschitz import GradientPenalty, clip, r1, r2, spectrally_normalised
from gan_core.pieces.networks import (
    Classifier,
    Concatenated,
    Flow,
    ImageVelocity,
    PointVelocity,
    Projection,
    Scale,
    attentive,
    class_conditional,
    dcgan_discriminator,
    dcgan_generator,
    dcgan_vae,
    equalised,
    mlp,
    mlp_vae,
    orthogonal,
    progressive_discriminator,
    progressive_generator,
    r3gan_discriminator,
    r3gan_generator,
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)
from gan_core.pieces.networks.conditional import normed
from gan_core.pieces.networks.progressive import levels
from gan_core.pieces.objectives import drifting, hinge, minimax, relativistic, wasserstein
from gan_core.training import GAN, adam
from gan_core.training.elbo import Elbo
from gan_core.training.flow_matching import flow_matching
from gan_core.training.growth import Growth
from gan_core.training.runs import Model
from gan_core.training.unrolling import unroll


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
    _point_or_image(shape)
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


@described("Karras et al. 2018", "grown from 4 × 4 pixels, level by level; WGAN-GP, equalised learning rate")
def progressive(shape, *, hold=600, fade=600, z=128, width=64, lr=1e-3):
    """Progressive GAN, Karras, Aila, Laine & Lehtinen 2018: both networks grow from 4 × 4 pixels, level by level.

    `shape` is (channels, size, size) with size 8, 16, 32, 64 …; `hold` and `fade` are the steps at each level and to
    the next, see `growth.Growth`; without that schedule the same networks are whole from the beginning. `width` is the
    number of channels at full size; the paper has 128 of them at 128 pixels. The parts are the paper's: the equalised
    learning rate in both networks, pixel norm in G, minibatch standard deviation in D, WGAN-GP with weight 10 and
    n_dis = 1, a drift of 0.001, Adam at 10⁻³ with β = (0, 0.99), a moving average of G with β = 0.999.

    Two things to know of the price on slopes. It is measured on images of full size at every stage: enlarged k-fold,
    two images are k times as far apart, so a slope of 1 there is one of k on the small images. The critic then measures
    the same distance at all stages, and no fade begins with a jump of the price; the paper asks for 1 on the images of
    the level. And the minibatch's deviation makes a critic's score of one image depend on the others, so the gradient
    is one of the sum of all scores, in the paper as here.
    Raises ValueError for another shape, for `hold` and `fade` below 0.
    """
    optimizer = partial(adam, lr=lr, betas=(0.0, 0.99))
    return GAN(
        generator=lambda: equalised(progressive_generator(z, shape, width=width)),
        discriminator=lambda: equalised(progressive_discriminator(shape, width=width)),
        z=z,
        objective=drifting(wasserstein, 0.001),
        optimizer_d=optimizer,
        optimizer_g=optimizer,
        penalties=(GradientPenalty(10),),
        schedule=Growth(levels(shape), hold, fade),
        ema=0.999,
    )


@described("Kingma & Welling 2014", "no game: an encoder and a decoder, which raise a bound on the likelihood")
def vae(shape, *, sigma=0.3, lr=1e-3, z=None, width=None):
    """Variational autoencoder, Kingma & Welling 2014: no GAN, for contrast. It raises the ELBO, see `elbo`.

    The decoder is the generator that `dcgan` has for images, and `gan` for points and for images of 8 × 8; the encoder
    is the body of their discriminator. p(x|z) = N(μ(z), σ² I) with σ = `sigma` in units of x; its samples are the means
    μ(z). The bound is best where σ is the error that is left; a larger σ asks less of z, whose draws are then better
    pictures. Adam at 10⁻³ with β = (0.9, 0.999). `z` and `width` are those of `gan` and `dcgan` unless given. Raises
    ValueError as these do, and for a sigma that is not positive.
    """
    convolutional = _image(shape) and shape[-1] > 8
    z = (dcgan if convolutional else gan)(shape, **_given(z=z, width=width)).z
    return Model(
        generator=partial(dcgan_vae if convolutional else mlp_vae, z, shape, **_given(width=width)),
        z=z,
        step=Elbo(sigma),
        losses=Elbo.losses,
        optimizer_g=partial(adam, lr=lr, betas=(0.9, 0.999)),
    )


@described("Lipman et al. 2023", "no game: a velocity that carries noise to examples, learned as one regression")
def flow(shape, *, lr=1e-3, steps=8, width=None):
    """Flow matching, Lipman et al. 2023, on straight lines as in Liu et al. 2023: no GAN, for contrast.

    For points (d,) the velocity is a multilayer perceptron of `width` 128, for images (channels, size, size) with size
    8, 16, 32, 64 or 128 a small U-Net of `width` 32. z has as many numbers as an example; a sample takes `steps` steps
    of the midpoint rule, two looks at the velocity each, and images are cut to [−1, 1] at the end. Adam at 10⁻³ with
    β = (0.9, 0.999). Raises ValueError for another shape and for steps below one.
    """
    _point_or_image(shape)
    velocity = ImageVelocity if _image(shape) else PointVelocity
    end = nn.Hardtanh if _image(shape) else nn.Identity
    return Model(
        generator=lambda: Flow(velocity(shape, **_given(width=width)), shape, steps=steps, end=end),
        z=prod(shape),
        step=flow_matching,
        losses=flow_matching.losses,
        optimizer_g=partial(adam, lr=lr, betas=(0.9, 0.999)),
    )


@described("Zhang et al. 2019", "each place of an image looks at all others; W/σ(W) in both networks, hinge loss")
def sagan(shape, *, side=None, lr_g=1e-4, lr_d=4e-4, z=100, width=64):
    """Self-attention GAN, Zhang, Goodfellow, Metaxas & Odena 2019, on DCGAN's networks: `networks.attentive`, twice.

    `shape`, `z` and `width` are those of `dcgan`. Attention is added in G and in D where features have `side` × `side`
    pixels, a quarter of the image's side unless given, as in the paper, but 4 at least. Every layer of both networks is
    used as W/σ(W); batch normalisation in G only; the hinge loss. n_dis = 1 and Adam with β = (0, 0.9), D at four times
    the rate of G, 10⁻⁴ ("two time-scale update rule"). (The paper has residual networks that are told the class.)
    Raises ValueError as `dcgan` does, and for a side that no features have.
    """
    base = dcgan(shape, z=z, width=width)

    def attending(network, given):
        return spectrally_normalised(attentive(network, max(shape[1] // 4, 4) if side is None else side, given))

    return replace(
        base,
        generator=lambda: attending(base.generator(), (z,)),
        discriminator=lambda: attending(base.discriminator(normed=False), shape),
        objective=hinge,
        optimizer_d=partial(adam, lr=lr_d, betas=(0.0, 0.9)),
        optimizer_g=partial(adam, lr=lr_g, betas=(0.0, 0.9)),
    )


@described("Huang et al. 2024", "D says which of a pair is real; R1 and R2; a residual network without normalisation")
def r3gan(shape, *, gamma=1.0, every=4, lr=None, ema=0.999, z=None, width=None):
    """R3GAN, Huang, Gokaslan, Kuleshov & Tompkin 2024: the relativistic loss with R1 and R2, and a modern backbone.

    For images `networks.r3gan_generator` and `r3gan_discriminator` with z = 64, width 16 and a rate of 0.024/width, at
    most 3·10⁻³: Adam moves each weight by the rate, and the wider a layer, the more weights add up. For points the
    networks of `gan` and 10⁻³. `z`, `width` and `lr` are these unless given. A price γ/2 ‖∇a‖² on D's slopes at real
    examples and at fakes, asked in every fourth iteration, four times as high; in the paper in each. n_dis = 1, Adam
    with β = (0, 0.99), a moving average of G with β = `ema`. The authors let γ, 1 − β₂ and the rate fall in the course
    of training, the rate from 2·10⁻⁴ to 5·10⁻⁵ over 20 million images. Their γ begins at 0.05 for CIFAR-10, 2 for faces
    of 64 pixels and 150 for faces of 256.
    Raises ValueError for another shape, for γ ≤ 0 and for `every` below one.
    """
    if _image(shape):
        base, rate = _modern(shape, **_given(z=z, width=width)), min(3e-3, 0.024 / (width or 16))
    else:
        base, rate = gan(shape, **_given(z=z, width=width)), 1e-3
    lr = rate if lr is None else lr
    optimizer = partial(adam, lr=lr, betas=(0.0, 0.99))
    return replace(
        base,
        objective=relativistic,
        penalties=(r1(gamma, every=every), r2(gamma, every=every)),
        optimizer_d=optimizer,
        optimizer_g=optimizer,
        ema=ema,
    )


def _modern(shape, z=64, width=16):
    """The backbone of R3GAN."""
    networks = partial(r3gan_generator, z, shape, width=width), partial(r3gan_discriminator, shape, width=width)
    return GAN(*networks, z=z)


@described("Mirza & Osindero 2014", "both networks are told a label, as numbers or planes beside what they see")
def cgan(shape, classes, *, base=None, size=8, z=None, width=None):
    """Conditional GAN, Mirza & Osindero 2014: G([z, e(y)]) and D([x, e(y)]), e(y) learned, `size` numbers a label.

    `base` is another method of this module, such as `wgan_gp` or `partial(sndcgan, lr=2e-4)`, which says all the rest;
    unless given, `gan` for points and images of up to 8 × 8, as in the paper, and `dcgan` for larger ones. D sees e(y)
    as numbers beside a point and as constant planes beside an image. Labels are 0 … classes − 1. (Where `base` clips
    D's weights to ±c, e(y) in D is clipped with them and hardly heard: take another.) `z` and `width` are those of
    `base` unless given. Raises ValueError as `base`, for a `base` of one network and for `classes` or `size` below one.
    """
    base = base or (dcgan if _image(shape) and max(shape[1:]) > 8 else gan)
    sizes = _given(z=z, width=width)
    plain = _two_players(base(shape, **sizes))
    wider = base((shape[0] + whole("size", size), *shape[1:]), **sizes)
    longer = base(shape, **sizes | {"z": plain.z + size})
    return replace(
        plain,
        generator=lambda: Concatenated(longer.generator(), classes, size),
        discriminator=lambda: Concatenated(wider.discriminator(), classes, size),
        classes=classes,
    )


@described("Odena et al. 2017", "D says in one pass how real an image is and of which class; both players are marked")
def acgan(shape, classes, *, base=sndcgan, z=None, width=None):
    """GAN with an auxiliary classifier, Odena, Olah & Shlens 2017: D names the class, too, in the same forward pass.

    To L_D comes the cross-entropy of the classes of real and of fake examples, to L_G that of the fakes:
    `heads.classification`, see `networks.Classifier`. D is told no label. `base` is another method of this module and
    says all the rest; unless given `sndcgan`. (The paper has batch normalisation in D and Adam at 2·10⁻⁴, as `dcgan`
    has; at that rate it takes long until G hears the label.) G is told it by conditional batch normalisation where it
    has any, else by numbers beside z; in the paper always the latter. `z` and `width` are those of `base` unless given.
    Raises ValueError as `base`, for a `base` of one network and for `classes` below one; when a run is started, for a D
    that does not end in a dense layer.
    """
    return _told(base, shape, classes, Classifier, (classification,), **_given(z=z, width=width))


@described("Miyato & Koyama 2018", "D adds how well an image goes with its label, a product; G has a norm a class")
def projection(shape, classes, *, base=sndcgan, z=None, width=None):
    """Projection discriminator, Miyato & Koyama 2018: D(x, y) = ψ(φ(x)) + e(y)ᵀ φ(x), G told by batch normalisation.

    `base` is another method of this module, which says all the rest; unless given `sndcgan`, so with the hinge loss and
    all of D spectrally normalised, e too; `sngan_resnet` has the paper's networks. G is told the label by conditional
    batch normalisation where it has any, else by numbers beside z. `z` and `width` are those of `base` unless given.
    Raises ValueError as `base`, for a `base` of one network and for `classes` below one; when a run is started, for a D
    that does not end in a dense layer.
    """
    return _told(base, shape, classes, Projection, **_given(z=z, width=width))


def _told(base, shape, classes, discriminator, heads=(), **sizes):
    """`base` with labels: D is `discriminator(D, classes)`, G told by batch normalisation or by 8 numbers beside z."""
    plain = _two_players(base(shape, **sizes))
    longer = base(shape, **sizes | {"z": plain.z + 8})

    def generator():
        network = plain.generator()
        return class_conditional(network, classes) if normed(network) else Concatenated(longer.generator(), classes, 8)

    return replace(
        plain,
        generator=generator,
        discriminator=lambda: discriminator(plain.discriminator(), classes),
        heads=(*plain.heads, *heads),
        classes=classes,
    )


def _two_players(method):
    """`method`; ValueError if it is one of a single network."""
    if not isinstance(method, GAN):
        raise ValueError(f"base must be a game of two players, such as dcgan; this one makes a {type(method).__name__}")
    return method


def _unnormed(shape, **sizes):
    """`gan` for points; for images `dcgan` with a D in which no image feels the others of its minibatch."""
    if not _image(shape):
        return gan(shape, **sizes)
    base = dcgan(shape, **sizes)
    return replace(base, discriminator=partial(base.discriminator, normed=False))


def _point_or_image(shape):
    if not isinstance(shape, (tuple, list)) or len(shape) not in (1, 3):
        raise ValueError(f"shape must be that of a point (d,) or an image (channels, height, width); given {shape!r}")


def _image(shape):
    return isinstance(shape, (tuple, list)) and len(shape) == 3


def _given(**sizes):
    """The sizes that were given; the others are for the method to choose."""
    return {name: value for name, value in sizes.items() if value is not None}
