"""Write the reference of gan_core, pdoc's pages of its docstrings: `python tools/book/reference.py FOLDER`."""

import os
import pathlib
import re
import sys

import pdoc

import gan_core

ROOT = pathlib.Path(__file__).parents[2]


def modules():
    """What pdoc is to describe: the library, its rooms, what lives in each, and what a package says is inside it.

    Left to itself pdoc keeps to a room's `__all__`, which names functions, and would never come to its modules.
    """
    asked = ["gan_core", _nothing_in("gan_core")]
    for room, inside in gan_core.ROOMS.items():
        asked += [f"gan_core.{room}", _nothing_in(f"gan_core.{room}"), *(f"gan_core.{room}.{name}" for name in inside)]
    return [*asked, r"!.*\._"]


def _nothing_in(package):
    return f"!{re.escape(package)}\\."


def main(folder):
    templates = pathlib.Path(__file__).with_name("reference")
    pdoc.render.configure(
        docformat="markdown", show_source=False, logo_link="../index.html", template_directory=templates,
        footer_text=f"gan_core {gan_core.__version__}",
    )  # fmt: skip
    pdoc.render.env.filters["to_markdown"] = with_tables
    pdoc.pdoc(*modules(), output_directory=pathlib.Path(folder))
    for page in pathlib.Path(folder).rglob("*.*"):
        text = without_folder(page.read_text(encoding="utf-8"))
        page.write_text(reachable(text) if page.suffix == ".html" else text, encoding="utf-8")


def with_tables(docstring):
    """A docstring whose tables, laid out with spaces between three lines of equals signs, stay so in Markdown."""
    line = r"=+ [ =]+"
    return re.sub(
        rf"^{line}\n(?:.+\n)+?{line}\n(?:.+\n)+?{line}$", r"```text\n\g<0>\n```", docstring, flags=re.MULTILINE
    )


def reachable(page):
    """A page with a name for each link that has none, and with code that the keyboard can scroll."""
    named = page.replace('<a class="headerlink"', '<a class="headerlink" aria-label="A link to this place"')
    return named.replace("<pre>", '<pre tabindex="0">')


def without_folder(text):
    """A default value that is a path, as it is within the course: where the course lies tells nobody anything."""
    return text.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT), ".")


if __name__ == "__main__":
    main(*sys.argv[1:])
