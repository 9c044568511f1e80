"""Weight clipping, Arjovsky, Chintala & Bottou 2017: the first way to keep a critic Lipschitz, and the roughest."""

from functools import partial

import torch

from gan_core.mathematics._counts import positive


def clip(c):
    """The constraint w ← max(−c, min(c, w)) for every parameter, after each step: for `GAN(constraints=(clip(c),))`.

    A critic with such weights is K-Lipschitz for some K that depends on c, its depth and its widths; nobody chooses K,
    and c = 0.01 is the paper's. Raises ValueError unless c is a positive number.
    """
    return partial(clipped, c=positive("c", c, 0.01))


def clipped(network, c):
    """Clip all parameters of `network` to [−c, c], in place."""
    weights = [p.data for p in network.parameters()]
    torch._foreach_clamp_min_(weights, -c)
    torch._foreach_clamp_max_(weights, c)
