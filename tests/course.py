"""The chapters, as the tests read them: the manifest of book.toml, the .py as written, the .ipynb as stored."""

import pathlib
import tomllib
from typing import NamedTuple

import jupytext
import nbformat

ROOT = pathlib.Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"


class Chapter(NamedTuple):
    """One chapter: its entry in the manifest, and its two notebooks, which are to be one."""

    entry: dict
    written: nbformat.NotebookNode
    stored: nbformat.NotebookNode

    @property
    def number(self):
        """What stands before the name: "13", or "13b" for a second part."""
        return self.entry["notebook"].partition("_")[0]

    @property
    def prose(self):
        """All Markdown, as one text."""
        return "\n\n".join(cell.source for cell in self.written.cells if cell.cell_type == "markdown")

    @property
    def code(self):
        """The sources of the code cells, in order."""
        return [cell.source for cell in self.written.cells if cell.cell_type == "code"]

    @property
    def printed(self):
        """All that the stored notebook prints, as one text."""
        outputs = [output for cell in self.stored.cells for output in cell.get("outputs", [])]
        return "\n".join(output.text for output in outputs if output.output_type == "stream")


def manifest():
    """The chapters' entries in book.toml, in order."""
    book = tomllib.loads((ROOT / "book.toml").read_text(encoding="utf-8"))
    return book["preprocessor"]["gan-course"]["chapters"]


def chapter(entry):
    """The chapter of an entry of the manifest."""
    path = NOTEBOOKS / entry["notebook"]
    return Chapter(entry, jupytext.read(path.with_suffix(".py")), nbformat.read(path.with_suffix(".ipynb"), 4))
