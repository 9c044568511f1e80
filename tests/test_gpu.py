"""A GPU day in one command: every part at its smallest on the CPU; one that fails, one that is stopped and goes on."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mutants import assert_killed

from benchmarks import bench_dcgan
from benchmarks.gpu import day, iterations, kept, recordings, ways
from gan_core import checkpoints, recipes, training
from gan_core.training import loop

ROOT = pathlib.Path(__file__).parents[1]

TINY = ["--device", "cpu", "--tiny", "--results"]
PROVENANCE = {"versions", "device", "system", "threads", "bf16", "date"}
pytestmark = [
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),  # torch.compile's own
    pytest.mark.filterwarnings("ignore:This instance was constructed with capturable"),  # there is no graph on a CPU
]


def asked(folder):
    return SimpleNamespace(device="cpu", tiny=True, results=folder)


def found(folder, name):
    return json.loads((folder / "gpu" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A folder with what all parts leave, but for the tests; a real Ctrl-C came in the first step of the first run."""
    folder = tmp_path_factory.mktemp("day")
    plain, steps = training.iteration, []

    def pressed(run):
        plain(run)
        steps.append(run.step)
        if steps == [*range(1, 4), 1, 2, 1]:  # of the trial, of the command's own trial, and then
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "iteration", pressed)
        assert day.main(["dcgan", "--here", *TINY, str(folder)]) == 130
    assert recordings.state("dcgan", asked(folder))[:2] == (False, "stopped, step 1 of 2")
    assert day.main([*(name for name in day.PARTS if name != "tests"), "--here", *TINY, str(folder)]) == 0
    return folder


# ---- every part


def test_the_table_of_dcgan(tiny):
    row = found(tiny, "dcgan-8px-batch2")
    assert set(row) >= PROVENANCE
    assert set(row["seconds"]) == set(bench_dcgan.NAMES)
    assert row["images_per_second"] == pytest.approx(2 / row["seconds"]["fast"])
    rate = row["multiply_adds_per_second_of_a_product"]
    operations = bench_dcgan.multiply_adds(8, 2)
    assert row["of_the_rate"] * rate * row["seconds"]["fast"] == pytest.approx(operations)
    assert found(tiny, "dcgan-memory")["bytes"]["fast"] > 2**26  # torch alone is more


def test_other_ways_have_their_time_and_their_parity_or_say_why_not(tiny):
    row = found(tiny, "dcgan-compiled")
    assert set(row["seconds"]) == {"eager", "compiled"}
    assert 0 <= row["parity"] <= iterations.PARITY
    assert "does not currently support double backward" in found(tiny, "wgan_gp-compiled")["why_not"]
    for method in iterations.TINY:
        assert found(tiny, f"{method}-graph")["why_not"] == "CUDA graphs are only on CUDA"


@pytest.mark.parametrize("name", recordings.RECORDINGS)
def test_recordings_are_runs_like_any_other(tiny, name):
    method, data, size, _ = recordings.RECORDINGS[name]
    folder = tiny / f"{name}-{data}-{size}-full"
    assert {file.name for file in folder.iterdir()} >= {"record.json", "checkpoint.pt", "samples.png", "film.png"}
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    assert (record["method"], record["status"], record["steps"]) == (method, "finished", 2)
    assert recordings.state(name, asked(tiny)) == (True, "finished, step 2 of 2", folder)
    assert "2 of the recipe's 2 steps" in found(tiny, f"{name}-steps")["why"]


def test_at_full_size_it_is_what_is_owed():
    """The DCGAN rows of the table on the CPU, each method in each way, and the recipes at full scale."""
    full = SimpleNamespace(device="cuda", tiny=False, results=ROOT)
    rows = set(iterations.rows(full))
    assert rows >= {f"dcgan-{size}px-batch64" for size in bench_dcgan.SIZES}
    assert rows >= {f"dcgan-32px-batch{batch}" for batch in bench_dcgan.BATCHES}
    assert rows >= {f"{method}-{way}" for method in ("dcgan", "sngan", "wgan_gp") for way in ("compiled", "graph")}
    for name, (method, data, size, _) in recordings.RECORDINGS.items():
        assert recordings._recipe(name, full) == replace(recipes.recipe(method, data, "full"), size=size)
    assert sum(recording.minutes for recording in recordings.RECORDINGS.values()) <= 25  # of 40, with tests and table


def test_networks_that_grow_have_time_to():
    recorded = recordings.trial("progressive", SimpleNamespace(device="cpu", tiny=True))
    assert recorded["steps"] == 2
    assert 0 <= 2 * 2 * (recorded["hold"] + recorded["fade"]) <= 2 * 2


@pytest.mark.parametrize(
    ("minutes", "seconds", "steps"), [(6, 0.01, 30_000), (6, 0.1, 3_500), (8, 0.0159, 30_000), (8, 2.0, 500)]
)
def test_as_many_steps_as_there_is_time_for(minutes, seconds, steps):
    def oracle(steps_in):
        assert steps_in(60 * minutes, seconds, 30_000) == steps

    oracle(recordings.steps_in)
    assert_killed(oracle, lambda time, seconds, wanted: recordings.steps_in(time, 1.2 * seconds, wanted) - 1)


# ---- the command


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """A day of three parts, whose processes do what `does` {name: an exit code or an exception} says."""
    done, does, begun = set(), {}, []

    def finished(command, seconds):
        assert command[:4] == [sys.executable, "-m", "benchmarks.gpu", command[3]]
        assert "--here" in command
        name = command[3]
        begun.append(name)
        outcome = does.get(name, 0)
        if isinstance(outcome, type):
            raise outcome(*(["", 1] if outcome is subprocess.TimeoutExpired else []))
        done.update({name} if outcome == 0 else ())
        return outcome

    parts = {
        name: day.Part(name, None, lambda asked, name=name: (name in done, "so far", tmp_path))
        for name in ("a", "b", "c")
    }
    monkeypatch.setattr(day, "PARTS", parts)
    monkeypatch.setattr(day, "finished", finished)
    monkeypatch.chdir(tmp_path)
    return SimpleNamespace(done=done, does=does, begun=begun, run=lambda *words: day.main([*words, "--device", "cpu"]))


def test_a_part_that_fails_does_not_stop_the_others(fake, capsys):
    fake.does["a"] = 1
    assert fake.run() == 1
    assert fake.begun == ["a", "b", "c"]
    said = capsys.readouterr().out
    assert "a ended with exit code 1" in said
    assert [line.split()[:2] for line in said.splitlines() if "so far" in line] == [
        ["a", "left"],
        ["b", "done"],
        ["c", "done"],
    ]
    assert said.rstrip().endswith("python -m benchmarks.gpu a")
    fake.does.clear()
    assert fake.run() == 0
    assert fake.begun == ["a", "b", "c", "a"]  # what is finished is not done again
    assert capsys.readouterr().out.count("done  so far") == 3


def test_a_part_can_be_done_alone(fake):
    assert fake.run("b") == 0
    assert fake.begun == ["b"]


@pytest.mark.parametrize(("how", "code"), [(subprocess.TimeoutExpired, 1), (KeyboardInterrupt, 130)])
def test_a_day_that_ends_early_leaves_the_rest(fake, how, code, capsys):
    fake.does["b"] = how
    assert fake.run() == code
    assert fake.begun == ["a", "b"]
    assert capsys.readouterr().out.rstrip().endswith("python -m benchmarks.gpu b c")
    fake.does.clear()
    assert fake.run() == 0


def test_without_a_gpu_it_says_so_in_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert day.main([]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "a GPU is needed, and torch finds no 'cuda' on this machine\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "says"), [(["dcgam"], "there is no part 'dcgam'; there are tests, benchmark"), (["--tiny"], "--results")]
)
def test_wrong_words(words, says, capsys):
    with pytest.raises(SystemExit) as left:
        day.main([*words, "--device", "cpu"])
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_the_tests_in_a_process_of_their_own(tmp_path, capsys):
    assert day.main(["tests", *TINY, str(tmp_path)]) == 0
    record = found(tmp_path, "tests")
    assert set(record) >= PROVENANCE
    assert (record["failed"], record["skipped"]) == ([], 0)
    assert record["passed"] >= 10
    assert f"tests      done  {record['passed']} passed" in capsys.readouterr().out
    kept.keep(asked(tmp_path), "tests", {**record, "failed": ["one"]})
    assert day.PARTS["tests"].state(asked(tmp_path))[:2] == (False, f"{record['passed']} passed, 1 failed")


def test_what_is_not_ours_is_not_gone_on_with(tmp_path, capsys):
    folder = tmp_path / "sngan-faces-64-full"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert day.main(["sngan", "--here", *TINY, str(tmp_path)]) == 2
    assert "there is no run in" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


# ---- stopped, and going on


CHILD = """
import pathlib, signal, sys, time
here = pathlib.Path(sys.argv[1])
try:
    {first}
    (here / "ready").touch()
    time.sleep(60)
except KeyboardInterrupt:
    (here / "saved").touch()
    sys.exit(130)
"""


def child(folder, first="pass"):
    return [sys.executable, "-S", "-c", CHILD.format(first=first), str(folder)]


def pressed_when_it_is_ready(folder):
    while not (folder / "ready").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_the_exit_code_of_a_process():
    assert day.finished([sys.executable, "-S", "-c", "raise SystemExit(3)"], 60) == 3


def test_when_the_time_is_over_a_part_saves(tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        day.finished(child(tmp_path), 2)
    assert (tmp_path / "saved").exists()


def test_at_ctrl_c_a_part_saves(tmp_path):
    threading.Thread(target=pressed_when_it_is_ready, args=(tmp_path,)).start()
    with pytest.raises(KeyboardInterrupt):
        day.finished(child(tmp_path), 60)
    assert (tmp_path / "saved").exists()


def test_a_part_that_hears_nothing_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(day, "GRACE", 0.1)
    threading.Thread(target=pressed_when_it_is_ready, args=(tmp_path,)).start()
    with pytest.raises(KeyboardInterrupt):
        day.finished(child(tmp_path, "signal.signal(signal.SIGINT, signal.SIG_IGN)"), 60)
    assert not (tmp_path / "saved").exists()


def test_a_recording_that_was_stopped_is_one_that_never_was(tiny):
    recipe = recordings._recipe("dcgan", asked(tiny))
    data, _ = recipes.load("faces", recipe.size, recipe.examples)
    unbroken = training.fit(recipes.gan("dcgan", data.shape, recipe), data, steps=2, batch=recipe.batch, device="cpu")
    saved = checkpoints.read(tiny / "dcgan-faces-64-full" / "checkpoint.pt")
    assert saved["losses"].equal(unbroken.losses[:2])
    mine = unbroken.generator_ema.state_dict()
    assert all(mine[name].equal(saved["generator_ema"][name]) for name in mine)


def test_rows_are_found_once_and_one_that_fails_is_left(tmp_path, monkeypatch, capsys):
    calls, broken = [], [True]

    def find(name):
        calls.append(name)
        if name == "two" and broken[0]:
            raise ArithmeticError("out of memory")
        return {"why_not": name}

    monkeypatch.setattr(
        iterations, "rows", lambda asked: {name: partial(find, name) for name in ("one", "two", "three")}
    )
    assert iterations.do(asked(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "two: Traceback" in said
    assert "ArithmeticError: out of memory" in said
    assert iterations.state(asked(tmp_path))[:2] == (False, "2 of 3 rows")
    broken.clear(), broken.append(False)
    assert iterations.do(asked(tmp_path)) == 0
    assert calls == ["one", "two", "three", "two"]
    assert iterations.state(asked(tmp_path))[0]


# ---- an iteration gone another way is the same iteration


def fed(run):
    """What is recorded as a graph, done step by step."""
    run = ways.Fed(run)

    def step():
        run.fill()
        return ways.moved(run)

    return step


def oracle_parity(way, method):
    assert iterations.parity(method, way, "cpu") <= iterations.PARITY


@pytest.mark.parametrize("method", iterations.METHODS)
def test_a_run_that_is_fed_is_the_run(method):
    oracle_parity(fed, method)


class Stale(ways.Fed):
    def fill(self):
        self.rewind()


class Reversed(ways.Fed):
    def fill(self):
        for make, there in reversed(self.draws):
            there.copy_(make(self.rng))
        self.rewind()


class Twice(ways.Fed):
    """Draws for an iteration that is not made."""

    def fill(self):
        super().fill(), super().fill()


MUTANTS = [Stale, Reversed, Twice]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_feeding_mutants(mutant, monkeypatch):
    monkeypatch.setattr(ways, "Fed", mutant)
    assert_killed(lambda way: oracle_parity(way, "dcgan"), fed)


@pytest.fixture
def recorder(monkeypatch):
    """CUDA's recorder played on the CPU: what is recorded is not done, and all that is drawn then is an error."""
    recording, plain = [], ways.moved

    class Graph:
        def replay(self):
            run, losses = self.body
            run.rewind()
            losses.copy_(plain(run))

    @contextmanager
    def graph(made):
        recording.append(made)
        yield
        recording.clear()

    def moved(run):
        if not recording:
            return plain(run)
        assert all(group["capturable"] for each in (run.optimizer_d, run.optimizer_g) for group in each.param_groups)
        assert all(run.optimizer_d.state[p] for p in run.discriminator.parameters())  # else zeros are recorded
        recording[0].body = run, torch.zeros(2, dtype=run.losses.dtype)
        return recording[0].body[1]

    def stream():
        return SimpleNamespace(wait_stream=lambda other: None)

    fake = {
        "CUDAGraph": Graph,
        "graph": graph,
        "Stream": stream,
        "current_stream": stream,
        "stream": nothing,
    }
    for name, each in fake.items():
        monkeypatch.setattr(torch.cuda, name, each)
    monkeypatch.setattr(ways, "moved", moved)
    monkeypatch.setattr(ways, "_on_cuda", lambda run: True)


@pytest.mark.parametrize("method", iterations.METHODS)
def test_a_recorded_iteration_is_the_iteration(method, recorder):
    oracle_parity(ways.graphed, method)


@contextmanager
def nothing(given):
    yield


@pytest.mark.parametrize(("name", "mutant"), [("_put_back", nothing), *(("Fed", mutant) for mutant in MUTANTS)])
def test_recording_mutants(name, mutant, recorder, monkeypatch):
    monkeypatch.setattr(ways, name, mutant)
    assert_killed(lambda way: oracle_parity(way, "dcgan"), ways.graphed)


def test_a_way_that_is_another_has_no_row(tmp_path, monkeypatch):
    def without_g(run):
        def step():
            return torch.stack((training.discriminator_step(run), torch.zeros(())))

        return step

    monkeypatch.setitem(iterations.WAYS, "graph", without_g)
    with pytest.raises(AssertionError, match="its losses differ by"):
        iterations.other_way("dcgan", "graph", asked(tmp_path))


def test_what_torch_left_as_it_was_is_not_called_compiled(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda network, backend: network)
    with pytest.raises(ways.NotHere, match="compiled nothing"):
        ways.compiled(iterations.started("dcgan", 16, 4, 4, "cpu"))
