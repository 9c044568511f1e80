"""A finite set of examples, with labels or without."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_core._counts import whole


@dataclass(frozen=True)
class Examples:
    """`x` (N, *shape), one row an example, and `y` (N,), its labels where there are any.

    Raises TypeError for what is not a tensor, ValueError for an empty set, for values that are not finite, and for
    labels of another number.
    """

    x: Tensor
    y: Tensor | None = None

    def __post_init__(self):
        for name, values in (("x", self.x), ("y", self.y)):
            if not isinstance(values, Tensor) and not (name == "y" and values is None):
                raise TypeError(f"{name} must be a tensor; given {type(values).__name__} (try torch.as_tensor)")
        if self.x.ndim < 2 or not len(self.x):
            raise ValueError(f"x must be (N, *shape) with N ≥ 1; given shape {tuple(self.x.shape)}")
        if not self.x.isfinite().all():
            raise ValueError("x must be finite; it holds NaN or infinity")
        if self.y is not None and self.y.shape != (len(self.x),):
            raise ValueError(f"y must hold one label for each of {len(self.x)} examples; given {tuple(self.y.shape)}")

    def __len__(self):
        return len(self.x)

    @property
    def shape(self):
        """The shape of one example."""
        return tuple(self.x.shape[1:])

    def sample(self, n, rng=None):
        """`n` examples drawn with replacement: (n, *shape)."""
        return self.x[torch.randint(len(self.x), (whole("n", n),), generator=rng)]

    def split(self, n, seed=0):
        """Two disjoint sets, shuffled: `n` examples and the others. Raises ValueError unless both have at least one."""
        if whole("n", n) >= len(self):
            raise ValueError(f"n must leave something for the other set: below {len(self)}; given {n}")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        return tuple(
            Examples(self.x[rows], None if self.y is None else self.y[rows]) for rows in (order[:n], order[n:])
        )
