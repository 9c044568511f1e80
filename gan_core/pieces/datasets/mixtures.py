"""Mixtures of Gaussians: data whose density, modes and samples are all known exactly."""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor

from gan_core.mathematics._counts import whole


@dataclass(frozen=True)
class Mixture:
    """p(x) = Σ_k w_k N(x; c_k, σ_k² I): `centres` (modes, d), `std` (modes,), `weights` (modes,) that sum to one.

    `mixture` builds one from numbers and lists, and checks them.
    """

    centres: Tensor
    std: Tensor
    weights: Tensor

    @property
    def shape(self):
        """The shape of one example."""
        return (self.centres.shape[1],)

    def sample(self, n, rng=None):
        """`n` fresh points: (n, d)."""
        k = torch.multinomial(self.weights, whole("n", n), replacement=True, generator=rng)
        noise = torch.randn(n, *self.shape, generator=rng, dtype=self.centres.dtype, device=self.centres.device)
        return self.centres[k] + self.std[k, None] * noise

    def to(self, device):
        """The same mixture on another device."""
        return Mixture(self.centres.to(device), self.std.to(device), self.weights.to(device))

    def log_density(self, x):
        """log p(x) in nats for points `x` (n, d): (n,). Raises ValueError for points of another shape."""
        d = self.centres.shape[1]
        if x.ndim != 2 or x.shape[1] != d:
            raise ValueError(f"x must be points (n, {d}); given shape {tuple(x.shape)}")
        squared = (x[:, None] - self.centres).square().sum(-1) / self.std.square()  # ‖x − c_k‖²/σ_k²
        log_normal = -squared / 2 - d * (self.std.log() + log(2 * pi) / 2)
        return torch.logsumexp(self.weights.log() + log_normal, dim=1)


def mixture(centres, std, weights=None):
    """A mixture with `centres` (modes,) or (modes, d), one `std` for all or one for each, equal `weights` unless given.

    Raises ValueError for centres that are not finite, a std that is not positive, and weights that are negative or do
    not sum to one.

    >>> mixture([-2.0, 2.0], std=0.5).shape
    (1,)
    """
    centres = torch.as_tensor(centres, dtype=torch.get_default_dtype())
    centres = centres[:, None] if centres.ndim == 1 else centres
    if centres.ndim != 2 or not centres.numel() or not centres.isfinite().all():
        raise ValueError(f"centres must be (modes,) or (modes, d) finite numbers; given {centres.tolist()}")
    modes = len(centres)
    std = torch.as_tensor(std, dtype=centres.dtype)
    if std.shape not in ((), (modes,)) or not (std > 0).all() or not std.isfinite().all():
        raise ValueError(f"std must be positive, one for all or one for each of {modes} modes; given {std.tolist()}")
    weights = torch.as_tensor([1 / modes] * modes if weights is None else weights, dtype=centres.dtype)
    if weights.shape != (modes,) or not (weights >= 0).all() or abs(float(weights.sum()) - 1) > 1e-6:
        raise ValueError(f"weights must be {modes} non-negative numbers that sum to 1; given {weights.tolist()}")
    return Mixture(centres, std.expand(modes), weights)


def ring(modes=8, radius=2.0, std=0.02):
    """`modes` Gaussians evenly on a circle, the benchmark of Metz et al. 2017 (Unrolled GAN), appendix A.

    The angles are 2πk/modes for k = 0 … modes − 1: the end of the turn is its beginning and is not counted twice.
    Raises as `mixture`, and for modes below one.
    """
    angle = 2 * pi * torch.arange(whole("modes", modes), dtype=torch.get_default_dtype()) / modes
    return mixture(radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def grid(side=5, spacing=1.0, std=0.05):
    """`side`² Gaussians on a square grid about the origin (25 of them in the usual benchmark). Raises as `mixture`."""
    line = spacing * (torch.arange(whole("side", side), dtype=torch.get_default_dtype()) - (side - 1) / 2)
    return mixture(torch.cartesian_prod(line, line), std)


def swiss_roll(modes=400, std=1 / 30):
    """A spiral, t (cos t, sin t)/7.5 with t evenly from 1.5π to 4.5π: `modes` Gaussians side by side along it.

    So close that they melt into one curve, and still a mixture with a density. scikit-learn's `make_swiss_roll` with
    noise 0.25, seen from the side and divided by 7.5, as in the toy experiments of Gulrajani et al. 2017.
    Raises as `mixture`, and for modes below one.
    """
    t = 1.5 * pi * (1 + 2 * (torch.arange(whole("modes", modes), dtype=torch.get_default_dtype()) + 0.5) / modes)
    return mixture(t[:, None] * torch.stack([t.cos(), t.sin()], dim=1) / 7.5, std)
