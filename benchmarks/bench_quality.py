"""Time to quality: how long until the faces are good, with the textbook's loop and with ours.

A step's time depends on the machine and on what else it does; how many steps a method needs does not. So the steps are
recorded once, by the studies `quality` and `textbook`, and here a step of each is timed, in turns.
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
BOUNDS = {"below 5": 5.0, "below 3": 3.0}  # the distance of real faces is 0.3


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


def needed(ours, its, bound):
    """The steps that each needs, under each seed: {label: [steps or None]}; of the records of our methods and its."""
    (plain,) = its.conditions
    found = {label: _by_seed(ours, label, "frechet_judge", bound) for label in ours.conditions}
    return {TEXTBOOK: _by_seed(its, plain, "frechet_judge_now", bound), **found}


def table(ours, its, seconds):
    """Rows: label, seconds of a step, the last step that was waited for, and the seconds to each bound under each seed.

    None where it was not reached.
    """
    steps = [needed(ours, its, bound) for bound in BOUNDS.values()]
    return {
        label: {
            "seconds a step": each,
            "last step": (its if label == TEXTBOOK else ours).settings["at"][-1],
            **{
                name: [None if n is None else round(n * each, 1) for n in found[label]]
                for name, found in zip(BOUNDS, steps, strict=True)
            },
        }
        for label, each in seconds.items()
    }


def main():
    ours, its, study = studies.read("quality"), studies.read("textbook"), studies.find("quality")
    with all_threads() as threads:
        steps = contestants(study, ours.conditions)
        medians = np.median(paired(steps, turns=9), axis=0)
    seconds = dict(zip(steps, (round(float(each), 4) for each in medians), strict=True))
    rows = table(ours, its, seconds)
    print(f"Faces of 32 pixels, {threads} threads; until the Fréchet distance in the judge's features stays low;")
    print("'-': not within the last step. Median (lowest … highest) of the seeds, in seconds\n")
    print(f"{'':<28}{'ms a step':>10}{'last step':>11}" + "".join(f"{n:>22}{'textbook ÷ it':>16}" for n in BOUNDS))
    for label, row in rows.items():
        times = "".join(f"{_said(row[name]):>22}{_ratio(rows[TEXTBOOK], row, name):>16}" for name in BOUNDS)
        print(f"{label:<28}{row['seconds a step'] * 1e3:>10.1f}{row['last step']:>11,}{times}")
    run = study.start(ours.conditions[0], 0)
    made = {
        "command": "python -m benchmarks quality", "threads": threads, "rows": rows,
        "provenance": {**results.provenance(run), "threads": threads},
    }  # fmt: skip
    results.write(RECORD, (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode())
    print(f"\nwritten to {RECORD.relative_to(results.ROOT)}")


def _by_seed(record, label, measure, bound):
    at = record.settings["at"]
    courses = np.stack([record.table(measure, at=step)[label] for step in at], axis=1)  # (seeds, times)
    return [first_to_stay(at, course, bound) for course in courses]


def _median(times):
    """A time that was not reached is longer than all others."""
    return float(np.median([np.inf if each is None else each for each in times]))


def _ratio(textbook, row, bound):
    """How many times as long the textbook's loop takes; where it was not there at its last step, more than that."""
    mine, its = _median(row[bound]), _median(textbook[bound])
    if np.isinf(mine):
        return "-"
    return (
        f"> {textbook['last step'] * textbook['seconds a step'] / mine:.1f}" if np.isinf(its) else f"{its / mine:.1f}"
    )


def _said(times):
    shown = [_median(times), *(min(times, key=_last), max(times, key=_last))]
    middle, low, high = ("-" if each is None or np.isinf(each) else f"{each:,.0f}" for each in shown)
    return f"{middle} ({low} … {high})"


def _last(each):
    return np.inf if each is None else each
