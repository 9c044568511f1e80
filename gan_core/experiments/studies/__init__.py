"""Experiments too long for a notebook: each recorded by `python -m gan_core study NAME`, any part of it run again.

record = studies.read("ring")
record.table("modes")                                    # {condition: one value for each seed}
rows = studies.rerun("ring", conditions=["K = 0"], upto=250)
record.matching(rows)                                    # what the record has of the same
"""

from importlib import import_module

from gan_core.experiments.recipes import known
from gan_core.experiments.studies import recording
from gan_core.experiments.studies.records import Record, mean_se, path, read
from gan_core.experiments.studies.study import Study

__all__ = ["STUDIES", "Record", "Study", "find", "mean_se", "path", "read", "record", "rerun"]

STUDIES = {  # name: the file that it is in
    "ring": "ring",
    "grid": "ring",
    "stacked_digits": "stacked_digits",
    "faces_unrolled": "faces",
    "quality": "quality",
    "textbook": "quality",
    "losses": "losses",
    "people": "people",
    "growth": "growth",
    "pairs_ring": "pairs",
    "pairs_digits": "pairs",
}


def find(name):
    """The `Study` called `name`; ValueError names those there are."""
    return getattr(import_module(f"{__name__}.{STUDIES[known('study', name, STUDIES)]}"), name)


def record(name, **options):
    """`recording.record` of the study called `name`: train what its record does not have yet. Returns the `Record`."""
    return recording.record(name, find(name), **options)


def rerun(name, *, conditions, seeds=None, upto=None):
    """Rows of a part of the study called `name`, trained again, by default under all its seeds: `recording.rerun`."""
    study = find(name)
    return recording.rerun(study, conditions=conditions, seeds=study.seeds if seeds is None else seeds, upto=upto)
