"""Two-player differentiable games as vector fields, ways to step through them, and what their eigenvalues foretell.

game = games.dirac("r1", gamma=0.3)                      # two losses, two lines of vector field
step = games.alternating(0.2)                            # an integrator is a value
path = games.trajectory(game, step, start=(1, 1), steps=500)
games.eigenvalues(game, step, point=(0, 0))              # of one update; all inside the unit circle: it converges
"""

from gan_core.mathematics.games.dynamics import eigenvalues, jacobian, trajectory
from gan_core.mathematics.games.game import DIRAC, Game, bilinear, dirac
from gan_core.mathematics.games.integrators import (
    INTEGRATORS,
    Integrator,
    alternating,
    extragradient,
    integrator,
    look_ahead,
    look_ahead_first_order,
    optimistic,
    simultaneous,
)

__all__ = [
    "DIRAC",
    "INTEGRATORS",
    "Game",
    "Integrator",
    "alternating",
    "bilinear",
    "dirac",
    "eigenvalues",
    "extragradient",
    "integrator",
    "jacobian",
    "look_ahead",
    "look_ahead_first_order",
    "optimistic",
    "simultaneous",
    "trajectory",
]
