"""The command line as people use it: what it says, what it leaves, and that nothing is lost when it is stopped."""

import errno
import json
import os
import re
import select
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed
from PIL import Image

from gan_core import algorithm, checkpoints, cli, methods, recipes, results, training
from gan_core.__main__ import main
from gan_core.course.figures import samples as pictures
from gan_core.training import loop

RING = ["train", "gan", "--data", "ring"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def without_pictures(monkeypatch):
    """Where a test is not about them, and saves often."""
    monkeypatch.setattr(results, "picture", lambda samples, real=None: b"")


def record_of(name):
    with open(f"results/{name}/record.json", encoding="utf-8") as file:
        return json.load(file)


def one_line(capsys, *words):
    """The only line on stderr, which says all of `words` and is no traceback."""
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in said.err
    for word in words:
        assert word in lines[0]
    return lines[0]


def same(one, other):
    """Whether two checkpoints agree in every bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.equal(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image)


def saved(name):
    return checkpoints.read(f"results/{name}/checkpoint.pt")


# ---- what it says


def test_help_names_the_commands_and_loads_no_torch():
    code = "import sys; from gan_core import cli\ntry: cli.main(['--help'])\nfinally: print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *said, torch_is_loaded = run.stdout.split()
    assert {"methods", "train", "sample", "study", "judges", "class", "check"} <= set(said)
    assert torch_is_loaded == "False"


def test_the_help_of_train_names_all_data(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in recipes.SOURCES)
    assert "--resume" in said


def oracle_methods(command, capsys):
    command(None)
    header, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    rows, parts = rows[::2], rows[1::2]
    assert header.split() == ["method", "paper", "makes", "what", "it", "is"]
    cells = {row[0]: row[1:] for row in (re.split(r"\s{2,}", row) for row in rows)}
    assert list(cells) == list(recipes.methods())
    assert list(cells)[:2] == ["gan", "dcgan"]  # in the order they stand in, from the first one on
    assert cells["gan"][:2] == ["Goodfellow et al. 2014", "points, images"]
    assert cells["dcgan"][:2] == ["Radford et al. 2016", "images"]
    assert cells["dcgan"][2].startswith("convolutions with strides")
    assert cells["wgan"][:2] == ["Arjovsky et al. 2017", "points, images"]
    assert cells["wgan_gp"][:2] == ["Gulrajani et al. 2017", "points, images"]
    assert cells["sngan"][:2] == ["Miyato et al. 2018", "points, images"]
    assert cells["sngan_resnet"][:2] == ["Miyato et al. 2018", "images"]
    for name, method in recipes.methods().items():
        assert cells[name][2] == method.about
    made_of = {name: line.strip().split("; ") for name, line in zip(cells, parts, strict=True)}
    assert all(line.startswith(" ") for line in parts)
    assert made_of["gan"] == made_of["dcgan"] == ["non_saturating"]
    assert made_of["wgan"] == ["wasserstein", "clipped(c=0.01)", "n_dis 5"]
    assert made_of["acgan"] == ["hinge", "D also: classification", "labels"]
    assert made_of["vae"][1] == "reconstruction + kl"
    assert "Growth(levels=3 hold=600 fade=600)" in made_of["progressive"]
    assert "average of G 0.999" in made_of["progressive"]
    assert [part for part in made_of["r3gan"] if part.startswith("GradientPenalty")]


def test_methods(capsys):
    oracle_methods(cli.methods, capsys)


def printing(change, parts=cli._parts):
    """The table with something in it changed."""

    def command(asked):
        found = recipes.methods().items()
        rows = {name: change(method.paper, cli._makes(method), method.about) for name, method in found}
        print("method  paper  makes  what it is")
        for name, row in rows.items():
            print(name, *row, sep="  ")
            print(" ", parts(recipes.methods()[name]))

    return command


METHODS_MUTANTS = {
    "no paper": printing(lambda paper, makes, what: ("-", makes, what)),
    "all make points": printing(lambda paper, makes, what: (paper, "points, images", what)),
    "title and all": printing(lambda paper, makes, what: (paper, makes, f"It is {what}")),
    "without what it is": printing(lambda paper, makes, what: (paper, makes, "a method")),
    "parts of another": printing(lambda *row: row, parts=lambda method: cli._parts(methods.gan)),
    "nothing but the loss": printing(lambda *row: row, parts=lambda method: cli._parts(method).partition(";")[0]),
}


@pytest.mark.parametrize("name", METHODS_MUTANTS)
def test_methods_mutants(name, capsys):
    oracle_methods(printing(lambda *row: row), capsys)
    assert_killed(partial(oracle_methods, capsys=capsys), METHODS_MUTANTS[name])


def brand_new(shape):
    """What its docstring says, in which year ever, is not asked: Nobody et al. 1999."""
    return methods.dcgan(shape)


def test_a_new_method_appears_by_itself_when_it_is_described(monkeypatch, capsys):
    monkeypatch.setattr(methods, "helper", brand_new, raising=False)
    described = methods.described("Huang et al. 2024", "pairs of real and fake")(partial(brand_new))
    monkeypatch.setattr(methods, "brand_new", described, raising=False)
    assert main(["methods"]) == 0
    said = capsys.readouterr().out
    row = next(row for row in said.splitlines() if row.startswith("brand_new"))
    assert re.split(r"\s{2,}", row) == ["brand_new", "Huang et al. 2024", "images", "pairs of real and fake"]
    assert "helper" not in said
    assert main(["train", "helper", "--data", "digits"]) == 2
    one_line(capsys, "no method 'helper'")
    assert main(["train", "brand_new", "--data", "digits", "--steps", "1"]) == 0


def test_judges_are_trained_by_the_command(monkeypatch):
    from gan_core import judges

    asked = []
    monkeypatch.setattr(judges, "train_all", lambda: asked.append("all"))
    assert main(["judges"]) == 0
    assert asked == ["all"]


# ---- what it does not take


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "dcgam", "--data", "faces"], ["no method 'dcgam'", "did you mean dcgan?", "gan, dcgan"]),
        (["train", "adam", "--data", "ring"], ["no method 'adam'"]),  # a function there, but not one of its own
        (["train", "gan", "--data", "rings"], ["no dataset 'rings'", "did you mean ring?", "faces"]),
        (["train", "gan", "--data", "folder"], ["folder:PATH"]),
        (["train", "gan", "--data", "folder:not/here"], ["not/here"]),
        (["train", "gan", "--data", "digits", "--size", "16"], ["--size"]),
        (["train", "described", "--data", "ring"], ["no method 'described'"]),  # nor one that is no method
        (["train", "dcgan", "--data", "ring"], ["square images", "(2,)"]),
        (["train", "sngan", "--data", "digits"], ["square images", "(1, 8, 8)"]),
        ([*RING, "--objective", "hinges"], ["unknown objective 'hinges'", "saturating, minimax", "hinge"]),
        (["train", "dcgan", "--data", "faces", "--size", "48"], ["64", "(3, 48, 48)"]),
        (["train", "gan", "--data", "faces", "--size", "1"], ["size"]),
        ([*RING, "--hold", "7"], ["gan do not grow", "--hold"]),
        (["train", "gan", "--data", "digits", "--batch", "5000"], ["batch must be at most", "5000"]),
        (
            ["train", "progressive", "--data", "digits", "--hold", "2", "--fade", "1", "--steps", "3"],
            ["grow for 3 steps", "--steps 4"],
        ),
        ([*RING, "--device", "abacus"], ["abacus", "this machine has"]),
        ([*RING, "--name", "a/b"], ["plain"]),
        ([*RING, "--name", ".."], ["plain"]),
        ([*RING, "--resume"], ["nothing", "gan-ring-class-seed0", "--resume"]),
        (["sample", "nobody"], ["no run", "nobody"]),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_and_leaves_nothing(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.BY_DATA, "faces", {"class": {"size": 32, "examples": 64}})
    monkeypatch.setattr(recipes, "HELD_OUT", 8)
    assert main(words) == 2
    one_line(capsys, *said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["trian"],
        ["train"],
        ["train", "gan"],
        [*RING, "--steps", "0"],
        [*RING, "--steps", "1.5"],
        [*RING, "--seed", "-1"],
        [*RING, "--scale", "huge"],
        ["sample", "x", "-n", "0"],
    ],
    ids=" ".join,
)
def test_wrong_words_are_answered_with_the_right_ones(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: python -m gan_core" in capsys.readouterr().err


def test_a_set_that_cannot_be_fetched_is_said_in_one_line(monkeypatch, capsys):
    def mnist(*part, size):
        raise ConnectionError("no network.\nPut it there by hand")

    monkeypatch.setattr("gan_core.pieces.datasets.files.mnist", mnist)
    assert main(["train", "gan", "--data", "mnist"]) == 1
    one_line(capsys, "no network. Put it there by hand")


# ---- what it leaves


def test_a_run_leaves_a_record_losses_a_checkpoint_and_a_sheet(capsys, tmp_path):
    assert main([*RING, "--steps", "30", "--seed", "7"]) == 0
    name = "gan-ring-class-seed7"
    folder = tmp_path / "results" / name
    assert sorted(file.name for file in folder.iterdir()) == [
        "checkpoint.pt",
        "losses.csv",
        "record.json",
        "samples.png",
    ]
    record = record_of(name)
    assert record["command"] == "python -m gan_core train gan --data ring --scale class --seed 7 --steps 30"
    assert record["status"] == "finished"
    assert (record["method"], record["data"], record["scale"], record["seed"]) == ("gan", "ring", "class", 7)
    assert recipes.Recipe(**record["recipe"]) == recipes.Recipe(width=128, batch=256, steps=30)
    assert (record["shape"], record["steps"], record["plain"]) == ([2], 30, False)
    assert record["seconds"] > 0
    assert record["samples_per_second"] > 0
    assert record["versions"]["torch"] == torch.__version__
    assert set(record["measures"]) == {"frechet_points", "modes_covered", "near_a_mode"}
    assert record["measures"]["modes_covered"]["real"] == 8
    assert len((folder / "losses.csv").read_text().splitlines()) == 31
    assert picture(folder / "samples.png").shape > (300, 300)
    assert saved(name)["step"] == 30
    said = capsys.readouterr()
    assert "frechet_points" in said.out
    assert "gan on ring, scale class, seed 7" in said.err
    for text in (folder / "record.json").read_text(), (folder / "losses.csv").read_text():
        assert str(tmp_path) not in text  # nobody's folders
        assert os.path.expanduser("~") + os.sep not in text


def test_the_recorded_command_does_it_again(without_pictures):
    assert main([*RING, "--steps", "5", "--plain", "--name", "one"]) == 0
    words = record_of("one")["command"].split()
    assert words[:3] == ["python", "-m", "gan_core"]
    assert main([*words[3:], "--results", "elsewhere"]) == 0
    assert same(saved("one"), checkpoints.read("elsewhere/one/checkpoint.pt"))


def test_images_are_judged_and_shown_eight_in_a_row(monkeypatch):
    assert main(["train", "dcgan", "--data", "digits", "--steps", "2"]) == 0
    record = record_of("dcgan-digits-class-seed0")
    assert record["recipe"]["ema"] == 0.995
    assert set(record["measures"]) == {"frechet_pixels", "frechet_judge", "digits_seen"}
    assert record["measures"]["digits_seen"]["real"] == 10
    assert picture("results/dcgan-digits-class-seed0/samples.png").shape == (8 * 100 + 4, 8 * 100 + 4, 3)


def test_images_leave_a_film_too(tmp_path):
    assert main(["train", "gan", "--data", "digits", "--steps", "2", "--name", "d"]) == 0
    files = ["checkpoint.pt", "film.png", "losses.csv", "record.json", "samples.png"]
    assert sorted(file.name for file in (tmp_path / "results" / "d").iterdir()) == files
    assert record_of("d")["film"] == [0, 2]
    film = picture("results/d/film.png")
    assert film.shape == (2 * 104, 8 * 100 + 4, 3)
    assert np.array_equal(
        film[104:], picture("results/d/samples.png")[:104]
    )  # the same z as on the sheet, as it is now
    data, _ = recipes.load("digits")
    gan = recipes.gan("gan", data.shape, recipes.Recipe(**record_of("d")["recipe"]))
    first = training.start(gan, data, batch=64).samples(8)
    assert np.array_equal(film[:104], pictures.sheet(first))


def test_a_folder_of_pictures_is_named_nowhere(tmp_path):
    mine = tmp_path / "my secret holiday"
    mine.mkdir()
    for i in range(30):
        Image.fromarray(np.full((16, 16, 3), 8 * i, np.uint8)).save(mine / f"{i}.png")
    words = ["train", "gan", "--data", f"folder:{mine}", "--size", "8", "--steps", "2"]
    assert main(words) == 0
    text = (tmp_path / "results" / "gan-folder-class-seed0" / "record.json").read_text()
    assert "secret" not in text
    record = json.loads(text)
    assert record["command"].split()[5:7] == ["--data", "folder:PATH"]
    assert record["recipe"]["batch"] == 24  # all there are, besides the six held out
    assert main([*words[:-1], "4", "--resume"]) == 0
    assert record_of("gan-folder-class-seed0")["steps"] == 4


def test_a_result_is_never_written_over(without_pictures, capsys, tmp_path):
    assert main([*RING, "--steps", "3"]) == 0
    folder = tmp_path / "results" / "gan-ring-class-seed0"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert main([*RING, "--steps", "3"]) == 2
    one_line(capsys, "gan-ring-class-seed0", "--resume", "--name")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    (tmp_path / "results" / "taken").mkdir()
    (tmp_path / "results" / "taken" / "notes.txt").write_text("mine")
    assert main([*RING, "--name", "taken"]) == 2


# ---- stopped, and going on


def interrupted_at(step, monkeypatch, times=1, within=loop.iteration, there=loop):
    """From here on, Ctrl-C is pressed when an iteration has made `step` steps."""

    def pressed(run):
        made = within(run)
        if run.step == step:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
        return made

    monkeypatch.setattr(there, within.__name__, pressed)


def oracle_resume(go_on, monkeypatch, capsys):
    assert main([*RING, "--steps", "20", "--name", "at once"]) == 0
    with monkeypatch.context() as patch:
        interrupted_at(7, patch)
        assert main([*RING, "--steps", "20", "--name", "in two"]) == 130
    said = capsys.readouterr().err
    assert "stopped at step 7" in said
    assert said.rstrip().endswith("python -m gan_core train gan --data ring --steps 20 --name 'in two' --resume")
    assert (record_of("in two")["status"], record_of("in two")["steps"]) == ("stopped", 7)
    assert go_on([*RING, "--name", "in two", "--resume"]) == 0  # the number of steps is known
    assert (record_of("in two")["status"], record_of("in two")["steps"]) == ("finished", 20)
    assert same(saved("in two"), saved("at once"))
    assert record_of("in two")["measures"] == record_of("at once")["measures"]
    with open("results/in two/losses.csv") as one, open("results/at once/losses.csv") as other:
        assert one.read() == other.read()


def test_resume(without_pictures, monkeypatch, capsys):
    oracle_resume(main, monkeypatch, capsys)


DIGITS = ["train", "gan", "--data", "digits"]


@pytest.fixture
def soon(monkeypatch):
    """A film with rows at step 0, 4, 8, 16 …"""
    monkeypatch.setattr(results, "FIRST", 4)


def oracle_film(go_on, monkeypatch):
    """The film of a run that was stopped and gone on with is, byte for byte, that of one that never was."""
    assert main([*DIGITS, "--steps", "19", "--name", "at once"]) == 0
    with monkeypatch.context() as patch:
        interrupted_at(10, patch)
        assert main([*DIGITS, "--steps", "19", "--name", "in two"]) == 130
    assert record_of("in two")["film"] == [0, 4, 8, 10]
    assert go_on([*DIGITS, "--name", "in two", "--resume"]) == 0
    assert record_of("in two")["film"] == record_of("at once")["film"] == [0, 4, 8, 16, 19]
    with open("results/in two/film.png", "rb") as one, open("results/at once/film.png", "rb") as other:
        assert one.read() == other.read()


def test_a_film_goes_on_as_if_it_had_never_stopped(soon, monkeypatch):
    oracle_film(main, monkeypatch)


def without_a_film(words):
    """Go on with a record as it was before there were films."""
    record = record_of("in two")
    del record["film"]
    os.unlink("results/in two/film.png")
    results.write(results.Result("results/in two").folder / "record.json", json.dumps(record).encode())
    return main(words)


def test_a_record_without_a_film_is_gone_on_with(soon, monkeypatch):
    assert_killed(partial(oracle_film, monkeypatch=monkeypatch), without_a_film)
    assert record_of("in two")["status"] == "finished"
    assert record_of("in two")["film"] == [16, 19]  # those that were still to come
    assert len(picture("results/in two/film.png")) == 2 * 104
    assert same(saved("in two"), saved("at once"))


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda path: path.write_bytes((path.parent / "samples.png").read_bytes()), 2, ["film.png has not 2 rows"]),
        (lambda path: path.unlink(), 2, ["film.png"]),
        (lambda path: path.write_bytes(b"half of it"), 1, ["film.png"]),
    ],
)
def test_a_film_that_is_not_its_own_is_refused_and_nothing_is_lost(spoil, code, said, capsys, tmp_path):
    assert main([*DIGITS, "--steps", "2", "--name", "d"]) == 0
    folder = tmp_path / "results" / "d"
    spoil(folder / "film.png")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    capsys.readouterr()
    assert main([*DIGITS, "--steps", "4", "--name", "d", "--resume"]) == code
    one_line(capsys, *said)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


# ---- another pair of losses


def oracle_objective(command, monkeypatch):
    """`--objective` is what the run is trained with, what it is called by, and what it goes on with."""
    with monkeypatch.context() as patch:
        interrupted_at(3, patch)
        assert command([*RING, "--objective", "hinge", "--steps", "6"]) == 130
    name = "gan-hinge-ring-class-seed0"
    record = record_of(name)
    assert record["recipe"]["objective"] == "hinge"
    assert record["command"].split()[7:] == ["--scale", "class", "--seed", "0", "--objective", "hinge", "--steps", "6"]
    assert saved(name)["belongs_to"]["objective"] == "hinge"
    assert command([*RING, "--objective", "hinge", "--resume"]) == 0
    assert (saved(name)["step"], saved(name)["belongs_to"]["objective"]) == (6, "hinge")
    assert command([*RING, "--name", name, "--resume", "--steps", "7"]) == 0  # it is known, as the steps are
    assert record_of(name)["recipe"]["objective"] == "hinge"
    assert saved(name)["belongs_to"]["objective"] == "hinge"
    data, _ = recipes.load("ring")
    gan = recipes.gan("gan", (2,), recipes.Recipe(width=128, objective="hinge"))
    alone = training.fit(gan, data, steps=7, batch=256)
    assert torch.equal(saved(name)["losses"], alone.losses[:7])


def test_objective(without_pictures, monkeypatch):
    oracle_objective(main, monkeypatch)


def quietly(change):
    """The command line with its words changed, under the name that is looked for."""
    return lambda words: main(
        [*change(words), *(["--name", "gan-hinge-ring-class-seed0"] if "--name" not in words else [])]
    )


def left_out(words):
    return [word for word in words if word not in ("--objective", "hinge")]


OBJECTIVE_MUTANTS = {
    "not used": quietly(left_out),
    "another one": quietly(lambda words: ["least_squares" if word == "hinge" else word for word in words]),
}


@pytest.mark.parametrize("name", OBJECTIVE_MUTANTS)
def test_objective_mutants(name, without_pictures, monkeypatch):
    assert_killed(partial(oracle_objective, monkeypatch=monkeypatch), OBJECTIVE_MUTANTS[name])


def oracle_sizes(command, monkeypatch):
    """`--width` and `--batch` are what is trained, and what a run that was stopped goes on with."""
    words = [*RING, "--width", "5", "--batch", "12", "--steps", "6", "--name", "small"]
    with monkeypatch.context() as patch:
        interrupted_at(3, patch)
        assert command(words) == 130
    assert (record_of("small")["recipe"]["width"], record_of("small")["recipe"]["batch"]) == (5, 12)
    assert command([*RING, "--name", "small", "--resume", "--width", "6"]) == 2
    assert command([*RING, "--name", "small", "--resume", "--batch", "8"]) == 2
    assert command([*RING, "--name", "small", "--resume"]) == 0
    gan = recipes.gan("gan", (2,), recipes.Recipe(width=5))
    alone = training.fit(gan, recipes.load("ring")[0], steps=6, batch=12)
    assert torch.equal(saved("small")["losses"], alone.losses[:6])


def test_sizes(without_pictures, monkeypatch):
    oracle_sizes(main, monkeypatch)


def without_option(name):
    def command(words):
        place = words.index(name) if name in words else len(words)
        return main(words[:place] + words[place + 2 :])

    return command


@pytest.mark.parametrize("name", ["--width", "--batch"])
def test_sizes_mutants(name, without_pictures, monkeypatch):
    assert_killed(partial(oracle_sizes, monkeypatch=monkeypatch), without_option(name))


def test_losses_told_real_examples_too(without_pictures):
    assert main([*RING, "--objective", "minimax", "--steps", "5"]) == 0
    losses = saved("gan-minimax-ring-class-seed0")["losses"]
    assert losses.isfinite().all()
    assert (losses[:, 1] < 0).all()  # V is negative, and −log D would not be


def test_an_objective_goes_with_each_method(without_pictures):
    for method in ("wgan", "sngan"):
        assert main(["train", method, "--data", "ring", "--objective", "non_saturating", "--steps", "1"]) == 0
        assert saved(f"{method}-non_saturating-ring-class-seed0")["belongs_to"]["objective"] == "non_saturating"


def test_a_run_of_before_there_were_objectives_is_gone_on_with(without_pictures, capsys):
    assert main([*RING, "--steps", "3", "--name", "old"]) == 0
    record = record_of("old")
    del record["recipe"]["objective"]
    results.write(results.Result("results/old").folder / "record.json", json.dumps(record).encode())
    assert main([*RING, "--steps", "4", "--name", "old", "--resume", "--objective", "hinge"]) == 2
    one_line(capsys, "begun otherwise", "objective None there", "hinge given")
    assert main([*RING, "--steps", "4", "--name", "old", "--resume"]) == 0
    assert (record_of("old")["steps"], record_of("old")["recipe"]["objective"]) == (4, None)


def begins_again(words):
    from pathlib import Path

    for file in Path("results/in two").iterdir():
        file.unlink()
    return main([*(word for word in words if word != "--resume"), "--steps", "13"])


RESUME_MUTANTS = {
    "begins again": begins_again,
    "so many steps more": lambda words: main([*words, "--steps", "33"]),
    "another stream": lambda words: (
        checkpoints.write("results/in two/checkpoint.pt", {**saved("in two"), "rng": saved("at once")["rng"]}),
        main(words),
    )[-1],
}


@pytest.mark.parametrize("name", RESUME_MUTANTS)
def test_resume_mutants(name, without_pictures, monkeypatch, capsys):
    assert_killed(partial(oracle_resume, monkeypatch=monkeypatch, capsys=capsys), RESUME_MUTANTS[name])


def test_a_run_that_is_done_can_be_given_more_steps(without_pictures, capsys):
    assert main([*RING, "--steps", "10", "--name", "a"]) == 0
    assert main([*RING, "--steps", "20", "--name", "b"]) == 0
    assert main([*RING, "--steps", "20", "--name", "a", "--resume"]) == 0
    assert same(saved("a"), saved("b"))
    assert main([*RING, "--name", "a", "--resume"]) == 0  # nothing to do is no mistake
    assert same(saved("a"), saved("b"))
    capsys.readouterr()
    assert main([*RING, "--steps", "5", "--name", "a", "--resume"]) == 2
    one_line(capsys, "20 steps already")


def test_a_second_ctrl_c_stops_within_a_step_and_loses_what_was_not_saved(without_pictures, monkeypatch, capsys):
    monkeypatch.setattr(loop, "CHECK_EVERY", 10)
    monkeypatch.setattr(cli, "SAVE_EVERY", -1)  # at every look for NaN
    assert main([*RING, "--steps", "24", "--name", "at once"]) == 0
    with monkeypatch.context() as patch:
        interrupted_at(23, patch, times=2, within=algorithm.discriminator_step, there=algorithm)
        assert main([*RING, "--steps", "24", "--name", "in two"]) == 130
    assert "stopped within a step" in capsys.readouterr().err
    assert (record_of("in two")["steps"], saved("in two")["step"]) == (20, 20)
    assert main([*RING, "--name", "in two", "--resume"]) == 0
    assert same(saved("in two"), saved("at once"))


def test_ctrl_c_while_it_measures_loses_nothing(without_pictures, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(results, "measured", lambda *given: signal.raise_signal(signal.SIGINT))
        assert main([*RING, "--steps", "5"]) == 130
    assert "stopped at step 5" in capsys.readouterr().err
    assert main([*RING, "--resume"]) == 0
    assert record_of("gan-ring-class-seed0")["measures"]


def test_ctrl_c_while_it_saves_waits_for_the_end_of_it(without_pictures, monkeypatch):
    keep = results.Result.keep

    def pressed(self, *given):
        signal.raise_signal(signal.SIGINT)
        keep(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(results.Result, "keep", pressed)
        assert main([*RING, "--steps", "5"]) == 130
    assert saved("gan-ring-class-seed0")["step"] == 0
    assert main([*RING, "--resume"]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of this kind is not on Windows")
def test_a_terminal_shows_progress_and_ctrl_c_in_it_loses_nothing(without_pictures):
    import pty
    import termios

    def read_from(terminal):
        assert select.select([terminal], [], [], 60)[0], f"a minute of silence after {said!r}"
        return os.read(terminal, 10_000).decode(errors="replace")

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    command = [sys.executable, "-m", "gan_core", *RING, "--steps", "1_000_000"]
    child = subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    said = ""
    try:
        while "samples/s" not in said:
            said += read_from(ours)
        child.send_signal(signal.SIGINT)
        while "--resume" not in said.partition("stopped")[2]:
            said += read_from(ours)
        assert child.wait(60) == 130
    finally:
        child.kill()
        child.wait()
        os.close(ours)
    assert "L_D" in said
    made = saved("gan-ring-class-seed0")["step"]
    assert made > 0
    assert f"stopped at step {made:,}" in said
    assert "--resume" in said
    assert main([*RING, "--steps", str(made + 20), "--resume"]) == 0
    assert main([*RING, "--steps", str(made + 20), "--name", "at once"]) == 0
    assert same(saved("gan-ring-class-seed0"), saved("at once"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "gan", "--data", "grid"], ["data", "ring there", "grid given"]),
        ([*RING, "--seed", "1"], ["seed 0 there", "1 given"]),
        ([*RING, "--scale", "full"], ["scale class there"]),
        ([*RING, "--plain"], ["plain"]),
        ([*RING, "--objective", "hinge"], ["objective None there", "hinge given"]),
        (["train", "wgan", "--data", "ring"], ["method gan there", "wgan given"]),
    ],
    ids=" ".join,
)
def test_another_run_is_not_gone_on_with(words, said, without_pictures, capsys):
    assert main([*RING, "--steps", "3", "--name", "mine"]) == 0
    before = saved("mine")
    assert main([*words, "--name", "mine", "--resume"]) == 2
    one_line(capsys, "begun otherwise", *said)
    assert same(before, saved("mine"))


def test_a_record_without_a_checkpoint_is_not_gone_on_with(without_pictures, capsys):
    assert main([*RING, "--steps", "3", "--name", "recorded"]) == 0
    os.unlink("results/recorded/checkpoint.pt")
    assert main([*RING, "--name", "recorded", "--resume"]) == 2
    one_line(capsys, "no checkpoint", "--name")


# ---- what goes wrong


def diverging(shape):
    from dataclasses import replace

    return replace(methods.gan(shape), optimizer_d=partial(torch.optim.SGD, lr=1e18))


def test_a_run_that_diverges_keeps_its_last_good_state(without_pictures, monkeypatch, capsys):
    monkeypatch.setattr(recipes, "methods", lambda: {"diverging": diverging})
    assert main(["train", "diverging", "--data", "ring", "--steps", "150", "--name", "x"]) == 1
    said = one_line(capsys, "loss_", "since step", "x/checkpoint.pt")
    step = saved("x")["step"]
    assert f"last good state, step {step}" in said
    assert (record_of("x")["status"], record_of("x")["steps"]) == ("diverged", step)
    assert all(tensor.isfinite().all() for tensor in saved("x")["discriminator"].values())
    assert main(["sample", "x", "-n", "4"]) == 0


def test_a_full_disk_is_said_and_the_last_state_stays(without_pictures, monkeypatch, capsys):
    assert main([*RING, "--steps", "10"]) == 0
    before = saved("gan-ring-class-seed0")

    def full(*given):
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, what in ((results, "write"), (checkpoints, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, full)
            assert main([*RING, "--steps", "20", "--resume"]) == 1
        one_line(capsys, "No space left")
        assert same(before, saved("gan-ring-class-seed0"))


def test_a_long_run_is_announced_on_a_cpu(without_pictures, monkeypatch, capsys):
    assert main([*RING, "--steps", "5"]) == 0
    assert "may take" not in capsys.readouterr().err
    monkeypatch.setattr(cli, "LONG", 0)
    assert main([*RING, "--steps", "5", "--name", "long"]) == 0
    assert re.search(r"this may take [\d.]+ seconds on this CPU\. Ctrl-C saves", capsys.readouterr().err)
    assert same(saved("gan-ring-class-seed0"), saved("long"))  # the trial is made with a copy


def test_it_is_announced_how_long_whole_networks_take(without_pictures, monkeypatch):
    """At the start networks that grow are small, and quick."""
    seen, iteration = [], training.iteration
    monkeypatch.setattr(loop, "iteration", lambda run: (iteration(run), seen.append(run.generator.stage)))
    monkeypatch.setattr(cli, "LONG", 0)
    words = ["train", "progressive", "--data", "digits", "--width", "2", "--batch", "4", "--hold", "2", "--fade", "2"]
    assert main([*words, "--steps", "5"]) == 0
    assert seen[:4] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 seconds"), (89, "89 seconds"), (600, "10.0 minutes"), (9_000, "2.5 hours"), (3e5, "3.5 days")],
)
def test_durations(seconds, said):
    assert cli._duration(seconds) == said


# ---- samples


def test_samples_are_drawn_by_name_and_by_folder(capsys):
    assert main(["train", "gan", "--data", "digits", "--steps", "2", "--name", "d"]) == 0
    assert main(["sample", "d", "-n", "10", "--seed", "3", "--out", "a.png"]) == 0
    assert main(["sample", "results/d/", "-n", "10", "--seed", "3", "--out", "b.png"]) == 0
    assert main(["sample", "d", "-n", "10", "--seed", "4", "--out", "c.png"]) == 0
    a, b, c = (picture(f"{name}.png") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.shape == (2 * 100 + 4, 8 * 100 + 4, 3)
    drawn = results.Result("results/d").sampler().samples(10, seed=3)
    assert a[10, 10, 0] == round((float(drawn[0, 0, 0, 0]) + 1) * 127.5)
    assert "10 samples of step 2: a.png" in capsys.readouterr().out
    for out in ("a.jpg", "not/here.png"):
        assert main(["sample", "d", "--out", out]) == 2
        one_line(capsys, "--out", out)


# ---- studies


def slow_or_fast(lr):
    from dataclasses import replace

    return replace(methods.gan((2,), z=2, width=8), optimizer_g=partial(training.adam, lr=lr))


def spread(run):
    return {"spread": run.samples(20).std()}


@pytest.fixture
def tiny(monkeypatch):
    """A study of two conditions and two seeds, the only one there is."""
    from gan_core import datasets, studies

    study = studies.Study(
        question="Does the learning rate matter?",
        data=datasets.ring,
        conditions={"slow": partial(slow_or_fast, 1e-4), "fast": partial(slow_or_fast, 1e-2)},
        measure=spread,
        at=(2, 3),
        seeds=(0, 1),
        batch=8,
        together=False,
    )
    monkeypatch.setattr(studies, "STUDIES", {"tiny": ""})
    monkeypatch.setattr(studies, "find", lambda name: {recipes.known("study", name, ["tiny"]): study}[name])


def stopped_in_the_second_run(monkeypatch):
    """From here on, Ctrl-C is pressed in the fifth iteration."""
    calls, within = [], training.iteration

    def pressed(run):
        calls.append(1)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return within(run)

    monkeypatch.setattr(loop, "iteration", pressed)


def rows_of(name):
    from gan_core import studies

    rows = studies.read(name, "results/studies").rows
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_studies_are_listed_with_their_questions_and_how_far_they_are(tiny, capsys):
    assert main(["study"]) == 0
    said = capsys.readouterr().out
    assert "tiny: Does the learning rate matter?\n    2 conditions, 2 seeds; not recorded" in said
    assert said.endswith("python -m gan_core study NAME\n")
    assert main(["study", "tiny", "--conditions", "slow"]) == 0
    capsys.readouterr()
    assert main(["study"]) == 0
    assert re.search(r"50% recorded, 0 seconds of training, \d{4}-\d\d-\d\d", capsys.readouterr().out)
    with open("results/studies/tiny.json", "a") as file:
        file.write("and so on")
    assert main(["study"]) == 0
    assert "tiny.json is damaged" in capsys.readouterr().out


def oracle_study(command, capsys, monkeypatch):
    assert command(["study", "tiny"]) == 0
    said = capsys.readouterr().out
    assert "slow, seed 0: spread" in said
    assert "8 rows, 0 seconds of training: results/studies/tiny.json" in said
    at_once = rows_of("tiny")
    assert len(at_once) == 8
    os.unlink("results/studies/tiny.json")
    with monkeypatch.context() as patch:
        stopped_in_the_second_run(patch)
        assert command(["study", "tiny"]) == 130
    said = capsys.readouterr().err
    assert "stopped; 2 new rows are in results/studies/tiny.json" in said
    assert said.rstrip().endswith("to go on: python -m gan_core study tiny")
    assert rows_of("tiny") == at_once[:2]
    assert command(["study", "tiny"]) == 0
    assert "[3 of 3]" in capsys.readouterr().out
    assert rows_of("tiny") == at_once
    assert command(["study", "tiny"]) == 0  # nothing to do is no mistake
    assert "seed 0: spread" not in capsys.readouterr().out


def test_study(tiny, capsys, monkeypatch):
    oracle_study(main, capsys, monkeypatch)


def without_what_there_is(words):
    if os.path.exists("results/studies/tiny.json"):
        os.unlink("results/studies/tiny.json")
    return main(words)


STUDY_MUTANTS = {
    "begins again": without_what_there_is,
    "one condition": lambda words: main([*words, "--conditions", "slow"]),
    "elsewhere": lambda words: main([*words, "--results", "elsewhere"]),
    "takes a stop for an end": lambda words: main(words) and 0,
}


@pytest.mark.parametrize("name", STUDY_MUTANTS)
def test_study_mutants(name, tiny, capsys, monkeypatch):
    def oracle(command):
        oracle_study(command, capsys, monkeypatch)

    assert_killed(oracle, STUDY_MUTANTS[name])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tinny"], ["no study 'tinny'", "did you mean tiny?"]),
        (["tiny", "--conditions", "slow", "quick"], ["no condition 'quick'", "'slow'; 'fast'"]),
    ],
    ids=" ".join,
)
def test_a_study_or_a_condition_that_is_not_there_is_refused(words, said, tiny, capsys, tmp_path):
    assert main(["study", *words]) == 2
    one_line(capsys, *said)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_record_is_refused_and_left_alone(tiny, capsys, tmp_path):
    (tmp_path / "results" / "studies").mkdir(parents=True)
    (tmp_path / "results" / "studies" / "tiny.json").write_text("mine")
    assert main(["study", "tiny"]) == 2
    one_line(capsys, "tiny.json is damaged")
    assert (tmp_path / "results" / "studies" / "tiny.json").read_text() == "mine"


def test_a_study_that_breaks_is_said_in_one_line(tiny, capsys, monkeypatch):
    from gan_core.experiments.studies import recording

    def broken(study, job, moved=None):
        raise training.DivergedError("slow, seed 0, step 2: a loss is not finite", None)

    monkeypatch.setattr(recording, "done", broken)
    assert main(["study", "tiny"]) == 1
    one_line(capsys, "slow, seed 0, step 2")
