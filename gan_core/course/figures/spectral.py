"""Pictures of chapter 13: what a matrix does to a circle, how its largest singular value is found, what it bounds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from gan_core.course.figures.style import BLUE, GREEN, GREY, KINDS, ORANGE


def ellipse(W, v=(), start=None):
    """Left the unit circle, right the ellipse that W (2, 2) makes of it; v₁, v₂ … of a power iteration and their W v.

    `v` lists the vectors of the steps made so far: the last is an arrow, those before are dots. `start` is u₀. Dashed
    is the direction in which W stretches most, as the SVD says.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8))
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    U, s, Vt = np.linalg.svd(W)
    for ax, curve, axis, label in (
        (left, circle, Vt[0], "v of the SVD"),
        (right, W @ circle, s[0] * U[:, 0], "σ₁ u of the SVD"),
    ):
        ax.plot(*curve, color=BLUE)
        ax.plot(*np.stack([-axis, axis], 1), color=GREY, linestyle="--", label=label)
        ax.set(aspect="equal", xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), xlabel="x₁", ylabel="x₂")
        ax.legend(loc="lower right")
    if start is not None:
        _arrow(right, start, "u₀", GREY)
    if len(v):
        for ax, points, label, colour in ((left, np.asarray(v), "v", GREEN), (right, v @ W.T, "W v", ORANGE)):
            ax.plot(*points[:-1].T, "o", color=colour, alpha=0.5, markersize=6)
            _arrow(ax, points[-1], label, colour)
    left.set_title("the circle: all h with ‖h‖ = 1")
    right.set_title("the ellipse: all W h")
    return figure


def convergence(steps, measured, laws, ylabel):
    """Errors of a power iteration over its steps: marks for what was measured, lines for what a formula says.

    `measured` and `laws` map the same labels to values over `steps` (n,).
    """
    figure, ax = plt.subplots(figsize=(8, 4))
    for (label, law), (colour, line, marker) in zip(laws.items(), KINDS, strict=False):
        ax.plot(steps, law, color=colour, linestyle=line, linewidth=1.4)
        ax.plot(steps, measured[label], marker, color=colour, markersize=8, label=label)
    ax.set(xlabel="steps of power iteration", ylabel=ylabel, yscale="log")
    ax.legend(title="lines: the formula")
    return figure


def tracked(steps, groups, ylabel):
    """A share of the true value over D's steps: `groups` maps a label to (seeds, times); the exact value is 1.

    The line is the mean of the seeds, the band their range.
    """
    figure, ax = plt.subplots(figsize=(8, 4))
    for (label, values), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
        ax.fill_between(steps, values.min(0), values.max(0), color=colour, alpha=0.18, linewidth=0)
        ax.plot(
            steps, values.mean(0), color=colour, linestyle=line, marker=marker, markersize=7, markevery=3, label=label
        )
    ax.axhline(1, color=GREY, linewidth=1.2, linestyle=":")
    ax.set(xlabel="steps of D", ylabel=ylabel, ylim=(0, 1.05))
    ax.legend(loc="lower right")
    return figure


def operators(names, groups, bounds):
    """The norm of each layer as the map that it is: `groups` maps a label to one number for each of `names`.

    `bounds` (n,) are what none of them can exceed. The line at 1 is σ of the matrix that was normalised.
    """
    figure, ax = plt.subplots(figsize=(10, 4.2))
    at = np.arange(len(names))
    ax.hlines(bounds, at - 0.35, at + 0.35, color=GREY, linestyle="--", label="bound, √(height · width)/stride")
    ax.axhline(1, color="black", linewidth=1.2, linestyle=":", label="σ of the reshaped matrix")
    for i, ((label, values), (colour, _, marker)) in enumerate(zip(groups.items(), KINDS, strict=False)):
        ax.plot(at + 0.16 * (i - (len(groups) - 1) / 2), values, marker, color=colour, markersize=9, label=label)
    ax.set_xticks(at, names)
    ax.set(ylabel="norm of the convolution", ylim=(0, 1.35 * max(bounds)))
    ax.legend(loc="upper center", ncols=2)
    return figure


def spectra(panels):
    """Singular values of layers: `panels` maps a title to {label: (seeds, n)}, the largest first.

    Each is divided by the largest of its matrix. The line is the mean of the seeds, the band their range.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.9 * len(panels), 4), sharey=True, squeeze=False)
    for ax, (title, groups) in zip(axes[0], panels.items(), strict=True):
        for (label, values), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
            shares = values / values[:, :1]
            at = np.arange(1, shares.shape[1] + 1)
            ax.fill_between(at, shares.min(0), shares.max(0), color=colour, alpha=0.18, linewidth=0)
            ax.plot(at, shares.mean(0), color=colour, linestyle=line, marker=marker, markevery=6, label=label)
        ax.set(title=title, xlabel="i", ylim=(0, 1.05))
    axes[0, 0].set_ylabel("σᵢ / σ₁")
    axes[0, -1].legend()
    return figure


def slopes(groups):
    """How steep the critics are: `groups` maps a label to the values of ‖∇f‖, pooled over points and seeds.

    The scale is logarithmic and begins where two in a thousand of all values are left behind.
    """
    figure, ax = plt.subplots(figsize=(11, 4))
    everything = np.concatenate(list(groups.values()))
    bins = np.geomspace(*np.quantile(everything, (0.002, 1)), 50)
    for (label, values), (colour, line, _) in zip(groups.items(), KINDS, strict=False):
        ax.hist(
            values, bins, weights=np.full(len(values), 1 / len(values)), histtype="step", color=colour, linestyle=line,
            linewidth=2.2, label=label,
        )  # fmt: skip
    ax.axvline(1, color="black", linewidth=1.2, linestyle=":", label="slope 1")
    ax.set(xscale="log", xlabel="slope ‖∇f(x̂)‖ between the points", ylabel="share of the points")
    ax.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    ax.minorticks_off()
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    return figure


def readings(panels, truth):
    """What critics report: `panels` maps an x label to {condition: one value for each seed}, on a logarithmic axis.

    Each mark is a seed. `truth` maps the same x labels to the value that would be right, a dashed line.
    """
    rows = max(map(len, panels.values()))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(max(8, 5 * len(panels) + 1.5), 0.55 * rows + 1.4), sharey=True, squeeze=False
    )
    for ax, (xlabel, groups) in zip(axes[0], panels.items(), strict=True):
        for row, (values, (colour, _, marker)) in enumerate(zip(groups.values(), KINDS, strict=False)):
            spread = np.linspace(-0.2, 0.2, len(values))  # so that equal values can be told apart
            ax.plot(values, row + spread, marker, color=colour, markersize=8, alpha=0.75)
        ax.axvline(truth[xlabel], color=GREY, linewidth=1.4, linestyle="--")
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(xlabel=f"{xlabel} (dashed: {truth[xlabel]:g})", xscale="log")
        wide = np.ptp(np.log10(ax.get_xlim())) > 2
        ax.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:,g}")
        ax.minorticks_off()
    axes[0, 0].invert_yaxis()
    return figure


def against_work(groups, ylabel):
    """A measure over the work done: `groups` maps a label to (work (times,), values (seeds, times)).

    The line is the mean of the seeds, the band mean ± 2 standard errors.
    """
    figure, ax = plt.subplots(figsize=(11, 4.6))
    for (label, (work, values)), (colour, line, marker) in zip(groups.items(), KINDS, strict=False):
        mean, half = values.mean(0), 2 * values.std(0, ddof=1) / np.sqrt(len(values))
        ax.fill_between(work, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)
        ax.plot(work, mean, color=colour, linestyle=line, marker=marker, markersize=8, label=label)
    ax.set(xlabel="work: millions of multiplications", ylabel=ylabel, xlim=(0, None), ylim=(0, None))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    return figure


def _arrow(ax, end, label, colour):
    end, style = np.asarray(end), {"arrowstyle": "-|>", "color": colour, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, (0, 0), arrowprops=style)
    beside = end + 0.28 * end / np.linalg.norm(end)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    ax.annotate(label, beside, color=colour, ha="center", va="center", weight="bold", bbox=box)
