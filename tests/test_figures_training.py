"""The pictures of chapter 07 show what they are given: every curve, every sample, every label."""

import numpy as np
import pytest
from drawn import assert_labelled
from mutants import assert_killed

from gan_core.course.figures import training as pictures

X = np.linspace(-4, 4, 81)
P, Q, D = np.exp(-((X - 1) ** 2)) / 2, np.exp(-((X + 1) ** 2)) / 2, 1 / (1 + np.exp(-X))
Z, G = np.linspace(-2, 2, 5), np.linspace(-1, 3, 5)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (7, 1, 8, 8))
RUNS = np.random.default_rng(1).uniform(1, 2, (3, 6))
STEPS = 10 * np.arange(1, 7)


FIGURES = {
    "evolution": lambda: pictures.evolution(X, P, [("step 1", Q, D, Z, G), ("step 2", Q, D, Z, G)]),
    "game": lambda: pictures.game(X, P, [("start", Q, D, G, Z)]),
    "spread": lambda: pictures.spread(STEPS, {"k = 1": RUNS, "k = 2": RUNS + 1}, "distance"),
    "clouds": lambda: pictures.clouds(np.zeros((1, 2)), [("a", RUNS, "C0"), ("b", RUNS, "C1")], radius=0.5),
    "scores": lambda: pictures.scores([("share", {"real": 0.9, "GAN": [0.7, 0.8]}, "linear")]),
    "classes": lambda: pictures.classes({"real": RUNS[:1], "GAN": RUNS}),
    "nearest": lambda: pictures.nearest({"real": RUNS[0], "GAN": RUNS[1]}),
    "losses": lambda: pictures.losses(STEPS, RUNS, RUNS, RUNS, ("loss (nats)", "distance")),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def curve(ax, label):
    return next(line.get_ydata() for line in ax.lines if line.get_label() == label)


def oracle_densities(figure):
    for top in figure(X, P).axes[:1]:
        np.testing.assert_array_equal(curve(top, "data p"), P)
        np.testing.assert_array_equal(curve(top, "model q"), Q)
        np.testing.assert_array_equal(curve(top, "D"), D)


def test_densities():
    oracle_densities(lambda x, p: pictures.evolution(x, p, [("step 1", Q, D, Z, G)]))
    oracle_densities(lambda x, p: pictures.game(x, p, [("step 1", Q, D, G, Z)]))


@pytest.mark.parametrize(
    "mutant",
    [
        lambda x, p: pictures.evolution(x, p, [("", D, Q, Z, G)]),
        lambda x, p: pictures.game(x, Q, [("", p, D, G, Z)]),
    ],
    ids=["q and D swapped", "data and model swapped"],
)
def test_densities_mutants(mutant):
    assert_killed(oracle_densities, mutant)


def oracle_arrows(z, g):
    arrows = pictures.evolution(X, P, [("", Q, D, z, g)]).axes[1].texts
    assert [(a.xyann, a.xy) for a in arrows] == [((a, 1), (b, 0)) for a, b in zip(Z, G, strict=True)]


def test_arrows_lead_from_z_to_its_image():
    oracle_arrows(Z, G)
    assert_killed(lambda pair: oracle_arrows(*pair), (G, Z))


def test_pull_points_where_it_is_given_and_is_cut():
    (pull,) = [c for c in pictures.game(X, P, [("", Q, D, G, 3 * Z)]).axes[1].collections if hasattr(c, "U")]
    np.testing.assert_array_equal(pull.U, [-1, -1, 0, 1, 1])


def test_spread_shows_median_and_range():
    ax = pictures.spread(STEPS, {"k = 1": RUNS}, "distance").axes[0]
    np.testing.assert_allclose(curve(ax, "k = 1"), np.median(RUNS, 0))
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (RUNS.min(), RUNS.max())
    two = pictures.spread({"a": STEPS, "b": STEPS[:3]}, {"a": RUNS, "b": RUNS[:, :3]}, "distance").axes[0]
    assert [len(line.get_xdata()) for line in two.lines] == [6, 3]


def test_sheets_keep_every_image_where_it_belongs():
    sheet = pictures.sheets([("all", IMAGES)], columns=3).axes[0].images[0].get_array()
    assert sheet.shape == (3 * 9 + 1, 3 * 9 + 1)
    np.testing.assert_array_equal(sheet[1:9, 10:18], IMAGES[1, 0])
    np.testing.assert_array_equal(sheet[19:27, 1:9], IMAGES[6, 0])
    both = pictures.pairs(IMAGES[:3], IMAGES[3:6], ("a", "b")).axes[0].images[0].get_array()
    np.testing.assert_array_equal(both[1:9, 1:9], IMAGES[0, 0])
    np.testing.assert_array_equal(both[10:18, 1:9], IMAGES[3, 0])


def test_every_seed_has_its_mark_and_every_sampler_its_name():
    ax = pictures.scores([("share", {"real": 0.9, "GAN": [0.7, 0.8]}, "log")]).axes[0]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0.9], [0.7, 0.8]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["real", "GAN"]
    assert ax.get_xscale() == "log"


def test_losses_and_classes_show_the_middle_of_the_seeds():
    above, below = pictures.losses(STEPS, RUNS, RUNS + 1, RUNS + 2, ("loss", "distance")).axes
    np.testing.assert_allclose(curve(above, "L_D"), np.median(RUNS, 0))
    np.testing.assert_allclose(curve(above, "L_G"), np.median(RUNS, 0) + 1)
    np.testing.assert_allclose(below.lines[-1].get_ydata(), np.median(RUNS, 0) + 2)
    bars = [bar.get_height() for bar in pictures.classes({"GAN": RUNS}).axes[0].patches]
    np.testing.assert_allclose(bars, RUNS.mean(0))
