"""The pictures of chapter 14 show what they are given: what is in use, what it costs, each seed under its own name."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from matplotlib.colors import to_hex
from mutants import assert_killed, faults_of

from gan_core.course.figures import growth as pictures
from gan_core.course.figures.style import GREY

STEPS = np.arange(9)
STAGES = np.array([0, 0, 0.5, 1, 1, 1.5, 2, 2, 2])
SEEDS = np.array([[0.4, 0.5, 0.9], [0.6, 0.9, 0.5]])  # (seeds, times)
FAN_IN = np.array([10.0, 100.0])
LAWS = {"drawn": lambda n: n / 1_000, "equalised": lambda n: 0.001}
MOVED = {"drawn": np.array([0.011, 0.09]), "equalised": np.array([0.001, 0.002])}
SECONDS = np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 5.0], [2.0, 3.0, 4.0]])  # (seeds, moments)
VALUES = np.array([[9.0, 6.0, 3.0], [8.0, 6.0, 2.0], [9.0, 8.0, 7.0]])
CURVES = {"grown": (SECONDS, VALUES), "direct": (2 * SECONDS, VALUES / 2)}
DIFFERENCES = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0]])
ROWS = {"slow": (CURVES, np.array([2.0, 4.0]), DIFFERENCES), "quick": (CURVES, np.array([3.0, 4.0]), -DIFFERENCES)}


FIGURES = {
    "schedule": lambda: pictures.schedule(STEPS, STAGES),
    "work": lambda: pictures.work({"16": ("steps", STEPS, {"grown": STAGES, "direct": 2 * STAGES})}),
    "through": lambda: pictures.through({"equalised": SEEDS, "torch": SEEDS / 9}, "mean square"),
    "steps_of_adam": lambda: pictures.steps_of_adam(FAN_IN, MOVED, LAWS),
    "deviations": lambda: pictures.deviations({"faces": np.array([0.1, 0.2]), "copies": np.array([1e-4, 1e-4])}),
    "scores": lambda: pictures.scores([10, 20, 30], {"no drift": SEEDS, "drift": -SEEDS}),
    "equal_time": lambda: pictures.equal_time(ROWS, "SWD", 5),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def corners(collection):
    return {tuple(corner) for corner in np.round(collection.get_paths()[0].vertices, 9)}


def boxes(figure):
    """{name: (row from the top, column, whether it is in use)} of all boxes but the image's."""
    (ax,) = figure.axes
    frames = {}
    for patch in ax.patches:
        if hasattr(patch, "get_boxstyle"):  # arrows have none
            frames[patch.get_x(), patch.get_y()] = (to_hex(patch.get_edgecolor()), patch.get_linestyle())
    found = {}
    rows = sorted({y for _, y in frames}, reverse=True)
    for text in ax.texts:
        for (x, y), (colour, style) in frames.items():
            place = x + pictures.WIDE / 2, y + pictures.HIGH / 2
            if text.get_text() and np.allclose(text.get_position(), place):
                in_use = colour != GREY.lower()
                assert in_use == (style in ("-", "solid"))  # not by colour alone
                assert in_use == (text.get_color() == "black")
                found[rows.index(y), round(x / pictures.APART)] = (text.get_text(), in_use)
    return found


def shares(figure):
    """The numbers beside arrows, from the top down, then from left to right."""
    placed = [
        (round(-text.get_position()[1], 2), text.get_position()[0], text.get_text()) for text in figure.axes[0].texts
    ]
    return [text for _, _, text in sorted(placed) if text.replace(".", "").isdigit()]


def arrows(figure):
    """How many arrows there are."""
    return sum(text.arrow_patch is not None for text in figure.axes[0].texts if hasattr(text, "arrow_patch"))


def oracle_networks(networks):
    """What is in use at a stage, by the definition: blocks up to the level that fades in, two ways in and out."""
    for stage, top, ways, expected in (
        (0, 0, {0}, ["1.00", "1.00"]),
        (1.3, 2, {1, 2}, ["0.70", "0.30", "0.70", "0.30"]),
        (2, 2, {2}, ["1.00", "1.00"]),
    ):
        figure = networks(stage, 2)
        found = boxes(figure)
        for level in range(3):
            assert found[0, level] == found[4, level] == (f"block {level}", level <= top)
            assert found[1, level] == (f"to RGB {level}", level in ways)
            assert found[3, level] == (f"from RGB {level}", level in ways)
        assert shares(figure) == expected
        assert arrows(figure) == 2 * (top + 1) + 4 * len(ways)
        assert f"s = {stage:g}" in figure.axes[0].get_title()
        said = " ".join(text.get_text() for text in figure.axes[0].texts)
        assert f"the image: {4 << top} × {4 << top} pixels" in said
        assert ("each a square of the 16 × 16" in said) == (top < 2)


def oracle_schedule(schedule):
    """The stage over the steps, and nothing shaded but the fades."""
    ax = schedule(STEPS, STAGES).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), STEPS)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), STAGES)
    shaded = {corner[0] for path in ax.collections[0].get_paths() for corner in path.vertices}
    assert shaded == {2, 5}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0:  4 × 4", "1:  8 × 8", "2:  16 × 16"]


def oracle_work(work):
    panels = {
        "16": ("steps", STEPS, {"grown": STAGES, "direct": 2 * STAGES}),
        "128": ("images", 7 * STEPS, {"grown": 3 * STAGES, "direct": 4 * STAGES}),
    }
    left, right = work(panels).axes
    assert [left.get_title(), right.get_title(), left.get_xlabel(), right.get_xlabel()] == [
        "16",
        "128",
        "steps",
        "images",
    ]
    for ax, x, factor in ((left, 1, {"grown": 1, "direct": 2}), (right, 7, {"grown": 3, "direct": 4})):
        for label, times in factor.items():
            np.testing.assert_array_equal(line(ax, label).get_xdata(), x * STEPS)
            np.testing.assert_array_equal(line(ax, label).get_ydata(), times * STAGES)
        assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0
    assert line(left, "grown").get_linestyle() != line(left, "direct").get_linestyle()


def oracle_through(through):
    """The geometric mean of 0.4 and 0.9 is 0.6; the band is their range."""
    ax = through({"equalised": np.array([[1.0, 0.4], [4.0, 0.9]]), "torch": SEEDS}, "mean square").axes[0]
    np.testing.assert_allclose(line(ax, "equalised").get_ydata(), [2, 0.6])
    np.testing.assert_allclose(line(ax, "torch").get_ydata(), np.sqrt(SEEDS[0] * SEEDS[1]))
    assert corners(ax.collections[0]) >= {(0, 1), (0, 4), (1, 0.4), (1, 0.9)}
    assert list(line(ax, "torch").get_xdata()) == [0, 1, 2]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "mean square")


def oracle_steps_of_adam(steps_of_adam):
    """Marks where it was measured, and each label's own law as a line in its colour."""
    ax = steps_of_adam(FAN_IN, MOVED, LAWS).axes[0]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    for label, law in LAWS.items():
        marks = line(ax, label)
        np.testing.assert_array_equal(marks.get_xydata(), np.stack([FAN_IN, MOVED[label]], 1))
        assert marks.get_linestyle() == "None"
        (drawn,) = (each for each in ax.lines if each is not marks and each.get_color() == marks.get_color())
        x = drawn.get_xdata()
        np.testing.assert_allclose(drawn.get_ydata(), np.broadcast_to(law(x), x.shape))
        assert x.min() < 10
        assert x.max() > 100


def oracle_deviations(deviations):
    """A dot for each group of images, in the row of its own kind."""
    groups = {"faces": np.array([0.1, 0.2, 0.3]), "copies": np.array([1e-4, 1e-4])}
    ax = deviations(groups).axes[0]
    for row, values in enumerate(groups.values()):
        np.testing.assert_array_equal(ax.lines[row].get_xdata(), values)
        np.testing.assert_array_equal(np.round(ax.lines[row].get_ydata()), row)
        assert len(set(ax.lines[row].get_ydata())) == len(values)  # equal values can be told apart
    assert [label.get_text() for label in ax.get_yticklabels()] == list(groups)
    assert ax.get_xscale() == "log"
    assert ax.yaxis_inverted()


def oracle_scores(scores):
    """A line for each seed, one label a group; and where 0 is."""
    ax = scores([10, 20, 30], {"no drift": SEEDS, "drift": -SEEDS}).axes[0]
    drawn = [each.get_ydata() for each in ax.lines]
    np.testing.assert_array_equal(drawn[:4], [*SEEDS, *-SEEDS])
    assert set(drawn[4]) == {0}
    assert list(ax.lines[0].get_xdata()) == [10, 20, 30]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no drift", "drift"]
    assert line(ax, "no drift").get_linestyle() != line(ax, "drift").get_linestyle()


def oracle_equal_time(equal_time):
    """Each seed as it is; the mean only where every seed has been; differences with Student's interval."""
    figure = equal_time(ROWS, "SWD", 3)
    (left, right), (lower_left, lower_right) = np.reshape(figure.axes, (2, 2))
    assert [ax.get_title() for ax in (left, right, lower_left, lower_right)] == ["slow", "slow", "quick", "quick"]
    seeds = [each.get_xydata() for each in left.lines if each.get_linewidth() < 2]
    for row, (seconds, values) in enumerate(CURVES.values()):
        np.testing.assert_array_equal(seeds[3 * row : 3 * row + 3], np.stack([seconds, values], 2))
    np.testing.assert_allclose(line(left, "grown").get_xdata(), [2, 3, 4])  # from the latest first to the earliest last
    np.testing.assert_allclose(line(left, "grown").get_ydata(), np.mean([[6, 4.5, 3], [7, 6, 4], [9, 8, 7]], 0))
    assert left.get_ylabel() == "SWD"
    assert left.get_xlim()[0] == left.get_ylim()[0] == 0
    for ax, sign, times in ((right, 1, [2, 4]), (lower_right, -1, [3, 4])):
        np.testing.assert_allclose(line(ax, "mean").get_xydata(), np.stack([times, [2 * sign, 3 * sign]], 1))
        half = 4.302652729911275 * np.array([1, np.sqrt(3)]) / np.sqrt(3)  # two degrees of freedom
        expected = {
            (t, round(m * sign + h * up, 6)) for t, m, h in zip(times, (2, 3), half, strict=True) for up in (-1, 1)
        }
        assert {(x, round(y, 6)) for x, y in corners(ax.collections[0])} >= expected
        assert any(set(each.get_ydata()) == {0} for each in ax.lines)
        assert ax.get_ylabel() == "grown\nminus direct"


def changed(rows, change):
    return {title: change(*row) for title, row in rows.items()}


MUTANTS = {
    oracle_networks: {
        "the next level at once": lambda s, levels: pictures.networks(min(levels, np.ceil(s)), levels),
        "no fade": lambda s, levels: pictures.networks(float(int(s)), levels),
        "α for 1 − α": lambda s, levels: pictures.networks(int(s) + (1 - s % 1 if s % 1 else 0), levels),
        "a level more": lambda s, levels: pictures.networks(s, levels + 1),
    },
    oracle_schedule: {
        "the schedule a step late": lambda steps, s: pictures.schedule(steps, np.r_[s[0], s[:-1]]),
        "the fades left out": lambda steps, s: pictures.schedule(steps, np.floor(s)),
    },
    oracle_work: {
        "the panels of work swapped": lambda panels: pictures.work(swapped(panels)),
        "grown and direct swapped": lambda panels: pictures.work(
            {title: (label, x, swapped(c)) for title, (label, x, c) in panels.items()}
        ),
    },
    oracle_through: {
        "one seed of the layers": lambda groups, y: pictures.through({label: v[:1] for label, v in groups.items()}, y),
        "the ways to begin swapped": lambda groups, y: pictures.through(swapped(groups), y),
        "the arithmetic mean": lambda groups, y: pictures.through(
            {label: v.mean(0)[None] for label, v in groups.items()}, y
        ),
    },
    oracle_steps_of_adam: {
        "the laws swapped": lambda n, moved, laws: pictures.steps_of_adam(n, moved, swapped(laws)),
        "the marks swapped": lambda n, moved, laws: pictures.steps_of_adam(n, swapped(moved), laws),
        "the layers in reverse": lambda n, moved, laws: pictures.steps_of_adam(n[::-1], moved, laws),
    },
    oracle_deviations: {
        "the kinds of minibatch swapped": lambda groups: pictures.deviations(swapped(groups)),
        "means for groups": lambda groups: pictures.deviations(
            {label: v.mean(keepdims=True) for label, v in groups.items()}
        ),
    },
    oracle_scores: {
        "means for seeds": lambda steps, g: pictures.scores(
            steps, {label: v.mean(0, keepdims=True) for label, v in g.items()}
        ),
        "with and without drift swapped": lambda steps, groups: pictures.scores(steps, swapped(groups)),
    },
    oracle_equal_time: {
        "steps for seconds": lambda rows, y, n: pictures.equal_time(
            changed(
                rows,
                lambda curves, t, d: ({k: (np.ones((3, 1)) * [1, 2, 3], v) for k, (_, v) in curves.items()}, t, d),
            ),
            y,
            n,
        ),
        "the conditions swapped": lambda rows, y, n: pictures.equal_time(
            changed(rows, lambda curves, t, d: (swapped(curves), t, d)), y, n
        ),
        "the sign of the difference": lambda rows, y, n: pictures.equal_time(
            changed(rows, lambda curves, t, d: (curves, t, -d)), y, n
        ),
        "a seed counted twice": lambda rows, y, n: pictures.equal_time(
            changed(rows, lambda curves, t, d: (curves, t, d[[0, 1, 2, 2]])), y, n
        ),
        "the two rates swapped": lambda rows, y, n: pictures.equal_time(swapped(rows), y, n),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
