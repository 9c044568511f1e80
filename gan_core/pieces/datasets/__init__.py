"""The data. A dataset has a `shape`, that of one example, and `sample(n, rng)`, n examples from a torch.Generator."""

from gan_core.pieces.datasets import files
from gan_core.pieces.datasets.balanced import Balanced, balanced
from gan_core.pieces.datasets.digits import StackedDigits, digits, stacked_digits
from gan_core.pieces.datasets.examples import Examples, Images
from gan_core.pieces.datasets.faces import FACE_FACTORS, draw_faces, faces, people
from gan_core.pieces.datasets.loader import Loader, as_data
from gan_core.pieces.datasets.mixtures import Mixture, grid, mixture, ring, swiss_roll

__all__ = [
    "FACE_FACTORS",
    "Balanced",
    "Examples",
    "Images",
    "Loader",
    "Mixture",
    "StackedDigits",
    "as_data",
    "balanced",
    "digits",
    "draw_faces",
    "faces",
    "files",
    "grid",
    "mixture",
    "people",
    "ring",
    "stacked_digits",
    "swiss_roll",
]
