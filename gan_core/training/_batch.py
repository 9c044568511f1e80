"""What a step is made with: a minibatch, and what is known of it."""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """A minibatch: examples `x` (n, *shape), their labels `y` (n,) or None, and of fakes the noise `z` (n, z)."""

    x: Tensor
    y: Tensor | None = None
    z: Tensor | None = None
