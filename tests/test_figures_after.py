"""The pictures of chapter 16 show what they are given: each map beside its place, each loss, each path, each seed."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line, picture_of, swapped
from matplotlib.colors import to_rgb
from mutants import assert_killed, faults_of

from gan_core.course.figures import after as pictures

IMAGES = np.linspace(-1, 1, 24).reshape(3, 1, 1, 8)
COLOUR = np.linspace(-1, 1, 48).reshape(3, 4, 4)
MAPS = np.arange(8.0).reshape(2, 2, 2) / 28
PLACES = [(0, 1), (1, 0)]
X = np.array([100.0, 200.0, 300.0])
SEEDS = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]])  # (seeds, times): the mean is 2, 2, 5
A = np.linspace(-2, 2, 5)
LOSS = A[:, None] + 2 * A + 7
T = np.array([0.0, 0.5, 1.0])
WAYS = np.array([[-1.0, 0.0, 2.0], [1.0, 1.5, 1.7]])
DENSITY = np.linspace(-3, 3, 4), np.arange(12.0).reshape(3, 4)
HELD = {"training": np.array([1.0, 1.0, 2.0]), "fakes": np.array([-2.0, -1.0, -1.5, -1.0])}


def all_looks(looks):
    return looks({"G": (COLOUR, MAPS), "D": (-COLOUR, MAPS[::-1])}, PLACES)


FIGURES = {
    "examples": lambda: pictures.examples({"real": IMAGES, "fake": -IMAGES}),
    "matrices": lambda: pictures.matrices({"seed 0": MAPS[0], "seed 1": MAPS[1]}, {0: "left eye"}),
    "looks": lambda: all_looks(pictures.looks),
    "courses": lambda: pictures.courses({"L": {"one": (X, SEEDS)}}, "steps", {"L": (1.0, "floor")}, ("L",)),
    "pair_losses": lambda: pictures.pair_losses(A, {"one": LOSS, "two": LOSS.T}),
    "ways_out": lambda: pictures.ways_out(["here", "there"], {"one": [1.0, 2.0], "two": [0.0, 3.0]}),
    "by_heart": lambda: pictures.by_heart({"plain": HELD, "changed": HELD}),
    "ways": lambda: pictures.ways(T, {"lines": WAYS, "flow": -WAYS}, DENSITY),
    "against_effort": lambda: pictures.against_effort({("looks", "distance"): {"Euler": ([1, 2], [9.0, 4.0])}}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    figure = FIGURES[name]()
    assert_labelled(figure)
    panels = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    assert all(ax.get_ylabel() for ax in panels if ax.get_subplotspec().is_first_col())


def shown(ax):
    (image,) = ax.images
    return np.asarray(image.get_array())


def oracle_examples(examples):
    """A row for each label, an image in each panel, all with one scale about 0."""
    axes = examples({"real": IMAGES, "fake": -IMAGES}).axes
    for ax, image in zip(axes, [*IMAGES[:, 0], *-IMAGES[:, 0]], strict=True):
        np.testing.assert_array_equal(shown(ax), image)
        assert ax.images[0].get_clim() == (-1.5, 1.5)
    assert [axes[0].get_ylabel(), axes[3].get_ylabel()] == ["real", "fake"]


def oracle_matrices(matrices):
    """Row j is the place that looks; the named places stand at their rows and columns; one scale for all."""
    figure = matrices({"seed 0": MAPS[0], "seed 1": MAPS[1]}, {1: "right eye"})
    for ax, title, beta in zip(figure.axes, ("seed 0", "seed 1"), MAPS, strict=False):
        np.testing.assert_array_equal(shown(ax), beta)
        assert (ax.get_title(), ax.get_xlabel(), ax.images[0].get_clim()) == (title, "looks at", (0, 1))
        assert [
            (tick, label.get_text()) for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        ] == [(1, "right eye")]
    assert figure.axes[0].get_ylabel() == "the place that looks"


def oracle_looks(looks):
    """In each row the image, then the map of each place in even shares; a place has one marker, at its spot in both."""
    axes = all_looks(looks).axes[:6]
    for row, (image, maps) in enumerate(((COLOUR, MAPS), (-COLOUR, MAPS[::-1]))):
        picture, *panels = axes[3 * row : 3 * row + 3]
        np.testing.assert_allclose(shown(picture), (image.transpose(1, 2, 0) + 1) / 2)
        for number, (ax, weights) in enumerate(zip(panels, maps, strict=True)):
            np.testing.assert_array_equal(shown(ax), 4 * weights)
            assert ax.images[0].get_clim() == (0, pictures.MOST)
            r, c = PLACES[number]
            np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[c, r]])
            np.testing.assert_array_equal(picture.lines[number].get_xydata(), [[2 * c + 0.5, 2 * r + 0.5]])
            assert ax.lines[0].get_marker() == picture.lines[number].get_marker()
    assert [axes[0].get_ylabel(), axes[3].get_ylabel()] == ["G", "D"]


def oracle_courses(courses):
    """The mean of the seeds and their range, in the panel of their measure; the floor of that measure."""
    panels = {"L": {"one": (X, SEEDS), "two": (X, 2 * SEEDS)}, "d": {"one": (X, 3 * SEEDS)}}
    left, right = courses(panels, "steps", {"d": (0.5, "real")}, ("d",)).axes
    assert [(ax.get_ylabel(), ax.get_xlabel(), ax.get_yscale()) for ax in (left, right)] == [
        ("L", "steps", "linear"),
        ("d", "steps", "log"),
    ]
    np.testing.assert_array_equal(line(left, "one").get_xydata(), np.stack([X, [2, 2, 5]], 1))
    np.testing.assert_array_equal(line(left, "two").get_ydata(), [4, 4, 10])
    np.testing.assert_array_equal(line(right, "one").get_ydata(), [6, 6, 15])
    band = left.collections[0].get_paths()[0].vertices
    assert {tuple(each) for each in band} >= {(100, 1), (100, 3), (300, 3), (300, 7)}
    assert 0.5 in [each.get_ydata()[0] for each in right.lines]
    assert [text.get_text() for text in right.texts] == ["real"]
    assert not left.texts


def oracle_pair_losses(pair_losses):
    """The real one's logit goes up, the fake's to the right."""
    figure = pair_losses(A, {"one": LOSS, "two": LOSS.T})
    for ax, title, values in zip(figure.axes, ("one", "two"), (LOSS, LOSS.T), strict=False):
        assert ax.get_title() == title
        level = next(each for each in ax.collections if len(each.levels) == 5)
        for value, path in zip(level.levels, level.get_paths(), strict=True):
            for fake, real in path.vertices:
                slopes = (1, 2) if values is LOSS else (2, 1)
                assert slopes[0] * real + slopes[1] * fake + 7 == pytest.approx(value)
    assert "fake" in figure.axes[0].get_xlabel()
    assert "real" in figure.axes[0].get_ylabel()


def oracle_ways_out(ways_out):
    (ax,) = ways_out(["here", "there", "beyond"], {"one": [1.0, 2.0, 0.0], "two": [0.0, 3.0, 5.0]}).axes
    np.testing.assert_array_equal(line(ax, "one").get_xydata(), [[0, 1], [1, 2], [2, 0]])
    np.testing.assert_array_equal(line(ax, "two").get_ydata(), [0, 3, 5])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["here", "there", "beyond"]


def oracle_by_heart(by_heart):
    """Shares of each kind, that sum to one, in the panel of their condition; beyond the ends counted at the ends."""
    far = {"training": np.array([50.0, 0.0]), "fakes": np.array([0.0, 0.5])}
    rest = {"training": np.linspace(-1, 1, 3_000), "fakes": np.full(9, 0.9)}
    figure = by_heart({"far": far, "rest": rest})
    assert [ax.get_title() for ax in figure.axes] == ["far", "rest"]
    for ax, groups in zip(figure.axes, (far, rest), strict=True):
        for patch, (kind, values) in zip(ax.patches, groups.items(), strict=True):
            corners = patch.get_xy()
            heights = corners[1:-1:2, 1]
            assert patch.get_label() == kind
            assert heights.sum() == pytest.approx(1)
            middle = (corners[1:-1:2, 0] + corners[2::2, 0]) / 2
            near = np.clip(values, corners[0, 0], corners[-1, 0]).mean()
            assert (middle * heights).sum() == pytest.approx(near, abs=0.1)


def oracle_ways(ways):
    """Each path under its title, coloured by the sign it began with; the density as given, x upwards."""
    figure = ways(T, {"lines": WAYS, "flow": -WAYS}, DENSITY)
    for ax, title, places in zip(figure.axes, ("lines", "flow"), (WAYS, -WAYS), strict=True):
        assert ax.get_title() == title
        np.testing.assert_array_equal(np.ravel(ax.collections[0].get_array()), DENSITY[1].T.ravel())
        for drawn, place in zip(ax.lines, places, strict=True):
            np.testing.assert_array_equal(drawn.get_xydata(), np.stack([T, place], 1))
            assert to_rgb(drawn.get_color()) == to_rgb(pictures.BLUE if place[0] < 0 else pictures.ORANGE)


def oracle_against_effort(against_effort):
    curves = {"Euler": ([1, 2, 4], [9.0, 4.0, 3.0]), "midpoint": ([2, 8], [5.0, 2.0])}
    (ax,) = against_effort({("looks", "distance"): curves}).axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale(), ax.get_yscale()) == ("looks", "distance", "log", "log")
    for name, (x, y) in curves.items():
        np.testing.assert_array_equal(line(ax, name).get_xydata(), np.stack([x, y], 1))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "4", "8"]


def test_every_picture_has_an_oracle():
    public = {name for name, found in vars(pictures).items() if callable(found) and not name.startswith("_")}
    assert public == set(map(picture_of, MUTANTS)) == set(FIGURES)


def every(panels, change):
    return {title: change(groups) for title, groups in panels.items()}


MUTANTS = {
    oracle_examples: {
        "the kinds swapped": lambda rows: pictures.examples(swapped(rows)),
        "a scale for each kind": lambda rows: pictures.examples(rows, 1.0),
    },
    oracle_matrices: {
        "shares transposed": lambda panels, named: pictures.matrices(every(panels, np.transpose), named),
        "the names at other places": lambda panels, named: pictures.matrices(
            panels, {place - 1: name for place, name in named.items()}
        ),
    },
    oracle_looks: {
        "maps of other places": lambda rows, places: pictures.looks(
            {k: (x, maps[::-1]) for k, (x, maps) in rows.items()}, places
        ),
        "row and column swapped": lambda rows, places: pictures.looks(rows, [p[::-1] for p in places]),
        "maps not in even shares": lambda rows, places: pictures.looks(
            {k: (x, maps / 4) for k, (x, maps) in rows.items()}, places
        ),
        "the first image twice": lambda rows, places: pictures.looks(
            {k: (COLOUR, maps) for k, (_, maps) in rows.items()}, places
        ),
    },
    oracle_courses: {
        "one seed lost": lambda panels, *rest: pictures.courses(
            every(panels, lambda groups: {k: (x, values[1:]) for k, (x, values) in groups.items()}), *rest
        ),
        "the measures swapped": lambda panels, *rest: pictures.courses(swapped(panels), *rest),
        "the floor lost": lambda panels, xlabel, floors, log: pictures.courses(panels, xlabel, None, log),
        "everything linear": lambda panels, xlabel, floors, log: pictures.courses(panels, xlabel, floors),
    },
    oracle_pair_losses: {
        "real and fake swapped": lambda a, panels: pictures.pair_losses(a, every(panels, np.transpose)),
    },
    oracle_ways_out: {
        "the way back": lambda places, values: pictures.ways_out(places, every(values, lambda each: each[::-1])),
        "the losses swapped": lambda places, values: pictures.ways_out(places, swapped(values)),
    },
    oracle_by_heart: {
        "training faces and fakes swapped": lambda panels: pictures.by_heart(every(panels, swapped)),
        "the first condition twice": lambda panels: pictures.by_heart(
            {title: next(iter(panels.values())) for title in panels}
        ),
        "the signs turned": lambda panels: pictures.by_heart(every(panels, lambda g: every(g, np.negative))),
    },
    oracle_ways: {
        "the density upside down": lambda t, panels, density: pictures.ways(
            t, panels, (density[0], density[1][:, ::-1])
        ),
        "time runs back": lambda t, panels, density: pictures.ways(t[::-1], panels, density),
        "lines and flow swapped": lambda t, panels, density: pictures.ways(t, swapped(panels), density),
    },
    oracle_against_effort: {
        "the axes swapped": lambda panels: pictures.against_effort(
            every(panels, lambda g: {k: (y, x) for k, (x, y) in g.items()})
        ),
        "the rules swapped": lambda panels: pictures.against_effort(every(panels, swapped)),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)


def test_every_picture_has_a_mutant():
    assert all(MUTANTS.values())
