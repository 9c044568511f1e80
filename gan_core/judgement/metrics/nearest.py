"""Does a generator repeat what it was shown? The distance of each sample to the nearest training example."""

import numpy as np

from gan_core.judgement.metrics._pairs import kth_nearest
from gan_core.judgement.metrics._rows import pair_of_rows


def nearest_distance(x, examples):
    """min_j ‖x_i − examples_j‖₂ for each sample x_i: (n,), in units of x.

    Copies have distance 0. Samples of the same distribution as `examples`, drawn independently, lie as far from them as
    held-out real examples do: that is what to compare with.

    Parameters: `x` (n, *shape), `examples` (m, *shape). Raises ValueError for empty or non-finite input and two shapes.

    >>> nearest_distance([[3.0, 4.0]], [[0.0, 0.0], [9.0, 9.0]])
    array([5.])
    """
    x, examples = pair_of_rows(x=x, examples=examples)
    return kth_nearest(x, examples)


def nearer_to_training(x, train, held_out):
    """The share of samples x that lie nearer to a training example than to any held-out one, in [0, 1]; ties are half.

    Both sets come from one distribution and are of one size, so whoever has not learned `train` by heart is as often
    near to the one as to the other: ½ is right, 1 is a copyist. The standard error of a fair share is 1/(2√n), and more
    where samples share their neighbours. A share of ½ says nothing about quality: noise has it too.

    Parameters: `x` (n, *shape), `train` and `held_out` (m, *shape), tensors or arrays. Returns a float.
    Raises ValueError for sets of two sizes (shorten the longer), empty or non-finite input and two shapes.
    Source: the two-sample idea of Lopez-Paz & Oquab 2017 with nearest neighbours, as in Meehan et al. 2020.

    >>> nearer_to_training([[0.0], [9.0]], train=[[1.0]], held_out=[[2.0]])
    0.5
    """
    if len(train) != len(held_out):
        raise ValueError(
            f"train and held_out must have one size, or the larger is nearer by its number alone; "
            f"given {len(train)} and {len(held_out)}. Shorten the longer"
        )
    away = nearest_distance(x, held_out) - nearest_distance(x, train)
    return float(np.heaviside(away, 0.5).mean())
