"""Pictures of chapter 18: a sentence that holds in one family and not in another, and verdicts counted."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE

VERDICTS = (
    (BLUE, ""),
    ("#B9D4E6", "///"),
    (ORANGE, "xx"),
    ("white", ""),
)  # colour and hatch, in the order of the counts


def in_families(theta, curves, label):
    """A divergence over the shift `theta`, a panel for each family: `curves` maps a family to values over `theta`.

    A step from one shift to the next that is larger than a third of the largest value is drawn as a jump: no line.
    """
    fig, axes = plt.subplots(1, len(curves), figsize=(11, 3.4), sharey=True, squeeze=False)
    for ax, (name, values), (colour, _, marker) in zip(axes[0], curves.items(), KINDS, strict=False):
        values = np.asarray(values)
        jumps = 1 + np.flatnonzero(np.abs(np.diff(values)) > values.max() / 3)
        drawn, at = np.insert(values, jumps, np.nan), np.insert(theta, jumps, theta[jumps])
        ax.plot(at, drawn, color=colour, marker=marker, markevery=(0, 10), ms=7)
        ax.set(title=name, xlabel=r"shift $\theta$")
    axes[0, 0].set_ylabel(label)
    return fig


def by_kind(counts):
    """How many findings of each kind have which verdict, a bar each: `counts` maps a kind to {verdict: number}.

    The bars are shares of the kind's findings; the numbers in them are counts. The order is that of `counts`.
    """
    fig, ax = plt.subplots(figsize=(9.5, 0.55 * len(counts) + 1.4))
    names = list(next(iter(counts.values())))
    left = np.zeros(len(counts))
    total = np.array([sum(row.values()) for row in counts.values()])
    for name, (colour, hatch) in zip(names, VERDICTS, strict=True):
        number = np.array([row[name] for row in counts.values()])
        share = number / total
        ax.barh(
            range(len(counts)), share, 0.74, left, color=colour, hatch=hatch, edgecolor=GREY, linewidth=0.8, label=name
        )
        for row, (n, start, width) in enumerate(zip(number, left, share, strict=True)):
            if n:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                ax.text(start + width / 2, row, n, ha="center", va="center", fontsize=12, bbox=box)
        left += share
    ax.set_yticks(range(len(counts)), [f"{kind} ({n})" for kind, n in zip(counts, total, strict=True)])
    ax.set(xlabel="share of the findings of this kind", xlim=(0, 1))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=len(names), fontsize=12)
    return fig


def dealt(gaps, seen):
    """The gaps between kinds when verdicts are dealt at random, and the one that was `seen`, a panel each way to count.

    `gaps` maps a way of counting to gaps (deals,); `seen` maps it to a number.
    """
    fig, axes = plt.subplots(1, len(gaps), figsize=(10.5, 3.6), sharex=True, sharey=True, squeeze=False)
    bins = np.linspace(0, 1, 41)
    for ax, (name, values) in zip(axes[0], gaps.items(), strict=True):
        ax.hist(values, bins, weights=np.full(len(values), 1 / len(values)), color=GREY, label="dealt at random")
        ax.axvline(seen[name], color=ORANGE, ls="--", label="as it is")
        ax.set(title=name, xlabel="best kind − worst kind, shares")
    axes[0, 0].set_ylabel("share of the deals")
    axes[0, -1].legend(loc="upper right")
    return fig
