"""The real sets, read from their published files: fetched once, or from a folder of yours. All give `Images`."""

from gan_core.pieces.datasets.files.pictures import image_folder
from gan_core.pieces.datasets.files.sets import cifar10, fashion_mnist, flowers, mnist, stl10

__all__ = ["cifar10", "fashion_mnist", "flowers", "image_folder", "mnist", "stl10"]
