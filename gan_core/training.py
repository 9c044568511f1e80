"""Algorithm 1 of Goodfellow et al. 2014, once, for every method: the method is a value, the loop never asks which.

gan = methods.gan(data.shape)
run = fit(gan, data, steps=2_000, seed=0)
run.samples(64); run.history
"""

import copy
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from gan_core import _progress
from gan_core._counts import whole
from gan_core.objectives import Objective, non_saturating

CHECK_EVERY = 100  # steps between looks for NaN: a look waits for the numbers, so not at every step

adam = partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 0.999), fused=True)


@dataclass(frozen=True)
class GAN:
    """A method: its parts, each visible and replaceable with `dataclasses.replace`.

    `generator` maps z (n, z) to examples (n, *shape); `discriminator` maps examples to logits (n,) or (n, 1). Each is a
    function that builds a module, called under the run's seed, or a module of your own, copied as it stands.
    `optimizer_d` and `optimizer_g` are functions from parameters to a torch optimizer; `n_dis` is the k of Algorithm 1.
    Raises TypeError and ValueError for a part that cannot be what its name says.
    """

    generator: Callable[[], nn.Module] | nn.Module
    discriminator: Callable[[], nn.Module] | nn.Module
    z: int
    objective: Objective = non_saturating
    optimizer_d: Callable = adam
    optimizer_g: Callable = adam
    n_dis: int = 1

    def __post_init__(self):
        whole("z", self.z)
        whole("n_dis", self.n_dis)
        for name in ("generator", "discriminator", "optimizer_d", "optimizer_g"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a module or a function that builds it; given {getattr(self, name)!r}")
        if not (hasattr(self.objective, "discriminator") and hasattr(self.objective, "generator")):
            raise TypeError(f"objective must be a pair of losses, see gan_core.objectives; given {self.objective!r}")


class DivergedError(RuntimeError):
    """A loss is no longer a finite number; the message says which, since when, and what to try."""


@dataclass
class Run:
    """A training run: the networks as they are now, their optimizers, the random streams, the losses so far."""

    gan: GAN
    data: object
    seed: int
    batch: int
    generator: nn.Module
    discriminator: nn.Module
    optimizer_d: torch.optim.Optimizer
    optimizer_g: torch.optim.Optimizer
    rng: torch.Generator  # for minibatches and noise
    layers_rng: torch.Generator  # for what the networks draw themselves: their first weights, Dropout
    step: int = 0  # generator steps made so far
    losses: Tensor = field(default_factory=lambda: torch.zeros(CHECK_EVERY, 2, dtype=torch.float64))  # grows when full

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The losses of every step, in nats for the cross-entropy: {"loss_d": (step,), "loss_g": (step,)}.

        `loss_d` is that of the last of the n_dis discriminator steps.
        """
        both = self.losses[: self.step].numpy().copy()
        return {"loss_d": both[:, 0], "loss_g": both[:, 1]}

    def record(self, loss_d: Tensor, loss_g: Tensor) -> None:
        """Count one step and keep its losses."""
        if self.step == len(self.losses):
            self.losses = torch.cat([self.losses, torch.zeros_like(self.losses)])
        self.losses[self.step] = torch.stack((loss_d, loss_g))
        self.step += 1

    def noise(self, n: int) -> Tensor:
        """z ~ N(0, I): (n, z), from the run's own stream."""
        return torch.randn(n, self.gan.z, generator=self.rng)

    def samples(self, n: int, seed: int = 0) -> Tensor:
        """G(z) for `n` draws of z: (n, *shape). The same seed gives the same z; the training is not touched."""
        z = torch.randn(whole("n", n), self.gan.z, generator=torch.Generator().manual_seed(seed))
        with _at_rest(self.generator):
            return self.generator(z)

    def logits(self, x: Tensor) -> Tensor:
        """D's logits a(x) for examples (n, *shape): (n,), so that D(x) = σ(a(x)). The training is not touched."""
        with _at_rest(self.discriminator):
            return self.discriminator(x).reshape(len(x))

    def copy(self) -> "Run":
        """A run of its own at this very state: what is done to one leaves the other alone. The data are shared."""
        return copy.deepcopy(self, {id(self.data): self.data, id(self.gan): self.gan})


def fit(gan: GAN, data, *, steps: int, seed: int = 0, batch: int = 64, watch=None) -> Run:
    """Train `gan` on `data` for `steps` generator steps of Algorithm 1 and return the run.

    `data` has a `shape` and `sample(n, rng)` (see `datasets`). `watch(run)`, when given, is called after every step.
    The same seed gives the same run. Interrupted (Ctrl-C), it returns the run as it is; `train` goes on with it.
    Raises ValueError for steps or batch below one and for networks that do not fit the data, TypeError for data without
    `sample`, DivergedError when a loss is not finite.
    """
    return train(start(gan, data, seed=seed, batch=batch), steps, watch=watch)


def replicate(gan: GAN, data, *, steps: int, seeds: Iterable[int] = range(5), batch: int = 64, watch=None) -> list[Run]:
    """`fit` once for each seed, under one progress bar: a statement about training needs more than one run."""
    runs = [start(gan, data, seed=seed, batch=batch) for seed in seeds]
    if not runs:
        raise ValueError("seeds is empty; give at least one seed")
    return _train(runs, steps, watch)


def start(gan: GAN, data, *, seed: int = 0, batch: int = 64) -> Run:
    """A run at step 0: networks built under `seed`, and a random stream of its own. Raises as `fit` does."""
    whole("batch", batch)
    if not (hasattr(data, "shape") and hasattr(data, "sample")):
        raise TypeError(
            f"data must have a shape and sample(n, rng); given {type(data).__name__}. "
            "A tensor of examples becomes data with datasets.Examples(x)"
        )
    layers_rng = torch.Generator().manual_seed(seed)
    with _layers_draw_from(layers_rng):
        generator, discriminator = _build(gan.generator), _build(gan.discriminator)
        rng = torch.Generator().manual_seed(int(torch.randint(2**62, ())))  # not `seed`: noise is not the weights again
    run = Run(
        gan, data, seed, batch, generator, discriminator,
        gan.optimizer_d(discriminator.parameters()), gan.optimizer_g(generator.parameters()), rng, layers_rng,
    )  # fmt: skip
    _must_fit(run)
    return run


def train(run: Run, steps: int, *, watch=None) -> Run:
    """`steps` more iterations of Algorithm 1. Changes and returns `run`."""
    return _train([run], steps, watch)[0]


def iteration(run: Run) -> None:
    """One iteration of Algorithm 1: n_dis steps of the discriminator, then one of the generator."""
    with _layers_draw_from(run.layers_rng):
        for _ in range(run.gan.n_dis):
            loss_d = discriminator_step(run)
        loss_g = generator_step(run)
    run.record(loss_d, loss_g)


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
        fake = run.generator(run.noise(run.batch))
        loss = run.gan.objective.generator(run.discriminator(fake))
        return _descend(run.optimizer_g, loss)


def _descend(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _train(runs, steps, watch):
    each = f"{whole('steps', steps):,} training steps"
    what = each if len(runs) == 1 else f"{len(runs)} runs of {each}"
    try:
        for run in _progress.bar([run for run in runs for _ in range(steps)], what=what):
            iteration(run)
            if run.step % CHECK_EVERY == 0:
                _stop_if_diverged(run)
            if watch:
                watch(run)
    except KeyboardInterrupt:
        print(f"stopped at step {run.step:,}; training.train(run, steps) goes on from there")
    for run in runs:
        _stop_if_diverged(run)
    return runs


def _stop_if_diverged(run):
    """Look at the losses since the last look, and no further back."""
    since = max(run.step - CHECK_EVERY, 0)
    recent = run.losses[since : run.step].numpy()
    bad = np.argwhere(~np.isfinite(recent))
    if len(bad):
        step, which = bad[0]  # the first: what was wrong before the other loss went with it
        raise DivergedError(
            f"{('loss_d', 'loss_g')[which]} is {recent[step, which]} since step {since + step + 1}; try a smaller "
            "learning rate, another objective, or keep the discriminator in bounds"
        )


def _build(part):
    return copy.deepcopy(part) if isinstance(part, nn.Module) else part()


def _must_fit(run):
    """Raise unless G makes examples like the data's and D gives one logit for each, before a step is spent on it."""
    shape = tuple(run.data.shape)
    fake = _tried("generator", f"noise (n, {run.gan.z})", lambda: run.samples(2))
    if tuple(fake.shape[1:]) != shape:
        raise ValueError(
            f"the generator makes examples of shape {tuple(fake.shape[1:])}; the data's have shape {shape}"
        )
    real = run.data.sample(2, torch.Generator().manual_seed(0))
    _tried("discriminator", f"the data's examples of shape {shape} to one logit each", lambda: run.logits(real))


def _tried(name, job, call):
    try:
        return call()
    except RuntimeError as error:
        raise ValueError(f"the {name} does not take {job}: {error}") from error


@contextmanager
def _frozen(module):
    """Within, `module` passes gradients through and keeps none."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)


@contextmanager
def _at_rest(module):
    """Within, `module` is in eval mode and no gradient is recorded; after, each of its parts is in the mode it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, was_training in modes:
            part.training = was_training


@contextmanager
def _layers_draw_from(rng):
    """Within, what torch's layers draw by themselves comes from `rng`; torch's own stream is left as it was."""
    outside = torch.get_rng_state()
    torch.set_rng_state(rng.get_state())
    try:
        yield
    finally:
        rng.set_state(torch.get_rng_state())
        torch.set_rng_state(outside)
