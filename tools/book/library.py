"""The page "The library": the doors of gan_core and what lives behind each, from the docstrings."""

import ast

from maths import literal

API = "api"  # where tools/book/reference.py writes pdoc's pages, beside the book's
DEEP = 3  # gan_core, a room, what lives in it: what is inside that is described on its page


def address(path):
    """The page of the reference that describes the file or folder at `path`, which begins with the library's name.

    >>> import pathlib
    >>> address(pathlib.PurePosixPath("gan_core/judgement/metrics/kernel.py"))
    'api/gan_core/judgement/metrics.html'
    """
    parts = path.with_suffix("").parts
    return f"{API}/{'/'.join(part for part in parts[:DEEP] if part != '__init__')}.html"


def doors(root):
    """A table: each room of `root`/gan_core, what its docstring says, and links to what lives in it."""
    library, rows = root / "gan_core", ["| room | what lives there |", "|---|---|"]
    for room, inside in _rooms(library).items():
        links = " ".join(_link(_path(library / room / name), root) for name in inside)
        rows.append(
            f"| {_link(_path(library / room), root)} | {_about(_path(library / room))}{'<br>' * bool(links)}{links} |"
        )
    return "\n".join(rows)


def _rooms(library):
    """The rooms and what is in each, as gan_core/__init__.py lists them, which need not be imported for that."""
    tree = ast.parse((library / "__init__.py").read_text(encoding="utf-8"))
    (value,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "ROOMS"]
    return ast.literal_eval(value)


def _path(name):
    return name if name.is_dir() else name.with_suffix(".py")


def _link(path, root):
    return f"[`{path.stem}`]({address(path.relative_to(root))})"


def _about(path):
    """The first paragraph of a room's docstring."""
    file = path if path.suffix else path / "__init__.py"
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return literal(" ".join(text.split("\n\n")[0].split()).replace("`", ""))
