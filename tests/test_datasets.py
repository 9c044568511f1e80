"""The data are what they say: densities integrate, moments have closed forms, digits are digits."""

import numpy as np
import pytest
import torch
from mutants import assert_killed
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits

from gan_core import datasets
from gan_core.datasets import Examples, Mixture


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


UNEVEN = Mixture(
    centres=torch.tensor([[0.0, 1.0], [3.0, -1.0], [-2.0, 0.5]], dtype=torch.float64),
    std=torch.tensor([0.3, 0.05, 1.2], dtype=torch.float64),
    weights=torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64),
)


# ---- mixtures


def oracle_density(log_density):
    x = 3 * torch.randn(50, 2, generator=rng())
    parts = [
        weight * multivariate_normal(centre, std**2).pdf(x.numpy())
        for weight, centre, std in zip(
            UNEVEN.weights.tolist(), UNEVEN.centres.numpy(), UNEVEN.std.tolist(), strict=True
        )
    ]
    np.testing.assert_allclose(log_density(UNEVEN, x).numpy(), np.log(sum(parts)), rtol=1e-10)
    far = torch.tensor([[400.0, 0.0]])  # the density underflows there, its logarithm does not
    assert torch.isfinite(log_density(UNEVEN, far)).all()


def density(scale=1.0, log=True, weights=True, power=2):
    def mutant(m, x):
        squared = torch.cdist(x, m.centres, compute_mode="donot_use_mm_for_euclid_dist").square() / m.std**2
        normal = -squared / 2 * scale - power * (m.std.log() + np.log(2 * np.pi) / 2)
        normal = normal + m.weights.log() if weights else normal
        return torch.logsumexp(normal, 1) if log else normal.exp().sum(1).log()

    return mutant


def test_log_density():
    oracle_density(Mixture.log_density)
    oracle_density(density())


@pytest.mark.parametrize(
    "mutant",
    {
        "the half lost": density(scale=2.0),
        "one dimension's constant": density(power=1),
        "weights forgotten": density(weights=False),
        "sum of exponentials underflows": density(log=False),
    }.values(),
)
def test_log_density_mutants(mutant):
    assert_killed(oracle_density, mutant)


def test_density_integrates_to_one():
    m = datasets.mixture([-1.0, 2.0], std=[0.3, 0.7], weights=[0.25, 0.75])
    x = torch.linspace(-6, 8, 4001)[:, None]
    assert float(m.log_density(x).exp().sum() * 14 / 4000) == pytest.approx(1, abs=1e-9)


def oracle_sample(sample):
    """Mean Σ w c and covariance Σ w (σ² I + c cᵀ) − mean meanᵀ, within five standard errors."""
    n = 40_000
    x = sample(UNEVEN, n, rng(1)).numpy()
    assert x.shape == (n, 2)
    w, c, s = (v.numpy() for v in (UNEVEN.weights, UNEVEN.centres, UNEVEN.std))
    mean = w @ c
    cov = np.einsum("k,kij->ij", w, s[:, None, None] ** 2 * np.eye(2) + c[:, :, None] * c[:, None]) - np.outer(
        mean, mean
    )
    assert (np.abs(x.mean(0) - mean) < 5 * np.sqrt(np.diag(cov) / n)).all()
    fourth = np.square((x - mean)[:, :, None] * (x - mean)[:, None]).mean(0)
    assert (np.abs(np.cov(x.T) - cov) < 5 * np.sqrt(fourth / n)).all()


def sampler(weights=True, std=lambda s: s, per_axis=True):
    def mutant(m, n, rng):
        k = torch.multinomial(m.weights if weights else torch.ones(3), n, replacement=True, generator=rng)
        noise = torch.randn(n, 2 if per_axis else 1, generator=rng)
        return m.centres[k] + std(m.std)[k, None] * noise

    return mutant


def test_sample():
    oracle_sample(Mixture.sample)
    oracle_sample(sampler())


@pytest.mark.parametrize(
    "mutant",
    {
        "variance for std": sampler(std=lambda s: s**2),
        "weights forgotten": sampler(weights=False),
        "one noise for both axes": sampler(per_axis=False),
    }.values(),
)
def test_sample_mutants(mutant):
    assert_killed(oracle_sample, mutant)


def test_sample_follows_the_generator():
    assert torch.equal(UNEVEN.sample(9, rng(3)), UNEVEN.sample(9, rng(3)))
    stream = rng(3)
    assert not torch.equal(UNEVEN.sample(9, stream), UNEVEN.sample(9, stream))


def oracle_ring(ring):
    centres = ring(8, radius=2.0).centres
    distance = torch.pdist(centres)
    assert distance.min() > 1, "two modes in one place"
    torch.testing.assert_close(centres.norm(dim=1), torch.full((8,), 2.0))
    torch.testing.assert_close(distance.min(), torch.tensor(4 * np.sin(np.pi / 8)))  # neighbours: 2r sin(π/n)
    torch.testing.assert_close(centres[0], torch.tensor([2.0, 0.0]))


def linspace_ring(modes, radius):
    angle = torch.linspace(0, 2 * torch.pi, modes)  # the fault of the benchmark's first public notebook: 7 modes
    return datasets.mixture(radius * torch.stack([angle.cos(), angle.sin()], 1), 0.02)


def test_ring():
    oracle_ring(datasets.ring)
    assert float(datasets.ring().std[0]) == 0.02


@pytest.mark.parametrize(
    "mutant",
    [
        linspace_ring,
        lambda modes, radius: datasets.ring(modes, radius=1.0),
        lambda modes, radius: datasets.ring(modes - 1, radius),
        lambda modes, radius: datasets.mixture(datasets.ring(modes, radius).centres.flip(1), 0.02),
    ],
    ids=["linspace with its endpoint", "radius ignored", "one mode short", "sine and cosine swapped"],
)
def test_ring_mutants(mutant):
    assert_killed(oracle_ring, mutant)


def test_the_endpoint_makes_seven_modes():
    distinct = {tuple(row) for row in linspace_ring(8, 2.0).centres.round(decimals=9).add(0.0).tolist()}
    assert len(distinct) == 7
    assert len({tuple(row) for row in datasets.ring().centres.round(decimals=9).add(0.0).tolist()}) == 8


def oracle_grid(grid):
    centres = grid(5, spacing=2.0).centres
    assert {tuple(c) for c in centres.tolist()} == {
        (float(i), float(j)) for i in range(-4, 5, 2) for j in range(-4, 5, 2)
    }


def test_grid():
    oracle_grid(datasets.grid)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda side, spacing: datasets.grid(side),
        lambda side, spacing: datasets.mixture(datasets.grid(side, spacing).centres + spacing / 2, 0.05),
        lambda side, spacing: datasets.grid(side - 1, spacing),
    ],
    ids=["spacing ignored", "not centred", "one short"],
)
def test_grid_mutants(mutant):
    assert_killed(oracle_grid, mutant)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: datasets.mixture([], 1.0), ValueError, "centres must be"),
        (lambda: datasets.mixture([[[1.0]]], 1.0), ValueError, "centres must be"),
        (lambda: datasets.mixture([float("nan")], 1.0), ValueError, "finite"),
        (lambda: datasets.mixture([0.0], 0.0), ValueError, r"std must be positive.*given 0.0"),
        (lambda: datasets.mixture([0.0, 1.0], [1.0, 1.0, 1.0]), ValueError, "one for each of 2 modes"),
        (lambda: datasets.mixture([0.0], float("nan")), ValueError, "std must be positive"),
        (lambda: datasets.mixture([0.0, 1.0], 1.0, [0.5, 0.6]), ValueError, "sum to 1"),
        (lambda: datasets.mixture([0.0, 1.0], 1.0, [-0.5, 1.5]), ValueError, "non-negative"),
        (lambda: datasets.mixture([0.0, 1.0], 1.0, [1.0]), ValueError, "weights must be 2"),
        (lambda: datasets.mixture([0.0, 1.0], 1.0, [float("nan")] * 2), ValueError, "weights must be 2"),
        (lambda: datasets.ring(0), ValueError, "modes must be at least 1; given 0"),
        (lambda: datasets.grid(2.5), TypeError, "side must be a whole number; given 2.5"),
        (lambda: UNEVEN.sample(0), ValueError, "n must be at least 1; given 0"),
        (lambda: UNEVEN.log_density(torch.zeros(4, 3)), ValueError, r"points \(n, 2\); given shape \(4, 3\)"),
        (lambda: Examples(np.zeros((3, 1))), TypeError, "x must be a tensor; given ndarray"),
        (lambda: Examples(torch.zeros(3, 1), [1, 2, 3]), TypeError, "y must be a tensor; given list"),
        (lambda: Examples(torch.zeros(3)), ValueError, r"given shape \(3,\)"),
        (lambda: Examples(torch.zeros(0, 2)), ValueError, "N ≥ 1"),
        (lambda: Examples(torch.full((2, 2), float("inf"))), ValueError, "x must be finite"),
        (lambda: Examples(torch.zeros(3, 1), torch.zeros(2)), ValueError, "one label for each of 3"),
        (lambda: Examples(torch.zeros(3, 1)).sample(-1), ValueError, "n must be at least 1; given -1"),
        (lambda: Examples(torch.zeros(3, 1)).split(3), ValueError, "below 3; given 3"),
        (lambda: Examples(torch.zeros(3, 1)).split(0), ValueError, "n must be at least 1; given 0"),
    ],
)
def test_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


# ---- finite sets


def oracle_examples_sample(sample):
    data = Examples(torch.arange(5.0)[:, None])
    x = sample(data, 5_000, rng())
    counts = np.bincount(x[:, 0].long(), minlength=5)
    assert counts.shape == (5,)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)  # every example, equally often, with replacement
    assert torch.equal(x, sample(data, 5_000, rng()))


def test_examples_sample():
    oracle_examples_sample(Examples.sample)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda data, n, rng: data.x[torch.randint(len(data) - 1, (n,), generator=rng)],
        lambda data, n, rng: data.x[torch.randint(len(data), (n,))],
        lambda data, n, rng: data.x[torch.randperm(len(data), generator=rng)[:n]],
    ],
    ids=["the last example never", "another stream", "without replacement"],
)
def test_examples_sample_mutants(mutant):
    assert_killed(oracle_examples_sample, mutant)


def oracle_split(split):
    data = Examples(torch.arange(20.0)[:, None], torch.arange(20))
    a, b = split(data, 12, seed=1)
    assert (len(a), len(b)) == (12, 8)
    assert sorted([*a.y.tolist(), *b.y.tolist()]) == list(range(20))  # disjoint, and nothing lost
    assert all(torch.equal(part.x[:, 0], part.y.double()) for part in (a, b))  # labels stay with their examples
    assert a.y.tolist() != list(range(12))
    assert torch.equal(a.y, split(data, 12, seed=1)[0].y)
    assert not torch.equal(a.y, split(data, 12, seed=2)[0].y)


def test_split():
    oracle_split(Examples.split)
    assert Examples(torch.zeros(3, 1)).split(1)[0].y is None


@pytest.mark.parametrize(
    "mutant",
    [
        lambda data, n, seed: (Examples(data.x[:n], data.y[:n]), Examples(data.x[n:], data.y[n:])),
        lambda data, n, seed: (
            Examples(data.x[:n][torch.randperm(n, generator=rng(seed))], data.y[:n]), data.split(n, seed)[1]),
        lambda data, n, seed: (data.split(n, seed)[0], data.split(n, seed + 1)[1]),
    ],
    ids=["not shuffled", "labels left behind", "the two sets overlap"],
)  # fmt: skip
def test_split_mutants(mutant):
    assert_killed(oracle_split, mutant)


# ---- digits


def oracle_digits(digits):
    data = digits()
    raw = load_digits()
    assert data.shape == (1, 8, 8)
    assert len(data) == 1797
    assert (data.x.min(), data.x.max()) == (-1, 1)
    assert data.x.dtype == torch.get_default_dtype()
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert torch.equal(data.x[:, 0, 0, 0], torch.full((1797,), -1.0)), "the upper left corner is paper"
    np.testing.assert_array_equal((data.x[7, 0].numpy() + 1) * 8, raw.images[7])  # upright


def test_digits():
    oracle_digits(datasets.digits)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda: Examples((datasets.digits().x + 1) / 2, datasets.digits().y),
        lambda: Examples(-datasets.digits().x, datasets.digits().y),
        lambda: Examples(datasets.digits().x.transpose(2, 3), datasets.digits().y),
        lambda: Examples(datasets.digits().x.float(), datasets.digits().y),
    ],
    ids=["in [0, 1]", "ink and paper swapped", "transposed", "another dtype"],
)
def test_digits_mutants(mutant):
    assert_killed(oracle_digits, mutant)
