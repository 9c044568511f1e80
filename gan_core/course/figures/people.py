"""Pictures of chapter 13b: a 2 × 2 experiment, its effects one by one, and the map of accuracy and diversity."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE, mean_and_half


def two_by_two(panels, real):
    """Two factors and their interplay: `panels` maps a measure to {one level: {other level: (seeds,)}}.

    A line joins what has one level of the first factor; the second lies along x. A mark is the mean of the seeds, the
    bar its 95 % interval by Student's t, a dot a seed. `real` maps a measure to the value of real examples.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.9 * len(panels), 4), squeeze=False)
    for ax, (measure, lines) in zip(axes[0], panels.items(), strict=True):
        for i, ((label, cells), (colour, line, marker)) in enumerate(zip(lines.items(), KINDS[1:], strict=False)):
            at = np.arange(len(cells)) + 0.06 * (i - (len(lines) - 1) / 2)
            middle, half = np.transpose([mean_and_half(values) for values in cells.values()])
            ax.errorbar(at, middle, half, color=colour, linestyle=line, marker=marker, capsize=5, label=label)
            for x, values in zip(at, cells.values(), strict=True):
                ax.plot(np.full(len(values), x + 0.1), values, ".", color=colour, alpha=0.7)
        ax.axhline(real[measure], color=BLUE, linewidth=1.4, linestyle=":", label="real faces")
        ax.set_xticks(range(len(cells)), list(cells))
        ax.set(ylabel=measure, xlabel="conditioning", xlim=(-0.4, len(cells) - 0.6), ylim=(0, None))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def effects(panels):
    """What each change does by itself: `panels` maps a measure to {change: (difference, half of its 95 % interval)}.

    The mark is full where the interval keeps clear of 0.
    """
    rows = len(next(iter(panels.values())))
    size = (3.3 * len(panels) + 4.2, 0.5 * rows + 1.5)
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (measure, found) in zip(axes[0], panels.items(), strict=True):
        for row, (middle, half) in enumerate(found.values()):
            told = abs(middle) > half
            colour = ORANGE if told else GREY
            ax.plot([middle - half, middle + half], [row, row], color=colour, linewidth=6, alpha=0.5)
            ax.plot(middle, row, "o", color=colour, markersize=9, markerfacecolor=colour if told else "white")
        ax.axvline(0, color="black", linewidth=1)
        ax.margins(x=0.1)
        ax.set_yticks(range(rows), list(found))
        ax.set(xlabel=f"change in {measure}", ylim=(rows - 0.5, -0.5))
    marks = [
        plt.Line2D([], [], marker="o", linestyle="none", color=ORANGE, markersize=9, label="clear of 0"),
        plt.Line2D(
            [], [], marker="o", linestyle="none", color=GREY, markersize=9, markerfacecolor="white", label="noise"
        ),
    ]
    figure.legend(handles=marks, loc="outside upper center", ncols=2)
    return figure


def plane(paths, landmarks):
    """Accuracy along x and diversity along y: `paths` maps a label to (seeds, times, 2), the two numbers in time.

    A path is the mean of the seeds, its last point large, with a dot for each seed. `landmarks` maps a name to a point.
    """
    figure, ax = plt.subplots(figsize=(11, 5))
    for (label, points), (colour, line, marker) in zip(paths.items(), KINDS, strict=False):
        middle = points.mean(0)
        ax.plot(*middle.T, color=colour, linestyle=line, linewidth=1.6, marker=marker, markersize=6)
        ax.plot(*middle[-1], color=colour, linestyle=line, marker=marker, markersize=12, label=label)
        ax.plot(*points[:, -1].T, ".", color=colour, markersize=5)
    for name, (x, y) in landmarks.items():
        ax.plot(x, y, "*", color="black", markersize=13)
        ax.annotate(name, (x, y), (10, 0), textcoords="offset points", va="center", weight="bold")
    highest = max(points[..., 1].max() for points in (*paths.values(), np.array(list(landmarks.values()))))
    ax.set(xlabel="label accuracy", ylabel="within-class diversity", xlim=(-0.05, 1.4), ylim=(-0.4, 1.1 * highest))
    ax.set_xticks(np.linspace(0, 1, 6))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    return figure


def readers(steps, curves, chance):
    """Who reads the label in images, as training goes on: `curves` maps a reader to shares (times,) over `steps`.

    The dotted line is a guess.
    """
    figure, ax = plt.subplots(figsize=(10, 3.8))
    for (label, shares), (colour, line, marker) in zip(curves.items(), KINDS, strict=False):
        ax.plot(steps, shares, color=colour, linestyle=line, marker=marker, markersize=8, label=label)
    ax.axhline(chance, color=GREY, linewidth=1.4, linestyle=":", label="a guess")
    ax.set(xlabel="steps of G", ylabel="share of labels read", xlim=(0, None), ylim=(-0.03, 1))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    return figure
