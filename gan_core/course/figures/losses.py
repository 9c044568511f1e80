"""Pictures of chapter 10: four pairs of losses, what each makes of training, and which differences are noise.

Everywhere here a loss has one colour, line and marker; the saturating and the non-saturating one those of chapter 06.
"""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GOLD, GREY, ORANGE, PURPLE, SKY, mean_and_half

LOSSES = {  # colour, line, marker
    "saturating": (PURPLE, "--", "s"),
    "non-saturating": (GOLD, "-", "o"),
    "hinge": (SKY, "-.", "^"),
    "least-squares": ("black", ":", "D"),
}


def over_scores(a, panels):
    """What depends on the score of one example: `panels` maps a title to (y label, {loss: values over `a`})."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.1 * len(panels), 3.9), squeeze=False)
    for ax, (title, (ylabel, curves)) in zip(axes[0], panels.items(), strict=True):
        for name, values in curves.items():
            colour, line, _ = LOSSES[name]
            ax.plot(a, values, color=colour, linestyle=line, label=name)
        ax.set(title=title, xlabel="score a of a fake", ylabel=ylabel)
    figure.legend(*axes[0, -1].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def courses(rows, real, logarithmic=()):
    """Measures along the training: `rows` maps a title to {measure: {loss: (steps, values (seeds, times))}}.

    The line is the mean of the seeds, the band its 95 % interval by Student's t; `real` maps a measure to the value of
    real examples. Measures named in `logarithmic` have such an axis.
    """
    columns = len(next(iter(rows.values())))
    size = (3.9 * columns, 3.2 * len(rows) + 0.5)
    figure, axes = plt.subplots(len(rows), columns, figsize=size, sharex=True, sharey="col", squeeze=False)
    for line_of_axes, (title, panels) in zip(axes, rows.items(), strict=True):
        for ax, (measure, runs) in zip(line_of_axes, panels.items(), strict=True):
            for name, (steps, values) in runs.items():
                colour, line, marker = LOSSES[name]
                middle, half = mean_and_half(values)
                ax.fill_between(steps, middle - half, middle + half, color=colour, alpha=0.2, linewidth=0)
                ax.plot(steps, middle, color=colour, linestyle=line, marker=marker, markersize=6, label=name)
            ax.axhline(real[measure], color=BLUE, linewidth=1.4, label="real digits")
            ax.set(title=title, ylabel=measure, xscale="log", yscale="log" if measure in logarithmic else "linear")
            ax.set_xticks(steps, [f"{step:,}" for step in steps], fontsize=11)
            ax.minorticks_off()
    for ax in axes[-1]:
        ax.set_xlabel("steps of G")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def differences(panels, against, linear):
    """Differences and their intervals: `panels` maps a measure to {row: (difference, half of its 95 %, half for all)}.

    The thick bar is the 95 % interval, the thin one the interval that holds for all at once. The mark is full where the
    thin bar keeps clear of 0. Each axis is linear up to `linear[measure]`, then logarithmic; `against` says what has
    been subtracted.
    """
    rows = len(next(iter(panels.values())))
    size = (4.3 * len(panels) + 1.2, 0.42 * rows + 1.6)
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (measure, found) in zip(axes[0], panels.items(), strict=True):
        for row, (middle, narrow, wide) in enumerate(found.values()):
            told = abs(middle) > wide
            colour = ORANGE if told else GREY
            ax.plot([middle - wide, middle + wide], [row, row], color=colour, linewidth=1.5)
            ax.plot([middle - narrow, middle + narrow], [row, row], color=colour, linewidth=6, alpha=0.5)
            ax.plot(middle, row, "o", color=colour, markersize=9, markerfacecolor=colour if told else "white")
        ax.axvline(0, color="black", linewidth=1)
        ax.set_xscale("symlog", linthresh=linear[measure])
        ax.margins(x=0.08)
        limits, ticks = ax.get_xlim(), [linear[measure] * times for times in (-10, -1, 0, 1, 10)]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_xlim(limits)
        ax.minorticks_off()
        ax.set_yticks(range(len(found)), list(found))
        ax.set(xlabel=f"{measure},\nminus {against}")
    axes[0, 0].invert_yaxis()
    marks = [
        plt.Line2D([], [], marker="o", linestyle="none", color=ORANGE, markersize=9, label="differs"),
        plt.Line2D(
            [], [], marker="o", linestyle="none", color=GREY, markersize=9, markerfacecolor="white", label="noise"
        ),
    ]
    figure.legend(handles=marks, loc="outside upper center", ncols=2)
    return figure


def near_zero(runs, named=()):
    """E_q[D] against L_D, a dot for each minibatch that D has learned from, under the line that none can cross.

    `runs` maps a label to (loss, L_D, E_q[D]); `named` lists (what, L_D, E_q[D]) of points to be pointed out.
    """
    figure, axes = plt.subplots(figsize=(8.5, 4.8))
    ends = np.array([1e-5, 20.0])
    axes.loglog(ends, ends, color=GREY, linestyle="--", label="E_q[D] = L_D")
    axes.fill_between(ends, ends, 4, color=GREY, alpha=0.12, linewidth=0)
    for label, (name, loss_d, gradient) in runs.items():
        colour, _, marker = LOSSES[name]
        full = "balanced" in label
        axes.loglog(
            loss_d, gradient, marker, color=colour, markersize=5, alpha=0.6, linestyle="none", label=label,
            markerfacecolor=colour if full else "none",
        )  # fmt: skip
    for what, x, y in named:
        axes.plot([x], [y], marker="X", markersize=12, color=ORANGE, linestyle="none")
        axes.annotate(
            what, (x, y), (-12, -8), textcoords="offset points", color=ORANGE, ha="right", va="top", weight="bold"
        )
    axes.annotate("no discriminator\ncan be here", (0.2, 0.75), xycoords="axes fraction", color=GREY)
    axes.set(xlabel="L_D, the discriminator's loss (nats)", ylabel="E_q[D] = E_q|∂ log(1 − D)/∂a|", ylim=(5e-6, 4))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), markerscale=1.6)
    return figure
