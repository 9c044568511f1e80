"""The picture of a GAN that trains: each thing in its place, and of the same values the same pixels."""

import numpy as np
import pytest
from mutants import assert_killed, mutated

from gan_core.course.figures import playing

H, W = (round(80 * side) for side in playing.SIZE[::-1])
EDGE = playing.EDGE
LOSSES = np.stack([np.linspace(1.9, 1.0, 50), np.linspace(0.5, 0.8, 50)], axis=1)
REAL, FAKE = np.array([[1.5, 1.5]]), np.array([[1.5, -1.5]])
VERDICT = np.zeros((30, 30))
VERDICT[:15, :15] = 1.0  # the first rows are low: real is what lies down on the left


def at(x1, x2):
    """The row and the column of the pixel at a place of the plane."""
    width = playing.SIDE * H / W
    across = playing.LEFT + width * (x1 + EDGE) / (2 * EDGE)
    up = playing.LOW + playing.SIDE * (x2 + EDGE) / (2 * EDGE)
    return round((1 - up) * H), round(across * W)


def closest(pixel, colours):
    """The name of the colour that a pixel is nearest to."""
    return min(colours, key=lambda name: np.abs(pixel.astype(float) - colours[name]).sum())


COLOURS = {"real": (99, 170, 209), "fake": (213, 94, 0), "for real": (110, 190, 115), "for fake": (247, 252, 245)}


def oracle_plane(plane):
    picture = plane(3, LOSSES, REAL, FAKE, VERDICT)
    assert picture.shape == (H, W, 3)
    assert picture.dtype == np.uint8
    places = {"real": (1.5, 1.5), "fake": (1.5, -1.5), "for real": (-1.5, -1.5), "for fake": (0.6, 1.5)}
    for name, place in places.items():
        assert closest(picture[at(*place)], COLOURS) == name, name
    later = plane(4, LOSSES, REAL, FAKE, VERDICT)
    changed = np.argwhere((later != picture).any(2))
    assert len(changed) > 0, "another step, the same title"
    assert changed[:, 0].max() < (1 - playing.LOW - playing.SIDE) * H, "only the title"
    losses = plane(3, LOSSES[:-1], REAL, FAKE, VERDICT)
    changed = np.argwhere((losses != picture).any(2))
    assert len(changed) > 0, "other losses, the same lines"
    assert changed[:, 1].min() > W / 2, "only the losses"
    assert (plane(3, LOSSES, REAL, FAKE, VERDICT) == picture).all(), "the same values, another picture"


def test_plane():
    oracle_plane(playing.plane)


PLANE_MUTANTS = {
    "all are fake": [("np.asarray(real).T", "np.asarray(fake).T")],
    "all are real": [("np.asarray(fake).T", "np.asarray(real).T")],
    "upside down": [('origin="lower"', 'origin="upper"')],
    "along x1": [("set_data(verdict)", "set_data(np.transpose(verdict)[:, ::-1])")],
    "the plane is the first": [("    shades.set_data(verdict)\n", "")],
    "the title stays": [("    title.set_text", "    str")],
    "the losses stay": [("        line.set_data", "        str")],
    "what was there stays": [("    stage.canvas.restore_region(stage.background)\n", "")],
}  # fmt: skip


@pytest.mark.parametrize("name", PLANE_MUTANTS)
def test_plane_mutants(name):
    assert_killed(oracle_plane, mutated(playing, *PLANE_MUTANTS[name])["plane"])


def oracle_sheet(sheet):
    images = np.linspace(-1, 1, 16)[:, None, None, None] * np.ones((1, 1, 2, 3))
    page = sheet(images)
    assert page.shape == (2 * (2 + 2), 8 * (3 + 2))
    for i in range(16):
        row, column = divmod(i, 8)
        inside = page[4 * row + 1 : 4 * row + 3, 5 * column + 1 : 5 * column + 4]
        np.testing.assert_allclose(inside, i / 15)
    assert (page[0] == 1).all()
    assert (page[:, 5] == 1).all()
    assert sheet(3 * images).max() == 1, "brighter than white"


def test_sheet():
    oracle_sheet(playing.sheet)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("transpose(0, 2, 1, 3)", "transpose(0, 1, 2, 3)"),
        ("constant_values=1", "constant_values=0"),
        (".clip(-1, 1)", ""),
        ("+ 1) / 2", "+ 1)"),
    ],
)
def test_sheet_mutants(old, new):
    assert_killed(oracle_sheet, mutated(playing, (old, new))["sheet"])


def test_fakes_stand_above_real_images():
    white, black = np.ones((32, 1, 8, 8)), -np.ones((32, 1, 8, 8))
    picture = playing.sheets(0, np.zeros((0, 2)), white, black)
    assert picture[at(0.375, 1.93)].max() < 30, "fakes, black, above"
    assert picture[at(0.375, -1.22)].min() > 225, "real ones, white, below"


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([], 0, 2),
        ([0.3, 0.4], 0, 2),
        ([2.0, 2.1], 0, 5),
        ([7.0, 60], 0, 100),
        ([-0.3, 1], -0.5, 2),
        ([-1.0, -3], -5, 2),
    ],
)
def test_the_axis_of_losses_is_round_and_holds_them(values, low, high):
    assert playing.limits(np.array([values, values]).T) == (low, high)
    long_ago = [[1e6, -1e6]] * 3
    recent = [[value, value] for value in values] or [[0, 0]]
    shown = (recent * playing.LAST)[-playing.LAST :]
    assert playing.limits(np.array(long_ago + shown)) == (low, high), "losses that are not shown any more"
