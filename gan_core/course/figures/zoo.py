"""The map: what a GAN is made of, and which part each method of the zoo changes."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from gan_core.course.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE

WIDTH, HEIGHT = 2.1, 1.1


def parts_of_a_gan():
    """The game as a picture: noise becomes a fake, the discriminator sees real and fake, one loss moves each player."""
    fig, ax = plt.subplots(figsize=(10, 3.8))
    ax.set(xlim=(-0.2, 12.2), ylim=(-0.5, 4.1))
    ax.axis("off")
    for x, y, text, colour in [
        (0, 0.5, "noise\nz ~ N(0, I)", GREY),
        (3.2, 0.5, "generator\nG(z): fake", ORANGE),
        (3.2, 2.6, "data\nx: real", BLUE),
        (6.4, 1.55, "discriminator\nlogit of “real”", GREEN),
        (9.9, 2.6, "loss of D\ntell them apart", GREEN),
        (9.9, 0.5, "loss of G\nbe taken for real", ORANGE),
    ]:
        _box(ax, x, y, text, colour)
    for start, end in [
        ((0 + WIDTH, 1.05), (3.2, 1.05)),
        ((3.2 + WIDTH, 1.05), (6.4, 1.9)),
        ((3.2 + WIDTH, 3.15), (6.4, 2.3)),
        ((6.4 + WIDTH, 2.3), (9.9, 3.15)),
        ((6.4 + WIDTH, 1.9), (9.9, 1.05)),
    ]:
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 2, "mutation_scale": 18})
    ax.annotate("", (4.25, 0.42), (10.9, 0.42), arrowprops=_gradient(ORANGE, -0.16))
    ax.text(7.6, -0.42, "gradient: through D, into G", color=ORANGE, ha="center")
    ax.annotate("", (7.45, 2.72), (9.85, 3.45), arrowprops=_gradient(GREEN, 0.35))
    ax.text(7.5, 3.62, "gradient: into D", color=GREEN, ha="center")
    return fig


def which_part_changes(methods):
    """A table as a picture: rows are methods, columns the parts of a GAN; a mark where the method changes the part.

    `methods` maps a name to the set of parts it changes: generator, discriminator, objective, constraint, schedule.
    """
    parts = ("generator", "discriminator", "objective", "constraint", "schedule")
    unknown = set().union(*methods.values()) - set(parts)
    if unknown:
        raise ValueError(f"unknown parts {sorted(unknown)}; known are {', '.join(parts)}")
    fig, ax = plt.subplots(figsize=(9, 0.42 * len(methods) + 1))
    for row, changed in enumerate(methods.values()):
        xs = [column for column, part in enumerate(parts) if part in changed]
        ax.plot(xs, [row] * len(xs), "o", color=PURPLE, markersize=14)
    ax.set_xticks(range(len(parts)), parts)
    ax.set_yticks(range(len(methods)), methods)
    ax.set(xlim=(-0.5, len(parts) - 0.5), ylim=(len(methods) - 0.5, -0.5))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return fig


def _box(ax, x, y, text, colour):
    ax.add_patch(
        FancyBboxPatch(
            (x, y), WIDTH, HEIGHT, boxstyle="round,pad=0.05,rounding_size=0.15", fc="white", ec=colour, lw=2.5
        )
    )
    ax.text(x + WIDTH / 2, y + HEIGHT / 2, text, ha="center", va="center", fontsize=12.5)


def _gradient(colour, bend):
    return {
        "arrowstyle": "-|>",
        "color": colour,
        "lw": 2,
        "ls": "--",
        "mutation_scale": 16,
        "connectionstyle": f"arc3,rad={bend}",
    }
