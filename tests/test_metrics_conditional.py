"""Measures of what a generator makes when it is told a class: exact answers on small sets, and known people."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mutants import assert_killed, faults
from scipy.spatial.distance import pdist

from gan_core import datasets, judges, metrics
from gan_core.judgement.metrics import (
    WithinClass,
    frechet_distance,
    label_accuracy,
    nearest_class,
    within_class_diversity,
    within_class_frechet,
)


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- is it what was asked for?


def oracle_accuracy(measure):
    assert measure([0, 1, 2, 2], [0, 1, 2, 0]) == 0.75
    assert measure([5, 9], [5, 9]) == 1
    assert measure([0, 1], [1, 0]) == 0
    assert measure([0, 0, 0, 1], [1, 0, 0, 0]) == 0.5  # of all samples, not of each class, and in their order
    told = rng().integers(50, size=100_000)
    assert measure(told, rng(1).integers(50, size=100_000)) == pytest.approx(1 / 50, abs=2e-3)
    assert type(measure([0], [0])) is float


def test_label_accuracy():
    oracle_accuracy(label_accuracy)
    assert label_accuracy(torch.tensor([1, 2]), np.array([1, 1], dtype=np.uint8)) == 0.5


@faults(
    {
        "whatever the order": lambda a, b: float((np.sort(a) == np.sort(b)).mean()),
        "mean over the classes": lambda a, b: float(
            np.mean([(np.asarray(b)[np.asarray(a) == k] == k).mean() for k in set(a)])
        ),
        "the errors": lambda a, b: 1 - label_accuracy(a, b),
        "a count": lambda a, b: float((np.asarray(a) == np.asarray(b)).sum()),
    }
)
def test_label_accuracy_mutants(mutant):
    assert_killed(oracle_accuracy, mutant)


# ---- is there more than one of a kind?


def by_hand(x, y, distance=np.linalg.norm):
    """Every pair of a class, written out."""
    of_class = []
    for k in sorted(set(y)):
        some = [np.ravel(one) for one, label in zip(x, y, strict=True) if label == k]
        of_class.append(np.mean([distance(a - b) for a, b in combinations(some, 2)]))
    return WithinClass(float(np.mean(of_class)), np.array(of_class))


def oracle_diversity(measure):
    made = measure([[0.0], [1.0], [4.0], [10.0], [16.0]], [7, 7, 7, 2, 2])
    assert made.of_class.tolist() == pytest.approx([6, (1 + 4 + 3) / 3])  # in the order of the labels
    assert made.mean == pytest.approx((6 + 8 / 3) / 2)  # each class counts as much, whatever its number
    one = rng().normal(size=(5, 3, 4, 4))
    y = np.arange(40) % 5
    assert measure(one[y], y).mean == 0, "one image for each class is no diversity, however far apart they are"
    assert measure(one[y], y).of_class.tolist() == [0] * 5
    x = rng(1).normal(size=(40, 3, 4, 4))
    wanted = by_hand(x, y)
    assert measure(x, y).mean == pytest.approx(wanted.mean, rel=1e-12)
    np.testing.assert_allclose(measure(x, y).of_class, wanted.of_class, rtol=1e-12)
    order = rng(2).permutation(40)
    assert measure(x[order], y[order]).mean == pytest.approx(wanted.mean, rel=1e-12)
    assert measure(x + 100 * y[:, None, None, None], y).mean == pytest.approx(wanted.mean, rel=1e-9)
    assert measure(-3 * x, y).mean == pytest.approx(3 * wanted.mean, rel=1e-12)  # in units of x
    twice = np.concatenate([x, x]), np.concatenate([y, y])  # as if only half the samples had been drawn
    pairs = (2 * 8 * 7 / 2 * 2) / (16 * 15 / 2)  # of 16 the 8 pairs of a sample with its copy are no distance
    assert measure(*twice).mean == pytest.approx(pairs * wanted.mean, rel=1e-12)


def test_within_class_diversity():
    oracle_diversity(within_class_diversity)
    x, y = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 2
    assert within_class_diversity(x, y).mean == pytest.approx(by_hand(x.numpy(), y.tolist()).mean, rel=1e-6)


def rows(x):
    return np.reshape(np.asarray(x, dtype=float), (len(x), -1))


def of_classes(number):
    def measure(x, y):
        x, y = rows(x), np.asarray(y)
        values = np.array([number(x[y == k], x[y != k]) for k in np.unique(y)])
        return WithinClass(float(values.mean()), values)

    return measure


def to_others(some, others):
    return np.linalg.norm(some[:, None] - others, axis=2).mean()


def pooled(x, y):
    """The mean over all pairs of one class: large classes count more."""
    x, y = rows(x), np.asarray(y)
    pairs = np.concatenate([pdist(x[y == k]) for k in np.unique(y)])
    return WithinClass(float(pairs.mean()), within_class_diversity(x, y).of_class)


DIVERSITY_MUTANTS = {
    "between the classes": of_classes(to_others),
    "all pairs, whatever their classes": of_classes(lambda some, others: pdist(np.concatenate([some, others])).mean()),
    "each with itself, too": of_classes(lambda some, others: to_others(some, some)),
    "large classes count more": pooled,
    "squared": of_classes(lambda some, others: (pdist(some) ** 2).mean()),
    "√ of the mean square": of_classes(lambda some, others: (pdist(some) ** 2).mean() ** 0.5),
    "from the mean": of_classes(lambda some, others: np.linalg.norm(some - some.mean(0), axis=1).mean()),
    "the nearest only": of_classes(lambda some, others: pdist(some).min()),
    "per dimension": of_classes(lambda some, others: pdist(some).mean() / some.shape[1] ** 0.5),
    "neighbours in the order of the samples": of_classes(
        lambda some, others: np.linalg.norm(np.diff(some, axis=0), axis=1).mean()
    ),
    "a sum over the classes": lambda x, y: WithinClass(
        (d := within_class_diversity(x, y)).mean * len(d.of_class), d.of_class
    ),
}


@pytest.mark.parametrize("name", DIVERSITY_MUTANTS)
def test_diversity_mutants(name):
    oracle_diversity(of_classes(lambda some, others: pdist(some).mean()))
    assert_killed(oracle_diversity, DIVERSITY_MUTANTS[name])


def test_the_estimate_has_no_bias():
    """Two samples a class say on average what a hundred say: on the line E|x − x′| = 2/√π for x ~ N(0, 1)."""
    for n in (2, 5, 100):
        classes = 10_000 // n
        y = np.repeat(np.arange(classes), n)
        found = within_class_diversity(rng(n).normal(size=(len(y), 1)), y)
        assert found.mean == pytest.approx(2 / np.pi**0.5, abs=4 * found.of_class.std() / classes**0.5)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 5))
def test_diversity_does_not_see_names_and_places(seed, classes, each):
    x, y = rng(seed).normal(size=(classes * each, 3)), np.repeat(np.arange(classes), each)
    names = rng(seed).permutation(100)[:classes]
    order = rng(seed).permutation(len(x))
    again = within_class_diversity((x + 5)[order], names[y][order])
    assert again.mean == pytest.approx(within_class_diversity(x, y).mean, rel=1e-9)


# ---- both in one number


def oracle_frechet(measure):
    x, real = rng().normal(size=(60, 2)), rng(1).normal(size=(90, 2)) * [1, 2] + 1
    y, y_real = np.arange(60) % 3, np.arange(90) % 3
    made = measure(x, y + 4, real, y_real + 4)
    wanted = [frechet_distance(x[y == k], real[y_real == k]) for k in range(3)]
    np.testing.assert_allclose(made.of_class, wanted, rtol=1e-12)
    assert made.mean == pytest.approx(np.mean(wanted), rel=1e-12)
    away = 10 * y_real[:, None] * [1.0, 0.0]
    moved = real + away
    assert measure(moved, y_real, moved, y_real).mean == pytest.approx(0, abs=1e-9)
    assert measure(moved, (y_real + 1) % 3, moved, y_real).mean > 50  # the very same images, by other names


def test_within_class_frechet():
    oracle_frechet(within_class_frechet)


@faults(
    {
        "whatever the class": lambda x, y, real, y_real: WithinClass(
            frechet_distance(x, real), within_class_frechet(x, y, real, y_real).of_class
        ),
        "classes in another order": lambda x, y, real, y_real: within_class_frechet(x, 4 + y % 3, real, y_real),
        "√": lambda *given: WithinClass((d := within_class_frechet(*given)).mean ** 0.5, d.of_class**0.5),
        "to itself": lambda x, y, real, y_real: within_class_frechet(x, y, x, y),
    }
)
def test_frechet_mutants(mutant):
    assert_killed(oracle_frechet, mutant)


# ---- which class does it look like?


def oracle_nearest(measure):
    """Fisher's rule written out with an inverse and all distances, where the classes lean; labels have names."""
    lean = np.array([[1.0, 0.9], [0.0, 0.3]])
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    y = np.arange(600) % 3
    real = centres[y] + rng().normal(size=(600, 2)) @ lean
    x = centres[np.arange(400) % 3] + rng(1).normal(size=(400, 2)) @ lean
    means = np.stack([real[y == k].mean(0) for k in range(3)])
    inverse = np.linalg.inv(np.cov((real - means[y]).T, bias=True))
    away = np.stack([np.einsum("ni,ij,nj->n", x - mean, inverse, x - mean) for mean in means], 1)
    names = np.array([11, 3, 7])
    np.testing.assert_array_equal(measure(x, real, names[y]), names[away.argmin(1)])
    euclid = np.linalg.norm(x[:, None] - means, axis=2).argmin(1)
    assert (names[euclid] != measure(x, real, names[y])).mean() > 0.02
    few = np.concatenate([np.flatnonzero(y == 0)[:20], np.flatnonzero(y > 0)])  # a small class is as likely
    away = np.linalg.norm(x - means[0], axis=1)
    assert (measure(x[away < 0.3], real[few], y[few]) == 0).all()


def test_nearest_class():
    oracle_nearest(nearest_class)
    x = torch.tensor([[[0.1]], [[0.8]]])
    assert nearest_class(x, torch.tensor([[[0.0]], [[1.0]]]), torch.tensor([4, 2])).tolist() == [
        4,
        2,
    ]  # no spread at all
    flat = np.array(
        [[0.0, 5.0, 5.0], [0.2, 5.0, 5.0], [1.0, 5.0, 5.0], [1.2, 5.0, 5.0]]
    )  # two numbers that say nothing
    assert nearest_class(flat + np.array([0, 1e-3, 0]), flat, [0, 0, 1, 1]).tolist() == [0, 0, 1, 1]


def fisher(spread, names=True, priors=False):
    def measure(x, real, y):
        x, real, y = rows(x), rows(real), np.asarray(y)
        classes = np.unique(y)
        means = np.stack([real[y == k].mean(0) for k in classes])
        S = spread(real, means[np.searchsorted(classes, y)])
        towards = np.linalg.solve(S, means.T)
        score = x @ towards - (means.T * towards).sum(0) / 2
        score = score + (50 * np.log([(y == k).mean() for k in classes]) if priors else 0)
        return classes[score.argmax(1)] if names else score.argmax(1)

    return measure


def pooled_covariance(real, own):
    return np.cov((real - own).T, bias=True)


@faults(
    {
        "distances as they are": fisher(lambda real, own: np.eye(real.shape[1])),
        "of each number by itself": fisher(lambda real, own: np.diag(np.diag(pooled_covariance(real, own)))),
        "the covariance of all": fisher(lambda real, own: np.cov(real.T)),
        "row numbers, not labels": fisher(pooled_covariance, names=False),
        "large classes first": fisher(pooled_covariance, priors=True),
        "the nearest example": lambda x, real, y: np.asarray(y)[
            np.linalg.norm(rows(x)[:, None] - rows(real), axis=2).argmin(1)
        ],
    }
)
def test_nearest_class_mutants(mutant):
    oracle_nearest(fisher(pooled_covariance))
    assert_killed(oracle_nearest, mutant)


@pytest.fixture(scope="module")
def people():
    """Features of 176 people, 40 images each, and who they are; half of each person's to learn, half held out."""
    data = datasets.people(176, images=40, size=32)
    half = torch.arange(len(data)) % 40 < 20
    return data, judges.faces().features(data.x), half


def test_who_is_it(people):
    """The claim of the docstring: the judge's features tell one of 176 people from another."""
    data, features, half = people
    seen = nearest_class(features[~half], features[half], data.y[half])
    assert label_accuracy(data.y[~half], seen) > 0.998


def test_who_is_it_in_images_such_as_generators_draw(people):
    data, features, half = people
    noise = 0.2 * torch.randn(1_000, *data.shape, generator=torch.Generator().manual_seed(0))
    some = torch.randperm(len(data), generator=torch.Generator().manual_seed(1))
    some = some[~half[some]][:1_000]
    seen = judges.faces().features((data.x[some] + noise).clamp(-1, 1))
    assert label_accuracy(data.y[some], nearest_class(seen, features[half], data.y[half])) > 0.97


def test_a_copy_for_each_person_is_right_and_not_diverse(people):
    data, features, half = people
    first = features[::40]  # one image of each person, over and over
    y = torch.arange(176).repeat(4)
    assert label_accuracy(y, nearest_class(first[y], features[half], data.y[half])) > 0.99
    assert within_class_diversity(first[y], y).mean == 0
    real = within_class_diversity(features, data.y).mean
    anyone = within_class_diversity(
        features, data.y[torch.randperm(len(data), generator=torch.Generator().manual_seed(0))]
    )
    assert 1 < real < 0.8 * anyone.mean  # the images of a person are of one, and no copies


# ---- refusals


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: label_accuracy([0, 1], [0]), "told and seen must be of one length; given 2 and 1"),
        (lambda: label_accuracy([], []), "told must be n ≥ 1 labels"),
        (lambda: label_accuracy([0.0], [0.0]), "told must be .*whole numbers .*given float64"),
        (lambda: label_accuracy([0], [[0]]), r"seen must be .*of shape \(1, 1\)"),
        (lambda: label_accuracy([0], [True]), "seen must be .*given bool"),
        (
            lambda: within_class_diversity([[0.0], [1.0], [2.0]], [0, 0, 1]),
            "at least 2 samples of each class; .* of 1$",
        ),
        (lambda: within_class_diversity([[0.0], [1.0]], [0, 0, 1]), "y must be 2 labels"),
        (lambda: within_class_diversity([[0.0], [np.nan]], [0, 0]), "x must be finite"),
        (lambda: within_class_frechet(np.eye(4), [0, 0, 1, 1], np.eye(4), [0, 0, 1, 1]), "at least 5 samples of each"),
        (
            lambda: within_class_frechet([[0.0], [1.0]], [0, 0], [[0.0], [1.0]], [1, 1]),
            r"both must have the same classes; only one has \[0, 1\]",
        ),
        (lambda: within_class_frechet([[0.0]] * 4, [0] * 4, np.eye(4), [0] * 4), "examples must have the same shape"),
        (lambda: nearest_class([[0.0]], [[0.0, 1.0]], [0]), "examples must have the same shape"),
        (lambda: nearest_class([[0.0]], [[0.0], [1.0]], [0]), "y must be 2 labels"),
        (lambda: nearest_class([[np.inf]], [[0.0], [1.0]], [0, 1]), "x must be finite"),
    ],
)
def test_what_cannot_be_measured(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


def test_they_are_there_under_one_name():
    for name in ("label_accuracy", "nearest_class", "within_class_diversity", "within_class_frechet", "WithinClass"):
        assert name in metrics.__all__
        assert partial(getattr, metrics, name)()
