"""The exercise of chapter 00: the one that shows how exercises work."""

from gan_core.lessons.exercises import Exercise

EXERCISES = {
    "00.1": Exercise(
        solution=lambda x: x**2,
        mistakes={"you doubled x; the square is x times x": lambda x: 2 * x},
        inputs=((3.0,), (-0.5,)),
    ),
}
