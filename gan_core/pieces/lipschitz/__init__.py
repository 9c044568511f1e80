"""What keeps a critic's slopes in bounds: clipping its weights, a price on its gradients, spectral normalisation.

f is K-Lipschitz if |f(x) − f(x′)| ≤ K ‖x − x′‖ for all x and x′: nowhere steeper than K. The dual of the earth mover's
distance asks for K = 1 (`transport`), and a discriminator that is nowhere steep sends G gradients that neither vanish
nor explode. Three ways to it, each a value for one part of a `training.GAN`:

    clipping                  constraints=(clip(0.01),)                           after each step, all weights in ±c
    gradient penalty          penalties=(GradientPenalty(10),)                    a price on ‖∇f(x̂)‖, told where
    spectral normalisation    discriminator=lambda: spectrally_normalised(D())    each layer's matrix as W/σ(W)

and `operator_norm`, which tells what a layer's Lipschitz constant really is.
"""

from gan_core.pieces.lipschitz.clipping import clip
from gan_core.pieces.lipschitz.operators import circular_norm, operator_norm
from gan_core.pieces.lipschitz.penalties import (
    GradientPenalty,
    above_one,
    near_real,
    on_fake,
    on_real,
    on_segment,
    r1,
    r2,
    to_one,
    to_zero,
)
from gan_core.pieces.lipschitz.spectral import SpectralNorm, power_iteration, singular_values, spectrally_normalised

__all__ = [
    "GradientPenalty", "SpectralNorm", "above_one", "circular_norm", "clip", "near_real", "on_fake", "on_real",
    "on_segment", "operator_norm", "power_iteration", "r1", "r2", "singular_values", "spectrally_normalised",
    "to_one", "to_zero",
]  # fmt: skip
