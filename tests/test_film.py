"""Films: what a widget shows at the places it can be moved to, drawn beforehand, and stored for the book."""

import base64
import io
import json
import math
import sys

import course
import matplotlib.pyplot as plt
import numpy as np
import pytest
from mutants import assert_killed, mutated
from PIL import Image

from gan_core.course.widgets import explore, film, plan_explorer, playing, step_through
from gan_core.course.widgets.film import Knob

sys.path.insert(0, str(course.ROOT / "tools"))
import films as storage


def frames_of(made):
    """What a film says, frame by frame."""
    return [frame["said"] for frame in made["frames"]]


def oracle_film(film):
    made = film([Knob("a", [1.0, 2.5], 1), Knob("b", ["x", "y", "z"], menu=True)], lambda a, b: (b"png", f"{a:g}{b}"))
    assert frames_of(made) == ["1x", "2.5x", "1y", "2.5y", "1z", "2.5z"], "the first knob's values are the fastest"
    assert base64.b64decode(made["frames"][0]["png"]) == b"png"
    assert made["knobs"] == [
        {"name": "a", "values": ["1", "2.5"], "start": 1, "menu": False, "plays": False},
        {"name": "b", "values": ["x", "y", "z"], "start": 0, "menu": True, "plays": False},
    ]
    json.dumps(made)


def test_film():
    oracle_film(film.film)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("for knob in reversed(knobs))", "for knob in knobs)"),
        ("frame(*reversed(values))", "frame(*values)"),
        ("base64.b64encode(png).decode()", "png"),
        ("values=[_told(value) for value in knob.values]", "values=knob.values"),
    ],
    ids=["the last is fastest", "values exchanged", "no JSON", "numbers as they are"],
)
def test_film_mutants(old, new):
    assert_killed(oracle_film, mutated(film, (old, new))["film"])


def oracle_thinned(thinned):
    slider, menu = Knob("a", list(range(101)), 30), Knob("m", list("xyz"), menu=True)
    few, same = thinned([slider, menu])
    assert same == menu, "an entry of a menu is lost"
    assert few.values[few.start :][:1] == [30], "the start is lost"
    assert (few.values[0], few.values[-1]) == (0, 100), "an end is lost"
    assert set(np.diff(few.values[1:-1])) == {4}, "uneven steps"
    assert math.prod(len(knob.values) for knob in (few, same)) <= film.FRAMES
    assert thinned([Knob("a", list(range(40))), Knob("b", ["x", "y"], menu=True)])[0].values == list(range(40))
    many = [Knob("m", list(range(54)), menu=True), Knob("a", list(range(100)), 9), Knob("b", [1, 2, 3], 1)]
    kept = [len(knob.values) for knob in thinned(many)]
    assert kept[0] == 54
    assert film.PLACES <= kept[1] <= film.PLACES + 3, "menus alone make more than fit: a slider keeps its few places"
    assert kept[2] == 3


def test_thinned():
    oracle_thinned(film.thinned)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(i - knob.start) % step == 0", "i % step == 0"),
        (" or i in (0, n - 1)", ""),
        (", start=kept.index(knob.start)", ""),
        ("knob if knob.menu else _thinned", "_thinned"),
        ("len(kept) >= min(PLACES, n)", "kept"),
        (" <= FRAMES", " <= 0"),
    ],
    ids=["counted from the end", "ends lost", "another start", "menus too", "too few places", "fewer than asked"],
)
def test_thinned_mutants(old, new):
    assert_killed(oracle_thinned, mutated(film, (old, new))["thinned"])


# ---- the widgets' films


def draw(shift, kind="line"):
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, 1], [0, shift], ls="-" if kind == "line" else ":")
    return fig, f"{kind} to {shift:g}"


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setenv(film.ASKED, "yes")


def taken(seen):
    return seen.payload[film.MIME]


def test_nobody_asks(seen, monkeypatch):
    monkeypatch.delenv(film.ASKED, raising=False)
    explore(draw, shift=(0, 4, 1, 2))
    assert film.MIME not in seen.payload


def test_the_film_of_sliders_and_menus(seen, asked):
    explore(draw, shift=(-0.3, 0.3, 0.1, 0.2), kind=["line", "dots"])
    made = taken(seen)
    shift, kind = made["knobs"]
    assert (shift["name"], shift["values"], shift["start"]) == (
        "shift", ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"], 5,
    )  # fmt: skip
    assert (kind["values"], kind["menu"]) == (["line", "dots"], True)
    assert frames_of(made)[:7] == [f"line to {value}" for value in shift["values"]]
    assert made["frames"][5]["png"] == seen.payload["image/png"], "at the start it is the picture that is shown"
    assert made["frames"][5]["said"] == seen.text
    assert made["frames"][12]["said"] == "dots to 0.2"
    assert plt.get_fignums() == []


def test_the_film_of_buttons(seen, asked):
    step_through(draw, 0, up=lambda s: s + 1, two_down=lambda s: s - 2)
    made = taken(seen)
    (clicks,) = made["knobs"]
    assert clicks["values"][:2] + clicks["values"][20:22] + clicks["values"][-1:] == [
        "none", "1: up", "20: up", "21: two down", "40: two down",
    ]  # fmt: skip
    assert clicks["plays"]
    expected = [*range(21), *range(18, -21, -2)]
    assert frames_of(made) == [f"line to {value}" for value in expected]
    assert made["frames"][0]["png"] == seen.payload["image/png"]


def test_the_film_of_shovels(seen, asked):
    plan_explorer([1, 1, 0, 2], [0, 2, 1, 1])
    made = taken(seen)
    said = frames_of(made)
    assert [knob["values"] for knob in made["knobs"]] == [["0", "1", "2", "3", "4"], ["a best plan", "the worst plan"]]
    assert said[0] == seen.text
    assert made["frames"][0]["png"] == seen.payload["image/png"]
    done = [line.partition(";")[0] for line in (said[4], said[9])]
    assert done == ["cost 2/4 = 0.5", "cost 8/4 = 2"]  # by hand: 1→2, 2→2, 4→3, 4→4; and 1→4, 2→3, 4→2, 4→2
    assert all(line.endswith("a plan: it takes all of p and brings all of q") for line in (said[4], said[9]))


def test_the_film_of_a_training(monkeypatch):
    monkeypatch.setattr(playing, "FILM", range(0, 5, 2))
    made = playing.shot()
    step, tries = made["knobs"]
    assert (step["values"], step["plays"], len(tries["values"])) == (["0", "2", "4"], True, 4)
    said = frames_of(made)
    assert [line.partition(";")[0] for line in said] == ["step 0", "step 2", "step 4"] * 4
    first = playing.draw(playing.begun("a ring of eight"))
    assert (base64.b64decode(made["frames"][0]["png"]), said[0]) == first
    still = playing.moved(playing.begun("a ring of eight"), playing.Knobs(lr_d=0.0), playing.at(4))
    assert said[5] == playing.draw(still)[1]


# ---- what is stored


def png(colour, size):
    stored = io.BytesIO()
    Image.new("RGB", size, colour).save(stored, "PNG")
    return base64.b64encode(stored.getvalue()).decode()


def test_storing(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ROWS", 2)
    colours = ["#ff0000", "#00ff00", "#0000ff"]
    sizes = [(40, 30), (44, 28), (40, 30)]
    frames = [{"png": png(*each), "said": f"ε = {n}"} for n, each in enumerate(zip(colours, sizes, strict=True))]
    made = {"knobs": [Knob("ε", ["0", "1", "2"])._asdict()], "frames": frames}
    for name in ("03-1.json", "03-1-7.webp", "13-1.json", "03b-1.json"):
        (tmp_path / name).write_text("old")
    storage.store([made, made], tmp_path, "03")
    names = {f"03-{n}{end}" for n in (1, 2) for end in (".json", "-0.webp", "-1.webp")}
    assert {path.name for path in tmp_path.iterdir()} == names | {"13-1.json", "03b-1.json"}
    told = json.loads((tmp_path / "03-2.json").read_text(encoding="utf-8"))
    assert told["said"] == ["ε = 0", "ε = 1", "ε = 2"]
    assert (told["width"], told["height"], told["rows"]) == (44, 30, 2)
    assert told["knobs"] == made["knobs"]
    first, second = (Image.open(tmp_path / f"03-2-{n}.webp").convert("RGB") for n in (0, 1))
    assert (first.size, second.size) == ((44, 60), (44, 30))
    at = {(5, 5): first, (5, 35): first, (42, 5): first, (5, 59): first}
    seen = [image.getpixel(place) for place, image in at.items()] + [second.getpixel((5, 5))]
    wanted = [(255, 0, 0), (0, 255, 0), (255, 255, 255), (255, 255, 255), (0, 0, 255)]
    assert np.abs(np.array(seen) - wanted).max() < 12  # a photograph is not exact


def oracle_colours(smallest):
    """A few blue and orange marks on many shades of green stay what they are."""
    shades = np.linspace([247, 252, 245], [110, 190, 115], 240).round().astype(np.uint8)
    picture = np.broadcast_to(shades[:, None], (240, 320, 3)).copy()
    marks = {(40, 60): (0, 114, 178), (200, 250): (213, 94, 0)}
    for (row, column), colour in marks.items():
        picture[row : row + 8, column : column + 8] = colour
    stored = np.asarray(Image.open(io.BytesIO(smallest(Image.fromarray(picture)))).convert("RGB"), dtype=int)
    for (row, column), colour in marks.items():
        assert np.abs(stored[row + 4, column + 4] - colour).max() < 25, colour
    assert np.abs(stored - picture).mean() < 3


def test_colours_stay():
    oracle_colours(storage._smallest)


def test_with_few_colours_they_do_not(monkeypatch):
    monkeypatch.setattr(storage, "RARE", 1)
    assert_killed(oracle_colours, storage._smallest)
