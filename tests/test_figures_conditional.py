"""The pictures of chapter 11 show the numbers that they are given, each under its own label."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, swapped
from drawn import line as curve
from mutants import assert_killed, faults_of
from scipy.stats import ttest_1samp

from gan_core.course.figures import conditional as pictures
from gan_core.course.figures.style import KINDS

X = np.linspace(-2, 2, 41)
ONE = np.stack([np.exp(-((X + 1) ** 2)), np.exp(-((X - 1) ** 2))])  # densities for two labels
OTHER = np.stack([np.exp(-(X**2)), 2 * np.exp(-((X - 1) ** 2))])
SEEDS = np.stack([0.1 + 0.1 * X**2, 0.2 + 0.1 * X**2, 0.3 + 0.1 * X**2])
PANELS_OF_D = {
    "told": {"D(x, 0)": (X**2 / 4, SEEDS), "D(x, 1)": (1 - X**2 / 4, SEEDS[:2])},
    "not": {"D(x)": (0 * X, SEEDS)},
}
VALUES = np.array([[0.0, 0.25, 1.5], [0.5, 0.75, 0.125]])
POINTS = np.array([[1.0, 0.0], [2.0, 0.5], [-1.0, 0.0], [-2.0, 0.5], [0.0, 3.0]])
LABELS = np.array([0, 0, 1, 1, 0])
CENTRES = np.array([[1.0, 0.5], [-1.0, 0.25]])
GROUPS = {"one": [0.1, 0.2, 0.6], "other": [0.7, 0.9, 0.8]}
MEASURES = {"accuracy": (GROUPS, {"chance": 0.25}), "width": ({"one": [3.0, 4.0, 4.5], "other": [1.0, 2.0, 2.5]}, {})}
NAMED = {"real digits": (0.99, 4.5), "one a class": (1.0, 0.0), "noise": (0.1, 8.0)}
TRAINED = {"cgan": np.array([[0.9, 3.0], [0.8, 2.0]]), "acgan": np.array([[1.0, 0.5], [0.95, 0.6]])}
IMAGES = np.linspace(-1, 1, 6)[:, None, None, None] * np.ones((6, 1, 8, 8))  # 3 rows of 2 columns, ever more ink


FIGURES = {
    "kinds": lambda: pictures.kinds(X, {"one": ONE, "other": OTHER}, ONE),
    "discriminators": lambda: pictures.discriminators(X, PANELS_OF_D),
    "table": lambda: pictures.table(VALUES, ["a", "b"], ["p", "q", "r"], "nats", "told"),
    "told": lambda: pictures.told({"one": (POINTS, LABELS)}, CENTRES, 4),
    "measures": lambda: pictures.measures(MEASURES),
    "accuracy_and_diversity": lambda: pictures.accuracy_and_diversity(NAMED, TRAINED),
    "by_class": lambda: pictures.by_class({"one": IMAGES}, ["3", "8"]),
    "codes": lambda: pictures.codes(X, {"one": X[:, None]}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert figure.axes[-1].get_xlabel()


def oracle_kinds(kinds):
    """A line for each label, the mean of them in grey, and the data's, in each panel; nothing is cut off above."""
    panels = {"one": ONE, "other": OTHER}
    figure = kinds(X, panels, ONE[::-1])
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]
    for axes, densities in zip(figure.axes, panels.values(), strict=True):
        for label in (0, 1):
            line = curve(axes, f"y = {label}")
            np.testing.assert_array_equal(line.get_xydata(), np.stack([X, densities[label]], 1))
            assert (line.get_color(), line.get_linestyle()) == KINDS[label][:2]
        dotted = [line.get_ydata() for line in axes.lines if line.get_linestyle() == ":"]
        np.testing.assert_array_equal(dotted, ONE[::-1])
        (grey,) = axes.collections
        assert np.isclose(grey.get_paths()[0].vertices[:, 1].max(), densities.mean(0).max())
        assert axes.get_ylim()[1] >= densities.max()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["without the label", "y = 0", "y = 1", "the data's"]


def oracle_discriminators(discriminators):
    figure = discriminators(X, PANELS_OF_D)
    for axes, (title, curves) in zip(figure.axes, PANELS_OF_D.items(), strict=True):
        assert axes.get_title() == title
        for (name, (exact, trained)), (colour, *_) in zip(curves.items(), KINDS, strict=False):
            np.testing.assert_array_equal(curve(axes, name).get_ydata(), exact)
            thin = [line.get_ydata() for line in axes.lines if line.get_color() == colour and line.get_linewidth() < 1]
            np.testing.assert_array_equal(thin, trained)


def oracle_table(table):
    (axes,) = table(VALUES, ["a", "b"], ["p", "q", "r"], "nats", "told").axes
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(j, i): f"{VALUES[i, j]:.2f}" for i in range(2) for j in range(3)}
    np.testing.assert_array_equal(axes.images[0].get_array(), VALUES)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["p", "q", "r"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]


def oracle_told(told):
    """The points that were asked for a label are drawn as such; its number stands by its centre, further out."""
    figure = told({"one": (POINTS, LABELS), "two": (-POINTS, 1 - LABELS)}, CENTRES, 4)
    for axes, (points, labels) in zip(figure.axes, ((POINTS, LABELS), (-POINTS, 1 - LABELS)), strict=True):
        for label in (0, 1):
            line = curve(axes, f"asked for {label}")
            np.testing.assert_array_equal(line.get_xydata(), points[labels == label])
            assert line.get_marker() == KINDS[label][2]
        numbers = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
        for label, centre in enumerate(CENTRES):
            further = numbers[str(label)] / centre
            assert np.isclose(*further)
            assert further[0] > 1


def oracle_measures(measures):
    """A mark for each seed, the mean, and its interval by Student's t; what to compare with as a line."""
    figure = measures(MEASURES)
    assert [axes.get_xlabel() for axes in figure.axes] == list(MEASURES)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(GROUPS)
    for axes, (groups, compared) in zip(figure.axes, MEASURES.values(), strict=True):
        drawn = [np.sort(line.get_xdata()) for line in axes.lines]
        means = {line.get_ydata()[0]: line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1}
        assert means == {row: np.mean(values) for row, values in enumerate(groups.values())}
        for values in groups.values():
            low, high = ttest_1samp(values, 0).confidence_interval(0.95)
            for wanted in (np.sort(values), [np.mean(values)], [low, high]):
                assert any(len(each) == len(wanted) and np.allclose(each, wanted) for each in drawn), wanted
        for name, value in compared.items():
            assert set(curve(axes, name).get_xdata()) == {value}
        ends = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) > 2]
        assert axes.get_xlim()[0] <= 0
        assert axes.get_xlim()[1] > np.max(list(map(np.max, ends)))


def oracle_accuracy_and_diversity(accuracy_and_diversity):
    (axes,) = accuracy_and_diversity(NAMED, TRAINED).axes
    places = [tuple(line.get_xydata()[0]) for line in axes.lines if len(line.get_xydata()) == 1]
    assert sorted(places) == sorted(NAMED.values())
    assert {text.get_text(): tuple(text.xy) for text in axes.texts} == NAMED
    (star,) = (line for line in axes.lines if line.get_marker() == "*")
    assert tuple(star.get_xydata()[0]) == NAMED["real digits"]
    for name, seeds in TRAINED.items():
        np.testing.assert_array_equal(curve(axes, name).get_xydata(), seeds)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("label accuracy", "within-class diversity")


def oracle_by_class(by_class):
    """Each image stands under its own name, row after row; ink is black."""
    (axes,) = by_class({"one": IMAGES}, ["3", "8"]).axes
    pixels = axes.images[0].get_array()[..., 0] / 255
    height, width = np.divide(pixels.shape, (3, 2))
    ticks = dict(zip([text.get_text() for text in axes.get_xticklabels()], axes.get_xticks(), strict=True))
    for i, image in enumerate(IMAGES):
        row, name = i // 2, ["3", "8"][i % 2]
        seen = pixels[int((row + 0.5) * height), int(ticks[name])]
        assert np.isclose(seen, (1 - image[0, 0, 0]) / 2, atol=0.01)
    assert len(axes.collections) == 2  # lines between rows, lines between columns
    assert [len(each.get_segments()) for each in axes.collections] == [2, 1]
    assert width > 0


def oracle_codes(codes):
    figure = codes(X, {"one": X[:, None] ** 2, "two": -X[:, None]})
    for axes, (title, values) in zip(figure.axes, {"one": X**2, "two": -X}.items(), strict=True):
        assert axes.get_title() == title
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.stack([X, values], 1))


def oracle_interval(interval):
    for values in GROUPS.values():
        np.testing.assert_allclose(interval(values), ttest_1samp(values, 0).confidence_interval(0.95))


def test_by_hand_generators_alone_can_be_shown():
    (axes,) = pictures.accuracy_and_diversity(NAMED).axes
    assert len(axes.lines) == len(NAMED)
    assert not axes.figure.legends


def transposed(images):
    return images.reshape(3, 2, 1, 8, 8).swapaxes(0, 1).reshape(6, 1, 8, 8)


def two_standard_errors(values):
    half = 2 * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half


MUTANTS = {
    oracle_kinds: {
        "the labels swapped": lambda x, panels, truth: pictures.kinds(
            x, {t: d[::-1] for t, d in panels.items()}, truth
        ),
        "the data's left out": lambda x, panels, truth: pictures.kinds(x, panels),
        "the panels of the kinds swapped": lambda x, panels, truth: pictures.kinds(x, swapped(panels), truth),
    },
    oracle_discriminators: {
        "one seed of D lost": lambda x, panels: pictures.discriminators(
            x, {t: {n: (e, s[1:]) for n, (e, s) in curves.items()} for t, curves in panels.items()}
        ),
        "what is exact drawn as trained": lambda x, panels: pictures.discriminators(
            x, {t: {n: (s[0], [e, *s[1:]]) for n, (e, s) in curves.items()} for t, curves in panels.items()}
        ),
    },
    oracle_table: {
        "the columns of the table turned round": lambda values, rows, columns, *labels: pictures.table(
            values, rows, columns[::-1], *labels
        ),
        "the rows of the table turned round": lambda values, rows, columns, *labels: pictures.table(
            values[::-1], rows, columns, *labels
        ),
    },
    oracle_told: {
        "where points lie in place of what was asked": lambda panels, centres, limit: pictures.told(
            {t: (x, (x[:, 0] < 0).astype(int)) for t, (x, _) in panels.items()}, centres, limit
        ),
        "the numbers at the wrong centres": lambda panels, centres, limit: pictures.told(panels, centres[::-1], limit),
    },
    oracle_measures: {
        "the mean of the seeds alone": lambda panels: pictures.measures(
            {x: ({g: [np.mean(v)] * len(v) for g, v in groups.items()}, c) for x, (groups, c) in panels.items()}
        ),
        "the groups swapped": lambda panels: pictures.measures(
            {x: (dict(reversed(groups.items())), c) for x, (groups, c) in panels.items()}
        ),
        "nothing to compare with": lambda panels: pictures.measures(
            {x: (groups, dict.fromkeys(c, 0.5)) for x, (groups, c) in panels.items()}
        ),
    },
    oracle_accuracy_and_diversity: {
        "accuracy and diversity swapped": lambda named, trained: pictures.accuracy_and_diversity(
            {name: place[::-1] for name, place in named.items()}, {n: s[:, ::-1] for n, s in trained.items()}
        ),
        "the methods swapped": lambda named, trained: pictures.accuracy_and_diversity(named, swapped(trained)),
    },
    oracle_by_class: {
        "rows for columns": lambda panels, names: pictures.by_class(
            {t: transposed(x) for t, x in panels.items()}, names
        ),
        "paper for ink": lambda panels, names: pictures.by_class({t: -x for t, x in panels.items()}, names),
        "the names turned round": lambda panels, names: pictures.by_class(panels, names[::-1]),
    },
    oracle_codes: {
        "codes out of order": lambda c, panels: pictures.codes(c[::-1], panels),
        "the panels of the codes swapped": lambda c, panels: pictures.codes(c, swapped(panels)),
    },
    oracle_interval: {
        "two standard errors": two_standard_errors,
        "the range of the seeds": lambda values: (np.min(values), np.max(values)),
        "a degree of freedom too many": lambda v: ttest_1samp([*v, np.mean(v)], 0).confidence_interval(0.95),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
