"""Sets of faces: everybody once, several images of each of several people, or exactly what was asked for."""

import torch

from gan_core.mathematics._counts import whole
from gan_core.pieces.datasets.examples import Images
from gan_core.pieces.datasets.faces.drawing import draw_pixels
from gan_core.pieces.datasets.faces.factors import FACE_FACTORS, checked, draw_factors


def faces(n, size=32, seed=0):
    """`n` faces of `size` × `size` pixels, each of somebody else: `Images` with their `factors`.

    The factors are uniform and independent, int64 where they are one of several and float32 where they are a number.
    The same seed gives the same faces at every size, and more of them begin with the same ones.

    | factor        | values                               | of the |
    |---------------|--------------------------------------|--------|
    | `smile`       | 0 neutral, 1 smiling                 | image  |
    | `glasses`     | 0 without, 1 with                    | image  |
    | `hair_length` | 0 short, 1 to the chin, 2 long       | person |
    | `hair_colour` | 0 black, 1 brown, 2 copper, 3 blond, 4 lilac | person |
    | `fringe`      | 0 straight, parted 1 on the left or 2 on the right, 3 up | person |
    | `hair_volume` | 0 close to the head … 1 full         | person |
    | `skin`        | 0 the lightest tone … 1 the deepest  | person |
    | `face_width`  | 0 narrow … 1 wide                    | person |
    | `jaw`         | 0 a round chin … 1 a pointed one     | person |
    | `eye_colour`  | 0 brown, 1 blue, 2 green, 3 grey     | person |
    | `eye_size`    | 0 small … 1 large                    | person |
    | `brows`       | 0 low … 1 raised                     | image  |
    | `mouth`       | 0 closed … 1 open                    | image  |
    | `blush`       | 0 none … 1 rosy cheeks               | image  |
    | `yaw`         | the head turned −1 to the left … 1 to the right of the image | image |
    | `cx`, `cy`    | the head's place, −1 … 1: at most 3.5 % of the size left or right, 2.5 % up or down | image |
    | `background`  | a hue, 0 … 1 round the colour wheel  | image  |
    | `shirt`       | 0 navy, 1 brick, 2 sage, 3 mustard, 4 cream | image |

    `FACE_FACTORS` is this table as data; `people` says what "of the person" means.
    Raises ValueError for n below 1, a negative seed, and a size that is not even or not from 16 to 128; TypeError for
    what is not a whole number.

    >>> faces(100, size=64).shape
    (3, 64, 64)
    """
    return draw_faces(draw_factors(n, seed), size)


def people(identities, images, size=32, seed=0):
    """`images` images of each of `identities` people, in the order of the people: `Images` whose `y` is the person.

    The factors of the person (see `faces`) are those of face y of `faces(…, seed=seed)` in all images of person y; the
    other factors are drawn anew for each image. Raises as `faces`.

    >>> people(3, images=2).y.tolist()
    [0, 0, 1, 1, 2, 2]
    """
    person = torch.arange(whole("identities", identities)).repeat_interleave(whole("images", images))
    factors = {
        name: values[person] if FACE_FACTORS[name].personal else values
        for name, values in draw_factors(len(person), seed).items()
    }
    return Images(draw_pixels(factors, _size(size)), person, factors)


def draw_faces(factors, size=32):
    """The faces that `factors` describe, all those of `faces`, {name: (N,)}: `Images` with the same factors.

    One factor may be changed and all else kept: `draw_faces({**data.factors, "glasses": torch.ones(len(data))})`.
    Raises TypeError for what is not a dict, ValueError for factors that are unknown, missing, of different lengths or
    out of range, and as `faces` for the size.

    >>> same = draw_faces(faces(9).factors)
    >>> bool((same.pixels == faces(9).pixels).all())
    True
    """
    factors = checked(factors)
    return Images(draw_pixels(factors, _size(size)), None, factors)


def _size(size):
    if whole("size", size, least=16) > 128 or size % 2:
        raise ValueError(f"size must be even, from 16 to 128; given {size}")
    return size
