"""Time to quality: how long until the faces are good, with the textbook's loop and with ours, by the study `quality`.

A step's time depends on the machine and on what else it does; how many steps a method needs does not. So the steps are
recorded once, under five seeds (`python -m gan_core study quality`), and here a step of each is timed, in turns.
The textbook's loop is `bench_dcgan.textbook`: it trains as Algorithm 1 does, number for number, without an average of
G's weights; so the steps it needs are those of our `dcgan` judged without its average.
"""

import json

import numpy as np

from benchmarks.bench_dcgan import all_threads, textbook
from benchmarks.paired import paired
from gan_core import results, studies, training

TEXTBOOK = "textbook DCGAN loop"
RECORD = results.ROOT / "results" / "time_to_quality.json"
BOUNDS = ("below 3", "below 1.5 × real")


def contestants(study, labels):
    """One iteration of each as a function to call, on data of the study: {label: function}."""
    steps = {}
    plain = training.start(study.conditions[labels[0]](), study.data(), batch=study.batch, device="cpu", fast=False)
    steps[TEXTBOOK] = textbook(plain)
    for label in labels:
        run = study.start(label, 0)
        steps[label] = lambda run=run: training.iteration(run)
    return steps


def first_to_stay(at, distances, bound):
    """The first of the steps `at` from which on all `distances` are below `bound`, or None.

    >>> first_to_stay((100, 200, 300, 400), (2.0, 4.0, 2.5, 2.0), 3)
    300
    """
    over = np.flatnonzero(~(np.asarray(distances) < bound))
    first = over[-1] + 1 if len(over) else 0
    return at[first] if first < len(at) else None


def needed(record, bound):
    """The steps that each contestant needs, under each seed: {label: [steps or None]}."""
    at, found = record.settings["at"], {}
    for label in record.conditions:
        found[label] = _by_seed(record, label, "frechet_judge", at, bound)
    return {TEXTBOOK: _by_seed(record, record.conditions[0], "frechet_judge_now", at, bound), **found}


def table(record, seconds):
    """Rows: label, seconds of a step, then for each bound the seconds to it under each seed (None: not reached)."""
    real = float(np.mean([each["frechet_judge"] for each in record.reference]))
    steps = [needed(record, bound) for bound in (3.0, 1.5 * real)]
    return {
        label: {"seconds a step": each, **{
            name: [None if n is None else round(n * each, 1) for n in found[label]]
            for name, found in zip(BOUNDS, steps, strict=True)
        }}
        for label, each in seconds.items()
    }  # fmt: skip


def main():
    record, study = studies.read("quality"), studies.find("quality")
    with all_threads() as threads:
        steps = contestants(study, record.conditions)
        medians = np.median(paired(steps, turns=9), axis=0)
    seconds = dict(zip(steps, (round(float(each), 4) for each in medians), strict=True))
    rows, last = table(record, seconds), record.settings["at"][-1]
    print(f"Faces of 32 pixels, {threads} threads; until the Fréchet distance in the judge's features stays low;")
    print(f"'-': not within {last:,} steps. Median (lowest … highest) of {len(study.seeds)} seeds, in seconds\n")
    print(f"{'':<28}{'ms a step':>10}{BOUNDS[0]:>26}{BOUNDS[1]:>26}{'textbook ÷ it':>16}")
    for label, row in rows.items():
        times = "".join(f"{_said(row[name]):>26}" for name in BOUNDS)
        print(f"{label:<28}{row['seconds a step'] * 1e3:>10.1f}{times}{_ratio(rows[TEXTBOOK], row, last):>16}")
    run = study.start(record.conditions[0], 0)
    made = {
        "command": "python -m benchmarks quality", "threads": threads, "rows": rows, "last step": last,
        "provenance": {**results.provenance(run), "threads": threads},
    }  # fmt: skip
    results.write(RECORD, (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode())
    print(f"\nwritten to {RECORD.relative_to(results.ROOT)}")


def _by_seed(record, label, measure, at, bound):
    courses = np.stack([record.table(measure, at=step)[label] for step in at], axis=1)  # (seeds, times)
    return [first_to_stay(at, course, bound) for course in courses]


def _median(times):
    """A time that was not reached is longer than all others."""
    return float(np.median([np.inf if each is None else each for each in times]))


def _ratio(textbook, row, last):
    """How many times as long the textbook's loop takes; where it was not there at the `last` step, more than that."""
    mine, its = _median(row[BOUNDS[0]]), _median(textbook[BOUNDS[0]])
    if np.isinf(mine):
        return "-"
    return f"> {last * textbook['seconds a step'] / mine:.1f}" if np.isinf(its) else f"{its / mine:.1f}"


def _said(times):
    shown = [_median(times), *(min(times, key=_last), max(times, key=_last))]
    middle, low, high = ("-" if each is None or np.isinf(each) else f"{each:,.0f}" for each in shown)
    return f"{middle} ({low} … {high})"


def _last(each):
    return np.inf if each is None else each
