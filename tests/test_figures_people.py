"""The pictures of chapter 13b show what they are given: each corner and each seed, each change, each reader."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import people as pictures

SEEDS = {  # of 1, 2, 3 the mean is 2 and the standard error 1/√3
    "first": {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 5.0, 6.0])},
    "second": {"a": np.array([2.0, 4.0, 6.0]), "b": np.array([0.0, 0.0, 3.0])},
}
T = 4.302652729911275  # Student's t, two degrees of freedom, 0.975
HALF = {"first": [T / np.sqrt(3)] * 2, "second": [2 * T / np.sqrt(3), T]}
REAL = {"one": 7.0, "two": 9.0}
CHANGES = {"this for that": (3.0, 1.0), "that for this": (-0.5, 0.7)}
PATHS = {  # (seeds, times, 2)
    "method": np.array([[[0.1, 4.0], [0.5, 5.0]], [[0.3, 2.0], [0.7, 3.0]]]),
    "other": np.array([[[0.0, 6.0], [0.0, 7.0]], [[0.2, 6.0], [0.2, 8.0]]]),
}
MARKS = {"real": (1.0, 5.5), "deaf": (0.0, 8.0)}
STEPS = [10, 20, 30]
SHARES = {"D": np.array([0.1, 0.5, 0.9]), "judge": np.array([0.0, 0.1, 0.2])}


def panels():
    twice = {line: {at: 2 * values for at, values in cells.items()} for line, cells in SEEDS.items()}
    return {"one": SEEDS, "two": twice}


FIGURES = {
    "two_by_two": lambda: pictures.two_by_two(panels(), REAL),
    "effects": lambda: pictures.effects({"score": CHANGES}),
    "plane": lambda: pictures.plane(PATHS, MARKS),
    "readers": lambda: pictures.readers(STEPS, SHARES, 0.05),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert all(ax.get_xlabel() for ax in figure.axes)
    assert figure.legends


def oracle_two_by_two(two_by_two):
    """Means with their intervals, a line for each level of the one factor; a dot for each seed; real examples."""
    figure = two_by_two(panels(), REAL)
    assert [ax.get_ylabel() for ax in figure.axes] == list(REAL)
    for ax, scale, real in zip(figure.axes, (1, 2), REAL.values(), strict=True):
        assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b"]
        assert [bars.get_label() for bars in ax.containers] == list(SEEDS)
        for bars, (label, cells) in zip(ax.containers, SEEDS.items(), strict=True):
            (middle, _, (bar,)) = bars
            np.testing.assert_allclose(
                middle.get_ydata().astype(float), [scale * values.mean() for values in cells.values()]
            )
            assert list(middle.get_xdata().round()) == [0, 1]
            np.testing.assert_allclose(
                [np.ptp(ends[:, 1]) / 2 for ends in bar.get_segments()], scale * np.array(HALF[label])
            )
        dots = {round(each.get_xdata()[0]): [] for each in ax.lines if each.get_marker() == "."}
        for each in ax.lines:
            if each.get_marker() == ".":
                dots[round(each.get_xdata()[0])] += list(each.get_ydata())
        for at, name in enumerate("ab"):
            assert sorted(dots[at]) == sorted(scale * value for cells in SEEDS.values() for value in cells[name])
        assert set(line(ax, "real faces").get_ydata()) == {real}


def oracle_effects(effects):
    """The mark is the difference, full where the bar keeps clear of 0; the changes read from the top down."""
    figure = effects({"score": CHANGES, "distance": {name: (2 * m, 2 * h) for name, (m, h) in CHANGES.items()}})
    assert [ax.get_xlabel() for ax in figure.axes] == ["change in score", "change in distance"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(CHANGES)
    for ax, scale in zip(figure.axes, (1, 2), strict=True):
        assert ax.yaxis_inverted()
        marks = [each for each in ax.lines if each.get_marker() == "o"]
        bars = [each for each in ax.lines if len(each.get_xdata()) == 2 and len(set(each.get_ydata())) == 1]
        for row, (middle, half) in enumerate(CHANGES.values()):
            assert (marks[row].get_xdata()[0], marks[row].get_ydata()[0]) == (scale * middle, row)
            assert (marks[row].get_markerfacecolor() != "white") == (abs(middle) > half)
            np.testing.assert_allclose(bars[row].get_xdata(), [scale * (middle - half), scale * (middle + half)])


def oracle_plane(plane):
    """Paths of means, their ends large and named, each seed's end a dot, and the landmarks under their names."""
    (ax,) = plane(PATHS, MARKS).axes
    for label, points in PATHS.items():
        end = line(ax, label)
        np.testing.assert_allclose(end.get_xydata(), [points[:, -1].mean(0)])
        same = [each for each in ax.lines if each.get_color() == end.get_color()]
        assert any(np.array_equal(each.get_xydata(), points.mean(0)) for each in same)
        assert any(np.array_equal(each.get_xydata(), points[:, -1]) for each in same)
    assert {text.get_text(): text.xy for text in ax.texts} == MARKS
    stars = [tuple(each.get_xydata()[0]) for each in ax.lines if each.get_marker() == "*"]
    assert stars == list(MARKS.values())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("label accuracy", "within-class diversity")


def oracle_readers(readers):
    (ax,) = readers(STEPS, SHARES, 0.05).axes
    for label, shares in SHARES.items():
        np.testing.assert_array_equal(line(ax, label).get_xydata(), np.stack([STEPS, shares], 1))
    assert set(line(ax, "a guess").get_ydata()) == {0.05}


def each(change, given):
    return {name: change(values) for name, values in given.items()}


MUTANTS = {
    oracle_two_by_two: {
        "the levels of the first factor swapped": lambda given, real: pictures.two_by_two(each(swapped, given), real),
        "the levels of the second factor swapped": lambda given, real: pictures.two_by_two(
            each(lambda lines: each(swapped, lines), given), real
        ),
        "the measures swapped": lambda given, real: pictures.two_by_two(swapped(given), real),
        "one seed lost": lambda given, real: pictures.two_by_two(
            each(lambda lines: each(lambda cells: each(lambda x: x[1:], cells), lines), given), real
        ),
        "the real of the other measure": lambda given, real: pictures.two_by_two(given, swapped(real)),
    },
    oracle_effects: {
        "the changes swapped": lambda given: pictures.effects(each(swapped, given)),
        "the sign": lambda given: pictures.effects(each(lambda f: each(lambda c: (-c[0], c[1]), f), given)),
        "half of the half": lambda given: pictures.effects(each(lambda f: each(lambda c: (c[0], c[1] / 2), f), given)),
    },
    oracle_plane: {
        "accuracy and diversity swapped": lambda paths, marks: pictures.plane(
            each(lambda points: points[..., ::-1], paths), marks
        ),
        "back in time": lambda paths, marks: pictures.plane(each(lambda points: points[:, ::-1], paths), marks),
        "the first seed alone": lambda paths, marks: pictures.plane(each(lambda points: points[:1], paths), marks),
        "the landmarks swapped": lambda paths, marks: pictures.plane(paths, swapped(marks)),
        "the methods swapped": lambda paths, marks: pictures.plane(swapped(paths), marks),
    },
    oracle_readers: {
        "the readers swapped": lambda steps, curves, chance: pictures.readers(steps, swapped(curves), chance),
        "no chance": lambda steps, curves, chance: pictures.readers(steps, curves, 0.0),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
