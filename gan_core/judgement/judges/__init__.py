"""Small networks that look at samples and say what they see. Their weights come with the course, measured."""

from gan_core.judgement.judges.judge import Judge, digits, faces, load
from gan_core.judgement.judges.teaching import NAMES, train, train_all

__all__ = ["NAMES", "Judge", "digits", "faces", "load", "train", "train_all"]
