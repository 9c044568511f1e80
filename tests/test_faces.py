"""Faces are what their factors say: independent, the same at every size, each factor seen where it belongs."""

import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from mutants import assert_killed
from scipy.stats import chisquare, kstest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_core import datasets
from gan_core.pieces.datasets import FACE_FACTORS
from gan_core.pieces.datasets.faces import drawing, shapes


def ends(name):
    """The two values of a factor that are furthest apart: on a wheel, half a turn."""
    factor = FACE_FACTORS[name]
    return {"background": (0.1, 0.6)}.get(
        name, (0, factor.classes - 1) if factor.classes else (factor.low, factor.high)
    )


def difference(a, b):
    """The largest difference of a pixel's three values: (n, height, width)."""
    return (a.pixels.int() - b.pixels.int()).abs().amax(1)


def edited(**edits):
    """`faces` whose factors are changed before they are drawn, as a drawing with a fault would show them."""

    def mutant(n, size=32, seed=0):
        data = datasets.faces(n, size, seed)
        factors = {name: change(data.factors) for name, change in edits.items()}
        return datasets.draw_faces({**data.factors, **factors}, size)

    return mutant


# ---- the factors


def oracle_factors(faces):
    """Uniform, within their ranges and independent, by tests that a true sample fails once in 10⁶."""
    n = 6000
    factors = faces(n, size=16).factors
    assert factors.keys() == FACE_FACTORS.keys()
    for name, factor in FACE_FACTORS.items():
        values = factors[name].numpy()
        assert values.shape == (n,)
        if factor.classes:
            assert values.dtype == np.int64
            assert values.min() >= 0
            assert chisquare(np.bincount(values, minlength=factor.classes)).pvalue > 1e-6
        else:
            assert values.dtype == np.float32
            assert kstest(values, "uniform", (factor.low, factor.high - factor.low)).pvalue > 1e-6
    columns = [values.double() for values in factors.values()]
    columns += [(column - column.mean()).abs() for column in columns if len(column.unique()) > 2]  # and not by size
    correlation = np.corrcoef(torch.stack(columns)) - np.eye(len(columns))
    own = [
        (i, len(FACE_FACTORS) + k)
        for k, i in enumerate(i for i, c in enumerate(columns[: len(FACE_FACTORS)]) if len(c.unique()) > 2)
    ]
    for i, j in own:
        correlation[i, j] = correlation[j, i] = 0  # a factor and its own size may well go together
    assert np.abs(correlation).max() < 5.5 / np.sqrt(n)


def test_factors():
    oracle_factors(datasets.faces)


@pytest.mark.parametrize(
    "mutant",
    [
        edited(glasses=lambda f: torch.where(torch.arange(6000) % 8 == 0, f["smile"], f["glasses"])),
        edited(skin=lambda f: f["skin"] ** 1.2),
        edited(hair_colour=lambda f: f["hair_colour"].clamp(max=3)),
        edited(yaw=lambda f: (f["yaw"] + 1) / 2),
        edited(cy=lambda f: torch.where(f["cx"].abs() > 0.5, f["cy"] * 0.5, f["cy"])),
    ],
    ids=["a few smiles decide on glasses", "more light skin", "one colour never", "half a range", "cx widens cy"],
)
def test_factors_mutants(mutant):
    assert_killed(oracle_factors, mutant)


def oracle_seed(faces):
    """More faces begin with the same ones, at every size; another seed gives others."""
    few, many = faces(5, size=16, seed=4), faces(700, size=32, seed=4)
    assert all(torch.equal(few.factors[name], many.factors[name][:5]) for name in FACE_FACTORS)
    assert torch.equal(faces(5, size=32, seed=4).pixels, many.pixels[:5])
    assert not torch.equal(faces(5, size=32, seed=5).pixels, many.pixels[:5])


def test_seed():
    oracle_seed(datasets.faces)
    before = torch.get_rng_state()
    datasets.faces(3, size=16)
    assert torch.equal(before, torch.get_rng_state()), "torch's own generator is left alone"


@pytest.mark.parametrize(
    "mutant",
    [
        lambda n, size, seed: datasets.faces(n, size, seed=0),
        lambda n, size, seed: datasets.faces(n, size, seed=seed + size),
        lambda n, size, seed: datasets.faces(700, size, seed)[700 - n :],
        edited(yaw=lambda f: f["yaw"].flip(0)),
    ],
    ids=["seed forgotten", "others at another size", "the last ones", "a column filled from its end"],
)
def test_seed_mutants(mutant):
    assert_killed(oracle_seed, mutant)


def test_the_table_of_factors_is_complete():
    table = datasets.faces.__doc__
    assert all(f"`{name}`" in table for name in FACE_FACTORS)
    for name, factor in FACE_FACTORS.items():
        row = next(line for line in table.splitlines() if line.strip().startswith("|") and f"`{name}`" in line)
        assert row.rstrip(" |").endswith("person" if factor.personal else "image")
        assert factor.kind == ("range" if not factor.classes else "binary" if factor.classes == 2 else "class")


# ---- people


def oracle_people(people):
    data = people(7, images=40, size=16, seed=2)
    assert data.y.tolist() == [person for person in range(7) for _ in range(40)]
    assert data.y.dtype == torch.int64
    single = datasets.faces(280, size=16, seed=2)
    for name, factor in FACE_FACTORS.items():
        values = data.factors[name].reshape(7, 40)
        if factor.personal:
            assert torch.equal(values, single.factors[name][:7, None].expand(7, 40))
        else:
            assert all(len(row.unique()) >= min(factor.classes or 40, 40) for row in values)
    assert torch.equal(data.pixels, datasets.draw_faces(data.factors, 16).pixels)
    once = people(280, images=1, size=16, seed=2)
    assert torch.equal(once.pixels, single.pixels)


def relabelled(label, factors=lambda data: data.factors):
    def mutant(identities, images, size, seed):
        data = datasets.people(identities, images, size, seed)
        return datasets.Images(datasets.draw_faces(factors(data), size).pixels, label(data, identities), factors(data))

    return mutant


def same(data, _):
    return data.y


def test_people():
    oracle_people(datasets.people)
    oracle_people(relabelled(same))


@pytest.mark.parametrize(
    "mutant",
    [
        relabelled(lambda data, identities: torch.arange(len(data)) % identities),
        relabelled(same, lambda data: {**data.factors, "skin": datasets.faces(len(data), 16, seed=2).factors["skin"]}),
        relabelled(same, lambda data: {**data.factors, "smile": data.y % 2}),
        lambda identities, images, size, seed: datasets.people(identities, images, size),
    ],
    ids=["labels by image", "skin varies", "a smile for each person", "seed forgotten"],
)
def test_people_mutants(mutant):
    assert_killed(oracle_people, mutant)


def test_a_whole_class_of_people():
    data = datasets.people(176, images=82, size=16)
    assert len(data) == 14_432
    assert torch.equal(torch.bincount(data.y), torch.full((176,), 82))


# ---- what is drawn

# Where a factor may be seen, in shares of the picture: left, right, top, bottom. The others may change anything.
PLACE = {
    "smile": (0.22, 0.78, 0.54, 0.82),
    "mouth": (0.22, 0.78, 0.54, 0.82),
    "glasses": (0.18, 0.82, 0.34, 0.64),
    "brows": (0.2, 0.8, 0.28, 0.45),
    "eye_colour": (0.2, 0.8, 0.34, 0.6),
    "eye_size": (0.2, 0.8, 0.34, 0.6),
    "blush": (0.2, 0.8, 0.48, 0.7),
    "shirt": (0.1, 0.9, 0.8, 1.0),
}


def oracle_drawing(draw):
    """Each factor, from one end to the other, changes every face clearly at 32 pixels, and only where it belongs."""
    data = datasets.faces(300, size=32, seed=7)
    for name in FACE_FACTORS:
        both = [draw({**data.factors, name: torch.full((300,), end)}, 32) for end in ends(name)]
        change = difference(*both)
        seen = change.flatten(1).topk(6).values[:, -1]  # six pixels changed by at least this much
        assert (seen >= 8).float().mean() > 0.95, f"{name} is hard to see"
        if name in PLACE:
            left, right, top, bottom = (round(32 * edge) for edge in PLACE[name])
            change[:, top:bottom, left:right] = 0
            assert not change.any(), f"{name} changes what it should not"
    centre = (slice(None), slice(12, 20), slice(14, 18))
    assert not difference(*(draw({**data.factors, "background": torch.full((300,), e)}, 32) for e in (0.1, 0.6)))[
        centre
    ].any()
    hues = [draw({**data.factors, "background": torch.full((300,), e)}, 32) for e in (0.0, 1.0)]
    assert difference(*hues).max() <= 1, "the wheel closes"


def with_fault(**edits):
    def mutant(factors, size):
        return datasets.draw_faces({**factors, **{name: change(factors) for name, change in edits.items()}}, size)

    return mutant


def test_drawing():
    oracle_drawing(datasets.draw_faces)


@pytest.mark.parametrize(
    "mutant",
    [
        with_fault(glasses=lambda f: f["smile"]),
        with_fault(blush=lambda f: f["blush"] * 0.1),
        with_fault(brows=lambda f: torch.where(f["glasses"] == 1, 1.0, f["brows"])),
        with_fault(shirt=lambda f: (f["shirt"] + f["smile"]) % 5),
        with_fault(skin=lambda f: f["background"]),
        with_fault(background=lambda f: 0.8 * f["background"]),
    ],
    ids=[
        "glasses ignored", "a faint blush", "brows hidden by glasses", "a smile changes clothes",
        "the wall lights the skin", "a wheel with a gap",
    ],
)  # fmt: skip
def test_drawing_mutants(mutant):
    assert_killed(oracle_drawing, mutant)


def oracle_sizes(faces):
    """The small picture is the average over blocks of the large one, to what the edge of a shape leaves out."""
    for small, large in ((16, 32), (32, 64), (64, 128), (20, 100)):
        a, b = (faces(64, size=size).pixels.float() for size in (small, large))
        step = large // small
        gap = (torch.nn.functional.avg_pool2d(b, step) - a).abs().mean()
        assert gap < 60 / small  # of 255 levels
        assert gap < 0.5 * (b[..., step // 2 :: step, step // 2 :: step] - a).abs().mean(), "it averages, not skips"


def test_sizes():
    oracle_sizes(datasets.faces)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda n, size: datasets.faces(n, size, seed=size),
        lambda n, size: datasets.Images(datasets.faces(n, size).pixels.roll(size // 64, 3)),
        lambda n, size: datasets.Images(datasets.faces(n, size=128).pixels[:, :, :: 128 // size, :: 128 // size])
        if 128 % size == 0
        else datasets.faces(n, size),
        lambda n, size: datasets.Images(datasets.faces(n, size).pixels.flip([3] if size == 16 else [])),
    ],
    ids=["others at another size", "a pixel off where it is large", "every other pixel", "a mirror"],
)  # fmt: skip
def test_sizes_mutants(mutant):
    assert_killed(oracle_sizes, mutant)


def oracle_smile_and_glasses_are_read(faces):
    """A linear reader of 32 × 32 pixels tells both apart in faces that it has not seen."""
    data = faces(2500, size=32, seed=11)
    eyes_and_mouth = data.pixels[:, :, 8:28, 6:26].flatten(1).numpy() / 255
    for name in ("smile", "glasses"):
        y = data.factors[name].numpy()
        reader = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=200))
        reader.fit(eyes_and_mouth[:2000], y[:2000])
        assert reader.score(eyes_and_mouth[2000:], y[2000:]) > 0.95, name


def test_smile_and_glasses_are_read():
    oracle_smile_and_glasses_are_read(datasets.faces)


def mislabelled(n, size, seed):
    data = datasets.faces(n, size, seed)
    wrong = torch.rand(n, generator=torch.Generator().manual_seed(0)) < 0.08
    return datasets.Images(data.pixels, None, {**data.factors, "smile": data.factors["smile"] ^ wrong})


def test_smile_and_glasses_mutant():
    assert_killed(oracle_smile_and_glasses_are_read, mislabelled)


# ---- how it is drawn


def oracle_oval(oval):
    """Coverage adds up to the area, π rx ry, wherever the centre falls, at every size."""
    for size, near in ((16, 0.015), (33, 0.01), (64, 0.01), (128, 0.01)):
        window = shapes.Canvas(8, size).window()
        cx = torch.linspace(-0.1, 0.1, 8)
        coverage = oval(window, cx, -0.3 * cx, 0.5, 0.6)
        assert coverage.shape == (size, size, 8)
        assert coverage.min() >= 0
        assert coverage.max() <= 1
        area = coverage.sum((0, 1)) * (2 / size) ** 2
        torch.testing.assert_close(area, torch.full((8,), np.pi * 0.3), rtol=near, atol=0)
        centre = (coverage * window.x).sum((0, 1)) / coverage.sum((0, 1))
        torch.testing.assert_close(centre, cx, rtol=0, atol=0.02 / size)
        assert ((coverage > 0) & (coverage < 1)).float().mean() < 10 / size, "an edge one pixel wide"
        half = oval(window, cx, 0 * cx, 0.5, 0.3, 0.6)  # 0.3 up, 0.6 down, and then sides 0.2 long
        area = half.sum((0, 1)) * (2 / size) ** 2
        torch.testing.assert_close(area, torch.full((8,), np.pi * 0.5 * (0.3 + 0.6) / 2), rtol=near, atol=0)
        longer = oval(window, cx, 0 * cx, 0.5, 0.3, 0.6, straight=0.2).sum((0, 1)) * (2 / size) ** 2
        torch.testing.assert_close(longer - area, torch.full((8,), 0.2), rtol=0.05, atol=0)  # 2 rx · 0.2
        pointed = oval(window, cx, 0 * cx - 0.5, 0.4, 0.2, taper=torch.linspace(0.1, 0.9, 8))
        below = window.y[:, 0, 0] > -0.3 + window.pixel
        assert not pointed[below].any(), "nothing outside, however far below"
        assert (pointed.sum((0, 1)).diff() < 0).all(), "the more taper, the smaller"


def test_oval():
    oracle_oval(shapes.Window.oval)


def hard_oval(window, *args, **kwargs):
    return shapes.Window.oval(window, *args, **kwargs).round()


def endless_taper(window, cx, cy, rx, up, down=None, taper=None, **kwargs):
    """Half-widths that go on shrinking below the shape: at zero they make an edge there."""
    if taper is not None:
        rx = rx * (1 - taper * ((window.y - cy) / up).clamp(min=0) ** 2)
    return shapes.Window.oval(window, cx, cy, rx, up, down, **kwargs)


@pytest.mark.parametrize(
    "mutant",
    [
        hard_oval,
        endless_taper,
        lambda *args, **kwargs: 0.9 * shapes.Window.oval(*args, **kwargs),
        lambda w, cx, cy, rx, up, down=None, **k: shapes.Window.oval(w, cx, cy, rx, up, **k),
        lambda w, cx, cy, rx, up, down=None, straight=0.0, **k: shapes.Window.oval(w, cx, cy, rx, up, down, **k),
        lambda w, cx, cy, rx, *a, **k: shapes.Window.oval(w, cx + w.pixel / 2, cy, rx, *a, **k),
        lambda w, cx, cy, rx, *a, **k: shapes.Window.oval(w, cx, cy, rx + w.pixel / 2, *a, **k),
    ],
    ids=[
        "no anti-aliasing",
        "endless taper",
        "never covers",
        "down ignored",
        "straight ignored",
        "half a pixel off",
        "too wide",
    ],
)
def test_oval_mutants(mutant):
    assert_killed(oracle_oval, mutant)


def oracle_lens(lens):
    """Area 4/3 rx (lower − upper), also when it is a line thinner than a pixel."""
    for size in (16, 64, 128):
        window = shapes.Canvas(8, size).window()
        cy = torch.linspace(-1, 1, 8) / size  # all places within a pixel
        for upper, lower in ((-0.3, 0.2), (0.2, 0.3), (-0.02, 0.01)):
            area = lens(window, 0 * cy, cy, 0.5 + 0 * cy, upper, lower).sum((0, 1)).mean() * (2 / size) ** 2
            assert float(area) == pytest.approx(4 / 3 * 0.5 * (lower - upper), rel=0.015)


def test_lens():
    oracle_lens(shapes.Window.lens)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda w, cx, cy, rx, upper, lower: shapes.Window.lens(w, cx, cy, rx, upper, lower).round(),
        lambda w, cx, cy, rx, upper, lower: shapes.Window.lens(w, cx, cy, rx, -lower, -lower + (lower - upper) * 1.1),
        lambda w, cx, cy, rx, upper, lower: shapes.Window.lens(w, cx, cy, rx, upper - w.pixel / 4, lower + w.pixel / 4),
        lambda w, cx, cy, rx, upper, lower: torch.minimum(
            w.below(cy + upper * (1 - ((w.x - cx) / rx) ** 2), 0 * (w.x - cx)),
            1 - w.below(cy + lower * (1 - ((w.x - cx) / rx) ** 2), 0 * (w.x - cx)),
        ),
    ],
    ids=["no anti-aliasing", "a tenth thicker", "half a pixel thicker", "the lesser of two edges"],
)
def test_lens_mutants(mutant):
    assert_killed(oracle_lens, mutant)


def oracle_windows(window):
    """A part drawn in its window is the part drawn on the whole canvas: nothing is cut off, whatever the face."""
    corners = datasets.faces(400, size=32, seed=3).factors
    whole = torch.randint(2, (len(FACE_FACTORS), 400), generator=torch.Generator().manual_seed(0))
    for which, name in enumerate(FACE_FACTORS):
        low, high = ends(name)
        corners[name][:300] = torch.where(whole[which, :300] == 1, high, low).to(corners[name].dtype)
    for size in (16, 30, 64):
        ours = drawing.draw_pixels(corners, size)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shapes.Canvas, "window", window)
            assert torch.equal(ours, drawing.draw_pixels(corners, size))


WINDOW = shapes.Canvas.window


def test_windows():
    oracle_windows(lambda canvas, *edges: WINDOW(canvas))


@pytest.mark.parametrize(
    "mutant",
    [
        lambda canvas, *edges: WINDOW(canvas, *(edge * 0.8 for edge in edges)),
        lambda canvas, *edges: WINDOW(canvas, *((edges[0] + 0.2, *edges[1:]) if edges else ())),
    ],
    ids=["nearer to the middle", "the left edge cut off"],
)
def test_windows_mutants(mutant):
    assert_killed(oracle_windows, mutant)


def test_neither_threads_nor_chunks_nor_the_default_dtype_change_a_pixel(monkeypatch):
    threads, expected = torch.get_num_threads(), datasets.faces(101, size=32)
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            assert torch.equal(datasets.faces(101, size=32).pixels, expected.pixels)
    finally:
        torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)
    again = datasets.faces(101, size=32)
    assert torch.equal(again.pixels, expected.pixels)
    assert all(torch.equal(again.factors[name], expected.factors[name]) for name in FACE_FACTORS)
    for together in (51, 37, 10):
        monkeypatch.setattr(drawing, "_AT_ONCE", together * 32**2)
        assert torch.equal(datasets.faces(101, size=32).pixels, expected.pixels)


def test_the_processor_does_not_change_a_pixel():
    """Vector instructions or none: each operation is rounded once. A processor may choose, a picture may not."""
    code = "import zlib; from gan_core import datasets; print(zlib.crc32(datasets.faces(100, 30).pixels.numpy()))"
    plain = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ATEN_CPU_CAPABILITY": "default"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(plain.stdout) == zlib.crc32(datasets.faces(100, 30).pixels.numpy())


# ---- bad input

FACTORS = datasets.faces(3, size=16).factors


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: datasets.faces(0), ValueError, "n must be at least 1; given 0"),
        (lambda: datasets.faces(2.5), TypeError, "n must be a whole number; given 2.5"),
        (lambda: datasets.faces(2, seed=-1), ValueError, "seed must be at least 0; given -1"),
        (lambda: datasets.faces(2, size=33), ValueError, "even, from 16 to 128; given 33"),
        (lambda: datasets.faces(2, size=14), ValueError, "size must be at least 16; given 14"),
        (lambda: datasets.faces(2, size=130), ValueError, "from 16 to 128; given 130"),
        (lambda: datasets.faces(2, size=(32, 32)), TypeError, "size must be a whole number"),
        (lambda: datasets.people(0, 5), ValueError, "identities must be at least 1; given 0"),
        (lambda: datasets.people(5, 0), ValueError, "images must be at least 1; given 0"),
        (lambda: datasets.people(2, 2, size=17), ValueError, "given 17"),
        (lambda: datasets.draw_faces(datasets.faces(3, size=16)), TypeError, r"given Images \(try data.factors\)"),
        (lambda: datasets.draw_faces({**FACTORS, "beard": FACTORS["smile"]}), ValueError, r"unknown: \['beard'\]"),
        (lambda: datasets.draw_faces({"smile": FACTORS["smile"]}), ValueError, r"missing: \['glasses', "),
        (
            lambda: datasets.draw_faces({**FACTORS, "smile": [1, 0]}),
            ValueError,
            "one value for each face; .*'smile': 2",
        ),
        (lambda: datasets.draw_faces({**FACTORS, "smile": 1}), ValueError, r"smile must be \(N,\).*given shape \(\)"),
        (lambda: datasets.draw_faces({**FACTORS, "smile": [0, 1, 2]}), ValueError, "from 0 to 1, .*'smiling'.*given 2"),
        (lambda: datasets.draw_faces({**FACTORS, "smile": [0, 0.5, 1]}), ValueError, "a whole number .*given 0.5"),
        (lambda: datasets.draw_faces({**FACTORS, "hair_colour": [0, -1, 1]}), ValueError, "from 0 to 4.*given -1"),
        (
            lambda: datasets.draw_faces({**FACTORS, "yaw": [0, 1.5, 1]}),
            ValueError,
            "yaw must be from -1 to 1; given 1.5",
        ),
        (lambda: datasets.draw_faces({**FACTORS, "skin": [0, float("nan"), 1]}), ValueError, "skin .*given nan"),
    ],
)
def test_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


def test_lists_and_floats_are_taken():
    given = {name: values.double().tolist() for name, values in FACTORS.items()}
    assert torch.equal(datasets.draw_faces(given, 16).pixels, datasets.faces(3, size=16).pixels)
