"""Clipping leaves every weight between −c and c after each step, and nothing else changed; c then sets the slope."""

from dataclasses import replace
from functools import partial
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from masses import along, critic_between, gap
from mutants import assert_killed
from torch import nn

from gan_core import datasets, methods, replicates, training
from gan_core.pieces.lipschitz import clip


class Everything(nn.Sequential):
    """All kinds of parameters: matrices, kernels, biases, gains, a single number, one that is not trained."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.PReLU(), nn.Flatten(),
            nn.Sequential(nn.Linear(12, 4), nn.Tanh(), nn.Linear(4, 1)),
        )  # fmt: skip
        self[0].bias.requires_grad_(False)
        rng = torch.Generator().manual_seed(0)
        for p in self.parameters():
            p.data = torch.randn(p.shape, generator=rng)

    def step(self):
        """Give every weight a gradient, and move what batch normalisation keeps."""
        x = torch.randn(5, 2, 2, 2, generator=torch.Generator().manual_seed(1))
        (3 * self(x).square()).sum().backward()
        return self


def oracle_clipped(make, c=0.1, dtype=torch.float32):
    """w ← max(−c, min(c, w)) for every parameter, in place; buffers, gradients and who is trained stay as they were."""
    torch.set_default_dtype(dtype)
    network = Everything().step()
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    buffers = {name: each.clone() for name, each in network.named_buffers()}
    places = [p.data_ptr() for p in network.parameters()]
    gradients = [None if p.grad is None else p.grad.clone() for p in network.parameters()]
    trained = [p.requires_grad for p in network.parameters()]
    make(c)(network)
    for name, p in network.named_parameters():
        assert torch.equal(p, before[name].clamp(-c, c)), name
        assert p.grad_fn is None
        assert p.is_leaf
    assert all(torch.equal(each, buffers[name]) for name, each in network.named_buffers())
    assert [p.data_ptr() for p in network.parameters()] == places, "others look at these weights too"
    assert [p.requires_grad for p in network.parameters()] == trained
    for p, gradient in zip(network.parameters(), gradients, strict=True):
        assert (p.grad is None) if gradient is None else torch.equal(p.grad, gradient)


@settings(max_examples=40)
@given(c=st.one_of(st.floats(1e-3, 4), st.integers(1, 3)), dtype=st.sampled_from([torch.float32, torch.float64]))
def test_every_weight_is_clipped_and_nothing_else(c, dtype):
    oracle_clipped(clip, c, dtype)


def clips(change):
    """A constraint that changes each parameter by `change(p, c)`."""

    def make(c):
        def constraint(network):
            with torch.no_grad():
                for p in network.parameters():
                    change(p, c)

        return constraint

    return make


def of_gradients(p, c):
    if p.grad is not None:
        p.grad.clamp_(-c, c)


def anew(p, c):
    p.data = p.clamp(-c, c)


def only(parts):
    def make(c):
        def constraint(network):
            for p in parts(network):
                p.data.clamp_(-c, c)

        return constraint

    return make


def buffers_too(c):
    def constraint(network):
        for each in (*network.parameters(), *network.buffers()):
            if each.is_floating_point():
                each.data.clamp_(-c, c)

    return constraint


MUTANTS = {
    "weights and not biases": only(lambda network: [p for name, p in network.named_parameters() if "weight" in name]),
    "matrices only": only(lambda network: [p for p in network.parameters() if p.ndim > 1]),
    "the layers at the top only": only(
        lambda network: [p for layer in network for name, p in layer.named_parameters(recurse=False)]
    ),
    "all but the last": only(lambda network: [*network.parameters()][:-1]),
    "what is trained only": only(lambda network: [p for p in network.parameters() if p.requires_grad]),
    "buffers too": buffers_too,
    "gradients in place of weights": clips(of_gradients),
    "to ±2c": clips(lambda p, c: p.clamp_(-2 * c, 2 * c)),
    "to ±c/2": clips(lambda p, c: p.clamp_(-c / 2, c / 2)),
    "to ±√c": clips(lambda p, c: p.clamp_(-(c**0.5), c**0.5)),
    "from above only": clips(lambda p, c: p.clamp_(max=c)),
    "from below only": clips(lambda p, c: p.clamp_(min=-c)),
    "to [0, c]": clips(lambda p, c: p.clamp_(0, c)),
    "sign lost": clips(lambda p, c: p.abs_().clamp_(max=c)),
    "shrunk to a norm of c": clips(lambda p, c: p.mul_(c / p.norm())),
    "shrunk until the largest is c": clips(lambda p, c: p.mul_(c / p.abs().max())),
    "to other tensors": clips(anew),
    "not at all": clips(lambda p, c: None),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_mutants(fault):
    oracle_clipped(clips(lambda p, c: p.clamp_(-c, c)))  # this way of writing it is right
    assert_killed(oracle_clipped, MUTANTS[fault])


# ---- in training

WGANS = {
    "points": lambda c: (methods.wgan((2,), c=c, z=3, width=8), datasets.ring()),
    "images": lambda c: (methods.wgan((3, 16, 16), c=c, z=3, width=4), datasets.faces(64, size=16)),
}


def oracle_in_training(wgan, c):
    """After each step of the critic all of its weights lie within ±c; no one asks that of the generator's."""
    gan, data = wgan(c)
    run = training.start(gan, data, batch=16)
    for p in run.discriminator.parameters():
        p.data += 0.1  # else there is nothing to clip in biases that begin at 0
    for _ in range(2):
        for _ in range(3):
            training.discriminator_step(run)
            assert all((p.abs() <= c).all() for p in run.discriminator.parameters())
            assert any((p.abs() == c).any() for p in run.discriminator.parameters())
        training.generator_step(run)
    assert max(p.abs().max() for p in run.generator.parameters()) > c


@pytest.mark.parametrize("c", [0.01, 0.03])
@pytest.mark.parametrize("name", WGANS)
def test_after_each_step_of_the_critic(name, c):
    oracle_in_training(WGANS[name], torch.tensor(c).item())  # the float32 next to it


IN_TRAINING = {
    "no constraint": lambda gan: replace(gan, constraints=()),
    "weights and not biases": lambda gan: replace(gan, constraints=(MUTANTS["weights and not biases"](0.01),)),
    "gradients": lambda gan: replace(gan, constraints=(MUTANTS["gradients in place of weights"](0.01),)),
    "to ±2c": lambda gan: replace(gan, constraints=(clip(0.02),)),
}


@pytest.mark.parametrize(("name", "fault"), [*product(WGANS, IN_TRAINING)])
def test_mutants_in_training(name, fault):
    def broken(c):
        gan, data = WGANS[name](c)
        return IN_TRAINING[fault](gan), data

    assert_killed(lambda wgan: oracle_in_training(wgan, torch.tensor(0.01).item()), broken)


def test_seeds_that_move_as_one_are_clipped_each_as_alone(float64):
    gan, data = methods.wgan((2,), c=0.05, z=3, width=8), datasets.ring()
    runs = [training.start(gan, data, seed=seed, batch=16) for seed in (4, 0)]
    with replicates.teams(runs, training.iteration) as (team, *others):
        assert not others
        for _ in range(4):
            training.iteration(team)
            assert all((p.abs() <= 0.05).all() for p in team.discriminator.parameters())
    for run in runs:
        alone = training.fit(gan, data, steps=4, seed=run.seed, batch=16)
        torch.testing.assert_close(run.losses[:4], alone.losses[:4], rtol=0, atol=1e-12)
        for p, other in zip(run.discriminator.parameters(), alone.discriminator.parameters(), strict=True):
            torch.testing.assert_close(p, other, rtol=0, atol=1e-12)


# ---- the slope that c dictates


def oracle_linear_critic(make, c, d):
    """f(x) = ⟨w, x⟩ with |wᵢ| ≤ c: the best w is c sign(p − q), the gap c ‖p − q‖₁, and the slope c √dimensions."""
    run = critic_between(
        d, partial(nn.Linear, len(d), 1, bias=False), steps=150, lr=0.05 * c, batch=4, constraints=(make(c),)
    )
    assert gap(run) == pytest.approx(c * d.abs().sum().item(), rel=1e-12)
    assert run.discriminator.weight.norm().item() == pytest.approx(c * len(d) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(("c", "dimensions"), [*product([0.01, 0.3, 2.0], [1, 2, 5])])
def test_a_clipped_linear_critic(c, dimensions, float64):
    oracle_linear_critic(clip, c, along(1.5, dimensions))


@pytest.mark.parametrize("fault", ["to ±2c", "to ±√c", "from above only", "shrunk to a norm of c", "to [0, c]"])
def test_mutants_of_the_linear_critic(fault, float64):
    assert_killed(lambda make: oracle_linear_critic(make, 0.3, along(1.5, 5)), MUTANTS[fault])


@pytest.mark.parametrize("c", [0.05, 0.3, 2.0])
def test_the_slope_of_a_clipped_network_grows_with_c(c, float64):
    """m rectifiers without biases, p = −q: each unit is for p or for q, and gives c · c‖p‖₁. In all m c² ‖p‖₁, so with
    two layers the slope grows as c²: nobody chose it."""
    d, m = along(1.5), 8

    def critic():
        return nn.Sequential(nn.Linear(2, m, bias=False), nn.ReLU(), nn.Linear(m, 1, bias=False))

    run = critic_between(d, critic, steps=150, lr=0.05 * c, batch=4, constraints=(clip(c),))
    assert gap(run) == pytest.approx(m * c**2 * d.abs().sum().item() / 2, rel=1e-12)


# ---- bad input


@pytest.mark.parametrize("c", [0, -0.01, float("nan"), float("inf"), "0.01", None, 1j, (0.01,)])
def test_c_must_be_positive(c):
    with pytest.raises(ValueError, match=r"c must be a positive number, such as 0\.01; given"):
        clip(c)
    with pytest.raises(ValueError, match="c must be a positive number"):
        methods.wgan((2,), c=c)
