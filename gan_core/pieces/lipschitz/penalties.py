"""Gradient penalties: a price on the slope s = ‖∇f(x̂)‖ of the critic f, at points x̂ that one chooses.

    L_D ← L_D + w · E[cost(s)]                 s = ‖∇_x f(x̂)‖, one number for each example

=========  ==================================  ================  =====================================================
name       where x̂ is                          cost              as a value
=========  ==================================  ================  =====================================================
WGAN-GP    x + t (x′ − x), t ~ U(0, 1)         (s − 1)²          GradientPenalty(10)
WGAN-LP    the same                            max(0, s − 1)²    GradientPenalty(10, cost=above_one)
R1         a real x                            s²                r1(γ) = GradientPenalty(γ / 2, on_real, to_zero)
R2         a fake x′                           s²                r2(γ) = GradientPenalty(γ / 2, on_fake, to_zero)
DRAGAN     near a real x                       (s − 1)²          GradientPenalty(10, near_real)
=========  ==================================  ================  =====================================================

x is real, x′ fake. Where D gives several logits an example, f is their mean, as in the losses. Sources: Gulrajani et
al. 2017, eq. 3; Petzka et al. 2018, eq. 8; Mescheder et al. 2018, eqs. 9 and 10; Kodali et al. 2017, eq. 4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import relu

from gan_core.mathematics._counts import positive, whole

# ---- where: functions (run, real, fake) -> x̂


def on_real(run, real, fake):
    """x̂ = x: the real examples themselves."""
    return real


def on_fake(run, real, fake):
    """x̂ = x′: the fakes."""
    return fake


def on_segment(run, real, fake):
    """x̂ = x + t (x′ − x), somewhere between a real and a fake example; t ~ U(0, 1), one for each pair."""
    return torch.lerp(real, fake, run.uniform())


def near_real(run, real, fake):
    """x̂ = x + ½ std(x) ε with ε ~ N(0, I) for each example: a cloud around the real ones."""
    shape = real.shape[-len(run.data.shape) - 1 :]  # of one run, also where several move as one
    noise = run.draw(lambda rng: torch.randn(shape, generator=rng, device=real.device, dtype=real.dtype))
    spread = real.std(tuple(range(-len(shape), 0)), correction=0, keepdim=True)  # as numpy has it; of one number, 0
    return real + 0.5 * spread * noise


# ---- how much: functions of the slope s ≥ 0


def to_one(s):
    """(s − 1)²: a slope of one, no more and no less ("two-sided")."""
    return (s - 1).square()


def above_one(s):
    """max(0, s − 1)²: a slope of at most one ("one-sided")."""
    return relu(s - 1).square()


def to_zero(s):
    """s²: no slope."""
    return s.square()


# ---- the price


@dataclass(frozen=True)
class GradientPenalty:
    """w · E[cost(‖∇f(x̂)‖)], differentiable in D's weights: a value for `GAN(penalties=(GradientPenalty(10),))`.

    `weight`  w > 0
    `at`      where x̂ is, a function (run, real, fake) -> x̂: `on_segment`, `on_real`, `on_fake`, `near_real`
    `cost`    of the slope, a function s -> price: `to_one`, `above_one`, `to_zero`
    `every`   only in every so many iterations, and then w · every: the same price on average, nearly for free. It is
              part of a step that is made anyway, so Adam makes as many steps as without. (StyleGAN2 makes a step of its
              own for it, k + 1 in place of k, and corrects Adam's rate η and its β by the power k/(k + 1) for that.)

    At a slope of exactly 0 the first and the second derivative of the price are 0, not NaN. Batch normalisation in the
    critic is refused when a run is started: f(x̂) would depend on the other examples too, and ‖∇f(x̂)‖ would be no slope
    of any function of one example. Raises ValueError for a weight that is not positive and for `every` below one,
    TypeError for what is not a function.
    """

    weight: float
    at: Callable = on_segment
    cost: Callable = to_one
    every: int = 1

    def __post_init__(self):
        positive("weight", self.weight, 10)
        whole("every", self.every)
        for name in ("at", "cost"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function of gan_core.lipschitz; given {getattr(self, name)!r}")

    def __call__(self, run, real, fake, y=None):
        if run.step % self.every:
            return 0.0
        x = self.at(run, real, fake.to(real.dtype))  # G may have made them in bf16
        x = x if x.requires_grad else x.detach().requires_grad_()  # unrolling asks how it depends on the fakes
        (gradient,) = torch.autograd.grad(run.score(x, y).sum(), x, create_graph=True)
        s = _length(gradient.flatten(-len(run.data.shape)))
        return self.weight * self.every * self.cost(s).mean(-1)

    def must_fit(self, run):
        """ValueError for a critic in which an example feels the others of its minibatch, and for x̂ that do."""
        if self.at is near_real and run.processes > 1:
            raise ValueError("near_real asks how far the real examples of a whole minibatch spread; use one process")
        for name, layer in run.discriminator.named_modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                raise ValueError(
                    f"a gradient penalty needs a critic without batch normalisation; layer {name} is {layer}. With it "
                    "f(x) depends on the other examples of the minibatch, and ‖∇f(x)‖ is no slope of f at x. Leave it "
                    "out, or take nn.LayerNorm, nn.GroupNorm or lipschitz.spectrally_normalised"
                )


def _length(g):
    """‖g‖ over the last axis; where it is 0 so are its derivatives, of any order. Those of a √ are infinite or NaN."""
    zero = g.detach().norm(dim=-1) == 0
    return g.masked_fill(zero[..., None], 1).norm(dim=-1).masked_fill(zero, 0)


def r1(gamma, *, every=1):
    """γ/2 E_p[‖∇f‖²], Mescheder, Geiger & Nowozin 2018: a price on D's slopes at the data."""
    return GradientPenalty(gamma / 2, on_real, to_zero, every)


def r2(gamma, *, every=1):
    """γ/2 E_q[‖∇f‖²]: the same at the fakes."""
    return GradientPenalty(gamma / 2, on_fake, to_zero, every)
