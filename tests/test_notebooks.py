"""What holds for every notebook: pairs in step, outputs stored and clean, nothing exempt, all parts there.

Each check is a function from a chapter to its faults. It runs on every chapter, and on small ones broken on purpose.
"""

import ast
import importlib.util
import pathlib
import re
import subprocess
import symtable
import sys
from types import SimpleNamespace

import course
import jupytext
import nbformat
import pytest

SIZE = 600_000  # bytes of a stored notebook
KEPT = ("tags", "jupyter")  # of a cell's metadata
EXEMPTING = re.compile(r"nbval.?(ignore.?output|skip)|validate.?ignore.?output|raises.?exception", re.I)
MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|tmp|var|work)/\w|site-packages|\b[A-Z]:\\Users|\b0x[0-9a-f]{6,}")
PARTS = ("## What the sources get wrong", "## Exercises", "## What we checked", "## Further reading")


def out_of_step(chapter):
    """The .py and the .ipynb are one notebook, cell for cell."""
    written, stored = [
        [(cell.cell_type, cell.source, *map(cell.metadata.get, KEPT)) for cell in notebook.cells]
        for notebook in (chapter.written, chapter.stored)
    ]
    if len(written) != len(stored):
        yield f"{len(written)} cells are written, {len(stored)} are stored"
    for number, (one, other) in enumerate(zip(written, stored, strict=False)):
        if one != other:
            yield f"cell {number} is written as\n{one}\nand stored as\n{other}"


def not_executed(chapter):
    """Every code cell was run, once, in order; strict nbval compares nothing where there is no count."""
    counts = [cell.execution_count for cell in chapter.stored.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the code cells are counted {counts}"
    for number, cell in enumerate(chapter.stored.cells):
        for output in cell.get("outputs", []):
            if output.get("execution_count", cell.execution_count) != cell.execution_count:
                yield f"cell {number} is counted {cell.execution_count}, and its output {output.execution_count}"


def in_trouble(chapter):
    """No cell stores an error or a warning."""
    for number, cell in enumerate(chapter.stored.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"cell {number} shows {output.get('evalue') or output.get('text')}"


def exempt(chapter):
    """Cells that nbval would skip or not compare. The whole course may have one, with its reason."""
    for number, cell in enumerate(chapter.stored.cells):
        comments = re.findall(r"^\s*#.*", cell.source, re.M) if cell.cell_type == "code" else []
        if any(EXEMPTING.search(text) for text in [*cell.metadata.get("tags", []), *comments]):
            yield f"cell {number} is exempt"


def skipped(chapter):
    """No cell is left out."""
    for number, cell in enumerate(chapter.stored.cells):
        if re.search(r"nbval.?skip", " ".join([*cell.metadata.get("tags", []), cell.source]), re.I):
            yield f"cell {number} is skipped"


def unclean(chapter):
    """No metadata that would override settings or differ from run to run."""
    if set(chapter.stored.metadata) != {"kernelspec", "language_info"}:
        yield f"the notebook has metadata {sorted(chapter.stored.metadata)}"
    if dict(chapter.stored.metadata.get("language_info", {})) != {"name": "python"}:
        yield "language_info tells more than the language"
    for number, cell in enumerate(chapter.stored.cells):
        if cell.id != f"{chapter.entry['notebook']}-{number:02d}":
            yield f"cell {number} has the id {cell.id}"
        if set(cell.metadata) - set(KEPT):
            yield f"cell {number} has metadata {sorted(cell.metadata)}"
        for output in cell.get("outputs", []):
            if any("widget" in kind for kind in output.get("data", {})):
                yield f"cell {number} stores the id of a widget"


def tied_to_a_machine(chapter):
    """No path and no address of the machine that made it."""
    for number, cell in enumerate(chapter.stored.cells):
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts += [output.get("text", "")]
            texts += [data for kind, data in output.get("data", {}).items() if kind.startswith("text/")]
        for text in texts:
            if found := MACHINE.search(text):
                yield f"cell {number} holds {found[0]!r}"


def incomplete(chapter):
    """All chapters look alike: what a chapter has, and in which order."""
    entry, prose = chapter.entry, chapter.prose
    if not prose.startswith(f"# {chapter.number} · {entry['title']}\n"):
        yield f"it does not begin with '# {chapter.number} · {entry['title']}'"
    for part in ("**The question", "**You will be able to", "**Predict before you run"):
        if part not in prose:
            yield f"{part}** is missing"
    parts = PARTS[1:] if chapter.number == "00" else PARTS
    places = [match.start() if (match := re.search(f"^{part}", prose, re.M)) else -1 for part in parts]
    if min(places) < 0 or places != sorted(places):
        yield f"it does not end with {', '.join(parts)}, in this order"
    if "checked()" not in chapter.code:
        yield "it shows no table of its claims: checked()"
    tasks = re.findall(rf"^\*\*Exercise {chapter.number}\.\d+\*\*", prose, re.M)
    if len(tasks) < 3:
        yield f"it has {len(tasks)} exercises"


def mistimed(chapter):
    """The minutes in the text are those of the manifest, and the sum of those of its sections."""
    said = re.findall(r"^\*(\d+) minutes\.?\*$", chapter.prose, re.M)
    if said != [str(chapter.entry["minutes"])]:
        yield f"it says {said} minutes, the manifest {chapter.entry['minutes']}"
    sections = list(map(int, re.findall(r"^## .*\((\d+) min(?:, depth)?\)$", chapter.prose, re.M)))
    if sum(sections) != chapter.entry["minutes"]:
        yield f"its sections take {sections}, {sum(sections)} minutes in all, of {chapter.entry['minutes']}"


def unfolded(chapter):
    """Claims stand in cells of their own, folded under their verdicts, and nothing else is folded away."""
    for number, cell in enumerate(cell for cell in chapter.written.cells if cell.cell_type == "code"):
        tree = ast.parse(cell.source)
        claims = sum(map(_is_claim, ast.walk(tree)))
        alone = all(isinstance(node, ast.Expr) and _is_claim(node.value) for node in tree.body)
        folded = bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
        if claims and not (alone and folded):
            yield f"code cell {number} makes claims, and {'is not folded' if alone else 'does more than that'}"
        if folded and not claims:
            yield f"code cell {number} is folded, and makes no claim"


def _is_claim(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "claim"


def overtaken(chapter):
    """What a widget's drawing reads is not bound anew by a later cell: after Run All it draws what the page shows."""
    tables = [symtable.symtable(source, "cell", "exec") for source in chapter.code]
    reads = {child.get_name(): _globals(child) for table in tables for child in table.get_children()}
    for number, source in enumerate(chapter.code):
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        widgets = [call for call in calls if ast.unparse(call.func).startswith("widgets.")]
        drawings = {node.id for call in widgets for node in ast.walk(call) if isinstance(node, ast.Name)}
        names = set().union(*(reads.get(name, ()) for name in drawings))
        while more := set().union(*(reads.get(name, ()) for name in names)) - names:
            names |= more
        for later in tables[number + 1 :]:
            anew = {symbol.get_name() for symbol in later.get_symbols() if symbol.is_assigned()}
            yield from (f"{name}, which a widget of code cell {number} reads, is bound anew" for name in names & anew)


def _globals(table):
    """The module's names that a function reads, and the functions within it."""
    return (
        set(table.get_globals()).union(*map(_globals, table.get_children()))
        if table.get_type() == "function"
        else set()
    )


CHECKS = (
    out_of_step, not_executed, in_trouble, skipped, unclean, tied_to_a_machine, incomplete, mistimed, unfolded,
    overtaken,
)  # fmt: skip


@pytest.mark.parametrize("entry", course.manifest(), ids=lambda entry: entry["notebook"])
@pytest.mark.parametrize("faults", CHECKS, ids=lambda check: check.__name__)
def test_chapter(faults, entry):
    assert list(faults(course.chapter(entry))) == []


@pytest.mark.parametrize("entry", course.manifest(), ids=lambda entry: entry["notebook"])
def test_size(entry):
    assert (course.NOTEBOOKS / f"{entry['notebook']}.ipynb").stat().st_size <= SIZE


def test_at_most_one_cell_is_exempt_in_the_whole_course():
    found = {entry["notebook"]: list(exempt(course.chapter(entry))) for entry in course.manifest()}
    assert sum(map(len, found.values())) <= 1, found


def misplaced(entries, files):
    """The manifest lists the notebooks that there are, each as a pair, in order."""
    names = [entry["notebook"] for entry in entries]
    if names != sorted(set(names)):
        yield f"not in order, or twice: {names}"
    for name in names:
        yield from (f"{name}{kind} is missing" for kind in (".py", ".ipynb") if f"{name}{kind}" not in files)
    yield from (f"{file} is not in the manifest" for file in files if pathlib.PurePath(file).stem not in names)


def test_the_manifest_lists_what_there_is():
    files = {path.name for kind in ("*.py", "*.ipynb") for path in course.NOTEBOOKS.glob(kind)}
    assert list(misplaced(course.manifest(), files)) == []
    assert all(0 < entry["seconds"] <= 120 for entry in course.manifest())


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["02_a"], {"02_a.py"}),
        (["02_a"], {"02_a.ipynb"}),
        (["02_a"], {"02_a.py", "02_a.ipynb", "03_b.py"}),
        (["03_b", "02_a"], {"02_a.py", "02_a.ipynb", "03_b.py", "03_b.ipynb"}),
        (["02_a", "02_a"], {"02_a.py", "02_a.ipynb"}),
    ],
)
def test_a_manifest_that_differs_is_seen(names, files):
    assert list(misplaced([{"notebook": name} for name in names], files))


def off_the_map(entries, text):
    """A map of the chapters, a Markdown table, lists each chapter but the welcome with its title and minutes."""
    rows = re.findall(r"^\| \[?(\d\d[a-z]?)\b.*?\| (.*?) \|.*\| (\d+) \|$", text, re.M)
    found = [row for row in rows if row[0] != "00"]
    wanted = [(entry["notebook"].partition("_")[0], entry["title"], str(entry["minutes"])) for entry in entries]
    yield from (f"{row} is not in the map" for row in wanted if row not in found and row[0] != "00")
    yield from (f"{row} is not in the manifest" for row in found if row not in wanted)


def test_the_maps_in_the_readme_and_the_welcome_agree_with_the_manifest():
    entries = course.manifest()
    assert list(off_the_map(entries, (course.ROOT / "README.md").read_text(encoding="utf-8"))) == []
    assert list(off_the_map(entries, course.chapter(entries[0]).prose)) == []


@pytest.mark.parametrize(
    ("row", "right"),
    [
        ("| 02 | A title | Why? | 60 |", True),
        ("| [02](notebooks/02_a.ipynb) | A title | Why $|x|$? | 60 |", True),
        ("| 02 | A title | Why? | 50 |", False),
        ("| 02b | A title | Why? | 60 |", False),
        ("| 02 | Another title | Why? | 60 |", False),
        ("| 02 | A title | Why? | 60 |\n| 03 | More | Why? | 60 |", False),
        ("", False),
    ],
)
def test_a_map_that_differs_is_seen(row, right):
    entries = [{"notebook": "00_welcome", "title": "Welcome", "minutes": 15}]
    entries += [{"notebook": "02_a", "title": "A title", "minutes": 60}]
    assert (list(off_the_map(entries, row)) == []) == right


# The checks themselves, on a small chapter that is right and on what may be wrong with it.

RIGHT = """\
# %% [markdown]
# # 42 · A chapter
#
# **The question.** Is it so?
#
# *30 minutes.*
#
# **You will be able to** tell.
#
# **Predict before you run.** Will it be so?

# %%
answer = 42

# %% [markdown]
# ## Is it so? (10 min)

# %%
print(answer)

# %% jupyter={"source_hidden": true}
claim("42/answer", "The answer is 42.", answer, equals=42, within=0)

# %% [markdown]
# ## What the sources get wrong
#
# ## Exercises (20 min)
#
# **Exercise 42.1** · ★☆☆ · 5 minutes. One.
#
# **Exercise 42.2** · ★☆☆ · 5 minutes. Two.
#
# **Exercise 42.3** · ★☆☆ · 10 minutes. Three.
#
# ## What we checked

# %%
checked()

# %% [markdown]
# ## Further reading
"""


def small_chapter(text=RIGHT):
    """A chapter of this text, as it would be stored."""
    written, stored = jupytext.reads(text, "py:percent"), jupytext.reads(text, "py:percent")
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    stored.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    count = 0
    for number, cell in enumerate(stored.cells):
        kept = {key: value for key, value in cell.metadata.items() if key in KEPT}
        cell.id, cell.metadata = f"42_chapter-{number:02d}", nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.execution_count = count = count + 1
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="42\n")]
    return course.Chapter({"notebook": "42_chapter", "title": "A chapter", "minutes": 30}, written, stored)


@pytest.mark.parametrize("faults", [*CHECKS, exempt], ids=lambda check: check.__name__)
def test_a_right_chapter_has_no_faults(faults):
    assert list(faults(small_chapter())) == []


def _output(**fields):
    return lambda cell: cell.outputs.append(nbformat.v4.new_output(**fields))


def _data(**data):
    return _output(output_type="display_data", data={key.replace("__", "/"): value for key, value in data.items()})


DRAWN = """\
# %%
theta = 1.0

def point():
    return theta

def draw(shift):
    theta_now = point() + shift
    return theta_now

# %%
start = 0
widgets.explore(draw, shift=(0, 1, 1, start))

# %%
"""


@pytest.mark.parametrize(
    ("later", "right"),
    [
        ("print(theta)", True),
        ("theta_now = 2", True),  # the drawing's own
        ("[theta for theta in (1, 2)]", True),  # the comprehension's own
        ("theta = 2", False),
        ("for theta in (1, 2): pass", False),
        ("def point(): return 2", False),
        ("draw = start = None", True),  # the widget has its own
    ],
)
def test_a_drawing_that_is_overtaken_is_seen(later, right):
    assert (list(overtaken(small_chapter(DRAWN + later))) == []) == right


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        (
            '# %% jupyter={"source_hidden": true}\nclaim("42/a", "A.", True)\n# why\nclaim("42/b", "B.", 1, above=0)',
            True,
        ),
        ('# %%\nclaim("42/a", "A.", True)', False),
        ('# %% jupyter={"source_hidden": true}\nb = 1\nclaim("42/b", "B.", b, above=0)', False),
        ('# %%\nb = 1\nclaim("42/b", "B.", b, above=0)', False),
        ('# %% jupyter={"source_hidden": true}\nfor b in range(3):\n    claim(f"42/{b}", "B.", b, above=-1)', False),
        ('# %% jupyter={"source_hidden": true}\nrun = fit(gan, data)', False),
        ("# %%\nrun = fit(gan, data)", True),
    ],
)
def test_a_claim_that_is_not_folded_is_seen(cell, right):
    assert (list(unfolded(small_chapter(cell))) == []) == right


BROKEN_CELLS = {
    "another source": (out_of_step, lambda cell: cell.update(source="answer = 43")),
    "another kind": (out_of_step, lambda cell: cell.update(cell_type="markdown")),
    "another tag": (out_of_step, lambda cell: cell.metadata.update(tags=["new"])),
    "no count": (not_executed, lambda cell: cell.update(execution_count=None)),
    "run twice": (not_executed, lambda cell: cell.update(execution_count=7)),
    "an output of another run": (
        not_executed,
        _output(output_type="execute_result", data={"text/plain": "1"}, execution_count=7),
    ),
    "an error": (in_trouble, _output(output_type="error", ename="ValueError", evalue="no", traceback=[])),
    "a warning": (in_trouble, _output(output_type="stream", name="stderr", text="careful")),
    "tag ignore": (exempt, lambda cell: cell.metadata.update(tags=["nbval-ignore-output"])),
    "tag raises": (exempt, lambda cell: cell.metadata.update(tags=["raises-exception"])),
    "comment ignore": (exempt, lambda cell: cell.update(source="# NBVAL_IGNORE_OUTPUT\nprint(1)")),
    "comment ignore, old": (exempt, lambda cell: cell.update(source="# PYTEST_VALIDATE_IGNORE_OUTPUT")),
    "tag skip": (skipped, lambda cell: cell.metadata.update(tags=["nbval-skip"])),
    "comment skip": (skipped, lambda cell: cell.update(source="# NBVAL_SKIP\nprint(1)")),
    "a random id": (unclean, lambda cell: cell.update(id="a1b2c3d4")),
    "timing": (unclean, lambda cell: cell.metadata.update(execution={"iopub.status.busy": "2026"})),
    "a widget": (unclean, _output(output_type="display_data", data={"application/vnd.jupyter.widget-view+json": {}})),
    "a home folder": (tied_to_a_machine, _data(text__plain="saved in /home/ada/course")),
    "a mac's folder": (tied_to_a_machine, lambda cell: cell.update(source="open('/Users/ada/x')")),
    "a package's folder": (tied_to_a_machine, _output(output_type="stream", name="stdout", text=".../site-packages/x")),
    "an address": (tied_to_a_machine, _data(text__html="<function f at 0x7f3a2b1c4d>")),
}


@pytest.mark.parametrize("name", BROKEN_CELLS)
def test_a_broken_cell_is_seen(name):
    faults, breaks = BROKEN_CELLS[name]
    chapter = small_chapter()
    breaks(chapter.stored.cells[1])
    assert list(faults(chapter)) != []


BROKEN_NOTEBOOKS = {
    "a cell is lost": (out_of_step, lambda notebook: notebook.cells.pop()),
    "cells are exchanged": (out_of_step, lambda notebook: notebook.cells.reverse()),
    "jupytext's metadata": (unclean, lambda notebook: notebook.metadata.update(jupytext={"formats": "ipynb"})),
    "a version of Python": (unclean, lambda notebook: notebook.metadata.language_info.update(version="3.11.7")),
    "a widget's state": (unclean, lambda notebook: notebook.metadata.update(widgets={"state": {}})),
    "no kernel": (unclean, lambda notebook: notebook.metadata.pop("kernelspec")),
}


@pytest.mark.parametrize("name", BROKEN_NOTEBOOKS)
def test_a_broken_notebook_is_seen(name):
    faults, breaks = BROKEN_NOTEBOOKS[name]
    chapter = small_chapter()
    breaks(chapter.stored)
    assert list(faults(chapter)) != []


@pytest.mark.parametrize(
    ("faults", "old", "new"),
    [
        (incomplete, "# 42 · A chapter", "# 42 · Another"),
        (incomplete, "# 42 · A chapter", "# 41 · A chapter"),
        (incomplete, "**The question.**", ""),
        (incomplete, "**You will be able to**", ""),
        (incomplete, "**Predict before you run.**", ""),
        (incomplete, "## What the sources get wrong", ""),
        (incomplete, "## What the sources get wrong", "## Further reading"),
        (incomplete, "## Exercises (20 min)", ""),
        (incomplete, "**Exercise 42.2**", "**Exercise**"),
        (incomplete, "## What we checked", ""),
        (incomplete, "checked()", "print()"),
        (incomplete, "## Further reading", ""),
        (mistimed, "*30 minutes.*", ""),
        (mistimed, "*30 minutes.*", "*40 minutes.*"),
        (mistimed, "(20 min)", "(15 min)"),
        (mistimed, "(10 min)", ""),
    ],
)
def test_a_chapter_that_lacks_something_is_seen(faults, old, new):
    assert old in RIGHT
    assert list(faults(small_chapter(RIGHT.replace(old, new)))) != []


# The tools that run notebooks


def load(path):
    """A fresh module from a file that is not in a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_notebooks(monkeypatch):
    monkeypatch.syspath_prepend(str(course.ROOT / "tools"))
    return load(course.ROOT / "tools" / "run_notebooks.py")


TINY = """\
# %% [markdown]
# # A picture, a slider, a number

# %%
import matplotlib.pyplot as plt
from gan_core import widgets

def draw(a):
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, a])
    return fig, f"a is {a}"

widgets.explore(draw, a=(0, 4, 1, 2))

# %% tags=["mine"]
draw(3)
plt.show()

# %%
print("seventeen")
17
"""


def test_notebooks_are_stored_the_same_to_the_byte(run_notebooks, tmp_path):
    source = tmp_path / "42_tiny.py"
    source.write_text(TINY)
    stored = [source.with_suffix(".ipynb"), *(tmp_path / "films" / name for name in ("42-1.json", "42-1-0.webp"))]
    run_notebooks.run(source, tmp_path / "films")
    first = [path.read_bytes() for path in stored]
    run_notebooks.run(source, tmp_path / "films")
    assert [path.read_bytes() for path in stored] == first
    assert sorted(stored[1:]) == sorted((tmp_path / "films").iterdir())
    entry = {"notebook": "42_tiny"}
    chapter = course.Chapter(entry, jupytext.read(source), nbformat.read(source.with_suffix(".ipynb"), 4))
    for faults in (out_of_step, not_executed, in_trouble, unclean, tied_to_a_machine):
        assert list(faults(chapter)) == []
    slider = chapter.stored.cells[1].outputs
    assert [list(output.data) for output in slider] == [["image/png", "text/plain"]]
    assert slider[0].data["text/plain"] == "[a=2] a is 2"
    assert chapter.stored.cells[2].metadata == {"tags": ["mine"]}


@pytest.mark.parametrize(
    ("code", "said"),
    [("1 / 0", "ZeroDivisionError"), ("import sys\nprint('careful', file=sys.stderr)", "careful")],
    ids=["an error", "a warning"],
)
def test_a_notebook_in_trouble_is_not_stored(run_notebooks, tmp_path, code, said):
    source = tmp_path / "42_tiny.py"
    source.write_text(f"# %%\n{code}\n")
    with pytest.raises(SystemExit, match=said):
        run_notebooks.run(source, tmp_path)
    assert not source.with_suffix(".ipynb").exists()


def test_an_unknown_chapter_is_named(run_notebooks):
    with pytest.raises(SystemExit, match=r"'99'.*00_welcome"):
        run_notebooks.main(["99"])


def test_a_notebook_over_its_budget_fails_the_run(tmp_path):
    for name in ("conftest.py", "pyproject.toml"):
        (tmp_path / name).write_bytes((course.ROOT / name).read_bytes())
    book = "[preprocessor.gan-course]\nchapters = ["
    (tmp_path / "notebooks").mkdir()
    for name, seconds in {"01_slow": 0.2, "02_long": 100}.items():
        cell = nbformat.v4.new_code_cell("import time\ntime.sleep(0.3)", execution_count=1)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebooks" / f"{name}.ipynb")
        book += f'{{notebook = "{name}", seconds = {seconds}}}, '
    (tmp_path / "book.toml").write_text(f"{book}]")
    command = [sys.executable, "-m", "pytest", "--nbval", "-n", "1", "--dist", "loadfile", "notebooks"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "2 passed" in done.stdout
    assert re.search(r"of +0 s  01_slow  OVER BUDGET", done.stdout)
    assert re.search(r"of +100 s  02_long$", done.stdout, re.M)
    assert done.returncode == 1


@pytest.mark.parametrize(("no_budgets", "late"), [(False, {"00_welcome"}), (True, set())])
def test_budgets_can_be_left_out(no_budgets, late):
    settings = load(course.ROOT / "conftest.py")
    for seconds in (1, settings.budgets()["00_welcome"]):
        report = SimpleNamespace(nodeid="notebooks/00_welcome.ipynb::Cell 0", duration=seconds)
        settings.pytest_runtest_logreport(report)
    settings.pytest_runtest_logreport(SimpleNamespace(nodeid="tests/test_games.py::test_it", duration=1e6))
    assert settings.over_budget(SimpleNamespace(getoption={"--no-budgets": no_budgets}.get)) == late
