"""The exercises of chapter 13b, Many classes, few images."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from gan_core.course.lessons.exercises import Exercise

_RNG = np.random.default_rng(132)
_F = _RNG.normal(size=9)
_Y = np.array([2, 0, 0, 5, 2, 2, 5, 2, 2])
_SCORES = torch.from_numpy(_RNG.normal(size=(2, 6, 4)))
_LABELS = torch.tensor([[0, 3, 1, 1, 2, 0], [2, 2, 0, 3, 1, 3]])


def _distances(f):
    return np.abs(f[:, None] - f[None])


def _of_classes(f, y, of_class):
    return np.mean([of_class(f[y == k]) for k in np.unique(y)])


def _pairs(some):
    return _distances(some).sum() / (len(some) * (len(some) - 1))


def _all_pairs_of_classes(f, y):
    within = (y[:, None] == y[None]) & ~np.eye(len(y), dtype=bool)
    return _distances(f)[within].mean()


EXERCISES = {
    "13b.1": Exercise(
        solution=lambda f, y: _of_classes(f, y, _pairs),
        mistakes={
            "a sample is no pair with itself: of n samples there are n(n − 1) pairs, not n²": lambda f, y: _of_classes(
                f, y, lambda some: _distances(some).mean()
            ),
            "that is over all pairs, of whatever class": lambda f, y: _pairs(f),
            "mean over the classes: here a class with many samples counts more": _all_pairs_of_classes,
            "each pair is there twice, i, j and j, i: divide by n(n − 1), not by half of it": lambda f, y: (
                2 * _of_classes(f, y, _pairs)
            ),
            "that is the standard deviation of each class; asked is the mean distance": lambda f, y: _of_classes(
                f, y, lambda some: some.std(ddof=1)
            ),
            "distances, not their squares": lambda f, y: _of_classes(f, y, lambda some: 2 * some.var(ddof=1)),
        },
        inputs=((np.array([0.0, 3.0, 6.0, 5.0, 5.0]), np.array([0, 0, 0, 1, 1])), (_F, _Y)),
    ),
    "13b.2": Exercise(
        solution=lambda measured, real: 1 / (1 - measured / real),
        mistakes={
            "that is the share 1 − 1/k; solve it for k": lambda measured, real: measured / real,
            "that is 1/k: turn it over": lambda measured, real: 1 - measured / real,
            "1/k is what is missing, 1 − measured/real; not what is there": lambda measured, real: real / measured,
            "the other way round: real images are the more varied": lambda measured, real: 1 / (1 - real / measured),
        },
        inputs=((4.0, 5.0), (1.0, 4.0), (2.7, 3.0)),
    ),
    "13b.3": Exercise(
        solution=1920,
        mistakes={
            "a gain and a bias: two numbers for each channel": 960,
            "the last layer has 3 channels and no batch normalisation": 1926,
            "mean and variance are the minibatch's and of no class: two numbers for each channel, not four": 3840,
        },
    ),
    "13b.4": Exercise(
        solution=lambda on_real, on_fake, y_real, y_fake: cross_entropy(on_real, y_real),
        mistakes={
            "with the fakes in it both players want the same: that is the sign": lambda r, f, y, y_f: (
                cross_entropy(r, y) + cross_entropy(f, y_f)
            ),
            "that teaches D the fakes alone; it must learn who is on real faces": lambda r, f, y, y_f: cross_entropy(
                f, y_f
            ),
            "the sign: what is added to a loss is −log c_y": lambda r, f, y, y_f: -cross_entropy(r, y),
            "that is what G is to be charged, for D; D would be paid for misreading": lambda r, f, y, y_f: (
                cross_entropy(r, y) - cross_entropy(f, y_f)
            ),
            "real examples have the labels y_real": lambda r, f, y, y_f: cross_entropy(r, y_f),
        },
        inputs=((*_SCORES, *_LABELS), (*_SCORES.flip(0), *_LABELS)),
    ),
}
