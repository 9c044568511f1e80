"""The exercises of chapter 10, Which loss?"""

import numpy as np
import torch
from scipy import stats

from gan_core.course.lessons.exercises import Exercise

LOGITS = torch.tensor([-2.0, 0.0, 0.5, 3.0], dtype=torch.float64)
NEAR = np.array([5.2, 5.6, 5.3, 5.5, 5.4]), np.array([5.5, 5.1, 5.9, 5.2])
APART = np.array([4.0, 4.9, 4.4]), np.array([1.01, 1.02, 1.0, 1.01, 1.03])


def _errors(x, y):
    """The squared standard errors of the two means."""
    return np.var(x, ddof=1) / len(x), np.var(y, ddof=1) / len(y)


def _welch(x, y):
    u, v = _errors(x, y)
    return (u + v) ** 2 / (u**2 / (len(x) - 1) + v**2 / (len(y) - 1))


def _interval(x, y, *, degrees=_welch, error=lambda x, y: np.sqrt(sum(_errors(x, y))), up_to=0.975):
    """Welch's interval for mean(x) − mean(y), or what comes of it when a part of it is another."""
    middle, half = np.mean(x) - np.mean(y), stats.t.ppf(up_to, degrees(x, y)) * error(x, y)
    return middle - half, middle + half


EXERCISES = {
    "10.1": Exercise(
        solution="snxn",
        mistakes={
            "the article's mistake: the loss with zeros is −log(1 − D), so its negative is log(1 − D)": "nsxn",
            "C goes down log D, so G learns to be found out; that helps nobody": "snnn",
            "C has the sign of a loss turned that was right: it goes down log D, not log(1 − D)": "snsn",
            "where D says 1 to fakes, 1 − σ(a) is the probability of a real one, and D is a −log of it": "snxs",
            "in D ask who wants what: there D says 1 to fakes, so G wants the zeros": "snxx",
        },
    ),
    "10.2": Exercise(
        solution=_interval,
        mistakes={
            "1.96 is for many values; with five, Student's t with ν degrees of freedom is larger": (
                lambda x, y: _interval(x, y, degrees=lambda x, y: np.inf)
            ),
            "n_x + n_y − 2 degrees of freedom are for equal variances; take ν": (
                lambda x, y: _interval(x, y, degrees=lambda x, y: len(x) + len(y) - 2)
            ),
            "the standard errors add as squares, √(u + v), not as they are": (
                lambda x, y: _interval(x, y, error=lambda x, y: sum(np.sqrt(_errors(x, y))))
            ),
            "that is where single values lie; the mean of n has variance s²/n": (
                lambda x, y: _interval(x, y, error=lambda x, y: np.sqrt(np.var(x, ddof=1) + np.var(y, ddof=1)))
            ),
            "the quantile of 0.95 leaves 5 % outside on each side, 10 % in all": (
                lambda x, y: _interval(x, y, up_to=0.95)
            ),
            "the other way round: mean(x) − mean(y)": lambda x, y: _interval(y, x),
        },
        inputs=(NEAR, APART),
    ),
    "10.3": Exercise(
        solution=lambda loss_d: 1 - np.exp(-loss_d),
        mistakes={
            "L_D is a bound, but not the least one: use that −log(1 − D) is convex in D": lambda loss_d: loss_d,
            "that is the most of 1 − D; L_D = 0 would allow D = 1": lambda loss_d: np.exp(-loss_d),
            "halving L_D would hold if real and fake cost the same; D may spend all of it on the fakes": (
                lambda loss_d: 1 - np.exp(-loss_d / 2)
            ),
        },
        inputs=((np.array([0.001, 0.1, 1.0, 3.0]),),),
    ),
    "10.4": Exercise(
        solution=lambda a: ((a - 1) ** 2).mean() / 2,
        mistakes={
            "that is the loss of the chapter: at a = 0 it does not pull": lambda a: (a**2).mean() / 2,
            "−1 is where D wants the fakes; G wants them where D wants the real": lambda a: ((a + 1) ** 2).mean() / 2,
            "at a = 0 it pulls with 2; mind the ½": lambda a: ((a - 1) ** 2).mean(),
            "it does pull with 1 at a = 0, but that is the hinge's: it has no target, and pulls for ever": (
                lambda a: -a.mean()
            ),
        },
        inputs=((LOGITS,),),
    ),
}
