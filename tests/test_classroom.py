"""A class's answers: noted only where a student has said a name, gathered from files of all kinds, summed up right."""

import csv
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mutants import assert_killed

from gan_core import cli
from gan_core.course import check, me
from gan_core.course.figures import classroom as pictures
from gan_core.course.lessons import answers, classroom
from gan_core.course.lessons.classroom import RIGHT, UNSEEN, WAITING, WRONG, Entry
from gan_core.course.lessons.exercises import find

DOUBLED = "you doubled x; the square is x times x"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """As a student has it: a folder, no name said yet, and no pytest."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(answers, "_me", {})
    for name in ("PYTEST_VERSION", "CI"):
        monkeypatch.delenv(name, raising=False)


def record(exercise, verdict, said="", student="Ada", version=1):
    return {"version": version, "student": student, "exercise": exercise, "verdict": verdict, "said": said}


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- what a notebook notes --------------------------------------------------------------------------------------------


def work(name="Ada Lovelace"):
    """Somebody says a name and answers in every way there is."""
    me(name)
    for answer in (None, lambda x: 2 * x, lambda x: x**3, lambda x: x / 0, lambda x: x**2):
        check("00.1", answer)


def test_each_check_is_a_line(tmp_path, capsys):
    work()
    assert capsys.readouterr().out.startswith(
        "Your answers are noted in answers/Ada Lovelace.jsonl.\n… 00.1 is waiting"
    )
    found = lines(tmp_path / "answers" / "Ada Lovelace.jsonl")
    verdicts = [
        ("waiting", ""), ("wrong", DOUBLED), ("wrong", "for 3. it gives 27., and 9. is right"),
        ("raised", "ZeroDivisionError"), ("right", ""),
    ]  # fmt: skip
    assert found == [record("00.1", verdict, said, student="Ada Lovelace") for verdict, said in verdicts]


def test_nothing_is_noted_without_a_name(tmp_path):
    check("00.1", lambda x: x**2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["PYTEST_VERSION", "CI"])
def test_nothing_is_noted_in_a_test(tmp_path, monkeypatch, capsys, name):
    me("Ada")
    told = capsys.readouterr().out
    monkeypatch.setenv(name, "1")
    (tmp_path / "answers" / "Ada.jsonl").unlink()
    (tmp_path / "answers").rmdir()
    me("Ada")
    assert capsys.readouterr().out == told  # a stored output is compared to the letter
    check("00.1", lambda x: x**2)
    assert list(tmp_path.iterdir()) == []


def test_a_second_notebook_goes_on_with_the_file(tmp_path):
    work("Ada")
    answers._me.clear()
    me(" Ada ")
    check("00.2", 3)
    assert len(lines(tmp_path / "answers" / "Ada.jsonl")) == 6


def test_the_file_stays_where_it_is_when_a_notebook_goes_elsewhere(tmp_path, monkeypatch):
    me("Ada")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    check("00.2", 3)
    assert len(lines(tmp_path / "answers" / "Ada.jsonl")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_folder_that_cannot_be_written_is_said_and_breaks_nothing(tmp_path, capsys, when):
    """A file where the folder should be, or a folder where the file should be: refused to every user alike."""
    if when == "before":
        (tmp_path / "answers").write_text("")
        me("Ada")
    else:
        me("Ada")
        (tmp_path / "answers" / "Ada.jsonl").unlink()
        (tmp_path / "answers" / "Ada.jsonl").mkdir()
    check("00.1", lambda x: x**2)
    check("00.2", 3)
    said = capsys.readouterr().out
    assert said.count("cannot be written") == 1
    assert "are checked, and not noted" in said
    assert "✓ 00.1 is right" in said
    assert "✗ 00.2 is not right yet" in said


@pytest.mark.parametrize("name", ["Ada", "student 01", "伊藤 さくら", "J. O'Neill-Smith", "Zoë", "7", "a" * 60])
def test_a_name(tmp_path, name):
    me(name)
    check("00.2", 0.75)
    assert [path.name for path in (tmp_path / "answers").iterdir()] == [f"{name}.jsonl"]
    assert list(classroom.read(tmp_path).entries) == [name]


@pytest.mark.parametrize(
    "name", ["", "  ", "../Ada", "a/b", "a\\b", ".hidden", "a:b", "=1+1", "a" * 61, None, 7, "a\nb", "a."]
)
def test_what_is_no_name(tmp_path, name):
    with pytest.raises(ValueError, match="a name has 1 to 60 letters"):
        me(name)
    assert list(tmp_path.iterdir()) == []


# --- what is gathered -------------------------------------------------------------------------------------------------


def hand_in(folder, *records, name="Ada"):
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


def oracle_entries(entries):
    """What became of an exercise, for every order of verdicts that matters."""
    right, wrong, waiting = record("00.1", "right"), record("00.1", "wrong", DOUBLED), record("00.1", "waiting")
    unknown, raised = record("00.1", "wrong", "for 3. it gives 27."), record("00.1", "raised", "NameError")
    for records, wanted in [
        ([waiting], Entry(WAITING, 0, "")),
        ([waiting, waiting], Entry(WAITING, 0, "")),
        ([wrong], Entry(WRONG, 1, DOUBLED)),
        ([waiting, wrong, waiting], Entry(WRONG, 1, DOUBLED)),
        ([wrong, unknown], Entry(WRONG, 2, "another wrong answer")),
        ([unknown, wrong], Entry(WRONG, 2, DOUBLED)),
        ([raised], Entry(WRONG, 1, "raised NameError")),
        ([right], Entry(RIGHT, 1, "")),
        ([wrong, raised, right], Entry(RIGHT, 3, "raised NameError")),
        ([wrong, right, wrong, waiting, right], Entry(RIGHT, 2, DOUBLED)),
    ]:
        assert entries(records) == {"00.1": wanted}, records


def test_what_became_of_an_exercise():
    oracle_entries(classroom._entries)


def _last_verdict(records):
    last = records[-1]
    return {"00.1": classroom._entries(records)["00.1"]._replace(state=last["verdict"])}


def _waiting_counts(records):
    return {"00.1": classroom._entries(records)["00.1"]._replace(attempts=len(records))}


def _only_known(records):
    return classroom._entries([each for each in records if each["verdict"] != "raised"])


@pytest.mark.parametrize("mutant", [_last_verdict, _waiting_counts, _only_known])
def test_wrong_sums_are_seen(mutant):
    assert_killed(oracle_entries, mutant)


def test_the_columns_are_all_exercises_of_the_chapters_that_were_opened(tmp_path):
    hand_in(tmp_path, record("13b.2", "right"), record("00.1", "wrong", DOUBLED))
    group = classroom.read(tmp_path)
    assert group.exercises == ("00.1", "00.2", "00.3", "13b.1", "13b.2", "13b.3", "13b.4")
    assert group.entry("Ada", "13b.2") == Entry(RIGHT, 1, "")
    assert group.entry("Ada", "13b.1") == Entry(UNSEEN, 0, "")
    assert group.troubles == ()


TROUBLED = {
    "no JSON": ("{", "bad.jsonl, line 1: no JSON"),
    "a torn line": (json.dumps(record("00.1", "right"))[:-4], "bad.jsonl, line 1: no JSON"),
    "a list": ("[1]", "bad.jsonl, line 1: no answer"),
    "a later version": (json.dumps(record("00.1", "right", version=2)), "bad.jsonl: has answers of version 2"),
    "no version": ("{}", "bad.jsonl, line 1: no answer"),
    "an unknown exercise": (json.dumps(record("00.9", "right")), "unknown exercise '00.9'"),
    "an unknown chapter": (json.dumps(record("77.1", "right")), "no exercises for chapter '77'"),
    "an unknown verdict": (json.dumps(record("00.1", "perfect")), "the verdict 'perfect'"),
    "a name that is none": (json.dumps(record("00.1", "right", student="=1+1")), "a name has 1 to 60 letters"),
    "a number for a text": (json.dumps(record("00.1", "wrong", said=3)), "the verdict 'wrong'"),
    "two students": (
        "\n".join(json.dumps(record("00.1", "right", student=name)) for name in ("Bob", "Cy")),
        "bad.jsonl: holds the answers of Bob, Cy; not counted",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLED)
def test_a_bad_file_is_named_and_the_others_count(tmp_path, name):
    text, said = TROUBLED[name]
    hand_in(tmp_path, record("00.1", "right"))
    (tmp_path / "bad.jsonl").write_text(text)
    group = classroom.read(tmp_path)
    assert list(group.entries) == ["Ada"]
    (trouble,) = group.troubles
    assert said in trouble
    assert "bad.jsonl" in trouble
    (tmp_path / "Ada.jsonl").unlink()
    with pytest.raises(ValueError, match="no answers in") as nothing:
        classroom.read(tmp_path)
    assert said in str(nothing.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    hand_in(tmp_path, record("00.1", "right"))
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe\x00")
    assert "bad.jsonl: cannot be read as text" in classroom.read(tmp_path).troubles[0]


def test_a_bad_line_costs_no_other_line(tmp_path):
    path = hand_in(tmp_path, record("00.1", "wrong", DOUBLED), record("00.1", "right"))
    one, other = path.read_text().splitlines()
    path.write_text(f"{one}\n{{\n\n{other}\n")
    group = classroom.read(tmp_path)
    assert group.entries == {"Ada": {"00.1": Entry(RIGHT, 2, DOUBLED)}}
    assert group.troubles == ("Ada.jsonl, line 2: no JSON; the line is not counted",)


def test_a_copy_is_counted_once_and_two_halves_both(tmp_path):
    wrong, right = record("00.1", "wrong", DOUBLED), record("00.1", "right")
    hand_in(tmp_path, wrong, right)
    hand_in(tmp_path, wrong, name="Ada (1)")
    group = classroom.read(tmp_path)
    assert group.entries["Ada"]["00.1"] == Entry(RIGHT, 2, DOUBLED)
    assert group.troubles == (
        "Ada has handed in Ada (1).jsonl, Ada.jsonl: Ada (1).jsonl not counted, the beginning of another",
    )
    hand_in(tmp_path, wrong, right, name="Ada (1)")  # the same to the letter
    assert classroom.read(tmp_path).entries["Ada"]["00.1"] == Entry(RIGHT, 2, DOUBLED)
    hand_in(tmp_path, record("00.2", "right"), name="Ada (1)")  # another machine
    group = classroom.read(tmp_path)
    assert group.entries["Ada"] == {"00.1": Entry(RIGHT, 2, DOUBLED), "00.2": Entry(RIGHT, 1, "")}
    assert group.troubles[0].endswith("all are counted")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere is no folder"):
        classroom.read(tmp_path / "nowhere")


# --- a made-up class of thirty ----------------------------------------------------------------------------------------

STUDENTS = [f"student {number:02d}" for number in range(1, 31)]
CHAPTERS = {"00": (0.9, 0.85, 0.9), "02": (0.8, 0.7, 0.5, 0.4, 0.25), "03": (0.6, 0.35, 0.55, 0.3)}  # who gets it right

EXERCISES = [f"{chapter}.{n}" for chapter, chances in CHAPTERS.items() for n in range(1, len(chances) + 1)]


def made_up(folder, seed=0):
    """Thirty students through three chapters, each exercise with a chance of its own. Returns what must be counted."""
    rng = np.random.default_rng(seed)
    wanted = {}
    for student in STUDENTS:
        skill, reached = rng.normal(0, 0.12), rng.choice([1, 2, 3], p=[0.1, 0.2, 0.7])
        records, wanted[student] = [], {}
        for chapter, chances in list(CHAPTERS.items())[:reached]:
            ids = [f"{chapter}.{number}" for number in range(1, len(chances) + 1)]
            records += [record(id, "waiting", student=student) for id in ids]  # Run All
            for id, chance in zip(ids, chances, strict=True):
                told = list(find(id).mistakes)
                state, attempts, said = WAITING, 0, ""
                while state != RIGHT and rng.random() < 0.85 and attempts < 6:
                    attempts += 1
                    if rng.random() < chance + skill:
                        state = RIGHT
                        records.append(record(id, "right", student=student))
                        continue
                    state = WRONG
                    said = told[min(rng.geometric(0.6) - 1, len(told) - 1)]
                    records.append(record(id, "wrong", said, student=student))
                wanted[student][id] = Entry(state, attempts, said)
        hand_in(folder, *records, name=student)
    return wanted


@pytest.fixture
def thirty(tmp_path):
    wanted = made_up(tmp_path)
    (tmp_path / "student 31.jsonl").write_text("{")
    return tmp_path, wanted


def test_the_class_command_sums_up_thirty(thirty, capsys):
    folder, wanted = thirty
    assert cli.main(["class", str(folder)]) == 0
    said = capsys.readouterr()
    right = sum(entry.state == RIGHT for made in wanted.values() for entry in made.values())
    assert f"30 students, 12 exercises, {right} right answers" in said.out
    assert said.err == "note: student 31.jsonl, line 1: no JSON; the line is not counted\n"
    made = folder / "summary"
    assert {path.name for path in made.iterdir()} == {"class.csv", "class.html", "where.png", "mistakes.png"}
    rows = list(csv.DictReader(io.StringIO((made / "class.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 30 * 12
    for row in rows:
        entry = wanted[row["student"]].get(row["exercise"], Entry())
        assert (row["state"], int(row["attempts"]), row["mistake"]) == entry
    page = (made / "class.html").read_text(encoding="utf-8")
    for mark, state in (("✓", RIGHT), ("✗", WRONG), ("…", WAITING)):
        count = sum(entry.state == state for made in wanted.values() for entry in made.values())
        assert len(re.findall(f'<td class="{state}"[^>]*>{mark}', page)) == count
    assert page.count('<th scope="row">') == 30 + 1
    sums = [sum(made.get(id, Entry()).state == RIGHT for made in wanted.values()) for id in EXERCISES]
    assert [int(n) for n in re.findall(r"<td>(\d+)</td>", re.search(r"<tfoot>.*?</tfoot>", page)[0])] == sums
    assert all((made / address).exists() for address in re.findall(r'src="([^"]+)"', page))
    assert cli.main(["class", str(folder)]) == 0  # its own files are no answers, and are written anew


def test_the_most_frequent_mistake_comes_first(thirty, capsys):
    folder, wanted = thirty
    counted = {}
    for made in wanted.values():
        for exercise, entry in made.items():
            if entry.mistake:
                counted[exercise, entry.mistake] = counted.get((exercise, entry.mistake), 0) + 1
    found = classroom.mistakes(classroom.read(folder))
    assert {(exercise, said): n for exercise, said, n in found} == counted
    assert [n for *_, n in found] == sorted(counted.values(), reverse=True)
    cli.main(["class", str(folder), "--out", str(folder / "elsewhere")])
    exercise, said, n = found[0]
    assert capsys.readouterr().out.endswith(f"most frequent mistake: {exercise}, {said} ({n})\n")
    assert (folder / "elsewhere" / "class.html").exists()


def test_a_class_without_a_mistake_has_one_picture(tmp_path):
    hand_in(tmp_path, record("00.1", "right"))
    page = classroom.write(classroom.read(tmp_path), tmp_path / "summary")
    assert {path.name for path in page.parent.iterdir()} == {"class.csv", "class.html", "where.png"}


def test_names_and_messages_are_text_on_the_page(tmp_path):
    group = classroom.Class({"A & <b>": {"00.1": Entry(WRONG, 2, "is x < y?")}}, ("00.1",), ("<i>.jsonl: no",))
    page = classroom.as_html(group)
    assert "A &amp; &lt;b&gt;" in page
    assert "is x &lt; y?" in page
    assert "&lt;i&gt;.jsonl" in page
    assert "<b>" not in page


def test_a_folder_without_answers_is_an_error_of_one_line(tmp_path, capsys):
    assert cli.main(["class", str(tmp_path)]) == 2
    assert "no answers in" in capsys.readouterr().err


# --- the pictures -----------------------------------------------------------------------------------------------------

STATES = [["right", "wrong", "not seen"], ["waiting", "right", "wrong"]]
ATTEMPTS = [[1, 4, 0], [0, 2, 1]]


def oracle_heat_map(heat_map):
    """Each cell has its state's colour and mark, and its attempts where there were several."""
    figure = heat_map(STATES, ATTEMPTS, ["Ada", "伊藤"], ["03.3", "03.4", "04.1"])
    figure.canvas.draw()  # every letter is there: a missing one warns, and a warning is an error
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("exercise, and the share of students who have it right", "student")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Ada", "2"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["03.3\n50%", "03.4\n50%", "04.1\n0%"]
    assert ax.yaxis_inverted()
    written = {text.get_position(): text.get_text() for text in ax.texts}
    marks = [["✓", "✗4", ""], ["…", "✓2", "✗"]]
    assert written == {(c + 0.5, r + 0.5): mark for r, row in enumerate(marks) for c, mark in enumerate(row)}
    mesh = ax.collections[0]
    colours = mesh.cmap(mesh.norm(mesh.get_array()))
    for (row, column), state in np.ndenumerate(STATES):
        np.testing.assert_allclose(colours[row, column], plt.matplotlib.colors.to_rgba(pictures.LOOKS[state][0]))
    assert [line.get_xdata()[0] for line in ax.lines] == [2]  # between two chapters
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["✓ right", "✗ wrong", "… waiting", "not seen"]


def test_heat_map():
    oracle_heat_map(pictures.heat_map)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda states, attempts, *rest: pictures.heat_map(states, np.zeros_like(attempts), *rest),
        lambda states, attempts, students, exercises: pictures.heat_map(states[::-1], attempts, students, exercises),
        lambda states, attempts, students, exercises: pictures.heat_map(states, attempts, students[::-1], exercises),
    ],
)
def test_a_wrong_heat_map_is_seen(mutant):
    assert_killed(oracle_heat_map, mutant)


def test_frequent_mistakes_are_bars_under_their_names():
    many = [(f"03.{n % 4 + 1}", f"mistake number {n} " + "and so on " * 9, 20 - n) for n in range(14)]
    figure = pictures.frequent(many)
    figure.canvas.draw()
    (ax,) = figure.axes
    assert ax.get_xlabel() == "students"
    assert [bar.get_width() for bar in ax.patches] == [20 - n for n in range(12)]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert [" ".join(label.split()) for label in labels] == [f"{id}: {said}".strip() for id, said, _ in many[:12]]
    assert ax.yaxis_inverted()
