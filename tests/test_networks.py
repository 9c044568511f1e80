"""The multilayer perceptron: its formula, its sizes, its shapes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from torch import nn

from gan_core.pieces.networks import Scale, mlp, orthogonal


def oracle_mlp(mlp):
    net = mlp((2, 3), (1, 4), width=5, depth=2, activation=nn.Tanh, end=nn.Sigmoid)
    x = torch.randn(7, 2, 3, generator=torch.Generator().manual_seed(0))
    (w1, b1, w2, b2, w3, b3) = net.parameters()
    assert w1.shape == (5, 6)
    assert w2.shape == (5, 5)
    h = torch.tanh(torch.tanh(x.reshape(7, 6) @ w1.T + b1) @ w2.T + b2)
    torch.testing.assert_close(net(x), torch.sigmoid(h @ w3.T + b3).reshape(7, 1, 4))


def broken(last_activation=False, lost_activation=False):
    def build(inputs, outputs, *, width, depth, activation, end):
        act = nn.Identity if lost_activation else activation
        layers = [nn.Flatten(), nn.Linear(6, width), act(), nn.Linear(width, width), act(), nn.Linear(width, 4)]
        return nn.Sequential(*layers, (activation if last_activation else end)(), nn.Unflatten(1, outputs))

    return build


def test_mlp():
    oracle_mlp(mlp)
    oracle_mlp(broken())


@faults(
    {
        "activation at the end": broken(last_activation=True),
        "no activation: a linear map": broken(lost_activation=True),
        "a layer too many": lambda i, o, **k: mlp(i, o, **{**k, "depth": 3}),
        "shape of one example lost": lambda i, o, **k: mlp(i, 4, **k),
        "end forgotten": lambda i, o, **k: mlp(i, o, **{**k, "end": nn.Identity}),
    }
)
def test_mlp_mutants(mutant):
    assert_killed(oracle_mlp, mutant)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 6), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 5), st.integers(0, 3))
def test_parameters_are_counted(i, shape, width, depth):
    o = int(torch.tensor(shape).prod())
    hidden = (i + 1) * width + (depth - 1) * (width + 1) * width if depth else 0
    want = hidden + ((width if depth else i) + 1) * o
    net = mlp(i, tuple(shape), width=width, depth=depth)
    assert sum(p.numel() for p in net.parameters()) == want
    assert net(torch.zeros(3, i)).shape == (3, *shape)


@pytest.mark.parametrize(
    ("sizes", "error", "says"),
    [
        ({"inputs": 0}, ValueError, "inputs must be at least 1; given 0"),
        ({"inputs": ()}, ValueError, "inputs must have at least one axis"),
        ({"outputs": (1, -8)}, ValueError, "outputs must be at least 1; given -8"),
        ({"outputs": 2.5}, TypeError, "outputs must be a whole number; given 2.5"),
        ({"width": 0}, ValueError, "width must be at least 1; given 0"),
        ({"depth": -1}, ValueError, "depth must be at least 0; given -1"),
    ],
)
def test_bad_sizes(sizes, error, says):
    with pytest.raises(error, match=says):
        mlp(**{"inputs": 2, "outputs": 2, **sizes})


def oracle_orthogonal(orthogonal):
    """W Wᵀ or Wᵀ W, whichever is smaller, is gain² I; biases are 0; what comes back is the network itself."""
    network = mlp(5, 3, width=7, depth=2)
    assert orthogonal(network, 0.8) is network
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    for weight in (layer.weight if layer.out_features <= layer.in_features else layer.weight.mT for layer in layers):
        torch.testing.assert_close(weight @ weight.mT, 0.64 * torch.eye(len(weight)), rtol=0, atol=1e-5)
    assert not any(layer.bias.any() for layer in layers)


def with_biases(network, gain):
    biases = [layer.bias.clone() for layer in network if isinstance(layer, nn.Linear)]
    for layer, bias in zip(
        (each for each in orthogonal(network, gain) if isinstance(each, nn.Linear)), biases, strict=True
    ):
        layer.bias.data = bias
    return network


def test_orthogonal():
    oracle_orthogonal(orthogonal)
    assert_killed(oracle_orthogonal, with_biases)
    assert_killed(oracle_orthogonal, lambda network, gain: orthogonal(network, gain**2))
    assert_killed(oracle_orthogonal, lambda network, gain: orthogonal(mlp(5, 3, width=7, depth=2), gain))


def test_scale_is_not_learned():
    layer = Scale(0.25)
    assert layer(torch.tensor([8.0])).item() == 2
    assert not list(layer.parameters())
    assert str(layer) == "Scale(0.25)"
    assert str(Scale(2**0.5)) == "Scale(1.41421)"
