"""Real handwritten digits, 8×8, that come inside scikit-learn: no download. One at a time, or three as one image."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from gan_core.mathematics._counts import whole
from gan_core.pieces.datasets.examples import Examples


def digits():
    """The 1,797 digits of scikit-learn: `x` (1797, 1, 8, 8) in [−1, 1] in torch's default dtype, `y` (1797,) 0 … 9.

    Ink is +1, paper −1, in 17 levels of grey.
    Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part).
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.as_tensor(images, dtype=torch.get_default_dtype()).reshape(-1, 1, 8, 8) / 8 - 1  # 0 … 16 to −1 … 1
    return Examples(x, torch.as_tensor(labels))


@dataclass(frozen=True)
class StackedDigits:
    """Three images of `digits`, drawn independently, as the channels of one; `stacked_digits` says more."""

    digits: Examples
    classes: ClassVar = 1_000

    @property
    def shape(self):
        """The shape of one example."""
        return (3, *self.digits.shape[1:])

    def sample(self, n, rng=None):
        """`n` fresh stacks: (n, 3, 8, 8)."""
        return self.labelled(n, rng)[0]

    def labelled(self, n, rng=None):
        """`n` fresh stacks and their numbers: (n, 3, 8, 8), (n,)."""
        x, y = self.digits.labelled(3 * whole("n", n), rng)
        return x.reshape(n, *self.shape), _number(y)

    def labels(self, n, rng=None):
        """The numbers of `n` fresh stacks: (n,)."""
        return _number(self.digits.labels(3 * whole("n", n), rng))

    def to(self, device):
        """The same data on another device."""
        return StackedDigits(self.digits.to(device))


def stacked_digits():
    """Three of `digits` as the channels of one 8×8 image in [−1, 1]: 1,000 modes, the numbers y = 100a + 10b + c.

    a, b and c are the digits of the first, second and third channel. Every draw is fresh: there are 1797³ stacks, and
    each of the 1,000 numbers comes about as often as every other (0.91 to 1.06 times 1/1000).
    Source: Stacked MNIST, Che et al. 2017 (Mode regularized GANs) and Metz et al. 2017 (Unrolled GANs), of these
    digits in place of MNIST's.
    """
    return StackedDigits(digits())


def _number(y):
    a, b, c = y.reshape(-1, 3).T
    return 100 * a + 10 * b + c
