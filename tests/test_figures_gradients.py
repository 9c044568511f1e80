"""The pictures of chapter 06 show the numbers that they are given, each under the name of its own loss."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import gradients as pictures

A = np.linspace(-8, 8, 33)
D = 1 / (1 + np.exp(-A))
LOSSES = {"saturating": np.log(1 - D), "non_saturating": -np.log(D)}
GRADIENTS = {"saturating": -D, "non_saturating": -(1 - D)}
STEPS = [0, 10, 100, 1000]
HISTORIES = {"saturating": np.array([[1, 0.1, 1e-2, 1e-4], [1, 0.3, 1e-2, 1e-2]])}
HISTORIES["non_saturating"] = 2 * HISTORIES["saturating"][:, ::-1]
LOSS_D = np.array([1e-4, 0.1, 3.0])
LOSSES_AT = {"saturating": D[17:], "non_saturating": 1 + D[17:]}
Q = np.exp(-(A**2) / 2) / np.sqrt(2 * np.pi)


FIGURES = {
    "two_losses": lambda: pictures.two_losses(A, LOSSES, GRADIENTS),
    "bound": lambda: pictures.bound(LOSS_D, LOSS_D / 2, [("one", 1.0, 0.1)]),
    "against_a_frozen_generator": lambda: pictures.against_a_frozen_generator(
        STEPS, {"one": HISTORIES, "two": HISTORIES}
    ),
    "two_normals": lambda: pictures.two_normals(A, Q, Q, D, {"saturating": D, "non_saturating": 1 - D}),
    "at_the_optimum": lambda: pictures.at_the_optimum(A[17:], LOSSES_AT, LOSSES_AT),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert figure.axes[0].get_legend() is not None


def curve(axes, label, marker=None):
    """The points of the one line whose label begins with `label`."""
    (line,) = (line for line in axes.lines if str(line.get_label()).startswith(label))
    assert marker is None or line.get_marker() == marker
    return line.get_xydata()


def oracle_two_losses(two_losses):
    left, right = two_losses(A, LOSSES, GRADIENTS).axes
    for axes, values in (left, LOSSES), (right, GRADIENTS):
        np.testing.assert_array_equal(curve(axes, "saturating"), np.stack([A, values["saturating"]], 1))
        np.testing.assert_array_equal(curve(axes, "non-saturating"), np.stack([A, values["non_saturating"]], 1))


def oracle_bound(bound):
    axes = bound(LOSS_D, LOSS_D / 2, [("one", 1.0, 0.1)]).axes[0]
    np.testing.assert_array_equal(curve(axes, "a random"), np.stack([LOSS_D, LOSS_D / 2], 1))
    limit = curve(axes, "gradient = L_D")
    np.testing.assert_array_equal(limit[:, 0], limit[:, 1])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.texts if text.xy == (1.0, 0.1)] == ["one"]


def oracle_against_a_frozen_generator(against_a_frozen_generator):
    """A line for each seed, and over them their geometric mean: the scale is logarithmic."""
    panels = {"a": HISTORIES, "b": {name: 3 * values for name, values in HISTORIES.items()}}
    figure = against_a_frozen_generator(STEPS, panels)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    for axes, scale in zip(figure.axes, (1, 3), strict=True):
        middle = curve(axes, "saturating", "s")[:, 1]
        np.testing.assert_allclose(middle, scale * np.array([1, np.sqrt(0.03), 1e-2, 1e-3]))
        np.testing.assert_allclose(curve(axes, "non-saturating", "o")[:, 1], 2 * middle[::-1])
        drawn = [line.get_ydata() for line in axes.lines]
        for seed in scale * HISTORIES["saturating"]:
            assert any(np.array_equal(seed, each) for each in drawn)


def oracle_two_normals(two_normals):
    """Gradients stand where fakes are, and only there."""
    p = np.roll(Q, 5)
    above, below = two_normals(A, p, Q, D, {"saturating": D, "non_saturating": 1 - D}).axes
    for label, values in ("data", p), ("model", Q), ("discriminator", D):
        np.testing.assert_array_equal(curve(above, label)[:, 1], values)
    here = Q > 1e-3
    np.testing.assert_array_equal(curve(below, "saturating"), np.stack([A, D], 1)[here])
    np.testing.assert_array_equal(curve(below, "non-saturating"), np.stack([A, 1 - D], 1)[here])


def oracle_at_the_optimum(at_the_optimum):
    """Markers are the losses' gradients, lines the divergences' slopes."""
    slopes = {name: 3 * values for name, values in LOSSES_AT.items()}
    axes = at_the_optimum(A[17:], LOSSES_AT, slopes).axes[0]
    np.testing.assert_array_equal(curve(axes, "saturating", "s")[:, 1], LOSSES_AT["saturating"])
    np.testing.assert_array_equal(curve(axes, "non-saturating", "o")[:, 1], LOSSES_AT["non_saturating"])
    np.testing.assert_array_equal(curve(axes, "slope of 2·JSD")[:, 1], slopes["saturating"])
    np.testing.assert_array_equal(curve(axes, "slope of KL")[:, 1], slopes["non_saturating"])


MUTANTS = {
    oracle_two_losses: {
        "the labels of the losses swapped": lambda a, losses, gradients: pictures.two_losses(
            a, swapped(losses), swapped(gradients)
        ),
        "losses and gradients swapped": lambda a, *both: pictures.two_losses(a, *reversed(both)),
    },
    oracle_bound: {
        "the axes of the bound swapped": lambda x, y, named: pictures.bound(y, x, named),
        "the named points left out": lambda x, y, named: pictures.bound(x, y),
    },
    oracle_against_a_frozen_generator: {
        "the mean of the seeds alone": lambda steps, panels: pictures.against_a_frozen_generator(
            steps, {t: {n: h.mean(0, keepdims=True) for n, h in panel.items()} for t, panel in panels.items()}
        ),
        "one seed lost": lambda steps, panels: pictures.against_a_frozen_generator(
            steps, {t: {n: h[1:] for n, h in panel.items()} for t, panel in panels.items()}
        ),
        "the first panel twice": lambda steps, panels: pictures.against_a_frozen_generator(
            steps, {t: panels["a"] for t in panels}
        ),
    },
    oracle_two_normals: {
        "data and model swapped": lambda x, p, q, d, g: pictures.two_normals(x, q, p, d, g),
        "the losses of the lower panel swapped": lambda x, p, q, d, g: pictures.two_normals(x, p, q, d, swapped(g)),
    },
    oracle_at_the_optimum: {
        "gradients and slopes swapped": lambda shift, gradients, slopes: pictures.at_the_optimum(
            shift, slopes, gradients
        ),
        "the divergences swapped": lambda shift, gradients, slopes: pictures.at_the_optimum(
            shift, gradients, swapped(slopes)
        ),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
