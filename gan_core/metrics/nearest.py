"""Does a generator repeat what it was shown? The distance of each sample to the nearest training example."""

from scipy.spatial import cKDTree

from gan_core.metrics._rows import pair_of_rows


def nearest_distance(x, examples):
    """min_j ‖x_i − examples_j‖₂ for each sample x_i: (n,), in units of x.

    Copies have distance 0. Samples of the same distribution as `examples`, drawn independently, lie as far from them as
    held-out real examples do: that is what to compare with.

    Parameters: `x` (n, *shape), `examples` (m, *shape). Raises ValueError for empty or non-finite input and two shapes.

    >>> nearest_distance([[3.0, 4.0]], [[0.0, 0.0], [9.0, 9.0]])
    array([5.])
    """
    x, examples = pair_of_rows(x=x, examples=examples)
    return cKDTree(examples).query(x)[0]
