"""What the book makes of a film: the page's half of it, and whether each widget of the course has the film it needs."""

import base64
import html
import io
import json
import re
import sys

import course
import numpy as np
import pytest
from mutants import assert_killed, mutated
from nbformat import v4
from PIL import Image

sys.path.insert(0, str(course.ROOT / "tools" / "book"))
import moving

import pages

FILMS = course.ROOT / "tools" / "book" / "src" / "films"
KNOBS = [{"name": "a", "values": ["0", "1", "2"], "start": 1, "menu": False, "plays": False}]
ALIKE = 6.0  # of 255, on average over a picture: what few colours, or a photograph, may change


def picture(number):
    """A page of white with a black bar that stands elsewhere for each number."""
    made = Image.new("RGB", (30, 20), "white")
    made.paste("black", (10 * number, 0, 10 * number + 8, 20))
    return made


def encoded(image, kind):
    stored = io.BytesIO()
    image.save(stored, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return stored.getvalue()


def filmed(folder, name="42-1", said=("a is 0", "a is 1", "a is 2")):
    """A film of three frames, two on the first strip, in `folder`."""
    told = {"knobs": KNOBS, "said": list(said), "width": 30, "height": 20, "rows": 2}
    (folder / f"{name}.json").write_text(json.dumps(told))
    strip = Image.new("RGB", (30, 40))
    for row in (0, 1):
        strip.paste(picture(row), (0, 20 * row))
    (folder / f"{name}-0.webp").write_bytes(encoded(strip, "WEBP"))
    (folder / f"{name}-1.webp").write_bytes(encoded(picture(2), "WEBP"))
    return folder


def output(number=1, text="[a=1] a is 1"):
    data = {"image/png": base64.b64encode(encoded(picture(number), "PNG")).decode(), "text/plain": text}
    return v4.new_output("display_data", data=data)


def notebook(*outputs):
    return v4.new_notebook(cells=[v4.new_markdown_cell("# 42"), v4.new_code_cell("f()", outputs=list(outputs))])


def test_films_are_found_in_order(tmp_path):
    for name in ("42-10", "42-2", "42-1", "42b-1", "4-1"):
        filmed(tmp_path, name)
    found = moving.films(tmp_path, "42_made_up")
    assert [film["strips"] for film in found] == [[f"films/42-{n}-{k}.webp" for k in (0, 1)] for n in (1, 2, 10)]
    assert moving.films(tmp_path, "43_more") == []
    assert moving.films(tmp_path / "nowhere", "42_made_up") == []


def after(attach, films, *outputs):
    made = notebook(*outputs)
    attach(films, made, pages.is_widget)
    return [each.metadata.get("film") for each in made.cells[1].outputs]


def oracle_attach(attach):
    outputs = output(text="<Figure size 80x40>"), output(0), output(2)
    assert after(attach, ["one", "two"], *outputs) == [None, "one", "two"]
    assert after(attach, [], output(0), output(2)) == [None, None]
    for films in (["one"], ["one", "two", "three"]):
        with pytest.raises(ValueError, match=f"{len(films)} films for 2 widgets"):
            after(attach, films, output(0), output(2))


def test_attach():
    oracle_attach(moving.attach)


@pytest.mark.parametrize(
    ("old", "new"),
    [(" if is_widget(output)]", "]"), ("if films and len(films) != len(shown):", "if False:")],
    ids=["to every output", "too few"],
)
def test_attach_mutants(old, new):
    assert_killed(oracle_attach, mutated(moving, (old, new))["attach"])


def test_the_page_of_a_widget(tmp_path):
    (film,) = moving.films(filmed(tmp_path, said=('"<a> & b', "a is 1", "a is 2")), "42_made_up")
    (still,) = re.findall("<figure.*</figure>", pages.page(notebook(output()), {}, {}), re.DOTALL)
    filmed_notebook = notebook(output())
    moving.attach([film], filmed_notebook, pages.is_widget)
    (figure,) = re.findall(
        "<figure.*</figure>", pages.page(filmed_notebook, {}, {})
    )  # on one line: a blank one would end the HTML
    assert json.loads(html.unescape(re.search('data-film="([^"]*)"', figure)[1])) == film
    image = re.search("<img[^>]*>", still)[0]
    assert image in figure, "without a script there is no picture"
    assert '<span class="said">a is 1</span>' in figure
    assert "3 pictures" in html.unescape(figure)
    assert "(a)" in html.unescape(figure)
    assert "moving" not in still


# ---- the films that are stored


def unfilmed(notebook, films, folder):
    """What a reader of the book would miss: a widget without its film, or whose film is another's, or an old one."""
    shown = [each for cell in notebook.cells for each in cell.get("outputs", []) if pages.is_widget(each)]
    if len(shown) != len(films):
        yield f"{len(shown)} widgets, {len(films)} films"
    for number, (widget, film) in enumerate(zip(shown, films, strict=False), start=1):
        count = np.prod([len(knob["values"]) for knob in film["knobs"]])
        if count != len(film["said"]):
            yield f"film {number} has {len(film['said'])} frames for {count} places"
            continue
        start = np.ravel_multi_index(
            [knob["start"] for knob in film["knobs"]], [len(knob["values"]) for knob in film["knobs"]], order="F"
        )
        if pages.WIDGET.fullmatch(widget.data["text/plain"])["said"] != film["said"][start]:
            yield f"film {number} says {film['said'][start]!r} at the start"
        frames = list(frames_of(film, folder))
        if len(frames) != count:
            yield f"film {number} has {len(frames)} pictures for {count} places"
            continue
        stored = Image.open(io.BytesIO(base64.b64decode(widget.data["image/png"]))).convert("RGB")
        page = Image.new("RGB", (film["width"], film["height"]), "white")
        page.paste(stored)
        differences = [np.abs(np.subtract(frame, page, dtype=float)).mean() for frame in map(np.asarray, frames)]
        first = start - start % film["rows"]  # of its strip: another has other colours
        nearest = min(differences[first : first + film["rows"]])
        if differences[start] > ALIKE or differences[start] > nearest:
            yield f"film {number} does not begin with the stored picture: {differences[start]:.1f} away"


def frames_of(film, folder):
    """The frames of a film, one picture after the other."""
    for address in film["strips"]:
        strip = Image.open(folder / address.rpartition("/")[2]).convert("RGB")
        for top in range(0, strip.height, film["height"]):
            yield strip.crop((0, top, film["width"], top + film["height"]))


@pytest.mark.parametrize("entry", course.manifest(), ids=lambda entry: entry["notebook"])
def test_every_widget_has_its_film(entry):
    stored = course.chapter(entry).stored
    assert list(unfilmed(stored, moving.films(FILMS, entry["notebook"]), FILMS)) == []


def test_every_widget_of_the_course_is_filmed():
    """All that a chapter moves with `widgets.` is filmed, and there is no film of a chapter that is gone."""
    moved = {
        entry["notebook"].partition("_")[0]: number
        for entry in course.manifest()
        if (number := sum(source.count("widgets.") for source in course.chapter(entry).code))
    }
    names = [path.stem.partition("-")[0] for path in FILMS.glob("*.json")]
    assert {name: names.count(name) for name in names} == moved


def test_the_films_are_small():
    assert sum(path.stat().st_size for path in FILMS.iterdir()) <= 5_000_000


FAULTS = {
    "no film": lambda film, folder: [],
    "two films": lambda film, folder: [film, film],
    "another start": lambda film, folder: [film | {"knobs": [KNOBS[0] | {"start": 2}]}],
    "another text": lambda film, folder: [film | {"said": ["a is 0", "a is 7", "a is 2"]}],
    "a place too many": lambda film, folder: [film | {"knobs": [KNOBS[0] | {"values": list("0123")}]}],
    "a strip is lost": lambda film, folder: [film | {"strips": film["strips"][:1]}],
    "an old picture": lambda film, folder: [film | {"strips": film["strips"][::-1]}],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_film_that_does_not_fit_is_seen(tmp_path, name):
    (film,) = moving.films(filmed(tmp_path), "42_made_up")
    assert list(unfilmed(notebook(output()), [film], tmp_path)) == []
    assert list(unfilmed(notebook(output()), FAULTS[name](film, tmp_path), tmp_path)) != []
