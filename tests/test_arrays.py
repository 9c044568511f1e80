"""What the mathematics asks of its arrays: every kind of bad input is refused with a message that names it."""

import numpy as np
import pytest
import torch
from mutants import assert_killed

from gan_core.mathematics import _arrays

GOOD = [0.25, 0.75]


def oracle_finite(finite):
    assert finite("p", [1, 2]).dtype == np.float64
    np.testing.assert_array_equal(finite("p", torch.tensor([1.0, 2.0])), [1, 2])
    np.testing.assert_array_equal(finite("p", [True, False]), [1, 0])
    with pytest.raises(ValueError, match=r"p must be finite; p\[0, 1\] is nan"):
        finite("p", [[0, np.nan]])
    with pytest.raises(ValueError, match=r"q must be finite; q\[1\] is inf"):
        finite("q", [0, np.inf])
    with pytest.raises(ValueError, match="p must be finite; p is nan"):
        finite("p", np.nan)
    with pytest.raises(ValueError, match=r"p is empty \(shape \(3, 0\)\)"):
        finite("p", np.zeros((3, 0)))
    needs_grad = torch.ones(2, requires_grad=True)
    for wrong in (["a", "b"], ["0.5", "0.5"], [[1], [1, 2]], np.array([1j]), [1j], {}, needs_grad):
        with pytest.raises(TypeError, match="p must be an array of real numbers; given"):
            finite("p", wrong)


def oracle_binned(binned):
    np.testing.assert_array_equal(binned("d", [[-1.0, 2.0]]), [[-1, 2]])
    with pytest.raises(ValueError, match=r"d must have the bins on its last axis; given the single number 0\.5"):
        binned("d", 0.5)


def oracle_non_negative(non_negative):
    np.testing.assert_array_equal(non_negative("p", [0, 3]), [0, 3])
    with pytest.raises(ValueError, match=r"p must not be negative; p\[1, 0\] is -0\.25"):
        non_negative("p", [[1, 0], [-0.25, 1.25]])
    with pytest.raises(ValueError, match="bins on its last axis"):
        non_negative("p", 1.0)


def oracle_width(width):
    assert width(0.5) == 0.5
    for wrong in (0, -1, [0.5, 0.5], np.nan, np.inf):
        with pytest.raises(ValueError, match="dx"):
            width(wrong)
    with pytest.raises(TypeError, match="dx"):
        width("0.5")


def oracle_distribution(distribution):
    np.testing.assert_array_equal(distribution("p", GOOD), GOOD)
    np.testing.assert_array_equal(distribution("p", [[1, 3], [2, 2]], dx=0.25), [[1, 3], [2, 2]])
    distribution("p", [0.5, 0.5 + 9e-7])  # what a grid that ends somewhere may lose
    for wrong in ([0.5, 0.5 + 2e-6], [0.5, 0.5 - 2e-6]):
        with pytest.raises(ValueError, match="p must sum to 1"):
            distribution("p", wrong)
    with pytest.raises(ValueError, match=r"its total is 1\.5.*Divide by the total, or give the width"):
        distribution("p", [GOOD, [0.75, 0.75]])  # the first row is right, the second is not
    with pytest.raises(ValueError, match=r"p must sum to 1.*its total is 0\.5"):
        distribution("p", GOOD, dx=0.5)
    with pytest.raises(ValueError, match="dx must be finite"):
        distribution("p", GOOD, dx=np.nan)


def oracle_same_bins(same_bins):
    same_bins(p=np.ones(3), q=np.ones((2, 3)), d=np.ones((5, 1, 3)))
    with pytest.raises(
        ValueError, match=r"bins \(last axis\) must agree in number; given p of shape \(3,\), q of shape"
    ):
        same_bins(p=np.ones(3), q=np.ones(4))
    with pytest.raises(ValueError, match="must agree"):
        same_bins(p=np.ones(3), q=np.ones(1))  # one bin would broadcast without a word
    with pytest.raises(ValueError, match=r"axes before the bins must broadcast; given p of shape \(2, 3\)"):
        same_bins(p=np.ones((2, 3)), q=np.ones((4, 3)))


ORACLES = {
    _arrays.finite: oracle_finite,
    _arrays.binned: oracle_binned,
    _arrays.non_negative: oracle_non_negative,
    _arrays.width: oracle_width,
    _arrays.distribution: oracle_distribution,
    _arrays.same_bins: oracle_same_bins,
}


@pytest.mark.parametrize("function", ORACLES, ids=lambda function: function.__name__)
def test_bad_input_is_named(function):
    ORACLES[function](function)


def _sums_to_one(check):
    def distribution(name, values, dx=1.0):
        array = _arrays.non_negative(name, values)
        if not check(np.abs((array * dx).sum(-1) - 1)):
            raise ValueError(f"{name} must sum to 1; its total is off")
        return array

    return distribution


MUTANTS = {
    "numpy converts whatever it can": (oracle_finite, lambda name, values: np.asarray(values, dtype=np.float64)),
    "only NaN is looked for": (
        oracle_finite,
        lambda name, values: _arrays.finite(name, np.nan_to_num(np.asarray(values), nan=np.nan)),
    ),
    "one number is taken for one bin": (
        oracle_binned,
        lambda name, values: np.atleast_1d(_arrays.finite(name, values)),
    ),
    "negative mass passes": (oracle_non_negative, _arrays.binned),
    "any number is a width": (oracle_width, lambda dx: _arrays.finite("dx", dx)),
    "the total of the whole array": (oracle_distribution, _sums_to_one(lambda off: off.sum() < 1e-6)),
    "one good row is enough": (oracle_distribution, _sums_to_one(lambda off: off.min() < 1e-6)),
    "NaN is not greater than the tolerance": (oracle_distribution, _sums_to_one(lambda off: not (off > 1e-6).any())),
    "numpy's broadcasting is enough": (
        oracle_same_bins,
        lambda **arrays: np.broadcast_shapes(*(array.shape for array in arrays.values())),
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_dies(mutant):
    assert_killed(*MUTANTS[mutant])
