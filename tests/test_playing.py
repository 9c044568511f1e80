"""The GAN that learns while one watches: the pure functions, then the buttons, without a browser."""

import asyncio
import inspect
import math
import time

import pytest
import torch
from mutants import assert_killed

from gan_core import methods, training
from gan_core.course.widgets import play, player, playing
from gan_core.course.widgets.playing import Knobs

RING, DIGITS = playing.DATA
PATIENCE = 30  # seconds


def steps(n):
    """A function that says "enough" when it was asked n times."""
    asked = iter(range(1, n + 1))
    return lambda run: next(asked) == n


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def updates(optimizer):
    """How many steps an optimizer has made."""
    (times,) = {int(state["step"]) for state in optimizer.state.values()}
    return times


def oracle_moved(moved):
    first = playing.begun(RING)
    before = weights(first.generator)
    run = moved(first, Knobs(), steps(5))
    assert first.step == 0, "the old state is another"
    assert torch.equal(weights(first.generator), before)
    library = training.fit(methods.gan(first.data.shape, width=64), first.data, steps=5)
    for name, network in run.networks.items():
        assert torch.equal(weights(network), weights(library.networks[name])), "not the library's training"
    assert (run.step, run.losses[:5].tolist()) == (5, library.losses[:5].tolist())
    for knobs, still in ((Knobs(lr_d=0.0), "discriminator"), (Knobs(lr_g=0.0), "generator")):
        later = moved(run, knobs, steps(3))
        for name in run.networks:
            same = torch.equal(weights(later.networks[name]), weights(run.networks[name]))
            assert same == (name == still), f"{name} under {knobs}"
    quick = moved(run, Knobs(lr_d=1e-1), steps(1))
    assert quick.step == 6, "what was learned is lost"
    assert (weights(quick.discriminator) - weights(run.discriminator)).abs().max() > 0.03
    later = moved(run, Knobs(n_dis=4), steps(3))
    assert updates(later.optimizer_d) - updates(run.optimizer_d) == 3 * 4
    assert updates(later.optimizer_g) - updates(run.optimizer_g) == 3
    signs = {
        loss: math.copysign(1, moved(run, Knobs(loss), steps(1)).losses[5, 1].item()) for loss in playing.LOSSES[:2]
    }
    assert signs == {"non_saturating": 1, "saturating": -1}  # −log D and log(1 − D)


def test_moved():
    oracle_moved(playing.moved)


@pytest.mark.parametrize("loss", playing.LOSSES)
@pytest.mark.parametrize("data", playing.DATA)
def test_every_loss_on_all_data(data, loss):
    run = playing.moved(playing.begun(data), Knobs(loss), steps(3))
    assert run.gan.objective.name == loss
    assert playing.trouble(run) is None
    assert run.step == 3


def mutated(name, old, new):
    """A function of its file after one piece of that was replaced."""
    source = inspect.getsource(player if name == "play" else playing)
    assert source.count(old) == 1, f"the mutant no longer fits the source: {old}"
    namespace = {"__name__": "mutant"}
    exec(source.replace(old, new), namespace)
    return namespace[name]


MOVED_MUTANTS = {
    "the old state moves": ("    run = run.copy()\n", ""),
    "it begins anew": ("    run = run.copy()\n", f'    run = begun("{RING}")\n'),
    "the loss stays": ("objective=OBJECTIVES[knobs.loss], ", ""),
    "k stays": (", n_dis=knobs.n_dis", ""),
    "the rates are exchanged": ("(run.optimizer_d, knobs.lr_d), (run.optimizer_g, knobs.lr_g)",
                                "(run.optimizer_d, knobs.lr_g), (run.optimizer_g, knobs.lr_d)"),
    "one rate for both": ("(run.optimizer_g, knobs.lr_g)", "(run.optimizer_g, knobs.lr_d)"),
    "the rates stay": ('group["lr"] = rate', "pass"),
    "a step too many": ("    while True:\n", "    training.iteration(run)\n    while True:\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVED_MUTANTS)
def test_moved_mutants(name):
    assert_killed(oracle_moved, mutated("moved", *MOVED_MUTANTS[name]))


def broken(run):
    """A copy whose discriminator holds a weight that is no number."""
    run = run.copy()
    with torch.no_grad():
        next(run.discriminator.parameters())[0, 0] = math.nan
    return run


def test_trouble_is_seen_at_once():
    run = playing.moved(playing.begun(RING), Knobs(), steps(2))
    assert playing.trouble(run) is None
    assert playing.trouble(playing.begun(RING)) is None
    bad = playing.moved(broken(run), Knobs(), steps(100))
    assert playing.trouble(bad) == "L_D is nan at step 3"
    assert bad.step == 3


def test_the_picture_follows_the_run():
    first = playing.begun(RING)
    png, text = playing.draw(first)
    assert text == "step 0; fakes on 0 of 8 clusters"
    run = playing.moved(first, Knobs(), steps(2))
    later, said = playing.draw(run)
    assert later != png
    assert said.startswith(f"step 2; L_D = {run.losses[1, 0]:.2f}, L_G = {run.losses[1, 1]:.2f}; fakes on")
    assert playing.draw(run) == (later, said)
    gone = playing.moved(first, Knobs(lr_d=0.0, lr_g=1e-1), steps(60))
    assert playing.draw(gone)[1].endswith("; 256 of 256 outside the picture")


def oracle_verdict(verdict):
    run = playing.moved(playing.begun(RING), Knobs(), steps(20))
    real, fake = run.data.sample(64), run.samples(64)
    shades = verdict(run, real, fake, 3.0)
    n = len(shades)
    for row, column in ((0, 0), (0, n - 1), (n - 1, 0), (7, 30)):
        x1, x2 = (-3 + 6 * i / (n - 1) for i in (column, row))
        place = torch.tensor([[x1, x2]], dtype=real.dtype)
        assert shades[row, column] == pytest.approx(run.logits(place).sigmoid().item(), abs=1e-5)
    paired = playing.moved(run, Knobs("relativistic"), steps(1))
    before = verdict(paired, real, fake, 3.0)
    with torch.no_grad():
        list(paired.discriminator.parameters())[-1] += 5  # a shift, which a paired loss does not see
    assert abs(verdict(paired, real, fake, 3.0) - before).max() < 1e-5


def test_verdict():
    oracle_verdict(playing.verdict)


@pytest.mark.parametrize(
    ("old", "new"),
    [("[x1, x2]", "[x2, x1]"), ("logits - zero", "logits"), ("if run.gan.objective.paired else 0", "")],
    ids=["rows along x1", "a shift is seen", "always half-way"],
)
def test_verdict_mutants(old, new):
    assert_killed(oracle_verdict, mutated("verdict", old, new))


# ---- the buttons


class Parts:
    """The widgets of the player that was displayed last."""

    def __init__(self, seen):
        menus, sliders, buttons = seen.knobs
        self.data, self.loss = menus.children
        self.rate_d, self.rate_g, self.k = sliders.children
        self.going, self.one, self.again = buttons.children


def oracle_buttons(play, seen):
    play()
    parts, first = Parts(seen), seen.image
    assert seen.payload["text/plain"] == (
        "[data, loss, rates, k, play, one step, start again] step 0; fakes on 0 of 8 clusters"
    )
    assert first.startswith(b"\x89PNG")
    parts.one.click()
    assert seen.text.startswith("step 1;")
    assert seen.image != first
    parts.one.click()
    assert seen.text.startswith("step 2;")
    parts.rate_d.value = parts.rate_g.value = 0.0
    still = playing_weights(seen)
    parts.one.click()
    assert seen.text.startswith("step 3;")
    assert playing_weights(seen) == still, "the rates are 0 and something moves"
    parts.loss.value, parts.rate_g.value = "saturating", 1e-3
    parts.one.click()
    assert "L_G = -" in seen.text, "the loss is another at once"
    parts.again.click()
    assert seen.image == first
    assert seen.text == "step 0; fakes on 0 of 8 clusters"
    parts.data.value = DIGITS
    assert seen.text == "step 0"
    assert seen.image != first
    parts.one.click()
    parts.data.value = RING
    assert seen.image == first, "other data begin anew"
    assert len(seen.displayed) == 1


def playing_weights(seen):
    """What the picture says of the networks: all but the step and the losses."""
    return seen.text.partition("fakes")[2]


def test_buttons(seen):
    oracle_buttons(play, seen)


BUTTON_MUTANTS = {
    "the step is not kept": ("        state[:] = [run]\n", "        state[:] = state or [run]\n"),
    "start again goes on": ("again.on_click(begin)", "again.on_click(lambda _: show(state[0]))"),
    "the loss is not asked": ("Knobs(loss.value, ", "Knobs(playing.LOSSES[0], "),
    "the data stay": ('    data.observe(begin, "value")\n', ""),
    "a step is many": ("move(playing.at(0))", "move(playing.after(0.2))"),
    "the picture stays": ("image.value, label.value = playing.draw(run)",
                          "image.value, label.value = image.value or playing.draw(run)[0], playing.draw(run)[1]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BUTTON_MUTANTS)
def test_button_mutants(seen, name):
    assert_killed(lambda play: oracle_buttons(play, seen), mutated("play", *BUTTON_MUTANTS[name]))


def step_said(seen):
    return int(seen.text.partition(";")[0].removeprefix("step ").replace(",", ""))


async def until(true):
    """Wait, for PATIENCE at most; what else the loop has to do goes on meanwhile."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "nothing happens"
        await asyncio.sleep(0.02)


def oracle_playing(play, seen):
    async def watched():
        play()
        parts, first = Parts(seen), seen.image
        await asyncio.sleep(0.1)
        assert seen.image == first, "it plays by itself"
        parts.going.value = True
        assert parts.going.description == "pause"
        pictures = {first}
        await until(lambda: pictures.add(seen.image) or len(pictures) > 4)
        assert step_said(seen) >= 4
        parts.going.value = False
        assert parts.going.description == "play"
        await asyncio.sleep(0.05)
        halted = seen.image
        await asyncio.sleep(0.2)
        assert seen.image == halted, "it goes on in a pause"
        at = step_said(seen)
        parts.going.value = True
        await until(lambda: step_said(seen) > at)
        parts.again.click()
        assert seen.image == first
        await until(lambda: step_said(seen) > 0)  # and plays on, from the start
        seen.displayed.clear()
        other = parts
        play()  # as when its cell is run once more
        await asyncio.sleep(0.05)
        assert not other.going.value, "two play at a time"
        parts = Parts(seen)
        parts.going.value = True
        await until(lambda: step_said(seen) > 0)
        other.going.value = True
        assert not parts.going.value, "two play at a time"
        other.going.value = False
        await asyncio.sleep(0.05)

    asyncio.run(watched())


def test_play_and_pause(seen):
    oracle_playing(play, seen)


PLAYING_MUTANTS = {
    "one picture only": ("for _ in range(FRAMES):", "for _ in range(1):"),
    "no pause": ("            if not going.value:\n                return\n", ""),
    "the button says play": ('"pause" if going.value else "play"', '"play"'),
    "nobody else is heard": ("await asyncio.sleep(REST)", "pass"),
    "the old one goes on": ("for other in _pauses:  # of the same cell, perhaps, run once more", "for other in ():"),
    "two at a time": ("                other()\n            _pauses", "                pass\n            _pauses"),
    "it plays by itself": ('    again.on_click(begin)\n', '    again.on_click(begin)\n    going.value = True\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAYING_MUTANTS)
def test_playing_mutants(seen, name, monkeypatch):
    mutant = mutated("play", *PLAYING_MUTANTS[name])
    mutant.__globals__["FRAMES"] = 20  # it ends when it is not heard
    monkeypatch.setitem(globals(), "PATIENCE", 1)
    assert_killed(lambda play: oracle_playing(play, seen), mutant)


def test_what_diverges_says_so_and_pauses(seen, monkeypatch):
    async def watched():
        play()
        parts = Parts(seen)
        parts.one.click()
        kept = seen.image
        moved = playing.moved
        monkeypatch.setattr(playing, "moved", lambda run, knobs, enough: moved(broken(run), knobs, enough))
        parts.going.value = True
        await until(lambda: not parts.going.value)
        assert seen.text == "L_D is nan at step 2: it has diverged, and is put back to step 1. Lower a rate."
        assert seen.image == kept
        monkeypatch.undo()
        parts.one.click()
        assert step_said(seen) == 2, "it cannot go on"

    asyncio.run(watched())


def test_it_pauses_when_nobody_seems_to_be_there(seen, monkeypatch):
    async def watched():
        monkeypatch.setattr(player, "FRAMES", 2)
        play()
        parts = Parts(seen)
        parts.going.value = True
        await until(lambda: not parts.going.value)
        assert step_said(seen) >= 2

    asyncio.run(watched())
