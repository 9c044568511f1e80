"""Recording a study: what is left of it is trained, and after each piece of work the file is whole again."""

import multiprocessing
import pickle
import signal
import types
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import torch

from gan_core import results
from gan_core.experiments.studies import records
from gan_core.experiments.studies.study import KEYS, done, jobs, plainly
from gan_core.mathematics._counts import whole
from gan_core.pieces import _progress
from gan_core.pieces.devices import Place

PLAIN = Place(torch.device("cpu"), bf16=False, channels_last=False)


def begun(name, study, folder=None):
    """The record of `study` as far as it got; a new one when there is none.

    Raises ValueError for a damaged file, and for one that was made with other settings.
    """
    now = study.settings()
    try:
        found = records.read(name, folder)
    except FileNotFoundError:
        return records.Record(name, study.question, now)
    differ = sorted(_differences(found.settings, now))
    if differ:
        raise ValueError(
            f"{records.path(name, folder)} was made with other settings: {'; '.join(differ)}. "
            "Take it away to begin anew"
        )
    methods = now["methods"] | found.settings["methods"]  # those of the study first, in its order
    return replace(found, question=study.question, settings={**now, "methods": methods})


def record(name, study, *, conditions=None, workers=1, folder=None, say=print):
    """Train what the record of `study` does not have yet, of these conditions (None: all). Returns the whole record.

    It is saved after each piece of work, so that nothing more than that is lost when it is stopped; the rows do not
    depend on when it was. More than one of `workers` share the pieces out among processes, of one thread each.
    `say(line)` is told of each piece.
    Raises ValueError for a label that is not one of the study's, and as `begun` and `study.done`.
    """
    labels = tuple(study.conditions if conditions is None else dict.fromkeys(conditions))
    study.knows(labels)
    found = begun(name, study, folder)
    left = jobs(study, labels, found.made())
    steps = sum(len(job.seeds) * job.at[-1] for job in left)
    if not left:
        return found
    if study.reference is not None and len(found.reference) < len(study.seeds):
        found = _with_reference(found, study)
    place = study.start(labels[0], 0).place if study.fast else PLAIN
    with _progress.bar(steps, f"{steps:,} training steps") as bar, _worked(study, left, workers, bar) as work:
        for count, (job, rows) in enumerate(work, 1):
            found = _now(_as_it_is(found, folder).with_rows(rows), place)
            records.write(found, folder)
            bar.clear()
            say(f"{_in_words(job, rows)}   [{count} of {len(left)}]")
    return found


def rerun(study, *, conditions, seeds, upto=None):
    """Train a part of `study` again: the rows of these conditions and seeds, at its steps up to `upto`.

    They are as the record has them, so `read(name).matching(rows)` is what to hold them against: the same on one
    machine, bit for bit, when all seeds that moved together move together again; else the same up to rounding, which
    training makes larger with each step. Nothing is written.
    Raises ValueError for a condition or seed that the study does not have, and when nothing is measured up to there.
    """
    study.knows(conditions)
    strange = [seed for seed in seeds if seed not in study.seeds]
    if strange or not len(seeds):
        raise ValueError(f"seeds must be some of {', '.join(map(str, study.seeds))}; given {seeds!r}")
    at = tuple(step for step in study.at if upto is None or step <= upto)
    if not at:
        raise ValueError(f"the study is first measured at step {study.at[0]}; nothing is measured up to step {upto}")
    part = types.SimpleNamespace(together=study.together, seeds=tuple(seeds), at=at)
    return [row for job in jobs(part, conditions) for row in done(study, job)]


@contextmanager
def _worked(study, left, workers, bar):
    """Pairs (job, rows) as they get ready: worked on here, or in processes that end with the context."""
    if whole("workers", workers) == 1:
        yield ((job, done(study, job, lambda runs: bar.update(runs))) for job in left)
        return
    try:
        pickle.dumps(study)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(f"for several workers, all functions of a study must be importable: {error}") from None
    # Started anew, not copied: a copy of a process that has threads may hang. Ctrl-C is for the one in front.
    with multiprocessing.get_context("spawn").Pool(min(workers, len(left)), _deaf) as pool:
        yield _counted(pool.imap_unordered(partial(_pair, study), left), bar)


def _counted(pairs, bar):
    for job, rows in pairs:
        bar.update(len(job.seeds) * job.at[-1])
        yield job, rows


def _pair(study, job):
    return job, done(study, job)


def _deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _as_it_is(record, folder):
    """The record as its file has it now: another process may have written other conditions there meanwhile."""
    try:
        there = records.read(record.study, folder)
    except FileNotFoundError:
        return record
    reference = max(record.reference, there.reference, key=len)
    return replace(record, rows=there.rows, reference=reference, provenance=there.provenance)


def _with_reference(record, study):
    with plainly(study.dtype):
        return replace(record, reference=tuple({"seed": seed, **study.reference(seed)} for seed in study.seeds))


def _now(record, place):
    """The record with what runs now as the last of its provenance, unless it is there."""
    now = {**results.provenance(types.SimpleNamespace(place=place)), "threads": 1}
    return replace(record, provenance=(*(each for each in record.provenance if each != now), now))


def _differences(then, now):
    """What differs between two settings, in words; conditions that only one of them has are no difference."""
    for name in ("batch", "at", "dtype"):
        if then[name] != now[name]:
            yield f"{name} {then[name]} there, {now[name]} now"
    for label in then["methods"].keys() & now["methods"].keys():
        there, here = then["methods"][label], now["methods"][label]
        for part in there.keys() | here.keys():
            if there.get(part) != here.get(part):
                yield f"{part} of {label}: {there.get(part)} there, {here.get(part)} now"


def _in_words(job, rows):
    last = [row for row in rows if row["step"] == job.at[-1]]
    shown = [name for name in last[0] if name not in KEYS]
    means = (f"{name} {sum(row[name] for row in last) / len(last):.4g}" for name in shown)
    seeds = "seed" if len(job.seeds) == 1 else "mean of seeds"
    return f"{job.label}, {seeds} {', '.join(map(str, job.seeds))}: {', '.join(means)}"
