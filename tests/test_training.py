"""Algorithm 1: who moves when, on what, by which gradient; and a run can be repeated, resumed and copied."""

import copy
import pathlib
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed, faults
from torch import nn
from torch.nn.functional import softplus

from gan_core import algorithm, datasets, methods, training
from gan_core.pieces.objectives import OBJECTIVES
from gan_core.training import GAN, Run, loop
from gan_core.training._fitting import one_look

pytestmark = pytest.mark.usefixtures("float64")


DATA = datasets.Mixture(*(torch.tensor(v, dtype=torch.float64) for v in ([[3.0]], [0.1], [1.0])))


class Line(nn.Module):
    """x = θ + z, or the logit a = w·x: one number, so that each step has a closed form. It keeps what it is given."""

    def __init__(self, start, job):
        super().__init__()
        self.weight, self.job, self.seen = nn.Parameter(torch.tensor(start)), job, []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.weight + x if self.job == "shift" else self.weight * x


sgd = partial(torch.optim.SGD, lr=0.1)


def game(theta=0.5, w=0.8, **changes):
    gan = GAN(Line(theta, "shift"), Line(w, "slope"), z=1, optimizer_d=sgd, optimizer_g=sgd)
    run = training.start(replace(gan, **changes), DATA, seed=3, batch=16)
    run.generator.seen.clear(), run.discriminator.seen.clear()
    return run


def parameters(module):
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()]).clone()


def same(first, second):
    return torch.equal(parameters(first.generator), parameters(second.generator)) and torch.equal(
        parameters(first.discriminator), parameters(second.discriminator)
    )


# ---- the two steps, against their closed forms, and who may be touched by whom


def oracle_discriminator_step(step):
    run = game()
    loss = step(run)
    real, fake = run.discriminator.seen
    a = 0.8 * real, 0.8 * fake
    torch.testing.assert_close(loss, softplus(-a[0]).mean() + softplus(a[1]).mean())
    assert real.mean() > 2.5 > 1.5 > fake.mean()  # real first, fake second
    gradient = -(torch.sigmoid(-a[0]) * real).mean() + (torch.sigmoid(a[1]) * fake).mean()
    torch.testing.assert_close(run.discriminator.weight.detach(), 0.8 - 0.1 * gradient)
    assert run.generator.weight.item() == 0.5, "G moved in D's step"
    assert run.generator.weight.grad is None, "a gradient reached G in D's step"
    step(run)
    assert not torch.equal(run.discriminator.seen[2], real), "D saw the same real minibatch twice"
    assert not torch.equal(run.generator.seen[0], run.generator.seen[1]), "D's two steps shared their noise"
    assert len(run.discriminator.seen[0]) == len(run.discriminator.seen[1]) == 16
    assert len(run.losses[: run.step]) == 0  # a step by hand is not an iteration


def broken_d(fake_of=None, swap=False, reuse=False, loss=None, detach=True, update_g=False, ascend=False):
    def step(run):
        rng = torch.Generator().manual_seed(0) if reuse else run.rng
        real = run.data.sample(run.batch, rng)
        fake = run.generator(torch.randn(run.batch, 1, generator=rng))
        fake = fake.detach() if detach else fake
        a, b = (fake, real) if swap else (real, fake)
        value = (loss or run.gan.objective.discriminator)(run.discriminator(a), run.discriminator(b))
        value = -value if ascend else value
        run.optimizer_d.zero_grad(), run.optimizer_g.zero_grad()
        value.backward()
        run.optimizer_d.step()
        if update_g:
            run.optimizer_g.step()
        return value.detach()

    return step


def test_discriminator_step():
    oracle_discriminator_step(training.discriminator_step)
    oracle_discriminator_step(broken_d())  # the hand-written step of the mutants is right when nothing is broken


@faults(
    {
        "real and fake swapped": broken_d(swap=True),
        "missing detach": broken_d(detach=False),
        "G updated in D's step": broken_d(detach=False, update_g=True),
        "the same minibatch at every step": broken_d(reuse=True),
        "the generator's loss for D": broken_d(loss=lambda real, fake: softplus(-fake).mean()),
        "half of the loss lost": broken_d(loss=lambda real, fake: softplus(-real).mean()),
        "D descends where it should ascend": broken_d(ascend=True),
        "logits taken for probabilities": broken_d(loss=lambda r, f: -(r.sigmoid().log() + f.sigmoid().log()).mean()),
    }
)
def test_discriminator_step_mutants(mutant):
    assert_killed(oracle_discriminator_step, mutant)


def oracle_generator_step(step):
    run = game()
    training.discriminator_step(run)
    w, grad = run.discriminator.weight.item(), run.discriminator.weight.grad.clone()
    loss = step(run)
    z, fake = run.generator.seen[-1], run.discriminator.seen[-1]
    assert not torch.equal(z, run.generator.seen[0]), "the noise of D's step served again"
    torch.testing.assert_close(loss, softplus(-w * fake).mean())
    gradient = -(torch.sigmoid(-w * fake) * w).mean()
    torch.testing.assert_close(run.generator.weight.detach(), 0.5 - 0.1 * gradient)
    assert run.discriminator.weight.item() == w, "D moved in G's step"
    assert torch.equal(run.discriminator.weight.grad, grad), "a gradient was kept for D in G's step"
    assert run.discriminator.weight.requires_grad, "D stayed frozen"


def broken_g(reuse=False, loss=None, update_d=False, frozen=True, thaw=True):
    def step(run):
        z = run.generator.seen[0] if reuse else run.noise()
        run.discriminator.weight.requires_grad_(not frozen)
        value = (loss or run.gan.objective.generator)(run.discriminator(run.generator(z)))
        run.optimizer_g.zero_grad()
        value.backward()
        run.optimizer_g.step()
        if update_d:
            run.optimizer_d.step()
        run.discriminator.weight.requires_grad_(thaw)
        return value.detach()

    return step


def test_generator_step():
    oracle_generator_step(training.generator_step)
    oracle_generator_step(broken_g())


@faults(
    {
        "the same z for both steps": broken_g(reuse=True),
        "losses swapped": broken_g(loss=lambda fake: softplus(fake).mean()),
        "the saturating loss": broken_g(loss=lambda fake: -softplus(fake).mean()),
        "D updated in G's step": broken_g(update_d=True, frozen=False),
        "gradient left in D": broken_g(frozen=False),
        "D stays frozen": broken_g(thaw=False),
    }
)
def test_generator_step_mutants(mutant):
    assert_killed(oracle_generator_step, mutant)


# ---- an iteration: n_dis steps of D, one of G, in this order


def oracle_iteration(iteration):
    for n_dis in (1, 2, 5):
        run = game(n_dis=n_dis)
        by_hand = run.copy()
        iteration(run)
        for _ in range(n_dis):
            loss_d = training.discriminator_step(by_hand)
        loss_g = training.generator_step(by_hand)
        assert same(run, by_hand)
        assert run.step == 1
        assert (run.history["loss_d"][0], run.history["loss_g"][0]) == (loss_d.item(), loss_g.item())
        # D is called on real and on fake n_dis times and once by G: 2·n_dis + 1 minibatches, all different
        assert len({tuple(x.flatten().tolist()) for x in run.discriminator.seen}) == 2 * n_dis + 1


def broken_iteration(d_steps=None, g_first=False, swap=False):
    def iteration(run):
        if g_first:
            loss_g = training.generator_step(run)
        for _ in range(d_steps or run.gan.n_dis):
            loss_d = training.discriminator_step(run)
        if not g_first:
            loss_g = training.generator_step(run)
        run.record(*((loss_g, loss_d) if swap else (loss_d, loss_g)))

    return iteration


def test_iteration():
    oracle_iteration(training.iteration)
    oracle_iteration(broken_iteration())


@faults(
    {
        "n_dis forgotten": broken_iteration(d_steps=1),
        "always five": broken_iteration(d_steps=5),
        "G first": broken_iteration(g_first=True),
        "losses recorded under each other's name": broken_iteration(swap=True),
    }
)
def test_iteration_mutants(mutant):
    assert_killed(oracle_iteration, mutant)


# ---- a run can be repeated, resumed and copied, to the bit


def small(**changes):
    return replace(methods.gan((1,), z=2, width=8), **changes)


class Drops(nn.Sequential):
    """A discriminator that draws random numbers itself."""

    def __init__(self):
        super().__init__(nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 1))


@pytest.mark.parametrize("gan", [small(), small(discriminator=Drops)], ids=["mlp", "with Dropout"])
def test_the_seed_is_the_run(gan):
    torch.manual_seed(1)
    first = training.fit(gan, DATA, steps=10, seed=4)
    after = torch.rand(1)
    torch.manual_seed(2)
    second = training.fit(gan, DATA, steps=10, seed=4)
    assert same(first, second)
    assert all(np.array_equal(first.history[name], second.history[name]) for name in ("loss_d", "loss_g"))
    other = training.fit(gan, DATA, steps=10, seed=5)
    assert not same(first, other)
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(1)), "training used up torch's own random numbers"


@pytest.mark.parametrize("gan", [small(), small(discriminator=Drops)], ids=["mlp", "with Dropout"])
def test_ten_steps_are_five_and_five(gan):
    whole = training.fit(gan, DATA, steps=10, seed=4)
    halves = training.train(training.fit(gan, DATA, steps=5, seed=4), 5)
    assert same(whole, halves)
    assert halves.step == 10
    assert np.array_equal(whole.history["loss_g"], halves.history["loss_g"])


def test_replicate_is_fit_for_each_seed():
    runs = training.replicate(small(), DATA, steps=6, seeds=(7, 2), batch=8)
    assert [run.seed for run in runs] == [7, 2]
    for run in runs:
        alone = training.fit(small(), DATA, steps=6, seed=run.seed, batch=8)
        torch.testing.assert_close(parameters(run.generator), parameters(alone.generator), rtol=1e-12, atol=1e-12)


def oracle_copy(copied):
    run = training.fit(small(), DATA, steps=5)
    before = parameters(run.generator)
    other = copied(run)
    training.train(other, 5)
    assert torch.equal(parameters(run.generator), before)
    assert run.step == 5
    assert other.step == 10
    assert same(other, training.fit(small(), DATA, steps=10))
    assert same(training.train(run, 5), other)


def test_copy():
    oracle_copy(training.Run.copy)


@pytest.mark.parametrize("copied", [copy.copy, lambda run: run, lambda run: training.start(run.gan, run.data)])
def test_copy_mutants(copied):
    assert_killed(oracle_copy, copied)


def test_the_weights_and_the_noise_are_not_the_same_random_numbers():
    run = training.start(small(), DATA, seed=0)
    assert not torch.equal(run.noise()[:4], torch.randn(4, 2, generator=torch.Generator().manual_seed(0)))


# ---- looking does not disturb


class Moody(nn.Sequential):
    """A generator with batch norm, one part of which its owner keeps in eval mode."""

    def __init__(self):
        super().__init__(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1))
        self[2].eval()


def oracle_looking(look):
    run = training.fit(small(generator=Moody), DATA, steps=3)
    alone = run.copy()
    modes = [part.training for part in run.generator.modules()]
    first = look(run)
    assert first.shape == (7, 1)
    assert torch.equal(look(run), first), "the same seed gave other samples"
    assert not first.requires_grad
    assert [part.training for part in run.generator.modules()] == modes
    assert torch.equal(run.generator[1].running_mean, alone.generator[1].running_mean)
    assert same(training.train(run, 3), training.train(alone, 3))


def test_samples():
    oracle_looking(lambda run: run.samples(7))
    run = training.start(small(), DATA)
    assert not torch.equal(run.samples(7, seed=0), run.samples(7, seed=1))


@faults({
        "from the training stream": lambda run: run.generator.eval()(run.noise()[:7]).detach(),
        "left in eval mode": lambda run: run.generator.eval()(torch.ones(7, 2)).detach(),
        "all parts back to train mode": lambda run: (run.generator.eval()(torch.ones(7, 2)).detach(),
                                                     run.generator.train())[0],
        "batch norm moved": lambda run: run.generator(torch.ones(7, 2)).detach(),
        "with its graph": lambda run: run.generator(torch.ones(7, 2)),
    })  # fmt: skip
def test_samples_mutants(mutant):
    assert_killed(oracle_looking, mutant)


def test_logits():
    run = training.start(small(discriminator=Drops), DATA)
    x = torch.linspace(-1, 1, 5)[:, None]
    layers = run.discriminator
    torch.testing.assert_close(run.logits(x), layers[2](layers[0](x))[:, 0].detach())  # no Dropout, no graph, (n,)
    assert layers[1].training


def test_history_grows_and_is_a_copy():
    run = training.fit(small(), DATA, steps=loop.CHECK_EVERY + 3)
    history = run.history
    assert history["loss_d"].shape == history["loss_g"].shape == (loop.CHECK_EVERY + 3,)
    assert history["loss_d"].dtype == np.float64
    assert np.isfinite(history["loss_g"]).all()
    history["loss_d"][:] = 0
    assert run.history["loss_d"].min() > 0


# ---- a module of one's own


def test_own_modules_go_through_the_same_door_and_stay_as_they_are():
    generator, discriminator = nn.Linear(3, 1), nn.Linear(1, 1)
    before = parameters(generator)
    run = training.fit(GAN(generator, discriminator, z=3), DATA, steps=2)
    assert torch.equal(parameters(generator), before)
    assert not torch.equal(parameters(run.generator), before)
    assert not same(run, training.fit(GAN(generator, discriminator, z=3), DATA, steps=2, seed=1))  # other minibatches


def test_logits_may_come_without_their_axis():
    class Flat(nn.Linear):
        def forward(self, x):
            return super().forward(x)[:, 0]

    assert training.fit(small(discriminator=partial(Flat, 1, 1)), DATA, steps=2).step == 2


# ---- any number of logits an example


IMAGES = torch.randn(24, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64).clamp(-1, 1)


class Flat(nn.Sequential):
    """One logit an example, without its axis."""

    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(64, 1))

    def forward(self, x):
        return super().forward(x)[:, 0]


def patches():
    """Images (n, 1, 8, 8) -> a logit for each of 3 × 4 patches, (n, 1, 3, 4)."""
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.LeakyReLU(0.2), nn.Conv2d(3, 1, (4, 3)))


LOGITS = {  # a discriminator, and what it makes of an example
    "(n,)": (Flat, ()),
    "(n, 1)": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 1)), (1,)),
    "(n, 5)": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), (5,)),
    "(n, 1, 3, 4)": (patches, (1, 3, 4)),
}


def judged(name, **changes):
    gan = replace(methods.gan((1, 8, 8), z=2, width=8), discriminator=LOGITS[name][0], **changes)
    return training.start(gan, IMAGES, batch=6)


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
@pytest.mark.parametrize("name", LOGITS)
def test_any_number_of_logits_trains_with_every_objective(name, objective):
    run = judged(name, objective=objective)
    shape = LOGITS[name][1]
    assert run.logits(IMAGES).shape == ((24,) if shape in ((), (1,)) else (24, *shape))
    first = parameters(run.discriminator), parameters(run.generator)
    training.train(run, 2)
    assert np.isfinite(np.stack(list(run.history.values()))).all()
    for before, network in zip(first, (run.discriminator, run.generator), strict=True):
        assert not torch.equal(parameters(network), before)


def oracle_patches(loss):
    """L_D is a mean over all logits: that of the losses which each patch has by itself."""
    for name in ("(n, 5)", "(n, 1, 3, 4)"):
        for objective in OBJECTIVES.values():
            run = judged(name, objective=objective)
            with torch.no_grad():  # logits far apart, so that no bend of a loss is missed
                for p in run.discriminator.parameters():
                    p.mul_(5)
            real, fake = IMAGES[:6], IMAGES[6:12] / 2
            a, b = run.D(real).flatten(1), run.D(fake).flatten(1)
            each = [objective.discriminator(a[:, k], b[:, k]) for k in range(a.shape[1])]
            torch.testing.assert_close(loss(run, (real, None), (fake, None)), torch.stack(each).mean())


def of_the_mean_logits(run, real, fake):
    return run.gan.objective.discriminator(run.score(real[0]), run.score(fake[0]))


def of_the_first_logit(run, real, fake):
    return run.gan.objective.discriminator(*(run.D(x).flatten(1)[:, 0] for x, _ in (real, fake)))


def test_each_patch_is_judged():
    oracle_patches(training.discriminator_loss)
    assert_killed(oracle_patches, of_the_mean_logits)
    assert_killed(oracle_patches, of_the_first_logit)


def oracle_score(score):
    """f(x) is the mean of the logits of x, one number for each example, with a way back to x."""
    for name in LOGITS:
        run, x = judged(name), IMAGES[:6].clone().requires_grad_()
        with torch.no_grad():
            expected = torch.stack(
                [run.discriminator(each[None]).sum() / run.discriminator(each[None]).numel() for each in x]
            )
        assert score(run, x).shape == (6,)
        torch.testing.assert_close(score(run, x), expected)
        (slopes,) = torch.autograd.grad(score(run, x)[2], x)
        assert slopes[2].any()
        assert not slopes[[0, 1, 3, 4, 5]].any(), "an example feels the others"


SCORE_MUTANTS = {
    "over all examples": lambda run, x: run.D(x).mean().expand(len(x)),
    "a sum": lambda run, x: run.D(x).reshape(len(x), -1).sum(-1),
    "the first": lambda run, x: run.D(x).reshape(len(x), -1)[:, 0],
    "patches of other examples": lambda run, x: run.D(x).reshape(-1, len(x)).mean(0),
    "at rest": lambda run, x: run.logits(x.detach()).reshape(len(x), -1).mean(-1),
}


def test_score():
    oracle_score(Run.score)


@pytest.mark.parametrize("name", SCORE_MUTANTS)
def test_score_mutants(name):
    assert_killed(oracle_score, SCORE_MUTANTS[name])


class Made(nn.Linear):
    """A discriminator whose logits are changed at the end."""

    def __init__(self, change):
        super().__init__(1, 4)
        self.change = change

    def forward(self, x):
        return self.change(super().forward(x))


@pytest.mark.parametrize(
    ("change", "made"),
    [
        (lambda a: a.mean(), r"\(1,\)"),  # one number for all
        (lambda a: a.mean(0), r"\(4,\)"),
        (lambda a: a.mT, r"\(4, 2\)"),  # examples last
        (lambda a: a.reshape(-1, 1), r"\(8, 1\)"),  # the patches as if they were examples
        (lambda a: a[:, :0], r"\(2, 0\)"),
        (lambda a: a[:1], r"\(1, 4\)"),
    ],
)
def test_what_is_no_logit_for_each_example_is_refused(change, made):
    says = rf"the discriminator must give each example a logit or more, \(n, …\); of two it makes {made}$"
    with pytest.raises(ValueError, match=says):
        training.start(small(discriminator=partial(Made, change)), DATA)


def test_a_discriminator_that_squeezes_is_asked_for_one_example():
    run = training.start(small(discriminator=partial(Made, lambda a: a[:, 0].squeeze())), DATA)
    x = torch.linspace(-1, 1, 1_025)[:, None]  # 1,024 and one
    assert run.logits(x).shape == (1_025,)
    torch.testing.assert_close(run.logits(x[-1:]), run.logits(x)[-1:])


# ---- lazy layers


def lazy_pair():
    """Two networks that say nothing of their inputs; and the same with all sizes written out."""
    g, d = (lambda *layers: nn.Sequential(*layers, nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))), nn.Sequential
    return {
        "generator": lambda: g(nn.LazyLinear(7), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(64)),
        "discriminator": lambda: d(
            nn.LazyConv2d(3, 4, 2, 1), nn.LazyBatchNorm2d(), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(1)
        ),
    }, {
        "generator": lambda: g(nn.Linear(2, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 64)),
        "discriminator": lambda: d(
            nn.Conv2d(1, 3, 4, 2, 1), nn.BatchNorm2d(3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(48, 1)
        ),
    }  # fmt: skip


def oracle_lazy(start):
    """The run of lazy layers is, number for number, that of the same layers with their sizes written out."""
    lazy, written = (replace(methods.gan((1, 8, 8), z=2), ema=0.9, **pair) for pair in lazy_pair())
    run, other = start(lazy, IMAGES, batch=6, seed=3), training.start(written, IMAGES, batch=6, seed=3)
    for name in ("generator", "discriminator", "generator_ema"):
        ours, theirs = (getattr(each, name).state_dict() for each in (run, other))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(value, theirs[key]) for key, value in ours.items()), "the look left something behind"
    for optimizer, network in ((run.optimizer_d, run.discriminator), (run.optimizer_g, run.generator)):
        assert list(map(id, optimizer.param_groups[0]["params"])) == list(map(id, network.parameters()))
    before = [p.detach().clone() for network in (run.generator, run.discriminator) for p in network.parameters()]
    training.train(run, 5), training.train(other, 5)
    assert same(run, other)
    assert torch.equal(parameters(run.generator_ema), parameters(other.generator_ema))
    assert run.generator.training
    assert run.discriminator.training
    after = [p for network in (run.generator, run.discriminator) for p in network.parameters()]
    assert not any(map(torch.equal, before, after)), "a weight is not trained"
    assert np.array_equal(run.history["loss_d"], other.history["loss_d"])


def looking(look):
    """`training.start` with another first look at the networks."""

    def start(*given, **how):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "one_look", look)
            return training.start(*given, **how)

    return start


def in_training(generator, discriminator, z, shape, classes):
    with torch.no_grad():
        generator(torch.zeros(2, z)), discriminator(torch.zeros(2, *shape))


def with_other_weights(*given):
    torch.rand(1)
    one_look(*given)


def left_at_rest(generator, discriminator, *given):
    one_look(generator.eval(), discriminator.eval(), *given)


def test_lazy_layers():
    oracle_lazy(training.start)
    oracle_lazy(looking(one_look))


@pytest.mark.parametrize("look", [in_training, with_other_weights, left_at_rest, lambda *given: None])
def test_lazy_layers_mutants(look):
    assert_killed(oracle_lazy, looking(look))


def test_a_lazy_module_of_ones_own_stays_lazy():
    pair = {name: build() for name, build in lazy_pair()[0].items()}
    gan = replace(methods.gan((1, 8, 8), z=2), **pair)
    first, second = (training.fit(gan, IMAGES, steps=2, batch=6) for _ in range(2))
    assert same(first, second)
    assert all(nn.parameter.is_lazy(p) for network in pair.values() for p in network[0].parameters())


def test_lazy_networks_are_told_labels():
    class Told(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.end = nn.Embedding(3, 4), nn.LazyLinear(1)

        def forward(self, x, y):
            return self.end(torch.cat([x, self.table(y)], 1))

    pairs = datasets.Examples(DATA.sample(9), torch.arange(9) % 3)
    run = training.fit(GAN(Told, Told, z=2, classes=3), pairs, steps=2, batch=6)
    assert run.generator.end.weight.shape == (1, 6)
    assert run.discriminator.end.weight.shape == (1, 5)


class Unused(nn.Linear):
    """A lazy layer that is used in training only."""

    def __init__(self):
        super().__init__(1, 1)
        self.late = nn.LazyLinear(1)

    def forward(self, x):
        return super().forward(x) + (self.late(x) if self.training else 0)


class Folded(nn.Sequential):
    def forward(self, x):
        return super().forward(x.reshape(-1, 3))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (
            {"discriminator": lambda: Folded(nn.LazyLinear(1))},
            r"discriminator does not take inputs \(2, 1\), which its lazy layers must see first \(or give these their "
            r"sizes\): shape",
        ),
        (
            {"generator": lambda: nn.Sequential(nn.Linear(3, 4), nn.LazyLinear(1))},
            r"generator does not take inputs \(2, 2\), which its lazy layers must see first",
        ),
        (
            {"discriminator": Unused},
            r"discriminator does not use its lazy late\.weight when it is in eval mode; give it its sizes",
        ),
    ],
)
def test_a_look_that_fails_says_what_to_do(parts, says):
    with pytest.raises(ValueError, match=says):
        training.start(small(**parts), DATA)


def test_fused_adam_is_adam():
    """The default optimizer is torch's fused Adam; it takes the steps of the plain one, up to rounding."""
    plain = partial(training.adam, fused=False)
    run = training.fit(small(), DATA, steps=50)
    other = training.fit(small(optimizer_d=plain, optimizer_g=plain), DATA, steps=50)
    torch.testing.assert_close(parameters(run.generator), parameters(other.generator), rtol=0, atol=1e-9)


def test_watch_sees_every_step():
    seen = []
    training.fit(small(), DATA, steps=3, watch=lambda run: seen.append((run.step, len(run.history["loss_d"]))))
    assert seen == [(1, 1), (2, 2), (3, 3)]


# ---- bad input


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: small(z=0), ValueError, "z must be at least 1; given 0"),
        (lambda: small(n_dis=2.5), TypeError, "n_dis must be a whole number; given 2.5"),
        (lambda: small(generator="mlp"), TypeError, "generator must be a module or a function.*'mlp'"),
        (lambda: small(optimizer_d=None), TypeError, "optimizer_d must be"),
        (lambda: small(objective="hinge"), TypeError, "objective must be a pair of losses.*'hinge'"),
        (lambda: training.fit(small(), DATA, steps=0), ValueError, "steps must be at least 1; given 0"),
        (lambda: training.fit(small(), DATA, steps=1, batch=0), ValueError, "batch must be at least 1; given 0"),
        (lambda: training.fit(small(), [[0.0]], steps=1), TypeError, "data must be a dataset.*given list"),
        (lambda: training.fit(small(), torch.zeros(5, 1), steps=1), ValueError, "at most the number of examples, 5"),
        (lambda: training.replicate(small(), DATA, steps=1, seeds=()), ValueError, "seeds is empty"),
        (lambda: training.train(training.start(small(), DATA), -1), ValueError, "steps must be at least 1; given -1"),
        (lambda: training.start(small(), DATA).samples(0), ValueError, "n must be at least 1; given 0"),
        (lambda: training.start(methods.gan((3,)), DATA), ValueError, r"shape \(3,\); the data's have shape \(1,\)"),
        (lambda: training.start(small(generator=partial(nn.Linear, 5, 1)), DATA), ValueError, r"noise \(n, 2\)"),
        (lambda: training.start(small(discriminator=partial(nn.Linear, 3, 1)), DATA), ValueError, "discriminator does"),
    ],
)
def test_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


def test_algorithm_1_fits_one_screen():
    """The lines a reader must see to have seen Algorithm 1: the two inner loops and their steps."""
    source = pathlib.Path(algorithm.__file__).read_text(encoding="utf-8").splitlines()
    first, last = (
        next(i for i, line in enumerate(source) if line.startswith(f"def {name}("))
        for name in ("algorithm_1", "descend")
    )
    assert last - first <= 48
