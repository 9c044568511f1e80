"""What the samples cover, told by distances alone: precision and recall, and the birthday test."""

from typing import NamedTuple

import numpy as np

from gan_core.judgement.metrics._pairs import kth_nearest, pairs_within
from gan_core.judgement.metrics._rows import pair_of_rows, rows
from gan_core.mathematics._counts import whole


class PrecisionRecall(NamedTuple):
    """`precision`, the share of samples among the real ones; `recall`, the share of real ones among the samples."""

    precision: float
    recall: float


class Birthday(NamedTuple):
    """`pairs` of samples that are the same to the eye, and the size of the `support` that makes so many likely."""

    pairs: int
    support: float


def precision_recall(x, real, k=3):
    """Precision: the share of samples x in the manifold of `real`; recall: the share of `real` in the manifold of x.

    The manifold of a set is the union of balls about its members, each just large enough to hold the `k` nearest
    others. Low precision: samples where no data are (noise, blur). Low recall: data that no sample is like (collapse).
    Both are shares, in [0, 1]; even two sets of real examples do not reach 1, and an outlier's ball is large. Distances
    are those of the numbers it is given: pixels, or features of a network, as in the paper.

    Parameters: `x` (n, *shape), `real` (m, *shape), tensors or arrays, n, m > k ≥ 1. Returns `PrecisionRecall`.
    Raises ValueError for fewer, for values that are not finite and for examples of two shapes.
    Source: Kynkäänniemi et al. 2019, eqs. 1 and 2.

    >>> precision_recall([[0.0], [1.0], [9.0]], [[0.0], [1.0], [2.0], [3.0]], k=1)
    PrecisionRecall(precision=0.6666666666666666, recall=1.0)
    """
    k = whole("k", k)
    x, real = pair_of_rows(k + 1, x=x, real=real)
    return PrecisionRecall(_covered(x, real, k), _covered(real, x, k))


def birthday(x, within):
    """Count the pairs of samples x no further apart than `within`; n samples with P such pairs tell of n(n − 1)/(2P).

    Among n samples from N equally likely images n(n − 1)/(2N) pairs are expected: 23 people and 365 days make about
    one. So the support N shows itself in √N samples. With unequal chances p_k it is 1/Σ p_k², which is less than all
    there is. No pair at all gives ∞: take more samples. Choose `within` so that held-out real examples hardly meet:
    distances are those of the numbers it is given.

    Parameters: `x` (n, *shape), a tensor or an array, n ≥ 2; `within` ≥ 0, in units of x. Returns `Birthday`.
    Raises ValueError for fewer, for values that are not finite and for within < 0.
    Source: Arora & Zhang 2017, who look at the nearest pairs with their own eyes.

    >>> birthday([[0.0], [0.1], [5.0], [9.0]], within=0.5)
    Birthday(pairs=1, support=6.0)
    """
    x = rows("x", x, least=2)
    if not 0 <= within < np.inf:
        raise ValueError(f"within must be a distance, at least 0; given {within}")
    n = len(x)
    pairs = (sum(int(near.sum()) for _, near in pairs_within(x, x, float(within))) - n) // 2
    return Birthday(pairs, n * (n - 1) / (2 * pairs) if pairs else float("inf"))


def _covered(x, others, k):
    """The share of x that lies in the ball of at least one of `others`."""
    radius = kth_nearest(others, others, k + 1)  # the nearest of all is each itself
    return float(np.mean(np.concatenate([near.any(1) for _, near in pairs_within(x, others, radius)])))
