"""Pictures of chapter 11: a density for each label, who is told the label, and what a generator makes of it.

Everywhere here a label has one colour, line and marker, those of `KINDS` in their order.
"""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.samples import sheet
from gan_core.course.figures.style import GREY, KINDS, ORANGE, mean_and_half


def kinds(x, panels, truth=None):
    """What there is at x, for each label: `panels` maps a title to densities p(x|y), (labels, n) over `x` (n,).

    Grey is the half of their sum, p(x), for labels of equal shares. `truth`, of the same form, is drawn dotted in every
    panel.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.4 * len(panels) + 0.8, 3.6), sharey=True, squeeze=False)
    for ax, (title, densities) in zip(axes[0], panels.items(), strict=True):
        ax.fill_between(x, np.mean(densities, 0), color=GREY, alpha=0.25, linewidth=0, label="without the label")
        for label, (density, (colour, line, _)) in enumerate(zip(densities, KINDS, strict=False)):
            ax.plot(x, density, color=colour, linestyle=line, label=f"y = {label}")
        for label, density in enumerate(() if truth is None else truth):
            shown = None if label else "the data's"
            ax.plot(x, density, color="black", linestyle=":", linewidth=1.2, label=shown)
        ax.set(title=title, xlabel="x", xlim=(x[0], x[-1]))
    axes[0, 0].set(ylabel="density of x, given y", ylim=(0, 1.05 * max(map(np.max, panels.values()))))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def discriminators(x, panels):
    """D over x: `panels` maps a title to {name: (exact (n,), trained (seeds, n))}; the seeds' lines are thin."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9 * len(panels) + 0.6, 3.6), sharey=True, squeeze=False)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for (name, (exact, trained)), (colour, line, _) in zip(curves.items(), KINDS, strict=False):
            for one in trained:
                ax.plot(x, one, color=colour, linewidth=0.9, alpha=0.6)
            ax.plot(x, exact, color=colour, linestyle=line, linewidth=3, label=name)
        ax.axhline(0.5, color=GREY, linewidth=1, linestyle=":")
        ax.set(title=title, xlabel="x", xlim=(x[0], x[-1]), ylim=(-0.03, 1.03))
        ax.legend(loc="upper center")
    axes[0, 0].set_ylabel("D: how likely real")
    return figure


def table(values, rows, columns, xlabel, ylabel):
    """Numbers as shades, each written in its place: `values` (rows, columns)."""
    values = np.asarray(values)
    figure, ax = plt.subplots(figsize=(2.1 * len(columns) + 3.6, 0.72 * len(rows) + 1.3))
    ax.imshow(values, cmap="Blues", vmin=0, vmax=1.5 * values.max(), aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{abs(value):.2f}", ha="center", va="center", fontsize=14)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def told(panels, centres, limit):
    """Samples in the plane by the label they were asked for: `panels` maps a title to (points (n, 2), labels (n,)).

    The number of a label stands at the centre of the real examples that have it, `centres` (labels, 2).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(2.9 * len(panels), 4.4), sharex=True, sharey=True)
    for ax, (title, (points, labels)) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for label, (centre, (colour, _, marker)) in enumerate(zip(centres, KINDS, strict=False)):
            some = np.asarray(points)[np.asarray(labels) == label]
            ax.plot(
                *some.T, marker, color=colour, markersize=4, alpha=0.6, antialiased=False, label=f"asked for {label}"
            )
            ax.text(*(1.75 * np.asarray(centre)), str(label), ha="center", va="center", fontsize=15, weight="bold")
        ax.set(aspect="equal", xlim=(-limit, limit), ylim=(-limit, limit), xlabel="x₁", ylabel="x₂")
        ax.set_title(title, fontsize=12)
        ax.label_outer()
        ax.grid(visible=False)
    handles = np.atleast_1d(axes)[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(centres), markerscale=1.8)
    return figure


def measures(panels):
    """Measures under several seeds: `panels` maps an x label to ({group: one value a seed}, {name: value to compare}).

    A small mark is a seed, the large one the mean, the bar its 95 % interval by Student's t.
    """
    rows = len(next(iter(panels.values()))[0])
    size = (4.4 * len(panels) + 1.6, 0.62 * rows + 1.7)
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (xlabel, (groups, compared)) in zip(axes[0], panels.items(), strict=True):
        for row, (values, (colour, _, marker)) in enumerate(zip(groups.values(), KINDS, strict=False)):
            low, high = interval(values)
            spread = np.linspace(-0.22, 0.22, len(values))  # so that equal values can be told apart
            ax.plot([low, high], [row, row], "-", color=colour, linewidth=6, alpha=0.45)
            ax.plot(values, row + spread, marker, color=colour, markersize=5, alpha=0.6)
            ax.plot(np.mean(values), row, marker, color=colour, markersize=10, markeredgecolor="black")
        for (name, value), line in zip(compared.items(), ("--", ":"), strict=False):
            ax.axvline(value, color=GREY, linestyle=line, label=name)
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(xlabel=xlabel, ylim=(len(groups) - 0.5, -0.5))
        ax.set_xlim(min(0, ax.get_xlim()[0]), 1.03 * ax.get_xlim()[1])
        if compared:
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(compared))
    return figure


def interval(values):
    """The 95 % interval of the mean of a few seeds, by Student's t: (low, high)."""
    mean, half = mean_and_half(values)
    return mean - half, mean + half


def accuracy_and_diversity(named, trained=None):
    """Both questions at once: `named` maps a name to one (accuracy, diversity), `trained` to several, (seeds, 2).

    The place of "real digits" is a star.
    """
    figure, ax = plt.subplots(figsize=(8.5, 4.6))
    for name, (accuracy, diversity) in named.items():
        colour, marker, size = ("black", "*", 16) if name == "real digits" else (GREY, "X", 11)
        ax.plot(accuracy, diversity, marker, color=colour, markersize=size)
        side, offset = ("right", -10) if accuracy > 0.5 else ("left", 10)
        ax.annotate(name, (accuracy, diversity), (offset, 6), textcoords="offset points", ha=side, color=colour)
    for (name, seeds), (colour, _, marker) in zip((trained or {}).items(), KINDS, strict=False):
        ax.plot(*np.transpose(seeds), marker, color=colour, markersize=9, alpha=0.7, label=name)
    if trained:
        figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    ax.set(xlabel="label accuracy", ylabel="within-class diversity", xlim=(0, 1.05))
    ax.margins(y=0.12)
    return figure


def by_class(panels, names, ylabel="each row: one z", xlabel="asked for"):
    """Sheets with a column for each of `names`: `panels` maps a title to images (rows · columns, 1, h, w) in [−1, 1].

    The images of a row follow each other. Ink, +1, is black.
    """
    columns, images = len(names), list(panels.values())
    side = 4.9 if len(panels) > 1 else 8.0
    size = (side * len(panels) + 0.3, side * len(images[0]) / columns**2 + 1.0)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False)
    for ax, title, some in zip(axes[0], panels, images, strict=True):
        pixels = sheet(-np.asarray(some), columns)
        height, width = np.divide(pixels.shape[:2], (len(some) / columns, columns))
        ax.imshow(pixels, interpolation="nearest")
        ax.hlines(np.arange(1, len(some) // columns) * height, 0, pixels.shape[1] - 1, color=GREY, linewidth=0.6)
        ax.vlines(np.arange(1, columns) * width, 0, pixels.shape[0] - 1, color=GREY, linewidth=0.6)
        ax.set_xticks((np.arange(columns) + 0.5) * width, names)
        ax.set(yticks=[], title=title, xlabel=xlabel)
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel(ylabel)
    return figure


def codes(c, panels):
    """What G makes of the codes `c` (n,) that it is given: `panels` maps a title to samples (n, 1)."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 3.6), sharey=True, squeeze=False)
    for ax, (title, x) in zip(axes[0], panels.items(), strict=True):
        ax.plot(c, np.asarray(x)[:, 0], ".", color=ORANGE, markersize=4, antialiased=False)
        ax.set(title=title, xlabel="the code c, one of the numbers in z")
    axes[0, 0].set_ylabel("x = G(z)")
    return figure
