"""Methods that are no games run on the same machinery: resumed exactly, averaged, stopped, put back, replicated."""

import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed

from gan_core import checkpoints, datasets, methods, training
from gan_core.training import DivergedError, adam
from gan_core.training.loop import CHECK_EVERY
from gan_core.training.runs import Run

IMAGES = datasets.Examples(torch.randn(60, 1, 16, 16, generator=torch.Generator().manual_seed(0)).clamp(-1, 1))
CASES = {  # name: the method, the data, how `fit` is called
    "vae, points": (methods.vae((2,), z=3, width=8), datasets.ring, {}),
    "vae, digits": (methods.vae((1, 8, 8), z=3, width=8), datasets.digits, {"batch": 16}),
    "vae, images": (methods.vae((1, 16, 16), z=3, width=4), lambda: IMAGES, {"batch": 16}),
    "vae, images, plain": (methods.vae((1, 16, 16), z=3, width=4), lambda: IMAGES, {"batch": 16, "fast": False}),
    "flow, points": (methods.flow((2,), width=8, steps=2), datasets.ring, {}),
    "flow, images": (methods.flow((1, 16, 16), width=4, steps=2), lambda: IMAGES, {"batch": 16}),
    "flow, images, plain": (methods.flow((1, 16, 16), width=4, steps=2), lambda: IMAGES, {"batch": 16, "fast": False}),
}
CASES |= {f"{name}, averaged": (replace(CASES[name][0], ema=0.9), *CASES[name][1:]) for name in list(CASES)}


def fitted(name, steps, **more):
    method, data, how = CASES[name]
    return training.fit(method, data(), steps=steps, **how, **more)


def numbers(run):
    """Networks, optimizer, streams and losses: {name: tensor}."""
    state = checkpoints.snapshot(checkpoints.state(run))
    kept = {f"optimizer {i} {key}": value for i, each in state["optimizer_g"]["state"].items()
            for key, value in each.items()}  # fmt: skip
    networks = {
        f"{part} {key}": value for part in ("generator", "generator_ema") for key, value in state.get(part, {}).items()
    }
    return {**networks, **kept, **{name: state[name] for name in ("losses", "rng", "layers_rng")}}


def same(one, other):
    one, other = numbers(one), numbers(other)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(torch.as_tensor(one[name]), torch.as_tensor(other[name]))] == []


def oracle_resume(path, name):
    """Three steps, saved, taken up, three more: the six of a run that never stopped, to the last bit."""
    method, data, _ = CASES[name]
    fitted(name, 3).save(path)
    run = training.resume(path, method, data())
    assert run.step == 3
    same(training.train(run, 3), fitted(name, 6))
    assert torch.equal(run.samples(5), fitted(name, 6).samples(5))


@pytest.mark.parametrize("name", CASES)
def test_resumed_exactly(name, tmp_path):
    oracle_resume(tmp_path / "run.pt", name)


@pytest.mark.parametrize("forgotten", ["rng", "optimizer_g"])
@pytest.mark.parametrize("name", ["vae, images", "flow, images"])
def test_resume_mutants(name, forgotten, tmp_path, monkeypatch):
    whole = checkpoints.state

    def state(run):
        fresh = training.start(run.gan, run.data, seed=run.seed, batch=run.batch)
        return whole(run) | {forgotten: whole(fresh)[forgotten]}

    monkeypatch.setattr(checkpoints, "state", state)
    assert_killed(partial(oracle_resume, tmp_path / "run.pt"), name)


def test_a_checkpoint_belongs_to_one_method(tmp_path):
    """σ is a part of the step, so of the method; the number of steps of a flow is not: it may be another."""
    fitted("vae, points", 2).save(tmp_path / "vae.pt")
    with pytest.raises(ValueError, match=r"step: Elbo\(sigma=0.3\) in the checkpoint, Elbo\(sigma=0.2\) here"):
        training.resume(tmp_path / "vae.pt", methods.vae((2,), z=3, width=8, sigma=0.2), datasets.ring())
    fitted("flow, points", 2).save(tmp_path / "flow.pt")
    with pytest.raises(ValueError, match="another method"):
        training.resume(tmp_path / "flow.pt", CASES["vae, points"][0], datasets.ring())
    assert training.resume(tmp_path / "flow.pt", methods.flow((2,), width=8, steps=9), datasets.ring()).step == 2


# ---- what the machinery does for them


@pytest.mark.parametrize("name", CASES)
def test_names_shapes_and_seeds(name):
    method, data, how = CASES[name]
    run = fitted(name, 3)
    assert tuple(run.history) == method.losses
    assert all(len(values) == 3 and np.isfinite(values).all() for values in run.history.values())
    assert run.discriminator is None
    assert run.samples(3).shape == (3, *data().shape)
    assert torch.equal(run.samples(3), fitted(name, 3).samples(3))
    assert not torch.equal(run.samples(3), fitted(name, 3, seed=1).samples(3))
    with pytest.raises(ValueError, match="z must be"):
        run.images(torch.zeros(2, method.z + 1))
    first, second = training.replicate(method, data(), steps=2, seeds=(0, 7), batch=how.get("batch"))
    for one, seed in ((first, 0), (second, 7)):
        other = training.fit(method, data(), steps=2, seed=seed, batch=how.get("batch"))
        assert all(np.array_equal(one.history[loss], other.history[loss]) for loss in method.losses)


@pytest.mark.parametrize("ask", [Run.logits, Run.outputs])
def test_there_is_no_discriminator_to_ask(ask):
    with pytest.raises(ValueError, match="this method has no discriminator"):
        ask(fitted("vae, points", 1), torch.zeros(2, 2))


@pytest.mark.parametrize("losses", [("a",), ("a", "b", "c"), ("a", "a"), ["a", "b"], "ab", (1, 2), ("a", None)])
def test_the_losses_are_two_names(losses):
    with pytest.raises(TypeError, match=r"losses must be two names, such as .*; given"):
        replace(methods.vae((2,)), losses=losses)


@pytest.mark.parametrize("returned", [(1.0, 2.0), (torch.zeros(()),), (torch.zeros(()),) * 3, (torch.zeros(()), None)])
def test_a_step_returns_two_tensors(returned):
    for method in (methods.vae((2,)), methods.gan((2,))):
        run = training.start(replace(method, step=lambda run: returned), datasets.ring())
        says = f"a step returns two tensors, {' and '.join(method.losses)}; given "
        with pytest.raises(ValueError, match=says):
            training.train(run, 1)
        assert run.step == 0


def oracle_average(method, data, how):
    """θ̄ ← β θ̄ + (1 − β) θ for every weight, those of the encoder too; and samples are the average's."""
    run = training.start(method, data(), **how)
    mean = [p.detach().clone() for p in run.generator.parameters()]
    for _ in range(4):
        training.iteration(run)
        mean = [0.9 * old + 0.1 * p.detach() for old, p in zip(mean, run.generator.parameters(), strict=True)]
    torch.testing.assert_close([p.detach() for p in run.generator_ema.parameters()], mean)
    plain = replace(run, generator_ema=None)
    assert not torch.equal(run.samples(3), plain.samples(3))


@pytest.mark.parametrize("name", [name for name in CASES if "averaged" in name])
def test_the_average(name):
    oracle_average(*CASES[name])
    assert_killed(lambda method: oracle_average(method, *CASES[name][1:]), replace(CASES[name][0], ema=0.8))


def pressed_in_step(method, step, times):
    """The method in whose `step`-th step, before its end, Ctrl-C is pressed."""
    calls = []

    def pressing(run):
        calls.append(1)
        if len(calls) == step:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return method.step(run)

    return replace(method, step=pressing)


@pytest.mark.parametrize(("times", "steps"), [(1, 3), (2, 2)], ids=["once: after the step", "twice: at once"])
@pytest.mark.parametrize("name", ["vae, points", "flow, points"])
def test_ctrl_c(name, times, steps, capsys):
    before, method = signal.getsignal(signal.SIGINT), CASES[name][0]
    run = training.fit(pressed_in_step(method, 3, times), datasets.ring(), steps=10)
    assert run.step == steps
    assert f"stopped at step {steps};" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
    assert run.samples(3).isfinite().all()
    assert training.train(run, 4).step == steps + 4
    if times == 1:
        assert all(map(np.array_equal, run.history.values(), fitted(name, 7).history.values()))


@pytest.mark.parametrize("name", ["vae, points", "flow, points", "vae, images", "flow, images"])
def test_a_number_that_is_none_stops_the_run_and_puts_it_back(name):
    method, data, how = CASES[name]
    run = training.start(replace(method, optimizer_g=partial(adam, lr=1e-3)), data(), **how)

    def spoil(run):
        if run.step == CHECK_EVERY + 5:
            run.optimizer_g.param_groups[0]["lr"] = float("nan")

    with pytest.raises(DivergedError) as raised:
        training.train(run, 2 * CHECK_EVERY, watch=spoil)
    assert f"{method.losses[0]} is nan since step {CHECK_EVERY + 7}; " in str(raised.value)
    assert f"put back to step {CHECK_EVERY}." in str(raised.value)
    assert raised.value.run is run
    assert run.step == CHECK_EVERY
    assert run.samples(3).isfinite().all()
