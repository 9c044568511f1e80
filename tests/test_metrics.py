"""Each measure where its value is known: identities, closed forms, an independent computation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from scipy.linalg import sqrtm
from scipy.stats import chi2

from gan_core import datasets, metrics
from gan_core.judgement.metrics import Judge, frechet_distance, modes, nearest_distance


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- the Fréchet distance


def oracle_frechet(distance):
    x = rng().normal(size=(200, 3)) @ np.array([[2.0, 0.3, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.1]])
    y = rng(1).normal(size=(150, 3)) + 1
    assert distance(x, x) == pytest.approx(0, abs=1e-9)
    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-9)
    assert distance(x, x + np.array([3.0, 0.0, 4.0])) == pytest.approx(25, rel=1e-9)  # a shift: ‖shift‖²
    spread = np.trace(np.cov(x.T))
    assert distance(x, 3 * (x - x.mean(0)) + x.mean(0)) == pytest.approx(4 * spread, rel=1e-9)  # (3 − 1)² tr Σ
    cx, cy = np.cov(x.T), np.cov(y.T)  # another way to the root, for covariances that do not commute
    want = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(cx + cy - 2 * sqrtm(cx @ cy).real)
    assert distance(x, y) == pytest.approx(want, rel=1e-9)


def frechet(power=2, cross=2.0, root=lambda a, b: sqrtm(a @ b).real, cov=np.cov):
    def distance(x, y):
        a, b = cov(x.T), cov(y.T)
        return np.linalg.norm(x.mean(0) - y.mean(0)) ** power + np.trace(a + b - cross * root(a, b))

    return distance


def test_frechet():
    oracle_frechet(frechet_distance)
    oracle_frechet(frechet())


@faults(
    {
        "means not squared": frechet(power=1),
        "the 2 lost": frechet(cross=1.0),
        "root of each alone": frechet(root=lambda a, b: (sqrtm(a) @ sqrtm(b)).real),
        "root by entries": frechet(root=lambda a, b: np.sqrt(np.abs(a @ b))),
        "second moments for covariances": frechet(cov=lambda x: x @ x.T / x.shape[1]),
        "root of the whole": lambda x, y: np.sqrt(frechet_distance(x, y)),
        "means alone": lambda x, y: np.square(x.mean(0) - y.mean(0)).sum(),
    }
)
def test_frechet_mutants(mutant):
    assert_killed(oracle_frechet, mutant)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_frechet_is_not_changed_by_a_rotation_and_never_negative(seed, d):
    x, y = rng(seed).normal(size=(2, 12, d))
    turn, _ = np.linalg.qr(rng(seed + 1).normal(size=(d, d)))
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), abs=1e-9)
    assert frechet_distance(x, y) >= 0


def test_frechet_takes_images_and_flat_directions():
    """Pixels that are always paper make the covariance singular: still zero for itself."""
    x = torch.zeros(10, 1, 4, 4)
    x[:, 0, 0, 0] = torch.arange(10.0)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, x + 1) == pytest.approx(16)


# ---- modes


def oracle_modes(modes):
    ring = datasets.ring(8, radius=2.0, std=0.1)
    c = ring.centres.numpy()
    x = np.concatenate([np.repeat(c[:1], 30, 0), np.repeat(c[1:2], 20, 0), np.repeat(c[2:3], 19, 0), np.zeros((31, 2))])
    found = modes(x, ring)
    assert found.counts.tolist() == [30, 20, 19, 0, 0, 0, 0, 0]
    assert found.covered == 2
    assert found.near == 0.69
    edge = c[:1] + np.array([[0.299, 0.0], [0.301, 0.0]])  # three standard deviations are 0.3
    assert modes(edge, ring, at_least=1).counts[0] == 1
    uneven = datasets.mixture([0.0, 1.0], std=[0.01, 0.5])  # 0.4 is nearer to 0, but belongs to the wide one
    assert modes([[0.4]], uneven, at_least=1).counts.tolist() == [0, 1]


def test_modes():
    oracle_modes(modes)
    ring = datasets.ring(std=0.1)
    x = ring.sample(20_000, torch.Generator().manual_seed(0))
    found = modes(x, ring)
    assert found.covered == 8
    assert found.near == pytest.approx(chi2(2).cdf(9), abs=5 * np.sqrt(0.011 * 0.989 / 20_000))


def other_modes(within=3.0, at_least=20, nearest="std", share="all"):
    def count(x, mixture, at_least=at_least):
        centres, std = mixture.centres.numpy(), mixture.std.numpy()
        distance = np.linalg.norm(np.asarray(x)[:, None] - centres, axis=2)
        away = distance / std
        owner = (away if nearest == "std" else distance).argmin(1)
        close = away[np.arange(len(away)), owner] <= within
        counts = np.bincount(owner[close], minlength=len(centres))
        return metrics.Modes(counts, int((counts >= at_least).sum()), counts.sum() / len(x) if share == "all" else 1.0)

    return count


@faults(
    {
        "two standard deviations": other_modes(within=2.0),
        "one sample is enough": other_modes(at_least=1),
        "more than twenty": other_modes(at_least=21),
        "nearest in plain distance": other_modes(nearest="plain"),
        "far samples not counted in the share": other_modes(share="near"),
        "variance for standard deviation": lambda x, m, **k: modes(x, m, within=3.0 * float(m.std[0]), **k),
    }
)
def test_modes_mutants(mutant):
    oracle_modes(other_modes())
    assert_killed(oracle_modes, mutant)


# ---- nearest


def oracle_nearest(nearest):
    x, examples = rng().normal(size=(30, 2, 3)), rng(1).normal(size=(40, 2, 3))
    want = [min(np.sqrt(((a - b) ** 2).sum()) for b in examples) for a in x]
    np.testing.assert_allclose(nearest(x, examples), want, rtol=1e-12)
    assert nearest(examples[3:5], examples).tolist() == [0, 0]


def test_nearest():
    oracle_nearest(nearest_distance)


@faults(
    {
        "squared": lambda x, e: nearest_distance(x, e) ** 2,
        "arguments swapped": lambda x, e: nearest_distance(e, x),
        "city blocks": lambda x, e: np.abs(x[:, None] - e).reshape(len(x), len(e), -1).sum(2).min(1),
        "the mean": lambda x, e: np.linalg.norm((x[:, None] - e).reshape(len(x), len(e), -1), axis=2).mean(1),
    }
)
def test_nearest_mutants(mutant):
    assert_killed(oracle_nearest, mutant)


# ---- the judge


@pytest.fixture(scope="module")
def halves():
    return datasets.digits().split(899, seed=0)


def oracle_judge(judge_class, halves):
    learn, held_out = halves
    judge = judge_class(learn, held_out)
    right = judge.label(held_out.x) == held_out.y.numpy()
    assert judge.accuracy == right.mean()
    assert 0.97 < judge.accuracy < 1
    assert judge.sure(held_out.x).mean() == pytest.approx(0.95, abs=2 / len(held_out))
    assert judge.sure(learn.x).mean() > judge.sure(held_out.x).mean()  # it knows what it has learned
    noise = torch.rand(500, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert judge.sure(noise).mean() < 0.02
    assert right[judge.sure(held_out.x)].mean() > right.mean()  # being sure means something
    scores = judge.scores(held_out.x)
    assert scores.shape == (len(held_out), 10)
    assert (judge.classes[scores.argmax(1)] == judge.label(held_out.x)).all()


def test_judge(halves):
    oracle_judge(Judge, halves)
    judge = Judge(*halves, doubt=0.5)
    assert judge.sure(halves[1].x).mean() == pytest.approx(0.5, abs=2 / 898)


class Threshold(Judge):
    def __init__(self, learn, held_out, on_learned=False, always=False):
        super().__init__(learn, held_out)
        if on_learned:
            self.threshold = float(np.quantile(self.scores(learn.x).max(1), 0.05))
        self.always = always

    def sure(self, x):
        return super().sure(x) | self.always


class ScoredOnWhatItLearned(Judge):
    def __init__(self, learn, held_out):
        super().__init__(learn, held_out)
        self.accuracy = float((self.label(learn.x) == learn.y.numpy()).mean())


class Unsigned(Judge):
    def scores(self, x):
        return np.abs(super().scores(x))


@faults(
    {
        "threshold from what it learned": lambda a, b: Threshold(a, b, on_learned=True),
        "sure of everything": lambda a, b: Threshold(a, b, always=True),
        "accuracy on what it learned": ScoredOnWhatItLearned,
        "margins without their sign": Unsigned,
        "roles swapped": lambda a, b: Judge(b, a),
    }
)
def test_judge_mutants(mutant, halves):
    assert_killed(lambda judge: oracle_judge(judge, halves), mutant)


# ---- bad input

RING = datasets.ring()
DIGITS = datasets.Examples(torch.zeros(4, 1))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: frechet_distance([[1.0]], [[1.0], [2.0]]), ValueError, r"x must be \(n, \*shape\) with n ≥ 2"),
        (lambda: frechet_distance(np.zeros((3, 2)), np.zeros((3, 4))), ValueError, r"x of shape \(3, 2\), y of shape"),
        (lambda: frechet_distance(np.full((3, 2), np.nan), np.zeros((3, 2))), ValueError, "x must be finite"),
        (lambda: nearest_distance(np.zeros((3, 2)), np.zeros((0, 2))), ValueError, r"examples must be \(n, \*shape\)"),
        (lambda: nearest_distance(np.zeros(3), np.zeros((2, 2))), ValueError, r"given shape \(3,\)"),
        (
            lambda: modes(np.zeros((3, 1)), RING),
            ValueError,
            r"points \(n, 2\) like the mixture's; given shape \(3, 1\)",
        ),
        (lambda: modes(np.zeros((3, 2)), RING, within=0), ValueError, "within must be positive; given 0"),
        (lambda: modes(np.zeros((3, 2)), RING, at_least=0), ValueError, "at_least must be at least 1; given 0"),
        (lambda: Judge(DIGITS, DIGITS), ValueError, "a judge needs labels"),
        (lambda: Judge(*[datasets.Examples(torch.eye(4), torch.arange(4))] * 2, doubt=1.5), ValueError, "given 1.5"),
    ],
)
def test_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()
