"""The exercises of chapter 08, Mode collapse."""

import numpy as np
import torch
from torch import nn

from gan_core.course.lessons.exercises import Exercise


def _slope(theta, psi, eta, K, whole=True):
    """d/dθ(−ψ_K θ) of the two-parameter game, with ψ_K's dependence on θ or without."""
    theta = torch.as_tensor(theta, dtype=torch.float64).requires_grad_()
    psi = torch.as_tensor(psi, dtype=torch.float64)
    for _ in range(K):
        psi = psi - eta * ((theta if whole else theta.detach()) + psi)
    return torch.autograd.grad(-psi * theta, theta)[0]


def _restored(D, saved, x):
    with torch.no_grad():
        for dst, src in zip(D.parameters(), saved, strict=True):
            dst.copy_(src)
    return D(x)


def _last_only(D, saved, x):
    with torch.no_grad():
        list(D.parameters())[-1].copy_(saved[-1])
    return D(x)


def _on_circle(angles):
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _layer(seed):
    rng = torch.Generator().manual_seed(seed)
    D = nn.Linear(2, 1, dtype=torch.float64)
    with torch.no_grad():
        for p in D.parameters():
            p.copy_(torch.randn(p.shape, generator=rng))
    return D


EXERCISES = {
    "08.1": Exercise(
        solution=_slope,
        mistakes={
            "that is the first order: θ must stay in the graph in the K steps, too": (
                lambda theta, psi, eta, K: _slope(theta, psi, eta, K, whole=False)
            ),
            "that is K = 0: put ψ_K into L_G, not ψ": lambda theta, psi, eta, K: -psi,
            "D goes down its loss: ψ − η(θ + ψ)": lambda theta, psi, eta, K: _slope(theta, psi, -eta, K),
            "one step too many": lambda theta, psi, eta, K: _slope(theta, psi, eta, K + 1),
            "the sign: L_G = −ψθ": lambda theta, psi, eta, K: -_slope(theta, psi, eta, K),
            "without its penalty D's loss is ψθ; with it the slope is θ + ψ": lambda theta, psi, eta, K: (
                -psi + 2 * K * eta * theta
            ),
        },
        inputs=((0.7, 0.3, 0.1, 5), (-0.4, 1.1, 0.2, 3)),
    ),
    "08.2": Exercise(
        solution=lambda eta, share: int(np.ceil(np.log(1 - share) / np.log(1 - eta))),
        mistakes={
            "each step goes a share η of what is left, not of the whole way": (
                lambda eta, share: int(np.ceil(share / eta))
            ),
            "round up, not down: fewer steps do not reach the share": (
                lambda eta, share: int(np.log(1 - share) / np.log(1 - eta))
            ),
            "(1 − η)ᴷ is what is left; it must be at most 1 − share": (
                lambda eta, share: int(np.ceil(np.log(share) / np.log(1 - eta)))
            ),
        },
        inputs=((0.1, 0.9), (0.05, 0.6), (0.3, 0.99)),
    ),
    "08.3": Exercise(
        solution=_restored,
        mistakes={
            "nothing was restored: `dst = src` gives the name dst to another tensor and leaves the weights alone": (
                lambda D, saved, x: D(x)
            ),
            "the weight is still the moved one; restore all of D's tensors": _last_only,
        },
        inputs=((_layer(0), [p.detach() for p in _layer(1).parameters()], torch.ones(1, 2, dtype=torch.float64)),),
    ),
    "08.4": Exercise(
        solution=lambda n: _on_circle(2 * np.pi * np.arange(n) / n),
        mistakes={
            "the first and the last are the same spot: a whole turn ends where it began": (
                lambda n: _on_circle(np.linspace(0, 2 * np.pi, n))
            ),
            "right, but one too many": lambda n: _on_circle(2 * np.pi * np.arange(n + 1) / n),
            "begin at the angle 0, that is at (1, 0)": lambda n: _on_circle(2 * np.pi * np.arange(1, n + 1) / n),
            "x₁ is the cosine, x₂ the sine": lambda n: _on_circle(2 * np.pi * np.arange(n) / n)[:, ::-1],
        },
        inputs=((8,), (5,)),
    ),
    "08.5": Exercise(
        solution="A",
        mistakes={
            "without create_graph the slope is a number that knows nothing of the fakes: the graph ends there": "B",
            "the fakes that D learns from are cut off from G: the first order": "C",
            "the optimizer writes new numbers into D in place, and no graph goes through that: the first order": "D",
        },
    ),
}
