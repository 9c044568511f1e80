"""What can be moved by hand: thin shells over pure figure functions."""

from gan_core.widgets.earth import plan_explorer
from gan_core.widgets.explore import explore, step_through

__all__ = ["explore", "plan_explorer", "step_through"]
