"""The pictures of chapter 13 show what they are given: each step, each layer, each seed, under its own name."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import spectral as pictures

W = np.array([[2.0, 0.5], [0.0, 1.0]])
V = np.array([[0.0, 1.0], [0.6, 0.8], [1.0, 0.0]])
START = np.array([-0.6, 0.8])
STEPS = np.array([1, 2, 3])
SEEDS = np.array([[0.4, 0.5, 0.9], [0.6, 0.9, 0.5]])  # (seeds, times)
NAMES = ["3×3", "4×4"]
READ = {"right": np.array([1.0, 1.1]), "broken": np.array([50.0, 700.0])}
WORK = np.array([10.0, 20.0, 30.0])

FIGURES = {
    "ellipse": lambda: pictures.ellipse(W, V, START),
    "convergence": lambda: pictures.convergence(STEPS, {"0.5": 0.5**STEPS}, {"0.5": 0.5**STEPS}, "tan θ"),
    "tracked": lambda: pictures.tracked(STEPS, {"last u": SEEDS, "fresh u": SEEDS / 2}, "share of σ"),
    "operators": lambda: pictures.operators(NAMES, {"start": np.array([1.2, 1.5])}, np.array([3.0, 2.0])),
    "spectra": lambda: pictures.spectra({"second": {"SN": SEEDS}, "third": {"SN": SEEDS}}),
    "slopes": lambda: pictures.slopes({"SN": np.array([0.4, 0.9]), "clip": np.array([3.0, 4.0])}),
    "readings": lambda: pictures.readings({"distance": READ, "norms": READ}, {"distance": 1, "norms": 1}),
    "against_work": lambda: pictures.against_work({"n_dis = 1": (WORK, SEEDS)}, "distance"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def band(ax, number):
    """The corners of the band of the group of that number."""
    return {tuple(corner) for corner in np.round(ax.collections[number].get_paths()[0].vertices, 9)}


def oracle_ellipse(ellipse):
    """The circle and its image; the SVD's direction and its reach; the last v and W v as arrows, the others as dots."""
    left, right = ellipse(W, V, START).axes
    circle, image = (ax.lines[0].get_xydata() for ax in (left, right))
    np.testing.assert_allclose(np.linalg.norm(circle, axis=1), 1)
    np.testing.assert_allclose(image, circle @ W.T)
    U, s, Vt = np.linalg.svd(W)
    for ax, axis in ((left, Vt[0]), (right, s[0] * U[:, 0])):
        np.testing.assert_allclose(ax.lines[1].get_xydata(), [-axis, axis])
        assert ax.lines[1].get_linestyle() == "--"
    np.testing.assert_array_equal(left.lines[2].get_xydata(), V[:-1])
    np.testing.assert_allclose(right.lines[2].get_xydata(), V[:-1] @ W.T)
    heads = [tuple(text.xy) for ax in (left, right) for text in ax.texts if text.arrow_patch is not None]
    np.testing.assert_allclose(heads, [V[-1], START, W @ V[-1]])
    assert [text.get_text() for ax in (left, right) for text in ax.texts if text.get_text()] == ["v", "u₀", "W v"]
    assert left.get_xlim() == right.get_xlim()  # one scale, or nobody sees the stretch


def oracle_convergence(convergence):
    ax = convergence(STEPS, {"0.5": 0.5**STEPS, "0.9": 0.9**STEPS}, {"0.5": STEPS, "0.9": 2 * STEPS}, "tan θ").axes[0]
    for label, measured in (("0.5", 0.5**STEPS), ("0.9", 0.9**STEPS)):
        np.testing.assert_array_equal(line(ax, label).get_xydata(), np.stack([STEPS, measured], 1))
        assert line(ax, label).get_linestyle() == "None"
    laws = [each.get_ydata() for each in ax.lines if each.get_marker() == "None"]
    np.testing.assert_array_equal(laws, [STEPS, 2 * STEPS])
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "tan θ")


def oracle_tracked(tracked):
    """The mean of the seeds, their range, and the 1 that would be exact."""
    ax = tracked(STEPS, {"last u": SEEDS, "fresh u": SEEDS / 2}, "share of σ").axes[0]
    np.testing.assert_allclose(line(ax, "last u").get_xydata(), np.stack([STEPS, [0.5, 0.7, 0.7]], 1))
    np.testing.assert_allclose(line(ax, "fresh u").get_ydata(), [0.25, 0.35, 0.35])
    assert band(ax, 0) >= {(1, 0.4), (1, 0.6), (2, 0.5), (2, 0.9), (3, 0.5), (3, 0.9)}
    assert any(set(each.get_ydata()) == {1} for each in ax.lines)
    assert ax.get_ylim()[0] == 0


def oracle_operators(operators):
    """Each layer's norms near its own name, under its own bound."""
    start, later, bounds = np.array([1.2, 1.5]), np.array([2.0, 1.8]), np.array([3.0, 2.0])
    ax = operators(NAMES, {"start": start, "later": later}, bounds).axes[0]
    for label, values in (("start", start), ("later", later)):
        np.testing.assert_array_equal(line(ax, label).get_ydata(), values)
        np.testing.assert_array_equal(np.round(line(ax, label).get_xdata()), [0, 1])
    (limits,) = ax.collections
    assert [segment[0, 1] for segment in limits.get_segments()] == [3, 2]
    assert [label.get_text() for label in ax.get_xticklabels()] == NAMES
    np.testing.assert_array_equal(line(ax, "σ of the reshaped matrix").get_ydata(), [1, 1])


def oracle_spectra(spectra):
    """Shares of each seed's own largest, then the mean; the first is 1."""
    values = np.array([[2.0, 1.0, 0.0], [4.0, 1.0, 1.0]])
    figure = spectra({"second": {"SN": values, "clip": values[:, ::-1] + 1}, "third": {"SN": 5 * values}})
    second, third = figure.axes
    assert [second.get_title(), third.get_title()] == ["second", "third"]
    for ax in (second, third):
        np.testing.assert_allclose(line(ax, "SN").get_xydata(), [[1, 1], [2, 3 / 8], [3, 1 / 8]])
        assert band(ax, 0) >= {(2, 0.25), (2, 0.5), (3, 0), (3, 0.25)}
    np.testing.assert_allclose(line(second, "clip").get_ydata()[1:], [1.5, 2.75])
    assert line(second, "clip").get_linestyle() != line(second, "SN").get_linestyle()  # not by colour alone


def oracle_slopes(slopes):
    """Each group's shares add up to 1, around its own values; and the slope 1 is marked."""
    ax = slopes({"SN": np.full(10, 0.5), "clip": np.array([2.0, 2.0, 8.0])}).axes[0]
    drawn = {}
    for patch in ax.patches:
        x, y = patch.get_xy().T
        drawn[patch.get_label()] = x[y > 0].min(), x[y > 0].max(), y.max()
    assert drawn["SN"][0] <= 0.5 <= drawn["SN"][1] < 0.6
    assert 1.5 < drawn["clip"][0] <= 2
    assert drawn["clip"][1] == pytest.approx(8)
    assert [drawn["SN"][2], drawn["clip"][2]] == pytest.approx([1, 2 / 3])
    assert ax.get_xscale() == "log"
    np.testing.assert_array_equal(line(ax, "slope 1").get_xdata(), [1, 1])


def oracle_readings(readings):
    """A mark for each seed, in the row of its own condition; the truth as a dashed line and in words."""
    panels = {"distance": READ, "norms": {label: 3 * values for label, values in READ.items()}}
    left, right = readings(panels, {"distance": 1, "norms": 2}).axes
    for ax, scale, truth in ((left, 1, 1), (right, 3, 2)):
        for row, values in enumerate(READ.values()):
            np.testing.assert_array_equal(ax.lines[row].get_xdata(), scale * values)
            np.testing.assert_array_equal(np.round(ax.lines[row].get_ydata()), [row, row])
        assert list(ax.lines[-1].get_xdata()) == [truth, truth]
        assert f"dashed: {truth}" in ax.get_xlabel()
        assert ax.get_xscale() == "log"
    assert left.yaxis_inverted()
    assert [label.get_text() for label in left.get_yticklabels()] == list(READ)
    assert left.lines[0].get_marker() != left.lines[1].get_marker()


def oracle_against_work(against_work):
    """Of 0.4 and 0.6: the mean 0.5 and the standard error 0.1; each group over its own work."""
    figure = against_work({"n_dis = 1": (WORK, SEEDS), "n_dis = 5": (2 * WORK, 2 * SEEDS)}, "distance")
    (ax,) = figure.axes
    np.testing.assert_allclose(line(ax, "n_dis = 1").get_xydata(), np.stack([WORK, [0.5, 0.7, 0.7]], 1))
    np.testing.assert_allclose(line(ax, "n_dis = 5").get_xydata(), np.stack([2 * WORK, [1, 1.4, 1.4]], 1))
    assert band(ax, 0) >= {(10, 0.3), (10, 0.7), (20, 0.3), (20, 1.1)}
    assert ax.get_ylabel() == "distance"
    assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["n_dis = 1", "n_dis = 5"]


def test_an_ellipse_alone():
    for ax in pictures.ellipse(W).axes:
        assert len(ax.lines) == 2
        assert not ax.texts


MUTANTS = {
    oracle_ellipse: {
        "the ellipse of the transpose": lambda W, v, u: pictures.ellipse(W.T, v, u),
        "the steps in reverse": lambda W, v, u: pictures.ellipse(W, v[::-1], u),
        "one step too few": lambda W, v, u: pictures.ellipse(W, v[:-1], u),
        "no start": lambda W, v, u: pictures.ellipse(W, v),
    },
    oracle_convergence: {
        "marks and lines swapped": lambda steps, measured, laws, y: pictures.convergence(steps, laws, measured, y),
        "the rates swapped": lambda steps, measured, laws, y: pictures.convergence(steps, swapped(measured), laws, y),
    },
    oracle_tracked: {
        "one seed alone": lambda steps, groups, y: pictures.tracked(
            steps, {label: v[:1] for label, v in groups.items()}, y
        ),
        "last and fresh swapped": lambda steps, groups, y: pictures.tracked(steps, swapped(groups), y),
    },
    oracle_operators: {
        "the layers in reverse": lambda names, groups, b: pictures.operators(names[::-1], groups, b),
        "the bounds in reverse": lambda names, groups, b: pictures.operators(names, groups, b[::-1]),
        "start and later swapped": lambda names, groups, b: pictures.operators(names, swapped(groups), b),
    },
    oracle_spectra: {
        "the layers of the spectra swapped": lambda panels: pictures.spectra(swapped(panels)),
        "one seed of the spectra lost": lambda panels: pictures.spectra(
            {title: {label: v[1:] for label, v in groups.items()} for title, groups in panels.items()}
        ),
    },
    oracle_slopes: {
        "the groups of slopes swapped": lambda groups: pictures.slopes(swapped(groups)),
        "slopes squared": lambda groups: pictures.slopes({label: v**2 for label, v in groups.items()}),
    },
    oracle_readings: {
        "the conditions swapped": lambda panels, truth: pictures.readings(
            {x: swapped(groups) for x, groups in panels.items()}, truth
        ),
        "one truth for all": lambda panels, truth: pictures.readings(panels, dict.fromkeys(truth, 1)),
        "means for seeds": lambda panels, truth: pictures.readings(
            {x: {label: v.mean(keepdims=True) for label, v in groups.items()} for x, groups in panels.items()}, truth
        ),
    },
    oracle_against_work: {
        "one work for all": lambda groups, y: pictures.against_work(
            {label: (WORK, v) for label, (_, v) in groups.items()}, y
        ),
        "one seed twice": lambda groups, y: pictures.against_work(
            {label: (w, v[[0, 0]]) for label, (w, v) in groups.items()}, y
        ),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
