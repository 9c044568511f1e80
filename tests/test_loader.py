"""What a user already holds goes in by one door, and a DataLoader's stream can be repeated, resumed and shared."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from mutants import assert_killed, faults
from pairs import ToldD, ToldG
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset

from gan_core import datasets, methods, training
from gan_core.pieces.datasets import Examples, Images, Loader, as_data
from gan_core.training import GAN


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


# ---- as_data


def oracle_as_data(as_data):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert torch.equal(as_data(x).x, x)
    from_numpy = as_data(np.array([[0.1, 0.2]]))
    assert from_numpy.x.dtype == torch.get_default_dtype() == torch.float32
    assert torch.equal(from_numpy.x, torch.tensor([[0.1, 0.2]]))
    pair = as_data((x.numpy(), np.array([2, 0, 1])))
    assert isinstance(pair, Examples)
    assert torch.equal(pair.x, x)
    assert pair.y is not None
    assert pair.y.tolist() == [2, 0, 1]
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1)
    for given in (pixels, pixels.numpy(), (pixels, torch.tensor([7]))):
        images = as_data(given)
        assert isinstance(images, Images)
        assert images.pixels.dtype == torch.uint8
        torch.testing.assert_close(images.x.flatten(), torch.tensor([-1.0, -0.6, 1.0]))
    assert images.y.tolist() == [7]
    frozen, upside_down = x.numpy().copy(), x.numpy()[::-1]
    frozen.flags.writeable = False  # torch shares neither of them by itself
    assert torch.equal(as_data(frozen).x, x)
    assert torch.equal(as_data(upside_down).x, x.flip(0))
    assert not as_data(x.clone().requires_grad_()).x.requires_grad
    ring = datasets.ring()
    assert as_data(ring) is ring


def door(cast=True, pixels=Images, labels=True):
    def mutant(given):
        if hasattr(given, "sample"):
            return given
        x, y = given if isinstance(given, tuple) else (given, None)
        x = x.detach() if torch.is_tensor(x) else torch.tensor(x.copy())
        y = None if y is None or not labels else torch.as_tensor(y)
        if x.dtype == torch.uint8:
            return pixels(x, y)
        return Examples(x.float() if cast else x, y)

    return mutant


def test_as_data():
    oracle_as_data(as_data)
    oracle_as_data(door())


@faults(
    {
        "numpy's 64 bits kept": door(cast=False),
        "labels lost": door(labels=False),
        "from 0 to 1": door(pixels=lambda x, y: Examples(x.float() / 255, y)),
    }
)
def test_as_data_mutants(mutant):
    assert_killed(oracle_as_data, mutant)


class Batches:
    """A user's own data, endless: nothing but a shape and a sample."""

    shape = (1,)

    def sample(self, n, rng):
        return 3 + torch.randn(n, 1, generator=rng)


def test_data_of_ones_own():
    run = training.fit(methods.gan((1,), z=2, width=8), Batches(), steps=3)
    assert run.step == 3


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: as_data([[1.0]]), TypeError, "data must be a dataset of gan_core.datasets, a tensor.*given list"),
        (lambda: as_data("faces"), TypeError, "given str"),
        (lambda: as_data(None), TypeError, "given NoneType"),
        (lambda: as_data(TensorDataset(torch.zeros(3, 1))), TypeError, "a DataLoader.*given TensorDataset"),
        (lambda: as_data((torch.zeros(3, 1), [1, 2, 3])), TypeError, "given a pair of Tensor and list"),
        (lambda: as_data((torch.zeros(3, 1), torch.zeros(2))), ValueError, r"one label for each of 3.*given \(2,\)"),
        (lambda: as_data(torch.zeros(3, 1, dtype=torch.int64)), TypeError, r"x must be of floats; given torch.int64"),
        (lambda: as_data(torch.zeros(3, 4, dtype=torch.uint8)), TypeError, "x must be of floats; given torch.uint8"),
        (lambda: as_data(np.zeros((3, 1), bool)), TypeError, "x must be of floats; given torch.bool"),
        (lambda: as_data(torch.zeros(0, 2)), ValueError, r"N ≥ 1; given shape \(0, 2\)"),
        (lambda: as_data(torch.zeros(0, 1, 8, 8, dtype=torch.uint8)), ValueError, "N ≥ 1"),
        (lambda: as_data(torch.zeros(3)), ValueError, r"given shape \(3,\)"),
        (lambda: as_data(np.full((2, 2), np.nan)), ValueError, "x must be finite"),
        (lambda: as_data(255 * torch.rand(2, 1, 8, 8)), ValueError, r"images must lie in \[−1, 1\].*Images\("),
        (lambda: as_data(np.array([["a"]])), TypeError, "can't convert np.ndarray"),
    ],
)  # fmt: skip
def test_as_data_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


# ---- Loader

ROWS = TensorDataset(torch.arange(10.0)[:, None], torch.arange(10))


class Noisy(Dataset):
    """Its rows, each moved a little by noise that torch draws on the way."""

    def __len__(self):
        return 10

    def __getitem__(self, row):
        return torch.tensor([float(row)]) + 0.1 * torch.rand(1)


def served(loader, batches, stream):
    return torch.cat([loader.sample(3, stream) for _ in range(batches)])[:, 0]


OF_THREE = {
    "shuffled": lambda: DataLoader(ROWS, batch_size=3, shuffle=True),
    "with a generator": lambda: DataLoader(ROWS, batch_size=3, shuffle=True, generator=torch.Generator()),
    "a sampler's own generator": lambda: DataLoader(
        ROWS, batch_size=3, sampler=RandomSampler(ROWS, generator=torch.Generator())
    ),
    "drawn with replacement": lambda: DataLoader(
        ROWS, batch_size=3, sampler=RandomSampler(ROWS, True, 100, torch.Generator())
    ),
    "noise on the way": lambda: DataLoader(Noisy(), batch_size=3, shuffle=True),
}


def oracle_loader(make, given):
    """The same order for the same seed, two streams at once, taken up in the middle; torch's own is untouched."""
    torch.manual_seed(5)
    outside = torch.get_rng_state()
    whole = served(make(given()), 11, rng(1))
    torch.manual_seed(5)
    shared = given()
    one, two, stream, same = make(shared), make(shared), rng(1), rng(1)
    rows = torch.cat([torch.cat([served(one, 1, stream), served(two, 1, same)]) for _ in range(5)]).reshape(5, 2, 3)
    assert torch.equal(rows[:, 0], rows[:, 1]), "two streams of one DataLoader disturb each other"
    assert torch.equal(rows[:, 0].flatten(), whole[:15]), "the same seed gave another order"
    later = make(given())
    later.load_state_dict(one.state_dict())
    stream_later = torch.Generator()
    stream_later.set_state(stream.get_state())
    assert torch.equal(served(later, 6, stream_later), whole[15:]), "not resumed where it was"
    assert torch.equal(torch.get_rng_state(), outside), "torch's own stream moved"
    assert not torch.equal(served(make(given()), 3, rng(2)), whole[:9]), "the seed does not matter"
    return whole


@pytest.mark.parametrize("name", OF_THREE)
def test_the_stream_of_a_loader(name):
    whole = oracle_loader(Loader, OF_THREE[name])
    if name != "drawn with replacement":
        for epoch in whole[:27].floor().reshape(3, 9).tolist():
            assert len(set(epoch)) == 9  # of 10 rows, three batches of three: the last, incomplete one is left out
        assert whole[:9].tolist() != whole[9:18].tolist(), "every epoch the same"


class AsItComes(Loader):
    """Draws from torch's own stream, as a DataLoader does by itself."""

    def _begin(self, epoch):
        self._epoch, self._served, self._batches = epoch, 0, iter(self.loader)

    def _next(self):
        batch = next(self._batches, None)
        if batch is None or len(batch[0]) < self.batch:
            return False
        self._last, self._served = batch if isinstance(batch, list) else [batch], self._served + 1
        return True


class OnlyTorchsOwn(Loader):
    def _generators(self):
        return [torch.default_generator]


class NothingKept(Loader):
    def state_dict(self):
        return {}


class OnlyTheEpoch(Loader):
    def state_dict(self):
        return {**super().state_dict(), "served": 0}


class OneOrder(Loader):
    def _begin(self, epoch):
        super()._begin(0)


class NotPutBack(Loader):
    def _begin(self, epoch):
        torch.manual_seed(epoch)
        super()._begin(epoch)


@pytest.mark.parametrize(
    ("mutant", "name"),
    [
        (AsItComes, "shuffled"),
        (OnlyTorchsOwn, "with a generator"),
        (OnlyTorchsOwn, "a sampler's own generator"),
        (NothingKept, "shuffled"),
        (OnlyTheEpoch, "noise on the way"),
        (OneOrder, "shuffled"),
        (NotPutBack, "shuffled"),
    ],
)
def test_the_stream_of_a_loader_mutants(mutant, name):
    assert_killed(lambda make: oracle_loader(make, OF_THREE[name]), mutant)


def test_labels_come_with_their_examples():
    loader, stream = Loader(DataLoader(ROWS, batch_size=4, shuffle=True)), rng()
    for _ in range(5):
        x, y = loader.labelled(4, stream)
        assert x[:, 0].tolist() == y.tolist()
        others = loader.labels(4, stream)
        assert sorted(others.tolist()) == sorted(y.tolist())
    orders = {tuple(loader.labels(4, stream).tolist()) for _ in range(20)}
    assert len(orders) > 5
    later = Loader(DataLoader(ROWS, batch_size=4, shuffle=True))
    later.load_state_dict(loader.state_dict())
    assert later.labels(4, rng(3)).tolist() == loader.labels(4, rng(3)).tolist()  # G's step first, after a resume


def test_to_is_a_stream_of_its_own_at_its_beginning():
    loader = Loader(DataLoader(ROWS, batch_size=3, shuffle=True))
    first = served(loader, 2, rng(4))
    other = loader.to("cpu")
    assert other.state_dict() == {}
    assert torch.equal(served(other, 2, rng(4)), first)
    assert loader.state_dict()["served"] == 2
    assert loader.to("meta").sample(3, rng()).device.type == "meta"


def test_a_run_of_a_loader_is_repeated_and_copied():
    """`fit` twice with the same Loader, and a copy beside its run: each reads its own stream."""
    gan, loader = methods.gan((1,), z=2, width=8), Loader(DataLoader(ROWS, batch_size=3, shuffle=True))
    run = training.fit(gan, loader, steps=5)
    again = training.fit(gan, loader, steps=5)
    assert np.array_equal(run.history["loss_d"], again.history["loss_d"])
    other = training.train(run.copy(), 5)
    assert np.array_equal(training.train(run, 5).history["loss_d"], other.history["loss_d"])
    assert np.array_equal(training.train(again, 5).history["loss_d"], other.history["loss_d"])


def test_replicates_of_a_loader_are_runs_alone():
    gan = methods.gan((1,), z=2, width=8)
    loader = DataLoader(ROWS, batch_size=5, shuffle=True, generator=torch.Generator())
    for run in training.replicate(gan, loader, steps=7, seeds=(3, 4)):
        alone = training.fit(gan, loader, steps=7, seed=run.seed)
        np.testing.assert_allclose(run.history["loss_d"], alone.history["loss_d"], rtol=1e-4)


def test_what_a_loader_hands_out_is_read_as_other_data_are():
    pixels = torch.arange(4, dtype=torch.uint8).reshape(4, 1, 1, 1) * 85
    images = Loader(DataLoader(TensorDataset(pixels), batch_size=4))
    assert images.shape == (1, 1, 1)
    torch.testing.assert_close(images.sample(4, rng()).flatten(), torch.tensor([-1, -1 / 3, 1 / 3, 1]))
    doubles = Loader(DataLoader(np.arange(4.0)[:, None], batch_size=2))
    assert doubles.sample(2, rng()).dtype == torch.float32
    assert len(doubles) == 4


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.rand(1)


def test_an_endless_loader():
    run = training.fit(methods.gan((1,), z=2, width=8), DataLoader(Endless(), batch_size=4), steps=3)
    again = training.fit(methods.gan((1,), z=2, width=8), DataLoader(Endless(), batch_size=4), steps=3)
    assert np.array_equal(run.history["loss_d"], again.history["loss_d"])
    assert run.batch == 4


class Spoiled(Dataset):
    """Good at first."""

    def __len__(self):
        return 12

    def __getitem__(self, row):
        return torch.full((1, 8, 8), 0.5 if row < 8 else 128.0)


class Named(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, row):
        return {"image": torch.zeros(2)}


def small(shape=(1,)):
    return methods.gan(shape, z=2, width=8)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: Loader(DataLoader(ROWS, batch_size=None)), ValueError, "must have a batch_size"),
        (lambda: Loader(DataLoader(ROWS, batch_size=11)), ValueError, "no full batch of 11: fewer examples than that"),
        (lambda: Loader(DataLoader(ROWS, batch_size=2, num_workers=1, persistent_workers=True)), ValueError,
         "persistent_workers cannot be begun again; leave them out"),
        (lambda: Loader(DataLoader(Named(), batch_size=2)), TypeError, r"must be x or \(x, y, …\); given dict"),
        (lambda: Loader(DataLoader(ROWS, batch_size=2)).sample(3, rng()), ValueError, "asked for 3: give batch=2"),
        (lambda: Loader(DataLoader(ROWS, batch_size=2)).labels(3, rng()), ValueError, "asked for 3: give batch=2"),
        (lambda: training.fit(small(), DataLoader(ROWS, batch_size=2), steps=1, batch=4), ValueError, "give batch=2"),
        (lambda: training.fit(small(), DataLoader(ROWS, batch_size=2), steps=1, batch=12), ValueError,
         "at most the number of examples, 10; given 12"),
        (lambda: Loader(DataLoader(Noisy(), batch_size=2)).labelled(2, rng()), ValueError, "gives no labels"),
        (lambda: Loader(DataLoader(Noisy(), batch_size=2)).labels(2, rng()), ValueError, "gives no labels"),
        (lambda: training.fit(small((1, 8, 8)), DataLoader(Spoiled(), batch_size=4), steps=3), ValueError,
         r"images must lie in \[−1, 1\].*given 128"),
        (lambda: Loader(DataLoader(ROWS, batch_size=2)).load_state_dict({"epoch": 0, "served": 9}), ValueError,
         "has fewer than 9 batches; it had as many"),
    ],
)  # fmt: skip
def test_loader_bad_input(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()


# ---- a user's own pair, with a plain tensor and with a DataLoader


class MyG(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 32)
        self.outer = nn.Linear(32, 2)

    def forward(self, noise):
        return self.outer(torch.relu(self.inner(noise)))


class MyD(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, point):
        return self.layers(point).squeeze(1)


@pytest.mark.parametrize("kind", ["tensor", "DataLoader"])
def test_a_pair_and_data_of_ones_own_are_trained(kind):
    """It learns where the points are: their mean, from 3 away to within 0.5, for each of two seeds."""
    x = torch.tensor([3.0, -2.0]) + 0.3 * torch.randn(512, 2, generator=rng())
    data = x if kind == "tensor" else DataLoader(TensorDataset(x), batch_size=64, shuffle=True)
    for seed in range(2):
        run = training.start(GAN(MyG, MyD, z=3), data, seed=seed)
        assert (run.samples(500).mean(0) - x.mean(0)).norm() > 3
        training.train(run, 400)
        assert (run.samples(500).mean(0) - x.mean(0)).norm() < 0.5


def test_a_pair_of_ones_own_that_is_told_classes():
    gan = GAN(ToldG, ToldD, z=4, classes=10)
    digits = datasets.digits()
    pairs = DataLoader(TensorDataset(digits.x[:200], digits.y[:200]), batch_size=20, shuffle=True)
    for data in (digits, (digits.x, digits.y), pairs):
        run = training.fit(gan, data, steps=3)
        assert run.samples(7).shape == (7, 1, 8, 8)
        assert np.isfinite(run.history["loss_g"]).all()
        other = replace(gan, classes=9)
        if data is not pairs:
            with pytest.raises(ValueError, match=r"from 0 to 8; those of the data are .* from 0 to 9"):
                training.fit(other, data, steps=1)
