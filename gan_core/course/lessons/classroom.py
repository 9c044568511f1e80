"""The answers of a class, from the files that its notebooks have written: who is where, and who is stuck at what."""

import csv
import html
import io
import json
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from gan_core.course.lessons.answers import VERDICTS, VERSION, checked_name
from gan_core.course.lessons.exercises import find

RIGHT, WRONG, WAITING, UNSEEN = "right", "wrong", "waiting", "not seen"
MARKS = {RIGHT: "✓", WRONG: "✗", WAITING: "…", UNSEEN: ""}
OTHER = "another wrong answer"


class Entry(NamedTuple):
    """What became of one exercise: RIGHT once it was, else WRONG, WAITING or UNSEEN; attempts up to the right one; and
    what the check said to the last wrong one, "" where there was none."""

    state: str = UNSEEN
    attempts: int = 0
    mistake: str = ""


@dataclass(frozen=True)
class Class:
    """`entries` maps a student to {exercise: Entry}; `exercises` are all of the chapters that anybody has opened, in
    order; `troubles` says of each file that is not as it should be what is wrong and what was done."""

    entries: dict
    exercises: tuple
    troubles: tuple = ()

    def entry(self, student, exercise):
        """The entry, UNSEEN where there is none."""
        return self.entries[student].get(exercise, Entry())


def read(folder):
    """The class whose files *.jsonl lie in `folder`, at whatever depth. ValueError where there are none to be read."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give the one with the students' files, NAME.jsonl")
    troubles, files = [], {}
    for path in sorted(folder.rglob("*.jsonl")):
        name = path.relative_to(folder).as_posix()
        records = list(_records(path, name, troubles))
        students = {record["student"] for record in records}
        if len(students) > 1:
            troubles.append(f"{name}: holds the answers of {', '.join(sorted(students))}; not counted")
        elif students:
            files.setdefault(students.pop(), {})[name] = records
    if not files:
        said = f" ({'; '.join(troubles)})" if troubles else ""
        raise ValueError(f"no answers in {folder}: students make NAME.jsonl with me(…), see chapter 00{said}")
    answers = {student: _one(student, given, troubles) for student, given in sorted(files.items())}
    entries = {student: _entries(records) for student, records in answers.items()}
    chapters = {exercise.partition(".")[0] for made in entries.values() for exercise in made}
    return Class(entries, tuple(id for chapter in sorted(chapters) for id in _exercises(chapter)), tuple(troubles))


def mistakes(group):
    """How many students are, or were, told what: [(exercise, what the check said, students)], the most first."""
    counts = Counter(
        (exercise, entry.mistake)
        for made in group.entries.values()
        for exercise, entry in made.items()
        if entry.mistake
    )
    order = {exercise: place for place, exercise in enumerate(group.exercises)}
    return sorted(((*key, n) for key, n in counts.items()), key=lambda row: (-row[2], order[row[0]], row[1]))


def as_csv(group):
    """A line for each student and exercise: student, exercise, state, attempts, mistake."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(["student", "exercise", *Entry._fields])
    for student in group.entries:
        for exercise in group.exercises:
            write([student, exercise, *group.entry(student, exercise)])
    return text.getvalue()


def as_html(group, pictures=()):
    """A page: students × exercises, the mistakes, and `pictures`, [(address, what it shows)]."""
    escape = html.escape
    head = "".join(f'<th scope="col">{escape(exercise)}</th>' for exercise in group.exercises)
    rows = "".join(
        f'<tr><th scope="row">{escape(student)}</th>'
        + "".join(_cell(group.entry(student, exercise)) for exercise in group.exercises)
        + f"<td>{sum(entry.state == RIGHT for entry in made.values())}</td></tr>\n"
        for student, made in group.entries.items()
    )
    sums = "".join(
        f"<td>{sum(group.entry(student, exercise).state == RIGHT for student in group.entries)}</td>"
        for exercise in group.exercises
    )
    counts = "".join(
        f"<tr><td>{escape(exercise)}</td><td>{escape(said)}</td><td>{n}</td></tr>\n"
        for exercise, said, n in mistakes(group)
    )
    shown = "".join(f'<p><img src="{escape(file)}" alt="{escape(text)}"></p>\n' for file, text in pictures)
    troubles = "".join(f"<li>{escape(trouble)}</li>" for trouble in group.troubles)
    return PAGE.format(
        students=len(group.entries), exercises=len(group.exercises), head=head, rows=rows, sums=sums,
        counts=counts, shown=shown,
        troubles=f"<h2>Files that are not as they should be</h2><ul>{troubles}</ul>" if troubles else "",
    )  # fmt: skip


def write(group, folder):
    """Write class.csv, class.html and the pictures into `folder`, over older ones; return the path of the page."""
    import matplotlib.pyplot as plt

    from gan_core.course import figures

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cells = [[group.entry(student, exercise) for exercise in group.exercises] for student in group.entries]
    states, attempts = ([[cell[place] for cell in row] for row in cells] for place in (0, 1))
    drawn, pictures = figures.classroom, []
    with plt.rc_context():
        figures.use_style()
        made = [drawn.heat_map(states, attempts, list(group.entries), group.exercises)]
        made += [drawn.frequent(wrong) for wrong in [mistakes(group)] if wrong]
        for figure, picture in zip(made, PICTURES, strict=False):
            figure.savefig(folder / picture[0])
            plt.close(figure)
            pictures.append(picture)
    (folder / "class.csv").write_text(as_csv(group), encoding="utf-8")
    (folder / "class.html").write_text(as_html(group, pictures), encoding="utf-8")
    return folder / "class.html"


PICTURES = (
    ("where.png", "Who has got how far: a row for each student, a column for each exercise"),
    ("mistakes.png", "The most frequent mistakes, a bar for each: how many students made it"),
)


def _records(path, name, troubles):
    """The well-formed records of one file; what is not is told to `troubles`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        troubles.append(f"{name}: cannot be read as text ({error}); not counted")
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record["version"] != VERSION:
                troubles.append(
                    f"{name}: has answers of version {record['version']!r}, and this course reads {VERSION}; they are "
                    "not counted: bring the course of either to the other's version"
                )
                return
            checked_name(record["student"])
            find(record["exercise"])
            if record["verdict"] not in VERDICTS or not isinstance(record["said"], str):
                raise ValueError(f"the verdict {record['verdict']!r}")
        except (ValueError, KeyError, TypeError) as error:
            what = "no JSON" if isinstance(error, json.JSONDecodeError) else f"no answer ({error})"
            troubles.append(f"{name}, line {number}: {what}; the line is not counted")
        else:
            yield record


def _one(student, files, troubles):
    """The records of one student, of one file or several. A file that is the beginning of another is its older copy."""
    kept = []
    for name in sorted(files, key=lambda name: -len(files[name])):
        if not any(files[other][: len(files[name])] == files[name] for other in kept):
            kept.append(name)
    if len(files) > 1:
        copies = [name for name in files if name not in kept]
        done = f"{', '.join(copies)} not counted, the beginning of another" if copies else "all are counted"
        troubles.append(f"{student} has handed in {', '.join(files)}: {done}")
    return [record for name in files if name in kept for record in files[name]]


def _entries(records):
    """{exercise: Entry} from the records of one student, in their order."""
    found = {}
    for record in records:
        old = found.get(record["exercise"], Entry(WAITING))
        if old.state == RIGHT or record["verdict"] == "waiting":
            found[record["exercise"]] = old
        elif record["verdict"] == "right":
            found[record["exercise"]] = Entry(RIGHT, old.attempts + 1, old.mistake)
        else:
            found[record["exercise"]] = Entry(WRONG, old.attempts + 1, _mistake(record))
    return found


def _mistake(record):
    """What was said, if it is one of those that the exercise knows; other answers are many, and counted together."""
    if record["verdict"] == "raised":
        return f"raised {record['said']}" if record["said"].isidentifier() else "raised an error"
    return record["said"] if record["said"] in find(record["exercise"]).mistakes else OTHER


def _exercises(chapter):
    return import_module(f"gan_core.course.lessons.chapter_{chapter}").EXERCISES


def _cell(entry):
    tries = f" {entry.attempts}" if entry.attempts else ""
    said = f' title="{html.escape(entry.mistake)}"' if entry.mistake else ""
    return f'<td class="{entry.state.replace(" ", "-")}"{said}>{MARKS[entry.state]}{tries}</td>'


PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A class's answers</title>
<style>
body {{ font: 16px/1.45 system-ui, sans-serif; margin: 2em; color: #111; background: white; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0.2em 0.6em; border: 1px solid #bbb; text-align: start; font-variant-numeric: tabular-nums; }}
.right {{ background: #0072b2; color: white; }}
.wrong {{ background: #ffd2b3; }}
.waiting {{ background: #eee; }}
.scroll {{ overflow-x: auto; }}
img {{ max-width: 100%; height: auto; }}
</style>
</head>
<body>
<h1>A class's answers</h1>
<p>Students: {students}. Exercises: {exercises}. ✓ right, ✗ not right yet, … seen and waiting, empty: the chapter was
not run. The number counts the attempts. What the check said last stands behind a cell: rest the pointer on it.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">student</th>{head}<th scope="col">right</th></tr></thead>
<tbody>
{rows}</tbody>
<tfoot><tr><th scope="row">right</th>{sums}<td></td></tr></tfoot>
</table></div>
<h2>What went wrong</h2>
<table>
<thead><tr><th scope="col">exercise</th><th scope="col">what the check said</th>
<th scope="col">students</th></tr></thead>
<tbody>
{counts}</tbody>
</table>
{shown}{troubles}
</body>
</html>
"""
