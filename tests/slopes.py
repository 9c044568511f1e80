"""Critics whose slopes are known, runs that hold one, and the price on slopes in a plainer form."""

from functools import partial

import torch
from torch import nn

from gan_core import training
from gan_core.pieces.lipschitz import (
    GradientPenalty,
    above_one,
    near_real,
    on_fake,
    on_real,
    on_segment,
    to_one,
    to_zero,
)
from gan_core.pieces.networks import mlp
from gan_core.training import GAN

POINTS, IMAGES = (3,), (2, 3, 4)
KINDS = {  # where x̂ is and what a slope costs, for the penalty; and the price of a slope of s
    "WGAN-GP": ({}, lambda s: (s - 1) ** 2),
    "WGAN-LP": ({"cost": above_one}, lambda s: max(0, s - 1) ** 2),
    "R1": ({"at": on_real, "cost": to_zero}, lambda s: s**2),
    "R2": ({"at": on_fake, "cost": to_zero}, lambda s: s**2),
    "DRAGAN": ({"at": near_real}, lambda s: (s - 1) ** 2),
}


def started(critic, shape=IMAGES, batch=7, *, dtype=torch.float64, seed=0, data=None, **parts):
    """A run with this critic, which is all that a penalty asks for."""
    torch.set_default_dtype(dtype)
    generator = parts.pop("generator", partial(mlp, 1, shape, width=1, depth=0))
    data = 2 * torch.rand(batch, *shape, generator=torch.Generator().manual_seed(seed)) - 1 if data is None else data
    return training.start(GAN(generator, critic, z=1, **parts), data, seed=seed % 1000, batch=batch)


def minibatches(run):
    """Real examples and fakes that lie elsewhere and far apart."""
    shape, rng = (run.batch, *run.data.shape), torch.Generator().manual_seed(run.seed)
    return torch.randn(shape, generator=rng), 3 * torch.randn(shape, generator=rng) + 1


def rounding(dtype):
    return 1e-4 if dtype == torch.float32 else 1e-11


def axes(x):
    return tuple(range(1, x.ndim))


class Steady(nn.Module):
    """A critic as steep everywhere: its logits, of shape `places`, are in the mean f(x) = ⟨w, x⟩ with ‖w‖ = s."""

    def __init__(self, shape, s, places=()):
        super().__init__()
        w = torch.randn(shape) + 0.1
        self.w = nn.Parameter(s * w / w.norm())
        self.parts = torch.randn(places)
        self.parts += 1 - self.parts.mean()

    def forward(self, x):
        f = (self.w * x).sum(axes(x))
        return f.view(-1, *self.parts.ndim * [1]) * self.parts


class HalfSquare(nn.Module):
    """f(x) = ½‖x‖² + b, so ∇f(x) = x."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return x.square().sum(axes(x)) / 2 + self.bias


def tanh_critic(shape, steep=40.0):
    """A smooth critic that is steep enough for all prices, and one number an example."""
    network = mlp(shape, 1, width=6, depth=2, activation=nn.Tanh)
    with torch.no_grad():
        network[-3].weight.mul_(steep)
    return network


def no_slope(shape, activation=nn.Tanh):
    """A critic whose last layer begins at zero."""
    network = mlp(shape, 1, width=5, activation=activation)
    nn.init.zeros_(network[-3].weight)
    return network


def no_unit_reached(shape):
    """A critic whose rectifiers all stay shut."""
    network = mlp(shape, 1, width=5)
    nn.init.constant_(network[1].bias, -1e4)
    return network


def plain(
    length=lambda g: g.flatten(1).norm(dim=1), score=lambda logits: logits.flatten(1).mean(1).sum(),
    mean=torch.mean, due=lambda step, every: step % every == 0, factor=lambda every: every, told=lambda y: y,
    place=None, price=None, leaf=lambda x: x if x.requires_grad else x.detach().requires_grad_(), graph=True,
):  # fmt: skip
    """`GradientPenalty` in another, plainer form, for one run, right unless told otherwise: for mutants."""

    def make(weight, at=on_segment, cost=to_one, every=1):
        def penalty(run, real, fake, y=None):
            if not due(run.step, every):
                return 0.0
            x = leaf((place or at)(run, real, fake))
            logits = run.D(x, told(y))
            f = score(logits if logits.ndim > 1 else logits[:, None])
            (gradient,) = torch.autograd.grad(f, x, create_graph=graph)
            return weight * factor(every) * mean((price or cost)(length(gradient)))

        return penalty

    return make


def elsewhere(places):
    """Ours with some places taken for others: {asked for: taken}."""
    return lambda weight, at=on_segment, **parts: GradientPenalty(weight, places.get(at, at), **parts)
