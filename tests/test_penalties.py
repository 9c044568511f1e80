"""Gradient penalties on critics whose slopes are known. Each fault of public code is a mutant with an oracle's name."""

from dataclasses import replace
from functools import partial
from math import inf, nan

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults_of
from scipy.stats import kstest
from slopes import (
    IMAGES,
    KINDS,
    POINTS,
    HalfSquare,
    Steady,
    elsewhere,
    minibatches,
    no_slope,
    no_unit_reached,
    plain,
    rounding,
    started,
    tanh_critic,
)
from torch import nn

from gan_core import datasets, methods, training
from gan_core.course.lessons.museum import critics, store
from gan_core.pieces.lipschitz import (
    GradientPenalty,
    above_one,
    near_real,
    on_fake,
    on_real,
    on_segment,
    r1,
    r2,
    to_one,
    to_zero,
)
from gan_core.pieces.networks import mlp
from gan_core.training.replicates import Stack

shapes = st.one_of(st.tuples(st.integers(1, 6)), st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
cases = {
    "shape": shapes,
    "batch": st.integers(1, 20),
    "dtype": st.sampled_from([torch.float32, torch.float64]),
    "seed": st.integers(0, 2**31),
}


# ---- a critic as steep everywhere: the price is known for each example


def oracle_steady(make, shape=IMAGES, batch=7, dtype=torch.float64, seed=0, places=(2, 2)):
    """‖w‖ = 1, 3, ½ cost 0, 4, ¼ two-sided, 0, 4, 0 one-sided and 1, 9, ¼ for R1 and R2; times w, wherever x̂ is."""
    run, within = started(partial(Steady, shape, 1, places), shape, batch, dtype=dtype, seed=seed), rounding(dtype)
    w = run.discriminator.w.data.clone()
    for s in (1, 3, 0.5):
        run.discriminator.w.data.copy_(s * w)
        for name, (parts, price) in KINDS.items():
            found = make(10, **parts)(run, *minibatches(run), None)
            assert found.shape == ()
            assert found.item() == pytest.approx(10 * price(s), rel=within, abs=within), name


@settings(max_examples=60)
@given(**cases, places=st.sampled_from([(), (1,), (1, 2, 2), (5,)]))
def test_a_critic_as_steep_everywhere(shape, batch, dtype, seed, places):
    oracle_steady(GradientPenalty, shape, batch, dtype, seed, places)


def test_the_plain_form_agrees():
    oracle_steady(plain())


@given(gamma=st.floats(0.01, 100), s=st.floats(0, 10), every=st.integers(1, 4))
@settings(max_examples=20)
def test_r1_and_r2_are_half_gamma_times_the_square(gamma, s, every):
    run = started(partial(Steady, POINTS, s), POINTS)
    for penalty in (r1(gamma, every=every), r2(gamma, every=every)):
        assert penalty(run, *minibatches(run)).item() == pytest.approx(every * gamma / 2 * s**2, rel=1e-12, abs=1e-12)


# ---- f(x) = ½‖x‖²: the slope is where x̂ is


def oracle_half_square(make, shape=POINTS, seed=0, batch=10_000):
    """Real at +a e, fakes at −a e, e of no special direction: at x̂ = a(1 − 2t) e the slope is a|1 − 2t|, u = |1 − 2t|
    is uniform on [0, 1], and E[(au − 1)²] = a²/3 − a + 1. One-sided it is ∫ over u > 1/a, (a − 1)³/3a. To five
    standard errors of a mean over 10,000."""
    run = started(HalfSquare, shape, batch, seed=seed)
    e = torch.ones(shape) / np.prod(shape) ** 0.5
    for a in (0.5, 1.5, 4.0):
        real, fake = (a * e).expand(batch, *shape), (-a * e).expand(batch, *shape)
        u = np.linspace(0, 1, 1001)
        for cost, mean, of_u in (
            (to_one, a**2 / 3 - a + 1, (a * u - 1) ** 2),
            (above_one, max(0, a - 1) ** 3 / (3 * a), np.maximum(0, a * u - 1) ** 2),
            (to_zero, a**2 / 3, (a * u) ** 2),
        ):
            found = make(1, cost=cost)(run, real, fake, None).item()
            assert found == pytest.approx(mean, abs=5 * of_u.std() / batch**0.5 + 1e-12)
        assert make(1, at=on_real, cost=to_zero)(run, 2 * real, fake, None).item() == pytest.approx(4 * a**2, rel=1e-12)
        assert make(1, at=on_fake, cost=to_zero)(run, 2 * real, fake, None).item() == pytest.approx(a**2, rel=1e-12)


@pytest.mark.parametrize("shape", [(1,), POINTS, IMAGES])
def test_half_the_square(shape):
    oracle_half_square(GradientPenalty, shape)
    oracle_half_square(plain(), shape)


# ---- where x̂ is


def oracle_segment(at, shape=IMAGES, batch=2_000, dtype=torch.float64, seed=0):
    """x̂ = x + t (x′ − x) with one t for each example, all of them in [0, 1], different, and uniform."""
    run = started(HalfSquare, shape, batch, dtype=dtype, seed=seed)
    real, fake = minibatches(run)
    x = at(run, real, fake)
    assert (x.shape, x.dtype) == (real.shape, real.dtype)
    along = (fake - real).flatten(1)
    t = ((x - real).flatten(1) * along).sum(1) / along.square().sum(1)
    straight = torch.lerp(real, fake, t.view(-1, *len(shape) * [1]))
    torch.testing.assert_close(x, straight, rtol=rounding(dtype), atol=rounding(dtype))
    assert -rounding(dtype) <= t.min() <= t.max() <= 1 + rounding(dtype)
    if batch > 1:
        assert t.std() > 0
    if batch >= 1_000:
        assert t.unique().numel() > 0.9 * batch
        assert kstest(t.numpy(), "uniform").pvalue > 1e-4


def test_on_the_segment():
    oracle_segment(on_segment)
    oracle_segment(on_segment, POINTS, dtype=torch.float32, seed=1)


@settings(max_examples=40)
@given(**cases)
def test_on_the_segment_at_every_shape(shape, batch, dtype, seed):
    oracle_segment(on_segment, shape, batch, dtype, seed)


def mixed(weight):
    """x̂ with a mixing weight of another kind; its shape from that of the examples."""
    return lambda run, real, fake: real + weight(run.rng, real) * (fake - real)


def each(draw):
    return lambda rng, x: draw((len(x), *(1 for _ in x.shape[1:])), generator=rng)


SEGMENT_MUTANTS = {
    "mixing weight from N(0, 1)": critics.between.broken,
    "one mixing weight for each pixel": store.box.broken,
    "one mixing weight for the batch": mixed(lambda rng, x: torch.rand((), generator=rng)),
    "mixing weight fixed at 1: real examples only": on_real,
    "mixing weight fixed at 0: fakes only": on_fake,
    "mixing weight fixed at ½": mixed(lambda rng, x: 0.5),
    "mixing weight from U(−1, 1)": mixed(lambda rng, x: 2 * each(torch.rand)(rng, x) - 1),
    "mixing weight from U(0, ½)": mixed(lambda rng, x: each(torch.rand)(rng, x) / 2),
    "mixing weight squared": mixed(lambda rng, x: each(torch.rand)(rng, x) ** 2),
    "one mixing weight for each channel": mixed(lambda rng, x: torch.rand((*x.shape[:2], 1, 1), generator=rng)),
    "two weights for one": lambda run, real, fake: (
        real + each(torch.rand)(run.rng, real) * fake - each(torch.rand)(run.rng, real) * real
    ),
    "a cloud around the real ones": near_real,
}


@pytest.mark.parametrize("fault", SEGMENT_MUTANTS)
def test_mutants_of_the_mixing_weight_cost_another_price(fault):
    """½‖x‖² sees them too, in the price alone: all but the half of the segment that is the other half's mirror."""
    oracle, mutant = partial(oracle_half_square, shape=IMAGES), elsewhere({on_segment: SEGMENT_MUTANTS[fault]})
    if fault == "mixing weight from U(0, ½)":
        oracle(mutant)
    else:
        assert_killed(oracle, mutant)


def oracle_near_real(at, batch=500):
    """(x̂ − x)/(½ std x) ~ N(0, 1) in every number, none like another, std x that of each run's own minibatch."""
    torch.set_default_dtype(torch.float64)
    runs = [started(HalfSquare, IMAGES, batch, seed=seed, generator=partial(mlp, 1, IMAGES)) for seed in (0, 1)]
    runs[1].data = datasets.Examples(runs[1].data.x / 100 + 0.3)
    alone, team = runs[0].copy(), Stack(runs)
    rows = torch.linspace(0.1, 1, batch).view(-1, 1, 1, 1)  # some examples spread wider than others
    together = rows * team.real()[0]
    for run, real in ((team, together), (alone, rows * alone.real()[0][None])):
        x = at(run, real if run is team else real[0], None).view(real.shape)
        spread = real.flatten(1).std(1, correction=0).view(-1, *4 * [1])
        noise = ((x - real) / (spread / 2)).reshape(len(real), batch, -1)
        for of_one_run in noise:
            assert kstest(of_one_run.flatten().numpy(), "norm").pvalue > 1e-4
            assert of_one_run.unique().numel() == of_one_run.numel()
            assert np.abs(np.corrcoef(of_one_run.T.numpy()) - np.eye(of_one_run.shape[1])).max() < 0.25
        if run is team:
            assert abs(np.corrcoef(noise.flatten(1).numpy())[0, 1]) < 0.1


def test_near_the_real_examples():
    oracle_near_real(near_real)
    oracle_near_real(cloud())
    one = started(HalfSquare, (1,), 1)  # a single number has no spread, and that is 0, not NaN
    real, _ = minibatches(one)
    assert torch.equal(near_real(one, real, None), real)


def cloud(noise=torch.randn, spread=lambda x: x.std((-1, -2, -3, -4), keepdim=True), scale=0.5, shape=lambda s: s):
    def at(run, real, fake):
        made = run.draw(lambda rng: noise(shape(real.shape[-4:]), generator=rng))
        return real + scale * spread(real) * made

    return at


CLOUD_MUTANTS = {
    "noise from U(0, 1)": cloud(noise=torch.rand),
    "spread of all seeds at once": cloud(spread=torch.std),
    "spread of each example": cloud(spread=lambda x: x.std((-1, -2, -3), keepdim=True)),
    "variance for spread": cloud(spread=lambda x: x.var((-1, -2, -3, -4), keepdim=True)),
    "no spread": cloud(spread=lambda x: 1),
    "the factor ½ lost": cloud(scale=1),
    "one noise for all examples": cloud(shape=lambda s: (1, *s[1:])),
    "one number for each example": cloud(shape=lambda s: (s[0], 1, 1, 1)),
    "the same noise for all seeds": lambda run, real, fake: (
        real + 0.5 * real.std((-1, -2, -3, -4), keepdim=True) * torch.randn(real.shape[-4:], generator=run.rng)
    ),
}


STEADY_MUTANTS = {
    "norm over the channel axis only": plain(length=lambda g: g.norm(dim=1)),
    "norm over the last axis only": plain(length=lambda g: g.norm(dim=-1)),
    "norm over the whole batch": plain(length=lambda g: g.norm()),
    "square root dropped": plain(length=lambda g: g.flatten(1).square().sum(1)),
    "square root of the mean": plain(length=lambda g: g.flatten(1).square().mean(1).sqrt()),
    "sum of absolute values": plain(length=lambda g: g.flatten(1).abs().sum(1)),
    "one-sided": plain(price=above_one),
    "two-sided": plain(price=to_one),
    "no square": plain(price=lambda s: s - 1),
    "an absolute value for a square": plain(price=lambda s: (s - 1).abs()),
    "one-sided, the square lost": plain(price=lambda s: (s - 1).relu()),
    "the slope below one": plain(price=lambda s: (1 - s).relu().square()),
    "sum over the batch": plain(mean=torch.sum),
    "halved": lambda weight, **parts: plain()(weight / 2, **parts),
    "weight lost": lambda weight, **parts: plain()(1, **parts),
    "the batch's mean score: slopes ÷ n": plain(score=lambda logits: logits.mean()),
    "sum of an example's logits": plain(score=lambda logits: logits.sum()),
    "the first of an example's logits": plain(score=lambda logits: logits.flatten(1)[:, 0].sum()),
    "the probability's slope": plain(score=lambda logits: logits.flatten(1).mean(1).sigmoid().sum()),
}


PLACE_MUTANTS = {
    "real for fake": {on_fake: on_real},
    "fake for real": {on_real: on_fake},
    "the segment for the real ones": {on_real: on_segment},
    "fakes at both ends": {on_segment: lambda run, real, fake: on_segment(run, fake, fake)},
}


# ---- differentiable: the penalty alone reaches every weight of the critic


def oracle_reaches_the_critic(make, shape=POINTS, batch=5, seed=0):
    """∂penalty/∂θ against differences of fourth order, along three directions, and no matrix left out."""
    rng = torch.Generator().manual_seed(seed)
    for name, (parts, _) in KINDS.items():
        run = started(partial(tanh_critic, shape), shape, batch, seed=seed)
        weights = [p for p in run.discriminator.parameters() if p.ndim == 2]
        penalty, given, before = make(10, **parts), minibatches(run), run.rng.get_state()

        def price(h=0.0, run=run, weights=weights, penalty=penalty, given=given, before=before, way=None):
            run.rng.set_state(before)  # the same t and ε each time
            for p, d in zip(weights, way or [], strict=False):
                p.data.add_(h * d)
            value = penalty(run, *given, None)
            for p, d in zip(weights, way or [], strict=False):
                p.data.sub_(h * d)
            return value

        slopes = torch.autograd.grad(price(), weights)
        assert all(slope.abs().max() > 1e-6 for slope in slopes), name
        size = torch.cat([slope.flatten() for slope in slopes]).norm().item()
        for _ in range(3):
            way, h = [torch.randn(p.shape, generator=rng) for p in weights], 1e-4
            near, far = (price(s * h, way=way).item() - price(-s * h, way=way).item() for s in (1, 2))
            slope = sum((g * d).sum() for g, d in zip(slopes, way, strict=True)).item()
            assert abs(slope - (8 * near - far) / (12 * h)) <= 1e-6 * size, name


@pytest.mark.parametrize("shape", [POINTS, IMAGES])
def test_the_penalty_alone_reaches_the_critic(shape):
    oracle_reaches_the_critic(GradientPenalty, shape)
    oracle_reaches_the_critic(plain(), shape)


def test_closed_form_of_the_gradient():
    """∂(‖w‖ − 1)²/∂w = 2(‖w‖ − 1) w/‖w‖: towards the unit sphere from both sides; one-sided only from outside."""
    for s in (3, 1, 0.5):
        run = started(partial(Steady, IMAGES, s))
        w = run.discriminator.w
        for cost, pull in ((to_one, 2 * (s - 1)), (above_one, 2 * max(0, s - 1)), (to_zero, 2 * s)):
            (slope,) = torch.autograd.grad(GradientPenalty(1, cost=cost)(run, *minibatches(run)), w)
            torch.testing.assert_close(slope, pull * w.detach() / s, rtol=0, atol=1e-12)


REACH_MUTANTS = {
    "not differentiated": plain(graph=False),
    "detached": lambda weight, **parts: lambda *given: plain()(weight, **parts)(*given).detach(),
    "the slope detached": plain(length=lambda g: g.detach().flatten(1).norm(dim=1)),
    "half of the product detached": plain(length=lambda g: (g * g.detach()).flatten(1).sum(1).sqrt()),
    "a number": lambda weight, **parts: lambda *given: plain()(weight, **parts)(*given).item(),
}


# ---- the slope is zero


def oracle_zero_slope(make, critic=no_slope, shape=IMAGES, batch=7, dtype=torch.float64, seed=0):
    """At ‖∇f‖ = 0 the price is cost(0), and its first and second derivative in D's weights are numbers."""
    run = started(partial(critic, shape), shape, batch, dtype=dtype, seed=seed)
    weights = list(run.discriminator.parameters())
    for name, (parts, price) in KINDS.items():
        found = make(10, **parts)(run, *minibatches(run), None)
        assert found.item() == pytest.approx(10 * price(0)), name
        first = torch.autograd.grad(found, weights, create_graph=True, materialize_grads=True)
        assert all(slope.isfinite().all() for slope in first), name
        length = sum(slope.square().sum() for slope in first)
        if length.requires_grad:
            second = torch.autograd.grad(length + found, weights, materialize_grads=True)
            assert all(slope.isfinite().all() for slope in second), name


@settings(max_examples=30)
@given(**cases, critic=st.sampled_from([no_slope, partial(no_slope, activation=nn.LeakyReLU), no_unit_reached]))
def test_where_the_slope_is_zero(shape, batch, dtype, seed, critic):
    oracle_zero_slope(GradientPenalty, critic, shape, batch, dtype, seed)


def test_a_critic_without_a_slope_learns_one():
    """Its losses and weights stay finite, and the price brings no NaN into a step of Adam."""
    data, gan = datasets.ring(), methods.wgan_gp((2,), z=3, width=8)
    run = training.fit(replace(gan, discriminator=partial(no_slope, (2,))), data, steps=5, batch=16)
    assert np.isfinite([*run.history.values()]).all()
    assert run.discriminator[-3].weight.any()


ZERO_MUTANTS = {
    "√ of a sum of squares": plain(length=lambda g: g.flatten(1).square().sum(1).sqrt()),
    "torch's norm: NaN in the second derivative": plain(),
    "divided by the slope": plain(price=lambda s: (s - 1).square() * s / s),
    "an ε in the root, for the price of a zero": plain(length=lambda g: (g.flatten(1).square().sum(1) + 0.1).sqrt()),
}


# ---- an example does not feel the others


def oracle_each_by_itself(make, shape=IMAGES, batch=4):
    """The price of a minibatch is the mean of the prices of its examples, each asked alone, and moved ones move only
    their own part of it."""
    run = started(partial(tanh_critic, shape), shape, batch)
    one = replace(run, batch=1)
    real, fake = minibatches(run)
    for at in (on_real, on_fake):
        penalty = make(10, at=at)
        alone = torch.stack([penalty(one, real[i : i + 1], fake[i : i + 1], None) for i in range(batch)])
        torch.testing.assert_close(penalty(run, real, fake, None), alone.mean(), rtol=0, atol=1e-12)
        x = torch.cat([real[:1] + 1, real[1:]]), torch.cat([fake[:1] + 1, fake[1:]])
        change = penalty(run, *x, None) - penalty(run, real, fake, None)
        torch.testing.assert_close(
            change, (penalty(one, x[0][:1], x[1][:1], None) - alone[0]) / batch, rtol=0, atol=1e-12
        )


def test_each_example_by_itself():
    oracle_each_by_itself(GradientPenalty)
    oracle_each_by_itself(plain())


MIXING_MUTANTS = {
    "norm of the mean gradient": plain(length=lambda g: g.mean(0).norm()),
    "the mean slope": plain(length=lambda g: g.flatten(1).norm(dim=1).mean()),
    **{name: STEADY_MUTANTS[name] for name in ("norm over the whole batch", "the batch's mean score: slopes ÷ n")},
}


# ---- bad input


@pytest.mark.parametrize("weight", [0, -1, nan, inf, "10", None, 1j])
def test_the_weight_must_be_positive(weight):
    with pytest.raises(ValueError, match="weight must be a positive number, such as 10; given"):
        GradientPenalty(weight)
    with pytest.raises(ValueError, match="weight must be a positive number"):
        methods.wgan_gp((2,), weight=weight)


@pytest.mark.parametrize(("every", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (None, TypeError)])
def test_every_is_a_count(every, error):
    with pytest.raises(error, match="every must be"):
        GradientPenalty(10, every=every)
    with pytest.raises(error, match="every must be"):
        r1(10, every=every)


@pytest.mark.parametrize(("part", "given"), [("at", "segment"), ("at", 0.5), ("cost", 1), ("cost", None)])
def test_places_and_costs_are_functions(part, given):
    with pytest.raises(TypeError, match=rf"{part} must be a function of gan_core\.lipschitz; given"):
        GradientPenalty(10, **{part: given})


def test_a_penalty_is_a_value():
    assert r1(10) == GradientPenalty(5, on_real, to_zero) != r2(10)
    assert r2(10, every=4) == GradientPenalty(5, on_fake, to_zero, 4)
    assert GradientPenalty(10) == GradientPenalty(10, on_segment, to_one, 1)


@faults_of(
    {
        oracle_segment: SEGMENT_MUTANTS,
        oracle_near_real: CLOUD_MUTANTS,
        oracle_steady: STEADY_MUTANTS,
        oracle_half_square: {fault: elsewhere(mutant) for fault, mutant in PLACE_MUTANTS.items()},
        oracle_reaches_the_critic: REACH_MUTANTS,
        oracle_zero_slope: ZERO_MUTANTS,
        oracle_each_by_itself: MIXING_MUTANTS,
    }
)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
