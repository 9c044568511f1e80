"""The time a chapter asks for: minutes, core or depth in every heading, a stop half-way where it is long."""

import re
import sys
from types import SimpleNamespace

import course
import jupytext
import pytest
from nbformat import v4

sys.path.insert(0, str(course.ROOT / "tools"))

import sections

CLOSING = ("What the sources get wrong", "What we checked", "Further reading", sections.STOP)  # may have no minutes
LONG, STRETCH, CORE = 75, 90, 600
STOPPED = ("02", "05", "07", "08", "09", "15")  # however long they are
SAID = re.compile(r"^\*(\d+) minutes lie behind you, (\d+) ahead: a good place to stop\.\*$", re.M)


def faults_of_marks(chapter):
    """Every section says its minutes, and whether it is depth, in one way; exercises too, and they add up."""
    found = sections.sections(chapter.written)
    headings = re.findall(r"^## (.*)$", chapter.prose, re.M)
    if len(headings) != len(found) - 1:
        yield "a heading stands where none is looked for"
    for section, heading in zip(found[1:], headings, strict=False):
        if "(" in section.title and "min" in section.title.rpartition("(")[2]:
            yield f"{heading}: minutes are written (5 min) or (5 min, depth)"
        if not section.minutes and section.title not in CLOSING:
            yield f"{heading}: says no minutes"
        if section.title == sections.EXERCISES:
            given = list(sections.EXERCISE.finditer(section.prose))
            if sum(int(match["minutes"]) for match in given) != section.minutes:
                yield f"{heading}: the exercises take {sum(int(match['minutes']) for match in given)} minutes"
            if not section.core:
                yield f"{heading}: which are depth, each exercise says for itself"
    tasks = re.findall(r"^\*\*Exercise \S+\*\*.*$", chapter.prose, re.M)
    yield from (f"{task}: minutes are written 5 minutes or 5 minutes, depth" for task in tasks
                if not re.match(r"\*\*Exercise \S+\*\* · ★.. · \d+ minutes?(, depth)?(\. |$)", task))  # fmt: skip


def faults_of_core(chapter):
    """The core path is that of the manifest, and holds something to read and something to do."""
    minutes = sections.core_minutes(chapter.written)
    if minutes != chapter.entry["core"]:
        yield f"the core takes {minutes} minutes, the manifest says {chapter.entry['core']}"
    read = [section for section in sections.sections(chapter.written) if section.core and section.minutes]
    if not [section for section in read if section.title != sections.EXERCISES]:
        yield "no section belongs to the core"
    if all(match["depth"] for match in sections.EXERCISE.finditer(chapter.prose)):
        yield "no exercise belongs to the core"


def faults_of_stops(chapter):
    """A long chapter has one stop, near the middle, with a summary and the true minutes on both sides."""
    found = sections.sections(chapter.written)
    at = [place for place, section in enumerate(found) if section.title == sections.STOP]
    must = chapter.entry["minutes"] > LONG or chapter.number in STOPPED
    if len(at) != must:
        yield f"{chapter.entry['minutes']} minutes, and {len(at)} stops"
    for place in at:
        halves = [sum(section.minutes for section in part) for part in (found[:place], found[place:])]
        if max(halves) > min(STRETCH, 2 * min(halves)):
            yield f"the stop parts it into {halves[0]} and {halves[1]} minutes"
        if SAID.findall(found[place].prose) != [tuple(map(str, halves))]:
            yield f"the stop does not say that {halves[0]} minutes lie behind and {halves[1]} ahead"
        summary = " ".join(sections.paragraphs(found[place].prose)[-1].split())
        if not (summary.startswith("**So far:** ") and "**To come:** " in summary):
            yield "the stop has no summary: **So far:** … **To come:** …"
        if not 2 <= len(re.findall(r"[.?](?= |$)", summary)) <= 4:
            yield "the summary has two to four sentences"


CHECKS = (faults_of_marks, faults_of_core, faults_of_stops)


@pytest.fixture(params=course.manifest(), ids=lambda entry: entry["notebook"])
def chapter(request):
    return course.chapter(request.param)


@pytest.mark.parametrize("faults", CHECKS, ids=lambda check: check.__name__)
def test_chapter(faults, chapter):
    assert list(faults(chapter)) == []


def test_the_core_of_the_course_takes_ten_hours_at_most():
    assert sum(entry["core"] for entry in course.manifest()) <= CORE
    assert all(entry["core"] < entry["minutes"] for entry in course.manifest())


def test_the_marks_are_explained_in_the_welcome():
    prose = " ".join(course.chapter(course.manifest()[0]).prose.split())
    assert "Where it also says *depth*" in prose
    assert f"more than {LONG} minutes has a stop half-way" in prose


# The checks themselves

RIGHT = """\
# %% [markdown]
# # 42 · A chapter
#
# ## One (30 min)

# %% [markdown]
# Much.
#
# ## Half-way
#
# *30 minutes lie behind you, 50 ahead: a good place to stop.*
#
# **So far:** one was shown. So it
# is. **To come:** the other.
#
# ## Two (10 min, depth)

# %%
print(2)

# %% [markdown]
# ## What the sources get wrong (5 min, depth)
#
# ## Exercises (35 min)
#
# **Exercise 42.1** · ★☆☆ · 25 minutes. Do it.
#
# **Exercise 42.2** · ★★☆ · 10 minutes, depth
#
# ## Further reading
"""


def small(text=RIGHT, **entry):
    entry = {"notebook": "42_chapter", "minutes": 80, "core": 55} | entry
    notebook = jupytext.reads(text, "py:percent")
    return course.Chapter(entry, notebook, notebook)


@pytest.mark.parametrize("faults", CHECKS, ids=lambda check: check.__name__)
def test_a_right_chapter_has_no_faults(faults):
    assert list(faults(small())) == []


@pytest.mark.parametrize(
    ("faults", "old", "new"),
    [
        (faults_of_marks, "(10 min, depth)", "(10 min, Depth)"),
        (faults_of_marks, "(10 min, depth)", "(10 minutes)"),
        (faults_of_marks, "(10 min, depth)", "(depth, 10 min)"),
        (faults_of_marks, " (10 min, depth)", ""),
        (faults_of_marks, "(35 min)", "(30 min)"),
        (faults_of_marks, "(35 min)", "(35 min, depth)"),
        (faults_of_marks, "minutes, depth", "minutes (depth)"),
        (faults_of_core, "(10 min, depth)", "(10 min)"),
        (faults_of_core, "minutes, depth", "minutes"),
        (faults_of_core, "25 minutes.", "25 minutes, depth."),
        (faults_of_core, "One (30 min)", "One (30 min, depth)"),
        (faults_of_stops, "## Half-way", "## In the middle (0 min)"),
        (faults_of_stops, "*30 minutes", "*31 minutes"),
        (faults_of_stops, "50 ahead", "40 ahead"),
        (faults_of_stops, "One (30 min)", "One (20 min)"),
        (faults_of_stops, "**So far:** ", ""),
        (faults_of_stops, "**To come:** ", ""),
        (faults_of_stops, "one was shown. So it\n# is. **To come:** the other.", "**To come:** all"),
    ],
)
def test_a_wrong_chapter_is_seen(faults, old, new):
    assert old in RIGHT
    assert list(faults(small(RIGHT.replace(old, new)))) != []


@pytest.mark.parametrize(
    ("entry", "right"),
    [({"minutes": 76}, True), ({"minutes": 75}, False), ({"notebook": "08_modes", "minutes": 60}, True)],
)
def test_who_must_have_a_stop(entry, right):
    assert (list(faults_of_stops(small(**entry))) == []) == right


def test_a_chapter_of_no_core_is_seen():
    text = RIGHT.replace("One (30 min)", "One (30 min, depth)").replace("25 minutes.", "25 minutes, depth.")
    assert len(list(faults_of_core(small(text, core=0)))) == 2


def test_a_cell_with_several_headings_is_parted():
    code = v4.new_code_cell("1")
    cells = [
        v4.new_markdown_cell("# 42\n\n## A (1 min)\n\na"),
        code,
        v4.new_markdown_cell("b\n\n## B\n\n## C (2 min, depth)"),
        code,
    ]
    found = sections.sections(SimpleNamespace(cells=cells))
    assert [(section.title, section.minutes, section.core) for section in found] == [
        ("", 0, True), ("A", 1, True), ("B", 0, True), ("C", 2, False),
    ]  # fmt: skip
    assert [section.prose for section in found] == ["# 42", "## A (1 min)\n\na\n\nb", "## B", "## C (2 min, depth)"]
    assert [len(section.cells) for section in found] == [1, 3, 1, 2]
