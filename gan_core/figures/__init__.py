"""Every picture of the course: functions from numbers to a matplotlib figure, in one style."""

from gan_core.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE, SKY, use_style

__all__ = ["BLUE", "GOLD", "GREEN", "GREY", "ORANGE", "PURPLE", "SKY", "use_style"]
