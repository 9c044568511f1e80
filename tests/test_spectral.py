"""Spectral normalisation against the SVD and torch's own; u is kept in training, and nothing else moves it."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from masses import along, critic_between, gap
from mutants import assert_killed
from torch import nn
from torch.nn.functional import normalize
from torch.nn.utils import parametrizations, parametrize

from gan_core import checkpoints, datasets, methods, training
from gan_core.pieces.lipschitz import (
    SpectralNorm,
    operator_norm,
    power_iteration,
    singular_values,
    spectrally_normalised,
)
from gan_core.pieces.networks import mlp, resnet_discriminator, sngan_discriminator
from gan_core.training import Batch
from gan_core.training.unrolling import unroll

pytestmark = pytest.mark.usefixtures("float64")

WEIGHTS = {  # shape of the weight, whether its layer is transposed
    "dense": ((5, 3), False),
    "dense, wide": ((2, 7), False),
    "convolution": ((4, 3, 2, 2), False),
    "convolution, transposed": ((3, 4, 2, 3), True),
}
sizes = st.integers(1, 5)
weights = st.one_of(
    st.tuples(st.tuples(sizes, sizes), st.just(False)),
    st.tuples(st.tuples(sizes, sizes, st.integers(1, 3), st.integers(1, 3)), st.booleans()),
)


def matrix(weight, transposed):
    """The weight as (channels out, all the rest), written out."""
    outputs = range(weight.shape[1] if transposed else weight.shape[0])
    return torch.stack([(weight[:, o] if transposed else weight[o]).flatten() for o in outputs])


def weight_of(shape, transposed, seed=0, ratio=0.7):
    """A weight whose matrix has the singular values 3, 3r, 3r² …, in directions of no special kind; and its SVD."""
    rng = torch.Generator().manual_seed(seed)
    m, n = matrix(torch.empty(shape), transposed).shape
    U, _ = torch.linalg.qr(torch.randn(m, min(m, n), generator=rng))
    V, _ = torch.linalg.qr(torch.randn(n, min(m, n), generator=rng))
    S = 3 * ratio ** torch.arange(min(m, n))
    W = U * S @ V.T
    if not transposed:
        return W.reshape(shape), (U, S, V)
    return W.reshape(shape[1], shape[0], *shape[2:]).transpose(0, 1).contiguous(), (U, S, V)


# ---- power iteration


def oracle_power_iteration(iterate, m=5, n=3, seed=0):
    """σ of the SVD, u and v its first pair up to a sign, to 1e-6 and far closer; of length 1, whatever u begins as."""
    W, (U, S, V) = weight_of((m, n), False, seed)
    u, v, sigma = iterate(W, torch.randn(m, generator=torch.Generator().manual_seed(seed + 1)), 60)
    largest = torch.linalg.svdvals(W)[0]
    assert (u.shape, v.shape, sigma.shape) == ((m,), (n,), ())
    assert sigma.item() == pytest.approx(largest.item(), rel=1e-12)
    assert largest.item() == pytest.approx(S[0].item(), rel=1e-12)
    for mine, theirs in (u, U[:, 0]), (v, V[:, 0]):
        assert mine.norm().item() == pytest.approx(1, abs=1e-12)
        assert abs(mine @ theirs).item() == pytest.approx(1, abs=1e-12)
    assert (u @ U[:, 0] * (v @ V[:, 0])).item() > 0, "one sign for both"


@settings(max_examples=60)
@given(m=st.integers(1, 8), n=st.integers(1, 8), seed=st.integers(0, 2**31))
def test_power_iteration_finds_the_largest_singular_value(m, n, seed):
    oracle_power_iteration(power_iteration, m, n, seed)


def oracle_each_step(iterate, s1=3.0, s2=2.0, slant=5.0, steps=3):
    """On diag(σ₁, σ₂) the slant of u, u₂/u₁, is multiplied by (σ₂/σ₁)² in each step; v is half a step behind, and
    σ = ‖Wv‖ for that v."""
    W = torch.diag(torch.tensor([s1, s2]))
    u, v, sigma = iterate(W, torch.tensor([0.3, 0.3 * slant]), steps)
    r = s2 / s1
    assert (u[1] / u[0]).item() == pytest.approx(slant * r ** (2 * steps), rel=1e-12)
    behind = slant * r ** (2 * steps - 1)
    assert (v[1] / v[0]).item() == pytest.approx(behind, rel=1e-12)
    assert sigma.item() == pytest.approx(s1 * ((1 + (r * behind) ** 2) / (1 + behind**2)) ** 0.5, rel=1e-12)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10), st.integers(1, 5))
@settings(max_examples=30)
def test_what_a_step_does(s1, s2, slant, steps):
    oracle_each_step(power_iteration, s1, s2, slant, steps)


def iterated(there=lambda W, u: W.mT @ u, back=lambda W, v: W @ v, sigma=lambda W, u, v: u @ (W @ v), fewer=0):
    """Power iteration, right unless told otherwise."""

    def iterate(W, u, steps=1):
        for _ in range(steps - fewer):
            v = normalize(there(W, u), dim=0)
            u = normalize(back(W, v), dim=0)
        return u, v, sigma(W, u, v)

    return iterate


def given_back(change):
    """The right u, v and σ, changed."""
    return lambda W, u, steps=1: change(*power_iteration(W, u, steps))


POWER_MUTANTS = {
    "shapes that do not match: W for Wᵀ": (oracle_power_iteration, iterated(there=lambda W, u: W @ u)),
    "shapes made to match: W reshaped for Wᵀ": (
        oracle_power_iteration, iterated(there=lambda W, u: W.reshape(W.mT.shape) @ u)
    ),
    "W reshaped on the way back": (oracle_power_iteration, iterated(back=lambda W, v: W.mT.reshape(W.shape) @ v)),
    "σ squared": (oracle_power_iteration, given_back(lambda u, v, sigma: (u, v, sigma**2))),
    "the root of σ": (oracle_power_iteration, given_back(lambda u, v, sigma: (u, v, sigma**0.5))),
    "Frobenius' norm": (oracle_power_iteration, iterated(sigma=lambda W, u, v: W.norm())),
    "v for u": (oracle_power_iteration, given_back(lambda u, v, sigma: (v, u, sigma))),
    "u and v with another sign": (oracle_power_iteration, given_back(lambda u, v, sigma: (u, -v, sigma))),
    "not of length 1": (oracle_power_iteration, given_back(lambda u, v, sigma: (2 * u, v / 2, sigma))),
    "one step, whatever is asked": (oracle_power_iteration, lambda W, u, steps=1: power_iteration(W, u)),
    "begins anew": (oracle_each_step, lambda W, u, steps=1: power_iteration(W, torch.ones(len(W)), steps)),
    "one step short": (oracle_each_step, iterated(fewer=1)),
    "σ of the next v": (oracle_each_step, iterated(sigma=lambda W, u, v: (W.mT @ u).norm())),
}  # fmt: skip


@pytest.mark.parametrize("fault", POWER_MUTANTS)
def test_mutants_of_power_iteration(fault):
    oracle, mutant = POWER_MUTANTS[fault]
    oracle(iterated())
    assert_killed(oracle, mutant)


# ---- W/σ, by hand and by torch


class Broken(SpectralNorm):
    """`SpectralNorm` written plainly, right unless told otherwise: the faults of public code."""

    def __init__(self, weight, *, transposed=False, stored=True, cut=True, rows=None, square=False, at_rest=False):
        super().__init__(weight, transposed=transposed if rows is None else rows)
        self.stored, self.cut, self.square, self.at_rest = stored, cut, square, at_rest

    def forward(self, weight):
        W = self.matrix(weight)
        u = self.u.clone() if self.stored else normalize(torch.randn(len(W)), dim=0)
        v = self.v.clone()
        if self.training or self.at_rest:
            u, v, _ = power_iteration(W.detach() if self.cut else W, u)
            self.u.copy_(u.detach()), self.v.copy_(v.detach())
        sigma = u @ (W @ v)
        return weight / (sigma.square() if self.square else sigma)


BROKEN = {
    "u never stored": {"stored": False},
    "gradient through u and v": {"cut": False},
    "σ squared": {"square": True},
    "u moves in eval mode": {"at_rest": True},
}


def by_hand(layer, norm=SpectralNorm):
    """The layer with `norm` on its weight."""
    norm = norm(layer.weight, transposed=isinstance(layer, TRANSPOSED))
    return parametrize.register_parametrization(layer, "weight", norm)


def oracle_normalised(norm, shape=(4, 3, 2, 2), transposed=False, seed=0):
    """After some uses in training W/σ(W) has the largest singular value 1, to 1e-6, in training and in eval mode."""
    weight, (_, S, _) = weight_of(shape, transposed, seed)
    torch.manual_seed(seed)
    layer = norm(weight, transposed=transposed)
    for _ in range(40):
        layer(weight)
    for mode in True, False:
        used = layer.train(mode)(weight)
        torch.testing.assert_close(used, weight / S[0], rtol=1e-6, atol=1e-8)
        assert torch.linalg.svdvals(matrix(used, transposed))[0].item() == pytest.approx(1, abs=1e-6)


@settings(max_examples=40)
@given(weight=weights, seed=st.integers(0, 2**31))
def test_normalised(weight, seed):
    oracle_normalised(SpectralNorm, *weight, seed)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize(
    "fault",
    [{"stored": False}, {"square": True}, {"rows": "swapped"}],
    ids=["u never stored", "σ²", "in-channels first"],
)
def test_mutants_of_the_largest_singular_value(name, fault):
    shape, transposed = WEIGHTS[name]
    fault = {"rows": not transposed} if "rows" in fault else fault
    oracle_normalised(Broken, shape, transposed)
    if len(shape) == 2 and "rows" in fault:
        oracle_normalised(partial(Broken, **fault), shape, transposed)  # σ(Wᵀ) = σ(W): no fault there
    else:
        assert_killed(lambda norm: oracle_normalised(norm, shape, transposed), partial(Broken, **fault))


def oracle_gradient(norm, shape=(4, 3, 2, 2), transposed=False, seed=0):
    """With u and v held, ∂⟨A, W/σ⟩/∂W = (A − ⟨A, W/σ⟩ u vᵀ)/σ, Miyato et al. 2018, eq. 12; from the first use on,
    where u and v are still far from where they go."""
    weight, _ = weight_of(shape, transposed, seed, ratio=0.95)
    layer = norm(weight, transposed=transposed)
    layer.u.copy_(normalize(torch.randn(layer.u.shape, generator=torch.Generator().manual_seed(seed)), dim=0))
    A = torch.randn(shape, generator=torch.Generator().manual_seed(seed + 1))
    weight.requires_grad_()
    for _ in range(2):
        y = layer(weight)
        (slope,) = torch.autograd.grad((A * y).sum(), weight)
        u, v, W = layer.u, layer.v, matrix(weight.detach(), transposed)
        sigma, A_ = u @ (W @ v), matrix(A, transposed)
        expected = (A_ - (A_ * W).sum() / sigma * torch.outer(u, v)) / sigma
        torch.testing.assert_close(y.detach(), weight.detach() / sigma, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(matrix(slope, transposed), expected, rtol=1e-10, atol=1e-10)


@settings(max_examples=40)
@given(weight=weights, seed=st.integers(0, 2**31))
def test_the_gradient(weight, seed):
    oracle_gradient(SpectralNorm, *weight, seed)


@pytest.mark.parametrize("fault", ["gradient through u and v", "σ squared"])
def test_mutants_of_the_gradient(fault):
    oracle_gradient(Broken)
    assert_killed(oracle_gradient, partial(Broken, **BROKEN[fault]))
    cut = type(
        "Cut", (Broken,), {"forward": lambda self, weight: weight / (super(Broken, self).forward(weight).detach())}
    )
    assert_killed(oracle_gradient, cut)


def oracle_torchs(norm, shape=(5, 3), seed=0):
    """Torch moves u first and v then, ours (as the paper) v first and u then; so torch's steps on W are ours on Wᵀ,
    with u and v in each other's place. From the same start: W/σ, its gradient, and u and v, after each of five uses."""
    weight, _ = weight_of(shape, False, seed, ratio=0.95)
    theirs = parametrizations.spectral_norm(nn.Linear(*shape[::-1]))
    theirs.parametrizations.weight.original.data.copy_(weight)
    kept = theirs.parametrizations.weight[0]
    ours = norm(weight, transposed=True)
    ours.u.copy_(kept._v), ours.v.copy_(kept._u)
    A, mine = torch.randn(shape, generator=torch.Generator().manual_seed(seed)), weight.clone().requires_grad_()
    for mode in (True, True, False, True, False):
        theirs.train(mode), ours.train(mode)
        y, expected = ours(mine), theirs.weight
        torch.testing.assert_close(y, expected, rtol=0, atol=1e-12)
        (slope,) = torch.autograd.grad((A * y).sum(), mine)
        (its,) = torch.autograd.grad((A * expected).sum(), theirs.parametrizations.weight.original)
        torch.testing.assert_close(slope, its, rtol=0, atol=1e-12)
        torch.testing.assert_close(ours.u, kept._v, rtol=0, atol=1e-12)
        torch.testing.assert_close(ours.v, kept._u, rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(shape=st.tuples(sizes, sizes), seed=st.integers(0, 2**31))
def test_torchs_own(shape, seed):
    oracle_torchs(SpectralNorm, shape, seed)


LAYERS = {
    "Linear": lambda: nn.Linear(4, 3),
    "Bilinear": lambda: nn.Bilinear(2, 3, 4),
    "Embedding": lambda: nn.Embedding(6, 4),
    "Conv1d": lambda: nn.Conv1d(3, 4, 2),
    "Conv2d": lambda: nn.Conv2d(3, 4, (2, 3)),
    "Conv2d, in groups": lambda: nn.Conv2d(4, 6, 3, groups=2),
    "Conv3d": lambda: nn.Conv3d(2, 3, 2),
    "ConvTranspose1d": lambda: nn.ConvTranspose1d(3, 5, 2),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(3, 5, (2, 3)),
    "ConvTranspose3d": lambda: nn.ConvTranspose3d(3, 2, 2),
}


def oracle_torchs_where_both_rest(norm, name="Conv2d", uses=3):
    """At the singular vectors neither u nor v moves: there torch's layer and ours agree in all they do, for any weight;
    and so do they to 1e-6 from wherever they begin, once both have arrived."""
    for arrived in True, False:
        torch.manual_seed(3)
        theirs = LAYERS[name]()
        weight, _ = weight_of(tuple(theirs.weight.shape), "Transpose" in name)
        theirs.weight.data.copy_(weight)
        ours = by_hand(copy.deepcopy(theirs), norm)
        theirs = parametrizations.spectral_norm(theirs)
        kept, mine = theirs.parametrizations.weight[0], ours.parametrizations.weight[0]
        if arrived:
            U, _, V = torch.linalg.svd(matrix(weight, "Transpose" in name), full_matrices=False)
            for u, v in (kept._u, kept._v), (mine.u, mine.v):
                u.copy_(U[:, 0]), v.copy_(V[0])
        for _ in range(uses if arrived else 60):
            A = torch.randn(weight.shape)
            slopes = [
                torch.autograd.grad((A * layer.weight).sum(), layer.parametrizations.weight.original)[0]
                for layer in (ours, theirs)
            ]
        within = 1e-12 if arrived else 1e-6
        sign = torch.sign(mine.u @ kept._u)
        torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=within)
        torch.testing.assert_close(*slopes, rtol=0, atol=within)
        torch.testing.assert_close(mine.u, sign * kept._u, rtol=0, atol=within)
        torch.testing.assert_close(mine.v, sign * kept._v, rtol=0, atol=within)
        torch.testing.assert_close(ours.eval().weight, theirs.eval().weight, rtol=0, atol=within)


@pytest.mark.parametrize("name", LAYERS)
def test_torchs_own_where_both_rest(name):
    oracle_torchs_where_both_rest(SpectralNorm, name)


@pytest.mark.parametrize("fault", BROKEN)
def test_mutants_against_torchs(fault):
    oracle_torchs(Broken)
    assert_killed(oracle_torchs, partial(Broken, **BROKEN[fault]))
    if fault in ("u never stored", "σ squared"):
        oracle_torchs_where_both_rest(Broken)
        assert_killed(oracle_torchs_where_both_rest, partial(Broken, **BROKEN[fault]))


# ---- who moves u, and who does not


def critic(norm=None):
    """Two dense layers, normalised by torch or by `norm`."""
    network = mlp((2,), 1, width=6, activation=nn.Tanh)
    if norm is None:
        return spectrally_normalised(network)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            by_hand(layer, norm)
    return network


def a_run(norm=None):
    gan = methods.gan((2,), z=3, width=6)
    run = training.start(training.GAN(gan.generator, partial(critic, norm), z=3), datasets.ring(), batch=16)
    for _ in range(3):
        training.iteration(run)
    return run


def kept(network):
    return {name: each.clone() for name, each in network.named_buffers()}


def moved(before, network):
    return [name for name, each in network.named_buffers() if not torch.equal(before[name], each)]


def in_eval_mode(run):
    run.discriminator.eval()
    run.discriminator(torch.zeros(3, 2))
    run.discriminator.train()


LOOKS = {
    "eval mode": in_eval_mode,
    "logits": lambda run: run.logits(torch.zeros(3, 2)),
    "samples": lambda run: run.samples(4),
    "singular values": lambda run: singular_values(run.discriminator),
    "operator norm": lambda run: operator_norm(run.discriminator[1], (2,), steps=3),
    "losses": lambda run: run.history,
    "state": checkpoints.state,
    "a copy that goes on": lambda run: training.iteration(run.copy()),
    "a checkpoint": lambda run: run.save("run.pt"),
    "G looks ahead": lambda run: unroll(2)(run, Batch(run.G(run.noise()))),
}


def oracle_u_stays(look, norm):
    """u and v are what they were, and D is in the mode it was in."""
    run = a_run(norm)
    before = kept(run.discriminator)
    assert before
    look(run)
    assert moved(before, run.discriminator) == []
    assert all(part.training for part in run.discriminator.modules())


@pytest.mark.parametrize("norm", [None, SpectralNorm], ids=["torch's", "by hand"])
@pytest.mark.parametrize("name", LOOKS)
def test_looking_does_not_move_u(name, norm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    oracle_u_stays(LOOKS[name], norm)


LOOKS_THAT_MOVE = {
    "D in training": lambda run: run.D(torch.zeros(3, 2)),
    "without a gradient": lambda run: torch.no_grad()(run.discriminator)(torch.zeros(3, 2)),
    "a weight printed": lambda run: str(run.discriminator[1].weight),
    "eval mode and not back": lambda run: run.discriminator.eval(),
    "back to training, all of it": lambda run: (run.discriminator.train(), run.discriminator(torch.zeros(1, 2))),
}


@pytest.mark.parametrize("norm", [None, SpectralNorm], ids=["torch's", "by hand"])
@pytest.mark.parametrize("name", LOOKS_THAT_MOVE)
def test_looks_that_move_u(name, norm):
    assert_killed(partial(oracle_u_stays, norm=norm), LOOKS_THAT_MOVE[name])


def test_a_norm_that_moves_in_eval_mode_is_seen():
    oracle_u_stays(LOOKS["logits"], Broken)
    assert_killed(partial(oracle_u_stays, LOOKS["logits"]), partial(Broken, at_rest=True))


@pytest.mark.parametrize("norm", [None, SpectralNorm], ids=["torch's", "by hand"])
def test_each_step_of_d_moves_u(norm):
    run = a_run(norm)
    before = kept(run.discriminator)
    training.discriminator_step(run)
    assert len(moved(before, run.discriminator)) >= 4  # the last layer's u is a sign


def oracle_round_trip(norm):
    """The state of one network makes another, built anew, its twin: in eval mode, in training, and u and v with it."""
    network, other, x = a_run(norm).discriminator, critic(norm), torch.randn(5, 2)
    assert moved(kept(network), other)
    other.load_state_dict(network.state_dict())
    assert moved(kept(network), other) == []
    for mode in (False, True, True, False):
        torch.testing.assert_close(network.train(mode)(x), other.train(mode)(x), rtol=0, atol=0)
    assert moved(kept(network), other) == []


@pytest.mark.parametrize("norm", [None, SpectralNorm], ids=["torch's", "by hand"])
def test_state_dict_there_and_back(norm):
    oracle_round_trip(norm)


def test_mutants_of_the_round_trip():
    class NotKept(SpectralNorm):
        """u is no buffer."""

        def __init__(self, weight, *, transposed=False):
            super().__init__(weight, transposed=transposed)
            for name in ("u", "v"):
                value = getattr(self, name)
                delattr(self, name)
                self.register_buffer(name, value, persistent=False)

    oracle_round_trip(Broken)
    assert_killed(oracle_round_trip, NotKept)
    assert_killed(oracle_round_trip, partial(Broken, stored=False))


def oracle_a_u_for_each_seed(norm, dtype=torch.float32):
    """Seeds that move as one, which their layers do by `vmap`: u goes on in each as in the run alone."""
    torch.set_default_dtype(dtype)
    gan = training.GAN(methods.gan((2,), z=3, width=6).generator, partial(critic, norm), z=3)
    runs = training.replicate(gan, datasets.ring(), steps=12, seeds=range(4), batch=16)
    for run in runs:
        alone = training.fit(gan, datasets.ring(), steps=12, seed=run.seed, batch=16).discriminator.state_dict()
        for name, mine in run.discriminator.state_dict().items():
            within = 1e-4 if dtype == torch.float32 else 1e-10
            torch.testing.assert_close(mine, alone[name], rtol=0, atol=within, msg=name)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_u_for_each_seed(dtype):
    oracle_a_u_for_each_seed(SpectralNorm, dtype)


def test_mutants_of_a_u_for_each_seed():
    class Assigned(SpectralNorm):
        """A new tensor for u, where the old one was to be written on: the stack of all seeds never sees it."""

        def forward(self, weight):
            W = self.matrix(weight)
            if self.training:
                self.u, self.v, _ = power_iteration(W.detach(), self.u)
            return weight / (self.u @ (W @ self.v))

    oracle_normalised(Assigned)  # alone it is right
    oracle_a_u_for_each_seed(Broken)
    assert_killed(oracle_a_u_for_each_seed, Assigned)


# ---- all layers


TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WITH_MATRICES = tuple({type(build()) for build in LAYERS.values()})


def layers_of(network):
    return {name: layer for name, layer in network.named_modules() if isinstance(layer, WITH_MATRICES)}


class Own(nn.Module):
    """A network with all kinds of layers, some of them where one does not look at first."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({name.replace(" ", ""): build() for name, build in LAYERS.items()})
        self.rest = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.LeakyReLU(), nn.Linear(3, 1)))


def oracle_all_layers(normalise):
    """Each matrix of the network is normalised, the last one too, to σ = 1 once u has arrived; all else stays."""
    torch.manual_seed(0)
    for build in (
        Own,
        partial(sngan_discriminator, (1, 16, 16), width=2),
        partial(resnet_discriminator, (1, 16, 16), width=2),
    ):
        network = build()
        others = {
            name: p.detach().clone() for name, p in network.named_parameters() if "weight" not in name or p.ndim < 2
        }
        matrices = sum(p.ndim >= 2 for p in network.parameters())
        assert normalise(network) is network
        layers = layers_of(network).values()
        assert len(layers) == matrices
        for layer in layers:
            for _ in range(100):
                used = layer.weight
            largest = torch.linalg.svdvals(matrix(used.detach(), isinstance(layer, TRANSPOSED)))[0].item()
            assert largest == pytest.approx(1, abs=1e-3), layer
        after = dict(network.named_parameters())
        assert all(torch.equal(value, after[name]) for name, value in others.items())


def test_all_layers():
    oracle_all_layers(spectrally_normalised)


def only(wanted):
    """`spectral_norm` on the layers that `wanted(name, layer, names)` wants."""

    def normalise(network):
        found = layers_of(network)
        for name, layer in found.items():
            if wanted(name, layer, list(found)):
                parametrizations.spectral_norm(layer)
        return network

    return normalise


def by_rows(network):
    for layer in layers_of(network).values():
        parametrizations.spectral_norm(layer, dim=0)
    return network


ALL_LAYERS_MUTANTS = {
    "the last layer left out": only(lambda name, layer, names: name != names[-1]),
    "the first layer left out": only(lambda name, layer, names: name != names[0]),
    "convolutions only": only(lambda name, layer, names: "Conv" in type(layer).__name__),
    "dense layers only": only(lambda name, layer, names: "Linear" in type(layer).__name__),
    "the layers at the top only": only(lambda name, layer, names: "." not in name),
    "no embeddings": only(lambda name, layer, names: not isinstance(layer, nn.Embedding)),
    "transposed ones as the others": by_rows,
    "another network": lambda network: spectrally_normalised(copy.deepcopy(network)),
    "none": lambda network: network,
}  # fmt: skip


@pytest.mark.parametrize("fault", ALL_LAYERS_MUTANTS)
def test_mutants_of_all_layers(fault):
    assert_killed(oracle_all_layers, ALL_LAYERS_MUTANTS[fault])


def test_the_plain_form_of_all_layers_agrees():
    oracle_all_layers(only(lambda name, layer, names: True))


BAD = {
    "no layer": (nn.Sequential(nn.ReLU(), nn.BatchNorm1d(3)), "no layer with a matrix to normalise"),
    "twice": (nn.Sequential(parametrizations.spectral_norm(nn.Linear(2, 2))), "has a parametrisation already"),
    "another parametrisation": (
        nn.Sequential(parametrizations.orthogonal(nn.Linear(2, 2))), "has a parametrisation already"
    ),
    "lazy": (nn.Sequential(nn.LazyLinear(2)), "a lazy layer has no matrix yet; call the network on an example"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_normalised(name):
    network, says = BAD[name]
    with pytest.raises(ValueError, match=says):
        spectrally_normalised(network)


# ---- singular values


def oracle_singular_values(look):
    """Those of numpy's SVD of each layer's weight as it is used, the largest first, by the layer's name."""
    torch.manual_seed(0)
    plain, normalised = Own(), spectrally_normalised(Own())
    for network in plain, normalised:
        at_rest = copy.deepcopy(network).eval()
        found = look(network)
        layers = {f"parts.{name.replace(' ', '')}": "Transpose" in name for name in LAYERS} | {"rest.1.1": False}
        assert found.keys() == layers.keys()
        for name, transposed in layers.items():
            W = matrix(at_rest.get_submodule(name).weight.detach(), transposed).numpy()
            np.testing.assert_allclose(found[name], np.linalg.svd(W, compute_uv=False), rtol=0, atol=1e-12)
            assert not found[name].requires_grad


def test_singular_values():
    oracle_singular_values(singular_values)


def seen(
    weight=lambda layer: layer.weight, rows=lambda layer: isinstance(layer, TRANSPOSED), values=torch.linalg.svdvals
):
    """`singular_values` without a rest for u, and with changes."""
    return lambda network: {
        name: values(matrix(weight(layer).detach(), rows(layer))) for name, layer in layers_of(network).items()
    }


def stored(layer):
    return layer.parametrizations.weight.original if parametrize.is_parametrized(layer) else layer.weight


SINGULAR_MUTANTS = {
    "u moves on the way": seen(),
    "of what is stored, not of what is used": seen(weight=stored),
    "transposed ones as the others": lambda network: seen(rows=lambda layer: False)(network.eval()),
    "the others as transposed ones": lambda network: seen(rows=lambda layer: layer.weight.ndim > 2)(network.eval()),
    "eigenvalues of WᵀW": lambda network: seen(values=lambda W: torch.linalg.svdvals(W).square())(network.eval()),
    "the smallest first": lambda network: seen(values=lambda W: torch.linalg.svdvals(W).flip(0))(network.eval()),
    "the largest only": lambda network: seen(values=lambda W: torch.linalg.svdvals(W)[:1])(network.eval()),
}


@pytest.mark.parametrize("fault", SINGULAR_MUTANTS)
def test_mutants_of_the_singular_values(fault):
    oracle_singular_values(lambda network: seen()(network.eval()))
    assert_killed(oracle_singular_values, SINGULAR_MUTANTS[fault])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31))
def test_they_bound_the_slope_of_a_dense_network(seed):
    """|f(x) − f(x′)| ≤ Π σ ‖x − x′‖, for any two points and any weights: that is what they are for."""
    torch.manual_seed(seed)
    network = critic()
    with torch.no_grad():
        for p in network.parameters():
            p.add_(torch.randn(p.shape))
    x, other = 3 * torch.randn(2, 50, 2)
    bound = np.prod([values[0].item() for values in singular_values(network).values()])
    with torch.no_grad():
        rise = (network.eval()(x) - network(other)).abs()[:, 0]
    assert (rise <= bound * (x - other).norm(dim=1) * (1 + 1e-12)).all()


# ---- a trained critic tells the distance between two point masses


def leaky(normalise):
    return lambda: normalise(mlp((2,), 1, width=32, activation=partial(nn.LeakyReLU, 0.2)))


def oracle_two_masses(normalise, delta=1.0):
    """Slopes up to 1, all the way where it pays: Wasserstein's loss ends at E_p[f] − E_q[f] = δ, to 0.2 %."""
    run = critic_between(along(delta), leaky(normalise), steps=120)
    assert gap(run) == pytest.approx(delta, rel=0.002)


@pytest.mark.parametrize("delta", [0.1, 1.0, 5.0])
def test_two_masses(delta):
    oracle_two_masses(spectrally_normalised, delta)


def with_norm(norm):
    def normalise(network):
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                by_hand(layer, norm)
        return network

    return normalise


TWO_MASSES_MUTANTS = {
    "u never stored": with_norm(partial(Broken, stored=False)),
    "σ squared": with_norm(partial(Broken, square=True)),
    "the last layer left out": ALL_LAYERS_MUTANTS["the last layer left out"],
    "the first layer left out": ALL_LAYERS_MUTANTS["the first layer left out"],
    "no normalisation": lambda network: network,
}


@pytest.mark.parametrize("fault", TWO_MASSES_MUTANTS)
def test_mutants_between_two_masses(fault):
    assert_killed(oracle_two_masses, TWO_MASSES_MUTANTS[fault])


def test_by_hand_between_two_masses():
    oracle_two_masses(with_norm(SpectralNorm))
