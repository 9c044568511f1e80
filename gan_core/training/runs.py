"""A method as a value, and a training run: what `training` moves."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from gan_core import checkpoints
from gan_core.mathematics._counts import whole
from gan_core.pieces._modes import at_rest
from gan_core.pieces.devices import Place
from gan_core.pieces.heads import Head
from gan_core.pieces.objectives import Objective, non_saturating
from gan_core.training.algorithm import Batch, algorithm_1

adam = partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 0.999), fused=True)


def as_it_stands(run, fake):
    """The opponent in most methods: the run itself, whose D is as it is now."""
    return run


def unchanged(run):
    """The schedule of most methods: no part changes with time."""


@dataclass(frozen=True)
class GAN:
    """A method: its parts, each visible and replaceable with `dataclasses.replace`.

    `generator` maps z (n, z) to examples (n, *shape); `discriminator` maps examples to logits, one each, (n,) or
    (n, 1), or any number, (n, …), such as one for each patch of an image; with `heads`, to (logits, further outputs …).
    Each is a function that builds a module, called under the run's seed, or a module of your own, copied as it stands.
    `optimizer_d` and `optimizer_g` are functions from parameters to a torch optimizer; `n_dis` is the k of Algorithm 1.

    What some methods add, each a value too:
    `penalties`    functions (run, real, fake, y) -> what is added to L_D, averaged over the last axis: one number
                   (a part of these and of the constraints may have `must_fit(run)`, asked before the first step)
    `constraints`  functions of the discriminator, called after each of its steps: clipping
    `heads`        further tasks of D, one for each further output of its forward pass: see `gan_core.heads`
    `opponent`     a function (run, fake) -> the run whose D judges the `Batch` of fakes: this one, or one looking ahead
    `schedule`     a function of the run, called before each iteration: growth, a learning rate that falls
    `ema`          β of the generator's moving average, θ̄ ← β θ̄ + (1 − β) θ; its samples are then the run's samples
    `classes`      how many there are, for networks that are told them: G(z, y), D(x, y)
    `step`         a function of the run that moves both networks and returns (L_D, L_G): `algorithm_1`

    Raises TypeError and ValueError for a part that cannot be what its name says.
    """

    generator: Callable[..., nn.Module] | nn.Module
    discriminator: Callable[..., nn.Module] | nn.Module
    z: int
    objective: Objective = non_saturating
    optimizer_d: Callable = adam
    optimizer_g: Callable = adam
    n_dis: int = 1
    penalties: tuple[Callable, ...] = ()
    constraints: tuple[Callable, ...] = ()
    heads: tuple[Head, ...] = ()
    opponent: Callable = as_it_stands
    schedule: Callable = unchanged
    ema: float | None = None
    classes: int | None = None
    step: Callable = algorithm_1

    losses: ClassVar = ("loss_d", "loss_g")

    def __post_init__(self):
        _must_be_a_method(self)
        whole("n_dis", self.n_dis)
        _must_be_functions(self, "discriminator", "optimizer_d", "opponent")
        if not isinstance(self.heads, tuple) or hasattr(self.heads, "discriminator"):
            raise TypeError(f"heads must be a tuple of gan_core.heads.Head, such as (head,); given {self.heads!r}")
        for name in ("penalties", "constraints"):
            given = getattr(self, name)
            if not isinstance(given, tuple) or not all(map(callable, given)):
                raise TypeError(f"{name} must be a tuple of functions, such as (f,); given {given!r}")
        if not (hasattr(self.objective, "discriminator") and hasattr(self.objective, "generator")):
            raise TypeError(f"objective must be a pair of losses, see gan_core.objectives; given {self.objective!r}")
        for head in self.heads:
            if not (hasattr(head, "discriminator") and hasattr(head, "generator")):
                raise TypeError(f"heads must be of gan_core.heads.Head, such as (classification,); given {head!r}")


@dataclass(frozen=True)
class Model:
    """A method that is no game: one network that makes examples, and a step of its own.

    `generator` maps z (n, z) to examples (n, *shape), as a GAN's; what else the network can do is the step's affair.
    `step` is a function of the run that moves it, see `algorithm.descend`, and returns two numbers; `losses` are their
    names in the run's history. `optimizer_g`, `schedule`, `ema` and `classes` are as in `GAN`.
    Raises TypeError and ValueError as `GAN` does.
    """

    generator: Callable[..., nn.Module] | nn.Module
    z: int
    step: Callable
    losses: tuple[str, str]
    optimizer_g: Callable = adam
    schedule: Callable = unchanged
    ema: float | None = None
    classes: int | None = None

    discriminator: ClassVar = None  # and nothing of what goes with one
    penalties: ClassVar = ()
    constraints: ClassVar = ()

    def __post_init__(self):
        _must_be_a_method(self)
        names = self.losses if isinstance(self.losses, tuple) else ()
        if [isinstance(name, str) for name in names] != [True, True] or len(set(names)) != 2:
            raise TypeError(f"losses must be two names, such as ('reconstruction', 'kl'); given {self.losses!r}")


def _must_be_a_method(method):
    """What holds for the parts that a `GAN` and a `Model` have in common."""
    whole("z", method.z)
    if method.classes is not None:
        whole("classes", method.classes)
    if method.ema is not None and not 0 <= method.ema < 1:
        raise ValueError(f"ema must be None or at least 0 and below 1, such as 0.999; given {method.ema}")
    _must_be_functions(method, "generator", "optimizer_g", "schedule", "step")


def _must_be_functions(method, *names):
    for name in names:
        if not callable(getattr(method, name)):
            kind = "a module or a function that builds it" if name.endswith("ator") else "a function"
            raise TypeError(f"{name} must be {kind}; given {getattr(method, name)!r}")


@dataclass(eq=False)
class Run:
    """A training run: the networks as they are now, their optimizers, the random streams, the losses so far.

    The networks live on `place.device`; what `samples` and `logits` give is on the CPU.
    """

    gan: GAN | Model
    data: object
    seed: int
    batch: int
    place: Place
    generator: nn.Module
    discriminator: nn.Module | None  # a `Model` has none
    generator_ema: nn.Module | None  # the moving average of the generator, where the method has one
    optimizer_d: torch.optim.Optimizer | None
    optimizer_g: torch.optim.Optimizer
    rng: torch.Generator  # for minibatches and noise
    layers_rng: torch.Generator  # for what the networks draw themselves: their first weights, Dropout
    step: int = 0  # generator steps made so far
    losses: Tensor = field(default_factory=lambda: torch.zeros(0, 2))  # of every step; longer than that when it grows

    processes: ClassVar[int] = 1  # that move this run together, see `gan_core.processes`
    leads: ClassVar[bool] = True  # whether this process is the one of them that writes, shows and says things

    # what Algorithm 1 asks for

    def real(self):
        """A fresh minibatch (batch, *shape), and its labels (batch,) where the networks are told them, else None."""
        if self.gan.classes is None:
            return self.data.sample(self.batch, self.rng), None
        return self.data.labelled(self.batch, self.rng)

    def labels(self):
        """Fresh labels for a minibatch of fakes, as often as in the data, or None."""
        return None if self.gan.classes is None else self.data.labels(self.batch, self.rng)

    def partners(self):
        """What a minibatch of fakes meets in G's step: real examples or None, and labels for both or None.

        Where an objective compares a fake with a real example and both have labels, they have the same, as in D's step.
        """
        paired = self.gan.objective.paired and self.gan.classes is not None
        return self.real() if paired else (None, self.labels())

    def draw(self, make):
        """make(rng) with the run's own stream: whatever a part of the method draws, (batch, …) or one number.

        Where several processes make one run, each draws for all `batch` examples and is given the rows of its own.
        """
        return make(self.rng)

    def noise(self):
        """z ~ N(0, I): (batch, z), from the run's own stream."""
        return self.draw(lambda rng: torch.randn(self.batch, self.gan.z, generator=rng, device=self.place.device))

    def uniform(self):
        """t ~ U(0, 1), one for each example of a minibatch, with as many axes as these: (batch, 1, …)."""
        each = (self.batch, *(1 for _ in self.data.shape))
        return self.draw(lambda rng: torch.rand(each, generator=rng, device=self.place.device))

    def ask(self, network, question):
        """question(network): what a step wants of a network goes through here, in the precision of the place.

        In `processes` this is where the gradients meet.
        """
        with self.place.precision():
            return question(network)

    def G(self, z, y=None):
        """The generator in training: examples (n, *shape)."""
        return self.ask(self.generator, lambda G: G(z) if y is None else G(z, y))

    def D(self, x, y=None):
        """The discriminator in training: logits (n,) or (n, …), in full precision."""
        return self.look(Batch(x, y))[0]

    def look(self, batch):
        """One forward pass of D in training, in full precision: (logits, further outputs …), one for each head."""
        seen = self.ask(self.discriminator, lambda D: D(batch.x) if batch.y is None else D(batch.x, batch.y))
        return tuple(each.float() if each.dtype == torch.bfloat16 else each for each in _all(seen))

    def score(self, x, y=None):
        """f(x), the mean of the logits that D gives an example, in training: (n,)."""
        return self.D(x, y).reshape(*x.shape[: x.ndim - len(self.data.shape)], -1).mean(-1)

    def average(self):
        """θ̄ ← β θ̄ + (1 − β) θ for weights; what BatchNorm keeps is copied, since it is an average already."""
        if self.generator_ema is None:
            return
        with torch.no_grad():
            weights = list(self.generator_ema.parameters()), list(self.generator.parameters())
            torch._foreach_lerp_(*weights, 1 - self.gan.ema)
            for mean, now in zip(self.generator_ema.buffers(), self.generator.buffers(), strict=True):
                mean.copy_(now)

    def record(self, *losses):
        """Count one step and keep its two losses, on the device: nothing waits for them.

        Raises ValueError unless they are two tensors.
        """
        if [isinstance(loss, Tensor) for loss in losses] != [True, True]:
            raise ValueError(f"a step returns two tensors, {' and '.join(self.gan.losses)}; given {losses!r}")
        if self.step == len(self.losses):
            self.losses = torch.cat([self.losses, self.losses.new_zeros(self.step + 100, *self.losses.shape[1:])])
        self.losses[self.step] = torch.stack(losses)
        self.step += 1

    @property
    def networks(self):
        """The networks that are trained, by name."""
        both = {"generator": self.generator, "discriminator": self.discriminator}
        return {name: network for name, network in both.items() if network is not None}

    @property
    def runs(self):
        """The runs that an iteration moves on: this one."""
        return (self,)

    def release(self):
        """See `replicates.Stack`; one run holds nothing back."""

    @property
    def undivided(self):
        """The run that this is one process's part of, see `processes.Process`: itself."""
        return self

    def agree(self, stop):
        """Whether any of the processes that move this run is to stop: all of them stop at the same step."""
        return stop

    # what people ask for

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The losses of every step, in nats for the cross-entropy: {"loss_d": (step,), "loss_g": (step,)}.

        `loss_d` is that of the last of the n_dis discriminator steps. A `Model` has names of its own for its two.
        """
        both = self.losses[: self.step].cpu().numpy().copy()
        return dict(zip(self.gan.losses, both.T, strict=True))

    def samples(self, n, seed=0, y=None):
        """G(z) for `n` draws of z: (n, *shape). The same seed gives the same z; the training is not touched.

        Of the moving average where the method has one. `y` (n,) are the labels where the networks are told them; left
        out, they are 0, 1, 2 … over and over.
        """
        z = torch.randn(whole("n", n), self.gan.z, generator=torch.Generator().manual_seed(seed))
        if self.gan.classes is not None and y is None:
            y = torch.arange(n) % self.gan.classes
        return self.images(z, y)

    def images(self, z, y=None):
        """G(z) for z (n, z) of your own, in eval mode: (n, *shape); `y` (n,) are the labels where there are classes.

        Raises ValueError for z of another length and for labels that are not n whole numbers below `classes`.
        """
        if z.ndim != 2 or z.shape[1] != self.gan.z:
            raise ValueError(f"z must be (n, {self.gan.z}) for this method; given {tuple(z.shape)}")
        generator = self.generator if self.generator_ema is None else self.generator_ema
        return self._at_rest(generator, z, self._told(len(z), y))[0]

    def logits(self, x, y=None):
        """D's logits a(x) for examples (n, *shape): (n,), so that D(x) = σ(a(x)). The training is not touched.

        Where D gives several an example they come as it gives them, (n, …). `y` as for `images`; raises ValueError as
        it does, and for a method without a discriminator.
        """
        logits = self.outputs(x, y)[0]
        return logits.reshape(len(x)) if logits.numel() == len(x) else logits

    def outputs(self, x, y=None):
        """All that D says of examples, in eval mode: (logits, further outputs …), (n, …) each. Asked as `logits`."""
        if self.discriminator is None:
            raise ValueError("this method has no discriminator")
        return self._at_rest(self.discriminator, x, self._told(len(x), y))

    def copy(self) -> "Run":
        """A run of its own at this very state: what is done to one leaves the other alone. The examples are shared."""
        other = copy.deepcopy(self, {id(self.data): self.data, id(self.gan): self.gan})
        if hasattr(self.data, "state_dict"):  # a stream: each its own, both at the same place
            other.data = self.data.to(self.place.device)
            other.data.load_state_dict(self.data.state_dict())
        return other

    def save(self, path):
        """Write a checkpoint to `path`, whole or not at all; `resume` reads it. Raises OSError if it cannot."""
        checkpoints.write(path, checkpoints.state(self))

    def _told(self, n, y):
        """`y` as the networks are told it, or None; ValueError unless it is a label for each of n examples."""
        classes = self.gan.classes
        if classes is None and y is not None:
            raise ValueError("the networks of this method are told no labels; leave y out")
        if classes is None:
            return None
        y = torch.empty(0) if y is None else torch.as_tensor(y)
        if y.shape != (n,) or y.is_floating_point() or (n and not 0 <= y.min() <= y.max() < classes):
            given = f"values {y.unique().tolist()[:20]}" if y.shape == (n,) else f"shape {tuple(y.shape)}"
            raise ValueError(f"y must be {n} labels, whole numbers from 0 to {classes - 1}; given {given}")
        return y.long()

    def _at_rest(self, network, *given):
        given = [each.to(self.place.device) for each in given if each is not None]
        with at_rest(network):
            made = [_all(network(*some)) for some in zip(*(each.split(1024) for each in given), strict=True)]
        parts = (torch.cat([torch.atleast_1d(each.cpu()) for each in part]) for part in zip(*made, strict=True))
        return tuple(parts)  # at least of one axis: a network that squeezes makes a scalar of one example


def _all(seen):
    """What a network gives, as a tuple: its one output, or all of them."""
    return tuple(seen) if isinstance(seen, tuple | list) else (seen,)
