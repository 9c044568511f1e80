"""The exercises of chapter 12, WGAN: samples ranked, what a penalised and a clipped critic report, a penalty."""

import numpy as np
import torch

from gan_core.course.lessons.exercises import Exercise

_RNG = torch.Generator().manual_seed(12)
_REAL, _FAKE = torch.randn(2, 6, 2, generator=_RNG, dtype=torch.float64)
_T = torch.tensor([[0.1], [0.2], [0.4], [0.6], [0.9], [0.95]], dtype=torch.float64)
_UP = torch.tensor([0.6, 0.8], dtype=torch.float64)


def _steep(x):
    return 3 * (x @ _UP)


def _shallow(x):
    return 0.5 * (x @ _UP)


def _bowl(x):
    return x.square().sum(1)


def _slope(f, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x, create_graph=True)[0]


def _above(s):
    return (s - 1).clamp(min=0).square()


def _between(real, fake, t):
    return real + t * (fake - real)


def _ranking(right):
    """A ranking, its reverse, and the four in which two neighbours have changed places."""
    mistakes = {"that is from the best to the worst; begin with the worst": right[::-1]}
    for i in range(4):
        first, second = right[i], right[i + 1]
        nearly = right[:i] + second + first + right[i + 2 :]
        mistakes[f"nearly: look again at {first} and {second}"] = nearly
    return Exercise(solution=right, mistakes=mistakes)


EXERCISES = {
    "12.1": _ranking("BDAEC"),
    "12.2": _ranking("GIJFH"),
    "12.3": Exercise(
        solution=lambda delta, w: delta * (1 + delta / (2 * w)),
        mistakes={
            "that is the slope; the report is the slope times the distance": lambda delta, w: 1 + delta / (2 * w),
            "that is what it should report; but a price is no wall": lambda delta, w: delta,
            "the derivative of w (s − 1)² is 2 w (s − 1): a 2 is missing": lambda delta, w: delta * (1 + delta / w),
            "it is too large, not too small: −δ s rewards a steep critic": (
                lambda delta, w: delta * (1 - delta / (2 * w))
            ),
            "the reward grows with the distance, −δ s, so the slope does, too": lambda delta, w: (
                delta * (1 + 1 / (2 * w))
            ),
        },
        inputs=((4.0, 10.0), (0.5, 3.0)),
    ),
    "12.4": Exercise(
        solution=lambda f, real, fake, t: _above(_slope(f, _between(real, fake, t)).norm(dim=1)).mean(),
        mistakes={
            "this is the two-sided price: a slope below 1 should cost nothing": lambda f, real, fake, t: (
                (_slope(f, _between(real, fake, t)).norm(dim=1) - 1).square().mean()
            ),
            "one norm for each example, norm(dim=1), not one for the whole batch": lambda f, real, fake, t: _above(
                _slope(f, _between(real, fake, t)).norm()
            ),
            "the root is missing: that is the square of the norm": lambda f, real, fake, t: _above(
                _slope(f, _between(real, fake, t)).square().sum(1)
            ).mean(),
            "the excess is to be squared": lambda f, real, fake, t: (
                _above(_slope(f, _between(real, fake, t)).norm(dim=1)).sqrt().mean()
            ),
            "the mean over the examples, not the sum": lambda f, real, fake, t: _above(
                _slope(f, _between(real, fake, t)).norm(dim=1)
            ).sum(),
            "the other way round: where t is 0, x̂ is the real point": lambda f, real, fake, t: _above(
                _slope(f, _between(fake, real, t)).norm(dim=1)
            ).mean(),
            "x̂ lies between the real and the fake point; you asked at the real one": lambda f, real, fake, t: _above(
                _slope(f, real).norm(dim=1)
            ).mean(),
        },
        inputs=tuple((f, _REAL, _FAKE, _T) for f in (_steep, _shallow, _bowl)),
    ),
    "12.5": Exercise(
        solution=lambda shift, c: c * np.abs(shift).sum(),
        mistakes={
            "that would be so if the length of w were at most c; here each weight by itself is": (
                lambda shift, c: c * np.linalg.norm(shift)
            ),
            "all weights may be at ±c at once, not only the one of the largest component": (
                lambda shift, c: c * np.abs(shift).max()
            ),
            "a weight may be negative: take each component by its size": lambda shift, c: c * np.sum(shift),
            "that is the earth mover's distance; the critic knows only ±c": lambda shift, c: np.linalg.norm(shift),
        },
        inputs=((np.array([3.0, -4.0]), 0.5), (np.array([1.0, 1.0, -1.0]), 0.01)),
    ),
}
