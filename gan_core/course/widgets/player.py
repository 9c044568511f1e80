"""A GAN that learns while one watches, with its knobs: the first thing in the course."""

import asyncio

from gan_core.course.widgets.explore import _show

TRAIN, REST = 0.03, 0.01  # seconds of training for each picture, and for the kernel to hear of buttons
FRAMES = 10_000  # after which it pauses, some ten minutes: perhaps nobody is there any more

_pauses = []  # how to pause the one that plays: two would share the processor


def play():
    """A live GAN: play and pause, one step, start again; sliders for the learning rates and k, menus for loss and data.

    The training runs on the kernel's own loop, some steps for each picture, and leaves it free in between. It begins
    paused: Run All and a page without a kernel show the GAN before its first step.
    """
    import ipywidgets as w

    from gan_core.course.widgets import playing  # not above: of all widgets this one alone waits for torch

    looks = {"style": {"description_width": "initial"}}
    data = w.Dropdown(options=list(playing.DATA), description="data", **looks)
    loss = w.Dropdown(options=playing.LOSSES, description="loss", **looks)
    steps = [(f"{rate:g}", rate) for rate in playing.RATES]
    rates = [w.SelectionSlider(options=steps, value=1e-3, description=f"rate of {player}", **looks) for player in "DG"]
    k = w.IntSlider(min=1, max=10, value=1, description="k, steps of D for one of G", **looks)
    going = w.ToggleButton(description="play")
    one, again = w.Button(description="one step"), w.Button(description="start again")
    image, label = w.Image(format="png"), w.Label()
    state, tasks = [], []

    def show(run):
        state[:] = [run]
        image.value, label.value = playing.draw(run)

    def begin(_=None):
        show(playing.begun(data.value))

    def move(enough):
        run = playing.moved(state[0], playing.Knobs(loss.value, *(rate.value for rate in rates), k.value), enough)
        if trouble := playing.trouble(run):
            going.value = False
            label.value = f"{trouble}: it has diverged, and is put back to step {state[0].step:,}. Lower a rate."
        else:
            show(run)

    async def keep_on():
        for _ in range(FRAMES):
            if not going.value:
                return
            move(playing.after(TRAIN))
            await asyncio.sleep(REST)
        going.value = False

    def pause():
        going.value = False

    def switched(_):
        going.description = "pause" if going.value else "play"
        if going.value:
            for other in [each for each in _pauses if each is not pause]:
                other()
            _pauses[:] = [pause]
            tasks[:] = [asyncio.get_running_loop().create_task(keep_on())]

    for other in _pauses:  # of the same cell, perhaps, run once more
        other()
    going.observe(switched, "value")
    one.on_click(lambda _: move(playing.at(0)))
    again.on_click(begin)
    data.observe(begin, "value")
    begin()
    box = w.VBox([w.HBox([data, loss]), w.HBox([*rates, k]), w.HBox([going, one, again]), label, image])
    _show(box, image, f"[data, loss, rates, k, play, one step, start again] {label.value}", playing.shot)
