"""mdBook's preprocessor: the chapters listed in book.toml, executed notebooks, become the pages of the book.

Beside them stand the pages of pages/: prose from NAME.md, and below it what is made from data, by the function of that
name in MADE.

mdBook starts it, gives it the book as JSON and takes it back with the pages in it (`mdbook build`, or `make book`).
"""

import ast
import json
import pathlib
import sys

import moving
from bibliography import bibliography
from course_map import course_map
from glossary import glossary
from ledger import ledger
from library import doors
from material import Course
from placement import placement
from records import records
from symbols import symbols

from pages import is_widget, page, prose

MADE = {  # name of a page → what stands below its prose
    "bibliography": lambda course: bibliography(course.data("bibliography"), course.words | course.modules),
    "claims": lambda course: ledger(course.sources, course.claims, course.titles),
    "glossary": lambda course: glossary(course.data("glossary"), course.chapters),
    "how_recorded": lambda course: records(course.root, course.code),
    "library": lambda course: doors(course.root),
    "map": lambda course: course_map(course.data("map"), course.chapters),
    "sources": lambda course: placement(course.data("sources"), course.followed, course.words, course.sources),
    "symbols": lambda course: symbols(course.data("symbols"), course.chapters),
}


def items(root, chapters, beside):
    """The book's parts and chapters in mdBook's form, from the course in `root` and the manifest's two lists."""
    notebooks = {chapter["notebook"]: _notebook(root, chapter["notebook"]) for chapter in chapters}
    for stem, notebook in notebooks.items():
        moving.attach(moving.films(root / "tools" / "book" / "src" / "films", stem), notebook, is_widget)
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
    course = Course(root, notebooks, titles)
    names = titles | {_address(entry["page"]): entry["title"] for entry in beside}
    for entry in beside:
        if "part" in entry:
            yield {"PartTitle": entry["part"]}
        yield _chapter(entry["title"], _address(entry["page"]), _beside(course, entry["page"], names))
    yield from _japanese(course, names)


def _address(name):
    """Where a page stands in the book, which has no folders: pages/lessons/class.md is class.html."""
    return name.rpartition("/")[2]


def _beside(course, name, names):
    """The page of that name: its prose, and what is made from data."""
    path = course.root / "pages" / f"{name}.md"
    written = prose(path.read_text(encoding="utf-8"), names) if path.exists() else ""
    made = MADE[name](course) if name in MADE else ""
    if not written and not made:
        raise SystemExit(f"book.toml lists the page {name}: write {path}, or name a function for it in {__file__}")
    return f"{written}\n\n{made}\n"


def _japanese(course, names):
    """A page for each chapter that has one in pages/ja, where its name is the chapter's number: 07.md."""
    folder = course.root / "pages" / "ja"
    written = [number for number in course.chapters if (folder / f"{number}.md").exists()]
    if written:
        yield {"PartTitle": "日本語"}
    for number in written:
        text = (folder / f"{number}.md").read_text(encoding="utf-8")
        english = "[{}]({})".format(*course.chapters[number])
        content = f'<div lang="ja">\n\n{prose(text, names)}\n\n</div>\n\nIn English: {english}\n'
        yield _chapter(text.partition("\n")[0].removeprefix("# "), f"ja-{number}", content)


def docstrings(package):
    """ "module.function" of a package's public functions → the first paragraph of the docstring, as one plain line."""
    return {
        f"{file.stem}.{node.name}": " ".join(text.split("\n\n")[0].replace("`", "").split())
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
    listed = context["config"]["preprocessor"]["gan-course"]
    try:
        book["items"] = list(items(pathlib.Path(context["root"]), listed["chapters"], listed["pages"]))
    except ValueError as error:
        raise SystemExit(f"the book cannot be made: {error}") from error
    json.dump(book, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
