"""Algorithm 1 of Goodfellow et al. 2014, once, for every method: the method is a value, the loop never asks which.

    gan = methods.gan(data.shape)
    run = fit(gan, data, steps=2_000, seed=0)
    run.samples(64); run.history
"""

import copy
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from gan_core import _progress
from gan_core.objectives import Objective, non_saturating

CHECK_EVERY = 100  # steps between looks for NaN: a look waits for the numbers, so not at every step

adam = partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 0.999))


@dataclass(frozen=True)
class GAN:
    """A method: its parts, each visible and replaceable with `dataclasses.replace`.

    `generator` maps z (n, z) to examples (n, *shape); `discriminator` maps examples to logits (n,) or (n, 1). Each is a
    function that builds a module, called under the run's seed, or a module of your own, copied as it stands.
    `optimizer_d` and `optimizer_g` are functions from parameters to a torch optimizer; `n_dis` is the k of Algorithm 1.
    """

    generator: Callable[[], nn.Module] | nn.Module
    discriminator: Callable[[], nn.Module] | nn.Module
    z: int
    objective: Objective = non_saturating
    optimizer_d: Callable = adam
    optimizer_g: Callable = adam
    n_dis: int = 1

    def __post_init__(self):
        for name in ("z", "n_dis"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name} must be a whole number of at least 1; given {getattr(self, name)!r}")


class DivergedError(RuntimeError):
    """A loss is no longer a finite number; the message says which, since when, and what to try."""


@dataclass
class Run:
    """A training run: the networks as they are now, the optimizers, the stream of random numbers, and the losses so far."""

    gan: GAN
    data: object
    batch: int
    generator: nn.Module
    discriminator: nn.Module
    optimizer_d: torch.optim.Optimizer
    optimizer_g: torch.optim.Optimizer
    rng: torch.Generator
    losses: list = field(default_factory=list)  # one (L_D, L_G) for each generator step

    @property
    def step(self) -> int:
        """Generator steps made so far."""
        return len(self.losses)

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The losses of every step, in nats for the cross-entropy: {"loss_d": (steps,), "loss_g": (steps,)}."""
        both = torch.tensor([], dtype=torch.float64).reshape(0, 2)
        if self.losses:
            both = torch.stack([torch.stack(pair) for pair in self.losses]).double()
        return {"loss_d": both[:, 0].numpy(), "loss_g": both[:, 1].numpy()}

    def noise(self, n: int) -> Tensor:
        """z ~ N(0, I): (n, z), from the run's own stream."""
        return torch.randn(n, self.gan.z, generator=self.rng)

    @torch.no_grad()
    def samples(self, n: int, seed: int = 0) -> Tensor:
        """G(z) for `n` draws of z: (n, *shape). The same seed gives the same z; the training stream is not touched."""
        z = torch.randn(n, self.gan.z, generator=torch.Generator().manual_seed(seed))
        was_training = self.generator.training
        fake = self.generator.eval()(z)
        self.generator.train(was_training)
        return fake


def fit(gan: GAN, data, *, steps: int, seed: int = 0, batch: int = 64, watch=None) -> Run:
    """Train `gan` on `data` for `steps` generator steps of Algorithm 1 and return the run.

    `data` has a `shape` and `sample(n, rng)` (see `datasets`). `watch(run)`, when given, is called after every step.
    The same seed gives the same run. Interrupted (Ctrl-C), it returns the run as it is; `train` goes on with it.
    Raises ValueError for steps or batch below one or networks that do not fit the data, DivergedError when a loss is not finite.
    """
    run = start(gan, data, seed=seed, batch=batch)
    return train(run, steps, watch=watch)


def start(gan: GAN, data, *, seed: int = 0, batch: int = 64) -> Run:
    """A run at step 0: networks built under `seed`, and a random stream of its own."""
    if batch < 1:
        raise ValueError(f"batch must be at least 1; given {batch}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator, discriminator = _build(gan.generator), _build(gan.discriminator)
    rng = torch.Generator().manual_seed(seed)
    run = Run(
        gan, data, batch, generator, discriminator,
        gan.optimizer_d(discriminator.parameters()), gan.optimizer_g(generator.parameters()), rng,
    )  # fmt: skip
    given = tuple(run.samples(2).shape[1:])
    if given != tuple(data.shape):
        raise ValueError(f"the generator makes examples of shape {given}; the data's have shape {tuple(data.shape)}")
    return run


def train(run: Run, steps: int, *, watch=None) -> Run:
    """Algorithm 1: `steps` times, n_dis steps of the discriminator and one of the generator. Changes and returns `run`."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1; given {steps}")
    try:
        for _ in _progress.bar(range(steps), what=f"{steps:,} training steps"):
            for _ in range(run.gan.n_dis):
                loss_d = discriminator_step(run)
            loss_g = generator_step(run)
            run.losses.append((loss_d, loss_g))
            if run.step % CHECK_EVERY == 0 or len(run.losses) == steps:
                _stop_if_diverged(run)
            if watch:
                watch(run)
    except KeyboardInterrupt:
        print(f"stopped at step {run.step:,}; training.train(run, steps) goes on from here")
    return run


def discriminator_step(run: Run) -> Tensor:
    """One step of D on a fresh minibatch of real and of fake examples; no gradient reaches G. Returns L_D."""
    real = run.data.sample(run.batch, run.rng)
    with torch.no_grad():
        fake = run.generator(run.noise(run.batch))
    loss = run.gan.objective.discriminator(run.discriminator(real), run.discriminator(fake))
    return _descend(run.optimizer_d, loss)


def generator_step(run: Run) -> Tensor:
    """One step of G on fresh noise against D as it stands; no gradient is kept for D. Returns L_G."""
    with _frozen(run.discriminator):
        fake_logits = run.discriminator(run.generator(run.noise(run.batch)))
        loss = run.gan.objective.generator(fake_logits)
        return _descend(run.optimizer_g, loss)


def _descend(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


@contextmanager
def _frozen(module):
    parameters = [p for p in module.parameters() if p.requires_grad]
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)


def _build(part):
    return copy.deepcopy(part) if isinstance(part, nn.Module) else part()


def _stop_if_diverged(run):
    for name, values in run.history.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise DivergedError(
                f"{name} is {values[bad[0]]} since step {bad[0] + 1}; try a smaller learning rate, another objective, "
                "or keep the discriminator in bounds"
            )
