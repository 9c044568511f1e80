"""The exercises of chapter 18: a sentence to be made narrower, a difference to be judged, an arrow to be read."""

import numpy as np
from scipy.stats import t as student

from gan_core.course.lessons.exercises import Exercise

_SPREAD = np.array([-2.0, -1, 0, 1, 2]) / np.std([-2, -1, 0, 1, 2], ddof=1)  # five seeds, standard deviation 1


def _judge(differences, error=lambda d: d.std(ddof=1) / np.sqrt(len(d)), times=lambda n: student.ppf(0.975, n - 1)):
    mean, half = differences.mean(), times(len(differences)) * error(differences)
    return "noise" if abs(mean) <= half else "higher" if mean > 0 else "lower"


def _arrows(a, b):
    return bool((~a | b).all()), bool((~b | a).all())


def _table(*rows):
    return tuple(np.array(row, dtype=bool) for row in zip(*rows, strict=True))


EXERCISES = {
    "18.1": Exercise(
        solution="C",
        mistakes={
            "that is the slide: at D*, with p = N(0, 1) and q = N(1, 1), the gradient is above 0.2": "A",
            "close is where it does not vanish; it is distance that starves the generator": "B",
            "−log D has a gradient of 8 at shift 8: it is the loss, too, that must be named": "D",
            "at shift 8 it is below 0.001: never is as wide a word as always": "E",
        },
    ),
    "18.2": Exercise(
        solution=_judge,
        mistakes={
            "you looked at the mean alone; five other seeds may give it the other sign": lambda d: (
                "higher" if d.mean() > 0 else "lower"
            ),
            "1.96 is for many seeds; for five, Student's t with four degrees of freedom is 2.776": lambda d: _judge(
                d, times=lambda n: 1.96
            ),
            "np.std divides by n; the spread of a sample needs n − 1: ddof=1": lambda d: _judge(
                d, error=lambda d: d.std() / np.sqrt(len(d))
            ),
            "n differences leave n − 1 degrees of freedom": lambda d: _judge(d, times=lambda n: student.ppf(0.975, n)),
            "that is the spread of single seeds; the mean of n is surer, by √n": lambda d: _judge(
                d, error=lambda d: d.std(ddof=1)
            ),
            "the two words are exchanged: the difference is hinge minus the other": lambda d: _judge(-d),
        },
        inputs=tuple((t / np.sqrt(5) + _SPREAD,) for t in (8, -8, 1, 2.3, 2.5, 2.6, 4, -4)),
    ),
    "18.3": Exercise(
        solution=_arrows,
        mistakes={
            "the two are exchanged: “a implies b” fails where a is true and b is not": lambda a, b: _arrows(b, a),
            "that they are equal is both arrows at once; each may hold without the other": lambda a, b: (
                (bool((a == b).all()),) * 2
            ),
            "that both were seen together once proves neither arrow": lambda a, b: (bool((a & b).any()),) * 2,
            "where a was never seen nothing speaks against “a implies b”: it is not refuted": lambda a, b: (
                bool(a.any() and b[a].all()),
                bool(b.any() and a[b].all()),
            ),
        },
        inputs=(
            _table((1, 1), (1, 0), (0, 0)),
            _table((1, 1), (0, 1), (0, 0)),
            _table((1, 1), (0, 0)),
            _table((1, 1), (1, 0), (0, 1)),
            _table((0, 0), (0, 1)),
        ),
    ),
}
