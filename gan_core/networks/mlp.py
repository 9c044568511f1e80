"""The multilayer perceptron of the first GANs."""

from math import prod

from torch import nn


def mlp(inputs, outputs, *, width=128, depth=2, activation=nn.ReLU, end=nn.Identity):
    """`depth` hidden layers of `width` units between `inputs` and `outputs`, each a number or the shape of one example.

    Shapes: (n, *inputs) -> (n, *outputs). `activation` follows each hidden layer, `end` the last one.
    Raises ValueError for a size below one.

    >>> mlp(2, (1, 8, 8), width=16, depth=1)(__import__("torch").zeros(5, 2)).shape
    torch.Size([5, 1, 8, 8])
    """
    inputs, outputs = _shape(inputs), _shape(outputs)
    if min(*inputs, *outputs, width) < 1 or depth < 0:
        raise ValueError(
            f"sizes must be at least 1 and depth at least 0; given {inputs=}, {outputs=}, {width=}, {depth=}"
        )
    sizes = [prod(inputs), *[width] * depth]
    hidden = [
        layer for i, o in zip(sizes[:-1], sizes[1:], strict=True) for layer in (nn.Linear(i, o), activation())
    ]
    return nn.Sequential(
        nn.Flatten(), *hidden, nn.Linear(sizes[-1], prod(outputs)), end(), nn.Unflatten(1, outputs)
    )


def _shape(size):
    return (size,) if isinstance(size, int) else tuple(size)
