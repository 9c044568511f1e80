"""How good are samples of a generator that is told labels? Two questions, and neither answers the other.

*Is it what was asked for?* `label_accuracy`, with a judge's answer or that of `nearest_class`. *Is there more than one
of a kind?* `within_class_diversity`. A generator with one good image for each class has an accuracy of 1 and a
diversity of 0; one that does not hear the label has all the diversity of the data and the accuracy of a guess.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist

from gan_core.judgement.metrics._rows import pair_of_rows, rows
from gan_core.judgement.metrics.frechet import frechet_distance


class WithinClass(NamedTuple):
    """`mean` over the classes, and the number of each class, `of_class` (classes,), in the order of their labels."""

    mean: float
    of_class: np.ndarray


def label_accuracy(told, seen):
    """The share of samples in which the class is `seen` that G was `told`, in [0, 1]. Even guessing has 1/classes.

    No more can be expected than the one who sees has on real images: say that number with it.

    Parameters: `told` (n,), `seen` (n,), tensors or arrays of whole numbers, n ≥ 1. Returns a float.
    Raises ValueError for labels of two shapes, none at all and what is no whole number.
    Source: Odena et al. 2017, section 4.1.

    >>> label_accuracy([0, 1, 2, 2], [0, 1, 2, 0])
    0.75
    """
    told, seen = _labels("told", told), _labels("seen", seen)
    if told.shape != seen.shape:
        raise ValueError(f"told and seen must be of one length; given {len(told)} and {len(seen)} labels")
    return float((told == seen).mean())


def within_class_diversity(x, y):
    """The mean distance between two samples of one class, (1/K) Σ_k E[‖x − x′‖ | both of class k]: `WithinClass`.

    x and x′ are different samples, every pair of a class counts once: the estimate has no bias, for any number of
    samples from two a class on. It is 0 for a generator with one image for each class, however many of them there are.
    Images that are different and no good are diverse, too: read it beside the accuracy, and against the number of
    the real data. Distances are those of the numbers it is given: pixels, or better the features of a judge.

    Parameters: `x` (n, *shape) samples, `y` (n,) their labels, tensors or arrays. Returns `WithinClass`, in units of x.
    Raises ValueError for a class of one sample, values that are not finite and labels that do not fit.
    Source: the mean over pairs of a class, as Odena et al. 2017, section 4.2, with a distance in place of MS-SSIM.

    >>> within_class_diversity([[0.0], [4.0], [7.0], [7.0]], [0, 0, 1, 1])
    WithinClass(mean=2.0, of_class=array([4., 0.]))
    """
    return _mean([pdist(some).mean() for some in _by_class("x", x, y, least=2).values()])


def within_class_frechet(x, y, real, y_real):
    """The Fréchet distance between samples and real examples of the same class, mean over the classes: `WithinClass`.

    Accuracy and diversity in one number: `frechet_distance` for each class by itself, in squared units of x. It needs
    n > d of each class in both sets, for numbers (n, d): below, the covariances are singular, and the distance says
    more of n than of the classes. Two halves of the real examples of a class give what to compare with.

    Parameters: `x` (n, *shape), `y` (n,) samples and their labels, `real` (m, *shape), `y_real` (m,) the same of the
    data. Raises ValueError for classes that are not in both, for a class of d samples or fewer and as
    `frechet_distance`.
    Source: intra-FID, Miyato & Koyama 2018, section 6.1.

    >>> within_class_frechet([[0.0], [2.0], [5.0], [5.0]], [0, 0, 1, 1], [[3.0], [5.0], [5.0], [5.0]], [0, 0, 1, 1])
    WithinClass(mean=4.5, of_class=array([9., 0.]))
    """
    pair_of_rows(x=x, real=real)
    least = rows("x", x).shape[1] + 1
    ours, theirs = _by_class("x", x, y, least), _by_class("real", real, y_real, least)
    if ours.keys() != theirs.keys():
        raise ValueError(f"both must have the same classes; only one has {sorted(ours.keys() ^ theirs.keys())}")
    return _mean([frechet_distance(some, theirs[k]) for k, some in ours.items()])


def nearest_class(x, real, y):
    """Which class each sample looks like: that of the nearest mean of real examples, spread within a class taken off.

        argmin_k (x − μ_k)ᵀ S⁻¹ (x − μ_k)        μ_k = E[x | y = k],  S = E[(x − μ_y)(x − μ_y)ᵀ], both of the real ones

    (Fisher's linear discriminant, all classes equally likely.) What differs within a class, such as a smile, is what S
    is large for, and counts little; what belongs to the class counts much. In the features of `judges.faces` it tells
    176 people of `datasets.people` by 20 images of each, and is right on 0.999 of 20 others. It always has an answer,
    for noise too. S gets 10⁻⁶ of its mean variance on its diagonal, so that flat directions do no harm.

    Parameters: `x` (n, *shape) samples, `real` (m, *shape) examples with labels `y` (m,). Returns labels (n,), int64.
    Raises ValueError for values that are not finite, examples of two shapes and labels that do not fit.
    Source: Fisher 1936; Rao 1948.

    >>> real = [[0.0, -9.0], [0.0, 9.0], [1.0, -9.0], [1.0, 9.0]]  # classes 3 and 5; the second number says nothing
    >>> nearest_class([[0.2, 50.0], [0.9, -70.0]], real, [3, 3, 5, 5])
    array([3, 5])
    """
    x, real = pair_of_rows(x=x, real=real)
    classes, which = np.unique(_labels("y", y, len(real)), return_inverse=True)
    means = np.stack([real[which == k].mean(0) for k in range(len(classes))])
    within = real - means[which]
    S = within.T @ within / len(real)
    S[np.diag_indices_from(S)] += 1e-6 * S.trace() / len(S) or 1.0
    towards = np.linalg.solve(S, means.T)  # S⁻¹ μ_k; −½ of the distance is xᵀ S⁻¹ μ_k − ½ μ_kᵀ S⁻¹ μ_k, and xᵀ S⁻¹ x
    return classes[(x @ towards - (means.T * towards).sum(0) / 2).argmax(1)]


def _mean(of_class):
    return WithinClass(float(np.mean(of_class)), np.array(of_class))


def _by_class(name, x, y, least):
    """{label: its rows of x}, in the order of the labels; ValueError names those with fewer than `least`."""
    x = rows(name, x)
    y = _labels("y", y, len(x))
    order = np.argsort(y, kind="stable")
    classes, first, counts = np.unique(y[order], return_index=True, return_counts=True)
    if (counts < least).any():
        few = ", ".join(map(str, classes[counts < least][:20]))
        raise ValueError(f"{name} must hold at least {least} samples of each class; fewer are of {few}")
    return dict(zip(classes.tolist(), np.split(x[order], first[1:]), strict=True))


def _labels(name, y, n=None):
    array = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not len(array) or len(array) != (n or len(array)):
        given = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"{name} must be {n or 'n ≥ 1'} labels, whole numbers (n,); given {given}")
    return array
