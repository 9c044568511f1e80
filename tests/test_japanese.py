"""The Japanese pages: each chapter has one, it is true to its chapter where a test can tell, and its words are those of
the glossary."""

import re
import sys
import tomllib

import course
import pytest
from mutants import assert_killed
from test_claims import claims_in
from test_exercises import exercises_of

sys.path.insert(0, str(course.ROOT / "tools" / "book"))

import maths

PAGES = course.ROOT / "pages" / "ja"
GLOSSARY = course.ROOT / "pages" / "glossary.toml"
LEDGER = tomllib.loads((course.NOTEBOOKS / "claims.toml").read_text(encoding="utf-8"))
ENTRIES = {entry["notebook"].partition("_")[0]: entry for entry in course.manifest()}
SECTIONS = ["この章の問い", "要点", "重要な式", "確かめた主張", "演習"]

EXERCISE = re.compile(r"^\*\*演習 (\d\d[a-z]?\.\d+)\*\*（(★☆☆|★★☆|★★★)、(\d+) 分）(?=\S)", re.M)
IN_ENGLISH = re.compile(r"^\*\*Exercise (\d\d[a-z]?\.\d+)\*\* · (★☆☆|★★☆|★★★) · (\d+) minutes?", re.M)
CLAIM = re.compile(r"^- `(\d\d[a-z]?/[a-z0-9-]+)`：(\S.*)$", re.M)
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)
POLITE = re.compile(r"(です|ます|ません|でした|ました|でしょう|ましょう|ください)(か|ね)?$")


def terms():
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["term"]


# What stands on a page


def section(page, name):
    """The text under a heading of the second level, or nothing."""
    found = re.search(rf"^## {name}$\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    return found[1] if found else ""


def statements(text, head):
    """Exercises by id: their stars, their minutes, and what is asked, up to the next one or a folded solution."""
    heads = list(head.finditer(text))
    ends = [each.start() for each in heads[1:]] + [len(text)]
    return {
        each[1]: (each[2], each[3], re.split(r"<details>|^## ", text[each.end() : end], flags=re.M)[0])
        for each, end in zip(heads, ends, strict=True)
    }


def prose(page):
    """A page without its code, formulas and quotations: what the course itself says there."""
    page = FENCE.sub("", page)
    page = re.sub(r"`[^`\n]*`", "〔〕", page)
    page = re.sub(r"\$\$.+?\$\$|\$[^$\n]+\$", "〔〕", page, flags=re.S)
    return re.sub(r"「[^」]*」", "〔〕", page)


WORDS = dict(
    zero="0", nothing="0", one="1", two="2", three="3", four="4", five="5", six="6", seven="7", eight="8", nine="9",
    ten="10", twelve="12", twenty="20", hundred="100", thousand="1000", both="2", twice="2", double="2", second="2",
    half="2", third="3", fourth="4", quarter="4", fifth="5", eighth="8", tenth="10",
)  # fmt: skip
SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉", "0123456789-0123456789")


def numbers(text, words=WORDS):
    """All numbers of a text, written in digits or, in English, in words; ½ is a 1 and a 2, 10⁻⁸ a 10 and an 8."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀-₉]+", lambda small: " " + small[0].translate(SMALL) + " ", text)
    text = text.replace("½", " 1/2 ").replace("¼", " 1/4 ").replace("{,}", ",")
    text = re.sub(r"\\[td]?frac(\d)(\d)", r" \1/\2 ", text)
    found = re.findall(r"\d+(?:,\d{3})+(?!\d)|\d+\.\d+|\d+", text)
    letters = re.findall(r"[a-z]+", text.lower())
    said = [words[word] for each in letters for word in {each, each.removesuffix("s")} & words.keys()]
    return {f"{float(number.replace(',', '')):g}" for number in (*found, *said)}


# What may be wrong with it


def faults_of_frame(page, number):
    """The title, and the five sections by name and in order, none empty, nothing folded."""
    titles = re.findall(r"^# (.*)$", FENCE.sub("", page), re.M)
    if len(titles) != 1 or not titles[0].startswith(f"{number} · "):
        yield f"one title “{number} · …” is wanted, not {titles}"
    headings = re.findall(r"^##+ (.*)$", FENCE.sub("", page), re.M)
    if headings != SECTIONS:
        yield f"the sections are {headings}"
    yield from (f"{name} is empty" for name in SECTIONS if not section(page, name).strip())
    question, points = len(section(page, SECTIONS[0])), len(section(page, SECTIONS[1]))
    if not 200 <= question <= 500 or points < 500:
        yield f"a question of 200 to 500 characters, and points of 500 or more, are wanted, not {question} and {points}"
    if "<details>" in page or "解答" in page:
        yield "it gives a solution"


def faults_of_claims(page, number, made):
    """Claims that the chapter does not make, or of which the page says a number that they do not say; `made` is what it
    makes, statements by id."""
    for id in re.findall(r"`(\d\d[a-z]?/[^`]*)`", page):
        if id not in made:
            yield f"{id} is no claim of chapter {number}"
    listed = CLAIM.findall(section(page, "確かめた主張"))
    lines = [line for line in section(page, "確かめた主張").splitlines() if line.strip()]
    if len(listed) != len(lines) or len({id for id, _ in listed}) != len(listed) or not listed:
        yield "each line under 確かめた主張 is to be one claim: “- `id`：…”, and each claim one line"
    for id, sentence in listed:
        if id in made and (more := numbers(sentence, {}) - numbers(made[id]) - {"1"}):
            yield f"{id} does not say {sorted(more)}"


def faults_of_exercises(page, ids, english, shown):
    """Exercises that are missing, strange, doubled or otherwise set than in the chapter; code that it does not show."""
    set_here = statements(page, EXERCISE)
    if (found := [each[1] for each in EXERCISE.finditer(page)]) != list(ids):
        yield f"{list(ids)} are in lessons, {found} are set"
    if re.search(r"演習", EXERCISE.sub("", section(page, "演習"))):
        yield "a line speaks of an exercise and sets none"
    for id, (stars, minutes, asked) in set_here.items():
        if id not in english:
            continue
        if (stars, minutes) != english[id][:2]:
            yield f"{id} is set with {stars} and {minutes} minutes, in the chapter with {english[id][:2]}"
        if not asked.strip():
            yield f"{id} asks nothing"
        said = numbers(english[id][2]) | numbers(shown) if "```" in asked else numbers(english[id][2])
        if more := numbers(asked, {}) - said - {"1"}:
            yield f"{id} says {sorted(more)}, which the chapter does not"
        names = set(re.findall(r"`([^`\n]+)`", FENCE.sub("", asked)))
        if foreign := {name for name in names if name not in shown and name.partition("(")[0] not in shown}:
            yield f"{id} names {sorted(foreign)}, which the chapter does not"
    for code in FENCE.findall(page):
        for line in (line.partition("#")[0].strip() for line in code.splitlines()):
            if line not in shown:
                yield f"the chapter does not show the line {line!r}"


def faults_of_numbers(page, chapter):
    """Numbers of the summary that stand nowhere in the chapter."""
    for name in SECTIONS[:3]:
        if more := numbers(section(page, name), {}) - numbers(chapter) - {"1"}:
            yield f"{name} says {sorted(more)}, which the chapter does not"


def faults_of_style(page):
    """Sentences that do not end as です・ます does."""
    for line in prose(re.sub(r"^#.*$", "", page, flags=re.M)).splitlines():
        line = EXERCISE.sub("", re.sub(r"^- (\*\*[^*]+\*\*)?", "", line))  # in bold stands what a point is about
        *sentences, rest = re.split(r"(?<=。)", re.sub(r"（[^（）]*）", "", line))
        for sentence in sentences:
            if not POLITE.search(sentence.strip(" 。")):
                yield f"this is no です・ます: {sentence}"
        if re.search(r"(である|だった|のだ|だ)$", rest.strip()):
            yield f"this is no です・ます: {rest}"


def faults_of_words(page, glossary):
    """Names that the glossary has for a term only beside the one to use."""
    text = prose(page)
    for term in glossary:
        for name in term.get("also", []):
            allowed = [other["japanese"] for other in glossary if name in other["japanese"]]
            rest = text
            for word in allowed:
                rest = rest.replace(word, "")
            if name in rest:
                yield f"{name} is called {term['japanese']} here"


def faults_of_formulas(page):
    """Formulas that are not closed, so that prose stands in them, or in which a brace, a \\left or the like is open."""
    rest = FENCE.sub("", page)
    found = re.findall(r'<span class="math (?:inline|display)">(.*?)</span>', maths.protect(rest), re.S)
    if "$" in re.sub(r"`[^`\n]*`", "", maths.protect(rest)):
        yield "a $ is left over"
    if not found:
        yield "there is no formula"
    for tex in found:
        tex = re.sub(r"&#(\d+);", lambda code: chr(int(code[1])), tex)
        if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", re.sub(r"\\text\{[^}]*\}", "", tex)):
            yield f"there is Japanese outside of a \\text in {tex}"
        bare = re.sub(r"\\[{}]", "", tex)
        depth, lowest = 0, 0
        for letter in bare:
            depth += {"{": 1, "}": -1}.get(letter, 0)
            lowest = min(lowest, depth)
        if depth or lowest:
            yield f"a brace is open in {tex}"
        if len(re.findall(r"\\left(?![a-z])", tex)) != len(re.findall(r"\\right(?![a-z])", tex)):
            yield f"a \\left is open in {tex}"
        if re.findall(r"\\begin\{(\w+)\}", tex) != re.findall(r"\\end\{(\w+)\}", tex)[::-1]:
            yield f"an environment is open in {tex}"


def faults_of_glossary(glossary, chapters):
    """Entries that are incomplete, doubled, out of order, or of a chapter that does not speak of them.

    `chapters` are the chapters' prose by number."""
    names = [term.get("english", "") for term in glossary]
    if [name.casefold() for name in names] != sorted({name.casefold() for name in names}):
        yield "the English terms are to be each there once, in the order of the alphabet"
    japanese = [term.get("japanese") for term in glossary]
    yield from (f"{name} stands for two terms" for name in sorted({str(n) for n in japanese if japanese.count(n) > 1}))
    fields = {"english", "japanese", "chapter", "in_english", "in_japanese"}
    for term in glossary:
        name = term.get("english")
        if not fields <= term.keys() <= fields | {"also"} or not all(term.values()):
            yield f"{name} has the fields {sorted(term)}, or an empty one"
            continue
        if not term["in_english"].endswith(".") or len(re.findall(r"[.!?](?= [A-Z]|$)", term["in_english"])) != 1:
            yield f"{name} is not explained in one English sentence"
        if not term["in_japanese"].endswith("。") or list(faults_of_style(term["in_japanese"])):
            yield f"{name} is not explained in です・ます"
        if term["chapter"] not in chapters:
            yield f"{name} is of chapter {term['chapter']}, which does not exist"
        elif missing := [word for word in name.lower().split() if word not in chapters[term["chapter"]].lower()]:
            yield f"chapter {term['chapter']} does not have {missing} of {name}"
        if term["japanese"] in term.get("also", []):
            yield f"{name} has its own name among the others"


# The pages


def page_of(number):
    return (PAGES / f"{number}.md").read_text(encoding="utf-8")


def shown_by(chapter):
    """All that a reader of a chapter sees: prose, code, and what it puts out."""
    outputs = [output for cell in chapter.stored.cells for output in cell.get("outputs", [])]
    displayed = [output.data.get("text/markdown", "") for output in outputs if "data" in output]
    return "\n\n".join([chapter.prose, *chapter.code, chapter.printed, *displayed])


@pytest.fixture(scope="module", params=ENTRIES)
def number(request):
    return request.param


@pytest.fixture(scope="module")
def chapter(number):
    return course.chapter(ENTRIES[number])


def test_each_chapter_has_its_page_and_each_page_its_chapter():
    assert {path.name for path in PAGES.iterdir()} == {f"{number}.md" for number in ENTRIES}


def test_pages_have_their_sections_style_words_and_formulas(number):
    page = page_of(number)
    assert list(faults_of_frame(page, number)) == []
    assert list(faults_of_style(page)) == []
    assert list(faults_of_words(page, terms())) == []
    assert list(faults_of_formulas(page)) == []


def test_pages_name_claims_of_their_chapter_and_no_other_number(number, chapter):
    made = {claim.id: claim.statement for claim in claims_in(chapter)}
    assert made.keys() <= LEDGER.keys()
    assert list(faults_of_claims(page_of(number), number, made)) == []


def test_pages_set_the_exercises_of_their_chapter(number, chapter):
    ids = exercises_of(ENTRIES[number])
    english = statements(chapter.prose, IN_ENGLISH)
    assert list(english) == list(ids)
    assert list(faults_of_exercises(page_of(number), ids, english, shown_by(chapter))) == []


def test_pages_say_no_number_that_their_chapter_does_not(number, chapter):
    assert list(faults_of_numbers(page_of(number), shown_by(chapter))) == []


def test_the_glossary_is_complete_and_in_order():
    chapters = {number: course.chapter(entry).prose for number, entry in ENTRIES.items()}
    glossary = terms()
    assert 90 <= len(glossary) <= 140
    assert list(faults_of_glossary(glossary, chapters)) == []


def test_the_pages_use_the_words_of_the_glossary():
    everything = "".join(page_of(number) for number in ENTRIES)
    assert [term["japanese"] for term in terms() if term["japanese"] not in everything] == []


# The checks themselves

QUESTION = "識別器は 5 回のうち何回、$D=1$ と答えるでしょうか。予想してください。" * 6
POINTS = "- **固定。** 識別器を固定すると、生成器は 1 点に集まります（図を見てください）。\n" * 15
PAGE = f"""\
# 42 · 章

## この章の問い

{QUESTION}

## 要点

{POINTS}
## 重要な式

- 価値関数

$$V(D)=\\mathbb E_p\\left[\\log D\\right]$$

## 確かめた主張

- `42/so`：5 シードのすべてで、$D$ は ½ です。
- `42/that`：1,000 回のうち 3 分の 1 より多くなります。

## 演習

**演習 42.1**（★★☆、5 分）`double(x)` を書いてください。2 倍を返します。

**演習 42.2**（★☆☆、2 分）次の行は正しいでしょうか。

```python
y = 3 * x  # 3 倍です
```
"""
MADE = {
    "42/so": "On each of five seeds D is a half.",
    "42/that": "More than one third of a thousand.",
    "42/more": "More.",
}
ENGLISH = """\
**Exercise 42.1** · ★★☆ · 5 minutes. Write `double(x)`, twice x.

<details><summary>Solution 42.1</summary>99</details>

**Exercise 42.2** · ★☆☆ · 2 minutes. Is it right?

## Further reading 2014
"""
CODE = "def double(x): ...\n\ny = 3 * x  # three times\nfive"
TERMS = [
    {
        "english": "discriminator", "japanese": "識別器", "chapter": "42", "also": ["Discriminator", "別器"],
        "in_english": "The judge of a GAN.", "in_japanese": "本物かどうかを答えます。",
    },
    {
        "english": "Generator", "japanese": "生成器", "chapter": "42",
        "in_english": "The painter, p. 3.", "in_japanese": "偽物を作るプレイヤーです。",
    },
]  # fmt: skip
SPOKEN = {"42": "A discriminator, and a generator."}


def oracle_page(page):
    faults = [
        *faults_of_frame(page, "42"),
        *faults_of_claims(page, "42", MADE),
        *faults_of_exercises(page, ["42.1", "42.2"], statements(ENGLISH, IN_ENGLISH), CODE),
        *faults_of_numbers(page, CODE),
        *faults_of_style(page),
        *faults_of_words(page, TERMS),
        *faults_of_formulas(page),
    ]
    assert faults == []


def test_a_right_page_has_no_faults():
    oracle_page(PAGE)


WRONG_PAGES = {
    "no title": ("# 42 · 章", "章"),
    "another chapter's title": ("# 42", "# 41"),
    "two titles": ("## 要点", "# 42 · 章\n\n## 要点"),
    "a section without its name": ("## 要点", "## まとめ"),
    "a section too many": ("## 演習", "## 付録\n\nです。\n\n## 演習"),
    "sections in another order": ("## 重要な式", "## 演習"),
    "an empty section": ("- 価値関数\n\n$$V(D)=\\mathbb E_p\\left[\\log D\\right]$$\n", ""),
    "a short question": (QUESTION, "識別器は何と答えるでしょうか。"),
    "short points": (POINTS, POINTS[:100]),
    "a solution": ("次の行は", "<details>正しいです。</details>次の行は"),
    "a claim that is not made": ("`42/so`", "`42/not`"),
    "another chapter's claim": ("`42/so`", "`41/so`"),
    "a claim in the points that is not made": ("図を見てください", "`42/not` です"),
    "a claim twice": ("`42/that`", "`42/so`"),
    "a claim without a sentence": ("`42/that`：1,000 回のうち 3 分の 1 より多くなります。", "`42/that`"),
    "another number of seeds": ("5 シード", "6 シード"),
    "another bound": ("3 分の 1", "4 分の 1"),
    "thousands for a thousand": ("1,000 回", "10,000 回"),
    "a missing exercise": ("**演習 42.2**（★☆☆、2 分）", ""),
    "an exercise twice": ("**演習 42.2**（★☆☆、2 分）", "**演習 42.1**（★★☆、5 分）"),
    "a strange exercise": ("**演習 42.2**", "**演習 42.3**"),
    "another difficulty": ("42.1**（★★☆", "42.1**（★★★"),
    "other minutes": ("★★☆、5 分", "★★☆、6 分"),
    "an exercise that asks nothing": ("`double(x)` を書いてください。2 倍を返します。", ""),
    "an exercise with another number": ("2 倍を", "7 倍を"),
    "an exercise with the number of its solution": ("2 倍を", "99 倍を"),
    "an exercise with a number of the further reading": ("2 倍を", "2014 倍を"),
    "a function of another name": ("`double(x)`", "`twice(x)`"),
    "other code": ("y = 3 * x", "y = 4 * x"),
    "a number of its own in the summary": ("1 点に", "8 点に"),
    "である": ("生成器は 1 点に集まります（図を見てください）。", "生成器は 1 点に集まるのである。"),
    "だ": ("次の行は正しいでしょうか。", "次の行は正しいのだ。"),
    "a plain verb": ("2 倍を返します。", "2 倍を返す。"),
    "a plain end without a full stop": ("- 価値関数", "- 価値関数だ"),
    "another word for a term": ("識別器を固定", "Discriminatorを固定"),
    "a formula that is not closed": ("$D=1$", "$D=1"),
    "an open brace": ("\\mathbb E_p", "\\mathbb{E_p"),
    "braces the wrong way round": ("\\mathbb E_p", "}\\mathbb E_p{"),
    "an open \\left": ("\\right]", "]"),
    "an open environment": ("V(D)=", "\\begin{aligned}V(D)="),
}


@pytest.mark.parametrize("name", WRONG_PAGES)
def test_a_wrong_page_is_seen(name):
    old, new = WRONG_PAGES[name]
    assert old in PAGE
    assert_killed(oracle_page, PAGE.replace(old, new))


def test_a_page_without_formulas_is_seen():
    assert list(faults_of_formulas("式はありません。")) != []


def test_quotations_and_code_may_be_as_they_are():
    assert list(faults_of_style("記事は「Discriminatorは偽物である。」と言います。`x だ。` は行です。")) == []
    assert list(faults_of_words("記事は「Discriminator」と言います。", TERMS)) == []
    assert list(faults_of_words("識別器です。", TERMS)) == []  # a name within the name to use is none


def test_numbers_are_read_in_digits_and_in_words():
    assert numbers("10⁻⁴ of 1,000, 0.50 and ½ of two thirds; five.") == {"10", "4", "1000", "0.5", "1", "2", "3", "5"}
    assert numbers(r"10^{-4}, 2{,}048, \tfrac17 × 3") == {"10", "4", "2048", "1", "7", "3"}
    assert numbers("two", {}) == set()


def oracle_glossary(glossary):
    assert list(faults_of_glossary(glossary, SPOKEN)) == []


def test_a_right_glossary_has_no_faults():
    oracle_glossary(TERMS)


WRONG_GLOSSARIES = {
    "another order": TERMS[::-1],
    "a term twice": [TERMS[0], TERMS[0]],
    "one name for two": [TERMS[0], TERMS[1] | {"japanese": "識別器"}],
    "an empty field": [TERMS[0] | {"in_english": ""}],
    "an empty list": [TERMS[0] | {"also": []}],
    "a missing field": [{key: value for key, value in TERMS[0].items() if key != "japanese"}],
    "an unknown field": [TERMS[0] | {"kanji": "識別器"}],
    "a chapter that does not exist": [TERMS[0] | {"chapter": "43"}],
    "a chapter that does not speak of it": [TERMS[0] | {"english": "critic"}],
    "two English sentences": [TERMS[0] | {"in_english": "The judge. It is a network."}],
    "no English sentence": [TERMS[0] | {"in_english": "the judge"}],
    "no です・ます": [TERMS[0] | {"in_japanese": "判定するものである。"}],
    "no Japanese sentence": [TERMS[0] | {"in_japanese": "判定器"}],
    "its own name among the others": [TERMS[0] | {"also": ["識別器"]}],
}


@pytest.mark.parametrize("name", WRONG_GLOSSARIES)
def test_a_wrong_glossary_is_seen(name):
    assert_killed(oracle_glossary, WRONG_GLOSSARIES[name])
