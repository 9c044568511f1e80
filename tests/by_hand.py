"""For tests of networks: numbers drawn anew, layers by their formulas, and faults put into what was built."""

import torch
from torch import nn


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def drawn_anew(network, std=0.3):
    """All numbers from N(0, std²), so that no bias, gain or last layer is at 0 or 1, where a fault would not show."""
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(std * torch.randn(p.shape, generator=rng))
    return network


def count(*networks):
    """The numbers that are learnt."""
    return sum(p.numel() for network in networks for p in network.parameters())


# Layers: one tap of the kernel at a time, means by slices, pixels repeated


def convolved(x, layer):
    """y[i, j] = Σ x[i − m + k, j − m + l] · W[k, l] + b with m half the kernel, 1 or 0; x is 0 outside."""
    m = layer.weight.shape[-1] // 2
    h, w = x.shape[2:]
    x = nn.functional.pad(x, (m, m, m, m))
    taps = [(k, n) for k in range(2 * m + 1) for n in range(2 * m + 1)]
    y = sum(torch.einsum("bchw,oc->bohw", x[:, :, k : k + h, n : n + w], layer.weight[:, :, k, n]) for k, n in taps)
    return y + layer.bias[:, None, None]


def halved(x):
    """The mean of each 2 × 2 pixels."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def doubled(x):
    """Each pixel four times."""
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def leaky(x):
    return x.clamp_min(0) + 0.2 * x.clamp_max(0)


# Faults


def altered(build, change):
    """`build` with a fault: `change` takes the built network and returns another, or changes it in place."""

    def mutant(*args, **kwargs):
        network = build(*args, **kwargs)
        changed = change(network)
        return network if changed is None else changed

    return mutant


def each_layer(kind, change):
    """A change of every layer of one kind."""

    def of(network):
        for i, layer in enumerate(network):
            if isinstance(layer, kind):
                network[i] = change(layer)

    return of
