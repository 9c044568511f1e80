"""A test is only as good as the bugs it would see. An oracle takes an implementation and asserts what must be true of
it; it must pass for ours and fail for each mutant, a version with one fault that people really make."""

import pytest


def assert_killed(oracle, mutant):
    """`oracle(mutant)` must fail: by an assertion (`pytest.raises` has its own), or because the mutant breaks."""
    failures = (AssertionError, pytest.fail.Exception, ArithmeticError, ValueError, TypeError, RuntimeError)
    with pytest.raises(failures):
        oracle(mutant)
