"""The architectures: functions that build a module."""

from gan_core.networks.dcgan import dcgan_discriminator, dcgan_generator
from gan_core.networks.mlp import Scale, mlp, orthogonal
from gan_core.networks.sngan import (
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)
from gan_core.networks.unrolled import unrolled_discriminator, unrolled_generator

__all__ = [
    "Scale",
    "dcgan_discriminator",
    "dcgan_generator",
    "mlp",
    "orthogonal",
    "resnet_discriminator",
    "resnet_generator",
    "sngan_discriminator",
    "sngan_generator",
    "unrolled_discriminator",
    "unrolled_generator",
]
