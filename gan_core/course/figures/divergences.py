"""Pictures of chapter 03: how far apart two distributions are, and who notices."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE, SKY

LINES = {  # the same colour and line for the same divergence in every picture
    "KL": {"color": GOLD, "ls": "-"},
    "reverse KL": {"color": PURPLE, "ls": "--"},
    "JSD": {"color": GREEN, "ls": "-."},
    "TV": {"color": GREY, "ls": ":"},
    "EMD": {"color": SKY, "ls": "-"},
}
CEILING = {"JSD": (np.log(2), "log 2"), "TV": (1.0, "1")}  # the largest value there can be, and how it is written
ROUNDING = 1e-12
FEW = 12  # up to so many occupied bins are drawn as single masses, more as a filled density
JUMP = 0.08  # a step between neighbours of more than this share of the axis is drawn as a jump, not as a slope


def fits(x, p, fitted, mu, profiles):
    """Left: the data's density `p` and the best Gaussian under each divergence; right: what each asks of a mean.

    `fitted` and `profiles` map a divergence's name to a density over `x`, and to its smallest value (nats) at each mean
    in `mu`.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    left.fill_between(x, p, color=BLUE, alpha=0.25, label="data $p$")
    for name, density in fitted.items():
        left.plot(x, density, label=f"best under {name}", **_line(name))
    left.set(
        xlabel="$x$",
        ylabel="density",
        title="one Gaussian for two modes",
        ylim=(0, 1.45 * np.max([p, *fitted.values()])),
    )
    left.legend(loc="upper center", ncols=2)
    for name, values in profiles.items():
        right.plot(mu, values, label=name, **_line(name))
        best = np.flatnonzero(np.isclose(values, np.min(values), rtol=1e-6))
        right.plot(mu[best], values[best], "o", ms=9, color=_line(name)["color"])
    right.set(
        xlabel=r"mean $\mu$ of the Gaussian",
        ylabel="smallest divergence (nats)",
        title="what each one asks of the mean",
    )
    right.set_ylim(0, 1.25 * max(map(np.max, profiles.values())))
    right.legend(loc="upper center", ncols=len(profiles))
    return fig


def triangles(excess):
    """By how much the straight way is longer than a detour: histograms of d(p, r) − d(p, m) − d(m, r).

    `excess` maps the name of d to an array with one entry for each triple (p, m, r); right of 0 is a violation.
    """
    fig, axes = plt.subplots(1, len(excess), figsize=(11, 3.6), sharey=True)
    for ax, (name, values) in zip(np.atleast_1d(axes), excess.items(), strict=True):
        width = np.ptp(values) / 40  # bins begin just above 0, so that a detour exactly as long is no violation
        bins = width * np.arange(np.floor(values.min() / width) - 1, np.ceil(values.max() / width) + 1) + ROUNDING
        _, edges, bars = ax.hist(values, bins, color=GREY)
        for edge, bar in zip(edges, bars, strict=False):
            if edge > 0:
                bar.set(color=ORANGE, hatch="//", edgecolor="white")
        ax.axvline(0, color="black", lw=1.5)
        ax.set(xlabel="straight way − detour", title=f"violations by {name}: {np.count_nonzero(values > ROUNDING)}")
    np.atleast_1d(axes)[0].set_ylabel("triples")
    return fig


def f_curves(r, curves):
    """The generators f of f-divergences over the density ratio `r` = p/q; `curves` maps a divergence's name to f(r)."""
    fig, ax = plt.subplots(figsize=(8.5, 3.8))
    for name, values in curves.items():
        ax.plot(r, values, label=name, **_line(name))
    ax.axvline(1, color=GREY, lw=1)
    ax.text(1.04, 1.15, "$p=q$", color=GREY)
    ax.set(ylabel="price $f(r)$ per unit of $q$", ylim=(-0.03, 2.1), xlim=(0, r[-1]))
    ax.set_xlabel("← $q$ where $p$ is not          density ratio $r=p/q$          $p$ where $q$ is not →")
    ax.legend(loc="upper left", bbox_to_anchor=(0.24, 1.02))
    return fig


def best_discriminators(x, p, q, found, formulas):
    """Above: the densities; below: the best D(x) of each loss, as `found` by search (markers) and by formula (lines).

    `found` and `formulas` map the name of a loss to D over `x`.
    """
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(8.5, 4.8), sharex=True, height_ratios=[1, 1.5])
    _densities(top, x, p, q)
    top.set(ylabel="density", ylim=(0, None))
    top.legend(loc="upper right")
    for (name, d), marker, style in zip(formulas.items(), "os^", ["-", "--", ":"], strict=False):
        bottom.plot(x, d, color=GREEN, ls=style, label=f"{name}: formula")
        bottom.plot(x[::8], found[name][::8], marker, color=GREEN, mfc="white", ms=7, label=f"{name}: found")
    bottom.set(xlabel="$x$", ylabel="best $D(x)$")
    bottom.legend(loc="upper right")
    return fig


def parting(x, p, q, theta, curves, shift):
    """Left: two distributions; right: what each divergence makes of every shift `theta`, with a mark at `shift`.

    `p`, `q` are masses over the bins `x`; `curves` maps four names of divergences to values over `theta`. An infinite
    value is drawn on a line of its own at the top. Raises ValueError for a shift not in `theta`, for NaN, and for
    curves that are not four or not as long as `theta`.
    """
    if len(curves) != 4:
        raise ValueError(f"parting draws four curves; given {len(curves)}: {', '.join(curves)}")
    here = _index(theta, shift)
    fig = plt.figure(figsize=(11, 4.5))
    grid = fig.add_gridspec(2, 3, width_ratios=[1.5, 1, 1])
    left = fig.add_subplot(grid[:, 0])
    _densities(left, x, p, q)
    left.set(
        xlabel="$x$",
        ylabel="mass in a bin",
        title=rf"shift $\theta$ = {shift:+.2f}",
        ylim=(0, 1.3 * max(p.max(), q.max())),
    )
    left.set_xlim(theta[0] - 2.5, theta[-1] + 2.5)
    left.locator_params(axis="x", integer=True)
    left.legend(loc="upper left")
    for cell, (name, values) in zip([(0, 1), (0, 2), (1, 1), (1, 2)], curves.items(), strict=True):
        ax = fig.add_subplot(grid[cell])
        height = _against_shift(ax, name, theta, values, _top(name, [values]))
        ax.plot(shift, height[here], "o", ms=11, color=ORANGE, mec="black", zorder=5)
        ax.set(title=f"{name} = {_said(values[here])}", xlabel=r"shift $\theta$" if cell[0] else "", ylabel=_unit(name))
    return fig


def families(x, theta, rows, shift):
    """The static panel of `parting`: a row for each family, its distributions at `shift`, a column for each divergence.

    `rows` maps the name of a family to (p, q, curves), as `parting` takes them.
    """
    names = list(next(iter(rows.values()))[2])
    fig, axes = plt.subplots(len(rows), 1 + len(names), figsize=(12, 1.75 * len(rows) + 1), squeeze=False)
    here = _index(theta, shift)
    for row, (family, (p, q, curves)) in zip(axes, rows.items(), strict=True):
        _densities(row[0], x, p, q)
        row[0].set(ylabel=f"{family}\nmass in a bin", xlim=(-5, 5), ylim=(0, 1.15 * max(p.max(), q.max())))
        for ax, name in zip(row[1:], names, strict=True):
            height = _against_shift(
                ax, name, theta, curves[name], _top(name, [each[name] for _, _, each in rows.values()])
            )
            ax.plot(shift, height[here], "o", ms=8, color=ORANGE, mec="black", zorder=5)
    axes[0, 0].set_title(rf"at $\theta$ = {shift:g}")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    for ax, name in zip(axes[0, 1:], names, strict=True):
        ax.set_title(f"{name} ({_unit(name)})" if _unit(name) else name)
    for ax in axes[:-1].flat:
        ax.tick_params(labelbottom=False)
    for ax, label in zip(axes[-1], ["$x$", *[r"shift $\theta$"] * len(names)], strict=True):
        ax.set_xlabel(label)
    return fig


def bins_against_points(bins, js, emd):
    """JSD of two samples against the number of `bins` they are sorted into, and their EMD, which needs no bins.

    `js` (samples, bins) and `emd` (samples,): a thin line for each pair of samples.
    """
    fig, ax = plt.subplots(figsize=(9, 4))
    ax.plot(bins, js.T, color=GREEN, lw=1, alpha=0.5)
    ax.plot(bins, js.mean(0), label="JSD of the histograms (nats), and their mean", color=GREEN, lw=3)
    ax.axhline(np.log(2), color="black", lw=1)
    ax.text(bins[0], np.log(2) + 0.015, r"$\log 2$: as far apart as can be")
    ax.axhline(emd.mean(), label=r"EMD of the points (in $\sigma$)", lw=3, **_line("EMD"))
    ax.set_xscale("log", base=2)
    ax.set(xlabel="number of bins", ylabel="JSD (nats), EMD ($\\sigma$)", ylim=(0, 0.8))
    ax.legend(loc="center left")
    return fig


def _line(name):
    if name not in LINES:
        raise ValueError(f"no line is kept for {name!r}; there are {', '.join(LINES)}")
    return LINES[name]


def _unit(name):
    return {"TV": "", "EMD": "units of $x$"}.get(name, "nats")


def _said(value):
    return "∞" if np.isinf(value) else f"{value:.3f}"


def _index(theta, shift):
    here = int(np.abs(theta - shift).argmin())
    if abs(theta[here] - shift) > 1e-9:
        raise ValueError(
            f"shift must be one of the {len(theta)} shifts in theta; given {shift}, the nearest is {theta[here]}"
        )
    return here


def _densities(ax, x, p, q):
    for values, name, colour, ls, marker in [(p, "data $p$", BLUE, "-", "o"), (q, "model $q$", ORANGE, "--", "s")]:
        held = values > 0
        if held.sum() <= FEW:
            ax.vlines(x[held], 0, values[held], color=colour, ls=ls)
            ax.plot(
                x[held],
                values[held],
                marker,
                color=colour,
                mfc=colour if marker == "o" else "none",
                mew=2,
                ms=8,
                label=name,
            )
        else:
            ax.fill_between(x, values, color=colour, alpha=0.2)
            ax.plot(x, values, color=colour, ls=ls, label=name)


def _top(name, curves):
    if name in CEILING:
        return CEILING[name][0]
    finite = np.concatenate([np.asarray(values)[np.isfinite(values)] for values in curves])
    return max(1.0, finite.max(initial=0))


def _against_shift(ax, name, theta, values, top):
    """Draw `values` over `theta`, jumps as gaps and ∞ on its own line; return the heights at which they stand."""
    values = np.asarray(values, dtype=float)
    if values.shape != np.shape(theta):
        raise ValueError(f"{name} must have one value for each of the {len(theta)} shifts; given shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError(f"{name} is NaN at shift {theta[np.isnan(values)][0]:g}; a curve must have a value everywhere")
    infinite = 1.3 * top
    height = np.where(np.isinf(values), infinite, values)
    gap = np.abs(np.diff(height)) > JUMP * top
    alone = np.concatenate([[True], gap]) & np.concatenate([gap, [True]])  # a point with a jump on both sides
    ends = np.flatnonzero(gap) + 1
    ax.plot(np.insert(theta, ends, theta[ends]), np.insert(height, ends, np.nan), **_line(name))
    ax.plot(theta[alone], height[alone], ".", ms=9, color=_line(name)["color"])
    ticks = {0: "0", top: CEILING[name][1]} if name in CEILING else {tick: f"{tick:g}" for tick in (0, top / 2, top)}
    if np.isinf(values).any():
        ax.axhline(infinite, color="black", lw=0.8, ls=(0, (1, 3)))
        ticks[infinite] = "∞"
    ax.set_yticks([*ticks], [*ticks.values()])
    ax.set_ylim(-0.06 * top, 1.42 * top if infinite in ticks else 1.12 * top)
    return height
