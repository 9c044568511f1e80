"""What a chapter is made of besides prose: claims and exercises, pictures, sliders; and the check of a machine."""

from gan_core.course.lessons import Exercise, check, checked, claim, me

__all__ = ["Exercise", "check", "checked", "claim", "me"]
