"""How far apart two distributions are: the optimal discriminator, its value, and what a generator's loss minimises.

`p` is the data's distribution (p_data), `q` the model's (p_g). Both are arrays with the bins on the last axis and any
batch axes in front: masses that sum to one, or densities on bins of width `dx`. Results are in nats and lose the last
axis.

Where the support ends, the usual conventions hold: 0·log 0 = 0, a·log(a/0) = ∞ for a > 0, and what happens in a bin
that neither p nor q ever visits changes nothing.
"""

import numpy as np

from gan_core.mathematics._arrays import binned, distribution, non_negative, same_bins


def kl(p, q, dx=1.0):
    """Kullback-Leibler divergence KL(p‖q) = Σ p log(p/q), in nats, in [0, ∞].

    It is ∞ as soon as p puts mass where q has none; bins where p = 0 add nothing.

    Parameters: `p`, `q` (..., bins), each with Σ = 1 (times `dx`, one positive number). Returns an array (...).
    Raises ValueError for negative, non-finite or unnormalised input and for shapes that do not match, TypeError for
    what is not real numbers.
    Source: Kullback & Leibler 1951.

    >>> float(kl([0.5, 0.5], [0.25, 0.75]).round(6))
    0.143841
    >>> float(kl([1, 0], [0, 1]))
    inf
    """
    p, q = _pair(p, q, dx)
    return _relative_entropy(p, q, dx)


def js(p, q, dx=1.0):
    """Jensen-Shannon divergence JSD(p, q) = ½ KL(p‖m) + ½ KL(q‖m) with m = (p + q)/2, in nats, in [0, log 2].

    Symmetric, and log 2 exactly when p and q share no bin. Its square root is a metric; the divergence itself is not.

    Parameters and errors as `kl`. Source: Lin 1991; Endres & Schindelin 2003 (the metric).

    >>> float(js([1, 0], [0, 1]).round(6))
    0.693147
    """
    p, q = _pair(p, q, dx)
    twice_m = p + q  # KL(p‖m) = ½ Σ 2p log(2p/2m): doubling is exact, while halving loses the smallest numbers
    return (_relative_entropy(2 * p, twice_m, dx) + _relative_entropy(2 * q, twice_m, dx)) / 4


def tv(p, q, dx=1.0):
    """Total variation TV(p, q) = ½ Σ |p − q| = 1 − Σ min(p, q), in [0, 1]; a metric.

    Parameters and errors as `kl`.

    >>> float(tv([0.5, 0.5], [0.25, 0.75]))
    0.25
    """
    p, q = _pair(p, q, dx)
    return (np.abs(p - q) * dx).sum(-1) / 2


def pearson_chi2(p, q, dx=1.0):
    """Pearson's χ²(p‖q) = Σ (p − q)²/q, in [0, ∞]; ∞ as soon as p has mass where q has none.

    Parameters and errors as `kl`. Source: Pearson 1900.

    >>> float(pearson_chi2([0.5, 0.5], [0.25, 0.75]).round(6))
    0.333333
    """
    p, q = _pair(p, q, dx)
    return _chi2(p, q, dx)


def density_ratio(p, q):
    """r(x) = p(x)/q(x), the density ratio, in [0, ∞]; NaN in bins that neither visits, where it is not defined.

    Parameters: `p`, `q` (..., bins), non-negative; they need not be normalised, so any set of points will do.
    Returns an array (..., bins). Raises ValueError for negative or non-finite input and for shapes that do not match,
    TypeError for what is not real numbers. Source: Mohamed & Lakshminarayanan 2016, section 2.

    >>> density_ratio([0.5, 0.5, 0.0], [0.25, 0.0, 0.0])
    array([ 2., inf, nan])
    """
    p, q = non_negative("p", p), non_negative("q", q)
    same_bins(p=p, q=q)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return p / q


def optimal_discriminator(p, q):
    """D*(x) = p(x)/(p(x) + q(x)) = r/(1 + r), the discriminator that maximises `value`, in [0, 1].

    In bins that neither p nor q visits any D is optimal; there it is ½, "cannot tell". It is 0 or 1 only where p or q
    is 0: elsewhere it is not rounded to a certainty, which would cost −∞ in `value`.

    Parameters and errors as `density_ratio`. Source: Goodfellow et al. 2014, Proposition 1.

    >>> optimal_discriminator([0.75, 0.25, 0], [0.25, 0.25, 0])
    array([0.75, 0.5 , 0.5 ])
    """
    p, q = non_negative("p", p), non_negative("q", q)
    same_bins(p=p, q=q)
    with np.errstate(invalid="ignore"):
        d = np.where(p + q > 0, p / (p + q), 0.5)
    never_0, never_1 = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)
    return np.clip(d, np.where(p > 0, never_0, 0.0), np.where(q > 0, never_1, 1.0))


def value(d, p, q, dx=1.0):
    """V(D) = E_p[log D] + E_q[log(1 − D)], the value of the GAN game at the discriminator `d`, in [−∞, 0], in nats.

    At D* it is 2·JSD(p, q) − log 4; at any other D it is smaller. It is −∞ where D is certain and wrong.

    Parameters: `d` (..., bins) with values in [0, 1]; `p`, `q` as in `kl`. Returns an array (...).
    Raises ValueError as `kl` does, and for `d` outside [0, 1]. Source: Goodfellow et al. 2014, eq. 1.

    >>> float(value([0.5, 0.5], [0.5, 0.5], [0.25, 0.75]).round(6))
    -1.386294
    """
    p, q = _pair(p, q, dx)
    d = binned("d", d)
    if d.min() < 0 or d.max() > 1:
        raise ValueError(f"d must hold probabilities in [0, 1]; given values in [{d.min():g}, {d.max():g}]")
    same_bins(d=d, p=p, q=q)
    return ((_times_log(p, d) + _times_log(q, 1 - d)) * dx).sum(-1)


def minimised_by(objective, p, q, dx=1.0):
    """What a generator minimises under `objective` when the discriminator is the best possible one for p and q.

    ============== ======================= ================ =============================== ===================
    objective      divergence              optimal D        the generator's loss there      agrees in its
    ============== ======================= ================ =============================== ===================
    saturating     2·JSD(p, q) − log 4     p/(p + q)        E_p[log D] + E_q[log(1 − D)]    value and gradient
    non_saturating KL(q‖p) − 2·JSD(p, q)   p/(p + q)        E_q[−log D]                     gradient
    hinge          2·TV(p, q)              sign(p − q)      E_q[−D]                         gradient
    least_squares  χ²(2q ‖ p + q)          (p − q)/(p + q)  E_p[D²] + E_q[D²]               value
    ============== ======================= ================ =============================== ===================

    *Value*: with the optimal D put in, the loss is that number. *Gradient*: with D held there, the gradient of the loss
    with respect to q is the divergence's, up to a constant that a q of total one does not feel; this is what a step of
    the generator sees. Least squares (D's targets 1 for real and −1 for fake, the generator's target 0) has the value
    only, and only with E_p[D²], which no generator can move, added to its loss: with D held, its gradient is D², not
    the χ²'s −2D − D².

    Parameters: `objective`, one of the names above; `p`, `q`, `dx` and errors as `kl`; ValueError for another name.
    Sources: Goodfellow et al. 2014, Theorem 1; Arjovsky & Bottou 2017, Theorem 2.5; Lim & Ye 2017 (hinge); Mao et al.
    2017, section 3.2, with a = −1, b = 1, c = 0, who write this χ² with its arguments the other way round.

    >>> float(minimised_by("hinge", [1, 0], [0, 1]))
    2.0
    """
    if objective not in tuple(_MINIMISED):
        raise ValueError(f"unknown objective {objective!r}; known are {', '.join(_MINIMISED)}")
    return _MINIMISED[objective](*_pair(p, q, dx), dx)


_MINIMISED = {
    "saturating": lambda p, q, dx: 2 * js(p, q, dx) - np.log(4),
    "non_saturating": lambda p, q, dx: kl(q, p, dx) - 2 * js(p, q, dx),
    "hinge": lambda p, q, dx: 2 * tv(p, q, dx),
    "least_squares": lambda p, q, dx: _chi2(2 * q, p + q, dx),  # = Σ (p − q)²/(p + q)
}


def _pair(p, q, dx):
    p, q = distribution("p", p, dx), distribution("q", q, dx)
    same_bins(p=p, q=q)
    return p, q


def _times_log(a, b):
    """a·log b with 0·log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a > 0, a * np.log(b), 0.0)


def _relative_entropy(p, q, dx):
    """Σ p log(p/q). It is never negative when p and q have the same total, so neither is it after rounding."""
    return np.maximum(((_times_log(p, p) - _times_log(p, q)) * dx).sum(-1), 0.0)


def _chi2(p, q, dx):
    """Σ (p − q)²/q, squared last: the square of a small difference would be lost."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        terms = np.where(p == q, 0.0, ((p - q) / np.sqrt(q)) ** 2)
    return (terms * dx).sum(-1)
