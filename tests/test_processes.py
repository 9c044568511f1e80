"""Two processes are one process with the whole minibatch: every number they keep, whatever the method is made of."""

import contextlib
import io
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mutants import assert_killed
from torch import distributed, multiprocessing, nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.functional import batch_norm
from torch.utils.data import DataLoader, TensorDataset

from gan_core import checkpoints, cli, datasets, methods, processes, training
from gan_core.pieces.heads import classification
from gan_core.pieces.lipschitz import GradientPenalty, clip, near_real, r1, spectrally_normalised
from gan_core.pieces.objectives import hinge, minimax, wasserstein
from gan_core.training import Model
from gan_core.training.processes import Process
from gan_core.training.unrolling import unroll

N, BATCH, STEPS = 2, 16, 6
SGD = partial(torch.optim.SGD, lr=0.1, momentum=0.5)  # Adam would not notice a gradient that is twice as large


def small(**changes):
    return replace(methods.gan((2,), z=3, width=8), **changes)


# ---- networks


def normed(inputs, outputs, norm=nn.BatchNorm1d):
    """No bias meets a norm, which would take it away: its gradient would be rounding, and Adam would follow that."""
    layers = nn.Linear(8, 8, bias=False), norm(8), nn.ReLU(), nn.Linear(8, 6, bias=False), norm(6, momentum=0.3)
    return nn.Sequential(nn.Linear(inputs, 8), nn.LeakyReLU(0.2), *layers, nn.Tanh(), nn.Linear(6, outputs))


class Apart(nn.BatchNorm1d):
    """What is said of batch normalisation in N processes, in one: each part by itself, and the mean of what is kept."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        parts = x.chunk(N)
        self.running_mean.lerp_(torch.stack([part.mean(0) for part in parts]).mean(0), self.momentum)
        self.running_var.lerp_(torch.stack([part.var(0) for part in parts]).mean(0), self.momentum)
        self.num_batches_tracked += 1
        return torch.cat([batch_norm(part, None, None, self.weight, self.bias, True, 0, self.eps) for part in parts])


class Told(nn.Module):
    """(n, inputs), (n,) -> (n, outputs), and with a head (n, classes) besides."""

    def __init__(self, inputs, outputs, head=False):
        super().__init__()
        self.table, self.layers = nn.Embedding(4, 3), nn.Sequential(nn.Linear(inputs + 3, 8), nn.LeakyReLU(0.2))
        self.end, self.head = nn.Linear(8, outputs), nn.Linear(8, 4) if head else None

    def forward(self, x, y):
        h = self.layers(torch.cat([x, self.table(y)], 1))
        return self.end(h) if self.head is None else (self.end(h), self.head(h))


class Growing(nn.Module):
    """Its middle layer is used from the fourth step on; a schedule tells it when."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(inputs, 8), nn.Linear(8, 8), nn.Linear(8, outputs)
        self.stage = 0

    def forward(self, x):
        h = self.first(x).tanh()
        return self.last(self.middle(h).tanh() if self.stage else h)


def grow(run):
    for network in (run.generator, run.discriminator):
        network.stage = int(run.step >= 3)


class Fading(nn.Module):
    """Two ways out, of which one is given up after the third step: a fade of a level that is the last."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.old, self.new = nn.Linear(inputs, 8), nn.Linear(8, outputs), nn.Linear(8, outputs)
        self.stage = 0

    def forward(self, x):
        h = self.first(x).tanh()
        return self.new(h) if self.stage else (self.old(h) + self.new(h)) / 2


class Drawing(nn.Dropout):
    """Dropout that remembers how it was drawn."""

    def forward(self, x):
        if self.training:
            self.drawn = torch.random.get_rng_state()
        return super().forward(x)


def dropping():
    return small(discriminator=lambda: nn.Sequential(nn.Linear(2, 8), nn.ReLU(), Drawing(0.5), nn.Linear(8, 1)))


# ---- methods and data


def labelled():
    rng = torch.Generator().manual_seed(0)
    y = torch.randint(4, (200,), generator=rng)
    return datasets.Examples(torch.randn(200, 2, generator=rng) + y[:, None], y)


def loader():
    return DataLoader(TensorDataset(torch.arange(240.0).reshape(-1, 2) / 100), batch_size=BATCH, shuffle=True)


def told(head=False, **changes):
    return small(generator=partial(Told, 3, 2), discriminator=partial(Told, 2, 1, head), classes=4, **changes)


def batch_normalised(norm=nn.BatchNorm1d):
    return small(generator=partial(normed, 3, 2, norm), discriminator=partial(normed, 2, 1, norm), ema=0.9)


METHODS = {
    "plain": lambda: small(optimizer_d=SGD, optimizer_g=SGD),
    "Adam, twice D, a moving average": lambda: small(n_dis=2, ema=0.9),
    "WGAN-GP": lambda: small(objective=wasserstein, penalties=(GradientPenalty(10),), n_dis=2),
    "R1, lazily": lambda: small(penalties=(r1(1, every=2),)),
    "spectrally normalised": lambda: small(
        discriminator=lambda: spectrally_normalised(small().discriminator()), objective=hinge
    ),
    "batch-normalised": batch_normalised,
    "clipped": lambda: small(objective=wasserstein, constraints=(clip(0.05),)),
    "paired": lambda: small(objective=minimax),
    "conditional": told,
    "conditional, with a head and a penalty": lambda: told(head=True, heads=(classification,), penalties=(r1(1),)),
    "of a DataLoader": small,
    "growing": lambda: small(generator=partial(Growing, 3, 2), discriminator=partial(Growing, 2, 1), schedule=grow),
    "fading": lambda: small(generator=partial(Fading, 3, 2), discriminator=partial(Fading, 2, 1), schedule=grow),
    "a VAE": lambda: methods.vae((2,), width=8),
    "flow matching": lambda: methods.flow((2,), width=8),
}

MUTANTS = {}  # name: (the mutant, the method that shows it)


def mutant(method):
    def listed(made):
        MUTANTS[made.__name__] = made, method
        return made

    return listed


@mutant("plain")
class OnePart(Process):
    """Streams that are not split: each process has the same minibatch, half as large."""

    def part(self, drawn):
        return drawn[: len(drawn) // self.processes]


@mutant("plain")
class Summed(Process):
    """Gradients that are added up, and not averaged."""

    def _wrap(self, network, idle):
        def add(state, bucket):
            done = distributed.all_reduce(bucket.buffer(), async_op=True).get_future()
            return done.then(lambda future: future.value()[0])

        super()._wrap(network, idle)
        self._wrapped[network].register_comm_hook(None, add)


@mutant("plain")
class EachItsGradient(Process):
    """What is asked goes past DistributedDataParallel, as a step does that calls run.generator itself."""

    def ask(self, network, question):
        return question(network)


@mutant("WGAN-GP")
class EachItsCritic(Process):
    """The gradients of one network only are averaged."""

    def ask(self, network, question):
        return super().ask(network, question) if network is self.generator else question(network)


@mutant("plain")
class EachItsLosses(Process):
    def record(self, *losses):
        super(Process, self).record(*losses)


@mutant("batch-normalised")
class EachItsStatistics(Process):
    def average(self):
        super(Process, self).average()


@mutant("batch-normalised")
class StatisticsTooLate(Process):
    """The moving average of G is given what one process has kept."""

    def average(self):
        super(Process, self).average()
        super().average()


# ---- what each of the processes does, and leaves in a file


def started(gan, data=None, seed=1):
    return training.start(gan, datasets.ring() if data is None else data, seed=seed, batch=BATCH)


def data_for(name):
    return loader() if name == "of a DataLoader" else labelled() if name.startswith("conditional") else datasets.ring()


def trained(name, share=processes.share, build=None):
    return training.train(share(started((build or METHODS[name])(), data_for(name))), STEPS)


def kept(run):
    """All that a checkpoint holds, by name: tensors, and the numbers beside them."""

    def flat(value, name):
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            return {key: found for each, part in items for key, found in flat(part, f"{name}.{each}").items()}
        return {name: value.clone() if isinstance(value, torch.Tensor) else value}

    return flat(checkpoints.state(run), "")


CASES = {f"{name}, together": partial(lambda name, folder: kept(trained(name)), name) for name in METHODS}
CASES |= {
    name: partial(lambda made, method, folder: kept(trained(method, made)), *both) for name, both in MUTANTS.items()
}


def case(does):
    CASES[does.__name__] = does
    return does


@case
def saved_by_two(folder):
    run = training.train(processes.share(started(METHODS["R1, lazily"]())), 3)
    if run.leads:
        run.save(folder / "of two.pt")
    return run.step


@case
def resumed_by_two(folder):
    run = training.resume(folder / "of one.pt", METHODS["R1, lazily"](), datasets.ring())
    return kept(training.train(processes.share(run), 3))


def drawn_while(run, steps):
    states = []
    training.train(run, steps, watch=lambda run: states.append(run.discriminator[2].drawn))
    return states


@case
def with_dropout(folder, share=processes.share):
    """Six steps, and three steps, a checkpoint and three: what was drawn, what the runs are."""
    run, other = share(started(dropping())), share(started(dropping()))
    drawn = drawn_while(run, 6)
    drawn_while(other, 3)
    if other.leads:
        other.save(folder / "dropout.pt")
    with processes.one_first():
        other = training.resume(folder / "dropout.pt", dropping(), datasets.ring())
    drawn_while(other := share(other), 3)
    return drawn, kept(run), kept(other)


class OneStream(Process):
    layers_rng = property(lambda self: self._layers_rng, Process.layers_rng.fset)


class OneSeed(Process):
    """Each process has a stream, but it begins alike in each step."""

    @property
    def layers_rng(self):
        return self._layers_rng if self.leads else torch.Generator().manual_seed(self.rank)

    @layers_rng.setter
    def layers_rng(self, rng):
        self._layers_rng = rng


class GoesOn(Process):
    """Each process has a stream that goes on, and only one of them is saved."""

    @property
    def layers_rng(self):
        if not hasattr(self, "_own"):
            self._own = self._layers_rng if self.leads else torch.Generator().manual_seed(self.rank)
        return self._own

    @layers_rng.setter
    def layers_rng(self, rng):
        self._layers_rng = rng


for each in (OneStream, OneSeed, GoesOn):
    CASES[each.__name__] = partial(with_dropout, share=each)


@case
def pressed_in_one(folder):
    """Ctrl-C reaches the second process only, in the third of ten steps."""
    run, said = processes.share(started(METHODS["WGAN-GP"]())), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        training.train(run, 10, watch=lambda run: run.leads or run.step != 3 or signal.raise_signal(signal.SIGINT))
    if run.leads:
        run.save(folder / "stopped.pt")
    return run.step, said.getvalue()


@case
def diverged_in_one(folder):
    """The loss of the second process is no number in the fourth step."""

    def spoil(run, real, fake, y):
        return float("nan") if run.step == 3 and not run.leads else 0.0

    run = processes.share(started(small(penalties=(spoil,))))
    with pytest.raises(training.DivergedError) as raised:
        training.train(run, 5)
    return str(raised.value), run.step


@case
def copied(folder):
    run = training.train(processes.share(started(batch_normalised())), 2)
    other = run.copy()
    training.train(other, 2)
    return run.step, kept(other), kept(training.train(run, 2))


@case
def fetched(folder):
    """What the first has fetched the others find."""
    with processes.one_first():
        path = folder / "fetched"
        found = path.exists()
        time.sleep(0.2)
        path.touch()
    return found


@case
def counted(folder):
    """The bytes of gradients that go from process to process in one iteration."""

    def count(state, bucket):
        sizes.append(bucket.buffer().nbytes)
        return allreduce_hook(None, bucket)

    sizes, run = [], processes.share(started(METHODS["Adam, twice D, a moving average"]()))
    for wrapped in run._wrapped.values():
        wrapped.register_comm_hook(None, count)
    training.iteration(run)
    return sum(sizes)


def own_draw(run, real, fake, y):
    return run.draw(lambda rng: torch.rand(len(real), generator=rng)).mean()


def past_the_run(run):
    loss = run.generator(run.noise()).square().mean()
    return training.descend(run.optimizer_g, loss), loss.detach()


REFUSED = {
    "an odd minibatch": (lambda: training.start(small(), datasets.ring(), batch=15), "a multiple of the 2 processes"),
    "unrolling": (lambda: started(small(opponent=unroll(1))), "unrolling takes D's virtual steps on whole minibatches"),
    "near real examples": (lambda: started(small(penalties=(GradientPenalty(1, near_real),))), "near_real asks how"),
    "a draw for a part": (lambda: started(small(penalties=(own_draw,))), "this one drew (8,)"),
    "another device": (lambda: elsewhere(started(small())), "compute on CPUs or on CUDA, not on meta"),
    "a step that goes past the run": (
        lambda: started(Model(small().generator, 3, past_the_run, ("a", "b"))),
        "the processes do not agree on the weights of the generator",
    ),
}


def elsewhere(run):
    return replace(run, place=run.place._replace(device=torch.device("meta")))


@case
def refused(folder):
    def said(make):
        with pytest.raises((ValueError, RuntimeError)) as raised:
            training.train(processes.share(make()), 1)
        return f"{raised.type.__name__}: {raised.value}"

    return {name: said(make) for name, (make, _) in REFUSED.items()}


def one_fails():
    """Last of all, the second process ends after its second step."""

    def watch(run):
        if run.step == 2 and not run.leads:
            raise ArithmeticError("the second process fails")

    training.train(processes.share(started(small())), 10_000, watch=watch)


def work(rank, folder, port):
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(N)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    outcomes = {}
    try:
        with processes.joined():
            for name, does in CASES.items():
                try:
                    outcomes[name] = does(folder)
                except Exception as error:
                    outcomes[name] = f"{type(error).__name__}: {error}"
            begun = time.monotonic()
            one_fails()
    except (ArithmeticError, RuntimeError) as error:
        outcomes["one fails"] = type(error).__name__, str(error), time.monotonic() - begun
    torch.save(outcomes, folder / f"{rank}.pt")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Of each case, what the first and what the second process have to tell; and the folder."""
    folder, dtype = tmp_path_factory.mktemp("processes"), torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    training.train(started(METHODS["R1, lazily"]()), 3).save(folder / "of one.pt")
    torch.set_default_dtype(dtype)
    group = multiprocessing.start_processes(work, (folder, free_port()), N, join=False, start_method="spawn")
    deadline = time.monotonic() + 300
    try:
        while not group.join(timeout=1):
            assert time.monotonic() < deadline, "the processes wait for each other"
    finally:
        for process in group.processes:
            process.kill()
    found = [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(N)]
    return SimpleNamespace(folder=folder, **{"of": {name: [each[name] for each in found] for name in found[0]}})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- what is so


def oracle_one(told, expected):
    """Both processes have kept the same, to the bit, and it is what one keeps with the whole minibatch."""
    for each in told:
        assert isinstance(each, dict), each
        assert each.keys() == expected.keys()
    first, second = told
    for name, value in expected.items():
        if name == ".layers_rng":
            continue
        if not isinstance(value, torch.Tensor):
            assert first[name] == second[name] == value, name
            continue
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], value, rtol=0, atol=1e-12, msg=name)


def alone(name):
    build = partial(batch_normalised, Apart) if name == "batch-normalised" else None
    return kept(trained(name, lambda run: run, build))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.usefixtures("float64")
def test_two_processes_are_one(outcomes, name):
    expected = alone(name)
    oracle_one(outcomes.of[f"{name}, together"], expected)
    assert any(
        (value - other).abs().max() > 1e-3
        for value, other in zip(
            expected.values(), kept(started(METHODS[name](), data_for(name))).values(), strict=False
        )
        if isinstance(value, torch.Tensor) and value.is_floating_point() and value.shape == other.shape
    )  # they have moved


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.usefixtures("float64")
def test_mutants(outcomes, name):
    expected = alone(MUTANTS[name][1])
    assert_killed(lambda told: oracle_one(told, expected), outcomes.of[name])


@pytest.mark.usefixtures("float64")
def test_whole_batch_normalisation_is_another(outcomes):
    """The parts by themselves are not the whole: what is said of batch normalisation on CPUs matters."""
    whole = kept(trained("batch-normalised", lambda run: run))
    assert_killed(lambda told: oracle_one(told, whole), outcomes.of["batch-normalised, together"])


@pytest.mark.usefixtures("float64")
def test_a_checkpoint_goes_on_with_another_number_of_processes(outcomes):
    gan, straight = METHODS["R1, lazily"](), kept(training.train(started(METHODS["R1, lazily"]()), 6))
    oracle_one(outcomes.of["resumed_by_two"], straight)
    of_two = training.train(training.resume(outcomes.folder / "of two.pt", gan, datasets.ring()), 3)
    oracle_one([kept(of_two)] * 2, straight)


def oracle_layers(told):
    (one, run, resumed), (other, its_run, its_resumed) = told
    states = [state.numpy().tobytes() for state in (*one, *other)]
    assert len(set(states)) == len(states) == 12
    assert torch.equal(run[".layers_rng"], resumed[".layers_rng"])
    for straight, again in ((run, resumed), (its_run, its_resumed), (run, its_run)):
        for name, value in straight.items():
            if isinstance(value, torch.Tensor) and name != ".layers_rng":
                assert torch.equal(value, again[name]), name


def test_what_layers_draw(outcomes):
    """Each process draws something else, in each step; and six steps are three, a checkpoint and three, to the bit."""
    oracle_layers(outcomes.of["with_dropout"])


@pytest.mark.parametrize("name", ["OneStream", "OneSeed", "GoesOn"])
def test_what_layers_draw_mutants(outcomes, name):
    assert_killed(oracle_layers, outcomes.of[name])


@pytest.mark.usefixtures("float64")
def test_ctrl_c_in_one_stops_both_after_the_same_step(outcomes):
    (first, said), (second, nothing) = outcomes.of["pressed_in_one"]
    assert first == second == 3
    assert said == "stopped at step 3; training.train(run, steps) goes on from there\n"
    assert nothing == ""
    gan = METHODS["WGAN-GP"]()
    going_on = training.train(training.resume(outcomes.folder / "stopped.pt", gan, datasets.ring()), 3)
    oracle_one([kept(going_on)] * 2, kept(training.train(started(gan), 6)))


def test_a_number_that_is_none_in_one_stops_both(outcomes):
    first, second = outcomes.of["diverged_in_one"]
    assert first == second
    assert first[1] == 0
    assert "loss_d is nan since step 4; error.run is the run, put back to step 0" in first[0]


def test_a_copy_leaves_the_run_alone(outcomes):
    for step, copy, run in outcomes.of["copied"]:
        assert step == 2
        for name, value in copy.items():
            assert torch.equal(value, run[name]) if isinstance(value, torch.Tensor) else value == run[name]


def test_what_one_has_fetched_the_others_find(outcomes):
    assert outcomes.of["fetched"] == [False, True]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(outcomes, name):
    first, second = outcomes.of["refused"]
    assert first[name] == second[name]
    assert REFUSED[name][1] in first[name]


def test_where_one_fails_nobody_waits(outcomes):
    (first, said, seconds), (second, _, _) = outcomes.of["one fails"]
    assert (first, second) == ("RuntimeError", "ArithmeticError")
    assert seconds < 20, said


def test_on_cuda_batch_normalisation_is_torchs_synchronised_one():
    """With the same weights, which the optimizers hold already, under the same names, and in eval mode the same."""
    network, x = normed(2, 1), torch.randn(5, 2)
    weights, names, y = list(map(id, network.parameters())), list(network.state_dict()), network.eval()(x)
    synchronised = processes._synchronised(network)
    kinds = [type(layer) for layer in synchronised if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    assert kinds == [nn.SyncBatchNorm] * 2
    assert list(map(id, synchronised.parameters())) == weights
    assert list(synchronised.state_dict()) == names
    assert torch.equal(synchronised(x), y)


def test_one_process_alone_is_not_touched(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    run = started(small())
    with processes.joined(), processes.one_first():
        assert processes.share(run) is run
        assert not distributed.is_initialized()
    assert run.undivided is run
    assert (run.processes, run.leads, run.agree(True), run.agree(False)) == (1, True, True, False)


def test_fewer_gpus_than_processes(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    run = training.start(small(), datasets.ring(), batch=BATCH)
    run.place = run.place._replace(device=torch.device("cuda"))
    with pytest.raises(ValueError, match="a GPU of its own, and there are 1: give --nproc-per-node 1, or --device cpu"):
        Process(run)


# ---- the benchmark


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[1]))
    from benchmarks import bench_processes

    return bench_processes


@pytest.mark.usefixtures("float64")
def test_bytes_a_step_are_those_that_are_exchanged(outcomes, benchmark):
    """In float64 twice as many."""
    run = started(METHODS["Adam, twice D, a moving average"]())
    counted = benchmark.bytes_a_step(run.gan, run.generator, run.discriminator)
    assert outcomes.of["counted"] == [2 * counted] * 2
    assert benchmark.bytes_a_step(run.gan, run.generator, None) == 4 * sum(
        p.numel() for p in run.generator.parameters()
    )


def test_a_ring_of_n(benchmark):
    """Two halves of a minibatch's gradients, there and back; of more, each number goes once around and nearly twice."""
    assert benchmark.exchange(10e9, 2, 10e9) == 1
    assert benchmark.exchange(10e9, 1, 10e9) == 0
    assert benchmark.exchange(10e9, 10**9, 10e9) == pytest.approx(2)


def test_what_is_on_paper(benchmark):
    rows = {
        name: (size, seconds)
        for name, size, seconds in benchmark.on_paper(("r1gan", "wgan_gp", "unrolled", "acgan", "flow"))
    }
    assert rows.keys() == {"r1gan", "wgan_gp", "acgan", "flow"}  # nobody unrolls in several processes
    size, seconds = rows["wgan_gp"]  # five steps of D
    assert seconds == [benchmark.exchange(size, 8, each) for each in benchmark.LINKS.values()]
    assert 2 * rows["r1gan"][0] < size < 5 * rows["r1gan"][0]


# ---- the command line


def test_a_command_is_stopped_and_goes_on_with_one_process(tmp_path):
    words = ["train", "gan", "--data", "ring", "--results", str(tmp_path), "--name", "two"]
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(free_port())]
    command = [sys.executable, *torchrun, "-m", "gan_core", *words, "--steps", "1000000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "two" / "record.json").exists():  # training begins
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode
    record = json.loads((tmp_path / "two" / "record.json").read_text())
    assert (record["status"], record["processes"]) == ("stopped", 2)
    assert record["command"].startswith("torchrun --nproc-per-node 2 -m gan_core train gan --data ring")
    stopped = [line for line in said.splitlines() if line.startswith("stopped")]
    go_on = shlex.join(
        ["torchrun", "--nproc-per-node", "2", "-m", "gan_core", *words, "--steps", "1000000", "--resume"]
    )
    assert stopped == [f"stopped at step {record['steps']:,}, saved in {tmp_path / 'two'}; to go on: {go_on}"]
    assert said.count("steps of 256, ") == 1
    assert record["steps"] > 0
    assert cli.main([*words, "--resume", "--steps", str(record["steps"] + 2)]) == 0
    going_on = json.loads((tmp_path / "two" / "record.json").read_text())
    assert (going_on["status"], going_on["processes"], going_on["steps"]) == ("finished", 1, record["steps"] + 2)
