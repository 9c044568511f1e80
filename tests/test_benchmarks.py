"""The table of timings says what was timed: with a clock of our own, ratios and growth are known beforehand."""

import ast
import inspect
import pathlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from mutants import assert_killed
from torch.utils.flop_counter import FlopCounterMode

from gan_core import training
from gan_core.pieces.lipschitz import r1

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture
def paired(monkeypatch):
    """The module of paired timings, with contestants that say themselves how long a call takes."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import paired

    monkeypatch.setattr(paired, "_seconds", lambda run, calls: run())
    return paired


def test_ratios_and_growth_of_known_times(paired):
    def problem(n):
        return {"theirs": lambda: 3e-6 * n**2, "ours": lambda: 1e-6 * n}

    title, head, *rows, growth = paired.table("Title", [10, 100, 1000], problem, ours="ours", turns=3)
    assert title == "Title"
    assert head.split() == ["n", "ours,", "µs", "theirs", "÷", "ours"]
    assert [row.split() for row in rows] == [
        ["10", "10.0", "30.00"],
        ["100", "100.0", "300.00"],
        ["1,000", "1,000.0", "3000.00"],
    ]
    assert growth.split() == ["time", "~", "n^", "1.00", "2.00"]


def test_contestants_take_turns_in_alternating_order(paired):
    order = []
    contestants = {name: lambda name=name: order.append(name) or 1.0 for name in ("a", "b")}
    assert np.array_equal(paired.paired(contestants, turns=2), np.ones((2, 2)))
    assert order[-4:] == ["a", "b", "b", "a"]


def test_contestants_solve_the_same_problem(paired):
    from benchmarks import bench_transport

    distances = [run() for run in bench_transport.on_the_line(50).values()]
    assert np.ptp(distances) < 1e-12
    ours, theirs, (γ, _, _) = (run() for run in bench_transport.plans(12).values())
    assert abs(ours - theirs).max() < 1e-12
    assert abs(ours - γ).max() < 1e-7  # in general position there is one best plan


def test_every_benchmark_has_a_name():
    files = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    assert {"bench_dcgan", "bench_parity", "bench_transport"} <= {file.stem for file in files}
    for file in files:
        functions = [each.name for each in ast.parse(file.read_text("utf-8")).body if isinstance(each, ast.FunctionDef)]
        assert "main" in functions, file.name
    command = [sys.executable, "-m", "benchmarks", "dcgam"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = ", ".join(file.stem.removeprefix("bench_") for file in files)
    assert (said.returncode, said.stderr) == (1, f"no benchmark 'dcgam'; there are {names}\n")


@pytest.fixture
def dcgan(paired, monkeypatch):
    """The table of DCGAN, with a small network."""
    from benchmarks import bench_dcgan

    monkeypatch.setattr(bench_dcgan, "WIDTH", 4)
    return bench_dcgan


def test_the_textbook_does_what_ours_does(dcgan):
    """Two iterations from the same weights, with the same images and noise, end in the same weights; but not when the
    fakes are used twice."""

    def after_two(step_of):
        run = dcgan.start(16, 8, "cpu", fast=False)
        step = step_of(run)
        for _ in range(2):
            step()
        return torch.cat([p.detach().flatten() for net in (run.generator, run.discriminator) for p in net.parameters()])

    def oracle(step_of):
        torch.testing.assert_close(after_two(step_of), ours, rtol=0, atol=2e-5)  # a step of Adam is 2e-4

    ours = after_two(lambda run: lambda: dcgan.training.iteration(run))
    oracle(dcgan.textbook)
    assert_killed(oracle, lambda run: dcgan.textbook(run, reuse=True))


@pytest.mark.parametrize(("size", "batch"), [(8, 3), (16, 2), (32, 2)])
def test_multiply_adds_are_counted(dcgan, size, batch):
    """As many as torch counts in the convolutions of one iteration; the textbook's are those of one pass of D more."""
    run = dcgan.start(size, batch, "cpu", fast=False)
    counted = {}
    for name, step in (("ours", lambda: dcgan.training.iteration(run)), ("textbook", dcgan.textbook(run))):
        with FlopCounterMode(display=False) as counter:
            step()
        counted[name] = counter.get_total_flops() // 2
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run.discriminator(run.real()[0])
    assert counted["ours"] == dcgan.multiply_adds(size, batch)
    assert counted["textbook"] - counted["ours"] == counter.get_total_flops() // 2


def test_contestants_of_dcgan_run(dcgan):
    for name in dcgan.NAMES:
        dcgan.contestant(name, 8, 2, "cpu")()
    assert not dcgan.start(8, 2, "cpu", bf16=False).place.bf16
    assert dcgan.start(8, 2, "cpu", bf16=False).place.channels_last


def test_peak_memory_is_that_of_the_contestant(dcgan):
    """A process of its own, not what its parent once had: this one has had 512 MiB more."""
    before = dcgan.peak_memory(dcgan.contestant, "fast", 8, 2, "cpu")
    torch.ones(2**27)
    assert dcgan.peak_memory(dcgan.contestant, "fast", 8, 2, "cpu") < before + 2**28


# ---- critics in bounds


@pytest.fixture
def lipschitz(paired, monkeypatch):
    """The table of bounds on critics, with small minibatches."""
    from benchmarks import bench_lipschitz

    monkeypatch.setattr(bench_lipschitz, "BATCH", 4)
    return bench_lipschitz


def changed(function, old, new):
    """A function of the benchmark with one line changed."""
    text = inspect.getsource(function)
    assert old in text
    names = dict(vars(inspect.getmodule(function)))
    exec(text.replace(old, new), names)
    return names[function.__name__]


def after_two_steps(lipschitz, kind, plain):
    """The critic's weights, and what spectral normalisation keeps, after two steps by hand; None: by the library."""
    shape = (3, 16, 16)
    run = lipschitz.started(lipschitz.STEPS[kind][0](shape, width=4), shape, "cpu", fast=False)
    step = plain(run) if plain else lambda: training.discriminator_step(run)
    step(), step()
    return torch.cat([each.flatten() for each in run.discriminator.state_dict().values()])


@pytest.mark.parametrize("kind", ["spectral normalisation", "gradient penalty"])
def test_a_critic_by_hand_is_ours(lipschitz, kind):
    """Two steps from the same weights with the same draws end in the same weights, but not with a fault in them."""

    def oracle(plain):
        torch.testing.assert_close(after_two_steps(lipschitz, kind, plain), ours, rtol=0, atol=5e-6)  # Adam's are 1e-4

    _, plain, _ = lipschitz.STEPS[kind]
    ours = after_two_steps(lipschitz, kind, None)
    oracle(plain)
    faults = {
        "spectral normalisation": [("spectral_norm(layer)", "spectral_norm(layer, n_power_iterations=2)"),
                                   ("torch.relu(1 - D(real))", "torch.relu(-D(real))"),
                                   ("lr=2e-4", "lr=1e-4")],
        "gradient penalty": [("create_graph=True", "retain_graph=True"),
                             ("t = run.uniform()", "t = run.uniform().mean()"),
                             ("10 * penalty", "penalty"),
                             ("betas=(0.0, 0.9)", "betas=(0.5, 0.9)")],
    }  # fmt: skip
    for old, new in faults[kind]:
        mutant = changed(plain, old, new)
        assert_killed(oracle, mutant)


def test_contestants_of_bounded_critics_run(lipschitz):
    for kind in lipschitz.STEPS:
        for name in lipschitz.NAMES:
            lipschitz.contestant(kind, name, 16, 4, "cpu")()
        for name, bounded in (("fast", True), ("unbounded", False)):
            run = lipschitz.contestant(kind, name, 16, 4, "cpu").args[0]
            normalised = any(map(torch.nn.utils.parametrize.is_parametrized, run.discriminator.modules()))
            assert (normalised or run.gan.penalties != ()) == bounded


@pytest.mark.parametrize(("every", "times"), [(None, 0), (16, 1), (1, 16)])
def test_sixteen_iterations_have_the_penalty_as_often_as_they_say(lipschitz, monkeypatch, every, times):
    called = []

    def counted(s):
        called.append(1)
        return s.square()

    monkeypatch.setattr(lipschitz, "r1", lambda gamma, every: replace(r1(gamma, every=every), cost=counted))
    iterations = lipschitz.regularised(every, 8, 4, "cpu")
    for turn in (1, 2):
        iterations()
        assert len(called) == turn * times


def test_the_interval_of_the_parity(paired):
    """Student's interval for 1, 2, 3, 4: t₃(0.975) = 3.1824, s.e. = √(5/3)/2."""
    from benchmarks import bench_parity

    mean, half = bench_parity.interval(np.array([1.0, 2.0, 3.0, 4.0]))
    assert mean == 2.5
    assert half == pytest.approx(3.18245 * (5 / 3) ** 0.5 / 2, rel=1e-5)
