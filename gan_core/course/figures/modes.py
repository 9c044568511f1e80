"""Pictures of chapter 08: where the samples are, which modes they keep, and what a study found under many seeds."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE


def landscape(x, logit, panels, centres, limit):
    """D's logit in the plane as shades, and on it the samples of each panel.

    `x` (n,) are the places along both axes, `logit` (n, n) with rows along x₂; `panels` is a list of (title, points).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(2.9 * len(panels) + 0.9, 3.3), sharex=True, sharey=True)
    for ax, (title, points) in zip(axes, panels, strict=True):
        shades = ax.pcolormesh(x, x, logit, cmap="Greens", shading="auto", rasterized=True)
        ax.plot(*centres.T, "x", color=BLUE, markersize=7, markeredgewidth=2, label="centre of a mode of the data")
        ax.plot(*points.T, ".", color=ORANGE, markersize=5, label="samples of G")
        ax.set(title=title, aspect="equal", xlim=(-limit, limit), ylim=(-limit, limit), xlabel="x₁", ylabel="x₂")
        ax.label_outer()
        ax.grid(visible=False)
    figure.colorbar(shades, ax=axes, label="logit of D*")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def film(centres, radius, rows, limit):
    """Samples in the plane at several moments: `rows` maps a label to a list of (title, points), one row for each.

    A circle of `radius` is drawn about each of the `centres`.
    """
    columns = max(map(len, rows.values()))
    side = 1.95 if columns > 2 else 3.6
    size = (side * columns + 0.6, (side + 0.2) * len(rows) + 0.2)
    figure, axes = plt.subplots(len(rows), columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for line, (label, moments) in zip(axes, rows.items(), strict=True):
        for ax, (title, points) in zip(line, moments, strict=True):
            ax.plot(points[:, 0], points[:, 1], ".", color=ORANGE, markersize=3, antialiased=False)  # a smaller file
            for centre in centres:
                ax.add_patch(plt.Circle(centre, radius, fill=False, color=GREY, linewidth=0.9, antialiased=False))
            ax.set(aspect="equal", xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[])
            ax.set_title(title, fontsize=12)
            ax.grid(visible=False)
        line[0].set_ylabel(label)
    for ax in axes[-1]:
        ax.set_xlabel("x₁")
    return figure


def slopes(K, measured, formulas, limits):
    """What G's gradient is against K: marks for what was measured, lines for what a formula says.

    `measured` and `formulas` map the same labels to values over `K` (n,); `limits` maps a label to a horizontal line.
    """
    figure, ax = plt.subplots(figsize=(7.5, 3.6))
    for (label, values), (colour, line, marker) in zip(formulas.items(), KINDS, strict=False):
        ax.plot(K, values, color=colour, linestyle=line, label=f"{label}: formula")
        ax.plot(K, measured[label], marker, color=colour, markersize=7, label=f"{label}: autograd")
    for label, value in limits.items():
        ax.axhline(value, color=GREY, linewidth=1, linestyle=":")
        ax.text(K[-1], value, label, ha="right", va="bottom", color=GREY, fontsize=12)
    ax.set(xlabel="K, steps that D is ahead", ylabel="∂L_G/∂θ")
    ax.legend()
    return figure


def conditions(panels):
    """A study's conditions, one below the other: `panels` maps an x label to {condition: one value for each seed}.

    A small mark is a seed, the large one the mean of the seeds, the bar mean ± 2 standard errors.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels) + 1.2, 4.0), sharey=True, squeeze=False)
    for ax, (xlabel, groups) in zip(axes[0], panels.items(), strict=True):
        for row, (values, (colour, _, marker)) in enumerate(zip(groups.values(), KINDS, strict=False)):
            values = np.asarray(values)
            spread = np.linspace(-0.22, 0.22, len(values))  # so that equal values can be told apart
            ax.plot(values, row + spread, marker, color=colour, markersize=4, alpha=0.45)
            half = 2 * values.std(ddof=1) / np.sqrt(len(values))
            ax.plot([values.mean() - half, values.mean() + half], [row, row], "-", color=colour, linewidth=5, alpha=0.6)
            ax.plot(values.mean(), row, marker, color=colour, markersize=10, markeredgecolor="black")
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set_xlabel(xlabel)
        ax.set_xlim(left=min(0, ax.get_xlim()[0]))
    axes[0, 0].invert_yaxis()
    return figure


def courses(panels, xlabel):
    """Measures along the training: `panels` maps a y label to {condition: (x (times,), values (seeds, times))}.

    The line is the mean of the seeds, the band mean ± 2 standard errors.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(3.9 * len(panels), 3.8), sharex=True, squeeze=False)
    for ax, (ylabel, groups) in zip(axes[0], panels.items(), strict=True):
        for (label, (x, values)), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
            mean, half = values.mean(0), 2 * values.std(0, ddof=1) / np.sqrt(len(values))
            ax.fill_between(x, mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)
            ax.plot(x, mean, color=colour, linestyle=line, marker=marker, markersize=6, label=label)
        ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, None), ylim=(0, None))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def tables(panels, ylabel):
    """Tables beside each other, drawn: `panels` maps a title to (Ks, {label: [(mean, standard error) for each K]}).

    The whiskers are ± 1 standard error, as such tables print it.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9 * len(panels), 3.8), sharey=True, squeeze=False)
    for ax, (title, (Ks, groups)) in zip(axes[0], panels.items(), strict=True):
        for i, ((label, cells), (colour, line, marker)) in enumerate(zip(groups.items(), KINDS, strict=False)):
            mean, error = np.array(cells).T
            at = np.arange(len(Ks)) + 0.08 * i
            ax.errorbar(
                at, mean, error, color=colour, linestyle=line, marker=marker, markersize=7, capsize=4, label=label
            )
        ax.set_xticks(range(len(Ks)), Ks)
        ax.set(xlabel="K", title=title)
        ax.legend(loc="center right")
    axes[0, 0].set_ylabel(ylabel)
    axes[0, 0].set_ylim(bottom=0)  # of both: they share it
    return figure


def sheets(pictures):
    """Sheets of samples beside each other: `pictures` maps a title to pixels (h, w, 3), as `plt.imread` reads them."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(5.4 * len(pictures), 3.2), squeeze=False)
    for ax, (title, pixels) in zip(axes[0], pictures.items(), strict=True):
        ax.imshow(pixels, interpolation="nearest")
        ax.set_title(title)
        ax.axis("off")
    return figure
