"""Games of two players with one number each: the bilinear game xy, and the Dirac-GAN under every objective and penalty.

The Dirac-GAN is the smallest GAN there is (Mescheder et al. 2018). The data are one point, δ₀. The generator puts its
one point at θ. The discriminator has one weight, ψ: its logit is a(x) = −ψx, so D(x) = σ(−ψx) is the probability that x
is real, and ψx the score for *fake*, which is what that paper calls D(x). A game is two losses and two lines of field:

    v_θ = −∂L_θ/∂θ        v_ψ = −∂L_ψ/∂ψ        (each player walks downhill on its own loss)

All functions take real arrays of any one shape, and complex ones, so that a complex step differentiates them exactly.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real

import numpy as np


def _anywhere(psi):
    return psi


@dataclass(frozen=True)
class Game:
    """A game: the losses the two players minimise, and the vector field they walk along.

    `losses(theta, psi)` gives (L_θ, L_ψ) and `field(theta, psi)` gives (v_θ, v_ψ), each player's own minus gradient.
    `project` brings the second player's number back into bounds after each of its steps (weight clipping); by default
    there are none. `theta` and `psi` are arrays of one shape, and so is all that comes back.
    """

    name: str
    losses: Callable
    field: Callable
    project: Callable = _anywhere


def bilinear() -> Game:
    """V(x, y) = xy: x minimises, y maximises. The only equilibrium is (0, 0), a saddle; v = (−y, x) turns around it.

    >>> bilinear().field(1.0, 0.0)
    (-0.0, 1.0)
    """
    return Game(
        "bilinear",
        losses=lambda x, y: (x * y, -x * y),
        field=lambda x, y: (-y, x),
    )


def dirac(objective: str, **parameters: float) -> Game:
    """The Dirac-GAN: data δ₀, generator θ, discriminator D(x) = σ(−ψx); with V = log D(0) + log(1 − D(θ)).

    ================== ==================================== ================================= ====================
    objective          L_θ                                  L_ψ                               parameters
    ================== ==================================== ================================= ====================
    gan                V                                    −V
    non_saturating     −log D(θ)                            −V
    wgan               ψθ  (the critic is −ψx)              −ψθ
    wgan_clipped       ψθ                                   −ψθ, with ψ clipped to [−c, c]    c = 1
    wgan_gp            ψθ                                   −ψθ + γ/2·(|ψ| − g₀)²             gamma = 0.7, g0 = 1
    instance_noise     V with noise N(0, σ²) on each point  −V                                sigma = 0.7
    r1                 V                                    −V + γ/2·ψ²                       gamma = 0.3
    consensus          V + γ/2·‖v‖²                         −V + γ/2·‖v‖²   (v of gan)        gamma = 1
    ================== ==================================== ================================= ====================

    Parameters by name: finite numbers, gamma and sigma at least 0, c and g0 greater. The defaults are those of the
    notebook that goes with the first paper below. Raises ValueError for another objective or a number out of range,
    TypeError for a parameter the objective does not have.
    Sources: Mescheder et al. 2018 (the game, R1); Arjovsky et al. 2017 (clipping); Gulrajani et al. 2017 (GP; their λ
    is γ/2); Sønderby et al. 2017 (instance noise); Mescheder et al. 2017 (consensus).

    >>> dirac("wgan").field(1.0, 0.5)
    (-0.5, 1.0)
    """
    make = _named("objective", _DIRAC, objective)
    known = inspect.signature(make).parameters
    for name, value in parameters.items():
        if name not in known:
            raise TypeError(f"{objective} has no parameter {name!r}; it has {', '.join(known) or 'none'}")
        _positive(name, value, or_zero=name in ("gamma", "sigma"))
    return make(**parameters)


def _gan():
    return Game(
        "gan",
        losses=lambda theta, psi: (_value(theta, psi), -_value(theta, psi)),
        field=lambda theta, psi: (
            -psi * _sigmoid(-psi * theta),  # −∂ log σ(ψθ)/∂θ
            theta * _sigmoid(-psi * theta),  # +∂ log σ(ψθ)/∂ψ
        ),
    )


def _non_saturating():
    return Game(
        "non_saturating",
        losses=lambda theta, psi: (-_log_sigmoid(-psi * theta), -_value(theta, psi)),
        field=lambda theta, psi: (
            -psi * _sigmoid(psi * theta),  # −∂[−log σ(−ψθ)]/∂θ
            theta * _sigmoid(-psi * theta),
        ),
    )


def _wgan():
    return Game(
        "wgan",
        losses=lambda theta, psi: (psi * theta, -psi * theta),  # the critic is −ψx: f(0) − f(θ) = ψθ
        field=lambda theta, psi: (-psi, theta),
    )


def _wgan_clipped(c=1.0):
    free = _wgan()
    return Game("wgan_clipped", free.losses, free.field, project=lambda psi: np.clip(psi, -c, c))


def _wgan_gp(gamma=0.7, g0=1.0):
    def losses(theta, psi):
        norm = psi * _sign(psi)  # |∇_x ψx| = |ψ|, wherever x̂ lies
        return psi * theta, -psi * theta + gamma / 2 * (norm - g0) ** 2

    return Game(
        "wgan_gp",
        losses,
        field=lambda theta, psi: (
            -psi,
            theta - gamma * (psi - g0 * _sign(psi)),  # jumps at ψ = 0
        ),
    )


def _instance_noise(sigma=0.7):
    nodes, weights = _gauss_hermite()
    noise = sigma * nodes  # E[f(ε)] = Σ weights·f(noise), ε ~ N(0, σ²)

    def mean(values):
        return (values * weights).sum(-1)

    def losses(theta, psi):
        theta, psi = np.asarray(theta)[..., None], np.asarray(psi)[..., None]
        value = mean(_log_sigmoid(-psi * noise) + _log_sigmoid(psi * (theta + noise)))
        return value, -value

    def field(theta, psi):
        theta, psi = np.asarray(theta)[..., None], np.asarray(psi)[..., None]
        real, fake = noise, theta + noise
        return (
            mean(-psi * _sigmoid(-psi * fake)),
            mean(fake * _sigmoid(-psi * fake) - real * _sigmoid(psi * real)),
        )

    return Game("instance_noise", losses, field)


def _r1(gamma=0.3):
    gan = _gan()

    def losses(theta, psi):
        return gan.losses(theta, psi)[0], gan.losses(theta, psi)[1] + gamma / 2 * psi**2  # ‖∇_x a(0)‖² = ψ²

    def field(theta, psi):
        v_theta, v_psi = gan.field(theta, psi)
        return v_theta, v_psi - gamma * psi

    return Game("r1", losses, field)


def _consensus(gamma=1.0):
    gan = _gan()

    def losses(theta, psi):
        v_theta, v_psi = gan.field(theta, psi)
        penalty = gamma / 2 * (v_theta**2 + v_psi**2)
        return gan.losses(theta, psi)[0] + penalty, gan.losses(theta, psi)[1] + penalty

    def field(theta, psi):
        v_theta, v_psi = gan.field(theta, psi)
        s = _sigmoid(-psi * theta)  # ½‖v‖² = ½(θ² + ψ²)s², and s' = −s(1 − s)
        bend = (theta**2 + psi**2) * (1 - s)
        return (
            v_theta - gamma * s**2 * (theta - psi * bend),
            v_psi - gamma * s**2 * (psi - theta * bend),
        )

    return Game("consensus", losses, field)


_DIRAC = {
    "gan": _gan,
    "non_saturating": _non_saturating,
    "wgan": _wgan,
    "wgan_clipped": _wgan_clipped,
    "wgan_gp": _wgan_gp,
    "instance_noise": _instance_noise,
    "r1": _r1,
    "consensus": _consensus,
}
DIRAC = tuple(_DIRAC)  # the names `dirac` knows


def _value(theta, psi):
    """V(θ, ψ) = log D(0) + log(1 − D(θ)), with log D(0) = log ½."""
    return -np.log(2) + _log_sigmoid(psi * theta)


def _sigmoid(t):
    decay = np.exp(-t * _sign(t))  # e^(−|t|) never overflows
    return np.where(np.real(t) >= 0, 1.0, decay) / (1 + decay)


def _log_sigmoid(t):
    return np.where(np.real(t) >= 0, 0.0, t) - np.log1p(np.exp(-t * _sign(t)))


def _sign(t):
    return np.sign(np.real(t))  # also for complex t, where |t| would not be differentiable


@lru_cache
def _gauss_hermite(n=64):
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / weights.sum()


def _positive(name, value, or_zero=False):
    if not isinstance(value, Real) or not np.isfinite(value) or value < 0 or (value == 0 and not or_zero):
        raise ValueError(f"{name} must be a finite number {'≥' if or_zero else '>'} 0; given {value!r}")
    return float(value)


def _named(what, table, name):
    try:
        return table[name]
    except (KeyError, TypeError):
        raise ValueError(f"unknown {what} {name!r}; known are {', '.join(table)}") from None
