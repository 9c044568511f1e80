"""Every picture of the course: functions from numbers to a matplotlib figure, in one style.

One file for one subject.
"""

from importlib import import_module

from gan_core.course.figures.style import BLUE, GOLD, GREEN, GREY, ORANGE, PURPLE, SKY, use_style

SUBJECTS = (
    "after",
    "classroom",
    "conditional",
    "critics",
    "dcgan",
    "discriminator",
    "divergences",
    "earth",
    "errata",
    "games",
    "generative",
    "gradients",
    "growth",
    "judging",
    "losses",
    "modes",
    "museum",
    "people",
    "playing",
    "samples",
    "spectral",
    "training",
    "zoo",
)

__all__ = ["BLUE", "GOLD", "GREEN", "GREY", "ORANGE", "PURPLE", "SKY", "use_style", *SUBJECTS]


def __getattr__(name):
    if name in SUBJECTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"gan_core.figures has no {name!r}; its subjects are {', '.join(SUBJECTS)}")
