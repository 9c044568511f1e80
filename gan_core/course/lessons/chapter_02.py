"""The exercises of chapter 02: the optimal discriminator."""

import numpy as np

from gan_core import divergences
from gan_core.course.lessons.exercises import Exercise

P, Q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
NARROW = np.array([0.05, 0.9, 0.05])
WIDE = np.array([0.3, 0.3, 0.4])
SOME_D = np.array([0.2, 0.45, 0.7, 0.6])


def _value(d, p, q):
    return np.sum(p * np.log(d)) + np.sum(q * np.log(1 - d))


def _sharpen(d, t):
    return d**t / (d**t + (1 - d) ** t)


EXERCISES = {
    "02.1": Exercise(
        solution=divergences.optimal_discriminator,
        mistakes={
            "this is the probability of *fake*; D says how likely it is that x is real": lambda p, q: q / (p + q),
            "this is the density ratio r; it can be larger than 1. D = r/(1 + r)": lambda p, q: p / q,
            "p/(p + q) is meant bin by bin; you divided by a sum over all bins": lambda p, q: p / np.sum(p + q),
            "this is the optimum of the least-squares loss, which lies in [−1, 1]": lambda p, q: (p - q) / (p + q),
            "this is the decision real or fake; D is the probability": lambda p, q: 1.0 * (p > q),
        },
        inputs=((P, Q), (NARROW, WIDE)),
    ),
    "02.2": Exercise(
        solution=_value,
        mistakes={
            "you kept the ½ of the likelihood; V is without it": lambda d, p, q: _value(d, p, q) / 2,
            "this is the discriminator's loss, −V": lambda d, p, q: -_value(d, p, q),
            "the second term needs log(1 − D): D wants to say 0 there": lambda d, p, q: np.sum((p + q) * np.log(d)),
            "p and q are swapped: real examples are to get a D near 1": lambda d, p, q: _value(d, q, p),
            "these are bits; V is in nats, with the natural logarithm": lambda d, p, q: _value(d, p, q) / np.log(2),
            "the expectations are missing: weigh each bin by p, and by q": lambda d, p, q: np.sum(
                np.log(d) + np.log(1 - d)
            ),
        },
        inputs=((SOME_D, P, Q), (np.array([0.3, 0.6, 0.5]), NARROW, WIDE)),
    ),
    "02.3": Exercise(
        solution=(np.log(4) - 0.9) / 2,
        mistakes={
            "the sign of log 4: V(D*) = 2·JSD − log 4, so log 4 must be added": (-0.9 - np.log(4)) / 2,
            "this is 2·JSD; halve it": np.log(4) - 0.9,
            "V is minus the loss: V = −0.9": (np.log(4) + 0.9) / 2,
            "chance is −log 4 here, not −log 2: the loss is a sum of two means": (np.log(2) - 0.9) / 2,
            "this is V; go on to JSD": -0.9,
        },
        tolerance=0.01,
    ),
    "02.4": Exercise(
        solution=2 / 3,
        mistakes={
            "½ is right for equally many real and fake examples; here there are two real for each fake": 0.5,
            "this is the probability of fake": 1 / 3,
            "this is the odds, real to fake; D is a probability": 2.0,
        },
        tolerance=0.01,
    ),
    "02.5": Exercise(
        solution=_sharpen,
        mistakes={
            "d^t is no longer a probability that goes with (1 − d)^t: divide by their sum": lambda d, t: d**t,
            "t·d can leave [0, 1]; multiply the logit, not the probability": lambda d, t: t * d,
            "this moves the threshold away from ½, so other examples count as real": lambda d, t: (
                t * d / (t * d + 1 - d)
            ),
            "this is the logit; D is its sigmoid": lambda d, t: t * np.log(d / (1 - d)),
            "you divided by t: that makes D less sure, not more": lambda d, t: _sharpen(d, 1 / t),
        },
        inputs=((SOME_D, 3.0), (np.array([0.5, 0.9, 0.1]), 2.0)),
    ),
}
