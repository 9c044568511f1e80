"""What the sources name has a place in the course, or a reason why not; no place is named that is not there."""

import doctest
import pathlib
import sys
import tomllib

import course
import pytest
from mutants import assert_killed, mutated, replaced

from gan_core.course.lessons import errata, exercises

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tools" / "book"))

import placement

NAMED = 62  # what the course's plan found named in the five sources


@pytest.fixture(scope="module")
def table():
    return tomllib.loads((course.ROOT / "pages" / "sources.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def words():
    chapters = map(course.chapter, course.manifest())
    return {(chapter.number, f"{chapter.entry['notebook']}.md"): chapter.prose for chapter in chapters}


@pytest.fixture(scope="module")
def sources():
    """[sources] of the errata, as the book reads it."""
    return tomllib.loads(errata.FINDINGS.read_text(encoding="utf-8"))["sources"]


def items(table):
    return [placement.Item(**row) for row in table["items"]]


def test_all_that_is_named_has_a_place_or_a_reason(table, sources, words):
    assert [item.number for item in items(table)] == list(range(1, NAMED + 1))
    assert list(placement.faults(items(table), sources, words, errata.ledger(course.NOTEBOOKS))) == []


def test_exercises_are_those_of_the_lessons(table):
    named = [place for item in items(table) for place in item.where if placement.PLACE.fullmatch(place)["exercise"]]
    assert named
    for id in named:
        exercises.find(id)


def test_every_chapter_is_a_place_and_every_source_names(table, sources, words):
    chapters = {placement.PLACE.fullmatch(place)["chapter"] for item in items(table) for place in item.where}
    assert chapters == {number for number, _ in words}
    assert {source for item in items(table) for source in item.said} == sources.keys() - {"papers"}


def test_the_page_has_a_row_for_each_with_links(table, sources, words):
    page = placement.placement(table, sources, words, errata.ledger(course.NOTEBOOKS))
    for item in items(table):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {item.number} |")]
        assert row.count("](") >= len(item.where)
        assert ("*Left out:*" in row) == bool(item.aside)


def test_examples():
    assert doctest.testmod(placement) == (0, 1)


# The checks themselves, on a small table that is right and on what may be wrong with it.

SMALL = """\
[[items]]
number = 1
item = "Bread, and $x_1$."
said = { one = "line 3", two = "page 5" }
where = ["41 · Bread", "41/rises", "41b.1"]

[[items]]
number = 2
item = "Butter."
said = { one = "line 4" }
where = ["41b · Is $x_1$ butter?"]
aside = "Salted butter is not: see `41/rises`."

[[items]]
number = 3
item = "Jam."
said = { two = "page 6" }
aside = "There is none."
"""
SMALL_SOURCES = {
    "one": {"title": "the first source (Lin 1991)", "ledger": "first source"},
    "two": {"title": "the second source", "ledger": "second source"},
    "papers": {"title": "papers"},
}
SMALL_WORDS = {
    ("41", "41_bread.md"): "# 41 · Bread\n\n## Bread (4 min)\n\nDough.\n\n## Crumbs\n\n## Exercises\n\n## Crumbs",
    (
        "41b",
        "41b_butter.md",
    ): "## Is $x_1$ butter? (5 min)\n\nYes.\n\n## Exercises (3 min)\n\n**Exercise 41b.1**\n\n## End",
}
SMALL_CLAIMS = {"41/rises": {"source": "this course"}}


def small(*changes):
    """The table of `SMALL`, with pieces replaced."""
    return tomllib.loads(replaced(SMALL, *changes))


WRONG = {  # what is wrong: the change, and what is said
    "a section that is not there": ("41 · Bread", "41 · Breads", "item 1: 41 · Breads is not in the course"),
    "a section of another chapter": ("41 · Bread", "41b · Bread", "item 1: 41b · Bread is not in the course"),
    "a section with its minutes": ("41 · Bread", "41 · Bread (4 min)", "item 1: 41 · Bread (4 min) is not"),
    "a section in part": ("41 · Bread", "41 · Brea", "item 1: 41 · Brea is not in the course"),
    "one name for two sections": ("41 · Bread", "41 · Crumbs", "item 1: 41 · Crumbs is not in the course"),
    "a chapter that is not there": ("41 · Bread", "42 · Bread", "item 1: 42 · Bread is not in the course"),
    "no place at all": ("41 · Bread", "Bread", "item 1: Bread is not in the course"),
    "a claim that is not made": ("41/rises", "41/falls", "item 1: 41/falls is not in the course"),
    "a reason with a claim that is not made": ("`41/rises`", "`41/falls`", "item 2: 41/falls is not in the course"),
    "an exercise that is not there": ("41b.1", "41b.2", "item 1: 41b.2 is not in the course"),
    "a missing item": ("number = 2", "number = 3", "item 2 has the number 3"),
    "neither place nor reason": ('aside = "There is none."\n', "", "item 3 has no place and no reason"),
    "an empty reason": ("There is none.", " ", "item 3 has no place and no reason"),
    "no place, no reason, but a list": ('aside = "There is none."', "where = []", "item 3 has no place and no reason"),
    "a source that is not there": ("two = ", "three = ", "item 1: it needs words"),
    "a source without the place in it": ("line 4", "", "item 2: it needs words"),
    "nobody names it": ('{ one = "line 4" }', "{}", "item 2: it needs words"),
    "nothing is named": ("Jam.", "", "item 3: it needs words"),
    "a bar": ("There is none.", "There is | none.", "item 3: a bar"),
}


def oracle_faults(faults):
    assert list(faults(items(small()), SMALL_SOURCES, SMALL_WORDS, SMALL_CLAIMS)) == []
    for what, (old, new, said) in WRONG.items():
        found = list(faults(items(small((old, new))), SMALL_SOURCES, SMALL_WORDS, SMALL_CLAIMS))
        assert any(said in fault for fault in found), what


def test_faults():
    oracle_faults(placement.faults)


FAULTS_MUTANTS = {
    "numbers are not counted": ("if item.number != number:", "if False:"),
    "no reason is asked for": ("if not item.where and not item.aside.strip():", "if False:"),
    "an empty reason is one": ("item.aside.strip()", "item.aside"),
    "sources are free": (" or item.said.keys() - sources.keys()", ""),
    "a source is enough, wherever": (" and all(item.said.values())", ""),
    "nobody need name it": ("item.item and item.said and", "item.item and"),
    "nothing need be named": ("item.item and item.said and", "item.said and"),
    "bars are let through": ('if "|" in', 'if "||" in'),
    "reasons are not read": ("*CLAIM.findall(item.aside)", ""),
    "claims are not looked up": ("return place in claims", "return True"),
    "exercises are not looked up": ('return f"**Exercise {place}**" in text', "return True"),
    "sections are not looked up": (".count(found[\"section\"]) == 1", ".count(found[\"section\"]) >= 0"),
    "two of one name will do": (".count(found[\"section\"]) == 1", ".count(found[\"section\"]) >= 1"),
    "words anywhere are a section": (
        'return [heading["section"] for heading in HEADING.finditer(text)].count(found["section"]) == 1',
        'return found["section"] in text',
    ),
    "any chapter will do": ("text = texts[found[\"chapter\"]]", "text = ' '.join(texts.values())"),
    "minutes belong to the name": (r"(?: \(\d+ min.*\))?$", "$"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS_MUTANTS)
def test_faults_mutants(name):
    assert_killed(oracle_faults, mutated(placement, FAULTS_MUTANTS[name])["faults"])


def oracle_placement(make):
    page = make(small(), SMALL_SOURCES, SMALL_WORDS, SMALL_CLAIMS)
    assert page.startswith(
        "3 things are named; 2 have places here, 1 of these not in full.\n\n## The first source (Lin 1991"
    )
    first, second = page.split("\n\n## ")[1:]
    assert second.startswith("The second source\n\n| no. |")
    bread, butter = first.splitlines()[-2:]
    jam = second.splitlines()[-1]
    assert bread == (
        '| 1 | Bread, and <span class="together"><span class="math inline">x&#95;1</span>.</span> '
        "| line 3<br>second source: page 5 | [41 · Bread](41_bread.md#bread-4-min)<br>"
        "[`41/rises`](41_bread.md#41/rises)<br>[exercise 41b.1](41b_butter.md#exercises-3-min) |"
    )
    assert (
        "](41b_butter.md#is-x_1-butter-5-min)<br>*Left out:* Salted butter is not: see [`41/rises`](41_bread" in butter
    )
    assert jam == "| 3 | Jam. | page 6 | *Left out:* There is none. |"
    with pytest.raises(ValueError, match="41 · Breads is not in the course"):
        make(small(("41 · Bread", "41 · Breads")), SMALL_SOURCES, SMALL_WORDS, SMALL_CLAIMS)
    with pytest.raises(TypeError, match="asside"):
        make(small(("aside", "asside")), SMALL_SOURCES, SMALL_WORDS, SMALL_CLAIMS)


def test_placement():
    oracle_placement(placement.placement)


PLACEMENT_MUTANTS = {
    "faults are let through": ("if wrong := list(faults(items, sources, words, claims)):", "if wrong := []:"),
    "one table for all": ("itertools.groupby(items, lambda item: next(iter(item.said)))", '[("one", items)]'),
    "the left out are placed": ("if item.where]", "if item.where or item.aside]"),
    "the left out are lost": ("    if item.aside:\n", "    if not item.where:\n"),
    "only the first source": ("for source, place in others)", "for source, place in ())"),
    "links to the chapter's top": ('{address}#{_anchor_of(heading)})"\n    (', '{address})"\n    ('),
    "anchors as written": ("return anchor(heading[0].lstrip", "return (heading[0].lstrip"),
    "anchors without the minutes": ('anchor(heading[0].lstrip("# "))', 'anchor(heading["section"])'),
    "an exercise is where the chapter ends": ("if heading.start() < start][-1]", "][-1]"),
    "claims of reasons are not linked": ("{prose(item.aside, stems)}", "{item.aside}"),
    "formulas are left to Markdown": ("{protect(item.item)}", "{item.item}"),
}


@pytest.mark.parametrize("name", PLACEMENT_MUTANTS)
def test_placement_mutants(name):
    assert_killed(oracle_placement, mutated(placement, PLACEMENT_MUTANTS[name])["placement"])
