"""gan_core.games against closed forms, autograd of losses written anew here, scipy's ODE solver, and mutants."""

import dataclasses
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed
from scipy.integrate import solve_ivp
from torch.nn.functional import logsigmoid

from gan_core import games, objectives

quick = settings(max_examples=30, deadline=None, derandomize=True)
etas = st.floats(0.01, 0.45)
coordinates = st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3)
ALL = ["bilinear", *games.DIRAC]


def game_named(name):
    return games.bilinear() if name == "bilinear" else games.dirac(name)


def radius(points):
    return np.hypot(points[..., 0], points[..., 1])


def end_radius(game, integrator):
    return radius(games.trajectory(game, integrator, start=(1, 1), steps=500)[-1])


# ---- the fields are minus the gradients of the losses -------------------------------------------------------


def value(theta, psi):
    """V = log D(0) + log(1 − D(θ)) with the logit a(x) = −ψx."""
    return logsigmoid(-psi * 0) + logsigmoid(psi * theta)


def consensus_losses(theta, psi, gamma=1.0):
    v = torch.autograd.grad(value(theta, psi), (theta, psi), create_graph=True)  # ‖v‖² = ‖∇V‖²
    penalty = gamma / 2 * (v[0] ** 2 + v[1] ** 2)
    return value(theta, psi) + penalty, -value(theta, psi) + penalty


def noisy_losses(theta, psi):
    """E over N(0, 0.7²) by the trapezoid rule on [−8σ, 8σ], an integral independent of Gauss and Hermite."""
    e = torch.linspace(-5.6, 5.6, 2_001, dtype=torch.float64)
    weights = torch.exp(-(e**2) / (2 * 0.49))
    weights = weights / weights.sum()
    v = (weights * (logsigmoid(-psi * e) + logsigmoid(psi * (theta + e)))).sum()
    return v, -v


LOSSES = {
    "bilinear": lambda x, y: (x * y, -(x * y)),
    "gan": lambda t, p: (value(t, p), -value(t, p)),
    "non_saturating": lambda t, p: (-logsigmoid(-p * t), -value(t, p)),
    "wgan": lambda t, p: (p * t, -p * t),
    "wgan_clipped": lambda t, p: (p * t, -p * t),
    "wgan_gp": lambda t, p: (p * t, -p * t + 0.7 / 2 * (p.abs() - 1) ** 2),
    "instance_noise": noisy_losses,
    "r1": lambda t, p: (value(t, p), -value(t, p) + 0.3 / 2 * p**2),
    "consensus": consensus_losses,
}


def oracle_field(name, game, theta, psi):
    t, p = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (theta, psi))
    losses = LOSSES[name](t, p)
    wanted = -torch.autograd.grad(losses[0], t, retain_graph=True)[0], -torch.autograd.grad(losses[1], p)[0]
    np.testing.assert_allclose(game.losses(theta, psi), [loss.item() for loss in losses], atol=1e-10)
    np.testing.assert_allclose(game.field(theta, psi), [v.item() for v in wanted], atol=1e-10)


@pytest.mark.parametrize("name", ALL)
@quick
@given(theta=coordinates, psi=coordinates)
def test_field_is_minus_the_gradient_of_the_losses(name, theta, psi):
    oracle_field(name, game_named(name), theta, psi)


def s(t):
    return 1 / (1 + np.exp(-t))


def with_field(name, field):
    return dataclasses.replace(game_named(name), field=field)


def halved_consensus(t, p):
    """The factor ½ kept in the second term: the notebook that goes with Mescheder et al. 2018 has it."""
    f, r2 = s(-p * t), t**2 + p**2
    return (
        -p * f - (t * f**2 - 0.5 * p * r2 * f**2 * (1 - f)),
        t * f - (p * f**2 - 0.5 * t * r2 * f**2 * (1 - f)),
    )


FIELD_MUTANTS = {
    "bilinear: sign of x": ("bilinear", lambda x, y: (y, x)),
    "bilinear: sign of y": ("bilinear", lambda x, y: (-y, -x)),
    "bilinear: players swapped": ("bilinear", lambda x, y: (x, -y)),
    "gan: σ(t) for σ(−t)": ("gan", lambda t, p: (-p * s(p * t), t * s(p * t))),
    "gan: sign of θ": ("gan", lambda t, p: (p * s(-p * t), t * s(-p * t))),
    "gan: the non-saturating generator": ("gan", lambda t, p: (-p * s(p * t), t * s(-p * t))),
    "non_saturating: the saturating generator": ("non_saturating", lambda t, p: (-p * s(-p * t), t * s(-p * t))),
    "wgan: a sigmoid left in": ("wgan", lambda t, p: (-p * s(-p * t), t * s(-p * t))),
    "wgan: sign of ψ": ("wgan", lambda t, p: (-p, -t)),
    "wgan_clipped: sign of ψ": ("wgan_clipped", lambda t, p: (-p, -t)),
    "wgan_gp: no penalty": ("wgan_gp", lambda t, p: (-p, t)),
    "wgan_gp: factor 2": ("wgan_gp", lambda t, p: (-p, t - 1.4 * (p - np.sign(p)))),
    "wgan_gp: no absolute value": ("wgan_gp", lambda t, p: (-p, t - 0.7 * (p - 1))),
    "wgan_gp: sign of the penalty": ("wgan_gp", lambda t, p: (-p, t + 0.7 * (p - np.sign(p)))),
    "instance_noise: no noise": ("instance_noise", lambda t, p: games.dirac("gan").field(t, p)),
    "instance_noise: the noise of R1 near 0": (
        "instance_noise",
        lambda t, p: games.dirac("r1", gamma=0.245).field(t, p),
    ),
    "r1: no penalty": ("r1", lambda t, p: games.dirac("gan").field(t, p)),
    "r1: factor 2": ("r1", lambda t, p: games.dirac("r1", gamma=0.6).field(t, p)),
    "r1: the penalty moves θ": ("r1", lambda t, p: (-p * s(-p * t) - 0.3 * p, t * s(-p * t))),
    "consensus: no penalty": ("consensus", lambda t, p: games.dirac("gan").field(t, p)),
    "consensus: the factor ½ twice": ("consensus", halved_consensus),
}


@pytest.mark.parametrize("mutant", FIELD_MUTANTS)
def test_field_oracle_kills(mutant):
    name, field = FIELD_MUTANTS[mutant]
    assert_killed(lambda game: oracle_field(name, game, 1.1, -0.7), with_field(name, field))


def test_no_game_was_forgotten():
    assert set(LOSSES) == set(ALL)
    assert {name for name, _ in FIELD_MUTANTS.values()} == set(ALL)


@pytest.mark.parametrize(
    ("name", "objective"),
    [("gan", "saturating"), ("non_saturating", "non_saturating"), ("wgan", "wasserstein")],
)
def test_losses_are_the_objectives_of_the_course_at_these_logits(name, objective):
    """The logit of this discriminator is a(x) = −ψx; the same pair of losses trains the networks."""
    theta, psi = np.random.default_rng(1).normal(size=(2, 50))
    pair = objectives.named(objective)
    for t, p, got in zip(theta, psi, np.transpose(games.dirac(name).losses(theta, psi)), strict=True):
        fake, real = torch.tensor([-p * t]), torch.tensor([-p * 0.0])
        constant = 0 if objective != "saturating" else np.log(0.5)  # log D(0): θ cannot change it
        np.testing.assert_allclose(
            got, [float(pair.generator(fake)) + constant, float(pair.discriminator(real, fake))], atol=1e-12
        )


@pytest.mark.parametrize("name", ALL)
def test_games_are_vectorised_stable_and_complex(name):
    game = game_named(name)
    grid = np.random.default_rng(2).normal(size=(2, 4, 5))
    for function in (game.losses, game.field):
        whole = np.array(function(*grid))
        assert whole.shape == (2, 4, 5)
        np.testing.assert_array_equal(whole[:, 2, 3], np.array(function(*grid[:, 2, 3])))
    assert np.isfinite(game.field(np.array([30.0, -30.0]), np.array([40.0, 40.0]))).all()  # ψθ = ±1200
    step = 1e-30  # L(θ + ih) = L(θ) + ih·L'(θ): the imaginary part holds the derivative, exactly
    by_complex_step = -np.imag(game.losses(grid[0] + 1j * step, grid[1])[0]) / step
    np.testing.assert_allclose(by_complex_step, game.field(*grid)[0], atol=1e-13)


def test_parameters_reach_the_field():
    t, p = 0.8, 0.4
    assert games.dirac("wgan_gp", gamma=2, g0=0.3).field(t, p)[1] == pytest.approx(t - 2 * (p - 0.3))
    assert games.dirac("r1", gamma=0).field(t, p) == games.dirac("gan").field(t, p)
    assert games.dirac("consensus", gamma=0).field(t, p) == games.dirac("gan").field(t, p)
    assert games.dirac("instance_noise", sigma=0).field(t, p) == pytest.approx(games.dirac("gan").field(t, p))
    assert games.dirac("wgan_clipped", c=0.01).project(np.array([-3.0, 0.005, 3.0])).tolist() == [-0.01, 0.005, 0.01]


@pytest.mark.parametrize("name", ALL)
def test_the_equilibrium_is_the_point_where_nobody_moves(name):
    np.testing.assert_allclose(game_named(name).field(0.0, 0.0), 0, atol=1e-15)


# ---- one update: closed forms on xy, where every update is a matrix -----------------------------------------


def matrix_of(integrator_name, eta, k):
    """The matrix of one update on xy, written by hand; `k` is n or K where there is one."""
    v, one = np.array([[0, -1], [1, 0]]), np.eye(2)
    ascent = np.array([[1, 0], [eta, 1]])
    return {
        "simultaneous": one + eta * v,
        "alternating": np.linalg.matrix_power(ascent, k) @ [[1, -eta], [0, 1]],
        "extragradient": one + eta * v + eta**2 * v @ v,
        "optimistic": np.block([[one + 2 * eta * v, -eta * v], [one, 0 * one]]),
        "look_ahead": np.array([[1 - 2 * k * eta**2, -eta], [eta, 1]]),  # d/dx x(y + Kηx) = y + 2Kηx
        "look_ahead_first_order": np.array([[1 - k * eta**2, -eta], [eta, 1]]),
    }[integrator_name]


COUNTED = {"alternating": "n", "look_ahead": "K", "look_ahead_first_order": "K"}


def oracle_integrator(name, make, eta=0.1, k=3):
    integrator = make(eta, **{COUNTED[name]: k}) if name in COUNTED else make(eta)
    np.testing.assert_allclose(games.jacobian(games.bilinear(), integrator), matrix_of(name, eta, k), atol=1e-11)
    # and away from the linear: one step of the GAN from (θ, ψ) = (1.1, −0.7), written out with autograd
    state = (1.1, -0.7, 0.9, -0.4)[: integrator.size]
    got = integrator.step(games.dirac("gan"), *state)
    np.testing.assert_allclose(np.array(got[:2], dtype=float), by_autograd(name, eta, k, state), atol=1e-12)


def by_autograd(name, eta, k, state):
    """The same updates of the Dirac-GAN with torch as the only calculus."""

    def field(t, p):
        t, p = t.detach().requires_grad_(), p.detach().requires_grad_()
        g = torch.autograd.grad(value(t, p), (t, p))
        return torch.stack([-g[0], g[1]])

    w = torch.tensor(state[:2], dtype=torch.float64)
    if name == "simultaneous":
        w = w + eta * field(*w)
    elif name == "alternating":
        w = w + eta * field(*w) * torch.tensor([1.0, 0.0])
        for _ in range(k):
            w = w + eta * field(*w) * torch.tensor([0.0, 1.0])
    elif name == "extragradient":
        w = w + eta * field(*(w + eta * field(*w)))
    elif name == "optimistic":
        w = w + eta * (2 * field(*w) - field(*torch.tensor(state[2:], dtype=torch.float64)))
    else:
        theta, psi = w[0].clone().requires_grad_(), w[1].clone().requires_grad_()
        ahead = psi
        for _ in range(k):
            ascent = torch.autograd.grad(value(theta, ahead), ahead, create_graph=True)[0]
            ahead = ahead + eta * ascent
        if name == "look_ahead_first_order":
            ahead = ahead.detach()
        total = torch.autograd.grad(value(theta, ahead), theta)[0]
        w = torch.stack([theta.detach() - eta * total, w[1] + eta * field(*w)[1]])
    return w.numpy()


@pytest.mark.parametrize("name", games.INTEGRATORS)
@quick
@given(eta=etas, k=st.integers(1, 6))
def test_integrator(name, eta, k):
    oracle_integrator(name, games.INTEGRATORS[name], eta, k)


def mutant_step(name, step):
    """A factory of integrators whose step is `step(eta, k, game, *state)`."""
    return lambda eta, n=1, K=1: dataclasses.replace(
        games.INTEGRATORS[name](eta), step=partial(step, eta, n if name == "alternating" else K)
    )


def uses_the_old_value(eta, n, game, t, p):
    v = game.field(t, p)[0]
    for _ in range(n):
        p = p + eta * game.field(t, p)[1]  # the θ from before its step
    return t + eta * v, p


def psi_first(eta, n, game, t, p):
    for _ in range(n):
        p = p + eta * game.field(t, p)[1]
    return t + eta * game.field(t, p)[0], p


def n_for_the_wrong_player(eta, n, game, t, p):
    for _ in range(n):
        t = t + eta * game.field(t, p)[0]
    return t, p + eta * game.field(t, p)[1]


def steps_from_the_half_point(eta, k, game, t, p):
    v = game.field(t, p)
    t, p = t + eta * v[0], p + eta * v[1]
    v = game.field(t, p)
    return t + eta * v[0], p + eta * v[1]


def really_moves_the_opponent(eta, K, game, t, p):
    ahead = p
    for _ in range(K):
        ahead = ahead + eta * game.field(t, ahead)[1]
    return t + eta * game.field(t, ahead)[0], ahead


def one_look_too_many(eta, K, game, t, p):
    return games.look_ahead(eta, K + 1).step(game, t, p)


def optimistic_sign(eta, k, game, t, p, t0, p0):
    v, u = game.field(t, p), game.field(t0, p0)
    return t + eta * (2 * v[0] + u[0]), p + eta * (2 * v[1] + u[1]), t, p


def forgets_to_remember(eta, k, game, t, p, t0, p0):
    v, u = game.field(t, p), game.field(t0, p0)
    return t + eta * (2 * v[0] - u[0]), p + eta * (2 * v[1] - u[1]), t0, p0


def alternating_step(eta, k, game, t, p):
    return games.alternating(eta).step(game, t, p)


def uphill(eta, k, game, t, p):
    v = game.field(t, p)
    return t - eta * v[0], p + eta * v[1]


INTEGRATOR_MUTANTS = {
    "simultaneous: ψ sees the new θ": ("simultaneous", alternating_step),
    "simultaneous: θ climbs": ("simultaneous", uphill),
    "alternating: ψ sees the old θ": ("alternating", uses_the_old_value),
    "alternating: ψ begins": ("alternating", psi_first),
    "alternating: n for the wrong player": ("alternating", n_for_the_wrong_player),
    "extragradient: steps from the half point": ("extragradient", steps_from_the_half_point),
    "optimistic: plus for minus": ("optimistic", optimistic_sign),
    "optimistic: keeps the first field for ever": ("optimistic", forgets_to_remember),
    "look_ahead: graph cut": ("look_ahead", lambda eta, K, *a: games.look_ahead_first_order(eta, K).step(*a)),
    "look_ahead: K + 1": ("look_ahead", one_look_too_many),
    "look_ahead_first_order: K real steps": ("look_ahead_first_order", really_moves_the_opponent),
    "look_ahead_first_order: second term kept": (
        "look_ahead_first_order",
        lambda eta, K, *a: games.look_ahead(eta, K).step(*a),
    ),
}


@pytest.mark.parametrize("mutant", INTEGRATOR_MUTANTS)
def test_integrator_oracle_kills(mutant):
    name, step = INTEGRATOR_MUTANTS[mutant]
    assert_killed(lambda make: oracle_integrator(name, make), mutant_step(name, step))


def test_no_integrator_was_forgotten():
    assert {name for name, _ in INTEGRATOR_MUTANTS.values()} == set(games.INTEGRATORS)
    assert games.integrator("alternating", 0.3).eta == 0.3
    assert games.integrator("alternating", 0.3).name == "alternating"


@pytest.mark.parametrize("name", games.INTEGRATORS)
def test_every_integrator_respects_the_bounds(name):
    path = games.trajectory(games.dirac("wgan_clipped", c=0.05), games.integrator(name, 0.3), start=(1, 1), steps=60)
    assert np.abs(path[..., 1]).max() == 0.05


def test_look_ahead_stops_at_the_bound_too():
    """Beyond the clip ψ_K no longer depends on θ, so the total derivative is the partial one."""
    game, eta = games.dirac("wgan_clipped", c=0.5), 0.2
    got = games.look_ahead(eta, K=5).step(game, np.array(2.0), np.array(0.5))
    assert got[0] == pytest.approx(2.0 - eta * 0.5, abs=1e-15)


# ---- trajectories -------------------------------------------------------------------------------------------


def oracle_trajectory(trajectory):
    path = trajectory(games.bilinear(), games.simultaneous(0.1), start=(1, 1), steps=500)
    assert path.shape == (501, 2)
    np.testing.assert_allclose(radius(path), np.sqrt(2) * (1 + 0.1**2) ** (np.arange(501) / 2), rtol=1e-12)
    np.testing.assert_allclose(
        path[:, 0], radius(path) * np.cos(np.pi / 4 + np.arange(501) * np.arctan(0.1)), atol=1e-10
    )
    both = trajectory(games.dirac("r1"), games.optimistic(0.2), start=[[1, 1], [-0.5, 2]], steps=7)
    assert both.shape == (8, 2, 2)
    np.testing.assert_array_equal(
        both[:, 1], trajectory(games.dirac("r1"), games.optimistic(0.2), start=(-0.5, 2), steps=7)
    )


def test_trajectory():
    oracle_trajectory(games.trajectory)


TRAJECTORY_MUTANTS = {
    "one step short": lambda g, i, start, steps: games.trajectory(g, i, start, steps - 1),
    "without the start": lambda g, i, start, steps: games.trajectory(g, i, start, steps + 1)[1:],
    "players swapped": lambda g, i, start, steps: games.trajectory(g, i, start, steps)[..., ::-1],
    "only the first start": lambda g, i, start, steps: games.trajectory(g, i, np.atleast_2d(start)[0], steps),
}


@pytest.mark.parametrize("mutant", TRAJECTORY_MUTANTS)
def test_trajectory_oracle_kills(mutant):
    assert_killed(oracle_trajectory, TRAJECTORY_MUTANTS[mutant])


@quick
@given(eta=etas, k=st.integers(1, 200), x=coordinates, y=coordinates)
def test_xy_simultaneous_radius(eta, k, x, y):
    path = games.trajectory(games.bilinear(), games.simultaneous(eta), start=(x, y), steps=k)
    assert radius(path[-1]) == pytest.approx(np.hypot(x, y) * (1 + eta**2) ** (k / 2), rel=1e-10)


@quick
@given(eta=etas, x=coordinates, y=coordinates)
def test_xy_alternating_stays_on_its_ellipse(eta, x, y):
    path = games.trajectory(games.bilinear(), games.alternating(eta), start=(x, y), steps=300)
    invariant = path[:, 0] ** 2 + path[:, 1] ** 2 - eta * path[:, 0] * path[:, 1]
    np.testing.assert_allclose(invariant, invariant[0], rtol=1e-10)


def test_small_steps_follow_the_flow_on_the_circle():
    game = games.bilinear()
    flow = solve_ivp(lambda _, w: game.field(*w), (0, 5), [1, 1], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(np.hypot(*flow.y), np.sqrt(2), atol=1e-8)
    for name in ("simultaneous", "alternating", "extragradient", "optimistic"):
        errors = [
            np.abs(games.trajectory(game, games.integrator(name, 5 / n), (1, 1), n)[-1] - flow.y[:, -1]).max()
            for n in (500, 1000)
        ]
        assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)  # first order: half the step, half the error


def test_running_away_ends_in_inf_without_a_warning():
    path = games.trajectory(games.bilinear(), games.simultaneous(1e3), steps=500)
    assert not np.isfinite(path[-1]).any()
    assert np.isfinite(path[:50]).all()


END_RADII = {  # after 500 steps of h = 0.2 from θ = ψ = 1: simultaneous, alternating
    "gan": (3.10, 1.42),
    "non_saturating": (0.64, 0.28),
    "wgan_clipped": (1.00, 1.02),
    "wgan_gp": (1.80, 1.22),
}


def oracle_end_radius(name, game):
    got = [end_radius(game, make(0.2)) for make in (games.simultaneous, games.alternating)]
    np.testing.assert_allclose(got, END_RADII[name], atol=0.006)


@pytest.mark.parametrize("name", END_RADII)
def test_dirac_end_radius(name):
    oracle_end_radius(name, games.dirac(name))


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("gan", games.dirac("non_saturating")),
        ("non_saturating", games.dirac("gan")),
        ("wgan_clipped", games.dirac("wgan")),
        ("wgan_clipped", games.dirac("wgan_clipped", c=0.3)),
        ("wgan_gp", games.dirac("wgan_gp", gamma=1, g0=0.7)),
    ],
)
def test_dirac_end_radius_kills(name, mutant):
    assert_killed(partial(oracle_end_radius, name), mutant)


def test_dirac_r1_end_radius():
    got = [end_radius(games.dirac("r1", gamma=0.3), make(0.2)) for make in (games.simultaneous, games.alternating)]
    np.testing.assert_allclose(got, (2.6e-6, 2.3e-7), rtol=0.02)


# ---- eigenvalues --------------------------------------------------------------------------------------------

MODULUS = {  # of the update on xy: closed forms
    "simultaneous": lambda eta: np.sqrt(1 + eta**2),
    "alternating": lambda eta: 1.0,
    "extragradient": lambda eta: np.sqrt(1 - eta**2 + eta**4),
    "optimistic": lambda eta: np.sqrt((1 + np.sqrt(1 - 4 * eta**2)) / 2),
}


@pytest.mark.parametrize("name", MODULUS)
@quick
@given(eta=etas)
def test_xy_modulus(name, eta):
    found = np.abs(games.eigenvalues(games.bilinear(), games.integrator(name, eta))).max()
    assert found == pytest.approx(MODULUS[name](eta), abs=1e-10)


@quick
@given(eta=st.floats(0.01, 0.15), K=st.integers(1, 5))
def test_xy_modulus_of_looking_ahead(eta, K):
    """|λ|² is the determinant while the eigenvalues are complex, which they are for Kη < 1."""
    both = [
        np.abs(games.eigenvalues(games.bilinear(), make(eta, K))) ** 2
        for make in (games.look_ahead, games.look_ahead_first_order)
    ]
    np.testing.assert_allclose(both[0], 1 - (2 * K - 1) * eta**2, atol=1e-10)
    np.testing.assert_allclose(both[1], 1 - (K - 1) * eta**2, atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_more_steps_of_one_player_do_not_leave_the_unit_circle(n):
    np.testing.assert_allclose(np.abs(games.eigenvalues(games.bilinear(), games.alternating(0.2, n))), 1, atol=1e-10)


FIELD_JACOBIAN = {  # of the Dirac-GAN's field at (0, 0), by hand; σ(0) = ½
    "gan": [[0, -0.5], [0.5, 0]],
    "non_saturating": [[0, -0.5], [0.5, 0]],
    "wgan": [[0, -1], [1, 0]],
    "wgan_clipped": [[0, -1], [1, 0]],
    "instance_noise": [[0, -0.5], [0.5, -(0.7**2) / 2]],
    "r1": [[0, -0.5], [0.5, -0.3]],
    "consensus": [[-0.25, -0.5], [0.5, -0.25]],
}


def oracle_eigenvalues(eigenvalues):
    for name, matrix in FIELD_JACOBIAN.items():
        wanted = 1 + 0.2 * np.linalg.eigvals(matrix)
        got = eigenvalues(games.dirac(name), games.simultaneous(0.2))
        np.testing.assert_allclose(np.sort_complex(got), np.sort_complex(wanted), atol=1e-10)
    assert eigenvalues(games.bilinear(), games.optimistic(0.1)).shape == (4,)
    assert eigenvalues(games.dirac("r1"), games.alternating(0.2), np.zeros((3, 5, 2))).shape == (3, 5, 2)


def test_eigenvalues():
    oracle_eigenvalues(games.eigenvalues)


EIGENVALUE_MUTANTS = {
    "of the field, not of the update": lambda g, i, *a: (games.eigenvalues(g, i, *a) - 1) / i.eta,
    "moduli only": lambda g, i, *a: np.abs(games.eigenvalues(g, i, *a)),
    "singular values": lambda g, i, *a: np.linalg.svd(games.jacobian(g, i, *a), compute_uv=False).astype(complex),
    "at (1, 1)": lambda g, i, *a: games.eigenvalues(g, i, np.ones_like(a[0]) if a else (0.5, 0.5)),
}


@pytest.mark.parametrize("mutant", EIGENVALUE_MUTANTS)
def test_eigenvalues_oracle_kills(mutant):
    assert_killed(oracle_eigenvalues, EIGENVALUE_MUTANTS[mutant])


def oracle_jacobian(jacobian):
    """Anywhere, for every smooth game and every integrator: the columns are complex-step derivatives of the update."""
    for name in ("bilinear", "gan", "non_saturating", "instance_noise", "r1", "consensus"):
        for make in (games.simultaneous, games.alternating, games.extragradient, games.optimistic):
            game, integrator, point = game_named(name), make(0.3), (0.8, -1.2)
            state = np.array(point * (integrator.size // 2), dtype=complex)
            columns = [
                np.imag(np.stack(integrator.step(game, *(state + 1e-30j * e)))) / 1e-30 for e in np.eye(integrator.size)
            ]
            np.testing.assert_allclose(jacobian(game, integrator, point), np.stack(columns, axis=-1), atol=1e-11)


def test_jacobian():
    oracle_jacobian(games.jacobian)


def one_sided(game, integrator, point):
    w = np.array(point * (integrator.size // 2))
    here = np.stack(integrator.step(game, *w))
    moved = [np.stack(integrator.step(game, *(w + 1e-6 * e))) for e in np.eye(integrator.size)]
    return (np.stack(moved, axis=-1) - here[:, None]) / 1e-6


JACOBIAN_MUTANTS = {
    "transposed": lambda g, i, p: np.swapaxes(games.jacobian(g, i, p), -1, -2),
    "without the identity": lambda g, i, p: games.jacobian(g, i, p) - np.eye(i.size),
    "at the origin": lambda g, i, p: games.jacobian(g, i),
    "one-sided difference": one_sided,
}


@pytest.mark.parametrize("mutant", JACOBIAN_MUTANTS)
def test_jacobian_oracle_kills(mutant):
    assert_killed(oracle_jacobian, JACOBIAN_MUTANTS[mutant])


@pytest.mark.parametrize("name", ["r1", "instance_noise", "consensus"])
@pytest.mark.parametrize("make", games.INTEGRATORS.values())
def test_eigenvalues_foretell_the_rate(name, make):
    """Near the equilibrium the radius shrinks by max |λ| per update, in the mean over many updates."""
    game, integrator = games.dirac(name), make(0.2)
    r = radius(games.trajectory(game, integrator, start=(0.01, 0.01), steps=400))
    assert (r[400] / r[100]) ** (1 / 300) == pytest.approx(np.abs(games.eigenvalues(game, integrator)).max(), abs=0.005)


@pytest.mark.parametrize("make", [games.simultaneous, games.alternating])
@pytest.mark.parametrize("gamma", [0.1, 0.3, 0.8])
def test_dirac_r1_step_sizes_that_converge(make, gamma):
    """Simultaneous: η < 4γ. Alternating: η < 4(√(1 + γ²) − γ), by the conditions of Jury on trace and determinant."""
    limit = {games.simultaneous: 4 * gamma, games.alternating: 4 * (np.sqrt(1 + gamma**2) - gamma)}[make]
    r1 = games.dirac("r1", gamma=gamma)
    assert np.abs(games.eigenvalues(r1, make(limit * 0.999))).max() < 1
    assert np.abs(games.eigenvalues(r1, make(limit * 1.001))).max() > 1


# ---- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eta", [0, -0.1, float("nan"), float("inf"), "0.1", None, [0.1]])
@pytest.mark.parametrize("name", games.INTEGRATORS)
def test_bad_step_size(name, eta):
    with pytest.raises(ValueError, match="eta must be a finite number > 0; given"):
        games.integrator(name, eta)


@pytest.mark.parametrize(("count", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_bad_counts(count, error):
    for make in (
        lambda k: games.alternating(0.1, n=k),
        lambda k: games.look_ahead(0.1, K=k),
        lambda k: games.look_ahead_first_order(0.1, K=k),
        lambda k: games.trajectory(games.bilinear(), games.simultaneous(0.1), steps=k),
    ):
        with pytest.raises(error, match=r"must be (a whole number|at least 1); given"):
            make(count)


@pytest.mark.parametrize("name", ["wgan-gp", "", None, 3, []])
def test_unknown_names(name):
    with pytest.raises(ValueError, match=r"unknown objective .* known are gan, non_saturating"):
        games.dirac(name)
    with pytest.raises(ValueError, match=r"unknown integrator .* known are simultaneous"):
        games.integrator(name, 0.1)


@pytest.mark.parametrize(
    ("objective", "parameters"),
    [("r1", {"gamma": -1}), ("r1", {"gamma": "1"}), ("wgan_gp", {"g0": 0}), ("wgan_clipped", {"c": 0}),
     ("instance_noise", {"sigma": float("nan")}), ("consensus", {"gamma": float("inf")})],
)  # fmt: skip
def test_bad_parameters(objective, parameters):
    with pytest.raises(ValueError, match=r"must be a finite number . 0; given"):
        games.dirac(objective, **parameters)


def test_parameters_of_another_game():
    with pytest.raises(TypeError, match="wgan_gp has no parameter 'sigma'; it has gamma, g0"):
        games.dirac("wgan_gp", sigma=1)
    with pytest.raises(TypeError, match="gan has no parameter 'gamma'; it has none"):
        games.dirac("gan", gamma=1)


@pytest.mark.parametrize("point", [1.0, (1, 2, 3), [[1], [2]], [], (float("nan"), 0), (0, float("inf"))])
def test_bad_points(point):
    for use in (
        lambda w: games.trajectory(games.bilinear(), games.simultaneous(0.1), start=w),
        lambda w: games.eigenvalues(games.bilinear(), games.simultaneous(0.1), point=w),
        lambda w: games.jacobian(games.bilinear(), games.simultaneous(0.1), point=w),
    ):
        with pytest.raises(ValueError, match=r"on its last axis|must be finite|is empty"):
            use(point)


@pytest.mark.parametrize(("name", "point"), [("wgan_gp", (0, 0)), ("wgan_gp", (0.5, 0)), ("wgan_clipped", (0, 1))])
def test_no_eigenvalues_where_there_is_no_derivative(name, point):
    with pytest.raises(ValueError, match="a kink or a jump"):
        games.eigenvalues(games.dirac(name), games.simultaneous(0.1), point)
    assert np.isfinite(games.eigenvalues(games.dirac(name), games.simultaneous(0.1), (0.5, 0.5))).all()


def test_games_need_numpy_only():
    code = "import sys; from gan_core import games; sys.exit(bool({'torch', 'scipy', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
