"""Execute each notebooks/NN_name.py and store it, with its outputs, as a byte-reproducible NN_name.ipynb.

All chapters, or only those named by how they begin: `python tools/run_notebooks.py 02 05`.
"""

import base64
import io
import os
import pathlib
import sys
import time

import films
import jupytext
import nbclient
import nbformat
from PIL import Image

from gan_core.course.widgets import film

NOTEBOOKS = pathlib.Path(__file__).parents[1] / "notebooks"
KEPT = ("tags", "jupyter")  # of a cell's metadata: what nbval is told, and what is folded
FILMS = pathlib.Path(__file__).parent / "book" / "src" / "films"  # mdBook takes them into the book from here
WIDGET = "application/vnd.jupyter.widget-view+json"  # a model's id is new in every kernel; the picture beside it stays


def run(source, folder):
    """Execute one .py notebook; write its .ipynb without what differs from run to run, and its films to `folder`."""
    notebook = jupytext.read(source)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", store_widget_state=False, record_timing=False,
        coalesce_streams=True,  # what is printed in one go may arrive in two
        resources={"metadata": {"path": str(source.parent)}},
    )  # fmt: skip
    try:
        client.execute(env=os.environ | {film.ASKED: "yes"})
    except nbclient.exceptions.CellExecutionError as error:
        raise SystemExit(f"{source.name} fails:\n{error}") from None
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    taken = []
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem}-{number:02d}"
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key in KEPT})
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            taken += [data.pop(film.MIME)] if film.MIME in data else []
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
            if output.get("name") == "stderr":
                raise SystemExit(f"{source.name}, cell {number}, writes to stderr:\n{output['text']}")
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    films.store(taken, folder, source.stem.partition("_")[0])


def smaller(png):
    """The same picture, base64, in 128 colours: a third of the bytes, and no eye sees it in a chart."""
    stored = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(stored, "PNG", optimize=True)
    return base64.b64encode(stored.getvalue()).decode()


def main(wanted):
    """Run the chapters that begin with a word of `wanted`, or all; say how long each took."""
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]*_*.py"))
    for word in wanted:
        if not any(path.stem.startswith(word) for path in chapters):
            raise SystemExit(f"no chapter begins with {word!r}; there are {', '.join(path.stem for path in chapters)}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the tests run them
    for path in chapters:
        if not wanted or path.stem.startswith(tuple(wanted)):
            start = time.perf_counter()
            run(path, FILMS)
            print(f"{time.perf_counter() - start:6.1f} s  {path.stem}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
