"""What an exhibit is: a few broken lines, the same lines mended, and the oracle that tells them apart."""

import inspect
import textwrap
from collections.abc import Callable
from difflib import ndiff
from typing import NamedTuple

import torch


class Piece(NamedTuple):
    """`broken` and `mended` are two versions of one function (or class); `oracle` asserts what is true of the mended.

    `symptom` is what whoever runs it sees, `fault` what is wrong, `seen` where the fault was met in public.
    """

    name: str
    symptom: str
    fault: str
    seen: str
    broken: Callable
    mended: Callable
    oracle: Callable


def piece(symptom, fault, seen):
    """Turn a class that holds `broken`, `mended` and `oracle` into a `Piece` of its name."""

    def made(case):
        return Piece(case.__name__, symptom, fault, seen, case.broken, case.mended, case.oracle)

    return made


def holds(oracle, version) -> bool:
    """Whether `oracle(version)` finds nothing to say against it. What it says is an AssertionError; others are raised.

    The same answer each time: what is drawn meanwhile follows a seed, and torch's own stream is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            oracle(version)
        except AssertionError:
            return False
    return True


def told_apart(piece) -> list[bool]:
    """Two truths: the oracle passes for the mended version, and it fails for the broken one."""
    return [holds(piece.oracle, piece.mended), not holds(piece.oracle, piece.broken)]


def source(function) -> str:
    """The very lines that run, moved to the left margin."""
    return textwrap.dedent(inspect.getsource(function))


def mending(piece) -> str:
    """The lines of the piece, those that go marked −, those that come marked +."""
    broken, mended = (source(each).splitlines() for each in (piece.broken, piece.mended))
    broken[0] = mended[0]  # `def broken(…)` is no fault
    return "\n".join(line for line in ndiff(broken, mended) if not line.startswith("?"))
