"""Walks and sums in the space of z: ends, lengths, angles, against closed forms and complex numbers."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from torch.nn.functional import cosine_similarity

from gan_core import latent

RNG = torch.Generator().manual_seed(0)
Z0, Z1 = torch.randn(2, 100, generator=RNG, dtype=torch.float64)
T = torch.linspace(0, 1, 5, dtype=torch.float64)


def oracle_lerp(lerp):
    path = lerp(Z0, Z1, T)
    torch.testing.assert_close(path[[0, -1]], torch.stack([Z0, Z1]))
    steps = path.diff(dim=0)
    torch.testing.assert_close(steps, ((Z1 - Z0) / 4).expand(4, -1))  # straight, and at an even pace


def oracle_slerp(slerp):
    path = slerp(Z0, Z1, T)
    torch.testing.assert_close(path[[0, -1]], torch.stack([Z0, Z1]))
    whole = math.acos(cosine_similarity(Z0, Z1, dim=0))
    unit = slerp(Z0 / Z0.norm(), Z1 / Z1.norm(), T)
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(5, dtype=torch.float64))  # on the sphere
    turned = cosine_similarity(unit[1:], unit[:-1], dim=1).acos()
    torch.testing.assert_close(turned, torch.full((4,), whole / 4, dtype=torch.float64))  # at an even pace


def test_lerp():
    oracle_lerp(latent.lerp)


def test_slerp():
    oracle_slerp(latent.slerp)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 1))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_slerp_in_the_plane_is_a_power_of_complex_numbers(first, second, t):
    """On the unit circle the walk from e^{iα} is e^{iα} (e^{iβ}/e^{iα})^t."""
    ratio = np.exp(1j * (second - first))
    if abs(np.angle(ratio)) > 3.1 or abs(ratio - 1) < 1e-3:  # opposite points have no shortest way
        return
    z0, z1 = (torch.tensor([math.cos(x), math.sin(x)], dtype=torch.float64) for x in (first, second))
    expected = np.exp(1j * first) * ratio**t
    np.testing.assert_allclose(latent.slerp(z0, z1, [t])[0].numpy(), [expected.real, expected.imag], atol=1e-9)


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_parallel_points_are_joined_by_a_line(factor):
    torch.testing.assert_close(latent.slerp(Z0, factor * Z0, T), latent.lerp(Z0, factor * Z0, T))


def test_halfway_is_inside_the_shell_only_on_the_straight_line():
    z = torch.randn(500, 2, 100, generator=RNG, dtype=torch.float64)
    straight = torch.stack([latent.lerp(a, b, [0.5])[0].norm() for a, b in z]).mean() / 10
    round_ = torch.stack([latent.slerp(a, b, [0.5])[0].norm() for a, b in z]).mean() / 10
    assert abs(straight - math.sqrt(0.5)) < 0.01
    assert abs(round_ - 1) < 0.01


@pytest.mark.parametrize(
    ("oracle", "mutant"),
    {
        "lerp: the ends swapped": (oracle_lerp, lambda a, b, t: latent.lerp(b, a, t)),
        "lerp: on the circle": (oracle_lerp, latent.slerp),
        "slerp: a straight line": (oracle_slerp, latent.lerp),
        "slerp: a line put back on the sphere": (
            oracle_slerp,
            lambda a, b, t: (p := latent.lerp(a, b, t)) / p.norm(dim=1, keepdim=True) * a.norm(),
        ),
        "slerp: degrees for radians": (
            oracle_slerp,
            lambda a, b, t: latent.slerp(a, b, np.rad2deg(np.asarray(t)) / 57.0),
        ),
        "slerp: the ends swapped": (oracle_slerp, lambda a, b, t: latent.slerp(a, b, 1 - t)),
    }.values(),
)
def test_walk_mutants(oracle, mutant):
    assert_killed(oracle, mutant)


def oracle_analogy(analogy):
    a, b, c = torch.randn(3, 400, 3, 100, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = (a[7].sum(0) - b[7].sum(0) + c[7].sum(0)) / 3
    torch.testing.assert_close(analogy(a, b, c)[7], expected)
    torch.testing.assert_close(analogy(a[7], b[7], c[7]), expected)
    several = a[7, 0, 5] - b[7, :, 5].mean() + c[7, :2, 5].mean()  # one exemplar, three and two
    torch.testing.assert_close(analogy(a[7, :1], b[7], c[7, :2])[5], several)
    for k in (1, 3):  # √(3/k) of a draw's length, which is 10
        length = analogy(a[:, :k], b[:, :k], c[:, :k]).norm(dim=-1).mean()
        assert abs(length / math.sqrt(300 / k) - 1) < 0.01


def test_analogy():
    oracle_analogy(latent.analogy)


@faults(
    {
        "b and c swapped": lambda a, b, c: latent.analogy(a, c, b),
        "sums for means": lambda a, b, c: a.sum(-2) - b.sum(-2) + c.sum(-2),
        "means over z": lambda a, b, c: (a.mean(-1, True) - b.mean(-1, True) + c.mean(-1, True)).expand_as(a)[
            ..., 0, :
        ],
        "put back on the shell": lambda a, b, c: (z := latent.analogy(a, b, c)) / z.norm(dim=-1, keepdim=True) * 10,
    }
)
def test_analogy_mutants(mutant):
    assert_killed(oracle_analogy, mutant)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: latent.lerp(Z0, Z1[:3], T), "given shapes (100,) and (3,)"),
        (lambda: latent.slerp(Z0[None], Z1[None], T), "must be one z each"),
        (lambda: latent.slerp(Z0, -Z0, T), "opposite ways"),
        (lambda: latent.analogy(Z0, Z0, Z0), "a must be exemplars (…, k, z)"),
        (lambda: latent.analogy(Z0[None], Z0[None], Z0[None, :5]), "given 100, 100 and 5"),
        (lambda: latent.analogy(Z0[None], Z0[None][:0], Z0[None]), "b must be exemplars"),
    ],
)
def test_bad_input(wrong, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        wrong()
