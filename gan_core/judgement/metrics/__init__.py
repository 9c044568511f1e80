"""How good are the samples? Measures that say what they look at, each tested where the answer is known.

Samples are rows of numbers: points, pixels, or what a network of your choice makes of them (its *features*). A measure
sees nothing but those, so say with the number which they were: "pixel Fréchet distance", "kernel distance of the
judge's features". FID, KID and Inception Score without more are names for the features and classes of `inception`.
"""

from gan_core.judgement.metrics.conditional import (
    WithinClass,
    label_accuracy,
    nearest_class,
    within_class_diversity,
    within_class_frechet,
)
from gan_core.judgement.metrics.frechet import frechet_distance, frechet_gaussians
from gan_core.judgement.metrics.inception import inception
from gan_core.judgement.metrics.judge import Judge
from gan_core.judgement.metrics.kernel import kernel_distance
from gan_core.judgement.metrics.manifolds import Birthday, PrecisionRecall, birthday, precision_recall
from gan_core.judgement.metrics.modes import ModeKL, Modes, mode_kl, modes, stacked_modes
from gan_core.judgement.metrics.nearest import nearer_to_training, nearest_distance
from gan_core.judgement.metrics.parzen import parzen_log_likelihood
from gan_core.judgement.metrics.pyramid import pyramid_sliced_wasserstein
from gan_core.judgement.metrics.score import Score, inception_score
from gan_core.judgement.metrics.sliced import sliced_wasserstein

__all__ = [
    "Birthday",
    "Judge",
    "ModeKL",
    "Modes",
    "PrecisionRecall",
    "Score",
    "WithinClass",
    "birthday",
    "frechet_distance",
    "frechet_gaussians",
    "inception",
    "inception_score",
    "kernel_distance",
    "label_accuracy",
    "mode_kl",
    "modes",
    "nearer_to_training",
    "nearest_class",
    "nearest_distance",
    "parzen_log_likelihood",
    "precision_recall",
    "pyramid_sliced_wasserstein",
    "sliced_wasserstein",
    "stacked_modes",
    "within_class_diversity",
    "within_class_frechet",
]
