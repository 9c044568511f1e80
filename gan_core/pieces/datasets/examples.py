"""Finite sets of examples, with labels or without: as they are, or as images that keep a byte per value."""

from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

from gan_core.mathematics._counts import whole


class _Rows:
    """What both kinds share. The first field of each holds one row an example; `_read` makes examples of such rows."""

    def __len__(self):
        return len(self._rows)

    @property
    def shape(self):
        """The shape of one example."""
        return tuple(self._rows.shape[1:])

    def sample(self, n, rng=None):
        """`n` examples drawn with replacement: (n, *shape)."""
        return self._read(self._rows[self._draw(n, rng)])

    def labelled(self, n, rng=None):
        """`n` examples drawn with replacement, and their labels: (n, *shape), (n,)."""
        drawn = self._draw(n, rng)
        return self._read(self._rows[drawn]), self._labels[drawn]

    def labels(self, n, rng=None):
        """`n` labels, each as often as it is in the set: (n,)."""
        return self._labels[self._draw(n, rng)]

    def split(self, n, seed=0):
        """Two disjoint sets, shuffled: `n` examples and the others. Raises ValueError unless both have at least one."""
        if whole("n", n) >= len(self):
            raise ValueError(f"n must leave something for the other set: below {len(self)}; given {n}")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        return self[order[:n]], self[order[n:]]

    def __getitem__(self, rows):
        """The examples at `rows` with all that is known of them: a slice, a mask or a tensor of row numbers.

        Raises TypeError for a single number, IndexError for one beyond the end, ValueError where nothing is left.
        """
        if isinstance(rows, int):
            raise TypeError(f"rows must be a slice, a mask or row numbers; given {rows}: try [[{rows}]], or .x[{rows}]")
        return self._of(lambda values: values[rows])

    def to(self, device):
        """The same set on another device."""
        return self._of(lambda values: values.to(device))

    @property
    def _rows(self):
        return getattr(self, fields(self)[0].name)

    @property
    def _labels(self):
        if self.y is None:
            raise ValueError("these examples have no labels; a conditional method needs Examples(x, y) or Images(x, y)")
        return self.y

    def _draw(self, n, rng):
        return torch.randint(len(self), (whole("n", n),), generator=rng, device=self._rows.device)

    def _of(self, change):
        y = None if self.y is None else change(self.y)
        return type(self)(change(self._rows), y, {name: change(values) for name, values in self.factors.items()})

    def _check_what_is_known(self):
        for name, values in {"y": self.y, **self.factors}.items():
            if values is None and name == "y":
                continue
            if not isinstance(values, Tensor):
                raise TypeError(f"{name} must be a tensor; given {type(values).__name__} (try torch.as_tensor)")
            if values.shape != (len(self),):
                kind = "label" if name == "y" else "value"
                given = tuple(values.shape)
                raise ValueError(f"{name} must hold one {kind} for each of {len(self)} examples; given {given}")


@dataclass(frozen=True, eq=False)
class Examples(_Rows):
    """`x` (N, *shape), one row an example; `y` (N,), its labels where there are any; `factors` {name: (N,)}.

    Factors are what is known of how each example came about, a smile or a pose. Images, examples of three axes
    (channels, height, width), must lie in [−1, 1].
    Raises TypeError for what is not a tensor and for x that is not of floats, ValueError for an empty set, for values
    that are not finite, for images out of range, and for labels or factors of another number.
    """

    x: Tensor
    y: Tensor | None = None
    factors: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.x, Tensor):
            raise TypeError(f"x must be a tensor; given {type(self.x).__name__} (try torch.as_tensor)")
        if self.x.dtype == torch.uint8 and self.x.ndim == 4:
            raise TypeError("x must be of floats; given uint8. Pixels 0 … 255 become examples with Images(pixels)")
        if not self.x.is_floating_point():
            raise TypeError(f"x must be of floats; given {self.x.dtype} (try x.float())")
        if self.x.ndim < 2 or not self.x.numel():
            raise ValueError(f"x must be (N, *shape) with N ≥ 1; given shape {tuple(self.x.shape)}")
        low, high = map(float, torch.aminmax(self.x))
        if not (abs(low) < float("inf") and abs(high) < float("inf")):
            raise ValueError("x must be finite; it holds NaN or infinity")
        if self.x.ndim == 4 and not -1.001 <= low <= high <= 1.001:
            raise ValueError(
                f"images must lie in [−1, 1], as tanh does; given {low:g} … {high:g}. "
                "From [0, 1]: Examples(2 * x - 1); from 0 … 255: Images(x.to(torch.uint8))"
            )
        self._check_what_is_known()

    def _read(self, rows):
        return rows


@dataclass(frozen=True, eq=False)
class Images(_Rows):
    """`pixels` (N, channels, height, width) of uint8, kept as they are; `y` and `factors` as for `Examples`.

    A quarter of the memory of float32. What is handed out is b/127.5 − 1 for each byte b: floats in [−1, 1].
    Raises TypeError for pixels that are not uint8, ValueError for another number of axes, an empty set, and labels or
    factors of another number.
    """

    pixels: Tensor
    y: Tensor | None = None
    factors: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self):
        if not isinstance(self.pixels, Tensor) or self.pixels.dtype != torch.uint8:
            given = getattr(self.pixels, "dtype", type(self.pixels).__name__)
            raise TypeError(f"pixels must be a tensor of uint8, 0 … 255; given {given}. Floats in [−1, 1]: Examples(x)")
        if self.pixels.ndim != 4 or not self.pixels.numel():
            given = tuple(self.pixels.shape)
            raise ValueError(f"pixels must be (N, channels, height, width) with N ≥ 1; given shape {given}")
        self._check_what_is_known()

    @property
    def x(self):
        """All images in [−1, 1], in torch's default dtype: (N, channels, height, width)."""
        return self._read(self.pixels)

    def _read(self, rows):
        return rows.to(torch.get_default_dtype()).div_(127.5).sub_(1)
