"""The exercises of chapter 05, The saddle."""

import numpy as np

from gan_core.course.lessons.exercises import Exercise


def _simultaneous(x, y, eta):
    return x - eta * y, y + eta * x


def _alternating(x, y, eta):
    x = x - eta * y
    return x, y + eta * x


def _extragradient(x, y, eta):
    half_x, half_y = x - eta * y, y + eta * x
    return x - eta * half_y, y + eta * half_x


def _sigmoid(t):
    return 1 / (1 + np.exp(-t))


def _r1(theta, psi, gamma):
    return -psi * _sigmoid(-psi * theta), theta * _sigmoid(-psi * theta) - gamma * psi


EXERCISES = {
    "05.1": Exercise(
        solution=_simultaneous,
        mistakes={
            "that is the alternating step: y must see the x from before the step": _alternating,
            "that is the alternating step with y first: x must see the y from before the step": lambda x, y, eta: (
                x - eta * (y + eta * x),
                y + eta * x,
            ),
            "x minimises, so it goes down: x − η·∂V/∂x": lambda x, y, eta: (x + eta * y, y + eta * x),
            "both of yours go down; y maximises, so it goes up": lambda x, y, eta: (x - eta * y, y - eta * x),
            "∂(xy)/∂x is y, not x": lambda x, y, eta: (x - eta * x, y + eta * y),
        },
        inputs=((1.0, 1.0, 0.1), (0.5, -2.0, 0.3)),
    ),
    "05.2": Exercise(
        solution=_extragradient,
        mistakes={
            "you stepped on from the half point; step from where you stood, with the field found there": (
                lambda x, y, eta: _simultaneous(*_simultaneous(x, y, eta), eta)
            ),
            "that is the simultaneous step: use the field at the half point": _simultaneous,
            "that is the alternating step: both players look ahead, and both from the old point": _alternating,
        },
        inputs=((1.0, 1.0, 0.1), (0.5, -2.0, 0.3)),
    ),
    "05.3": Exercise(
        solution=lambda eta, k: (1 + eta**2) ** (k / 2),
        mistakes={
            "that is the factor of the *squared* distance; take the root": lambda eta, k: (1 + eta**2) ** k,
            "|1 + iη| is √(1 + η²), not 1 + η": lambda eta, k: (1 + eta) ** k,
            "that is the factor of one step; there are k of them": lambda eta, k: (1 + eta**2) ** 0.5,
        },
        inputs=((0.1, 500), (0.3, 10), (1.0, 1)),
    ),
    "05.4": Exercise(
        solution=_r1,
        mistakes={
            "that is the game without its penalty": lambda theta, psi, gamma: _r1(theta, psi, 0),
            "the derivative of γ/2·ψ² is γψ: the ½ and the 2 cancel": lambda theta, psi, gamma: _r1(
                theta, psi, gamma / 2
            ),
            "2γψ would belong to γ·ψ²; R1 has the factor γ/2": lambda theta, psi, gamma: _r1(theta, psi, 2 * gamma),
            "the penalty is added to what D minimises, so it pulls ψ back: −γψ": (
                lambda theta, psi, gamma: _r1(theta, psi, -gamma)
            ),
            "σ(ψθ) is the non-saturating line; the slope of log σ(t) is σ(−t)": lambda theta, psi, gamma: (
                -psi * _sigmoid(psi * theta),
                theta * _sigmoid(psi * theta) - gamma * psi,
            ),
        },
        inputs=((1.0, 1.0, 0.3), (0.7, -1.2, 0.5)),
    ),
    "05.5": Exercise(
        solution=lambda gamma: 4 * gamma,
        mistakes={
            "you set |λ|² = 1 − ηγ + η² …; the field at 0 has ½, not 1, beside the diagonal": lambda gamma: gamma,
            "2γ is where the two sides of |λ|² = 1 − ηγ + η²/4 meet at its lowest point; it returns to 1 later": (
                lambda gamma: 2 * gamma
            ),
            "that is the limit of the alternating step; here both move at once": (
                lambda gamma: 4 * (np.sqrt(1 + gamma**2) - gamma)
            ),
            "η grows with γ: more friction allows larger steps": lambda gamma: 4 / gamma,
        },
        inputs=((0.1,), (0.3,), (0.5,)),
    ),
}
