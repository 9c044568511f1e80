"""Pictures of chapter 14: two networks that grow, what growing costs, and what each trick of theirs holds still."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch

from gan_core.course.figures.style import BLUE, GREEN, GREY, KINDS, ORANGE, mean_and_half

FIRST = 4  # pixels along a side at level 0
WIDE, HIGH, APART = 1.9, 0.9, 2.9  # a box, and from one level to the next
ROWS = {"blocks of G": 7.2, "to RGB": 5.5, "image": 3.6, "from RGB": 1.7, "blocks of D": 0.0}


def networks(stage, levels):
    """The generator and the discriminator at a stage s = l + α, from 0 to `levels`: a column for each level.

    What has no part in it yet is grey and dashed. A number beside an arrow is the share with which it goes in.
    """
    level = int(stage)
    alpha = stage - level
    top = level + (alpha > 0)
    figure, ax = plt.subplots(figsize=(10.5, 6.2))
    ax.set(xlim=(-3.4, levels * APART + WIDE + 0.5), ylim=(-0.5, 9.0))
    ax.axis("off")
    for column in range(levels + 1):
        x, there = column * APART, column <= top
        ax.text(x + WIDE / 2, 8.6, _size(column), ha="center", va="center", weight="bold")
        seen = there and column >= level  # it makes an image now, or begins with one
        for row, colour, active in (
            ("blocks of G", ORANGE, there), ("to RGB", ORANGE, seen), ("from RGB", GREEN, seen),
            ("blocks of D", GREEN, there),
        ):  # fmt: skip
            _box(ax, x, ROWS[row], _name(row, column), colour, active)
        if seen:
            share = 1 - alpha if column == level else alpha
            _down(ax, x, "blocks of G", "to RGB", ORANGE)
            _down(ax, x, "to RGB", "image", ORANGE, share)
            _down(ax, x, "image", "from RGB", GREEN)
            _down(ax, x, "from RGB", "blocks of D", GREEN, share if column == level else None)
        if there:
            _along(ax, x - APART + WIDE if column else -0.9, x, "blocks of G", ORANGE)
            share = alpha if alpha and column == top else None
            _along(ax, x, x - APART + WIDE if column else -0.9, "blocks of D", GREEN, share)
    for row, text, colour in (
        ("blocks of G", "z", ORANGE), ("to RGB", "generator", ORANGE), ("from RGB", "discriminator", GREEN),
        ("blocks of D", "score", GREEN),
    ):  # fmt: skip
        ax.text(-1.1, ROWS[row] + HIGH / 2, text, ha="right", va="center", color=colour, weight="bold")
    wide = levels * APART + WIDE
    _frame(ax, 0, ROWS["image"], wide, BLUE, "-")
    said = f"the image: {_size(top)} pixels" + (f", each a square of the {_size(levels)}" if top < levels else "")
    ax.text(wide / 2, ROWS["image"] + HIGH / 2, said, ha="center", va="center")
    ax.set_title(f"s = {stage:g}: level {level}" + (f", {alpha:.2f} of the fade to the next" if alpha else ""))
    return figure


def schedule(steps, stages):
    """The stage s over the steps of G, both (n,); fades are shaded, and each level has its number of pixels."""
    stages = np.asarray(stages)
    figure, ax = plt.subplots(figsize=(9, 3.9))
    fading = stages % 1 > 0
    ax.fill_between(steps, 0, stages.max() + 0.15, where=fading, color=ORANGE, alpha=0.15, linewidth=0, label="a fade")
    ax.plot(steps, stages, color=BLUE)
    whole = range(int(stages.max()) + 1)
    ax.set_yticks(list(whole), [f"{level}:  {_size(level)}" for level in whole])
    ax.set(xlabel="steps of G", ylabel="stage s, and pixels", ylim=(-0.05, stages.max() + 0.15), xlim=(0, steps[-1]))
    ax.legend(loc="upper left")
    return figure


def work(panels):
    """What has been multiplied so far: `panels` maps a title to (x label, x (n,), {label: (n,)}), all in one unit."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9 * len(panels), 3.8), squeeze=False)
    for ax, (title, (xlabel, x, curves)) in zip(axes[0], panels.items(), strict=True):
        for (label, values), (colour, line, _) in zip(curves.items(), KINDS, strict=False):
            ax.plot(x, values, color=colour, linestyle=line, label=label)
        ax.set(title=title, xlabel=xlabel, xlim=(0, None), ylim=(0, None))
    axes[0, 0].set_ylabel("work so far\n(direct, at the end of growth: 1)")
    axes[0, 0].legend()
    return figure


def through(groups, ylabel):
    """What comes out of layer after layer, on a logarithmic axis: `groups` maps a label to (seeds, layers + 1).

    Place 0 is what goes in. The line is the geometric mean of the seeds, the band their range.
    """
    figure, ax = plt.subplots(figsize=(8.5, 4))
    for (label, values), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
        layers = np.arange(np.shape(values)[1])
        ax.fill_between(layers, np.min(values, 0), np.max(values, 0), color=colour, alpha=0.18, linewidth=0)
        middle = np.exp(np.log(values).mean(0))
        ax.plot(layers, middle, color=colour, linestyle=line, marker=marker, markersize=7, label=label)
    ax.set(xlabel="layers passed", ylabel=ylabel, yscale="log")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def steps_of_adam(fan_in, groups, laws):
    """How far a step moves weights, beside their size: `groups` maps a label to one number for each of `fan_in` (n,).

    `laws` maps the same labels to what a formula says, a function of the fan-in. Both axes are logarithmic.
    """
    figure, ax = plt.subplots(figsize=(8.5, 4))
    grid = np.geomspace(np.min(fan_in) / 1.3, np.max(fan_in) * 1.3, 50)
    for (label, law), (colour, line, marker) in zip(laws.items(), KINDS, strict=False):
        ax.plot(grid, np.broadcast_to(law(grid), grid.shape), color=colour, linestyle=line, linewidth=1.5)
        ax.plot(fan_in, groups[label], marker, color=colour, markersize=9, alpha=0.8, label=label)
    ax.set(xscale="log", yscale="log", xlabel="fan-in: numbers that one output is a sum of")
    ax.set_ylabel("step of a weight / size of the weights")
    ax.legend(title="lines: the formula")
    return figure


def deviations(groups):
    """The one number that `MinibatchStd` adds: `groups` maps a kind of minibatch to its values, a dot for each."""
    figure, ax = plt.subplots(figsize=(9, 0.62 * len(groups) + 1.3))
    for row, (values, (colour, _, marker)) in enumerate(zip(groups.values(), KINDS, strict=False)):
        beside = 0.25 * np.sin(2.4 * np.arange(len(values)))  # so that equal values can be told apart
        ax.plot(values, row + beside, marker, color=colour, markersize=5, alpha=0.45, markeredgewidth=0)
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xscale="log", xlabel="mean deviation within the group")
    ax.invert_yaxis()
    return figure


def scores(steps, groups):
    """The mean score of real examples over the steps of G: `groups` maps a label to (seeds, times), a line a seed."""
    figure, ax = plt.subplots(figsize=(8.5, 3.8))
    for (label, values), (colour, line, _) in zip(groups.items(), KINDS, strict=False):
        for seed, one in enumerate(values):
            ax.plot(steps, one, color=colour, linestyle=line, linewidth=1.6, label=None if seed else label)
    ax.axhline(0, color=GREY, linewidth=1, linestyle=":")
    ax.set(xlabel="steps of G", ylabel="mean score of real examples")
    ax.legend()
    return figure


def equal_time(rows, ylabel, times):
    """Two conditions over processor time, and their difference at equal times, paired by seed.

    `rows` maps a title to ({label: (seconds, values), each (seeds, moments)}, times (n,), differences (seeds, n)); the
    differences are those of the first less the second label. Left each seed is a thin line and the mean over the seeds
    a thick one, at `times` moments between their first and last; right the line is the mean and the band its 95 %
    interval by Student's t.
    """
    figure, axes = plt.subplots(len(rows), 2, figsize=(11, 3.5 * len(rows) + 0.4), squeeze=False)
    for (left, right), (title, (curves, moments, differences)) in zip(axes, rows.items(), strict=True):
        for (label, (seconds, values)), (colour, line, marker) in zip(curves.items(), KINDS, strict=False):
            for x, y in zip(seconds, values, strict=True):
                left.plot(x, y, color=colour, linestyle=line, linewidth=0.9, alpha=0.7, marker=marker, markersize=4)
            common = np.linspace(np.min(seconds, 1).max(), np.max(seconds, 1).min(), times)
            mean = np.mean([np.interp(common, x, y) for x, y in zip(seconds, values, strict=True)], 0)
            left.plot(common, mean, color=colour, linestyle=line, linewidth=3, label=label)
        first, second = curves
        middle, half = mean_and_half(differences)
        right.fill_between(moments, middle - half, middle + half, color=GREY, alpha=0.25, linewidth=0, label="95 %")
        right.plot(moments, middle, color="black", label="mean")
        right.axhline(0, color=GREY, linewidth=1.2)
        left.set(title=title, ylabel=ylabel, ylim=(0, None), xlim=(0, None))
        right.set(title=title, ylabel=f"{first}\nminus {second}", xlim=left.get_xlim())
        left.legend()
        right.legend()
    for ax in axes[-1]:
        ax.set_xlabel("seconds of processor time")
    return figure


def _size(level):
    return f"{FIRST << level} × {FIRST << level}"


def _name(row, level):
    return {
        "blocks of G": f"block {level}", "to RGB": f"to RGB {level}",
        "from RGB": f"from RGB {level}", "blocks of D": f"block {level}",
    }[row]  # fmt: skip


def _box(ax, x, y, text, colour, active):
    _frame(ax, x, y, WIDE, colour if active else GREY, "-" if active else ":")
    ax.text(x + WIDE / 2, y + HIGH / 2, text, ha="center", va="center", color="black" if active else GREY, fontsize=12)


def _frame(ax, x, y, wide, colour, line):
    shape = "round,pad=0.05,rounding_size=0.15"
    ax.add_patch(FancyBboxPatch((x, y), wide, HIGH, boxstyle=shape, fc="white", ec=colour, lw=2.3, ls=line))


def _down(ax, x, above, below, colour, share=None):
    """An arrow from a row of this column to the one below."""
    _arrow(ax, (x + WIDE / 2, ROWS[above]), (x + WIDE / 2, ROWS[below] + HIGH), colour)
    if share is not None:
        middle = (ROWS[above] + ROWS[below] + HIGH) / 2
        ax.text(x + WIDE / 2 + 0.12, middle, f"{share:.2f}", ha="left", va="center", color=colour, weight="bold")


def _along(ax, start, end, row, colour, share=None):
    y = ROWS[row] + HIGH / 2
    _arrow(ax, (start, y), (end, y), colour)
    if share is not None:
        ax.text((start + end) / 2, y + 0.12, f"{share:.2f}", ha="center", va="bottom", color=colour, weight="bold")


def _arrow(ax, start, end, colour):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2, "mutation_scale": 16})
