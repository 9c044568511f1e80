"""A test is only as good as the bugs it would see. An oracle takes an implementation and asserts what must be true of
it; it must pass for ours and fail for each mutant, a version with one fault that people really make."""

import inspect

import pytest


def assert_killed(oracle, mutant):
    """`oracle(mutant)` must fail: by an assertion (`pytest.raises` has its own), or because the mutant breaks."""
    failures = (AssertionError, pytest.fail.Exception, ArithmeticError, ValueError, TypeError, RuntimeError)
    with pytest.raises(failures):
        oracle(mutant)


def faults_of(oracles):
    """{oracle: {fault: mutant}} -> a test of `oracle` and `mutant` for each fault, under the names of both."""
    cases = [
        pytest.param(oracle, mutant, id=f"{oracle.__name__.removeprefix('oracle_')}: {fault}")
        for oracle, mutants in oracles.items() for fault, mutant in mutants.items()
    ]  # fmt: skip
    return pytest.mark.parametrize(("oracle", "mutant"), cases)


def faults(mutants):
    """{fault: mutant} -> a test of `mutant` for each fault, under the fault's name."""
    return pytest.mark.parametrize("mutant", mutants.values(), ids=mutants)


def replaced(text, *changes):
    """The text with the first `old` of each (old, new) replaced; it must be there."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def mutated(module, *changes):
    """The names of a module after the `old` of each (old, new) was replaced in its source, wherever it stands."""
    source = inspect.getsource(module)
    for old, new in changes:
        assert old in source, f"the mutant no longer fits the source: {old}"
        source = source.replace(old, new)
    namespace = {"__name__": module.__name__, "__file__": module.__file__}
    exec(source, namespace)
    return namespace
