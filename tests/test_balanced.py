"""Balanced data: every class as often as every other, the right examples, nothing to remember."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed
from scipy.stats import chisquare
from torch.utils.data import DataLoader, TensorDataset

from gan_core import checkpoints, datasets, methods, training
from gan_core.pieces.datasets import Balanced, Examples, Images, balanced

COUNTS = (1, 50, 3, 200, 10)  # examples of each class


def uneven(counts=COUNTS):
    """Examples that tell their row and their class, in no order."""
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(9))]
    return Examples(torch.stack((torch.arange(len(y)), y), 1).float(), y)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def oracle_balanced(make):
    data = uneven()
    even = make(data)
    x, y = even.labelled(20_000, rng())
    assert x.shape == (20_000, 2)
    assert torch.equal(x[:, 1].long(), y), "an example of another class"
    assert chisquare(np.bincount(y, minlength=5)).pvalue > 1e-4, "not every class as often"
    for label in range(1, 5):  # there is one example of class 0
        drawn = np.bincount(x[y == label, 0].long(), minlength=len(data))
        assert chisquare(drawn[(data.y == label).numpy()]).pvalue > 1e-4, "within a class not every example as often"
    assert chisquare(np.bincount(even.labels(20_000, rng(1)), minlength=5)).pvalue > 1e-4
    assert chisquare(np.bincount(even.sample(20_000, rng(2))[:, 1].long(), minlength=5)).pvalue > 1e-4
    # the order of the labels tells nothing of what comes next, and the examples nothing of each other
    assert chisquare(np.bincount(5 * y[:-1] + y[1:], minlength=25)).pvalue > 1e-4
    large = x[y == 3, 0].long()
    assert abs(np.corrcoef(large[:-1], large[1:])[0, 1]) < 0.06
    for some in (even.sample, even.labels):
        assert torch.equal(some(9, rng(3)), some(9, rng(3)))
        assert not torch.equal(some(9, rng(3)), some(9, rng(4)))
    before = torch.get_rng_state()
    even.labelled(9, rng())
    assert torch.equal(before, torch.get_rng_state()), "another stream than the one that it was given"


def test_balanced():
    oracle_balanced(balanced)


class Variant(Balanced):
    """`Balanced` once more, from `rows(self, y, rng)`."""

    rows = staticmethod(
        lambda self, y, rng: self.order[self.first[y] + torch.randint(2**62, y.shape, generator=rng) % self.counts[y]]
    )

    def labelled(self, n, rng=None):
        y = self.labels(n, rng)
        return self.data.x[self.rows(self, y, rng)], y


def variant(**changes):
    kind = type("Changed", (Variant,), changes)
    return lambda data: kind(*vars(balanced(data)).values())


MUTANTS = {
    "as in the data": lambda data: data,
    "labels as in the data": variant(labels=lambda self, n, rng=None: self.data.labels(n, rng)),
    "always the first of a class": variant(rows=staticmethod(lambda self, y, rng: self.order[self.first[y]])),
    "any example": variant(rows=staticmethod(lambda self, y, rng: torch.randint(len(self), y.shape, generator=rng))),
    "as if every class were as large as the largest": variant(
        rows=staticmethod(
            lambda self, y, rng: self.order[
                (self.first[y] + torch.randint(int(self.counts.max()), y.shape, generator=rng)) % len(self)
            ]
        )
    ),
    "as if the data were in the order of the classes": variant(
        rows=staticmethod(
            lambda self, y, rng: self.first[y] + torch.randint(2**62, y.shape, generator=rng) % self.counts[y]
        )
    ),
    "one place for all of the minibatch": variant(
        rows=staticmethod(
            lambda self, y, rng: self.order[self.first[y] + torch.randint(2**62, (1,), generator=rng) % self.counts[y]]
        )
    ),
    "the last of a class never": variant(
        rows=staticmethod(
            lambda self, y, rng: self.order[
                self.first[y] + torch.randint(2**62, y.shape, generator=rng) % (self.counts[y] - 1).clamp(min=1)
            ]
        )
    ),
    "class after class": variant(labels=lambda self, n, rng=None: torch.arange(n) % 5),
    "torch's own stream": variant(
        rows=staticmethod(
            lambda self, y, rng: self.order[self.first[y] + torch.randint(2**62, y.shape) % self.counts[y]]
        )
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_balanced_mutants(name):
    oracle_balanced(variant())
    assert_killed(oracle_balanced, MUTANTS[name])


def test_it_is_the_data_in_all_else():
    for data in (uneven(), datasets.people(3, images=4, size=16), datasets.digits()):
        even = balanced(data)
        assert (len(even), even.shape) == (len(data), data.shape)
        assert torch.equal(even.y, data.y)
        x, y = even.labelled(30, rng())
        assert x.shape == (30, *data.shape)
        assert x.dtype == data.x.dtype
        known = {(image.numpy().tobytes(), label) for image, label in zip(data.x, data.y.tolist(), strict=True)}
        assert {(image.numpy().tobytes(), label) for image, label in zip(x, y.tolist(), strict=True)} <= known
        there = even.to("cpu")
        assert torch.equal(there.sample(5, rng()), even.sample(5, rng()))


def test_what_balances_at_once():
    x, y = np.zeros((6, 2)), np.array([0, 0, 0, 1, 1, 2])
    assert torch.equal(balanced((x, y)).y, torch.as_tensor(y))
    assert balanced(Images(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.tensor([0, 1]))).shape == (3, 4, 4)
    assert len(balanced(uneven(), classes=5).counts) == 5


X = torch.zeros(4, 2)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (lambda: balanced(Examples(X, torch.tensor([0, 2, 2, 5]))), ValueError, r"there is none of 1, 3, 4$"),
        (lambda: balanced(Examples(X, torch.tensor([0, 1, 1, 0])), classes=4), ValueError, "there is none of 2, 3$"),
        (lambda: balanced(X), ValueError, "no labels to balance; give Examples"),
        (lambda: balanced((X, torch.tensor([0, 1, 2, 3])), classes=3), ValueError, "from 0 to 2; .* from 0 to 3"),
        (lambda: balanced((X, torch.tensor([-1, 1, 0, 0]))), ValueError, "from 0 to 1; .* from -1 to 1"),
        (lambda: balanced((X, torch.tensor([0.0, 1.0, 0.0, 1.0]))), ValueError, "whole numbers .* torch.float32"),
        (lambda: balanced((X, torch.tensor([0, 1, 0, 1]) > 0)), ValueError, "whole numbers .* torch.bool"),
        (lambda: balanced((X, torch.tensor([0, 1, 0, 1])), classes=0), ValueError, "classes must be at least 1"),
        (lambda: balanced(datasets.stacked_digits()), TypeError, "Examples or Images, .*; given StackedDigits"),
        (lambda: balanced(datasets.ring()), TypeError, "given Mixture"),
        (lambda: balanced(DataLoader(TensorDataset(X), batch_size=2)), TypeError, "given Loader"),
        (lambda: balanced([1, 2]), TypeError, "data must be a dataset"),
        (lambda: balanced(uneven()).sample(0), ValueError, "n must be at least 1"),
    ],
)
def test_what_cannot_be_balanced(data, error, says):
    with pytest.raises(error, match=says):
        data()


def test_g_is_told_every_class_as_often():
    gan = methods.cgan((2,), 5, width=4, z=2)
    data = uneven()
    run = training.start(gan, balanced(replace(data, x=data.x / 100)), batch=64)
    told = torch.cat([run.labels() for _ in range(100)])
    assert chisquare(np.bincount(told, minlength=5)).pvalue > 1e-4


@pytest.mark.parametrize("fast", [True, False])
def test_a_run_that_was_saved_goes_on_as_if_it_had_not_been(fast, tmp_path):
    gan, data = methods.cgan((2,), 5, width=4, z=2), balanced(uneven())
    fit = partial(training.fit, gan, data, batch=8, fast=fast)
    whole, half = fit(steps=6), fit(steps=3)
    half.save(tmp_path / "run.pt")
    resumed = training.train(training.resume(tmp_path / "run.pt", gan, balanced(uneven())), 3)
    assert torch.equal(resumed.losses[:6], whole.losses[:6])
    assert torch.equal(checkpoints.state(resumed)["rng"], checkpoints.state(whole)["rng"])
