"""The distances between two sets of samples: closed forms, other implementations, and what every distance keeps."""

import tracemalloc
import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from scipy import ndimage
from scipy.stats import special_ortho_group, wasserstein_distance
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from gan_core import metrics, transport
from gan_core.judgement.metrics import frechet_distance, frechet_gaussians, kernel_distance, sliced_wasserstein
from gan_core.judgement.metrics import pyramid_sliced_wasserstein as pyramid
from gan_core.judgement.metrics.pyramid import laplacian_pyramid


def rng(seed=0):
    return np.random.default_rng(seed)


def images(n=24, size=32, channels=3, seed=0):
    """Smooth pictures with a little grain."""
    noise = rng(seed).normal(size=(n, channels, size, size))
    return ndimage.gaussian_filter(noise, (0, 0, 2, 2)) + 0.02 * noise


few_patches = partial(pyramid, patches=16, directions=64)
DISTANCES = {  # each as a function of two sets of images (n, 3, 32, 32), summed over levels
    "Fréchet": frechet_distance,
    "kernel": kernel_distance,
    "sliced Wasserstein": partial(sliced_wasserstein, directions=64),
    "pyramid": lambda x, y: sum(few_patches(x, y).values()),
}
every_distance = pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)


# ---- what every distance keeps


@pytest.mark.parametrize("name", sorted(DISTANCES.keys() - {"kernel"}))
def test_identity_is_zero(name):
    x = images()
    assert DISTANCES[name](x, x) == pytest.approx(0, abs=1e-9)
    assert DISTANCES[name](x, images(seed=1)) > 1e-3


@every_distance
def test_symmetry(distance):
    x, y = images(24), images(20, seed=1) + 0.1
    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-6)


@pytest.mark.parametrize("name", sorted(DISTANCES.keys() - {"pyramid"}))
def test_the_order_of_the_samples_changes_nothing(name):
    x, y = images(24), images(20, seed=1)
    assert DISTANCES[name](x[::-1], rng().permutation(y)) == pytest.approx(DISTANCES[name](x, y), rel=1e-9)


def test_the_order_changes_only_which_patches_a_pyramid_draws():
    x, y = images(60), images(60, seed=1)
    for size, value in pyramid(x, y, directions=64).items():
        assert pyramid(x, y[::-1], directions=64)[size] == pytest.approx(value, rel=0.2)


@every_distance
def test_blocks_change_nothing(distance, monkeypatch):
    """The measures work block by block; one row at a time they say the same."""
    x, y = images(24), images(20, seed=1)
    whole = distance(x, y)
    monkeypatch.setattr("gan_core.judgement.metrics._pairs.BLOCK", 1)
    monkeypatch.setattr("gan_core.judgement.metrics.sliced.AT_ONCE", 1)
    assert distance(x, y) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("name", sorted(DISTANCES.keys() - {"pyramid"}))
def test_a_larger_shift_is_further(name):
    x = images()
    assert all(
        near < far for near, far in pairwise(DISTANCES[name](x, x + shift) for shift in (0, 0.1, 0.2, 0.5, 1, 3))
    )


def test_more_noise_is_further_for_a_pyramid():
    x, noise = images(), rng(1).normal(size=images().shape)
    values = [few_patches(x, x + grain * noise) for grain in (0.0, 0.02, 0.1, 0.5)]
    for size in (32, 16):
        assert all(near[size] < far[size] for near, far in pairwise(values))


@every_distance
def test_tensors_arrays_and_gradients(distance):
    x, y = images(), images(seed=1)
    assert distance(torch.tensor(x, requires_grad=True), torch.tensor(y)) == distance(x, y)


@every_distance
def test_nothing_is_changed_and_a_float_comes_back(distance):
    x, y = images(), images(seed=1)
    before = x.copy(), y.copy()
    assert type(distance(x, y)) is float
    np.testing.assert_array_equal((x, y), before)


# ---- the Fréchet distance of Gaussians


def oracle_gaussians(distance):
    d, turn = 5, special_ortho_group.rvs(5, random_state=0)
    a, b = np.array([4.0, 1.0, 0.25, 9.0, 1e-4]), np.array([1.0, 1.0, 4.0, 0.0, 1e-8])
    mean = np.array([3.0, 0.0, 0.0, 4.0, 0.0])

    def cov(values):
        return (turn * values) @ turn.T

    commuting = 25 + np.square(np.sqrt(a) - np.sqrt(b)).sum()  # one basis, one of them flat in one direction
    assert distance(mean, cov(a), np.zeros(d), cov(b)) == pytest.approx(commuting, abs=1e-8)
    assert distance(mean, cov(b), np.zeros(d), cov(a)) == pytest.approx(commuting, abs=1e-8)
    for values in (a, b, np.zeros(d)):
        assert distance(mean, cov(values), mean, cov(values)) == pytest.approx(0, abs=1e-8)
        assert distance(mean, cov(values), np.zeros(d), np.zeros((d, d))) == pytest.approx(25 + values.sum(), abs=1e-8)
    assert distance(mean, 1e6 * cov(a), mean, 1e6 * cov(a)) == pytest.approx(0, abs=1e-6)
    # Two that do not commute, in the plane: tr (Σ₁Σ₂)^½ = (tr Σ₁Σ₂ + 2 (det Σ₁ det Σ₂)^½)^½.
    one, two = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.8], [-0.8, 3.0]])
    cross = np.sqrt(np.trace(one @ two) + 2 * np.sqrt(np.linalg.det(one) * np.linalg.det(two)))
    assert distance(np.zeros(2), one, np.zeros(2), two) == pytest.approx(3 + 4 - 2 * cross, abs=1e-8)
    flat = np.array([[1.0, 1.0], [1.0, 1.0]])  # all on a line, which the other's lies across
    assert distance(np.zeros(2), flat, np.zeros(2), [[1, -1], [-1, 1]]) == pytest.approx(4, abs=1e-8)


def gaussians_by_eigenvalues(mean_x, cov_x, mean_y, cov_y, *, cut=0.0, power=2):
    """The usual way: roots of the eigenvalues of Σ_x Σ_y. Where one should be 0 it finds the root of 10⁻¹⁶."""
    values = np.linalg.eigvals(np.asarray(cov_x) @ np.asarray(cov_y)).real
    cross = np.sqrt(values.clip(cut)).sum()
    return np.linalg.norm(np.subtract(mean_x, mean_y)) ** power + np.trace(cov_x) + np.trace(cov_y) - 2 * cross


def test_frechet_of_gaussians():
    oracle_gaussians(frechet_gaussians)


@faults(
    {
        "the usual way": gaussians_by_eigenvalues,
        "a floor under the eigenvalues": partial(gaussians_by_eigenvalues, cut=1e-6),
        "means not squared": lambda a, s, b, t: frechet_gaussians(a, s, b, t) - 20,
        "root of the whole": lambda *gaussians: np.sqrt(frechet_gaussians(*gaussians)),
        "standard deviations for variances": lambda a, s, b, t: frechet_gaussians(a, s @ s, b, np.dot(t, t)),
        "the diagonal alone": lambda a, s, b, t: frechet_gaussians(a, s * np.eye(len(s)), b, t * np.eye(len(s))),
    }
)
def test_frechet_of_gaussians_mutants(mutant):
    assert_killed(oracle_gaussians, mutant)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(2, 6))
def test_samples_are_their_moments_also_when_fewer_than_dimensions(seed, n, d):
    x, y = rng(seed).normal(size=(2, n, d))
    moments = [moment for z in (x, y) for moment in (z.mean(0), np.cov(z.T))]
    assert frechet_distance(x, y) == pytest.approx(frechet_gaussians(*moments), abs=1e-8)


def test_frechet_of_samples_that_are_exactly_gaussian_moments():
    """±√d e_i have mean 0 and covariance 2d/(2d − 1) I: moments without an error of sampling."""
    d = 6
    x = np.sqrt(d) * np.concatenate([np.eye(d), -np.eye(d)])
    spread = 2 * d / (2 * d - 1)
    assert frechet_distance(x, 3 * x + 1) == pytest.approx(d + 4 * d * spread, abs=1e-8)


# ---- the kernel distance


def kernel_of(power=3, unbiased=True, offset=1.0, per_dimension=True, cross=2.0):
    def distance(x, y, degree=power):
        x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)

        def k(a, b):
            return (a @ b.T / (a.shape[1] if per_dimension else 1) + offset) ** degree

        def among(a):
            others = k(a, a) * (1 - np.eye(len(a)) if unbiased else 1)
            return others.sum() / (len(a) * (len(a) - unbiased))

        return among(x) + among(y) - cross * k(x, y).mean()

    return distance


def oracle_kernel(distance):
    x, y = rng().normal(size=(40, 2, 3)), rng(1).normal(size=(30, 2, 3)) + 0.5
    assert distance(x, y) == pytest.approx(kernel_of()(x, y), rel=1e-10)
    for degree in (1, 2, 4):
        assert distance(x, y, degree) == pytest.approx(kernel_of()(x, y, degree), rel=1e-10)
    assert distance(x, x) < 0  # a sample's pair with itself is left out on one side only
    assert_unbiased(distance)


def assert_unbiased(distance, draws=400):
    """Five samples of N(0, 1) and eight of N(s, 1): the mean over many draws is E k + E k − 2 E k, from the moments."""
    one, two = rng(2).normal(size=(draws, 5, 1)), rng(3).normal(size=(draws, 8, 1))
    for shift in (0.0, 0.5):
        # E (ab + 1)³ for independent a, b = Σ_k C(3, k) E[aᵏ] E[bᵏ], with the moments of N(s, 1).
        moments = np.array([1, shift, shift**2 + 1, shift**3 + 3 * shift])
        at_0 = np.array([1, 0, 1, 0])
        weights = np.array([1, 3, 3, 1])
        exact = (weights * np.square(moments - at_0)).sum()
        values = np.array([distance(a, b + shift) for a, b in zip(one, two, strict=True)])
        assert abs(values.mean() - exact) < 4 * values.std(ddof=1) / np.sqrt(draws)


def test_kernel_distance():
    oracle_kernel(kernel_distance)
    oracle_kernel(kernel_of())


@faults(
    {
        "a sample paired with itself": kernel_of(unbiased=False),
        "nothing added": kernel_of(offset=0.0),
        "not divided by d": kernel_of(per_dimension=False),
        "the 2 lost": kernel_of(cross=1.0),
        "always of degree 2": lambda x, y, degree=3: kernel_of(power=2)(x, y),
        "never negative": lambda x, y, degree=3: max(kernel_distance(x, y, degree), 0.0),
        "its root": lambda x, y, degree=3: np.sqrt(kernel_distance(x, y, degree)),
    }
)
def test_kernel_distance_mutants(mutant):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the root of a negative number
        assert_killed(oracle_kernel, mutant)


def test_a_sample_paired_with_itself_is_seen_by_the_mean_alone():
    assert_unbiased(kernel_distance)
    assert_killed(assert_unbiased, kernel_of(unbiased=False))
    assert_killed(assert_unbiased, kernel_of(unbiased=False, power=2))


def oracle_memory(distance):
    x = rng().normal(size=(10_000, 2))
    tracemalloc.start()
    try:
        distance(x, x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6  # all pairs at once are 800 MB


@pytest.mark.parametrize(
    "measure",
    [
        kernel_distance,
        metrics.precision_recall,
        lambda x, y: metrics.birthday(x, 0.1),
        lambda x, y: metrics.parzen_log_likelihood(x, y, 0.1),
        lambda x, y: metrics.nearest_distance(np.repeat(x, 5, 1), np.repeat(y, 5, 1)),
    ],
    ids=["kernel", "precision and recall", "birthday", "Parzen", "nearest"],
)
def test_memory_stays_bounded(measure):
    oracle_memory(measure)


def test_all_pairs_at_once_are_seen():
    assert_killed(oracle_memory, lambda x, y: x[:4000] @ y.T)


# ---- the sliced Wasserstein distance


def oracle_sliced(sliced):
    for n, m in ((20, 20), (20, 30), (7, 5), (1, 9)):
        x, y = rng(n).normal(size=(n, 1)), rng(m + 100).exponential(size=(m, 1))
        exact = transport.emd(np.full(n, 1 / n), np.full(m, 1 / m), positions=(x[:, 0], y[:, 0]))
        assert sliced(x, y) == pytest.approx(exact, rel=1e-10)
        assert sliced(x, y) == pytest.approx(wasserstein_distance(x[:, 0], y[:, 0]), rel=1e-10)
    x, y = rng().normal(size=(30, 3)), rng(1).normal(size=(20, 3))
    shift = np.array([2.0, -2.0, 1.0])
    assert sliced(x, x + shift, 4096) == pytest.approx(3 / 2, rel=0.03)  # E|cos| on the sphere is ½
    assert sliced(x, x + shift) == sliced(x, x + shift, seed=0) != sliced(x, x + shift, seed=1)
    assert sliced(3 * x, 3 * y) == pytest.approx(3 * sliced(x, y), rel=1e-10)
    turn = special_ortho_group.rvs(3, random_state=1)
    assert sliced(x @ turn, y @ turn, 4096) == pytest.approx(sliced(x, y, 4096), rel=0.03)
    plan = transport.plan(np.full(30, 1 / 30), np.full(20, 1 / 20), cost := transport.cost_matrix(x, y))
    assert sliced(x, y) < transport.plan_cost(plan, cost)


def other_sliced(unit=True, power=1, sort=True, half=False, quantiles=True):
    def sliced(x, y, directions=512, seed=0):
        theta = rng(seed).normal(size=(x.shape[1], directions))
        theta = np.abs(theta) if half else theta
        theta = theta / np.linalg.norm(theta, axis=0) if unit else theta
        a, b = x @ theta, y @ theta
        if sort:
            a, b = np.sort(a, 0), np.sort(b, 0)
        n, m = len(a), len(b)
        if quantiles:
            a, b = np.repeat(a, m, 0), np.repeat(b, n, 0)  # both nm points
        else:
            a, b = a[: min(n, m)], b[: min(n, m)]
        return (np.abs(a - b) ** power).mean() ** (1 / power)

    return sliced


def test_sliced_wasserstein():
    oracle_sliced(sliced_wasserstein)
    oracle_sliced(other_sliced())


@faults(
    {
        "directions of any length": other_sliced(unit=False),
        "W₂": other_sliced(power=2),
        "not sorted": other_sliced(sort=False),
        "directions of one orthant": other_sliced(half=True),
        "cut to the smaller set": other_sliced(quantiles=False),
        "the largest of all directions": lambda x, y, directions=512, seed=0: max(
            sliced_wasserstein(x, y, 1, s) for s in range(20)
        ),
        "seed ignored": lambda x, y, directions=512, seed=0: sliced_wasserstein(x, y, directions),
    }
)
def test_sliced_wasserstein_mutants(mutant):
    assert_killed(oracle_sliced, mutant)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 12))
def test_sliced_on_the_line_with_ties(seed, n, m):
    x, y = rng(seed).integers(4, size=(n, 1)), rng(seed + 1).integers(4, size=(m, 1))
    exact = transport.emd(np.full(n, 1 / n), np.full(m, 1 / m), positions=(x[:, 0], y[:, 0]))
    assert sliced_wasserstein(x, y, 3) == pytest.approx(exact, abs=1e-12)


def test_on_the_plane_a_shift_is_seen_by_2_over_pi():
    x = rng().normal(size=(10, 2))
    assert sliced_wasserstein(x, x + np.array([3.0, 4.0]), 20_000) == pytest.approx(5 * 2 / np.pi, rel=0.01)


# ---- the pyramid


KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


def oracle_pyramid_levels(levels_of):
    """Written out with one two-dimensional kernel; and the levels, enlarged and added, are the image again."""
    x = images(3, size=64)
    levels = levels_of(x)
    assert [level.shape for level in levels] == [(3, 3, 64, 64), (3, 3, 32, 32), (3, 3, 16, 16)]
    again = levels[-1]
    for level in levels[-2::-1]:
        larger = np.zeros(level.shape)
        larger[:, :, ::2, ::2] = again
        again = level + ndimage.convolve(larger, 4 * KERNEL[None, None], mode="mirror")
    np.testing.assert_allclose(again, x, atol=1e-12)
    half = ndimage.convolve(x, KERNEL[None, None], mode="mirror")[:, :, ::2, ::2]
    half = ndimage.convolve(half, KERNEL[None, None], mode="mirror")[:, :, ::2, ::2]
    np.testing.assert_allclose(levels[-1], half, atol=1e-12)
    flat = levels_of(np.ones((1, 1, 32, 32)))  # brightness alone is in the last level alone, and is kept
    np.testing.assert_allclose(flat[0], 0, atol=1e-12)
    np.testing.assert_allclose(flat[1], 1, atol=1e-12)


def plain_halves(x):
    """A mutant: every second pixel without the blur."""
    levels = []
    while x.shape[-1] > 16:
        half = x[:, :, ::2, ::2]
        larger = np.zeros(x.shape)
        larger[:, :, ::2, ::2] = half
        levels.append(x - ndimage.convolve(larger, 4 * KERNEL[None, None], mode="mirror"))
        x = half
    return [*levels, x]


def test_the_levels_of_the_pyramid():
    oracle_pyramid_levels(laplacian_pyramid)


@faults(
    {
        "no blur": plain_halves,
        "a Gaussian pyramid": lambda x: [x, *laplacian_pyramid(x)[1:]],
        "one level too many": lambda x: [*laplacian_pyramid(x), x[:, :, ::8, ::8]],
        "the last level without what is left": lambda x: [
            *laplacian_pyramid(x)[:-1],
            (last := laplacian_pyramid(x)[-1]) - last.mean((2, 3), keepdims=True),
        ],
    }
)
def test_the_levels_of_the_pyramid_mutants(mutant):
    assert_killed(oracle_pyramid_levels, mutant)


def oracle_pyramid(distance):
    x, y = images(30), images(30, seed=1)
    values = distance(x, y)
    assert list(values) == [32, 16]
    # Each patch by itself, in float64, with scipy's distance on the line.
    a, b = (every_patch(z) for z in (x[:4, :1, :16, :16], y[:3, :1, :16, :16]))
    theta = rng().normal(size=(64, 49))
    theta /= np.linalg.norm(theta, axis=1, keepdims=True)
    exact = 1e3 * np.mean([wasserstein_distance(a @ t, b @ t) for t in theta])
    assert distance(x[:4, :1, :16, :16], y[:3, :1, :16, :16], patches=4000, directions=64)[16] == pytest.approx(
        exact, rel=0.02
    )
    seen = distance(x, 0.5 * y + 0.3)  # each set is standardised by its own: brightness and contrast go unseen
    assert seen == pytest.approx(values, rel=1e-4)
    tinted = distance(x, y * np.array([1.0, 3.0, 0.2])[:, None, None])  # in each channel
    assert tinted == pytest.approx(values, rel=1e-4)
    grain = distance(x, x + 0.05 * rng(5).normal(size=x.shape))
    assert grain[32] > 2 * grain[16] > 0  # grain is at the full size


def every_patch(x):
    windows = np.lib.stride_tricks.sliding_window_view(x[:, 0], (7, 7), axis=(1, 2)).reshape(-1, 49)
    return (windows - windows.mean()) / windows.std()


def test_pyramid():
    oracle_pyramid(pyramid)


def together(x, y, **options):
    """A mutant: both sets scaled by the one's contrast. The other's contrast is put back in by hand."""
    values = pyramid(x, y, **options)
    return {size: value * (1 + abs(np.std(x) - np.std(y))) for size, value in values.items()}


@faults(
    {
        "not times a thousand": lambda x, y, **o: {size: v / 1e3 for size, v in pyramid(x, y, **o).items()},
        "standardised together": together,
        "levels swapped": lambda x, y, **o: dict(zip(v := pyramid(x, y, **o), reversed(v.values()), strict=True)),
        "the first channel alone": lambda x, y, **o: pyramid(x[:, :1], y[:, :1] + x[:, 1:2], **o),
        "the full size twice": lambda x, y, **o: dict.fromkeys(
            pyramid(x, y, **o), next(iter(pyramid(x, y, **o).values()))
        ),
    }
)
def test_pyramid_mutants(mutant):
    assert_killed(oracle_pyramid, mutant)


def test_pyramid_seeds():
    x, y = images(), images(seed=1)
    assert few_patches(x, y) == few_patches(x, y, seed=0) != few_patches(x, y, seed=1)


# ---- torchmetrics, on features that both are given


class Given(nn.Module):
    """A feature network that returns what it is given."""

    num_features = 12

    def forward(self, x):
        return x


@pytest.fixture
def features():
    return torch.tensor(rng().normal(size=(60, 12))), torch.tensor(rng(1).normal(size=(60, 12)) * 1.3 + 0.2)


def compared(metric, x, y):
    metric.update(x, real=True)
    metric.update(y, real=False)
    return metric.compute()


@pytest.mark.filterwarnings("ignore:Metric `.*` will save all")
def test_torchmetrics_agrees(features):
    x, y = features
    theirs = compared(FrechetInceptionDistance(feature=Given()).set_dtype(torch.float64), x, y)
    assert frechet_distance(x, y) == pytest.approx(float(theirs), rel=1e-9)
    mean, spread = compared(KernelInceptionDistance(feature=Given(), subsets=2, subset_size=60), x, y)
    assert kernel_distance(x, y) == pytest.approx(float(mean), rel=1e-9)  # each subset is the whole set
    assert float(spread) == pytest.approx(0, abs=1e-12)


@pytest.mark.filterwarnings("ignore:Metric `.*` will save all")
def test_torchmetrics_agrees_on_the_inception_score(features):
    logits = 2 * features[0]
    theirs = InceptionScore(feature=Given(), splits=4)
    theirs.update(logits)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mean, spread = theirs.compute()
        torch.manual_seed(0)
        shuffled = logits[torch.randperm(len(logits))]
    ours = metrics.inception_score(shuffled.softmax(1), splits=4)
    assert ours.mean == pytest.approx(float(mean), rel=1e-9)
    assert ours.std == pytest.approx(float(spread) * np.sqrt(3 / 4), rel=1e-9)  # theirs divides by splits − 1


# ---- bad input


@every_distance
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x[:0], "x must be"),
        (lambda x: np.where(x > x.max() - 1e-9, np.nan, x), "finite"),
        (lambda x: np.where(x > x.max() - 1e-9, np.inf, x), "finite"),
        (lambda x: x[:, :, :16, :16], "shape"),
        (lambda x: x[0, 0, 0], "shape"),
    ],
    ids=["none", "NaN", "infinity", "another size", "no samples"],
)
def test_bad_samples(distance, change, says):
    x = images(4)
    with pytest.raises(ValueError, match=says):
        distance(change(x), x)
    with pytest.raises(ValueError, match=says.replace("x must", "y must|x and y must")):
        distance(x, change(x))


FLAT = np.zeros((3, 1, 16, 16))
EYE, ZERO = np.eye(2), np.zeros(2)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: frechet_distance(np.zeros((1, 2)), np.zeros((3, 2))), "n ≥ 2; given shape"),
        (lambda: kernel_distance(np.zeros((3, 2)), np.zeros((1, 2))), "y must be .* n ≥ 2"),
        (lambda: kernel_distance(np.zeros((3, 2)), np.zeros((3, 2)), degree=0), "degree must be at least 1; given 0"),
        (lambda: sliced_wasserstein(np.zeros((3, 2)), np.zeros((3, 2)), directions=0), "directions must be at least 1"),
        (lambda: frechet_gaussians(ZERO, EYE, np.zeros(3), EYE), r"must both be \(d,\); given \(2,\) and \(3,\)"),
        (lambda: frechet_gaussians(ZERO, EYE, ZERO, np.eye(3)), r"cov_y must be symmetric of shape \(2, 2\)"),
        (lambda: frechet_gaussians(ZERO, [[1, 1], [0, 1]], ZERO, EYE), "cov_x must be symmetric"),
        (lambda: frechet_gaussians(ZERO, [[1, 0], [0, -1]], ZERO, EYE), "cov_x is no covariance: .* is -1"),
        (lambda: frechet_gaussians(ZERO, EYE * np.nan, ZERO, EYE), "cov_x must be finite"),
        (
            lambda: pyramid(images(3, size=8), images(3, size=8)),
            r"size\) of one size, 16, 32, 64 …; given shapes \(3, 3",
        ),
        (lambda: pyramid(images(3, size=24), images(3, size=24)), "given shapes"),
        (lambda: pyramid(images(3)[..., :16], images(3)[..., :16]), "given shapes"),
        (lambda: pyramid(np.zeros((3, 16)), np.zeros((3, 16))), "given shapes"),
        (lambda: pyramid(images(3), images(3), patches=0), "patches must be at least 1"),
        (lambda: pyramid(FLAT + 0.1, images(3, 16, 1)), "x has no contrast in channel 0 at size 16"),
        (lambda: pyramid(images(3, 32, 1), np.full((3, 1, 32, 32), 0.1)), "y has no contrast in channel 0 at size 32"),
    ],
)
def test_bad_input(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
