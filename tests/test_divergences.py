"""Divergences against brute force, scipy, autograd, closed forms and the axioms; each oracle kills its mutants."""

import doctest

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.special import kl_div, rel_entr, xlogy
from scipy.stats import norm

from gan_core import divergences
from gan_core.mathematics.divergences import js, kl, minimised_by, optimal_discriminator, pearson_chi2, tv, value

LOG_2 = np.log(2)
AXIOMS = settings(max_examples=60, deadline=None, derandomize=True)


def random_masses(shape, seed, zeros=0.25):
    """Random distributions over the last axis; about a quarter of the bins are empty."""
    rng = np.random.default_rng(seed)
    masses = rng.exponential(size=shape) * (rng.random(shape) > zeros)
    masses[..., 0] += 0.01  # no row is empty
    return masses / masses.sum(-1, keepdims=True)


P, Q = random_masses((300, 9), seed=1), random_masses((300, 9), seed=2)  # most pairs have bins that only one visits
FULL_P, FULL_Q = random_masses((300, 9), 3, zeros=0), random_masses((300, 9), 4, zeros=0)  # the same support

X, DX = np.linspace(-14, 16, 6001, retstep=True)
NORMAL_P, NORMAL_Q = norm.pdf(X, 0, 1), norm.pdf(X, 1, 1.5)
TINY = np.nextafter(0.0, 1.0)  # the smallest number above zero

SUPPORT_TRAPS = {  # (p, q): KL(p‖q), KL(q‖p), JSD, TV, χ²(p‖q)
    "the same, with a bin nobody visits": ([0.5, 0.5, 0], [0.5, 0.5, 0], 0, 0, 0, 0, 0),
    "no bin shared": ([1, 0], [0, 1], np.inf, np.inf, LOG_2, 1, np.inf),
    "q misses a bin of p": ([0.5, 0.5], [1, 0], np.inf, LOG_2, 0.75 * np.log(4 / 3), 0.5, np.inf),
    "q has a bin of its own": ([1, 0], [0.5, 0.5], LOG_2, np.inf, 0.75 * np.log(4 / 3), 0.5, 1),
    "the smallest mass where q has none": ([1, TINY], [1, 0], np.inf, 0, 0, 0, np.inf),
    "the smallest mass where p has none": ([1, 0], [1, TINY], 0, np.inf, 0, 0, 0),
}


def oracle_of_traps(column):
    def oracle(divergence):
        for p, q, *wanted in SUPPORT_TRAPS.values():
            np.testing.assert_allclose(divergence(p, q), wanted[column], rtol=1e-12, atol=1e-15)
        p, q = (np.array([pair[k] for pair in SUPPORT_TRAPS.values() if len(pair[k]) == 2]) for k in (0, 1))
        assert divergence(p, q).shape == (5,)  # a row of infinity does not spill into its neighbours
        assert not np.isnan(divergence(p, q)).any()

    return oracle


# --- KL, JSD, TV, χ² ----------------------------------------------------------------------------------------------


def oracle_kl(kl):
    np.testing.assert_allclose(kl(P, Q), rel_entr(P, Q).sum(-1), rtol=1e-12)  # with its infinities
    np.testing.assert_allclose(kl(FULL_P, FULL_Q), rel_entr(FULL_P, FULL_Q).sum(-1), rtol=1e-10)
    closed = np.log(1.5) + (1 + 1) / (2 * 1.5**2) - 0.5  # KL(N(0, 1) ‖ N(1, 1.5²))
    assert kl(NORMAL_P, NORMAL_Q, DX) == pytest.approx(closed, abs=1e-9)


def oracle_js(js):
    np.testing.assert_allclose(js(P, Q), jensenshannon(P, Q, axis=-1) ** 2, rtol=1e-10, atol=1e-15)

    def integrand(x):
        p, q = norm.pdf(x), norm.pdf(x, 1, 1.5)
        return (rel_entr(p, (p + q) / 2) + rel_entr(q, (p + q) / 2)) / 2

    assert js(NORMAL_P, NORMAL_Q, DX) == pytest.approx(quad(integrand, -14, 16, limit=200)[0], abs=1e-8)
    assert js([TINY, 1], [0, 1]) == pytest.approx(0, abs=1e-15)  # half of the smallest number is zero: not ∞ for that


def oracle_tv(tv):
    np.testing.assert_allclose(tv(P, Q), 1 - np.minimum(P, Q).sum(-1), atol=1e-14)
    best_event = max(  # the definition: the event on which the two disagree most, over all 2⁵ events
        abs(p_event - q_event)
        for p_event, q_event in (
            (P[0, :5] @ bits + P[0, 5:].sum(), Q[0, :5] @ bits + Q[0, 5:].sum()) for bits in np.ndindex(2, 2, 2, 2, 2)
        )
    )
    assert tv(merged(P[0]), merged(Q[0])) == pytest.approx(best_event, abs=1e-14)
    closed = 2 * norm.cdf(0.5) - 1  # TV(N(0, 1), N(1, 1))
    assert tv(NORMAL_P, norm.pdf(X, 1), DX) == pytest.approx(closed, abs=1e-6)


def merged(masses):
    """The first five bins and all others as one."""
    return [*masses[:5], masses[5:].sum()]


def oracle_chi2(chi2):
    with np.errstate(divide="ignore", invalid="ignore"):
        by_ratio = np.where(P == Q, 0, P**2 / Q - 2 * P + Q).sum(-1)
    np.testing.assert_allclose(chi2(P, Q), by_ratio, rtol=1e-9)
    np.testing.assert_allclose(chi2(FULL_P, FULL_Q), (FULL_P**2 / FULL_Q).sum(-1) - 1, rtol=1e-9)
    closed = 1.5**2 / np.sqrt(2 * 1.5**2 - 1) * np.exp(1 / (2 * 1.5**2 - 1)) - 1  # χ²(N(0, 1) ‖ N(1, 1.5²))
    assert chi2(NORMAL_P, NORMAL_Q, DX) == pytest.approx(closed, abs=1e-9)
    assert chi2([1, 1e-200], [1, 0]) == np.inf  # the square of 1e-200 is 0 in floating point: 0/0, were it taken first


def _entropy(p, q):
    return rel_entr(p, q).sum(-1)


def _both(per_bin):
    """A mutant of (p, q, dx) from its value per bin."""
    return lambda p, q, dx=1.0: (per_bin(np.asarray(p, float), np.asarray(q, float)) * dx).sum(-1)


MUTANTS = {
    "KL, arguments swapped": (oracle_kl, lambda p, q, dx=1.0: kl(q, p, dx)),
    "KL, log base 2": (oracle_kl, lambda p, q, dx=1.0: kl(p, q, dx) / LOG_2),
    "KL, sign": (oracle_kl, lambda p, q, dx=1.0: -kl(p, q, dx)),
    "KL, width forgotten": (oracle_kl, lambda p, q, dx=1.0: kl(p, q, dx) / dx),
    "KL, mean over the bins": (oracle_kl, lambda p, q, dx=1.0: kl(p, q, dx) / np.shape(p)[-1]),
    "KL, ε in the logarithm hides ∞": (oracle_kl, _both(lambda p, q: p * np.log((p + 1e-8) / (q + 1e-8)))),
    "KL, bins of the first axis": (oracle_kl, lambda p, q, dx=1.0: (rel_entr(p, q) * dx).sum(0)),
    "KL, unnormalised form": (oracle_kl, _both(lambda p, q: kl_div(p, q) + q)),
    "JSD, ½ lost (slides, line 166)": (oracle_js, lambda p, q, dx=1.0: 2 * js(p, q, dx)),
    "JSD, m = p + q": (oracle_js, _both(lambda p, q: (rel_entr(p, p + q) + rel_entr(q, p + q)) / 2)),
    "JSD, reversed": (oracle_js, _both(lambda p, q: (rel_entr((p + q) / 2, p) + rel_entr((p + q) / 2, q)) / 2)),
    "JSD, its square root": (oracle_js, lambda p, q, dx=1.0: np.sqrt(js(p, q, dx))),
    "JSD, symmetric KL": (oracle_js, _both(lambda p, q: (rel_entr(p, q) + rel_entr(q, p)) / 2)),
    "JSD, only one side": (oracle_js, _both(lambda p, q: rel_entr(p, (p + q) / 2))),
    "JSD, m halved first": (
        oracle_js,
        _both(lambda p, q: (rel_entr(p, p / 2 + q / 2) + rel_entr(q, p / 2 + q / 2)) / 2),
    ),
    "JSD, log base 2": (oracle_js, lambda p, q, dx=1.0: js(p, q, dx) / LOG_2),
    "TV, ½ lost": (oracle_tv, lambda p, q, dx=1.0: 2 * tv(p, q, dx)),
    "TV, no absolute value": (oracle_tv, _both(lambda p, q: (p - q) / 2)),
    "TV, largest bin": (oracle_tv, lambda p, q, dx=1.0: np.abs(np.subtract(p, q) * dx).max(-1)),
    "TV, Euclidean": (oracle_tv, lambda p, q, dx=1.0: np.sqrt((np.subtract(p, q) ** 2 * dx).sum(-1)) / 2),
    "χ², arguments swapped": (oracle_chi2, lambda p, q, dx=1.0: pearson_chi2(q, p, dx)),
    "χ², without its denominator": (oracle_chi2, _both(lambda p, q: (p - q) ** 2)),
    "χ², symmetric": (oracle_chi2, _both(lambda p, q: np.where(p == q, 0, (p - q) ** 2 / (p + q + TINY)))),
    "χ², empty bins left out": (oracle_chi2, _both(lambda p, q: np.where(q > 0, (p - q) ** 2 / (q + (q == 0)), 0))),
    "KL, traps: NaN becomes 0": (
        oracle_of_traps(0),
        _both(lambda p, q: np.nan_to_num(xlogy(p, np.where(q > 0, p / (q + (q == 0)), 1)))),
    ),
    "χ², traps: squared first": (
        oracle_of_traps(4),
        _both(lambda p, q: np.where(p == q, 0, np.divide((p - q) ** 2, q, where=q > 0, out=np.zeros_like(q)))),
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_dies(mutant):
    with np.errstate(all="ignore"):
        assert_killed(*MUTANTS[mutant])


@pytest.mark.parametrize(
    ("function", "oracle"), [(kl, oracle_kl), (js, oracle_js), (tv, oracle_tv), (pearson_chi2, oracle_chi2)]
)
def test_against_independent_ways(function, oracle):
    oracle(function)


@pytest.mark.parametrize(
    ("function", "column"), [(kl, 0), (lambda p, q: kl(q, p), 1), (js, 2), (tv, 3), (pearson_chi2, 4)]
)
def test_where_the_support_ends(function, column):
    oracle_of_traps(column)(function)


@pytest.mark.parametrize("divergence", [kl, js, tv, pearson_chi2])
class TestEachDivergence:
    def test_densities_are_masses_per_width(self, divergence):
        np.testing.assert_allclose(divergence(P / 0.2, Q / 0.2, dx=0.2), divergence(P, Q), rtol=1e-12)

    def test_batches_broadcast(self, divergence):
        p, q = P[:4, None], Q[:3]
        table = divergence(p, q)
        assert table.shape == (4, 3)
        assert table[2, 1] == divergence(P[2], Q[1])

    def test_zero_only_for_equals(self, divergence):
        np.testing.assert_array_equal(divergence(P, P), 0)
        assert (divergence(P, Q) > 0).all()

    def test_names_the_bad_argument(self, divergence):
        good = [0.5, 0.5]
        with pytest.raises(ValueError, match=r"p must not be negative; p\[0\] is -0\.5"):
            divergence([-0.5, 1.5], good)
        with pytest.raises(ValueError, match=r"q must sum to 1.*its total is 1\.2"):
            divergence(good, [0.6, 0.6])
        with pytest.raises(ValueError, match=r"q must be finite; q\[1\] is nan"):
            divergence(good, [1, np.nan])
        with pytest.raises(ValueError, match=r"bins \(last axis\) must agree in number"):
            divergence(good, [0.2, 0.3, 0.5])
        with pytest.raises(ValueError, match="p is empty"):
            divergence([], [])
        with pytest.raises(ValueError, match="dx must be one positive number"):
            divergence(good, good, dx=[1.0, 1.0])
        with pytest.raises(TypeError, match="p must be an array of real numbers"):
            divergence("half", good)


def distributions(bins):
    """Lists of masses from very small to ordinary, and empty bins."""
    mass = st.one_of(st.just(0.0), st.floats(1e-300, 1.0), st.floats(0.01, 1.0))
    return (
        st.lists(mass, min_size=bins, max_size=bins)
        .filter(lambda masses: sum(masses) > 1e-3)
        .map(lambda masses: np.array(masses) / sum(masses))
    )


@AXIOMS
@given(p=distributions(4), q=distributions(4), r=distributions(4))
def test_axioms(p, q, r):
    assert kl(p, q) >= 0
    assert 0 <= js(p, q) <= LOG_2 + 1e-15
    assert js(p, q) == js(q, p)
    assert 0 <= tv(p, q) <= 1 + 1e-15
    assert tv(p, q) == tv(q, p)
    assert tv(p, r) <= tv(p, q) + tv(q, r) + 1e-15
    assert np.sqrt(js(p, r)) <= np.sqrt(js(p, q)) + np.sqrt(js(q, r)) + 1e-7  # √ of a rounding error of 1e-16 is 1e-8
    assert kl(p, q) >= 2 * tv(p, q) ** 2 - 1e-12  # Pinsker
    assert kl(p, q) <= np.log1p(pearson_chi2(p, q)) + 1e-12  # Gibbs & Su 2002
    assert tv(p, q) ** 2 / 2 <= js(p, q) + 1e-15  # Pinsker, twice
    assert js(p, q) <= tv(p, q) * LOG_2 + 1e-12  # Lin 1991


@AXIOMS
@given(p=distributions(6), q=distributions(6))
def test_merging_bins_loses_distance(p, q):
    """The data-processing inequality: who sees less can tell less."""
    for divergence in (kl, js, tv, pearson_chi2):
        coarse, fine = divergence(p.reshape(3, 2).sum(1), q.reshape(3, 2).sum(1)), divergence(p, q)
        assert coarse <= fine * (1 + 1e-9) + 1e-12


def breaks_the_triangle(distance):
    """How often d(p, r) > d(p, q) + d(q, r) among random triples of three-bin distributions."""
    p, q, r = np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 20_000))
    return int((distance(p, r) > distance(p, q) + distance(q, r) + 1e-12).sum())


def test_root_of_js_is_a_metric_and_js_is_not():
    assert breaks_the_triangle(lambda p, q: np.sqrt(js(p, q))) == 0
    assert breaks_the_triangle(js) > 1_000
    assert js([1, 0], [0, 1]) > js([1, 0], [0.5, 0.5]) + js([0.5, 0.5], [0, 1])  # by hand: 0.693 > 2 · 0.216


# --- the optimal discriminator and its value ---------------------------------------------------------------------


def oracle_optimal_discriminator(optimal_discriminator):
    d, step = np.linspace(0, 1, 2_001, retstep=True)
    p, q = P[:20, :, None], Q[:20, :, None]
    visited = P[:20] + Q[:20] > 0
    brute = d[(xlogy(p, d) + xlogy(q, 1 - d)).argmax(-1)]
    ours = optimal_discriminator(P[:20], Q[:20])
    assert np.abs(ours - brute)[visited].max() <= step
    assert (ours[~visited] == 0.5).all()
    np.testing.assert_allclose(optimal_discriminator([3.0, 0, 2, 0], [1.0, 5, 0, 0]), [0.75, 0, 1, 0.5], rtol=1e-15)


def oracle_certainty(optimal_discriminator):
    """D* is 0 or 1 only where p or q is 0, so that its value stays finite wherever JSD says it is."""
    p, q = norm.pdf(X, 3, 1), norm.pdf(X, 0, 0.5)  # log p/q reaches far beyond 37, where 1 − D rounds to 0
    d = optimal_discriminator(p, q)
    assert (d[p > 0] > 0).all()
    assert (d[q > 0] < 1).all()
    assert value(d, p, q, DX) == pytest.approx(2 * js(p, q, DX) - np.log(4), abs=1e-12)
    only_p, only_q = optimal_discriminator([1.0, 0.0], [0.0, 1.0])
    assert (only_p, only_q) == (1, 0)
    assert 0 < optimal_discriminator([TINY], [1.0])[0] < optimal_discriminator([1.0], [TINY])[0] < 1


def oracle_density_ratio(density_ratio):
    np.testing.assert_array_equal(density_ratio([1, 3, 0, 0], [2, 0, 1, 0]), [0.5, np.inf, 0, np.nan])
    r, d = density_ratio(FULL_P, FULL_Q), optimal_discriminator(FULL_P, FULL_Q)
    np.testing.assert_allclose(d / (1 - d), r, rtol=1e-9)
    x = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(density_ratio(norm.pdf(x), norm.pdf(x, 1)), np.exp(0.5 - x), rtol=1e-12)
    assert density_ratio([1.0], [1e-320])[0] == np.inf  # beyond what a float can hold; no warning
    assert density_ratio(P[:4, None], Q[:3]).shape == (4, 3, 9)


def oracle_value(value):
    d = np.random.default_rng(5).uniform(size=P.shape)
    np.testing.assert_allclose(value(d, P, Q), (P * np.log(d) + Q * np.log1p(-d)).sum(-1), rtol=1e-12)
    np.testing.assert_allclose(value(optimal_discriminator(P, Q), P, Q), 2 * js(P, Q) - np.log(4), atol=1e-12)
    np.testing.assert_allclose(value(np.full(9, 0.5), P, Q), -np.log(4), rtol=1e-12)  # cannot tell
    assert (value(d, P, Q) < value(optimal_discriminator(P, Q), P, Q)).all()  # any other D is worse
    shifted = value(norm.cdf(X / 3), NORMAL_P, NORMAL_Q, DX)
    by_quad = quad(lambda x: norm.pdf(x) * norm.logcdf(x / 3) + norm.pdf(x, 1, 1.5) * norm.logcdf(-x / 3), -14, 16)[0]
    assert shifted == pytest.approx(by_quad, abs=1e-8)
    assert value([1, 0], [1, 0], [0, 1]) == 0  # certain and right
    assert value([0, 1], [1, 0], [0, 1]) == -np.inf  # certain and wrong
    assert value([1, 0.5], [0.5, 0.5], [0, 1]) == pytest.approx(1.5 * np.log(0.5))  # 0·log 0 = 0
    labels = torch.tensor([[1.0], [0.0]], dtype=torch.float64).expand(2, 9)  # real above, fake below
    bce = torch.nn.functional.binary_cross_entropy(
        torch.tensor(d[0]).expand(2, 9), labels, weight=torch.tensor(np.stack([P[0], Q[0]])), reduction="sum"
    )
    assert value(d[0], P[0], Q[0]) == pytest.approx(-float(bce), abs=1e-12)


DISCRIMINATOR_MUTANTS = {
    "D*, p and q swapped": (oracle_optimal_discriminator, lambda p, q: optimal_discriminator(q, p)),
    "D*, the ratio itself": (oracle_optimal_discriminator, lambda p, q: np.asarray(p) / (np.asarray(q) + 1e-12)),
    "D*, least squares' optimum": (
        oracle_optimal_discriminator,
        lambda p, q: np.subtract(p, q) / (np.add(p, q) + TINY),
    ),
    "D*, the best accuracy": (oracle_optimal_discriminator, lambda p, q: np.asarray(p) / np.maximum(p, q)),
    "D*, hard decision": (oracle_optimal_discriminator, lambda p, q: np.greater(p, q) + 0.5 * np.equal(p, q)),
    "D*, 0/0 is NaN": (oracle_optimal_discriminator, lambda p, q: np.asarray(p) / np.add(p, q)),
    "D*, 0/0 is 0": (oracle_optimal_discriminator, lambda p, q: np.asarray(p) / (np.add(p, q) + 1e-300)),
    "D*, normalised first": (
        oracle_optimal_discriminator,
        lambda p, q: optimal_discriminator(np.asarray(p) / np.sum(p), np.asarray(q) / np.sum(q)),
    ),
    "D*, rounded to certainty": (oracle_certainty, lambda p, q: np.where(np.add(p, q) > 0, p / np.add(p, q), 0.5)),
    "D*, never certain": (
        oracle_certainty,
        lambda p, q: np.clip(optimal_discriminator(p, q), 1e-7, 1 - 1e-7),
    ),
    "r, p and q swapped": (oracle_density_ratio, lambda p, q: divergences.density_ratio(q, p)),
    "r, its logarithm": (oracle_density_ratio, lambda p, q: np.log(divergences.density_ratio(p, q))),
    "r, ε under the line": (oracle_density_ratio, lambda p, q: np.asarray(p) / (np.asarray(q) + 1e-8)),
    "r, 0/0 is 1": (oracle_density_ratio, lambda p, q: np.nan_to_num(divergences.density_ratio(p, q), nan=1)),
    "V, D and 1 − D swapped": (oracle_value, lambda d, p, q, dx=1.0: value(1 - np.asarray(d), p, q, dx)),
    "V, p and q swapped": (oracle_value, lambda d, p, q, dx=1.0: value(d, q, p, dx)),
    "V, the ½ kept": (oracle_value, lambda d, p, q, dx=1.0: value(d, p, q, dx) / 2),
    "V, the loss": (oracle_value, lambda d, p, q, dx=1.0: -value(d, p, q, dx)),
    "V, log base 2": (oracle_value, lambda d, p, q, dx=1.0: value(d, p, q, dx) / LOG_2),
    "V, log 4 lost": (oracle_value, lambda d, p, q, dx=1.0: value(d, p, q, dx) + np.log(4)),
    "V, width forgotten": (oracle_value, lambda d, p, q, dx=1.0: value(d, p, q, dx) / dx),
    "V, log D in both terms": (
        oracle_value,
        lambda d, p, q, dx=1.0: ((xlogy(p, d) + xlogy(q, d)) * dx).sum(-1),
    ),
    "V, ε in the logarithm": (
        oracle_value,
        lambda d, p, q, dx=1.0: (
            (np.asarray(p) * np.log(np.asarray(d) + 1e-8) + np.asarray(q) * np.log(1 - np.asarray(d) + 1e-8)) * dx
        ).sum(-1),
    ),
    "V, 0·log 0 is NaN": (
        oracle_value,
        lambda d, p, q, dx=1.0: ((p * np.log(d) + q * np.log1p(-np.asarray(d))) * dx).sum(-1),
    ),
}


@pytest.mark.parametrize("mutant", DISCRIMINATOR_MUTANTS)
def test_discriminator_mutant_dies(mutant):
    with np.errstate(all="ignore"):
        assert_killed(*DISCRIMINATOR_MUTANTS[mutant])


@pytest.mark.parametrize(
    ("function", "oracle"),
    [
        (optimal_discriminator, oracle_optimal_discriminator),
        (optimal_discriminator, oracle_certainty),
        (divergences.density_ratio, oracle_density_ratio),
        (value, oracle_value),
    ],
)
def test_discriminator(function, oracle):
    oracle(function)


def test_the_gap_to_the_best_is_a_divergence_of_bernoullis():
    """V(D*) − V(D) = Σ (p + q)·KL(Bern(D*) ‖ Bern(D)), so (V + log 4)/2 is a lower bound on JSD, exact only at D*."""
    d, best = np.random.default_rng(6).uniform(size=P.shape), optimal_discriminator(P, Q)
    bernoulli = rel_entr(best, d) + rel_entr(1 - best, 1 - d)
    gap = value(best, P, Q) - value(d, P, Q)
    np.testing.assert_allclose(gap, ((P + Q) * bernoulli).sum(-1), atol=1e-12)


@AXIOMS
@given(p=distributions(5), q=distributions(5), d=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_any_discriminator_bounds_js_from_below(p, q, d):
    assert (value(d, p, q) + np.log(4)) / 2 <= js(p, q) + 1e-12
    assert value(optimal_discriminator(p, q), p, q) == pytest.approx(2 * js(p, q) - np.log(4), abs=1e-12)


def test_discriminator_refuses_bad_input():
    good = [0.5, 0.5]
    for function in (optimal_discriminator, divergences.density_ratio):
        with pytest.raises(ValueError, match=r"q must not be negative; q\[0\] is -1"):
            function(good, [-1, 2])
        with pytest.raises(ValueError, match="must agree in number"):
            function(good, [1.0])
        with pytest.raises(ValueError, match=r"p must be finite; p\[1\] is nan"):
            function([1, np.nan], good)
        with pytest.raises(TypeError, match="p must be an array of real numbers"):
            function({}, good)
    with pytest.raises(ValueError, match=r"d must hold probabilities in \[0, 1\]; given values in \[-3, 0\.5\]"):
        value([-3, 0.5], good, good)
    with pytest.raises(ValueError, match="probabilities"):
        value([0.5, 1.5], good, good)
    with pytest.raises(ValueError, match="d must have the bins on its last axis"):
        value(0.5, good, good)
    with pytest.raises(ValueError, match=r"must agree in number; given d of shape \(3,\)"):
        value([0.5, 0.5, 0.5], good, good)
    with pytest.raises(ValueError, match="p must sum to 1"):
        value(good, [0.5, 0.6], good)
    with pytest.raises(ValueError, match="d must be finite"):
        value([0.5, np.nan], good, good)


# --- what each objective minimises -------------------------------------------------------------------------------

LOSSES_AT = {  # objective: its optimal D, the discriminator's loss to be minimised, the generator's loss
    "saturating": (
        lambda p, q: p / (p + q),
        lambda d, p, q: -(p * d.log() + q * (1 - d).log()).sum(-1),
        lambda d, p, q: (p * d.log() + q * (1 - d).log()).sum(-1),
    ),
    "non_saturating": (
        lambda p, q: p / (p + q),
        lambda d, p, q: -(p * d.log() + q * (1 - d).log()).sum(-1),
        lambda d, p, q: -(q * d.log()).sum(-1),
    ),
    "hinge": (
        lambda p, q: (p - q).sign(),
        lambda d, p, q: (p * (1 - d).relu() + q * (1 + d).relu()).sum(-1),
        lambda d, p, q: -(q * d).sum(-1),
    ),
    "least_squares": (
        lambda p, q: (p - q) / (p + q),
        lambda d, p, q: (p * (d - 1) ** 2 + q * (d + 1) ** 2).sum(-1),
        lambda d, p, q: (p * d**2 + q * d**2).sum(-1),
    ),
}


def models(seed=7, n=40, bins=6):
    """Data p, and the logits θ of models q = softmax(θ), in torch float64."""
    rng = np.random.default_rng(seed)
    return torch.tensor(random_masses((n, bins), seed, zeros=0)), torch.tensor(rng.normal(size=(n, bins)))


def slope(of, theta, h=1e-5):
    """∂/∂θ by central differences of a numpy function of q = softmax(θ); θ (n, bins)."""
    steps = h * torch.eye(theta.shape[-1], dtype=theta.dtype)[:, None]
    up, down = (of(torch.softmax(theta + sign * steps, -1).numpy()) for sign in (1, -1))
    return ((up - down) / (2 * h)).T


def gradient_of_the_loss(objective, p, theta):
    """∂L_G/∂θ by autograd, with D held at its optimum."""
    best, _, loss = LOSSES_AT[objective]
    theta = theta.clone().requires_grad_()
    q = torch.softmax(theta, -1)
    d = best(p, q).detach()
    (gradient,) = torch.autograd.grad(loss(d, p, q).sum(), theta)
    return gradient.numpy()


def oracle_gradient(objective):
    def oracle(minimised_by):
        p, theta = models()
        ours = slope(lambda q: minimised_by(objective, p.numpy(), q), theta)
        np.testing.assert_allclose(ours, gradient_of_the_loss(objective, p, theta), atol=1e-8)

    return oracle


def oracle_loss_value(objective):
    def oracle(minimised_by):
        p, theta = models()
        q = torch.softmax(theta, -1)
        best, _, loss = LOSSES_AT[objective]
        np.testing.assert_allclose(minimised_by(objective, p.numpy(), q.numpy()), loss(best(p, q), p, q), atol=1e-12)

    return oracle


def oracle_minimised_traps(minimised_by):
    p, q = [1, 0, 0], [0, 1, 0]
    ours = [float(minimised_by(name, p, q)) for name in ("saturating", "non_saturating", "hinge", "least_squares")]
    np.testing.assert_allclose(ours, [0, np.inf, 2, 2], atol=1e-15)
    assert minimised_by("non_saturating", [0.5, 0.5], [1, 0]) < np.inf  # q ⊂ p: KL(q‖p) is finite, KL(p‖q) is not
    assert minimised_by("least_squares", [TINY, 1], [0, 1]) == pytest.approx(0)
    for name in LOSSES_AT:
        at_p = -np.log(4) if name == "saturating" else 0
        np.testing.assert_allclose(minimised_by(name, P, P), at_p, atol=1e-12)
        dense = minimised_by(name, P / 0.2, Q / 0.2, dx=0.2)
        np.testing.assert_allclose(dense, minimised_by(name, P, Q), rtol=1e-12)


@pytest.mark.parametrize("objective", ["saturating", "non_saturating", "hinge"])
def test_minimised_as_a_gradient(objective):
    oracle_gradient(objective)(minimised_by)


def test_non_saturating_is_a_divergence():
    """KL(q‖p) − 2·JSD = 2·KL(m‖p): never negative for all its minus sign. Shannon et al. 2020."""
    np.testing.assert_allclose(minimised_by("non_saturating", P, Q), 2 * kl((P + Q) / 2, P), rtol=1e-9)


@pytest.mark.parametrize("objective", ["saturating", "least_squares"])
def test_minimised_as_a_value(objective):
    oracle_loss_value(objective)(minimised_by)


def test_minimised_where_the_support_ends():
    oracle_minimised_traps(minimised_by)


def test_least_squares_is_no_gradient():
    """With D held, the gradient of E_p[D²] + E_q[D²] is D², that of the χ² is −2D − D²: the docstring warns of it."""
    p, theta = models()
    q = torch.softmax(theta, -1)
    d = (p - q) / (p + q)
    held = gradient_of_the_loss("least_squares", p, theta)
    chi2 = slope(lambda q: minimised_by("least_squares", p.numpy(), q), theta)
    assert np.abs(held - chi2).max() > 0.1

    def on_softmax(field):
        return (q * (field - (q * field).sum(-1, keepdim=True))).numpy()

    np.testing.assert_allclose(held, on_softmax(d**2), atol=1e-12)
    np.testing.assert_allclose(chi2, on_softmax(-2 * d - d**2), atol=1e-8)


@pytest.mark.parametrize("objective", LOSSES_AT)
def test_the_optimal_d_of_the_table_is_optimal(objective):
    """No D of a fine grid has a smaller discriminator's loss, bin by bin."""
    best, loss_d, _ = LOSSES_AT[objective]
    p, theta = models(n=10)
    q = torch.softmax(theta, -1)
    low, high = (1e-3, 1 - 1e-3) if objective in ("saturating", "non_saturating") else (-2, 2)
    grid = torch.linspace(low, high, 801, dtype=torch.float64)
    per_bin = loss_d(grid[:, None, None, None], p[..., None], q[..., None])  # one bin on the summed axis
    assert (loss_d(best(p, q)[..., None], p[..., None], q[..., None]) <= per_bin.amin(0) + 1e-12).all()


def _in_place_of(objective, wrong):
    return lambda name, p, q, dx=1.0: wrong(p, q, dx) if name == objective else minimised_by(name, p, q, dx)


MINIMISED_MUTANTS = {
    "saturating, log 4 lost": ("saturating", lambda p, q, dx: 2 * js(p, q, dx), oracle_loss_value),
    "saturating, sign of log 4": ("saturating", lambda p, q, dx: 2 * js(p, q, dx) + np.log(4), oracle_loss_value),
    "saturating, 2 lost": ("saturating", lambda p, q, dx: js(p, q, dx) - np.log(4), oracle_gradient),
    "saturating, KL": ("saturating", kl, oracle_gradient),
    "non-saturating, 2·JSD as well": ("non_saturating", lambda p, q, dx: 2 * js(p, q, dx), oracle_gradient),
    "non-saturating, KL forward": (
        "non_saturating",
        lambda p, q, dx: kl(p, q, dx) - 2 * js(p, q, dx),
        oracle_gradient,
    ),
    "non-saturating, sign": ("non_saturating", lambda p, q, dx: kl(q, p, dx) + 2 * js(p, q, dx), oracle_gradient),
    "non-saturating, 2 lost": ("non_saturating", lambda p, q, dx: kl(q, p, dx) - js(p, q, dx), oracle_gradient),
    "hinge, reverse KL": ("hinge", lambda p, q, dx: kl(q, p, dx), oracle_gradient),
    "hinge, 2 lost": ("hinge", tv, oracle_gradient),
    "hinge, JSD": ("hinge", js, oracle_gradient),
    "least squares, χ²(p‖q)": ("least_squares", pearson_chi2, oracle_loss_value),
    "least squares, arguments swapped": (
        "least_squares",
        lambda p, q, dx: ((p - q) ** 2 / (2 * q) * dx).sum(-1),
        oracle_loss_value,
    ),
    "least squares, 2 lost": (
        "least_squares",
        lambda p, q, dx: minimised_by("least_squares", p, q, dx) / 2,
        oracle_loss_value,
    ),
}


@pytest.mark.parametrize("mutant", MINIMISED_MUTANTS)
def test_minimised_mutant_dies(mutant):
    objective, wrong, oracle = MINIMISED_MUTANTS[mutant]
    assert_killed(oracle(objective), _in_place_of(objective, wrong))


TRAP_MUTANTS = {
    "χ² of halves": _in_place_of(
        "least_squares", lambda p, q, dx: (2 * (np.subtract(p, q) / 2) ** 2 / (np.add(p, q) / 2) * dx).sum(-1)
    ),
    "width forgotten": lambda name, p, q, dx=1.0: minimised_by(name, np.multiply(p, dx), np.multiply(q, dx)) / dx,
    "reverse KL the wrong way": _in_place_of("non_saturating", lambda p, q, dx: kl(p, q, dx) - 2 * js(p, q, dx)),
}


@pytest.mark.parametrize("mutant", TRAP_MUTANTS)
def test_minimised_trap_mutant_dies(mutant):
    with np.errstate(all="ignore"):
        assert_killed(oracle_minimised_traps, TRAP_MUTANTS[mutant])


def test_minimised_refuses_bad_input():
    good = [0.5, 0.5]
    for wrong in ("wgan", None, ["hinge"], 3):
        with pytest.raises(
            ValueError, match=r"unknown objective .*; known are saturating, non_saturating, hinge, least"
        ):
            minimised_by(wrong, good, good)
    for name in LOSSES_AT:  # the names of the arguments survive, whichever way round a divergence takes them
        with pytest.raises(ValueError, match=r"q must sum to 1"):
            minimised_by(name, good, [0.5, 0.6])
        with pytest.raises(ValueError, match=r"given p of shape \(2,\), q of shape \(1,\)"):
            minimised_by(name, good, [1.0])


# --- the examples in the docstrings ------------------------------------------------------------------------------


def test_docstring_examples():
    results = doctest.testmod(divergences)
    assert results.attempted >= 9
    assert results.failed == 0
