"""The methods: each function states the parts of one GAN and returns them as a value for `training.fit`."""

from functools import partial

from torch import nn

from gan_core.networks import mlp
from gan_core.training import GAN


def gan(shape, *, z=16, width=128, depth=2):
    """The GAN of Goodfellow et al. 2014: two multilayer perceptrons, the non-saturating loss, one step of D for one of G.

    `shape` is that of one example, e.g. (2,) or (1, 8, 8). Images are expected in [−1, 1], so their generator ends in tanh;
    points are not bounded and it ends in nothing.
    """
    end = nn.Tanh if len(shape) == 3 else nn.Identity
    return GAN(
        generator=partial(mlp, z, shape, width=width, depth=depth, end=end),
        discriminator=partial(mlp, shape, 1, width=width, depth=depth, activation=partial(nn.LeakyReLU, 0.2)),
        z=z,
    )
