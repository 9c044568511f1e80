"""Where the steps lead: trajectories, and the eigenvalues of one update, which foretell them near an equilibrium."""

import numpy as np

from gan_core.mathematics._arrays import finite
from gan_core.mathematics._counts import whole

WIDTH = 2.0**-10  # of the stencil: its error, of order width⁴, and the rounding it amplifies are then both below 1e-12
CURVATURE = 100.0  # second differences beyond this times width² are no curvature but a kink or a jump


def trajectory(game, integrator, start=(1.0, 1.0), steps=500):
    """All points of `steps` updates from `start`: an array (steps + 1, ..., 2), the start first.

    `start` (..., 2) holds (θ, ψ) on its last axis, any number of starts in front; all move at once. A start outside the
    game's bounds is projected first. A trajectory that runs away ends in inf or NaN, without a warning.
    Raises ValueError for a start of another shape or not finite, and for steps below one.

    >>> from gan_core import games
    >>> games.trajectory(games.bilinear(), games.simultaneous(1.0), start=(1, 0), steps=2)
    array([[1., 0.],
           [1., 1.],
           [0., 2.]])
    """
    theta, psi = _players("start", start)
    state = (theta, game.project(psi)) * (integrator.size // 2)  # nothing before the start but the start
    path = np.empty((whole("steps", steps) + 1, *theta.shape, 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for point in path[:-1]:
            point[..., 0], point[..., 1] = state[:2]
            state = integrator.step(game, *state)
        path[-1, ..., 0], path[-1, ..., 1] = state[:2]
    return path


def jacobian(game, integrator, point=(0.0, 0.0)):
    """The matrix of one update linearised at `point` (..., 2): an array (..., size, size), size 2 (4 for `optimistic`).

    By the five-point difference, [8(F(+h) − F(−h)) − (F(+2h) − F(−2h))]/12h: exact to rounding for linear games,
    and to about 1e-12 for the smooth ones here. Raises ValueError at a kink or a jump, where there is no such matrix
    (WGAN-GP at ψ = 0, clipping at |ψ| = c), and for a point of another shape or not finite.
    """
    state = np.stack(_players("point", point) * (integrator.size // 2), axis=-1)

    def update(shift):
        moved = state + shift
        return np.stack(integrator.step(game, *np.moveaxis(moved, -1, 0)), axis=-1)

    here, columns = update(0), []
    for direction in WIDTH * np.eye(integrator.size):
        ahead, back = update(direction), update(-direction)
        wide = update(2 * direction) - update(-2 * direction)
        uneven = np.maximum(np.abs(ahead - 2 * here + back), np.abs(wide - 2 * (ahead - back)))
        if uneven.max() > CURVATURE * WIDTH**2:
            raise ValueError(
                f"one update of {game.name} has a kink or a jump at {np.asarray(point).tolist()}: "
                "no derivative, so no eigenvalues there; choose a point beside it"
            )
        columns.append((8 * (ahead - back) - wide) / (12 * WIDTH))
    return np.stack(columns, axis=-1)


def eigenvalues(game, integrator, point=(0.0, 0.0)):
    """The eigenvalues λ of `jacobian`, complex (..., size), in no particular order.

    Near an equilibrium the update converges when all |λ| < 1 and runs away when some |λ| > 1; when the largest is 1,
    the linear part does not decide. Parameters and errors as `jacobian`. Source: Mescheder et al. 2017, section 3.

    >>> from gan_core import games
    >>> np.abs(games.eigenvalues(games.bilinear(), games.simultaneous(0.1))).round(6)
    array([1.004988, 1.004988])
    """
    return np.linalg.eigvals(jacobian(game, integrator, point)).astype(complex)


def _players(name, point):
    array = finite(name, point)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"{name} must hold (θ, ψ) on its last axis, shape (..., 2); given shape {array.shape}")
    return array[..., 0], array[..., 1]
