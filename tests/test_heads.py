"""What D says besides real or fake: one forward pass, and both players' losses read what they need of it."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from mutants import assert_killed, faults
from torch import nn, optim
from torch.nn.functional import cross_entropy, mse_loss

from gan_core import algorithm, checkpoints, datasets, methods, objectives, replicates, training
from gan_core.pieces.heads import Head, classification
from gan_core.training import GAN, Batch
from gan_core.training.unrolling import unroll

ring = partial(datasets.ring, 4, radius=2.0, std=0.3)
sgd = partial(optim.SGD, lr=0.1)


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Says(nn.Module):
    """A discriminator of points that says as much more as its further layers are; it counts how often it is asked."""

    def __init__(self, *more, width=16):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.further = nn.ModuleList(nn.Linear(width, outputs) for outputs in (1, *more))
        self.asked = 0

    def forward(self, x, y=None):
        self.asked += 1
        h = self.body(x)
        logits, *more = (layer(h) for layer in self.further)
        return (logits, *more) if more else logits


class ToldG(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.table, self.layer = nn.Embedding(classes, 2), nn.Linear(3, 2)

    def forward(self, z, y):
        return self.table(y) + self.layer(z)


def labelled():
    x = ring().sample(400, torch.Generator().manual_seed(0))
    return datasets.Examples(x, torch.cdist(x, ring().centres).argmin(1))


def classified(**changes):
    gan = GAN(ToldG, partial(Says, 4), z=3, classes=4, heads=(classification,), optimizer_d=sgd, optimizer_g=sgd)
    return training.start(replace(gan, **changes), labelled(), seed=1, batch=16)


# ---- one pass, two losses


def oracle_one_pass(d_step, g_step):
    """D is asked once for each minibatch; L_D has the classes of real and fake, L_G those of the fakes."""
    run = classified()
    before = run.copy()
    run.discriminator.asked = 0
    loss_d = d_step(run)
    assert run.discriminator.asked == 2, "D was asked again"
    real = Batch(*before.real())
    fake = before.G(before.noise(), real.y).detach()
    (a, c), (b, e) = before.discriminator(real.x), before.discriminator(fake)
    expected = objectives.cross_entropy(a, b) + cross_entropy(c, real.y) + cross_entropy(e, real.y)
    torch.testing.assert_close(loss_d, expected.detach(), rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(expected, list(before.discriminator.parameters()))
    for p, q, g in zip(run.discriminator.parameters(), before.discriminator.parameters(), gradients, strict=True):
        torch.testing.assert_close(p.detach(), (q - 0.1 * g).detach(), rtol=0, atol=1e-12)

    before = run.copy()
    run.discriminator.asked = 0
    loss_g = g_step(run)
    assert run.discriminator.asked == 1, "D was asked again"
    y = before.labels()
    b, e = before.discriminator(before.G(before.noise(), y))
    expected = nn.functional.softplus(-b).mean() + cross_entropy(e, y)
    torch.testing.assert_close(loss_g, expected.detach(), rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(expected, list(before.generator.parameters()))
    for p, q, g in zip(run.generator.parameters(), before.generator.parameters(), gradients, strict=True):
        torch.testing.assert_close(p.detach(), (q - 0.1 * g).detach(), rtol=0, atol=1e-12)


def stepping(head):
    """The steps of the loop with another head in place of the classification."""

    def with_head(step):
        def stepped(run):
            run.gan, gan = replace(run.gan, heads=(head,)), run.gan
            try:
                return step(run)
            finally:
                run.gan = gan

        return stepped

    return with_head(training.discriminator_step), with_head(training.generator_step)


def asked_twice(run):
    run.discriminator(run.data.x)
    return training.discriminator_step(run)


HEAD_MUTANTS = {
    "fakes left out of L_D": stepping(
        classification._replace(discriminator=lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y))
    ),
    "G is not marked": stepping(classification._replace(generator=lambda on_fake, fake: 0.0)),
    "G's sign": stepping(classification._replace(generator=lambda on_fake, fake: -cross_entropy(on_fake, fake.y))),
    "a second pass": (asked_twice, training.generator_step),
}


def test_one_pass_and_two_losses():
    oracle_one_pass(training.discriminator_step, training.generator_step)
    oracle_one_pass(*stepping(classification))


@pytest.mark.parametrize("mutant", HEAD_MUTANTS)
def test_head_mutants(mutant):
    assert_killed(lambda steps: oracle_one_pass(*steps), HEAD_MUTANTS[mutant])


# ---- heads of one's own


def code(fake):
    """InfoGAN, Chen et al. 2016: the first number of z is a code, and D is to read it off the fakes."""
    return fake.z[:, :1]


infogan = Head(
    "code",
    lambda on_real, on_fake, real, fake: mse_loss(on_fake, code(fake)),
    lambda on_fake, fake: mse_loss(on_fake, code(fake)),
)


def correlation(a, b):
    return torch.corrcoef(torch.stack((a.flatten(), b.flatten())))[0, 1].abs()


def oracle_code(head):
    """After training the code can be read off the samples: G has put it where D, which sees no z, can find it."""
    gan = replace(methods.gan((2,), z=3, width=32), discriminator=partial(Says, 1, width=32), heads=(head,))
    run = training.fit(gan, ring(), steps=400, seed=0, batch=64)
    z = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    logits, read = run.outputs(run.images(z))
    assert logits.shape == read.shape == (500, 1)
    assert correlation(read, z[:, :1]) > 0.9


def test_a_head_of_ones_own_reads_the_code():
    oracle_code(infogan)


@faults(
    {
        "the noise of other fakes": Head(
            "code",
            lambda on_real, on_fake, real, fake: mse_loss(on_fake, code(fake).roll(1, 0)),
            lambda on_fake, fake: mse_loss(on_fake, code(fake).roll(1, 0)),
        ),
        "read off the real ones": infogan._replace(
            discriminator=lambda on_real, on_fake, real, fake: mse_loss(on_real, code(fake)),
            generator=lambda on_fake, fake: 0.0,
        ),
    }
)
def test_code_mutants(mutant):
    assert_killed(oracle_code, mutant)


def test_a_regression_beside_a_class():
    """Two heads, each with its own output, in their order: a class, and how far out a point lies."""
    distance = Head(
        "distance",
        lambda on_real, on_fake, real, fake: mse_loss(on_real, real.x.norm(dim=1, keepdim=True)),
        lambda on_fake, fake: mse_loss(on_fake, torch.full_like(on_fake, 2.0)),
    )
    gan = replace(classified().gan, discriminator=partial(Says, 4, 1), heads=(classification, distance))
    gan = replace(gan, optimizer_d=training.adam, optimizer_g=training.adam)
    run = training.fit(gan, labelled(), steps=300, seed=0, batch=64)
    data = labelled()
    _, scores, far = run.outputs(data.x, data.y)
    assert scores.shape == (400, 4)
    assert (scores.argmax(1) == data.y).double().mean() > 0.95
    assert (far[:, 0] - data.x.norm(dim=1)).abs().mean() < 0.15


# ---- with everything else


def test_heads_go_through_unrolling():
    """G's step through K virtual steps of D whose loss has the head: against finite differences of a plain form."""
    smooth = partial(nn.Sequential, nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))

    def gradient(gan, seed=1):
        run = training.start(gan, ring(), seed=seed, batch=16)
        z = run.noise()
        before = run.rng.get_state()

        def loss():
            run.rng.set_state(before)
            fake = Batch(run.G(z), None, z)
            return training.generator_loss(run.gan.opponent(run, fake), fake)

        weights = list(run.generator.parameters())
        slopes = torch.autograd.grad(loss(), weights)
        way = [torch.randn(p.shape, generator=torch.Generator().manual_seed(2)) for p in weights]
        h, values = 1e-5, []
        for sign in (1, -1):
            with torch.no_grad():
                for p, d in zip(weights, way, strict=True):
                    p.add_(sign * h * d)
            values.append(loss().item())
            with torch.no_grad():
                for p, d in zip(weights, way, strict=True):
                    p.sub_(sign * h * d)
        along = sum((s * d).sum() for s, d in zip(slopes, way, strict=True)).item()
        return along, (values[0] - values[1]) / (2 * h)

    class SmoothD(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.two = nn.Sequential(nn.Linear(2, 8), nn.Tanh()), nn.Linear(8, 2)

        def forward(self, x):
            both = self.two(self.body(x))
            return both[:, :1], both[:, 1:]

    gan = GAN(smooth, SmoothD, z=3, heads=(infogan,), optimizer_d=sgd, opponent=unroll(3))
    exact, by_differences = gradient(gan)
    assert exact == pytest.approx(by_differences, rel=1e-6)
    without, _ = gradient(replace(gan, opponent=unroll(0)))
    assert abs(without - exact) > 1e-4 * abs(exact)


def test_seeds_that_move_as_one_have_each_their_own_heads():
    gan = replace(methods.gan((2,), z=3, width=8), discriminator=partial(Says, 1), heads=(infogan,))
    alone = [training.fit(gan, ring(), steps=5, seed=seed, batch=16) for seed in range(4)]
    runs = [training.start(gan, ring(), seed=seed, batch=16) for seed in range(4)]
    with replicates.teams(runs, training.iteration) as teams:
        assert len(teams) == 1, "not stacked"
        for _ in range(5):
            training.iteration(teams[0])
    for one, other in zip(alone, runs, strict=True):
        torch.testing.assert_close(one.losses[:5], other.losses[:5], rtol=1e-10, atol=1e-10)


def test_a_checkpoint_belongs_to_its_heads(tmp_path):
    run = classified()
    run.save(tmp_path / "run.pt")
    other = replace(run.gan, heads=(classification._replace(name="another"),))
    with pytest.raises(ValueError, match="heads: classification in the checkpoint, another here"):
        training.resume(tmp_path / "run.pt", other, labelled())
    assert checkpoints.belongs_to(training.start(methods.gan((2,)), ring()))["heads"] == "none"


@pytest.mark.parametrize(
    ("more", "heads", "says"),
    [
        ((), (classification,), "gives 0 outputs besides the logits, and the method has 1 heads"),
        ((4,), (), "gives 1 outputs besides the logits, and the method has 0 heads"),
        ((4, 1), (classification,), "gives 2 outputs besides the logits, and the method has 1 heads"),
    ],
)
def test_as_many_heads_as_outputs(more, heads, says):
    with pytest.raises(ValueError, match=says):
        classified(discriminator=partial(Says, *more), heads=heads)


@pytest.mark.parametrize(
    ("changes", "says"),
    {
        "a score too few": ({"discriminator": partial(Says, 3)}, r"labels from 0 to 3, \(2, 3\): Target 3 is out of"),
        "no classes": ({"generator": partial(nn.Linear, 3, 2), "classes": None}, "with no labels, .* not NoneType"),
        "D's loss": ({"heads": (classification._replace(discriminator=lambda *some: some[4]),)}, "out of range"),
        "G's loss": ({"heads": (classification._replace(generator=lambda on_fake: 0.0),)}, "takes 1 positional"),
    }.values(),
)
def test_a_head_that_does_not_fit_is_said_before_the_first_step(changes, says):
    with pytest.raises(ValueError, match=f"the head classification does not take what the discriminator says .*{says}"):
        classified(**changes)


def test_a_head_may_ask_for_slopes_and_the_look_at_it_leaves_the_run_alone():
    def flat(on_fake, fake):
        (slope,) = torch.autograd.grad(on_fake.sum(), fake.x, create_graph=True)
        return slope.square().mean()

    slopes = Head("flat", lambda on_real, on_fake, real, fake: on_fake.square().mean(), flat)
    plain, asked = (classified(heads=(head,)) for head in (classification, slopes))
    for one, other in zip(plain.networks.values(), asked.networks.values(), strict=True):
        assert all(map(torch.equal, one.parameters(), other.parameters()))
        assert other.training
        assert all(p.grad is None for p in other.parameters())
    assert torch.equal(plain.rng.get_state(), asked.rng.get_state())
    assert training.train(asked, 2).step == 2


@pytest.mark.parametrize("heads", [[classification], (len,), classification])
def test_heads_are_a_tuple_of_heads(heads):
    with pytest.raises(TypeError, match="heads must be"):
        replace(classified().gan, heads=heads)


def test_what_d_says_in_full_precision_and_on_the_cpu():
    run = classified()
    data = labelled()
    logits, scores = run.outputs(data.x, data.y)
    assert torch.equal(run.logits(data.x, data.y), logits.flatten())
    seen = run.look(Batch(data.x[:5], data.y[:5]))
    torch.testing.assert_close(seen[1], scores[:5], rtol=1e-12, atol=1e-12)
    assert torch.equal(run.D(data.x[:5], data.y[:5]), seen[0])
    assert algorithm.Batch is Batch
