"""mdBook's preprocessor: the chapters listed in book.toml, executed notebooks, become the pages of the book.

mdBook starts it, gives it the book as JSON and takes it back with the pages in it (`mdbook build`, or `make book`).
"""

import ast
import json
import pathlib
import sys
import tomllib

import moving
from ledger import ledger, printed

from pages import is_widget, page


def items(root, chapters):
    """The book's parts and chapters in mdBook's form, from the course in `root` and the manifest's list of chapters."""
    films = root / "tools" / "book" / "src" / "films"
    notebooks = {
        stem: moving.attached(_notebook(root, stem), moving.films(films, stem), is_widget)
        for stem in (chapter["notebook"] for chapter in chapters)
    }
    titles = {
        stem: f"{stem.partition('_')[0]} · {chapter['title']}"
        for stem, chapter in zip(notebooks, chapters, strict=True)
    }
    pictures = docstrings(root / "gan_core" / "course" / "figures")
    for chapter in chapters:
        stem = chapter["notebook"]
        if "part" in chapter:
            yield {"PartTitle": chapter["part"]}
        yield _chapter(f"{titles[stem]} ({chapter['minutes']} min)", stem, page(notebooks[stem], titles, pictures))
    claims = {id: made for notebook in notebooks.values() for id, made in printed(notebook).items()}
    yield {"PartTitle": "What holds it up"}
    yield _chapter("All claims", "claims", ledger(_sources(root), claims, titles))


def docstrings(package):
    """Name of each public function in a package's files → the first paragraph of its docstring, as one plain line."""
    return {
        node.name: " ".join(text.split("\n\n")[0].replace("`", "").split())
        for file in sorted(package.glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and (text := ast.get_docstring(node))
    }


def _notebook(root, stem):
    import nbformat  # here: its import takes seconds, and mdBook asks what is supported before it gives the book

    path = root / "notebooks" / f"{stem}.ipynb"
    if not path.exists():
        raise SystemExit(f"book.toml lists {stem}, and {path} is not there: run `make notebooks` first")
    return nbformat.read(path, as_version=4)


def _sources(root):
    path = root / "notebooks" / "claims.toml"
    if not path.exists():
        raise SystemExit(f"the page of all claims is made from {path}, which is not there")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _chapter(name, stem, content):
    path = f"{stem}.md"
    return {
        "Chapter": {
            "name": name, "content": content, "number": None, "sub_items": [],
            "path": path, "source_path": None, "parent_names": [],
        }
    }  # fmt: skip


def main(arguments):
    if arguments[:1] == ["supports"]:
        return 0 if arguments[1:] == ["html"] else 1
    context, book = json.load(sys.stdin)
    chapters = context["config"]["preprocessor"]["gan-course"]["chapters"]
    try:
        book["items"] = list(items(pathlib.Path(context["root"]), chapters))
    except ValueError as error:
        raise SystemExit(f"the book cannot be made: {error}") from error
    json.dump(book, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
