"""The exercises of chapter 16, After SNGAN."""

import numpy as np
import torch
from torch.nn.functional import softplus

from gan_core.course.lessons.exercises import Exercise


def _softmax(scores, axis=1):
    weight = np.exp(scores)
    return weight / weight.sum(axis, keepdims=True)


def _looked_at(seed, places, d, e):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((places, d)), rng.standard_normal((places, d)), rng.standard_normal((places, e))


def _pairs(real, fake):
    return softplus(fake - real).mean(), softplus(real - fake).mean()


def _each_with_each(real, fake):
    delta = real[:, None] - fake
    return softplus(-delta).mean(), softplus(delta).mean()


def _euler(v, z, steps, at=lambda k, steps: k / steps, h=lambda steps: 1 / steps, made=lambda steps: steps):
    for k in range(made(steps)):
        z = z + h(steps) * v(z, at(k, steps))
    return z


def _growing(x, t):
    return (1 + 2 * t) * x


def _turning(x, t):
    return x[..., ::-1] * (3 * t**2 + 0.5)


LOGITS = (
    (torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64), torch.tensor([-0.5, 1.5, 0.0], dtype=torch.float64)),
    (torch.tensor([40.0, -3.0], dtype=torch.float64), torch.tensor([-2.0, 35.0], dtype=torch.float64)),
)

EXERCISES = {
    "16.1": Exercise(
        solution=lambda q, k, v: _softmax(q @ k.T) @ v,
        mistakes={
            "the shares of the place that *asks* sum to one: normalise along the keys, not along the queries": (
                lambda q, k, v: _softmax(q @ k.T, axis=0) @ v
            ),
            "that is a transformer's attention, divided by √d; SAGAN does not divide": (
                lambda q, k, v: _softmax(q @ k.T / np.sqrt(q.shape[1])) @ v
            ),
            "keys and queries are exchanged: row j belongs to the query of place j": (
                lambda q, k, v: _softmax(k @ q.T) @ v
            ),
            "that mixes along the wrong side: o_j = Σ_i β_ji v_i, not Σ_i β_ij v_i": (
                lambda q, k, v: _softmax(q @ k.T).T @ v
            ),
            "the softmax is missing: scores are no shares": lambda q, k, v: q @ k.T @ v,
            "each place takes from the one it likes best; attention is soft, it mixes": (
                lambda q, k, v: v[(q @ k.T).argmax(1)]
            ),
        },
        inputs=(_looked_at(0, 5, 2, 3), _looked_at(1, 4, 3, 2)),
    ),
    "16.2": Exercise(
        solution=_pairs,
        mistakes={
            "the two are swapped: L_D is small when real examples have the higher logits": (
                lambda real, fake: _pairs(real, fake)[::-1]
            ),
            "the mean comes last: each pair has a loss of its own, and softplus is not linear": (
                lambda real, fake: (softplus(fake.mean() - real.mean()), softplus(real.mean() - fake.mean()))
            ),
            "a loss is a mean over the pairs, not a sum": (
                lambda real, fake: tuple(len(real) * each for each in _pairs(real, fake))
            ),
            "that is the cross-entropy and the non-saturating loss, which look at one logit at a time": (
                lambda real, fake: (softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean())
            ),
            "that is each real one with each fake; here the first goes with the first, and so on": _each_with_each,
            "σ(δ) is the probability of the right answer; the loss is its −log": (
                lambda real, fake: (torch.sigmoid(fake - real).mean(), torch.sigmoid(real - fake).mean())
            ),
        },
        inputs=LOGITS,
    ),
    "16.3": Exercise(
        solution=_euler,
        mistakes={
            "the velocity is asked at the beginning of each step, k / steps; you ask at its end": (
                lambda v, z, steps: _euler(v, z, steps, at=lambda k, steps: (k + 1) / steps)
            ),
            "a step is 1 / steps long; you go on by the whole velocity": (
                lambda v, z, steps: _euler(v, z, steps, h=lambda steps: 1)
            ),
            "time runs from 0 to 1: step k is at k / steps, not at k": (
                lambda v, z, steps: _euler(v, z, steps, at=lambda k, steps: k)
            ),
            "the flow goes from noise, t = 0, to the data, t = 1; you go back": (
                lambda v, z, steps: _euler(v, z, steps, at=lambda k, steps: 1 - k / steps, h=lambda steps: -1 / steps)
            ),
            "the last step is missing": lambda v, z, steps: _euler(v, z, steps, made=lambda steps: steps - 1),
            "that asks twice a step, at its middle the second time: the midpoint rule, a better one": (
                lambda v, z, steps: _midpoints(v, z, steps)
            ),
        },
        inputs=((_growing, np.array([1.0, -2.0]), 4), (_turning, np.array([0.3, 0.8]), 3)),
    ),
    "16.4": Exercise(
        solution="C",
        mistakes={
            "the changes are part of the data then, and G learns to draw changed faces: they leak": "A",
            "D has learned from changed pictures only, and is asked about unchanged ones, which it has never seen": "B",
            "in D's step the fakes are unchanged and in G's they are changed: the two play different games": "D",
        },
    ),
}


def _midpoints(v, z, steps):
    h = 1 / steps
    for k in range(steps):
        z = z + h * v(z + h / 2 * v(z, k * h), (k + 0.5) * h)
    return z
