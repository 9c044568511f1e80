"""What can be moved by hand: thin shells over pure figure functions."""

from gan_core.widgets.explore import explore, step_through

__all__ = ["explore", "step_through"]
