"""Algorithm 1 of Goodfellow et al. 2014, the step of every GAN here: n_dis times D, then once G.

What a method adds enters as parts of its value: penalties, constraints, heads, an opponent that looks ahead. A step is
a function of the run that moves its networks and returns the two numbers to record; `GAN(step=…)` and `Model(step=…)`
take one of your own.
"""

from contextlib import contextmanager

import torch
from torch import Tensor

from gan_core.training._batch import Batch


def algorithm_1(run):
    """n_dis steps of the discriminator, then one of the generator. Returns L_D, of the last of them, and L_G."""
    for _ in range(run.gan.n_dis):
        loss_d = discriminator_step(run)
    return loss_d, generator_step(run)


def discriminator_step(run) -> Tensor:
    """One step of D on a fresh minibatch of real and of fake examples; no gradient reaches G. Returns L_D."""
    real, z = Batch(*run.real()), run.noise()
    with torch.no_grad():
        fake = Batch(run.G(z, real.y), real.y, z)
    loss = descend(run.optimizer_d, discriminator_loss(run, real, fake))
    for constrain in run.gan.constraints:
        constrain(run.discriminator)
    return loss


def discriminator_loss(run, real, fake) -> Tensor:
    """L_D of two minibatches, with the method's heads and penalties; penalties are told the real labels."""
    real, fake = Batch(*real), Batch(*fake)
    (on_real, *more_on_real), (on_fake, *more_on_fake) = run.look(real), run.look(fake)
    loss = run.gan.objective.discriminator(on_real, on_fake)
    for head, of_real, of_fake in zip(run.gan.heads, more_on_real, more_on_fake, strict=True):
        loss = loss + head.discriminator(of_real, of_fake, real, fake)
    for penalty in run.gan.penalties:
        loss = loss + penalty(run, real.x, fake.x, real.y)
    return loss


def generator_step(run) -> Tensor:
    """One step of G on fresh noise against its opponent, D as it stands; no gradient is kept for D. Returns L_G."""
    (real, y), z = run.partners(), run.noise()
    with frozen(run.discriminator):
        fake = Batch(run.G(z, y), y, z)
        return descend(run.optimizer_g, generator_loss(run.gan.opponent(run, fake), fake, real))


def generator_loss(run, fake, real=None) -> Tensor:
    """L_G of a minibatch of fakes, with the method's heads; a paired objective sees `real`, of their labels, or any."""
    on_fake, *more_on_fake = run.look(fake)
    on_real = [run.D(*(run.real() if real is None else (real, fake.y)))] if run.gan.objective.paired else ()
    loss = run.gan.objective.generator(on_fake, *on_real)
    for head, of_fake in zip(run.gan.heads, more_on_fake, strict=True):
        loss = loss + head.generator(of_fake, fake)
    return loss


def descend(optimizer, loss) -> Tensor:
    """One step of the optimizer down the loss, with gradients for its own weights only. Returns the loss, detached."""
    weights = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    optimizer.zero_grad()
    loss.sum().backward(inputs=weights)  # a sum over one number, or over the seeds that move as one
    optimizer.step()
    return loss.detach()


def trainable(network):
    """The weights that a step is to change: a user's network may hold others, taught before and kept."""
    return [p for p in network.parameters() if p.requires_grad]


@contextmanager
def frozen(module):
    """Within, `module` passes gradients through and keeps none."""
    parameters = trainable(module)
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)
