"""What a user already holds, as data: a tensor, an array, a pair of examples and labels, a torch DataLoader."""

import copy
import signal
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gan_core.pieces.datasets.examples import Examples, Images


def as_data(given):
    """`given` as something with a `shape` and `sample(n, rng)`: itself where it has them already.

    A tensor or an array becomes `Examples`, or `Images` when it is of uint8 with four axes; a pair (x, y) the same with
    labels; a DataLoader becomes a `Loader`. Floats become those of torch's default dtype. Raises TypeError for anything
    else, and what those raise.
    """
    if hasattr(given, "shape") and hasattr(given, "sample"):
        return given
    if isinstance(given, DataLoader):
        return Loader(given)
    x, y = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(x, Tensor | np.ndarray) or not isinstance(y, Tensor | np.ndarray | None):
        kinds = type(given).__name__ if x is given else f"a pair of {type(x).__name__} and {type(y).__name__}"
        raise TypeError(
            "data must be a dataset of gan_core.datasets, a tensor or array of examples, a pair (x, y) of them, a "
            f"DataLoader, or anything with a shape and sample(n, rng); given {kinds}"
        )
    x, y = _tensor(x), None if y is None else _tensor(y)
    if x.dtype == torch.uint8 and x.ndim == 4:
        return Images(x, y)
    return Examples(x.to(torch.get_default_dtype()) if x.is_floating_point() else x, y)  # numpy's floats are of 64 bits


def _tensor(values):
    if isinstance(values, np.ndarray):
        return torch.from_numpy(np.require(values, requirements=("C", "W")))  # copied where torch could not share it
    return values.detach()


class Loader:
    """A DataLoader as an endless stream of its minibatches, epoch after epoch, in an order that can be resumed.

    Its batches are x, or (x, y, …) whose first two are examples (batch, *shape) and labels; x is read as by `as_data`.
    A last, smaller batch of an epoch is left out. What the loader, its sampler and its transforms draw from torch
    follows the run's stream; its place is part of a checkpoint: to resume, the epoch is begun again in the same order
    and what was used is read over. `len` is the number of examples in an epoch, where the DataLoader knows it.
    Raises ValueError for a loader without a fixed batch size, with persistent workers (they draw on from one epoch to
    the next) or without a full batch, TypeError for batches of something else, and what `Examples` raises.
    """

    def __init__(self, loader):
        if loader.batch_size is None:
            raise ValueError("the DataLoader must have a batch_size; it has a batch_sampler or makes no batches")
        if loader.persistent_workers:
            raise ValueError("an epoch of a DataLoader with persistent_workers cannot be begun again; leave them out")
        self.loader, self.batch, self.device = loader, loader.batch_size, torch.device("cpu")
        self._begin(0)
        self._next()
        self.shape = as_data(self._last[0]).shape
        self._batches = None

    def __len__(self):
        return len(self.loader.sampler)

    def to(self, device):
        """The same minibatches, on `device`: a stream of its own, at its beginning."""
        other = copy.copy(self)
        other.device, other._batches = torch.device(device), None
        return other

    def sample(self, n, rng):
        """The next minibatch: (n, *shape). ValueError unless `n` is the loader's batch size."""
        self._must_be_batch(n)
        if self._batches is None or not self._next():
            self._begin(int(torch.randint(2**62, (), generator=rng, device=rng.device)))
            self._next()
        return as_data(self._last[0]).x.to(self.device)

    def labelled(self, n, rng):
        """The next minibatch and its labels: (n, *shape), (n,). ValueError where the loader gives none."""
        return self.sample(n, rng), self._labels()

    def labels(self, n, rng):
        """The labels of the last minibatch once more, in another order: (n,)."""
        self._must_be_batch(n)
        return self._labels()[torch.randperm(n, generator=rng, device=self.device)]

    def state_dict(self):
        """The place in the stream, for a checkpoint."""
        return {} if self._batches is None else {"epoch": self._epoch, "served": self._served}

    def load_state_dict(self, state):
        """Go to a place that `state_dict` told. Raises ValueError when the stream is too short for it."""
        self._batches = None
        if state:
            self._begin(state["epoch"])
            if not all(self._next() for _ in range(state["served"])):
                raise ValueError(f"the DataLoader has fewer than {state['served']} batches; it had as many")

    def _must_be_batch(self, n):
        if n != self.batch:
            raise ValueError(f"the DataLoader's batches are of {self.batch}; asked for {n}: give batch={self.batch}")

    def _labels(self):
        if len(self._last) < 2:
            raise ValueError("the DataLoader gives no labels; a conditional method needs batches (x, y)")
        return self._last[1].to(self.device)

    def _begin(self, epoch):
        """A new epoch, all of whose draws follow from the number `epoch`."""
        self._epoch, self._served = epoch, 0
        self._streams = [torch.Generator().manual_seed(epoch).get_state() for _ in self._generators()]
        with self._drawing(), _workers_deaf_to_ctrl_c(self.loader):
            self._batches = iter(self.loader)

    def _next(self):
        """Go to the next full batch of this epoch; False at its end."""
        with self._drawing():
            batch = next(self._batches, None)
        batch = (batch,) if isinstance(batch, Tensor) else batch
        if not isinstance(batch, tuple | list | None):
            raise TypeError(f"a batch of the DataLoader must be x or (x, y, …); given {type(batch).__name__}")
        if batch is None or len(batch[0]) < self.batch:
            if not self._served:
                raise ValueError(f"the DataLoader has no full batch of {self.batch}: fewer examples than that")
            return False
        self._last, self._served = batch, self._served + 1
        return True

    def _generators(self):
        """What the loader draws from: torch's own stream, and those it was given."""
        given = {id(each): each for each in (self.loader.generator, getattr(self.loader.sampler, "generator", None))}
        return [torch.default_generator, *(each for each in given.values() if each is not None)]

    @contextmanager
    def _drawing(self):
        """Within, those streams are where this epoch left them; after, where others did."""
        generators = self._generators()
        outside = [each.get_state() for each in generators]
        for each, state in zip(generators, self._streams, strict=True):
            each.set_state(state)
        try:
            yield
        finally:
            self._streams = [each.get_state() for each in generators]
            for each, state in zip(generators, outside, strict=True):
                each.set_state(state)


@contextmanager
def _workers_deaf_to_ctrl_c(loader):
    """Within, workers that start leave Ctrl-C to the process that trains: the step it is in still needs them."""
    own = loader.worker_init_fn
    loader.worker_init_fn = partial(_deaf, own)
    try:
        yield
    finally:
        loader.worker_init_fn = own


def _deaf(then, worker):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if then is not None:
        then(worker)
