"""The ledger of claims: every claim of the chapters is in notebooks/claims.toml with its source, runs in one place, and
has left its line in the stored outputs."""

import ast
import re
import tomllib
from typing import NamedTuple

import course
import pytest

LEDGER = course.NOTEBOOKS / "claims.toml"
FIELDS = {"source", "corrects"}


class Claim(NamedTuple):
    """A call of `claim` in a chapter."""

    chapter: str
    id: str | None  # None where it is not written out
    statement: str | None


def claims_in(chapter):
    """The calls of `claim` in a chapter's code, in order."""
    for cell in chapter.code:
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "claim":
                id, statement, *_ = [getattr(argument, "value", None) for argument in node.args] + [None, None]
                yield Claim(chapter.number, *[text if isinstance(text, str) else None for text in (id, statement)])


def faults_of_claims(claims):
    """What is wrong with the claims by themselves."""
    ids = [claim.id for claim in claims]
    for claim in claims:
        if claim.id is None or claim.statement is None:
            yield f"in chapter {claim.chapter}, id and statement must be written out: {claim}"
        elif not re.fullmatch(rf"{claim.chapter}/[a-z0-9-]+", claim.id):
            yield f"{claim.id} must be written {claim.chapter}/name, in small letters"
        elif ids.count(claim.id) > 1:
            yield f"{claim.id} is made {ids.count(claim.id)} times"
        elif not re.match(r"[^a-z].*[.!?]$", claim.statement):
            yield f"{claim.id} is no sentence: {claim.statement}"


def faults_of_ledger(ledger, claims):
    """Where the ledger and the claims differ, and what an entry lacks."""
    made = {claim.id for claim in claims}
    yield from (f"{id} is made but not in the ledger" for id in made - ledger.keys())
    yield from (f"{id} is in the ledger but not made" for id in ledger.keys() - made)
    for id, entry in ledger.items():
        if not str(entry.get("source", "")).strip():
            yield f"{id} has no source"
        if entry.keys() - FIELDS:
            yield f"{id} has unknown fields {sorted(entry.keys() - FIELDS)}"


def faults_of_outputs(claims, printed):
    """Claims whose line is not in the stored outputs exactly once, and lines that no claim left."""
    lines = re.findall(r"^✓ (\d\d[a-z]?/\S+): (.*)  \[.*\]$", printed, re.M)
    for claim in claims:
        if lines.count((claim.id, claim.statement)) != 1:
            yield f"{claim.id} left its line {lines.count((claim.id, claim.statement))} times"
    yield from (f"{id} has a line, but is no claim" for id, _ in lines if id not in {claim.id for claim in claims})


@pytest.fixture(scope="module")
def chapters():
    return [course.chapter(entry) for entry in course.manifest()]


@pytest.fixture(scope="module")
def claims(chapters):
    return [claim for chapter in chapters for claim in claims_in(chapter)]


def test_claims_are_written_out_and_made_once(claims):
    assert list(faults_of_claims(claims)) == []


def test_the_ledger_lists_every_claim_with_its_source(claims):
    assert list(faults_of_ledger(tomllib.loads(LEDGER.read_text(encoding="utf-8")), claims)) == []


@pytest.mark.parametrize("entry", course.manifest(), ids=lambda entry: entry["notebook"])
def test_every_claim_left_its_line(entry):
    chapter = course.chapter(entry)
    assert list(faults_of_outputs(list(claims_in(chapter)), chapter.printed)) == []


def test_there_are_sixty_claims_and_every_chapter_makes_some(chapters, claims):
    assert len(claims) >= 60
    assert {claim.chapter for claim in claims} == {chapter.number for chapter in chapters}


# The checks themselves

CODE = """\
claim("42/so", "It is so.", 1, above=0)
lessons.claim("42/that", "That " "too.", True)
print("claim")
"""
LINES = "✓ 42/so: It is so.  [> 0]\n✓ 42/that: That too.  [true]\nclaim\n"
ENTRIES = {"42/so": {"source": "this course"}, "42/that": {"source": "Lin 1991", "corrects": "slides, line 151"}}


def found_in(code):
    written = course.nbformat.v4.new_notebook(cells=[course.nbformat.v4.new_code_cell(code)])
    return list(claims_in(course.Chapter({"notebook": "42_chapter"}, written, written)))


def test_right_claims_have_no_faults():
    claims = found_in(CODE)
    assert claims == [Claim("42", "42/so", "It is so."), Claim("42", "42/that", "That too.")]
    assert list(faults_of_claims(claims)) == []
    assert list(faults_of_ledger(ENTRIES, claims)) == []
    assert list(faults_of_outputs(claims, LINES)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"42/so"', 'f"{n}/so"'),
        ('"42/so"', "name"),
        ('"It is so."', 'f"It is {so}."'),
        ('"It is so."', '"so"'),
        ('"42/so"', '"41/so"'),
        ('"42/so"', '"42/So it is"'),
        ('"42/so"', '"42/that"'),
        ('"42/so", "It is so.", 1, above=0', 'id="42/so", statement="It is so.", measured=True'),
    ],
)
def test_a_wrong_claim_is_seen(old, new):
    assert old in CODE
    assert list(faults_of_claims(found_in(CODE.replace(old, new)))) != []


@pytest.mark.parametrize(
    "change",
    [
        {"42/so": None},
        {"42/other": {"source": "Lin 1991"}},
        {"42/so": {"source": ""}},
        {"42/so": {"corrects": "slides, line 3"}},
        {"42/so": {"source": "Lin 1991", "corects": "slides"}},
    ],
    ids=str,
)
def test_a_wrong_ledger_is_seen(change):
    ledger = {id: entry for id, entry in {**ENTRIES, **change}.items() if entry is not None}
    assert list(faults_of_ledger(ledger, found_in(CODE))) != []


@pytest.mark.parametrize(
    "printed",
    [
        "✓ 42/so: It is so.  [> 0]\n",
        LINES + "✓ 42/so: It is so.  [> 0]\n",
        LINES.replace("It is so", "It was so"),
        LINES.replace("✓ 42/so", "✗ 42/so"),
        LINES + "✓ 42/new: It is new.  [true]\n",
    ],
)
def test_a_wrong_line_is_seen(printed):
    assert list(faults_of_outputs(found_in(CODE), printed)) != []
