"""What every function of floor 0 asks of its arrays, said once: finite numbers, no negative mass, a total of one."""

import numpy as np

TOTAL_TOLERANCE = 1e-6  # a density cut off at the ends of its grid loses a little mass; more than this is a mistake


def finite(name, values):
    """`values` as a float64 array, or an error that says which entry of `name` is not a finite number."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "cSU":  # numpy would drop the imaginary part, and read "0.5" as a number
            raise TypeError("complex numbers and text are not real numbers")
        array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: a torch tensor that still needs its gradient
        raise TypeError(f"{name} must be an array of real numbers; given {type(values).__name__}: {error}") from None
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape}); give at least one number")
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(f"{name} must be finite; {_first(name, array, bad)}")
    return array


def binned(name, values):
    """`values` as a float64 array with the bins on its last axis."""
    array = finite(name, values)
    if array.ndim == 0:
        raise ValueError(f"{name} must have the bins on its last axis; given the single number {array}")
    return array


def non_negative(name, values):
    """`values` as a float64 array of at least one axis with no negative entry."""
    array = binned(name, values)
    bad = array < 0
    if bad.any():
        raise ValueError(f"{name} must not be negative; {_first(name, array, bad)}")
    return array


def width(dx):
    """`dx`, the width of the bins, as one positive number."""
    array = finite("dx", dx)
    if array.ndim or array <= 0:
        raise ValueError(f"dx must be one positive number, the width of the bins; given {dx}")
    return array


def distribution(name, values, dx=1.0):
    """`values` as non-negative masses (or densities on bins of width `dx`) whose total over the last axis is one."""
    array = non_negative(name, values)
    total = (array * width(dx)).sum(-1)
    off = np.abs(total - 1)
    if off.max() > TOTAL_TOLERANCE:
        worst = float(np.ravel(total)[off.argmax()])
        raise ValueError(
            f"{name} must sum to 1 over its last axis (within {TOTAL_TOLERANCE:g}); its total is {worst:.6g}. "
            f"Divide by the total, or give the width of the bins, dx, when {name} is a density"
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


def _first(name, array, bad):
    where = tuple(map(int, np.argwhere(bad)[0]))
    return f"{name}{list(where) if where else ''} is {array[where]:g}"
