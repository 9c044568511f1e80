"""Files in the layouts of the published picture sets, made byte by byte as the layouts say."""

import gzip
import io
import struct
import tarfile
from itertools import product

import numpy as np
from PIL import Image
from scipy.io import savemat


def shade(image, channel, row, column):
    """A byte for each place, so that no two axes can be exchanged unseen."""
    return (61 * image + 83 * channel + 3 * row + 7 * column + row * column) % 256


def expected(n, channels, height, width):
    return np.array(
        [shade(*place) for place in product(range(n), range(channels), range(height), range(width))], np.uint8
    ).reshape(n, channels, height, width)


def idx_images(n=5, height=4, width=6, endian=">"):
    header = struct.pack(f"{endian}BBBBIII", 0, 0, 8, 3, n, height, width)
    return header + bytes(shade(i, 0, r, c) for i in range(n) for r in range(height) for c in range(width))


def idx_labels(labels):
    return struct.pack(">BBBBI", 0, 0, 8, 1, len(labels)) + bytes(labels)


def cifar_batch(labels, start=0):
    return b"".join(
        bytes([label]) + bytes(shade(i, ch, r, c) for ch in range(3) for r in range(32) for c in range(32))
        for i, label in enumerate(labels, start)
    )


def stl_images(n):
    return bytes(shade(i, ch, r, c) for i in range(n) for ch in range(3) for c in range(96) for r in range(96))


def archive(contents):
    """A tar.gz of {name: bytes}, with the folders that the real ones have."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for folder in sorted({name.rpartition("/")[0] for name in contents}):
            member = tarfile.TarInfo(folder)
            member.type = tarfile.DIRTYPE
            tar.addfile(member)
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def encoded(pixels, ending="png", **options):
    """Pixels (height, width) or (height, width, channels) as the bytes of a picture."""
    out = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels, np.uint8))
    picture.save(out, {"jpg": "JPEG"}.get(ending, ending.upper()), **options)
    return out.getvalue()


def matlab(**variables):
    out = io.BytesIO()
    savemat(out, variables)
    return out.getvalue()


MNIST_LABELS = {"train": [3, 0, 9, 1, 1], "test": [7, 2]}
MNIST = {
    "train-images-idx3-ubyte.gz": gzip.compress(idx_images(5)),
    "train-labels-idx1-ubyte.gz": gzip.compress(idx_labels(MNIST_LABELS["train"])),
    "t10k-images-idx3-ubyte.gz": gzip.compress(idx_images(2)),
    "t10k-labels-idx1-ubyte.gz": gzip.compress(idx_labels(MNIST_LABELS["test"])),
}
CIFAR_BATCHES = {  # in another order than that of their numbers, as an archive may have them
    "cifar-10-batches-bin/data_batch_4.bin": cifar_batch([4, 4], start=6),
    "cifar-10-batches-bin/readme.html": b"<html>",
    "cifar-10-batches-bin/test_batch.bin": cifar_batch([8, 0, 9]),
    "cifar-10-batches-bin/data_batch_1.bin": cifar_batch([1, 9], start=0),
    "cifar-10-batches-bin/data_batch_5.bin": cifar_batch([5], start=8),
    "cifar-10-batches-bin/data_batch_3.bin": cifar_batch([3], start=5),
    "cifar-10-batches-bin/data_batch_2.bin": cifar_batch([2, 2, 0], start=2),
}
CIFAR_LABELS = [1, 9, 2, 2, 0, 3, 4, 4, 5]
STL = {
    "stl10_binary/test_X.bin": stl_images(2),
    "stl10_binary/test_y.bin": bytes([10, 1]),
    "stl10_binary/train_y.bin": bytes([2, 10, 1]),
    "stl10_binary/train_X.bin": stl_images(3),
    "stl10_binary/unlabeled_X.bin": stl_images(5),
}
FLOWER_LABELS = [77, 1, 102]


def photograph(i):
    """A smooth picture of its own colours, 72 wide and 66 high: a JPEG keeps it but for a level or two."""
    y, x = np.mgrid[:66, :72]
    return np.stack([40 * i + x, 200 - 60 * i + y // 2, 90 + 0 * x], axis=-1).astype(np.uint8)


def flower_files(names=("jpg/image_00003.jpg", "jpg/image_00001.jpg", "jpg/image_00002.jpg"), labels=FLOWER_LABELS):
    jpgs = {name: encoded(photograph(int(name[-9:-4])), "jpg", quality=95) for name in names}
    return {"102flowers.tgz": archive(jpgs), "imagelabels.mat": matlab(labels=np.array([labels], np.uint8))}


def colour(i, height=8, width=8):
    return expected(i + 1, 3, height, width)[i].transpose(1, 2, 0)
