"""S networks of the same layers as one network: inputs (S, n, …) -> outputs (S, n, …), and no seed feels another.

The common layers have a stacked form, a formula with one more axis in front. Any other layer goes through
`torch.func.vmap`, which runs its code once on numbers that stand for those of all seeds.
"""

import copy

import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.nn.functional import batch_norm, normalize
from torch.nn.utils.parametrize import is_parametrized

from gan_core.pieces import _torchs


class Stacked(nn.Module):
    """`networks` as one. Its parameters and buffers are theirs, stacked: (S, *shape); theirs become views into these.

    `torch.func.functional_call(stacked, {name: (S, *shape)}, x)` calls it with other numbers, as with any module.
    """

    def __init__(self, networks):
        super().__init__()
        self.networks = tuple(networks)  # a tuple: their parameters are not this module's own a second time
        self.layers = copy.deepcopy(self.networks[0])
        for whole, *parts in self._side_by_side():
            whole.data, whole.grad = torch.stack([part.data for part in parts]), None
        self._hand_out(lambda part: part)

    def forward(self, *inputs):
        return _call(self.layers, *inputs)

    def release(self):
        """Give each network its numbers for itself."""
        self._hand_out(torch.clone)
        self.networks = ()

    def _side_by_side(self):
        """Each parameter and buffer: the stacked one, then those of the networks."""
        everyone = (self.layers, *self.networks)
        for kind in (nn.Module.parameters, nn.Module.buffers):
            yield from zip(*map(kind, everyone), strict=True)

    def _hand_out(self, given):
        for whole, *parts in self._side_by_side():
            for part, its in zip(parts, whole.data, strict=False):  # no parts any more after `release`
                part.data = given(its)


def mapped(layer):
    """Whether `layer`, or a part of it, has no stacked form and goes through `vmap`, which takes time for each call."""
    form = _form(layer)
    return form is _mapped or (form is _sequence and any(map(mapped, layer)))


def _call(layer, *inputs):
    """`layer`, whose numbers are stacked, on stacked inputs."""
    return _form(layer)(layer, *inputs)


def _form(layer):
    if layer._forward_hooks or layer._forward_pre_hooks:  # these may do anything, and so may a subclass
        return _mapped
    if type(layer).forward is nn.Sequential.forward:
        return _sequence
    if getattr(layer, "entry_by_entry", False):  # a layer of one's own that says so
        return _as_it_is
    if _spectrally_normalised(layer):
        return _spectral_linear
    return FORMS.get(type(layer), _mapped)


def _spectrally_normalised(layer):
    """Whether it is a dense layer with torch's `spectral_norm` on its weight, as it comes, and nothing else."""
    if not is_parametrized(layer) or list(layer.parametrizations) != ["weight"]:
        return False
    norm, *others = layer.parametrizations.weight
    return type(layer).forward is nn.Linear.forward and _torchs.spectral_norm(norm) and norm.dim == 0 and not others


def _sequence(layers, x):
    for layer in layers:
        x = _call(layer, x)
    return x


def _mapped(layer, *inputs):
    numbers = dict(layer.named_parameters()) | dict(layer.named_buffers())
    return vmap(lambda numbers, *inputs: functional_call(layer, numbers, inputs))(numbers, *inputs)


def _linear(layer, x):
    """y = x Wᵀ + b, computed as yᵀ = W xᵀ + b: W's gradient, (∂L/∂yᵀ) x, then comes in W's own layout, uncopied."""
    if x.ndim != 3:
        return _linear(layer, x.flatten(1, -2)).unflatten(1, x.shape[1:-1])
    if layer.bias is None:
        return torch.bmm(layer.weight, x.mT).mT
    return torch.baddbmm(layer.bias[..., None], layer.weight, x.mT).mT


def _spectral_linear(layer, x):
    """The same with W/σ, σ by one step of power iteration from the u and v of each seed, as torch's layer makes it."""
    W, norm = layer.parametrizations.weight.original, layer.parametrizations.weight[0]
    if norm.training:
        with torch.no_grad():
            for _ in range(norm.n_power_iterations):
                norm._u.copy_(normalize((W @ norm._v[..., None])[..., 0], dim=-1, eps=norm.eps))
                norm._v.copy_(normalize((W.mT @ norm._u[..., None])[..., 0], dim=-1, eps=norm.eps))
    u, v = norm._u.clone(), norm._v.clone()  # the next use moves them, and the gradient asks for these
    sigma = u[:, None] @ W @ v[..., None]
    y = x.flatten(1, -2) @ (W / sigma).mT
    return (y if layer.bias is None else y + layer.bias[:, None]).unflatten(1, x.shape[1:-1])


def _batch_norm(layer, x):
    """(x − μ)/√(σ² + ε) γ + β: each feature of each seed is a feature by itself, (S, n, f, …) -> (n, S f, …)."""
    if layer.training and layer.track_running_stats:
        layer.num_batches_tracked += 1
    kept = (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    kept = (None if each is None else each.flatten() for each in kept)
    by_minibatch = layer.training or layer.running_mean is None
    y = batch_norm(x.transpose(0, 1).flatten(1, 2), *kept, by_minibatch, layer.momentum, layer.eps)
    return y.unflatten(1, x.shape[0:3:2]).transpose(0, 1)


def _as_it_is(layer, x):
    return layer(x)


def _after_the_seeds(axis):
    return axis if axis < 0 else axis + 1


ENTRY_BY_ENTRY = (
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Softplus, nn.Softsign, nn.Tanh, nn.Sigmoid, nn.LogSigmoid, nn.Hardtanh, nn.Hardswish,
)  # fmt: skip
FORMS = {
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.Flatten: lambda layer, x: x.flatten(_after_the_seeds(layer.start_dim), _after_the_seeds(layer.end_dim)),
    nn.Unflatten: lambda layer, x: x.unflatten(_after_the_seeds(layer.dim), layer.unflattened_size),
    **dict.fromkeys(ENTRY_BY_ENTRY, _as_it_is),
}
