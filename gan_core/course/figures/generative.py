"""Pictures of chapter 01: models that state a density and models that only make examples, and what to ask of each.

Everywhere here a set of values, one for each seed, is shown with its mean and the 95 % interval by Student's t.
"""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREEN, GREY, KINDS, ORANGE, PURPLE, mean_and_half

FOUND = ((PURPLE, "--"), (GREEN, "-."), (ORANGE, ":"))  # what is set against a truth that is drawn in black


def two_ways(data, grid, density, drawn, z, made):
    """Data, an explicit and an implicit model of them, side by side: points (n, 2) each.

    `density` (y, x) is that of the explicit model on the square of `grid`, `drawn` its samples; `made` is f(z), its
    colour the noise `z` (n,).
    """
    figure, axes = plt.subplots(1, 3, figsize=(11.5, 4.1), sharex=True, sharey=True)
    axes[0].plot(*np.asarray(data).T, ".", color=BLUE, markersize=4)
    root = np.sqrt(density)  # so that faint hills show
    axes[1].contourf(grid, grid, root, levels=np.linspace(0.04, 1, 13) * root.max(), cmap="Oranges")
    axes[1].plot(*np.asarray(drawn).T, ".", color="black", markersize=3)
    points = axes[2].scatter(*np.asarray(made).T, c=np.asarray(z), s=9, cmap="viridis")
    figure.colorbar(points, ax=axes[2], label="noise z", shrink=0.9)
    titles = "data: examples x", "explicit: a density q(x)", "implicit: a machine x = f(z)"
    for ax, title in zip(axes, titles, strict=True):
        ax.set(title=title, xlabel="x₁", aspect="equal", xlim=(grid[0], grid[-1]), ylim=(grid[0], grid[-1]))
    axes[0].set_ylabel("x₂")
    return figure


def over_seeds(x, curves, xlabel, ylabel, level=None, logarithmic="x"):
    """Measures against `x`: `curves` maps a label to (seeds, len(x)); the mean as a line, its interval as a band.

    `level` = (label, value or values over `x`) is drawn in black. The axes named in `logarithmic` are so, x in base 2.
    """
    figure, ax = plt.subplots(figsize=(8, 4))
    for (label, values), (colour, line, marker) in zip(curves.items(), KINDS[1:], strict=False):
        middle, half = mean_and_half(values)
        ax.fill_between(x, middle - half, middle + half, color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, middle, color=colour, linestyle=line, marker=marker, markersize=8, label=label)
    if level is not None:
        ax.plot(x, np.broadcast_to(level[1], np.shape(x)), color="black", linewidth=1.6, label=level[0])
    if "x" in logarithmic:
        ax.set_xscale("log", base=2)
    if "y" in logarithmic:
        ax.set_yscale("log")
    ax.set_xticks(x, [f"{value:g}" for value in x])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def by_seed(panels, xlabel, level=None):
    """A row for each name, a mark for each seed: `panels` maps a title to {name: (seeds,)}; the mean, its interval.

    `level` = (label, value), when given, is a line to compare with.
    """
    rows = max(map(len, panels.values()))
    size = (3.6 * len(panels) + 3.4, 0.5 * rows + 1.7)
    figure, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (title, groups) in zip(axes[0], panels.items(), strict=True):
        for row, (values, (colour, _, marker)) in enumerate(zip(groups.values(), KINDS, strict=False)):
            values = np.asarray(values)
            middle, half = mean_and_half(values)
            ax.plot([middle - half, middle + half], [row, row], color=colour, linewidth=9, alpha=0.3)
            ax.plot(values, np.full(len(values), row), marker, color=colour, markersize=6, markerfacecolor="none")
            ax.plot([middle, middle], [row - 0.25, row + 0.25], color=colour, linewidth=3)
        if level is not None:
            ax.axvline(level[1], color="black", linewidth=1.2, linestyle="--", label=level[0])
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(title=title, xlabel=xlabel)
    axes[0, 0].invert_yaxis()
    if level is not None:
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower right")
    return figure


def odd_ones(groups, marks):
    """How likely a model finds examples: `groups` maps a label to their log q (n,), `marks` names a few single values.

    The histograms are shares of each group; the two in a thousand that are least likely stand in the first bar.
    """
    figure, ax = plt.subplots(figsize=(9, 3.8))
    everything = np.concatenate([np.asarray(values) for values in groups.values()])
    bins = np.linspace(*np.quantile(everything, (0.002, 1)), 41)
    for (label, values), (colour, line, _) in zip(groups.items(), KINDS, strict=False):
        values, weights = np.maximum(values, bins[0]), np.full(len(values), 1 / len(values))
        ax.hist(values, bins, weights=weights, color=colour, alpha=0.3)
        ax.hist(values, bins, weights=weights, color=colour, histtype="step", linestyle=line, linewidth=2, label=label)
    for (label, value), line in zip(marks.items(), ("--", ":"), strict=False):
        ax.axvline(value, color="black", linestyle=line, label=label)
    ax.set(xlabel="log q(x) of the model (nats)", ylabel="share of the examples")
    ax.legend(loc="upper left")
    return figure


def ratios(x, p, q, truth, found, limit):
    """Above, the densities `p` and `q` over `x`; below, the `truth` log p/q in black and what was `found` of it.

    `found` maps a label to values over `x`; the lower panel shows ± `limit`.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5.4), sharex=True, height_ratios=(1, 1.5))
    for density, colour, line, label in ((p, BLUE, "-", "p"), (q, ORANGE, "--", "q")):
        above.fill_between(x, density, color=colour, alpha=0.15, linewidth=0)
        above.plot(x, density, color=colour, linestyle=line, label=label)
    above.set(ylabel="density", ylim=(0, None))
    above.legend(loc="upper right")
    below.plot(x, truth, color="black", linewidth=3, label="the true log p/q")
    for (label, values), (colour, line) in zip(found.items(), FOUND, strict=False):
        below.plot(x, values, color=colour, linestyle=line, label=label)
    below.axhline(0, color=GREY, linewidth=1)
    below.set(xlabel="x", ylabel="log p/q (nats)", ylim=(-limit, limit))
    below.legend(loc="lower center")
    return figure


def valley(t, errors, pictures):
    """The mean error of the answer (1 − t) A + t B when A and B are equally likely: `errors` maps a loss to (len(t),).

    Each curve is divided by its value at t = 0. `pictures` are three images (channels, h, w) in [−1, 1]: t = 0, ½, 1.
    """
    figure, (above, ax) = plt.subplots(2, 1, figsize=(8.5, 5.6), sharex=True, height_ratios=(1, 2.2))
    for place, image in zip((0, 0.5, 1), pictures, strict=True):
        pixels = np.clip((np.asarray(image).transpose(1, 2, 0) + 1) / 2, 0, 1)
        above.imshow(pixels, extent=(place - 0.13, place + 0.13, 0, 1), interpolation="nearest", aspect="auto")
    above.set(xlim=(-0.16, 1.16), ylim=(0, 1), yticks=[])
    above.spines[:].set_visible(False)
    above.tick_params(bottom=False)
    above.grid(visible=False)
    for (label, values), (colour, line, _) in zip(errors.items(), KINDS, strict=False):
        ax.plot(t, values / values[0], color=colour, linestyle=line, label=label)
    ax.set(xlabel="the answer: from A (t = 0) to B (t = 1)", ylabel="mean error, A = 1", ylim=(0, 1.1))
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.legend(loc="lower left", bbox_to_anchor=(0.02, 0.02))
    return figure


def told(variance, detail, sigmas):
    """What a linear decoder tells: the `variance` of the data along each direction, large ones first, and σ² for some
    `sigmas`; and beside it the shares of all variance and of all `detail` that the first directions hold.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    variance, detail = np.asarray(variance), np.asarray(detail)
    number = np.arange(1, len(variance) + 1)
    left.loglog(number, variance, color=BLUE, label="variance λ of the data")
    shares = {"of the variance": variance, "of the detail": detail}
    for (label, values), (colour, line, _) in zip(shares.items(), KINDS, strict=False):
        right.semilogx(number, np.cumsum(values) / np.sum(values), color=colour, linestyle=line, label=label)
    for sigma, (colour, line, marker) in zip(sigmas, KINDS[2:], strict=False):
        count = int((variance > sigma**2).sum())
        left.axhline(sigma**2, color=colour, linestyle=line, linewidth=1.6, label=f"σ² for σ = {sigma:g}: {count} told")
        left.plot(count, sigma**2, marker, color=colour, markersize=9)
        right.axvline(count, color=colour, linestyle=line, linewidth=1.6)
    left.set(xlabel="direction", ylabel="variance", ylim=(1e-5, None))
    right.set(xlabel="directions told", ylabel="share that they hold", ylim=(0, 1.03))
    left.legend(loc="lower left")
    right.legend(loc="lower right")
    return figure
