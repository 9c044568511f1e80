"""Samples as rows of numbers, whatever their shape."""

import numpy as np


def rows(name, x, least=1):
    """`x` (n, *shape), a tensor or an array, as float64 (n, d); ValueError unless n ≥ `least` and all is finite."""
    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x, dtype=np.float64)
    if array.ndim < 2 or len(array) < least:
        raise ValueError(f"{name} must be (n, *shape) with n ≥ {least}; given shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; it holds NaN or infinity")
    return array.reshape(len(array), -1)


def pair_of_rows(least=1, **samples):
    """Two sets of samples as rows of the same length; ValueError when their examples differ in shape."""
    first, second = (rows(name, x, least) for name, x in samples.items())
    if first.shape[1] != second.shape[1]:
        given = ", ".join(f"{name} of shape {tuple(np.shape(x))}" for name, x in samples.items())
        raise ValueError(f"examples must have the same shape; given {given}")
    return first, second
