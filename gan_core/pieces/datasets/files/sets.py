"""The known sets: which files each has, and how they are read.

Sizes and SHA-256 as in TensorFlow Datasets' url_checksums; the layouts' sources stand in `formats`.
"""

import gzip
import os
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from gan_core.mathematics._counts import whole
from gan_core.pieces import _progress
from gan_core.pieces.datasets.examples import Images
from gan_core.pieces.datasets.files import formats, pictures
from gan_core.pieces.datasets.files.fetch import File, fetch

BLOCK = 1_000  # images of STL-10 read at a time


@dataclass(frozen=True)
class Part:
    """The files of one part of a set, and `read(*paths, size)`, which makes `Images` of them."""

    files: tuple[File, ...]
    read: Callable[..., Images]


@dataclass(frozen=True)
class KnownSet:
    """A published set: its name (also that of its folder), its parts, and what to use `instead` where it is not."""

    name: str
    parts: dict[str, Part]
    instead: str


def load(known, part, size, folder):
    """One part of a known set, from `folder` or from its own folder in the cache. Raises as the functions below say."""
    if part not in known.parts:
        raise ValueError(f"part must be one of {', '.join(map(repr, known.parts))}; given {part!r}")
    if size is not None:
        whole("size", size)
    folder = _cache() / known.name if folder is None else pictures.existing(folder)
    wanted = known.parts[part]
    paths = [fetch(file, folder, known.instead) for file in wanted.files]
    try:
        return wanted.read(*paths, size=size)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        names = " or ".join(path.name for path in paths)
        raise ValueError(
            f"{names} in {folder} cannot be unpacked: {error}. It is cut short, or another file"
        ) from error


def _cache():
    import pooch

    return Path(os.environ.get("GAN_CORE_DATA") or pooch.os_cache("gan_core")).expanduser()


# ---- how each is read


def _idx(images, labels, size):
    pixels, y = (formats.idx(gzip.decompress(path.read_bytes()), path) for path in (images, labels))
    if pixels.ndim != 3 or y.ndim != 1:
        raise ValueError(f"{images} must have 3 axes and {labels} one; given {pixels.ndim} and {y.ndim}")
    return _images(pixels[:, None], formats.labels(y, labels, first=0, last=9), size, images)


def _cifar10(archive, size, batches):
    read = {m.name: formats.cifar(f.read(), m.name) for m, f in formats.members(archive, batches)}
    pixels, y = (np.concatenate(part) for part in zip(*(read[name] for name in batches), strict=True))
    return _images(pixels, y, size, archive)


def _stl10(archive, size, images, labels=None):
    squares, y = bytearray(), None  # grows without a second copy: all 100,000 images take 2.8 GB at their own size
    for member, stream in formats.members(archive, {images, labels} - {None}):
        if member.name == labels:
            y = formats.labels(np.frombuffer(stream.read(), np.uint8), labels, first=1, last=10)
            continue
        with _progress.bar(member.size // formats.STL_BYTES, what="reading STL-10") as bar:
            while block := stream.read(BLOCK * formats.STL_BYTES):
                squares += pictures.resized(formats.stl(block, images), size).tobytes()
                bar.update(BLOCK)
    side = size or 96
    return _images(np.frombuffer(squares, np.uint8).reshape(-1, 3, side, side), y, None, archive)


def _flowers(archive, imagelabels, size):
    y = formats.labels(formats.matlab(imagelabels.read_bytes(), imagelabels, "labels"), imagelabels, first=1, last=102)
    rows = {f"jpg/image_{i:05d}.jpg": i - 1 for i in range(1, len(y) + 1)}
    pixels = np.empty((len(y), 3, size, size), np.uint8)
    with _progress.bar(len(y), what="reading Flowers-102") as bar:
        for member, stream in formats.members(archive, rows):
            pixels[rows[member.name]], _ = pictures.picture(stream, member.name, size)
            bar.update()
    return _images(pixels, y, None, archive)


def _images(pixels, y, size, path):
    if y is not None and len(y) != len(pixels):
        raise ValueError(f"{path} must hold an image for each of {len(y)} labels; given {len(pixels)} images")
    pixels = np.require(pictures.resized(pixels, size), requirements=["C", "W"])
    return Images(torch.from_numpy(pixels), None if y is None else torch.from_numpy(y))


# ---- the sets


def _idx_parts(base, train_images, train_labels, test_images, test_labels):
    def part(begin, images, labels):
        names = f"{begin}-images-idx3-ubyte.gz", f"{begin}-labels-idx1-ubyte.gz"
        known = zip(names, (images, labels), strict=True)
        return Part(tuple(File(name, base + name, *rest) for name, rest in known), _idx)

    return {"train": part("train", train_images, train_labels), "test": part("t10k", test_images, test_labels)}


MNIST = KnownSet(
    "mnist",
    _idx_parts(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    ),
    instead="datasets.digits()",
)

FASHION_MNIST = KnownSet(
    "fashion_mnist",
    _idx_parts(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
        ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
        ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
        ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
    ),
    instead="datasets.digits()",
)

_CIFAR10 = File(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
)
_BATCHES = {
    "train": [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)],
    "test": ["cifar-10-batches-bin/test_batch.bin"],
}
CIFAR10 = KnownSet(
    "cifar10",
    {part: Part((_CIFAR10,), partial(_cifar10, batches=batches)) for part, batches in _BATCHES.items()},
    instead="datasets.faces(n, size=32)",
)

_STL10 = File(
    "stl10_binary.tar.gz",
    "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
    2_640_397_119,
)
_X_AND_Y = {
    "train": {"images": "stl10_binary/train_X.bin", "labels": "stl10_binary/train_y.bin"},
    "test": {"images": "stl10_binary/test_X.bin", "labels": "stl10_binary/test_y.bin"},
    "unlabeled": {"images": "stl10_binary/unlabeled_X.bin"},
}
STL10 = KnownSet(
    "stl10",
    {part: Part((_STL10,), partial(_stl10, **names)) for part, names in _X_AND_Y.items()},
    instead="datasets.faces(n, size=64)",
)

_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
FLOWERS = KnownSet(
    "flowers",
    {
        "all": Part(
            (
                File(
                    "102flowers.tgz",
                    _OXFORD + "102flowers.tgz",
                    "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
                    344_862_509,
                ),
                File(
                    "imagelabels.mat",
                    _OXFORD + "imagelabels.mat",
                    "4903e94206bac23bf772aadf06451916df56b58fc483a62db32a97b82656651d",
                    502,
                ),
            ),
            _flowers,
        )
    },
    instead="datasets.faces(n, size=64)",
)


# ---- what is called


def mnist(part="train", *, size=None, folder=None):
    """MNIST: 60,000 handwritten digits ("train") or 10,000 ("test"), grey, 28 × 28, ink bright; labels 0 … 9. 12 MB.

    As everywhere in `files`: what is not in `folder` yet is fetched into it, once. Without `folder` it is that of the
    set's name under the environment variable GAN_CORE_DATA, or under the user's cache. `size`, where given, resizes to
    size × size by Pillow's Lanczos filter: 28 → 32 enlarges the digit; nothing is padded.
    Raises ValueError for another part or size, and for a file that is broken; FileNotFoundError for a `folder` that is
    not there; ConnectionError when a file cannot be fetched, saying where to put it by hand and what to use instead.
    Source: LeCun, Bottou, Bengio & Haffner 1998.
    """
    return load(MNIST, part, size, folder)


def fashion_mnist(part="train", *, size=None, folder=None):
    """Fashion-MNIST: clothes in the format of MNIST, 60,000 and 10,000, grey, 28 × 28; labels 0 … 9. 31 MB. As `mnist`.

    Its files have MNIST's names: keep them in a folder of their own. Source: Xiao, Rasul & Vollgraf 2017.
    """
    return load(FASHION_MNIST, part, size, folder)


def cifar10(part="train", *, size=None, folder=None):
    """CIFAR-10: 50,000 photographs ("train") or 10,000 ("test"), RGB, 32 × 32; labels 0 … 9. 170 MB. As `mnist`.

    0 … 9 are airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck. Source: Krizhevsky 2009.
    """
    return load(CIFAR10, part, size, folder)


def stl10(part="unlabeled", *, size=None, folder=None):
    """STL-10: 100,000 photographs without labels ("unlabeled"), or 5,000 ("train") or 8,000 ("test") with; 2.6 GB.

    RGB, 96 × 96; 0 … 9 are airplane, bird, car, cat, deer, dog, horse, monkey, ship, truck. As `mnist`.
    Source: Coates, Ng & Lee 2011.
    """
    return load(STL10, part, size, folder)


def flowers(*, size=64, folder=None):
    """Oxford Flowers-102: 8,189 photographs, RGB, cut and resized as `image_folder` does; labels 0 … 101. 345 MB.

    All three parts together, in the order of their numbers; photographs are at least 500 pixels wide and high.
    As `mnist`. Source: Nilsback & Zisserman 2008.
    """
    return load(FLOWERS, "all", whole("size", size), folder)
