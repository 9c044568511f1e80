"""Pictures of chapter 17: what broken and mended code do, side by side.

Everywhere here the broken is dashed orange with crosses, the mended solid blue with circles.
"""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE

TICKS = (-4, -2, 0, 2, 4)
STYLE = {
    "broken": {"color": ORANGE, "linestyle": "--", "marker": "X"},
    "mended": {"color": BLUE, "linestyle": "-", "marker": "o"},
}


def side_by_side(panels, ylabel):
    """A measure along a training, broken and mended, a panel for each piece: thin lines are seeds, thick ones means.

    `panels` maps a title to (steps (times,), {"broken": (seeds, times), "mended": (seeds, times)}).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.2 * len(panels) + 0.4, 3.9), sharey=True, squeeze=False)
    for ax, (title, (steps, versions)) in zip(axes[0], panels.items(), strict=True):
        for version, seeds in versions.items():
            seeds = np.asarray(seeds)
            for one in seeds:
                ax.plot(steps, one, color=STYLE[version]["color"], linewidth=0.8, alpha=0.5)
            ax.plot(steps, seeds.mean(0), markersize=7, label=version, **STYLE[version])
        ax.set(xlabel="steps", title=title)
    highest = max(np.max(seeds) for _, versions in panels.values() for seeds in versions.values())
    axes[0, 0].set(ylabel=ylabel, ylim=(0, 1.05 * highest))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def in_the_plane(columns, limit):
    """What G draws in the plane: a column for each title, above it is broken, below it is mended.

    `columns` maps a title to {"broken": panel, "mended": panel}, a panel maps a legend to (points (n, 2), kind): kind
    "data" is drawn grey, "now" as large rings, "fakes" as orange dots, and a number k in the k-th colour and marker.
    """
    figure, axes = plt.subplots(
        2, len(columns), figsize=(2.75 * len(columns) + 0.5, 6.3), sharex=True, sharey=True, squeeze=False
    )
    for column, (title, versions) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        for ax, version in zip(column, STYLE, strict=True):
            for legend, (points, kind) in versions[version].items():
                ax.plot(*np.asarray(points).T, label=legend, **_dots(kind))
            ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=TICKS, yticks=TICKS)
    for ax, version in zip(axes[:, 0], STYLE, strict=True):
        ax.set_ylabel(f"{version}\nx₂")
    for ax in axes[1]:
        ax.set_xlabel("x₁")
    legends = {label: line for ax in axes.flat for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(legends.values(), legends, loc="outside lower center", ncols=4, markerscale=1.6)
    return figure


def where_it_ends(panels):
    """Values of broken and mended code, and where the broken ones are no numbers any more: crosses at the top.

    `panels` maps a title to (xlabel, ylabel, x (n,), {"broken": (n,), "mended": (n,)}, the scale of x), the scale "log"
    or "linear".
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.4 * len(panels) + 0.4, 3.9), squeeze=False)
    for ax, (title, (xlabel, ylabel, x, versions, scale)) in zip(axes[0], panels.items(), strict=True):
        x = np.asarray(x)
        for version, values in versions.items():
            values = np.asarray(values, dtype=float)
            number = np.isfinite(values)
            style = STYLE[version] | {"markersize": 6 if version == "broken" else 9}
            hollow = {"markerfacecolor": "none"} if version == "mended" else {}
            ax.plot(x[number], values[number], label=version, **style, **hollow)
            if not number.all():
                lost = ~number
                ax.plot(
                    x[lost], np.full(lost.sum(), 0.96), "X", color=ORANGE, markersize=9, label="no number",
                    markeredgecolor="black", transform=ax.get_xaxis_transform(), clip_on=False,
                )  # fmt: skip
        highest = np.max(np.asarray(versions["mended"], dtype=float))
        ax.set(xlabel=xlabel, ylabel=ylabel, title=title, xscale=scale, ylim=(-0.05 * highest, 1.25 * highest))
    legends = {label: line for ax in axes[0] for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(legends.values(), legends, loc="outside upper center", ncols=3)
    return figure


def reports(pieces, true):
    """What critics report, a row for each piece, a mark for each seed; a line at the `true` distance.

    `pieces` maps a name to {"broken": (seeds,), "mended": (seeds,)}.
    """
    figure, ax = plt.subplots(figsize=(9.5, 0.62 * len(pieces) + 1.7))
    for row, versions in enumerate(pieces.values()):
        for version, shift in (("broken", -0.16), ("mended", 0.16)):
            values = np.asarray(versions[version])
            style = {"marker": STYLE[version]["marker"], "color": STYLE[version]["color"], "linestyle": "none"}
            at = np.full(len(values), row + shift)
            ax.plot(values, at, markersize=9, alpha=0.7, label=None if row else version, **style)
    ax.axvline(true, color=GREY, linestyle=":", label="the true distance")
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xticks([-10, -1, 0, 1, 10, 100, 1_000, 10_000], ["−10", "−1", "0", "1", "10", "100", "1,000", "10,000"])
    every = np.concatenate([np.ravel(values) for versions in pieces.values() for values in versions.values()])
    ax.set_xlim(min(-0.3, 2 * every.min()), 2 * every.max())
    ax.set_yticks(range(len(pieces)), list(pieces))
    ax.set(xlabel="what the critic reports, E_p[f] − E_q[f]")
    ax.invert_yaxis()
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def who_sees_what(seen, oracles, faults):
    """Which oracle sees which fault: `seen` (oracles, faults) of truths; a dot where it is blind."""
    seen = np.asarray(seen)
    figure, ax = plt.subplots(figsize=(1.5 * len(faults) + 3.6, 0.62 * len(oracles) + 1.6))
    ax.imshow(seen, cmap="Blues", vmin=0, vmax=2, aspect="auto")
    for (row, column), sees in np.ndenumerate(seen):
        ax.annotate("sees it" if sees else "·", (column, row), ha="center", va="center", color="black")
    ax.set_xticks(range(len(faults)), faults)
    ax.set_yticks(range(len(oracles)), oracles)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlabel="the fault", ylabel="the oracle")
    ax.tick_params(length=0)
    ax.grid(visible=False)
    return figure


def _dots(kind):
    look = {"linestyle": "none"}
    if kind == "data":
        return look | {"marker": ".", "color": GREY, "markersize": 4, "alpha": 0.6}
    if kind == "now":
        return look | {"marker": "o", "color": BLUE, "markersize": 11, "markerfacecolor": "none", "alpha": 0.6}
    if kind == "fakes":
        return look | {"marker": ".", "color": ORANGE, "markersize": 4}
    colour, _, marker = KINDS[kind]
    return look | {"marker": marker, "color": colour, "markersize": 4, "alpha": 0.7}
