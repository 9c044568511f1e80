"""Growing by the step: a pure function of it, and runs that are saved, resumed and replicated while they grow."""

import copy
from dataclasses import dataclass, replace
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mutants import assert_killed
from torch import nn

from gan_core import datasets, methods, objectives, replicates, training
from gan_core.pieces.lipschitz import GradientPenalty
from gan_core.pieces.networks import progressive_discriminator, progressive_generator
from gan_core.training import GAN, loop
from gan_core.training.growth import Growth, growing
from gan_core.training.runs import Model

SHAPE = (3, 16, 16)  # two levels above 4 × 4


def images():
    pixels = torch.randint(256, (40, *SHAPE), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return datasets.Images(pixels)


def small(*, hold=1, fade=3):
    return replace(methods.progressive(SHAPE, hold=hold, fade=fade, z=4, width=2), ema=0.9)


start = partial(training.start, batch=8, fast=False)


# ---- the schedule


def oracle_stage(growth):
    """Step by step: `hold` at a level, `fade` to the next, evenly; the last level from the step `end` on, for ever."""
    for numbers in (2, 3, 4), (1, 1, 1), (3, 0, 2), (3, 2, 0), (2, 0, 0), (0, 5, 5):
        levels, hold, fade = numbers
        expected = []
        for level in range(levels):
            expected += [float(level)] * hold + [level + k / fade for k in range(fade)]
        schedule = growth(*numbers)
        assert schedule.end == len(expected)
        expected += [float(levels)] * 9
        assert [schedule.stage(step) for step in range(len(expected))] == expected


def test_stage():
    oracle_stage(Growth)


@given(st.integers(0, 6), st.integers(0, 50), st.integers(0, 50), st.integers(0, 1_000))
def test_the_stage_rises_steadily_and_knows_nothing_but_the_step(levels, hold, fade, step):
    growth = Growth(levels, hold, fade)
    s, after = growth.stage(step), growth.stage(step + 1)
    assert 0 <= s <= after <= levels
    assert isinstance(s, float)
    assert after - s <= (1 / fade if fade else 1) + 1e-12
    assert (s == levels) == (step >= growth.end)
    assert (s, after) == (Growth(levels, hold, fade).stage(step), growth.stage(step + 1))


@dataclass(frozen=True)
class Wrong(Growth):
    """`Growth` with one fault."""

    fault: str = ""

    @property
    def end(self):
        return super().end - (self.fade if self.fault == "a last level that is not held" else 0)

    def stage(self, step):
        if self.fault == "the fade first":
            return (
                replace(self, fault="").stage(step + self.hold) if step < self.end - self.hold else float(self.levels)
            )
        if self.fault == "held after each fade twice":
            return Growth(self.levels, 2 * self.hold, self.fade).stage(step)
        if self.fault == "jumps in the middle":
            return float(round(super().stage(step)))
        if self.fault == "a step late":
            return super().stage(max(step - 1, 0))
        if self.fault == "goes round":
            return super().stage(step % (self.end + 1))
        return super().stage(step)


FAULTS = (
    "the fade first", "held after each fade twice", "jumps in the middle", "a step late", "goes round",
    "a last level that is not held",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_mutants_of_the_stage(fault):
    assert_killed(oracle_stage, partial(Wrong, fault=fault))
    oracle_stage(partial(Wrong, fault=""))


@pytest.mark.parametrize("name", ["levels", "hold", "fade"])
def test_a_number_below_zero_or_not_whole_is_said_where_it_is_given(name):
    numbers = {"levels": 3, "hold": 10, "fade": 10}
    with pytest.raises(ValueError, match=f"{name} must be at least 0; given -1"):
        Growth(**numbers | {name: -1})
    with pytest.raises(TypeError, match=f"{name} must be a whole number; given 1.5"):
        Growth(**numbers | {name: 1.5})


# ---- in a run


def stages(run):
    return [
        part.stage for network in (run.generator, run.discriminator, run.generator_ema) for part in growing(network)
    ]


def test_all_three_networks_are_set_before_each_step():
    gan, seen = small(), []
    run = start(gan, images())
    training.train(run, 9, watch=lambda run: seen.append(stages(run)))
    assert seen == [3 * [gan.schedule.stage(step)] for step in range(9)]
    assert gan.schedule.end == 8


def test_networks_within_others_grow_too():
    """Such as behind a layer that augments what D sees."""
    gan = small()
    behind = replace(gan, discriminator=lambda: nn.Sequential(nn.Identity(), gan.discriminator()))
    run = training.train(start(behind, images()), 3)
    assert stages(run) == 3 * [1 / 3]


def test_without_the_schedule_the_networks_are_whole_from_the_beginning():
    """Two ways to the same: no schedule, and one that has nothing to hold and nothing to fade."""
    direct = [replace(small(), schedule=schedule) for schedule in (GAN.schedule, Growth(2, 0, 0))]
    one, other = (training.train(start(gan, images()), 3) for gan in direct)
    assert stages(one) == stages(other) == 3 * [2.0]
    assert torch.equal(one.samples(4), other.samples(4))


def first_weights(gan):
    return {name: copy.deepcopy(network.state_dict()) for name, network in networks(start(gan, images())).items()}


def networks(run):
    return {"generator": run.generator, "discriminator": run.discriminator, "average": run.generator_ema}


def belongs_to_level(name):
    """The level at which a weight comes into use: blocks.2.1.bias and to_rgb.2.weight at 2."""
    return int(name.split(".")[1])


def oracle_nothing_moves_before_its_time(method):
    """Weights of a level that is not there yet are what they were, to the last bit; and Adam has not counted for them.

    From the first step of a fade on they move, in all three networks. The toRGB of a level that has been left stays.
    """
    gan = method()
    before = first_weights(gan)
    run = start(gan, images())
    for step in range(gan.schedule.end + 2):
        training.train(run, 1)
        reached = gan.schedule.stage(step)
        for which, network in networks(run).items():
            for name, p in network.named_parameters():
                unmoved = torch.equal(p, before[which][name])
                assert unmoved == (belongs_to_level(name) >= reached + 1), (step, which, name)
        for optimizer, network in (run.optimizer_g, run.generator), (run.optimizer_d, run.discriminator):
            for name, p in network.named_parameters():
                assert (p in optimizer.state) == (belongs_to_level(name) < reached + 1)
    left = {f"{part}.{level}" for part in ("to_rgb", "from_rgb") for level in range(2)}
    for optimizer, network in (run.optimizer_g, run.generator), (run.optimizer_d, run.discriminator):
        for name, p in network.named_parameters():
            used = int(optimizer.state[p]["step"])
            assert (
                used < run.step if ".".join(name.split(".")[:2]) in left or belongs_to_level(name) else used == run.step
            )


def everything_computed(network):
    """All weights in use at every stage, those of levels that are not there yet times 0."""
    forward = network.forward
    network.forward = lambda x: forward(x) + 0 * sum(p.sum() for p in network.parameters())
    return network


def test_nothing_moves_before_its_time():
    oracle_nothing_moves_before_its_time(small)


def test_mutants_of_nothing_moves_before_its_time():
    gan = small()
    assert_killed(oracle_nothing_moves_before_its_time, lambda: replace(gan, schedule=Whole(2, 1, 3)))
    assert_killed(
        oracle_nothing_moves_before_its_time,
        lambda: replace(gan, discriminator=lambda: everything_computed(gan.discriminator())),
    )
    decaying = partial(torch.optim.AdamW, lr=1e-3, weight_decay=0.1)
    oracle_nothing_moves_before_its_time(lambda: replace(gan, optimizer_d=decaying, optimizer_g=decaying))


class Whole(Growth):
    """Says how it grows, and does not."""

    def __call__(self, run):
        for network in networks(run).values():
            network.stage = self.levels


# ---- saved and resumed within a fade


def everything(run):
    """All numbers of a run, by name."""
    numbers = {
        f"{which}/{name}": each
        for which, network in networks(run).items()
        for name, each in network.state_dict().items()
    }
    for which, optimizer in (("d", run.optimizer_d), ("g", run.optimizer_g)):
        for weight, kept in optimizer.state_dict()["state"].items():
            numbers |= {f"{which}/{weight}/{name}": each for name, each in kept.items()}
    return numbers | {"losses": run.losses[: run.step], "rng": run.rng.get_state(), "samples": run.samples(4)}


def assert_the_same(one, other):
    numbers, found = everything(one), everything(other)
    assert numbers.keys() == found.keys()
    assert stages(one) == stages(other)
    for name, value in numbers.items():
        assert torch.equal(value, found[name]), name


def oracle_resumed(make, tmp_path, at, start=start):
    """Six steps are `at` steps, a save, a load and the rest, bit for bit; so are the samples right after the load."""
    gan, data = make(), images()
    whole_run = training.train(start(gan, data), 6)
    first = training.train(start(make(), data), at)
    first.save(tmp_path / "run.pt")
    again = training.resume(tmp_path / "run.pt", make(), data)
    assert_the_same(first, again)
    assert_the_same(whole_run, training.train(again, 6 - at))


@pytest.mark.parametrize("at", range(1, 6))
def test_exact_resume(at, tmp_path):
    """Step 1 ends what is held, 3 lies within the fade, 4 ends with it, 5 has just begun at the next level."""
    gan = small()
    assert [gan.schedule.stage(step) for step in range(6)] == [0, 0, 1 / 3, 2 / 3, 1, 1]
    oracle_resumed(small, tmp_path, at)


def test_exact_resume_with_fast_arithmetic(tmp_path):
    oracle_resumed(small, tmp_path, 3, partial(training.start, batch=8, fast=True))


class Counting(Growth):
    """A schedule that counts how often it was called."""

    def __call__(self, run):
        object.__setattr__(self, "calls", getattr(self, "calls", -1) + 1)
        for network in networks(run).values():
            network.stage = self.stage(self.calls)


def test_mutants_of_exact_resume(tmp_path, monkeypatch):
    assert_killed(
        partial(oracle_resumed, tmp_path=tmp_path, at=3), lambda: replace(small(), schedule=Counting(2, 1, 3))
    )
    base = type(small().generator()).__mro__[1]
    monkeypatch.setattr(base, "set_extra_state", lambda self, bits: None)
    assert_killed(partial(oracle_resumed, tmp_path=tmp_path, at=3), small)


def test_a_checkpoint_of_another_growth_is_refused(tmp_path):
    training.train(start(small(), images()), 2).save(tmp_path / "run.pt")
    with pytest.raises(
        ValueError, match=r"schedule: Growth\(levels=2 hold=1 fade=3\) in the checkpoint, Growth\(.* fade=4"
    ):
        training.resume(tmp_path / "run.pt", small(fade=4), images())


def test_a_run_that_diverged_is_put_back_with_its_stage(monkeypatch):
    monkeypatch.setattr(loop, "CHECK_EVERY", 3)
    run = training.train(start(small(), images()), 3)
    with torch.no_grad():
        expected = copy.deepcopy(run.generator.state_dict())

    def spoil(run):
        if run.step == 5:
            run.losses[4] = float("nan")

    with pytest.raises(training.DivergedError) as error:
        training.train(run, 6, watch=spoil)
    assert error.value.run.step == 3
    assert stages(error.value.run) == 3 * [1 / 3]
    assert all(torch.equal(value, expected[name]) for name, value in error.value.run.generator.state_dict().items())


# ---- many seeds


def test_replicates_are_the_single_runs():
    gan, data = small(), images()
    together = training.replicate(gan, data, steps=4, seeds=range(2), batch=8)
    for seed, run in enumerate(together):
        assert_the_same(training.fit(gan, data, steps=4, seed=seed, batch=8), run)


class Rising(nn.Module):
    """A network that grows and has no convolutions, so that seeds may move as one: the last layer times the stage."""

    levels = 2

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.last, self.stage = nn.Linear(inputs, 8), nn.Linear(8, outputs), 2.0

    def forward(self, x):
        h = torch.tanh(self.first(x))
        return h[:, : self.last.out_features] + self.stage * self.last(h)


def oracle_stacked(growth):
    """Seeds that move as one grow as they do alone, and each knows its stage when it is let go."""
    gan = GAN(partial(Rising, 3, 2), partial(Rising, 2, 1), z=3, schedule=growth(2, 1, 3), ema=0.9)
    runs = [training.start(gan, datasets.ring(), seed=seed, batch=16) for seed in range(5)]
    with replicates.teams([run.copy() for run in runs], training.iteration) as teams:
        assert len(teams) == 1
        (team,) = teams
        for _ in range(6):
            training.iteration(team)
        together = team.runs
    for run, other in zip(runs, together, strict=True):
        training.train(run, 6)
        assert stages(run) == stages(other) == 3 * [1.0]
        torch.testing.assert_close(other.losses[:6], run.losses[:6], rtol=1e-4, atol=1e-5)


class OfTheTeamOnly(Growth):
    def __call__(self, run):
        for network in networks(run).values():
            for part in growing(network):
                part.stage = self.stage(run.step)


class OfTheRunsOnly(Growth):
    def __call__(self, run):
        for each in run.runs:
            for network in networks(each).values():
                for part in growing(network):
                    part.stage = self.stage(run.step)


def test_seeds_that_move_as_one_grow():
    oracle_stacked(Growth)


@pytest.mark.parametrize("mutant", [OfTheTeamOnly, OfTheRunsOnly])
def test_mutants_of_seeds_that_move_as_one(mutant):
    assert_killed(oracle_stacked, mutant)


# ---- what does not fit


def test_networks_without_a_stage_are_refused():
    gan = small()
    flat = methods.dcgan(SHAPE, z=4, width=2)
    with pytest.raises(
        ValueError, match=r"the generator has no stage to set; build it with networks.progressive_generator"
    ):
        start(replace(gan, generator=flat.generator), images())
    with pytest.raises(ValueError, match=r"the discriminator has no stage to set"):
        start(replace(gan, discriminator=partial(flat.discriminator, normed=False)), images())


def test_a_size_that_the_schedule_does_not_reach_is_refused():
    gan = small()
    for levels, side in (1, 8), (3, 32):
        with pytest.raises(
            ValueError, match=rf"grows from 4 × 4 to {side} × {side} pixels, the generator to 16 × 16; give"
        ):
            start(replace(gan, schedule=Growth(levels, 1, 3)), images())
    smaller = partial(progressive_generator, 4, (3, 8, 8))
    with pytest.raises(ValueError, match="generator makes examples of shape"):
        start(replace(gan, generator=smaller), images())


def test_one_network_may_grow_alone():
    """A method that is no game has no discriminator to grow."""

    def step(run):
        x, _ = run.real()
        loss = (run.G(run.noise()) - x).square().mean()
        run.optimizer_g.zero_grad()
        loss.backward()
        run.optimizer_g.step()
        return loss.detach(), loss.detach()

    model = Model(partial(progressive_generator, 4, SHAPE, width=2), 4, step, ("a", "b"), schedule=Growth(2, 1, 3))
    run = training.train(start(model, images()), 3)
    assert run.generator.stage == 1 / 3


# ---- the method


def test_the_method_is_the_papers():
    gan = methods.progressive((3, 64, 64), hold=70, fade=30, z=6, width=2)
    assert gan.schedule == Growth(4, 70, 30)
    assert gan.schedule.end == 400
    assert gan.penalties == (GradientPenalty(10),)
    assert (gan.n_dis, gan.ema, gan.z) == (1, 0.999, 6)
    assert gan.objective.generator is objectives.wasserstein.generator
    one = torch.tensor([2.0]), torch.tensor([5.0])
    assert gan.objective.discriminator(*one).item() == pytest.approx(5 - 2 + 0.001 * 2**2)
    for optimizer in gan.optimizer_d, gan.optimizer_g:
        settings = optimizer([nn.Parameter(torch.zeros(1))]).defaults
        assert (settings["lr"], settings["betas"]) == (1e-3, (0.0, 0.99))
    for build in gan.generator, gan.discriminator:
        layers = [layer for layer in build().modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
        assert all(map(nn.utils.parametrize.is_parametrized, layers))
    names = [{type(layer).__name__ for layer in build().modules()} for build in (gan.generator, gan.discriminator)]
    assert ["PixelNorm" in each for each in names] == [True, False]
    assert ["MinibatchStd" in each for each in names] == [False, True]


@pytest.mark.parametrize("shape", [(3, 48, 48), (3, 16, 8), (2,)])
def test_the_method_refuses_a_size_that_no_growth_reaches(shape):
    with pytest.raises(ValueError, match=r"with size 4, 8, 16, 32, 64 …; given"):
        methods.progressive(shape)


@pytest.mark.parametrize("fault", ["norm", "spread", "rate", "growth"])
def test_each_trick_can_be_left_out(fault):
    """As chapter 14 does it: another function in place of one of the method's parts."""
    gan = small()
    without = {
        "norm": {"generator": partial(progressive_generator, 4, SHAPE, width=2, norm=nn.Identity)},
        "spread": {"discriminator": partial(progressive_discriminator, SHAPE, width=2, group=None)},
        "rate": {
            "generator": partial(progressive_generator, 4, SHAPE, width=2),
            "discriminator": partial(progressive_discriminator, SHAPE, width=2),
        },
        "growth": {"schedule": GAN.schedule},
    }
    run = training.train(start(replace(gan, **without[fault]), images()), 3)
    assert run.losses[:3].isfinite().all()
