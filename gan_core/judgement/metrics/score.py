"""The Inception Score, of any classifier: are the samples clear, and of many kinds?"""

from typing import NamedTuple

import numpy as np

from gan_core import divergences
from gan_core.judgement.metrics._rows import rows
from gan_core.mathematics._counts import whole


class Score(NamedTuple):
    """The `mean` of the scores of the splits, and their standard deviation `std`."""

    mean: float
    std: float


def inception_score(probabilities, splits=10):
    """exp(mean_i KL(p(y|x_i)‖p(y))) with p(y) = mean_i p(y|x_i), for each of `splits` parts; in [1, classes].

    It is the number of classes when the classifier is sure of every sample and all classes come equally often, and 1
    when it says the same of all. It never sees the data, nor anything within a class: one image of each class is
    perfect. "Inception" is the classifier of the paper, see `inception`; of another, say which. The parts are taken in
    order, so samples ordered by class must be shuffled first; few samples in a part make its score too small.

    Parameters: `probabilities` (n, classes), p(y|x_i) in rows that sum to one, a tensor or an array; 1 ≤ splits ≤ n.
    Returns `Score`; `std` is that of the parts themselves (divided by their number), as in the paper's code.
    Raises ValueError for rows that are no distributions (softmax comes first) and for more splits than samples.
    Source: Salimans et al. 2016, section 4.

    >>> inception_score([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], splits=2)
    Score(mean=2.0, std=0.0)
    """
    splits = whole("splits", splits)
    given = rows("probabilities", probabilities, least=splits)
    total = given.sum(1)
    if given.min() < 0 or np.abs(total - 1).max() > 1e-4:  # float32 and a thousand classes: 1e-5
        raise ValueError(
            f"probabilities must be ≥ 0 and sum to 1 in each row; given values from {given.min():g}, "
            f"totals {total.min():g} … {total.max():g}. Take the softmax of logits first"
        )
    parts = np.array_split(given / total[:, None], splits)
    scores = np.exp([divergences.kl(p, p.mean(0)).mean() for p in parts])
    return Score(float(scores.mean()), float(scores.std()))
