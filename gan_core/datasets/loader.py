"""What a user already holds, as data: a tensor, an array, a pair of examples and labels, a torch DataLoader."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gan_core.datasets.examples import Examples, Images


def as_data(given):
    """`given` as something with a `shape` and `sample(n, rng)`: itself where it has them already.

    A tensor or an array becomes `Examples`, or `Images` when it is of uint8 with four axes; a pair (x, y) the same with
    labels; a DataLoader becomes a `Loader`. Raises TypeError for anything else, and what those raise.
    """
    if hasattr(given, "shape") and hasattr(given, "sample"):
        return given
    if isinstance(given, DataLoader):
        return Loader(given)
    x, y = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(x, Tensor | np.ndarray) or not isinstance(y, Tensor | np.ndarray | None):
        raise TypeError(
            "data must be a dataset of gan_core.datasets, a tensor or array of examples, a pair (x, y), a DataLoader, "
            f"or anything with a shape and sample(n, rng); given {type(given).__name__}"
        )
    x, y = torch.as_tensor(x), None if y is None else torch.as_tensor(y)
    if x.dtype == torch.uint8 and x.ndim == 4:
        return Images(x, y)
    return Examples(x.to(torch.get_default_dtype()) if x.is_floating_point() else x, y)  # numpy's floats are of 64 bits


class Loader:
    """A DataLoader as an endless stream of its minibatches, epoch after epoch, in an order that can be resumed.

    Its batches are x, or (x, y, …) whose first two are examples (batch, *shape) and labels. A last, smaller batch of an
    epoch is left out. What the loader and its transforms draw from torch follows the run's stream; its place is part of
    a checkpoint: to resume, the epoch is begun again in the same order and what was used is read over.
    Raises ValueError for a loader without a fixed batch size and for one that has no full batch.
    """

    def __init__(self, loader):
        if loader.batch_size is None:
            raise ValueError("the DataLoader must have a batch_size; it has a batch_sampler or makes no batches")
        self.loader, self.batch, self.device = loader, loader.batch_size, torch.device("cpu")
        self._rng = torch.Generator()
        self._begin(0)
        self.shape = tuple(self._next()[0].shape[1:])
        self._batches = None

    def to(self, device):
        """The same stream; what it hands out is moved to `device`."""
        self.device = torch.device(device)
        return self

    def sample(self, n, rng):
        """The next minibatch: (n, *shape). ValueError unless `n` is the loader's batch size."""
        return self._served(n, rng)[0]

    def labelled(self, n, rng):
        """The next minibatch and its labels: (n, *shape), (n,)."""
        x, *known = self._served(n, rng)
        if not known:
            raise ValueError("the DataLoader gives no labels; a conditional method needs batches (x, y)")
        self._y = known[0]
        return x, self._y

    def labels(self, n, rng):
        """The labels of the last minibatch once more, in another order: (n,)."""
        return self._y[torch.randperm(n, generator=rng, device=self._y.device)]

    def state_dict(self):
        """The place in the stream, for a checkpoint."""
        return {"epoch": self._epoch, "served": self._count} if self._batches else {}

    def load_state_dict(self, state):
        """Go to a place that `state_dict` told."""
        self._batches = None
        if state:
            self._begin(state["epoch"])
            for _ in range(state["served"]):
                self._next()

    def _served(self, n, rng):
        if n != self.batch:
            raise ValueError(f"the DataLoader's batches are of {self.batch}; asked for {n}: give batch={self.batch}")
        batch = self._next() if self._batches else None
        if batch is None:
            self._begin(int(torch.randint(2**62, (), generator=rng, device=rng.device)))
            batch = self._next()
        return [part.to(self.device) for part in batch[:2]]

    def _begin(self, epoch):
        """A new epoch, all of whose draws follow from the number `epoch`."""
        self._epoch, self._count = epoch, 0
        self._rng.manual_seed(epoch)
        if self.loader.generator is not None:
            self.loader.generator.manual_seed(epoch)
        with self._drawing():
            self._batches = iter(self.loader)

    def _next(self):
        """The next full batch of this epoch, or None at its end."""
        with self._drawing():
            batch = next(self._batches, None)
        if batch is not None:
            batch = [batch] if isinstance(batch, Tensor) else list(batch)
        if batch is None or len(batch[0]) < self.batch:
            if not self._count:
                raise ValueError(f"the DataLoader has no full batch of {self.batch}: fewer examples than that")
            return None
        self._count += 1
        return batch

    @contextmanager
    def _drawing(self):
        outside = torch.get_rng_state()
        torch.set_rng_state(self._rng.get_state())
        try:
            yield
        finally:
            self._rng.set_state(torch.get_rng_state())
            torch.set_rng_state(outside)
