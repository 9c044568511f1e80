"""What every count of the course is asked: to be a whole number that is not too small."""

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
