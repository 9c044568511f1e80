"""How a face is drawn: from the back to the front, each part in the window of the picture where it can be."""

import torch

from gan_core.pieces.datasets.faces import palette
from gan_core.pieces.datasets.faces.palette import along, mix, one_of
from gan_core.pieces.datasets.faces.shapes import Canvas

# 35 parts that together cover the picture 5.7 times, at some 20 numbers a pixel: 120 numbers written for each pixel,
# with what they are made of 4.3 MB through the cache for a face of 64 × 64. At 50 GB/s that is 86 µs, the floor.
_AT_ONCE = 2**19  # pixels drawn together: few enough to stay in the cache, enough that 1,600 calls cost little

_HAIR = (-0.83, 0.83, -0.9, 1.0)  # where it can be


def draw_pixels(factors, size):
    """The pictures of `factors`, {name: (N,)}: uint8 (N, 3, size, size)."""
    n, step = len(factors["smile"]), _AT_ONCE // size**2
    pixels = torch.empty(n, 3, size, size, dtype=torch.uint8)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        canvas = _paint(_Face({name: values[rows] for name, values in factors.items()}), size)
        pixels[rows] = canvas.pixels.add_(0.5).to(torch.uint8).permute(3, 0, 1, 2)
    return pixels


class _Face:
    """Measures (n,) and colours (3, n) that follow from the factors. The picture is the square [−1, 1]²."""

    def __init__(self, factors):
        f = factors
        self.cx, self.cy, self.body = 0.07 * f["cx"], 0.05 * f["cy"] - 0.02, 0.03 * f["cx"]
        self.yaw, self.turn = f["yaw"], 0.1 * f["yaw"]  # eyes, nose and mouth move by `turn`, hair and ears against it
        self.rx, self.jaw = 0.42 + 0.09 * f["face_width"], 0.04 + 0.3 * f["jaw"]
        self.smile, self.open, self.blush = f["smile"].float(), f["mouth"], f["blush"]
        self.eye, self.brow, self.glasses = f["eye_size"], 0.16 + 0.1 * f["brows"], f["glasses"].float()
        self.has_locks = (f["hair_length"] > 0).float()
        self.volume = f["hair_volume"]
        self.hair_wider, self.hair_straight, self.hair_down = _pick(
            [(0.0, 0.0, 0.26), (0.02, 0.26, 0.36), (0.05, 1.4, 0.4)], f["hair_length"]
        )
        self.line, self.bow, self.parting = _pick(
            [(-0.2, 0.1, 0.0), (-0.44, 0.8, -0.26), (-0.44, 0.8, 0.26), (-0.4, 0.7, 0.0)], f["fringe"]
        )
        self.skin, self.wall = along(palette.SKIN, f["skin"]), along(palette.WALL, f["background"])
        self.hair, self.iris = one_of(palette.HAIR, f["hair_colour"]), one_of(palette.IRIS, f["eye_colour"])
        self.shirt = one_of(palette.SHIRT, f["shirt"])
        self.shade = mix(self.skin, palette.EARTH, 0.26)


def _paint(face, size):
    canvas = Canvas(len(face.cx), size)
    _background(canvas, face)
    hair = _back_hair(canvas, face)
    _body(canvas, face)
    for side in (-1, 1):
        _ear(canvas, face, side)
    _head(canvas, face)
    _mouth(canvas, face)
    for side in (-1, 1):
        _cheek(canvas, face, side)
        _eye(canvas, face, side)
    _front_hair(canvas, face, hair)
    for side in (-1, 1):
        _brow(canvas, face, side)
        _glass(canvas, face, side)
    _bridge(canvas, face)
    return canvas


def _background(canvas, face):
    w = canvas.window()
    top, bottom = mix(face.wall, palette.WHITE, 0.25), mix(face.wall, palette.INK, 0.08)
    w.pixels.copy_(mix(top[:, None, None], bottom[:, None, None], (w.y + 1) / 2))


def _back_hair(canvas, face):
    """All of the hair, in shade; what the head and the shoulders leave of it is seen. Returns its coverage."""
    w = canvas.window(*_HAIR)
    rx = face.rx + 0.07 + 0.09 * face.volume + face.hair_wider
    up = 0.6 + 0.11 * face.volume
    hair = w.oval(face.cx - 0.4 * face.turn, face.cy - 0.08, rx, up, face.hair_down, face.hair_straight)
    w.paint(hair, mix(face.hair, palette.DUSK, 0.22))
    return hair


def _body(canvas, face):
    w = canvas.window(-0.76, 0.76, 0.65, 1.0)
    shirt = w.oval(face.body, 1.12, rx=0.72, up=0.46)
    w.paint(shirt, face.shirt)
    w.paint(w.oval(face.body, 0.6, rx=0.25, up=0.3, down=0.22).mul_(shirt), mix(face.shirt, palette.INK, 0.25))
    w = canvas.window(-0.23, 0.23, 0.09, 0.78)
    w.paint(w.oval(face.body, 0.6, rx=0.19, up=0.5, down=0.17), face.shade)


def _ear(canvas, face, side):
    w = canvas.window(*_either(side, 0.18, 0.73), -0.12, 0.24)
    x, y = face.cx + side * (face.rx - 0.01) - 0.7 * face.turn, face.cy + 0.08
    w.paint(w.oval(x, y, rx=0.085, up=0.12), face.skin)
    w.paint(w.oval(x + 0.01 * side, y, rx=0.045, up=0.07), face.shade)


def _head(canvas, face):
    w = canvas.window(-0.6, 0.6, -0.67, 0.61)
    head = _head_oval(w, face)
    w.paint(head, face.skin)
    lit = w.oval(face.cx - 0.05, face.cy - 0.06, face.rx, up=0.56, down=0.57, taper=face.jaw)
    hair_shade = (1 - _below_hairline(w, face, 0.07)).mul_(0.55)
    w.paint(torch.maximum((1 - lit).mul_(0.5), hair_shade).mul_(head), face.shade)
    w = canvas.window(-0.3, 0.3, 0.0, 0.22)
    w.paint(
        w.lens(face.cx + 1.5 * face.turn, face.cy + 0.12, 0.075, upper=0.0, lower=0.06),
        mix(face.shade, palette.EARTH, 0.2),
    )


def _head_oval(w, face):
    return w.oval(face.cx, face.cy - 0.02, face.rx, up=0.56, down=0.58, taper=face.jaw)


def _cheek(canvas, face, side):
    w = canvas.window(*_either(side, -0.03, 0.57), 0.02, 0.34)
    x, y = w.x - (face.cx + face.turn + 0.27 * side), w.y - (face.cy + 0.2)
    glow = (1 - (x / 0.13) ** 2).sub((y / 0.1) ** 2).clamp_(min=0)
    w.paint(glow.mul_(0.65 * face.blush).mul_(_head_oval(w, face)), mix(face.skin, palette.ROSE, 0.6))


def _mouth(canvas, face):
    w = canvas.window(-0.44, 0.44, 0.16, 0.62)
    smile, calm = face.smile, 1 - face.smile
    x, y = face.cx + face.turn, face.cy + 0.33 - 0.03 * smile
    rx = (0.13 - 0.03 * face.open) * calm + 0.23 * smile
    upper = -0.025 * (1 + face.open) * calm + 0.03 * smile
    lower = (0.035 + 0.07 * face.open) * calm + (0.11 + 0.1 * face.open) * smile
    w.paint(w.lens(x, y, rx + 0.03, upper - 0.02, lower + 0.025), mix(face.shade, palette.LIPS, 0.75))
    inside = w.lens(x, y, rx, upper + 0.01, lower)
    w.paint(inside * torch.maximum(face.open, smile), palette.MOUTH)
    w.paint(torch.minimum(w.lens(x, y, rx, upper + 0.01, upper + 0.07), inside).mul_(smile), palette.CREAM)


def _eye(canvas, face, side):
    w = canvas.window(*_either(side, -0.12, 0.5), -0.28, 0.16)
    x, y = face.cx + 0.8 * face.turn + 0.2 * side, face.cy - 0.02
    rx, ry = (0.09 + 0.035 * face.eye) * (1 - 0.16 * side * face.yaw), 0.095 + 0.045 * face.eye
    white = w.oval(x, y, rx, ry)
    w.paint(white, palette.CREAM)
    look = x + 0.25 * face.turn
    w.paint(w.oval(look, y - 0.08 * ry, 0.86 * rx, 0.92 * ry).mul_(white), face.iris)
    w.paint(w.oval(look, y - 0.04 * ry, 0.46 * rx, 0.5 * ry), palette.INK)
    w.paint(w.oval(look - 0.025, y - 0.035, rx=0.022, up=0.026), palette.CREAM)
    w.paint(w.lens(x, y - 0.1 * ry, rx + 0.03, -ry - 0.03, -ry + 0.02), palette.INK)


def _front_hair(canvas, face, hair):
    """The hair above its line and, where it is longer, beside the face."""
    w = canvas.window(*_HAIR)
    face_and_neck = w.oval(face.cx + 0.4 * face.turn, face.cy, face.rx - 0.03, up=0.6, straight=1.0)
    locks = (1 - face_and_neck).mul_(face.has_locks)
    w.paint((1 - _below_hairline(w, face)).maximum(locks).mul_(hair), face.hair)
    w = canvas.window(-0.5, 0.4, -0.7, -0.3)
    shine = w.lens(face.cx - 0.06 - 0.4 * face.turn, face.cy - 0.42, 0.62 * face.rx, upper=-0.18, lower=-0.1)
    w.paint(shine.mul_(1 - _below_hairline(w, face, -0.03)).mul_(0.5), mix(face.hair, palette.CREAM, 0.35))


def _below_hairline(w, face, lower=0.0):
    x = w.x - (face.cx + 0.4 * face.turn + face.parting)
    return w.below(face.cy + (face.line + lower) + face.bow * x**2, 2 * face.bow * x)


def _brow(canvas, face, side):
    w = canvas.window(*_either(side, -0.1, 0.52), -0.41, -0.13)
    x, y = face.cx + face.turn + 0.21 * side, face.cy - face.brow
    w.paint(w.lens(x, y, 0.13, upper=-0.07, lower=-0.01), mix(face.hair, palette.INK, 0.55))


def _glass(canvas, face, side):
    w = canvas.window(*_either(side, -0.18, 0.6), -0.28, 0.24)
    x, rx = face.cx + face.turn + 0.21 * side, 0.175 * (1 - 0.1 * side * face.yaw)
    rim, glass = w.oval(x, face.cy, rx + 0.025, up=0.2), w.oval(x, face.cy, rx - 0.02, up=0.155)
    w.paint(glass * (0.14 * face.glasses), palette.WHITE)
    w.paint((rim - glass).mul_(face.glasses), palette.INK)


def _bridge(canvas, face):
    w = canvas.window(-0.26, 0.26, -0.15, 0.03)
    x, y = face.cx + face.turn, face.cy - 0.02
    w.paint(w.lens(x, y, 0.08, upper=-0.05, lower=-0.01).mul_(face.glasses), palette.INK)


def _either(side, inner, outer):
    """Left and right ends of what reaches from `inner` to `outer` on one side: −1 is the left, 1 the right."""
    return sorted((side * inner, side * outer))


def _pick(table, number):
    """The row of `table` for each number, as one tensor a column."""
    return torch.tensor(table, dtype=torch.float32).T[:, number]
