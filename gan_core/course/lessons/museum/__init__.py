"""A museum of faults that people meet in public code. Each piece is broken, mended, and told apart by an oracle.

Chapter 17 shows them, and tests use them as mutants: what is shown is what runs. Room by room, by what one sees; the
store keeps those of the exercises.
"""

from gan_core.course.lessons.museum import critics, looks_fine, not_a_number, nothing_learns, one_thing, store
from gan_core.course.lessons.museum.piece import Piece, holds, mending, source, told_apart

ROOMS = {
    "nothing learns": nothing_learns,
    "one thing only": one_thing,
    "not a number": not_a_number,
    "the critic's number": critics,
    "it looks fine": looks_fine,
    "the store": store,
}


def pieces(room) -> list[Piece]:
    """The pieces of a room, in their order."""
    return [each for each in vars(room).values() if isinstance(each, Piece)]


PIECES = tuple(piece for room in ROOMS.values() for piece in pieces(room))

__all__ = ["PIECES", "ROOMS", "Piece", "holds", "mending", "pieces", "source", "told_apart"]
