"""The picture of a GAN while it trains, as pixels: what stands still is drawn once, so that the rest takes moments."""

from functools import lru_cache
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from gan_core.course.figures.style import BLUE, GREEN, ORANGE, use_style

SIZE = (9, 4.2)  # inches
EDGE = 3.0  # the plane is shown from −EDGE to EDGE
LAST = 400  # steps whose losses are shown
COLUMNS = 8  # images in a row of a sheet
SHADES = ListedColormap(mpl.colormaps["Greens"](np.linspace(0, 0.55, 11)))  # of D's verdict: steps, as on a map
SIDE, LEFT, LOW = 0.80, 0.045, 0.09  # of the square on the left, in parts of the height; its corner


def plane(step, losses, real, fake, verdict):
    """Points in the plane over D's verdict, and the losses: (H, W, 3) of uint8.

    `losses` (steps, 2) are L_D and L_G; `real` and `fake` (n, 2); `verdict` (m, m) in [0, 1], 1 for real, with rows
    along x₂, on the square from −EDGE to EDGE.
    """
    stage = _plane(*limits(losses))
    shades, reals, fakes, *_ = stage.moving
    shades.set_data(verdict)
    reals.set_data(*np.asarray(real).T)
    fakes.set_data(*np.asarray(fake).T)
    return _taken(stage, step, losses)


def sheets(step, losses, real, fake):
    """A sheet of fakes above one of real images, and the losses: (H, W, 3) of uint8.

    `losses` (steps, 2) are L_D and L_G; `real` and `fake` (n, 1, h, w) in [−1, 1], n a multiple of COLUMNS.
    """
    pages = sheet(real), sheet(fake)
    stage = _sheets(pages[0].shape, *limits(losses))
    for shown, page in zip(stage.moving, pages, strict=False):
        shown.set_data(page)
    return _taken(stage, step, losses)


def sheet(images):
    """Images (n, 1, h, w) in [−1, 1] in rows of COLUMNS, with a white line about each: (H, W), 0 black, 1 white."""
    pages = np.pad((np.asarray(images)[:, 0].clip(-1, 1) + 1) / 2, ((0, 0), (1, 1), (1, 1)), constant_values=1)
    n, h, w = pages.shape
    return pages.reshape(n // COLUMNS, COLUMNS, h, w).transpose(0, 2, 1, 3).reshape(-1, COLUMNS * w)


def limits(losses):
    """Round ends for an axis that holds the last losses and 0, so that it seldom moves: (low, high)."""
    last = np.asarray(losses)[-LAST:]
    return -_rounded(-last.min(initial=0.0)), max(_rounded(last.max(initial=0.0)), 2.0)


def _rounded(value):
    """The least of 0, …, 1, 2, 5, 10, 20, … that is not below `value`."""
    if value <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(each * power for each in (1, 2, 5, 10) if each * power >= value))


class _Stage(NamedTuple):
    canvas: FigureCanvasAgg
    background: object  # what stands still
    moving: tuple  # artists: the scene's own, then the two losses, then the title


@lru_cache(maxsize=32)
def _plane(low, high):
    figure, (ax, losses) = _figure(low, high)
    shades = ax.imshow(
        [[0.5]], cmap=SHADES, vmin=0, vmax=1, extent=(-EDGE, EDGE, -EDGE, EDGE), origin="lower", aspect="auto",
        interpolation="bilinear",
    )  # fmt: skip
    (reals,) = ax.plot([], [], "o", color=BLUE, markersize=6, markeredgewidth=0, alpha=0.6, label="real")
    (fakes,) = ax.plot([], [], "^", color=ORANGE, markersize=6, markeredgecolor="white", markeredgewidth=0.5)
    fakes.set_label("fake")
    ax.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[], xlabel="green: D takes it for real")
    ax.grid(visible=False)
    legend = ax.legend(loc="upper left", markerscale=1.4, handletextpad=0.2, borderaxespad=0.2, frameon=True)
    return _set(figure, (shades, reals, fakes, legend), losses)


@lru_cache(maxsize=32)
def _sheets(shape, low, high):
    figure, axes = _figure(low, high, rows=2)
    shown = []
    for ax, name, colour in zip(axes[:2], ("fake", "real"), (ORANGE, BLUE), strict=True):
        shown.append(ax.imshow(np.ones(shape), cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto"))
        ax.set(xticks=[], yticks=[])
        ax.set_ylabel(name, color=colour, weight="bold")
        ax.grid(visible=False)
        for side in ax.spines.values():
            side.set(visible=True, color=colour, linewidth=3, linestyle="--" if name == "fake" else "-")
    return _set(figure, shown[::-1], axes[2])


def _figure(low, high, rows=1):
    """A square on the left, in one or two halves, and axes for the losses on the right."""
    with mpl.rc_context():
        use_style()
        figure = Figure(figsize=SIZE, dpi=80, layout="none")
        width, height = SIDE * SIZE[1] / SIZE[0], SIDE / rows - 0.02 * (rows - 1)
        corners = [(LEFT, LOW + SIDE - height), (LEFT, LOW)][:rows]
        left = [figure.add_axes((*corner, width, height)) for corner in corners]
        right = figure.add_axes((0.51, 0.16, 0.47, 0.73), xlim=(-LAST, 0), ylim=(low, high))
        right.set(title="losses", xlabel="steps ago", xticks=range(-LAST, 1, LAST // 4))
    return figure, (*left, right)


def _set(figure, scene, losses):
    """The stage: the losses' lines and the title are added, and all that stands still is drawn."""
    (line_d,) = losses.plot([], [], color=GREEN, linewidth=1.6, label="$L_D$")
    (line_g,) = losses.plot([], [], color=ORANGE, linewidth=1.6, linestyle="--", label="$L_G$")
    losses.legend(loc="upper left", ncols=2, frameon=True, framealpha=0.8, edgecolor="none")
    title = figure.text(LEFT + SIDE * SIZE[1] / SIZE[0] / 2, 0.93, "", ha="center", fontsize=14)
    moving = (*scene, line_d, line_g, title)
    for artist in moving:
        artist.set_animated(True)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return _Stage(canvas, canvas.copy_from_bbox(figure.bbox), moving)


def _taken(stage, step, losses):
    """The picture of a stage whose scene is set, with the losses and the step on it."""
    *_, line_d, line_g, title = stage.moving
    last = np.asarray(losses)[-LAST:]
    for line, values in zip((line_d, line_g), last.T, strict=True):
        line.set_data(np.arange(-len(values), 0) + 1, values)
    title.set_text(f"after {step:,} step{'s' if step != 1 else ''}")
    stage.canvas.restore_region(stage.background)
    for artist in stage.moving:
        artist.axes.draw_artist(artist) if artist.axes else stage.canvas.figure.draw_artist(artist)
    return np.asarray(stage.canvas.buffer_rgba())[..., :3].copy()
