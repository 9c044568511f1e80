"""The errata: each verdict is what the ledger makes of it, each claim it names is made, and nothing noted is lost."""

import re
import tomllib

import course
import nbformat
import pytest
from mutants import assert_killed, mutated, replaced
from test_claims import claims_in

from gan_core.course.lessons import errata

LEDGER = errata.ledger(course.NOTEBOOKS)
NOTED = {"A0": 6, "A1": 11, "A2": 8, "A3": 13, "A4": 28, "A5": 15, "A6": 5}  # the course's plan noted so many of each


@pytest.fixture(scope="module")
def book():
    return errata.read()


@pytest.fixture(scope="module")
def places():
    return errata.places(course.NOTEBOOKS)


@pytest.fixture(scope="module")
def stored():
    """The chapters as they are stored, by the name of the file."""
    return {path.name: nbformat.read(path, 4) for path in course.NOTEBOOKS.glob("*.ipynb")}


def shown_in(notebook):
    """The Markdown that the cells of a notebook have put out, as one text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)


def test_ledger_and_chapters_decide_every_verdict(book, places):
    assert list(errata.faults(book, LEDGER, places)) == []


def lost(book):
    """What of the plan has come to nothing, and numbers that it has not."""
    planned = {f"{part}.{number}" for part, most in NOTED.items() for number in range(1, most + 1)}
    found = {number for rows in (book.findings, book.aside) for row in rows for number in row.noted}
    yield from (f"{number} was noted, and is neither a finding nor set aside" for number in sorted(planned - found))
    yield from (f"{number} was never noted" for number in sorted(found - planned))


def test_all_that_was_noted_is_a_finding_or_set_aside(book):
    assert list(lost(book)) == []


def test_what_was_lost_is_seen(book):
    for number, findings in (("A4.6", book.findings), ("A1.5", book.findings)):
        kept = [row for row in findings if number not in row.noted]
        aside = [row for row in book.aside if number not in row.noted]
        assert list(lost(errata.Errata(book.sources, kept, aside))) != []
    strange = [book.findings[0]._replace(noted=("A4.29",)), *book.findings]
    assert list(lost(book._replace(findings=strange))) != []


def test_every_source_has_findings_right_and_wrong(book):
    for name in book.sources:
        verdicts = {row.verdict for row in book.findings if row.source == name}
        assert {"holds", "half right", "does not hold"} <= verdicts


def test_every_japanese_sentence_is_quoted_and_translated(book):
    kana = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    for row in (*book.findings, *book.aside):
        unquoted = re.sub(r"「[^」]*」", "", row.says)
        assert not kana.search(unquoted), row
        assert bool(kana.search(row.says)) <= bool(row.english), row
        assert not kana.search(row.english), row


def test_a_place_is_the_cell_that_makes_the_claim(places, stored):
    made = {claim.id for entry in course.manifest() for claim in claims_in(course.chapter(entry))}
    assert places.keys() == made
    for id, place in places.items():
        file, _, cell_id = place.partition("#cell-id=")
        (cell,) = [cell for cell in stored[file].cells if cell.id == cell_id]
        assert cell.cell_type == "code"
        assert f'"{id}"' in cell.source


def faults_of_page(page, findings, places):
    """Findings that a page lacks, and links of claims to other cells than theirs (stale, if that chapter grew)."""
    rows = page.splitlines()
    for row in findings:
        line = [text for text in rows if text.startswith(f"| {row.place}<br>*{row.kind}* | {row.says}")]
        if len(line) != 1:
            yield f"{row} stands there {len(line)} times"
            continue
        if f"{row.verdict}**" not in line[0] or row.english not in line[0]:
            yield f"{row} stands there without its verdict or its translation"
        linked = dict(re.findall(r"\[(\d\d[^]]*)\]\(([^)]*)\)", line[0]))
        for id in (*row.bears_out, *row.corrects):
            if linked.get(id) != places[id]:
                yield f"{row}: {id} leads to {linked.get(id)}, not to {places[id]}"
        if re.search(r"`\d\d[a-z]?/", line[0]):
            yield f"{row} names a claim without a link"


def test_the_stored_chapter_shows_every_finding_with_its_links(book, places, stored):
    assert list(faults_of_page(shown_in(stored["18_errata.ipynb"]), book.findings, places)) == []


def test_the_stored_chapter_shows_what_was_set_aside(book, stored):
    page = shown_in(stored["18_errata.ipynb"])
    for row in book.aside:
        english = f"<br>*{row.english}*" if row.english else ""
        assert f"| {book.sources[row.source].title} | {row.says}{english} | {row.why} |" in page


def test_an_installed_gan_core_has_the_findings_too():
    package = tomllib.loads((course.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert any(errata.FINDINGS.match(pattern) for pattern in package["package-data"]["gan_core.course.lessons"])


# The checks themselves, on a small table that is right and on what may be wrong with it.

SMALL = """\
[sources.one]
title = "the first source"
ledger = "first source"

[sources.two]
title = "the second source"
ledger = "second source"

[sources.papers]
title = "papers"

[[findings]]
source = "one"
place = "line 3"
kind = "rule"
says = "「いつも」 so"
english = "always so"
so = "Not here, `42/aside`."
verdict = "half right"
bears_out = ["42/yes"]
corrects = ["42/no", "42/never"]
noted = ["A1.1"]

[[findings]]
source = "two"
place = "page 5"
kind = "code"
says = "`a or b`"
so = "It is so."
verdict = "holds"
bears_out = ["42/no"]

[[findings]]
source = "two"
place = "page 6"
kind = "reason"
says = "since it is so"
so = "It is not."
verdict = "does not hold"
corrects = ["42/never"]

[[findings]]
source = "papers"
place = "section 4"
kind = "formula"
says = "$x = y$"
so = "It is not."
verdict = "does not hold"
corrects = ["42/paper"]

[[findings]]
source = "papers"
place = "section 5"
kind = "formula"
says = "$x = z$"
so = "Who knows."
verdict = "not checked here"

[[aside]]
source = "two"
says = "a word"
why = "A slip of the pen."
noted = ["A2.1"]
"""
SMALL_LEDGER = {
    "42/yes": {"source": "this course"},
    "42/no": {"source": "this course", "corrects": "the first source, line 3"},
    "42/never": {"source": "this course", "corrects": "the first source, line 3; the second source"},
    "42/aside": {"source": "this course"},
    "42/paper": {"source": "this course", "corrects": "Lin 1991, eq. 3"},
}
SMALL_PLACES = {id: f"42_chapter.ipynb#cell-id=42_chapter-{number:02d}" for number, id in enumerate(SMALL_LEDGER)}


@pytest.fixture
def small(tmp_path):
    """The errata of `SMALL`, with pieces replaced."""

    def small(*changes):
        (tmp_path / "errata.toml").write_text(replaced(SMALL, *changes), encoding="utf-8")
        return errata.read(tmp_path / "errata.toml")

    return small


WRONG = {  # what is wrong: the change, and what is said
    "a claim that is not in the ledger": ('"42/yes"', '"42/gone"', "42/gone is not in the ledger"),
    "a claim in the prose that is not in the ledger": ("`42/aside`", "`42/gone`", "42/gone is not in the ledger"),
    "a verdict too kind": ('"half right"', '"holds"', "its claims say “half right”"),
    "a verdict too hard": ('"half right"', '"does not hold"', "its claims say “half right”"),
    "a verdict without a claim": ('"not checked here"', '"holds"', "its claims say “not checked here”"),
    "a claim that does not correct this source": (
        'verdict = "holds"\nbears_out',
        'verdict = "does not hold"\ncorrects',
        "does not say that 42/no corrects the second source",
    ),
    "a claim that corrects nobody": ('corrects = ["42/paper"]', 'corrects = ["42/yes"]', "42/yes corrects papers"),
    "a claim on both sides": ('bears_out = ["42/yes"]', 'bears_out = ["42/no"]', "42/no is named twice"),
    "a correction without a finding": ('"42/no", "42/never"', '"42/never"', "42/no corrects the first source"),
    "a correction that one of two sources lacks": (
        'verdict = "does not hold"\ncorrects = ["42/never"]',
        'verdict = "not checked here"',
        "42/never corrects the first source, line 3; the second source",
    ),
    "a paper's correction without a finding": (
        'verdict = "does not hold"\ncorrects = ["42/paper"]',
        'verdict = "not checked here"',
        "42/paper corrects Lin",
    ),
    "an unknown source": ('source = "two"', 'source = "three"', "unknown source"),
    "an unknown kind": ('"reason"', '"guess"', "unknown source, kind"),
    "an unknown verdict": ('"half right"', '"so so"', "unknown source, kind or verdict"),
    "no translation": ('english = "always so"\n', "", "translation"),
    "no place": ('"page 5"', '""', "place"),
    "no word of what is so": ('"It is so."', '""', "what is so"),
    "a bar": ("It is so.", "It is | so.", "bar"),
    "noted and set aside": ('"A2.1"', '"A1.1"', "A1.1 is a finding and set aside"),
    "set aside without a reason": ("A slip of the pen.", "", "a reason"),
    "set aside without a translation": ('says = "a word"', 'says = "「いつも」"', "their translation, and a reason"),
}


def oracle_faults(faults, small):
    assert list(faults(small(), SMALL_LEDGER, SMALL_PLACES)) == []
    for what, (old, new, said) in WRONG.items():
        assert any(said in fault for fault in faults(small((old, new)), SMALL_LEDGER, SMALL_PLACES)), what
    unmade = {id: place for id, place in SMALL_PLACES.items() if id != "42/yes"}
    assert any("42/yes is in the ledger, but no chapter" in fault for fault in faults(small(), SMALL_LEDGER, unmade))
    unlisted = {id: entry for id, entry in SMALL_LEDGER.items() if id != "42/yes"}
    assert any("42/yes is not in the ledger" in fault for fault in faults(small(), unlisted, SMALL_PLACES))
    uncorrected = {**SMALL_LEDGER, "42/no": {"source": "this course"}}
    assert any("42/no corrects the first source" in fault for fault in faults(small(), uncorrected, SMALL_PLACES))


def test_faults(small):
    oracle_faults(errata.faults, small)


FAULTS_MUTANTS = {
    "the ledger is not asked": ("if id not in ledger:", "if False:"),
    "the chapters are not asked": ("elif id not in places:", "elif False:"),
    "the prose is not read": ("[*named, *_NAMED.findall(finding.so)]", "named"),
    "the verdict is believed": ("if finding.verdict != decided(finding):", "if False:"),
    "half right is right": ("return half if finding.corrects else holds", "return holds"),
    "half right is wrong": ("    if finding.bears_out:\n", "    if finding.bears_out and not finding.corrects:\n"),
    "nothing is everything": ("return fails if finding.corrects else unchecked", "return fails"),
    "whom a claim corrects is not asked": (
        "if not corrected or sources[finding.source].ledger not in corrected:",
        "if not corrected:",
    ),
    "a claim may correct nobody": (
        "if not corrected or sources[finding.source].ledger not in corrected:",
        "if sources[finding.source].ledger not in corrected:",
    ),
    "corrections may have no row": ("if not has or corrects - has:", "if False:"),
    "one row is enough for two sources": ("if not has or corrects - has:", "if not has:"),
    "papers' corrections may have no row": ("if not has or corrects - has:", "if corrects - has:"),
    "both sides at once": ("if times > 1", "if times > 2"),
    "kinds are free": ("or finding.kind not in KINDS ", ""),
    "translations are not asked for": ("or _untranslated(finding)", ""),
    "bars are let through": ('if "|" in', 'if "||" in'),
    "set aside twice": ("sorted(in_findings & in_aside)", "()"),
    "no reason is asked for": ("not (aside.says and aside.why)", "False"),
    "words set aside are not translated": (" or _untranslated(aside)", ""),
}


@pytest.mark.parametrize("name", FAULTS_MUTANTS)
def test_faults_mutants(name, small):
    assert_killed(lambda faults: oracle_faults(faults, small), mutated(errata, FAULTS_MUTANTS[name])["faults"])


def oracle_table(table, small):
    book = small()
    pages = {name: table(book, name, SMALL_LEDGER, SMALL_PLACES).data for name in book.sources}
    for name, page in pages.items():
        rows = [row for row in book.findings if row.source == name]
        assert len(page.splitlines()) == 2 + len(rows)
        assert all(line.count("|") == 5 for line in page.splitlines())
        assert list(faults_of_page(page, rows, SMALL_PLACES)) == []
    verdict = pages["one"].rpartition(" | ")[2].removesuffix(" |")
    assert re.sub(r"\]\([^)]*\)", "]", verdict) == "**◐ half right**<br>✓ [42/yes]<br>✗ [42/no], [42/never]"
    assert f"[42/aside]({SMALL_PLACES['42/aside']})" in pages["one"]
    with pytest.raises(ValueError, match="42/gone is not in the ledger"):
        table(small(('"42/yes"', '"42/gone"')), "two", SMALL_LEDGER, SMALL_PLACES)
    with pytest.raises(ValueError, match="no chapter makes it"):
        table(book, "two", SMALL_LEDGER, {id: place for id, place in SMALL_PLACES.items() if id != "42/yes"})


def test_table(small):
    oracle_table(errata.table, small)


TABLE_MUTANTS = {
    "faults are let through": ("if wrong := list(faults(errata, ledger, places)):", "if wrong := []:"),
    "all sources in one": ("if finding.source == source)", "if finding.source)"),
    "no links": ('return f"[{id}]({places[id]})"', "return id"),
    "every link to the chapter's top": ("({places[id]})", "({places[id].partition('#')[0]})"),
    "the sides exchanged": ('("✓", row.bears_out), ("✗", row.corrects)', '("✓", row.corrects), ("✗", row.bears_out)'),
    "the prose is not linked": ("so = _NAMED.sub(lambda found: _linked(found[1], places), row.so)", "so = row.so"),
    "no translation": (" if row.english else row.says\n", " if False else row.says\n"),
    "no kind": ("<br>*{row.kind}*", ""),
    "what is so left out": ("| {_said(row)} | {so} |", "| {_said(row)} |"),
}


@pytest.mark.parametrize("name", TABLE_MUTANTS)
def test_table_mutants(name, small):
    assert_killed(lambda table: oracle_table(table, small), mutated(errata, TABLE_MUTANTS[name])["table"])


CHAPTER = """\
# %% [markdown]
# Here `claim("42/prose", "No.", 1)` is prose.

# %%
claim("42/first", "It is.", True)
lessons.claim(
    "42/second", "It is.", True
)
reclaim("42/other", "No.", True)

# %% [markdown]
# More.

# %%
for _ in range(2):
    claim("42/third", "It is.", True)
"""


def oracle_places(places, folder):
    (folder / "42_chapter.py").write_text(CHAPTER, encoding="utf-8")
    (folder / "42b_more.py").write_text('# %%\nclaim("42b/first", "It is.", True)\n', encoding="utf-8")
    (folder / "notes.py").write_text('claim("42/note", "No.", True)\n', encoding="utf-8")
    assert places(folder) == {
        "42/first": "42_chapter.ipynb#cell-id=42_chapter-01",
        "42/second": "42_chapter.ipynb#cell-id=42_chapter-01",
        "42/third": "42_chapter.ipynb#cell-id=42_chapter-03",
        "42b/first": "42b_more.ipynb#cell-id=42b_more-00",
    }


def test_places(tmp_path):
    oracle_places(errata.places, tmp_path)


PLACES_MUTANTS = {
    "only code is counted": (
        "for number, cell in enumerate(jupytext.read(path).cells):",
        "for number, cell in enumerate(c for c in jupytext.read(path).cells if c.cell_type == 'code'):",
    ),
    "counted from one": ("enumerate(jupytext.read(path).cells)", "enumerate(jupytext.read(path).cells, 1)"),
    "prose claims, too": ('if cell.cell_type == "code":', "if True:"),
    "any word that ends so": (r"\bclaim", "claim"),
    "on one line only": (r"claim\(\s*", r"claim\("),
    "no second parts": (r'"(\d\d[a-z]?/[a-z0-9-]+)"', r'"(\d\d/[a-z0-9-]+)"'),
    "any file": ("[0-9][0-9]*_*.py", "*.py"),
    "the numbers of one digit short": ("{number:02d}", "{number}"),
}


@pytest.mark.parametrize("name", PLACES_MUTANTS)
def test_places_mutants(name, tmp_path):
    assert_killed(lambda places: oracle_places(places, tmp_path), mutated(errata, PLACES_MUTANTS[name])["places"])


def oracle_counts(counts, small):
    found = counts(small().findings)
    assert list(found) == list(errata.KINDS)
    assert all(list(row) == list(errata.VERDICTS) for row in found.values())
    some = {(kind, verdict): n for kind, row in found.items() for verdict, n in row.items() if n}
    assert some == {
        ("rule", "half right"): 1, ("code", "holds"): 1, ("reason", "does not hold"): 1,
        ("formula", "does not hold"): 1, ("formula", "not checked here"): 1,
    }  # fmt: skip


def test_counts(small):
    oracle_counts(errata.counts, small)


COUNTS_MUTANTS = {
    "kinds and verdicts exchanged": ("(finding.kind, finding.verdict)", "(finding.verdict, finding.kind)"),
    "every kind once": (
        "found = Counter((finding.kind, finding.verdict) for finding in findings)",
        "found = Counter({(finding.kind, 'holds') for finding in findings})",
    ),
    "the unchecked left out": ("for verdict in VERDICTS} for kind", "for verdict in VERDICTS[:3]} for kind"),
}


@pytest.mark.parametrize("name", COUNTS_MUTANTS)
def test_counts_mutants(name, small):
    assert_killed(lambda counts: oracle_counts(counts, small), mutated(errata, COUNTS_MUTANTS[name])["counts"])


def test_a_row_that_lacks_a_field_is_named(small):
    with pytest.raises(TypeError, match="so"):
        small(('so = "It is so."\n', ""))
    with pytest.raises(TypeError, match="sais"):
        small(('says = "since', 'sais = "since'))
