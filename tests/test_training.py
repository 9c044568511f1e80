"""Algorithm 1: who moves when, on what, by which gradient; and a run can be repeated, resumed, copied and stopped."""

import copy
import io
import pathlib
import sys
from dataclasses import replace
from functools import partial

import nbclient
import nbformat
import numpy as np
import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.nn.functional import softplus

from gan_core import datasets, methods, training
from gan_core.training import GAN, DivergedError

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


@pytest.mark.parametrize(
    "mutant",
    {
        "real and fake swapped": broken_d(swap=True),
        "missing detach": broken_d(detach=False),
        "G updated in D's step": broken_d(detach=False, update_g=True),
        "the same minibatch at every step": broken_d(reuse=True),
        "the generator's loss for D": broken_d(loss=lambda real, fake: softplus(-fake).mean()),
        "half of the loss lost": broken_d(loss=lambda real, fake: softplus(-real).mean()),
        "D descends where it should ascend": broken_d(ascend=True),
        "logits taken for probabilities": broken_d(loss=lambda r, f: -(r.sigmoid().log() + f.sigmoid().log()).mean()),
    }.items(),
    ids=lambda item: item[0],
)
def test_discriminator_step_mutants(mutant):
    assert_killed(oracle_discriminator_step, mutant[1])


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


@pytest.mark.parametrize(
    "mutant",
    {
        "the same z for both steps": broken_g(reuse=True),
        "losses swapped": broken_g(loss=lambda fake: softplus(fake).mean()),
        "the saturating loss": broken_g(loss=lambda fake: -softplus(fake).mean()),
        "D updated in G's step": broken_g(update_d=True, frozen=False),
        "gradient left in D": broken_g(frozen=False),
        "D stays frozen": broken_g(thaw=False),
    }.items(),
    ids=lambda item: item[0],
)
def test_generator_step_mutants(mutant):
    assert_killed(oracle_generator_step, mutant[1])


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


@pytest.mark.parametrize(
    "mutant",
    {
        "n_dis forgotten": broken_iteration(d_steps=1),
        "always five": broken_iteration(d_steps=5),
        "G first": broken_iteration(g_first=True),
        "losses recorded under each other's name": broken_iteration(swap=True),
    }.items(),
    ids=lambda item: item[0],
)
def test_iteration_mutants(mutant):
    assert_killed(oracle_iteration, mutant[1])


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


@pytest.mark.parametrize(
    "look",
    {
        "from the training stream": lambda run: run.generator.eval()(run.noise()[:7]).detach(),
        "left in eval mode": lambda run: run.generator.eval()(torch.ones(7, 2)).detach(),
        "all parts back to train mode": lambda run: (run.generator.eval()(torch.ones(7, 2)).detach(),
                                                     run.generator.train())[0],
        "batch norm moved": lambda run: run.generator(torch.ones(7, 2)).detach(),
        "with its graph": lambda run: run.generator(torch.ones(7, 2)),
    }.items(),
    ids=lambda item: item[0],
)  # fmt: skip
def test_samples_mutants(look):
    assert_killed(oracle_looking, look[1])


def test_logits():
    run = training.start(small(discriminator=Drops), DATA)
    x = torch.linspace(-1, 1, 5)[:, None]
    layers = run.discriminator
    torch.testing.assert_close(run.logits(x), layers[2](layers[0](x))[:, 0].detach())  # no Dropout, no graph, (n,)
    assert layers[1].training


def test_history_grows_and_is_a_copy():
    run = training.fit(small(), DATA, steps=training.CHECK_EVERY + 3)
    history = run.history
    assert history["loss_d"].shape == history["loss_g"].shape == (training.CHECK_EVERY + 3,)
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


def test_fused_adam_is_adam():
    """The default optimizer is torch's fused Adam; it takes the steps of the plain one, up to rounding."""
    plain = partial(training.adam, fused=False)
    run = training.fit(small(), DATA, steps=50)
    other = training.fit(small(optimizer_d=plain, optimizer_g=plain), DATA, steps=50)
    torch.testing.assert_close(parameters(run.generator), parameters(other.generator), rtol=0, atol=1e-9)


# ---- stopping


@pytest.mark.parametrize(("name", "part"), [("loss_d", "discriminator"), ("loss_g", "generator")])
@pytest.mark.parametrize(("steps", "bad"), [(3, 2), (250, 150), (100, 100)])
def test_nan_stops_with_the_step_and_the_name(name, part, steps, bad):
    calls = []

    def spoiled(*logits):
        calls.append(1)
        good = getattr(small().objective, part)(*logits)
        return good * float("nan") if len(calls) == bad else good

    gan = small(objective=small().objective._replace(**{part: spoiled}))
    with pytest.raises(DivergedError, match=f"{name} is nan since step {bad}; .*Try a smaller learning rate"):
        training.fit(gan, DATA, steps=steps)
    assert len(calls) <= bad + training.CHECK_EVERY


def test_a_look_for_nan_does_not_go_through_the_whole_history():
    run = training.fit(small(), DATA, steps=300)
    run.losses[0] = float("nan")  # long past: seen in its time, not looked at again
    assert training.train(run, 150).step == 450


def test_keyboard_interrupt_leaves_a_usable_run(capsys):
    def impatient(run):
        if run.step == 4:
            raise KeyboardInterrupt

    run = training.fit(small(), DATA, steps=10, watch=impatient)
    assert run.step == 4
    assert "stopped at step 4;" in capsys.readouterr().out
    assert same(training.train(run, 6), training.fit(small(), DATA, steps=10))


def test_keyboard_interrupt_within_a_step():
    class Pressed(nn.Linear):
        calls = 0

        def forward(self, x):
            Pressed.calls += 1
            if Pressed.calls == 9:  # in G's third step: two steps of D and one of G call D five times, one check before
                raise KeyboardInterrupt
            return super().forward(x)

    run = training.fit(small(discriminator=partial(Pressed, 1, 1)), DATA, steps=10)
    assert run.step == len(run.history["loss_d"]) == 2
    assert all(p.requires_grad for p in run.discriminator.parameters()), "D stayed frozen"
    assert training.train(run, 3).step == 5


def test_keyboard_interrupt_ends_all_replicates():
    def impatient(run):
        if (run.seed, run.step) == (1, 2):
            raise KeyboardInterrupt

    runs = training.replicate(small(), DATA, steps=4, seeds=(0, 1, 2), watch=impatient)
    assert [run.step for run in runs] == [2, 2, 2]  # small networks move on together


def test_watch_sees_every_step():
    seen = []
    training.fit(small(), DATA, steps=3, watch=lambda run: seen.append((run.step, len(run.history["loss_d"]))))
    assert seen == [(1, 1), (2, 2), (3, 3)]


# ---- the progress bar


def test_progress_in_a_notebook_is_one_stable_line(tmp_path):
    code = (
        "from gan_core import datasets, methods, training\n"
        "data = datasets.ring()\n"
        "run = training.fit(methods.gan(data.shape, width=4), data, steps=1_000)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"] == "1,000 training steps"
    assert "application/vnd.jupyter.widget-view+json" in output.data


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_in_a_terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    training.replicate(small(), DATA, steps=5, seeds=(0, 1))
    assert "2 runs of 5 training steps: 100%" in screen.getvalue()


def test_no_progress_where_nobody_looks(capfd):
    training.fit(small(), DATA, steps=2)
    assert capfd.readouterr() == ("", "")


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
        (lambda: training.start(small(discriminator=partial(nn.Linear, 1, 2)), DATA), ValueError, "one logit each"),
    ],
)
def test_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


def test_algorithm_1_fits_one_screen():
    """The lines a reader must see to have seen Algorithm 1: the iteration and its two steps."""
    source = pathlib.Path(training.__file__).read_text(encoding="utf-8").splitlines()
    first, last = (
        next(i for i, line in enumerate(source) if line.startswith(f"def {name}")) for name in ("iteration", "_train")
    )
    assert last - first <= 40
