"""Make the picture in the README from a recorded run: the first rows of its sheet, none picked.

python tools/readme_picture.py
"""

import pathlib

from PIL import Image

RESULTS = pathlib.Path(__file__).parents[1] / "results"
RUN = "sndcgan-faces-64"
ROWS, CELL = 3, 132  # how many rows of the sheet; pixels from one image to the next


def main():
    sheet = Image.open(RESULTS / RUN / "samples.png").convert("RGB")
    rows = sheet.crop((0, 0, sheet.width, ROWS * CELL + 4))
    rows.quantize(256, dither=Image.Dither.NONE).save(RESULTS / "readme_faces.png", optimize=True)


if __name__ == "__main__":
    main()
