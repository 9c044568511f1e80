"""The pictures of chapter 12 show what they are given: each seed, each critic under its own name, each formula."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import critics as pictures

X = np.linspace(-2, 2, 9)
P, Q = np.exp(-((X + 1) ** 2)), np.exp(-((X - 1) ** 2))
D = np.stack([1 / (1 + np.exp(3 * X)), 1 / (1 + np.exp(2 * X))])  # two seeds
F = np.stack([-X, -1.5 * X])
SENT = {"saturating": D, "non_saturating": 1 - D, "critic": np.abs(F) + 0.1}
C = np.array([0.01, 0.1, 1.0])
SLOPES = np.array([[1e-3, 2e-3], [1.0, 2.0], [1e3, 2e3]])  # (clips, seeds)
THROUGH = {"c = 0.1": np.array([[8.0, 4.0, 2.0], [18.0, 6.0, 2.0]]), "penalty": np.array([[1.0, 1.1, 1.2]])}
WEIGHTS = {"clipped": (np.array([-0.1] * 3 + [0.1]), 0.1), "penalised": (np.linspace(-1, 1, 20), None)}
PRICES = {"two": (X**2, np.array([1.0, -1.0]), np.array([0.5, 0.7])), "one": (X**3, np.array([1.5]), np.array([0.1]))}
AXIS = np.linspace(-1, 1, 4)
ROWS = {
    "spots": {"exact": np.arange(16.0).reshape(4, 4), "clipped": np.eye(4)},
    "roll": {"exact": np.arange(16.0).reshape(4, 4) ** 2, "clipped": 1 - np.eye(4)},
}
POINTS = {"spots": np.array([[0.1, -0.2], [0.3, 0.4]]), "roll": np.array([[0.5, 0.6]])}
PAIRS = ["near", "far"]
REPORTS = {"penalty": np.array([[1.0, 1.1], [1.2, 1.3]]), "clipped": np.array([[0.2, 0.3], [0.4, 0.5]])}
AWAY = np.array([[2.0, 1.0, 0.5], [2.2, 1.2, 0.7]])  # (seeds, times)
TRACKS = {"W": (AWAY, 2 * AWAY, "−L_D", True), "JS": (AWAY, 3 - AWAY, "L_D", False)}

GIVEN = {
    "beside": (X, P, Q, D, F, SENT),
    "powers": (C, SLOPES, 2 * C, 3 * C),
    "through_the_layers": (THROUGH, {"c = 0.1": 2.0}),
    "weights": (WEIGHTS,),
    "prices": (X, PRICES),
    "surfaces": (AXIS, ROWS, POINTS),
    "reported": (PAIRS, REPORTS),
    "against_the_distance": (TRACKS, "distance"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_axes_are_labelled(name):
    assert_labelled(getattr(pictures, name)(*GIVEN[name]))


def lines(ax, label):
    """The lines whose label begins with `label`."""
    return [line for line in ax.lines if str(line.get_label()).startswith(label)]


def curve(ax, label):
    (line,) = lines(ax, label)
    return line.get_ydata()


def drawn(ax, values):
    return any(np.array_equal(line.get_ydata(), values) for line in ax.lines)


def oracle_beside(beside):
    """D left, the critic right; every seed is there, the first one under its name."""
    above_d, above_f, below_d, below_f = beside(X, P, Q, D, F, SENT).axes
    np.testing.assert_array_equal(curve(above_d, "discriminator"), D[0])
    np.testing.assert_array_equal(curve(above_f, "critic"), F[0])
    for ax, label, values in (
        (below_d, "saturating", SENT["saturating"]),
        (below_d, "non-saturating", SENT["non_saturating"]),
        (below_f, "critic", SENT["critic"]),
    ):
        np.testing.assert_array_equal(curve(ax, label), values[0])
        assert drawn(ax, values[1])
        assert ax.get_yscale() == "log"
    assert drawn(above_d, D[1])
    assert drawn(above_f, F[1])
    assert below_d.get_ylim() == below_f.get_ylim()  # to be compared
    for ax in above_d, above_f:
        data, model = (each.get_paths()[0].vertices[:, 1].max() for each in ax.collections)
        np.testing.assert_allclose([data, model], [P.max(), Q.max()])
        assert [each.get_label() for each in ax.collections] == ["data p", "model q"]
        heights = {each.get_label(): each.get_paths()[0].vertices for each in ax.collections}
        assert heights["data p"][np.argmax(heights["data p"][:, 1]), 0] < 0


def oracle_powers(powers):
    ax = powers(C, SLOPES, 2 * C, 3 * C).axes[0]
    np.testing.assert_array_equal(curve(ax, "expected"), 2 * C)
    np.testing.assert_array_equal(curve(ax, "the largest"), 3 * C)
    np.testing.assert_array_equal(curve(ax, "trained"), SLOPES[:, 0])
    assert drawn(ax, SLOPES[:, 1])
    assert set(curve(ax, "what would")) == {1}
    assert ax.get_xscale() == ax.get_yscale() == "log"


def oracle_through_the_layers(through_the_layers):
    """Every seed; the factor foretold is applied once for each layer, from the last one back to the input."""
    ax = through_the_layers(THROUGH, {"c = 0.1": 2.0}).axes[0]
    np.testing.assert_array_equal(curve(ax, "c = 0.1"), [8, 4, 2])
    assert drawn(ax, THROUGH["c = 0.1"][1])
    np.testing.assert_array_equal(curve(ax, "penalty"), THROUGH["penalty"][0])
    np.testing.assert_array_equal(lines(ax, "penalty")[0].get_xdata(), [0, 1, 2])
    grey = [line.get_ydata() for line in ax.lines if line.get_zorder() == 0]
    np.testing.assert_allclose(grey, [[8, 4, 2]])
    assert len({line.get_marker() for label in THROUGH for line in lines(ax, label)}) == 2  # not by colour alone


def oracle_weights(weights):
    """Shares of all weights, each under its title; where something clips, its two ends."""
    axes = weights(WEIGHTS).axes
    assert [ax.get_title() for ax in axes] == list(WEIGHTS)
    left, right = ([patch.get_height() for patch in ax.patches] for ax in axes)
    np.testing.assert_allclose([left[0], left[-1], sum(left), sum(right)], [3 / 4, 1 / 4, 1, 1])
    assert [line.get_xdata()[0] for line in axes[0].lines] == [-0.1, 0.1]
    assert len(axes[1].lines) == 0


def oracle_prices(prices):
    axes = prices(X, PRICES).axes
    for ax, (title, (price, found, paid)) in zip(axes, PRICES.items(), strict=True):
        assert ax.get_title() == title
        np.testing.assert_array_equal(curve(ax, "price"), price)
        np.testing.assert_array_equal(lines(ax, "trained")[0].get_xydata(), np.stack([found, paid], 1))


def oracle_surfaces(surfaces):
    """A row for each kind of data, a column for each critic, its own points on it; f upwards with x₂."""
    axes = np.array(surfaces(AXIS, ROWS, POINTS).axes).reshape(2, 2)
    assert [ax.get_title() for ax in axes[0]] == ["exact", "clipped"]
    for line, (data, critics) in zip(axes, ROWS.items(), strict=True):
        assert line[0].get_ylabel().startswith(data)
        for ax, name in zip(line, ("exact", "clipped"), strict=True):
            np.testing.assert_array_equal(ax.lines[0].get_xydata(), POINTS[data])
            filled = ax.collections[0]
            assert filled.zmin <= critics[name].min() <= critics[name].max() <= filled.zmax
    exact = axes[0, 0].collections[0]  # here f grows with x₂ first: its highest level lies at the top
    tops = [path.vertices[:, 1].max() for path in exact.get_paths() if len(path.vertices)]
    lows = [path.vertices[:, 1].min() for path in exact.get_paths() if len(path.vertices)]
    assert tops[0] < 0 < lows[-1]


def oracle_reported(reported):
    ax = reported(PAIRS, REPORTS).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == PAIRS
    assert ax.yaxis_inverted()
    assert ax.get_xscale() == "log"
    for name, values in REPORTS.items():
        (first,) = lines(ax, name)
        np.testing.assert_array_equal(first.get_xdata(), values[0])
        same = [line for line in ax.lines if line.get_marker() == first.get_marker()]
        assert [round(line.get_ydata()[0]) for line in same] == [0, 1]
        np.testing.assert_array_equal(same[1].get_xdata(), values[1])
    assert any(list(line.get_xdata()) == [1, 1] for line in ax.lines)


def oracle_against_the_distance(against_the_distance):
    """A line for each seed, a ring about its last moment; the line of equality only where both have one unit."""
    axes = [ax for ax in against_the_distance(TRACKS, "distance").axes if ax.lines]
    for ax, (title, (distances, readings, ylabel, one_unit)) in zip(axes, TRACKS.items(), strict=True):
        assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == (title, "distance", ylabel)
        for seed in range(2):
            track, ring = ax.lines[2 * seed : 2 * seed + 2]
            np.testing.assert_array_equal(track.get_xydata(), np.stack([distances[seed], readings[seed]], 1))
            np.testing.assert_array_equal(ring.get_xydata(), [[distances[seed, -1], readings[seed, -1]]])
        assert len(lines(ax, "equal")) == one_unit
    equal = lines(axes[0], "equal")[0].get_xydata()
    np.testing.assert_array_equal(equal, [[0.5, 0.5], [2.2, 2.2]])


MUTANTS = {
    oracle_beside: {
        "data and model swapped": lambda x, p, q, *rest: pictures.beside(x, q, p, *rest),
        "D and critic swapped": lambda x, p, q, d, f, sent: pictures.beside(x, p, q, f, d, sent),
        "the first seed alone": lambda x, p, q, d, f, sent: pictures.beside(
            x, p, q, d[:1], f[:1], {n: s[:1] for n, s in sent.items()}
        ),
        "the losses swapped": lambda x, p, q, d, f, sent: pictures.beside(
            x, p, q, d, f, sent | {"saturating": sent["non_saturating"], "non_saturating": sent["saturating"]}
        ),
    },
    oracle_powers: {
        "expected and largest swapped": lambda c, slopes, a, b: pictures.powers(c, slopes, b, a),
        "a mean of the seeds": lambda c, slopes, *rest: pictures.powers(c, slopes.mean(1, keepdims=True), *rest),
    },
    oracle_through_the_layers: {
        "from the input on": lambda measured, foretold: pictures.through_the_layers(
            {n: v[:, ::-1] for n, v in measured.items()}, foretold
        ),
        "the factor turned over": lambda measured, foretold: pictures.through_the_layers(
            measured, {n: 1 / v for n, v in foretold.items()}
        ),
        "nothing foretold": lambda measured, foretold: pictures.through_the_layers(measured, {}),
    },
    oracle_weights: {
        "the weights' titles swapped": lambda panels: pictures.weights(swapped(panels)),
        "no ends": lambda panels: pictures.weights({n: (v, None) for n, (v, _) in panels.items()}),
        "the sizes of weights": lambda panels: pictures.weights({n: (abs(v), c) for n, (v, c) in panels.items()}),
    },
    oracle_prices: {
        "the prices swapped": lambda s, panels: pictures.prices(s, swapped(panels)),
        "one critic lost": lambda s, panels: pictures.prices(
            s, {n: (v, a[1:], b[1:]) for n, (v, a, b) in panels.items()}
        ),
    },
    oracle_surfaces: {
        "x₁ and x₂ swapped": lambda x, rows, points: pictures.surfaces(
            x, {d: {n: f.T for n, f in row.items()} for d, row in rows.items()}, points
        ),
        "the points of other data": lambda x, rows, points: pictures.surfaces(x, rows, swapped(points)),
        "the columns swapped": lambda x, rows, points: pictures.surfaces(
            x, {d: swapped(row) for d, row in rows.items()}, points
        ),
    },
    oracle_reported: {
        "the critics swapped": lambda pairs, critics: pictures.reported(pairs, swapped(critics)),
        "the pairs upside down": lambda pairs, critics: pictures.reported(
            pairs, {n: v[::-1] for n, v in critics.items()}
        ),
    },
    oracle_against_the_distance: {
        "the axes swapped": lambda panels, label: pictures.against_the_distance(
            {n: (r, d, *o) for n, (d, r, *o) in panels.items()}, label
        ),
        "rings at the start": lambda panels, label: pictures.against_the_distance(
            {n: (d[:, ::-1], r[:, ::-1], *o) for n, (d, r, *o) in panels.items()}, label
        ),
        "equal everywhere": lambda panels, label: pictures.against_the_distance(
            {n: (*v[:3], True) for n, v in panels.items()}, label
        ),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
