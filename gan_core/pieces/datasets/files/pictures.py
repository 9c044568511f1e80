"""Pictures of any size become squares of one: by Pillow, and from a folder of yours."""

import warnings
from pathlib import Path

import numpy as np
import torch

from gan_core.mathematics._counts import whole
from gan_core.pieces import _progress
from gan_core.pieces.datasets.examples import Images

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
GREY = ("1", "L", "LA")  # Pillow's modes of one channel of at most eight bits, the last with transparency


def image_folder(path, size=64):
    """The pictures of a folder as `Images`, (N, 3, size, size), or (N, 1, size, size) where all are grey.

    Sub-folders are labels, 0, 1, … in the order of their names; pictures directly in the folder have no labels (y is
    None). Within a folder, order of names. What ends in none of `ENDINGS`, or begins with a dot, is passed over.
    Each picture is turned as its camera says, laid on white where transparent, cut to its centre square and resized by
    Pillow's Lanczos filter. A picture smaller than `size` is refused: enlarged, it would teach blur.
    Raises FileNotFoundError for a folder that is not there; ValueError for one without pictures, for sub-folders beside
    loose pictures, and for a picture that is too small, has 16 bits a channel, or cannot be read.
    """
    root = existing(path)
    whole("size", size)
    loose = _pictures(root.iterdir())
    folders = sorted((f for f in root.iterdir() if f.is_dir() and not f.name.startswith(".")), key=lambda f: f.name)
    labelled = {folder: _pictures(folder.rglob("*")) for folder in folders}
    if loose and any(labelled.values()):
        raise ValueError(f"{root} has pictures both in it and in its sub-folders; only the latter would have labels")
    if not loose and not any(labelled.values()):
        raise ValueError(f"there are no pictures in {root}; looked for names that end in {', '.join(ENDINGS)}")
    if loose:
        return Images(_read(loose, size))
    empty = [folder.name for folder, found in labelled.items() if not found]
    if empty:
        raise ValueError(f"every sub-folder of {root} is a label and needs pictures; none in {', '.join(empty)}")
    counts = torch.tensor([len(found) for found in labelled.values()])
    y = torch.arange(len(counts)).repeat_interleave(counts)
    return Images(_read([file for found in labelled.values() for file in found], size), y)


def existing(folder):
    """`folder` as a path, or FileNotFoundError."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder {path}; make it, or correct the name")
    return path


def _pictures(paths):
    found = (p for p in paths if p.suffix.lower() in ENDINGS and not p.name.startswith(".") and p.is_file())
    return sorted(found, key=lambda p: p.as_posix())


def _read(files, size):
    pixels, all_grey = np.empty((len(files), 3, size, size), np.uint8), True
    with _progress.bar(len(files), what="reading pictures") as bar:
        for i, file in enumerate(files):
            pixels[i], grey = picture(file, file, size)
            all_grey = all_grey and grey
            bar.update()
    return torch.from_numpy(pixels[:, :1].copy() if all_grey else pixels)


def picture(file, name, size):
    """The centre square of a picture, (3, size, size) of uint8, and whether it was grey. Raises as `image_folder`."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as opened:
                mode = opened.mode
                turned = ImageOps.exif_transpose(opened)
                turned.load()
    except Exception as error:  # a broken file breaks Pillow in many ways
        raise ValueError(f"{name} is not a picture that can be read: {error}") from error
    if mode.startswith(("I", "F")):
        raise ValueError(f"{name} must have 8 bits a channel; given Pillow's mode {mode}, which has more")
    if min(turned.size) < size:
        width, height = turned.size
        raise ValueError(f"{name} must be at least {size} pixels wide and high; given {width} × {height}. Lower size")
    if turned.has_transparency_data:
        turned = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned)
    return np.asarray(_square(turned.convert("RGB"), size)).transpose(2, 0, 1), mode in GREY


def resized(pixels, size):
    """Images (N, channels, height, width) of uint8 as squares (N, channels, size, size), as `image_folder` does.

    Smaller ones are enlarged. `size` None, or the size they have, leaves them as they are.
    """
    from PIL import Image

    if size is None or pixels.shape[2:] == (size, size):
        return pixels
    out = np.empty((*pixels.shape[:2], size, size), np.uint8)
    for image, into in zip(pixels, out, strict=True):
        for channel, channel_into in zip(image, into, strict=True):
            channel_into[:] = _square(Image.fromarray(channel), size)
    return out


def _square(picture, size):
    from PIL.Image import Resampling

    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    return picture.resize((size, size), Resampling.LANCZOS, box=(left, top, left + side, top + side))
