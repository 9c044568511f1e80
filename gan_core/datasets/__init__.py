"""The data. A dataset has a `shape`, that of one example, and `sample(n, rng)`, n examples from a torch.Generator."""

from gan_core.datasets.digits import digits
from gan_core.datasets.examples import Examples
from gan_core.datasets.mixtures import Mixture, grid, mixture, ring

__all__ = ["Examples", "Mixture", "digits", "grid", "mixture", "ring"]
