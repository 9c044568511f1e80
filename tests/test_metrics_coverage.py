"""What samples cover, copy and are sure of: measures with exact answers on small sets, and their limits."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import gaussian_kde, multivariate_normal

from gan_core import datasets, divergences, judges, metrics
from gan_core.judgement.metrics import (
    birthday,
    inception_score,
    mode_kl,
    nearer_to_training,
    nearest_distance,
    parzen_log_likelihood,
    precision_recall,
    stacked_modes,
)


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- KL of the modes


def oracle_mode_kl(mode_kl):
    even = mode_kl([7, 7, 7, 7])
    assert even.samples_from_data == even.data_from_samples == 0
    one = mode_kl([9, 0, 0, 0, 0, 0, 0, 0])
    assert one.samples_from_data == pytest.approx(np.log(8), rel=1e-12)  # the 2.079 of a ring collapsed to one mode
    assert one.data_from_samples == np.inf
    q, p = [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]
    found = mode_kl([50, 30, 20], p)
    assert found.samples_from_data == pytest.approx(float(divergences.kl(q, p)), rel=1e-12)
    assert found.data_from_samples == pytest.approx(float(divergences.kl(p, q)), rel=1e-12)
    assert mode_kl([5, 5, 0], [0.5, 0.5, 0.0]) == (0, 0)  # a mode the data do not have is not missed
    assert mode_kl([5, 4, 1], [0.5, 0.5, 0.0]).samples_from_data == np.inf
    assert type(found.samples_from_data) is float


def test_mode_kl():
    oracle_mode_kl(mode_kl)
    assert mode_kl(torch.tensor([7, 7])) == mode_kl((1.0, 1.0), torch.tensor([0.5, 0.5])) == (0, 0)


@faults(
    {
        "directions swapped": lambda *a: metrics.ModeKL(*reversed(mode_kl(*a))),
        "weights ignored": lambda counts, weights=None: mode_kl(counts),
        "in bits": lambda *a: metrics.ModeKL(*(float(v / np.log(2)) for v in mode_kl(*a))),
        "one for every empty mode": lambda counts, weights=None: mode_kl(np.maximum(counts, 1), weights),
        "only the modes that were seen": lambda counts, weights=None: mode_kl([c for c in counts if c], weights),
    }
)
def test_mode_kl_mutants(mutant):
    assert_killed(oracle_mode_kl, mutant)


def test_the_data_themselves_have_about_modes_minus_one_over_two_n():
    values = [mode_kl(rng(seed).multinomial(2000, [1 / 50] * 50)).samples_from_data for seed in range(200)]
    assert np.mean(values) == pytest.approx(49 / 4000, rel=0.05)


# ---- stacked digits


@pytest.fixture(scope="module")
def reader():
    return judges.digits()


def oracle_stacked(stacked_modes, reader):
    x, y = datasets.stacked_digits().labelled(2_000, torch.Generator().manual_seed(0))
    counts = stacked_modes(x, reader)
    assert counts.shape == (1000,)
    assert counts.sum() == 2_000
    wanted = np.bincount(y, minlength=1000)
    assert np.abs(counts - wanted).sum() / 2 < 0.03 * 2_000  # three digits, each read right in more than 99 of 100
    one = datasets.digits()
    chosen = torch.stack([one.x[one.y == digit][0] for digit in (1, 2, 3)])  # channels: hundreds, tens, ones
    assert stacked_modes(chosen.view(1, 3, 8, 8), reader).nonzero()[0].tolist() == [123]


def test_stacked_modes(reader):
    oracle_stacked(stacked_modes, reader)
    x = datasets.stacked_digits().sample(50, torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(stacked_modes(x.double().numpy(), reader), stacked_modes(x, reader))
    np.testing.assert_array_equal(stacked_modes(x.flip(0).requires_grad_(), reader), stacked_modes(x, reader))


@faults(
    {
        "channels backwards": lambda x, judge: stacked_modes(x.flip(1), judge),
        "only the modes that were seen": lambda x, judge: (c := stacked_modes(x, judge))[c > 0],
        "the channels side by side": lambda x, judge: stacked_modes(x.transpose(0, 1).reshape(len(x), 3, 8, 8), judge),
        "each mode once": lambda x, judge: np.minimum(stacked_modes(x, judge), 1),
    }
)
def test_stacked_modes_mutants(mutant, reader):
    assert_killed(partial(oracle_stacked, reader=reader), mutant)


# ---- precision and recall


def by_definition(x, real, k=3, itself=True, swapped=False, ball="own"):
    """Every pair and every ball, written out."""
    x, real = np.reshape(x, (len(x), -1)), np.reshape(real, (len(real), -1))

    def covered(points, others):
        radius = np.sort(cdist(others, others))[:, k if itself else k - 1]
        if ball == "mean":
            radius = np.full(len(others), radius.mean())
        inside = cdist(points, others) <= radius
        return (
            float(inside.any(1).mean())
            if ball != "nearest"
            else float(inside[np.arange(len(points)), cdist(points, others).argmin(1)].mean())
        )

    answer = covered(x, real), covered(real, x)
    return metrics.PrecisionRecall(*(reversed(answer) if swapped else answer))


def oracle_precision_recall(measure):
    x, real = rng().normal(size=(60, 3, 4)) * 0.8, rng(1).normal(size=(80, 3, 4)) * [1, 1, 1, 1.5]
    assert measure(x, real) == by_definition(x, real)
    assert 0.2 < measure(x, real).recall < measure(x, real).precision  # narrow samples: clean, but not all there is
    assert measure(x, real, k=1) == by_definition(x, real, k=1) != measure(x, real)
    flat, wide = x[:, 0, :2], real[:, 0, :2]
    assert measure(flat, wide) == by_definition(flat, wide)
    assert measure(x, x) == (1, 1)
    assert measure(x, x + 1e3) == (0, 0)
    line = np.arange(10.0)[:, None]
    assert measure(np.concatenate([line[:5], line[:5] + 0.1]), line, k=1) == (1, 0.5)  # half is missing
    copies = np.zeros((10, 20))  # all in one point: balls of no size still hold their own
    assert measure(copies, copies) == (1, 1)
    assert measure(copies, rng().normal(size=(10, 20))).recall == 0
    pulled = np.array([[0.0], [1.0], [2.0], [10.0]])  # an outlier's ball is wide: 9 from it, 1 is inside
    assert measure(pulled, np.array([[5.0], [5.1]]), k=1).recall == 1


def test_precision_recall():
    oracle_precision_recall(precision_recall)
    oracle_precision_recall(by_definition)


@faults(
    {
        "each counts as its own neighbour": partial(by_definition, itself=False),
        "precision for recall": partial(by_definition, swapped=True),
        "balls of one size": partial(by_definition, ball="mean"),
        "the nearest ball alone": partial(by_definition, ball="nearest"),
        "k ignored": lambda x, real, k=3: by_definition(x, real),
    }
)
def test_precision_recall_mutants(mutant):
    assert_killed(oracle_precision_recall, mutant)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 3))
def test_precision_and_recall_change_places(seed, d, k):
    """Also on a lattice, where many distances are equal: on the edge is inside."""
    x, real = rng(seed).integers(3, size=(9, d)), rng(seed + 1).integers(3, size=(7, d))
    found = precision_recall(x, real, k)
    assert found == tuple(reversed(precision_recall(real, x, k))) == by_definition(x, real, k)
    assert precision_recall(rng().permutation(x), real[::-1], k) == found


# ---- the birthday test


def oracle_birthday(birthday):
    x = rng().normal(size=(70, 2, 6))
    distance = cdist(x.reshape(70, -1), x.reshape(70, -1))[np.triu_indices(70, 1)]
    for within in (0, 2.0, 3.0, float(distance[5])):  # the last is a distance that occurs: on the edge is inside
        pairs = int((distance <= within).sum())
        assert birthday(x, within) == (pairs, 70 * 69 / (2 * pairs) if pairs else np.inf)
    assert birthday(np.zeros((10, 3)), 0) == (45, 1)  # ten copies of one
    assert birthday(x[[0, 1, 2, 0]], 1e-9) == (1, 6)
    support = [birthday(rng(seed).integers(365, size=(100, 1)) * 1.0, 0.5).support for seed in range(400)]
    assert 1 / np.mean(np.reciprocal(support)) == pytest.approx(365, rel=0.02)
    skewed = [birthday(rng(s).choice(3, (50, 1), p=[0.5, 0.3, 0.2]) * 1.0, 0.5).support for s in range(200)]
    assert 1 / np.mean(np.reciprocal(skewed)) == pytest.approx(1 / 0.38, rel=0.03)  # 1/Σ p²


def other_birthday(edge=np.less_equal, ordered=False, power=2, itself=False):
    def count(x, within):
        x = np.reshape(x, (len(x), -1))
        n = len(x)
        near = edge(cdist(x, x), within)
        pairs = int(near.sum() if ordered else np.triu(near, 0 if itself else 1).sum())
        return metrics.Birthday(pairs, (n * (n - 1) if power == 2 else n) / (2 * pairs) if pairs else np.inf)

    return count


def test_birthday():
    oracle_birthday(birthday)
    oracle_birthday(other_birthday())
    people = [birthday(rng(seed).integers(365, size=(23, 1)), 0).pairs > 0 for seed in range(2000)]
    assert np.mean(people) == pytest.approx(0.507, abs=0.04)


@faults(
    {
        "the edge outside": other_birthday(edge=np.less),
        "each pair twice": other_birthday(ordered=True),
        "each with itself": other_birthday(itself=True),
        "n for n(n − 1)": other_birthday(power=1),
        "squares compared": lambda x, within: other_birthday()(x, np.sqrt(within)),
    }
)
def test_birthday_mutants(mutant):
    assert_killed(oracle_birthday, mutant)


def test_pairs_at_the_very_edge_are_decided_by_their_differences():
    """Far from the origin the fast way cannot tell 0 from 10⁻⁴; what it cannot tell is computed exactly."""
    x = rng().normal(size=(50, 30)) + 1e3 * rng(1).normal(size=(50, 1))
    near = np.concatenate([x, x + 1e-5 / np.sqrt(30)])
    assert birthday(near, 1.01e-5).pairs == 50
    assert birthday(near, 0.99e-5).pairs == 0
    assert precision_recall(x, x, k=1) == (1, 1)


# ---- memorisation


def oracle_nearer(measure):
    train, held_out = rng().normal(size=(50, 2, 6)), rng(1).normal(size=(50, 2, 6))
    fresh = rng(2).normal(size=(2000, 2, 6))
    assert measure(train[:20], train, held_out) == 1
    assert measure(held_out, train, held_out) == 0
    assert measure(fresh, train, held_out) == 1 - measure(fresh, held_out, train)
    assert measure(fresh, train, train) == 0.5
    assert measure([[0.0], [9.0], [1.4]], [[1.0]], [[2.0]]) == pytest.approx(2 / 3)
    assert measure([[1.5]], [[1.0]], [[2.0]]) == 0.5
    draws = [measure(*rng(seed).normal(size=(3, 100, 3))) for seed in range(100)]
    assert np.mean(draws) == pytest.approx(0.5, abs=4 * np.std(draws) / 10)


def test_nearer_to_training():
    oracle_nearer(nearer_to_training)


@faults(
    {
        "the sets swapped": lambda x, train, held_out: nearer_to_training(x, held_out, train),
        "ties for training": lambda x, a, b: float((nearest_distance(x, a) <= nearest_distance(x, b)).mean()),
        "ties against": lambda x, a, b: float((nearest_distance(x, a) < nearest_distance(x, b)).mean()),
        "mean distances": lambda x, a, b: float(nearest_distance(x, a).mean() < nearest_distance(x, b).mean()),
        "from the training side": lambda x, a, b: nearer_to_training(a, x[: len(a)], b[: len(x)]),
    }
)
def test_nearer_to_training_mutants(mutant):
    assert_killed(oracle_nearer, mutant)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 20))
def test_nearest_by_a_tree_and_by_all_pairs(seed, d):
    x, y = rng(seed).normal(size=(15, d)), rng(seed + 1).normal(size=(11, d))
    np.testing.assert_allclose(nearest_distance(x, y), cdist(x, y).min(1), rtol=1e-12)
    assert nearest_distance(y[3:5], y).tolist() == [0, 0]


# ---- Parzen windows


def oracle_parzen(log_likelihood):
    x, centres = rng().normal(size=(20, 2, 3)), rng(1).normal(size=(30, 2, 3))
    flat, middle = x.reshape(20, 6), centres.reshape(30, 6)
    for width in (0.05, 0.5, 3.0):
        want = logsumexp([multivariate_normal(c, width**2).logpdf(flat) for c in middle], axis=0) - np.log(30)
        np.testing.assert_allclose(log_likelihood(x, centres, width), want, rtol=1e-9)
    # scipy's own estimate has the windows N(0, factor² Σ): of points with Σ = I these are ours.
    points = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]) * np.sqrt(3 / 4)
    kde = gaussian_kde(points.T, bw_method=0.3)
    np.testing.assert_allclose(log_likelihood(flat[:, :2], points, 0.3), kde.logpdf(flat[:, :2].T), rtol=1e-9)
    far = log_likelihood([[1e4]], [[0.0], [1.0]], 0.5)  # exp(−2·10⁸) is 0 in float64, its logarithm is not
    assert far[0] == pytest.approx(-2 * 9999**2 - np.log(2) - np.log(0.5 * np.sqrt(2 * np.pi)), rel=1e-12)


def other_parzen(constant=True, share=True, variance=False, outside=False):
    def log_likelihood(x, centres, width):
        x, centres = np.reshape(x, (len(x), -1)), np.reshape(centres, (len(centres), -1))
        squared = cdist(x, centres, "sqeuclidean")
        exponents = -squared / (2 * (width if variance else width**2))
        total = exponents.mean(1) if outside else logsumexp(exponents, axis=1) - np.log(len(centres)) * share
        return total - x.shape[1] * np.log(width * np.sqrt(2 * np.pi)) * constant

    return log_likelihood


def test_parzen():
    oracle_parzen(parzen_log_likelihood)
    oracle_parzen(other_parzen())


@faults(
    {
        "width for its square": other_parzen(variance=True),
        "not divided by m": other_parzen(share=False),
        "no normalising constant": other_parzen(constant=False),
        "mean of the logarithms": other_parzen(outside=True),
        "logarithm of a sum that vanishes": lambda x, c, w: np.log(np.exp(other_parzen()(x, c, w)) + 1e-300),
        "in bits": lambda x, c, w: parzen_log_likelihood(x, c, w) / np.log(2),
    }
)
def test_parzen_mutants(mutant):
    assert_killed(oracle_parzen, mutant)


def test_parzen_integrates_to_one():
    grid = np.linspace(-12, 12, 20_001)
    density = np.exp(parzen_log_likelihood(grid[:, None], [[-2.0], [0.5], [3.0]], 0.7))
    assert np.trapezoid(density, grid) == pytest.approx(1, rel=1e-9)


# ---- the Inception Score


def one_hot(*labels, classes=10):
    return np.eye(classes)[list(labels)]


def oracle_score(score):
    # Sure with probability 0.91, else spread: exp(log K − H), H the entropy of one row.
    rows = np.array([np.roll(np.full(10, 0.01) + 0.9 * (np.arange(10) == 0), k) for k in range(10)])
    entropy = -(0.91 * np.log(0.91) + 9 * 0.01 * np.log(0.01))
    assert score(rows, 1).mean == pytest.approx(np.exp(np.log(10) - entropy), rel=1e-12)
    # One is sure, the other knows nothing: the mean of log 4/3 and ½ log 4/3.
    assert score(np.array([[1.0, 0.0], [0.5, 0.5]]), 1).mean == pytest.approx((4 / 3) ** 0.75, rel=1e-12)
    every = one_hot(*range(10), *range(10))
    assert score(every, 1) == pytest.approx((10, 0), rel=1e-12)
    assert score(every, 2) == pytest.approx((10, 0), rel=1e-12)
    assert score(np.full((20, 10), 0.1), 5) == pytest.approx((1, 0), abs=1e-12)
    assert score(one_hot(*[3] * 20)) == pytest.approx((1, 0), abs=1e-12)
    assert score(one_hot(0, 1, 0, 1), 1).mean == pytest.approx(2, rel=1e-12)
    parts = score(np.concatenate([one_hot(0, 1), one_hot(0, 0)]), 2)  # 2 and 1
    assert parts == pytest.approx((1.5, 0.5), rel=1e-12)
    sorted_by_class = one_hot(*np.repeat(range(10), 10))
    assert score(sorted_by_class, 10).mean == pytest.approx(1, rel=1e-12)  # why samples are shuffled first
    uneven = score(one_hot(0, 1, 2, 0, 0), 2)  # parts of three and two
    assert uneven == pytest.approx((2, 1), rel=1e-12)
    assert type(uneven.mean) is type(uneven.std) is float


def other_score(base=np.e, outside=False, weight=True, ddof=0, swapped=False):
    def score(probabilities, splits=10):
        scores = []
        for p in np.array_split(probabilities, splits):
            marginal = np.broadcast_to(p.mean(0), p.shape)
            kl = divergences.kl(marginal, p) if swapped else divergences.kl(p, marginal)
            scores.append(np.exp(kl).mean() if outside else np.exp(kl.mean() / np.log(base)))
        return metrics.Score(float(np.mean(scores)), float(np.std(scores, ddof=ddof)) if splits > ddof else 0.0)

    return score


def test_inception_score():
    oracle_score(inception_score)
    oracle_score(other_score())
    logits = torch.randn(100, 1000, generator=torch.Generator().manual_seed(0))
    single = inception_score(logits.softmax(1))  # float32 does not add up to one exactly
    assert single.mean == pytest.approx(inception_score(logits.double().softmax(1)).mean, rel=1e-5)


@faults(
    {
        "base 2 within": other_score(base=2),
        "mean of the exponentials": other_score(outside=True),
        "divided by splits − 1": other_score(ddof=1),
        "KL the other way": other_score(swapped=True),
        "splits ignored": lambda p, splits=10: inception_score(p, 1),
        "shuffled": lambda p, splits=10: inception_score(rng().permutation(p), splits),
        "its logarithm": lambda p, splits=10: metrics.Score(np.log(inception_score(p, splits).mean), 0.0),
    }
)
def test_inception_score_mutants(mutant):
    assert_killed(oracle_score, mutant)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_the_score_lies_between_one_and_the_classes(seed, classes):
    p = rng(seed).dirichlet(np.full(classes, 0.2), size=12)
    score = inception_score(p, 1).mean
    assert 1 <= score <= classes + 1e-12
    assert inception_score(p[::-1], 1).mean == pytest.approx(score, rel=1e-12)


# ---- bad input

THREE = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: mode_kl([0, 0]), r"at least one sample in all; given \[0.0, 0.0\]"),
        (lambda: mode_kl([[1, 2]]), r"counts must be \(modes,\)"),
        (lambda: mode_kl([1, -1]), "counts must not be negative"),
        (lambda: mode_kl([1, np.nan]), "counts must be finite"),
        (lambda: mode_kl([1, 1], [1.0]), "one for each of 2 modes"),
        (lambda: mode_kl([1, 1], [1.0, 1.0]), "weights must sum to 1"),
        (lambda: stacked_modes(np.zeros((2, 1, 8, 8)), None), r"\(n, 3, side, side\); given shape \(2, 1, 8, 8\)"),
        (lambda: stacked_modes(np.full((2, 3, 8, 8), np.nan), None), "x must be finite"),
        (lambda: precision_recall(THREE, THREE), r"x must be \(n, \*shape\) with n ≥ 4; given shape \(3, 2\)"),
        (lambda: precision_recall(THREE, THREE, k=0), "k must be at least 1; given 0"),
        (lambda: precision_recall(THREE, THREE * np.nan, k=1), "real must be finite"),
        (lambda: precision_recall(THREE, np.zeros((3, 4)), k=1), "must have the same shape"),
        (lambda: birthday(THREE[:1], 1), "n ≥ 2"),
        (lambda: birthday(THREE, -1), "within must be a distance, at least 0; given -1"),
        (lambda: birthday(THREE, np.nan), "given nan"),
        (lambda: birthday(THREE * np.nan, 1), "x must be finite"),
        (lambda: nearer_to_training(THREE, THREE, THREE[:2]), "one size, .* given 3 and 2. Shorten the longer"),
        (lambda: nearer_to_training(THREE, np.zeros((3, 4)), np.zeros((3, 4))), "must have the same shape"),
        (lambda: nearer_to_training(THREE * np.nan, THREE, THREE), "x must be finite"),
        (lambda: parzen_log_likelihood(THREE, THREE, 0), "width must be positive, .* given 0"),
        (lambda: parzen_log_likelihood(THREE, THREE[:0], 1), "centres must be"),
        (lambda: parzen_log_likelihood(THREE, THREE * np.nan, 1), "centres must be finite"),
        (lambda: inception_score(one_hot(1, 2)), r"probabilities must be \(n, \*shape\) with n ≥ 10"),
        (lambda: inception_score(one_hot(1, 2), 0), "splits must be at least 1"),
        (lambda: inception_score(np.array([[2.0, -1.0]]), 1), "given values from -1, .* softmax"),
        (lambda: inception_score(np.array([[0.5, 0.4]]), 1), "totals 0.9 … 0.9"),
        (lambda: inception_score(np.array([[0.5, np.nan]]), 1), "finite"),
    ],
)
def test_bad_input(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_measures_do_not_wait_for_torch():
    code = "import sys; from gan_core import metrics; metrics.frechet_distance([[0.0], [1.0]], [[0.0], [1.0]])"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)
