"""The exercises of chapter 00: how exercises work, how to read the green curve, how to read the map."""

from gan_core.course.lessons.exercises import Exercise

EXERCISES = {
    "00.1": Exercise(
        solution=lambda x: x**2,
        mistakes={"you doubled x; the square is x times x": lambda x: 2 * x},
        inputs=((3.0,), (-0.5,)),
    ),
    "00.2": Exercise(
        solution=0.75,
        mistakes={
            "3 is how much higher p is; the best D is a probability, between 0 and 1": 3,
            "that is how likely the point is a fake; D says how likely it is real": 0.25,
            "p / q is 3, and 3 / (3 + 1) is not a third": 1 / 3,
        },
        tolerance=1e-3,
    ),
    "00.3": Exercise(
        solution="constraint",
        mistakes={
            "the two losses stay as they are; what changes is how steep D may be": "objective",
            "the layers stay as they are; what changes is how steep D may be": "discriminator",
        },
    ),
}
