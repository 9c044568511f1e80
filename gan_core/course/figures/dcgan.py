"""Pictures of chapter 09: what a transposed convolution does, rows of colour images, walks and sums of z."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE


def stamps(copies, total, kept):
    """A transposed convolution on the line: each copy of the kernel in its place, and below it their sum.

    `copies` is a list of (start, values); `total` their sum over all places; `kept` = (first, last + 1), the places
    that are left after the padding is cut off.
    """
    figure, axes = plt.subplots(2, 1, figsize=(7.5, 3.6), sharex=True, height_ratios=(3, 2))
    width = 0.8 / len(copies)
    for i, ((start, values), (colour, _, _)) in enumerate(zip(copies, KINDS, strict=False)):
        at = start + np.arange(len(values)) + (i - (len(copies) - 1) / 2) * width
        axes[0].bar(at, values, width, color=colour, hatch=("", "//", "..", "xx")[i % 4], label=f"x[{i}] · kernel")
    places = np.arange(len(total))
    inside = (places >= kept[0]) & (places < kept[1])
    axes[1].bar(places[inside], np.asarray(total)[inside], 0.8, color=GREY, label="the sum")
    axes[1].bar(places[~inside], np.asarray(total)[~inside], 0.8, fill=False, edgecolor=GREY, label="cut off")
    for ax in axes:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes[0].set_ylabel("copies")
    axes[1].set(xlabel="place in the output, before the padding is cut off", ylabel="output", xticks=places)
    return figure


def reach(panels):
    """How many input numbers reach each output pixel: a panel for each (title, counts), counts a whole matrix."""
    figure, axes = plt.subplots(1, len(panels), figsize=(3.7 * len(panels), 3.9), squeeze=False)
    most = max(counts.max() for _, counts in panels)
    for ax, (title, counts) in zip(axes[0], panels, strict=True):
        ax.imshow(counts, cmap="Blues", vmin=0, vmax=1.4 * most)
        for (row, column), count in np.ndenumerate(counts):
            ax.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=12)
        ax.set_title(title)
        ax.set(xlabel="output pixel", xticks=[], yticks=[])
        ax.grid(visible=False)
    axes[0, 0].set_ylabel("output pixel")
    return figure


def activations(a, curves):
    """Activations and their derivatives, side by side: `curves` maps a name to (values, slopes) over `a`."""
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharex=True)
    for (name, both), (colour, line, _) in zip(curves.items(), KINDS, strict=False):
        for ax, values in zip(axes, both, strict=True):
            ax.plot(a, values, color=colour, linestyle=line, label=name)
    for ax, ylabel in zip(axes, ("activation f(a)", "derivative f′(a)"), strict=True):
        ax.axhline(0, color=GREY, linewidth=1)
        ax.set(xlabel="input a", ylabel=ylabel)
    axes[0].legend()
    return figure


def rows(images, zoom=2, columns=None, gap=None):
    """Rows of images, each row with its label at the left: `images` maps a label to (n, channels, height, width).

    Values in [−1, 1]. `columns` are titles above the images; after column `gap` there is a little space. Each pixel
    becomes `zoom` × `zoom` pixels of the figure, no more and no less.
    """
    sets = {label: _bytes(some) for label, some in images.items()}
    n, side = max(map(len, sets.values())), next(iter(sets.values())).shape[1]
    step, space = side + 1, 0 if gap is None else side // 3
    sheet = np.full((len(sets) * step - 1, n * step - 1 + space, 3), 255, np.uint8)
    place = [column * step + (space if gap is not None and column > gap else 0) for column in range(n)]
    for row, some in enumerate(sets.values()):
        for left, image in zip(place, some, strict=False):
            sheet[row * step : row * step + side, left : left + side] = image
    figure, ax = _exactly(sheet.repeat(zoom, 0).repeat(zoom, 1))
    middle = zoom * side / 2
    ax.set_yticks([zoom * row * step + middle for row in range(len(sets))], list(sets))
    titles = columns or []
    ax.set_xticks([zoom * left + middle for left in place[: len(titles)]], titles)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    return figure


def walk(t, norms, shell, seen, ylabel):
    """Left, the length of z on the way from one z to another; right, what a judge sees there.

    `norms` and `seen` map a label to (steps,); `shell` = (low, high) are the lengths that draws have.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), sharex=True)
    axes[0].axhspan(*shell, color=GREY, alpha=0.2, linewidth=0, label="98 in 100 draws")
    for ax, curves in zip(axes, (norms, seen), strict=True):
        for (label, values), (colour, line, marker) in zip(curves.items(), KINDS, strict=False):
            ax.plot(t, values, color=colour, linestyle=line, marker=marker, markersize=5, label=label)
        ax.set(xlabel="t, from z₀ to z₁", ylim=(0, None))
        ax.legend()
    axes[0].set_ylabel("length ‖z‖")
    axes[1].set_ylabel(ylabel)
    return figure


def against(panels, ylabel):
    """Points, a mark for each group: `panels` maps the x label of a panel to {group: (x, y)}; y is common to all."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9 * len(panels), 3.9), sharey=True, squeeze=False)
    for ax, (xlabel, groups) in zip(axes[0], panels.items(), strict=True):
        for (label, (x, y)), (colour, _, marker) in zip(groups.items(), KINDS, strict=False):
            ax.plot(x, y, marker, color=colour, markersize=9, alpha=0.8, label=label)
        ax.set(xlabel=xlabel, ylim=(0, None))
    axes[0, 0].set_ylabel(ylabel)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def shares(groups, xlabel, floor):
    """Shares with their intervals, drawn and in numbers: `groups` maps a panel's title to {name: (share, low, high)}.

    `floor` is a (label, {title: share}) to compare with. Names that begin with "pixels" have a mark of their own.
    """
    figure, axes = plt.subplots(1, len(groups), figsize=(5.4 * len(groups), 3.9), sharey=True, squeeze=False)
    for ax, (title, values) in zip(axes[0], groups.items(), strict=True):
        for row, (name, (share, low, high)) in enumerate(values.items()):
            colour, marker = (ORANGE, "s") if name.startswith("pixels") else (BLUE, "o")
            ax.plot([low, high], [row, row], "-", color=colour, linewidth=4, alpha=0.4)
            ax.plot(share, row, marker, color=colour, markersize=8)
            ax.text(1.02, row, f"{share:.2f}  ({low:.2f} … {high:.2f})", va="center", fontsize=12)
        ax.axvline(floor[1][title], color=GREY, linestyle=":", label=floor[0])
        ax.set_yticks(range(len(values)), list(values))
        ax.set(xlabel=xlabel, xlim=(0, 1), title=title)
        ax.spines["right"].set_visible(False)
    axes[0, 0].invert_yaxis()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center")
    return figure


def _bytes(images):
    """Images (n, channels, h, w) in [−1, 1] as bytes (n, h, w, 3)."""
    numbers = np.clip((np.asarray(images, dtype=np.float64) + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)
    return np.broadcast_to(numbers, (len(numbers), 3, *numbers.shape[2:])).transpose(0, 2, 3, 1)


def _exactly(sheet):
    """A figure with `sheet` (height, width, 3) on it, pixel for pixel, and the axes around it."""
    height, width = sheet.shape[:2]
    margin, dpi = 160, plt.rcParams["figure.dpi"]
    figure = plt.figure(figsize=((width + 2 * margin) / dpi, (height + 2 * margin) / dpi), layout="none")
    box = [margin / (width + 2 * margin), margin / (height + 2 * margin)]
    ax = figure.add_axes((*box, 1 - 2 * box[0], 1 - 2 * box[1]))
    ax.imshow(sheet, interpolation="nearest", aspect="auto")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return figure, ax
