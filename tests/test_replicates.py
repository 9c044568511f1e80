"""Runs that move as one are the runs that move alone: every number they keep, whatever the method is made of."""

import copy
from dataclasses import replace
from functools import partial
from operator import methodcaller
from types import SimpleNamespace

import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrizations, spectral_norm

from gan_core import checkpoints, datasets, methods, recipes, replicates, training
from gan_core.pieces.lipschitz import GradientPenalty, near_real
from gan_core.pieces.networks import Scale
from gan_core.pieces.objectives import OBJECTIVES, Objective, minimax
from gan_core.training import GAN, DivergedError, _stacked, loop
from gan_core.training._stacked import Stacked
from gan_core.training.replicates import Stack
from gan_core.training.unrolling import unroll

pytestmark = pytest.mark.usefixtures("float64")


SEEDS = (5, 0, 3)
DATA = datasets.ring


def small(**changes):
    return replace(methods.gan((2,), z=3, width=8), **changes)


def started(gan, data=None, seeds=SEEDS):
    return [training.start(gan, data or DATA(), seed=seed, batch=16) for seed in seeds]


def moved(runs, steps, stack=Stack):
    """The runs, moved on together."""
    team = stack(runs)
    for _ in range(steps):
        training.iteration(team)
    team.release()
    return runs


def moved_alone(runs, steps):
    for run in runs:
        for _ in range(steps):
            training.iteration(run)
    return runs


def tensors(saved, name=""):
    """Every tensor in what `checkpoints.state` makes: {its name: it}."""
    if isinstance(saved, torch.Tensor):
        return {name: saved}
    items = saved.items() if isinstance(saved, dict) else enumerate(saved) if isinstance(saved, list) else ()
    return {key: found for each, value in items for key, found in tensors(value, f"{name}.{each}").items()}


def numbers(run):
    return tensors(checkpoints.state(run))


def assert_same(runs, others):
    for run, other in zip(runs, others, strict=True):
        assert (run.seed, run.step) == (other.seed, other.step)
        mine, theirs = numbers(run), numbers(other)
        assert mine.keys() == theirs.keys()
        for name in mine:
            torch.testing.assert_close(mine[name], theirs[name], rtol=0, atol=1e-12, msg=f"{name} of seed {run.seed}")
        for name in replicates.OPTIMIZERS:
            assert replicates._settings(getattr(run, name)) == replicates._settings(getattr(other, name))


# ---- methods made of all that a method may have


def normed(inputs, outputs):
    """All kinds of batch norm. A bias before one has no effect: its gradient is rounding, which Adam would follow."""
    return nn.Sequential(
        nn.Linear(inputs, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(),
        nn.Linear(8, 6, bias=False), nn.BatchNorm1d(6, momentum=0.3, eps=1e-3, affine=False), nn.GELU(),
        nn.Linear(6, 6, bias=False), nn.BatchNorm1d(6, track_running_stats=False), nn.Tanh(), nn.Linear(6, outputs),
    )  # fmt: skip


class Told(nn.Module):
    """(n, inputs), (n,) -> (n, outputs): code of its own, with an embedding in it, and often a norm."""

    def __init__(self, inputs, outputs, norm=nn.Identity):
        super().__init__()
        self.table = nn.Embedding(4, 3)
        self.layers = nn.Sequential(nn.Linear(inputs + 3, 8, bias=False), norm(8), nn.ReLU())
        self.end = nn.Linear(8, outputs)

    def forward(self, x, y):
        return self.end(self.layers(torch.cat([x, self.table(y)], 1)))


class Line(nn.Module):
    """A module with code and a number of its own."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.7))

    def forward(self, x):
        return (self.slope * x).sum(1)


def r1(run, real, fake, y):
    """½ E‖∇_x a(x)‖² on real examples, Mescheder et al. 2018: a mean over the last axis."""
    real = real.clone().requires_grad_()
    (slope,) = torch.autograd.grad(run.D(real, y).sum(), real, create_graph=True)
    return slope.square().sum(tuple(range(-len(run.data.shape), 0))).mean(-1) / 2


def clip(discriminator):
    with torch.no_grad():
        for p in discriminator.parameters():
            p.clamp_(-0.3, 0.3)


def slower(run):
    for group in (*run.optimizer_d.param_groups, *run.optimizer_g.param_groups):
        group["lr"] *= 0.9


def labelled():
    rng = torch.Generator().manual_seed(0)
    return datasets.Examples(torch.randn(64, 2, generator=rng), torch.randint(4, (64,), generator=rng))


def smooth():
    return nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1))


optim = torch.optim
sgd = {
    f"optimizer_{player}": partial(optim.SGD, lr=0.1) for player in "dg"
}  # where a gradient is rounding, see `normed`
relativistic = Objective(  # not linear in the mean: the losses of the seeds must be taken one by one
    "relativistic",
    lambda real, fake: nn.functional.softplus(fake.mean() - real).mean() + (fake - real.mean()).exp().mean().log(),
    lambda fake: -fake.sigmoid().mean().log(),
)
METHODS = {
    **{name: small(objective=objective) for name, objective in OBJECTIVES.items()},
    "an objective of one's own": small(objective=relativistic, **sgd),
    "n_dis 2": small(n_dis=2),
    "a moving average": small(ema=0.7, generator=partial(normed, 3, 2)),
    "batch norm": small(generator=partial(normed, 3, 2), discriminator=partial(normed, 2, 1), **sgd),
    "penalty": small(penalties=(r1,), discriminator=smooth),
    "clipping": small(constraints=(clip,), n_dis=3),
    "a learning rate that falls": small(schedule=slower),
    "unrolled": small(opponent=unroll(2)),
    "unrolled, paired, SGD": small(
        opponent=unroll(1), objective=minimax, optimizer_d=partial(optim.SGD, lr=0.1, momentum=0.5)
    ),
    "unrolled, first order, a penalty": small(
        opponent=unroll(2, first_order=True), penalties=(r1,), discriminator=smooth
    ),
    "modules of one's own": small(generator=partial(nn.Linear, 3, 2, bias=False), discriminator=Line),
    "labels": small(
        generator=partial(Told, 3, 2, norm=nn.BatchNorm1d), discriminator=partial(Told, 2, 1), classes=4, ema=0.5
    ),
    "SGD": small(optimizer_d=partial(optim.SGD, lr=0.1, momentum=0.9), optimizer_g=partial(optim.SGD, lr=0.1)),
    "RMSprop": small(optimizer_d=partial(optim.RMSprop, lr=1e-3), optimizer_g=partial(optim.RMSprop, centered=True)),
    "AdamW": small(optimizer_d=partial(optim.AdamW, fused=True), optimizer_g=partial(optim.AdamW, amsgrad=True)),
    **{name: getattr(methods, name)((2,), z=3, width=8) for name in ("wgan", "wgan_gp", "r1gan", "sngan")},
    "DRAGAN, unrolled": small(penalties=(GradientPenalty(1, near_real),), discriminator=smooth, opponent=unroll(2)),
    "SNGAN, unrolled": replace(methods.sngan((2,), z=3, width=8), opponent=unroll(2)),
    "five logits an example": small(
        discriminator=lambda: smooth().append(nn.Linear(1, 5)), penalties=(GradientPenalty(3),)
    ),
    "lazy layers": small(discriminator=lambda: nn.Sequential(nn.LazyLinear(8), nn.Softplus(), nn.LazyLinear(1))),
}


def data_of(gan):
    return DATA() if gan.classes is None else labelled()


def oracle_together(stack, gan, steps=4):
    """From the start, alone and together in turn; what the runs have is then theirs alone."""
    alone = moved_alone(started(gan, data_of(gan)), 3 * steps)
    runs = started(gan, data_of(gan))
    moved(runs, steps, stack), moved_alone(runs, steps), moved(runs[::-1], steps, stack)
    assert_same(runs, alone)
    for run in runs:
        for name, tensor in numbers(run).items():
            if name != ".losses":  # a part of a longer tensor, for a run alone too
                assert tensor.untyped_storage().nbytes() == tensor.nbytes, f"{name} is still a view"


@pytest.mark.parametrize("name", METHODS)
def test_together_is_alone(name):
    oracle_together(Stack, METHODS[name])


class OneNoise(Stack):
    def noise(self):
        return torch.stack([self.runs[0].noise()] * len(self.runs))


class OneMinibatch(Stack):
    def real(self):
        return torch.stack([self.runs[0].real()[0]] * len(self.runs)), None


class MeanOverSeeds(Stack):
    def __init__(self, runs):
        super().__init__(runs)
        _, discriminator, generator = objective = self.gan.objective

        def mean(loss):
            return lambda *logits: loss(*logits) / len(runs)

        losses = {"discriminator": mean(discriminator), "generator": mean(generator)}
        self.gan = replace(self.gan, objective=objective._replace(**losses))


class OneObjectiveForAll(Stack):
    """The loss of all entries at once, as often as there are seeds: right gradients if it is a mean, and only then."""

    def __init__(self, runs):
        super().__init__(runs)
        _, discriminator, generator = objective = runs[0].gan.objective

        def spread(loss):
            return lambda *logits: loss(*logits).expand(len(runs))

        losses = {"discriminator": spread(discriminator), "generator": spread(generator)}
        self.gan = replace(self.gan, objective=objective._replace(**losses))


class OneBuffer(Stack):
    def __init__(self, runs):
        super().__init__(runs)
        for buffer in self.generator.buffers():
            buffer.copy_(buffer[:1].expand_as(buffer))

    def record(self, *losses):
        super().record(*losses)
        for buffer in self.generator.buffers():
            buffer.copy_(buffer[:1].expand_as(buffer))


class OneOptimizerState(Stack):
    def _optimizer(self, *given):
        optimizer = super()._optimizer(*given)
        for state in optimizer.state.values():
            for kept in state.values():
                kept.copy_(kept[:1].expand_as(kept) if kept.ndim else kept)
        return optimizer


class OptimizersAnew(Stack):
    def _optimizer(self, name, network):
        return getattr(self.gan, name)(network.parameters())


class NotReleased(Stack):
    def release(self):
        pass


class NetworksNotReleased(Stack):
    def release(self):
        self.generator.networks = ()
        super().release()


class SettingsKept(Stack):
    """The learning rate that a schedule set stays with the stack."""

    def _hand_out(self, given):
        optimizers = [each for run in self.runs for each in (run.optimizer_d, run.optimizer_g)]
        before = [replicates._settings(optimizer) for optimizer in optimizers]
        super()._hand_out(given)
        for optimizer, settings in zip(optimizers, before, strict=True):
            optimizer.param_groups[0].update(settings)


class NoAverage(Stack):
    def average(self):
        pass


class SeatsSwapped(Stack):
    def noise(self):
        return super().noise().flip(0)


MUTANTS = {
    "seeds share their noise": (OneNoise, "non_saturating"),
    "seeds share their minibatches": (OneMinibatch, "non_saturating"),
    "each gets the noise of another": (SeatsSwapped, "non_saturating"),
    "the loss is a mean over seeds: gradients ÷ S": (MeanOverSeeds, "SGD"),
    "one loss for all": (OneObjectiveForAll, "an objective of one's own"),
    "seeds share what batch norm keeps": (OneBuffer, "batch norm"),
    "the optimizer state of one seed for all": (OneOptimizerState, "non_saturating"),
    "the optimizer begins anew": (OptimizersAnew, "SGD"),
    "views not released": (NotReleased, "non_saturating"),
    "the generators' views not released": (NetworksNotReleased, "non_saturating"),
    "the schedule's learning rate forgotten": (SettingsKept, "a learning rate that falls"),
    "the moving average forgotten": (NoAverage, "a moving average"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_together_mutants(name):
    stack, method = MUTANTS[name]
    assert_killed(lambda stack: oracle_together(stack, METHODS[method]), stack)


def four_by_two(rng):
    return torch.rand(4, 2, generator=rng)


def oracle_draws(stack):
    """Whatever a part of a method draws of a team is what it draws of each run: noise, U(0, 1), and the like."""
    runs, others = started(small()), started(small())
    team = stack(runs)
    for _ in range(2):
        for ask in (methodcaller("uniform"), methodcaller("noise"), methodcaller("draw", four_by_two)):
            together = ask(team)
            assert torch.equal(together, torch.stack([ask(run) for run in others]))
    assert len(set(map(tuple, together.flatten(1).tolist()))) == len(SEEDS)
    x = torch.randn(3, 5, 2)
    torch.testing.assert_close(
        team.score(x), torch.stack([run.score(part) for run, part in zip(others, x, strict=True)])
    )


class OneDraw(Stack):
    def draw(self, make):
        return torch.stack([self.runs[0].draw(make)] * len(self.runs))


class FromTheFirst(Stack):
    """One call for all seeds, as long as all together."""

    def draw(self, make):
        return torch.stack([make(self.runs[0].rng) for _ in self.runs])


class ScoreOverSeeds(Stack):
    def score(self, x, y=None):
        return self.D(x, y).reshape(x.shape[0], -1).mean(-1)


def test_draws():
    oracle_draws(Stack)


@pytest.mark.parametrize("stack", [OneDraw, FromTheFirst, ScoreOverSeeds, OneNoise])
def test_draws_mutants(stack):
    assert_killed(oracle_draws, stack)


# ---- the layers in their stacked form, against the layers one by one


def image_mlp():
    """Images in, images out, of another shape than the numbers of seeds and of examples in the tests."""
    hidden = (nn.Linear(12, 6), nn.LeakyReLU(0.2), nn.Linear(6, 12))
    return nn.Sequential(nn.Flatten(), *hidden, nn.Unflatten(1, (3, 2, 2)))


class Mine(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(12, 5, bias=False), nn.Unflatten(-1, (5, 1)), nn.Linear(1, 2), nn.Flatten(-2))


class Fanned(nn.Linear):
    """A subclass may do anything."""

    def forward(self, x):
        return super().forward(x) * self.in_features


def tied():
    network = nn.Sequential(nn.Linear(12, 12), nn.Tanh(), nn.Linear(12, 12))
    network[2].weight = network[0].weight
    return network


def hooked():
    layer = nn.Linear(12, 3)
    layer.register_forward_hook(lambda layer, given, y: y - y.mean())
    return nn.Sequential(layer, nn.ReLU())


def half_frozen():
    network = nn.Sequential(nn.Linear(12, 4), nn.Linear(4, 2))
    network[0].requires_grad_(False)
    return network


def squared():
    """The weight is a function of other numbers, one that looks at all of them."""
    layer = nn.Linear(12, 3)
    nn.utils.parametrize.register_parametrization(layer, "weight", Share())
    return layer


class Share(nn.Module):
    def forward(self, w):
        return w / w.norm()


NETWORKS = {
    "of images": (image_mlp, (3, 2, 2), False),
    "a sequence of one's own": (Mine, (12,), False),
    "a linear layer on more axes": (partial(nn.Linear, 4, 3), (2, 5, 4), False),
    "batch norm on more axes": (partial(nn.BatchNorm1d, 4), (4, 5), False),
    "tied weights": (tied, (12,), False),
    "half of it frozen": (half_frozen, (12,), False),
    "a subclass": (partial(Fanned, 12, 3), (12,), True),
    "a hook": (hooked, (12,), True),
    "a weight made of numbers": (squared, (12,), True),
    "a norm over each example": (lambda: nn.Sequential(nn.Linear(12, 6), nn.LayerNorm(6)), (12,), True),
    "with convolutions": (lambda: nn.Sequential(nn.Conv2d(3, 4, 2), nn.BatchNorm2d(4), nn.Flatten()), (3, 3, 3), True),
    **{layer.__name__: (layer, (12,), False) for layer in _stacked.ENTRY_BY_ENTRY},
    "Scale": (partial(Scale, 0.3), (12,), False),
}


def oracle_stacked(stacked, name, S=3, n=7):
    """Outputs, gradients of first and of second order, what batch norm keeps, in train and in eval mode."""
    build, shape, _ = NETWORKS[name]
    torch.manual_seed(1)
    for training_mode in (True, False):
        networks = [build().train(training_mode) for _ in range(S)]
        for network in networks:
            for kept in network.buffers():
                kept.add_(1)
        alone = copy.deepcopy(networks)
        together = stacked(networks)
        for _ in range(2):  # the second finds the buffers of the first
            x = torch.randn(S, n, *shape)
            ours, its = x.clone().requires_grad_(), x.clone().requires_grad_()
            y = together(ours)
            expected = torch.stack([network(part) for network, part in zip(alone, its, strict=True)])
            torch.testing.assert_close(y, expected, rtol=0, atol=1e-12)
        learnt = [p for p in together.parameters() if p.requires_grad]
        theirs = [[p for p in network.parameters() if p.requires_grad] for network in alone]
        for gradients in zip(
            slopes(y, [ours, *learnt]),
            slopes(expected, [its, *(p for each in theirs for p in each)], S),
            strict=True,
        ):
            torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)
        for network, other in zip(networks, alone, strict=True):  # views into the stack
            assert network.state_dict().keys() == other.state_dict().keys()
            for mine, same in zip(network.state_dict().values(), other.state_dict().values(), strict=True):
                torch.testing.assert_close(mine, same, rtol=0, atol=1e-12)


def slopes(y, of, S=None):
    """d/d· of Σ y² + Σ ‖d(Σ y²)/dx‖²; where each network has its own numbers, those of the S networks stacked."""
    (first,) = torch.autograd.grad(y.square().sum(), of[0], create_graph=True)
    x, *numbers = torch.autograd.grad(y.square().sum() + first.square().sum(), of)
    count = len(numbers) if S is None else len(numbers) // S
    return [x, *(numbers if S is None else (torch.stack(numbers[place::count]) for place in range(count)))]


@pytest.mark.parametrize("name", NETWORKS)
def test_stacked_layers(name):
    oracle_stacked(Stacked, name)
    assert _stacked.mapped(NETWORKS[name][0]()) == NETWORKS[name][2]


def with_form(layer, form):
    """`Stacked` with another form of one kind of layer."""

    def stacked(networks):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(_stacked.FORMS, layer, form)
            together = Stacked(networks)
        together.forward = partial(_with, layer, form, together.forward)
        return together

    return stacked


def _with(layer, form, call, *inputs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_stacked.FORMS, layer, form)
        return call(*inputs)


def of_all_seeds(layer, x):
    """Batch norm over the minibatches of all seeds as one."""
    numbers = (layer.running_mean[0], layer.running_var[0], layer.weight[0], layer.bias[0])
    return nn.functional.batch_norm(x.flatten(0, 1), *numbers, layer.training, 0.1, layer.eps).view_as(x)


def uncounted(layer, x):
    y = _stacked._batch_norm(layer, x)
    layer.num_batches_tracked.zero_()
    return y


@pytest.mark.parametrize(
    ("name", "layer", "form"),
    [
        ("of images", nn.Linear, lambda layer, x: torch.bmm(x, layer.weight.mT)),
        ("of images", nn.Linear, lambda layer, x: x @ layer.weight[0].T + layer.bias[:, None]),
        ("of images", nn.Flatten, lambda layer, x: x.flatten(1)),
        ("of images", nn.Unflatten, lambda layer, x: x.unflatten(-1, (2, 2, 3)).movedim(-1, 2)),
        ("batch norm on more axes", nn.BatchNorm1d, of_all_seeds),
        ("batch norm on more axes", nn.BatchNorm1d, uncounted),
        ("LeakyReLU", nn.LeakyReLU, lambda layer, x: x.relu()),
    ],
)
def test_stacked_layers_mutants(name, layer, form):
    assert_killed(lambda stacked: oracle_stacked(stacked, name), with_form(layer, form))
    oracle_stacked(with_form(layer, _stacked.FORMS[layer]), name)  # the form itself survives its way there


def test_gradients_come_in_the_layout_of_the_weights():
    """A fused optimizer goes through weights, gradients and its own numbers in memory order, whatever their strides."""
    together = Stacked([nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)) for _ in range(3)])
    together(torch.randn(3, 6, 4)).sum().backward()
    assert all(p.is_contiguous() and p.grad.is_contiguous() for p in together.parameters())


# ---- what the methods of the later chapters need


def test_through_a_step_of_all_discriminators_at_once():
    """Second derivatives: the gradient of what D says after an SGD step, in D's numbers before it, seed by seed."""
    torch.manual_seed(0)
    networks = [nn.Sequential(nn.Linear(2, 6), nn.Softplus(), nn.Linear(6, 1)) for _ in range(3)]
    alone, together, x = copy.deepcopy(networks), Stacked(networks), torch.randn(3, 9, 2)

    def ahead(network, x, summed):
        numbers = dict(network.named_parameters())
        loss = functional_call(network, numbers, (x,)).square().mean(summed).sum()
        slopes = torch.autograd.grad(loss, list(numbers.values()), create_graph=True)
        after = {name: p - 0.5 * slope for (name, p), slope in zip(numbers.items(), slopes, strict=True)}
        return torch.autograd.grad(functional_call(network, after, (x,)).exp().mean(summed).sum(), numbers.values())

    each = [ahead(network, part, (0, 1)) for network, part in zip(alone, x, strict=True)]
    for ours, *theirs in zip(ahead(together, x, (1, 2)), *each, strict=True):
        torch.testing.assert_close(ours, torch.stack(theirs), rtol=0, atol=1e-12)


def test_a_schedule_finds_the_team_where_it_looks_for_a_run():
    seen = []

    def schedule(run):
        seen.append((run.step, run.optimizer_g.param_groups[0]["lr"], len(run.runs)))
        slower(run)

    moved(started(small(schedule=schedule)), 2)
    assert seen == [(0, pytest.approx(1e-3), 3), (1, pytest.approx(9e-4), 3)]


# ---- looking, saving, stopping


def test_each_run_can_be_saved_copied_and_looked_at_on_the_way(tmp_path):
    gan, copies, looks = small(ema=0.9, n_dis=2, schedule=slower), [], []

    def watch(run):
        if run.step == 3:
            run.save(tmp_path / f"{run.seed}.pt")
            copies.append(run.copy())
            looks.append(run.samples(5))
            assert len(run.history["loss_d"]) == 3

    runs = training.replicate(gan, DATA(), steps=6, seeds=SEEDS, batch=16, watch=watch)
    alone = moved_alone(started(gan), 3)
    assert_same(copies, alone)
    for run, look in zip(alone, looks, strict=True):
        torch.testing.assert_close(look, run.samples(5), rtol=0, atol=1e-12)
    moved_alone(alone, 3)
    assert_same(runs, alone)
    assert_same(moved_alone(copies, 3), alone)
    resumed = [training.resume(tmp_path / f"{seed}.pt", gan, DATA()) for seed in SEEDS]
    assert_same(moved(resumed, 3), alone)


def test_losses_grow_together():
    runs, alone = moved(started(small()), 103), moved_alone(started(small()), 103)
    for run, other in zip(runs, alone, strict=True):
        for name in ("loss_d", "loss_g"):
            assert run.history[name] == pytest.approx(other.history[name], abs=1e-9)
            assert run.history[name].shape == (103,)


def test_nan_in_one_seed_names_its_run_and_puts_it_back(monkeypatch):
    monkeypatch.setattr(loop, "CHECK_EVERY", 4)

    def poison(run):
        if (run.seed, run.step) == (0, 6):
            run.generator[1].weight.data[2, 1] = torch.nan

    said = r"loss_d is nan since step 7; error\.run is the run, put back to step 4"
    with pytest.raises(DivergedError, match=said) as error:
        training.replicate(small(), DATA(), steps=20, seeds=SEEDS, batch=16, watch=poison)
    run = error.value.run
    assert [(each.seed, each is run) for each in error.value.runs] == [(seed, seed == 0) for seed in SEEDS]
    (alone,) = moved_alone(started(small(), seeds=(0,)), 4)
    assert_same([run], [alone])
    assert_same(moved_alone([run], 3), moved_alone([alone], 3))


@pytest.mark.parametrize("when", ["between steps", "within a step"])
def test_an_interrupt_stops_all_at_the_same_step(when, monkeypatch, capsys):
    looks, calls = [], []

    def impatient(run):
        looks.append(run)
        if when == "between steps" and (run.seed, run.step) == (0, 3):
            raise KeyboardInterrupt

    class Pressed(nn.Linear):
        def forward(self, x):
            calls.extend(looks[8:])  # none before all three runs have made three steps
            if when == "within a step" and len(calls) == 3:  # on real, on fake, and now in the step of G
                raise KeyboardInterrupt
            return super().forward(x)

    gan = small(discriminator=partial(Pressed, 2, 1))
    monkeypatch.setattr(replicates, "_quicker", lambda runs: True)
    found = training.replicate(gan, DATA(), steps=9, seeds=SEEDS, batch=16, watch=impatient)
    assert [run.step for run in found] == [3, 3, 3]
    assert "stopped at step 3;" in capsys.readouterr().out
    if when == "between steps":
        assert_same(moved_alone(found, 2), moved_alone(started(gan), 5))
    assert all(p.requires_grad for run in found for p in run.discriminator.parameters())


# ---- who moves together, and who does not and is right all the same


class Drops(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1))


class Draws(nn.Linear):
    """A layer that draws without saying so."""

    def forward(self, x):
        return super().forward(x + torch.randn_like(x))


class Asks(nn.Linear):
    """A layer whose way depends on its numbers."""

    def forward(self, x):
        return super().forward(x) if self.weight.sum() > 0 else -super().forward(x)


def over_all_seeds(run, real, fake, y):
    return run.D(real).square().mean()


def draws_by_itself(run, real, fake, y):
    mix = torch.rand(run.batch, 1, generator=run.rng)
    return run.D(mix * real + (1 - mix) * fake).square().mean((-1, -2))


def rescale(discriminator):
    """To norm 1; written for a matrix, it takes a stack of them for one."""
    with torch.no_grad():
        for p in discriminator.parameters():
            p.div_(p.norm())


def in_two_groups(parameters):
    first, *others = parameters
    return torch.optim.Adam([{"params": [first], "lr": 1e-2}, {"params": others}])


def with_images(shape=(1, 8, 8)):
    return methods.dcgan(shape, z=3, width=2)


ALONE = {
    "Dropout": small(discriminator=Drops),
    "a layer that draws": small(discriminator=partial(Draws, 2, 1)),
    "a layer that decides": small(discriminator=partial(Asks, 2, 1)),
    "a spectral norm of Wᵀ": small(discriminator=lambda: parametrizations.spectral_norm(nn.Linear(2, 1), dim=1)),
    "a spectral norm by a hook": small(discriminator=lambda: nn.Sequential(spectral_norm(nn.Linear(2, 1)))),
    "a penalty over all seeds": small(penalties=(over_all_seeds,)),
    "a penalty that draws": small(penalties=(draws_by_itself,)),
    "a constraint over all seeds": small(constraints=(rescale,)),
    "batch norm with a plain average": small(
        discriminator=lambda: nn.Sequential(nn.BatchNorm1d(2, momentum=None), nn.Linear(2, 1))
    ),
    "another optimizer": small(optimizer_d=partial(torch.optim.NAdam, lr=1e-3)),
    "two groups": small(optimizer_g=in_two_groups),
    "an objective that is no tuple": small(objective=SimpleNamespace(**OBJECTIVES["hinge"]._asdict())),
}


@pytest.mark.filterwarnings("ignore:.*spectral_norm.*is deprecated:FutureWarning")
@pytest.mark.parametrize("name", ALONE)
def test_runs_that_cannot_move_together_move_one_after_the_other(name):
    runs = started(ALONE[name], seeds=range(4))
    with replicates.teams(runs, training.iteration) as teams:
        assert teams == runs
    found = training.replicate(ALONE[name], DATA(), steps=5, seeds=range(4), batch=16)
    alone = moved_alone(started(ALONE[name], seeds=range(4)), 5)
    for mine, theirs in zip(map(numbers, found), map(numbers, alone), strict=True):
        assert all(torch.equal(mine[each], theirs[each]) for each in mine)


def teamed(runs):
    with replicates.teams(runs, training.iteration) as teams:
        return len(teams) == 1 and len(runs) > 1


def test_the_trial_leaves_the_runs_where_they_are():
    runs, others = started(small(ema=0.9)), started(small(ema=0.9))
    assert teamed(runs)
    assert_same(runs, others)


def test_small_dense_networks_move_together():
    assert teamed(started(small(), seeds=(0, 1)))
    assert teamed(started(METHODS["batch norm"], seeds=(0, 1)))
    assert not teamed(started(small(), seeds=(0,)))


def takes_points(name):
    try:
        gan = recipes.gan(name, (2,), recipes.Recipe(width=8))
        return gan.discriminator is not None and bool(gan.generator())
    except ValueError:
        return False


@pytest.mark.parametrize("name", list(filter(takes_points, recipes.methods())))
def test_the_methods_for_points_move_together(name):
    gan = recipes.gan(name, (2,), recipes.Recipe(width=8))
    assert teamed(started(gan, seeds=(0, 1)))
    found = training.replicate(gan, DATA(), steps=5, seeds=SEEDS, batch=16)
    for run, other in zip(found, moved_alone(started(gan), 5), strict=True):
        for loss in ("loss_d", "loss_g"):
            assert run.history[loss] == pytest.approx(other.history[loss], abs=1e-12)


@pytest.mark.parametrize("name", ["wgan", "wgan_gp", "r1gan", "sngan", "sngan_resnet", "sndcgan"])
def test_the_methods_for_images_move_alone_and_are_right(name):
    gan = getattr(methods, name)((1, 16, 16), z=3, width=2)
    images = datasets.Examples(torch.rand(20, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1)
    assert not teamed(started(gan, images, seeds=range(4)))
    found = training.replicate(gan, images, steps=2, seeds=(0, 1), batch=16)
    alone = moved_alone(started(gan, images, seeds=(0, 1)), 2)
    for mine, theirs in zip(map(numbers, found), map(numbers, alone), strict=True):
        assert all(torch.equal(mine[each], theirs[each]) for each in mine)


def test_mapped_networks_move_together_when_they_are_many():
    gan, data = METHODS["labels"], labelled()
    assert not teamed(started(gan, data, seeds=range(3)))
    assert teamed(started(gan, data, seeds=range(4)))


def test_large_networks_and_convolutions_move_alone():
    assert not teamed(started(small(generator=partial(nn.Linear, 3, 2), discriminator=partial(Wide, 2**17))))
    assert teamed(started(small(generator=partial(nn.Linear, 3, 2), discriminator=partial(Wide, 2**15))))
    images = datasets.Examples(torch.zeros(16, 1, 8, 8))
    assert not teamed(started(with_images(), images, seeds=range(4)))


class Wide(nn.Sequential):
    def __init__(self, width):
        super().__init__(nn.Linear(2, width, bias=False), nn.ReLU(), nn.Linear(width, 1, bias=False))


def test_only_like_runs_move_together():
    gan = small()
    assert not teamed(started(gan)[:1] + started(small()))  # equal parts, yet another method: who knows
    assert not teamed(started(gan)[:1] + moved_alone(started(gan, seeds=(1,)), 1))
    assert not teamed([training.start(gan, DATA(), seed=seed, batch=16 + seed) for seed in (0, 1)])
    runs = started(gan)
    runs[1].optimizer_d.param_groups[0]["lr"] = 1e-4
    assert not teamed(runs)


def test_labels_images_and_streams_keep_their_own_places():
    """Minibatches of a DataLoader: each run has its own place in the stream, and keeps it."""
    pairs = torch.utils.data.TensorDataset(labelled().x, labelled().y)
    loader = torch.utils.data.DataLoader(pairs, batch_size=16, shuffle=True)
    gan = METHODS["labels"]
    runs = [training.start(gan, loader, seed=seed) for seed in range(4)]
    assert teamed(runs)
    others = [training.start(gan, loader, seed=seed) for seed in range(4)]
    assert_same(moved(runs, 6), moved_alone(others, 6))


def test_the_contestants_of_the_benchmark_are_alike(monkeypatch, request):
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    from benchmarks import bench_replicates

    contestants = bench_replicates.together(4, seeds=(2,))
    assert list(contestants) == ["one", "2 in a row", "2 together"]
    for move in contestants.values():
        move()
    (together,) = contestants["2 together"].__closure__[0].cell_contents
    alone = contestants["2 in a row"].__closure__[0].cell_contents
    for run, other in zip(together.runs, alone, strict=True):
        assert run.history["loss_d"] == pytest.approx(other.history["loss_d"], abs=1e-12)


def test_a_gan_is_still_a_gan():
    team = Stack(started(small(ema=0.5)))
    assert isinstance(team.gan, GAN)
    assert team.gan.objective.name == "non_saturating"
    assert team.noise().shape == (3, 16, 3)
    assert team.real()[0].shape == (3, 16, 2)
    team.release()
