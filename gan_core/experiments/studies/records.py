"""The record of a study, results/studies/NAME.json: what was asked, what was found, with what and when.

The file is JSON with one row on a line, whole at every moment, and names no folder of the machine. It ends with the
SHA-256 of all that it says: a number that was changed is noticed.
"""

import hashlib
import json
import pathlib
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from gan_core import results
from gan_core.experiments.recipes import known
from gan_core.experiments.studies.study import KEYS

FOLDER = results.FOLDER / "studies"
PARTS = ("study", "command", "question", "settings", "rows", "reference", "provenance")


@dataclass(frozen=True)
class Record:
    """What a study has found so far.

    `rows`        [{condition, seed, step, each measure, seconds}]
    `reference`   [{seed, each measure}] of real examples, where the study has them
    `settings`    what the numbers depend on: batch, steps, dtype, and each condition's method in words
    `provenance`  [{commit, versions, device, date …}], one for each code and machine that had a part in it
    """

    study: str
    question: str
    settings: dict
    rows: tuple[dict, ...] = ()
    reference: tuple[dict, ...] = ()
    provenance: tuple[dict, ...] = ()

    @property
    def command(self):
        """What makes this record."""
        return f"python -m gan_core study {self.study}"

    @property
    def measures(self):
        """The names of the numbers in a row."""
        return tuple(name for name in (self.rows[0] if self.rows else ()) if name not in KEYS)

    @property
    def conditions(self):
        """The labels that have rows, in the order of the study."""
        with_rows = {row["condition"] for row in self.rows}
        return tuple(label for label in self.settings["methods"] if label in with_rows)

    @property
    def seconds(self):
        """Processor time of all the training that is in it."""
        last = self.settings["at"][-1]
        return sum(row["seconds"] for row in self.rows if row["step"] == last)

    def made(self):
        """The keys of the rows that are there: {(condition, seed, step)}."""
        return {_key(row) for row in self.rows}

    def table(self, measure, at=None):
        """{condition: the measure of each seed, in the order of the seeds} at a step, by default the last one.

        Raises ValueError for a measure that is not in the record, and for a step that was not measured.
        """
        known("measure", measure, self.measures)
        steps = self.settings["at"]
        at = steps[-1] if at is None else at
        if at not in steps:
            raise ValueError(f"nothing was measured at step {at!r}; the steps are {', '.join(map(str, steps))}")
        found = {
            label: sorted((r["seed"], r[measure]) for r in self.rows if r["condition"] == label and r["step"] == at)
            for label in self.conditions
        }
        return {label: np.array([value for _, value in values]) for label, values in found.items()}

    def matching(self, rows):
        """The recorded rows of the same conditions, seeds and steps as `rows`, in their order.

        Raises ValueError when one of them is not in the record.
        """
        mine = {_key(row): row for row in self.rows}
        missing = [key for key in map(_key, rows) if key not in mine]
        if missing:
            label, seed, step = missing[0]
            raise ValueError(f"the record has no row of {label!r}, seed {seed}, step {step}")
        return [mine[_key(row)] for row in rows]

    def with_rows(self, rows):
        """The record with these rows too, all in the order of the study; a row that is there already is replaced."""
        order = list(self.settings["methods"])
        every = {_key(row): row for row in (*self.rows, *rows)}
        return replace(self, rows=tuple(sorted(every.values(), key=lambda r: (order.index(r["condition"]), *_key(r)))))


def path(name, folder=None):
    """Where the record of the study `name` is."""
    return pathlib.Path(folder or FOLDER) / f"{name}.json"


def read(name, folder=None):
    """The `Record` of the study `name`, from `folder` or from those that come with the course.

    Raises FileNotFoundError when there is none, ValueError for a file that is damaged, changed or of something else.
    """
    file = path(name, folder)
    if not file.exists():
        raise FileNotFoundError(
            f"there is no record {file}: `python -m gan_core study {name}` makes it; the course's repository has one"
        )
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        if said.pop("sha256") != _digest(said):
            raise ValueError("what is in it is not what was written")
        rows, reference, provenance = map(tuple, (said["rows"], said["reference"], said["provenance"]))
        record = Record(name, said["question"], said["settings"], rows, reference, provenance)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} is damaged, or no record of `python -m gan_core study`: {error}; take it away to begin anew"
        ) from error
    if said["study"] != name:
        raise ValueError(f"{file} is the record of {said['study']!r}, not of {name!r}")
    return record


def write(record, folder=None):
    """Write the record to its file, which is whole at every moment: the old or the new. Raises OSError."""
    file = path(record.study, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    said = {name: getattr(record, name) for name in PARTS}
    results.write(file, _text({**said, "sha256": _digest(said)}).encode())


def mean_se(values):
    """The mean of `values` (n,), and its standard error s/√n with s² = Σ(x − x̄)²/(n − 1): two floats.

    Raises ValueError for fewer than two values, which say nothing of their spread, and for what is not finite.

    >>> mean_se([1.0, 3.0])
    (2.0, 1.0)
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2:
        raise ValueError(f"values must be (n,) with n ≥ 2, one for each seed; given shape {x.shape}")
    if not all(map(isfinite, x)):
        raise ValueError("values must be finite; they hold NaN or infinity")
    return float(x.mean()), float(x.std(ddof=1) / np.sqrt(len(x)))


def _key(row):
    return tuple(row[name] for name in KEYS)


def _digest(said):
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _text(said):
    """JSON with one row on a line, to be read by people and by `git diff`."""

    def part(value):
        if isinstance(value, tuple):
            lines = (json.dumps(each, ensure_ascii=False) for each in value)
            return "[\n    " + ",\n    ".join(lines) + "\n  ]" if value else "[]"
        return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  ")

    return "{\n  " + ",\n  ".join(f"{json.dumps(name)}: {part(value)}" for name, value in said.items()) + "\n}\n"
