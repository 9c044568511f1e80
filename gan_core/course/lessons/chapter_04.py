"""The exercises of chapter 04: what a plan costs, the sum on the line, squared ways, the best critic."""

import numpy as np

from gan_core import transport
from gan_core.course.lessons.exercises import Exercise

_RNG = np.random.default_rng(4)
_PLAN, _UPHILL = _RNG.dirichlet(np.ones(9)).reshape(3, 3), np.array([[0.0, 1, 4], [2, 0, 3], [5, 6, 0]])
_P, _Q = _RNG.dirichlet(np.ones(5), size=2)
_PLACES = np.array([0.0, 1.0, 1.5, 4.0, 6.0])
_LEFT, _RIGHT, _BINS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), np.array([1.0, 2.0, 3.0])
_IN, _OUT = np.array([0.1, 0.8, 0.1]), np.array([0.5, 0.1, 0.4])


def _critic(p, q, x):
    return np.concatenate([[0], np.cumsum(-np.sign(np.cumsum(p - q)[:-1]) * np.diff(x))])


EXERCISES = {
    "04.1": Exercise(
        solution=lambda plan, D: np.sum(D * plan),
        mistakes={
            "the trace of D·Γ multiplies D_ij with γ_ji; D need not be symmetric": lambda plan, D: np.trace(D @ plan),
            "you added up the matrix product; multiply entry by entry": lambda plan, D: np.sum(D @ plan),
            "that is how much earth moves, not how far": lambda plan, D: np.sum(plan) - np.trace(plan),
            "a sum, not a mean: the plan already holds the shares": lambda plan, D: np.mean(D * plan),
            "the costs of all ways that are used; weigh each with the earth that goes it": lambda plan, D: np.sum(
                D[plan > 0]
            ),
        },
        inputs=((_PLAN, _UPHILL), (np.diag(_PLAN.sum(1)), _UPHILL), (np.array([[0, 1.0], [0, 0]]), _UPHILL[:2, :2])),
    ),
    "04.2": Exercise(
        solution=lambda p, q, x: transport.emd(p, q, positions=x),
        mistakes={
            "the gaps are missing: each grain goes from one place to the next, x[k+1] − x[k]": lambda p, q, x: np.sum(
                np.abs(np.cumsum(p - q))
            ),
            "take absolute values before you add up; ways to the left and to the right do not cancel": lambda p, q, x: (
                abs(np.sum(np.cumsum(p - q)[:-1] * np.diff(x)))
            ),
            "p − q is what one bin has too much; what crosses a gap is the sum of all before it": lambda p, q, x: (
                np.sum(np.abs(p - q)[:-1] * np.diff(x))
            ),
            "this is total variation: it sees how much must move, not how far": lambda p, q, x: (
                np.sum(np.abs(p - q)) / 2
            ),
            "each sum goes with the gap to its right; you took the gap to its left": lambda p, q, x: np.sum(
                np.abs(np.cumsum(p - q))[1:] * np.diff(x)
            ),
        },
        inputs=((_P, _Q, _PLACES), (_LEFT, _RIGHT, _BINS), (_LEFT, _LEFT, _BINS), (_IN, _OUT, _BINS)),
    ),
    "04.3": Exercise(
        solution=(3.0, 1.0),
        mistakes={
            "that would be so if a way cost what it is long; here it costs the square": (1.0, 1.0),
            "leaving is right; but the best plan need not leave anything: move everything one bin": (3.0, 3.0),
            "a third of the earth goes that way, so weigh its cost with 1/3": (9.0, 1.0),
            "the two are in the other order: (leave, best)": (1.0, 3.0),
            "all three thirds move one bin: that is 3 · 1/3 · 1²": (3.0, 1 / 3),
        },
    ),
    "04.4": Exercise(
        solution=_critic,
        mistakes={
            "the sign is the other way round: f must be high where p has too much": lambda p, q, x: -_critic(p, q, x),
            "a slope is a rise per way: multiply each step with its gap": lambda p, q, x: np.concatenate(
                [[0], np.cumsum(-np.sign(np.cumsum(p - q)[:-1]))]
            ),
            "these are the slopes; f is their cumulative sum": lambda p, q, x: np.concatenate(
                [[0], -np.sign(np.cumsum(p - q)[:-1])]
            ),
            "the best slope is ±1, whatever the amount that crosses: take its sign": lambda p, q, x: np.concatenate(
                [[0], np.cumsum(-np.cumsum(p - q)[:-1] * np.diff(x))]
            ),
            "what counts is what must cross a gap, the cumulative sum of p − q, not p − q itself": lambda p, q, x: (
                np.concatenate([[0], np.cumsum(-np.sign(p - q)[:-1] * np.diff(x))])
            ),
        },
        inputs=((_P, _Q, _PLACES), (_LEFT, _RIGHT, 2 * _BINS), (_IN, _OUT, _BINS)),
    ),
}
