"""Ways to step along a game's vector field. An integrator is a value: `step(game, *state)` gives the next state.

Below, w = (θ, ψ), v(w) is the game's field and η the step size. Where the game has bounds, the second player's number
is projected after each of its steps.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gan_core.mathematics._counts import whole
from gan_core.mathematics.games.game import _named, _positive

TINY = 1e-30  # a complex step: nothing is subtracted, so it can be this small and the derivative is exact to rounding


@dataclass(frozen=True)
class Integrator:
    """One update. The state is (θ, ψ); when `size` is 4 the update remembers a step: (θ, ψ, θ before, ψ before)."""

    name: str
    eta: float
    step: Callable
    size: int = 2


def simultaneous(eta: float) -> Integrator:
    """Both players step from the same point: w ← w + η·v(w). Gradient descent-ascent; Euler's method for w' = v(w).

    Raises ValueError unless `eta` is a finite number greater than 0; so do all integrators.
    """
    eta = _positive("eta", eta)

    def step(game, theta, psi):
        v_theta, v_psi = game.field(theta, psi)
        return theta + eta * v_theta, game.project(psi + eta * v_psi)

    return Integrator("simultaneous", eta, step)


def alternating(eta: float, n: int = 1) -> Integrator:
    """θ ← θ + η·v_θ(θ, ψ) first; then ψ ← ψ + η·v_ψ(θ, ψ), `n` times (n_dis), already seeing the new θ.

    This is the order of Mescheder et al. 2018. Algorithm 1 of Goodfellow et al. 2014 lets D begin: the same sequence of
    steps, entered half an update later. Raises ValueError for `n` below one.
    """
    eta, n = _positive("eta", eta), whole("n", n)

    def step(game, theta, psi):
        theta = theta + eta * game.field(theta, psi)[0]
        return theta, _ascend(game, theta, psi, eta, n)

    return Integrator("alternating", eta, step)


def extragradient(eta: float) -> Integrator:
    """Look one step ahead, then step *from where you stand* with the field found there: w ← w + η·v(w + η·v(w)).

    Source: Korpelevich 1976; for GANs, Gidel et al. 2019.
    """
    eta = _positive("eta", eta)

    def step(game, theta, psi):
        v_theta, v_psi = game.field(theta, psi)
        v_theta, v_psi = game.field(theta + eta * v_theta, game.project(psi + eta * v_psi))
        return theta + eta * v_theta, game.project(psi + eta * v_psi)

    return Integrator("extragradient", eta, step)


def optimistic(eta: float) -> Integrator:
    """Extrapolate from the last field instead of asking twice: w ← w + η·(2·v(w) − v(w before)).

    Nothing came before the first step, so that one is simultaneous.
    Source: Popov 1980; for GANs, Daskalakis et al. 2018 (OGDA).
    """
    eta = _positive("eta", eta)

    def step(game, theta, psi, theta_before, psi_before):
        v_theta, v_psi = game.field(theta, psi)
        u_theta, u_psi = game.field(theta_before, psi_before)
        return (
            theta + eta * (2 * v_theta - u_theta),
            game.project(psi + eta * (2 * v_psi - u_psi)),
            theta,
            psi,
        )

    return Integrator("optimistic", eta, step, size=4)


def look_ahead(eta: float, K: int = 5) -> Integrator:
    """Unrolled: θ descends L_θ(θ, ψ_K(θ)), ψ_K(θ) being ψ after K virtual steps against θ; ψ makes one real step.

        θ ← θ − η·d/dθ L_θ(θ, ψ_K(θ))        ψ ← ψ + η·v_ψ(θ, ψ)        (both from the old θ, ψ)

    The derivative is the *total* one, ∂L/∂θ + ∂L/∂ψ_K · dψ_K/dθ: it goes through all K steps. It is taken with a
    complex step and exact to rounding. Raises ValueError for `K` below one. Source: Metz et al. 2017, eq. 9-12.
    """
    eta, K = _positive("eta", eta), whole("K", K)

    def step(game, theta, psi):
        ahead = theta + 1j * TINY
        loss, _ = game.losses(ahead, _ascend(game, ahead, psi, eta, K))
        total = np.imag(loss) / TINY  # dL/dθ, through ψ_K
        return theta - eta * total, _ascend(game, theta, psi, eta, 1)

    return Integrator("look_ahead", eta, step)


def look_ahead_first_order(eta: float, K: int = 5) -> Integrator:
    """`look_ahead` without its second term: θ answers to ψ_K, but not to how ψ_K depends on θ: θ ← θ + η·v_θ(θ, ψ_K).

    What remains when the graph is cut (`detach`) at ψ_K. Raises as `look_ahead`. Source: Metz et al. 2017, section 2.3.
    """
    eta, K = _positive("eta", eta), whole("K", K)

    def step(game, theta, psi):
        v_theta, _ = game.field(theta, _ascend(game, theta, psi, eta, K))
        return theta + eta * v_theta, _ascend(game, theta, psi, eta, 1)

    return Integrator("look_ahead_first_order", eta, step)


INTEGRATORS = {
    make.__name__: make
    for make in (simultaneous, alternating, extragradient, optimistic, look_ahead, look_ahead_first_order)
}


def integrator(name: str, eta: float) -> Integrator:
    """The integrator called `name` with step size `eta`, all else at its default; ValueError names those there are."""
    return _named("integrator", INTEGRATORS, name)(eta)


def _ascend(game, theta, psi, eta, n):
    """ψ after n steps of its own against a fixed θ."""
    for _ in range(n):
        psi = game.project(psi + eta * game.field(theta, psi)[1])
    return psi
