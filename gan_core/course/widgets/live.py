"""A picture that follows a training: `training.fit(gan, data, steps=2_000, watch=live(draw))`."""

from gan_core.course.widgets.explore import _render, _show
from gan_core.mathematics._counts import whole


def live(draw, every=100):
    """A `watch` for `training.fit` that shows `draw(run)`, a (figure, text), at the first step and each `every` steps.

    The picture changes in place; a page without a kernel keeps the first. Of several runs it follows the first.
    The training waits while a picture is drawn, so choose `every` accordingly. Raises ValueError for every < 1.
    """
    import ipywidgets as w

    whole("every", every)
    image, label = w.Image(format="png"), w.Label()
    followed = []

    def watch(run):
        first = not followed
        if first:
            followed.append(run)
        if run is followed[0] and (first or run.step % every == 0):
            image.value, label.value = _render(*draw(run))
            if first:
                _show(w.VBox([label, image]), image, label.value)

    return watch
