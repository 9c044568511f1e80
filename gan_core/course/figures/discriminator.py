"""Pictures of chapter 02: two densities, the discriminators between them, and what those are worth."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE, SKY

OTHERS = ((PURPLE, "--"), (GREY, ":"), (GOLD, "-."), (SKY, (0, (5, 1))), (ORANGE, (0, (1, 1))))


def label_shares(x, p, q, best, centres, share):
    """Above: the densities `p` and `q` over `x`; below: the `share` of real examples in each bin, and `best`, D*."""
    fig, (top, bottom) = _two_rows()
    _densities(top, x, p, q)
    bottom.plot(x, best, color=GREEN, label=r"$p/(p+q)$")
    bottom.plot(
        centres, share, "o", color="black", mfc="white", ms=7, label="share of real among the labelled examples"
    )
    _probability(bottom)
    return fig


def value_of_an_answer(d, curves, best):
    """What the answer `d` earns at a place x, p log d + q log(1 − d); `curves` maps a label to it, `best` to its D*."""
    fig, ax = plt.subplots()
    for (label, values), (colour, style) in zip(curves.items(), OTHERS, strict=False):
        ax.plot(d, values, color=colour, ls=style, label=label)
        ax.plot(best[label], np.interp(best[label], d, values), "o", ms=10, color=GREEN, mec="black")
        ax.axvline(best[label], color=GREEN, lw=1, alpha=0.6)
    ax.set(xlabel="answer $d$", ylabel="worth at $x$ (nats per unit of $x$)", ylim=(-1.2, 0.02), xlim=(0, 1))
    ax.legend(loc="lower center", title="dots: $d = p/(p+q)$")
    return fig


def discriminators(x, p, q, curves):
    """Above: the densities `p` and `q` over `x`; below: D(x) for each label of `curves`, the best one first."""
    fig, (top, bottom) = _two_rows()
    _densities(top, x, p, q)
    (best, values), *others = curves.items()
    bottom.plot(x, values, color=GREEN, lw=4 if others else 2.2, label=best)
    for (label, values), (colour, style) in zip(others, OTHERS, strict=False):
        bottom.plot(x, values, color=colour, ls=style, lw=1.8, label=label)
    _probability(bottom)
    return fig


def lower_bounds(theta, js, bounds):
    """JSD of the model at each shift `theta`, and (V(D) + log 4)/2 for D's that are held: `bounds`, by the shift each
    of them was made for."""
    fig, ax = plt.subplots(figsize=(9, 4.6))
    ax.plot(theta, js, color="black", lw=3, label=r"JSD$(p, q_\theta)$")
    for (made_for, values), (colour, style) in zip(bounds.items(), OTHERS, strict=False):
        ax.plot(theta, values, color=colour, ls=style, label=rf"$D$ held, best at $\theta$ = {made_for:g}")
        ax.plot(made_for, np.interp(made_for, theta, js), "o", ms=10, color=colour, mec="black", zorder=5)
    ax.axhline(0, color=GREY, lw=1)
    ax.set(xlabel=r"shift $\theta$ of the model", ylabel=r"$(V(D) + \log 4)/2$ (nats)", ylim=(-0.62, 0.85))
    ax.legend(loc="upper center")
    return fig


def gradients_compared(pairs):
    """For each title of `pairs`: the entries of a divergence's gradient (across) and of losses' gradients (up).

    `pairs` maps a title to (gradient of the divergence, {label: gradient of the loss}).
    """
    fig, axes = plt.subplots(1, len(pairs), figsize=(11, 4.4))
    for ax, (title, (divergence, losses)) in zip(np.atleast_1d(axes), pairs.items(), strict=True):
        for (label, loss), (colour, marker) in zip(losses.items(), ((GREEN, "o"), (PURPLE, "x")), strict=False):
            ax.plot(np.ravel(divergence), np.ravel(loss), marker, ms=5, color=colour, label=label)
        ax.axline((0, 0), slope=1, color="black", lw=1)
        ax.set(title=title, xlabel="gradient of the divergence", ylabel="gradient of the loss")
        ax.legend(loc="upper left")
    return fig


def _two_rows():
    return plt.subplots(2, 1, figsize=(9, 5.2), sharex=True, height_ratios=[1, 1.3])


def _densities(ax, x, p, q):
    ax.plot(x, p, color=BLUE, label="data $p$")
    ax.plot(x, q, color=ORANGE, ls="--", label="model $q$")
    ax.fill_between(x, p, color=BLUE, alpha=0.15)
    ax.fill_between(x, q, color=ORANGE, alpha=0.15)
    ax.set(ylabel="density", ylim=(0, None))
    ax.legend(loc="upper right")


def _probability(ax):
    ax.axhline(0.5, color=GREY, lw=1)
    ax.set(xlabel="$x$", ylabel="$D(x)$", ylim=(-0.05, 1.05), yticks=[0, 0.5, 1])
    ax.legend(loc="upper right", frameon=True, framealpha=0.9)
