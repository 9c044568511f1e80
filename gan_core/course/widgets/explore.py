"""Sliders and steppers: thin shells over pure figure functions.

A widget shows what `draw` returns, a figure and a line of text. In JupyterLab it is alive; on a page without a kernel
the same picture stands still, or moves from one to the next that `film` drew beforehand. Strict nbval compares its
values and its text.
"""

import base64
import io
from numbers import Real

from gan_core.course.widgets import film
from gan_core.course.widgets.film import Knob

CLICKS = 20  # of each button, one button after the other, are in the film of a stepper
MIME = "application/vnd.jupyter.widget-view+json"


def explore(draw, **controls):
    """Sliders and menus over `draw`, a pure function from their values to (figure, text).

    Each control is `name=(low, high, step, start)` for a slider, or `name=["one", "two", …]` for a menu, which starts
    at its first entry. The text is one line of numbers that are the same on every machine (round them).
    Raises ValueError for a control that is neither, and without any.

    Example: ``explore(draw_shift, shift=(-6, 6, 0.5, 2))``
    """
    import ipywidgets as w

    if not controls:
        raise ValueError("explore needs at least one control, e.g. shift=(-6, 6, 0.5, 2)")
    knobs = {name: _knob(w, name, spec) for name, spec in controls.items()}
    image, label = w.Image(format="png"), w.Label()

    def redraw(_=None):
        image.value, label.value = _render(*draw(**{name: knob.value for name, knob in knobs.items()}))

    redraw()
    for knob in knobs.values():
        knob.observe(redraw, "value")

    def shot():
        places = [_places(name, spec) for name, spec in controls.items()]
        return film.film(places, lambda *values: _render(*draw(**dict(zip(controls, values, strict=True)))))

    _show(w.VBox([*knobs.values(), label, image]), image, f"[{_said(knobs)}] {label.value}", shot)


def step_through(draw, state, **actions):
    """Buttons over a state: each action is a function state → state, and `draw(state)` gives (figure, text).

    States are values: an action returns a new one and leaves the old alone, so that "start again", the button that is
    always there, can go back to the first. Raises ValueError without any action.

    Example: ``step_through(draw_gan, first, step_D=discriminator_step, step_G=generator_step)``
    """
    import ipywidgets as w

    if not actions:
        raise ValueError("step_through needs at least one action, e.g. step_D=discriminator_step")
    image, label = w.Image(format="png"), w.Label()
    current = [state]

    def move(action):
        def clicked(_=None):
            current[0] = action(current[0])
            image.value, label.value = _render(*draw(current[0]))

        return clicked

    buttons = []
    for name, action in {**actions, "start_again": lambda _: state}.items():
        button = w.Button(description=name.replace("_", " "))
        button.on_click(move(action))
        buttons.append(button)
    image.value, label.value = _render(*draw(state))

    def shot():
        states, clicked = [state], ["none"]
        for name, action in actions.items():
            for _ in range(CLICKS):
                states.append(action(states[-1]))
                clicked.append(f"{len(clicked)}: {name.replace('_', ' ')}")
        return film.film(
            [Knob("clicks", clicked, plays=True)], lambda click: _render(*draw(states[clicked.index(click)]))
        )

    _show(w.VBox([w.HBox(buttons), label, image]), image, f"[{', '.join(actions)}] {label.value}", shot)


def _knob(w, name, spec):
    looks = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}  # the name in full
    if isinstance(spec, list) and spec and all(isinstance(entry, str) for entry in spec):
        return w.Dropdown(options=spec, value=spec[0], **looks)
    if isinstance(spec, tuple) and len(spec) == 4 and all(isinstance(number, Real) for number in spec):
        low, high, step, start = spec
        if not (low <= start <= high and step > 0):
            raise ValueError(f"slider {name}: need low ≤ start ≤ high and step > 0; given {spec}")
        kind = w.IntSlider if all(isinstance(number, int) for number in spec) else w.FloatSlider
        return kind(min=low, max=high, step=step, value=start, continuous_update=False, **looks)
    raise ValueError(f"control {name} must be (low, high, step, start) or a list of names; given {spec!r}")


def _places(name, spec):
    """The values that a control of `explore` can take."""
    name = name.replace("_", " ")
    if isinstance(spec, list):
        return Knob(name, spec, menu=True)
    low, high, step, start = spec
    whole = all(isinstance(number, int) for number in spec)
    values = [low + i * step for i in range(int((high - low) / step + 1e-9) + 1)]
    values = values if whole else [round(value, 9) for value in values]  # 0.3, and not 0.30000000000000004
    return Knob(name, values, min(range(len(values)), key=lambda i: abs(values[i] - start)))


def _said(knobs):
    values = {name: knob.value if isinstance(knob.value, str) else f"{knob.value:g}" for name, knob in knobs.items()}
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _render(figure, text):
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue(), text


def _show(box, image, text, shot=None):
    """Display the widget: for pages without a kernel its picture and its text, and its film where one is asked for."""
    from IPython.display import display

    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    png = base64.b64encode(image.value).decode()
    shown = {MIME: view, "image/png": png, "text/plain": text}
    if shot and film.wanted():
        shown[film.MIME] = shot()
    display(shown, raw=True)
