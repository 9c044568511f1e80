"""The architectures: functions that build a module."""

from gan_core.networks.dcgan import dcgan_discriminator, dcgan_generator
from gan_core.networks.mlp import Scale, mlp, orthogonal

__all__ = ["Scale", "dcgan_discriminator", "dcgan_generator", "mlp", "orthogonal"]
