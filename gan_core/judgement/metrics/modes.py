"""Which modes of the data do samples visit, and how evenly?"""

from typing import NamedTuple

import numpy as np

from gan_core import divergences
from gan_core.judgement.metrics._rows import rows
from gan_core.mathematics._arrays import distribution, non_negative
from gan_core.mathematics._counts import whole


class Modes(NamedTuple):
    """`counts` (modes,) of samples near each mode, `covered` modes with enough of them, the share `near` to any."""

    counts: np.ndarray
    covered: int
    near: float


class ModeKL(NamedTuple):
    """KL(q‖p), the samples q seen `samples_from_data`, and KL(p‖q), `data_from_samples`; in nats, in [0, ∞]."""

    samples_from_data: float
    data_from_samples: float


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


def mode_kl(counts, weights=None):
    """KL(q‖p) and KL(p‖q) between q = counts/Σ counts, the samples' share of each mode, and p = `weights`, the data's.

    KL(q‖p) bears missed modes: of K even ones, all samples in one cost log K, evenly in j of them log(K/j). KL(p‖q) is
    infinite as soon as one is missed. Papers on stacked digits report KL(q‖p). Few samples make it too large: n samples
    of the data itself still give about (K − 1)/(2n) where n is much larger than K.

    Parameters: `counts` (modes,), at least one sample in all; `weights` (modes,) that sum to one, by default all equal.
    Returns `ModeKL`. Raises ValueError for negative or non-finite counts, none at all and weights that do not fit.
    Sources: Kullback & Leibler 1951; Che et al. 2017 and Metz et al. 2017 (the stacked digits).

    >>> mode_kl([5, 5, 0, 0])
    ModeKL(samples_from_data=0.6931471805599453, data_from_samples=inf)
    """
    counts = non_negative("counts", counts)
    if counts.ndim != 1 or not counts.sum() > 0:
        raise ValueError(f"counts must be (modes,) with at least one sample in all; given {counts.tolist()}")
    q = counts / counts.sum()
    p = np.full(len(q), 1 / len(q)) if weights is None else distribution("weights", weights)
    if p.shape != q.shape:
        raise ValueError(f"weights must be one for each of {len(q)} modes; given shape {p.shape}")
    return ModeKL(float(divergences.kl(q, p)), float(divergences.kl(p, q)))


def stacked_modes(x, judge):
    """How many of the stacks x show each of the numbers 0 … 999 = 100a + 10b + c, read channel by channel by `judge`.

    As many modes are covered as numbers have been counted: `(counts > 0).sum()`; how evenly, `mode_kl(counts)` says.
    The judge's mistakes cover modes too: a judge that is wrong once in 200 finds new numbers in the samples of one.

    Parameters: `x` (n, 3, side, side), a tensor or an array of floats in [−1, 1]; `judge`, `judges.digits()` or another
    with `judge.decide(images)["digit"]`. Returns counts (1000,).
    Raises ValueError for another shape, values that are not finite, and as the judge does.
    Sources: Che et al. 2017; Metz et al. 2017 (Unrolled GAN).
    """
    import torch  # the judge's, and nobody else's here

    rows("x", x)
    if np.ndim(x) != 4 or np.shape(x)[1] != 3:
        raise ValueError(f"x must be stacks of three images (n, 3, side, side); given shape {tuple(np.shape(x))}")
    channels = torch.as_tensor(x).detach().flatten(0, 1)[:, None]
    digits = np.asarray(judge.decide(channels)["digit"]).reshape(-1, 3)
    return np.bincount(digits @ [100, 10, 1], minlength=1000)
