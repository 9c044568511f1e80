"""The film of fixed z, as a figure: the pixels as they are, each row told by its step."""

import numpy as np
import torch
from mutants import assert_killed, faults

from gan_core import figures

STEPS = [0, 125, 1_000]


def strip():
    """Three rows of two grey images, each row of its own shade."""
    shades = torch.tensor([-1.0, 0.0, 1.0])
    return np.concatenate([figures.samples.sheet(shade.expand(2, 1, 8, 8), columns=2) for shade in shades])


def oracle_film(film):
    pixels = strip()
    (ax,) = film(pixels, STEPS).axes
    (image,) = ax.images
    assert np.array_equal(image.get_array(), pixels)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "125", "1,000"]
    shades = [pixels[round(y), 20, 0] for y in ax.get_yticks()]
    assert shades == [0, 128, 255]  # the step stands beside the middle of its own row
    assert ax.get_ylabel() == "steps of G"


MUTANTS = {
    "the last step first": lambda pixels, steps: figures.samples.film(pixels, steps[::-1]),
    "upside down": lambda pixels, steps: figures.samples.film(pixels[::-1], steps),
    "a row is missing": lambda pixels, steps: figures.samples.film(pixels[: len(pixels) // 3], steps),
}


def test_film():
    oracle_film(figures.samples.film)


@faults(MUTANTS)
def test_film_mutants(mutant):
    assert_killed(oracle_film, mutant)
