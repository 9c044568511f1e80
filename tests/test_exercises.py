"""The exercises: each is set and checked in its chapter, its folded solution works, its mistakes are told by name."""

import ast
import contextlib
import importlib
import io
import re
import sys

import course
import pytest
import torch

from gan_core.course.lessons import Exercise, check, exercises

sys.path.insert(0, str(course.ROOT / "tools"))

import editions


def exercises_of(entry):
    return importlib.import_module(f"gan_core.course.lessons.chapter_{entry['notebook'].partition('_')[0]}").EXERCISES


def faults_of_text(ids, chapter):
    """Each exercise is set with difficulty and minutes, checked once, and its solution folded away, in one order."""
    number, prose = chapter.number, chapter.prose
    calls = [node for cell in chapter.code for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    checks = [call.args[0].value for call in calls if ast.unparse(call.func) == "check"]
    tasks = re.findall(rf"^\*\*Exercise ({number}\.\d+)\*\* · (?:★☆☆|★★☆|★★★) · \d+ minutes?\b", prose, re.M)
    solutions = re.findall(rf"^<details><summary>Solution ({number}\.\d+)</summary>$", prose, re.M)
    for what, found in {"checked": checks, "set with ★ and minutes": tasks, "solved": solutions}.items():
        if found != list(ids):
            yield f"{list(ids)} are in lessons, {found} are {what}"
    if prose.count("<details>") != prose.count("</details>"):
        yield "a <details> is not closed"


def said_to(id, answer):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        check(id, answer)
    return said.getvalue().strip()


def faults_of_exercise(id, exercise):
    """The solution is right, each mistake is told by its own message, and an empty answer is waited for."""
    if said_to(id, exercise.solution) != f"✓ {id} is right":
        yield f"its own solution is told: {said_to(id, exercise.solution)}"
    if not exercise.mistakes:
        yield "it knows no mistake"
    for what, wrong in exercise.mistakes.items():
        if said_to(id, wrong) != f"✗ {id} is not right yet: {what}":
            yield f"the mistake '{what}' is told: {said_to(id, wrong)}"
    empty = (lambda *inputs: None) if callable(exercise.solution) else None
    if said_to(id, empty) != f"… {id} is waiting for you":
        yield f"an empty answer is told: {said_to(id, empty)}"


@pytest.fixture(params=course.manifest(), ids=lambda entry: entry["notebook"])
def entry(request):
    return request.param


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)  # as in the chapters


def test_exercises_are_set_checked_and_solved_in_their_chapter(entry):
    assert list(faults_of_text(exercises_of(entry), course.chapter(entry))) == []


def test_folded_solutions_are_right(entry):
    notebook = course.chapter(entry).written
    codes, names = editions.solutions(notebook), editions.imported(notebook)
    assert list(codes) == list(exercises_of(entry))
    for id, code in codes.items():
        assert editions.printed(code, names).splitlines()[-1:] == [f"✓ {id} is right"], id


def test_solutions_mistakes_and_empty_answers_are_answered(entry):
    faults = {id: list(faults_of_exercise(id, exercise)) for id, exercise in exercises_of(entry).items()}
    assert faults == {id: [] for id in faults}


def test_the_stored_chapter_waits_for_every_answer(entry):
    printed = course.chapter(entry).printed.splitlines()
    assert [line for line in printed if line.endswith("is waiting for you")] == [
        f"… {id} is waiting for you" for id in exercises_of(entry)
    ]


# The checks themselves

TEXT = """\
**Exercise 42.1** · ★★☆ · 5 minutes. Double it.

<details><summary>Solution 42.1</summary>

```python
def double(x):
    return 2 * x


check("42.1", double)
```

</details>
"""
CODE = 'def double(x): ...\n\n\ncheck("42.1", double)'
DOUBLE = Exercise(solution=lambda x: 2 * x, mistakes={"you squared it": lambda x: x**2}, inputs=((1.0,), (3.0,)))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(exercises, "find", {"42.1": DOUBLE}.__getitem__)


def chapter(text=TEXT, code=CODE):
    new = course.nbformat.v4
    notebook = new.new_notebook(cells=[new.new_markdown_cell(text), new.new_code_cell(code)])
    return course.Chapter({"notebook": "42_chapter"}, notebook, notebook)


def said_by_solution(text):
    """What the solution in a small chapter of this text prints; the chapter imports `check` alone."""
    notebook = chapter(text, f"from gan_core.course.lessons import check\n\n{CODE}").written
    return editions.printed(editions.solutions(notebook)["42.1"], editions.imported(notebook))


def test_a_right_exercise_has_no_faults(small):
    assert list(faults_of_text(["42.1"], chapter())) == []
    assert said_by_solution(TEXT) == "✓ 42.1 is right\n"
    assert list(faults_of_exercise("42.1", DOUBLE)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("**Exercise 42.1**", "**Exercise 42.2**"),
        ("**Exercise 42.1**", "Exercise 42.1"),
        ("★★☆", "hard"),
        ("★★☆", "★☆★"),
        ("5 minutes", "soon"),
        ("<summary>Solution 42.1</summary>", "<summary>Solution</summary>"),
        ("</details>", ""),
    ],
)
def test_a_wrong_text_is_seen(old, new):
    assert old in TEXT
    assert list(faults_of_text(["42.1"], chapter(TEXT.replace(old, new)))) != []


@pytest.mark.parametrize("code", ["double(2)", CODE.replace("42.1", "42.2"), f"{CODE}\n{CODE}"])
def test_a_wrong_check_is_seen(code):
    assert list(faults_of_text(["42.1"], chapter(code=code))) != []


def test_an_exercise_without_a_text_is_seen():
    assert list(faults_of_text(["42.1", "42.2"], chapter())) != []


def test_a_wrong_solution_is_seen(small):
    assert "not right" in said_by_solution(TEXT.replace("2 * x", "3 * x"))
    assert "raised NameError" in said_by_solution(TEXT.replace("2 * x", "factor * x"))
    assert "raised NameError" in said_by_solution(TEXT.replace("2 * x", "2 * np.array(x)"))  # nothing imports it
    with pytest.raises(ValueError, match=r"42\.1.*```python"):
        said_by_solution(TEXT.replace("```python", "```"))


WRONG = {
    "no mistake": Exercise(DOUBLE.solution, {}, DOUBLE.inputs),
    "a mistake that is right": Exercise(DOUBLE.solution, {"you added": lambda x: x + x}, DOUBLE.inputs),
    "two mistakes alike": Exercise(DOUBLE.solution, {"one": lambda x: x, "other": lambda x: 1 * x}, DOUBLE.inputs),
    "a mistake that breaks": Exercise(DOUBLE.solution, {"you divided": lambda x: x / 0}, DOUBLE.inputs),
    "inputs that cannot tell": Exercise(DOUBLE.solution, {"you squared it": lambda x: x**2}, inputs=((2.0,),)),
    "no solution": Exercise(lambda x: None, {"you squared it": lambda x: x**2}, DOUBLE.inputs),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_exercise_is_seen(monkeypatch, name):
    monkeypatch.setattr(exercises, "find", {"42.1": WRONG[name]}.__getitem__)
    with pytest.raises((AssertionError, ArithmeticError, TypeError)):
        assert list(faults_of_exercise("42.1", WRONG[name])) == []
