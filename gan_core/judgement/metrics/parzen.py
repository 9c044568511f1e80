"""The Parzen window: a density drawn from samples, and the likelihood it gives. Here to show why not."""

import numpy as np

from gan_core.judgement.metrics._pairs import squared_distances
from gan_core.judgement.metrics._rows import pair_of_rows


def parzen_log_likelihood(x, centres, width):
    """log p(x_i) with p(x) = 1/m Σ_j N(x; centres_j, width² I): (n,), in nats.

    The likelihood of held-out examples x under Gaussians put about a model's samples, `centres`. With many samples in
    few dimensions it comes near the model's own. In many dimensions it does not, with any number of samples that can be
    had, and it ranks even models wrongly: k-means centres score higher than samples of the data themselves.

    Parameters: `x` (n, *shape), `centres` (m, *shape), tensors or arrays; `width` > 0, in units of x.
    Raises ValueError for empty or non-finite input, two shapes and width ≤ 0.
    Sources: Parzen 1962; Breuleux et al. 2011 (as a measure of models); Theis et al. 2016 (why not).

    >>> parzen_log_likelihood([[0.0]], [[0.0]], width=1.0)  # −½ log 2π
    array([-0.91893853])
    """
    x, centres = pair_of_rows(x=x, centres=centres)
    if not 0 < width < np.inf:
        raise ValueError(f"width must be positive, a standard deviation in units of x; given {width}")
    log_sums = np.empty(len(x))
    for rows, exponents in squared_distances(x, centres):
        exponents /= -2 * width**2
        top = exponents.max(1)  # the largest term becomes 1: the sum neither vanishes nor overflows
        exponents -= top[:, None]
        log_sums[rows] = top + np.log(np.exp(exponents, out=exponents).sum(1))
    return log_sums - np.log(len(centres)) - x.shape[1] * np.log(width * np.sqrt(2 * np.pi))
