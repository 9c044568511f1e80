"""One style for all figures: readable on a projector, safe for colour-blind readers (colours of Okabe & Ito 2008).

And the interval that figures draw around a mean.
"""

import matplotlib as mpl
import numpy as np
from cycler import cycler
from scipy.stats import t as student

BLUE = "#0072B2"  # the data, p
ORANGE = "#D55E00"  # the model, q
GREEN = "#009E73"  # the discriminator
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GOLD = "#E69F00"
GREY = "#6E6E6E"

KINDS = (  # colour, line, marker: what is drawn several times in one figure differs in all three
    (BLUE, "-", "o"),
    (ORANGE, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (GOLD, "-", "v"),
    (SKY, "--", "P"),
    (GREY, "-.", "X"),
    ("black", ":", "<"),
)


def use_style():
    """Set the course's style for every figure made from here on. A chapter calls it once, in its first cell."""
    mpl.rcParams.update(
        {
            "figure.figsize": (9, 4),
            "figure.dpi": 80,
            "figure.constrained_layout.use": True,
            "font.size": 13,
            "axes.titlesize": 14,
            "axes.labelsize": 13,
            "legend.fontsize": 12,
            "legend.frameon": False,
            "lines.linewidth": 2.2,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "image.cmap": "viridis",
            "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY, GOLD, GREY]),
        }
    )


def mean_and_half(values):
    """The mean over the seeds, the first axis, and half of its 95 % interval by Student's t."""
    n = len(values)
    return np.mean(values, 0), student.ppf(0.975, n - 1) * np.std(values, 0, ddof=1) / np.sqrt(n)
