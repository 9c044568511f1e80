"""The films of a chapter's widgets, stored for the book: strips of frames, one below the other, and what each says.

A film is what `gan_core.course.widgets.film` makes. `NAME.json` holds its knobs, the line of text of each frame and the
size of one; `NAME-0.webp`, `NAME-1.webp`, … hold `rows` frames each, the last of them what is left.
"""

import base64
import io
import json

import numpy as np
from PIL import Image

ROWS = 24  # frames of a strip: few enough for a phone to hold it, enough for each to be stored as what is new in it
TALLEST = 16_383  # pixels of a WebP picture
COLOURS = (64, 128, 256)  # the first number that shows each pixel, or nearly each, in a colour like its own
AWAY, RARE = 40, 1 / 2_000  # of 255; of all pixels


def store(films, folder, chapter):
    """Write the films of a chapter, "03", to `folder`: 03-1, 03-2, … in the order of the page; older ones go."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(f"{chapter}-*"):
        path.unlink()
    for number, film in enumerate(films, start=1):
        _store(film, folder, f"{chapter}-{number}")


def _store(film, folder, name):
    frames = [_picture(frame["png"]) for frame in film["frames"]]
    width, height = max(each.width for each in frames), max(each.height for each in frames)
    rows = min(ROWS, TALLEST // height)
    for number, first in enumerate(range(0, len(frames), rows)):
        some = frames[first : first + rows]
        strip = Image.new("RGB", (width, height * len(some)), "white")
        for row, frame in enumerate(some):
            strip.paste(frame, (0, row * height))
        (folder / f"{name}-{number}.webp").write_bytes(_smallest(strip))
    told = {"knobs": film["knobs"], "said": [frame["said"] for frame in film["frames"]]}
    told |= {"width": width, "height": height, "rows": rows}
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _picture(png):
    return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")


def _smallest(strip):
    """The strip in WebP: exact in a few colours, which suits a chart, or as a photograph."""
    exact = _webp(_in_few(strip), lossless=True, quality=90)  # from 76 on what was seen a frame ago is found again
    return min(exact, _webp(strip, quality=70), key=len)


def _in_few(strip):
    """The strip in a few colours: not in so few that what is small, such as a mark, takes on another's."""
    for colours in COLOURS:
        few = strip.quantize(colours, dither=Image.Dither.NONE).convert("RGB")
        away = np.subtract(few, strip, dtype=np.int16)
        if (np.abs(away).max(2) > AWAY).mean() < RARE:
            break
    return few


def _webp(picture, **options):
    stored = io.BytesIO()
    picture.save(stored, "WEBP", method=4, **options)
    return stored.getvalue()
