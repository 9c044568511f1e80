"""The exercises of chapter 11, conditional GANs."""

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from gan_core.course.lessons.exercises import Exercise


def _of(x, y, pairs):
    """Mean over the classes of what `pairs` makes of the distances (m, m) between the samples of one."""
    return np.mean([pairs(np.linalg.norm(x[y == k][:, None] - x[y == k][None], axis=2)) for k in np.unique(y)])


def _different(distance):
    n = len(distance)
    return distance.sum() / (n * (n - 1))


def _whole(x, y):
    return _different(np.linalg.norm(x[:, None] - x[None], axis=2))


def _each_pair_alike(x, y):
    distances = [np.linalg.norm(x[y == k][:, None] - x[y == k][None], axis=2) for k in np.unique(y)]
    return sum(d.sum() for d in distances) / sum(len(d) * (len(d) - 1) for d in distances)


def _from_the_mean(x, y):
    return np.mean([np.linalg.norm(x[y == k] - x[y == k].mean(0), axis=1).mean() for k in np.unique(y)])


def _square(a, b):
    return ((a - b) ** 2).mean()


def _tell(x, y):
    """A D that hears its label."""
    return x.sum(1) * (y + 1) - 0.5 * y


def _make(z, y):
    """A G that hears its label."""
    return z * (1 + y[:, None]) - y[:, None]


Z = torch.tensor([[0.3, -1.2], [0.8, 0.1], [-0.5, 0.9]], dtype=torch.float64)
Y = torch.tensor([2, 0, 1])
POINTS = np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [7.0, 7.0], [7.0, 7.0]])
KINDS = np.array([0, 0, 1, 1, 1, 5, 5])
ANGLES = tuple(np.array(each) for each in ([0.1, 0.5], [0.9, -0.4], [0.3, 0.2], [1.0, 0.6]))

EXERCISES = {
    "11.1": Exercise(
        solution=0.1 / (0.1 + 0.5),
        mistakes={
            "½ it would be if labels came as often with fakes as with data; p(y) does not cancel here": 0.5,
            "that is how often kind 1 comes in the data; D compares p(x, 1) with q(x, 1)": 0.1,
            "that is for kind 0": 0.9 / (0.9 + 0.5),
            "that is how likely the pair is fake; D says how likely it is real": 0.5 / (0.1 + 0.5),
        },
    ),
    "11.2": Exercise(
        solution=lambda D, G, z, y: logsigmoid(-D(G(z, y), y)).mean(),
        mistakes={
            "D is asked about the fakes with other labels than those that they were made for": (
                lambda D, G, z, y: logsigmoid(-D(G(z, y), y.flip(0))).mean()
            ),
            "D is told label 0 for all; give it the labels of the fakes": (
                lambda D, G, z, y: logsigmoid(-D(G(z, y), 0 * y)).mean()
            ),
            "that is the mean of log D; D(x, y) gives the logit a, and log(1 − σ(a)) = log σ(−a)": (
                lambda D, G, z, y: logsigmoid(D(G(z, y), y)).mean()
            ),
            "the sign: V has + E[log(1 − D)], and D maximises it": (
                lambda D, G, z, y: -logsigmoid(-D(G(z, y), y)).mean()
            ),
            "a mean, not a sum": lambda D, G, z, y: logsigmoid(-D(G(z, y), y)).sum(),
        },
        inputs=((_tell, _make, Z, Y),),
    ),
    "11.3": Exercise(
        solution=lambda x, y: _of(x, y, _different),
        mistakes={
            "the n pairs of a sample with itself are in your mean; divide by n(n − 1)": (
                lambda x, y: _of(x, y, np.mean)
            ),
            "that is over all samples together; only pairs of one class count": _whole,
            "a mean for each class first, so that a large class counts no more than a small one": _each_pair_alike,
            "that is the distance from the mean of the class, not between two samples": _from_the_mean,
            "the distance, not its square": lambda x, y: _of(x, y, lambda d: _different(d**2)),
        },
        inputs=((POINTS, KINDS),),
    ),
    "11.4": Exercise(
        solution=lambda on_real, on_fake, y_real, y_fake: (
            _square(on_real, y_real) + _square(on_fake, y_fake),
            _square(on_fake, y_fake),
        ),
        mistakes={
            "as in AC-GAN D learns from the fakes, too: they were made for a label that is known": (
                lambda on_real, on_fake, y_real, y_fake: (_square(on_real, y_real), _square(on_fake, y_fake))
            ),
            "G cannot change how real pictures are read; its loss has the fakes only": (
                lambda on_real, on_fake, y_real, y_fake: (_square(on_real, y_real) + _square(on_fake, y_fake),) * 2
            ),
            "the sign: G is to be read rightly, so its loss falls when the error does": (
                lambda on_real, on_fake, y_real, y_fake: (
                    _square(on_real, y_real) + _square(on_fake, y_fake),
                    -_square(on_fake, y_fake),
                )
            ),
            "the labels are mixed up: `on_fake` is to be compared with what G was told, `y_fake`": (
                lambda on_real, on_fake, y_real, y_fake: (
                    _square(on_real, y_real) + _square(on_fake, y_real),
                    _square(on_fake, y_real),
                )
            ),
        },
        inputs=(ANGLES,),
    ),
}
