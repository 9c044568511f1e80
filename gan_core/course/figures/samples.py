"""Samples to look at: images side by side, pixel for pixel, and points over the real ones."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from gan_core.course.figures.style import BLUE, ORANGE

CELL = 96  # pixels along a side that a small image is enlarged to, about
GAP = 4


def sheet(images, columns=8):
    """Images (n, 1 or 3, h, w) in [−1, 1], `columns` in a row, as the pixels of one picture: (H, W, 3) of uint8.

    Small ones are enlarged by a whole number, each pixel a square; white lies between them.
    """
    images = np.asarray(images)
    n, _, h, w = images.shape
    pixels = np.rint((images.clip(-1, 1) + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1)
    scale = max(1, round(CELL / h))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    h, w, columns = h * scale, w * scale, min(columns, n)
    made = np.full((-(-n // columns) * (h + GAP) + GAP, columns * (w + GAP) + GAP, 3), 255, np.uint8)
    for i, image in enumerate(pixels):
        top, left = (GAP + j * (side + GAP) for j, side in zip(divmod(i, columns), (h, w), strict=True))
        made[top : top + h, left : left + w] = image
    return made


def cloud(points, real=None):
    """Points (n, 2) of the model, over real ones where they are given."""
    figure = Figure(figsize=(6.5, 6))
    ax = figure.subplots()
    if real is not None:
        ax.plot(*np.asarray(real).T, "o", color=BLUE, markersize=7, alpha=0.25, markeredgewidth=0, label="data p")
    ax.plot(*np.asarray(points).T, ".", color=ORANGE, markersize=4, label="model q")
    ax.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    figure.legend(loc="outside upper center", ncols=2, markerscale=2)
    return figure


def film(pixels, steps):
    """A film of fixed z, as `results.Film` makes it: `pixels` (H, W, 3) has a row of images for each of the `steps`."""
    figure = strips(
        {f"{step:,}": row for step, row in zip(steps, np.split(np.asarray(pixels), len(steps)), strict=True)}
    )
    figure.axes[0].set(ylabel="steps of G", xlabel="the same z in every row")
    return figure


def strips(rows):
    """Strips of images under each other: `rows` maps a label to pixels (h, W, 3), all of one size."""
    pixels = np.concatenate(list(rows.values()))
    figure, ax = plt.subplots(figsize=(0.8 + pixels.shape[1] / 130, 0.4 + pixels.shape[0] / 130))
    ax.imshow(pixels, interpolation="nearest")
    ax.set_yticks((np.arange(len(rows)) + 0.5) * len(pixels) / len(rows), list(rows))
    ax.set(xticks=[])
    ax.tick_params(length=0)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    return figure
