"""Spectral normalisation, Miyato, Kataoka, Koyama & Yoshida 2018: every layer's matrix W is used as W / σ(W).

σ(W) is W's largest singular value, max ‖W h‖/‖h‖: how much longer it can make a vector. A network of such layers and of
activations with slopes up to 1 is 1-Lipschitz, as far as its layers are matrices: a convolution is more than the matrix
it is reshaped to here, (channels out, channels in · height · width), see `operator_norm`.

σ is found by power iteration, one step each time the layer is used in training, from the u where the last one ended:
W moves slowly, so u stays close. (Without keeping u nothing converges, and D is not bounded at all.)
"""

import torch
from torch import nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrizations import spectral_norm

from gan_core.pieces._modes import at_rest

LAYERS = (
    nn.Linear, nn.Bilinear, nn.Embedding,
    nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
)  # fmt: skip
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def power_iteration(W, u, steps=1):
    """`steps` times v ← Wᵀu/‖Wᵀu‖, u ← Wv/‖Wv‖. Returns u, v and uᵀWv, the estimate of σ(W).

    W (m, n), u (m,); v is (n,). The error of u shrinks by (σ₂/σ₁)² with each step. Miyato et al. 2018, eqs. 18 to 20.

    >>> W = torch.diag(torch.tensor([3.0, 1.0]))
    >>> u, v, sigma = power_iteration(W, torch.tensor([1.0, 1.0]), steps=20)
    >>> round(float(sigma), 6)
    3.0
    """
    for _ in range(steps):
        v = normalize(W.mT @ u, dim=0, eps=1e-12)
        u = normalize(W @ v, dim=0, eps=1e-12)
    return u, v, u @ (W @ v)


class SpectralNorm(nn.Module):
    """W ↦ W / σ(W), written out: what torch's `spectral_norm` does, for `parametrize.register_parametrization`.

    In training each use makes one step of `power_iteration` from the u that it kept; in eval mode u stays where it is.
    u and v are held constant for the gradient, so ∂σ/∂W = u vᵀ. `transposed` is for weights (channels in, channels out,
    …) of transposed convolutions.
    """

    def __init__(self, weight, *, transposed=False, warm_up=15):
        super().__init__()
        self.transposed = transposed
        W = self.matrix(weight.detach())
        u, v, _ = power_iteration(W, normalize(torch.randn(len(W), dtype=W.dtype, device=W.device), dim=0), warm_up)
        self.register_buffer("u", u)
        self.register_buffer("v", v)

    def matrix(self, weight):
        """The weight as a matrix (channels out, all the rest)."""
        return as_matrix(weight, self.transposed)

    def forward(self, weight):
        W = self.matrix(weight)
        if self.training:
            u, v, _ = power_iteration(W.detach(), self.u)
            self.u.copy_(u), self.v.copy_(v)  # in place, so that they stay where the weights are borrowed for a while
        u, v = self.u.clone(), self.v.clone()  # the next use moves them, and the gradient asks for these
        return weight / (u @ (W @ v))


def spectrally_normalised(network):
    """`network` with torch's own `spectral_norm` on the weight of every layer that is a matrix. Changes and returns it.

    Dense layers, convolutions and embeddings, all of them, the last one too. `singular_values` tells what became of it.
    Raises ValueError when there is no such layer, one that has been normalised already, or a lazy one without weights.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, LAYERS)]
    if not layers:
        raise ValueError("the network has no layer with a matrix to normalise")
    if any(map(nn.parameter.is_lazy, network.parameters())):
        raise ValueError("a lazy layer has no matrix yet; call the network on an example, or give the layer its sizes")
    if any(nn.utils.parametrize.is_parametrized(layer) for layer in layers):
        raise ValueError("a layer of the network has a parametrisation already; build it anew to normalise it")
    for layer in layers:
        spectral_norm(layer)
    return network


def singular_values(network):
    """The singular values of each layer's matrix, as it is used: {layer's name: (min(m, n),)}, the largest first.

    Of a normalised layer they are those of W/σ; u is left alone. A convolution's matrix is (channels out, the rest).
    """
    with at_rest(network):
        return {
            name: torch.linalg.svdvals(as_matrix(layer.weight, isinstance(layer, TRANSPOSED)))
            for name, layer in network.named_modules()
            if isinstance(layer, LAYERS)
        }


def as_matrix(weight, transposed=False):
    """The weight of a layer as the matrix (channels out, all the rest)."""
    return (weight.transpose(0, 1) if transposed else weight).flatten(1)
