"""Networks that are told a label: G(z, y) and D(x, y), made of those that are not.

================= ======================================= =================================================
part              what it makes of a backbone             source
================= ======================================= =================================================
Concatenated      f(x, y) = f([x, e(y)])                  CGAN, Mirza & Osindero 2014
Projection        D(x, y) = ψ(φ(x)) + e(y)ᵀ φ(x)          projection discriminator, Miyato & Koyama 2018
Classifier        D(x) = ψ(φ(x)), and scores A φ(x) + b   AC-GAN, Odena et al. 2017
class_conditional batch normalisation with a gain γ_y     Dumoulin et al. 2017, de Vries et al. 2017
                  and a bias β_y for each class
================= ======================================= =================================================

e(y) is the row y of a table that is learned (`nn.Embedding`). φ is all of D but its last dense layer, ψ that layer.
A backbone is a `nn.Sequential`, such as those of this package; y (n,) are labels 0 … classes − 1.
"""

import copy
from math import prod

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from gan_core.mathematics._counts import whole
from gan_core.pieces import _torchs
from gan_core.pieces._modes import at_rest
from gan_core.pieces.lipschitz import SpectralNorm
from gan_core.pieces.networks.sngan import Upward

BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class Concatenated(nn.Module):
    """f(x, y) = f([x, e(y)]): `size` more numbers beside those of x (n, d), or `size` constant planes beside an image.

    For G, x is z. `network` takes what it is given then: `size` more inputs, or channels. Where D is spectrally
    normalised e need not be, for D's slopes are those in x.

    >>> Concatenated(nn.Linear(2 + 3, 1), classes=10, size=3)(torch.zeros(4, 2), torch.arange(4)).shape
    torch.Size([4, 1])
    """

    def __init__(self, network, classes, size):
        super().__init__()
        self.network, self.embedding = network, nn.Embedding(whole("classes", classes), whole("size", size))

    def forward(self, x, y):
        return self.network(torch.cat([x, _beside(x, self.embedding(y)).expand(-1, -1, *x.shape[2:])], 1))


class Projection(nn.Module):
    """D(x, y) = ψ(φ(x)) + e(y)ᵀ φ(x), (n, 1): how real x looks, and how well it goes with y.

    D at its best is log p(x, y)/q(x, y) = log p(x)/q(x) + log p(y|x)/q(y|x). Where both p(y|x) and q(y|x) are a softmax
    of products with φ(x), the last term is such a product and a term without y, which ψ takes over. `discriminator` is
    cut at its last dense layer, see `cut`. e starts as small as that layer's weights are, and is spectrally normalised
    where that layer is.
    Raises ValueError as `cut`. Source: Miyato & Koyama 2018, eq. 3.
    """

    def __init__(self, discriminator, classes):
        super().__init__()
        self.body, self.last = cut(discriminator)
        self.embedding = _like(self.last[0], nn.Embedding(whole("classes", classes), _features(self.last[0])))

    def forward(self, x, y):
        phi = self.body(x)
        return self.last(phi) + (self.embedding(y) * phi.flatten(1)).sum(1, keepdim=True)


class Classifier(nn.Module):
    """One forward pass for both questions of AC-GAN: x (n, …) -> logits ψ(φ(x)) (n, 1), class scores (n, classes).

    The scores are A φ(x) + b, their softmax the classes' probabilities. It takes y, as every network of a method with
    classes, and makes no use of it: the label is what it is asked. A starts as small as the weights of the last dense
    layer of `discriminator` are, and is spectrally normalised where that layer is.
    Raises ValueError as `cut`. Source: Odena, Olah & Shlens 2017.
    """

    def __init__(self, discriminator, classes):
        super().__init__()
        self.body, self.last = cut(discriminator)
        self.scores = _like(self.last[0], nn.Linear(_features(self.last[0]), whole("classes", classes)))
        nn.init.zeros_(self.scores.bias)

    def forward(self, x, y=None):
        phi = self.body(x)
        return self.last(phi), self.scores(phi.flatten(1))


def cut(discriminator):
    """φ and ψ, two Sequentials: the layers before the last dense one, and those from there on.

    A convolution whose kernel is as large as its input is a dense layer, too. Raises ValueError unless the network is a
    Sequential whose last layer with weights is such a one, of one output.
    """
    layers = _in_order(discriminator)
    last = max((place for place, layer in enumerate(layers) if any(True for _ in layer.parameters())), default=-1)
    if not (layers and _gives_one_number(layers[last])):
        raise ValueError(
            "D must be a Sequential whose last layer with weights is a dense one of one output, or a convolution with "
            f"a kernel as large as its input; that layer is {str(layers[last] if layers else discriminator)[:200]}"
        )
    return nn.Sequential(*layers[:last]), nn.Sequential(*layers[last:])


class ConditionalBatchNorm(nn.Module):
    """γ_y (x − μ)/√(σ² + ε) + β_y for x (n, c, …), y (n,): batch normalisation whose gain and bias are told the class.

    μ and σ² are those of the whole minibatch, whatever its classes. `norm` is the batch normalisation in whose place it
    is: what that has seen so far is kept, and all classes start with its gain and its bias.
    Sources: Dumoulin et al. 2017; de Vries et al. 2017.
    """

    told = True

    def __init__(self, norm, classes):
        super().__init__()
        self.norm = copy.deepcopy(norm)
        self.norm.weight = self.norm.bias = None
        self.norm.affine = False
        if norm.affine:
            gain, bias = norm.weight.detach(), norm.bias.detach()
        else:
            kept = norm.running_mean if norm.track_running_stats else torch.empty(norm.num_features)
            gain, bias = torch.ones_like(kept), torch.zeros_like(kept)
        self.gain, self.bias = (
            nn.Embedding.from_pretrained(each.repeat(whole("classes", classes), 1), freeze=False)
            for each in (gain, bias)
        )

    def forward(self, x, y):
        h = self.norm(x)
        gain, bias = (_beside(h, table(y)).to(h.dtype) for table in (self.gain, self.bias))  # bf16 stays bf16
        return h * gain + bias


class Told(nn.Sequential):
    """Layers one after the other, as `nn.Sequential`; those that are `told` get the labels beside their input."""

    told = True

    def forward(self, x, y):
        for layer in self:
            x = layer(x, y) if getattr(layer, "told", False) else layer(x)
        return x


def class_conditional(generator, classes):
    """`generator` with a `ConditionalBatchNorm` in place of each batch normalisation: G(z, y). Takes its layers over.

    It is a Sequential, of blocks such as `sngan.Upward`, too. At first all classes are alike; with one class it is and
    stays what it was. Raises ValueError where there is no batch normalisation, or one in a block of another kind.
    """
    if not normed(generator):
        raise ValueError("the generator has no batch normalisation to tell the classes; see networks.Concatenated")
    return _told(generator, classes)


def normed(network):
    """Whether there is batch normalisation in `network`."""
    return any(isinstance(layer, BATCH_NORM) for layer in network.modules())


def _told(layer, classes):
    if not normed(layer):
        return layer
    if isinstance(layer, BATCH_NORM):
        return ConditionalBatchNorm(layer, classes)
    if _plain_sequence(layer):
        return Told(*(_told(each, classes) for each in layer))
    if isinstance(layer, Upward):
        layer.norm1, layer.norm2 = _told(layer.norm1, classes), _told(layer.norm2, classes)
        return layer
    raise ValueError(
        f"there is batch normalisation inside a {type(layer).__name__}, whose parts cannot be told labels; the "
        "generator must be a Sequential of layers and of blocks networks.sngan.Upward"
    )


def _plain_sequence(layer):
    return type(layer).forward is nn.Sequential.forward


def _in_order(layer):
    """The layers of a Sequential, and of those inside it, one after the other."""
    return [each for part in layer for each in _in_order(part)] if _plain_sequence(layer) else [layer]


def _gives_one_number(layer):
    """Whether it is a dense layer, or a convolution that can be one, with one output and with weights to look at."""
    if isinstance(layer, nn.Linear):
        return layer.out_features == 1 and layer.in_features > 0  # a lazy one has no inputs yet
    one = isinstance(layer, nn.Conv2d) and layer.out_channels == layer.groups == 1 and layer.in_channels > 0
    return one and layer.padding == (0, 0)


def _features(dense):
    """How many numbers φ(x) has."""
    return dense.in_features if isinstance(dense, nn.Linear) else dense.in_channels * prod(dense.kernel_size)


def _like(dense, layer):
    """`layer` with weights as large as those of `dense`, from N(0, mean of w²), spectrally normalised if those are."""
    with at_rest(dense):
        nn.init.normal_(layer.weight).mul_(dense.weight.square().mean().sqrt())
    return spectral_norm(layer) if _spectrally_normalised(dense) else layer


def _spectrally_normalised(layer):
    norms = layer.parametrizations.weight if is_parametrized(layer, "weight") else ()
    return any(isinstance(norm, SpectralNorm) or _torchs.spectral_norm(norm) for norm in norms)


def _beside(x, rows):
    """`rows` (n, c) with as many axes as x (n, c′, …): (n, c, 1, …)."""
    return rows[(..., *(None,) * (x.ndim - 2))]
