"""Pictures of chapter 12: a critic beside a discriminator, what keeps it Lipschitz, and what its numbers are worth."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.gradients import LOSS
from gan_core.course.figures.style import BLUE, GREEN, GREY, KINDS, ORANGE

CRITIC = {"color": GREEN, "linestyle": "-", "label": "critic, −f"}


def beside(x, p, q, d, f, sent):
    """A discriminator (left) and a critic (right) on the same densities: above what they say, below what G is sent.

    `p`, `q` (n,) are densities over `x` (n,), `d` and `f` (seeds, n) are D(x) and f(x); `sent` maps "saturating",
    "non_saturating" and "critic" to |∂L_G/∂x| of one fake at x, (seeds, n). Of each the first seed is drawn strongly.
    """
    x = np.asarray(x)
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.2), sharex=True, height_ratios=(1.1, 1))
    for ax, surface, name in zip(axes[0], (d, f), ("discriminator D", "critic f"), strict=True):
        for density, colour, hatch, label in ((p, BLUE, None, "data p"), (q, ORANGE, "//", "model q")):
            ax.fill_between(x, density, color=colour, alpha=0.25, linewidth=0, hatch=hatch, label=label)
        _seeds(ax, x, surface, {"color": GREEN, "linestyle": "-.", "label": name})
        ax.set_title(f"{name}: {'a probability' if ax is axes[0, 0] else 'any number'}")
        ax.legend(loc="upper right")
    for ax, names in zip(axes[1], (LOSS, ("critic",)), strict=True):
        for name in names:
            _seeds(ax, x, sent[name], CRITIC if name == "critic" else LOSS[name])
        ax.axhline(1, color=GREY, linewidth=1, linestyle=":")
        ax.set(xlabel="x", yscale="log", ylim=(1e-6, 30), xlim=(x[0], x[-1]))
        ax.legend(loc="lower left")
    axes[0, 0].set(ylabel="density; D(x)", ylim=(-0.05, 1.6))
    axes[0, 1].set_ylabel("density; f(x)")
    axes[1, 0].set_ylabel("|∂L_G/∂x| of a fake at x")
    return figure


def powers(c, slopes, foretold, most):
    """The slope of a clipped critic against the clip c, on logarithmic scales: a mark is a seed.

    `slopes` is (len(c), seeds); `foretold` and `most`, (len(c),), are the slope expected and the largest there can be.
    """
    figure, ax = plt.subplots(figsize=(7.5, 4))
    ax.loglog(c, most, color=GREY, linestyle=":", label="the largest possible, n²c³")
    ax.loglog(c, foretold, color=GREEN, label="expected, 0.36 n²c³")
    for seed, values in enumerate(np.transpose(slopes)):
        ax.loglog(c, values, "o", color=ORANGE, alpha=0.6, label=None if seed else "trained, one seed each")
    ax.axhline(1, color=BLUE, linestyle="--", label="what would make it a distance")
    ax.set(xlabel="clip c", ylabel="slope between the two masses")
    ax.legend(loc="upper left")
    return figure


def through_the_layers(measured, foretold):
    """How the critic's gradient grows or shrinks from the output (right) back to the input (left), a line for a seed.

    `measured` maps a label to ‖∂f/∂h‖ at the input and after each hidden layer, (seeds, layers); `foretold` maps some
    of these labels to a factor for each layer, drawn grey from the last one back.
    """
    figure, ax = plt.subplots(figsize=(9, 4.4))
    for (label, values), (colour, line, marker) in zip(measured.items(), KINDS, strict=False):
        values = np.asarray(values)
        layer = np.arange(values.shape[1])
        _seeds(ax, layer, values, {"color": colour, "linestyle": line, "marker": marker, "label": label})
        if label in foretold:
            last = np.exp(np.log(values[:, -1]).mean())
            ax.plot(layer, last * foretold[label] ** (layer[-1] - layer), color=GREY, linewidth=1, zorder=0)
    ax.plot([], [], color=GREY, linewidth=1, label="foretold")
    ax.set(xlabel="layer (0: the input)", ylabel="‖∂f/∂h‖", yscale="log", xticks=layer)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def weights(panels):
    """Where all the weights of a network are: `panels` maps a title to (weights, c), c None where nothing clips."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 3.4), sharey=True, squeeze=False)
    for ax, (title, (values, c)) in zip(axes[0], panels.items(), strict=True):
        values = np.asarray(values)
        ax.hist(values, 41, weights=np.full(len(values), 1 / len(values)), color=GREEN)
        for end in () if c is None else (-c, c):
            ax.axvline(end, color=ORANGE, linestyle="--", linewidth=1.5, zorder=0)
        ax.set(title=title, xlabel="weight")
    axes[0, 0].set_ylabel("share of all weights")
    return figure


def prices(s, panels):
    """What a critic of slope s pays: the curve, and where trained critics ended, a mark for each.

    `panels` maps a title to (price (len(s),), slopes found (seeds,), their prices).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(5.2 * len(panels), 3.8), sharey=True, squeeze=False)
    for ax, (title, (price, found, paid)) in zip(axes[0], panels.items(), strict=True):
        ax.plot(s, price, color=GREEN, label="price of a critic f(x) = −s x")
        ax.plot(found, paid, "o", color=ORANGE, markersize=9, alpha=0.6, label="trained critics, one seed each")
        ax.axvline(1, color=GREY, linewidth=1, linestyle=":")
        ax.set(title=title, xlabel="slope s (right: 1)")
    axes[0, 0].set_ylabel("L_D with its penalty")
    axes[0, 0].legend(loc="upper center")
    return figure


def surfaces(x, rows, points):
    """What critics make of data in the plane: a row for each kind of data, a column for each critic.

    `rows` maps the data's name to {critic's name: f (n, n)}, rows along x₂, over `x` (n,) in both directions; `points`
    maps the data's name to real points (m, 2). Lines join places of equal f; each panel has levels of its own, since
    a critic is free in its zero point and, when clipped, in its scale.
    """
    x, names = np.asarray(x), list(next(iter(rows.values())))
    size = (2.3 * len(names) + 0.6, 2.35 * len(rows) + 0.4)
    figure, axes = plt.subplots(len(rows), len(names), figsize=size, sharex=True, sharey=True, squeeze=False)
    for line, (data, critics) in zip(axes, rows.items(), strict=True):
        for ax, name in zip(line, names, strict=True):
            ax.contourf(x, x, critics[name], 11, cmap="Greens", antialiased=False)
            ax.contour(x, x, critics[name], 11, colors=GREY, linewidths=0.5, antialiased=False)
            ax.plot(*points[data].T, ".", color=BLUE, markersize=2, antialiased=False)
            ax.set(aspect="equal", xlim=(x[0], x[-1]), ylim=(x[0], x[-1]), xticks=[], yticks=[])
            ax.grid(visible=False)
        line[0].set_ylabel(f"{data}\nx₂")
    for ax, name in zip(axes[0], names, strict=True):
        ax.set_title(name, fontsize=12)
    for ax in axes[-1]:
        ax.set_xlabel("x₁")
    return figure


def reported(pairs, critics):
    """What critics report, as a multiple of the exact distance, for several pairs of clouds: a mark for each seed.

    `pairs` are the names of the pairs, `critics` maps a name to (pairs, seeds).
    """
    figure, ax = plt.subplots(figsize=(9, 0.75 * len(pairs) + 1.6))
    height = 0.6 / len(critics)
    for i, ((name, values), (colour, _, marker)) in enumerate(zip(critics.items(), KINDS, strict=False)):
        for row, seeds in enumerate(np.asarray(values)):
            at = np.full(len(seeds), row + (i - (len(critics) - 1) / 2) * height)
            ax.plot(seeds, at, marker, color=colour, markersize=8, alpha=0.6, label=None if row else name)
    ax.axvline(1, color=GREY, linestyle="--")
    ax.set(xlabel="reported ÷ exact earth mover's distance", xscale="log")
    ax.set_yticks(range(len(pairs)), pairs)
    ax.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"], minor=False)
    ax.minorticks_off()
    ax.invert_yaxis()
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=len(critics))
    return figure


def against_the_distance(panels, xlabel):
    """What is read off during training against the true distance: a thin line is a seed, its ring the last moment.

    `panels` maps a title to (distances (seeds, times), readings (seeds, times), ylabel, whether both have one unit:
    then a dashed line shows where they are equal).
    """
    figure, axes = plt.subplots(2, -(-len(panels) // 2), figsize=(3.9 * -(-len(panels) // 2), 6.6), squeeze=False)
    for ax, (title, (distances, readings, ylabel, one_unit)) in zip(axes.flat, panels.items(), strict=True):
        for seed, (distance, reading) in enumerate(zip(distances, readings, strict=True)):
            colour, _, marker = KINDS[seed % len(KINDS)]
            ax.plot(distance, reading, marker=marker, color=colour, linewidth=0.8, markersize=4, alpha=0.8)
            ax.plot(distance[-1:], reading[-1:], "o", color=colour, markersize=11, fillstyle="none")
        if one_unit:
            ends = [np.min(distances), np.max(distances)]
            ax.plot(ends, ends, color=GREY, linestyle="--", linewidth=1.5, label="equal")
            ax.legend(loc="upper left")
        ax.set(ylabel=ylabel, xlabel=xlabel)
        ax.set_title(title, fontsize=13)
    return figure


def _seeds(ax, x, seeds, style):
    """A thin line for each seed, and the first again with its style and label."""
    seeds = np.asarray(seeds)
    for values in seeds[1:]:
        ax.plot(x, values, color=style["color"], linewidth=0.8, alpha=0.7)
    ax.plot(x, seeds[0], **style)
