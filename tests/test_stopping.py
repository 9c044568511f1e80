"""A run that is stopped, by Ctrl-C or by a number that is none, is a run still; and what is shown of it meanwhile."""

import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import nbclient
import nbformat
import numpy as np
import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from gan_core import checkpoints, datasets, methods, training
from gan_core.pieces.datasets import Loader
from gan_core.training import DivergedError, adam, loop
from gan_core.training.loop import CHECK_EVERY


def small(**changes):
    return replace(methods.gan((2,), z=2, width=8), **changes)


def losses(run):
    return np.stack(list(run.history.values()))


# ---- Ctrl-C (that the step it is in ends first, and what comes after, bit for bit: test_checkpoints)


def press(times):
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def pressed_in_step(step, times):
    """A method in whose `step`-th step, between D's part and G's, Ctrl-C is pressed."""
    calls = []

    def generator(fake):
        calls.append(1)
        if len(calls) == step:
            press(times)
        return plain.generator(fake)

    plain = small().objective
    return small(objective=plain._replace(generator=generator))


@pytest.mark.parametrize(("times", "steps"), [(1, 3), (2, 2)], ids=["once: after the step", "twice: at once"])
def test_ctrl_c(times, steps, capsys):
    before = signal.getsignal(signal.SIGINT)
    run = training.fit(pressed_in_step(3, times), datasets.ring(), steps=10)
    assert run.step == steps
    assert f"stopped at step {steps};" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
    assert all(p.requires_grad for p in run.discriminator.parameters())
    assert run.samples(3).isfinite().all()
    assert training.train(run, 4).step == steps + 4
    if times == 1:
        assert np.array_equal(losses(run), losses(training.fit(small(), datasets.ring(), steps=7)))


def test_keyboard_interrupt_leaves_a_usable_run(capsys):
    def impatient(run):
        if run.step == 4:
            raise KeyboardInterrupt

    run = training.fit(small(), datasets.ring(), steps=10, watch=impatient)
    assert run.step == 4
    assert "stopped at step 4;" in capsys.readouterr().out
    assert np.array_equal(losses(training.train(run, 6)), losses(training.fit(small(), datasets.ring(), steps=10)))


def test_keyboard_interrupt_within_a_step_of_g():
    class Pressed(nn.Linear):
        calls = 0

        def forward(self, x):
            Pressed.calls += 1
            if Pressed.calls == 10:  # one look at the start; two iterations with three each; and D's third step
                raise KeyboardInterrupt
            return super().forward(x)

    run = training.fit(small(discriminator=partial(Pressed, 2, 1)), datasets.ring(), steps=10)
    assert run.step == len(run.history["loss_d"]) == 2
    assert all(p.requires_grad for p in run.discriminator.parameters()), "D stayed frozen"
    assert training.train(run, 3).step == 5


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("stop", [partial(press, 1), interrupt], ids=["Ctrl-C", "KeyboardInterrupt"])
def test_replicates_end_after_the_same_step(stop):
    runs = training.replicate(
        small(), datasets.ring(), steps=10, seeds=(4, 5, 6), watch=lambda run: (run.seed, run.step) == (5, 3) and stop()
    )
    assert [run.step for run in runs] == [3, 3, 3]  # small networks move on together


def test_who_listened_for_ctrl_c_listens_again():
    def mine(number, frame):
        raise AssertionError("not mine while it trains")

    before = signal.signal(signal.SIGINT, mine)
    try:
        training.fit(small(), datasets.ring(), steps=2)
        assert signal.getsignal(signal.SIGINT) is mine
        assert training.fit(pressed_in_step(2, 1), datasets.ring(), steps=5).step == 2
        assert signal.getsignal(signal.SIGINT) is mine
        with pytest.raises(DivergedError):
            training.fit(small(optimizer_d=partial(adam, lr=float("inf"))), datasets.ring(), steps=2)
        assert signal.getsignal(signal.SIGINT) is mine
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a process in the background
        assert training.fit(pressed_in_step(2, 2), datasets.ring(), steps=5).step == 5
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_nobody_listens():
    runs = []
    thread = threading.Thread(target=lambda: runs.append(training.fit(small(), datasets.ring(), steps=3)))
    thread.start()
    thread.join()
    assert runs[0].step == 3


def oracle_workers():
    """In a terminal all processes hear Ctrl-C; the step under way still needs its minibatch."""
    loader = Loader(DataLoader(TensorDataset(torch.randn(400, 2)), batch_size=4, num_workers=1, prefetch_factor=2))
    loader.load_state_dict({"epoch": 1, "served": 1})  # its worker begins outside of training, as after a resume
    run = training.start(small(), loader)
    run.data = loader
    deaf = []

    def press_there(run):
        deaf.extend(os.kill(child.pid, signal.SIGINT) for child in multiprocessing.active_children())

    assert training.train(run, 20, watch=press_there).step == 20
    assert deaf


def test_workers_leave_ctrl_c_to_the_one_that_trains(monkeypatch):
    oracle_workers()
    monkeypatch.setattr("gan_core.pieces.datasets.loader._workers_deaf_to_ctrl_c", lambda loader: nullcontext())
    with pytest.raises((RuntimeError, OSError, EOFError)):  # a worker is gone, however torch comes to notice it
        oracle_workers()


@pytest.fixture(scope="module")
def in_a_notebook(tmp_path_factory):
    """A notebook in which a run comes to its end, and another is interrupted and goes on."""
    cells = [
        "import os, signal\n"
        "from gan_core import datasets, methods, training\n"
        "data = datasets.ring()\n"
        "gan = methods.gan(data.shape, width=4)\n"
        "run = training.fit(gan, data, steps=1_000)",
        "def press(run):\n"
        "    if run.step == 5:\n"
        "        os.kill(os.getpid(), signal.SIGINT)  # what Jupyter's stop button does\n"
        "run = training.fit(gan, data, steps=1_000, watch=press)",
        "(training.train(run, 3).step, run.samples(2).shape)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = str(tmp_path_factory.mktemp("notebook"))
    return nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": path}}).execute()


def test_interrupted_in_a_notebook(in_a_notebook):
    _, first, second = (cell.outputs for cell in in_a_notebook.cells)
    assert [out.text for out in first if out.output_type == "stream"] == [
        "stopped at step 5; training.train(run, steps) goes on from there\n"
    ]
    assert second[-1].data["text/plain"] == "(8, torch.Size([2, 2]))"


# ---- a number that is none


class Idle(nn.Sequential):
    """A network with a weight, and something that it keeps, that take no part: the losses stay finite."""

    def __init__(self, *layers):
        super().__init__(*layers)
        self.idle = nn.Parameter(torch.zeros(3))
        self.register_buffer("kept", torch.zeros(3))


def idle():
    gan = small()
    return small(generator=lambda: Idle(gan.generator()), discriminator=lambda: Idle(gan.discriminator()))


def oracle_weights(train, network, what, value):
    """Found at the next look; the run is then where it was at the one before."""
    run, bad = training.start(idle(), datasets.ring()), CHECK_EVERY + 37

    def spoil(run):
        if run.step == bad:
            getattr(getattr(run, network), what).data[1] = value

    with pytest.raises(DivergedError) as raised:
        train(run, 3 * CHECK_EVERY, watch=spoil)
    error = raised.value
    assert f"the {network}'s {what} is not finite at step {2 * CHECK_EVERY}; " in str(error)
    assert f"put back to step {CHECK_EVERY}. Try a smaller learning rate" in str(error)
    assert error.run is run
    assert run.step == CHECK_EVERY
    assert np.array_equal(losses(run), losses(training.fit(idle(), datasets.ring(), steps=CHECK_EVERY)))


@pytest.mark.parametrize(
    ("network", "what", "value"),
    [
        ("generator", "idle", float("nan")),
        ("generator", "kept", float("-inf")),
        ("discriminator", "idle", float("inf")),
        ("discriminator", "kept", float("nan")),
    ],
)
def test_a_weight_that_is_no_number_stops_the_run(network, what, value):
    oracle_weights(training.train, network, what, value)


def test_a_weight_that_is_no_number_mutants(monkeypatch):
    monkeypatch.setattr(loop, "_trouble", lambda run: None)
    assert_killed(lambda train: oracle_weights(train, "generator", "idle", float("nan")), training.train)
    monkeypatch.undo()
    monkeypatch.setattr(checkpoints, "restore", lambda run, saved: run)
    assert_killed(lambda train: oracle_weights(train, "generator", "idle", float("nan")), training.train)


def diverged(steps_before=0):
    """A run that goes to infinity at once when it is trained: its learning rate is absurd."""
    run = training.fit(small(), datasets.ring(), steps=steps_before) if steps_before else None
    run = run or training.start(small(), datasets.ring())
    for group in run.optimizer_d.param_groups:
        group["lr"] = 1e38
    with pytest.raises(DivergedError, match=r"is (nan|inf|not finite).*Try a smaller learning rate") as raised:
        training.train(run, CHECK_EVERY)
    return raised.value.run


@pytest.mark.parametrize(("name", "part"), [("loss_d", "discriminator"), ("loss_g", "generator")])
@pytest.mark.parametrize(("steps", "bad"), [(3, 2), (250, 150), (100, 100)])
def test_a_loss_that_is_no_number_stops_the_run_with_its_step_and_name(name, part, steps, bad):
    calls = []

    def spoiled(*logits):
        calls.append(1)
        good = getattr(small().objective, part)(*logits)
        return good * float("nan") if len(calls) == bad else good

    gan = small(objective=small().objective._replace(**{part: spoiled}))
    with pytest.raises(DivergedError, match=f"{name} is nan since step {bad}; .*Try a smaller learning rate"):
        training.fit(gan, datasets.ring(), steps=steps)
    assert len(calls) <= bad + CHECK_EVERY


def test_a_look_for_nan_does_not_go_through_the_whole_history():
    run = training.fit(small(), datasets.ring(), steps=300)
    run.losses[0] = float("nan")  # long past: seen in its time, not looked at again
    assert training.train(run, 150).step == 450


@pytest.mark.parametrize("steps", [0, 30])
def test_after_it_diverged_the_run_is_sampled_saved_and_trained_on(tmp_path, steps):
    run = diverged(steps)
    assert run.step == steps
    assert run.samples(4).isfinite().all()
    run.save(tmp_path / "run.pt")
    for going_on in (run, training.resume(tmp_path / "run.pt", small(), datasets.ring())):
        for group in going_on.optimizer_d.param_groups:
            group["lr"] = 1e-4
        assert training.train(going_on, 20).step == steps + 20
        assert np.isfinite(losses(going_on)).all()


def test_a_run_that_was_spoiled_before_it_is_trained():
    run = training.start(small(), datasets.ring())
    next(run.generator.parameters()).data.fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"is not finite at step 0; error.run is the run, as it was given\. Try"):
        training.train(run, 5)


# ---- the bar, and that it costs nothing


class Terminal(io.StringIO):
    def isatty(self):
        return True


def looked_at(monkeypatch):
    """A terminal that somebody looks at."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def test_losses_and_speed_beside_the_bar(monkeypatch):
    screen = looked_at(monkeypatch)
    monkeypatch.setattr(time, "monotonic", iter(range(1, 1_000)).__next__)  # each look at the clock a second later
    run = training.fit(small(), datasets.ring(), steps=4, batch=8)
    for loss_d, loss_g in zip(*losses(run), strict=True):
        assert f"L_D {loss_d:.3f}, L_G {loss_g:.3f}, " in screen.getvalue()
    assert "samples/s" in screen.getvalue()
    assert ", 0 samples/s" not in screen.getvalue()
    assert "4 training steps: 100%" in screen.getvalue()


def test_one_bar_for_all_replicates(monkeypatch):
    screen = looked_at(monkeypatch)
    training.replicate(small(), datasets.ring(), steps=5, seeds=(0, 1))
    assert "2 runs of 5 training steps: 100%" in screen.getvalue()


def test_no_bar_where_nobody_looks(capfd):
    training.fit(small(), datasets.ring(), steps=2)
    assert capfd.readouterr() == ("", "")


def test_the_bar_of_a_notebook_is_one_stable_line(in_a_notebook):
    (output,) = in_a_notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"] == "1,000 training steps"
    assert "application/vnd.jupyter.widget-view+json" in output.data
    widgets = in_a_notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    shown = [widget["state"]["value"] for widget in widgets if "samples/s" in str(widget["state"].get("value"))]
    assert shown
    assert all("L_D\u2007" in each for each in shown)  # tqdm's spaces are as wide as its digits


def looks(monkeypatch, steps):
    """How often somebody waited for a number while a run made `steps` steps."""
    count = []

    def counted(name):
        plain = getattr(torch.Tensor, name)

        def look(*args, **kwargs):
            count.append(name)
            return plain(*args, **kwargs)

        return look

    run = training.start(small(ema=0.9), datasets.Examples(torch.zeros(99, 2)))
    with monkeypatch.context() as patch:
        for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__", "__index__"):
            patch.setattr(torch.Tensor, name, counted(name))
        training.train(run, steps)
    return len(count)


def oracle_looks(iteration, monkeypatch):
    monkeypatch.setattr(loop, "iteration", iteration)
    few, more, another = (looks(monkeypatch, steps) for steps in (10, CHECK_EVERY - 10, CHECK_EVERY + 10))
    assert few == more, "a wait in each step"
    assert more < another <= 2 * more


def test_no_step_waits_for_a_number(monkeypatch):
    plain = training.iteration
    oracle_looks(plain, monkeypatch)

    def waiting(run):
        plain(run)
        run.losses[run.step - 1, 0].item()

    assert_killed(lambda iteration: oracle_looks(iteration, monkeypatch), waiting)
