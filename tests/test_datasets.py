"""The data are what they say: densities integrate, moments have closed forms, digits are digits."""

import numpy as np
import pytest
import torch
from mutants import assert_killed, faults
from scipy.stats import chisquare, kstest, multivariate_normal
from sklearn.datasets import load_digits, make_swiss_roll

from gan_core import datasets
from gan_core.course.lessons.museum import one_thing
from gan_core.pieces.datasets import Examples, Images, Mixture

pytestmark = pytest.mark.usefixtures("float64")


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


@faults(
    {
        "the half lost": density(scale=2.0),
        "one dimension's constant": density(power=1),
        "weights forgotten": density(weights=False),
        "sum of exponentials underflows": density(log=False),
    }
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


@faults(
    {
        "variance for std": sampler(std=lambda s: s**2),
        "weights forgotten": sampler(weights=False),
        "one noise for both axes": sampler(per_axis=False),
    }
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


def test_ring():
    oracle_ring(datasets.ring)
    oracle_ring(one_thing.spots.mended)
    assert float(datasets.ring().std[0]) == 0.02


@pytest.mark.parametrize(
    "mutant",
    [
        one_thing.spots.broken,
        lambda modes, radius: datasets.ring(modes, radius=1.0),
        lambda modes, radius: datasets.ring(modes - 1, radius),
        lambda modes, radius: datasets.mixture(datasets.ring(modes, radius).centres.flip(1), 0.02),
    ],
    ids=["linspace with its endpoint", "radius ignored", "one mode short", "sine and cosine swapped"],
)
def test_ring_mutants(mutant):
    assert_killed(oracle_ring, mutant)


def test_the_endpoint_makes_seven_modes():
    distinct = {tuple(row) for row in one_thing.spots.broken(8, 2.0).centres.round(decimals=9).add(0.0).tolist()}
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


def oracle_swiss_roll(swiss_roll):
    """scikit-learn's roll from the side: its points lie on ours, evenly along the parameter t, its noise is ours."""
    roll = swiss_roll()
    points, t = make_swiss_roll(2_000, random_state=0)
    away = torch.cdist(torch.tensor(points[:, [0, 2]] / 7.5), roll.centres)
    assert away.min(1).values.max() < 0.05  # half of the widest gap between neighbours is 0.023
    share = (away.argmin(1).numpy() + 0.5) / len(roll.centres)
    assert kstest(share, "uniform").pvalue > 0.001
    np.testing.assert_allclose(share, (t / (1.5 * np.pi) - 1) / 2, atol=0.01)
    gaps = roll.centres.diff(dim=0).norm(dim=1)
    assert gaps.max() < 2 * roll.std[0]  # one curve, no string of beads
    noise = (make_swiss_roll(2_000, noise=0.25, random_state=1)[0] - make_swiss_roll(2_000, random_state=1)[0]) / 7.5
    np.testing.assert_allclose(noise[:, [0, 2]].std(), roll.std[0], rtol=0.05)


def test_swiss_roll():
    oracle_swiss_roll(datasets.swiss_roll)
    assert datasets.swiss_roll(5).shape == (2,)


def _rolled(t, scale=7.5, std=1 / 30):
    return lambda: datasets.mixture(t[:, None] * torch.stack([t.cos(), t.sin()], 1) / scale, std)


@pytest.mark.parametrize(
    "mutant",
    [
        _rolled(torch.linspace(0, 4.5 * torch.pi, 400)),
        _rolled(torch.linspace(4.5 * torch.pi, 1.5 * torch.pi, 400)),
        _rolled(torch.linspace(1.5 * torch.pi, 4.5 * torch.pi, 400), scale=1.0),
        _rolled(torch.linspace(1.5 * torch.pi, 4.5 * torch.pi, 100)),
        _rolled(torch.linspace(1.5 * torch.pi, 4.5 * torch.pi, 400), std=0.25),
        _rolled(torch.linspace((1.5 * torch.pi) ** 2, (4.5 * torch.pi) ** 2, 400).sqrt()),
        lambda: datasets.mixture(datasets.swiss_roll().centres.flip(1), 1 / 30),
    ],
    ids=["from the middle", "backwards", "not scaled", "a string of beads", "noise not scaled", "even along the curve",
         "sine and cosine swapped"],
)  # fmt: skip
def test_swiss_roll_mutants(mutant):
    assert_killed(oracle_swiss_roll, mutant)


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
        (lambda: datasets.swiss_roll(0), ValueError, "modes must be at least 1; given 0"),
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


# ---- three digits as one image


def oracle_stacked(labelled):
    one, n = datasets.digits(), 6_000
    x, y = labelled(datasets.stacked_digits(), n, rng())
    assert x.shape == (n, 3, 8, 8)
    assert x.dtype == torch.get_default_dtype()
    known = {image.numpy().tobytes(): (row, int(one.y[row])) for row, image in enumerate(one.x)}
    drawn = np.array([[known.get(channel.tobytes(), (-1, -1)) for channel in image] for image in x.numpy()])
    assert drawn.min() >= 0, "not one of the digits"
    rows, digits = drawn.transpose(2, 0, 1)
    assert y.tolist() == (digits @ [100, 10, 1]).tolist()  # hundreds, tens, ones
    assert y.dtype == torch.int64

    p = np.bincount(one.y) / len(one)
    for first, second in (0, 1), (0, 2), (1, 2):  # channels two by two: the product of the digits' own frequencies
        pairs = np.histogram2d(digits[:, first], digits[:, second], bins=10, range=[[0, 10], [0, 10]])[0]
        assert chisquare(pairs.ravel(), n * np.outer(p, p).ravel()).pvalue > 1e-3
        assert (rows[:, first] == rows[:, second]).mean() < 0.01
    frequency = np.bincount(y, minlength=1000)
    assert frequency.shape == (1000,)
    expected = n * np.einsum("a,b,c->abc", p, p, p).ravel()
    assert chisquare(frequency, expected).pvalue > 1e-3
    assert (frequency > 0).sum() > 985  # of 1,000 modes, e⁻⁶ are missed: 2 or 3
    assert torch.equal(x, labelled(datasets.stacked_digits(), n, rng())[0])


def stacked(draw=lambda one, n, rng: one.labelled(3 * n, rng), weights=(100, 10, 1), axis=1):
    def mutant(data, n, rng):
        x, y = draw(data.digits, n, rng)
        x = x.reshape(n, 3, 8, 8) if axis == 1 else x.reshape(3, n, 8, 8).transpose(0, 1)
        return x, y.reshape(n, 3) @ torch.tensor(weights)

    return mutant


def thrice(one, n, rng):
    drawn = one[torch.randint(len(one), (n,), generator=rng).repeat_interleave(3)]
    return drawn.x, drawn.y


def a_digit_of_the_same_kind(one, n, rng):
    y = one.labels(n, rng).repeat_interleave(3)
    drawn = one[torch.stack([torch.nonzero(one.y == label)[i % 170, 0] for i, label in enumerate(y)])]
    return drawn.x, drawn.y


def test_stacked_digits():
    oracle_stacked(datasets.StackedDigits.labelled)
    oracle_stacked(stacked())


@faults(
    {
        "the same digit thrice": stacked(draw=thrice),
        "three of the same kind": stacked(draw=a_digit_of_the_same_kind),
        "labels' order reversed": stacked(weights=(1, 10, 100)),
        "channels of different stacks": stacked(axis=0),
        "never a nine": stacked(draw=lambda one, n, rng: one[one.y < 9].labelled(3 * n, rng)),
        "in [0, 1]": lambda data, n, rng: ((data.labelled(n, rng)[0] + 1) / 2, data.labelled(n, rng)[1]),
    }
)
def test_stacked_digits_mutants(mutant):
    assert_killed(oracle_stacked, mutant)


class Elsewhere:
    def to(self, device):
        return f"moved to {device}"


def test_stacked_digits_follow_the_protocol():
    data = datasets.stacked_digits()
    assert data.shape == (3, 8, 8)
    assert torch.equal(data.sample(5, rng(2)), data.labelled(5, rng(2))[0])
    assert torch.equal(data.labels(5, rng(2)), data.labelled(5, rng(2))[1])
    assert torch.equal(data.to("cpu").sample(5, rng(2)), data.sample(5, rng(2)))
    assert datasets.StackedDigits(Elsewhere()).to("cuda").digits == "moved to cuda"
    for draw in (data.sample, data.labels, data.labelled):
        with pytest.raises(ValueError, match="n must be at least 1; given 0"):
            draw(0)
        with pytest.raises(TypeError, match=r"n must be a whole number; given 2\.5"):
            draw(2.5)


# ---- what finite sets know of their examples, and images that keep a byte per value


def numbered(n=20):
    """Examples whose rows, labels and factors all tell their number."""
    rows = torch.arange(float(n))
    return Examples(rows[:, None], rows.long(), {"tenfold": 10 * rows, "halves": rows / 2})


def together(data):
    """The numbers of the examples of `data`, and that all that is known of them came along."""
    x = data.x[:, 0]
    assert data.factors.keys() == {"tenfold", "halves"}
    assert torch.equal(data.y.double(), x)
    assert torch.equal(data.factors["tenfold"], 10 * x)
    assert torch.equal(data.factors["halves"], x / 2)
    return x.tolist()


def oracle_rows(pick):
    data = numbered()
    assert together(pick(data, slice(3, 9, 2))) == [3, 5, 7]
    assert together(pick(data, torch.tensor([7, 7, 0]))) == [7, 7, 0]
    assert together(pick(data, [4, -1])) == [4, 19]
    assert together(pick(data, data.factors["halves"] > 8.5)) == [18, 19]
    bare = pick(Examples(torch.zeros(5, 1)), slice(2))
    assert (len(bare), bare.y, bare.factors) == (2, None, {})
    assert isinstance(pick(Images(torch.zeros(5, 1, 2, 2, dtype=torch.uint8)), slice(2)), Images)


def test_rows():
    oracle_rows(Examples.__getitem__)
    assert sorted(together(numbered().split(12)[0]) + together(numbered().split(12)[1])) == list(range(20))
    assert together(numbered().to("cpu")) == list(range(20))
    moved = Images(BYTES, torch.zeros(3), {"smile": torch.zeros(3)}).to("meta")
    assert {each.device.type for each in (moved.pixels, moved.y, moved.factors["smile"])} == {"meta"}


@pytest.mark.parametrize(
    "mutant",
    [
        lambda data, rows: Examples(data.x[rows], data.y, data.factors),
        lambda data, rows: Examples(data.x[rows], data.y[rows], data.factors),
        lambda data, rows: Examples(data.x[rows], data.y[rows]),
        lambda data, rows: Examples(data.x[rows], data.y[rows], dict.fromkeys(data.factors, data.y[rows].double())),
        lambda data, rows: Examples(data.x[rows], None if data.y is None else data.y[rows],
                                    {name: values[rows] for name, values in data.factors.items()}),
    ],
    ids=["labels left behind", "factors left behind", "factors lost", "factors mixed up", "bytes become numbers"],
)  # fmt: skip
def test_rows_mutants(mutant):
    assert_killed(oracle_rows, mutant)


def oracle_labelled(labelled):
    x, y = labelled(numbered(), 4_000, rng(3))
    assert torch.equal(x[:, 0], y.double())
    assert np.abs(np.bincount(y, minlength=20) - 200).max() < 5 * np.sqrt(200)
    assert torch.equal(x, numbered().sample(4_000, rng(3)))  # the draws of `sample`, with labels


def test_labelled():
    oracle_labelled(Examples.labelled)
    y = numbered().labels(4_000, rng(3))
    assert y.dtype == torch.int64
    assert np.abs(np.bincount(y, minlength=20) - 200).max() < 5 * np.sqrt(200)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda data, n, rng: (data.sample(n, rng), data.labels(n, rng)),
        lambda data, n, rng: (data.x.repeat(200, 1), data.y.repeat(200)),
    ],
    ids=["labels of other examples", "in order"],
)
def test_labelled_mutants(mutant):
    assert_killed(oracle_labelled, mutant)


def oracle_images(make):
    """Byte b is b/127.5 − 1: 0 is −1, 255 is 1, exactly; and what is kept is the bytes."""
    bytes_ = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    images = make(bytes_, torch.arange(4))
    assert images.shape == (1, 8, 8)
    assert len(images) == 4
    for dtype in (torch.float64, torch.float32):
        torch.set_default_dtype(dtype)
        assert images.x.dtype == images.sample(1).dtype == dtype
        assert (images.x.min(), images.x.max()) == (-1, 1)
        torch.testing.assert_close(images.x, bytes_.to(dtype) / 127.5 - 1, rtol=0, atol=1e-6)
        back = ((images.x + 1) * 127.5).round().to(torch.uint8)
        assert torch.equal(back, bytes_), "not every byte is told from its neighbours"
    x, y = images.labelled(50, rng())
    assert torch.equal(x, images.x[y])
    assert torch.equal(images.pixels, bytes_), "the bytes were changed"
    assert images.pixels.dtype == torch.uint8


class Divided(Images):
    by, minus = 255, 0

    def _read(self, rows):
        return rows.to(torch.get_default_dtype()) / self.by - self.minus


def divided(by, minus):
    return type("Mutant", (Divided,), {"by": by, "minus": minus})


class Twice(Images):
    @property
    def x(self):
        return self._read(self.pixels)[:, :, ::2]


def test_images():
    oracle_images(Images)
    oracle_images(divided(127.5, 1))


@pytest.mark.parametrize(
    "mutant",
    [divided(255, 0), divided(128, 1), divided(127.5, 0), lambda p, y: Examples(p.double() / 127.5 - 1, y), Twice],
    ids=["from 0 to 1", "over 128", "from 0 to 2", "floats kept", "other pixels"],
)
def test_images_mutants(mutant):
    assert_killed(oracle_images, mutant)


BYTES = torch.zeros(3, 1, 2, 2, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (
            lambda: Images(BYTES.double()),
            TypeError,
            r"0 … 255; given torch.float64. Floats in .*: Examples\(x\)",
        ),
        (lambda: Images([[0]]), TypeError, "given list"),
        (lambda: Images(BYTES[0]), ValueError, r"\(N, channels, height, width\).*given shape \(1, 2, 2\)"),
        (lambda: Images(BYTES[:0]), ValueError, "N ≥ 1"),
        (lambda: Images(BYTES, torch.zeros(2)), ValueError, r"one label for each of 3 examples; given \(2,\)"),
        (
            lambda: Images(BYTES, None, {"smile": torch.zeros(3, 1)}),
            ValueError,
            "smile must hold one value for each",
        ),
        (lambda: Images(BYTES, None, {"smile": [0, 1, 0]}), TypeError, "smile must be a tensor; given list"),
        (lambda: Images(BYTES).labelled(2), ValueError, r"no labels; .* needs Examples\(x, y\) or Images\(x, y\)"),
        (lambda: Images(BYTES).labels(2), ValueError, "no labels"),
        (lambda: Images(BYTES)[3:], ValueError, "N ≥ 1"),
        (lambda: Images(BYTES)[1], TypeError, r"rows must be a slice, a mask or row numbers; given 1: try \[\[1\]\]"),
        (lambda: Images(BYTES)[[5]], IndexError, "out of bounds"),
        (lambda: Examples(BYTES), TypeError, r"given uint8. Pixels 0 … 255 become examples with Images\(pixels\)"),
        (lambda: Examples(torch.arange(3)[:, None]), TypeError, r"given torch.int64 \(try x.float\(\)\)"),
        (
            lambda: Examples(torch.full((1, 1, 2, 2), 1.01)),
            ValueError,
            r"must lie in \[−1, 1\].*given 1.01 … 1.01",
        ),
        (lambda: Examples(torch.full((1, 1, 2, 2), -1.01)), ValueError, "images must lie in"),
        (lambda: Examples(torch.full((2, 2), float("nan"))), ValueError, "x must be finite"),
    ],
)
def test_bad_examples(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


def test_points_may_lie_anywhere_and_images_up_to_rounding():
    assert len(Examples(torch.full((2, 2), 1e6))) == 2
    assert len(Examples(torch.full((2, 1, 2, 2), 1.0005))) == 2


def test_two_sets_are_compared_as_things():
    assert numbered() != numbered()
