"""The exercises of chapter 09: the sizes of layers, where checkerboards are, two exceptions, and two lines about z."""

import numpy as np
import torch

from gan_core.course.lessons.exercises import Exercise


def _slerp(z0, z1, t):
    angle = torch.acos(z0 @ z1 / (z0.norm() * z1.norm()))
    return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)


def _angle_of_unit_vectors(z0, z1, t):
    angle = torch.acos((z0 @ z1).clamp(-1, 1))
    return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)


def _sum(a, b, c):
    return a.mean(0) - b.mean(0) + c.mean(0)


def _stretched(z):
    return z * np.sqrt(len(z)) / z.norm()


_RNG = torch.Generator().manual_seed(9)
_Z = torch.randn(4, 5, generator=_RNG, dtype=torch.float64)
_EXEMPLARS = tuple(torch.randn(k, 6, generator=_RNG, dtype=torch.float64) for k in (3, 3, 2))

EXERCISES = {
    "09.1": Exercise(
        solution=lambda H, k, s, p: (H + 2 * p - k) // s + 1,
        mistakes={
            "that is the transposed convolution, which makes it larger": lambda H, k, s, p: (H - 1) * s - 2 * p + k,
            "one place is missing: k fits once where nothing is left to slide": lambda H, k, s, p: (H + 2 * p - k) // s,
            "the padding is put on both sides: 2p": lambda H, k, s, p: (H + p - k) // s + 1,
            "a kernel that does not fit any more makes no number: round down": lambda H, k, s, p: (
                (H + 2 * p - k) / s + 1
            ),
            "a convolution cuts nothing off, it adds the padding: + 2p": lambda H, k, s, p: (H - 2 * p - k) // s + 1,
        },
        inputs=((64, 4, 2, 1), (9, 4, 2, 1), (28, 5, 2, 2), (7, 3, 3, 0), (32, 3, 1, 1)),
    ),
    "09.2": Exercise(
        solution=lambda k, s: [len(range(r, k, s)) for r in range(s)],
        mistakes={
            "that is right only where s divides k; else some places get one more": lambda k, s: [k // s] * s,
            "the other way round: the first places of the kernel are the ones that get one more": (
                lambda k, s: [len(range(r, k, s)) for r in range(s)][::-1]
            ),
            "too many: r, r + s, … must stay below k": lambda k, s: [len(range(r, k + s, s)) for r in range(s)],
            "that is the plane; on the line it is the square root": lambda k, s: [
                len(range(r, k, s)) ** 2 for r in range(s)
            ],
        },
        inputs=((3, 2), (4, 2), (5, 2), (5, 3), (6, 3)),
    ),
    "09.3": Exercise(
        solution=5,
        mistakes={
            "one after every convolution but the one that makes the logit; DCGAN makes two exceptions more": 7,
            "one after every convolution, it would be; three of the eight have none": 8,
            "that is the generator alone": 3,
            "that is the discriminator alone": 2,
            "one of the exceptions is missing: G's last layer has none, and neither has D's first": 6,
        },
    ),
    "09.4": Exercise(
        solution=_slerp,
        mistakes={
            "that is the straight line: its middle is too short": lambda z0, z1, t: (1 - t) * z0 + t * z1,
            "the ends are swapped: at t = 0 it must be z₀": lambda z0, z1, t: _slerp(z1, z0, t),
            "the cosine of the angle is z₀·z₁ divided by both lengths": _angle_of_unit_vectors,
            "divide by sin Ω, or the ends are not met": (
                lambda z0, z1, t: _slerp(z0, z1, t) * torch.sin(torch.acos(z0 @ z1 / (z0.norm() * z1.norm())))
            ),
            "the straight line, stretched, goes the same way but not at an even speed": (
                lambda z0, z1, t: ((1 - t) * z0 + t * z1) / ((1 - t) * z0 + t * z1).norm() * z0.norm()
            ),
        },
        inputs=tuple((_Z[i], _Z[i + 1], t) for i, t in ((0, 0.0), (0, 0.5), (1, 0.3), (2, 1.0))),
    ),
    "09.5": Exercise(
        solution=lambda a, b, c: _stretched(_sum(a, b, c)),
        mistakes={
            "right, but too short or too long: stretch the sum to the length √d": _sum,
            "stretch the sum, not its terms": (
                lambda a, b, c: _stretched(a.mean(0)) - _stretched(b.mean(0)) + _stretched(c.mean(0))
            ),
            "the length of a draw is √d, not 1": lambda a, b, c: _sum(a, b, c) / _sum(a, b, c).norm(),
            "the signs: what a and b have in common must cancel": lambda a, b, c: _stretched(_sum(a, c, b)),
            "that is one exemplar each: take the mean over the k of them, axis 0": (
                lambda a, b, c: _stretched(a[0] - b[0] + c[0])
            ),
        },
        inputs=(_EXEMPLARS, tuple(2 * z for z in _EXEMPLARS)),
    ),
}
