"""The Fréchet distance: how far apart two sets of samples are in mean and covariance."""

import numpy as np

from gan_core.judgement.metrics._rows import pair_of_rows
from gan_core.mathematics._arrays import finite


def frechet_distance(x, y):
    """d²(x, y) = ‖μ_x − μ_y‖² + tr(Σ_x + Σ_y − 2 (Σ_x Σ_y)^½), in squared units of x, in [0, ∞).

    The squared Wasserstein-2 distance between the Gaussians with the samples' means μ and covariances Σ: zero when they
    agree, whatever else differs. It looks at the numbers it is given: of pixels it is the *pixel* Fréchet distance;
    FID is its name for the features of one certain network only, see `inception`. Finite samples make it too large:
    compare it with the distance between two sets of real examples of the same size. Fewer samples than dimensions make
    the covariances singular; the formula holds for them too, and the number says more of n than of the distributions.

    Parameters: `x` (n, *shape), `y` (m, *shape), tensors or arrays, n, m ≥ 2. Returns a float.
    Raises ValueError for fewer, for values that are not finite and for examples of two shapes.
    Sources: Dowson & Landau 1982; Heusel et al. 2017.

    >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 9)  # the same spread, the means 3 apart
    9.0
    """
    x, y = pair_of_rows(2, x=x, y=y)
    return _distance(x.mean(0), _factor_of_samples(x), y.mean(0), _factor_of_samples(y))


def frechet_gaussians(mean_x, cov_x, mean_y, cov_y):
    """The same distance d² between the Gaussians N(mean_x, cov_x) and N(mean_y, cov_y) themselves, in [0, ∞).

    A covariance may be singular, even zero (all mass in one point). Variances below d·2⁻⁵² of the largest are what
    rounding leaves in flat directions, and count as nothing.

    Parameters: means (d,), covariances (d, d), symmetric with no negative eigenvalue. Returns a float.
    Raises ValueError for other shapes, values that are not finite and what is no covariance.
    Source: Dowson & Landau 1982.

    >>> round(frechet_gaussians([0, 0], [[4, 0], [0, 0]], [3, 4], [[1, 0], [0, 9]]), 9)  # 25 + (2 − 1)² + (0 − 3)²
    35.0
    """
    mean_x, mean_y = finite("mean_x", mean_x), finite("mean_y", mean_y)
    if mean_x.ndim != 1 or mean_x.shape != mean_y.shape:
        raise ValueError(f"mean_x and mean_y must both be (d,); given {mean_x.shape} and {mean_y.shape}")
    d = len(mean_x)
    return _distance(mean_x, _factor_of_covariance("cov_x", cov_x, d), mean_y, _factor_of_covariance("cov_y", cov_y, d))


def _distance(mean_x, f_x, mean_y, f_y):
    """For Σ = FᵀF, tr (Σ_x Σ_y)^½ is the sum of the singular values of F_x F_yᵀ: no root of a rounded zero is taken."""
    cross = np.linalg.svd(f_x @ f_y.T, compute_uv=False).sum()
    distance = np.square(mean_x - mean_y).sum() + np.square(f_x).sum() + np.square(f_y).sum() - 2 * cross
    return max(float(distance), 0.0)


def _factor_of_samples(x):
    """F with FᵀF the covariance of x (n, d), found without it: the triangle of the QR of the centred samples."""
    return np.linalg.qr((x - x.mean(0)) / np.sqrt(len(x) - 1), mode="r")


def _factor_of_covariance(name, covariance, d):
    """F = Λ^½ Vᵀ from Σ = V Λ Vᵀ."""
    covariance = finite(name, covariance)
    if covariance.shape != (d, d) or not np.allclose(
        covariance, covariance.T, rtol=0, atol=1e-9 * np.abs(covariance).max()
    ):
        raise ValueError(f"{name} must be symmetric of shape ({d}, {d}) like the means; given shape {covariance.shape}")
    values, vectors = np.linalg.eigh(covariance)
    nothing = d * np.finfo(float).eps * np.abs(values).max()
    if values[0] < -1e6 * nothing:
        raise ValueError(f"{name} is no covariance: its smallest eigenvalue is {values[0]:g}")
    return np.sqrt(np.where(values > nothing, values, 0))[:, None] * vectors.T
