"""What a chapter is made of besides prose: claims that are checked, exercises that answer back."""

from gan_core.course.lessons.answers import me
from gan_core.course.lessons.claims import checked, claim
from gan_core.course.lessons.exercises import Exercise, check

__all__ = ["Exercise", "check", "checked", "claim", "me"]
