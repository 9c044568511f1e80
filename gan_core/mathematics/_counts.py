"""What numbers are asked: a count to be a whole number that is not too small, a bound or a price to be positive."""

from math import inf
from operator import index


def whole(name, value, least=1):
    """`value` as an int of at least `least`; TypeError or ValueError says what was given."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number; given {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}; given {number}")
    return number


def positive(name, value, such_as):
    """`value`, which is a positive finite number; ValueError says what was given, and what could be: `such_as`."""
    if not (isinstance(value, int | float) and 0 < value < inf):
        raise ValueError(f"{name} must be a positive number, such as {such_as}; given {value!r}")
    return value
