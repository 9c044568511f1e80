"""The pictures of chapter 17 show the numbers they are given, and never the broken under the name of the mended."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, swapped
from matplotlib.colors import to_hex
from mutants import assert_killed, faults_of

from gan_core.course.figures import museum as pictures
from gan_core.course.figures.style import BLUE, GREY, KINDS, ORANGE

COLOUR = {"broken": ORANGE, "mended": BLUE}
STEPS = np.array([0, 10, 20])
SEEDS = {"broken": np.array([[3.0, 2.0, 4.0], [1.0, 5.0, 2.0]]), "mended": np.array([[3.0, 1.0, 0.5], [2.0, 0.6, 0.1]])}
COURSES = {"one": (STEPS, SEEDS), "two": (STEPS, {version: 2 * values for version, values in SEEDS.items()})}
POINTS = np.array([[0.0, 1.0], [-1.0, 0.5]])
PLANE = {
    "first": {
        "broken": {"data": (POINTS, "data"), "fakes": (POINTS + 1, "fakes")},
        "mended": {"data": (POINTS, "data"), "shown": (POINTS - 1, "now")},
    },
    "second": {"broken": {"asked for 2": (POINTS * 2, 2)}, "mended": {"asked for 2": (POINTS * 3, 2)}},
}
X = np.array([1.0, 10.0, 100.0])
ENDS = {
    "one": ("x of one", "y of one", X, {"broken": [1.0, 2.0, np.nan], "mended": [1.0, 2.0, 3.0]}, "log"),
    "two": ("x of two", "y of two", X, {"broken": [np.inf, -np.inf, 5.0], "mended": [4.0, 5.0, 5.0]}, "linear"),
}
REPORTS = {
    "first": {"broken": np.array([100.0, 0.1]), "mended": np.array([4.0, 4.1])},
    "second": {"broken": np.array([2.0, -7.0]), "mended": np.array([4.2, 4.3])},
}
SEEN = np.array([[True, False, False], [False, True, True]])
ORACLES, FAULTS = ["slope", "bowl"], ["graph", "root", "batch"]


FIGURES = {
    "side_by_side": lambda: pictures.side_by_side(COURSES, "distance"),
    "in_the_plane": lambda: pictures.in_the_plane(PLANE, 5),
    "where_it_ends": lambda: pictures.where_it_ends(ENDS),
    "reports": lambda: pictures.reports(REPORTS, 4.0),
    "who_sees_what": lambda: pictures.who_sees_what(SEEN, ORACLES, FAULTS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert figure.axes[-1].get_xlabel()
    assert figure.legends or name == "who_sees_what"


def of(axes, label):
    """The points of the one line of this label."""
    (line,) = (line for line in axes.lines if line.get_label() == label)
    return line, line.get_xydata()


def oracle_side_by_side(side_by_side):
    """Of each version a thin line for each seed, and their mean with its name, its colour and its marker."""
    figure = side_by_side(COURSES, "distance")
    assert [axes.get_title() for axes in figure.axes] == list(COURSES)
    assert figure.axes[0].get_ylabel() == "distance"
    for axes, (steps, versions) in zip(figure.axes, COURSES.values(), strict=True):
        for version, seeds in versions.items():
            line, points = of(axes, version)
            np.testing.assert_allclose(points, np.stack([steps, seeds.mean(0)], 1))
            assert to_hex(line.get_color()).upper() == COLOUR[version]
            thin = [line.get_ydata() for line in axes.lines if to_hex(line.get_color()).upper() == COLOUR[version]]
            assert all(any(np.array_equal(one, each) for each in thin) for one in seeds)
        low, high = axes.get_ylim()
        assert low == 0
        assert high > max(np.max(values) for _, panel in COURSES.values() for values in panel.values())
    assert [text.get_text() for text in figure.legends[0].texts] == ["broken", "mended"]


def oracle_in_the_plane(in_the_plane):
    """Above it is broken, below it is mended; each kind of points has its own marker and colour."""
    figure = in_the_plane(PLANE, 5)
    rows = np.array(figure.axes).reshape(2, 2)
    assert [axes.get_title() for axes in rows[0]] == list(PLANE)
    looks = {"data": GREY, "now": BLUE, "fakes": ORANGE, 2: KINDS[2][0]}
    for line, version in zip(rows, ("broken", "mended"), strict=True):
        assert line[0].get_ylabel().startswith(version)
        for axes, versions in zip(line, PLANE.values(), strict=True):
            for legend, (points, kind) in versions[version].items():
                drawn, shown = of(axes, legend)
                np.testing.assert_array_equal(shown, points)
                assert to_hex(drawn.get_color()).upper() == looks[kind].upper()
            assert axes.get_xlim() == (-5, 5) == axes.get_ylim()
    assert {text.get_text() for text in figure.legends[0].texts} == {"data", "fakes", "shown", "asked for 2"}


def oracle_where_it_ends(where_it_ends):
    """Numbers are drawn where they are; what is none has a cross at its x, at the top, and nowhere else."""
    figure = where_it_ends(ENDS)
    for axes, (title, (xlabel, ylabel, x, versions, scale)) in zip(figure.axes, ENDS.items(), strict=True):
        assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == (title, xlabel, ylabel)
        assert axes.get_xscale() == scale
        for version, values in versions.items():
            number = np.isfinite(values)
            line, points = of(axes, version)
            np.testing.assert_array_equal(points, np.stack([x, values], 1)[number])
            assert to_hex(line.get_color()).upper() == COLOUR[version]
        lost, crosses = of(axes, "no number")
        np.testing.assert_array_equal(crosses[:, 0], x[~np.isfinite(versions["broken"])])
        assert lost.get_marker() == "X"
        assert axes.get_ylim()[1] > max(versions["mended"])


def oracle_reports(reports):
    """A row for each piece in its order, the broken above the mended in it, a mark for each seed, all within sight."""
    axes = reports(REPORTS, 4.0).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(REPORTS)
    assert axes.yaxis_inverted()
    for row, versions in enumerate(REPORTS.values()):
        for version, values in versions.items():
            side = -1 if version == "broken" else 1
            (points,) = (
                line.get_xydata()
                for line in axes.lines
                if to_hex(line.get_color()).upper() == COLOUR[version] and np.all(np.abs(line.get_ydata() - row) < 0.5)
            )
            np.testing.assert_array_equal(points[:, 0], values)
            assert (np.sign(points[:, 1] - row) == side).all()
            assert (points[:, 0] > axes.get_xlim()[0]).all()
            assert (points[:, 0] < axes.get_xlim()[1]).all()
    (line,) = (line for line in axes.lines if line.get_label() == "the true distance")
    assert set(line.get_xdata()) == {4.0}
    assert axes.get_xscale() == "symlog"


def oracle_who_sees_what(who_sees_what):
    axes = who_sees_what(SEEN, ORACLES, FAULTS).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == FAULTS
    assert [text.get_text() for text in axes.get_yticklabels()] == ORACLES
    said = {text.xy: text.get_text() for text in axes.texts}
    assert said == {(j, i): "sees it" if SEEN[i, j] else "·" for i in range(2) for j in range(3)}
    np.testing.assert_array_equal(axes.images[0].get_array(), SEEN)


def each(panels, change, at):
    """The panels with their part `at` changed, or the whole where `at` is None."""
    if at is None:
        return {title: change(panel) for title, panel in panels.items()}
    return {title: (*panel[:at], change(panel[at]), *panel[at + 1 :]) for title, panel in panels.items()}


MUTANTS = {
    oracle_side_by_side: {
        "broken and mended courses swapped": lambda panels, ylabel: pictures.side_by_side(
            each(panels, swapped, 1), ylabel
        ),
        "a seed lost": lambda panels, ylabel: pictures.side_by_side(
            each(panels, lambda v: {k: seeds[1:] for k, seeds in v.items()}, 1), ylabel
        ),
        "the first panel twice": lambda panels, ylabel: pictures.side_by_side(
            dict.fromkeys(panels, panels["one"]), ylabel
        ),
    },
    oracle_in_the_plane: {
        "the rows of the plane swapped": lambda columns, limit: pictures.in_the_plane(
            each(columns, swapped, None), limit
        ),
        "all points as fakes": lambda columns, limit: pictures.in_the_plane(
            {t: {v: {n: (x, "fakes") for n, (x, _) in p.items()} for v, p in c.items()} for t, c in columns.items()},
            limit,
        ),
        "the axes of the plane swapped": lambda columns, limit: pictures.in_the_plane(
            {t: {v: {n: (x[:, ::-1], k) for n, (x, k) in p.items()} for v, p in c.items()} for t, c in columns.items()},
            limit,
        ),
    },
    oracle_where_it_ends: {
        "broken and mended values swapped": lambda panels: pictures.where_it_ends(each(panels, swapped, 3)),
        "what is no number is 0": lambda panels: pictures.where_it_ends(
            each(panels, lambda v: {k: np.nan_to_num(y, posinf=0, neginf=0) for k, y in v.items()}, 3)
        ),
        "all scales linear": lambda panels: pictures.where_it_ends(each(panels, lambda s: "linear", 4)),
    },
    oracle_reports: {
        "broken and mended reports swapped": lambda pieces, true: pictures.reports(each(pieces, swapped, None), true),
        "the pieces in another order": lambda pieces, true: pictures.reports(swapped(pieces), true),
        "another truth": lambda pieces, true: pictures.reports(pieces, 4.8),
        "signs lost": lambda pieces, true: pictures.reports(
            {name: {v: np.abs(x) for v, x in versions.items()} for name, versions in pieces.items()}, true
        ),
    },
    oracle_who_sees_what: {
        "what is seen turned round": lambda seen, oracles, faults: pictures.who_sees_what(~seen, oracles, faults),
        "the faults in another order": lambda seen, oracles, faults: pictures.who_sees_what(
            seen[:, ::-1], oracles, faults
        ),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
