"""What every function of floor 0 asks of its arrays, said once: finite numbers, no negative mass, a total of one."""

import numpy as np

TOTAL_TOLERANCE = 1e-6  # a density cut off at the ends of its grid loses a little mass; more than this is a mistake


def finite(name, values):
    """`values` as a float64 array, or an error that says which entry of `name` is not a finite number."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of real numbers; given {type(values).__name__}: {error}") from None
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape}); give at least one bin")
    if not np.isfinite(array).all():
        where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{name} must be finite; {name}{list(where)} is {array[where]}")
    return array


def non_negative(name, values):
    """`values` as a float64 array of at least one axis with no negative entry."""
    array = finite(name, values)
    if array.ndim == 0:
        raise ValueError(f"{name} must have the bins on its last axis; given the single number {array}")
    if array.min() < 0:
        where = tuple(map(int, np.argwhere(array < 0)[0]))
        raise ValueError(f"{name} must not be negative; {name}{list(where)} is {array[where]:g}")
    return array


def distribution(name, values, dx=1.0):
    """`values` as non-negative masses (or densities on bins of width `dx`) whose total over the last axis is one."""
    array = non_negative(name, values)
    total = (array * dx).sum(-1)
    off = np.abs(total - 1)
    if off.max() > TOTAL_TOLERANCE:
        worst = float(np.ravel(total)[off.argmax()])
        raise ValueError(
            f"{name} must sum to 1 over its last axis (within {TOTAL_TOLERANCE:g}); its total is {worst:.6g}. "
            f"Divide by the total, or give the width of the bins when {name} is a density"
        )
    return array


def same_bins(**arrays):
    """Raise unless all arrays have the same number of bins and batch axes that broadcast."""
    shapes = {name: array.shape for name, array in arrays.items()}
    if len({shape[-1] for shape in shapes.values()}) > 1:
        raise ValueError(f"the bins (last axis) must agree in number; given {_said(shapes)}")
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise ValueError(f"the axes before the bins must broadcast; given {_said(shapes)}") from None


def _said(shapes):
    return ", ".join(f"{name} of shape {shape}" for name, shape in shapes.items())
