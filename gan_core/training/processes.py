"""More than one process: a run of which each does its part, through torch's DistributedDataParallel (Li et al. 2020).

`torchrun --nproc-per-node 2 script.py` starts a script twice, and

    with processes.joined():
        run = processes.share(training.start(gan, data))
        training.train(run, 2_000)

makes one run of the two. Every process draws the whole minibatch, its noise and its labels from the run's one stream
and keeps a part of each; the gradients are averaged. The mean over n examples is the mean of the N means over n/N, so N
processes do what one does with the whole minibatch, up to rounding: a sum in another order. Weights, optimizers and
losses are the same in all of them, and a checkpoint does not tell how many they were: any number goes on with it.

What is not as in one process:

batch normalisation    on CUDA it is torch's SyncBatchNorm, with the statistics of the whole minibatch. That has no form
                       for CPUs: there each process normalises its part by itself, as if the minibatch were smaller.
                       What is kept for eval mode is the mean over the processes
what looks at others   such as the deviation over groups of a minibatch, sees those of its process: the same wherever no
                       group is divided
what layers draw       Dropout, augmentation: the first process draws from the run's own stream, which is saved; process
                       r begins another in each step, made of the seed, the step and r

A loss must be a mean over examples. One of the processes leads, `run.leads`: it alone writes, shows and says things.
"""

import os
from contextlib import contextmanager
from dataclasses import fields
from inspect import signature

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from gan_core.training import loop
from gan_core.training._fitting import networks_must_fit
from gan_core.training.algorithm import trainable
from gan_core.training.runs import Run, unchanged

# What layers keep is no affair of a forward pass, see `average`. torch 2.13 has another name for that setting.
_NAMES = {"forward_sync_buffers", "broadcast_buffers"} & signature(DistributedDataParallel).parameters.keys()
LEAVES_BUFFERS_ALONE = {max(_NAMES): False}


@contextmanager
def joined():
    """Within, this is one of the processes that torchrun started together; of one alone, nothing changes.

    They speak through gloo on CPUs and through NCCL on CUDA, where each has a device of its own. On leaving they wait
    for each other. Where one fails, the others raise a RuntimeError when they next wait for it, and torchrun ends all.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "RANK" not in os.environ:
        yield
        return
    if torch.cuda.is_available() and _local_rank() < torch.cuda.device_count():
        torch.cuda.set_device(_local_rank())
    distributed.init_process_group()
    try:
        yield
        _meet()
    finally:
        distributed.destroy_process_group()


@contextmanager
def one_first():
    """Within, the process that leads goes first and the others when it is done: what it has fetched they find."""
    leads = not _several() or distributed.get_rank() == 0
    if not leads:
        _meet()
    try:
        yield
    finally:
        if leads:
            _meet()


def share(run):
    """This process's part of `run`, which all have started alike; where there is only one process, `run` itself.

    Raises ValueError for a minibatch that cannot be split evenly, for a device other than CPU and CUDA, where there are
    fewer GPUs than processes, and for what asks for whole minibatches: unrolling, and penalties near real examples.
    """
    return Process(run) if _several() else run


class Process(Run):
    """One process's part of a run. Whatever asks a `Run` for minibatches, noise or networks finds this part here."""

    def __init__(self, run):
        super().__init__(**{each.name: getattr(run, each.name) for each in fields(Run)})
        self.rank, self.processes = distributed.get_rank(), distributed.get_world_size()
        self.leads = self.rank == 0
        self._wrapped = {}
        if self.batch % self.processes:
            raise ValueError(f"batch must be a multiple of the {self.processes} processes; given {self.batch}")
        if self.place.device.type not in ("cpu", "cuda"):
            raise ValueError(
                f"several processes compute on CPUs or on CUDA, not on {self.place.device}: give the device"
            )
        if self.place.device.type == "cuda" and _local_rank() >= (there := torch.cuda.device_count()):
            raise ValueError(
                f"each process needs a GPU of its own, and there are {there}: give --nproc-per-node {there}, or "
                "--device cpu"
            )
        networks_must_fit(self)
        if self.place.device.type == "cuda":
            self.generator, self.discriminator = _synchronised(self.generator), _synchronised(self.discriminator)
        trial = super().copy()
        loop.iteration(trial)
        for network, tried in zip(self.networks.values(), trial.networks.values(), strict=True):
            self._wrap(network, self.gan.schedule is not unchanged or _idle(tried))

    @property
    def undivided(self):
        """The run that this is a part of, with the same networks: it draws whole minibatches, and meets nobody."""
        return Run(**{each.name: getattr(self, each.name) for each in fields(Run)})

    def copy(self):
        return type(self)(self.undivided.copy())

    # each draws all, and keeps its part

    def part(self, drawn):
        """Of what was drawn for a whole minibatch, (batch, …), the rows of this process: (batch / processes, …)."""
        return drawn.chunk(self.processes)[self.rank]

    def real(self):
        real, y = super().real()
        return self.part(real), None if y is None else self.part(y)

    def labels(self):
        y = super().labels()
        return None if y is None else self.part(y)

    def draw(self, make):
        drawn = super().draw(make)
        if drawn.ndim and len(drawn) != self.batch:
            raise ValueError(
                f"in several processes a part of a method draws for all {self.batch} examples of the minibatch, and is "
                f"given its own; this one drew {tuple(drawn.shape)}"
            )
        return self.part(drawn) if drawn.ndim else drawn

    @property
    def layers_rng(self):
        if self.leads:
            return self._layers_rng
        seed = np.random.SeedSequence((self.seed, self.step, self.rank)).generate_state(1, np.uint64)
        return torch.Generator(self.place.device).manual_seed(int(seed[0]))

    @layers_rng.setter
    def layers_rng(self, rng):
        self._layers_rng = rng

    # where they meet

    def ask(self, network, question):
        wrapped = self._wrapped.get(network)
        if wrapped is None or not torch.is_grad_enabled() or not trainable(network):
            return super().ask(network, question)  # no gradient will come of it that could be averaged
        return super().ask(wrapped, lambda ddp: ddp(question))

    def average(self):
        """The same, once what layers keep beside weights is averaged over the processes."""
        kept = [each for network in self.networks.values() for each in network.buffers() if each.is_floating_point()]
        if kept:
            means = self._mean(torch.cat([each.flatten() for each in kept])).split([each.numel() for each in kept])
            for each, mean in zip(kept, means, strict=True):
                each.copy_(mean.view_as(each))
        super().average()

    def record(self, *losses):
        """The same with the means of the losses over the processes."""
        super().record(*self._mean(torch.stack(losses)))
        if self._wrapped and self.step % loop.CHECK_EVERY == 1:
            self._must_agree()

    def agree(self, stop):
        said = torch.tensor(int(stop))
        distributed.all_reduce(said, distributed.ReduceOp.MAX)
        return bool(said)

    def _mean(self, values):
        distributed.all_reduce(values)
        return values / self.processes

    def _wrap(self, network, idle):
        self._wrapped[network] = DistributedDataParallel(
            Asked(network), find_unused_parameters=idle, **LEAVES_BUFFERS_ALONE
        )

    def _must_agree(self):
        """RuntimeError unless the processes have the same weights; averaged gradients keep them so, to the bit."""
        for name, network in self.networks.items():
            sums = torch.stack([p.detach().double().sum() for p in network.parameters()]).nan_to_num()
            ends = torch.stack((sums, -sums))
            distributed.all_reduce(ends, distributed.ReduceOp.MAX)
            if (ends[0] != -ends[1]).any():
                raise RuntimeError(
                    f"the processes do not agree on the weights of the {name}: its gradients were not averaged. What a "
                    "step wants of a network must go through run.G, run.D, run.look or run.ask"
                )


class Asked(nn.Module):
    """A network that is asked any question, as a module whose forward pass that is: for DistributedDataParallel."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, question):
        return question(self.network)


def _local_rank():
    """Which of the processes of this machine it is, as torchrun says."""
    return int(os.environ.get("LOCAL_RANK", 0))


def _several():
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def _meet():
    if _several():
        distributed.all_reduce(torch.zeros(1))


def _synchronised(network):
    return None if network is None else nn.SyncBatchNorm.convert_sync_batchnorm(network)


def _idle(network):
    """Whether the last step used no more than a part of its weights: a network that is to grow has such."""
    return any(p.grad is None for p in trainable(network))
