"""Self-attention against torch's own, its maps, and where it is put between the layers of a network."""

import copy
from dataclasses import replace
from functools import partial

import pytest
import torch
from by_hand import drawn_anew, noise
from mutants import assert_killed
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from gan_core import methods, objectives, training
from gan_core.pieces.lipschitz import singular_values, spectrally_normalised
from gan_core.pieces.networks import (
    SelfAttention,
    attentive,
    dcgan_discriminator,
    dcgan_generator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)

# ---- the layer


def by_place(x):
    """(n, c, h, w) -> (n, places, c), row by row."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def oracle_attention(attention):
    """x + γ W_o(attention of torch with scale 1), for 1 × 1 convolutions as products with a matrix."""
    for channels, h, w in ((8, 3, 3), (24, 2, 5)):
        layer, x = drawn_anew(attention(channels), std=2**-0.5), noise(2, channels, h, w)
        W = {name: each.weight[:, :, 0, 0] for name, each in layer.named_children()}
        sizes = {"keys": channels // 8, "queries": channels // 8, "values": channels // 2, "back": channels}
        assert {name: len(each) for name, each in W.items()} == sizes
        assert sum(p.numel() for p in layer.parameters()) == channels * 2 * (channels // 8 + channels // 2) + 1
        places = by_place(x)
        q, k, v = (places @ W[name].T for name in ("queries", "keys", "values"))
        taken = scaled_dot_product_attention(q, k, v, scale=1.0) @ W["back"].T
        torch.testing.assert_close(by_place(layer(x)), places + layer.gamma * taken, rtol=1e-4, atol=1e-5)


def oracle_maps(attention):
    """weights(x)[n, j, i] ∝ exp(q_j · k_i), where j is the place that looks: each row is a distribution over places."""
    layer, x = drawn_anew(attention(16), std=2**-0.5), noise(2, 16, 3, 4)
    maps = layer.weights(x)
    assert maps.shape == (2, 12, 12)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 12))
    q, k = (by_place(each(x)) for each in (layer.queries, layer.keys))
    for n, j in ((0, 0), (1, 7)):
        exponentials = [torch.exp(q[n, j] @ k[n, i]) for i in range(12)]
        torch.testing.assert_close(maps[n, j], torch.stack(exponentials) / sum(exponentials))
    moved = x.clone()
    moved[:, :, 2, 3] += 1  # place 11: the others' logits for all other places stay
    odds = (layer.weights(moved)[:, :11, :11] / maps[:, :11, :11]).log()
    torch.testing.assert_close(odds - odds[:, :, :1], torch.zeros(2, 11, 11), rtol=0, atol=1e-4)


class Plain(SelfAttention):
    """The layer in another form, right unless told otherwise."""

    scale, axis, kept, swapped, gain = 1.0, -1, True, False, True

    def weights(self, x):
        k, q = (by_place(each(x)) for each in (self.keys, self.queries))
        k, q = (q, k) if self.swapped else (k, q)
        return torch.softmax(self.scale * torch.einsum("njc,nic->nji", q, k), self.axis)

    def forward(self, x):
        taken = torch.einsum("nji,nic->njc", self.weights(x), by_place(self.values(x)))
        y = self.back(taken.mT.unflatten(2, x.shape[2:]))
        return (x if self.kept else 0) + (self.gamma if self.gain else 1) * y


def faulty(**faults):
    return type("Mutant", (Plain,), faults)


class WideValues(Plain):
    def __init__(self, channels):
        super().__init__(channels)
        self.values, self.back = nn.Conv2d(channels, channels, 1, bias=False), nn.Conv2d(channels, channels, 1)


class ColumnByColumn(Plain):
    """The image that comes back has its rows and columns exchanged."""

    def forward(self, x):
        taken = torch.einsum("nji,nic->njc", self.weights(x), by_place(self.values(x)))
        return x + self.gamma * self.back(taken.mT.unflatten(2, x.shape[:1:-1]).mT)


ATTENTION_MUTANTS = {
    "scaled as in transformers": faulty(scale=0.5),
    "softmax over those who look": faulty(axis=-2),
    "softmax over the batch": faulty(axis=0),
    "keys and queries exchanged": faulty(swapped=True),
    "x is not added": faulty(kept=False),
    "without γ": faulty(gain=False),
    "values of all channels": WideValues,
    "rows and columns exchanged": ColumnByColumn,
}


def test_attention_is_torchs():
    oracle_attention(SelfAttention)
    oracle_attention(Plain)


def test_maps():
    oracle_maps(SelfAttention)
    oracle_maps(Plain)


@pytest.mark.parametrize("name", ATTENTION_MUTANTS)
def test_attention_mutants(name):
    assert_killed(oracle_attention, ATTENTION_MUTANTS[name])


@pytest.mark.parametrize(
    "name", ["softmax over those who look", "softmax over the batch", "keys and queries exchanged"]
)
def test_map_mutants(name):
    assert_killed(oracle_maps, ATTENTION_MUTANTS[name])


def test_a_place_takes_what_it_looks_at_however_far_it_is():
    """Keys and queries so sharp that every place looks at the one that is marked: all then hold its value."""
    layer = SelfAttention(8)
    with torch.no_grad():
        for each in (layer.keys, layer.queries, layer.values, layer.back):
            each.weight.zero_()
        layer.keys.weight[0, 0] = 100  # channel 0 says: look at me
        layer.queries.weight[0, 1] = 1  # channel 1 is 1 everywhere: everyone asks
        layer.values.weight[0, 2] = layer.back.weight[7, 0] = 1  # what is in channel 2 comes back in channel 7
        layer.gamma.fill_(1)
    x = torch.zeros(1, 8, 4, 4)
    x[0, 1] = 1
    x[0, 0, 3, 0], x[0, 2, 3, 0] = 1, 5
    torch.testing.assert_close(layer(x)[0, 7], torch.full((4, 4), 5.0))
    assert (layer.weights(x)[0].argmax(-1) == 12).all()


@pytest.mark.parametrize(
    ("channels", "error", "says"), [(7, ValueError, "channels must be at least 8; given 7"), (8.5, TypeError, "whole")]
)
def test_channels(channels, error, says):
    with pytest.raises(error, match=says):
        SelfAttention(channels)


# ---- in a network


NETWORKS = {  # a network, its input, and where attention goes: side, and the layer before it
    "DCGAN's G": (partial(dcgan_generator, 7, (3, 32, 32), width=8), (7,), 8, nn.ReLU),
    "DCGAN's G, in front of the image": (partial(dcgan_generator, 7, (3, 32, 32), width=8), (7,), 16, nn.ReLU),
    "DCGAN's D": (partial(dcgan_discriminator, (3, 32, 32), width=8), (3, 32, 32), 16, nn.LeakyReLU),
    "SNGAN's G": (partial(sngan_generator, 7, (1, 16, 16), width=8), (7,), 16, nn.ReLU),
    "SNGAN's D": (partial(sngan_discriminator, (1, 16, 16), width=8), (1, 16, 16), 4, nn.LeakyReLU),
    "a residual G": (partial(resnet_generator, 7, (3, 16, 16), width=4), (7,), 8, None),
}


def built(name):
    torch.manual_seed(0)
    build, given, side, before = NETWORKS[name]
    return build(), given, side, before


def oracle_attentive(attentive, name):
    """One layer more, after the last features of that side; with γ = 0 the network computes what it did, to the bit,
    in training and at rest, and with another γ it does not."""
    network, given, side, before = built(name)
    layers, x = list(network), noise(4, *given)
    training, at_rest = network(x), network.eval()(x)
    network.train()
    kept = {key: value.clone() for key, value in network.state_dict().items()}
    with_it = attentive(network, side, given)
    for key, value in network.state_dict().items():
        assert torch.equal(value, kept[key]), f"a look at the network changed {key}"
    assert [layer for layer in with_it if not isinstance(layer, SelfAttention)] == layers
    (place,) = (i for i, layer in enumerate(with_it) if isinstance(layer, SelfAttention))
    if before:
        assert type(with_it[place - 1]) is before
    sides = []
    for i, layer in enumerate(with_it):
        hook = lambda _, __, out, i=i: sides.append((i, tuple(out.shape)))  # noqa: E731
        layer.register_forward_hook(hook)
    assert all(part.training for part in with_it.modules())
    assert torch.equal(with_it(x), training)
    with torch.no_grad():  # the same running means as when `at_rest` was made
        for key, value in network.state_dict().items():
            value.copy_(kept[key])
    of = dict(sides)
    assert of[place][2:] == (side, side)
    later = [shape for i, shape in of.items() if i > place and len(shape) == 4 and shape[1] >= 8]
    assert all(shape[2:] != (side, side) for shape in later)
    assert torch.equal(with_it.eval()(x), at_rest)
    with torch.no_grad():
        with_it[place].gamma.fill_(1)
    assert not torch.allclose(with_it(x), at_rest)


@pytest.mark.parametrize("name", NETWORKS)
def test_attentive(name):
    oracle_attentive(attentive, name)


def in_training(network, side, given):
    """A first look in training mode: batch normalisation remembers it."""
    network(torch.zeros(2, *given))
    return attentive(network, side, given)


def started_at(gamma):
    def of(network, side, given):
        found = attentive(network, side, given)
        for layer in found:
            if isinstance(layer, SelfAttention):
                nn.init.constant_(layer.gamma, gamma)
        return found

    return of


def elsewhere(by):
    """Attention so many layers later."""

    def of(network, side, given):
        layers = list(attentive(network, side, given))
        place = next(i for i, layer in enumerate(layers) if isinstance(layer, SelfAttention))
        layers.insert(place + by, layers.pop(place))
        return nn.Sequential(*layers)

    return of


ATTENTIVE_MUTANTS = {
    "γ = 1 at the start": started_at(1.0),
    "γ = 0.01 at the start": started_at(0.01),
    "in front of the activation": elsewhere(-1),
    "copies of the layers": lambda network, *more: attentive(copy.deepcopy(network), *more),
    "a look in training mode": in_training,
    "not there": lambda network, side, given: network,
}


@pytest.mark.parametrize("fault", ATTENTIVE_MUTANTS)
def test_attentive_mutants(fault):
    assert_killed(partial(oracle_attentive, name="DCGAN's G"), ATTENTIVE_MUTANTS[fault])


def test_a_normalised_network_keeps_its_u():
    """The look for the sides is made at rest: power iteration does not go on."""
    network = spectrally_normalised(dcgan_discriminator((3, 16, 16), width=8, normed=False))
    kept = {key: value.clone() for key, value in network.state_dict().items()}
    attentive(network, 8, (3, 16, 16))
    assert all(torch.equal(value, kept[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("network", "side", "given", "says"),
    [
        (lambda: dcgan_generator(7, (3, 32, 32), width=8), 32, (7,), "side 32; there are: 4, 8, 16"),  # the image
        (lambda: dcgan_generator(7, (3, 32, 32), width=8), 5, (7,), "no layer .* side 5; there are: 4, 8, 16"),
        (lambda: dcgan_discriminator((3, 32, 32), width=4), 16, (3, 32, 32), "side 16; there are: 4, 8"),  # 4 channels
        (lambda: sngan_discriminator((3, 16, 16), width=8), None, (3, 16, 16), "side None; there are: 2, 4, 8, 16"),
        (lambda: nn.Sequential(nn.Linear(3, 4)), 1, (3,), "side 1; there are: none"),
        (lambda: nn.Sequential(nn.Flatten(), nn.ReLU()), 8, (3, 8, 8), "side 8; there are: none"),
    ],
)
def test_a_side_that_is_not_there(network, side, given, says):
    with pytest.raises(ValueError, match=says):
        attentive(network(), side, given)


def test_only_between_the_layers_of_a_sequence():
    with pytest.raises(TypeError, match=r"between the layers of an nn\.Sequential; given Conv2d"):
        attentive(nn.Conv2d(3, 8, 3), 8, (3, 8, 8))
    with pytest.raises(TypeError, match=r"one input has a shape, \(z,\) or \(channels, size, size\); given 16"):
        attentive(dcgan_generator(16, (3, 16, 16), width=8), 8, 16)


def test_layers_without_weights_may_have_features():
    network = attentive(nn.Sequential(nn.PixelUnshuffle(2), nn.ReLU()), 4, (3, 8, 8))
    assert [type(layer) for layer in network] == [nn.PixelUnshuffle, nn.ReLU, SelfAttention]


# ---- SAGAN


SHAPE = (3, 16, 16)


def data(shape=SHAPE):
    return torch.rand(32, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def oracle_sagan(sagan):
    """Attention in both networks at the side asked for, W/σ(W) in every layer of both, D four times as quick as G."""
    for side in (None, 8):
        gan = sagan(SHAPE, z=5, width=8, side=side)
        run = training.start(gan, data(), batch=8)
        for network, given in ((run.generator, (5,)), (run.discriminator, SHAPE)):
            (attention,) = (layer for layer in network if isinstance(layer, SelfAttention))
            x = noise(2, *given)
            seen = []
            attention.register_forward_hook(lambda _, __, out, seen=seen: seen.append(out.shape[-1]))
            with torch.no_grad():
                for _ in range(100):  # power iteration has time to arrive
                    network(x)
            assert set(seen) == {side or 4}
            for name, values in singular_values(network).items():
                assert values[0].item() == pytest.approx(1, abs=1e-2), name
            convolutions = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
            assert len(singular_values(network)) == sum(isinstance(each, convolutions) for each in network.modules())
        norms = [sum(isinstance(each, nn.BatchNorm2d) for each in net) for net in (run.generator, run.discriminator)]
        assert norms == [2, 0]
        for optimizer, lr in ((run.optimizer_g, 1e-4), (run.optimizer_d, 4e-4)):
            (group,) = optimizer.param_groups
            assert (type(optimizer), group["lr"], group["betas"]) == (torch.optim.Adam, lr, (0.0, 0.9))
        assert (gan.objective, gan.n_dis, gan.penalties, gan.constraints) == (objectives.hinge, 1, (), ())


def test_sagan():
    oracle_sagan(methods.sagan)


def altered(**changes):
    """SAGAN with other parts, made of those it has."""

    def of(shape, **more):
        gan = methods.sagan(shape, **more)
        return replace(gan, **{part: change(gan) for part, change in changes.items()})

    return of


def without_attention(shape, *, side=None, **more):
    return replace(methods.sagan(shape, side=side, **more), generator=methods.dcgan(shape, **more).generator)


SAGAN_MUTANTS = {
    "G as quick as D": altered(optimizer_g=lambda gan: gan.optimizer_d),
    "D as slow as G": altered(optimizer_d=lambda gan: gan.optimizer_g),
    "the plain loss": altered(objective=lambda gan: objectives.non_saturating),
    "no attention in G": without_attention,
    "the side is not given on": lambda shape, *, side=None, **more: methods.sagan(shape, **more),
    "five steps of D": altered(n_dis=lambda gan: 5),
    "G without its norm": lambda shape, *, side=None, **more: replace(
        methods.sagan(shape, side=side, **more),
        generator=lambda: attentive(methods.dcgan(shape, **more).generator(), side or 4, (more["z"],)),
    ),
}


@pytest.mark.parametrize("name", SAGAN_MUTANTS)
def test_sagan_mutants(name):
    assert_killed(oracle_sagan, SAGAN_MUTANTS[name])


def test_sagan_trains_and_learns_to_look():
    """After one step γ has left 0; from then on keys and queries move too."""
    run = training.start(methods.sagan(SHAPE, z=5, width=8), data(), batch=8)
    layers = [layer for net in (run.generator, run.discriminator) for layer in net if isinstance(layer, SelfAttention)]
    keys = [layer.keys.parametrizations.weight.original.detach().clone() for layer in layers]
    training.train(run, 1)
    assert all(layer.gamma != 0 for layer in layers)
    training.train(run, 2)
    for layer, before in zip(layers, keys, strict=True):
        assert not torch.equal(layer.keys.parametrizations.weight.original, before)
    assert run.samples(3).isfinite().all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: methods.sagan((2,)).generator(), "DCGAN needs square images"),
        (lambda: methods.sagan((3, 48, 48)).generator(), r"needs square images .*given \(3, 48, 48\)"),
        (lambda: methods.sagan((3, 32, 32), side=32).generator(), "side 32; there are: 4, 8, 16"),
        (lambda: methods.sagan((3, 32, 32), width=0).discriminator(), "width must be at least 1; given 0"),
    ],
)
def test_what_sagan_does_not_take(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
