"""The architectures: functions that build a module."""

from gan_core.pieces.networks.attention import SelfAttention, attentive
from gan_core.pieces.networks.augmentation import Augment, augmented
from gan_core.pieces.networks.conditional import (
    Classifier,
    Concatenated,
    ConditionalBatchNorm,
    Projection,
    Told,
    class_conditional,
)
from gan_core.pieces.networks.dcgan import dcgan_discriminator, dcgan_generator
from gan_core.pieces.networks.flow import Flow, ImageVelocity, PointVelocity, euler, midpoint
from gan_core.pieces.networks.mlp import Scale, mlp, orthogonal
from gan_core.pieces.networks.progressive import (
    MinibatchStd,
    PixelNorm,
    equalised,
    progressive_discriminator,
    progressive_generator,
)
from gan_core.pieces.networks.r3gan import r3gan_discriminator, r3gan_generator
from gan_core.pieces.networks.sngan import (
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)
from gan_core.pieces.networks.unrolled import unrolled_discriminator, unrolled_generator
from gan_core.pieces.networks.vae import VAE, dcgan_vae, mlp_vae

__all__ = [
    "VAE",
    "Augment",
    "Classifier",
    "Concatenated",
    "ConditionalBatchNorm",
    "Flow",
    "ImageVelocity",
    "MinibatchStd",
    "PixelNorm",
    "PointVelocity",
    "Projection",
    "Scale",
    "SelfAttention",
    "Told",
    "attentive",
    "augmented",
    "class_conditional",
    "dcgan_discriminator",
    "dcgan_generator",
    "dcgan_vae",
    "equalised",
    "euler",
    "midpoint",
    "mlp",
    "mlp_vae",
    "orthogonal",
    "progressive_discriminator",
    "progressive_generator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_discriminator",
    "resnet_generator",
    "sngan_discriminator",
    "sngan_generator",
    "unrolled_discriminator",
    "unrolled_generator",
]
