"""The exercises of chapter 03: support traps, what a shift does, what KL fits, what hinge pays."""

import numpy as np

from gan_core import divergences
from gan_core.course.lessons.exercises import Exercise

_HALVES, _QUARTERS = np.array([0.5, 0.5]), np.array([0.25, 0.75])
_LEFT, _RIGHT = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def _kl_without_empty_bins(p, q):
    both = (p > 0) & (q > 0)
    return np.sum(p[both] * np.log(p[both] / q[both]))


def _kl_with_nan(p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum(p * np.log(p / q))


def _uniforms(theta):
    moved = min(1.0, abs(theta))
    return np.array([moved * np.log(2), moved, abs(theta)])


def _moments(weights, centres, s):
    mean = np.sum(weights * centres)
    return np.array([mean, np.sqrt(np.sum(weights * (s**2 + (centres - mean) ** 2)))])


EXERCISES = {
    "03.1": Exercise(
        solution=divergences.kl,
        mistakes={
            "the arguments are swapped; KL(p‖q) averages over p": lambda p, q: divergences.kl(q, p),
            "this is in bits; use the natural logarithm for nats": lambda p, q: divergences.kl(p, q) / np.log(2),
            "NumPy calls 0·log 0 nan, and here it is 0: a bin that p does not visit adds nothing": _kl_with_nan,
            "you left out the bins where q is 0; if p has mass in one of them, the answer is ∞": _kl_without_empty_bins,
            "the ε in your logarithm hides the ∞: the number you get is made of ε": lambda p, q: np.sum(
                p * (np.log(p + 1e-12) - np.log(q + 1e-12))
            ),
        },
        inputs=((_HALVES, _QUARTERS), (_QUARTERS, _HALVES), (_LEFT, _HALVES), (_HALVES, _LEFT), (_LEFT, _RIGHT)),
    ),
    "03.2": Exercise(
        solution=_uniforms,
        mistakes={
            "JSD and TV do not grow for ever: from θ = 1 on the two share nothing": lambda t: np.array(
                [abs(t) * np.log(2), abs(t), abs(t)]
            ),
            "EMD does not stop at 1: all the mass still has to travel the whole way": lambda t: np.array(
                [min(1.0, abs(t)) * np.log(2), min(1.0, abs(t)), min(1.0, abs(t))]
            ),
            "JSD is log 2 for parallel lines; these two overlap while |θ| < 1": lambda t: np.array(
                [np.log(2) * (t != 0), min(1.0, abs(t)), abs(t)]
            ),
            "you lost the ½: JSD is at most log 2, not log 4": lambda t: _uniforms(t) * np.array([2, 1, 1]),
            "a shift to the left counts as much as one to the right: use |θ|": lambda t: np.array(
                [min(1.0, t) * np.log(2), min(1.0, t), t]
            ),
        },
        inputs=((0.0,), (0.25,), (-0.5,), (1.0,), (3.0,), (-4.0,)),
    ),
    "03.3": Exercise(
        solution=_moments,
        mistakes={
            "that is the width of one mode; the Gaussian must also span the way from mode to mode": lambda w, c, s: (
                np.array([np.sum(w * c), s])
            ),
            "the variance of the modes' centres is there; the width s of each mode is not": lambda w, c, s: np.array(
                [np.sum(w * c), np.sqrt(np.sum(w * (c - np.sum(w * c)) ** 2))]
            ),
            "the mean is right, and σ² is; σ is its square root": lambda w, c, s: _moments(w, c, s) ** np.array([1, 2]),
            "the modes have weights; average with them": lambda w, c, s: _moments(np.full(len(c), 1 / len(c)), c, s),
            "this is the Gaussian that reverse KL picks, one mode; forward KL covers all of p": lambda w, c, s: (
                np.array([c[np.argmax(w)], s])
            ),
        },
        inputs=(
            (np.array([0.5, 0.5]), np.array([-2.0, 2.0]), 0.5),
            (np.array([0.75, 0.25]), np.array([-1.0, 3.0]), 1.0),
            (np.array([0.2, 0.3, 0.5]), np.array([-4.0, 0.0, 1.0]), 0.1),
        ),
    ),
    "03.4": Exercise(
        solution=lambda p, q: 2 * np.sum(np.minimum(p, q)),
        mistakes={
            "a factor 2: where D = 1 a fake costs max(0, 1 + D) = 2": lambda p, q: np.sum(np.minimum(p, q)),
            "that is 2·TV; D's loss is what is left of 2": lambda p, q: np.sum(np.abs(p - q)),
            "that is the value −L_D; a loss of these two terms cannot be negative": lambda p, q: (
                -2 * np.sum(np.minimum(p, q))
            ),
            "that is the loss of D = 0; D can do better wherever p and q differ": lambda p, q: 2.0,
            "with D on the wrong side D pays 2·max(p, q); it should pay on the smaller of the two": lambda p, q: (
                2 * np.sum(np.maximum(p, q))
            ),
        },
        inputs=(
            (_HALVES, _QUARTERS),
            (_LEFT, _RIGHT),
            (_HALVES, _HALVES),
            (np.array([0.1, 0.2, 0.7]), np.array([0.6, 0.3, 0.1])),
        ),
    ),
}
