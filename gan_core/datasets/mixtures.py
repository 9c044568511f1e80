"""Mixtures of Gaussians: data whose density, modes and samples are all known exactly."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """p(x) = Σ_k w_k N(x; c_k, σ_k² I): `centres` (modes, d), `std` (modes,), `weights` (modes,) that sum to one."""

    centres: Tensor
    std: Tensor
    weights: Tensor

    @property
    def shape(self):
        """The shape of one example."""
        return (self.centres.shape[1],)

    def sample(self, n, rng=None):
        """`n` fresh points: (n, d)."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        noise = torch.randn(n, *self.shape, generator=rng, dtype=self.centres.dtype)
        return self.centres[k] + self.std[k, None] * noise

    def log_density(self, x):
        """log p(x) in nats for points `x` (n, d): (n,)."""
        d = self.centres.shape[1]
        squared = torch.cdist(x, self.centres).square() / self.std.square()
        log_normal = -squared / 2 - d * (self.std.log() + torch.log(torch.tensor(2 * torch.pi)) / 2)
        return torch.logsumexp(self.weights.log() + log_normal, dim=1)


def mixture(centres, std, weights=None):
    """A mixture with the given `centres` (modes,) or (modes, d), a `std` for all or for each, equal `weights` unless given.

    Raises ValueError for a std that is not positive and for weights that are negative or do not sum to one.

    >>> mixture([-2.0, 2.0], std=0.5).shape
    (1,)
    """
    centres = torch.as_tensor(centres, dtype=torch.get_default_dtype())
    centres = centres[:, None] if centres.ndim == 1 else centres
    if centres.ndim != 2 or not len(centres):
        raise ValueError(f"centres must be (modes,) or (modes, d); given shape {tuple(centres.shape)}")
    modes = len(centres)
    std = torch.as_tensor(std, dtype=centres.dtype).expand(modes)
    weights = torch.full((modes,), 1 / modes) if weights is None else torch.as_tensor(weights)
    weights = weights.to(centres.dtype)
    if not (std > 0).all():
        raise ValueError(f"std must be positive; given {std.tolist()}")
    if weights.shape != (modes,) or (weights < 0).any() or abs(float(weights.sum()) - 1) > 1e-6:
        raise ValueError(f"weights must be {modes} non-negative numbers that sum to 1; given {weights.tolist()}")
    return Mixture(centres, std, weights)


def ring(modes=8, radius=2.0, std=0.02):
    """`modes` Gaussians evenly on a circle, the benchmark of Metz et al. 2017 (Unrolled GAN), appendix A.

    The angles are 2πk/modes for k = 0 … modes − 1: the end of the turn is the beginning and is not counted twice.
    """
    angle = 2 * torch.pi * torch.arange(modes, dtype=torch.get_default_dtype()) / modes
    return mixture(radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def grid(side=5, spacing=1.0, std=0.05):
    """`side`² Gaussians on a square grid about the origin (25 of them in the usual benchmark)."""
    line = spacing * (torch.arange(side, dtype=torch.get_default_dtype()) - (side - 1) / 2)
    return mixture(torch.cartesian_prod(line, line), std)
