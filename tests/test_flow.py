"""Flow matching against a Gaussian, whose velocity is known; the integrators by their order; the U-Net by hand."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import e, pi

import numpy as np
import pytest
import torch
from by_hand import drawn_anew, noise
from mutants import assert_killed
from scipy.integrate import quad
from torch import nn

from gan_core import methods, training
from gan_core.pieces.networks import Flow, ImageVelocity, PointVelocity, euler, midpoint
from gan_core.pieces.networks._images import SIZES
from gan_core.pieces.networks.flow import FREQUENCIES, Block, Waves
from gan_core.training.flow_matching import flow_matching
from gan_core.training.runs import Model, adam

pytestmark = pytest.mark.usefixtures("float64")

M, S = 1.5, 0.4  # the data: N(m, s²), in each number of an example


def gaussian(n, d=1, seed=1):
    return M + S * noise(n, d, seed=seed)


def along(t, x):
    """t (n,) with the axes of x."""
    return t.reshape(-1, *(1 for _ in x.shape[1:]))


class Known(nn.Module):
    """v*(x, t) = m + (t s² − (1 − t)) / ((1 − t)² + t² s²) · (x − t m), and a weight, which adds nothing at first.

    x − z and x_t = (1 − t) z + t x are both normal: their means are m and t m, their covariance t s² − (1 − t), and the
    variance of x_t is (1 − t)² + t² s². So E[x − z | x_t] is the line above, and what it leaves open has the variance
    1 + s² − (t s² − (1 − t))² / ((1 − t)² + t² s²) = s² / ((1 − t)² + t² s²).
    """

    def __init__(self, m=M, s=S):
        super().__init__()
        self.m, self.s, self.more = m, s, nn.Parameter(torch.zeros(()))

    def forward(self, x, t):
        t = along(t, x)
        slope = (t * self.s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * self.s**2)
        return self.m + slope * (x - t * self.m) + self.more


def left_open(t, s=S):
    return s**2 / ((1 - t) ** 2 + t**2 * s**2)


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_the_velocity_of_a_gaussian(t):
    """The regression of x − z on x_t, over many draws: its line and its remainder, within five standard errors."""
    n = 400_000
    x, z = gaussian(n)[:, 0], noise(n, seed=2)
    at, v = (1 - t) * z + t * x, x - z
    seen = torch.stack((torch.ones(n), at), 1)
    intercept, slope = torch.linalg.lstsq(seen, v[:, None]).solution[:, 0]
    rest = v - intercept - slope * at
    known = Known()
    offset = known(torch.zeros(1, 1), torch.tensor([t])).item()
    steepness = known(torch.ones(1, 1), torch.tensor([t])).item() - offset
    errors = torch.linalg.inv(seen.T @ seen).diagonal().mul(rest.var()).sqrt()
    assert abs(intercept.item() - offset) < 5 * errors[0]
    assert abs(slope.item() - steepness) < 5 * errors[1]
    assert rest.var().item() == pytest.approx(left_open(t), rel=5 * (2 / n) ** 0.5)


# ---- the step


def model(velocity, step=flow_matching, d=1, lr=1e-3, **more):
    return Model(lambda: Flow(velocity(), (d,)), d, step, ("early", "late"), partial(adam, lr=lr), **more)


def oracle_one_example(step):
    """Where all examples are c, the place tells the velocity: (c − x_t)/(1 − t). With it, there is no loss at all."""

    class ToC(nn.Module):
        def __init__(self):
            super().__init__()
            self.more = nn.Parameter(torch.zeros(()))

        def forward(self, x, t):
            seen.append((x.detach(), t.detach()))
            return (c - x) / (1 - t[:, None]) + self.more

    c, seen = torch.tensor([2.0, -1.0, 0.5]), []
    run = training.start(model(ToC, step, d=3, lr=0.0), c.expand(100, 3).clone(), batch=50)
    seen.clear()
    training.train(run, 40)
    assert max(np.abs(values).max() for values in run.history.values()) < 1e-16
    x, t = (torch.cat(each) for each in zip(*seen, strict=True))
    assert x.shape == (2_000, 3)
    assert len(t.unique()) == 2_000, "a time for each example, fresh in each step"
    assert t.min() >= 0
    assert t.max() < 1
    counts = torch.histc(t, 20, 0, 1)
    assert ((counts - 100).square() / 100).sum() < 45, "not U(0, 1): χ² with 19 degrees of freedom, 0.07 %"
    z = (x - t[:, None] * c) / (1 - t[:, None])
    z = z[t < 0.99]
    assert z.mean(0).abs().max() < 4 / len(z) ** 0.5
    assert (z.square().mean(0) - 1).abs().max() < 4 * (2 / len(z)) ** 0.5


def oracle_numbers(step):
    """With v*, `early` and `late` are what the place leaves open, twice its integral over each half of the time."""
    run = training.fit(model(Known, step, d=5, lr=0.0), gaussian(50_000, 5), steps=1_000, batch=64)
    for name, ends in (("early", (0, 0.5)), ("late", (0.5, 1))):
        found, expected = run.history[name], 2 * quad(left_open, *ends)[0]
        assert abs(found.mean() - expected) < 4 * found.std() / len(found) ** 0.5, name


def oracle_slope(step):
    """A step of SGD on the one weight w of v* + w goes down the slope of the mean of (v* + w − (x − z))² over all."""

    class Spied(Known):
        def forward(self, x, t):
            seen.update(x=x.detach(), t=along(t, x).detach())
            return super().forward(x, t)

    seen, c, eta = {}, 0.7, 0.1
    flow = Model(lambda: Flow(Spied(), (3,)), 3, step, flow_matching.losses, partial(torch.optim.SGD, lr=eta))
    run = training.start(flow, torch.full((64, 3), c))
    for _ in range(3):
        before = run.generator.velocity.more.item()
        training.iteration(run)
        x, t = seen["x"], seen["t"]
        error = Known()(x, t.flatten()) + before - (c - x) / (1 - t)
        after = before - eta * 2 * error.mean().item()
        assert run.generator.velocity.more.item() == pytest.approx(after, rel=1e-9)
        halves = [(2 * (error**2 * half).mean()).item() for half in (t < 0.5, t >= 0.5)]
        assert [run.history[name][-1] for name in ("early", "late")] == pytest.approx(halves, rel=1e-9)
        assert sum(halves) / 2 == pytest.approx(error.square().mean().item())


def test_the_step():
    oracle_one_example(flow_matching)
    oracle_numbers(flow_matching)
    oracle_slope(flow_matching)


def made(
    at=torch.lerp,
    target=lambda z, x: x - z,
    time=lambda t: t,
    of=lambda error: error.mean(),
    halves=lambda late: (~late, late),
    uniform=lambda run: run.uniform(),
    z=lambda run: run.noise(),
    factor=2,
):
    """The step in parts, right unless told otherwise."""

    def step(run):
        x, _ = run.real()
        noise, t = z(run).reshape(x.shape), uniform(run)
        v = run.generator.velocity(at(noise, x, t), time(t.flatten()))
        error = (v - target(noise, x)).square().flatten(1).mean(1)
        training.descend(run.optimizer_g, of(error))
        return tuple(factor * (error.detach() * half).mean() for half in halves(t.flatten() >= 0.5))

    return step


STEP_MUTANTS = {
    "t and 1 − t": made(time=lambda t: 1 - t),
    "from the example to the noise": made(at=lambda z, x, t: torch.lerp(x, z, t)),
    "target z − x": made(target=lambda z, x: z - x),
    "target x": made(target=lambda z, x: x),
    "target −z, as a diffusion model's": made(target=lambda z, x: -z),
    "time not given": made(time=torch.zeros_like),
    "on the sphere": made(at=lambda z, x, t: (1 - t**2).sqrt() * z + t * x),
    "a sum over the minibatch": made(of=torch.sum),
    "early and late changed over": made(halves=lambda late: (late, ~late)),
    "half of each": made(factor=1),
    "one time for a minibatch": made(uniform=lambda run: run.uniform()[:1].expand(run.batch, 1)),
    "early times only": made(uniform=lambda run: run.uniform() / 2),
    "t²": made(uniform=lambda run: run.uniform() ** 2),
    "uniform noise": made(z=lambda run: run.draw(lambda rng: torch.rand(run.batch, run.gan.z, generator=rng))),
    "no noise": made(z=lambda run: 0 * run.noise()),
    "a step that makes none": made(of=lambda error: 0 * error.mean()),
}


def oracle_step(step):
    oracle_slope(step)
    oracle_one_example(step)
    oracle_numbers(step)


def test_the_step_in_parts_is_right():
    oracle_step(made())


@pytest.mark.parametrize("name", STEP_MUTANTS)
def test_step_mutants(name):
    assert_killed(oracle_step, STEP_MUTANTS[name])


def test_a_minibatch_of_one_has_two_numbers():
    run = training.fit(methods.flow((2,), width=4), noise(9, 2), steps=30, batch=1)
    early, late = run.history["early"], run.history["late"]
    assert ((early == 0) != (late == 0)).all()


def oracle_learned(step):
    """A small network, taught on draws from N(m, s²), is near v* where x_t is, and its samples are like the data."""
    velocity = partial(PointVelocity, (1,), width=32, depth=2)
    run = training.fit(model(velocity, step, lr=0.01, ema=0.99), gaussian(20_000), steps=1_200, batch=256)
    t = torch.linspace(0, 1, 11).repeat_interleave(200)
    x = t[:, None] * M + ((1 - t) ** 2 + t**2 * S**2).sqrt()[:, None] * noise(len(t), 1, seed=3)
    with torch.no_grad():
        error = run.generator_ema.velocity(x, t) - Known()(x, t)
    assert error.square().mean().sqrt() < 0.2
    samples = run.samples(4_000)
    assert abs(samples.mean().item() - M) < 0.06
    assert abs(samples.std().item() - S) < 0.06


def test_a_small_network_learns_the_velocity():
    oracle_learned(flow_matching)


@pytest.mark.parametrize("name", ["t and 1 − t", "target z − x", "time not given"])
def test_learned_mutants(name):
    assert_killed(oracle_learned, STEP_MUTANTS[name])


# ---- the flow


class Growing(nn.Module):
    """v(x, t) = (1 + 2t) x, which carries z to e² z."""

    def forward(self, x, t):
        return (1 + 2 * along(t, x)) * x


def away(flow, z, end):
    """How far from `end` the flow ends, in the root mean square."""
    return (flow(z) - end).square().mean().sqrt().item()


def oracle_order(flow, step, order):
    """Half the step, half the error to the power of the order: for the flow to e² z, and for N(0, 1) to N(m, s²).

    v* carries z to m + s z, straight through the quantiles. On that way the midpoint's rule is one order better than
    it is in general: the errors of order h² of the first half are taken back in the second.
    """
    z = noise(500, 3)
    gaussian = order if step is euler else order + 1
    for velocity, end, power in ((Growing(), e**2 * z, order), (Known(), M + S * z, gaussian)):
        errors = [away(flow(velocity, (3,), steps=steps, step=step), z, end) for steps in (32, 64, 128, 256)]
        ratios = [few / many for few, many in pairwise(errors)]
        assert ratios == pytest.approx([2**power] * 3, rel=0.1)
        assert errors[-1] < 0.1


ORDERS = {"euler": (euler, 1), "midpoint": (midpoint, 2)}


@pytest.mark.parametrize("name", ORDERS)
def test_the_flow_arrives(name):
    oracle_order(Flow, *ORDERS[name])


def following(times=lambda k, steps: (k / steps, 1 / steps), begin=lambda z: z, direction=1):
    """A flow of this family, right unless told otherwise."""

    class Following(Flow):
        def forward(self, z):
            x = begin(z).reshape(len(z), *self.shape)
            for k in range(self.steps):
                x = self.step(
                    lambda x, t: direction * self.velocity(x, torch.full((len(x),), t)), x, *times(k, self.steps)
                )
            return x

    return Following


ORDER_MUTANTS = {
    "the midpoint is Euler": (Flow, euler, 2),
    "v at the beginning in the middle": (Flow, lambda v, x, t, h: x + h * v(x + h / 2 * v(x, t), t), 2),
    "a whole step to the middle": (Flow, lambda v, x, t, h: x + h * v(x + h * v(x, t), t + h / 2), 2),
    "half a step": (Flow, lambda v, x, t, h: x + h / 2 * v(x, t), 1),
    "time at the end of the step": (following(lambda k, n: ((k + 1) / n, 1 / n)), midpoint, 2),
    "the last step left out": (following(lambda k, n: (k / n, (k < n - 1) / n)), midpoint, 2),
    "from 1 to 0": (following(lambda k, n: (1 - k / n, -1 / n)), midpoint, 2),
    "against the velocity": (following(direction=-1), midpoint, 2),
    "time stands still": (following(lambda k, n: (0.0, 1 / n)), euler, 1),
    "begun elsewhere": (following(begin=torch.sigmoid), midpoint, 2),
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_plain_flow_is_right(name):
    oracle_order(following(), *ORDERS[name])


@pytest.mark.parametrize("name", ORDER_MUTANTS)
def test_order_mutants(name):
    assert_killed(lambda mutant: oracle_order(*mutant), ORDER_MUTANTS[name])


def test_the_number_of_steps_may_be_changed_and_is_not_learned():
    flow, z = Flow(Known(), (2,), steps=4), noise(50, 2)
    few = away(flow, z, M + S * z)
    flow.steps = 40
    assert away(flow, z, M + S * z) < few / 50
    assert list(flow.state_dict()) == ["velocity.more"]


def test_how_often_the_velocity_is_asked():
    """Once a step by Euler's rule, twice by the midpoint's, from 0 on and never at 1."""
    velocity, times = Known(), []
    velocity.register_forward_hook(lambda layer, given, made: times.append(given[1]))
    for step, expected in ((euler, [0, 1 / 3, 2 / 3]), (midpoint, [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])):
        times.clear()
        Flow(velocity, (2,), steps=3, step=step)(noise(5, 2))
        torch.testing.assert_close(torch.stack(times), torch.tensor(expected)[:, None].expand(-1, 5))


# ---- the networks


def silu(x):
    return x / (1 + torch.exp(-x))


def normalised(x, layer):
    """Each group of 16 channels, or all where 16 does not divide them, over the group and all places, ε = 10⁻⁵."""
    n, channels, h, w = x.shape
    groups = channels // 16 if channels % 16 == 0 else 1
    x = x.reshape(n, groups, -1)
    x = (x - x.mean(2, keepdim=True)) / (x.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
    return x.reshape(n, channels, h, w) * layer.weight[:, None, None] + layer.bias[:, None, None]


def oracle_block(block):
    for channels in (6, 16, 32):
        b = drawn_anew(block(channels, 5))
        h, time = noise(3, channels, 4, 4), noise(3, 5, seed=2)
        y = nn.functional.conv2d(silu(normalised(h, b.norm1)), b.conv1.weight, b.conv1.bias, padding=1)
        y = y + torch.einsum("nk,ck->nc", time, b.time.weight)[..., None, None] + b.time.bias[:, None, None]
        y = nn.functional.conv2d(silu(normalised(y, b.norm2)), b.conv2.weight, b.conv2.bias, padding=1)
        torch.testing.assert_close(b(h, time), h + y)


class FaultyBlock(Block):
    told, straight, bent, between = True, True, nn.functional.silu, staticmethod(lambda norm, y: norm(y))

    def forward(self, h, time):
        y = self.conv1(type(self).bent(self.norm1(h)))
        if self.told:
            y = y + self.time(time)[:, :, None, None]
        y = self.conv2(type(self).bent(self.between(self.norm2, y)))
        return h + y if self.straight else y


def faulty(**faults):
    return type("Mutant", (FaultyBlock,), faults)


class OneGroup(Block):
    def __init__(self, channels, told):
        super().__init__(channels, told)
        self.norm1, self.norm2 = nn.GroupNorm(1, channels), nn.GroupNorm(1, channels)


class Batch(Block):
    def __init__(self, channels, told):
        super().__init__(channels, told)
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)


BLOCK_MUTANTS = {
    "time not told": faulty(told=False),
    "no way around": faulty(straight=False),
    "a rectifier": faulty(bent=torch.relu),
    "not normalised between": faulty(between=staticmethod(lambda norm, y: y)),
    "one group": OneGroup,
    "batch normalisation": Batch,
}


def test_block():
    oracle_block(Block)
    oracle_block(FaultyBlock)


@pytest.mark.parametrize("name", BLOCK_MUTANTS)
def test_block_mutants(name):
    assert_killed(oracle_block, BLOCK_MUTANTS[name])


def oracle_waves(waves):
    """sin ωt and cos ωt, ω from 1 to 100 in 16 steps of one factor."""
    t = torch.tensor([0.0, 0.3, 1.0])
    omega = 100 ** (np.arange(16) / 15)
    angle = t.numpy()[:, None] * omega
    np.testing.assert_allclose(waves(16)(t), np.concatenate([np.sin(angle), np.cos(angle)], 1), atol=1e-12)


class Turned(Waves):
    def forward(self, t):
        return super().forward(2 * pi * t)


def test_waves():
    oracle_waves(Waves)
    assert_killed(oracle_waves, Turned)
    assert FREQUENCIES == 16


def oracle_unet(build):
    """Half the size, a block; the same again inside; doubled again, what was there added; a block. At first 0."""
    for size in (8, 16, 32):
        net = build((2, size, size), width=3)
        x, t = noise(4, 2, size, size), torch.tensor([0.0, 0.2, 0.7, 1.0])
        assert torch.equal(net(x, t), torch.zeros_like(x)), "not 0 at first"
        drawn_anew(net)
        time = silu(nn.functional.linear(net.time[0](t), net.time[1].weight, net.time[1].bias))

        def within(level, h):
            h = net.there[level](h, time)  # noqa: B023
            if level + 1 < len(net.there):  # noqa: B023
                h = h + net.doublings[level](within(level + 1, net.halvings[level](h)))  # noqa: B023
            return net.back[level](h, time)  # noqa: B023

        h = within(0, net.first(x))
        expected = net.last(silu(normalised(h, net.norm)))
        torch.testing.assert_close(net(x, t), expected)
        torch.testing.assert_close(net(x, t)[:2], net(x[:2], t[:2]))  # no example feels the others
        kernels = {(tuple(layer.kernel_size), layer.stride[0]) for layer in convolutions(net)}
        assert kernels == {((4, 4), 2), ((3, 3), 1)}
        inside = [block.conv1.in_channels for block in net.there]
        assert inside == [3 * 2**level for level in range(len(inside))] == [b.conv1.in_channels for b in net.back]
        assert size // 2 ** len(inside) == 4


def convolutions(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


class FaultyNet(ImageVelocity):
    joined, told = True, staticmethod(lambda t: t)

    def forward(self, x, t):
        time = self.time(self.told(t))
        h, seen = self.first(x), []
        for level, block in enumerate(self.there):
            h = block(self.halvings[level - 1](h) if level else h, time)
            seen.append(h)
        for level in reversed(range(len(self.back))):
            if level < len(self.doublings):
                h = self.doublings[level](h) + (seen[level] if self.joined else 0)
            h = self.back[level](h, time)
        return self.last(nn.functional.silu(self.norm(h)))


class Begun(ImageVelocity):
    def __init__(self, shape, *, width):
        super().__init__(shape, width=width)
        self.last.reset_parameters()


UNET_MUTANTS = {
    "nothing of what was there": type("Mutant", (FaultyNet,), {"joined": False}),
    "the same time for all": type("Mutant", (FaultyNet,), {"told": staticmethod(torch.zeros_like)}),
    "1 − t": type("Mutant", (FaultyNet,), {"told": staticmethod(lambda t: 1 - t)}),
    "torch's first weights": Begun,
    "wider": lambda shape, *, width: ImageVelocity(shape, width=2 * width),
}


def test_unet():
    oracle_unet(ImageVelocity)
    oracle_unet(FaultyNet)


@pytest.mark.parametrize("name", UNET_MUTANTS)
def test_unet_mutants(name):
    assert_killed(oracle_unet, UNET_MUTANTS[name])


def test_every_pixel_is_heard_everywhere():
    """Through 4 × 4 pixels and back: one pixel of x moves the velocity of each."""
    net = drawn_anew(ImageVelocity((1, 32, 32), width=2))
    x = noise(1, 1, 32, 32)
    other = x.clone()
    other[0, 0, 0, 0] += 1
    assert ((net(x, torch.zeros(1)) - net(other, torch.zeros(1))) != 0).all()


@pytest.mark.parametrize("size", SIZES)
def test_sizes(size):
    with torch.device("meta"):
        net = ImageVelocity((3, size, size), width=4)
        assert net(torch.zeros(2, 3, size, size), torch.zeros(2)).shape == (2, 3, size, size)


def oracle_points(build):
    """The perceptron of (x, t): three hidden layers, smooth."""
    net = drawn_anew(build((2, 3), width=5))
    x, t = noise(4, 2, 3), torch.tensor([0.0, 0.2, 0.7, 1.0])
    h = torch.cat((x.flatten(1), t[:, None]), 1)
    *hidden, (weight, bias) = zip(*[iter(net.parameters())] * 2, strict=True)
    assert [len(b) for _, b in hidden] == [5, 5, 5]
    for w, b in hidden:
        h = silu(h @ w.T + b)
    torch.testing.assert_close(net(x, t), (h @ weight.T + bias).reshape(4, 2, 3))


class Deaf(PointVelocity):
    def forward(self, x, t):
        return super().forward(x, torch.zeros_like(t))


def test_points():
    oracle_points(PointVelocity)
    assert_killed(oracle_points, Deaf)
    assert_killed(oracle_points, partial(PointVelocity, depth=2))


# ---- the method


def test_the_method():
    for shape, velocity, width in (((2,), PointVelocity, 128), ((1, 8, 8), ImageVelocity, 32)):
        flow = methods.flow(shape, steps=3)
        assert (flow.z, flow.step, flow.losses, flow.ema) == (np.prod(shape), flow_matching, ("early", "late"), None)
        made = flow.generator()
        assert str(made.velocity) == str(velocity(shape, width=width))
        assert str(methods.flow(shape, width=16).generator().velocity) == str(velocity(shape, width=16))
        assert (made.steps, made.step) == (3, midpoint)
        assert methods.flow(shape).generator().steps == 8
    run = training.start(methods.flow((2,), lr=0.02), noise(64, 2))
    assert (run.optimizer_g.defaults["lr"], run.optimizer_g.defaults["betas"]) == (0.02, (0.9, 0.999))
    images = training.start(methods.flow((1, 8, 8), width=4), noise(64, 1, 8, 8).clamp(-1, 1))
    assert images.images(9 * noise(5, 64)).abs().max() == 1, "images are cut to [−1, 1]"
    assert run.images(9 * noise(5, 2)).abs().max() > 1, "points are not"


class Scalar(nn.Module):
    """One number for each example, which would be spread over all of its numbers."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x, t):
        return self.layer(x)


class First(nn.Module):
    """A generator of one's own that makes examples of the first d numbers of z; its velocity is that of points (2,)."""

    def __init__(self, d):
        super().__init__()
        self.d, self.layer = d, nn.Linear(2, 2)

    def velocity(self, x, t):
        return self.layer(x)

    def forward(self, z):
        return z[:, : self.d]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: methods.flow((2, 2)), "shape must be that of a point"),
        (lambda: methods.flow((3, 48, 48)).generator(), r"the U-Net needs square images .*given \(3, 48, 48\)"),
        (lambda: ImageVelocity((2,)), r"the U-Net needs square images .*given \(2,\)"),
        (lambda: methods.flow((2,), steps=0).generator(), "steps must be at least 1; given 0"),
        (lambda: Flow(Known(), (2,), steps=-3), "steps must be at least 1; given -3"),
        (lambda: training.start(methods.flow((3,)), noise(64, 2)), "the generator makes examples of shape"),
        (
            lambda: training.start(replace(model(Known, d=1), z=2), noise(64, 1)),
            "the generator does not take noise",
        ),
        (
            lambda: training.start(Model(methods.gan((2,)).generator, 16, flow_matching, ("a", "b")), noise(64, 2)),
            "flow matching asks for a networks.Flow, with a velocity; the generator is Sequential",
        ),
        (
            lambda: training.start(model(Scalar, d=2), noise(64, 2)),
            r"the velocity must make \(n, \*shape\) of examples \(n, \*shape\); of \(2, 2\) it makes \(2, 1\)",
        ),
        (
            lambda: training.start(Model(partial(First, 2), 5, flow_matching, ("early", "late")), noise(64, 2)),
            r"z must be 2, noise of the data's shape \(2,\); given 5",
        ),
        (
            lambda: training.start(Model(partial(First, 3), 3, flow_matching, ("early", "late")), noise(64, 3)),
            r"the velocity does not take the data's examples of shape \(3,\): .*\(2x3 and 2x2\)",
        ),
    ],
)
def test_what_it_does_not_take(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
