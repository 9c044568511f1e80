"""The pictures of chapter 01 show the numbers that they are given, each under its own name."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, swapped
from drawn import line as curve
from matplotlib.colors import to_rgba
from mutants import assert_killed, faults_of

from gan_core.course.figures import generative as pictures

RNG = np.random.default_rng(0)
DATA, DRAWN, MADE, Z = RNG.normal(size=(9, 2)), RNG.normal(size=(7, 2)), RNG.normal(size=(5, 2)), np.arange(5.0)
GRID = np.linspace(-2, 2, 21)
DENSITY = np.exp(-((GRID[None] - 1) ** 2 + 4 * GRID[:, None] ** 2))  # (y, x), a hill at x = 1, narrow in y
X = np.array([1, 2, 8])
SEEDS = np.array([[1.0, 2.0, 4.0], [2.0, 2.0, 5.0], [3.0, 2.0, 6.0]])  # of 1, 2, 3 the standard error is 1/√3
T = 4.302652729911275  # Student's t, two degrees of freedom, 0.975
CURVES = {"one": SEEDS, "other": 10 * SEEDS}
PANELS = {"left": {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 4.0, 4.0])}}
PANELS["right"] = {name: 2 * values for name, values in PANELS["left"].items()}
GROUPS = {"in": np.array([-3.0, -1.0, -1.0, -1.0]), "out": np.array([-9.0, -8.0])}
LINE = np.linspace(-2, 2, 9)
T01 = np.linspace(0, 1, 5)
ERRORS = {"squared": np.array([4.0, 3.0, 2.0, 3.0, 4.0]), "absolute": np.full(5, 2.0)}
IMAGES = [np.full((3, 4, 4), value) for value in (-1.0, 0.0, 1.0)]
VARIANCE, DETAIL = np.array([4.0, 1.0, 0.1, 0.01]), np.array([1.0, 1.0, 6.0, 2.0])


FIGURES = {
    "two_ways": lambda: pictures.two_ways(DATA, GRID, DENSITY, DRAWN, Z, MADE),
    "over_seeds": lambda: pictures.over_seeds(X, CURVES, "dimensions", "error", ("level", 3.0)),
    "by_seed": lambda: pictures.by_seed(PANELS, "gain", ("none", 0)),
    "odd_ones": lambda: pictures.odd_ones(GROUPS, {"top": 0.5}),
    "ratios": lambda: pictures.ratios(LINE, LINE**2, LINE + 2, LINE, {"kde": 2 * LINE}, 5),
    "valley": lambda: pictures.valley(T01, ERRORS, IMAGES),
    "told": lambda: pictures.told(VARIANCE, DETAIL, (0.2, 0.9)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def oracle_two_ways(two_ways):
    """Data left; in the middle the hill where it is, and its samples; right the made points, coloured by their z."""
    left, middle, right, bar = two_ways(DATA, GRID, DENSITY, DRAWN, Z, MADE).axes
    np.testing.assert_array_equal(left.lines[0].get_xydata(), DATA)
    np.testing.assert_array_equal(middle.lines[0].get_xydata(), DRAWN)
    paths = middle.collections[0].get_paths()
    peak = next(path for path in reversed(paths) if len(path.vertices)).vertices.mean(0)
    np.testing.assert_allclose(peak, [1, 0], atol=0.1)
    np.testing.assert_array_equal(right.collections[0].get_offsets(), MADE)
    np.testing.assert_array_equal(right.collections[0].get_array(), Z)
    assert bar.get_ylabel() == "noise z"
    titles = [axes.get_title().split(":")[0] for axes in (left, middle, right)]
    assert titles == ["data", "explicit", "implicit"]


def oracle_over_seeds(over_seeds):
    """The mean of the seeds and its 95 % interval, and the level."""
    axes = over_seeds(X, CURVES, "dimensions", "error", ("level", [7.0, 8.0, 9.0])).axes[0]
    for scale, label in ((1, "one"), (10, "other")):
        np.testing.assert_allclose(curve(axes, label).get_xydata(), np.stack([X, scale * np.array([2, 2, 5])], 1))
    bands = [np.unique(np.round(band.get_paths()[0].vertices[:, 1], 6)) for band in axes.collections]
    half = T / 3**0.5
    np.testing.assert_allclose(bands[0], np.sort([2 - half, 2, 2 + half, 5 - half, 5 + half]), atol=1e-5)
    np.testing.assert_array_equal(curve(axes, "level").get_ydata(), [7, 8, 9])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("dimensions", "error")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "8"]
    axes = over_seeds(X, CURVES, "x", "y", logarithmic="y").axes[0]
    assert (axes.get_xscale(), axes.get_yscale(), len(axes.lines)) == ("linear", "log", 2)


def oracle_by_seed(by_seed):
    """Each seed a mark in the row of its name; the mean and its interval in the same row."""
    figure = by_seed(PANELS, "gain", ("none", 0.5))
    assert [axes.get_title() for axes in figure.axes] == ["left", "right"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert figure.axes[0].yaxis_inverted()
    for axes, groups in zip(figure.axes, PANELS.values(), strict=True):
        for row, values in enumerate(groups.values()):
            bar, marks, middle = axes.lines[3 * row : 3 * row + 3]
            half = T * values.std(ddof=1) / 3**0.5
            np.testing.assert_allclose(bar.get_xdata(), [values.mean() - half, values.mean() + half])
            np.testing.assert_array_equal(bar.get_ydata(), [row, row])
            np.testing.assert_array_equal(marks.get_xydata(), np.stack([values, np.full(3, row)], 1))
            np.testing.assert_allclose(middle.get_xdata(), values.mean())
            assert np.mean(middle.get_ydata()) == row
        assert curve(axes, "none").get_xdata()[0] == 0.5
    assert len({axes.lines[1].get_marker(), axes.lines[4].get_marker()}) == 2
    assert not by_seed(PANELS, "gain").legends


def oracle_odd_ones(odd_ones):
    """Each group's shares sum to 1, where its values are; the marks at their places."""
    axes = odd_ones(GROUPS, {"top": 0.5, "flat": -5.0}).axes[0]
    filled = [group for group in axes.containers if len(group.patches) > 1]
    for bars, values in zip(filled, GROUPS.values(), strict=True):
        heights = np.array([bar.get_height() for bar in bars.patches])
        centres = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars.patches])
        assert heights.sum() == pytest.approx(1)
        assert heights @ centres == pytest.approx(values.mean(), abs=0.3)
    assert curve(axes, "top").get_xdata()[0] == 0.5
    assert curve(axes, "flat").get_xdata()[0] == -5.0
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[:2] == ["in", "out"] or names[2:] == ["in", "out"]


def oracle_ratios(ratios):
    """p and q above, under their names; below the truth and what was found, between the limits."""
    above, below = ratios(LINE, LINE**2, LINE + 2, LINE, {"kde": 2 * LINE, "net": 3 * LINE}, 5).axes
    for axes, label, values in (
        (above, "p", LINE**2), (above, "q", LINE + 2), (below, "the true log p/q", LINE),
        (below, "kde", 2 * LINE), (below, "net", 3 * LINE),
    ):  # fmt: skip
        np.testing.assert_array_equal(curve(axes, label).get_xydata(), np.stack([LINE, values], 1))
    assert below.get_ylim() == (-5, 5)
    assert curve(above, "p").get_color() == pictures.BLUE
    assert curve(above, "q").get_color() == pictures.ORANGE


def oracle_valley(valley):
    """Each curve in parts of its first value; the three pictures over 0, ½ and 1, dark to light."""
    above, below = valley(T01, ERRORS, IMAGES).axes
    np.testing.assert_allclose(curve(below, "squared").get_ydata(), [1, 0.75, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve(below, "absolute").get_ydata(), 1)
    np.testing.assert_array_equal(curve(below, "squared").get_xdata(), T01)
    for image, place, light in zip(above.images, (0, 0.5, 1), (0, 0.5, 1), strict=True):
        assert np.mean(image.get_extent()[:2]) == place
        assert np.asarray(image.get_array()).shape == (4, 4, 3)
        np.testing.assert_allclose(np.asarray(image.get_array(), dtype=float), light)


def oracle_told(told):
    """Two of the four variances are above 0.2², one above 0.9² … the line and the mark say so; the shares add up."""
    left, right = told(VARIANCE, DETAIL, (0.2, 0.9)).axes
    np.testing.assert_array_equal(
        curve(left, "variance λ of the data").get_xydata(), np.stack([[1, 2, 3, 4], VARIANCE], 1)
    )
    for sigma, count in ((0.2, 3), (0.9, 2)):
        level = curve(left, f"σ² for σ = {sigma:g}: {count} told")
        np.testing.assert_allclose(level.get_ydata(), sigma**2)
        assert any(
            len(line.get_xdata()) == 1 and line.get_xdata()[0] == count and line.get_ydata()[0] == sigma**2
            for line in left.lines
        )
        (cut,) = (line for line in right.lines if to_rgba(line.get_color()) == to_rgba(level.get_color()))
        assert set(cut.get_xdata()) == {count}
    for label, values in (("of the variance", VARIANCE), ("of the detail", DETAIL)):
        np.testing.assert_allclose(curve(right, label).get_ydata(), np.cumsum(values) / values.sum())


MUTANTS = {
    oracle_two_ways: {
        "rows and columns of the density swapped": lambda data, grid, density, drawn, z, made: pictures.two_ways(
            data, grid, density.T, drawn, z, made
        ),
        "data and samples swapped": lambda data, grid, density, drawn, z, made: pictures.two_ways(
            drawn, grid, density, data, z, made
        ),
        "the noise in another order": lambda data, grid, density, drawn, z, made: pictures.two_ways(
            data, grid, density, drawn, z[::-1], made
        ),
    },
    oracle_over_seeds: {
        "curves under each other's names": lambda x, c, *more, **how: pictures.over_seeds(x, swapped(c), *more, **how),
        "a seed lost": lambda x, c, *more, **how: pictures.over_seeds(
            x, {k: v[1:] for k, v in c.items()}, *more, **how
        ),
        "no level": lambda x, c, xlabel, ylabel, level=None, **how: pictures.over_seeds(x, c, xlabel, ylabel, **how),
        "always logarithmic": lambda *given, logarithmic="xy": pictures.over_seeds(*given, logarithmic="xy"),
    },
    oracle_by_seed: {
        "rows under each other's names": lambda panels, *more: pictures.by_seed(
            {t: swapped(groups) for t, groups in panels.items()}, *more
        ),
        "the first panel twice": lambda panels, *more: pictures.by_seed({t: panels["left"] for t in panels}, *more),
        "the level at zero": lambda panels, xlabel, level=None: pictures.by_seed(panels, xlabel, level and ("none", 0)),
        "the mean alone": lambda panels, *more: pictures.by_seed(
            {t: {n: np.full(3, v.mean()) for n, v in groups.items()} for t, groups in panels.items()}, *more
        ),
    },
    oracle_odd_ones: {
        "groups under each other's names": lambda groups, marks: pictures.odd_ones(swapped(groups), marks),
        "marks under each other's names": lambda groups, marks: pictures.odd_ones(groups, swapped(marks)),
    },
    oracle_ratios: {
        "p and q swapped": lambda x, p, q, *more: pictures.ratios(x, q, p, *more),
        "the ratio upside down": lambda x, p, q, truth, *more: pictures.ratios(x, p, q, -truth, *more),
        "estimates swapped": lambda x, p, q, truth, found, limit: pictures.ratios(
            x, p, q, truth, swapped(found), limit
        ),
        "another limit": lambda x, p, q, truth, found, limit: pictures.ratios(x, p, q, truth, found, 2 * limit),
    },
    oracle_valley: {
        "losses swapped": lambda t, errors, images: pictures.valley(t, swapped(errors), images),
        "A and B swapped": lambda t, errors, images: pictures.valley(t, errors, images[::-1]),
        "pictures from 0 to 1 taken for −1 to 1": lambda t, errors, images: pictures.valley(
            t, errors, [(image + 1) / 2 for image in images]
        ),
    },
    oracle_told: {
        "σ in place of σ²": lambda v, d, sigmas: pictures.told(v, d, [s**0.5 for s in sigmas]),
        "variance and detail swapped": lambda v, d, sigmas: pictures.told(d, v, sigmas),
        "the variance twice": lambda v, d, sigmas: pictures.told(v, v, sigmas),
        "small directions first": lambda v, d, sigmas: pictures.told(v[::-1], d[::-1], sigmas),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
