"""The lesson plans: what they name is there under that very name, and their minutes add up."""

import importlib
import re
import sys
import tomllib

import course
import pytest

sys.path.insert(0, str(course.ROOT / "tools"))

from sections import sections

PLANS = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((course.ROOT / "pages" / "lessons").glob("*.md"))
}
CLAIMS = tomllib.loads((course.NOTEBOOKS / "claims.toml").read_text(encoding="utf-8"))
TITLES = {
    chapter.number: [section.title for section in sections(chapter.stored) if section.title]
    for chapter in map(course.chapter, course.manifest())
}
EXERCISES = {
    id: exercise
    for number in TITLES
    for id, exercise in importlib.import_module(f"gan_core.course.lessons.chapter_{number}").EXERCISES.items()
}
ROW = re.compile(r"^\| (\d+) \| (.+?) \|(?:.*\|){3}$", re.M)


def faults(text):
    """What is wrong with a plan."""
    if len(re.findall(r"^# .", text, re.M)) != 1 or not text.startswith("# "):
        yield "it has not one title"
    parts = re.findall(r"^## (.+?)(?: \((\d+) min\))?\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    for title, minutes, part in parts:
        rows = ROW.findall(part)
        if minutes and sum(int(time) for time, _ in rows) != int(minutes):
            yield f"{title}: {sum(int(time) for time, _ in rows)} minutes, not {minutes}"
        if bool(minutes) != bool(rows):
            yield f"{title}: minutes without rows, or rows without minutes"
        for _, what in rows:
            number, dot, section = what.partition(" · ")
            if dot and section not in TITLES.get(number, ()):
                yield f"there is no section {what}"
            if not dot and not re.fullmatch(r"exercise \S+|\*.+\*", what):
                yield f"{what} is no section, no exercise and no pause"
    for id in re.findall(r"`(\d\d[a-z]?/[\w-]+)`", text):
        if id not in CLAIMS:
            yield f"there is no claim {id}"
    for ids in re.findall(r"[Ee]xercises? (\d\d[a-z]?\.\d+(?: and \d\d[a-z]?\.\d+)*)", text):
        yield from (f"there is no exercise {id}" for id in ids.split(" and ") if id not in EXERCISES)
    for id, said in re.findall(r"^- (\S+) “(.+?)”", text, re.M):
        if id not in EXERCISES or said not in EXERCISES[id].mistakes:
            yield f"the check of {id} never says “{said}”"
    for number in re.findall(r"chapters? (\d\d[a-z]?)\b", text):
        if number not in TITLES:
            yield f"there is no chapter {number}"
    yield from (f"there is no page {link}" for link in re.findall(r"\]\(([\w-]+)\.md\)", text) if link not in PLANS)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_names_what_there_is(name):
    assert list(faults(PLANS[name])) == []


def test_the_plans_are_those_that_were_promised():
    lengths = {name: list(map(int, re.findall(r"^## .*\((\d+) min\)$", text, re.M))) for name, text in PLANS.items()}
    assert lengths["six-meetings"] == [90] * 6
    assert sum(lengths["workshop"]) == 330
    assert lengths["lecture"] == [45, 90]
    assert len(ROW.findall("".join(PLANS.values()))) > 80


PLAN = """\
# A plan

## A meeting (15 min)

| min | what | show | ask | listen for |
|---|---|---|---|---|
| 8 | 03 · KL, and where it ends | the fraction | what? | `03/epsilon` |
| 5 | exercise 03.1 | | why? | |
| 2 | *close* | | | |

- 03.1 “the arguments are swapped; KL(p‖q) averages over p”: ask.

*At home:* chapter 04, exercises 03.2 and 04.1. See [the class](class.md).
"""


def test_a_right_plan_has_no_faults():
    assert list(faults(PLAN)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# A plan", "A plan"),
        ("(15 min)", "(16 min)"),
        (" (15 min)", ""),
        ("| 5 | exercise", "| 6 | exercise"),
        ("03 · KL, and where it ends", "03 · KL, and where it begins"),
        ("03 · KL, and where it ends", "04 · KL, and where it ends"),
        ("03 · KL, and where it ends", "33 · KL, and where it ends"),
        ("*close*", "close"),
        ("03/epsilon", "03/epsilons"),
        ("exercise 03.1", "exercise 03.9"),
        ("03.2 and 04.1", "03.2 and 04.9"),
        ("averages over p”", "averages over q”"),
        ("- 03.1", "- 03.2"),
        ("chapter 04", "chapter 40"),
        ("class.md", "classes.md"),
    ],
)
def test_a_wrong_plan_is_seen(old, new):
    assert old in PLAN
    assert list(faults(PLAN.replace(old, new))) != []
