"""The pictures of chapter 03 show what they are given: labelled, complete, infinities and jumps included."""

import numpy as np
import pytest
from drawn import assert_labelled
from mutants import assert_killed, faults

from gan_core import divergences
from gan_core.course.figures import divergences as pictures

X = np.linspace(-4, 4, 81)
P, Q = (np.exp(-((X - c) ** 2) / 2) / np.exp(-((X - c) ** 2) / 2).sum() for c in (0.0, 1.0))
THETA = np.linspace(-2, 2, 41)
CURVES = {
    "JSD": np.where(THETA == 0, 0, np.log(2)),  # a jump on both sides of 0
    "KL": np.where(np.abs(THETA) > 1, np.inf, THETA**2 / 2),
    "TV": np.minimum(1, np.abs(THETA)),
    "EMD": np.abs(THETA),
}
RATIO = np.linspace(0.1, 5, 50)


def excess(d):
    p, m, r = np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 400))
    return d(p, r) - d(p, m) - d(m, r)


FIGURES = {
    "fits": lambda: pictures.fits(X, P, {"KL": P, "JSD": Q}, THETA, {"KL": THETA**2, "JSD": np.abs(THETA)}),
    "triangles": lambda: pictures.triangles({"JSD": excess(divergences.js), "TV": excess(divergences.tv)}),
    "f_curves": lambda: pictures.f_curves(RATIO, {"KL": RATIO * np.log(RATIO), "TV": np.abs(RATIO - 1) / 2}),
    "best_discriminators": lambda: pictures.best_discriminators(
        X, P, Q, {"hinge": np.sign(P - Q)}, {"hinge": np.sign(P - Q)}
    ),
    "parting": lambda: pictures.parting(X, P, Q, THETA, CURVES, 0.5),
    "families": lambda: pictures.families(X, THETA, {"bell": (P, Q, CURVES), "bell again": (P, Q, CURVES)}, 0.5),
    "bins_against_points": lambda: pictures.bins_against_points(
        2 ** np.arange(4), np.linspace(0, 0.6, 8).reshape(2, 4), np.array([0.1, 0.2])
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def panels(figure):
    return {ax.get_title().split(" ")[0]: ax for ax in figure.axes[1:]}


def mark(ax):
    return next(line for line in ax.lines if line.get_marker() == "o").get_xydata()[0]


def oracle_parting(parting):
    for shift, kl in ((0.5, 0.125), (1.0, 0.5), (1.5, np.inf)):
        shown = panels(parting(X, P, Q, THETA, CURVES, shift))
        assert list(shown) == ["JSD", "KL", "TV", "EMD"]
        np.testing.assert_allclose(mark(shown["EMD"]), [shift, shift], atol=1e-12)
        np.testing.assert_allclose(mark(shown["TV"]), [shift, min(1, shift)], atol=1e-12)
        if np.isinf(kl):  # ∞ stands above every finite value, on a tick of its own
            infinite = dict(zip(*_ticks(shown["KL"]), strict=True)).get("∞", 0)
            assert mark(shown["KL"])[1] == infinite > 0.5
            assert shown["KL"].get_ylim()[1] > infinite
        else:
            np.testing.assert_allclose(mark(shown["KL"])[1], kl, atol=1e-12)


def _ticks(ax):
    return [label.get_text() for label in ax.get_yticklabels()], ax.get_yticks()


def test_parting():
    oracle_parting(pictures.parting)


MUTANTS = {
    "the mark stays where it was": lambda x, p, q, theta, curves, shift: pictures.parting(x, p, q, theta, curves, 0.5),
    "infinity drawn as zero": lambda x, p, q, theta, curves, shift: pictures.parting(
        x, p, q, theta, {name: np.where(np.isinf(v), 0, v) for name, v in curves.items()}, shift
    ),
    "KL and JSD exchanged": lambda x, p, q, theta, curves, shift: pictures.parting(
        x, p, q, theta, {**curves, "JSD": curves["KL"], "KL": curves["JSD"]}, shift
    ),
    "EMD clipped at 1": lambda x, p, q, theta, curves, shift: pictures.parting(
        x, p, q, theta, {**curves, "EMD": np.minimum(1, curves["EMD"])}, shift
    ),
}


@faults(MUTANTS)
def test_parting_sees(mutant):
    assert_killed(oracle_parting, mutant)


def test_a_jump_is_a_gap_and_a_slope_is_not():
    shown = panels(pictures.parting(X, P, Q, THETA, CURVES, 0.5))
    assert np.isnan(shown["JSD"].lines[0].get_ydata()).sum() == 2  # down to 0 and up again
    np.testing.assert_allclose(shown["JSD"].lines[1].get_xydata(), [[0, 0]], atol=1e-12)  # and 0 as a dot of its own
    fine = np.linspace(-2, 2, 401)
    smooth = {name: np.minimum(np.log(2), np.abs(fine)) for name in CURVES}
    assert not np.isnan(panels(pictures.parting(X, P, Q, fine, smooth, 0.5))["JSD"].lines[0].get_ydata()).any()


def test_families_shows_the_same_curves():
    figure = FIGURES["families"]()
    for ax, values in zip(figure.axes[1:5], CURVES.values(), strict=True):
        x, y = ax.lines[0].get_xydata().T
        drawn = y[~np.isnan(y)]
        finite = values[np.isfinite(values)]
        assert set(np.round(finite, 9)) <= set(np.round(drawn, 9))
        assert x.min() == THETA[0]
        assert x.max() == THETA[-1]


def test_triangles_counts_violations():
    figure = pictures.triangles({"JSD": np.array([-0.3, -0.1, 0.1]), "TV": np.array([-0.5, 0.0, 1e-17])})
    assert [ax.get_title() for ax in figure.axes] == ["violations by JSD: 1", "violations by TV: 0"]
    for ax, violations in zip(figure.axes, (1, 0), strict=True):
        orange = [bar for bar in ax.patches if bar.get_hatch()]
        assert sum(bar.get_height() for bar in orange) == violations
        assert sum(bar.get_height() for bar in ax.patches) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((X, P, Q, THETA, CURVES, 0.123), "shift must be one of"),
        ((X, P, Q, THETA, {**CURVES, "KL": np.full(41, np.nan)}, 0.5), "KL is NaN"),
        (
            (X, P, Q, THETA, {"JSD": CURVES["JSD"], "KL": CURVES["KL"], "TV": CURVES["TV"], "W": CURVES["EMD"]}, 0.5),
            "no line",
        ),
        ((X, P, Q, THETA, {"JSD": CURVES["JSD"]}, 0.5), "four"),
        ((X, P, Q, THETA, {**CURVES, "TV": CURVES["TV"][1:]}, 0.5), "TV must have one value"),
    ],
)
def test_parting_rejects(arguments, said):
    with pytest.raises(ValueError, match=said):
        pictures.parting(*arguments)
