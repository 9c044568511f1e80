"""Every class as often as every other, whatever the numbers of their examples."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_core.mathematics._counts import whole
from gan_core.pieces.datasets.examples import Examples, Images
from gan_core.pieces.datasets.loader import as_data


@dataclass(frozen=True, eq=False)
class Balanced:
    """`data` drawn class by class: y uniform among the classes, then x uniform among the examples of class y.

    `balanced` makes one. `order` are the rows of the data, class after class; those of class k are the `counts[k]` from
    `first[k]` on. It draws from the stream it is given and keeps nothing, so a run resumes as with the data themselves.
    """

    data: Examples | Images
    order: Tensor
    first: Tensor
    counts: Tensor

    def __len__(self):
        return len(self.data)

    @property
    def shape(self):
        """The shape of one example."""
        return self.data.shape

    @property
    def y(self):
        """The labels of the data, as they are: (N,)."""
        return self.data.y

    def sample(self, n, rng=None):
        """`n` examples, of every class equally often on average: (n, *shape)."""
        return self.labelled(n, rng)[0]

    def labelled(self, n, rng=None):
        """`n` examples and their labels: (n, *shape), (n,)."""
        y = self.labels(n, rng)
        some = torch.randint(2**62, (n,), generator=rng, device=y.device)  # so many that the remainder is as uniform
        rows = self.order[self.first[y] + some % self.counts[y]]
        return self.data._read(self.data._rows[rows]), y

    def labels(self, n, rng=None):
        """`n` labels, all equally likely: (n,)."""
        return torch.randint(len(self.counts), (whole("n", n),), generator=rng, device=self.counts.device)

    def to(self, device):
        """The same on another device."""
        return Balanced(*(each.to(device) for each in (self.data, self.order, self.first, self.counts)))


def balanced(data, classes=None):
    """`data` with every class drawn as often as every other: `Balanced`, for training and nothing else.

    `data` are labelled `Examples` or `Images`, or what `as_data` makes such; `classes` is their number, if not
    max y + 1. G is told labels of the same distribution. An example of a small class is drawn more often than one of a
    large one, so p is another distribution than that of the data: p(x|y) stays, p(y) becomes uniform.
    Raises TypeError for other data, ValueError for those without labels, for labels that are no whole numbers from 0 to
    classes − 1, and for classes without an example, which it names.

    >>> few = Examples(torch.arange(5.0)[:, None], torch.tensor([0, 0, 0, 0, 1]))
    >>> round(float(balanced(few).sample(1_000, torch.Generator().manual_seed(0)).eq(4).float().mean()), 1)
    0.5
    """
    data = as_data(data)
    if not isinstance(data, Examples | Images):
        raise TypeError(f"balanced data must be Examples or Images, all of them at hand; given {type(data).__name__}")
    if data.y is None:
        raise ValueError("these examples have no labels to balance; give Examples(x, y), Images(x, y) or a pair (x, y)")
    y, classes = data.y, int(data.y.max()) + 1 if classes is None else whole("classes", classes)
    if y.is_floating_point() or y.dtype == torch.bool or not 0 <= y.min() <= y.max() < classes:
        given = f"{y.dtype} from {y.min()} to {y.max()}"
        raise ValueError(f"labels must be whole numbers from 0 to {classes - 1}; those of the data are {given}")
    counts = y.bincount(minlength=classes)
    if not counts.all():
        without = (counts == 0).nonzero().flatten().tolist()
        raise ValueError(f"every class needs an example to be drawn; there is none of {', '.join(map(str, without))}")
    return Balanced(data, y.argsort(stable=True), counts.cumsum(0) - counts, counts)
