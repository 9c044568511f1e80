"""The exercises of chapter 01, generative models."""

import numpy as np

from gan_core.course.lessons.exercises import Exercise


def _normal(z):
    return np.exp(-(np.asarray(z) ** 2) / 2) / np.sqrt(2 * np.pi)


def _log_normal(x, variance):
    return -(x**2) / (2 * variance) - np.log(2 * np.pi * variance) / 2


PICTURES = np.array([[0.0, 1.0, 0.3], [1.0, 1.0, -0.2], [0.5, -1.0, 0.9]])
WEIGHTS = np.array([0.2, 0.7, 0.1])

EXERCISES = {
    "01.1": Exercise(
        solution=lambda C: C / (1 - C),
        mistakes={
            "C is the share of real ones, p/(p + q), not yet the ratio p/q: divide by the share of fakes": lambda C: C,
            "upside down: that is q/p": lambda C: (1 - C) / C,
            "that is the logit, the log of the ratio": lambda C: np.log(C / (1 - C)),
            "real less fake; the ratio is real over fake": lambda C: C - (1 - C),
            "1/C counts all examples for each real one, not the fakes": lambda C: 1 / C,
        },
        inputs=((0.75,), (np.array([0.1, 0.5, 0.9]),)),
    ),
    "01.2": Exercise(
        solution=lambda x: _normal(np.log(x)) / x,
        mistakes={
            "the density of z at log x; it must be divided by the slope of eᶻ there": lambda x: _normal(np.log(x)),
            "divide by the slope, do not multiply: where f is steep its points are spread thin": (
                lambda x: _normal(np.log(x)) * x
            ),
            "that is the density of z at x; first find the z that became x": _normal,
            "the slope of eᶻ is to be taken at z = log x, and eᶻ is x there, not eˣ": (
                lambda x: _normal(np.log(x)) / np.exp(x)
            ),
            "the square root of 2π is missing": lambda x: np.exp(-(np.log(x) ** 2) / 2) / x,
        },
        inputs=((np.array([0.2, 1.0, 3.0]),), (np.array([0.5, 2.5]),)),
    ),
    "01.3": Exercise(
        solution=lambda x, w: w @ x,
        mistakes={
            "they are not equally likely: weigh each picture with its probability": lambda x, w: x.mean(0),
            "the likeliest picture is sharp, and its expected error is larger": lambda x, w: x[w.argmax()],
            "the median is the best answer for the absolute error, pixel by pixel": lambda x, w: np.median(x, axis=0),
            "the weights sum to one: do not divide by the number of pictures as well": lambda x, w: w @ x / len(x),
        },
        inputs=((PICTURES, WEIGHTS), (PICTURES[:, :2], WEIGHTS[::-1].copy())),
    ),
    "01.4": Exercise(
        solution=lambda x, w, sigma: _log_normal(x, w**2 + sigma**2),
        mistakes={
            "z moves x, too: its variance w² is missing": lambda x, w, sigma: _log_normal(x, sigma**2),
            "variances add, not standard deviations": lambda x, w, sigma: _log_normal(x, (w + sigma) ** 2),
            "w and σ are standard deviations: square them": lambda x, w, sigma: _log_normal(x, w + sigma),
            "the constant is missing: −½ log(2π · variance)": lambda x, w, sigma: -(x**2) / (2 * (w**2 + sigma**2)),
            "that is minus the log-likelihood": lambda x, w, sigma: -_log_normal(x, w**2 + sigma**2),
            "that is the likelihood; take its logarithm": lambda x, w, sigma: np.exp(_log_normal(x, w**2 + sigma**2)),
        },
        inputs=((0.7, 1.5, 0.5), (-2.0, 0.3, 1.1)),
    ),
}
