"""What the book is made from: the executed notebooks, the claims and their sources, the library, the data in pages/."""

import pathlib
import tomllib
from typing import NamedTuple

from ledger import printed
from library import address


class Course(NamedTuple):
    """A course in a folder: its executed notebooks in the order of the manifest, and what each is called."""

    root: pathlib.Path
    notebooks: dict  # stem → notebook
    titles: dict  # stem → "07 · The first GAN"

    @property
    def chapters(self):
        """Number → (title, address of the page)."""
        return {stem.partition("_")[0]: (title, f"{stem}.md") for stem, title in self.titles.items()}

    @property
    def claims(self):
        """Id → (statement, bound), as the notebooks print them."""
        return {id: made for notebook in self.notebooks.values() for id, made in printed(notebook).items()}

    @property
    def sources(self):
        """Id of a claim → its table in notebooks/claims.toml."""
        path = self.root / "notebooks" / "claims.toml"
        if not path.exists():
            raise SystemExit(f"the page of all claims is made from {path}, which is not there")
        return tomllib.loads(path.read_text(encoding="utf-8"))

    @property
    def followed(self):
        """Key of a source that the course follows → {title, ledger}, how the errata name it."""
        path = self.root / "gan_core" / "course" / "lessons" / "errata.toml"
        return tomllib.loads(path.read_text(encoding="utf-8"))["sources"]

    @property
    def words(self):
        """(number, address) of each chapter → its prose, and the sources of its claims."""
        said = {id: " ".join(table.values()) for id, table in self.sources.items()}
        return {
            (number, address): "\n".join(
                [*_cells(self.notebooks[stem], "markdown"), *(said[id] for id in said if id.startswith(f"{number}/"))]
            )
            for stem, (number, (_, address)) in zip(self.titles, self.chapters.items(), strict=True)
        }

    @property
    def code(self):
        """(title, address) of each chapter → its code."""
        return {
            self.chapters[stem.partition("_")[0]]: "\n".join(_cells(notebook, "code"))
            for stem, notebook in self.notebooks.items()
        }

    @property
    def modules(self):
        """(short name, address in the reference) of each module of gan_core without an underscore → its text."""
        files = [path.relative_to(self.root) for path in sorted((self.root / "gan_core").rglob("*.py"))]
        public = [path for path in files if not any(part.startswith("_") for part in path.with_suffix("").parts[:-1])]
        named = {path: _short_name(path) for path in public if path.stem == "__init__" or path.name[0] != "_"}
        return {
            (f"`{name}`", address(path)): (self.root / path).read_text(encoding="utf-8") for path, name in named.items()
        }

    def data(self, name):
        """A file of data in pages/."""
        return tomllib.loads((self.root / "pages" / f"{name}.toml").read_text(encoding="utf-8"))


def _cells(notebook, kind):
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def _short_name(path):
    """A module as one imports it from gan_core: without the room it is in."""
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    return ".".join(parts[2:] or parts[-1:])
