"""The Fréchet distance: how far apart two sets of samples are in mean and covariance."""

import numpy as np

from gan_core.metrics._rows import pair_of_rows


def frechet_distance(x, y):
    """d²(x, y) = ‖μ_x − μ_y‖² + tr(Σ_x + Σ_y − 2 (Σ_x Σ_y)^½), in squared units of x, in [0, ∞).

    The squared Wasserstein-2 distance between the Gaussians with the samples' means μ and covariances Σ: zero when they
    agree, whatever else differs. It looks at the numbers it is given: of pixels it is the *pixel* Fréchet distance;
    FID is its name for the features of one certain network only. Finite samples make it too large: compare it with the
    distance between two sets of real examples of the same size.

    Parameters: `x` (n, *shape), `y` (m, *shape), tensors or arrays, n, m ≥ 2. Returns a float.
    Raises ValueError for fewer, for values that are not finite and for examples of two shapes.
    Sources: Dowson & Landau 1982; Heusel et al. 2017.

    >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])  # the same spread, the means 3 apart
    9.0
    """
    x, y = pair_of_rows(2, x=x, y=y)
    cov_x, cov_y = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    root = _root(cov_x)
    # (Σ_x Σ_y)^½ has the eigenvalues, and so the trace, of (Σ_x^½ Σ_y Σ_x^½)^½, which is symmetric.
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_y @ root).clip(0)).sum()
    distance = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(cov_x) + np.trace(cov_y) - 2 * cross
    return max(float(distance), 0.0)


def _root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
