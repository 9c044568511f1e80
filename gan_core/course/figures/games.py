"""Pictures of chapter 05: two players in the plane, their field and their steps, and eigenvalues by the unit circle."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE, SKY

LINES = {  # the same colour, line and marker for the same integrator in every picture
    "simultaneous": {"color": ORANGE, "ls": "-", "marker": "o"},
    "alternating": {"color": BLUE, "ls": "--", "marker": "s"},
    "extragradient": {"color": GREEN, "ls": "-", "marker": "^"},
    "optimistic": {"color": GOLD, "ls": "--", "marker": "v"},
    "look-ahead": {"color": PURPLE, "ls": "-", "marker": "D"},
    "first order only": {"color": SKY, "ls": "--", "marker": "P"},
}
PLAIN = {"color": GREY, "ls": "-", "marker": "o"}
ARROWS = {"color": "#A8A8A8", "pivot": "mid", "width": 0.009}
XY = {"xlabel": r"$x$ (minimises)", "ylabel": r"$y$ (maximises)"}
DIRAC = {"xlabel": r"generator $\theta$", "ylabel": r"discriminator $\psi$"}


def saddle(x, y, value, v, circle):
    """On the grid `x`, `y`: level lines of `value`, arrows of the field `v` = (v_x, v_y), thinned; and an orbit."""
    fig, ax = plt.subplots(figsize=(5.2, 4.4))
    for levels, color, ls in (((-3, -2, -1), BLUE, "--"), ((1, 2, 3), ORANGE, "-")):
        lines = ax.contour(x, y, value, levels=levels, colors=color, linestyles=ls, linewidths=1.4)
        ax.clabel(lines, fontsize=12)
    thin = (slice(None, None, 9), slice(None, None, 9))
    _arrows(ax, x[thin], y[thin], [each[thin] for each in v])
    ax.plot(*circle.T, color="black")
    ax.plot(*circle[0], "ko", ms=8)
    ax.plot(0, 0, "k+", ms=13, mew=2.5)
    ax.set(**XY, title="$V=xy$: level lines, field, orbit", aspect="equal")
    return fig


def paths(found, labels=XY, limit=2.0):
    """A panel for each entry of `found`, title → trajectory (k, 2). A dot on its start, a cross on the equilibrium."""
    fig, axes = plt.subplots(1, len(found), figsize=(2.25 * len(found), 2.7), sharex=True, sharey=True)
    for ax, (title, path) in zip(np.atleast_1d(axes), found.items(), strict=True):
        line = LINES.get(title.partition(",")[0], PLAIN)
        _path(ax, path, color=line["color"], lw=1.2)
        ax.grid(False)
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel=labels["xlabel"], title=title, aspect="equal")
    np.atleast_1d(axes)[0].set_ylabel(labels["ylabel"])
    return fig


def radii(found, title):
    """The distance from the equilibrium, √(x² + y²), after each update: label → (k,), on a logarithmic axis."""
    fig, ax = plt.subplots(figsize=(7.4, 3.2))
    for label, values in found.items():
        line = LINES.get(label.partition(",")[0], PLAIN)
        ax.semilogy(values, markevery=max(1, len(values) // 8), ms=7, **line)
        ax.annotate(label, (len(values) - 1, values[-1]), (8, 0), textcoords="offset points", va="center", fontsize=12)
    ax.set(xlabel="updates", ylabel="distance from (0, 0)", title=title)
    return fig


def eigenvalue_curves(found, etas, marked):
    """The leading eigenvalue, upper half plane, as η grows: label → complex (len(etas),); a marker at `etas[marked]`.

    The lower half is its mirror image: eigenvalues of a real matrix come in conjugate pairs.
    """
    fig, ax = plt.subplots(figsize=(9, 4.2))
    _unit_circle(ax)
    for label, values in found.items():
        line = LINES[label]
        ax.plot(values.real, values.imag, markevery=[marked], ms=9, label=label, **line)
    ax.plot(1, 0, "k+", ms=13, mew=2.5)
    ax.set(title=f"η from 0 to {etas[-1]:.2g}, markers at η = {etas[marked]:.2g}", xlim=(-1.2, 1.2), ylim=(-0.04, 1.04))
    fig.legend(loc="outside right center")
    return fig


def dirac_panels(theta, psi, fields, found, limit=2.0):
    """The Dirac-GAN, a panel for each name: `fields` name → (v_θ, v_ψ), `found` name → {integrator: path (k, 2)}."""
    fig, axes = plt.subplots(2, (len(fields) + 1) // 2, figsize=(8, 4.7), sharex=True, sharey=True, squeeze=False)
    for ax, (name, v) in zip(axes.flat, fields.items(), strict=True):
        _arrows(ax, theta, psi, v)
        for integrator, path in found[name].items():
            line = LINES[integrator]
            _path(ax, path, color=line["color"], ls=line["ls"], lw=1.3, end=line["marker"])
        ax.set(title=name.replace("_", " "), xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    for ax in axes[-1]:
        ax.set_xlabel(DIRAC["xlabel"])
    for ax in axes[:, 0]:
        ax.set_ylabel(DIRAC["ylabel"])
    handles = [
        Line2D([], [], label=f"{name} (ends at the marker)", **LINES[name]) for name in next(iter(found.values()))
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return fig


def explorer(theta, psi, v, path, eigenvalues, title, limit=2.5):
    """Left the field and a path; right the eigenvalues of one update, an empty array where there are none."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.7))
    _arrows(left, theta, psi, v)
    _path(left, path, color=ORANGE, lw=1.4, end="s")
    left.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", title=title)
    left.set(xlabel="first player: $x$ or θ", ylabel="second player: $y$ or ψ")
    _unit_circle(right)
    inside = np.abs(eigenvalues) < 1
    right.plot(eigenvalues[inside].real, eigenvalues[inside].imag, "o", color=GREEN, ms=11, label="|λ| < 1")
    right.plot(eigenvalues[~inside].real, eigenvalues[~inside].imag, "X", color=ORANGE, ms=12, label="|λ| ≥ 1")
    right.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), title="eigenvalues of one update at (0, 0)")
    if len(eigenvalues):
        right.legend(loc="upper left", frameon=True)
    else:
        right.text(0, 0, "none: the field\njumps there", ha="center", va="center")
    return fig


def collapse(x, p, d, fixed, refreshed):
    """A histogram generator on the bins `x`: against a discriminator `d` that stands still, and one that keeps up.

    `fixed` and `refreshed` map the same numbers of steps to the masses q; `p` are the data's.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.8, 3.1))
    for ax, found in zip(axes, (fixed, refreshed), strict=True):
        ax.fill_between(x, p, step="mid", color=BLUE, alpha=0.3, lw=0, label="data $p$")
        for (steps, q), ls in zip(found.items(), (":", "--", "-"), strict=True):
            ax.plot(x, q, color=ORANGE, ls=ls, label=f"$q$, {steps:,} step{'s' * (steps > 1)}")
        ax.set(xlabel="$x$", ylabel="mass in a bin")
        ax.grid(False)
    axes[0].plot(x, d, color=GREEN, lw=3, label="$D^*$, fixed")
    axes[0].set_title("D stands still: one bin is left")
    axes[1].set_title("D keeps up: q = p")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return fig


def _arrows(ax, x, y, v):
    """All arrows of one length, so that the direction is seen where the field is weak."""
    length = np.hypot(*v)
    unit = 0.55 * np.ptp(x) / (x.shape[1] - 1) / np.where(length > 0, length, 1)
    ax.quiver(x, y, v[0] * unit, v[1] * unit, angles="xy", scale_units="xy", scale=1, **ARROWS)
    ax.grid(False)


def _path(ax, path, end=None, **line):
    """A trajectory up to where it leaves the picture for good; a dot on its start, a cross on the equilibrium."""
    far = np.flatnonzero(~(np.abs(path).max(axis=-1) < 100))
    seen = path[: far[0]] if len(far) else path
    ax.plot(*seen.T, **line)
    ax.plot(*seen[0], "o", color="black", ms=6)
    if end and not len(far):
        ax.plot(*seen[-1], marker=end, color=line["color"], mec="black", ms=9)
    ax.plot(0, 0, "k+", ms=11, mew=2)


def _unit_circle(ax):
    angle = np.linspace(0, 2 * np.pi, 361)
    ax.plot(np.cos(angle), np.sin(angle), color="black", lw=1.2)
    ax.axhline(0, color=GREY, lw=0.8)
    ax.axvline(0, color=GREY, lw=0.8)
    ax.set(xlabel="real part of λ", ylabel="imaginary part of λ", aspect="equal")
    ax.grid(False)
