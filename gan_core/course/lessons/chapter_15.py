"""The exercises of chapter 15: the score, a Fréchet distance to mend, what to ask a paper, birthdays, and n = ∞."""

import numpy as np

from gan_core.course.lessons.exercises import Exercise


def _score(p):
    return np.exp((p * np.log(p / p.mean(0))).sum(1).mean())


def _line(x, y):
    _, intercept = np.polyfit(x, y, 1)
    return intercept


_RNG = np.random.default_rng(15)
_ANSWERS = tuple((_RNG.dirichlet(np.ones(classes), n),) for classes, n in ((3, 5), (10, 20), (2, 4)))
_GAUSSIANS = tuple(tuple(_RNG.uniform(0.2, 3, (4, d))) for d in (2, 5))
_SIZES = np.array([100.0, 200.0, 400.0, 800.0])
_DISTANCES = tuple((_SIZES, limit + slope / _SIZES) for limit, slope in ((1.0, 75.0), (0.0, 300.0), (6.5, 20.0)))

EXERCISES = {
    "15.1": Exercise(
        solution=_score,
        mistakes={
            "that is the mutual information; its exponential is the score": lambda p: np.log(_score(p)),
            "the KL is the other way round: each answer from the mean answer": lambda p: np.exp(
                (p.mean(0) * np.log(p.mean(0) / p)).sum(1).mean()
            ),
            "the mean over samples comes first, the exponential last": lambda p: np.exp(
                (p * np.log(p / p.mean(0))).sum(1)
            ).mean(),
            "sum over the classes, axis 1, and mean over the samples": lambda p: np.exp(
                (p * np.log(p / p.mean(0))).mean()
            ),
            "that is the entropy of the mean answer alone; how sure each answer is belongs to it too": lambda p: np.exp(
                -(p.mean(0) * np.log(p.mean(0))).sum()
            ),
            "the mean answer is over the samples, axis 0": lambda p: np.exp(
                (p * np.log(p / p.mean(1, keepdims=True))).sum(1).mean()
            ),
        },
        inputs=_ANSWERS,
    ),
    "15.2": Exercise(
        solution=lambda m, a, n, b: ((m - n) ** 2).sum() + (a + b - 2 * np.sqrt(a * b)).sum(),
        mistakes={
            "that is the broken one: the root of the product is missing": lambda m, a, n, b: (
                ((m - n) ** 2).sum() + (a + b - 2 * a * b).sum()
            ),
            "a and b are variances: it is (√a − √b)², not (a − b)²": lambda m, a, n, b: (
                ((m - n) ** 2).sum() + ((a - b) ** 2).sum()
            ),
            "right but for the means: their distance is squared too": lambda m, a, n, b: (
                np.sqrt(((m - n) ** 2).sum()) + (a + b - 2 * np.sqrt(a * b)).sum()
            ),
            "the means belong to it too": lambda m, a, n, b: (a + b - 2 * np.sqrt(a * b)).sum(),
            "sum over the d numbers": lambda m, a, n, b: (m - n) ** 2 + a + b - 2 * np.sqrt(a * b),
            "d² is asked for, not its root": lambda m, a, n, b: np.sqrt(
                ((m - n) ** 2).sum() + (a + b - 2 * np.sqrt(a * b)).sum()
            ),
        },
        inputs=_GAUSSIANS,
    ),
    "15.3": Exercise(
        solution="nearer to training",
        mistakes={
            "a score never sees a real example; a memoriser has a good one": "another score",
            "the distance is already below that of real digits; luck is not the question": "more samples",
            "pixels of copies are as near as can be: the memoriser wins there, too": "pixel distance",
        },
    ),
    "15.4": Exercise(
        solution=lambda n, pairs: n * (n - 1) / (2 * pairs),
        mistakes={
            "each pair is counted twice in n(n − 1)": lambda n, pairs: n * (n - 1) / pairs,
            "nearly: of n samples each meets n − 1 others, not n": lambda n, pairs: n**2 / (2 * pairs),
            "count pairs of samples, n(n − 1)/2, not samples": lambda n, pairs: n / pairs,
            "that many samples show each other; the support is their square": lambda n, pairs: np.sqrt(
                n * (n - 1) / (2 * pairs)
            ),
            "it is more the fewer pairs there are: divide by them": lambda n, pairs: n * (n - 1) / 2 * pairs,
        },
        inputs=((640, 10), (23, 1), (270, 60)),
    ),
    "15.5": Exercise(
        solution=lambda n, distance: _line(1 / n, distance),
        mistakes={
            "the line is straight in 1/n, not in n": lambda n, distance: _line(n, distance),
            "that is the slope; wanted is where the line meets 1/n = 0": lambda n, distance: np.polyfit(
                1 / n, distance, 1
            )[0],
            "the largest n has the smallest bias, but it has some": lambda n, distance: distance[-1],
            "more samples make the bias smaller, not the mean of all sizes": lambda n, distance: distance.mean(),
            "the line is straight in 1/n, not in its root": lambda n, distance: _line(n**-0.5, distance),
        },
        inputs=_DISTANCES,
    ),
}
