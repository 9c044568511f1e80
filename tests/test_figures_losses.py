"""The pictures of chapter 10 show what they are given: each loss in its own line, each interval, each minibatch."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import losses as pictures
from gan_core.course.figures.style import mean_and_half

A = np.linspace(-2, 2, 9)
STEPS = [100, 1000]
SEEDS = {  # (seeds, times); of 1, 2, 3 the mean is 2 and the standard error 1/√3
    "saturating": np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]),
    "hinge": np.array([[5.0, 5.0], [6.0, 5.0], [7.0, 5.0]]),
}
T = 4.302652729911275  # Student's t, two degrees of freedom, 0.975
CURVES = {"saturating": A, "non-saturating": A**2, "hinge": -A, "least-squares": A**3}
RUNS = {
    "saturating, balanced D": ("saturating", np.array([0.5, 1.0]), np.array([0.1, 0.3])),
    "hinge, strong D": ("hinge", np.array([0.2, 2.0]), np.array([0.1, 0.4])),
}
HELD = {"one": (3.0, 1.0, 2.0), "two": (-1.5, 1.0, 2.0)}


def score(scale):
    return {loss: (STEPS, scale * values) for loss, values in SEEDS.items()}


def rows():
    return {
        "balanced D": {"score": score(1), "distance": score(2)},
        "strong D": {"score": score(3), "distance": score(4)},
    }


REAL = {"score": 10.0, "distance": 0.5}
FIGURES = {
    "over_scores": lambda: pictures.over_scores(A, {"left": ("L", CURVES), "right": ("slope", CURVES)}),
    "courses": lambda: pictures.courses(rows(), REAL, ("distance",)),
    "differences": lambda: pictures.differences({"score": HELD}, "hinge", {"score": 1}),
    "near_zero": lambda: pictures.near_zero(RUNS, [("a case", 3.0, 0.01)]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert figure.legends or figure.axes[0].get_legend()


def test_a_loss_has_its_own_colour_line_and_marker():
    for look in zip(*pictures.LOSSES.values(), strict=True):
        assert len(set(look)) == len(pictures.LOSSES)


def oracle_over_scores(over_scores):
    """Each panel its own curves, under the names of their losses."""
    left, right = over_scores(A, {"left": ("L", CURVES), "right": ("slope", {"hinge": 2 * A})}).axes
    assert (left.get_title(), left.get_ylabel(), right.get_title(), right.get_ylabel()) == (
        "left",
        "L",
        "right",
        "slope",
    )
    for name, values in CURVES.items():
        np.testing.assert_array_equal(line(left, name).get_xydata(), np.stack([A, values], 1))
        assert line(left, name).get_color() == pictures.LOSSES[name][0]
    np.testing.assert_array_equal(line(right, "hinge").get_ydata(), 2 * A)


def oracle_courses(courses):
    """The mean of the seeds, its 95 % interval, and the real ones; a row for each title, a column for each measure."""
    axes = courses(rows(), REAL, ("distance",)).axes
    said = [(ax.get_title(), ax.get_ylabel(), ax.get_yscale()) for ax in axes]
    assert said == [
        ("balanced D", "score", "linear"), ("balanced D", "distance", "log"),
        ("strong D", "score", "linear"), ("strong D", "distance", "log"),
    ]  # fmt: skip
    for scale, ax in enumerate(axes, 1):
        np.testing.assert_array_equal(line(ax, "saturating").get_xydata(), [[100, 2 * scale], [1000, 4 * scale]])
        np.testing.assert_array_equal(line(ax, "hinge").get_ydata(), [6 * scale, 5 * scale])
        band = np.unique(np.round(ax.collections[0].get_paths()[0].vertices[:, 1] / scale, 6))
        np.testing.assert_allclose(
            band, np.sort([2 - T / 3**0.5, 2 + T / 3**0.5, 4 - 2 * T / 3**0.5, 4 + 2 * T / 3**0.5]), atol=1e-5
        )
        np.testing.assert_array_equal(line(ax, "real digits").get_ydata(), 2 * [REAL[ax.get_ylabel()]])


def oracle_differences(differences):
    """Both bars about the mean, and a full mark where the wide one keeps clear of 0: the first row, not the second."""
    panels = {"score": HELD, "distance": {"one": (0.0, 2.0, 3.0), "two": (9.0, 2.0, 3.0)}}
    figure = differences(panels, "hinge", {"score": 1, "distance": 5})
    assert [ax.get_xlabel() for ax in figure.axes] == ["score,\nminus hinge", "distance,\nminus hinge"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["one", "two"]
    assert figure.axes[0].yaxis_inverted()
    for ax, measure in zip(figure.axes, panels, strict=True):
        for row, (middle, narrow, wide) in enumerate(panels[measure].values()):
            thin, thick, mark = ax.lines[3 * row : 3 * row + 3]
            np.testing.assert_array_equal(thin.get_xdata(), [middle - wide, middle + wide])
            np.testing.assert_array_equal(thick.get_xdata(), [middle - narrow, middle + narrow])
            assert thick.get_linewidth() > thin.get_linewidth()
            assert (mark.get_xdata()[0], *mark.get_ydata()) == (middle, row)
            assert (mark.get_markerfacecolor() != "white") == (abs(middle) > wide)


def oracle_near_zero(near_zero):
    """A dot for each minibatch, under the line y = x, and the cases that were named."""
    ax = near_zero(RUNS, [("a case", 3.0, 0.01)]).axes[0]
    limit = line(ax, "E_q[D] = L_D").get_xydata()
    np.testing.assert_array_equal(limit[:, 0], limit[:, 1])
    for label, (name, loss_d, push) in RUNS.items():
        np.testing.assert_array_equal(line(ax, label).get_xydata(), np.stack([loss_d, push], 1))
        assert line(ax, label).get_color() == pictures.LOSSES[name][0]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.texts if text.xy == (3.0, 0.01)] == ["a case"]


MUTANTS = {
    oracle_over_scores: {
        "the losses swapped": lambda a, panels: pictures.over_scores(
            a, {title: (y, swapped(c)) for title, (y, c) in panels.items()}
        ),
        "the first panel twice": lambda a, panels: pictures.over_scores(a, {title: ("L", CURVES) for title in panels}),
    },
    oracle_courses: {
        "one seed lost": lambda rows, *rest: pictures.courses(
            {t: {m: {n: (s, v[1:]) for n, (s, v) in g.items()} for m, g in p.items()} for t, p in rows.items()}, *rest
        ),
        "the balances swapped": lambda rows, *rest: pictures.courses(swapped(rows), *rest),
        "the measures swapped": lambda rows, *rest: pictures.courses(
            {title: swapped(panels) for title, panels in rows.items()}, *rest
        ),
        "the real ones swapped": lambda rows, real, log: pictures.courses(rows, swapped(real), log),
        "everything linear": lambda rows, real, log: pictures.courses(rows, real),
    },
    oracle_differences: {
        "the bars swapped": lambda panels, *rest: pictures.differences(
            {m: {row: (d, w, n) for row, (d, n, w) in held.items()} for m, held in panels.items()}, *rest
        ),
        "the sign turned": lambda panels, *rest: pictures.differences(
            {m: {row: (-d, n, w) for row, (d, n, w) in held.items()} for m, held in panels.items()}, *rest
        ),
        "rows swapped": lambda panels, *rest: pictures.differences(
            {m: swapped(held) for m, held in panels.items()}, *rest
        ),
    },
    oracle_near_zero: {
        "the axes swapped": lambda runs, named: pictures.near_zero(
            {label: (n, y, x) for label, (n, x, y) in runs.items()}, named
        ),
        "the named points left out": lambda runs, named: pictures.near_zero(runs),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)


def oracle_interval(interval):
    """The interval for normal data holds the truth in 95 % of cases: of 4,000 triples, up to 4 standard errors."""
    middle, half = interval(np.random.default_rng(0).normal(size=(3, 4_000)))
    assert abs((np.abs(middle) < half).mean() - 0.95) < 4 * (0.95 * 0.05 / 4_000) ** 0.5


def test_interval():
    oracle_interval(mean_and_half)


@pytest.mark.parametrize("factor", [1.96 / T, 1 / T, 2**0.5])
def test_interval_mutants(factor):
    assert_killed(oracle_interval, lambda values: (mean_and_half(values)[0], factor * mean_and_half(values)[1]))
