"""The pictures of chapter 05 show what they are given: labelled, complete, and also when a path runs away."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture
from mutants import assert_killed, faults_of

from gan_core import games
from gan_core.course.figures import games as pictures

X, Y = np.meshgrid(np.linspace(-2, 2, 19), np.linspace(-2, 2, 19))
XY = games.bilinear()
PATH = games.trajectory(XY, games.simultaneous(0.1), steps=40)
AWAY = games.trajectory(XY, games.simultaneous(1e3))  # ends in NaN
BINS = np.linspace(-1, 1, 5)
Q = np.array([0.1, 0.2, 0.4, 0.2, 0.1])

FIGURES = {
    "saddle": lambda: pictures.saddle(X, Y, X * Y, XY.field(X, Y), PATH),
    "paths": lambda: pictures.paths({"simultaneous": PATH, "away": AWAY}),
    "radii": lambda: pictures.radii({"look-ahead, K = 1": np.hypot(*PATH.T), "another": np.ones(3)}, "title"),
    "eigenvalue_curves": lambda: pictures.eigenvalue_curves({"alternating": np.exp(1j * BINS)}, BINS, marked=2),
    "dirac_panels": lambda: pictures.dirac_panels(
        X,
        Y,
        {"r1": XY.field(X, Y), "wgan_gp": XY.field(X, Y)},
        {"r1": {"alternating": PATH}, "wgan_gp": {"alternating": AWAY}},
    ),
    "explorer": lambda: pictures.explorer(X, Y, XY.field(X, Y), PATH, np.array([0.5, 1 + 1j, 1 - 1j]), "title"),
    "explorer, no eigenvalues": lambda: pictures.explorer(X, Y, XY.field(X, Y), AWAY, np.array([]), "title"),
    "collapse": lambda: pictures.collapse(BINS, Q, Q, *[{1: Q, 10: Q, 1000: Q}] * 2),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    assert all(ax.get_title() for ax in figure.axes)


def oracle_paths(paths):
    """The path is drawn whole; one that runs away is drawn up to there, so that the axes stay."""
    whole, away = paths({"simultaneous": PATH, "away": AWAY}).axes
    np.testing.assert_array_equal(whole.lines[0].get_xydata(), PATH)
    assert np.abs(away.lines[0].get_xydata()).max() < 100
    assert whole.get_xlim() == away.get_xlim() == (-2, 2)


def oracle_explorer(explorer):
    """Eigenvalues on either side of the circle differ in marker, not only in colour."""
    right = explorer(X, Y, XY.field(X, Y), PATH, np.array([0.5, 1 + 1j, 1 - 1j]), "title").axes[1]
    inside, outside = [line for line in right.lines if line.get_label().startswith("|λ|")]
    np.testing.assert_array_equal(inside.get_xydata(), [[0.5, 0]])
    np.testing.assert_array_equal(outside.get_xydata(), [[1, 1], [1, -1]])
    assert inside.get_marker() != outside.get_marker()


MUTANTS = {
    oracle_paths: {
        "players swapped": lambda found: pictures.paths({name: path[:, ::-1] for name, path in found.items()}),
        "another frame": lambda found: pictures.paths(found, limit=3),
    },
    oracle_explorer: {
        "other eigenvalues": lambda *given: pictures.explorer(*given[:4], np.conj(given[4]) * 1.5, given[5]),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)


def test_every_integrator_has_its_own_look():
    looks = {(line["color"], line["ls"], line["marker"]) for line in pictures.LINES.values()}
    markers = {line["marker"] for line in pictures.LINES.values()}
    assert len(looks) == len(markers) == len(pictures.LINES) == len(games.INTEGRATORS)
