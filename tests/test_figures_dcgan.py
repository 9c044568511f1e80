"""The pictures of chapter 09 show what they are given: each pixel, each curve, each interval, each label."""

import numpy as np
import pytest
from drawn import assert_labelled, each_picture, line
from mutants import assert_killed, faults_of

from gan_core.course.figures import dcgan as pictures

T = np.linspace(0, 1, 5)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 3, 4, 4))
GREY = np.random.default_rng(1).uniform(-1, 1, (2, 1, 4, 4))
TABLE = {"smile": {"z, single": (0.4, 0.35, 0.45), "pixels, single": (0.7, 0.6, 0.8)}}

FIGURES = {
    "stamps": lambda: pictures.stamps([(0, [1.0, 2.0]), (1, [3.0, 1.0])], np.array([1.0, 5.0, 1.0]), (1, 3)),
    "reach": lambda: pictures.reach([("kernel 3", np.array([[1.0, 2.0], [2.0, 4.0]]))]),
    "activations": lambda: pictures.activations(T, {"ReLU": (T, T**2)}),
    "walk": lambda: pictures.walk(T, {"lerp": T + 1}, (1.0, 2.0), {"lerp": T}, "seen"),
    "against": lambda: pictures.against(
        {"L_D (nats)": {"recipe": (T, 2 * T)}, "L_G (nats)": {"recipe": (T, T)}}, "far"
    ),
    "shares": lambda: pictures.shares(TABLE, "share", ("by chance", {"smile": 0.2})),
}


@pytest.mark.parametrize("name", FIGURES)
def test_axes_are_labelled(name):
    assert_labelled(FIGURES[name]())


def pixels(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def oracle_rows(rows):
    """Each image lies in its row and place, each of its pixels as zoom × zoom; white where there is none."""
    sheet = pixels(rows({"a": IMAGES, "b": GREY}, zoom=2, gap=1))
    assert sheet.shape == (2 * 9, 2 * (3 * 5 - 1 + 1), 3)
    for top, left, image in ((0, 0, IMAGES[0]), (0, 10, IMAGES[1]), (0, 22, IMAGES[2]), (10, 10, GREY[1])):
        shown = sheet[top : top + 8, left : left + 8].astype(float)
        wanted = np.broadcast_to((image + 1) * 127.5, (3, 4, 4)).transpose(1, 2, 0).repeat(2, 0).repeat(2, 1)
        assert np.abs(shown - wanted).max() <= 0.5 + 1e-9
    assert (sheet[10:, 22:] == 255).all()


def test_rows_are_exact_and_say_what_they_are():
    figure = pictures.rows({"above": IMAGES, "below": IMAGES}, zoom=3, columns=["z₀", "½", "z₁"])
    ax = figure.axes[0]
    box = ax.get_window_extent()
    assert (round(box.height), round(box.width)) == pixels(figure).shape[:2]  # a pixel is a pixel
    assert [label.get_text() for label in ax.get_yticklabels()] == ["above", "below"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["z₀", "½", "z₁"]
    np.testing.assert_allclose(ax.get_yticks(), [6, 21])
    np.testing.assert_allclose(ax.get_xticks(), [6, 21, 36])


def test_values_beyond_the_range_are_cut():
    sheet = pixels(pictures.rows({"a": np.array([[[[-2.0, 3.0]]]]).repeat(2, 2)}, zoom=1))
    assert (sheet[:, 0] == 0).all()
    assert (sheet[:, 1] == 255).all()


def oracle_stamps(stamps):
    above, below = stamps([(0, [1.0, 2.0]), (1, [3.0, 1.0])], np.array([1.0, 5.0, 1.0]), (1, 3)).axes
    assert [(round(bar.get_x() + bar.get_width() / 2 - shift), bar.get_height()) for bar, shift in zip(
        above.patches, (-0.2, -0.2, 0.2, 0.2), strict=True)] == [(0, 1), (1, 2), (1, 3), (2, 1)]  # fmt: skip
    kept, cut = below.containers
    assert [(bar.get_x() + 0.4, bar.get_height()) for bar in kept] == [(1, 5), (2, 1)]
    assert [(bar.get_x() + 0.4, bar.get_height()) for bar in cut] == [(0, 1)]


def test_reach_writes_each_count_at_its_pixel():
    texts = pictures.reach([("kernel 3", np.array([[1.0, 2.0], [3.0, 4.0]]))]).axes[0].texts
    assert [(text.get_position(), text.get_text()) for text in texts] == [
        ((0, 0), "1"), ((1, 0), "2"), ((0, 1), "3"), ((1, 1), "4"),
    ]  # fmt: skip


def oracle_activations(activations):
    left, right = activations(T, {"ReLU": (T, T**2)}).axes
    np.testing.assert_array_equal(line(left, "ReLU").get_ydata(), T)
    np.testing.assert_array_equal(line(right, "ReLU").get_ydata(), T**2)


def oracle_walk(walk):
    left, right = walk(T, {"lerp": T + 1}, (1.0, 2.0), {"lerp": T}, "seen").axes
    np.testing.assert_array_equal(line(left, "lerp").get_ydata(), T + 1)
    np.testing.assert_array_equal(line(right, "lerp").get_ydata(), T)
    assert (left.patches[0].get_y(), left.patches[0].get_height()) == (1, 1)


def test_against_shows_each_point_in_its_panel():
    figure = FIGURES["against"]()
    left, right = figure.axes
    np.testing.assert_array_equal(line(left, "recipe").get_xydata(), np.stack([T, 2 * T], 1))
    np.testing.assert_array_equal(line(right, "recipe").get_xydata(), np.stack([T, T], 1))
    assert (left.get_xlabel(), right.get_xlabel()) == ("L_D (nats)", "L_G (nats)")


def oracle_shares(shares):
    ax = shares(TABLE, "share", ("by chance", {"smile": 0.2})).axes[0]
    interval, mark, *_ = ax.lines
    assert interval.get_xdata() == pytest.approx([0.35, 0.45])
    assert mark.get_xdata() == pytest.approx([0.4])
    assert line(ax, "by chance").get_xdata() == pytest.approx([0.2, 0.2])
    assert [text.get_text() for text in ax.texts] == ["0.40  (0.35 … 0.45)", "0.70  (0.60 … 0.80)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["z, single", "pixels, single"]
    assert ax.lines[1].get_marker() != ax.lines[3].get_marker()  # not by colour alone


MUTANTS = {
    oracle_rows: {
        "no gap": lambda images, zoom, gap: pictures.rows(images, zoom),
        "rows swapped": lambda images, **how: pictures.rows(dict(reversed(images.items())), **how),
        "upside down": lambda images, **how: pictures.rows({k: x[:, :, ::-1] for k, x in images.items()}, **how),
        "red and blue swapped": lambda images, **how: pictures.rows({k: x[:, ::-1] for k, x in images.items()}, **how),
        "range 0 … 1": lambda images, **how: pictures.rows({k: (x + 1) / 2 for k, x in images.items()}, **how),
    },
    oracle_stamps: {
        "all at the start": lambda copies, *rest: pictures.stamps([(0, values) for _, values in copies], *rest),
        "one cut more": lambda copies, total, kept: pictures.stamps(copies, total, (1, 2)),
    },
    oracle_activations: {
        "the curves turned round": lambda a, curves: pictures.activations(a, {k: v[::-1] for k, v in curves.items()}),
    },
    oracle_walk: {
        "lengths and shares swapped": lambda t, norms, shell, seen, label: pictures.walk(t, seen, shell, norms, label),
    },
    oracle_shares: {
        "interval and share mixed up": lambda groups, *rest: pictures.shares(
            {k: {name: (low, share, high) for name, (share, low, high) in v.items()} for k, v in groups.items()}, *rest
        ),
        "no interval": lambda groups, *rest: pictures.shares(
            {k: {name: (share, share, share) for name, (share, _, _) in v.items()} for k, v in groups.items()}, *rest
        ),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
