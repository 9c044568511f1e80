"""Gradient penalties as parts of a run: refused, lazy, with labels, for many seeds, unrolled, between two masses."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from masses import along, critic_between, gap
from mutants import assert_killed, faults_of
from pairs import ToldD, ToldG
from slopes import (
    KINDS,
    POINTS,
    HalfSquare,
    Steady,
    minibatches,
    no_slope,
    no_unit_reached,
    plain,
    started,
    tanh_critic,
)
from torch import nn

from gan_core import datasets, methods, objectives, replicates, training, unrolling
from gan_core.pieces.lipschitz import (
    GradientPenalty,
    above_one,
    near_real,
    on_fake,
    on_real,
    on_segment,
    r1,
    r2,
    spectrally_normalised,
    to_one,
    to_zero,
)
from gan_core.pieces.networks import mlp
from gan_core.training import GAN
from gan_core.training.replicates import Stack

# ---- a critic in which an example feels the others


class Block(nn.Module):
    """Batch normalisation where one does not look at first."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleDict({"conv": nn.Conv2d(2, 2, 3, padding=1), "norm": nn.BatchNorm2d(2)})

    def forward(self, x):
        return x + self.inner["norm"](self.inner["conv"](x)).tanh()


def between(*norm):
    """An image critic with something between its layers."""
    end = nn.Tanh, nn.Flatten, partial(nn.Linear, 24, 1)
    return lambda: nn.Sequential(nn.Conv2d(2, 4, 2), *(build() for build in (*norm, *end)))


CRITICS = {  # a critic, and whether an example feels the others of its minibatch
    "plain": (between(), False),
    "batch normalisation": (between(partial(nn.BatchNorm2d, 4)), True),
    "in a block": (lambda: nn.Sequential(Block(), nn.Flatten(), nn.Linear(24, 1)), True),
    "of points": (
        lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 6), nn.Tanh(), nn.Linear(6, 1)),
        True,
    ),
    "without running means": (between(partial(nn.BatchNorm2d, 4, track_running_stats=False)), True),
    "without gains": (between(partial(nn.BatchNorm2d, 4, affine=False)), True),
    "lazy": (between(nn.LazyBatchNorm2d), True),
    "at the end": (lambda: nn.Sequential(between()(), nn.BatchNorm1d(1)), True),
    "a norm of each example": (between(partial(nn.LayerNorm, (4, 2, 3))), False),
    "of groups": (between(partial(nn.GroupNorm, 2, 4)), False),
    "of instances": (between(partial(nn.InstanceNorm2d, 4)), False),
    "Dropout": (between(partial(nn.Dropout, 0.5)), False),
    "spectral": (lambda: spectrally_normalised(between()()), False),
}


def feels_the_others(critic):
    """Whether another example changes the gradient of f, of the first one, at the first one."""
    run = started(critic)
    gradients = []
    for other in (0.0, 1.0):
        torch.manual_seed(0)  # for Dropout
        x, _ = minibatches(run)
        x[-1] += other
        (gradient,) = torch.autograd.grad(run.copy().score(x.requires_grad_())[0], x)
        gradients.append(gradient[0])
    return not torch.allclose(*gradients, rtol=0, atol=1e-12)


def oracle_guard(must_fit):
    """Refused is what makes an example feel the others, whatever it is called and wherever it is; and nothing else."""
    for critic, feels in CRITICS.values():
        run = started(critic)
        if feels:
            with pytest.raises(
                ValueError, match=r"without batch normalisation; layer .*Norm.*other examples of the min"
            ):
                must_fit(run)
        else:
            must_fit(run)


@pytest.mark.parametrize("name", CRITICS)
def test_batch_normalisation_mixes_the_examples(name):
    critic, feels = CRITICS[name]
    assert feels_the_others(critic) == feels


def test_the_guard():
    oracle_guard(GradientPenalty(10).must_fit)
    oracle_guard(guard(lambda network: of_kind(network, BATCH_NORM)))


def test_a_run_with_batch_normalisation_is_refused_at_its_start():
    dcgan, data = methods.dcgan((3, 16, 16), z=3, width=4), datasets.faces(64, size=16)
    for penalty in (GradientPenalty(10), r1(10), r2(10, every=4), GradientPenalty(1, near_real)):
        for begin in (training.start, partial(training.fit, steps=1), partial(training.replicate, steps=1)):
            with pytest.raises(ValueError, match=r"layer 3 is BatchNorm2d\(8.*f\(x\) depends on the other examples"):
                begin(replace(dcgan, penalties=(penalty,)), data, batch=16)
    training.start(methods.wgan_gp((3, 16, 16), z=3, width=4), data, batch=16)


BATCH_NORM = nn.modules.batchnorm._BatchNorm


def of_kind(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def guard(refuse):
    """A guard that asks `refuse(network)` for the layers it does not want."""

    def must_fit(run):
        for layer in refuse(run.discriminator):
            raise ValueError(f"without batch normalisation; layer is {layer}: the other examples of the minibatch")

    return must_fit


GUARD_MUTANTS = {
    "no guard": guard(lambda network: []),
    "the layers at the top only": guard(
        lambda network: [layer for layer in network.children() if "BatchNorm" in type(layer).__name__]
    ),
    "for images only": guard(lambda network: of_kind(network, nn.BatchNorm2d)),
    "for points only": guard(lambda network: of_kind(network, nn.BatchNorm1d)),
    "by the running means": guard(lambda network: list(network.buffers())),
    "by the gains": guard(lambda network: [each for each in of_kind(network, BATCH_NORM) if each.weight is not None]),
    "all norms": guard(lambda network: [each for each in network.modules() if "Norm" in type(each).__name__]),
}


# ---- now and then


def oracle_every(make, k=3):
    """Due at steps 0, k, 2k …; over k iterations on the same data the sum is that of k usual ones."""
    run = started(partial(Steady, POINTS, 3), POINTS)
    given = minibatches(run)
    found = []
    for run.step in range(2 * k):
        found.append(float(torch.as_tensor(make(10, at=on_real, every=k)(run, *given, None)).detach()))
    assert [step for step, price in enumerate(found) if price] == [0, k]
    run.step = 0
    usual = make(10, at=on_real)(run, *given, None).item()
    assert sum(found) == pytest.approx(2 * k * usual, rel=1e-12)


@given(k=st.integers(1, 20))
@settings(max_examples=10)
def test_every(k):
    oracle_every(GradientPenalty, k)


EVERY_MUTANTS = {
    "without its factor": plain(factor=lambda every: 1),
    "one too many": plain(due=lambda step, every: step % (every + 1) == 0),
    "one too few": plain(due=lambda step, every: step % max(every - 1, 1) == 0),
    "from the second iteration on": plain(due=lambda step, every: step % every == 1 % every),
    "at the end of each k": plain(due=lambda step, every: (step + 1) % every == 0),
    "always": plain(due=lambda step, every: True),
    "all but every kth": plain(due=lambda step, every: step % every != 0),
    "factor k + 1": plain(factor=lambda every: every + 1),
    "factor √k": plain(factor=lambda every: every**0.5),
}


def test_in_training_it_is_part_of_a_step_that_is_made_anyway():
    """L_D holds the price in every kth iteration, in each of its n_dis steps, and Adam makes no step of its own."""
    calls = []

    def watched(s):
        calls.append(run.step)
        return to_zero(s)

    gan = methods.gan((2,), z=3, width=8)
    gan = replace(gan, penalties=(GradientPenalty(1, on_real, watched, every=3),), n_dis=2)
    run = training.start(gan, datasets.ring(), batch=16)
    for _ in range(7):
        training.iteration(run)
    assert calls == [0, 0, 3, 3, 6, 6]
    assert {int(state["step"]) for state in run.optimizer_d.state.values()} == {14}


# ---- with labels


class ToldSlope(HalfSquare):
    """f(x, y) = c(y) ½‖x‖²: at x its slope is c(y) ‖x‖."""

    factors = torch.tensor([1.0, 3.0, 0.5])

    def forward(self, x, y):
        return self.factors.to(x.dtype)[y] * super().forward(x)


class Deaf(nn.Linear):
    """A generator that does not listen to its labels."""

    def forward(self, z, y):
        return super().forward(z)


def oracle_labels(make):
    """The price in L_D is that of each example with its own label."""
    data = datasets.Examples(torch.randn(30, *POINTS), torch.arange(30) % 3)
    run = started(ToldSlope, POINTS, 7, data=data, generator=partial(Deaf, 1, 3), classes=3)
    real, y = torch.randn(7, *POINTS), torch.tensor([0, 1, 1, 1, 2, 1, 0])
    fake = torch.randn(7, *POINTS)
    for at, x in (on_real, real), (on_fake, fake):
        for cost in to_one, above_one, to_zero:
            with_price, without = (
                training.discriminator_loss(replace(run, gan=replace(run.gan, penalties=added)), (real, y), (fake, y))
                for added in ((make(10, at=at, cost=cost),), ())
            )
            expected = 10 * cost(ToldSlope.factors.double()[y] * x.norm(dim=1)).mean()
            torch.testing.assert_close(with_price - without, expected, rtol=1e-9, atol=0)


def test_with_labels():
    torch.set_default_dtype(torch.float64)
    oracle_labels(GradientPenalty)
    torch.set_default_dtype(torch.float32)
    told = datasets.Examples(torch.randn(64, 1, 8, 8).clamp(-1, 1), torch.randint(10, (64,)))
    gan = GAN(ToldG, ToldD, z=4, classes=10, penalties=(GradientPenalty(10), r1(1, every=2)))
    assert np.isfinite(training.fit(gan, told, steps=3, batch=16).history["loss_d"]).all()


@pytest.mark.parametrize(
    "told",
    [lambda y: None, lambda y: y.flip(0).roll(1), torch.zeros_like, torch.ones_like],
    ids=["not told", "those of others", "always 0", "always 1"],
)
def test_mutants_of_the_labels(told):
    torch.set_default_dtype(torch.float64)
    assert_killed(oracle_labels, plain(told=told))


# ---- several seeds as one


def three(penalty, **parts):
    return replace(methods.gan((2,), z=3, width=8), penalties=(penalty,), objective=objectives.wasserstein, **parts)


STACKED = {
    "WGAN-GP": lambda make: methods.wgan_gp((2,), z=3, width=8),
    "one-sided": lambda make: three(make(10, cost=above_one)),
    "R1": lambda make: three(make(5, at=on_real, cost=to_zero)),
    "R2, every third": lambda make: three(make(5, at=on_fake, cost=to_zero, every=3)),
    "DRAGAN": lambda make: three(make(10, at=near_real)),
    "on the segment": lambda make: three(make(10)),
    "unrolled": lambda make: three(make(10), opponent=unrolling.unroll(2)),
    "patches": lambda make: three(make(10), discriminator=partial(nn.Linear, 2, 5)),
}


def oracle_together(make, name="on the segment", seeds=(5, 0, 3)):
    """Runs that move as one have the losses and the weights that each has alone; and they do move as one."""
    torch.set_default_dtype(torch.float64)
    gan, data = STACKED[name](make), datasets.ring()
    runs = [training.start(gan, data, seed=seed, batch=16) for seed in seeds]
    team = Stack(runs)
    for _ in range(5):
        training.iteration(team)
    team.release()
    for run in runs:
        alone = training.start(gan, data, seed=run.seed, batch=16)
        for _ in range(5):
            training.iteration(alone)
        torch.testing.assert_close(run.losses[:5], alone.losses[:5], rtol=0, atol=1e-11)
        for p, other in zip(run.discriminator.parameters(), alone.discriminator.parameters(), strict=True):
            torch.testing.assert_close(p, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", STACKED)
def test_seeds_that_move_as_one(name):
    oracle_together(GradientPenalty, name)
    gan = STACKED[name](GradientPenalty)
    runs = [training.start(gan, datasets.ring(), seed=seed, batch=16) for seed in range(2)]
    with replicates.teams(runs, training.iteration) as teams:
        assert len(teams) == 1, "the trial of a few iterations found a difference"


def stacked(length=lambda g: g.norm(dim=-1), mean=lambda price: price.mean(-1), place=on_segment):
    """A penalty on points of several runs at once, on the segment, right unless told otherwise."""

    def make(weight):
        def penalty(run, real, fake, y=None):
            x = place(run, real, fake).detach().requires_grad_()
            (gradient,) = torch.autograd.grad(run.score(x, y).sum(), x, create_graph=True)
            return weight * mean(to_one(length(gradient)))

        return penalty

    return make


def shared(run, real, fake):
    return torch.lerp(real, fake, torch.rand((run.batch, 1), generator=getattr(run, "runs", [run])[0].rng))


STACKED_MUTANTS = {
    "mean over all seeds": stacked(mean=torch.mean),
    "norm from the second axis on": stacked(length=lambda g: g.flatten(1).norm(dim=1)),
    "norm over the seeds": stacked(length=lambda g: g.norm(dim=0)),
    "one mixing weight for all seeds": stacked(place=shared),
}


def test_the_plain_stacked_form_agrees():
    oracle_together(stacked())


# ---- looked through by unrolling


def oracle_unrolled(make, kind="WGAN-GP", K=2):
    """df_K/dθ_G through K virtual steps with a price on slopes, against differences of fourth order."""
    parts, _ = KINDS[kind]
    run = started(
        partial(tanh_critic, (2,)), (2,), 16, generator=partial(mlp, 1, (2,), width=5, depth=1, activation=nn.Tanh),
        penalties=(make(10, **parts),), objective=objectives.wasserstein,
        optimizer_d=partial(torch.optim.SGD, lr=0.02), opponent=unrolling.unroll(K),
    )  # fmt: skip
    weights, z = list(run.generator.parameters()), run.noise()
    before = run.rng.get_state()

    def f(h=0.0, way=()):
        run.rng.set_state(before)
        for p, d in zip(weights, way, strict=False):
            p.data.add_(h * d)
        fake = training.Batch(run.G(z))
        value = training.generator_loss(run.gan.opponent(run, fake), fake)
        for p, d in zip(weights, way, strict=False):
            p.data.sub_(h * d)
        return value

    slopes = torch.autograd.grad(f(), weights)
    size = torch.cat([slope.flatten() for slope in slopes]).norm().item()
    rng = torch.Generator().manual_seed(0)
    for _ in range(3):
        way, h = [torch.randn(p.shape, generator=rng) for p in weights], 1e-4
        near, far = (f(s * h, way).item() - f(-s * h, way).item() for s in (1, 2))
        slope = sum((g * d).sum() for g, d in zip(slopes, way, strict=True)).item()
        assert abs(slope - (8 * near - far) / (12 * h)) <= 1e-6 * size


@pytest.mark.parametrize("kind", KINDS)
def test_unrolling_looks_through_it(kind):
    oracle_unrolled(GradientPenalty, kind)


def test_the_plain_form_agrees():
    oracle_unrolled(plain())
    oracle_every(plain())
    oracle_labels(plain())


def test_unrolling_looks_through_a_slope_of_zero():
    """The second derivative of a length at 0 is asked for here, and is 0, not NaN."""
    for critic in (no_slope, no_unit_reached):
        run = started(
            partial(critic, (2,)), (2,), 16, penalties=(GradientPenalty(10),), objective=objectives.wasserstein,
            opponent=unrolling.unroll(2),
        )  # fmt: skip
        training.generator_step(run)
        assert all(p.isfinite().all() for p in run.generator.parameters())


UNROLLED_MUTANTS = {
    "x̂ cut from the fakes": plain(leaf=lambda x: x.detach().requires_grad_()),
    "another draw of t each time": plain(
        place=lambda run, real, fake: torch.lerp(real, fake, torch.rand(run.batch, *len(real.shape[1:]) * [1]))
    ),
}


# ---- a trained critic tells the distance between two point masses


def leaky():
    return mlp((2,), 1, width=32, activation=partial(nn.LeakyReLU, 0.2))


def oracle_two_masses(make, delta=2.0, weight=10, critic=leaky, steps=300, within=0.02, **parts):
    """max over f of E_p[f] − E_q[f] − w E[(s − 1)²], x̂ on the segment: of a slope s each δs − w(s − 1)², so s is
    1 + δ/2w all along and the gap δ(1 + δ/2w), more than the distance δ: a price is no bound."""
    run = critic_between(along(delta), critic, steps=steps, penalties=(make(weight),), **parts)
    assert gap(run) == pytest.approx(delta * (1 + delta / (2 * weight)), rel=within)
    return gap(run)


@pytest.mark.parametrize("delta", [0.3, 4.0])
def test_two_masses_and_a_linear_critic(delta, float64):
    """It has the best slope everywhere: the closed form is met to rounding."""
    linear = partial(nn.Linear, 2, 1)
    for cost in to_one, above_one:
        penalty = partial(GradientPenalty, cost=cost)
        oracle_two_masses(penalty, delta, critic=linear, lr=0.05, steps=200, within=1e-5, batch=4)


@pytest.mark.parametrize(("delta", "weight"), [(0.3, 15), (1.0, 50), (4.0, 200), (4.0, 10)])
def test_two_masses_and_a_network(delta, weight, float64):
    """As the closed form says; and where the price is so high that δ/2w is a hundredth, δ within 2 %."""
    found = oracle_two_masses(GradientPenalty, delta, weight, within=0.01)
    assert (found == pytest.approx(delta, rel=0.02)) == (weight > 10)


TWO_MASSES_MUTANTS = {
    "norm over the whole batch": plain(length=lambda g: g.norm()),
    "square root dropped": plain(length=lambda g: g.square().sum(1)),
    "sum of absolute values": plain(length=lambda g: g.abs().sum(1)),
    "the slope detached": plain(length=lambda g: g.detach().norm(dim=1)),
    "sum over the batch": plain(mean=torch.sum),
    "no slope": partial(GradientPenalty, cost=to_zero),
}


@pytest.mark.parametrize("fault", TWO_MASSES_MUTANTS)
def test_mutants_between_two_masses(fault, float64):
    linear = partial(nn.Linear, 2, 1)
    oracle = partial(oracle_two_masses, delta=4.0, critic=linear, lr=0.05, steps=200, batch=4)
    assert_killed(oracle, TWO_MASSES_MUTANTS[fault])


@faults_of(
    {
        oracle_guard: GUARD_MUTANTS,
        oracle_every: EVERY_MUTANTS,
        oracle_together: STACKED_MUTANTS,
        oracle_unrolled: UNROLLED_MUTANTS,
    }
)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
