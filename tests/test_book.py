"""What the book is made of: formulas that Markdown leaves alone, notebooks as pages, the ledger of claims."""

import doctest
import html
import pathlib
import re
import sys

import pytest
from mutants import assert_killed
from nbformat import v4

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tools" / "book"))

import book
import ledger
import maths

import pages

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# --- formulas ---------------------------------------------------------------------------------------------------------

# Markdown → its formulas as (kind, TeX), and what of the text must stand untouched.
FORMULAS = {
    "let $x_1$ and $y_1$ be": ([("inline", "x_1"), ("inline", "y_1")], ["let ", " be"]),
    "$a*b*c$ and $p|q$": ([("inline", "a*b*c"), ("inline", "p|q")], []),
    "$$\nV(D)\n= 1 \\\\\n$$": ([("display", "V(D)\n= 1 \\\\")], []),
    "so $$x^2$$ is": ([("display", "x^2")], ["so ", " is"]),
    "wrapped $a +\nb$ here": ([("inline", "a +\nb")], []),
    "$\\{x : D(x) < \\tfrac12\\}$": ([("inline", "\\{x : D(x) < \\tfrac12\\}")], []),
    "$a \\$ b$": ([("inline", "a \\$ b")], []),
    "> in $$\n> w > 2\n> $$\n> out": ([("display", "w > 2")], ["> out"]),
    "| $p|q$ | `a|b` |": ([("inline", "p|q")], ["`a|b`"]),
    "<summary>Solution $x$</summary>": ([("inline", "x")], ["<summary>Solution "]),
    "`$x$` and ``a ` $y$``": ([], ["`$x$` and ``a ` $y$``"]),
    "```python\ns = '$x$'\n```\n$y$": ([("inline", "y")], ["```python\ns = '$x$'\n```"]),
    "~~~\n$x$\n~~~": ([], ["~~~\n$x$\n~~~"]),
    "````\n```\n$x$\n```\n````\n$y$": ([("inline", "y")], ["```\n$x$\n```"]),
    "- item\n\n  ```\n  $x$\n  ```\n\n  $y$": ([("inline", "y")], ["  $x$"]),
    "costs $5 and $6": ([], ["costs $5 and $6"]),
    "costs \\$5, or \\$x\\$": ([], ["costs &#36;5, or &#36;x&#36;"]),
    "a $ b\n\nc $ d": ([], ["a $ b\n\nc $ d"]),
    "(see $x$), or $y$.": ([("inline", "x"), ("inline", "y")], ["(see ", " or "]),
    "**$D^*$** is_so": ([("inline", "D^*")], ["**", "** is_so"]),
}


def formulas(markdown):
    """What a browser will find: the kind and text of each formula's span."""
    spans = re.findall(r'<span class="math (inline|display)">(.*?)</span>', markdown, re.DOTALL)
    return [(kind, html.unescape(text)) for kind, text in spans]


def oracle_protect(protect):
    for given, (wanted, untouched) in FORMULAS.items():
        got = protect(given)
        assert formulas(got) == wanted, given
        assert all(text in got for text in untouched), given
        for _, inner in re.findall(r'<span class="math (inline|display)">(.*?)</span>', got, re.DOTALL):
            assert not re.search(r"[*_|$\\<\[\n]", inner), f"Markdown would read {inner!r}"


def test_short_formulas_keep_their_punctuation():
    x = '<span class="math inline">x</span>'
    assert maths.protect("a ($x$), b $x$ c $x$.") == (
        f'a <span class="together">({x}),</span> b {x} c <span class="together">{x}.</span>'
    )
    long = "+".join("abcdefghijklmnopqrstuvwxyz")
    assert "together" not in maths.protect(f"(${long}$).")
    assert maths.protect(f"(${long}$).").startswith("(<span")


def naive(markdown):
    """Formulas by two plain substitutions, code and all, as many public converters do."""
    markdown = re.sub(r"\$\$(.+?)\$\$", lambda m: _span("display", m[1]), markdown, flags=re.DOTALL)
    return re.sub(r"\$([^$\s][^$]*?)\$", lambda m: _span("inline", m[1]), markdown)


def _span(kind, tex):
    return f'<span class="math {kind}">{maths.literal(tex.strip())}</span>'


PROTECT_MUTANTS = {
    "nothing done": lambda text: text,
    "formulas in code": naive,
    "underscores left to Markdown": lambda text: maths.protect(text).replace("&#95;", "_"),
    "asterisks left to Markdown": lambda text: maths.protect(text).replace("&#42;", "*"),
    "bars left to tables": lambda text: maths.protect(text).replace("&#124;", "|"),
    "backslashes left to Markdown": lambda text: maths.protect(text).replace("&#92;", "\\"),
    "only HTML escaped": lambda text: re.sub(r"&#(?!60|62|38)(\d+);", lambda m: chr(int(m[1])), maths.protect(text)),
    "display as inline": lambda text: maths.protect(text).replace("math display", "math inline"),
    "one line only": lambda text: "\n".join(map(maths.protect, text.split("\n"))),
    "escaped dollars opened": lambda text: maths.protect(text.replace("\\$", "$")),
    "marks of a quotation kept": lambda text: maths.protect(text.replace("\n> ", "\n>> ")),
}


def test_protect():
    oracle_protect(maths.protect)


@pytest.mark.parametrize("name", PROTECT_MUTANTS)
def test_protect_mutants(name):
    assert_killed(oracle_protect, PROTECT_MUTANTS[name])


def oracle_literal(literal):
    text = "a < b & c* _d_ |e| [f](g) `h` \\i $j$ ~k~ #l\n\n「m」 é"
    assert html.unescape(literal(text)) == text
    assert re.sub(r"&#\d+;", "", literal(text)).isprintable()
    assert not re.search(r"[*_|`$<>~\[\]\\]", literal(text))


LITERAL_MUTANTS = {
    "as it is": lambda text: text,
    "only what HTML needs": html.escape,
    "twice": lambda text: html.escape(maths.literal(text)),
    "line ends dropped": lambda text: maths.literal(text.replace("\n", " ")),
}


def test_examples():
    assert doctest.testmod(maths) == (0, 1)


def test_literal():
    oracle_literal(maths.literal)


@pytest.mark.parametrize("name", LITERAL_MUTANTS)
def test_literal_mutants(name):
    assert_killed(oracle_literal, LITERAL_MUTANTS[name])


# --- pages ------------------------------------------------------------------------------------------------------------


def test_prose_leads_to_pages():
    chapters = {"02b_more": "", "02_second": "", "03_third": ""}
    for given, wanted in {
        "[next](02_second.ipynb)": "[next](02_second.md)",
        "[`there`](../notebooks/03_third.py#a-place)": "[`there`](03_third.md#a-place)",
        "[page](03_third.md), [none](04_fourth.md)": "[page](03_third.md), none",
        "[code](../gan_core/methods.py), [later](09_ninth.ipynb)": "code, later",
        "[web](https://example.org/02_second.ipynb) [here](#x) ![alt](p.png)": None,
        "`[a](02_second.ipynb)`\n\n```\n[a](02_second.ipynb)\n```": None,
        "at $[a](b)$": "at " + maths.protect("$[a](b)$"),
        "by `03/it-holds` and `09/a`": "by [`03/it-holds`](03_third.md#03/it-holds) and `09/a`",
        "[03/a](03_third.ipynb#cell-id=03_third-07)": "[03/a](03_third.md#03/a)",
        "`02/a`, then `02b/a`": "[`02/a`](02_second.md#02/a), then [`02b/a`](02b_more.md#02b/a)",
    }.items():
        assert pages.prose(given, chapters) == (given if wanted is None else wanted)


def cell(source, *outputs):
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1)


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def displayed(**data):
    return v4.new_output("display_data", data={name.replace("__", "/"): value for name, value in data.items()})


VIEW = {"application/vnd.jupyter.widget-view+json": {"model_id": "x", "version_major": 2, "version_minor": 0}}
CLAIM = "✓ 01/first: D* is p_g|x, and *a*.  [< 1e-08]\n"


def shows(*outputs, source="draw()"):
    return pages.shown(
        cell(source, *outputs),
        {"b.heights": "Two heights.", "a.ring": "A ring.", "b.ring": "Another ring."},
        "Title",
        {"02_second": ""},
    )


def oracle_shown(shows):
    assert shows() == ""
    assert shows(printed("")) == ""
    assert shows(v4.new_output("display_data", data=VIEW)) == ""
    assert '<pre class="printed">a&#10;&#10;&#60;b&#62;</pre>' in shows(printed("a\n\n"), printed("<b>\n"))
    got = shows(printed("before\n" + CLAIM + "after\n"))
    assert re.findall(r"<pre[^>]*>(.*?)</pre>", got) == ["before", "after"]
    assert re.findall(r'<p class="claim" id="(.*?)">', got) == ["01/first"]
    assert "✓ D* is p_g|x, and *a*. 01/first [< 1e-08]" in html.unescape(re.sub(r"<[^>]*>", "", got))
    figure = displayed(image__png=PIXEL + "\n", text__plain="<Figure size 9x4 with 1 Axes>")
    assert shows(figure).count(f'src="data:image/png;base64,{PIXEL}"') == 1
    assert "Figure size" not in shows(figure)
    assert "figcaption" not in shows(figure)
    assert 'alt="Figure in the section “Title”."' in shows(figure)
    both = shows(
        figure, figure, source="figures.a.ring(heights(x))\nplt.show()\nfigures.b.heights(ring_data)\nplt.show()"
    )
    assert re.findall('alt="(.*?)"', both) == ["A ring.", "Two heights."]
    assert re.findall('alt="(.*?)"', shows(figure, source="figures.a.ring(), figures.b.heights()")) == [
        "A ring. Two heights."
    ]
    widget = displayed(image__png=PIXEL, text__plain="[shift=2] the distance is 0.50")
    widget.data |= VIEW
    assert 'alt="Figure in the section “Title”. the distance is 0.50"' in html.unescape(shows(widget))
    assert re.search(r"<figcaption>.*>the distance is 0.50<.*move.*shift=2", html.unescape(shows(widget)))
    assert formulas(shows(displayed(text__markdown="| $a|b$ |", text__plain="x"))) == [("inline", "a|b")]
    table = displayed(text__markdown="| [02/a](02_second.ipynb#cell-id=02_second-07) |", text__plain="x")
    assert "| [02/a](02_second.md#02/a) |" in shows(table)
    assert "<table>\n<tr>" in shows(displayed(text__html="<table>\n\n<tr>", text__plain="x"))
    assert "DataFrame" in shows(v4.new_output("execute_result", data={"text/plain": "DataFrame"}))
    broken = v4.new_output("error", ename="ValueError", evalue="η must be > 0", traceback=["\x1b[31mlong"])
    assert '<pre class="error">ValueError: η must be > 0</pre>' in html.unescape(shows(broken))


SHOWN_MUTANTS = {
    "a hole where a widget was": lambda *outputs, **named: shows(*outputs, **named) or '<div class="output"></div>',
    "claims as plain text": lambda *outputs, **named: shows(*outputs, **named).replace(' class="claim"', ""),
    "no caption": lambda *outputs, **named: re.sub("<figcaption>.*?</figcaption>", "", shows(*outputs, **named)),
    "no words for a figure": lambda *outputs, **named: re.sub('alt=".*?"', 'alt=""', shows(*outputs, **named)),
    "only the first output": lambda *outputs, **named: shows(*outputs[:1], **named),
    "links of a table into the notebooks": lambda *outputs, **named: shows(*outputs, **named).replace(
        ".md#", ".ipynb#"
    ),
    "the text of a figure too": lambda *outputs, **named: (
        shows(*outputs, **named) + "".join(str(output.get("data")) for output in outputs)
    ),
}


def test_shown():
    oracle_shown(shows)


@pytest.mark.parametrize("name", SHOWN_MUTANTS)
def test_shown_mutants(name):
    assert_killed(oracle_shown, SHOWN_MUTANTS[name])


def oracle_folds(page):
    """Code that JupyterLab hides stands closed below what it showed; all other code above it."""
    cells = [cell("a = 1", printed("1\n")), cell("claim()", printed(CLAIM)), cell("plot()", printed("2\n"))]
    for one in cells[1:]:
        one.metadata["jupyter"] = {"source_hidden": True}
    made = page(v4.new_notebook(cells=cells), {}, {})
    places = [made.index(text) for text in ("a = 1", ">1<", 'id="01/first"', "claim()", ">2<", "plot()")]
    assert places == sorted(places)
    folds = re.findall('<details class="how"><summary>(.+?)</summary>\n\n```python\n(.+?)\n```\n\n</details>', made)
    assert folds == [("how it is checked", "claim()"), ("the code", "plot()")]


FOLDS_MUTANTS = {
    "nothing folded": lambda *given: re.sub("</?details.*?>", "", pages.page(*given)),
    "above what it showed": lambda *given: "\n\n".join(pages.page(*given).split("\n\n")[::-1]),
    "open": lambda *given: pages.page(*given).replace('class="how"', 'class="how" open'),
    "one name for all": lambda *given: pages.page(*given).replace("the code", "how it is checked"),
}


def test_folds():
    oracle_folds(pages.page)


@pytest.mark.parametrize("name", FOLDS_MUTANTS)
def test_folds_mutants(name):
    assert_killed(oracle_folds, FOLDS_MUTANTS[name])


def test_code_that_holds_a_fence():
    assert pages.fenced("x", "python") == "```python\nx\n```"
    assert pages.fenced("a\n```\n````", "text").startswith("`````text\n")


# --- the ledger -------------------------------------------------------------------------------------------------------

CHAPTERS = {"00_made_up": "00 · Made up", "01_more": "01 · More", "01b_still_more": "01b · Still more"}
SOURCES = {
    "01/b": {"source": "Lin 1991, eq. 3"},
    "00/a": {"source": "this course", "corrects": "slides, line 9"},
    "01b/c": {"source": "this course"},
}
CLAIMS = {"00/a": ("p|q is *so*.", "> 0"), "01/b": ("It is <small>.", "within 1e-09"), "01b/c": ("It is so.", "true")}


def oracle_ledger(make):
    page = make(SOURCES, CLAIMS, CHAPTERS)
    rows = [html.unescape(line) for line in page.split("\n") if line.startswith("| [")]
    assert rows == [
        '| [p|q is *so*.](00_made_up.md#00/a) | <span class="bound">> 0</span> | this course'
        '<br><strong class="corrects">corrects slides, line 9</strong> |',
        '| [It is <small>.](01_more.md#01/b) | <span class="bound">within 1e-09</span> | Lin 1991, eq. 3 |',
        '| [It is so.](01b_still_more.md#01b/c) | <span class="bound">true</span> | this course |',
    ]
    assert all(re.sub(r"<.*?>", "", line).count("|") == 4 for line in page.split("\n") if line.startswith("| ["))
    assert page.index("## 00 · Made up") < page.index("00/a") < page.index("## 01 · More") < page.index("01/b")
    assert "3 sentences" in page
    assert "1 of them correct" in page
    for sources, claims, named in ((SOURCES, {"00/a": CLAIMS["00/a"]}, "01/b"), ({}, CLAIMS, "00/a")):
        with pytest.raises(ValueError, match=named):
            make(sources, claims, CHAPTERS)


LEDGER_MUTANTS = {
    "unlisted claims let pass": lambda s, c, t: ledger.ledger({id: s.get(id, {"source": ""}) for id in c}, c, t),
    "claims never made let pass": lambda s, c, t: ledger.ledger(s, {**dict.fromkeys(s, ("", "")), **c}, t),
    "corrections lost": lambda s, c, t: ledger.ledger({id: {"source": s[id]["source"]} for id in s}, c, t),
    "bars split the cells": lambda s, c, t: html.unescape(ledger.ledger(s, c, t)),
    "one chapter only": lambda s, c, t: ledger.ledger(s, c, dict(list(t.items())[:1])),
    "no links": lambda s, c, t: re.sub(r"\]\(\S*\)", "]", ledger.ledger(s, c, t)),
}


def test_ledger():
    oracle_ledger(ledger.ledger)


@pytest.mark.parametrize("name", LEDGER_MUTANTS)
def test_ledger_mutants(name):
    assert_killed(oracle_ledger, LEDGER_MUTANTS[name])


def test_a_claim_prints_what_the_book_reads(capsys):
    from gan_core.course.lessons import claim, claims

    made = dict(claims._made)
    claim("00/test-book", "A [bracket]  and two.", [1, 2], above=0, below=3)
    claims._made.clear()
    claims._made.update(made)
    line = capsys.readouterr().out.rstrip("\n")
    notebook = v4.new_notebook(cells=[cell("", printed(line + "\nmore\n"))])
    assert ledger.printed(notebook) == {"00/test-book": ("A [bracket]  and two.", "between 0 and 3")}


# --- the preprocessor -------------------------------------------------------------------------------------------------


def test_mdbook_is_told_what_is_supported():
    assert [book.main(["supports", renderer]) for renderer in ("html", "epub")] == [0, 1]


@pytest.mark.parametrize(("there", "said"), [("00_a.ipynb", "claims.toml"), ("claims.toml", "make notebooks")])
def test_what_is_missing_is_said(tmp_path, there, said):
    (tmp_path / "notebooks").mkdir()
    text = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}' if there.endswith("ipynb") else ""
    (tmp_path / "notebooks" / there).write_text(text)
    chapters, beside = [{"notebook": "00_a", "title": "A", "minutes": 5}], [{"page": "claims", "title": "Claims"}]
    with pytest.raises(SystemExit, match=said):
        list(book.items(tmp_path, chapters, beside))


def oracle_docstrings(docstrings, folder):
    (folder / "rings.py").write_text(
        'def ring(x):\n    """A `ring`,\n    drawn.\n\n    More."""\n\n\ndef bare():\n    pass\n'
    )
    (folder / "other.py").write_text(
        '"""Not this."""\n\n\ndef _hidden():\n    """No."""\n\n\ndef line():\n    """A line."""\n'
        '\n\ndef ring():\n    """Another."""\n'
    )
    assert docstrings(folder) == {"rings.ring": "A ring, drawn.", "other.line": "A line.", "other.ring": "Another."}


DOCSTRINGS_MUTANTS = {
    "first line only": lambda folder: {name: text.split(",")[0] for name, text in book.docstrings(folder).items()},
    "code marks kept": lambda folder: {
        name: text.replace("ring", "`ring`") for name, text in book.docstrings(folder).items()
    },
    "by the bare name": lambda folder: {name.split(".")[1]: text for name, text in book.docstrings(folder).items()},
    "private too": lambda folder: {**book.docstrings(folder), "_hidden": "No."},
    "one file": lambda folder: dict(list(book.docstrings(folder).items())[:1]),
}


def test_docstrings(tmp_path):
    oracle_docstrings(book.docstrings, tmp_path)


@pytest.mark.parametrize("name", DOCSTRINGS_MUTANTS)
def test_docstrings_mutants(name, tmp_path):
    assert_killed(lambda docstrings: oracle_docstrings(docstrings, tmp_path), DOCSTRINGS_MUTANTS[name])
