"""The pictures of chapter 08 show what they are given: each sample, each seed, each mean and its interval."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import modes as pictures

AXIS = np.linspace(-1, 1, 4)
LOGIT = np.arange(16.0).reshape(4, 4)
CENTRES = np.array([[1.0, 0.0], [-1.0, 0.5]])
POINTS = [np.array([[0.1 * i, -0.2], [0.3, 0.4 * i]]) for i in range(4)]
X = np.array([1.0, 10.0, 100.0])
SEEDS = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]])  # (seeds, times)

FIGURES = {
    "landscape": lambda: pictures.landscape(AXIS, LOGIT, [("a", POINTS[0]), ("b", POINTS[1])], CENTRES, 2.0),
    "film": lambda: pictures.film(
        CENTRES, 0.4, {"K = 0": [("step 1", POINTS[0])], "K = 5": [("step 1", POINTS[1])]}, 3
    ),
    "slopes": lambda: pictures.slopes(X, {"whole": 2 * X}, {"whole": 3 * X}, {"end": 4.0}),
    "conditions": lambda: pictures.conditions({"modes": {"K = 0": SEEDS[0], "K = 5": SEEDS[1]}}),
    "courses": lambda: pictures.courses({"modes": {"K = 0": (X, SEEDS)}}, "steps"),
    "tables": lambda: pictures.tables({"ours": ([0, 5], {"1/4": [(1.0, 0.5), (2.0, 0.1)]})}, "modes"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def oracle_landscape(landscape):
    """The logit as it is given, upwards with x₂; in each panel its own samples and all the centres."""
    figure = landscape(AXIS, LOGIT, [("a", POINTS[0]), ("b", POINTS[1])], CENTRES, 2.0)
    for ax, title, points in zip(figure.axes, "ab", POINTS[:2], strict=False):
        np.testing.assert_array_equal(np.ravel(ax.collections[0].get_array()), LOGIT.ravel())
        assert ax.get_title() == title
        np.testing.assert_array_equal(line(ax, "samples of G").get_xydata(), points)
        np.testing.assert_array_equal(line(ax, "centre of a mode of the data").get_xydata(), CENTRES)


def oracle_film(film):
    """A row for each label, a column for each moment; a circle of the radius about each centre."""
    rows = {"K = 0": [("step 1", POINTS[0]), ("step 2", POINTS[1])], "K = 5": [("step 1", POINTS[2]), ("s", POINTS[3])]}
    axes = film(CENTRES, 0.4, rows, 3.0).axes
    titles = [title for moments in rows.values() for title, _ in moments]
    for ax, title, points in zip(axes, titles, POINTS, strict=True):
        assert ax.get_title() == title
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), points)
        assert [(tuple(c.center), c.radius) for c in ax.patches] == [(tuple(c), 0.4) for c in CENTRES]
        assert ax.get_xlim() == ax.get_ylim() == (-3, 3)
    assert [axes[0].get_ylabel(), axes[2].get_ylabel()] == ["K = 0", "K = 5"]


def oracle_slopes(slopes):
    ax = slopes(X, {"whole": 2 * X, "cut": X}, {"whole": 3 * X, "cut": 5 * X}, {"end": 4.0}).axes[0]
    for label, measured, formula in (("whole", 2 * X, 3 * X), ("cut", X, 5 * X)):
        np.testing.assert_array_equal(line(ax, f"{label}: autograd").get_ydata(), measured)
        np.testing.assert_array_equal(line(ax, f"{label}: formula").get_ydata(), formula)
    assert line(ax, "whole: formula").get_linestyle() != line(ax, "cut: formula").get_linestyle()  # not by colour alone
    assert [(text.get_text(), text.get_position()[1]) for text in ax.texts] == [("end", 4.0)]


def oracle_conditions(conditions):
    """Of 1, 2, 3: the seeds, the mean 2, the standard error 1/√3; and all conditions by name, the first on top."""
    ax = conditions({"modes": {"K = 0": SEEDS[0], "K = 5": SEEDS[1]}}).axes[0]
    seeds, interval, mean = ax.lines[:3]
    np.testing.assert_array_equal(seeds.get_xdata(), [1, 2, 3])
    np.testing.assert_allclose(interval.get_xdata(), [2 - 2 / np.sqrt(3), 2 + 2 / np.sqrt(3)])
    np.testing.assert_array_equal(mean.get_xdata(), [2])
    assert set(mean.get_ydata()) == set(interval.get_ydata()) == {0}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["K = 0", "K = 5"]
    assert ax.yaxis_inverted()
    assert ax.lines[2].get_marker() != ax.lines[5].get_marker()


def oracle_courses(courses):
    """Of 1 and 3: the mean 2 and the standard error 1; each condition over its own x."""
    figure = courses({"modes": {"K = 0": (X, SEEDS), "K = 5": (2 * X, 2 * SEEDS)}, "KL": {"K = 0": (X, SEEDS)}}, "s")
    left, right = figure.axes
    assert [left.get_ylabel(), right.get_ylabel(), right.get_xlabel()] == ["modes", "KL", "s"]
    np.testing.assert_array_equal(line(left, "K = 0").get_xydata(), np.stack([X, [2, 2, 5]], 1))
    np.testing.assert_array_equal(line(left, "K = 5").get_xydata(), np.stack([2 * X, [4, 4, 10]], 1))
    band = left.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in np.round(band, 9)} >= {(1, 0), (1, 4), (10, 2), (100, 1), (100, 9)}


def oracle_tables(tables):
    """Means and whiskers of one standard error, a place for each K, under the K's own name."""
    ax = tables({"ours": ([0, 1, 5], {"1/4": [(1.0, 0.5), (2.0, 0.1), (4.0, 0.2)]})}, "modes").axes[0]
    (container,) = ax.containers
    np.testing.assert_array_equal(container.lines[0].get_ydata(), [1, 2, 4])
    whiskers = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
    np.testing.assert_allclose(whiskers, [[0.5, 1.5], [1.9, 2.1], [3.8, 4.2]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "5"]
    assert (ax.get_title(), container.get_label()) == ("ours", "1/4")


def oracle_sheets(sheets):
    """Each sheet's own pixels under its own title, none smoothed over."""
    first, second = np.zeros((4, 8, 3)), np.ones((4, 8, 3))
    figure = sheets({"first": first, "second": second})
    assert [ax.get_title() for ax in figure.axes] == ["first", "second"]
    for ax, pixels in zip(figure.axes, (first, second), strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), pixels)
        assert image.get_interpolation() == "nearest"


MUTANTS = {
    oracle_landscape: {
        "axes swapped": lambda x, logit, *rest: pictures.landscape(x, logit.T, *rest),
        "panels swapped": lambda x, logit, panels, *rest: pictures.landscape(x, logit, panels[::-1], *rest),
        "no centres": lambda x, logit, panels, centres, limit: pictures.landscape(x, logit, panels, centres[:0], limit),
    },
    oracle_film: {
        "rows swapped": lambda c, r, rows, limit: pictures.film(c, r, dict(reversed(rows.items())), limit),
        "diameter for radius": lambda c, r, rows, limit: pictures.film(c, r / 2, rows, limit),
        "x and y swapped": lambda c, r, rows, limit: pictures.film(
            c, r, {k: [(t, p[:, ::-1]) for t, p in v] for k, v in rows.items()}, limit
        ),
    },
    oracle_slopes: {
        "measured and formulas swapped": lambda K, measured, formulas, limits: pictures.slopes(
            K, formulas, measured, limits
        ),
    },
    oracle_conditions: {
        "conditions swapped": lambda panels: pictures.conditions(
            {k: dict(reversed(v.items())) for k, v in panels.items()}
        ),
        "one seed less": lambda panels: pictures.conditions(
            {k: {name: x[1:] for name, x in v.items()} for k, v in panels.items()}
        ),
    },
    oracle_courses: {
        "one x for all": lambda panels, xlabel: pictures.courses(
            {k: {name: (X, y) for name, (_, y) in v.items()} for k, v in panels.items()}, xlabel
        ),
        "panels swapped": lambda panels, xlabel: pictures.courses(dict(reversed(panels.items())), xlabel),
        "one seed twice": lambda panels, xlabel: pictures.courses(
            {k: {name: (x, y[[0, 0]]) for name, (x, y) in v.items()} for k, v in panels.items()}, xlabel
        ),
    },
    oracle_tables: {
        "two standard errors": lambda panels, ylabel: pictures.tables(
            {k: (Ks, {n: [(m, 2 * e) for m, e in v] for n, v in g.items()}) for k, (Ks, g) in panels.items()}, ylabel
        ),
        "K reversed": lambda panels, ylabel: pictures.tables(
            {k: (Ks[::-1], groups) for k, (Ks, groups) in panels.items()}, ylabel
        ),
    },
    oracle_sheets: {
        "the sheets swapped": lambda given: pictures.sheets(swapped(given)),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
