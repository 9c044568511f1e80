"""A finite set of examples, with labels or without."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """`x` (N, *shape), one row an example, and `y` (N,), its labels where there are any.

    Raises ValueError for an empty set, for values that are not finite, and for labels of another number.
    """

    x: Tensor
    y: Tensor | None = None

    def __post_init__(self):
        if self.x.ndim < 2 or not len(self.x):
            raise ValueError(f"x must be (N, *shape) with N ≥ 1; given shape {tuple(self.x.shape)}")
        if not self.x.isfinite().all():
            raise ValueError("x must be finite; it holds NaN or infinity")
        if self.y is not None and len(self.y) != len(self.x):
            raise ValueError(f"one label for each example; given {len(self.y)} labels for {len(self.x)} examples")

    def __len__(self):
        return len(self.x)

    @property
    def shape(self):
        """The shape of one example."""
        return tuple(self.x.shape[1:])

    def sample(self, n, rng=None):
        """`n` examples drawn with replacement: (n, *shape)."""
        return self.x[torch.randint(len(self.x), (n,), generator=rng)]
