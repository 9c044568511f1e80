"""Pictures of chapter 15: what measures of samples notice, how they depend on the number of samples, how they agree."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import GREY, KINDS

_VERDICTS = {1: ("#CFE5F2", "✓", "called worse than real"), 0: ("#FFFFFF", "", "not told apart"),
             -1: ("#F6C9A8", "✗", "called better than real")}  # fmt: skip


def verdicts(values, verdict, columns, rows):
    """A table of samplers (rows) and measures (columns): the value, and what the measure says of the sampler.

    `values` (rows, columns) are written as they are; `verdict` (rows, columns) is 1 where the measure calls the sampler
    worse than real examples, −1 where it calls it better, 0 where it does not tell: a colour and a mark.
    """
    figure, ax = plt.subplots(figsize=(11.5, 0.44 * len(rows) + 1.5))
    for (row, column), value in np.ndenumerate(values):
        colour, mark, _ = _VERDICTS[int(verdict[row, column])]
        ax.add_patch(plt.Rectangle((column, row), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.5))
        ax.text(column + 0.5, row + 0.5, f"{_short(value)} {mark}".strip(), ha="center", va="center", fontsize=12)
    ax.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    ax.set_xticks(np.arange(len(columns)) + 0.5, [name.replace(", ", ",\n").replace(" ", "\n", 1) for name in columns])
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    keys = [plt.Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=GREY) for colour, _, _ in _VERDICTS.values()]
    names = [f"{mark} {what}".strip() for _, mark, what in _VERDICTS.values()]
    figure.legend(keys, names, loc="outside lower center", ncols=3)
    return figure


def sizes(n, panels):
    """How measures depend on the number of samples: a panel for each (ylabel, groups, expected, scale).

    `groups` maps a label to values (repeats, sizes) over `n` (sizes,): their mean with its 95 % interval. `expected`
    (sizes,) is what theory says, or None; `scale` is that of the y-axis, "linear" or "log".
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(5.4 * len(panels), 3.7), squeeze=False)
    for ax, (ylabel, groups, expected, scale) in zip(axes[0], panels, strict=True):
        if expected is not None:
            ax.plot(n, expected, color=GREY, linewidth=1.5, label="theory")
        for (label, values), (colour, _, marker) in zip(groups.items(), KINDS, strict=False):
            half = 1.96 * values.std(0, ddof=1) / np.sqrt(len(values))
            ax.errorbar(n, values.mean(0), half, color=colour, linestyle="", marker=marker, capsize=4, label=label)
        if scale == "linear":
            ax.axhline(0, color=GREY, linewidth=1, linestyle=":")
        ax.set(xlabel="samples n", ylabel=ylabel, xscale="log", yscale=scale)
        ax.set_xticks(n, [f"{each:,}" for each in n])
        ax.minorticks_off()
        if scale == "log":
            ax.yaxis.set_major_formatter("{x:g}")
        ax.legend()
    return figure


def extrapolated(inverse, groups, lines):
    """A distance against 1/n with the straight lines through it, and where these meet n = ∞.

    `groups` maps a label to distances over `inverse` (sizes,); `lines` maps it to (intercept, slope).
    """
    figure, ax = plt.subplots(figsize=(7.5, 3.6))
    whole = np.array([0.0, max(inverse)])
    for (label, values), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
        intercept, slope = lines[label]
        ax.plot(whole, intercept + slope * whole, color=colour, linestyle=line, linewidth=1.5)
        ax.plot(inverse, values, linestyle="", marker=marker, color=colour, label=label)
        ax.plot(0, intercept, marker=marker, color=colour, markerfacecolor="white", markersize=10, clip_on=False)
    ax.set_xticks([0, *inverse], ["∞", *[f"{1 / each:,.0f}" for each in inverse]])
    ax.set(xlabel="samples n (the axis is 1/n)", ylabel="Fréchet distance", xlim=(0, None), ylim=(0, None))
    ax.legend()
    return figure


def windows(widths, curves):
    """The log-likelihood of held-out examples against the width of the window, a curve for each set of centres."""
    figure, ax = plt.subplots(figsize=(7.5, 3.6))
    for (label, values), (colour, line, marker) in zip(curves.items(), KINDS, strict=False):
        best = int(np.argmax(values))
        ax.plot(widths, values, color=colour, linestyle=line, label=label)
        ax.plot(widths[best], values[best], marker, color=colour, markersize=10)
    top = max(max(values) for values in curves.values())
    ax.set(xlabel="width of the window (pixel units)", ylabel="log-likelihood of\nheld-out digits (nats)")
    ax.set(ylim=(top - 60, top + 6))
    ax.legend()
    return figure


def tracks(steps, measures):
    """Measures over the checkpoints of several runs: a panel for each, `measures` maps its name to (seeds, times)."""
    columns = -(-len(measures) // 2)
    figure, axes = plt.subplots(2, columns, figsize=(11.5, 4.8), sharex=True, squeeze=False)
    for ax, (name, values) in zip(axes.flat, measures.items(), strict=False):
        for run, (colour, line, marker) in zip(values, KINDS, strict=False):
            ax.plot(steps, run, color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.5)
        ax.set_title(name)
        ax.tick_params(axis="x", labelbottom=True)
    for ax in axes[-1]:
        ax.set_xlabel("generator steps")
    for ax in axes.flat[len(measures) :]:
        ax.set_visible(False)
    return figure


def agreement(names, panels):
    """Rank correlations between measures: a panel for each (title, matrix), the numbers written in the cells."""
    figure, axes = plt.subplots(1, len(panels), figsize=(5.7 * len(panels), 4.6), sharey=True, squeeze=False)
    for ax, (title, matrix) in zip(axes[0], panels, strict=True):
        ax.imshow(matrix, cmap="RdBu", vmin=-1.3, vmax=1.3)
        for (row, column), value in np.ndenumerate(matrix):
            ax.text(column, row, f"{value:.1f}".replace("-", "−"), ha="center", va="center", fontsize=12)
        ax.set_xticks(range(len(names)), names, rotation=40, ha="right")
        ax.set_yticks(range(len(names)), names)
        ax.set_title(title)
        ax.grid(visible=False)
    return figure


def levels(table, floor):
    """Distances for each level of a pyramid: `table` maps a fault to {size: distance}, `floor` is that of real images.

    Each fault has one mark for each level; the lines are the floor's levels.
    """
    figure, ax = plt.subplots(figsize=(9, 0.42 * len(table) + 1.3))
    for (size, real), (colour, line, marker) in zip(floor.items(), KINDS, strict=False):
        ax.axvline(real, color=colour, linestyle=line, linewidth=1.2)
        distances = [of_fault[size] for of_fault in table.values()]
        ax.plot(distances, range(len(table)), linestyle="", marker=marker, color=colour, markersize=9,
                label=f"level {size} × {size}")  # fmt: skip
    ax.set_yticks(range(len(table)), list(table))
    ax.set(xlabel="10³ × sliced Wasserstein distance of patches (lines: real faces)", xscale="log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    ax.set_xticks([20, 30, 50, 100, 200], minor=False)
    ax.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(floor))
    return figure


def _short(value):
    """A number in at most four characters or so."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"
    return text.replace("-0.00", "0.00").replace("-", "−")
