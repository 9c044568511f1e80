"""How good are the samples? Measures that say what they look at, each tested where the answer is known."""

from gan_core.metrics.frechet import frechet_distance
from gan_core.metrics.judge import Judge
from gan_core.metrics.modes import Modes, modes
from gan_core.metrics.nearest import nearest_distance

__all__ = ["Judge", "Modes", "frechet_distance", "modes", "nearest_distance"]
