"""Self-attention, Zhang, Goodfellow, Metaxas & Odena 2019, "Self-attention generative adversarial networks" (SAGAN).

A convolution sees the few pixels under its kernel. Attention lets each place of an image look at all others and take
what it needs from them: both eyes can agree on a colour in one layer. For features x (channels, places)

    k = W_k x,  q = W_q x,  v = W_v x           keys and queries of c/8 channels, values of c/2, for each place
    β_ji = exp(q_j · k_i) / Σ_i' exp(q_j · k_i')   how much place j looks at place i: a softmax over i
    y_j = x_j + γ W_o Σ_i β_ji v_i               γ = 0 at the start: the network begins without it, and learns to use it

All four W are 1 × 1 convolutions without a bias. Unlike in transformers q · k is not divided by a √.
"""

import torch
from torch import nn

from gan_core.mathematics._counts import whole
from gan_core.pieces._modes import at_rest

LEAST = 8  # channels: keys and queries have an eighth


class SelfAttention(nn.Module):
    """Features (n, c, h, w) -> features of the same shape, each place with γ times what it took from all others.

    `channels` is c, at least 8. Raises ValueError for fewer.
    """

    def __init__(self, channels):
        super().__init__()
        c = whole("channels", channels, least=LEAST)
        self.keys, self.queries = (nn.Conv2d(c, c // 8, 1, bias=False) for _ in range(2))
        self.values, self.back = nn.Conv2d(c, c // 2, 1, bias=False), nn.Conv2d(c // 2, c, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def weights(self, x):
        """β (n, places, places), place h·w counted row by row: row j says how place j looks at all; it sums to 1."""
        k, q = self.keys(x).flatten(2), self.queries(x).flatten(2)  # (n, c/8, places)
        return (q.mT @ k).softmax(-1)

    def forward(self, x):
        v = self.values(x).flatten(2)  # (n, c/2, places)
        taken = v @ self.weights(x).mT  # Σ_i v_i β_ji
        return x + self.gamma * self.back(taken.unflatten(2, x.shape[2:]))


def attentive(network, side, given):
    """`network`, an nn.Sequential, with a `SelfAttention` after its last features of `side` × `side` pixels.

    `given` is the shape of one input, (z,) or (channels, size, size). What counts as features has 8 channels or more:
    an image has not. All other layers are those of `network`, not copies; as γ = 0 the new network computes what the
    old one does. Raises TypeError for what is no Sequential and what is no shape, ValueError when no layer has features
    of that side.

    >>> from gan_core.pieces.networks import dcgan_discriminator
    >>> network = attentive(dcgan_discriminator((3, 32, 32), width=16), 8, (3, 32, 32))
    >>> [type(layer).__name__ for layer in network[2:6]]
    ['Conv2d', 'BatchNorm2d', 'LeakyReLU', 'SelfAttention']
    """
    if not isinstance(network, nn.Sequential):
        raise TypeError(f"attention goes between the layers of an nn.Sequential; given {type(network).__name__}")
    if not isinstance(given, tuple | list):
        raise TypeError(f"one input has a shape, (z,) or (channels, size, size); given {given!r}")
    found = {}  # by side: after how many layers the last such features are, and their channels
    weight = next(network.parameters(), torch.empty(0))  # without any, the numbers that a new layer has
    with at_rest(network):
        x = torch.zeros(1, *given, dtype=weight.dtype, device=weight.device)
        for count, layer in enumerate(network, 1):
            x = layer(x)
            if x.ndim == 4 and x.shape[1] >= LEAST and x.shape[2] == x.shape[3] > 1:
                found[x.shape[3]] = count, x.shape[1]
    if side not in found:
        there = ", ".join(map(str, sorted(found))) or "none"
        raise ValueError(f"no layer of the network has square features of side {side!r}; there are: {there}")
    after, channels = found[side]
    return nn.Sequential(*network[:after], SelfAttention(channels).to(weight), *network[after:])
