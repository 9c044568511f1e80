"""Pictures of chapter 16: who looks where, the loss of a pair, faces known by heart, and where a flow carries noise."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE

MOST = 6  # even shares: what is darkest in a map of attention


def examples(rows, limit=1.5, signs=()):
    """Small images of one channel: `rows` maps a label to images (n, 1, h, w), one row of panels for each label.

    In the columns `signs` of images of one row + or − is written into the pixels.
    """
    columns, (h, w) = max(map(len, rows.values())), next(iter(rows.values())).shape[2:]
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(1.55 * columns + 0.8, (1.55 * h / w + 0.25) * len(rows)), squeeze=False
    )
    for line, (label, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, np.asarray(images)[:, 0], strict=True):
            _picture(ax, image, limit)
            for column in signs:
                sign, dark = "+" if image[0, column] > 0 else "−", abs(image[0, column]) > 0.9
                ax.text(column, 0, sign, color="white" if dark else "black", ha="center", va="center", fontsize=14)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")
    return figure


def matrices(panels, named):
    """How each place looks at all: `panels` maps a title to shares (places, places), row j those of place j.

    `named` maps a place to its name on the axes. All panels have the same shades, from 0 to 1.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(2.6 * len(panels) + 1.2, 3.4), sharey=True, squeeze=False)
    for ax, (title, shares) in zip(axes[0], panels.items(), strict=True):
        shown = ax.imshow(np.asarray(shares), cmap="Greens", vmin=0, vmax=1, interpolation="nearest")
        ax.set(title=title, xlabel="looks at")
        ax.set_xticks(list(named), list(named.values()), rotation=30, ha="right")
        ax.set_yticks(list(named), list(named.values()))
        ax.grid(visible=False)
    axes[0, 0].set_ylabel("the place that looks")
    figure.colorbar(shown, ax=axes, label="share β")
    return figure


def looks(rows, places, limit=1.5):
    """Where places of an image look: `rows` maps a label to (image, maps), in each row an image and its maps.

    `image` is (1 or 3, h, w) in [−1, 1], `maps` (places, side, side) how much each of the `places` looks at all: (row,
    column) on the maps. A place has one marker in all panels. Shades go from 0 to `MOST` times an even share.
    """
    first = next(iter(rows.values()))
    (h, w), (up, along) = np.shape(first[0])[1:], np.shape(first[1])[1:]
    columns = 1 + len(places)
    size = (1.9 * columns + 2.2, (1.8 * h / w + 0.1) * len(rows) + 0.4)
    figure, axes = plt.subplots(len(rows), columns, figsize=size, squeeze=False)
    for line, (label, (image, maps)) in zip(axes, rows.items(), strict=True):
        _picture(line[0], image if len(image) == 3 else image[0], limit)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")
        for ax, weights in zip(line[1:], maps, strict=True):
            shown = ax.imshow(
                up * along * np.asarray(weights), cmap="Greens", vmin=0, vmax=MOST, interpolation="nearest"
            )
            _bare(ax)
        for ax, place, (_, _, marker) in zip(line[1:], places, KINDS, strict=False):
            row, column = place
            line[0].plot((column + 0.5) * w / along - 0.5, (row + 0.5) * h / up - 0.5, marker, **_MARK)
            ax.plot(column, row, marker, **_MARK)
    axes[0, 0].set_title("the image")
    for ax in axes[0, 1:]:
        ax.set_title("it looks at")
    figure.colorbar(shown, ax=axes, label=f"β, times 1/{up * along}", shrink=0.9, aspect=30)
    return figure


def courses(panels, xlabel, floors=None, logarithmic=()):
    """Measures along a training: `panels` maps a y label to {label: (x (times,), values (seeds, times))}.

    The line is the mean of the seeds, the band their range. `floors` maps a y label to (value, label) to compare with;
    panels named in `logarithmic` have such a y axis.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(max(8.5, 5.0 * len(panels) + 0.6), 3.9), squeeze=False)
    for ax, (ylabel, groups) in zip(axes[0], panels.items(), strict=True):
        for (label, (x, values)), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
            values = np.asarray(values)
            ax.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.18, linewidth=0)
            ax.plot(x, values.mean(0), color=colour, linestyle=line, marker=marker, markersize=6, label=label)
        ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, None), yscale="log" if ylabel in logarithmic else "linear")
        if ylabel in logarithmic:
            _plain_numbers(ax)
        if ylabel in (floors or {}):
            value, label = floors[ylabel]
            ax.axhline(value, color=GREY, linestyle=":", linewidth=1.4)
            ax.annotate(
                label, (0.99, value), (0, 3), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                color=GREY, ha="right", va="bottom", fontsize=12,
            )  # fmt: skip
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def pair_losses(a, panels):
    """D's loss of a real and a fake example: `panels` maps a title to values (n, n), rows along the real one's logit.

    `a` (n,) are the logits along both axes.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.7 * len(panels), 4.2), sharey=True, squeeze=False)
    for ax, (title, values) in zip(axes[0], panels.items(), strict=True):
        shades = ax.contourf(a, a, values, levels=np.arange(0, 9.1, 0.5), cmap="Greens", extend="max")
        lines = ax.contour(a, a, values, levels=[0.25, 1, 2, 4, 6], colors="black", linewidths=1)
        ax.clabel(lines, fmt="%g", fontsize=12)
        ax.plot(a, a, color=ORANGE, linestyle="--", linewidth=1.6)
        ax.set(title=title, xlabel="logit of the fake, a(x′)", aspect="equal")
        ax.grid(visible=False)
    axes[0, 0].set_ylabel("logit of the real one, a(x)")
    figure.colorbar(shades, ax=axes, label="D's loss, nats")
    return figure


def ways_out(places, values):
    """What G pays at several places, against a free D: `values` maps a label to one number for each of `places`."""
    figure, ax = plt.subplots(figsize=(8.6, 3.9))
    at = np.arange(len(places))
    for (label, each), (colour, line, marker) in zip(values.items(), KINDS, strict=False):
        ax.step(at, each, where="mid", color=colour, linestyle=line, linewidth=1.4)
        ax.plot(at, each, marker, color=colour, markersize=10, label=label)
    ax.set_xticks(at, places)
    ax.set(
        ylabel="$-L_D$ of the best D (nats):\nlower is better for G",
        xlabel="where the second fake is",
        xlim=(-0.5, len(places) - 0.5),
    )
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=len(values))
    return figure


def by_heart(panels, threshold=0.0):
    """Histograms of D's logits: `panels` maps a title to {kind of examples: logits (n,)}, a line for each kind."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.0 * len(panels), 3.6), sharey=True, squeeze=False)
    everything = np.concatenate([values for groups in panels.values() for values in groups.values()])
    bins = np.linspace(*np.quantile(everything, (0.002, 0.998)), 31)
    for ax, (title, groups) in zip(axes[0], panels.items(), strict=True):
        for (label, values), (colour, line, _) in zip(groups.items(), KINDS, strict=False):
            weights = np.full(len(values), 1 / len(values))
            ax.hist(
                np.clip(values, bins[0], bins[-1]), bins, weights=weights, histtype="step", color=colour,
                linestyle=line, linewidth=2.2, label=label,
            )  # fmt: skip
        ax.axvline(threshold, color=GREY, linestyle=":", linewidth=1.2)
        ax.set(title=title, xlabel="logit of D")
    axes[0, 0].set_ylabel("share")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(groups))
    return figure


def ways(t, panels, density):
    """Points on their way from noise to the data: `panels` maps a title to places (points, times) over `t` (times,).

    `density` = (x, p (times, n)) is how x_t is distributed, as shades. Blue, dashed, began below 0, orange above.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(5.0 * len(panels), 4.0), sharey=True, squeeze=False)
    x, p = density
    for ax, (title, places) in zip(axes[0], panels.items(), strict=True):
        ax.pcolormesh(t, x, np.asarray(p).T, cmap="Greys", vmax=1.6 * np.max(p), shading="auto", rasterized=True)
        for place in places:
            colour, line = (BLUE, "--") if place[0] < 0 else (ORANGE, "-")
            ax.plot(t, place, color=colour, linestyle=line, linewidth=1.1)
        ax.set(title=title, xlabel="t: 0 noise, 1 data", xlim=(0, 1), ylim=(x[0], x[-1]))
        ax.grid(visible=False)
    axes[0, 0].set_ylabel("x")
    return figure


def against_effort(panels):
    """A measure over effort: `panels` maps (x label, y label) to {label: (x, y)}; both axes are logarithmic."""
    figure, axes = plt.subplots(1, len(panels), figsize=(max(7.5, 5.0 * len(panels) + 0.6), 3.9), squeeze=False)
    for ax, ((xlabel, ylabel), groups) in zip(axes[0], panels.items(), strict=True):
        for (label, (x, y)), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
            ax.plot(x, y, color=colour, linestyle=line, marker=marker, markersize=8, label=label)
        ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
        ticks = sorted({float(each) for x, _ in groups.values() for each in x})
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        _plain_numbers(ax)
        ax.legend()
    return figure


_MARK = {"color": ORANGE, "markersize": 9, "markeredgecolor": "black", "linestyle": "none"}


def _picture(ax, image, limit):
    """An image of one channel, blue to orange about white, or of three, in [−1, 1], as it is."""
    image = np.asarray(image)
    if image.ndim == 2:
        ax.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit, interpolation="nearest")
    else:
        ax.imshow((np.clip(image, -1, 1).transpose(1, 2, 0) + 1) / 2, interpolation="nearest")
    _bare(ax)


def _bare(ax):
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(True)


def _plain_numbers(ax):
    """A logarithmic y axis with 1, 2, 5, 10 … in plain figures."""
    ax.yaxis.set_major_locator(plt.matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
