"""The kernel distance: how far apart two sets of samples are in all moments up to the third."""

import numpy as np

from gan_core.judgement.metrics._pairs import products
from gan_core.judgement.metrics._rows import pair_of_rows
from gan_core.mathematics._counts import whole


def kernel_distance(x, y, degree=3):
    """MMD²(x, y) = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) − 2 mean_{ij} k(x_i, y_j), in (−∞, ∞).

    The squared maximum mean discrepancy with the polynomial kernel k(a, b) = (a·b/d + 1)^degree, d the length of a row.
    It compares all moments up to `degree`; of degree 1 it estimates ‖μ_x − μ_y‖²/d. Pairs of a sample with itself are
    left out, which makes it unbiased: its mean over draws of n and m samples is the same for all n and m, and 0 for two
    draws from one distribution. So it may be negative, and it is for the very same samples twice. It looks at the
    numbers it is given; KID is its name for the features of `inception` only.

    Parameters: `x` (n, *shape), `y` (m, *shape), tensors or arrays, n, m ≥ 2; `degree` ≥ 1. Returns a float.
    Raises ValueError for fewer samples, values that are not finite, examples of two shapes and degree < 1.
    Sources: Gretton et al. 2012, eq. 3; Bińkowski et al. 2018 (KID).

    >>> kernel_distance([[1.0], [3.0]], [[0.0], [2.0]], degree=1)  # 1·3 + 0·2 − 2 (1 + 3)/2 (0 + 2)/2
    -1.0
    """
    x, y = pair_of_rows(2, x=x, y=y)
    degree = whole("degree", degree)
    x, y = _with_one(x), _with_one(y)
    return float(_mean_of_others(x, degree) + _mean_of_others(y, degree) - 2 * _sum(x, y, degree) / (len(x) * len(y)))


def _with_one(x):
    """Rows whose products are a·b/d + 1."""
    return np.hstack([x / np.sqrt(x.shape[1]), np.ones((len(x), 1))])


def _mean_of_others(x, degree):
    """The mean of k(x_i, x_j) over i ≠ j."""
    itself = (np.square(x).sum(1) ** degree).sum()
    return (_sum(x, x, degree) - itself) / (len(x) * (len(x) - 1))


def _sum(x, y, degree):
    """Σ_ij k(x_i, y_j), the power by products: numpy's goes through logarithms and takes a hundred times as long."""
    total, room = 0.0, None
    for _, values in products(x, y):
        room = np.empty_like(values) if room is None else room
        power = room[: len(values)]
        power.fill(1.0)
        for _ in range(degree - 1):
            power *= values
        total += np.vdot(power, values)
    return total
