"""Three editions of the chapters, made from the notebooks as they are stored.

    python tools/editions.py student    build/student: without the solutions, everything else as it is stored
    python tools/editions.py teacher    build/solved: each exercise filled in; build/teacher: what a class will answer

A stored output stays what it is in all three, so all three are as strictly checked by nbval as the chapters. The one
exception are the cells of exercises in the solved edition: there the solution is run, where only what the chapter
imports is known, and what it prints is stored. `tests/test_exercises.py` runs the solutions by the same two functions.
"""

import ast
import contextlib
import inspect
import io
import pathlib
import re
import sys
import tomllib
from importlib import import_module

import nbformat
from sections import EXERCISE, STOP, questions, sections

ROOT = pathlib.Path(__file__).parents[1]
FOLDED = re.compile(r"\n*<details><summary>Solution (?P<id>\S+)</summary>\n(?P<inside>.*?)</details>\n*", re.S)
CODE = re.compile(r"```python\n(.*?)```\n*", re.S)
CHECKED = re.compile(r'^check\("(\d\d[a-z]?\.\d+)"', re.M)


def student(notebook):
    """The notebook without its solutions; a cell that held nothing else is gone."""
    return _edited(notebook, lambda cell: [_with(cell, FOLDED.sub("\n\n", cell.source).strip("\n"))])


def solved(notebook):
    """The notebook with each exercise's cell filled in by its solution, which has been run; why it is so stays."""
    codes = solutions(notebook)
    names = imported(notebook)

    def filled(cell):
        if cell.cell_type == "markdown":
            return [_with(cell, FOLDED.sub(lambda found: f"\n\n{_why(found)}\n\n", cell.source).strip("\n"))]
        found = CHECKED.search(cell.source)
        if not found:
            return [cell]
        code = codes[found[1]]
        output = nbformat.v4.new_output("stream", name="stdout", text=printed(code, names))
        return [nbformat.from_dict({**cell, "source": code.strip("\n"), "outputs": [output]})]

    return _edited(notebook, filled)


def teacher(notebook, exercises):
    """The notebook with a timetable, and after each exercise the wrong answers that people give and what they hear.

    `exercises` maps an id to [(wrong answer as code, what the check says)], as `mistakes` gives it.
    """

    def annotated(cell):
        found = cell.cell_type == "code" and CHECKED.search(cell.source)
        return [cell, _note(_wrong_answers(found[1], exercises[found[1]]))] if found else [cell]

    new = _edited(notebook, annotated)
    new.cells.insert(1, _note(_timetable(notebook)))
    return _numbered(new)


def solutions(notebook):
    """The code of each exercise's folded solution: {id: code}. ValueError names one that holds no code."""
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    codes = {}
    for found in FOLDED.finditer(prose):
        code = CODE.search(found["inside"])
        if not code:
            raise ValueError(f"the solution of {found['id']} holds no code between ```python and ```")
        codes[found["id"]] = code[1]
    return codes


def imported(notebook):
    """The names that a chapter's imports give, and no others: what a solution may count on."""
    nodes = [node for cell in notebook.cells if cell.cell_type == "code" for node in ast.parse(cell.source).body]
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {}
    exec(compile(ast.Module(imports, []), "imports", "exec"), names)
    return names


def printed(code, names):
    """What `code` prints where only `names` are known, in 64 bits, as most chapters count."""
    import torch

    said, dtype = io.StringIO(), torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with contextlib.redirect_stdout(said):
            exec(code, dict(names))
    finally:
        torch.set_default_dtype(dtype)
    return said.getvalue()


def mistakes(chapter):
    """The mistakes of a chapter's exercises: {id: [(wrong answer as code, what the check says)]}, chapter "03" say."""
    module = import_module(f"gan_core.course.lessons.chapter_{chapter}")
    (table,) = (
        node.value
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXERCISES"
    )
    found = {}
    for (id, exercise), call in zip(module.EXERCISES.items(), table.values, strict=True):
        dicts = [node for node in ast.walk(call) if isinstance(node, ast.Dict)]
        pairs = (pair for node in dicts for pair in zip(node.keys, node.values, strict=True))
        written = {ast.literal_eval(key): value for key, value in pairs}
        found[id] = [(_as_code(written.get(said), wrong), said) for said, wrong in exercise.mistakes.items()]
    return found


def _as_code(node, answer):
    """A wrong answer as one would write it: what its lambda returns, its function's name, or the value itself."""
    if not callable(answer) or node is None:
        return repr(answer)
    return ast.unparse(node.body if isinstance(node, ast.Lambda) else node).removeprefix("_")


def _why(found):
    why = CODE.sub("", found["inside"]).strip()
    return why and f"**Why {found['id']} is so.** {why}"


def _wrong_answers(id, wrong):
    rows = [f"- `{answer}`  \n  “{said}”" for answer, said in wrong]
    return "\n".join([f"**For the teacher: wrong answers to {id}**, and what the check says to each", "", *rows])


def _timetable(notebook):
    rows, at = [], 0
    for section in sections(notebook):
        if section.title == STOP:
            rows.append(f"| {at} | *a stop, with a summary* | | |")
        if not section.minutes:
            continue
        kind = "core" if section.core else "depth"
        asked = "<br>".join(" ".join(question.split()) for question in questions(section.prose))
        rows.append(f"| {at}–{at + section.minutes} | {section.title} | {kind} | {asked} |")
        at += section.minutes
    core = [match["id"] for cell in notebook.cells for match in EXERCISE.finditer(cell.source) if not match["depth"]]
    return "\n".join(
        [
            "**For the teacher: the chapter's time, and what to ask the class before a cell is run**", "",
            "| minutes | section | | ask |", "|---|---|---|---|", *rows, "",
            f"Exercises of the core: {', '.join(core)}.",
        ]
    )  # fmt: skip


def _note(text):
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": ["teacher"]})


def _with(cell, source):
    return nbformat.from_dict({**cell, "source": source}) if cell.cell_type == "markdown" else cell


def _edited(notebook, edit):
    """A copy of the notebook with each cell replaced by the list that `edit` makes of it; empty cells are left out."""
    cells = [new for cell in notebook.cells for new in edit(cell) if new.source]
    return _numbered(nbformat.from_dict({**notebook, "cells": cells}))


def _numbered(notebook):
    """Notes are counted; the chapter's own cells keep their ids, to which chapter 18 leads."""
    notes = [cell for cell in notebook.cells if "teacher" in cell.metadata.get("tags", [])]
    for number, cell in enumerate(notes):
        cell.id = f"note-{number:02d}"
    return notebook


def main(words, folder=ROOT / "build"):
    """Write the editions that `words` ask for, "student" or "teacher", of all chapters into `folder`."""
    if words not in (["student"], ["teacher"]):
        raise SystemExit(f"say which edition: student or teacher; given {' '.join(words) or 'nothing'}")
    manifest = tomllib.loads((ROOT / "book.toml").read_text(encoding="utf-8"))["preprocessor"]["gan-course"]["chapters"]
    for stem in [entry["notebook"] for entry in manifest]:
        stored = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", 4)
        if words == ["student"]:
            made = {"student": student(stored)}
        else:
            made = {"solved": solved(stored), "teacher": teacher(stored, mistakes(stem.partition("_")[0]))}
        for edition, notebook in made.items():
            path = pathlib.Path(folder) / edition / f"{stem}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)
    for edition in made:
        print(f"{len(manifest)} chapters: {pathlib.Path(folder) / edition}")


if __name__ == "__main__":
    main(sys.argv[1:])
