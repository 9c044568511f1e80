"""A test is only as good as the bugs it would see. An oracle takes an implementation and asserts what must be true of
it; it must pass for ours and fail for each mutant, a version with one fault that people really make."""

import pytest


def assert_killed(oracle, mutant):
    """`oracle(mutant)` must fail: by an assertion (`pytest.raises` has its own), or because the mutant breaks."""
    failures = (AssertionError, pytest.fail.Exception, ArithmeticError, ValueError, TypeError, RuntimeError)
    with pytest.raises(failures):
        oracle(mutant)


def faults_of(oracles):
    """{oracle: {fault: mutant}} -> a test of `oracle` and `mutant` for each fault, under the fault's name."""
    cases = [
        pytest.param(oracle, mutant, id=fault)
        for oracle, mutants in oracles.items() for fault, mutant in mutants.items()
    ]  # fmt: skip
    return pytest.mark.parametrize(("oracle", "mutant"), cases)


def faults(mutants):
    """{fault: mutant} -> a test of `mutant` for each fault, under the fault's name."""
    return pytest.mark.parametrize("mutant", mutants.values(), ids=mutants)
