"""The parts that some methods add are called when they should be, with what they should, and reach whom they should."""

import copy
from dataclasses import replace
from functools import partial

import pytest
import torch
from mutants import assert_killed, faults
from pairs import ToldD, ToldG
from torch import nn

from gan_core import algorithm, datasets, methods, training
from gan_core.course.lessons.museum import looks_fine
from gan_core.training import GAN
from gan_core.training._fitting import data_must_fit
from gan_core.training.runs import Run, as_it_stands

pytestmark = pytest.mark.usefixtures("float64")


class Line(nn.Module):
    """x = θ + z, or the logit a = w·x, so that each step has a closed form. It keeps what it is given."""

    def __init__(self, start, job):
        super().__init__()
        self.weight, self.job, self.seen = nn.Parameter(torch.tensor(start)), job, []
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("last_mean", torch.tensor(0.0))

    def forward(self, x):
        self.seen.append(x.detach().clone())
        if self.training:
            self.calls += 1
            self.last_mean.copy_(x.detach().mean())
        return self.weight + x if self.job == "shift" else self.weight * x


DATA = datasets.Mixture(*(torch.tensor(v, dtype=torch.float64) for v in ([[3.0]], [0.1], [1.0])))
sgd = partial(torch.optim.SGD, lr=0.1)
steady = training.GAN(nn.Identity(), nn.Identity(), z=1).objective._replace(
    discriminator=lambda real, fake: fake.mean() - real.mean(), generator=lambda fake: fake.mean()
)  # the slope of both losses is the same at every step


def game(**changes):
    gan = GAN(Line(0.5, "shift"), Line(0.8, "slope"), z=1, optimizer_d=sgd, optimizer_g=sgd)
    run = training.start(replace(gan, **changes), DATA, seed=3, batch=16)
    run.generator.seen.clear(), run.discriminator.seen.clear()
    return run


# ---- the moving average of the generator


def oracle_average(iteration, average):
    """θ̄_n = βⁿ θ_0 + (1 − β) Σ_k βⁿ⁻ᵏ θ_k of weights; a copy of what is kept beside them."""
    beta, n = 0.9, 7
    run = game(objective=steady, ema=beta, optimizer_d=partial(torch.optim.SGD, lr=0.0))
    run.average = partial(average, run)
    weights = [run.generator.weight.item()]
    for _ in range(n):
        iteration(run)
        weights.append(run.generator.weight.item())
    assert weights[-1] == pytest.approx(0.5 - 0.1 * 0.8 * n)  # a constant slope
    mean = beta**n * weights[0] + (1 - beta) * sum(beta ** (n - k) * weights[k] for k in range(1, n + 1))
    assert run.generator_ema.weight.item() == pytest.approx(mean, rel=1e-12)
    assert run.generator_ema.calls == run.generator.calls == 2 * n
    assert run.generator_ema.last_mean == run.generator.last_mean
    assert not run.generator_ema.weight.requires_grad
    assert run.generator_ema.weight.grad is None


def broken_average(beta=None, buffers="copied"):
    def average(run):
        b = run.gan.ema if beta is None else beta
        with torch.no_grad():
            for mean, now in zip(run.generator_ema.parameters(), run.generator.parameters(), strict=True):
                mean.mul_(b).add_(now, alpha=1 - b)
            for mean, now in zip(run.generator_ema.buffers(), run.generator.buffers(), strict=True):
                if buffers == "copied":
                    mean.copy_(now)
                elif buffers == "averaged" and mean.is_floating_point():
                    mean.lerp_(now, 1 - b)

    return average


def averaged_first(run):
    run.average()
    loss_d = training.discriminator_step(run)
    run.record(loss_d, training.generator_step(run))


def test_average():
    oracle_average(training.iteration, Run.average)
    oracle_average(training.iteration, broken_average())
    oracle_average(training.iteration, looks_fine.average.mended)


@faults(
    {
        "only parameters": (training.iteration, looks_fine.average.broken),
        "buffers averaged": (training.iteration, broken_average(buffers="averaged")),
        "β and 1 − β swapped": (training.iteration, broken_average(beta=0.1)),
        "before the step": (averaged_first, Run.average),
        "never": (training.iteration, lambda run: None),
    }
)
def test_average_mutants(mutant):
    assert_killed(lambda both: oracle_average(*both), mutant)


class Normed(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))


def oracle_steady_average(average):
    """With weights that stand still the average is the model, also in what batch normalisation has seen."""
    still = partial(torch.optim.SGD, lr=0.0)
    run = training.start(replace(methods.gan((1,), z=2), generator=Normed, ema=0.99, optimizer_g=still), DATA)
    run.average = partial(average, run)
    training.train(run, 20)
    z = torch.linspace(-2, 2, 8).reshape(4, 2)
    run.generator.eval()
    assert not torch.equal(run.generator(z), training.start(run.gan, DATA).generator.eval()(z))
    assert torch.equal(run.generator_ema.eval()(z), run.generator(z))


def test_an_average_of_what_stands_still():
    oracle_steady_average(Run.average)
    assert_killed(oracle_steady_average, looks_fine.average.broken)
    assert_killed(oracle_steady_average, broken_average(buffers="averaged"))


def oracle_whose_samples(images):
    run = training.fit(replace(methods.gan((1,), z=2, width=8), ema=0.9), DATA, steps=5)
    z = torch.linspace(-1, 1, 6).reshape(3, 2)
    with torch.no_grad():
        assert torch.equal(images(run, z), run.generator_ema(z))
    plain = training.fit(methods.gan((1,), z=2, width=8), DATA, steps=5)
    with torch.no_grad():
        assert torch.equal(images(plain, z), plain.generator(z))
        assert torch.equal(plain.generator(z), run.generator(z)), "the average takes part in the training"


def test_samples_are_of_the_average():
    oracle_whose_samples(Run.images)
    assert_killed(oracle_whose_samples, lambda run, z: run.generator(z).detach())
    run = training.fit(replace(methods.gan((1,), z=2, width=8), ema=0.9), DATA, steps=5)
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(2))
    assert torch.equal(run.samples(4, seed=2), run.images(z))


# ---- what a part of a method may draw


def oracle_uniform(uniform):
    """t ~ U(0, 1), one number an example, with as many axes as these; from the run's own stream, and new ones."""
    for shape, each in (((3,), (400, 1)), ((2, 4, 4), (400, 1, 1, 1))):
        run = training.start(methods.gan(shape, z=2, width=4), datasets.Examples(torch.zeros(500, *shape)), batch=400)
        alike, outside = run.copy(), torch.get_rng_state()
        t = uniform(run)
        assert t.shape == each, "not one for each example"
        assert t.dtype == torch.float64
        assert torch.equal(t, uniform(alike)), "two runs at the same place drew other numbers"
        assert torch.equal(torch.get_rng_state(), outside), "torch's own stream was used"
        assert not torch.equal(run.noise(), training.start(run.gan, run.data, batch=400).noise()), (
            "the stream stands still"
        )
        assert not torch.equal(uniform(run), t)
        assert 0 <= t.min() < 0.02
        assert 0.98 < t.max() < 1
        assert abs(t.mean() - 1 / 2) < 5 * (1 / 12 / 400) ** 0.5
        assert abs(t.var() - 1 / 12) < 5 * (1 / 180 / 400) ** 0.5  # the variance of (t − ½)² is 1/180


def drawn(make):
    return lambda run: run.draw(lambda rng: make(run, rng))


UNIFORM_MUTANTS = {
    "normal": drawn(lambda run, rng: torch.randn(run.batch, *(1 for _ in run.data.shape), generator=rng)),
    "one for the minibatch": drawn(
        lambda run, rng: torch.rand(*(1 for _ in (0, *run.data.shape)), generator=rng).expand(
            run.batch, *(1 for _ in run.data.shape)
        )
    ),
    "one for each pixel": drawn(lambda run, rng: torch.rand(run.batch, *run.data.shape, generator=rng)),
    "without the axes of an example": drawn(lambda run, rng: torch.rand(run.batch, generator=rng)),
    "torch's own stream": lambda run: torch.rand(run.batch, *(1 for _ in run.data.shape)),
    "the same each time": lambda run: torch.rand(
        run.batch, *(1 for _ in run.data.shape), generator=torch.Generator().manual_seed(0)
    ),
    "half of the segment": lambda run: run.uniform() / 2,
}


def test_uniform():
    oracle_uniform(Run.uniform)


@pytest.mark.parametrize("name", UNIFORM_MUTANTS)
def test_uniform_mutants(name):
    assert_killed(oracle_uniform, UNIFORM_MUTANTS[name])


def test_draw_goes_on_in_the_runs_own_stream():
    run, other = game(), game()
    first = run.draw(lambda rng: torch.randint(9, (5,), generator=rng))
    assert torch.equal(first, torch.randint(9, (5,), generator=other.rng))
    assert torch.equal(run.noise(), other.noise())


# ---- penalties and constraints: of D, in each of its steps


def oracle_penalties(step):
    asked = []

    def of_weight(run, real, fake, y):
        asked.append((real, fake, y))
        return 0.5 * run.discriminator.weight**2

    def of_fakes(run, real, fake, y):
        return 0.25 * run.D(fake, y).square().mean()

    run = game(objective=steady, penalties=(of_weight, of_fakes))
    loss = step(run)
    (real, fake, y), *_ = asked
    assert torch.equal(real, run.discriminator.seen[0])
    assert torch.equal(fake, run.discriminator.seen[1])
    assert y is None
    assert not fake.requires_grad
    w = 0.8
    penalty = 0.5 * w**2 + 0.25 * (w * fake).square().mean()
    torch.testing.assert_close(loss, w * (fake.mean() - real.mean()) + penalty)
    slope = fake.mean() - real.mean() + w + 0.5 * w * fake.square().mean()
    torch.testing.assert_close(run.discriminator.weight.detach(), w - 0.1 * slope)
    assert run.generator.weight.grad is None, "a penalty reached G"
    assert run.generator.weight.item() == 0.5
    training.generator_step(run)
    assert len(asked) == 1, "a penalty in G's step"


def broken_penalties(sign=1, first=False, slope=True, detach=True, told=True):
    def step(run):
        real, y = run.real()
        fake = run.generator(run.noise())
        fake = fake.detach() if detach else fake
        loss = run.gan.objective.discriminator(run.D(real), run.D(fake.detach()))
        for penalty in run.gan.penalties[: 1 if first else None]:
            value = penalty(run, *((real, fake) if told else (fake, real)), y)
            loss = loss + sign * (value if slope else value.detach())
        run.optimizer_d.zero_grad()
        loss.backward()
        run.optimizer_d.step()
        return loss.detach()

    return step


def test_penalties():
    oracle_penalties(training.discriminator_step)
    oracle_penalties(broken_penalties())


@faults(
    {
        "subtracted": broken_penalties(sign=-1),
        "forgotten": broken_penalties(sign=0),
        "only the first": broken_penalties(first=True),
        "without its slope": broken_penalties(slope=False),
        "fakes not cut off from G": broken_penalties(detach=False),
        "real and fake swapped": broken_penalties(told=False),
    }
)
def test_penalties_mutants(mutant):
    assert_killed(oracle_penalties, mutant)


def oracle_constraints(step, iteration=training.iteration):
    bounds = []

    def clip(discriminator):
        bounds.append(discriminator.weight.item())
        with torch.no_grad():
            discriminator.weight.clamp_(-0.1, 0.1)

    def halve(discriminator):
        with torch.no_grad():
            discriminator.weight.mul_(0.5)

    run = game(objective=steady, constraints=(clip, halve), n_dis=3)
    step(run)
    assert run.discriminator.weight.item() == pytest.approx(0.05), "not in bounds after D's step"
    assert bounds[0] != 0.8, "called before the step"
    training.generator_step(run)
    assert len(bounds) == 1, "called in G's step"


def broken_constraints(before=False, names=slice(None), order=1):
    def step(run):
        gan, constraints = run.gan, run.gan.constraints[names][::order]
        run.gan = replace(gan, constraints=())
        if before:
            for constrain in constraints:
                constrain(run.discriminator)
        loss = training.discriminator_step(run)
        if not before:
            for constrain in constraints:
                constrain(run.discriminator)
        run.gan = gan
        return loss

    return step


def test_constraints():
    oracle_constraints(training.discriminator_step)
    oracle_constraints(broken_constraints())
    calls = []
    training.train(game(constraints=(calls.append,), n_dis=3), 2)
    assert len(calls) == 6  # after each of D's steps


@faults(
    {
        "before the step": broken_constraints(before=True),
        "only the first": broken_constraints(names=slice(0, 1)),
        "never": broken_constraints(names=slice(0, 0)),
        "in another order": broken_constraints(order=-1),
    }
)
def test_constraints_mutants(mutant):
    assert_killed(oracle_constraints, mutant)


def test_clipping_holds_after_every_step():
    def clip(discriminator):
        with torch.no_grad():
            for p in discriminator.parameters():
                p.clamp_(-0.01, 0.01)

    def in_bounds(run):
        assert max(p.abs().max() for p in run.discriminator.parameters()) <= 0.01

    gan = replace(methods.gan((1,), z=2, width=8), constraints=(clip,), n_dis=2)
    training.fit(gan, DATA, steps=20, watch=in_bounds)


# ---- whom G plays against


def oracle_opponent(step):
    met = []

    def twice_as_steep(run, fake):
        assert not any(p.requires_grad for p in run.discriminator.parameters()), "D not frozen for its opponent"
        met.append(fake)
        there = copy.copy(run)
        there.discriminator = lambda x: 2 * run.discriminator(x)
        return there

    run = game(objective=steady, opponent=twice_as_steep)
    training.discriminator_step(run)
    assert not met, "the opponent in D's step"
    w = run.discriminator.weight.item()
    loss = step(run)
    (x, y, z), *more = met
    assert not more
    assert y is None
    torch.testing.assert_close(x, z + 0.5, rtol=0, atol=0, msg="not the fakes of this noise")
    torch.testing.assert_close(loss, 2 * w * x.mean().detach())
    torch.testing.assert_close(run.generator.weight.item(), 0.5 - 0.1 * 2 * w)
    assert run.discriminator.weight.item() == w


def against_d(run):
    run.gan, gan = replace(run.gan, opponent=as_it_stands), run.gan
    try:
        return training.generator_step(run)
    finally:
        run.gan = gan


def test_opponent():
    oracle_opponent(training.generator_step)
    assert_killed(oracle_opponent, against_d)


def oracle_paired(step):
    """G's loss is told the logits of a fresh real minibatch too, and of the fakes, each in its place."""
    told = []

    def loss_g(fake, real):
        told.append((fake.detach(), real.detach()))
        return fake.mean()

    run = game(objective=steady._replace(generator=loss_g, paired=True))
    before = run.rng.get_state()
    step(run)
    ((fake, real),) = told
    run.rng.set_state(before)
    z, (x, y) = run.noise(), run.real()
    w = run.discriminator.weight.item()
    assert y is None
    torch.testing.assert_close(real, w * x)
    torch.testing.assert_close(fake, w * (z + 0.5))


def test_paired():
    def swapped(run):
        loss = run.gan.objective.generator
        run.gan = replace(run.gan, objective=run.gan.objective._replace(generator=lambda f, r: loss(r, f)))
        return training.generator_step(run)

    oracle_paired(training.generator_step)
    assert_killed(oracle_paired, swapped)


# ---- what changes with time


def oracle_schedule(iteration):
    seen = []

    def warm_up(run):
        seen.append(run.step)
        run.optimizer_g.param_groups[0]["lr"] = 0.1 * (run.step + 1)

    run = game(objective=steady, schedule=warm_up, optimizer_d=partial(torch.optim.SGD, lr=0.0))
    for _ in range(4):
        iteration(run)
    assert seen == [0, 1, 2, 3]
    assert run.generator.weight.item() == pytest.approx(0.5 - 0.8 * 0.1 * (1 + 2 + 3 + 4))


def scheduled_last(run):
    run.gan, gan = replace(run.gan, schedule=lambda run: None), run.gan
    training.iteration(run)
    run.gan = gan
    gan.schedule(run)


def scheduled_in_each_step(run):
    run.gan.schedule(run)
    training.iteration(run)


def test_schedule():
    oracle_schedule(training.iteration)
    assert_killed(oracle_schedule, scheduled_last)
    assert_killed(oracle_schedule, scheduled_in_each_step)


# ---- networks that are told classes


class Told(nn.Module):
    """Keeps the labels it is told; one number for each class is all it has."""

    def __init__(self, job):
        super().__init__()
        self.table, self.job, self.seen = nn.Parameter(torch.zeros(4)), job, []

    def forward(self, x, y):
        self.seen.append(y.clone())
        return x + self.table[y][:, None] if self.job == "shift" else (x[:, 0] * self.table[y])


X40 = torch.arange(40, dtype=torch.float64)[:, None] / 40
LABELLED = datasets.Examples(X40, torch.arange(40) % 3)  # the fourth class has no examples


def told(**changes):
    gan = GAN(Told("shift"), Told("slope"), z=1, optimizer_d=sgd, optimizer_g=sgd, classes=4)
    run = training.start(replace(gan, **changes), LABELLED, batch=16)
    run.generator.seen.clear(), run.discriminator.seen.clear()
    return run


def oracle_told(d_step, g_step):
    run = told()
    with torch.no_grad():
        run.discriminator.table.fill_(0.3)
    d_step(run)
    real, fake = run.discriminator.seen
    assert torch.equal(real, fake), "real and fake examples of other classes"
    assert torch.equal(run.generator.seen[0], fake), "G made one class, D was told another"
    assert run.generator.table.grad is None
    assert run.discriminator.table.grad[3] == 0
    assert (run.discriminator.table.grad[:3] != 0).all()
    before = run.discriminator.table.detach().clone()
    g_step(run)
    assert torch.equal(run.generator.seen[1], run.discriminator.seen[2])
    assert not torch.equal(run.generator.seen[1], real), "the labels of D's step served again"
    assert torch.equal(run.discriminator.table, before)
    assert (run.generator.table.grad[:3] != 0).all()
    assert run.generator.table.grad[3] == 0, "a class that the data do not have"


def told_wrongly(d=lambda run, y: y, g=lambda run, y: y):
    def d_step(run):
        real, y = run.real()
        other = d(run, y)
        with torch.no_grad():
            fake = run.G(run.noise(), y)
        training.descend(run.optimizer_d, steady.discriminator(run.D(real, y), run.D(fake, other)))

    def g_step(run):
        y = g(run, run.labels())
        with algorithm.frozen(run.discriminator):
            training.descend(run.optimizer_g, steady.generator(run.D(run.G(run.noise(), y), y)))

    return d_step, g_step


def test_classes():
    oracle_told(training.discriminator_step, training.generator_step)
    oracle_told(*told_wrongly())


@faults(
    {
        "fakes told other labels": told_wrongly(d=lambda run, y: y.roll(1)),
        "the last labels again": told_wrongly(g=lambda run, y: run.generator.seen[0]),
        "all classes alike": told_wrongly(g=lambda run, y: torch.arange(len(y)) % 4),
    }
)
def test_classes_mutants(mutant):
    assert_killed(lambda steps: oracle_told(*steps), mutant)


def test_labels_are_as_often_as_in_the_data():
    y = torch.cat([torch.zeros(30), torch.ones(10)]).long()
    run = training.start(replace(told().gan, classes=2), datasets.Examples(torch.zeros(40, 1), y), batch=40)
    share = torch.stack([run.labels() for _ in range(50)]).double().mean()
    assert share == pytest.approx(0.25, abs=5 * (0.25 * 0.75 / 2_000) ** 0.5)


def test_a_gradient_reaches_only_whom_it_should_with_classes_penalties_and_normalisation():
    def slope(run, real, fake, y):
        real = real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(run.D(real, y).sum(), real, create_graph=True)
        return gradient.square().sum((1, 2, 3)).mean()

    gan = GAN(ToldG, ToldD, z=4, classes=10, penalties=(slope,), ema=0.9)
    run = training.start(gan, datasets.digits(), batch=8)
    training.discriminator_step(run)
    assert all(p.grad is None for p in run.generator.parameters())
    assert all(p.grad is not None for p in run.discriminator.parameters())
    kept = [p.grad.clone() for p in run.discriminator.parameters()]
    weights = [p.detach().clone() for p in run.discriminator.parameters()]
    training.generator_step(run)
    assert all(p.grad is not None for p in run.generator.parameters())
    for p, grad, weight in zip(run.discriminator.parameters(), kept, weights, strict=True):
        assert torch.equal(p.grad, grad)
        assert torch.equal(p, weight)
    assert all(p.grad is None and not p.requires_grad for p in run.generator_ema.parameters())


# ---- what people ask a run for


def test_samples_of_classes():
    run = told()
    with torch.no_grad():
        run.generator.table.copy_(torch.tensor([10.0, 20.0, 30.0, 40.0]))
    z = torch.randn(6, 1, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(run.samples(6), z + torch.tensor([[10.0], [20], [30], [40], [10], [20]]))
    torch.testing.assert_close(run.samples(6, y=[3] * 6), z + 40)
    torch.testing.assert_close(run.images(z, torch.tensor([0] * 6, dtype=torch.uint8)), z + 10)
    with torch.no_grad():
        run.discriminator.table.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert run.logits(torch.ones(2, 1), [3, 0]).tolist() == [4, 1]


def oracle_large(images):
    run = training.start(replace(methods.gan((1,), z=2, width=8), generator=Normed), DATA)
    z = torch.randn(2_500, 2)
    assert images(run, z).shape == (2_500, 1)
    torch.testing.assert_close(images(run, z)[2_100:2_110], images(run, z[2_100:2_110]))
    assert run.logits(images(run, z)).shape == (2_500,)


def test_many_at_once_are_made_piece_by_piece():
    oracle_large(Run.images)
    assert_killed(oracle_large, lambda run, z: torch.cat([run.generator(some) for some in z.split(1024)]).detach())


def test_two_runs_are_compared_as_things():
    first, second = game(), game()
    assert first == first
    assert first != second
    assert [first, second].index(second) == 1


Z, X = torch.zeros(3, 1), torch.zeros(3, 1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: game().images(torch.zeros(3, 2)), r"z must be \(n, 1\) for this method; given \(3, 2\)"),
        (lambda: game().images(torch.zeros(3)), r"z must be \(n, 1\) for this method; given \(3,\)"),
        (lambda: game().images(Z, [0, 1, 2]), "are told no labels; leave y out"),
        (lambda: game().logits(X, [0, 1, 2]), "are told no labels; leave y out"),
        (lambda: game().samples(3, y=[0, 1, 2]), "are told no labels; leave y out"),
        (lambda: told().images(Z), r"y must be 3 labels, whole numbers from 0 to 3; given shape \(0,\)"),
        (lambda: told().logits(X), "y must be 3 labels"),
        (lambda: told().images(Z, [0, 1]), r"y must be 3 labels.*given shape \(2,\)"),
        (lambda: told().samples(3, y=[[0], [1], [2]]), r"y must be 3 labels.*given shape \(3, 1\)"),
        (lambda: told().images(Z, [0, 1, 4]), r"given values \[0, 1, 4\]"),
        (lambda: told().logits(X, [-1, 1, 2]), r"given values \[-1, 1, 2\]"),
        (lambda: told().logits(X, [0.5, 1, 2]), r"given values \[0.5, 1.0, 2.0\]"),
    ],
)
def test_bad_questions(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


# ---- a method and data that do not fit

IMAGES = torch.linspace(-1, 1, 64, dtype=torch.float64).reshape(1, 1, 8, 8).repeat(8, 1, 1, 1)


def fit(gan=None, data=None, **how):
    return training.fit(gan or told().gan, LABELLED if data is None else data, steps=1, **{"batch": 4, **how})


class Liar:
    shape = (1,)

    def sample(self, n, rng):
        return torch.zeros(n, 2)


class Silent(nn.Linear):
    def forward(self, x):
        raise NotImplementedError("not yet")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: fit(data=LABELLED.x), r"these examples have no labels; a conditional method needs Examples\(x, y\)"),
        (lambda: fit(data=DATA), r"has 4 classes and the data have no labels; give a pair \(x, y\)"),
        (lambda: fit(replace(told().gan, classes=2)), "from 0 to 1; those of the data are torch.int64 from 0 to 2"),
        (lambda: fit(data=(LABELLED.x, LABELLED.y.double())), "must be of torch.int64.*are torch.float64 from 0"),
        (lambda: fit(data=(LABELLED.x, LABELLED.y - 1)), "from 0 to 3; those of the data are .* from -1 to 1"),
        (lambda: fit(data=(LABELLED.x, LABELLED.y[:-1])), r"one label for each of 40 examples; given \(39,\)"),
        (lambda: fit(replace(told().gan, classes=None)), r"does not take noise \(n, 1\): .*missing 1 required"),
        (lambda: fit(replace(game().gan, classes=4)), "generator does not take noise .* and labels .* from 0 to 3: "),
        (lambda: fit(replace(told().gan, discriminator=Line(1.0, "slope"))), "discriminator does not .* and labels"),
        (lambda: fit(game().gan, Liar()), r"the data are of shape \(1,\); a minibatch of 4 has shape \(4, 2\)"),
        (lambda: fit(game().gan, datasets.Examples(torch.zeros(9, 1, dtype=torch.float32))),
         "the data are of torch.float32, the networks of torch.float64; convert the data"),
        (lambda: fit(methods.gan((1, 8, 8)), IMAGES / 2 + 0.5), r"lie in \[0, 1\], the gen.*: give 2 \* x - 1"),
        (lambda: fit(methods.gan((1, 8, 8)), 127 * (IMAGES + 1)), r"images must lie in \[−1, 1\]"),
        (lambda: fit(methods.dcgan((3, 8, 8), width=4), IMAGES), r"of shape \(3, 8, 8\); the data's .*\(1, 8, 8\)"),
        (lambda: fit(methods.dcgan((1, 12, 12))), "size one of 8, 16, 32, 64, 128; given"),
        (lambda: fit(data=LABELLED, batch=41), "at most the number of examples, 40; given 41"),
        (lambda: fit(seed=-1), "seed must be at least 0; given -1"),
        (lambda: fit(replace(game().gan, discriminator=Silent(1, 1))), "discriminator does not take .*: not yet"),
        (lambda: replace(told().gan, ema=1.0), "ema must be None or at least 0 and below 1.*given 1.0"),
        (lambda: replace(told().gan, ema=-0.1), "ema must be None"),
        (lambda: replace(told().gan, classes=0), "classes must be at least 1; given 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_the_first_step(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


@pytest.mark.parametrize("part", ["penalties", "constraints"])
def test_parts_must_be_tuples_of_functions(part):
    for given in (print, [print], (1,)):
        with pytest.raises(TypeError, match=rf"{part} must be a tuple of functions, such as \(f,\); given"):
            replace(told().gan, **{part: given})


class Picky:
    """A part of a method that asks for something, and does nothing."""

    def __init__(self, doubt=None):
        self.doubt, self.asked, self.used = doubt, [], 0

    def __call__(self, *given):
        self.used += 1
        return torch.zeros(())

    def must_fit(self, run):
        self.asked.append((run.step, self.used, type(run.discriminator)))
        if self.doubt:
            raise ValueError(self.doubt)


def oracle_must_fit(start):
    """Penalties and constraints are asked once, before the first step, with the network that they will meet."""
    parts = Picky(), Picky()
    gan = replace(game().gan, penalties=(lambda *given: 0.0, parts[0]), constraints=(parts[1],))
    run = start(gan, DATA, batch=16)
    assert [part.asked for part in parts] == [[(0, 0, Line)]] * 2
    training.train(run, 2)
    assert [(len(part.asked), part.used) for part in parts] == [(1, 2)] * 2
    for name in ("penalties", "constraints"):
        with pytest.raises(ValueError, match="not with this critic"):
            start(replace(game().gan, **{name: (Picky("not with this critic"),)}), DATA, batch=16)


def asking(parts):
    """`training.start` that asks only some of the parts, at the end."""

    def start(gan, *given, **how):
        deaf = replace(gan, penalties=(), constraints=())
        run = training.start(deaf, *given, **how)
        run.gan = gan
        for part in parts(gan):
            if hasattr(part, "must_fit"):
                part.must_fit(run)
        return run

    return start


def test_a_part_of_a_method_may_ask_whether_it_fits():
    oracle_must_fit(training.start)
    oracle_must_fit(asking(lambda gan: (*gan.penalties, *gan.constraints)))
    assert_killed(oracle_must_fit, asking(lambda gan: ()))
    assert_killed(oracle_must_fit, asking(lambda gan: gan.penalties))
    assert_killed(oracle_must_fit, asking(lambda gan: gan.constraints))
    assert_killed(oracle_must_fit, asking(lambda gan: (*gan.penalties, *gan.constraints) * 2))


def test_images_from_0_to_1_are_for_a_generator_that_makes_such():
    bright = replace(
        methods.gan((1, 8, 8), z=4, width=8),
        generator=lambda: nn.Sequential(nn.Linear(4, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8))),
    )
    assert fit(bright, IMAGES / 2 + 0.5).step == 1


def test_the_look_at_the_data_takes_nothing_from_the_run():
    run = training.start(methods.gan((1,), z=2, width=8), DATA)
    state = run.rng.get_state(), torch.get_rng_state()
    data_must_fit(run)
    assert torch.equal(run.rng.get_state(), state[0])
    assert torch.equal(torch.get_rng_state(), state[1])
