"""What can be moved by hand: thin shells over pure figure functions."""

from gan_core.course.widgets.earth import plan_explorer
from gan_core.course.widgets.explore import explore, step_through
from gan_core.course.widgets.live import live
from gan_core.course.widgets.player import play

__all__ = ["explore", "live", "plan_explorer", "play", "step_through"]
