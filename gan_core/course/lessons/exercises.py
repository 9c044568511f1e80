"""Exercises that answer back: a check says waiting, right, or wrong *because*, and the chapter goes on in any case.

An exercise is data: the right answer, and the wrong answers people really give, each with what to say to the person. So
a check accepts every right answer, however it is written, and a test can hold that every mistake is recognised.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from gan_core.course.lessons.answers import note


@dataclass(frozen=True)
class Exercise:
    """`solution` is the right function, or the right value; `mistakes` maps what to say to a wrong one of its kind.

    A function is compared on each tuple of `inputs`, of which it gets a copy; values are compared directly, names
    without regard to case; numbers agree within `tolerance`, relative or absolute. Raises ValueError for a function
    without inputs.
    """

    solution: Callable | object
    mistakes: dict = field(default_factory=dict)
    inputs: tuple = ()
    tolerance: float = 1e-6

    def __post_init__(self):
        if callable(self.solution) and not self.inputs:
            raise ValueError("an exercise whose solution is a function needs inputs=((…,), …) to compare it on")


def check(id, answer):
    """Check `answer` (a function or a value) against exercise `id`, "chapter.number", and print what to do next.

    What goes wrong inside `answer` is printed, not raised. Whoever has said a name, with `me`, finds the verdict noted
    in a file. Raises ValueError for an id that there is not.

    >>> check("00.1", None)
    … 00.1 is waiting for you
    """
    verdict, said = _verdict(find(id), answer)
    print(LINES[verdict].format(id=id, said=said))
    note(id, verdict, said.partition(":")[0] if verdict == "raised" else said)  # the text of an error may name files


LINES = {
    "right": "✓ {id} is right",
    "wrong": "✗ {id} is not right yet: {said}",
    "raised": "✗ {id} raised {said}",
    "waiting": "… {id} is waiting for you",
}


def _verdict(exercise, answer):
    try:
        given = _results(exercise, answer)
    except Exception as error:  # the student's own code may raise anything; say so and let the chapter go on
        return "raised", f"{type(error).__name__}: {error}"
    if given is None:
        return "waiting", ""
    if _agree(exercise, given, _results(exercise, exercise.solution)):
        return "right", ""
    return "wrong", _because(exercise, given)


def find(id):
    """The exercise `id`; ValueError names those there are."""
    chapter, _, _ = str(id).partition(".")
    module = f"gan_core.course.lessons.chapter_{chapter}"
    try:
        exercises = import_module(module).EXERCISES
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
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
        return f"{_short(given[0])} is not it"
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
    results = [answer(*copy.deepcopy(inputs)) for inputs in exercise.inputs]  # an answer may work in place
    return None if all(result is None or result is ... for result in results) else results


def _agree(exercise, given, wanted):
    return all(_close(a, b, exercise.tolerance) for a, b in zip(given, wanted, strict=True))


def _close(a, b, tolerance):
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().casefold() == b.strip().casefold()
    try:
        a, b = _array(a), _array(b)
    except (TypeError, ValueError, RuntimeError):  # several results of different shapes are compared one by one
        several = isinstance(a, tuple | list) and isinstance(b, tuple | list) and len(a) == len(b)
        return several and all(_close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def _array(value):
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value, dtype=np.float64)


def _shown(inputs):
    return ", ".join(_short(value) for value in inputs)


def _short(value):
    try:
        return np.array2string(_array(value), precision=4, threshold=6, separator=", ")
    except (TypeError, ValueError, RuntimeError):
        return repr(value)
