"""What can be moved by hand: thin shells over pure figure functions."""

from importlib import import_module

from gan_core.course.widgets.earth import plan_explorer
from gan_core.course.widgets.explore import explore, step_through
from gan_core.course.widgets.live import live

__all__ = ["explore", "live", "plan_explorer", "play", "step_through"]


def __getattr__(name):
    if name == "play":  # the only one that trains: the others do not wait for torch
        return import_module(f"{__name__}.playing").play
    raise AttributeError(f"gan_core.course.widgets has no {name!r}; it has {', '.join(__all__)}")
