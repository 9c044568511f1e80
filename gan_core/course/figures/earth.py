"""Pictures of chapter 04: piles of earth, the plans that move them, and the prices that prove a plan the best."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE

NOTHING = 1e-12  # less earth than this is not drawn
MODEL = {"color": ORANGE, "hatch": "//", "edgecolor": "white"}  # the bars of q


def piles(x, p, q, plan):
    """Above the pile `p` as it lies, below the pile `q` as it shall lie; between them the ways of `plan`.

    `x` are the places. The width of a way is the earth that goes it; what stays is grey and dotted.
    """
    fig, ax = plt.subplots(figsize=(8, 3.4))
    height = 1 / max(np.max(p), np.max(q))
    ax.bar(x, height * np.asarray(p), 0.6, bottom=1, color=BLUE, label="$p$, as it lies")
    ax.bar(x, -height * np.asarray(q), 0.6, label="$q$, as it shall lie", **MODEL)
    for place, above, below in zip(x, p, q, strict=True):
        ax.text(place, 1.05 + height * above, f"{above:g}", ha="center")
        ax.text(place, -0.05 - height * below, f"{below:g}", ha="center", va="top")
    for i, j in np.argwhere(plan > NOTHING):
        look = {"color": GREY, "ls": ":"} if i == j else {"color": PURPLE}
        arrow = {"arrowstyle": "-|>", "lw": 1 + 9 * plan[i, j], "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
        ax.annotate("", (x[j], 0.02), (x[i], 0.98), arrowprops=arrow | look)
    ax.set(xlabel="place $x$", xticks=x, yticks=[], ylim=(-1.35, 2.35))
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


def plans(x, named):
    """Plans side by side as 2-D histograms with their marginals; `named` maps a title to a plan (n, n) on places `x`.

    A row is where earth comes from, a column where it goes; the dotted cells are the diagonal, what stays.
    """
    fig, axes = plt.subplots(1, len(named), figsize=(1 + 4 * len(named), 4.4), squeeze=False)
    most = max(sums.max() for plan in named.values() for sums in (plan.sum(0), plan.sum(1)))
    for ax, (title, plan) in zip(axes[0], named.items(), strict=True):
        _plan(ax, x, plan, title, most)
    return fig


def by_hand(x, p, q, plan, best=None):
    """The plan explorer: left what has left p and arrived at q so far, then the plan, and a best plan when it is given.

    All amounts are in shovels. Faint bars are what p and q ask for, full bars what the plan has done.
    """
    fig, axes = plt.subplots(1, 2 if best is None else 3, figsize=(9.5 if best is None else 13.5, 4.3))
    most = max(map(np.max, (p, q, plan.sum(0))))
    axes[0].bar(x - 0.2, p, 0.4, color=BLUE, alpha=0.25)
    axes[0].bar(x - 0.2, plan.sum(1), 0.26, color=BLUE, label="$p$: taken")
    axes[0].bar(x + 0.2, q, 0.4, color=ORANGE, alpha=0.25)
    axes[0].bar(x + 0.2, plan.sum(0), 0.26, label="$q$: arrived", **MODEL)
    axes[0].set(xlabel="bin", ylabel="shovels", xticks=x, yticks=range(int(most) + 1), ylim=(0, 1.3 * most))
    axes[0].legend(loc="upper center", ncols=2)
    axes[0].set_title("faint: wanted, full: done")
    _plan(axes[1], x, plan, "your plan", most)
    if best is not None:
        _plan(axes[2], x, best, "a best plan", most)
    return fig


def constraints(A, n, m):
    """The matrix `A` (n + m, n·m) of the marginal constraints: a filled cell is a 1, an empty one a 0."""
    fig, ax = plt.subplots(figsize=(8, 3.6))
    ax.imshow(np.where(A > 0, 0.75, 0.0), cmap="Greys", vmin=0, vmax=1, aspect="auto")
    ax.axhline(n - 0.5, color=ORANGE, lw=2.5)
    sums = [f"row {i}: $p_{i}$" for i in range(1, n + 1)] + [f"column {j}: $q_{j}$" for j in range(1, m + 1)]
    ax.set_yticks(range(n + m), sums)
    ax.set_xticks(range(n * m), [rf"$\gamma_{{{i}{j}}}$" for i in range(1, n + 1) for j in range(1, m + 1)])
    ax.set_xticks(np.arange(n * m + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + m + 1) - 0.5, minor=True)
    ax.grid(visible=False, which="major")
    ax.grid(which="minor", color="white", lw=2, alpha=1)
    ax.tick_params(which="both", length=0)
    ax.set_title("which entries of the plan are added up for which sum")
    return fig


def cumulative(x, p, q):
    """Left: the piles; right: their cumulative sums, and between them the area that is the earth mover's distance."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.9))
    _bars(left, x, p, q)
    left.legend()
    ends = np.append(x, x[-1] + 0.7)
    F, G = (np.append(np.cumsum(masses), 1.0) for masses in (p, q))
    right.fill_between(ends, F, G, step="post", color=GOLD, alpha=0.4, label="area: EMD")
    right.step(ends, F, where="post", color=BLUE, label="$F_p$")
    right.step(ends, G, where="post", color=ORANGE, ls="--", label="$F_q$")
    for k in np.flatnonzero(np.abs(F - G) > NOTHING):
        right.text((x[k] + x[k + 1]) / 2, (F[k] + G[k]) / 2, f"{abs(F[k] - G[k]):.2g}", ha="center", va="center")
    right.set(xlabel="place $x$", ylabel="mass up to $x$", xticks=x, ylim=(0, 1.05))
    right.legend(loc="upper left")
    return fig


def shift(theta, distance, marks):
    """The distance of a pile from its copy moved by `theta`; `marks` maps a label to a (θ, distance) to point out."""
    fig, ax = plt.subplots(figsize=(7.5, 3.6))
    ax.plot(theta, distance, color=GREEN)
    for label, (where, value) in marks.items():
        ax.plot(where, value, "o", ms=11, color=ORANGE, mec="black")
        ax.annotate(label, (where, value), (12, -6), textcoords="offset points", fontsize=16)
    ax.set(xlabel=r"shift $\theta$ (bins)", ylabel="EMD (bins)")
    return fig


def prices(x, p, q, f, plan, room):
    """Left: the piles and the potential `f`; right: the room D − f − g that the prices leave; the ways of `plan`."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), width_ratios=[1.25, 1])
    _bars(left, x, p, q)
    left.set_ylim(0, 1.5 * max(np.max(p), np.max(q)))
    left.legend(loc="upper left")
    price = left.twinx()
    price.plot(x, f, "-o", color=GREEN, label="potential $f$")
    price.set_ylabel("price $f$ (units of $x$)", color=GREEN)
    price.grid(visible=False)
    price.legend(loc="upper right")
    image = right.imshow(room, cmap="Greys", vmin=0)
    rows, columns = np.nonzero(plan > NOTHING)
    right.plot(columns, rows, "o", ms=11, mfc="none", mec=PURPLE, mew=2.5, label="the plan moves earth")
    _places(right, x)
    fig.colorbar(image, ax=right, label="room $D_{ij}-f_i-g_j$")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    return fig


def critics(x, p, q, potentials):
    """The piles above; below potentials or critics over the same places; `potentials` maps a label to f over `x`.

    The first is drawn broad, as what the others are compared with.
    """
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(9, 5.6), sharex=True, height_ratios=[1, 1.8])
    _bars(top, x, p, q)
    top.set_xlabel("")
    top.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    looks = [(PURPLE, "--"), (GOLD, "-."), (BLUE, ":"), (ORANGE, (0, (5, 1))), ("black", (0, (1, 3)))]
    (first, *others) = potentials
    bottom.plot(x, potentials[first], color=GREEN, lw=8, alpha=0.4, label=first)
    for label, (colour, style) in zip(others, looks, strict=False):
        bottom.plot(x, potentials[label], color=colour, ls=style, label=label)
    bottom.set(xlabel="place $x$", ylabel="$f$ (units of $x$)")
    bottom.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig


def _bars(ax, x, p, q):
    width = 0.42 * np.min(np.diff(x))
    ax.bar(x - width / 2, p, width, color=BLUE, label="$p$")
    ax.bar(x + width / 2, q, width, label="$q$", **(MODEL if len(x) <= 12 else MODEL | {"hatch": None}))
    ax.set(xlabel="place $x$", ylabel="mass")
    if len(x) <= 12:
        ax.set_xticks(x)


def _plan(ax, x, plan, title, most):
    """A plan as a 2-D histogram, its row sums to the right and column sums on top, on a scale that ends at `most`."""
    n = len(x)
    ax.imshow(plan, cmap="Purples", vmin=0, vmax=1.6 * most)
    for k in range(n):
        ax.add_patch(Rectangle((k - 0.5, k - 0.5), 1, 1, fill=False, ec=GREY, ls=":", lw=1.8))
    for i, j in np.argwhere(plan > NOTHING):
        ax.text(j, i, f"{plan[i, j]:.3g}", ha="center", va="center")
    _places(ax, x)
    ax.spines[["top", "right"]].set_visible(True)
    leaves, arrives = ax.inset_axes([1.04, 0, 0.22, 1]), ax.inset_axes([0, 1.04, 1, 0.22])
    leaves.barh(range(n), plan.sum(1), color=BLUE)
    leaves.set(xlim=(0, most), ylim=ax.get_ylim())
    leaves.set_title("leaves", fontsize=12)
    arrives.bar(range(n), plan.sum(0), **MODEL)
    arrives.set(ylim=(0, most), xlim=ax.get_xlim(), title=title)
    arrives.set_ylabel("arrives", fontsize=12)
    for inset in (leaves, arrives):
        inset.set(xticks=[], yticks=[])
        inset.grid(visible=False)
        inset.spines[:].set_visible(False)


def _places(ax, x):
    ax.set_xticks(range(len(x)), [f"{place:g}" for place in x])
    ax.set_yticks(range(len(x)), [f"{place:g}" for place in x])
    ax.set(xlabel="to bin", ylabel="from bin")
    ax.grid(visible=False)
