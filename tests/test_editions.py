"""The editions of a chapter: a student's without the solutions, a solved one, a teacher's; all as strictly checked."""

import importlib
import itertools
import re
import subprocess
import sys

import course
import nbformat
import pytest
from mutants import assert_killed

sys.path.insert(0, str(course.ROOT / "tools"))

import editions

CHAPTERS = {entry["notebook"]: course.chapter(entry) for entry in course.manifest()}
SOLUTION = re.compile(r"<details><summary>Solution \S+</summary>(.*?)</details>", re.S)


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return CHAPTERS[request.param]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code(notebook):
    """The code cells with all that is stored beside them, and the id, to which links lead."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def checks(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and editions.CHECKED.search(cell.source)]


def unchecked(notebook):
    return [cell for cell in code(notebook) if not editions.CHECKED.search(cell["source"])]


def said(cells):
    return ["".join(output.text for output in cell.outputs) for cell in cells]


def words(text):
    return " ".join(text.split())


def why(inside):
    """The paragraphs of a solution after its code."""
    return [text for text in inside.rpartition("```")[2].split("\n\n") if text.strip()]


def oracle_student(student):
    """No line of a solution is left, and nothing else is gone."""
    for chapter in CHAPTERS.values():
        new = student(chapter.stored)
        nbformat.validate(new)
        left = prose(new)
        assert "<details>" not in left
        assert "Solution" not in left
        for inside in SOLUTION.findall(prose(chapter.stored)):
            assert all(words(line) not in words(left) for line in why(inside))
        assert words(left) == words(SOLUTION.sub("", prose(chapter.stored)))
        assert all(cell.source for cell in new.cells)
        assert code(new) == code(chapter.stored)
        assert all(text.endswith("is waiting for you\n") for text in said(checks(new)))


def without_summaries(notebook):
    return editions._edited(
        notebook, lambda cell: [editions._with(cell, re.sub(r"</?details>|<summary>.*?</summary>", "", cell.source))]
    )


def without_their_cells(notebook):
    return editions._edited(notebook, lambda cell: [] if editions.FOLDED.search(cell.source) else [cell])


def without_outputs(notebook):
    new = editions.student(notebook)
    for cell in new.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return new


def with_empty_cells(notebook):
    new = editions.student(notebook)
    new.cells.append(nbformat.v4.new_markdown_cell(""))
    return new


def test_the_student_has_all_but_the_solutions():
    oracle_student(editions.student)


@pytest.mark.parametrize("mutant", [without_summaries, without_their_cells, without_outputs, with_empty_cells])
def test_a_wrong_student_is_seen(mutant):
    assert_killed(oracle_student, mutant)


def test_the_stored_notebook_is_left_alone(chapter):
    before = nbformat.writes(chapter.stored)
    editions.student(chapter.stored)
    editions.solved(chapter.stored)
    assert nbformat.writes(chapter.stored) == before


def test_the_solved_edition_is_right_and_says_why(chapter):
    stored, new = chapter.stored, editions.solved(chapter.stored)
    nbformat.validate(new)
    ids = [editions.CHECKED.search(cell.source)[1] for cell in checks(stored)]
    assert said(checks(new)) == [f"✓ {id} is right\n" for id in ids]
    assert [cell.execution_count for cell in checks(new)] == [cell.execution_count for cell in checks(stored)]
    assert unchecked(new) == unchecked(stored)
    assert re.findall(r"\*\*Why (\S+) is so\.\*\*", prose(new)) == [
        id for id, inside in zip(ids, SOLUTION.findall(prose(stored)), strict=True) if why(inside)
    ]
    assert "<details>" not in prose(new)
    assert "```python\ncheck(" not in prose(new)


def test_a_solution_without_code_is_named():
    cell = nbformat.v4.new_markdown_cell("<details><summary>Solution 42.1</summary>\n\nThink.\n\n</details>")
    with pytest.raises(ValueError, match=r"42\.1"):
        editions.solved(nbformat.v4.new_notebook(cells=[cell]))


def test_the_teacher_reads_every_wrong_answer_after_its_exercise(chapter):
    exercises = importlib.import_module(f"gan_core.course.lessons.chapter_{chapter.number}").EXERCISES
    wrong = editions.mistakes(chapter.number)
    assert {id: [said for _, said in pairs] for id, pairs in wrong.items()} == {
        id: list(exercise.mistakes) for id, exercise in exercises.items()
    }
    assert all(answer and "lambda" not in answer[:8] for pairs in wrong.values() for answer, _ in pairs)
    new = editions.teacher(chapter.stored, wrong)
    nbformat.validate(new)
    notes = [number for number, cell in enumerate(new.cells) if "teacher" in cell.metadata.get("tags", [])]
    assert [new.cells[number].source for number in notes[1:]] == [
        editions._wrong_answers(id, wrong[id]) for id in exercises
    ]
    for number, id in zip(notes[1:], exercises, strict=True):
        assert editions.CHECKED.search(new.cells[number - 1].source)[1] == id
    kept = [cell for number, cell in enumerate(new.cells) if number not in notes]
    assert [(cell.source, cell.get("outputs")) for cell in kept] == [
        (cell.source, cell.get("outputs")) for cell in chapter.stored.cells
    ]


def test_wrong_answers_are_written_as_one_would_write_them():
    wrong = dict(editions.mistakes("00")["00.1"] + editions.mistakes("00")["00.2"] + editions.mistakes("03")["03.1"])
    assert wrong["2 * x"].startswith("you doubled x")
    assert wrong["3"].startswith("3 is how much higher")
    assert wrong["divergences.kl(q, p)"].startswith("the arguments are swapped")
    assert wrong["kl_without_empty_bins"].startswith("you left out the bins")
    assert ("'CEADB'", "that is from the best to the worst; begin with the worst") in editions.mistakes("12")["12.1"]


def test_the_timetable_counts_every_minute_and_asks_every_prediction(chapter):
    table = editions.teacher(chapter.stored, editions.mistakes(chapter.number)).cells[1].source
    times = [tuple(map(int, row)) for row in re.findall(r"^\| (\d+)–(\d+) \|", table, re.M)]
    assert times[0][0] == 0
    assert times[-1][1] == chapter.entry["minutes"]
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(times))
    assert table.count("*a stop, with a summary*") == prose(chapter.stored).count("## Half-way")
    sections, _, _ = prose(chapter.stored).partition("\n## Exercises")
    _, _, sections = sections.partition("\n## ")
    assert table.count("*Predict") == len(editions.questions(sections))


def test_the_editions_are_strictly_green(tmp_path):
    """Two quick chapters, run for real: a student's, which waits, and a solved one, which was never run as a whole."""
    made = {"03_divergences": editions.student, "00_welcome": editions.solved}
    for stem, edition in made.items():
        nbformat.write(edition(CHAPTERS[stem].stored), tmp_path / f"{stem}.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # the course's own settings stay outside
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *(f"{stem}.ipynb" for stem in made)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    cells = sum(cell["cell_type"] == "code" for stem in made for cell in CHAPTERS[stem].stored.cells)
    assert f"{cells} passed" in done.stdout


def test_make_writes_all_chapters(tmp_path, capsys):
    editions.main(["student"], tmp_path)
    assert capsys.readouterr().out == f"{len(CHAPTERS)} chapters: {tmp_path / 'student'}\n"
    assert {path.stem for path in (tmp_path / "student").glob("*.ipynb")} == set(CHAPTERS)


@pytest.mark.parametrize("given", [[], ["pupil"], ["student", "teacher"]])
def test_an_unknown_edition_is_refused(given, tmp_path):
    with pytest.raises(SystemExit, match="student or teacher"):
        editions.main(given, tmp_path)
    assert not list(tmp_path.iterdir())
