"""Two point masses: p at +d/2, q at −d/2. Their earth mover's distance is δ = ‖d‖, whatever way is taken."""

import torch
from torch import nn

from gan_core import training
from gan_core.pieces.objectives import wasserstein
from gan_core.training import GAN


class Constant(nn.Module):
    """A generator that puts everything at one place."""

    def __init__(self, place):
        super().__init__()
        self.place = nn.Parameter(place)

    def forward(self, z):
        return self.place.expand(len(z), *self.place.shape)


def critic_between(d, critic, *, steps, lr=0.01, batch=32, seed=0, **parts):
    """A run whose critic has made so many steps between the masses, the last ones ever smaller; G stays at q."""
    gan = GAN(
        Constant(-d / 2), critic, z=1, objective=wasserstein,
        optimizer_d=lambda weights: torch.optim.Adam(weights, lr=lr, betas=(0.0, 0.9)), **parts,
    )  # fmt: skip
    run = training.start(gan, (d / 2).expand(batch, -1), seed=seed, batch=batch)
    for step in range(steps):
        run.optimizer_d.param_groups[0]["lr"] = lr * (1 - step / steps)
        training.discriminator_step(run)
    return run


def gap(run):
    """E_p[f] − E_q[f]."""
    q = run.generator.place.detach()
    real, fake = run.logits(torch.stack([-q, q]))
    return (real - fake).item()


def along(delta, dimensions=2):
    """A difference of length δ in no special direction."""
    d = torch.arange(1.0, dimensions + 1) * torch.tensor(-1.0).pow(torch.arange(dimensions))
    return delta * d / d.norm()
