"""Transport against solvers that know nothing of each other: closed form, scipy, network simplex, linear program."""

import subprocess
import sys

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mutants import assert_killed, faults_of
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gan_core import transport

SEEDS = range(200)


def piles(seed, size=12):
    """Two histograms of different sizes on different places, in no order, some bins empty, some places the same."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, size, 2)
    p, q = (rng.random(k) * (rng.random(k) < 0.7) for k in (n, m))
    p[rng.integers(n)] += 0.1
    q[rng.integers(m)] += 0.1
    x, y = (rng.normal(size=k).round(1) * 3 for k in (n, m))
    return p / p.sum(), q / q.sum(), x, y


def one_line(seed, size=12):
    """Two histograms on the same ascending places."""
    rng = np.random.default_rng(seed)
    p, q = rng.random((2, rng.integers(2, size)))
    return p / p.sum(), q / q.sum(), np.sort(rng.normal(size=p.size))


def any_costs(seed, size=12):
    """Costs that are neither symmetric nor metrics, for as many bins in p as in q, and for other numbers of them."""
    for p, q in (one_line(seed, size)[:2], piles(seed, size)[:2]):
        yield p, q, np.random.default_rng(seed).uniform(-1, 3, (p.size, q.size))


# ---------------------------------------------------------------------------------------------------- on the line


def oracle_emd_on_line(emd):
    for seed in SEEDS:
        p, q, x, y = piles(seed)
        assert abs(emd(p, q, positions=(x, y)) - wasserstein_distance(x, y, p, q)) < 1e-12
        p, q, x = one_line(seed)
        assert abs(emd(p, q, positions=x) - wasserstein_distance(x, x, p, q)) < 1e-12
        shuffled = np.random.default_rng(seed).permutation(x.size)
        assert abs(emd(p[shuffled], q[shuffled], positions=x[shuffled]) - emd(p, q, positions=x)) < 1e-12


def merged(p, q, positions):
    x, y = positions if isinstance(positions, tuple) else (positions, positions)
    order = np.argsort(np.concatenate([x, y]), kind="stable")
    return np.concatenate([x, y])[order], np.concatenate([p, -q])[order]


def without_gaps(p, q, positions):
    return np.abs(np.cumsum(merged(p, q, positions)[1])).sum()


def squared_way(p, q, positions):
    x, earth = merged(p, q, positions)
    return np.abs(np.cumsum(earth))[:-1] @ np.diff(x) ** 2


def absolute_value_last(p, q, positions):
    x, earth = merged(p, q, positions)
    return abs(np.cumsum(earth)[:-1] @ np.diff(x))


def without_sum(p, q, positions):
    x, earth = merged(p, q, positions)
    return np.abs(earth)[:-1] @ np.diff(x)


def gaps_of_the_bin_before(p, q, positions):
    x, earth = merged(p, q, positions)
    return np.abs(np.cumsum(earth))[1:] @ np.diff(x)


def order_ignored(p, q, positions):
    x, y = positions if isinstance(positions, tuple) else (positions, positions)
    x, earth = np.concatenate([x, y]), np.concatenate([p, -q])
    return np.abs(np.cumsum(earth))[:-1] @ np.diff(x)


def places_of_q_ignored(p, q, positions):
    x = positions[0] if isinstance(positions, tuple) else positions
    return wasserstein_distance(x, x, p, np.resize(q, p.size) + 1e-9)


MUTANT_LINES = {
    "gaps between the places missing": without_gaps,
    "squared distance": squared_way,
    "absolute value after the sum": absolute_value_last,
    "no cumulative sum": without_sum,
    "gap of the bin before": gaps_of_the_bin_before,
    "order of the places ignored": order_ignored,
    "places of q ignored": places_of_q_ignored,
    "half of it": lambda p, q, positions: transport.emd(p, q, positions) / 2,
}


def test_emd_on_the_line():
    oracle_emd_on_line(transport.emd)


def test_the_quick_way_and_the_long_way_are_one():
    for seed in SEEDS:
        p, q, x = one_line(seed, size=100)
        quick = transport._emd_of_sorted(p, q, x)
        assert quick is not None
        assert abs(quick - transport._emd_on_line(p, q, x, normalise=False)) < 1e-13
        assert transport._emd_of_sorted(p[::-1], q, -x) is None  # descending: not its business


def test_the_numbers_of_the_slides():
    places = [1, 2, 3]
    assert transport.emd([1, 0, 0], [0, 0, 1], positions=places) == 2  # ①
    assert transport.emd([1, 0, 0], [0, 1, 0], positions=places) == 1  # ②
    assert transport.emd([1, 0, 0], [1, 0, 0], positions=places) == 0


def test_batches_are_rows():
    rng = np.random.default_rng(0)
    p, q = rng.random((3, 1, 7)), rng.random((5, 7))
    p, q = p / p.sum(-1, keepdims=True), q / q.sum(-1, keepdims=True)
    for positions in (rng.normal(size=7), (rng.normal(size=7), rng.normal(size=7))):
        distances = transport.emd(p, q, positions)
        assert distances.shape == (3, 5)
        assert abs(distances - [[transport.emd(a, b, positions) for b in q] for a in p[:, 0]]).max() < 1e-14


masses = arrays(np.float64, 6, elements=st.floats(0, 1)).filter(lambda a: a.sum() > 0.01).map(lambda a: a / a.sum())
places = arrays(np.float64, 6, elements=st.floats(-100, 100))
real = settings(max_examples=60, deadline=None, derandomize=True)


@real
@given(masses, masses, masses, places)
def test_emd_is_a_metric(p, q, r, x):
    pq, qr, pr = (transport.emd(a, b, positions=x) for a, b in ((p, q), (q, r), (p, r)))
    assert transport.emd(p, p, positions=x) == 0
    assert abs(pq - transport.emd(q, p, positions=x)) <= 1e-12
    assert pr <= pq + qr + 1e-10
    apart = np.arange(6.0)
    assert transport.emd(p, q, positions=apart) >= np.abs(p - q).sum() / 2 - 1e-12  # so 0 only for p = q


@real
@given(masses, places, st.floats(-50, 50), st.floats(0.1, 10))
def test_a_shift_costs_the_shift_and_a_scale_scales(p, x, shift, scale):
    assert abs(transport.emd(p, p, positions=(x, x + shift)) - abs(shift)) < 1e-9
    q = p[::-1]
    assert abs(transport.emd(p, q, scale * x) - scale * transport.emd(p, q, x)) < 1e-9


# ---------------------------------------------------------------------------------------------- plans and any cost


def oracle_emd_of_cost(emd):
    for seed in SEEDS:
        for p, q, cost in any_costs(seed):
            assert abs(emd(p, q, cost=cost) - ot.emd2(p, q, cost)) < 1e-12
        p, q, x, y = piles(seed)
        assert abs(emd(p, q, cost=cdist(x[:, None], y[:, None])) - wasserstein_distance(x, y, p, q)) < 1e-12


MUTANT_COSTS = {
    "marginals reversed": lambda p, q, cost: transport.emd(q, p, cost=cost),
    "squared distance": lambda p, q, cost: transport.emd(p, q, cost=cost**2),
    "any plan": lambda p, q, cost: transport.plan_cost(np.outer(p, q), cost + 1) - 1,
    "cost of the plan's shape, not its mass": lambda p, q, cost: cost[transport.plan(p, q, cost) > 0].sum(),
}


def test_emd_of_a_cost():
    oracle_emd_of_cost(transport.emd)


def oracle_plan(plan):
    """A plan is right when it is non-negative, has the right marginals, and costs what the closed form says."""
    for seed in SEEDS:
        p, q, x, y = piles(seed) if seed % 2 else (*one_line(seed), one_line(seed)[2])
        cost = cdist(x[:, None], y[:, None])
        γ = plan(p, q, cost)
        assert γ.shape == cost.shape
        assert γ.min() >= 0
        assert abs(γ.sum(axis=1) - p).max() < 1e-14
        assert abs(γ.sum(axis=0) - q).max() < 1e-14
        assert abs((γ * cost).sum() - wasserstein_distance(x, y, p, q)) < 1e-12
        assert np.count_nonzero(γ) <= p.size + q.size - 1
        # the squared way: the monotone plan, quantile to quantile, is the best one
        u = (np.arange(1000) + 0.5) / 1000
        i, j = (np.searchsorted(np.cumsum(w[o])[:-1], u) for w, o in ((p, np.argsort(x)), (q, np.argsort(y))))
        monotone = ((np.sort(x)[i] - np.sort(y)[j]) ** 2).mean()
        assert abs((plan(p, q, cost**2) * cost**2).sum() - monotone) < 0.01 * (1 + monotone)


def stays_where_it_can(p, q, cost):
    """The largest diagonal first, as the slides have it; the rest in the order of the bins."""
    γ = np.zeros(cost.shape)
    k = min(cost.shape)
    np.fill_diagonal(γ, np.minimum(p[:k], q[:k]))
    return γ + north_west(p - γ.sum(1), q - γ.sum(0), cost)


def north_west(p, q, cost):
    p, q, γ = p.copy(), q.copy(), np.zeros(cost.shape)
    for i in range(p.size):
        for j in range(q.size):
            γ[i, j] = max(min(p[i], q[j]), 0)
            p[i], q[j] = p[i] - γ[i, j], q[j] - γ[i, j]
    return γ


MUTANT_PLANS = {
    "marginals reversed": lambda p, q, cost: transport.plan(q, p, cost.T),
    "transposed": lambda p, q, cost: transport.plan(p, q, cost).T,
    "independent plan": lambda p, q, cost: np.outer(p, q),
    "largest diagonal": stays_where_it_can,
    "bins in their order": north_west,
    "dearest plan": lambda p, q, cost: transport.plan(p, q, -cost),
    "rows only": lambda p, q, cost: p[:, None] * (cost == cost.min(1, keepdims=True)),
}


def test_plan():
    oracle_plan(transport.plan)


def test_the_diagonal_fallacy():
    """A plan with a larger diagonal may cost twice the optimum (slides, lines 478 and 515)."""
    p, q = np.array([0.25, 0.25, 0, 0, 0.5, 0]), np.array([0, 0.25, 0.25, 0, 0, 0.5])
    cost = transport.cost_matrix(np.arange(1, 7))
    stay, shift = np.zeros((2, 6, 6))
    stay[1, 1], stay[0, 5], stay[4, 2], stay[4, 5] = 0.25, 0.25, 0.25, 0.25
    shift[0, 1], shift[1, 2], shift[4, 5] = 0.25, 0.25, 0.5
    for γ in (stay, shift):
        assert (γ.sum(1) == p).all()
        assert (γ.sum(0) == q).all()
    assert (np.trace(stay), transport.plan_cost(stay, cost)) == (0.25, 2.0)
    assert (np.trace(shift), transport.plan_cost(shift, cost)) == (0.0, 1.0)
    assert abs(transport.emd(p, q, cost=cost) - 1.0) < 1e-15


# ------------------------------------------------------------------------------------------------------ potentials


def oracle_potentials(potentials):
    for seed in SEEDS:
        for p, q, cost in (*any_costs(seed), (*piles(seed)[:2], cdist(*(w[:, None] for w in piles(seed)[2:])))):
            f, g = potentials(p, q, cost)
            γ = ot.emd(p, q, cost)
            room = cost - f[:, None] - g
            assert f.shape == p.shape
            assert g.shape == q.shape
            assert f[0] == 0
            assert room.min() > -1e-12  # f_i + g_j ≤ D_ij, bins without earth included
            assert abs(p @ f + q @ g - (γ * cost).sum()) < 1e-9  # no duality gap
            assert room[γ > 1e-9].max() < 1e-9  # complementary slackness
        p, q, x = one_line(seed)
        p[0] = q[-1] = 0.0
        f, g = potentials(p / p.sum(), q / q.sum(), cdist(x[:, None], x[:, None]))
        assert abs(f + g).max() < 1e-12  # one function, bought here and sold there,
        assert (np.abs(np.diff(f)) <= np.diff(x) + 1e-12).all()  # and 1-Lipschitz


def solver_alone(p, q, cost):
    log = ot.emd(p, q, cost, log=True, center_dual=False)[1]
    return np.where(p > 0, log["u"], 0.0) - log["u"][0], np.where(q > 0, log["v"], 0.0) + log["u"][0]


def one_transform_too_few(p, q, cost):
    f = transport.potentials(p, q, cost)[0]
    return f, np.where(q > 0, (cost - f[:, None]).min(0), 0.0)


MUTANT_POTENTIALS = {
    "f and g swapped": lambda p, q, cost: transport.potentials(p, q, cost)[::-1],
    "sign": lambda p, q, cost: tuple(-f for f in transport.potentials(p, q, cost)),
    "g = −f whatever the cost": lambda p, q, cost: (f := transport.potentials(p, q, cost)[0], -np.resize(f, q.size)),
    "feasible and worth nothing": lambda p, q, cost: (0 * p, cost.min(0)),
    "empty bins without a price": solver_alone,
    "empty bins at 0": one_transform_too_few,
}


def test_potentials():
    oracle_potentials(transport.potentials)


# ---------------------------------------------------------------------------------------------- the linear program


def oracle_linear_program(linear_program):
    for seed in SEEDS:
        for p, q, cost in any_costs(seed, size=8):
            γ, f, g = linear_program(p, q, cost)
            optimum = ot.emd2(p, q, cost)
            assert γ.min() >= 0
            assert abs(γ.sum(1) - p).max() < 1e-9
            assert abs(γ.sum(0) - q).max() < 1e-9
            assert abs((γ * cost).sum() - optimum) < 1e-9
            assert abs(p @ f + q @ g - optimum) < 1e-9
            assert (f[:, None] + g - cost).max() < 1e-9
            assert (γ * (cost - f[:, None] - g)).sum() < 1e-9


MUTANT_PROGRAMS = {
    "marginals reversed": lambda p, q, cost: transport.linear_program(q, p, cost.T),
    "plan laid out column by column": lambda p, q, cost: (
        transport.linear_program(p, q, cost)[0].reshape(-1).reshape(cost.shape, order="F"),
        *transport.linear_program(p, q, cost)[1:],
    ),
    "duals swapped": lambda p, q, cost: tuple(transport.linear_program(p, q, cost)[k] for k in (0, 2, 1)),
    "duals with the other sign": lambda p, q, cost: tuple(
        s * a for s, a in zip((1, -1, -1), transport.linear_program(p, q, cost), strict=True)
    ),
    "maximum": lambda p, q, cost: transport.linear_program(p, q, -cost),
}


def test_linear_program():
    oracle_linear_program(transport.linear_program)


def test_four_roads_to_one_number():
    for seed in SEEDS:
        p, q, x, y = piles(seed)
        cost = transport.cost_matrix(x, y)
        γ, f, g = transport.linear_program(p, q, cost)
        numbers = [
            transport.emd(p, q, positions=(x, y)),
            transport.emd(p, q, cost=cost),
            transport.plan_cost(γ, cost),
            p @ f + q @ g,
            wasserstein_distance(x, y, p, q),
        ]
        assert np.ptp(numbers) < 1e-9


def test_linear_program_takes_masses_of_all_sizes():
    rng = np.random.default_rng(0)
    for _ in range(40):
        p, q = 10.0 ** rng.uniform(-16, 0, (2, 6))
        x = rng.normal(size=6)
        γ, _, _ = transport.linear_program(p, q, transport.cost_matrix(x), normalise=True)
        closed = transport.emd(p, q, positions=x, normalise=True)
        assert abs(transport.plan_cost(γ, transport.cost_matrix(x)) - closed) < 1e-8


def oracle_marginal_constraints(marginal_constraints):
    rng = np.random.default_rng(0)
    for n, m in ((1, 1), (1, 4), (2, 3), (5, 2)):
        γ = rng.random((n, m))
        A = marginal_constraints(n, m)
        assert A.shape == (n + m, n * m)
        assert A.nnz == 2 * n * m  # sparse
        assert abs(A @ γ.ravel() - np.concatenate([γ.sum(1), γ.sum(0)])).max() < 1e-14


MUTANT_CONSTRAINTS = {
    "column sums first": lambda n, m: transport.marginal_constraints(n, m)[np.r_[n : n + m, 0:n]],
    "laid out column by column": lambda n, m: transport.marginal_constraints(m, n),
    "rows only": lambda n, m: transport.marginal_constraints(n, m)[:n],
    "zeros stored": lambda n, m: transport.marginal_constraints(n, m).tobsr((1, m)),
}


def test_marginal_constraints():
    oracle_marginal_constraints(transport.marginal_constraints)


# ------------------------------------------------------------------------------------------------- costs of plans


def oracle_cost_matrix(cost_matrix):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 3))
    for power in (1, 2, 0.5):
        assert abs(cost_matrix(x, y, power=power) - cdist(x, y) ** power).max() < 1e-12
        assert abs(cost_matrix(x[:, 0], y[:, 1], power=power) - cdist(x[:, :1], y[:, 1:2]) ** power).max() < 1e-12
    assert cost_matrix(x, y[:2]).shape == (5, 2)
    assert (cost_matrix(x) == cost_matrix(x, x)).all()
    assert abs(cost_matrix(x) - cdist(x, x)).max() < 1e-12


MUTANT_MATRICES = {
    "power ignored": lambda x, y=None, power=1: transport.cost_matrix(x, y),
    "squared by default": lambda x, y=None, power=2: transport.cost_matrix(x, y, power),
    "transposed": lambda x, y=None, power=1: transport.cost_matrix(x, y, power).T,
    "signed": lambda x, y=None, power=1: (x[:, None] - (x if y is None else y)).sum(-1) ** power,
    "city blocks": lambda x, y=None, power=1: np.abs(x[:, None] - (x if y is None else y)).sum(-1) ** power,
}


def test_cost_matrix():
    oracle_cost_matrix(transport.cost_matrix)


def oracle_plan_cost(plan_cost):
    rng = np.random.default_rng(0)
    for shape in ((3, 3), (2, 5), (1, 4)):
        plan, cost = rng.random(shape), rng.normal(size=shape)
        by_hand = sum(plan[i, j] * cost[i, j] for i in range(shape[0]) for j in range(shape[1]))
        assert abs(plan_cost(plan, cost) - by_hand) < 1e-12
    assert plan_cost(np.eye(3) / 3, transport.cost_matrix([1, 2, 3])) == 0  # what stays costs nothing


MUTANT_PLAN_COSTS = {
    "tr(D Γ) without the transpose": lambda plan, cost: np.trace(cost @ plan[: cost.shape[1], : cost.shape[0]]),
    "mean": lambda plan, cost: (plan * cost).mean(),
    "largest way": lambda plan, cost: (plan * cost).max(),
    "matrix product": lambda plan, cost: (plan @ cost.T).sum(),
}


def test_plan_cost():
    oracle_plan_cost(transport.plan_cost)


# ------------------------------------------------------------------------------------------------------- bad input

HALF = np.array([0.5, 0.5])
LINE = np.array([0.0, 1.0])
COST = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("p", "q", "words"),
    [
        ([1.5, -0.5], HALF, r"p must not be negative; p\[1\] is -0.5"),
        (HALF, np.array([1.5, -0.5]), r"q must not be negative; q\[1\] is -0.5"),
        (HALF, [0.5, 0.4], r"q must sum to 1 .* its total is 0.9.*normalise=True"),
        (np.array([0.6, 0.6]), HALF, r"p must sum to 1 .* its total is 1.2"),
        (np.array([np.nan, 1.0]), HALF, r"p must be finite; p\[0\] is nan"),
        (HALF, np.array([1.0, np.nan]), r"q must be finite; q\[1\] is nan"),
        (np.array([np.inf, 0.0]), HALF, r"p must be finite; p\[0\] is inf"),
        ([], HALF, "p is empty"),
        (HALF, [0.2, 0.3, 0.5], "shape"),
        (1.0, HALF, "p must have the bins on its last axis"),
    ],
)
@pytest.mark.parametrize("where", [{"positions": LINE}, {"cost": COST}], ids=["line", "cost"])
def test_bad_piles_are_named(p, q, words, where):
    with pytest.raises(ValueError, match=words):
        transport.emd(p, q, **where)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({}, "given neither"),
        ({"positions": LINE, "cost": COST}, "given both"),
        ({"positions": [0.0, 1.0, 2.0]}, r"shape \(2,\); given shape \(3,\).*positions=\(x, y\)"),
        ({"positions": (LINE, [0.0, 1.0, 2.0])}, r"y must give a place to each bin of q"),
        ({"positions": np.array([np.nan, 1.0])}, r"positions must be finite; positions\[0\] is nan"),
        ({"positions": np.array([0.0, np.inf])}, r"positions must be finite; positions\[1\] is inf"),
        ({"positions": COST}, r"positions must give a place .* given shape \(2, 2\)"),
        ({"cost": COST[:1]}, r"cost must be \(bins of p, bins of q\) = \(2, 2\); given shape \(1, 2\)"),
        ({"cost": COST * np.nan}, r"cost must be finite; cost\[0, 0\] is nan"),
    ],
)
def test_bad_places_are_named(where, words):
    with pytest.raises(ValueError, match=words):
        transport.emd(HALF, HALF, **where)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: transport.emd(["a", "b"], HALF, LINE), TypeError, "p must be an array of real numbers"),
        (lambda: transport.emd([0.0, 0.0], HALF, LINE, normalise=True), ValueError, "p cannot be normalised: .* is 0"),
        (
            lambda: transport.emd(np.ones((2, 2)) / 2, HALF, cost=COST),
            ValueError,
            r"one axis, the bins; given shapes \(2, 2\)",
        ),
        (lambda: transport.emd(np.ones((3, 2)) / 2, np.ones((2, 2)) / 2, LINE), ValueError, "must broadcast"),
        (lambda: transport.plan(HALF, [0.5, 0.4], COST), ValueError, "q must sum to 1"),
        (lambda: transport.potentials(HALF, HALF, COST[0]), ValueError, "cost must be"),
        (lambda: transport.linear_program(HALF, [1.0], COST), ValueError, "cost must be"),
        (lambda: transport.cost_matrix([0, 1], [[0, 1]]), ValueError, "1 and 2 coordinates"),
        (lambda: transport.cost_matrix([0, 1], power=0), ValueError, "power must be positive"),
        (lambda: transport.cost_matrix([[[0.0]]]), ValueError, r"shape \(n,\) or \(n, d\)"),
        (lambda: transport.cost_matrix([np.nan]), ValueError, "x must be finite"),
        (lambda: transport.plan_cost(COST, COST[:1]), ValueError, r"given \(2, 2\) and \(1, 2\)"),
        (lambda: transport.plan_cost(-COST, COST), ValueError, "plan must not be negative"),
        (lambda: transport.marginal_constraints(0, 3), ValueError, "n = 0"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_masses_are_normalised_only_when_asked():
    p, q = [1, 3], [6, 2]
    wanted = transport.emd([0.25, 0.75], [0.75, 0.25], LINE)
    assert wanted == 0.5
    assert transport.emd(p, q, LINE, normalise=True) == wanted
    assert transport.emd(p, q, cost=COST, normalise=True) == wanted
    assert transport.plan_cost(transport.plan(p, q, COST, normalise=True), COST) == wanted
    f, g = transport.potentials(p, q, COST, normalise=True)
    assert [0.25, 0.75] @ f + [0.75, 0.25] @ g == wanted
    for call in (transport.emd, transport.plan, transport.potentials, transport.linear_program):
        with pytest.raises(ValueError, match="normalise=True"):
            call(p, q, cost=COST)


def test_no_argument_is_changed():
    p, q, x = one_line(0)
    cost = transport.cost_matrix(x)
    before = [a.copy() for a in (p, q, x, cost)]
    transport.emd(p, q, positions=x)
    transport.potentials(p, q, cost)
    transport.plan(p, q, cost)
    for was, now in zip(before, (p, q, x, cost), strict=True):
        assert (was == now).all()


def test_heavy_libraries_wait_until_they_are_used():
    code = (
        "import sys, gan_core.mathematics.transport as t; t.emd([1, 0], [0, 1], [0, 1]); t.cost_matrix([0, 1]); "
        "print([m for m in ('torch', 'ot', 'scipy.optimize', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@faults_of(
    {
        oracle_emd_on_line: MUTANT_LINES,
        oracle_emd_of_cost: MUTANT_COSTS,
        oracle_plan: MUTANT_PLANS,
        oracle_potentials: MUTANT_POTENTIALS,
        oracle_linear_program: MUTANT_PROGRAMS,
        oracle_marginal_constraints: MUTANT_CONSTRAINTS,
        oracle_cost_matrix: MUTANT_MATRICES,
        oracle_plan_cost: MUTANT_PLAN_COSTS,
    }
)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
