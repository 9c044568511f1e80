"""What holds on the CPU holds on a GPU: `pytest tests/test_on_device.py --device cuda`; without the option, on the CPU.

Of two things that are compared between devices there is then only one; what the tests would see, their mutants show.
"""

import pathlib
import signal
import subprocess
import sys
from dataclasses import fields, replace
from inspect import signature

import pytest
import torch
from mutants import assert_killed, faults
from torch import nn

from gan_core import checkpoints, cli, datasets, devices, recipes, replicates, training
from gan_core.pieces.lipschitz import on_fake
from gan_core.training.replicates import Stack
from gan_core.training.runs import Run

HERE = pathlib.Path(__file__).parent
SHAPES = {"points": (2,), "images": (3, 16, 16)}
METHODS = recipes.methods()
TOLD = {"classes": 3}  # what a method that is told labels is told; its data here are the images


def of_a_game(name, kind):
    """Whether the method of this name is a GAN for data of this kind."""
    gan = cli._made(METHODS[name], SHAPES[kind])
    return gan is not None and gan.discriminator is not None and (gan.classes is None or kind == "images")


CASES = [(name, kind) for name in METHODS for kind in SHAPES if of_a_game(name, kind)]


@pytest.fixture
def device(pytestconfig):
    """The device that pytest was told."""
    return pytestconfig.getoption("device")


@pytest.fixture(autouse=True)
def _exact(monkeypatch):
    """Sums in one order, 32-bit convolutions in 32 bits: by default cuDNN takes what is quickest."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def gan_of(name, kind):
    method = METHODS[name]
    told = TOLD if "classes" in signature(method).parameters else {}
    return method(SHAPES[kind], width=8 if name == "sagan" else 4, **told)  # attention has an eighth of the channels


def data_of(kind):
    if kind == "points":
        return datasets.ring()
    images = torch.rand(32, *SHAPES["images"], generator=torch.Generator().manual_seed(0)) * 2 - 1
    return datasets.Examples(images, torch.arange(32) % 3)


def started(name, kind, device, **how):
    return training.start(gan_of(name, kind), data_of(kind), **{"batch": 4, "device": device, **how})


def losses(run, steps=3):
    for _ in range(steps):
        training.iteration(run)
    return run.losses[:steps].cpu()


def tensors(saved, name=""):
    """Every tensor in what `checkpoints.state` makes: {its name: it, on the CPU}."""
    if isinstance(saved, torch.Tensor):
        return {name: saved.cpu()}
    items = saved.items() if isinstance(saved, dict) else enumerate(saved) if isinstance(saved, list) else ()
    return {key: found for each, value in items for key, found in tensors(value, f"{name}.{each}").items()}


def assert_same(run, other, atol=0):
    assert run.step == other.step
    mine, theirs = (tensors(checkpoints.state(each)) for each in (run, other))
    assert mine.keys() == theirs.keys()
    for name in mine:
        torch.testing.assert_close(mine[name], theirs[name], rtol=0, atol=atol, msg=lambda said, name=name: name + said)


# ---- the same weights, minibatches and noise have the same losses as on the CPU


class SameDraws(Run):
    """A run that draws on the CPU, so that it draws the same on every device."""

    def __init__(self, run, data, seed=7):
        super().__init__(**{each.name: getattr(run, each.name) for each in fields(Run)})
        self.data, self.rng = data, torch.Generator().manual_seed(seed)

    def real(self):
        x, y = super().real()
        return x.to(self.place.device), y if y is None else y.to(self.place.device)

    def labels(self):
        y = super().labels()
        return None if y is None else y.to(self.place.device)

    def draw(self, make):
        there, self.place = self.place, self.place._replace(device=torch.device("cpu"))
        try:
            return make(self.rng).to(there.device)
        finally:
            self.place = there


def drawing_alike(name, kind, device):
    return SameDraws(started(name, kind, device), data_of(kind))


def oracle_parity(start, name, kind, device):
    expected = losses(drawing_alike(name, kind, "cpu"))
    torch.testing.assert_close(losses(start(name, kind, device)), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_losses_are_those_of_the_cpu(name, kind, device):
    oracle_parity(drawing_alike, name, kind, device)


def with_noise_of_its_own(name, kind, device):
    return SameDraws(started(name, kind, device), data_of(kind), seed=8)


def with_weights_of_its_own(name, kind, device):
    return SameDraws(started(name, kind, device, seed=1), data_of(kind))


def with_logits_of_32_bits(name, kind, device):
    run = drawing_alike(name, kind, device)
    run.discriminator.register_forward_hook(lambda layer, given, logits: logits.float().double())
    return run


def with_minibatches_at_rest(name, kind, device):
    run = drawing_alike(name, kind, device)
    run.generator.eval()
    return run


def with_another_number_of_steps_of_d(name, kind, device):
    run = drawing_alike(name, kind, device)
    run.gan = replace(run.gan, n_dis=run.gan.n_dis + 1)
    return run


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    "mutant",
    [
        with_noise_of_its_own,
        with_weights_of_its_own,
        with_logits_of_32_bits,
        with_minibatches_at_rest,
        with_another_number_of_steps_of_d,
    ],
)
def test_parity_mutants(mutant, device):
    assert_killed(lambda start: oracle_parity(start, "dcgan", "images", device), mutant)


# ---- where a run computes


def test_what_a_run_keeps_is_on_the_device(device):
    run = training.train(started("dcgan", "images", device), 2)
    there = torch.device(device).type
    kept = [
        *run.generator.parameters(),
        *run.discriminator.buffers(),
        run.losses,
        run.data.x,
        run.noise(),
        run.real()[0],
    ]
    kept += [value for each in run.optimizer_d.state.values() for value in each.values()]
    assert {each.device.type for each in kept} == {there}
    assert {stream.device.type for stream in (run.rng, run.layers_rng)} == {there}
    assert run.samples(2).device.type == run.logits(run.samples(2)).device.type == "cpu"
    layouts = {p.is_contiguous(memory_format=torch.channels_last) for p in run.generator.parameters() if p.ndim == 4}
    assert layouts == {run.place.channels_last}


def oracle_place(place, device):
    convolutions, dense = nn.Conv2d(1, 4, 3), nn.Linear(2, 2)
    where = place([convolutions], device)
    assert where.device.type == torch.device(device).type
    assert where.channels_last
    assert where.bf16 == has_units_for_bf16(where.device)
    assert tuple(place([dense], device)) == (where.device, False, False)
    assert tuple(place([convolutions], device, fast=False)) == (where.device, False, False)
    assert tuple(place([convolutions.double()], device)) == (where.device, False, False)
    if torch.cuda.is_available():
        assert place([dense]).device.type == "cuda"
    assert place([dense.double()]).device.type == "cpu"


def has_units_for_bf16(device):
    """What the maker says: Ampere and later, and processors that list it."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    listed = pathlib.Path("/proc/cpuinfo").read_text().split()
    return "avx512_bf16" in listed or "amx_bf16" in listed


@pytest.mark.skipif(not pathlib.Path("/proc/cpuinfo").exists(), reason="a system that does not list what it can")
def test_place(device):
    oracle_place(devices.place, device)


@pytest.mark.parametrize(
    "change",
    [
        lambda where: where._replace(bf16=not where.bf16),
        lambda where: where._replace(channels_last=not where.channels_last),
        lambda where: where._replace(device=torch.device("meta")),
    ],
    ids=["bf16", "layout", "device"],
)
def test_place_mutants(change, device):
    assert_killed(lambda place: oracle_place(place, device), lambda *given, **how: change(devices.place(*given, **how)))


# ---- a file, and on


RESUMED = [("gan", "points"), ("dcgan", "images"), ("sngan", "images"), ("wgan_gp", "images")]


def averaging(name, kind):
    return replace(gan_of(name, kind), ema=0.9)


def oracle_resume(resume, name, kind, device, path):
    """Six steps are three, a file, and three: the last bit."""
    gan, data, how = averaging(name, kind), data_of(kind), {"batch": 4, "device": device}
    training.fit(gan, data, steps=3, **how).save(path)
    run = training.train(resume(path, gan, data), 3)
    unbroken = training.fit(gan, data, steps=6, **how)
    assert run.place == unbroken.place
    assert_same(run, unbroken)


@pytest.mark.parametrize(("name", "kind"), RESUMED)
def test_six_steps_are_three_and_three(name, kind, device, tmp_path):
    oracle_resume(training.resume, name, kind, device, tmp_path / "run.pt")


def with_streams_begun_anew(*given):
    run = training.resume(*given)
    run.rng.manual_seed(0)
    return run


def with_optimizers_begun_anew(*given):
    run = training.resume(*given)
    run.optimizer_d.state.clear()
    return run


def on_another_place(*given):
    return training.resume(*given, fast=False)


@pytest.mark.parametrize("mutant", [with_streams_begun_anew, with_optimizers_begun_anew, on_another_place])
def test_resume_mutants(mutant, device, tmp_path):
    assert_killed(lambda resume: oracle_resume(resume, "dcgan", "images", device, tmp_path / "run.pt"), mutant)


def test_a_run_goes_on_on_the_cpu(device, tmp_path):
    """For samples, and for who has no GPU: the weights are the same, and the streams begin anew."""
    gan, data = averaging("dcgan", "images"), data_of("images")
    run = training.fit(gan, data, steps=3, batch=4, device=device)
    run.save(tmp_path / "run.pt")
    elsewhere = training.resume(tmp_path / "run.pt", gan, data, device="cpu")
    assert elsewhere.place.device.type == "cpu"
    for name in ("generator", "discriminator", "generator_ema"):
        mine, theirs = (getattr(each, name).state_dict() for each in (run, elsewhere))
        assert all(mine[key].cpu().equal(theirs[key]) for key in mine)
    torch.testing.assert_close(elsewhere.samples(4), run.samples(4), rtol=0, atol=1e-4)
    assert training.train(elsewhere, 2).step == 5


# ---- many seeds at once


def oracle_together(stack, name, device, steps=4):
    alone, together = ([started(name, "points", device, seed=seed) for seed in (5, 0, 3)] for _ in range(2))
    for run in alone:
        losses(run, steps)
    team = stack(together)
    for _ in range(steps):
        training.iteration(team)
    team.release()
    for run, other in zip(together, alone, strict=True):
        assert_same(run, other, atol=1e-10)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", [name for name, kind in CASES if kind == "points"])
def test_together_is_alone(name, device):
    oracle_together(Stack, name, device)


class OneNoise(Stack):
    def noise(self):
        return torch.stack([self.runs[0].noise()] * len(self.runs))


class NoBeginning(Stack):
    def _optimizer(self, name, network):
        return torch.optim.SGD(network.parameters(), lr=1e-3)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("mutant", [OneNoise, NoBeginning])
def test_together_mutants(mutant, device):
    assert_killed(lambda stack: oracle_together(stack, "gan", device), mutant)


def test_runs_on_the_device_are_stacked(device):
    """The trial that `replicates.teams` makes says the same there as here, in 32 bits."""
    gan, data = gan_of("gan", "points"), data_of("points")
    runs = [training.start(gan, data, seed=seed, device=device) for seed in range(4)]
    with replicates.teams(runs, training.iteration) as teams:
        assert len(teams) == 1


# ---- mixed precision


CONVOLUTIONS = ["dcgan", "sngan", "wgan_gp"]


def at_precision(bf16, name, device):
    """A run in bfloat16 or in 32 bits, on any machine; D's slope is not close to 0, as it is with its first weights."""
    run = started(name, "images", device)
    run.place = run.place._replace(bf16=bf16)
    with torch.no_grad():
        for p in run.discriminator.parameters():
            p.mul_(4 if p.ndim == 4 else 1)
    return run


def oracle_mixed(at_precision, name, device):
    """The losses of five steps differ, and by no more than two of bfloat16's roundings, 2⁻⁸ each."""
    plain, mixed = (losses(at_precision(bf16, name, device), steps=5) for bf16 in (False, True))
    assert not mixed.equal(plain)
    torch.testing.assert_close(mixed, plain, rtol=2 * 2**-8, atol=2 * 2**-8)
    run = at_precision(True, name, device)
    losses(run)
    kept = [*run.generator.parameters(), *run.discriminator.parameters(), run.losses]
    assert {each.dtype for each in kept} == {torch.float32}
    assert run.D(run.real()[0]).dtype == torch.float32


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_mixed_precision_has_the_losses_of_32_bits(name, device):
    oracle_mixed(at_precision, name, device)


def never_in_bf16(bf16, name, device):
    return at_precision(False, name, device)


def with_other_weights(bf16, name, device):
    run = at_precision(bf16, name, device)
    with torch.no_grad():
        next(run.discriminator.parameters()).mul_(1.1 if bf16 else 1)
    return run


@pytest.mark.parametrize("mutant", [never_in_bf16, with_other_weights])
def test_mixed_precision_mutants(mutant, device):
    assert_killed(lambda at_precision: oracle_mixed(at_precision, "wgan_gp", device), mutant)


def gradients_of_the_penalty(bf16, penalty, device):
    """E[(‖∇f(x̂)‖ − 1)²] and its gradient in all of f's weights, a gradient of a gradient."""
    run = at_precision(bf16, "wgan_gp", device)
    real, fake = run.real()[0], run.G(run.noise()).detach()
    value = penalty(run, real, fake)
    gradients = torch.autograd.grad(value, list(run.discriminator.parameters())[:-1])  # f's last bias has none
    return value.detach(), torch.cat([each.flatten() for each in gradients])


def oracle_penalty(penalty_mixed, device):
    penalty = gan_of("wgan_gp", "images").penalties[0]
    value, expected = gradients_of_the_penalty(False, penalty, device)
    mixed_value, mixed = gradients_of_the_penalty(True, penalty_mixed(penalty), device)
    assert mixed.dtype == mixed_value.dtype == torch.float32
    assert not mixed.equal(expected)
    torch.testing.assert_close(mixed_value, value, rtol=0.02, atol=0)
    assert torch.cosine_similarity(mixed, expected, dim=0) > 0.999
    assert abs(mixed.norm() / expected.norm() - 1) < 0.02


def test_the_gradient_of_a_gradient_in_mixed_precision(device):
    oracle_penalty(lambda penalty: penalty, device)


@faults(
    {
        "not between": lambda penalty: replace(penalty, at=on_fake),
        "another weight": lambda penalty: replace(penalty, weight=10.5),
        "a tenth of a slope": lambda penalty: replace(penalty, cost=lambda s: (s - 1.1).square()),
        "not differentiated": lambda penalty: lambda *given: penalty(*given).detach().requires_grad_(),
    }
)
def test_the_gradient_of_a_gradient_mutants(mutant, device):
    assert_killed(lambda penalty: oracle_penalty(penalty, device), mutant)


# ---- Ctrl-C


def train_until_stopped(device, path):
    """What the new process does: it trains and tells its steps; a real Ctrl-C ends it, and what it has is saved."""
    torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = True, False
    gan, how = averaging("dcgan", "images"), {"steps": 1_000_000, "batch": 4, "device": device}
    training.fit(gan, data_of("images"), watch=lambda run: print(run.step, flush=True), **how).save(path)


def test_a_run_that_was_stopped_is_one_that_never_was(device, tmp_path):
    code = "import sys, test_on_device; test_on_device.train_until_stopped(*sys.argv[1:])"
    command = [sys.executable, "-c", code, device, str(tmp_path / "run.pt")]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as child:
        try:
            while (line := child.stdout.readline()) != "3\n":
                assert line, "it ended by itself"
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=60)
        finally:
            child.kill()
    assert "stopped at step" in said
    gan, data = averaging("dcgan", "images"), data_of("images")
    stopped = training.resume(tmp_path / "run.pt", gan, data)
    assert stopped.step >= 3
    assert stopped.place.device.type == torch.device(device).type
    unbroken = training.fit(gan, data, steps=stopped.step + 3, batch=4, device=device)
    assert_same(training.train(stopped, 3), unbroken)
