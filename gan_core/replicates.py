"""Many seeds at once: the runs of one method under different seeds, moved on together as one run with stacked weights.

A statement about training needs several seeds, and small networks spend their time on the way to the processor, not
in it. So the weights of S runs are stacked, (S, *shape), and `torch.func.vmap` maps the network over the first axis:
one call does for all. Nothing mixes: each run keeps its own stream, its own minibatches and its own losses, and its
networks are views into the stack. `training.iteration` moves a `Stack` as it moves a `Run`, line by line the same.
"""

from contextlib import contextmanager
from dataclasses import fields, replace

import torch
from torch import nn
from torch.func import functional_call, vmap

from gan_core.devices import CONVOLUTIONS
from gan_core.runs import Run

ENTRY_BY_ENTRY = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop)  # optimizers that are
DRAWING = (nn.modules.dropout._DropoutNd, nn.RReLU)  # layers with draws of their own


class Stacked(nn.Module):
    """S networks of the same layers as one: inputs (S, n, …) -> outputs (S, n, …).

    Its parameters and buffers are those of `networks`, stacked; those of `networks` become views into them.
    """

    def __init__(self, networks):
        super().__init__()
        self.networks = tuple(networks)  # a tuple: their parameters are not this module's own a second time
        self.names = [name for name, _ in networks[0].named_parameters()]
        self.stack = nn.ParameterList(map(_stacked_weights, self._of("parameters")))
        self.kept = dict(zip(dict(networks[0].named_buffers()), map(torch.stack, self._of("buffers")), strict=True))
        self._hand_out(lambda whole, seed: whole[seed])

    def forward(self, *inputs):
        weights = dict(zip(self.names, self.stack, strict=True))
        return vmap(self._one)((weights, self.kept), *inputs)

    def release(self):
        """Give each network its numbers for itself."""
        self._hand_out(lambda whole, seed: whole[seed].clone())

    def buffers(self, recurse=True):
        return iter(self.kept.values())

    def _one(self, numbers, *inputs):
        return functional_call(self.networks[0], numbers, inputs)

    def _of(self, kind):
        """For each parameter or buffer of the networks: its S tensors."""
        each = [[tensor.data for tensor in getattr(network, kind)()] for network in self.networks]
        return [list(same) for same in zip(*each, strict=True)]

    def _hand_out(self, part):
        for seed, network in enumerate(self.networks):
            for mine, whole in zip(network.parameters(), self.stack, strict=True):
                mine.data = part(whole.data, seed)
            for mine, whole in zip(network.buffers(), self.kept.values(), strict=True):
                mine.data = part(whole, seed)


def _stacked_weights(tensors):
    """(S, …), with matrices (S, out, in) column by column in memory: the layout in which products and gradients come."""
    stack = torch.stack(tensors)
    return stack.mT.contiguous().mT if stack.ndim == 3 else stack


class Stack(Run):
    """Runs that move as one. Whatever asks a `Run` for its networks, noise or data finds them here, S at a time."""

    def __init__(self, runs):
        first = runs[0]
        super().__init__(**{each.name: getattr(first, each.name) for each in fields(Run)})
        self._runs, self._shared = tuple(runs), False
        objective = first.gan.objective  # a mean over the last axis, a sum over the seeds: no seed feels another's loss
        self.gan = replace(
            first.gan,
            objective=objective._replace(
                discriminator=vmap(objective.discriminator), generator=vmap(objective.generator)
            ),
        )
        self.generator = Stacked([run.generator for run in runs])
        self.discriminator = Stacked([run.discriminator for run in runs])
        self.generator_ema = None if first.gan.ema is None else Stacked([run.generator_ema for run in runs])
        self.optimizer_d = self._optimizer("optimizer_d", self.discriminator)
        self.optimizer_g = self._optimizer("optimizer_g", self.generator)

    @property
    def runs(self):
        return self._runs

    def real(self):
        minibatches = [run.real() for run in self._runs]
        real, y = zip(*minibatches, strict=True)
        return torch.stack(real), None if y[0] is None else torch.stack(y)

    def labels(self):
        return None if self.gan.classes is None else torch.stack([run.labels() for run in self._runs])

    def noise(self):
        return torch.stack([run.noise() for run in self._runs])

    def record(self, loss_d, loss_g):
        for run, *losses in zip(self._runs, loss_d, loss_g, strict=True):
            run.record(*losses)
        self.step += 1
        if not self._shared:  # an optimizer keeps nothing before its first step
            self._hand_out(lambda whole, seed: whole[seed])
            self._shared = True

    def release(self):
        """Give each run its networks and its optimizers for itself."""
        for network in (self.generator, self.discriminator, self.generator_ema):
            if network is not None:
                network.release()
        self._hand_out(lambda whole, seed: whole[seed].clone())

    def _optimizer(self, name, network):
        """One optimizer for the stacked parameters that goes on where those of the runs are."""
        theirs = [getattr(run, name) for run in self._runs]
        mine = getattr(self.gan, name)(network.parameters())
        mine.param_groups[0].update({k: v for k, v in theirs[0].param_groups[0].items() if k != "params"})
        for place, p in enumerate(network.parameters()):
            kept = [each.state.get(each.param_groups[0]["params"][place], {}) for each in theirs]
            mine.state[p] = {
                key: torch.stack([each[key] for each in kept]) if kept[0][key].ndim else kept[0][key].clone()
                for key in kept[0]
            }
        return mine

    def _hand_out(self, part):
        """Let the optimizer of each run know its part of what the one for all keeps; a count of steps is common."""
        for name in ("optimizer_d", "optimizer_g"):
            mine = getattr(self, name)
            for seed, run in enumerate(self._runs):
                theirs = getattr(run, name)
                for p, q in zip(mine.param_groups[0]["params"], theirs.param_groups[0]["params"], strict=True):
                    theirs.state[q] = {
                        key: part(value, seed) if value.ndim else value.clone() for key, value in mine.state[p].items()
                    }


@contextmanager
def teams(runs):
    """The runs as one `Stack` where that works and is quicker, else one by one. On leaving they are on their own."""
    stacked = [Stack(runs)] if len(runs) > 1 and _alike(runs) else runs
    try:
        yield stacked
    finally:
        for team in stacked:
            team.release()


def _alike(runs):
    """Whether stacking gives the same runs, and sooner: one method and step, no draws inside the layers, optimizers that
    treat each number by itself, and no convolutions, which gain nothing when stacked.
    """
    first = runs[0]
    networks = [network for run in runs for network in (run.generator, run.discriminator)]
    layers = [layer for network in networks for layer in network.modules()]
    return (
        all(
            (run.gan, run.step, run.batch, run.place) == (first.gan, first.step, first.batch, first.place)
            for run in runs
        )
        and not any(isinstance(layer, (*DRAWING, *CONVOLUTIONS)) for layer in layers)
        and all(_stackable(run.optimizer_d, run.discriminator) for run in runs)
        and all(_stackable(run.optimizer_g, run.generator) for run in runs)
    )


def _stackable(optimizer, network):
    """Whether `optimizer` treats each number of `network` by itself, and all alike."""
    groups = optimizer.param_groups
    in_order = len(groups) == 1 and list(map(id, groups[0]["params"])) == list(map(id, network.parameters()))
    return type(optimizer) in ENTRY_BY_ENTRY and in_order
