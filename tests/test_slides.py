"""The slides of a chapter: what they show, and how they behave in a browser, at a projector's size, from the disk."""

import html
import re
import sys

import course
import pytest
from chromium import browsing
from mutants import assert_killed
from nbformat import v4

sys.path.insert(0, str(course.ROOT / "tools"))

import sections
import slides

CHAPTERS = {entry["notebook"]: course.chapter(entry) for entry in course.manifest()}
OVERFLOWING = """[...document.querySelectorAll("section > div")]
  .filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map(e => e.parentElement.id)"""


def images(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return ["".join(output.data["image/png"].split()) for output in outputs if "image/png" in output.get("data", {})]


def oracle(made):
    """Every figure, every heading with minutes, every prediction and exercise, once and in order; no solution."""
    for stem, chapter in CHAPTERS.items():
        screens = made(chapter.stored, {})
        shown = "\n".join(slide.content for slide in screens)
        assert re.findall(r"base64,([^\"]+)", shown) == images(chapter.stored), stem
        timed = [section.title for section in sections.sections(chapter.stored) if section.minutes]
        assert len(re.findall(r'<p class="minutes">', shown)) == len(timed), stem
        assert re.findall(r"<strong>Exercise (\S+)</strong>", shown) == re.findall(
            r"^\*\*Exercise (\S+)\*\*", chapter.prose, re.M
        )
        asked = [text for section in sections.sections(chapter.stored) for text in sections.questions(section.prose)]
        outside = "".join(slide.content for slide in screens if "<strong>Exercise" not in slide.content)
        assert len(re.findall(r"<(?:em|strong)>Predict", outside)) == len(asked), stem
        assert "Solution" not in shown
        assert "def " not in re.sub(r"<pre>.*?</pre>", "", shown, flags=re.S)


def test_the_slides_show_figures_headings_questions_and_exercises():
    oracle(slides.slides)


MUTANTS = {
    "no questions": lambda: {"_question": lambda markdown: ""},
    "one figure a cell": lambda: {"_figures": lambda *cell, f=slides._figures: list(f(*cell))[:1]},
    "no exercises": lambda: {"_exercises": lambda markdown: []},
    "exercises and what is folded beside them": lambda: {"_exercises": lambda markdown: [markdown]},
}


@pytest.mark.parametrize("name", MUTANTS)
def test_slides_that_lack_something_are_seen(name, monkeypatch):
    for part, wrong in MUTANTS[name]().items():
        monkeypatch.setattr(slides, part, wrong)
    assert_killed(oracle, slides.slides)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("*Predict:* how many?", "*Predict:* how many?"),
        ("So. **Predict:** how many? And of\nthe others? It is two.", "So. **Predict:** how many? And of\nthe others?"),
        ("Why? *Predict* the order. Then run.", "Why? *Predict* the order. Then run."),
        ("How many?", ""),
        ("**Exercise 42.1** *Predict* it. How many?", ""),
    ],
)
def test_a_question_ends_before_its_answer(text, asked):
    assert sections.question(text) == asked


def test_formulas_and_lists_stay_with_their_question():
    text = "Much.\n\n$$x$$\n\n*Predict:* which? It is b.\n\n- a\n- b\n\nMore.\n\n$$y$$"
    assert slides._question(text) == "$$x$$\n\n*Predict:* which?\n\n- a\n- b"
    assert slides._question("Much.\n\n$$x$$") == ""
    assert slides._question("*Predict* it before you read on:\n\n$$x=1$$") == "*Predict* it before you read on:"


# In a browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("slides") / "of the course"
    path.mkdir()
    slides.main(path)
    return path


@pytest.fixture(scope="module")
def browser():
    with browsing() as (new_page, requests):
        page = new_page()
        page.set_viewport_size({"width": 1280, "height": 720})
        yield page, requests


def at(page):
    return page.evaluate("[location.hash, Math.round(scrollY / innerHeight)]")


@pytest.mark.parametrize("stem", CHAPTERS)
def test_each_screen_is_seen_as_a_whole(folder, browser, stem):
    page, requests = browser
    page.goto((folder / f"{stem}.html").as_uri())
    page.wait_for_load_state("networkidle")
    page.wait_for_function("document.querySelector('section > div').style.fontSize")
    assert page.evaluate(OVERFLOWING) == []
    assert page.locator(".katex-error").count() == 0
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('section > div')].map(e => parseInt(e.style.fontSize)))"
    )
    assert smallest >= 60
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def test_keys_move_by_a_screen(folder, browser):
    page, _ = browser
    page.goto((folder / "03_divergences.html").as_uri())
    last = page.locator("section").count()
    for key, number in [
        ("ArrowRight", 2), ("ArrowDown", 3), ("PageDown", 4), (" ", 5), ("ArrowLeft", 4), ("ArrowUp", 3), ("PageUp", 2),
        ("End", last), ("ArrowRight", last), ("Home", 1), ("ArrowLeft", 1),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert at(page) == [f"#{number}", number - 1], key


def test_the_list_leads_to_every_chapter(folder, browser):
    page, _ = browser
    page.goto((folder / "index.html").as_uri())
    links = page.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links == [f"{stem}.html" for stem in CHAPTERS]
    assert all((folder / link).exists() for link in links)


def test_titles_are_text():
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# 42 · A < B\n\n**The question.** Is $a<b$?\n\n**Predict before you run.** Is it?")
        ]
    )
    page = slides.page("42 · A < B", slides.slides(notebook, {}))
    assert f"<title>{html.escape('42 · A < B')}</title>" in page
