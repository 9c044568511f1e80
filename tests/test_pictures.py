"""Pictures of any size and kind become squares of one, and a folder of them a set."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mutants import assert_killed, faults
from PIL import Image, ImageOps
from published import colour, encoded, expected

from gan_core import datasets
from gan_core.pieces.datasets import files
from gan_core.pieces.datasets.files import pictures


def oracle_resized(resized):
    wide = expected(2, 3, 5, 9)
    np.testing.assert_array_equal(resized(wide, 5), wide[:, :, :, 2:7])  # the middle, untouched
    np.testing.assert_array_equal(resized(wide.swapaxes(2, 3), 5), wide.swapaxes(2, 3)[:, :, 2:7])
    np.testing.assert_array_equal(resized(wide[..., :8], 5), wide[..., 1:6])  # of two middles the upper left
    grey = expected(1, 1, 28, 28)
    for size in (14, 32):
        pillows = ImageOps.fit(Image.fromarray(grey[0, 0]), (size, size), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(resized(grey, size)[0, 0], np.asarray(pillows))
    assert resized(grey, None) is grey
    flat = np.full((1, 3, 20, 12), 200, np.uint8)
    assert (resized(flat, 32) == 200).all()  # no border


def resized_mutant(box=lambda w, h, side: ((w - side) // 2, (h - side) // 2), pad=0, how=Image.Resampling.LANCZOS):
    def mutant(pixels, size):
        if size is None:
            return pixels
        n, channels, h, w = pixels.shape
        side = min(h, w)
        left, top = box(w, h, side)
        out = np.zeros((n, channels, size, size), np.uint8)
        for i, c in np.ndindex(n, channels):
            square = Image.fromarray(pixels[i, c].copy()).crop((left, top, left + side, top + side))
            out[i, c, pad : size - pad, pad : size - pad] = square.resize((size - 2 * pad, size - 2 * pad), how)
        return out

    return mutant


def test_resized():
    oracle_resized(pictures.resized)
    oracle_resized(resized_mutant())


@faults(
    {
        "the corner for the middle": resized_mutant(box=lambda w, h, side: (0, 0)),
        "width and height swapped": resized_mutant(box=lambda w, h, side: ((h - side) // 2, (w - side) // 2)),
        "nearest pixel": resized_mutant(how=Image.Resampling.NEAREST),
        "padded": resized_mutant(pad=2),
        "the same for None": lambda pixels, size: pictures.resized(pixels, size or 28).copy(),
    }
)
def test_resized_mutants(mutant):
    assert_killed(oracle_resized, mutant)


def write(root, contents):
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def oracle_image_folder(root):
    def oracle(image_folder):
        labelled = image_folder(root / "labelled", size=8)
        assert labelled.y.tolist() == [0, 1, 1, 1, 2]
        assert labelled.y.dtype == torch.int64
        np.testing.assert_array_equal(labelled.pixels, [colour(i).transpose(2, 0, 1) for i in (1, 0, 3, 2, 4)])
        loose = image_folder(root / "loose", size=8)
        assert loose.y is None
        np.testing.assert_array_equal(loose.pixels[0], colour(2).transpose(2, 0, 1))
        np.testing.assert_array_equal(loose.pixels[1], [expected(1, 1, 8, 8)[0, 0]] * 3)  # grey among colours: RGB
        grey = image_folder(root / "grey", size=8)
        np.testing.assert_array_equal(grey.pixels, expected(1, 1, 8, 8))

    return oracle


@pytest.fixture
def folders(tmp_path):
    grey = encoded(expected(1, 1, 8, 8)[0, 0])
    write(
        tmp_path / "labelled",
        {
            "zebra/1.png": encoded(colour(4)),
            "ape/2.PNG": encoded(colour(1)),
            "cat/b.png": encoded(colour(3)),
            "cat/deeper/0.png": encoded(colour(2)),
            "cat/a.bmp": encoded(colour(0), "bmp"),
            "cat/notes.txt": b"not a picture",
            ".hidden/x.png": b"nothing",
            "cat/.x.png": b"nothing",
            "readme.md": b"text",
        },
    )
    write(tmp_path / "loose", {"b.png": grey, "a.png": encoded(colour(2)), "empty/notes.txt": b""})
    write(tmp_path / "grey", {"a.png": grey})
    return tmp_path


@pytest.mark.parametrize("order", [1, -1])
def test_image_folder_in_whatever_order_the_disk_gives(order, folders, monkeypatch):
    for name in "iterdir", "rglob":
        listed = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda *of, listed=listed: iter(sorted(listed(*of))[::order]))
    oracle_image_folder(folders)(files.image_folder)


def folder_mutant(change):
    return lambda path, size: change(files.image_folder(path, size), path)


@faults({
        "order not sorted": folder_mutant(lambda data, path: data[torch.arange(len(data) - 1, -1, -1)]),
        "labels in another order": folder_mutant(
            lambda data, path: datasets.Images(data.pixels, data.y if data.y is None else data.y.max() - data.y)
        ),
        "blue, green, red": folder_mutant(lambda data, path: datasets.Images(data.pixels.flip(1), data.y)),
        "rows and columns swapped": folder_mutant(lambda data, path: datasets.Images(data.pixels.mT, data.y)),
        "grey as RGB": folder_mutant(
            lambda data, path: datasets.Images(data.pixels.expand(-1, 3, -1, -1), data.y)
        ),
        "labels for loose pictures": folder_mutant(
            lambda data, path: datasets.Images(data.pixels, torch.zeros(len(data)) if data.y is None else data.y)
        ),
    })  # fmt: skip
def test_image_folder(mutant, folders):
    oracle_image_folder(folders)(files.image_folder)
    assert_killed(oracle_image_folder(folders), mutant)


def oracle_picture(picture):
    def read(pixels, size=8, **options):
        return picture(io.BytesIO(encoded(pixels, **options)), "it", size)

    rgba = Image.fromarray(colour(0)).convert("RGBA")
    rgba.putalpha(Image.fromarray(np.repeat(np.uint8([[255, 255, 255, 255, 0, 0, 0, 0]]), 8, axis=0)))
    pixels, grey = read(rgba)
    assert not grey
    np.testing.assert_array_equal(pixels[:, :, :4], colour(0).transpose(2, 0, 1)[:, :, :4])
    assert (pixels[:, :, 4:] == 255).all(), "transparent parts are white"

    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was on its side: a quarter turn clockwise shows it upright
    pixels, _ = read(colour(1), exif=turned)
    np.testing.assert_array_equal(pixels.transpose(1, 2, 0), np.rot90(colour(1), -1))

    pixels, grey = read(Image.fromarray(colour(2)).quantize(colors=256))
    assert not grey
    for mode, is_grey in (("L", True), ("1", True), ("LA", True), ("P", False), ("CMYK", False), ("RGB", False)):
        _, grey = read(Image.new(mode, (9, 8)), ending="tiff" if mode == "CMYK" else "png")
        assert grey is is_grey
    with pytest.raises(ValueError, match="it must have 8 bits a channel; given Pillow's mode I;16"):
        read(Image.fromarray(np.zeros((8, 8), np.uint16)))
    with pytest.raises(ValueError, match="it must be at least 16 pixels wide and high; given 8 × 20"):
        read(colour(0, height=20), size=16)
    whole = encoded(colour(0, 40, 40))
    for broken in (b"", b"text", whole[: len(whole) // 2], whole[:60]):
        with pytest.raises(ValueError, match="it is not a picture that can be read"):
            picture(io.BytesIO(broken), "it", 8)


def picture_mutant(turn=True, white=True, strict=True):
    def mutant(file, name, size):
        pixels, grey = pictures.picture(file, name, size)
        file.seek(0)
        opened = Image.open(file)
        if not white and opened.mode == "RGBA":
            pixels = np.asarray(opened.convert("RGB")).transpose(2, 0, 1)
        if not turn and opened.getexif():
            pixels = np.asarray(opened).transpose(2, 0, 1)
        return pixels, grey if strict else False

    return mutant


def enlarging(file, name, size):
    try:
        return pictures.picture(file, name, size)
    except ValueError as error:
        if "at least" not in str(error):
            raise
        return np.zeros((3, size, size), np.uint8), False


def test_picture():
    oracle_picture(pictures.picture)
    oracle_picture(picture_mutant())


@faults(
    {
        "not turned": picture_mutant(turn=False),
        "what transparency hides": picture_mutant(white=False),
        "grey is a colour": picture_mutant(strict=False),
        "small ones enlarged": enlarging,
    }
)
def test_picture_mutants(mutant):
    assert_killed(oracle_picture, mutant)


@given(st.binary(max_size=40))
def test_other_bytes_are_refused_in_words(data):
    with pytest.raises(ValueError, match=r"^it is not a picture that can be read"):
        pictures.picture(io.BytesIO(data), "it", 8)


def test_a_picture_made_to_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(ValueError, match=r"it is not a picture that can be read: .*decompression bomb"):
        pictures.picture(io.BytesIO(encoded(colour(0))), "it", 8)


def test_folders_that_cannot_be_labelled(folders):
    write(folders / "labelled", {"dog/notes.txt": b""})
    with pytest.raises(ValueError, match=r"every sub-folder of .* needs pictures; none in dog"):
        files.image_folder(folders / "labelled", size=8)
    write(folders / "labelled", {"a.png": encoded(colour(0))})
    with pytest.raises(ValueError, match="pictures both in it and in its sub-folders"):
        files.image_folder(folders / "labelled", size=8)
    write(folders / "grey", {"b.jpg": b"text"})
    with pytest.raises(ValueError, match=r"b\.jpg is not a picture that can be read"):
        files.image_folder(folders / "grey", size=8)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda root: files.image_folder(root / "none"), FileNotFoundError, "there is no folder .*none"),
        (lambda root: files.image_folder(root / "grey", size=-1), ValueError, "size must be at least 1; given -1"),
        (lambda root: files.image_folder(root / "grey"), ValueError, "a.png must be at least 64 pixels .* given 8 × 8"),
        (lambda root: files.image_folder(root / "loose" / "empty"), ValueError, "there are no pictures in .*empty"),
    ],
)
def test_bad_input(wrong, error, says, folders):
    with pytest.raises(error, match=says):
        wrong(folders)
