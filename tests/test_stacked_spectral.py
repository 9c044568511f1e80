"""Dense layers with torch's spectral norm, stacked: for each seed the W/σ, the u and the v that it has alone."""

import copy
from functools import partial

import pytest
import torch
from mutants import assert_killed
from torch import nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrizations import spectral_norm

from gan_core import datasets, methods, replicates, training
from gan_core.training import _stacked
from gan_core.training._stacked import Stacked

pytestmark = pytest.mark.usefixtures("float64")


class Doubled(nn.Linear):
    """A subclass may do anything."""

    def forward(self, x):
        return 2 * super().forward(x)


NETWORKS = {  # what builds them, the shape of their inputs
    "a layer": (lambda: spectral_norm(nn.Linear(5, 3)), (5,)),
    "without a bias": (lambda: spectral_norm(nn.Linear(5, 3, bias=False)), (5,)),
    "square": (lambda: spectral_norm(nn.Linear(4, 4)), (4,)),
    "on more axes": (lambda: spectral_norm(nn.Linear(5, 3)), (2, 5)),
    "three steps each": (lambda: spectral_norm(nn.Linear(5, 3), n_power_iterations=3), (5,)),
    "a wide ε": (lambda: spectral_norm(nn.Linear(5, 3), eps=0.9), (5,)),
    "a critic": (methods.sngan((2,), width=6).discriminator, (2,)),
}
MAPPED = {  # they have no stacked form of their own
    "of Wᵀ": lambda: spectral_norm(nn.Linear(4, 4), dim=1),
    "a subclass": lambda: spectral_norm(Doubled(5, 3)),
    "twice": lambda: spectral_norm(spectral_norm(nn.Linear(5, 3))),
    "the bias too": lambda: spectral_norm(spectral_norm(nn.Linear(5, 3)), "bias"),
    "a convolution": lambda: spectral_norm(nn.Conv2d(2, 3, 2)),
}


def oracle_stacked(form, name="a layer", S=3, n=7):
    """Outputs, gradients of first and second order, u and v; use after use, in training and in eval mode, and back
    through two uses at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_stacked, "_spectral_linear", form)
        build, shape = NETWORKS[name]
        torch.manual_seed(1)
        networks = [build() for _ in range(S)]
        alone = copy.deepcopy(networks)
        together = Stacked(networks)
        for mode in (True, True, False, True):
            together.train(mode), [network.train(mode) for network in alone]
            x, other = torch.randn(2, S, n, *shape)
            ours, its = x.clone().requires_grad_(), x.clone().requires_grad_()
            y = together(ours) + together(other)  # one backward pass through both, as in L_D
            expected = torch.stack([
                network(one) + network(two) for network, one, two in zip(alone, its, other, strict=True)
            ])  # fmt: skip
            torch.testing.assert_close(y, expected, rtol=1e-11, atol=1e-12)
            theirs = [p for network in alone for p in network.parameters()]
            found, wanted = slopes(y, ours, list(together.parameters())), slopes(expected, its, theirs)
            torch.testing.assert_close(found[0], wanted[0], rtol=1e-10, atol=1e-10)
            many = len(found) - 1
            for place, slope in enumerate(found[1:]):
                torch.testing.assert_close(slope, torch.stack(wanted[1 + place :: many]), rtol=1e-10, atol=1e-10)
            for network, same in zip(networks, alone, strict=True):  # views into the stack
                for mine, theirs in zip(network.state_dict().values(), same.state_dict().values(), strict=True):
                    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def slopes(y, x, numbers):
    """d/d· of Σ y² + Σ ‖d(Σ y²)/dx‖², in x and in the numbers."""
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    return torch.autograd.grad(y.square().sum() + first.square().sum(), [x, *numbers])


@pytest.mark.parametrize("name", NETWORKS)
def test_together_is_alone(name):
    oracle_stacked(_stacked._spectral_linear, name)
    assert not _stacked.mapped(NETWORKS[name][0]())


@pytest.mark.parametrize("name", MAPPED)
def test_what_has_no_form_of_its_own(name):
    assert _stacked.mapped(MAPPED[name]())


def changed(
    in_eval=False, seed=slice(None), copied=True, cut=True, v_first=False, kept=True, steps=None, eps=None, bias=True,
    sigma=lambda sigma: sigma,
):  # fmt: skip
    """`_spectral_linear` once more, right unless told otherwise."""

    def form(layer, x):
        W, norm = layer.parametrizations.weight.original, layer.parametrizations.weight[0]
        u, v = (norm._u, norm._v) if not copied else (norm._u.clone(), norm._v.clone())
        small, V = eps or norm.eps, W.detach() if cut else W

        def new_u():
            return normalize(torch.einsum("smn,sn->sm", V, v), dim=-1, eps=small)

        def new_v():
            return normalize(torch.einsum("smn,sm->sn", V, u), dim=-1, eps=small)

        if norm.training or in_eval:
            for _ in range(steps or norm.n_power_iterations):
                if v_first:
                    v = new_v()
                    u = new_u()
                else:
                    u = new_u()
                    v = new_v()
            if kept:
                norm._u.copy_(u.detach()[seed].expand_as(u)), norm._v.copy_(v.detach()[seed].expand_as(v))
                u, v = (norm._u, norm._v) if not copied else (u, v)
        scale = sigma(torch.einsum("sm,smn,sn->s", u, W, v))
        y = torch.einsum("s...n,smn->s...m", x, W / scale[:, None, None])
        return y + layer.bias.view(len(x), *[1] * (x.ndim - 2), -1) if bias and layer.bias is not None else y

    return form


MUTANTS = {
    "u never stored": (changed(kept=False), "a layer"),
    "u moves in eval mode": (changed(in_eval=True), "a layer"),
    "the u of one seed for all": (changed(seed=slice(0, 1)), "a layer"),
    "gradient through u and v": (changed(cut=False), "a layer"),
    "u and v not copied: the next use moves them": (changed(copied=False), "a layer"),
    "v first": (changed(v_first=True), "a layer"),
    "one step where three are asked": (changed(steps=1), "three steps each"),
    "another ε": (changed(eps=1e-12), "a wide ε"),
    "bias lost": (changed(bias=False), "a layer"),
    "σ squared": (changed(sigma=torch.square), "a layer"),
    "one σ for all seeds": (changed(sigma=lambda sigma: sigma.mean().expand_as(sigma)), "a layer"),
    "no σ": (changed(sigma=torch.ones_like), "a layer"),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_mutants(fault):
    form, name = MUTANTS[fault]
    oracle_stacked(changed(), name)
    assert_killed(partial(oracle_stacked, name=name), form)


@pytest.mark.parametrize("n_dis", [1, 2])
def test_the_method_moves_its_seeds_as_one(n_dis):
    gan, data = methods.sngan((2,), z=3, width=8, n_dis=n_dis), datasets.ring()
    runs = [training.start(gan, data, seed=seed, batch=16) for seed in (4, 0)]
    with replicates.teams(runs, training.iteration) as teams:
        assert len(teams) == 1
    for run in training.replicate(gan, data, steps=6, seeds=(4, 0), batch=16):
        alone = training.fit(gan, data, steps=6, seed=run.seed, batch=16)
        torch.testing.assert_close(run.losses[:6], alone.losses[:6], rtol=0, atol=1e-11)
        for name, mine in run.discriminator.state_dict().items():
            torch.testing.assert_close(mine, alone.discriminator.state_dict()[name], rtol=0, atol=1e-10)
