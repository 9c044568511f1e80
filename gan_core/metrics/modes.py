"""Which modes of a mixture do samples visit?"""

from typing import NamedTuple

import numpy as np

from gan_core._counts import whole
from gan_core.metrics._rows import rows


class Modes(NamedTuple):
    """`counts` (modes,) of samples near each mode, `covered` modes with enough of them, the share `near` to any."""

    counts: np.ndarray
    covered: int
    near: float


def modes(x, mixture, *, within=3.0, at_least=20):
    """Count the samples `x` (n, d) that lie within `within` standard deviations of each mode of `mixture`.

    A sample belongs to the mode it is nearest to, in standard deviations; a mode is covered when `at_least` samples
    are near it. Of the data itself P(χ²_d ≤ within²) are near: for 3 this is 0.997 in one dimension, 0.989 in two.

    Returns `Modes`. Raises ValueError for samples of another dimension, within ≤ 0 and at_least < 1.
    Source: as Srivastava et al. 2017 (VEEGAN), section 5; the threshold of 20 is this course's.
    """
    x, at_least = rows("x", x), whole("at_least", at_least)
    centres, std = mixture.centres.numpy(), mixture.std.numpy()
    if x.shape[1] != centres.shape[1]:
        raise ValueError(f"x must be points (n, {centres.shape[1]}) like the mixture's; given shape {x.shape}")
    if not within > 0:
        raise ValueError(f"within must be positive; given {within}")
    away = np.linalg.norm(x[:, None] - centres, axis=2) / std
    nearest = away.argmin(1)
    counts = np.bincount(nearest[away.min(1) <= within], minlength=len(centres))
    return Modes(counts, int((counts >= at_least).sum()), float(counts.sum() / len(x)))
