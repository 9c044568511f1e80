"""Make the pictures in the README, of figures stored in the chapters and of recorded runs: nothing is drawn for show.

python tools/readme_picture.py
"""

import base64
import io
import pathlib

import nbformat
from PIL import Image

ROOT = pathlib.Path(__file__).parents[1]
SHEETS = {"readme_faces.png": "sndcgan-faces-64", "readme_people.png": "projection-people-64-full"}  # of results/
ROWS, CELL = 3, 132  # how many rows of a sheet; pixels from one image to the next
FIGURES = (("05_saddle", "figures.games.dirac_panels("), ("07_first_gan", "figures.training.sheets("))
HEIGHT, GAP = 480, 32


def figure(chapter, call):
    """The stored figure of the one cell of `chapter` that makes the call, HEIGHT pixels high."""
    cells = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4).cells
    (cell,) = (cell for cell in cells if cell.cell_type == "code" and call in cell.source)
    png = next(output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {}))
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)


def main():
    for name, result in SHEETS.items():
        sheet = Image.open(ROOT / "results" / result / "samples.png").convert("RGB")
        rows = sheet.crop((0, 0, sheet.width, ROWS * CELL + 4))
        rows.quantize(256, dither=Image.Dither.NONE).save(ROOT / "results" / name, optimize=True)
    left, right = (figure(*place) for place in FIGURES)
    page = Image.new("RGB", (left.width + GAP + right.width, HEIGHT), "white")
    page.paste(left, (0, 0))
    page.paste(right, (left.width + GAP, 0))
    page.quantize(128, dither=Image.Dither.NONE).save(ROOT / "results" / "readme.png", optimize=True)


if __name__ == "__main__":
    main()
