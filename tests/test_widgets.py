"""Sliders and steppers: alive in JupyterLab, a picture where there is no kernel, the same text on every machine."""

import base64
import inspect

import ipywidgets
import matplotlib.pyplot as plt
import pytest
from mutants import assert_killed

from gan_core import datasets, methods, training
from gan_core.course.widgets import explore, live, step_through

PNG = b"\x89PNG"
VIEW = "application/vnd.jupyter.widget-view+json"


def draw(shift, kind="line"):
    """A pure figure function: its picture depends on both values, its text on both."""
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, 1], [0, shift], ls="-" if kind == "line" else ":")
    ax.set_ylim(-5, 5)
    return fig, f"{kind} to {shift:g}"


def draw_state(state):
    return draw(state)


def oracle_explore(explore, seen):
    explore(draw, shift=(-4.0, 4.0, 0.5, 2.0), kind=["line", "dots"])
    payload = seen.payload
    assert payload["text/plain"] == "[shift=2, kind=line] line to 2"  # the values, then the drawing's own text
    assert base64.b64decode(payload.get("image/png", "")) == seen.image  # what stands still is what is shown
    assert seen.image.startswith(PNG)
    assert payload.get(VIEW, {}).get("model_id") == seen.boxes[0].model_id
    slider, menu = seen.knobs
    assert (slider.min, slider.max, slider.step, slider.value) == (-4.0, 4.0, 0.5, 2.0)
    assert slider.continuous_update is False  # drawing takes a moment: once, where the slider is let go
    assert tuple(menu.options) == ("line", "dots")
    before = seen.image
    slider.value = -3.0
    moved = seen.image
    assert moved != before
    assert seen.text == "line to -3"
    menu.value = "dots"
    assert seen.image not in (before, moved)
    assert seen.text == "dots to -3"
    slider.value, menu.value = 2.0, "line"
    assert seen.image == before  # the same values, the same picture to the last bit
    assert len(seen.displayed) == 1  # nothing but the one display, so strict nbval has nothing else to compare
    assert plt.get_fignums() == []  # and no figure is left open


def test_explore(seen):
    oracle_explore(explore, seen)


def oracle_step_through(step_through, seen):
    step_through(draw_state, 0, up=lambda s: s + 1, two_down=lambda s: s - 2)
    assert seen.payload["text/plain"] == "[up, two_down] line to 0"
    assert base64.b64decode(seen.payload["image/png"]) == seen.image
    (buttons,) = seen.knobs
    up, down, again = buttons.children
    assert [button.description for button in buttons.children] == ["up", "two down", "start again"]
    first = seen.image
    up.click()
    assert seen.text == "line to 1"
    assert seen.image != first
    up.click()
    assert seen.text == "line to 2"
    down.click()
    assert seen.text == "line to 0"
    up.click()
    again.click()
    assert seen.text == "line to 0"
    assert seen.image == first
    up.click()
    assert seen.text == "line to 1"  # from the first state, not from where it was left
    assert len(seen.displayed) == 1
    assert plt.get_fignums() == []


def test_step_through(seen):
    oracle_step_through(step_through, seen)


def mutated(name, old, new):
    """`explore` or `step_through` after one piece of their file was replaced."""
    source = inspect.getsource(inspect.getmodule(explore))
    assert old in source
    namespace = {"__name__": "mutant"}
    exec(source.replace(old, new), namespace)
    return namespace[name]


EXPLORE_MUTANTS = {
    "nothing happens": ('knob.observe(redraw, "value")', "pass"),
    "the first picture is missing": ("    redraw()\n", ""),
    "figures stay open": ("plt.close(figure)", "pass"),
    "the values are not said": ('f"[{_said(knobs)}] {label.value}"', "label.value"),
    "low and high exchanged": ("min=low, max=high", "min=-high - 1, max=-low + 1"),
    "draws all the way along": ("continuous_update=False", "continuous_update=True"),
    "the picture is left out": ('"image/png": png, ', ""),
    "the widget is left out": ("{MIME: view, ", "{"),
}


@pytest.mark.parametrize("name", EXPLORE_MUTANTS)
def test_explore_mutants(seen, name):
    mutant = mutated("explore", *EXPLORE_MUTANTS[name])
    assert_killed(lambda explore: oracle_explore(explore, seen), mutant)


STEP_MUTANTS = {
    "every step starts from the first state": ("action(current[0])", "action(state)"),
    "a step is not kept": ("current[0] = action(current[0])", "current[0] = state"),
    "start again goes on": ("lambda _: state}", "lambda _: current[0]}"),
    "all buttons do the last thing": ("button.on_click(move(action))", "button.on_click(lambda _: move(action)())"),
    "the picture stays": ("            image.value, label.value = _render", "            _, label.value = _render"),
}


@pytest.mark.parametrize("name", STEP_MUTANTS)
def test_step_through_mutants(seen, name):
    mutant = mutated("step_through", *STEP_MUTANTS[name])
    assert_killed(lambda step_through: oracle_step_through(step_through, seen), mutant)


def test_whole_numbers_get_a_slider_of_whole_numbers(seen):
    explore(draw, shift=(0, 4, 1, 2))
    assert isinstance(seen.knobs[0], ipywidgets.IntSlider)
    assert seen.payload["text/plain"].startswith("[shift=2]")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ((0, 1, 0.1), "control shift"),
        ((0, 1, 0.1, 2), "low ≤ start ≤ high"),
        ((1, 0, 0.1, 0.5), "low ≤ start ≤ high"),
        ((0, 1, 0, 0.5), "step > 0"),
        ((0, 1, float("nan"), 0.5), "step > 0"),
        (("a", "b", "c", "d"), "control shift"),
        ([], "control shift"),
        ([1, 2], "control shift"),
        (3, "control shift"),
    ],
)
def test_a_control_that_is_none(seen, spec, said):
    with pytest.raises(ValueError, match=said):
        explore(draw, shift=spec)
    assert seen.displayed == []


def test_something_must_move():
    with pytest.raises(ValueError, match="at least one control"):
        explore(draw)
    with pytest.raises(ValueError, match="at least one action"):
        step_through(draw_state, 0)


def test_an_error_in_the_drawing_is_not_hidden(seen):
    with pytest.raises(ZeroDivisionError):
        explore(lambda shift: draw(1 / shift), shift=(0, 4, 1, 0))
    assert seen.displayed == []


# ---- a picture that follows a training


def oracle_live(live, seen):
    data, drawn = datasets.ring(), []

    def draw_run(run):
        drawn.append((run.seed, run.step))
        return draw(run.step)

    training.replicate(methods.gan(data.shape, width=4), data, steps=7, seeds=(3, 4), watch=live(draw_run, every=3))
    assert drawn == [(3, 1), (3, 3), (3, 6)], "first step, each third, one run"
    assert base64.b64decode(seen.payload["image/png"]).startswith(PNG)
    assert seen.payload["text/plain"] == "line to 1", "the page without a kernel shows the first"
    assert VIEW in seen.payload
    assert seen.text == "line to 6", "the picture stands still"
    assert seen.image == explore_png(6), "the picture is another"
    assert plt.get_fignums() == []


def explore_png(value):
    from gan_core.course.widgets.explore import _render

    return _render(*draw(value))[0]


def test_live(seen):
    oracle_live(live, seen)


def live_mutant(old, new):
    source = inspect.getsource(live)
    assert source.count(old) == 1, f"the mutant no longer fits the source: {old}"
    namespace = dict(live.__globals__)
    exec(source.replace(old, new), namespace)
    return namespace["live"]


@pytest.mark.parametrize(
    ("old", "new"),
    {
        "drawn at every step": ("run.step % every == 0", "True"),
        "never again": ("(first or run.step % every == 0)", "first"),
        "every run draws": ("run is followed[0] and", ""),
        "the picture stays": ("image.value, label.value = _render", "_, label.value = _render"),
        "shown again each time": (
            "            if first:\n                _show",
            "            if True:\n                _show",
        ),
    }.values(),
)
def test_live_mutants(seen, old, new):
    assert_killed(lambda live: oracle_live(live, seen), live_mutant(old, new))


def test_live_needs_a_whole_number():
    with pytest.raises(ValueError, match="every must be at least 1; given 0"):
        live(draw, every=0)
