"""Pictures of chapter 07: a GAN while it learns, and what its samples are worth."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREEN, GREY, KINDS, ORANGE


def evolution(x, p, moments):
    """The density figure of Goodfellow et al. 2014 (their Figure 1): a panel for each moment, with z → x below.

    `p` is the data's density over `x`. `moments` is a list of (title, q, d, z, g): the model's density and D over `x`,
    and a few noise values with their images G(z).
    """
    figure, axes = _panels(len(moments), (2, 1), (2.45 * len(moments), 4.0))
    for (above, below), (title, q, d, z, g) in zip(axes.T, moments, strict=True):
        _densities(above, x, p, q, d)
        above.set_title(title)
        for start, end in zip(z, g, strict=True):
            below.annotate("", (end, 0), (start, 1), arrowprops={"arrowstyle": "->", "color": GREY, "linewidth": 1.2})
        below.set(ylim=(-0.05, 1.05), xlabel="x")
    axes[1, 0].set_yticks([0, 1], ["x = G(z)", "z"])
    _legend(figure, axes[0, 0])
    return figure


def game(x, p, states):
    """A 1-D game between two steps: densities and D above; below, where each fake is pulled.

    `states` is a list of (title, q, d, fakes, pull): over `x` the model's density and D; for a few fakes their places
    and −∂L_G/∂x, the direction in which the generator's loss of that fake falls. Arrows are cut at length 1.
    """
    figure, axes = _panels(len(states), (3, 1), (2.45 * len(states) + (2.5 if len(states) == 1 else 0), 3.8))
    for (above, below), (title, q, d, fakes, pull) in zip(axes.T, states, strict=True):
        _densities(above, x, p, q, d)
        above.set_title(title)
        row = np.linspace(0.1, 0.9, len(fakes))
        below.plot(fakes, row, "o", color=ORANGE, markersize=4)
        below.quiver(
            fakes, row, np.clip(pull, -1, 1), np.zeros_like(pull), angles="xy", scale_units="xy", scale=1, color=GREY,
            width=0.008, headwidth=4, headlength=4,
        )  # fmt: skip
        below.set(xlabel="x", ylim=(0, 1))
    axes[1, 0].set_yticks([0.5], ["fakes and\ntheir pull"])
    _legend(figure, axes[0, 0])
    return figure


def spread(steps, groups, ylabel, floor=None):
    """A measure over the steps for several groups of runs: the median of the seeds as a line, their range as a band.

    `groups` maps a label to an array (seeds, times); `steps` is (times,), or maps each label to its own; `floor`, when
    given, is a (value, label) to compare with.
    """
    figure, axes = plt.subplots(figsize=(7.5, 3.6))
    for (label, values), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
        at = steps[label] if isinstance(steps, dict) else steps
        axes.fill_between(at, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            at,
            np.median(values, 0),
            color=colour,
            linestyle=line,
            marker=marker,
            markersize=5,
            markevery=0.12,
            label=label,
        )
    if floor is not None:
        axes.axhline(floor[0], color=GREY, linestyle=":", label=floor[1])
    axes.set(xlabel="generator steps", ylabel=ylabel, ylim=(0, None))
    axes.legend()
    return figure


def clouds(centres, panels, radius):
    """Samples in the plane: two rows of panels (title, points, colour), with a circle of `radius` about each centre.

    `panels` holds an even number of them.
    """
    columns = len(panels) // 2
    figure, axes = plt.subplots(2, columns, figsize=(2.4 * columns, 5.0), sharex=True, sharey=True)
    for ax, (title, points, colour) in zip(axes.flat, panels, strict=True):
        ax.plot(points[:, 0], points[:, 1], ".", color=colour, markersize=3, antialiased=False)  # a smaller file
        for centre in centres:
            ax.add_patch(plt.Circle(centre, radius, fill=False, color=GREY, linewidth=0.9, antialiased=False))
        ax.set(title=title, aspect="equal", xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), xlabel="x₁", ylabel="x₂")
        ax.label_outer()
        ax.grid(visible=False)
    return figure


def sheets(panels, columns=10):
    """Sheets of small images: a panel for each (title, images), with images (n, 1, height, width) in [−1, 1].

    Two panels stand side by side, so that a digit of eight pixels can be read from the last row of a classroom.
    """
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, min(len(panels), 2), figsize=(11, 3.1 * rows), squeeze=False)
    for ax, (title, images) in zip(axes.flat, panels, strict=True):
        ax.imshow(_sheet(images, columns), cmap="gray_r", vmin=-1, vmax=1, interpolation="nearest")
        ax.set_title(title)
        ax.axis("off")
    return figure


def pairs(above, below, titles):
    """Two rows of images, each above its partner, with the two titles of the rows at their left."""
    figure, ax = plt.subplots(figsize=(11, 2.4))
    ax.imshow(
        _sheet(np.concatenate([above, below]), len(above)), cmap="gray_r", vmin=-1, vmax=1, interpolation="nearest"
    )
    ax.set_yticks([above.shape[2] / 2 + 1, 1.5 * above.shape[2] + 2], titles)
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return figure


def scores(panels):
    """Samplers held against each other: a panel for each (title, values, scale), scale "linear" or "log".

    `values` maps the name of a sampler to one number or several: several seeds, each with a mark of its own.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.8 * len(panels), 3.8), sharey=True, squeeze=False)
    for ax, (title, values, scale) in zip(axes[0], panels, strict=True):
        for row, (name, numbers) in enumerate(values.items()):
            colour, marker = (BLUE, "o") if "real" in name else (ORANGE, "s") if "GAN" in name else (GREY, "D")
            numbers = np.atleast_1d(numbers)
            ax.plot(numbers, np.full(len(numbers), row), marker, color=colour, markersize=9, alpha=0.75)
        ax.set_yticks(range(len(values)), list(values))
        ax.set(xlabel=title, xscale=scale)
        if scale == "log":
            ax.xaxis.set_major_formatter("{x:g}")
    axes[0, 0].invert_yaxis()
    return figure


def classes(groups):
    """Share of each class, bars side by side: `groups` maps a label to (seeds, classes); whiskers are the range."""
    figure, axes = plt.subplots(figsize=(7.5, 3.3))
    width = 0.8 / len(groups)
    for i, ((label, shares), (colour, _, _)) in enumerate(zip(groups.items(), KINDS, strict=False)):
        at = np.arange(shares.shape[1]) + (i - (len(groups) - 1) / 2) * width
        mean = shares.mean(0)
        reach = np.abs(np.stack([shares.min(0), shares.max(0)]) - mean)
        axes.bar(
            at, mean, width, color=colour, yerr=reach, ecolor=GREY, label=label, hatch="//" if i else None, alpha=0.85
        )
    axes.set(xticks=range(shares.shape[1]), xlabel="class, as the judge sees it", ylabel="share of the sure ones")
    axes.legend(ncols=len(groups))
    return figure


def nearest(distances):
    """How far samples lie from the nearest training example: `distances` maps a label to an array."""
    figure, axes = plt.subplots(figsize=(7.5, 3.3))
    bins = np.linspace(0, max(d.max() for d in distances.values()), 40)
    for (label, values), (colour, line, _) in zip(distances.items(), KINDS, strict=False):
        axes.hist(values, bins, histtype="step", density=True, color=colour, linestyle=line, linewidth=2.2, label=label)
    axes.set(xlabel="distance to the nearest training digit (pixel units, ‖·‖₂)", ylabel="density")
    axes.legend()
    return figure


def losses(steps, loss_d, loss_g, distance, names):
    """Both losses above and the distance to the data below: what one looks at, and what one wants to know.

    Each is an array (seeds, times); a thin line is a seed, the thick one the median. `names` are the two y labels.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4.4), sharex=True)
    for ax, values, colour, line, label in (
        (above, loss_d, GREEN, "-", "L_D"), (above, loss_g, ORANGE, "--", "L_G"), (below, distance, BLUE, "-", None),
    ):  # fmt: skip
        ax.plot(steps, values.T, color=colour, linestyle=line, linewidth=0.8, alpha=0.5)
        ax.plot(steps, np.median(values, 0), color=colour, linestyle=line, label=label)
    above.set(ylabel=names[0], ylim=(0, None))
    above.legend(ncols=2)
    below.set(xlabel="generator steps", ylabel=names[1], yscale="log")
    below.set_yticks([0.5, 1, 2, 5, 10, 20, 50], minor=False)
    below.yaxis.set_major_formatter("{x:g}")
    below.minorticks_off()
    return figure


def _panels(columns, heights, size):
    """Two rows of axes over one x-axis, the upper for densities, the lower without a scale of its own."""
    figure, axes = plt.subplots(
        2, columns, figsize=size, sharex=True, sharey="row", height_ratios=heights, squeeze=False
    )
    for below in axes[1]:
        below.grid(visible=False)
        below.set_yticks([])
    return figure, axes


def _densities(ax, x, p, q, d):
    ax.plot(x, p, color=BLUE, label="data p")
    ax.plot(x, q, color=ORANGE, linestyle="--", label="model q")
    ax.plot(x, d, color=GREEN, linestyle="-.", label="D")
    ax.axhline(0.5, color=GREY, linewidth=1, linestyle=":")
    ax.set(ylim=(0, 1.3), xlim=(x[0], x[-1]))
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("density; D(x)")


def _legend(figure, ax):
    """One legend for all panels, above them, where it hides nothing."""
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)


def _sheet(images, columns):
    """Images (n, 1, h, w) on one array, `columns` in a row, a line of middle grey between them."""
    n, _, h, w = images.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * (h + 1) + 1, columns * (w + 1) + 1))
    for i, image in enumerate(np.asarray(images)[:, 0]):
        r, c = divmod(i, columns)
        sheet[r * (h + 1) + 1 : (r + 1) * (h + 1), c * (w + 1) + 1 : (c + 1) * (w + 1)] = image
    return sheet
