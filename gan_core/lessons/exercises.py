"""Exercises that answer back: a check says waiting, right, or wrong *because*, and never raises.

An exercise is data: the right answer, and the wrong answers people really give, each with what to say to the person. So a
check accepts every right answer, however it is written, and a test can hold that every mistake is recognised.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """`solution` is the right function, or the right value; `mistakes` maps what to say to a wrong one of the same kind.

    A function is compared on each tuple of `inputs`; values are compared directly; numbers agree within `tolerance`.
    """

    solution: Callable | object
    mistakes: dict = field(default_factory=dict)
    inputs: tuple = ()
    tolerance: float = 1e-6


def check(id, answer):
    """Check `answer` (a function or a value) against exercise `id`, "chapter.number", and print what to do next.

    >>> check("00.1", None)
    … 00.1 is waiting for you
    """
    exercise = find(id)
    try:
        given = _results(exercise, answer)
    except Exception as error:  # the student's own code may raise anything; say so and let the chapter go on
        print(f"✗ {id} raised {type(error).__name__}: {error}")
        return
    if given is None:
        print(f"… {id} is waiting for you")
    elif _agree(exercise, given, _results(exercise, exercise.solution)):
        print(f"✓ {id} is right")
    else:
        print(f"✗ {id} is not right yet: {_because(exercise, given)}")


def find(id):
    """The exercise `id`; ValueError names those there are."""
    chapter, _, _ = str(id).partition(".")
    try:
        exercises = import_module(f"gan_core.lessons.chapter_{chapter}").EXERCISES
    except ModuleNotFoundError:
        raise ValueError(f"no exercises for chapter {chapter!r}; an id is written like '02.1'") from None
    if id not in exercises:
        raise ValueError(f"unknown exercise {id!r}; chapter {chapter} has {', '.join(exercises)}")
    return exercises[id]


def _because(exercise, given):
    for what, wrong in exercise.mistakes.items():
        if _agree(exercise, given, _results(exercise, wrong)):
            return what
    wanted = _results(exercise, exercise.solution)
    if not callable(exercise.solution):
        return f"{given[0]!r} is not it"
    for inputs, got, want in zip(exercise.inputs, given, wanted, strict=True):
        if not _close(got, want, exercise.tolerance):
            return f"for {_shown(inputs)} it gives {_short(got)}, and {_short(want)} is right"


def _results(exercise, answer):
    """The answer's values on all inputs, or None while there is nothing to check."""
    if answer is None or answer is ...:
        return None
    if not callable(exercise.solution):
        return [answer]
    if not callable(answer):
        raise TypeError(f"this exercise wants a function; given {answer!r}")
    results = [answer(*inputs) for inputs in exercise.inputs]
    return None if all(result is None or result is ... for result in results) else results


def _agree(exercise, given, wanted):
    return all(_close(a, b, exercise.tolerance) for a, b in zip(given, wanted, strict=True))


def _close(a, b, tolerance):
    try:
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    except (TypeError, ValueError):
        return a == b if isinstance(a, str) and isinstance(b, str) else False
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def _shown(inputs):
    return ", ".join(_short(value) for value in inputs)


def _short(value):
    try:
        return np.array2string(np.asarray(value, dtype=np.float64), precision=4, threshold=6, separator=", ")
    except (TypeError, ValueError):
        return repr(value)
