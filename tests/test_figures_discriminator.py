"""The pictures of chapter 02 show what they are given: every curve, in the colour that means it, with labelled axes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from mutants import assert_killed

from gan_core import figures
from gan_core.course.figures import discriminator as pictures

X = np.linspace(-3, 3, 61)
P, Q = np.exp(-(X**2)), np.exp(-((X - 1) ** 2))
D, OTHER = P / (P + Q), np.full_like(X, 0.25)
CENTRES, SHARE = np.array([-1.0, 0.0, 1.0]), np.array([0.8, 0.6, 0.4])
ANSWERS = np.linspace(0.1, 0.9, 9)
THETA = np.linspace(-2, 2, 41)
GRADIENT, LOSS = np.array([[0.1, -0.2]]), np.array([[0.3, -0.5]])

FIGURES = {  # (function, its arguments, every (x, y) that must be drawn as a line or as markers)
    "label_shares": ((X, P, Q, D, CENTRES, SHARE), [(X, P), (X, Q), (X, D), (CENTRES, SHARE)]),
    "value_of_an_answer": (
        (ANSWERS, {"a": -ANSWERS, "b": ANSWERS - 1}, {"a": 0.3, "b": 0.5}),
        [(ANSWERS, -ANSWERS), (ANSWERS, ANSWERS - 1), ([0.3], [-0.3]), ([0.5], [-0.5])],
    ),
    "discriminators": ((X, P, Q, {"best": D, "other": OTHER}), [(X, P), (X, Q), (X, D), (X, OTHER)]),
    "lower_bounds": (
        (THETA, THETA**2, {1.0: 2 * THETA - 1}),
        [(THETA, THETA**2), (THETA, 2 * THETA - 1), ([1.0], [1.0])],
    ),
    "gradients_compared": (({"one": (GRADIENT, {"at best": LOSS})},), [(GRADIENT[0], LOSS[0])]),
}


def oracle(name):
    arguments, wanted = FIGURES[name]

    def shows_what_it_is_given(draw):
        fig = draw(*arguments)
        drawn = [np.transpose(np.asarray(line.get_xydata())) for ax in fig.axes for line in ax.lines]
        for x, y in wanted:
            assert any(each.shape == np.shape([x, y]) and np.allclose(each, [x, y]) for each in drawn), (x, y)
        for ax in fig.axes:
            assert ax.get_ylabel()
            assert ax.get_legend()
        assert fig.axes[-1].get_xlabel()

    return shows_what_it_is_given


@pytest.mark.parametrize("name", FIGURES)
def test_shows_what_it_is_given(name):
    oracle(name)(getattr(pictures, name))


@pytest.mark.parametrize("name", ["label_shares", "discriminators"])
def test_colours_mean_the_same_everywhere(name):
    top, bottom = getattr(pictures, name)(*FIGURES[name][0]).axes
    assert [to_hex(line.get_color()).upper() for line in top.lines] == [figures.BLUE, figures.ORANGE]
    assert to_hex(bottom.lines[0].get_color()).upper() == figures.GREEN
    assert len({line.get_linestyle() for line in top.lines}) == 2  # nor by colour alone


def _without_labels(*arguments):
    fig = pictures.discriminators(*arguments)
    for ax in fig.axes:
        ax.set(xlabel="", ylabel="")
    return fig


def _only_the_first(x, p, q, curves):
    return pictures.discriminators(x, p, q, dict(list(curves.items())[:1]))


MUTANTS = {
    "no labels": ("discriminators", _without_labels),
    "only the first curve": ("discriminators", _only_the_first),
    "p twice": ("discriminators", lambda x, p, q, curves: pictures.discriminators(x, p, p, curves)),
    "1 − share": (
        "label_shares",
        lambda x, p, q, best, centres, share: pictures.label_shares(x, p, q, best, centres, 1 - share),
    ),
    "the dot at 1 − D*": (
        "value_of_an_answer",
        lambda d, curves, best: pictures.value_of_an_answer(d, curves, {key: 1 - at for key, at in best.items()}),
    ),
    "the dot at 0": (
        "lower_bounds",
        lambda theta, js, bounds: pictures.lower_bounds(theta, js, {0.0: bounds[1.0]}),
    ),
    "across and up exchanged": (
        "gradients_compared",
        lambda pairs: pictures.gradients_compared(
            {name: (*b.values(), {"at best": a}) for name, (a, b) in pairs.items()}
        ),
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_dies(mutant):
    name, wrong = MUTANTS[mutant]
    assert_killed(oracle(name), wrong)
