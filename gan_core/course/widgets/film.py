"""A film of a widget: pictures of the places it can be moved to, drawn beforehand for pages without a kernel.

`tools/run_notebooks.py` asks for films with an environment variable, and takes them out of the notebook that it stores;
the book shows them. At any other time nothing is drawn beforehand.
"""

import base64
import itertools
import math
import os
from typing import NamedTuple

MIME = "application/vnd.gan-core.film+json"
ASKED = "GAN_CORE_FILMS"
FRAMES = 84  # of a film: sliders are thinned to that
PLACES = 6  # that a slider keeps in any case


class Knob(NamedTuple):
    """What is moved: a menu, or a slider over `values` in order; it begins at the value with the number `start`.

    A slider that `plays` is what happens one after the other: it can be set going.
    """

    name: str
    values: list
    start: int = 0
    menu: bool = False
    plays: bool = False


def wanted():
    """Whether films are asked for."""
    return bool(os.environ.get(ASKED))


def film(knobs, frame):
    """{"knobs": …, "frames": …}, ready for JSON. `frame(*values)`, one of each knob, gives a PNG and a line of text.

    The frames are those of all combinations, the first knob's values fastest; sliders are `thinned` before.
    """
    knobs = thinned(knobs)
    frames = []
    for values in itertools.product(*(knob.values for knob in reversed(knobs))):
        png, said = frame(*reversed(values))
        frames.append({"png": base64.b64encode(png).decode(), "said": said})
    told = [knob._replace(values=[_told(value) for value in knob.values])._asdict() for knob in knobs]
    return {"knobs": told, "frames": frames}


def thinned(knobs):
    """The knobs with fewer places on each slider, so that there are FRAMES combinations at most, if PLACES allow it.

    What stays is every second, third, … place from the start, both ways, and both ends.
    """
    longest = max(len(knob.values) for knob in knobs)
    for every in range(1, longest + 1):
        fewer = [knob if knob.menu else _thinned(knob, every) for knob in knobs]
        if math.prod(len(knob.values) for knob in fewer) <= FRAMES:
            break
    return fewer


def _thinned(knob, every):
    n = len(knob.values)
    for step in range(every, 0, -1):
        kept = [i for i in range(n) if (i - knob.start) % step == 0 or i in (0, n - 1)]
        if len(kept) >= min(PLACES, n):
            return knob._replace(values=[knob.values[i] for i in kept], start=kept.index(knob.start))


def _told(value):
    return value if isinstance(value, str) else f"{value:g}"
