"""The pages beside the chapters: what they are made from names what is there, and nothing that is there is left out."""

import doctest
import html
import json
import pathlib
import re
import sys
import tomllib

import course
import pytest
from mutants import assert_killed

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tools" / "book"))

import bibliography
import book
import course_map
import glossary
import library
import material
import maths
import records
import symbols

PAGES = course.ROOT / "pages"


def data(name):
    return tomllib.loads((PAGES / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def chapters():
    """Number → chapter."""
    return {chapter.number: chapter for chapter in map(course.chapter, course.manifest())}


@pytest.fixture(scope="module")
def whole(chapters):
    """The course as the book's pages are made from it."""
    stored = {chapter.entry["notebook"]: chapter.stored for chapter in chapters.values()}
    titles = {stem: f"{stem.partition('_')[0]} · title" for stem in stored}
    return material.Course(course.ROOT, stored, titles)


def test_examples():
    assert doctest.testmod(bibliography) == (0, 2)
    assert doctest.testmod(library) == (0, 2)


# --- the bibliography -------------------------------------------------------------------------------------------------

WORKS = {
    "lee-1999": {"authors": "A. Lee", "title": "On *lines*", "venue": "Maths", "year": 1999},
    "ng-2001": {"authors": "B. Ng, C.-D. de Wit & E. Wu", "title": "Long: a tale", "short": "Long", "venue": "ICLR",
                "year": 2001, "link": "https://arxiv.org/abs/1.2"},
    "ng-2002": {"authors": "B. Ng et al.", "title": "Longer", "venue": "ICLR", "year": 2002,
                "cited": ["NG2 (Ng et al."]},
}  # fmt: skip
TEXTS = {
    ("01", "01_a.md"): "As *Long*, and Lee\n(1999), say.",
    ("02", "02_b.md"): "Browlee 1999. Longest. Ng et al. 2002.",
    ("`a.b`", "api/a/b.html"): '"""Ng, de Wit and\n# Wu, 2001."""\n# NG2 (Ng et al. 2002)',
    ("`a.c`", "api/a/c.html"): "# Ng et al., 2001",
}


def oracle_bibliography(make):
    page = make(WORKS, TEXTS)
    assert re.findall("^## (.+)$", page, re.MULTILINE) == ["L", "N"]
    entries = re.findall(r'<span id="(.+?)"></span>(.+?)<br>.*?named in (.+?)</span>', page)
    assert [(key, re.findall(r"\[(.+?)\]\((.+?)\)", places)) for key, _, places in entries] == [
        ("lee-1999", [("01", "01_a.md")]),
        ("ng-2001", [("01", "01_a.md"), ("`a.b`", "api/a/b.html"), ("`a.c`", "api/a/c.html")]),
        ("ng-2002", [("`a.b`", "api/a/b.html")]),
    ]
    assert html.unescape(entries[0][1]) == "A. Lee, *On *lines**, Maths 1999."
    assert html.unescape(entries[1][1]).endswith("ICLR 2001. [arXiv:1.2](<https://arxiv.org/abs/1.2>)")


def _with(name, changed):
    """The page as it is made when a function of the module is another one."""

    def make(works, texts):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bibliography, name, changed)
            return bibliography.bibliography(works, texts)

    return make


BIBLIOGRAPHY_MUTANTS = {
    "parts of words": _with("is_in", lambda name, text: name in text),
    "titles only": _with("names", lambda work: [bibliography.plain(work["title"])]),
    "no titles": _with("names", lambda work: [bibliography.plain(name) for name in bibliography.citations(work)]),
    "marks kept": _with("plain", lambda text: " ".join(text.casefold().split())),
    "first authors only": _with("citations", lambda work: [f"{work['authors'].split()[1].strip(',')} {work['year']}"]),
}


def test_bibliography():
    oracle_bibliography(bibliography.bibliography)


@pytest.mark.parametrize("name", BIBLIOGRAPHY_MUTANTS)
def test_bibliography_mutants(name):
    assert_killed(oracle_bibliography, BIBLIOGRAPHY_MUTANTS[name])


def recommended(prose):
    """The titles in a chapter's list "Further reading"."""
    _, _, rest = prose.partition("## Further reading\n")
    items = re.match(r"\s*((?:[-*] .*\n?|  .*\n?)*)", rest)[1]
    return re.findall(r"(?<!\*)\*([^*$]+)\*(?!\*)|「((?:[^「」]|「[^」]*」)+)」", re.sub(r"\$[^$]*\$", "", items))


def cited(text):
    """What a text cites by two authors or more and a year."""
    line = re.sub(r"\s*\n\s*#?\s*", " ", text)
    names = r"[^\W\d_][\w’'-]+(?:(?:, [A-Z][\w-]+)* & [A-Z][\w-]+| et al\.)"
    return {
        bibliography.plain(f"{one} {year}") for one, year in re.findall(rf"({names}),? \(?((?:1[89]|20)\d\d)\b", line)
    }


def unlisted(works, whole, chapters):
    """What chapters recommend and what chapters, claims and modules cite that is in no entry."""
    listed = {name for work in works.values() for name in bibliography.names(work)}
    for number, chapter in chapters.items():
        titles = [bibliography.plain(one or other) for one, other in recommended(chapter.prose)]
        yield from (f"{number}: {title}" for title in titles if title not in listed)
    for (label, _), text in (whole.words | whole.modules).items():
        yield from (f"{label}: {name}" for name in cited(text) if not any(name in one or one in name for one in listed))


def test_every_work_is_listed_and_every_entry_is_named(whole, chapters):
    works = data("bibliography")
    assert list(unlisted(works, whole, chapters)) == []
    texts = {place: bibliography.plain(text) for place, text in (whole.words | whole.modules).items()}
    assert [key for key, work in works.items() if not bibliography.where(work, texts)] == []
    assert sum(len(recommended(chapter.prose)) for chapter in chapters.values()) > 90
    assert len(recommended(chapters["18"].prose)) > 5


@pytest.mark.parametrize("lost", ["theis-2016", "sakai-2018", "brock-2019", "kingma-2015", "huangfu-2018"])
def test_a_work_that_is_not_listed_is_seen(whole, chapters, lost):
    works = {key: work for key, work in data("bibliography").items() if key != lost}
    assert list(unlisted(works, whole, chapters))


def test_no_citation_means_two_works():
    owner = {}
    for key, work in data("bibliography").items():
        for name in bibliography.names(work):
            if len(re.findall(r"\d{4}", name)) < 2:  # "2019, 2020, 2021" cites several at once
                assert owner.setdefault(name, key) == key, name


# --- symbols ----------------------------------------------------------------------------------------------------------


def stands(name, text):
    return re.search(rf"(?<![\\\w]){re.escape(name)}(?![^\W\d_])", text) is not None


def lost(entry, chapters):
    """What of an entry is nowhere: its symbol in the formulas of its chapter, a name in that chapter or in gan_core."""
    chapter = chapters[entry["chapter"]]
    formulas = [match["inline"] or match["display"] or "" for match in maths.FORMULA.finditer(chapter.prose)]
    if not any(stands(entry["symbol"], formula) for formula in formulas):
        yield entry["symbol"]
    texts = [path.read_text(encoding="utf-8") for path in (course.ROOT / "gan_core").rglob("*.py")]
    for name in entry["code"]:
        if not any(stands(name, cell) for cell in chapter.code):
            *_, last = name.split(".")
            if not any(stands(last, text) for text in texts):
                yield name


def test_symbols_and_names_are_there(chapters):
    entries = data("symbols")["symbols"]
    assert [name for entry in entries for name in lost(entry, chapters)] == []
    assert len({entry["symbol"] for entry in entries}) == len(entries)
    numbers = list(chapters)
    assert [entry["chapter"] for entry in entries] == sorted((e["chapter"] for e in entries), key=numbers.index)


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbol": r"\hat x", "code": ["on_segment"], "chapter": "04"},
        {"symbol": r"\max_w", "code": ["p"], "chapter": "02"},
        {"symbol": r"\eta", "code": ["learning_rate_of_the_game"], "chapter": "05"},
        {"symbol": "G", "code": ["gan.forger"], "chapter": "00"},
    ],
)
def test_a_wrong_symbol_is_seen(chapters, wrong):
    assert list(lost(wrong, chapters))


def test_the_table_of_symbols():
    entries = [{"symbol": "p|q", "code": ["a.b", "c"], "what": "ratio of $p$", "chapter": "01"}]
    *_, row = symbols.symbols({"symbols": entries}, {"01": ("01 · One", "01_one.md")}).split("\n")
    assert html.unescape(re.sub("<.*?>", "", row)) == "| p|q | ratio of p | `a.b`, `c` | [01 · One](01_one.md) |"
    assert row.count("|") == 5


# --- misconceptions ---------------------------------------------------------------------------------------------------


def unfounded(text, claims):
    """The sections that name no claim, and the claims that are not made."""
    for section in text.split("\n## ")[1:]:
        named = re.findall(r"`(\d\db?/[\w-]+)`", section)
        yield from [section.partition("\n")[0]] * (not named)
        yield from (name for name in named if name not in claims)


def test_each_misconception_is_refuted_by_claims(whole):
    text = (PAGES / "misconceptions.md").read_text(encoding="utf-8")
    assert list(unfounded(text, whole.claims)) == []
    assert 15 <= text.count("\n## “") <= 30
    assert text.count("\n## “") == text.count("\n## ")
    assert list(unfounded(text.replace("02/same-accuracy", "02/same-accurracy"), whole.claims))
    assert list(unfounded(text + "\n## “More is better.”\n\nNo.\n", whole.claims))


# --- the map ----------------------------------------------------------------------------------------------------------


def told(prose):
    """What chapter 00 says of its chapters: number → the numbers of those that it needs."""
    prose, needs = " ".join(prose.split()), {}
    number = r"\d\db?(?!b| (?:needs|goes|from))"
    several = rf"((?:(?:,? and |, )?(?:a little of )?{number})+)"
    for left, right in re.findall(rf"((?:\d\db?(?:, | and )?)+)(?: needs?| go(?:es)? on from| from) {several}", prose):
        for one in re.findall(r"\d\db?", left):
            needs.setdefault(one, set()).update(re.findall(r"\d\db?", right))
    return needs


def test_the_map_is_the_one_that_chapter_00_describes(chapters):
    places = data("map")
    said = told(chapters["00"].prose)
    assert len(said) >= 9
    assert {number: set(places[number]["needs"]) for number in said} == said
    order = list(chapters)
    assert list(places) == order
    assert all(order.index(before) < order.index(number) for number in places
               for before in places[number]["needs"])  # fmt: skip
    assert all(places[number]["needs"] or places[number]["when"] for number in places)
    assert len({(course_map.rank(number, places), place["column"]) for number, place in places.items()}) == len(places)


MAP = {
    "00": {"teaches": "a", "needs": [], "when": "Begin here.", "column": 0},
    "01": {"teaches": "b", "needs": ["00"], "column": 0},
    "02": {"teaches": "$x_1$", "needs": ["00", "01"], "column": 1},
    "03": {"teaches": "d", "needs": ["01", "02"], "column": 1},
    "04": {"teaches": "e", "needs": [], "when": "Any time.", "column": 2, "row": 1},
}
THERE = {number: (f"{number} · The {number}", f"{number}_the.md") for number in MAP}


def oracle_map(make):
    page = make(MAP, THERE)
    drawing, _, words = page.partition("</svg>")
    assert re.findall(r'<a href="(.+?)">', drawing) == [f"{number}_the.html" for number in MAP]
    assert [re.search(rf'y="(\d+)"[^>]*/><text[^>]*>{number}<', drawing)[1] for number in MAP] == [
        "10", "102", "194", "286", "102",
    ]  # fmt: skip
    ways = re.findall(r'class="way" d="M[\d.]+ (\d+)C.* (\d+)"', drawing.replace("><", ">\n<"))
    assert ways == [("60", "100"), ("152", "192"), ("244", "284")]  # 00-01, 01-02, 02-03: the others are told by these
    assert html.unescape(words).count("[03 · The 03](03_the.md)") == 1
    assert re.findall(r"Needs (.+?)\.$", words, re.MULTILINE) == [
        "[00](00_the.md)", "[00](00_the.md), [01](01_the.md)", "[01](01_the.md), [02](02_the.md)",
    ]  # fmt: skip
    assert "Begin here." in words
    assert "Any time." in words
    with pytest.raises(ValueError, match="04"):
        make({number: place for number, place in MAP.items() if number != "04"}, THERE)


def _map_with(name, changed):
    def make(places, chapters):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(course_map, name, changed)
            return course_map.course_map(places, chapters)

    return make


MAP_MUTANTS = {
    "every need drawn": _map_with("nearest", lambda number, places: places[number]["needs"]),
    "first need only": _map_with("nearest", lambda number, places: places[number]["needs"][:1]),
    "the shortest way": _map_with(
        "rank", lambda number, places: len(places[number]["needs"]) or places[number].get("row", 0)
    ),
    "no words": lambda places, chapters: course_map.course_map(places, chapters).partition("## ")[0],
    "lost chapters let pass": lambda places, chapters: course_map.course_map(
        places, {number: chapters[number] for number in places}
    ),
}


def test_map():
    oracle_map(course_map.course_map)


@pytest.mark.parametrize("name", MAP_MUTANTS)
def test_map_mutants(name):
    assert_killed(oracle_map, MAP_MUTANTS[name])


# --- how the figures were recorded ------------------------------------------------------------------------------------

MADE = {
    "commit": "0123456789ab", "dirty": False, "versions": {"python": "3.11.7", "torch": "2.13.0", "numpy": "2"},
    "device": "cpu: A(R) B", "threads": 2, "date": "2026-01-02",
}  # fmt: skip


def oracle_records(make, folder):
    runs, studies = folder / "results" / "run-a", folder / "results" / "studies"
    for path in (runs, studies):
        path.mkdir(parents=True, exist_ok=True)
    run = {"command": "make run", "method": "dcgan", "data": "faces", "seed": 3, "recipe": {"size": 64}, "steps": 9000,
           "seconds": 150.0, **MADE}  # fmt: skip
    (runs / "record.json").write_text(json.dumps(run))
    study = {"command": "make study", "question": "Is a < b?", "rows": [{"seed": 1}, {"seed": 0}, {"seed": 1}],
             "provenance": [MADE, {**MADE, "dirty": True, "threads": 1}]}  # fmt: skip
    (studies / "ring.json").write_text(json.dumps(study))
    page = html.unescape(make(folder, {("01 · One", "01.md"): 'read("ring")', ("02 · Two", "02.md"): "ring"}))
    assert "### run-a\n\n9,000 steps of dcgan on faces of 64 × 64 pixels, in 2 minutes." in page
    assert "```sh\nmake run\n```\n\n- seed 3\n- 2026-01-02, commit `0123456`, A B, 2 threads" in page
    assert "### ring\n\nIs a < b?\n\n```sh\nmake study\n```\n\n- seeds 0, 1\n- shown in [01 · One](01.md)\n" in page
    assert "commit `0123456` and changes that were not committed yet, A B, 1 thread, Python 3.11.7" in page
    assert page.count("not committed") == 1


RECORDS_MUTANTS = {
    "changes not told": lambda *given: records.records(*given).replace(" and changes that were not committed yet", ""),
    "shown wherever the word is": lambda root, code: records.records(root, {at: '"ring"' for at in code}),
    "shown nowhere": lambda root, code: records.records(root, {}),
}


def test_records(tmp_path):
    oracle_records(records.records, tmp_path)


@pytest.mark.parametrize("name", RECORDS_MUTANTS)
def test_records_mutants(name, tmp_path):
    assert_killed(lambda make: oracle_records(make, tmp_path), RECORDS_MUTANTS[name])


def test_every_record_is_told(whole):
    page = records.records(course.ROOT, whole.code)
    for path in (*(course.ROOT / "results").glob("*/record.json"), *(course.ROOT / "results/studies").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record["command"] in page
        assert all(entry["commit"][:7] in page for entry in record.get("provenance", [record]))


# --- the library, the glossary, the pages in Japanese -----------------------------------------------------------------


def test_every_module_has_its_line():
    table = library.doors(course.ROOT)
    public = {path for path in (course.ROOT / "gan_core").glob("[!_]*/[!_]*") if path.suffix in ("", ".py")}
    assert len(public) > 25
    for path in public:
        assert f"[`{path.stem}`](api/gan_core/{path.parent.name}/{path.stem}.html)" in table
    assert [row.split("`")[1] for row in table.split("\n")[2:]][:3] == ["mathematics", "pieces", "training"]


def test_glossary():
    terms = [
        {"english": "kernel", "japanese": "核", "chapter": "01", "in_english": "A $k|l$.", "in_japanese": "核です。"},
        {"english": "Adam", "japanese": "Adam", "chapter": "02", "also": ["アダム", "A"], "in_english": "An optimiser.",
         "in_japanese": "手法です。"},
    ]  # fmt: skip
    page = glossary.glossary({"term": terms}, {"01": ("01 · One", "01.md"), "02": ("02 · Two", "02.md")})
    assert re.findall("^## (.)$", page, re.MULTILINE) == ["A", "K"]
    assert '**Adam** · <strong lang="ja">Adam</strong> (アダム、A)<br>An optimiser. [02](02.md)<br>' in page
    assert '<span lang="ja" class="named">核です。</span>' in page
    assert page.count("()") == 0


def oracle_japanese(pages_of, root):
    folder = root / "pages" / "ja"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "01.md").write_text("# 01 · 一\n\n`01/a` と [次](02_two.md)\n", encoding="utf-8")
    titles = {"01_one": "01 · One", "02_two": "02 · Two"}
    made = list(pages_of(material.Course(root, {}, titles), titles))
    assert made[0] == {"PartTitle": "日本語"}
    (page,) = [entry["Chapter"] for entry in made[1:]]
    assert (page["name"], page["path"]) == ("01 · 一", "ja-01.md")
    assert page["content"].startswith('<div lang="ja">\n\n# 01 · 一\n\n[`01/a`](01_one.md#01/a)')
    assert "[次](02_two.md)" in page["content"]
    assert "[01 · One](01_one.md)" in page["content"]


def test_japanese(tmp_path):
    oracle_japanese(book._japanese, tmp_path)
    assert list(book._japanese(material.Course(tmp_path / "none", {}, {"01_one": "01 · One"}), {})) == []


def test_a_page_that_is_not_written_is_said(tmp_path):
    with pytest.raises(SystemExit, match="poems"):
        book._beside(material.Course(tmp_path, {}, {}), "poems", {})
