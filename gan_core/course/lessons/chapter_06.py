"""The exercises of chapter 06, vanishing gradients."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_core.course.lessons.exercises import Exercise

LOGITS = torch.tensor([-3.0, -0.5, 1.0, 2.0], dtype=torch.float64)
SURE = torch.tensor([-60.0, -45.0], dtype=torch.float64)  # here a loss on probabilities has lost its way


def _ones(logits):
    return bce(logits, torch.ones_like(logits))


def _zeros(logits):
    return bce(logits, torch.zeros_like(logits))


def _sigmoid(a):
    return 1 / (1 + np.exp(-np.asarray(a)))


def _optimum(theta, x):
    """D* and q on the grid `x`, for p = N(0, 1) and q = N(θ, 1)."""
    q = np.exp(-((x - theta) ** 2) / 2) / np.sqrt(2 * np.pi)
    return _sigmoid(theta**2 / 2 - theta * x), q


def _saturating_at_the_optimum(theta, x):
    d, q = _optimum(theta, x)
    return theta * (q * d).sum() * (x[1] - x[0])


def _non_saturating_at_the_optimum(theta, x):
    d, q = _optimum(theta, x)
    return theta * (q * (1 - d)).sum() * (x[1] - x[0])


GRID = np.linspace(-12.0, 16.0, 1401)

EXERCISES = {
    "06.1": Exercise(
        solution=lambda logits: (-_zeros(logits), _ones(logits)),
        mistakes={
            "the two are swapped, as in the article: label 1 is −log D, and −log D is the non-saturating loss": (
                lambda logits: (_ones(logits), -_zeros(logits))
            ),
            "label 0 gives −log(1 − D); the saturating loss is log(1 − D), so the sign must be turned": (
                lambda logits: (_zeros(logits), _ones(logits))
            ),
            "you turned the sign of both; −log D is already what bce gives for label 1": (
                lambda logits: (-_zeros(logits), -_ones(logits))
            ),
            "binary_cross_entropy_with_logits wants logits; you gave it probabilities, so σ is applied twice": (
                lambda logits: (-_zeros(logits.sigmoid()), _ones(logits.sigmoid()))
            ),
            "this is D's loss on fakes and its negative; one of the two needs the label 1": (
                lambda logits: (-_zeros(logits), _zeros(logits))
            ),
        },
        inputs=((LOGITS,), (SURE,)),
    ),
    "06.2": Exercise(
        solution=lambda a: (-_sigmoid(a) / len(a), -(1 - _sigmoid(a)) / len(a)),
        mistakes={
            "the loss is a mean over n fakes, so each gradient is divided by n": (
                lambda a: (-_sigmoid(a), -(1 - _sigmoid(a)))
            ),
            "this is the derivative with respect to D; multiply by ∂D/∂a = D(1 − D)": (
                lambda a: (-1 / (1 - _sigmoid(a)) / len(a), -1 / _sigmoid(a) / len(a))
            ),
            "the sign: both losses fall when the logit grows, so both gradients are negative": (
                lambda a: (_sigmoid(a) / len(a), (1 - _sigmoid(a)) / len(a))
            ),
            "the two are swapped: log(1 − D) is the one that dies where D ≈ 0": (
                lambda a: (-(1 - _sigmoid(a)) / len(a), -_sigmoid(a) / len(a))
            ),
        },
        inputs=((np.array([-3.0, 0.0, 2.0]),), (np.array([-8.0, -1.0]),)),
    ),
    "06.3": Exercise(
        solution=lambda logits: -logits.mean(),
        mistakes={
            "the sign: log(1 − D) − log D = −log(D/(1 − D)), and log(D/(1 − D)) is the logit": (
                lambda logits: logits.mean()
            ),
            "this is the difference of the two losses; add them": lambda logits: -_zeros(logits) - _ones(logits),
            "a loss is a mean over the batch, not a sum": lambda logits: -logits.sum(),
            "D's loss on fakes, −log(1 − D), is not the generator's: turn its sign before you add": (
                lambda logits: _zeros(logits) + _ones(logits)
            ),
        },
        inputs=((LOGITS,), (SURE,)),
    ),
    "06.4": Exercise(
        solution=_saturating_at_the_optimum,
        mistakes={
            "that is what the slides say; but D* is not 0 where the densities overlap, so neither is the gradient": (
                lambda theta, x: 0.0
            ),
            "∂ log(1 − D)/∂a is −D, not −(1 − D), and the mean is over the fakes, q, not over the data, p "
            "(here the two mistakes give the same number)": _non_saturating_at_the_optimum,
            "the sign: ∂L/∂a = −D and ∂a/∂x = −θ, and minus times minus is plus": (
                lambda theta, x: -_saturating_at_the_optimum(theta, x)
            ),
            "the slope of the logit is missing: ∂a/∂x = −θ": (
                lambda theta, x: _saturating_at_the_optimum(theta, x) / theta
            ),
        },
        inputs=((0.5, GRID), (2.0, GRID), (4.0, GRID)),
    ),
}
