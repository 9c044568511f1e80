"""The multilayer perceptron of the first GANs, and two ways to start it."""

from itertools import pairwise
from math import prod

import torch
from torch import nn

from gan_core.mathematics._counts import whole


def mlp(inputs, outputs, *, width=128, depth=2, activation=nn.ReLU, end=nn.Identity):
    """`depth` hidden layers of `width` units between `inputs` and `outputs`, each a number or an example's shape.

    Shapes: (n, *inputs) -> (n, *outputs). `activation` follows each hidden layer, `end` the last one; both are
    functions that build a module. Raises ValueError for a size below one and for a negative depth, TypeError for what
    is not whole.

    >>> mlp(2, (1, 8, 8), width=16, depth=1)(__import__("torch").zeros(5, 2)).shape
    torch.Size([5, 1, 8, 8])
    """
    inputs, outputs = _shape("inputs", inputs), _shape("outputs", outputs)
    sizes = [prod(inputs), *[whole("width", width)] * whole("depth", depth, least=0)]
    hidden = [layer for i, o in pairwise(sizes) for layer in (nn.Linear(i, o), activation())]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], prod(outputs)), end(), nn.Unflatten(1, outputs))


class Scale(nn.Module):
    """y = factor · x, with a factor that is not learned."""

    entry_by_entry = True  # so that stacked networks need no other form of it, see `replicates`

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x

    def extra_repr(self):
        return f"{self.factor:.6g}"  # no more: the last digits may be others on another machine


def orthogonal(network, gain):
    """Start `network` with weights W of orthogonal rows or columns, W Wᵀ = gain² I or Wᵀ W = gain² I, and biases 0.

    Such a layer keeps angles, and lengths up to the gain. Changes and returns it. Source: Saxe et al. 2014.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            torch.nn.init.orthogonal_(layer.weight, gain)
            torch.nn.init.zeros_(layer.bias)
    return network


def _shape(name, size):
    if not isinstance(size, (tuple, list)):
        return (whole(name, size),)
    if not size:
        raise ValueError(f"{name} must have at least one axis; given the empty shape {size!r}")
    return tuple(whole(name, length) for length in size)
