"""The pictures of chapter 15 show what they are given: each value, each verdict, each interval, each label."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import judging as pictures

N = np.array([50, 100, 200])
REPEATS = np.random.default_rng(0).uniform(1, 2, (8, 3))
VALUES = np.array([[9.816, np.inf, 36315.0], [-0.031, 0.5, 1.0]])
VERDICT = np.array([[0, 1, 0], [-1, 0, 1]])
MATRIX = np.array([[1.0, -0.34], [0.2, 0.9]])
TABLE = {"blurred": {32: 59.0, 16: 31.0}, "a tint": {32: 19.0, 16: 80.0}}
FLOOR = {32: 18.9, 16: 27.6}

FIGURES = {
    "verdicts": lambda: pictures.verdicts(VALUES, VERDICT, ["digit score", "recall", "birthday support"], ["a", "b"]),
    "sizes": lambda: pictures.sizes(
        N, [("d²", {"real": REPEATS}, 75 / N, "log"), ("k", {"a": -REPEATS}, None, "linear")]
    ),
    "extrapolated": lambda: pictures.extrapolated(1 / N, {"same": 75 / N}, {"same": (0.0, 75.0)}),
    "windows": lambda: pictures.windows(N, {"real": np.array([-30.0, -20.0, -25.0])}),
    "tracks": lambda: pictures.tracks(N, {name: REPEATS[:3] + i for i, name in enumerate("abc")}),
    "agreement": lambda: pictures.agreement(["x", "y"], [("left", MATRIX), ("right", MATRIX.T)]),
    "levels": lambda: pictures.levels(TABLE, FLOOR),
}


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"tracks"}))  # its titles say what is along y
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def oracle_verdicts(verdicts):
    """Each value in its cell, rows from the top; colour and mark say the verdict, and the legend does, too."""
    figure = verdicts(VALUES, VERDICT, ["digit score", "recall", "birthday support"], ["a", "b"])
    ax = figure.axes[0]
    assert ax.yaxis_inverted()
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {
        (0.5, 0.5): "9.82", (1.5, 0.5): "∞ ✓", (2.5, 0.5): "36,315",
        (0.5, 1.5): "−0.03 ✗", (1.5, 1.5): "0.50", (2.5, 1.5): "1.00 ✓",
    }  # fmt: skip
    colours = {patch.get_xy(): patch.get_facecolor() for patch in ax.patches}
    of = {v: {colours[column, row] for (row, column), each in np.ndenumerate(VERDICT) if each == v} for v in (-1, 0, 1)}
    assert [len(seen) for seen in of.values()] == [1, 1, 1]
    keys = {text.get_text(): key.get_facecolor() for text, key in zip(
        figure.legends[0].get_texts(), figure.legends[0].get_patches(), strict=True)}  # fmt: skip
    assert {keys["✓ called worse than real"]} == of[1]
    assert {keys["not told apart"]} == of[0]
    assert {keys["✗ called better than real"]} == of[-1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert [label.get_text().replace("\n", " ") for label in ax.get_xticklabels()] == [
        "digit score", "recall", "birthday support",
    ]  # fmt: skip


def oracle_sizes(sizes):
    """Means with 1.96 standard errors, the theory as a line, each panel with its scale."""
    left, right = sizes(N, [("d²", {"real": REPEATS}, 75 / N, "log"), ("k", {"a": -REPEATS}, None, "linear")]).axes
    assert (left.get_yscale(), right.get_yscale()) == ("log", "linear")
    assert (left.get_ylabel(), right.get_ylabel()) == ("d²", "k")
    np.testing.assert_array_equal(line(left, "theory").get_ydata(), 75 / N)
    (bars,) = left.containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(), REPEATS.mean(0))
    low, high = (cap.get_ydata() for cap in bars.lines[1])
    half = 1.96 * REPEATS.std(0, ddof=1) / 8**0.5
    np.testing.assert_allclose([low, high], [REPEATS.mean(0) - half, REPEATS.mean(0) + half])


def oracle_extrapolated(extrapolated):
    ax = extrapolated(1 / N, {"same": 1 + 75 / N}, {"same": (1.0, 75.0)}).axes[0]
    drawn, points, limit = ax.lines
    np.testing.assert_allclose(drawn.get_xydata(), [[0, 1], [1 / 50, 2.5]])
    np.testing.assert_allclose(points.get_xydata(), np.stack([1 / N, 1 + 75 / N], 1))
    np.testing.assert_allclose(np.ravel(limit.get_xydata()), [0, 1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["∞", "50", "100", "200"]


def oracle_windows(windows):
    curve = np.array([-30.0, -20.0, -25.0])
    ax = windows(N, {"real": curve}).axes[0]
    np.testing.assert_array_equal(line(ax, "real").get_xydata(), np.stack([N, curve], 1))
    np.testing.assert_array_equal(np.ravel(ax.lines[1].get_xydata()), [100, -20])  # the best width is marked


def oracle_tracks(tracks):
    """A panel for each measure under its name, in it a line for each seed; a panel too many is not shown."""
    figure = tracks(N, {name: REPEATS[:3] + i for i, name in enumerate("abc")})
    figure.canvas.draw()
    axes = figure.axes
    assert axes[2].get_xlabel()
    assert [ax.get_title() for ax in axes if ax.get_visible()] == ["a", "b", "c"]
    for i, ax in enumerate(axes[:3]):
        np.testing.assert_array_equal([each.get_ydata() for each in ax.lines], REPEATS[:3] + i)
        assert len({(each.get_linestyle(), each.get_marker()) for each in ax.lines}) == 3  # not by colour alone


def oracle_agreement(agreement):
    left, right = agreement(["x", "y"], [("left", MATRIX), ("right", MATRIX.T)]).axes
    assert {text.get_position(): text.get_text() for text in left.texts} == {
        (0, 0): "1.0", (1, 0): "−0.3", (0, 1): "0.2", (1, 1): "0.9",
    }  # fmt: skip
    np.testing.assert_array_equal(right.images[0].get_array(), MATRIX.T)
    assert (left.get_title(), right.get_title()) == ("left", "right")
    assert [label.get_text() for label in left.get_xticklabels()] == ["x", "y"]


def oracle_levels(levels):
    """A mark for each level of each fault, and a line where the real images are."""
    figure = levels(TABLE, FLOOR)
    ax = figure.axes[0]
    np.testing.assert_array_equal(line(ax, "level 32 × 32").get_xydata(), [[59, 0], [19, 1]])
    np.testing.assert_array_equal(line(ax, "level 16 × 16").get_xydata(), [[31, 0], [80, 1]])
    assert [each.get_xdata()[0] for each in ax.lines[::2]] == [18.9, 27.6]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["blurred", "a tint"]
    assert ax.lines[1].get_marker() != ax.lines[3].get_marker()  # not by colour alone


MUTANTS = {
    oracle_verdicts: {
        "worse and better swapped": lambda values, verdict, *names: pictures.verdicts(values, -verdict, *names),
        "no verdict": lambda values, verdict, *names: pictures.verdicts(values, 0 * verdict, *names),
        "rows upside down": lambda values, verdict, *names: pictures.verdicts(values[::-1], verdict[::-1], *names),
        "names of the rows swapped": lambda values, verdict, columns, rows: pictures.verdicts(
            values, verdict, columns, rows[::-1]
        ),
    },
    oracle_sizes: {
        "half of the repeats": lambda n, panels: pictures.sizes(
            n, [(label, {k: v[:4] for k, v in groups.items()}, *rest) for label, groups, *rest in panels]
        ),
        "panels swapped": lambda n, panels: pictures.sizes(n, panels[::-1]),
        "no theory": lambda n, panels: pictures.sizes(n, [(*rest, 0 * n, scale) for *rest, _, scale in panels]),
    },
    oracle_extrapolated: {
        "slope and intercept swapped": lambda inverse, groups, lines: pictures.extrapolated(
            inverse, groups, {k: v[::-1] for k, v in lines.items()}
        ),
        "over n": lambda inverse, *rest: pictures.extrapolated(1 / inverse, *rest),
    },
    oracle_windows: {
        "upside down": lambda widths, curves: pictures.windows(widths, {k: -v for k, v in curves.items()}),
        "widths reversed": lambda widths, curves: pictures.windows(widths[::-1], curves),
    },
    oracle_tracks: {
        "one seed": lambda steps, measures: pictures.tracks(steps, {k: v[:1] for k, v in measures.items()}),
        "names swapped": lambda steps, measures: pictures.tracks(steps, swapped(measures)),
    },
    oracle_agreement: {
        "transposed": lambda names, panels: pictures.agreement(names, [(title, m.T) for title, m in panels]),
        "titles swapped": lambda names, panels: pictures.agreement(
            names, [(title, m) for (title, _), (_, m) in zip(panels[::-1], panels, strict=True)]
        ),
    },
    oracle_levels: {
        "levels swapped": lambda table, floor: pictures.levels(
            {k: {32: v[16], 16: v[32]} for k, v in table.items()}, floor
        ),
        "no floor": lambda table, floor: pictures.levels(table, dict.fromkeys(floor, 1.0)),
        "faults swapped": lambda table, floor: pictures.levels(dict(reversed(table.items())), floor),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
