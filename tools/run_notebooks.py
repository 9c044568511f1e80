"""Execute each notebooks/NN_name.py and store it, with its outputs, as a byte-reproducible NN_name.ipynb.

    python tools/run_notebooks.py            all chapters of book.toml
    python tools/run_notebooks.py 02 05      only these
"""

import pathlib
import sys
import time

import jupytext
import nbclient
import nbformat

NOTEBOOKS = pathlib.Path(__file__).parents[1] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"  # a model's id is new in every kernel; the picture beside it stays


def run(source):
    """Execute one .py notebook and write its .ipynb without anything that differs from run to run."""
    notebook = jupytext.read(source)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", store_widget_state=False, record_timing=False,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )  # fmt: skip
    client.execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{source.stem}-{number:02d}"
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key == "tags"})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            if output.get("name") == "stderr":
                raise SystemExit(f"{source.name}, cell {number}, writes to stderr:\n{output['text']}")
    nbformat.write(notebook, source.with_suffix(".ipynb"))


def main(wanted):
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))
    unknown = [name for name in wanted if not any(path.stem.startswith(name) for path in chapters)]
    if unknown:
        raise SystemExit(f"no chapter begins with {', '.join(unknown)}; there are {', '.join(path.stem for path in chapters)}")
    for path in chapters:
        if not wanted or any(path.stem.startswith(name) for name in wanted):
            start = time.perf_counter()
            run(path)
            print(f"{time.perf_counter() - start:6.1f} s  {path.stem}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
