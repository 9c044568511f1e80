"""A study as a value: a question, and the runs that answer it. Each condition is trained under each seed, and measured.

It is too long for a notebook, so it is recorded once, by `python -m gan_core study NAME`, and any part of it can be
trained again. It runs on the CPU, on one thread, and its arithmetic is plain unless it says otherwise.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import torch

from gan_core import checkpoints, loop, replicates, training
from gan_core.mathematics._counts import whole

REAL = 10**6  # seeds of real examples begin here: they are those of no run
KEYS = ("condition", "seed", "step")  # of a row: which number it is; then come the measures, and the seconds


@dataclass(frozen=True)
class Study:
    """An experiment: what is asked, and all it takes to answer it, each part a value or a function.

    `question`    a sentence
    `data`        a function that gives the dataset
    `conditions`  {label: a function that gives the `training.GAN`}; for two workers, functions of a module's top level
    `measure`     a function of the run -> {measure: finite number}; it must leave the run alone, as `run.samples` does
    `at`          the steps of G at which it is measured, ascending; the last one ends the run
    `seeds`       of the runs of each condition
    `batch`       examples in a minibatch
    `dtype`       torch's default dtype meanwhile
    `together`    whether all seeds of a condition are one piece of work, and so may move as one (`replicates`)
    `reference`   a function of a seed -> the same measures of real examples, or None
    `fast`        with bf16 where this processor has units for it (`devices.place`): quicker, and other roundings

    Raises ValueError and TypeError for steps that do not ascend, seeds that repeat, and a study without conditions.
    """

    question: str
    data: Callable
    conditions: Mapping[str, Callable]
    measure: Callable
    at: tuple[int, ...]
    seeds: tuple[int, ...] = tuple(range(8))
    batch: int = 64
    dtype: torch.dtype = torch.float64
    together: bool = True
    reference: Callable | None = None
    fast: bool = False

    def __post_init__(self):
        steps = [whole("at", step) for step in self.at]
        if not steps or steps != sorted(set(steps)):
            raise ValueError(f"at must be steps in ascending order, such as (100, 1_000); given {self.at!r}")
        seeds = [whole("seeds", seed, least=0) for seed in self.seeds]
        if not seeds or len(seeds) != len(set(seeds)):
            raise ValueError(f"seeds must be different ones, at least one; given {self.seeds!r}")
        whole("batch", self.batch)
        if not self.conditions:
            raise ValueError("a study needs at least one condition: {label: a function that gives the GAN}")

    def settings(self):
        """What the numbers depend on, in words that JSON can hold; each condition as a checkpoint tells its method."""
        with plainly(self.dtype):
            methods = {label: checkpoints.belongs_to(self.start(label, 0)) for label in self.conditions}
        return {"batch": self.batch, "at": list(self.at), "dtype": str(self.dtype), "methods": methods}

    def knows(self, labels):
        """ValueError unless each of `labels` is one of a condition; it names those there are."""
        for label in labels:
            if label not in self.conditions:
                there = "; ".join(map(repr, self.conditions))  # a label may have a comma in it
                raise ValueError(f"there is no condition {label!r}; there are {there}")

    def start(self, label, seed):
        """The run of a condition under a seed, at step 0."""
        return self.starts(label, [seed])[0]

    def starts(self, label, seeds):
        """The runs of a condition under some seeds, at step 0: of one GAN and one dataset, so they can stack."""
        gan, data = self.conditions[label](), self.data()
        return [training.start(gan, data, seed=seed, batch=self.batch, device="cpu", fast=self.fast) for seed in seeds]


class Job(NamedTuple):
    """One piece of work: a condition under some seeds, measured at these steps."""

    label: str
    seeds: tuple[int, ...]
    at: tuple[int, ...]


def jobs(study, labels, made=frozenset()):
    """What is left to do for the conditions `labels`, when the rows with the keys `made` are there.

    Seed by seed, so that all conditions grow evenly; where the seeds move together, condition by condition.
    """
    missing = {
        label: tuple(seed for seed in study.seeds if not made.issuperset((label, seed, step) for step in study.at))
        for label in labels
    }
    if study.together:
        return [Job(label, seeds, study.at) for label, seeds in missing.items() if seeds]
    return [Job(label, (seed,), study.at) for seed in study.seeds for label in labels if seed in missing[label]]


def done(study, job, moved=lambda runs: None):
    """Do the work: the rows, one for each seed and step. `moved(runs)` is told after each step how many runs made it.

    A row is {condition, seed, step, each measure, seconds}; the seconds are processor time for the training up to
    there, the measuring left out, shared evenly among seeds that move as one.
    Raises DivergedError when a loss is not finite, and ValueError when a measure is not.
    """
    with plainly(study.dtype):
        runs = study.starts(job.label, job.seeds)
        rows = []
        with replicates.teams(runs, loop.iteration) as teams:
            for team in teams:
                seconds = 0.0
                for step in range(1, job.at[-1] + 1):
                    began = time.process_time()
                    loop.iteration(team)
                    seconds += time.process_time() - began
                    moved(len(team.runs))
                    if step in job.at:
                        each = round(seconds / len(team.runs), 3)
                        rows += [_row(study, job.label, run, each) for run in team.runs]
    return rows


def _row(study, label, run, seconds):
    who = f"{label}, seed {run.seed}, step {run.step}"
    if not run.losses[: run.step].isfinite().all():
        raise training.DivergedError(f"{who}: a loss is not finite", run)
    measures = {name: float(value) for name, value in study.measure(run).items()}
    bad = [name for name, value in measures.items() if not isfinite(value)]
    if bad:
        raise ValueError(f"{who}: {bad[0]} is {measures[bad[0]]}; a study records finite numbers")
    return {"condition": label, "seed": run.seed, "step": run.step, **measures, "seconds": seconds}


def samples_now(run, n, seed):
    """`run.samples(n, seed)` of G as it stands, whether or not the method has a moving average of it."""
    average, run.generator_ema = run.generator_ema, None
    try:
        return run.samples(n, seed)
    finally:
        run.generator_ema = average


@contextmanager
def plainly(dtype):
    """Within, torch's default dtype is `dtype`, and torch has one thread: more would add in another order."""
    before = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(dtype)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_default_dtype(before[0])
        torch.set_num_threads(before[1])
