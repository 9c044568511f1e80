"""The book that mdBook builds: whole on the disk, and read in a real browser without a network."""

import collections
import html
import html.parser
import importlib
import importlib.resources
import inspect
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.parse

import nbformat
import pytest
from nbformat import v4

import gan_core

ROOT = pathlib.Path(__file__).parents[1]
BIN = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
MDBOOK = shutil.which("mdbook", path=BIN)
pytestmark = pytest.mark.skipif(MDBOOK is None, reason="mdBook is not installed: pip install -e '.[dev]'")
LISTED = tomllib.loads((ROOT / "book.toml").read_text(encoding="utf-8"))["preprocessor"]["gan-course"]
MANIFEST, BESIDE = LISTED["chapters"], LISTED["pages"]
CHAPTERS = ("00_made_up", "01_more")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


# The pages in Japanese, in the order of the chapters.
JAPANESE = [ROOT / "pages" / "ja" / f"{entry['notebook'].partition('_')[0]}.md" for entry in MANIFEST]
JAPANESE = [page for page in JAPANESE if page.exists()]


def made_up():
    """A notebook with everything that is hard in one."""
    lines = [
        "# 00 · Made up", "", "So $a_i * b_i * c_i$ and $x_1$, \\$5; `code $x$`.", "",
        "$$\n\\begin{aligned} a &= b \\\\ c &= d_{i_j} % why\n\\end{aligned}\n$$", "",
        "| in a table | bar |", "|---|---|", "| $p_i \\log p_i$ | $p|q$ |", "",
        "<details><summary>Solution $x_1$</summary>", "", "```python", 's = "$x$"', "```", "",
        "because $$\\int p_g = 1$$", "", "</details>", "", "[next](01_more.ipynb#deep) [code](../Makefile)",
    ]  # fmt: skip
    figure = v4.new_output("display_data", data={"image/png": PIXEL, "text/plain": "[shift=2] held at 2"})
    claim = v4.new_output("stream", text="✓ 00/first: D* is p_g|x, and *a*.  [< 1e-08]\n")
    bare = v4.new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": "x"}})
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("\n".join(lines)),
            v4.new_code_cell("figures.rings.ring()", outputs=[figure]),
            v4.new_code_cell("claim('00/first')", outputs=[claim], metadata={"jupyter": {"source_hidden": True}}),
            v4.new_code_cell("# a comment\nx = '{{#include a}}'", outputs=[bare]),
        ]
    )


def course(root):
    """A made-up course in `root`, with the book's own tools and settings, and two chapters."""
    (root / "notebooks").mkdir()
    (root / "gan_core" / "course" / "figures").mkdir(parents=True)
    shutil.copytree(ROOT / "tools" / "book", root / "tools" / "book", ignore=shutil.ignore_patterns("films"))
    settings, _, _ = (ROOT / "book.toml").read_text(encoding="utf-8").partition("[[preprocessor")
    chapters = "".join(
        f'[[preprocessor.gan-course.chapters]]\npart = "Part {stem[:2]}"\nnotebook = "{stem}"\n'
        f'title = "{stem[3:].title()}"\nminutes = 5\nseconds = 9\n'
        for stem in CHAPTERS
    )
    pages = "".join(
        f'[[preprocessor.gan-course.pages]]\npage = "{page}"\ntitle = "{page}"\n' for page in ("claims", "notes")
    )
    (root / "book.toml").write_text(settings + chapters + pages, encoding="utf-8")
    (root / "pages" / "ja").mkdir(parents=True)
    (root / "pages" / "notes.md").write_text("# notes\n\n`00/first`, and [more](01_more.ipynb#deep)\n")
    (root / "pages" / "ja" / "01.md").write_text("# 01 · 一\n\n`00/first` です。\n", encoding="utf-8")
    (root / "gan_core" / "course" / "figures" / "rings.py").write_text(
        'def ring(data):\n    """A ring,\n    "drawn".\n\n    More."""\n\n\ndef _hidden():\n    """No."""\n'
    )
    nbformat.write(made_up(), root / "notebooks" / "00_made_up.ipynb")
    more = v4.new_notebook(cells=[v4.new_markdown_cell("# 01 · More\n\n## Deep\n\nA zebra. [back](00_made_up.ipynb)")])
    nbformat.write(more, root / "notebooks" / "01_more.ipynb")
    (root / "notebooks" / "claims.toml").write_text('["00/first"]\nsource = "this course"\n')
    return root


def build(root, target):
    command = [MDBOOK, "build", "-d", str(target)]
    return subprocess.run(command, cwd=root, env={**os.environ, "PATH": BIN}, capture_output=True, text=True)


class Page(html.parser.HTMLParser):
    """The tags of a page, its ids, and what it loads and links to."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.ids, self.addresses = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.ids.add(attributes.get("id"))
        self.addresses += [(tag, attributes[name]) for name in ("href", "src") if attributes.get(name)]


def problems(site):
    """What a reader offline would miss: addresses that lead nowhere on the disk, or that load from the network."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        repeated = [id for id, n in collections.Counter(a.get("id") for _, a in page.tags).items() if id and n > 1]
        yield from (f"{path.name}: the id {id} stands twice" for id in repeated)
        for tag, address in page.addresses:
            url = urllib.parse.urlsplit(address)
            if url.scheme == "data" or (tag == "a" and url.scheme in ("http", "https")):
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            if url.scheme or url.netloc:
                yield f"{path.name}: <{tag}> loads {address}"
            elif not target.exists():
                yield f"{path.name}: <{tag}> leads to {address}, which is not there"
            elif url.fragment and target in pages and urllib.parse.unquote(url.fragment) not in pages[target].ids:
                yield f"{path.name}: {address} leads to no place on that page"
    for path in sorted(site.rglob("*.css")):
        for rule in re.findall(r"url\([^{}]*?(?=[;}])", path.read_text(encoding="utf-8")):
            address = re.match(r"url\(['\"]?([^'\")]*)", rule)[1]  # the first of a list is the one that is loaded
            if not address.startswith("data:") and not (path.parent / address).exists():
                yield f"{path.name}: loads {address}, which is not there"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    home = tmp_path_factory.mktemp("small")
    done = build(course(home), home / "site")
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr, done.stderr
    return home / "site"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    site = tmp_path_factory.mktemp("real") / "site"
    done = build(ROOT, site)
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr, done.stderr
    command = [sys.executable, "-W", "error", "tools/book/reference.py", str(site / "api")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


def test_small_book(small):
    page = Page(small / "00_made_up.html")
    assert list(problems(small)) == []
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [image["alt"] for image in images] == ['A ring, "drawn".']
    text = (small / "00_made_up.html").read_text(encoding="utf-8")
    assert "{{#include a}}" in html.unescape(text)
    assert "00 · Made_Up (5 min)" in (small / "toc.html").read_text(encoding="utf-8")
    for place in ("claims", "notes", "ja-01"):
        assert ("a", "00_made_up.html#00/first") in Page(small / f"{place}.html").addresses
    assert ("a", "01_more.html#deep") in page.addresses
    order = ['id="00/first"', "how it is checked", "claim('00/first')"]
    assert order == sorted(order, key=html.unescape(text).index)


BREAK = {
    "a lost font": lambda site: next(site.glob("katex/fonts/*Main-Regular.woff2")).unlink(),
    "a lost script": lambda site: (site / "katex" / "katex.min.js").unlink(),
    "a script from the network": lambda site: _edit(site, "../katex", "https://example.org/katex"),
    "a page that is gone": lambda site: (site / "01_more.html").unlink(),
    "a claim without its place": lambda site: _edit(site, 'id="00/first"', ""),
}


def _edit(site, old, new):
    path = site / "00_made_up.html"
    text = path.read_text(encoding="utf-8").replace('href="katex', 'href="../katex')
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", BREAK)
def test_a_broken_book_is_seen(small, tmp_path, name):
    broken = shutil.copytree(small, tmp_path / "site")
    BREAK[name](broken)
    assert list(problems(broken))


def test_what_is_missing_is_said(tmp_path):
    (course(tmp_path) / "notebooks" / "claims.toml").write_text("")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "made and not listed ['00/first']" in done.stderr


def test_links_between_chapters_and_files_exist():
    for chapter in MANIFEST:
        notebook = nbformat.read(ROOT / "notebooks" / f"{chapter['notebook']}.ipynb", as_version=4)
        prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        prose = re.sub(r"`[^`]*`|\$[^$]*\$", "", prose)
        for target in re.findall(r"\]\((?!\w+:|#)([^()#\s]+)[^()\s]*\)", prose):
            assert (ROOT / "notebooks" / target).exists(), (
                f"{chapter['notebook']} leads to {target}, which is not there"
            )


def test_real_book_is_whole(real):
    assert list(problems(real)) == []
    claims = tomllib.loads((ROOT / "notebooks" / "claims.toml").read_text(encoding="utf-8"))
    found = set()
    for chapter in MANIFEST:
        page = Page(real / f"{chapter['notebook']}.html")
        found |= page.ids & claims.keys()
        assert all(len(attributes.get("alt", "")) > 30 for tag, attributes in page.tags if tag == "img")
        notebook = nbformat.read(ROOT / "notebooks" / f"{chapter['notebook']}.ipynb", as_version=4)
        movable = sum(cell.source.count("widgets.") for cell in notebook.cells if cell.cell_type == "code")
        assert sum(tag == "figcaption" for tag, _ in page.tags) == movable
        assert f"({chapter['minutes']} min)" in (real / "toc.html").read_text(encoding="utf-8")
    assert found == claims.keys()
    assert all((real / f"{entry['page'].rpartition('/')[2]}.html").exists() for entry in BESIDE)


def test_the_reference_describes_all_that_is_public(real):
    for room, inside in gan_core.ROOMS.items():
        for name in inside or [""]:
            module = importlib.import_module(f"gan_core.{room}.{name}".rstrip("."))
            path = f"api/{module.__name__.replace('.', '/')}.html"
            assert ("a", path) in Page(real / "library.html").addresses
            public = getattr(module, "__all__", [])
            assert {one for one in public if not inspect.ismodule(getattr(module, one))} <= Page(real / path).ids, path
    assert not list((real / "api").rglob("_*.html"))
    objectives = (real / "api/gan_core/pieces/objectives.html").read_text(encoding="utf-8")
    assert re.search(r"<code>=+ [= ]+\nobjective +L_D", objectives)  # a table of a docstring stays a table
    written = [path for path in (real / "api").rglob("*") if path.is_file()]
    assert [path for path in written if str(ROOT) in path.read_text(encoding="utf-8")] == []  # a default that is a path


def test_the_book_is_not_too_large(real):
    """A page is read from a memory stick or over a school's network; the search is loaded when somebody searches."""
    sizes = {path: path.stat().st_size for path in real.rglob("*") if path.is_file()}
    pages = {path.name: size for path, size in sizes.items() if path.suffix == ".html" and path.name != "print.html"}
    largest = max(pages, key=pages.get)
    print(f"the book: {sum(sizes.values()) / 1e6:.1f} MB; its largest page, {largest}: {pages[largest] / 1e6:.2f} MB")
    assert pages[largest] < 3e6, largest
    assert sum(sizes.values()) < 80e6


LOOK = """() => {
  const text = document.querySelector("main").cloneNode(true);
  for (const e of text.querySelectorAll("code, pre, .katex")) e.remove();
  const wide = [...document.querySelectorAll("main :is(img, p, pre, figure, details)")].filter(e =>
    e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 80));
  return {
    title: document.querySelector("main h1").textContent,
    unread: [...document.querySelectorAll(".katex-error")].map(e => e.textContent),
    left: [...document.querySelectorAll("span.math")].filter(e => !e.querySelector(".katex")).map(e => e.textContent),
    dollars: text.textContent.match(/.{0,30}\\$.{0,30}/g) || [],
    empty: [...document.querySelectorAll("figure, .output, main pre")].filter(e =>
      !e.textContent.trim() && !e.querySelector("img")).length,
    unseen: [...document.querySelectorAll("main img")].filter(e => !e.naturalWidth).length,
    wide,
  };
}"""
PHONE, DESKTOP = {"width": 375, "height": 667}, {"width": 1280, "height": 800}
# What holds more than its width, of the text and all that is around it: mdBook lets the text scroll, not the window.
TOO_WIDE = """() => { const found = [];
  for (let e = document.querySelector("main"); e; e = e.parentElement)
    if (e.scrollWidth > e.clientWidth + 1) found.push(`${e.tagName} ${e.id}: ${e.scrollWidth} in ${e.clientWidth}`);
  return found; }"""
FINE = {"unread": [], "left": [], "dollars": [], "empty": 0, "unseen": 0, "wide": []}


@pytest.fixture(scope="module")
def browser():
    from chromium import browsing

    with browsing() as (new_page, requests):
        yield new_page, requests


def test_formulas_in_the_browser(small, browser):
    new_page, _ = browser
    page = new_page()
    page.goto((small / "00_made_up.html").as_uri())
    seen = page.evaluate(LOOK)
    assert seen.pop("title") == "00 · Made up"
    assert len(seen.pop("dollars")) == 1  # the price
    assert seen == {name: value for name, value in FINE.items() if name != "dollars"}
    assert page.locator("main span.math > .katex, main span.math > .katex-display").count() == 7
    assert page.locator("main .katex-display").count() == 2
    assert page.locator("td .katex").count() == 2
    assert page.locator("details summary .katex").count() == 1
    assert page.locator("details:not(.how)").get_attribute("open") is None
    assert page.locator("details:not(.how) code").text_content() == 's = "$x$"\n'
    page.close()


FAULTS = {  # what of LOOK it must change, and how a page gets it
    "unread": lambda text: text.replace(">p_i", r">\nosuchmacro"),
    "left": lambda text: text.replace("katex/render.js", "katex/lost.js"),
    "dollars": lambda text: text.replace("</main>", "<p>$$x$$</p></main>"),
    "empty": lambda text: text.replace("</main>", '<div class="output"></div></main>'),
    "unseen": lambda text: text.replace("base64,", "base64,AA"),
    "wide": lambda text: text.replace("<img ", '<img style="min-width: 3000px" '),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_page_is_seen(small, browser, tmp_path, fault):
    new_page, _ = browser
    site = shutil.copytree(small, tmp_path / "site")
    path, page = site / "00_made_up.html", new_page()
    page.goto(path.as_uri())
    before = page.evaluate(LOOK)
    text = path.read_text(encoding="utf-8")
    assert FAULTS[fault](text) != text
    path.write_text(FAULTS[fault](text), encoding="utf-8")
    page.reload()
    assert page.evaluate(LOOK)[fault] != before[fault]
    page.close()


def test_a_page_that_is_too_wide_for_a_phone_is_seen(small, browser):
    new_page, _ = browser
    page = new_page()
    page.set_viewport_size(PHONE)
    page.goto((small / "00_made_up.html").as_uri())
    assert page.evaluate(TOO_WIDE) == []
    page.locator("main").evaluate("main => main.insertAdjacentHTML('beforeend', '<p style=\"min-width: 500px\">w</p>')")
    assert page.evaluate(TOO_WIDE) != []
    page.close()


def test_real_pages_in_the_browser(real, browser):
    """From the first page to the last by the "next" key: formulas read, figures there, and nothing is too wide."""
    new_page, requests = browser
    requests.clear()
    page = new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((real / "index.html").as_uri())
    page.evaluate("localStorage.setItem('mdbook-sidebar', 'hidden')")  # as it is on a phone, unless one asks for it
    page.reload()
    titles = []
    while True:
        seen = page.evaluate(LOOK)
        titles.append(seen.pop("title"))
        assert seen == FINE, titles[-1]
        page.set_viewport_size(PHONE)
        assert page.evaluate(TOO_WIDE) == [], titles[-1]
        page.set_viewport_size(DESKTOP)
        if not page.locator('a[rel~="next"]').count():
            break
        with page.expect_navigation():
            page.keyboard.press("ArrowRight")
    numbers = [entry["notebook"].partition("_")[0] for entry in MANIFEST]
    wanted = [f"{number} · {entry['title']}" for number, entry in zip(numbers, MANIFEST, strict=True)]
    wanted += [entry["title"] for entry in BESIDE]
    wanted += [page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for page in JAPANESE]
    assert titles == wanted
    assert errors == []
    assert {urllib.parse.urlsplit(url).scheme for url in requests} <= {"file", "data"}
    page.evaluate("localStorage.clear()")
    page.close()


# --- read by everybody ------------------------------------------------------------------------------------------------


def violations(page, rules=None):
    """What axe, which comes with its package and asks no server, finds serious or critical on a page."""
    page.evaluate(importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    options = {"resultTypes": ["violations"], "elementRef": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return {one["id"]: [node["target"] for node in one["nodes"]] for one in grave}


def in_theme(page, address, theme):
    """Open a page of the book as a reader has it who chose that theme."""
    page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    page.goto(address)
    page.evaluate("theme => localStorage.setItem('mdbook-theme', theme)", theme)
    page.reload()


READ = ["00_welcome", "claims", "misconceptions", "map", "api/gan_core/pieces/objectives"]
ROWS = 60  # of tables, whose rows are all alike: axe needs seconds for each hundred


@pytest.mark.parametrize("name", [*READ, *(f"ja-{page.stem}" for page in JAPANESE[2:3])])
def test_axe_finds_nothing_serious(real, browser, name):
    """All rules on the page in the light theme; in the dark one only the colours are others."""
    new_page, _ = browser
    page, address = new_page(), (real / f"{name}.html").as_uri()
    for theme, rules in (("light", None), ("navy", ["color-contrast"])):
        in_theme(page, address, theme)
        page.evaluate(
            "rows => [...document.querySelectorAll('main tbody tr')].slice(rows).map(row => row.remove())", ROWS
        )
        assert violations(page, rules) == {}, theme
    page.set_viewport_size(PHONE)
    page.reload()
    assert page.evaluate(TOO_WIDE) == []
    page.evaluate("localStorage.clear()")
    page.close()


AXE_FAULTS = {  # the rule, and how a page gets what it forbids
    "color-contrast": lambda text: text.replace("</main>", '<p style="color: #aaa; background: #fff">pale</p></main>'),
    "image-alt": lambda text: re.sub('<img alt="[^"]*"', "<img", text),
    "link-name": lambda text: text.replace("</main>", '<a href="#x"></a></main>'),
    "scrollable-region-focusable": lambda text: text.replace("reach.js", "lost.js").replace(
        "</main>", f'<pre style="overflow: auto">{"wide " * 99}</pre></main>'
    ),
}


@pytest.mark.parametrize("rule", AXE_FAULTS)
def test_axe_sees_a_fault(small, browser, tmp_path, rule):
    new_page, _ = browser
    site = shutil.copytree(small, tmp_path / "site")
    path, page = site / "00_made_up.html", new_page()
    text = path.read_text(encoding="utf-8")
    assert AXE_FAULTS[rule](text) != text
    path.write_text(AXE_FAULTS[rule](text), encoding="utf-8")
    page.goto(path.as_uri())
    assert rule in violations(page, [rule])
    page.close()


NAMED = "[e.tagName, e.getAttribute('href') || e.textContent.slice(0, 40)].join(' ')"
REACHABLE = f"""() => [...document.querySelectorAll("main :is(a[href], summary)")]
  .filter(e => e.checkVisibility()).map(e => {NAMED})"""
REACHED = f"() => {{ const e = document.activeElement; return e.closest('main') ? {NAMED} : e.id; }}"


def test_the_keyboard_reaches_every_link_and_fold(small, browser):
    new_page, _ = browser
    page = new_page()
    page.goto((small / "00_made_up.html").as_uri())
    wanted, reached = set(page.evaluate(REACHABLE)), set()
    assert {one.split()[0] for one in wanted} >= {"A", "SUMMARY"}
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(REACHED))
    assert wanted <= reached
    assert "mdbook-sidebar-toggle" in reached
    fold = page.locator("details.how")
    assert fold.get_attribute("open") is None
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") is not None
    side_bar = page.locator("#mdbook-sidebar")
    before = side_bar.get_attribute("aria-hidden")
    page.locator("#mdbook-sidebar-toggle").focus()
    page.keyboard.press("Enter")
    assert side_bar.get_attribute("aria-hidden") != before
    page.close()


def test_what_scrolls_sideways_can_be_reached(small, browser):
    """A wide block of code has a place in the order of Tab where the page is narrow, and none where it fits."""
    new_page, _ = browser
    page = new_page()
    page.goto((small / "00_made_up.html").as_uri())
    assert page.locator("main pre > code[tabindex]").count() == 0
    page.set_viewport_size({"width": 150, "height": 600})
    page.wait_for_function("document.querySelectorAll('main pre > code[tabindex=\"0\"]').length > 0")
    page.close()


def test_search_from_the_disk(real, browser):
    new_page, requests = browser
    requests.clear()
    page = new_page()
    page.goto((real / "claims.html").as_uri())
    page.keyboard.press("s")
    page.locator("#mdbook-searchbar").press_sequentially("Jensen", delay=20)
    first = page.locator("#mdbook-searchresults a").first
    first.wait_for()
    with page.expect_navigation():
        first.click()
    assert page.locator("main mark", has_text=re.compile("jensen", re.IGNORECASE)).count() > 0
    assert {urllib.parse.urlsplit(url).scheme for url in requests} <= {"file", "data"}
    page.close()


def test_dark_theme_keeps_figures_white(small, browser):
    new_page, _ = browser
    page = new_page()
    page.goto((small / "00_made_up.html").as_uri())
    page.evaluate("localStorage.setItem('mdbook-theme', 'navy')")
    page.reload()
    paper = "e => getComputedStyle(e).backgroundColor"
    assert page.locator("html").evaluate(paper) != "rgb(255, 255, 255)"
    assert page.locator("main img").evaluate(paper) == "rgb(255, 255, 255)"
    page.close()


# ---- figures that move


def moved(page, figure, knob):
    """Move a knob by one place with the keyboard; the frame that is shown then."""
    before = figure.get_attribute("data-frame")
    last = knob.evaluate("e => e.tagName == 'SELECT' ? e.selectedIndex == e.length - 1 : e.value == e.max")
    knob.focus()
    page.keyboard.press("ArrowLeft" if last else "ArrowRight")
    page.wait_for_function("([e, before]) => e.dataset.frame != before", arg=[figure.element_handle(), before])
    return int(figure.get_attribute("data-frame"))


def test_every_widget_moves_without_a_kernel(real, browser):
    """In every chapter the keyboard moves each knob: another picture, the text of its place; nothing is fetched."""
    new_page, requests = browser
    requests.clear()
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    for chapter in MANIFEST:
        page.goto((real / f"{chapter['notebook']}.html").as_uri())
        figures = page.locator("figure:has(figcaption)")
        for figure in figures.all():
            film = json.loads(figure.get_attribute("data-film"))
            knobs = figure.locator("input, select").all()
            assert len(knobs) == len(film["knobs"]) > 0
            picture = figure.locator("img").screenshot()
            for knob in knobs:
                frame = moved(page, figure, knob)
                assert figure.locator(".said").text_content() == film["said"][frame], chapter["notebook"]
                assert figure.locator("img").get_attribute("alt")
                before, picture = picture, figure.locator(".view").screenshot()
                assert picture != before, f"{chapter['notebook']}: a knob moves and the picture does not"
    assert {urllib.parse.urlsplit(url).scheme for url in requests} <= {"file", "data"}
    page.close()


def test_a_film_plays(real, browser):
    new_page, _ = browser
    page = new_page()
    page.goto((real / "00_welcome.html").as_uri())
    figure = page.locator("figure.moving").first
    frame = "figure => figure.dataset.frame"
    figure.get_by_role("button", name="play").press("Enter")
    page.wait_for_function("figure => figure.dataset.frame >= 3", arg=figure.element_handle())
    figure.get_by_role("button", name="pause").press("Enter")
    stopped = figure.evaluate(frame)
    page.wait_for_timeout(600)
    assert figure.evaluate(frame) == stopped
    page.close()
