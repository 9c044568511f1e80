"""Many seeds at once: the runs of one method under different seeds, moved on together as one run with stacked weights.

A statement about training needs several seeds, and small networks spend their time on the way to the processor, not
in it. So the weights of S runs are stacked, (S, *shape), and one call does for all. Nothing mixes: each run keeps its
own stream, its own minibatches and its own losses, and its networks are views into the stack. `training.iteration`
moves a `Stack` as it moves a `Run`, line by line the same; the parts of a method find one more axis in front.
"""

import warnings
from contextlib import contextmanager
from dataclasses import fields, replace

import torch
from torch.func import vmap

from gan_core.pieces.devices import CONVOLUTIONS
from gan_core.training._stacked import Stacked, mapped
from gan_core.training.runs import Run

NUMBER_BY_NUMBER = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop)
SMALL = 2**21  # bytes of one run's weights; beyond them, each run by itself makes better use of the processor's cache
COMMON = "step"  # of what these optimizers keep: a count, the same for all runs; the rest is shaped as the weights
OPTIMIZERS = ("optimizer_d", "optimizer_g")


class Stack(Run):
    """Runs that move as one. Whatever asks a `Run` for its networks, noise or data finds them here, S at a time."""

    def __init__(self, runs):
        first = runs[0]
        super().__init__(**{each.name: getattr(first, each.name) for each in fields(Run)})
        self._runs, self._handed_out = tuple(runs), None
        objective = first.gan.objective  # for each seed its own; training sums them, so no seed feels another's loss
        losses = {name: vmap(getattr(objective, name)) for name in ("discriminator", "generator")}
        heads = (head._replace(**{name: _each(getattr(head, name)) for name in losses}) for head in first.gan.heads)
        self.gan = replace(first.gan, objective=objective._replace(**losses), heads=tuple(heads))
        self.generator = Stacked([run.generator for run in runs])
        self.discriminator = Stacked([run.discriminator for run in runs])
        self.generator_ema = None if first.gan.ema is None else Stacked([run.generator_ema for run in runs])
        self.optimizer_d = self._optimizer("optimizer_d", self.discriminator)
        self.optimizer_g = self._optimizer("optimizer_g", self.generator)
        self.losses = torch.stack([run.losses[: run.step] for run in runs], dim=-1)  # (step, 2, S)

    @property
    def runs(self):
        return self._runs

    def real(self):
        real, y = zip(*(run.real() for run in self._runs), strict=True)
        return torch.stack(real), None if y[0] is None else torch.stack(y)

    def labels(self):
        return None if self.gan.classes is None else torch.stack([run.labels() for run in self._runs])

    def draw(self, make):
        return torch.stack([run.draw(make) for run in self._runs])

    def record(self, *losses):
        super().record(*losses)
        for run, losses in zip(self._runs, self.losses.unbind(-1), strict=True):
            run.losses, run.step = losses, self.step
        settings = [_settings(getattr(self, name)) for name in OPTIMIZERS]
        if settings != self._handed_out:  # an optimizer keeps nothing before its first step, and a schedule may act
            self._hand_out(lambda kept: kept)
            self._handed_out = settings

    def release(self):
        """Give each run its networks, its optimizers and its losses for itself; after that the stack has no runs."""
        for network in (self.generator, self.discriminator, self.generator_ema):
            if network is not None:
                network.release()
        self._hand_out(torch.clone)
        for run in self._runs:
            run.losses = run.losses.clone()
        self._runs = ()

    def _optimizer(self, name, network):
        """One optimizer for the stacked parameters that goes on where those of the runs are."""
        theirs = [getattr(run, name) for run in self._runs]
        mine = getattr(self.gan, name)(network.parameters())
        mine.param_groups[0].update(_settings(theirs[0]))
        for p, *parts in zip(_parameters(mine), *map(_parameters, theirs), strict=True):
            kept = [each.state.get(part, {}) for each, part in zip(theirs, parts, strict=True)]
            for key, first in kept[0].items():
                mine.state[p][key] = first.clone() if key == COMMON else torch.stack([each[key] for each in kept])
        return mine

    def _hand_out(self, given):
        """Let the optimizer of each run know its part of what the one for all keeps."""
        for name in OPTIMIZERS:
            mine = getattr(self, name)
            for seed, run in enumerate(self._runs):
                theirs = getattr(run, name)
                theirs.param_groups[0].update(_settings(mine))
                for p, part in zip(_parameters(mine), _parameters(theirs), strict=True):
                    kept = mine.state[p].items()
                    theirs.state[part] = {key: given(each if key == COMMON else each[seed]) for key, each in kept}


@contextmanager
def teams(runs, iteration):
    """The runs as one `Stack` where that is quicker and gives the same, else one by one. On leaving they are alone."""
    stacked = [Stack(runs)] if _quicker(runs) and _alike(runs) and _the_same(runs[:2], iteration) else runs
    try:
        yield stacked
    finally:
        for team in stacked:
            team.release()


def _each(loss):
    """A loss of a head, seed by seed: what it is given may be anything, with the seeds along the first axis."""

    def of_all(*given):
        seeds = range(len(given[0]))
        return torch.stack([loss(*(_of(seed, each) for each in given)) for seed in seeds])

    return of_all


def _of(seed, given):
    """One seed's part of a tensor, of a `Batch` of them, or of nothing."""
    if given is None or isinstance(given, torch.Tensor):
        return None if given is None else given[seed]
    return given._make(_of(seed, each) for each in given)


def _quicker(runs):
    """As measured by `benchmarks.bench_replicates`: small, without convolutions, and more than a few if mapped."""
    if len(runs[0].networks) < 2:
        return False
    networks = (runs[0].generator, runs[0].discriminator)
    size = sum(p.nbytes for network in networks for p in network.parameters())
    convolutions = any(isinstance(layer, CONVOLUTIONS) for network in networks for layer in network.modules())
    return len(runs) >= (4 if any(map(mapped, networks)) else 2) and size <= SMALL and not convolutions


def _alike(runs):
    """One method and step, and optimizers that treat each number by itself."""
    first = runs[0]
    return all(
        (run.gan, run.step, run.batch, run.place) == (first.gan, first.step, first.batch, first.place)
        and _stackable(run.optimizer_d, run.discriminator, first.optimizer_d)
        and _stackable(run.optimizer_g, run.generator, first.optimizer_g)
        for run in runs
    )


def _stackable(optimizer, network, first):
    """Whether `optimizer` treats each number of `network` by itself, all alike, and as `first` does."""
    in_order = list(map(id, _parameters(optimizer))) == list(map(id, network.parameters()))
    return type(optimizer) in NUMBER_BY_NUMBER and in_order and _settings(optimizer) == _settings(first)


def _the_same(runs, iteration):
    """Whether two iterations, tried on copies, give the losses together that they give alone.

    For a part of a method may be anything: a layer that draws, a penalty that means over all seeds, code that cannot be
    mapped. What raises or warns here is not stacked; if something is wrong with it, the runs alone will say so.
    """
    try:
        alone, together = [run.copy() for run in runs], Stack([run.copy() for run in runs])
        with warnings.catch_warnings(action="error", category=UserWarning):
            for team in 2 * (*alone, together):
                iteration(team)
    except Exception:
        return False
    made = slice(together.step - 2, together.step)
    expected = torch.stack([run.losses[made] for run in alone], dim=-1)
    rounding = torch.finfo(expected.dtype).eps ** 0.5
    return torch.allclose(together.losses[made], expected, rtol=rounding, atol=rounding, equal_nan=True)


def _parameters(optimizer):
    return optimizer.param_groups[0]["params"] if len(optimizer.param_groups) == 1 else []


def _settings(optimizer):
    """The learning rate and whatever else the optimizer of one group is set to."""
    return {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
