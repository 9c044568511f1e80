"""The architectures: functions that build a module."""

from gan_core.networks.mlp import mlp

__all__ = ["mlp"]
