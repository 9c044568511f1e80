"""The recipes say what they should, and what a run leaves is whole, right, and tells nobody's folders."""

import csv
import io
import json
import subprocess
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mutants import assert_killed, faults, faults_of
from PIL import Image
from torch.nn.utils import parametrizations

from gan_core import checkpoints, datasets, judges, metrics, recipes, results, training
from gan_core.course.figures import samples as pictures
from gan_core.experiments.recipes import Recipe
from gan_core.pieces.datasets import Examples
from gan_core.pieces.objectives import OBJECTIVES

# ---- recipes


def oracle_recipe(recipe):
    faces = recipe("dcgan", "faces", "full")
    assert (faces.size, faces.width, faces.batch, faces.examples, faces.steps) == (64, 64, 128, 50_000, 30_000)
    assert recipe("dcgan", "faces", "class").size == 32
    assert recipe("dcgan", "faces", "class").steps < 5_000
    night = recipe("dcgan", "faces", "night")
    assert (night.size, night.width, night.batch, night.examples, night.steps) == (64, 32, 64, 50_000, 10_000)
    assert recipe("sngan", "faces", "night").ema == 0.999
    assert recipe("dcgan", "cifar10", "full").size == 32
    assert recipe("dcgan", "folder", "full").size == 64
    assert recipe("gan", "ring", "class").batch == 256  # the data's word goes over that of the scale
    assert recipe("gan", "ring", "full").width == 128  # and what both say over that of the method
    assert recipe("gan", "faces", "full").width == 512
    assert recipe("wgan_gp", "ring", "class").ema is None  # points: not the moving average of the images
    assert recipe("wgan_gp", "faces", "class").ema == 0.995
    assert recipe("a new one", "faces", "class") == Recipe(size=32, examples=8_192, batch=64, steps=3_000)
    assert recipe("a new one", "faces", "night") == Recipe(size=64, examples=50_000, batch=64, steps=10_000)
    with pytest.raises(ValueError, match="class, night, full"):
        recipe("gan", "ring", "huge")


def test_recipe():
    oracle_recipe(recipes.recipe)


def layered(*layers):
    """`recipe` with other layers, in another order."""

    def recipe(method, data, scale):
        recipes.recipe(method, data, scale)
        found = {"scale": recipes.BY_SCALE, "data": recipes.BY_DATA[data], "method": recipes.BY_METHOD.get(method, {})}
        found["both"] = recipes.BY_BOTH.get((method, data), {})
        return Recipe(**{k: v for layer in layers for k, v in found[layer].get(scale, {}).items()})

    return recipe


RECIPE_MUTANTS = {
    "the scale last": layered("data", "method", "both", "scale"),
    "the method last": layered("scale", "data", "both", "method"),
    "forgets the data": layered("scale", "method", "both"),
    "forgets the method": layered("scale", "data", "both"),
    "scales swapped": lambda m, d, s: recipes.recipe(m, d, {"class": "full", "full": "class"}.get(s, s)),
    "a night is a class": lambda m, d, s: recipes.recipe(m, d, {"night": "class"}.get(s, s)),
    "any scale": lambda m, d, s: recipes.recipe(m, d, s if s in recipes.SCALES else "class"),
}


def test_the_right_order_of_layers_is_no_mutant():
    oracle_recipe(layered("scale", "data", "method", "both"))


def test_every_line_is_about_something_there_is():
    sets, methods = set(recipes.SOURCES), set(recipes.methods())
    assert set(recipes.BY_DATA) == sets
    assert set(recipes.BY_METHOD) <= methods
    assert all(method in methods and data in sets for method, data in recipes.BY_BOTH)
    scales = set(recipes.SCALES)
    assert scales == set(recipes.BY_SCALE)
    for lines in (*recipes.BY_DATA.values(), *recipes.BY_METHOD.values(), *recipes.BY_BOTH.values()):
        assert set(lines) <= scales


def test_settings_of_the_sources():
    """300 epochs in minibatches of 128; 50,000 steps of G; the papers' sizes and minibatches."""
    full = lambda method, data: recipes.recipe(method, data, "full")  # noqa: E731
    assert full("dcgan", "cifar10").steps == -(-300 * 50_000 // 128)
    assert full("dcgan", "stl10").steps == -(-300 * 100_000 // 128)
    assert full("projection", "people").steps == full("projection", "flowers").steps == 50_000
    for data, size in (("cifar10", 32), ("stl10", 48)):
        for method in ("sngan", "sngan_resnet"):
            assert (full(method, data).size, full(method, data).batch, full(method, data).ema) == (size, 64, None)


SHAPES = {  # of an example, where there is no size to choose; else the channels
    "ring": (2,), "grid": (2,), "digits": (1, 8, 8), "stacked_digits": (3, 8, 8), "faces": 3, "people": 3,
    "mnist": 1, "fashion_mnist": 1, "cifar10": 3, "stl10": 3, "flowers": 3, "folder": 3,
}  # fmt: skip
SIDES = {  # of images, that a method takes; where it takes points, those too
    **dict.fromkeys(("gan", "unrolled", "wgan", "wgan_gp", "r1gan", "sndcgan"), ("points", 8, 32, 64)),
    "dcgan": (8, 32, 64),
    "sngan": ("points", 32, 48, 64),
    "sngan_resnet": (32, 48, 64),
    "progressive": (8, 32, 64),
    "sagan": (8, 32, 64),
    **dict.fromkeys(("r3gan", "cgan", "acgan", "projection", "vae", "flow"), ("points", 8, 32, 64)),
}


@pytest.mark.parametrize("scale", recipes.SCALES)
def test_every_recipe_is_of_a_gan_that_can_be_built(scale, monkeypatch):
    """Each method, on all the data there are: networks of the width it says for the size it says, or a refusal."""
    monkeypatch.setattr(parametrizations._SpectralNorm, "_power_method", lambda *given: None)  # of shapes it is slow
    assert set(SHAPES) == set(recipes.SOURCES)
    assert set(SIDES) == set(recipes.methods())
    built = set()
    for name, source in product(SIDES, SHAPES):
        recipe = recipes.recipe(name, source, scale)
        size = SHAPES[source]
        assert (recipe.size is None) == isinstance(size, tuple)
        shape = size if recipe.size is None else (size, recipe.size, recipe.size)
        assert recipe.steps >= 500
        if (name, shape, recipe.width) in built:
            continue
        built.add((name, shape, recipe.width))
        with torch.device("meta"):  # shapes without numbers
            if (shape[-1] if len(shape) == 3 else "points") not in SIDES[name]:
                with pytest.raises(ValueError, match="square images"):
                    recipes.gan(name, shape, recipe, 3).generator()
                continue
            gan = recipes.gan(name, shape, recipe, 3)
            assert recipe.ema is None or gan.ema == recipe.ema
            y = () if gan.classes is None else (torch.zeros(2, dtype=torch.long),)
            x = gan.generator()(torch.zeros(2, gan.z), *y)
            assert x.shape == (2, *shape)
            if gan.discriminator is None:
                continue
            logits, *more = gan.discriminator()(x, *y) if gan.heads else (gan.discriminator()(x, *y),)
            assert logits.shape == (2, 1)
            assert len(more) == len(gan.heads)


def oracle_gan(gan):
    made = gan("dcgan", (1, 8, 8), Recipe(width=4, ema=0.5))
    assert made.ema == 0.5
    assert made.discriminator()[0].out_channels == 4
    own = gan("gan", [2], Recipe())
    assert own.ema is None
    assert own.objective is OBJECTIVES["non_saturating"]
    for name, objective in OBJECTIVES.items():
        assert gan("dcgan", (1, 8, 8), Recipe(width=4, objective=name)).objective is objective
    assert gan("sngan", (2,), Recipe()).objective is OBJECTIVES["hinge"]
    with pytest.raises(ValueError, match=r"unknown objective 'hinges'; known are saturating, minimax"):
        gan("gan", (2,), Recipe(objective="hinges"))
    assert own.generator()(torch.zeros(3, own.z)).shape == (3, 2)
    with pytest.raises(ValueError, match=r"did you mean dcgan\? There are: gan, dcgan"):
        gan("dcgam", (1, 8, 8), Recipe())


def test_gan():
    oracle_gan(recipes.gan)


GAN_MUTANTS = {
    "forgets the width": lambda name, shape, r: recipes.gan(name, shape, replace(r, width=None)),
    "forgets ema": lambda name, shape, r: recipes.gan(name, shape, replace(r, ema=None)),
    "always ema": lambda name, shape, r: recipes.gan(name, shape, replace(r, ema=r.ema or 0.5)),
    "forgets the objective": lambda name, shape, r: recipes.gan(name, shape, replace(r, objective=None)),
    "always an objective": lambda name, shape, r: recipes.gan(
        name, shape, replace(r, objective=r.objective or "hinge")
    ),
    "guesses the name": lambda name, shape, r: recipes.gan(name.replace("gam", "gan"), shape, r),
}


def test_a_method_gets_only_the_settings_it_takes(monkeypatch):
    def plain(shape):
        return recipes_gan(shape)

    recipes_gan = recipes.methods()["gan"]
    monkeypatch.setattr(recipes, "methods", lambda: {"plain": plain})
    assert recipes.gan("plain", (2,), Recipe(width=7, ema=0.9)).ema == 0.9


@pytest.mark.parametrize("name", ["ring", "grid", "digits", "stacked_digits"])
def test_data_that_need_no_settings(name):
    data, held_out = recipes.load(name)
    assert data.shape == held_out.shape
    assert len(held_out) % 2 == 0
    assert recipes.load(name)[1].x.equal(held_out.x)  # the same every time
    with pytest.raises(ValueError, match="leave out --size"):
        recipes.load(name, size=16)


def test_what_is_held_out_is_not_trained_on():
    for data, held_out in (recipes.load("digits"), recipes.load("faces", 16, 100)):
        assert not (data.x[:, None] == held_out.x[None, :200]).flatten(2).all(2).any()
    assert len(recipes.load("faces", 16, 100)[0]) == 100


def test_published_sets_keep_their_test_part_for_the_end(monkeypatch):
    asked = []

    def mnist(part="train", *, size=None):
        asked.append((part, size))
        return datasets.Images(torch.zeros(5_000, 1, 8, 8, dtype=torch.uint8))

    monkeypatch.setattr(datasets.files, "mnist", mnist)
    data, held_out = recipes.load("mnist", size=8)
    assert asked == [("train", 8), ("test", 8)]
    assert (len(data), len(held_out)) == (5_000, 2 * recipes.HELD_OUT)


def folder_of_pictures(path, n):
    path.mkdir()
    for i in range(n):
        Image.fromarray(np.full((16, 16, 3), i, np.uint8)).save(path / f"{i:03}.png")
    return path


@pytest.mark.parametrize(("n", "kept", "held"), [(40, 32, 8), (5, 5, None)])
def test_a_folder_spares_a_fifth_if_it_can(tmp_path, n, kept, held):
    data, held_out = recipes.load(f"folder:{folder_of_pictures(tmp_path / 'mine', n)}", size=16)
    assert (len(data), held_out and len(held_out)) == (kept, held)


@pytest.mark.parametrize(
    ("name", "said"),
    [("fases", "did you mean faces"), ("folder", "folder:PATH"), ("ring:there", "folder:PATH"), ("zebra", "There are")],
)
def test_data_of_an_unknown_name(name, said):
    with pytest.raises(ValueError, match=said):
        recipes.load(name)


# ---- what is written


def table(data):
    header, *rows = csv.reader(io.StringIO(data.decode()))
    return header, np.array(rows, float).reshape(-1, len(header))


def oracle_losses(losses):
    loss_d = np.arange(1_500.0)
    header, rows = table(losses({"loss_d": loss_d, "loss_g": -loss_d}))
    assert header == ["step", "loss_d", "loss_g"]
    assert len(rows) == 500
    assert rows[0].tolist() == [3, 1, -1]  # steps 1, 2 and 3: the mean of 0, 1 and 2
    assert rows[-1].tolist() == [1500, 1498, -1498]
    assert table(losses({"loss_d": loss_d[:2], "loss_g": loss_d[:2]}))[1].tolist() == [[1, 0, 0], [2, 1, 1]]
    assert len(table(losses({"loss_d": loss_d[:0], "loss_g": loss_d[:0]}))[1]) == 0


def test_losses():
    oracle_losses(results.losses)


def rewritten(change):
    """`losses` with its rows changed."""

    def losses(history):
        header, rows = table(results.losses(history))
        return "\n".join([",".join(header), *(",".join(map(str, row)) for row in change(rows, history))]).encode()

    return losses


LOSSES_MUTANTS = {
    "the first of each block": rewritten(lambda rows, h: [(s, h["loss_d"][max(int(s) - 3, 0)], g) for s, _, g in rows]),
    "counts from zero": rewritten(lambda rows, h: [(s - 1, d, g) for s, d, g in rows]),
    "columns swapped": rewritten(lambda rows, h: [(s, g, d) for s, d, g in rows]),
    "every step": rewritten(lambda rows, h: [(i + 1, *x) for i, x in enumerate(zip(*h.values(), strict=True))]),
    "the end is cut off": rewritten(lambda rows, h: rows[:-1]),
}


@pytest.mark.parametrize("name", LOSSES_MUTANTS)
def test_losses_mutants(name):
    oracle_losses(rewritten(lambda rows, h: rows))
    assert_killed(oracle_losses, LOSSES_MUTANTS[name])


def oracle_sheet(sheet):
    colours = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    made = sheet(colours[:, :, None, None].expand(3, 3, 8, 16), columns=2)
    g, h, w = pictures.GAP, 12 * 8, 12 * 16
    assert made.dtype == np.uint8
    assert made.shape == (2 * h + 3 * g, 2 * w + 3 * g, 3)
    cells = [made[t : t + h, left : left + w] for t in (g, 2 * g + h) for left in (g, 2 * g + w)]
    for cell, colour in zip(cells, [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)], strict=True):
        assert (cell == colour).all()
    assert (made[:g] == 255).all()
    grey = torch.linspace(-1, 1, 256).reshape(1, 1, 16, 16)  # each byte once, enlarged to 6 × 6 pixels
    assert (sheet(grey)[g:-g:6, g:-g:6] == np.arange(256).reshape(16, 16, 1)).all()
    assert sheet(torch.full((1, 1, 128, 128), 1.5)).shape == (128 + 2 * g, 128 + 2 * g, 3)


def test_sheet():
    oracle_sheet(pictures.sheet)


SHEET_MUTANTS = {
    "upside down": lambda x, columns=8: pictures.sheet(x, columns)[::-1],
    "blue first": lambda x, columns=8: pictures.sheet(x, columns)[..., ::-1],
    "darker": lambda x, columns=8: pictures.sheet(x * 0.99, columns),
    "truncates": lambda x, columns=8: pictures.sheet(x - 0.5 / 127.5, columns),
    "column by column": lambda x, columns=8: pictures.sheet(x.swapaxes(2, 3), columns).swapaxes(0, 1),
    "negative": lambda x, columns=8: pictures.sheet(-x, columns),
    "one column too many": lambda x, columns=8: pictures.sheet(x, columns + 1),
}


def oracle_cloud(cloud):
    points, real = np.random.default_rng(0).normal(size=(2, 5, 2))
    (ax,) = cloud(points, real).axes
    drawn = {line.get_label(): np.stack(line.get_data(), 1) for line in ax.lines}
    assert set(drawn) == {"data p", "model q"}
    assert np.array_equal(drawn["data p"], real)
    assert np.array_equal(drawn["model q"], points)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert [line.get_label() for line in cloud(points).axes[0].lines] == ["model q"]


def test_cloud():
    oracle_cloud(pictures.cloud)


CLOUD_MUTANTS = {
    "model and data swapped": lambda points, real=None: pictures.cloud(points if real is None else real, points),
    "the axes swapped": lambda points, real=None: pictures.cloud(points[:, ::-1], real),
    "without the data": lambda points, real=None: pictures.cloud(points),
}


def test_a_picture_is_a_png_of_exactly_the_sheet():
    x = datasets.digits().x[:10]
    assert np.array_equal(Image.open(io.BytesIO(results.picture(x))), pictures.sheet(x))
    points = Image.open(io.BytesIO(results.picture(datasets.ring().sample(9))))
    assert points.format == "PNG"


# ---- how good the samples are


class Sampler:
    """What `measured` asks of a run: data, and samples that are known."""

    gan = SimpleNamespace(classes=None)

    def __init__(self, data, x):
        self.data, self.x = data, x

    def samples(self, n, seed=0, y=None):
        assert n == len(self.x)
        return self.x


class FirstPixels:
    """A judge that looks at the first pixels, and calls a dark one 0 and a bright one 1."""

    name = "digits"

    def features(self, x):
        assert x.shape[1] == 1
        return x[:, 0, 0, :2]

    def decide(self, x):
        return {"digit": (x[:, 0, 0, 0] > 0).long()}


def oracle_measured(measured):
    ring, rng = datasets.ring(), torch.Generator().manual_seed(0)
    held_out = Examples(ring.sample(600, rng))
    moved = held_out.x[:300] + torch.tensor([3.0, 4.0])
    found = measured(Sampler(ring, moved), held_out)
    assert found["frechet_points"]["samples"] == pytest.approx(25, rel=1e-5)  # the same spread, 5 away
    floor = metrics.frechet_distance(held_out.x[300:], held_out.x[:300])
    assert found["frechet_points"]["real"] == pytest.approx(floor)
    assert found["frechet_points"]["n"] == 300
    assert found["near_a_mode"]["samples"] < 0.05
    assert found["near_a_mode"]["real"] == pytest.approx(0.989, abs=0.02)
    assert (found["modes_covered"]["real"], found["modes_covered"]["samples"]) == (8, 0)

    images = Examples(torch.rand(40, 3, 32, 32, generator=rng) * 2 - 1)
    found = measured(Sampler(images, images.x[:20]), images)  # the samples are the reference itself
    assert found["frechet_pixels"]["samples"] == pytest.approx(0, abs=1e-6)
    small = images.x.reshape(40, 3, 16, 2, 16, 2).mean((3, 5))
    assert found["frechet_pixels"]["real"] == pytest.approx(metrics.frechet_distance(small[20:], small[:20]), rel=1e-6)
    loud = 3 * images.x[20:]
    found, cut = (measured(Sampler(images, x), images) for x in (loud, loud.clamp(-1, 1)))
    assert found["frechet_pixels"]["samples"] == cut["frechet_pixels"]["samples"]

    stacks = Examples(torch.rand(60, 3, 8, 8, generator=rng) * 2 - 1)
    dark = -torch.ones(30, 3, 8, 8)
    found = measured(Sampler(stacks, dark), stacks, FirstPixels())
    assert set(found) == {"frechet_pixels", "frechet_judge", "digits_seen"}
    assert (found["digits_seen"]["samples"], found["digits_seen"]["real"]) == (1, 8)  # 000; of 2 × 2 × 2
    seen = stacks.x[:, :, 0, :2].flatten(1)
    assert found["frechet_judge"]["real"] == pytest.approx(metrics.frechet_distance(seen[30:], seen[:30]), rel=1e-6)
    assert measured(Sampler(ring, moved), None) == {}


def test_measured():
    oracle_measured(results.measured)


def of_images_as_they_come(run, held_out, judge=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "_as_stored", lambda x: x)
        return results.measured(run, held_out, judge)


def with_measures(change):
    return lambda run, held_out, judge=None: {
        name: change(dict(found)) for name, found in results.measured(run, held_out, judge).items()
    }


MEASURED_MUTANTS = {
    "samples and real swapped": with_measures(lambda m: {**m, "samples": m["real"], "real": m["samples"]}),
    "no square": with_measures(lambda m: {**m, "samples": m["samples"] ** 0.5}),
    "n counts both halves": with_measures(lambda m: {**m, "n": 2 * m["n"]}),
    "real against itself": lambda run, held_out, judge=None: results.measured(
        run, held_out and Examples(torch.cat([held_out.x[: len(held_out) // 2]] * 2)), judge
    ),
    "images as they come": of_images_as_they_come,
    "never a judge": lambda run, held_out, judge=None: results.measured(run, held_out),
    "channels as one": lambda run, held_out, judge=None: results.measured(
        Sampler(run.data, run.x[:, :1] if run.x.ndim == 4 else run.x),
        held_out and Examples(held_out.x[:, :1] if held_out.x.ndim == 4 else held_out.x),
        judge,
    ),
}


@pytest.mark.parametrize("name", [name for name, sides in SIDES.items() if 32 in sides])
def test_the_judge_takes_what_each_method_makes(name):
    people = datasets.people(4, 6, size=32)
    recipe = replace(recipes.recipe(name, "people", "class"), width=8)
    run = training.start(recipes.gan(name, people.shape, recipe, classes=4), people, batch=4, device="cpu")
    found = results.measured(training.train(run, 1), people, judges.faces())
    assert all(np.isfinite(values["samples"]) for values in found.values())
    assert "frechet_judge" in found


# ---- the film: how the images of a few z change


class Sketch:
    """What a film asks of a run: images that tell the step, and the z that they are of."""

    data = Examples(torch.zeros(1, 1, 4, 4))

    def __init__(self, step=0):
        self.step, self.asked = step, []

    def samples(self, n, seed=0):
        self.asked.append((n, seed))
        brightness = torch.rand(n, 1, 1, 1, generator=torch.Generator().manual_seed(seed)) + self.step / 5_000
        return brightness.expand(n, 1, 4, 4) - 1


def watched(film, until, since=0):
    run = Sketch()
    for run.step in range(since, until + 1):
        film.watch(run)
    return run


def oracle_film(film):
    """Rows at step 0 and at 125 · 2ᵏ, the last one as it is now; in each the same eight z, side by side."""
    made = film()
    run = watched(made, 1_100)
    turns = [0, 125, 250, 500, 1_000]
    assert made.steps(run) == [*turns, 1_100]
    expected = [pictures.sheet(Sketch(step).samples(8), columns=8) for step in (*turns, 1_100)]
    assert np.array_equal(made.picture(run), np.concatenate(expected))
    assert set(run.asked) == {(8, 0)}
    run.step = 600  # put back: what came later has not been
    assert made.steps(run) == [0, 125, 250, 500, 600]
    expected = [pictures.sheet(Sketch(step).samples(8), columns=8) for step in (0, 125, 250, 500, 600)]
    assert np.array_equal(made.picture(run), np.concatenate(expected))
    run.step = 500  # a row of its own already
    assert made.steps(run) == [0, 125, 250, 500]
    assert len(made.picture(run)) == 4 * len(expected[0])
    late = film()  # of a run that had none, gone on with
    run = watched(late, 700, since=300)
    assert late.steps(run) == [500, 700]


class EveryTurn(results.Film):
    """A row at each multiple of 125."""

    def watch(self, run):
        if run.step % results.FIRST == 0:
            self.rows[run.step] = results._row(run)


class PowersOfTwo(results.Film):
    def watch(self, run):
        if run.step.bit_count() <= 1:
            self.rows[run.step] = results._row(run)


class OtherNoise(results.Film):
    def watch(self, run):
        super().watch(run)
        if run.step in self.rows:
            self.rows[run.step] = pictures.sheet(run.samples(8, seed=run.step), columns=8)


class WithoutTheLast(results.Film):
    def picture(self, run):
        return np.concatenate(list(self._until(run).values()))


class SideBySide(results.Film):
    def picture(self, run):
        return np.concatenate(list((self._until(run) | {run.step: results._row(run)}).values()), axis=1)


class KeepsWhatWasTakenBack(results.Film):
    def _until(self, run):
        return self.rows


class AsItWas(results.Film):
    """The last row is the last that was kept, not as the run draws now."""

    def picture(self, run):
        rows = list(self._until(run).values())
        return np.concatenate([*rows, rows[-1]])


FILM_MUTANTS = [EveryTurn, PowersOfTwo, OtherNoise, WithoutTheLast, SideBySide, KeepsWhatWasTakenBack, AsItWas]


def test_film():
    oracle_film(results.Film)


@pytest.mark.parametrize("film", FILM_MUTANTS)
def test_film_mutants(film):
    assert_killed(oracle_film, film)


DIGITS = recipes.gan("gan", (1, 8, 8), Recipe(width=4))


def a_run(result=None):
    data = datasets.digits()
    if result is not None:
        return training.resume(result.checkpoint, DIGITS, data, device="cpu")
    return training.start(DIGITS, data, batch=8, device="cpu")


def filmed(run, steps, film):
    if not run.step:
        film.watch(run)
    return training.train(run, steps - run.step, watch=film.watch)


def record_of_digits():
    return {"method": "gan", "shape": [1, 8, 8], "recipe": {"width": 4}}


@pytest.fixture
def soon(monkeypatch):
    """Rows at step 0, 4, 8, 16 …"""
    monkeypatch.setattr(results, "FIRST", 4)


def stopped_and_gone_on(folder, read=results.Film.read, keep=results.Result.keep, broken=None):
    """The folder of a run that is kept at step 10, and goes on to step 20; `broken` within what is kept at step 17."""
    result = results.Result(folder)
    film = results.Film()
    run = filmed(a_run(), 10, film)
    keep(result, run, record_of_digits(), film=film)
    if broken is not None:
        filmed(run, 17, film)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(results, "write", broken)
            patch.setattr(checkpoints, "write", broken)
            with pytest.raises(Killed):
                keep(result, run, record_of_digits(), film=film)
    run = a_run(result)
    film = read(result.folder, run, result.record()["film"])
    keep(result, filmed(run, 20, film), record_of_digits(), film=film)
    return result


class Killed(BaseException):
    """What comes from outside, and is caught by nobody."""


def killed_at(count):
    """`write` that does its work `count` times, and then no more."""
    calls, plain = [], {"results": results.write, "checkpoints": checkpoints.write}

    def write(path, what):
        if len(calls) == count:
            raise Killed
        calls.append(path)
        plain["checkpoints" if str(path).endswith(".pt") else "results"](path, what)

    return write


def oracle_gone_on(folder, **how):
    """A film that was stopped and gone on with is, byte for byte, that of a run that never was."""
    whole, film = results.Result(folder / "whole"), results.Film()
    whole.keep(filmed(a_run(), 20, film), record_of_digits(), film=film)
    assert whole.record()["film"] == [0, 4, 8, 16, 20]
    result = stopped_and_gone_on(folder / "two", **how)
    for name in ("film.png", "record.json", "losses.csv", "samples.png"):
        assert (result.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_a_film_goes_on_as_if_it_had_never_stopped(soon, tmp_path):
    oracle_gone_on(tmp_path)


@pytest.mark.parametrize("count", range(5))
def test_a_film_goes_on_wherever_a_kill_came(soon, tmp_path, count):
    oracle_gone_on(tmp_path, broken=killed_at(count))


def begins_anew(folder, run, steps):
    return results.Film()


def keeps_all(folder, run, steps):
    """The last row, of no turn, stays."""
    pixels = np.asarray(Image.open(folder / "film.png"))
    return results.Film(zip(steps, np.split(pixels, len(steps)), strict=True))


def one_row_late(folder, run, steps):
    rows = results.Film.read(folder, run, steps).rows
    return results.Film(zip(rows, [*list(rows.values())[1:], results._row(run)], strict=True))


def by_the_record(folder, run, steps):
    """The steps are what the record says, whatever the film itself tells."""
    pixels = np.asarray(Image.open(folder / "film.png"))
    assert len(pixels) % len(steps) == 0, "not the rows that the record tells of"
    rows = zip(steps, np.split(pixels, len(steps)), strict=True)
    return results.Film((step, row) for step, row in rows if step in (0, 4, 8, 16))


def checkpoint_first(result, run, record, film):
    """`keep` in another order."""
    result.folder.mkdir(parents=True, exist_ok=True)
    run.save(result.checkpoint)
    run.save = lambda path: None
    results.Result.keep(result, run, record, film=film)
    del run.save


@faults(
    {
        "begins anew": {"read": begins_anew},
        "keeps the row of no turn": {"read": keeps_all},
        "rows of the next step": {"read": one_row_late},
        "the record's steps": {"read": by_the_record, "broken": killed_at(2)},
        "the checkpoint first": {"keep": checkpoint_first, "broken": killed_at(1)},
    }
)
def test_a_film_gone_on_with_mutants(soon, tmp_path, mutant):
    assert_killed(lambda how: oracle_gone_on(tmp_path, **how), mutant)


def test_a_film_that_does_not_tell_its_steps_goes_by_its_record(soon, tmp_path):
    film = results.Film()
    run = filmed(a_run(), 10, film)
    results.write(tmp_path / "film.png", results._png(film.picture(run)))
    found = results.Film.read(tmp_path, run, [0, 4, 8, 10])
    assert list(found.rows) == [0, 4, 8]
    assert all(np.array_equal(row, film.rows[step]) for step, row in found.rows.items())
    assert np.array_equal(found.picture(run), film.picture(run))
    for other in ([0, 4, 10], [0, 4, 8, 16, 20], [0, 10], []):
        with pytest.raises(ValueError, match=rf"film\.png has not {len(other)} rows of this run's images"):
            results.Film.read(tmp_path, run, other)


def test_a_film_of_another_run_is_refused(soon, tmp_path):
    film, run = results.Film(), a_run()
    film.watch(run)
    pixels = film.picture(run)
    for other in (pixels[:, :-1], pixels[:-1], np.concatenate([pixels, pixels]), pixels[..., 0]):
        results.write(tmp_path / "film.png", results._png(np.ascontiguousarray(other), steps="0"))
        with pytest.raises(ValueError, match=r"film\.png has not 1 rows of this run's images"):
            results.Film.read(tmp_path, run, [0])
    results.write(tmp_path / "film.png", b"not a picture")
    with pytest.raises(OSError, match=r"film\.png"):
        results.Film.read(tmp_path, run, [0])
    (tmp_path / "film.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"film\.png"):
        results.Film.read(tmp_path, run, [0])


# ---- the folder


@pytest.fixture
def run():
    return training.start(recipes.gan("gan", (2,), Recipe(width=8)), datasets.ring(), batch=8, device="cpu")


def record_of(run):
    return {"method": "gan", "shape": [2], "recipe": {"width": 8}, "steps": run.step}


def test_the_sampler_draws_what_the_run_draws(run, tmp_path):
    result = results.Result(tmp_path / "mine")
    assert not result.taken()
    training.train(run, 3)
    result.keep(run, record_of(run))
    assert result.taken()
    assert result.sampler().samples(9, seed=4).equal(run.samples(9, seed=4))
    assert result.sampler().step == 3
    with pytest.raises(ValueError, match="cannot be trained"):
        training.train(result.sampler(), 1)


def test_the_sampler_draws_from_the_moving_average(tmp_path):
    data = datasets.ring()
    run = training.start(recipes.gan("gan", (2,), Recipe(width=8, ema=0.9)), data, batch=8, device="cpu")
    training.train(run, 3)
    result = results.Result(tmp_path)
    result.keep(run, {**record_of(run), "recipe": {"width": 8, "ema": 0.9}})
    assert result.sampler().samples(9).equal(run.samples(9))
    assert result.sampler().generator_ema is not None


@pytest.mark.parametrize("change", [{"recipe": {"width": 16}}, {"shape": [3]}, {"recipe": {"width": 8, "depth": 1}}])
def test_a_record_of_another_run_is_refused(run, tmp_path, change):
    result = results.Result(tmp_path)
    result.keep(run, {**record_of(run), **change})
    with pytest.raises(ValueError, match=r"belong together|damaged"):
        result.sampler()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"recipe": 3}', "\x00"])
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / "record.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="damaged"):
        results.Result(tmp_path).record()


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run"):
        results.Result(tmp_path).record()


def oracle_write(write, tmp_path):
    path = tmp_path / "file"
    write(path, b"old")
    before = path.stat().st_ino
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_ino != before  # another file took the name: nobody sees half of one
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    with pytest.raises(TypeError):
        write(path, "text")  # breaks while it writes
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_write(tmp_path):
    oracle_write(results.write, tmp_path)


def leaves_its_part(path, data):
    path.with_suffix(".part").write_bytes(b"")
    results.write(path, data)


WRITE_MUTANTS = {"in place": lambda path, data: path.write_bytes(data), "leaves its part": leaves_its_part}


@pytest.mark.parametrize("name", WRITE_MUTANTS)
def test_write_mutants(name, tmp_path):
    assert_killed(lambda write: oracle_write(write, tmp_path), WRITE_MUTANTS[name])


def test_provenance_says_what_the_numbers_depend_on(run):
    said = results.provenance(run)
    assert said["versions"]["torch"] == torch.__version__
    assert said["threads"] == torch.get_num_threads()
    assert said["device"].startswith("cpu: ")
    assert (said["bf16"], said["channels_last"]) == (False, False)
    assert json.loads(json.dumps(said)) == said


def test_the_commit_is_that_of_the_course_and_of_no_other_repository(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    try:
        git("init", "-q")
    except FileNotFoundError:
        pytest.skip("there is no git here")
    (tmp_path / "gan_core").mkdir()
    (tmp_path / "gan_core" / "a.py").write_text("1")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    clean = results._commit()
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "notes.txt").write_text("of the user")
    assert results._commit() == clean
    (tmp_path / "gan_core" / "a.py").write_text("2")
    assert results._commit() == {**clean, "dirty": True}
    monkeypatch.setattr(results, "ROOT", tmp_path / "gan_core")  # installed within another's repository
    assert results._commit() == {}
    monkeypatch.setattr(results.subprocess, "run", no_git)
    assert results._commit() == {}


def no_git(words, **more):
    raise FileNotFoundError("git")


@faults_of(
    {
        oracle_recipe: RECIPE_MUTANTS,
        oracle_gan: GAN_MUTANTS,
        oracle_sheet: SHEET_MUTANTS,
        oracle_cloud: CLOUD_MUTANTS,
        oracle_measured: MEASURED_MUTANTS,
    }
)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
