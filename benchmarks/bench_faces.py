"""Faces drawn a second, all at once as tensors, against one after the other with Pillow, as one would by hand."""

import os
import platform
import statistics

import PIL
import torch
from PIL import Image, ImageDraw

from benchmarks.paired import paired
from gan_core import datasets

SIZES = (16, 32, 64, 128)
PIXELS = 2**19  # drawn a call, whatever the size


def at_once(size):
    """As many faces as a call is to draw, by us, on one thread and on all; and 16 of them by Pillow."""
    factors = datasets.faces(PIXELS // size**2, size=16).factors
    few = {name: values[:16].tolist() for name, values in factors.items()}
    threads = os.cpu_count()
    return {
        "one thread": lambda: _on(1, lambda: datasets.draw_faces(factors, size)),
        f"{threads} threads": lambda: _on(threads, lambda: datasets.draw_faces(factors, size)),
        "Pillow": lambda: [one_by_one(few, i, size) for i in range(16)],
    }


def one_by_one(factors, i, size, finer=4):
    """A face of about as many shapes (ellipses, polygons, arcs), drawn `finer` times as large and then averaged."""
    s = size * finer
    image = Image.new("RGB", (s, s), (200, 215, 235))
    pen = ImageDraw.Draw(image)
    cx, cy, turn = 0.035 * factors["cx"][i] + 0.5, 0.025 * factors["cy"][i] + 0.49, 0.05 * factors["yaw"][i]
    skin, hair, ink = (214, 158, 114), (112, 74, 54), (46, 40, 52)

    def oval(x, y, rx, ry, colour, **options):
        pen.ellipse([s * (x - rx), s * (y - ry), s * (x + rx), s * (y + ry)], fill=colour, **options)

    oval(cx, cy, 0.3, 0.36, (90, 58, 46))
    oval(0.5, 1.06, 0.36, 0.23, (62, 84, 128))
    oval(0.5, 0.85, 0.12, 0.1, (50, 70, 110))
    pen.rounded_rectangle([s * 0.41, s * 0.55, s * 0.59, s * 0.88], radius=s * 0.08, fill=(190, 130, 95))
    for side in (-1, 1):
        oval(cx + side * 0.22, cy + 0.04, 0.042, 0.06, skin)
        oval(cx + side * 0.22, cy + 0.04, 0.022, 0.035, (190, 130, 95))
    oval(cx, cy, 0.23, 0.28, (190, 130, 95))
    oval(cx - 0.02, cy - 0.02, 0.22, 0.28, skin)
    for side in (-1, 1):
        x = cx + turn + 0.1 * side
        oval(x + 0.03 * side, cy + 0.1, 0.06, 0.05, (225, 140, 110))
        oval(x, cy - 0.01, 0.05, 0.06, (255, 252, 246))
        oval(x, cy - 0.01, 0.04, 0.05, (62, 124, 196))
        oval(x, cy - 0.01, 0.02, 0.025, ink)
        oval(x - 0.01, cy - 0.02, 0.01, 0.012, (255, 252, 246))
        pen.arc([s * (x - 0.06), s * (cy - 0.07), s * (x + 0.06), s * (cy + 0.05)], 190, 350, fill=ink, width=s // 50)
        pen.arc([s * (x - 0.06), s * (cy - 0.12), s * (x + 0.06), s * cy], 200, 340, fill=hair, width=s // 40)
    pen.polygon([(s * (cx + turn - 0.03), s * (cy + 0.07)), (s * (cx + turn + 0.03), s * (cy + 0.07)),
                 (s * (cx + turn), s * (cy + 0.1))], fill=(180, 120, 85))  # fmt: skip
    mouth = [s * (cx + turn - 0.1), s * (cy + 0.08), s * (cx + turn + 0.1), s * (cy + 0.22)]
    pen.chord(mouth, 10, 170, fill=(120, 44, 54), outline=(190, 82, 84), width=s // 60)
    pen.chord(mouth, 20, 160, fill=(255, 252, 246))
    pen.chord([s * (cx - 0.28), s * (cy - 0.34), s * (cx + 0.28), s * (cy + 0.2)], 190, 350, fill=hair)
    pen.arc([s * (cx - 0.15), s * (cy - 0.3), s * (cx + 0.1), s * cy], 220, 300, fill=(160, 120, 100), width=s // 40)
    if factors["glasses"][i]:
        for side in (-1, 1):
            oval(cx + turn + 0.1 * side, cy, 0.09, 0.095, None, outline=ink, width=s // 45)
        pen.line([s * (cx + turn - 0.02), s * cy, s * (cx + turn + 0.02), s * cy], fill=ink, width=s // 45)
    return image.resize((size, size), Image.BOX)


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}, Pillow {PIL.__version__}")
    print("Faces a second, with the conversion to bytes: medians over turns in one process.\n")
    for number, size in enumerate(SIZES):
        contestants = at_once(size)
        drawn = {name: 16 if name == "Pillow" else PIXELS // size**2 for name in contestants}
        seconds = paired(contestants, turns=7)
        if number == 0:
            print(f"  {'size':>10}" + "".join(f"{name:>16}" for name in contestants))
        rates = [drawn[name] / statistics.median(column) for name, column in zip(contestants, seconds.T, strict=True)]
        print(f"  {size:>10}" + "".join(f"{rate:>16,.0f}" for rate in rates), flush=True)
    print()


def _on(threads, run):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return run()
    finally:
        torch.set_num_threads(before)


if __name__ == "__main__":
    main()
