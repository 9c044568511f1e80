"""Time to quality: the first step that stays good, steps times seconds, and what the study measures."""

import pathlib
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mutants import assert_killed

from gan_core import studies
from gan_core.experiments.studies.records import Record

AT = (100, 200, 300, 400)


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[1]))
    from benchmarks import bench_quality

    return bench_quality


def oracle_first(first_to_stay):
    first = partial(first_to_stay, AT)
    assert first([2, 2, 2, 2], 3) == 100
    assert first([9, 4, 2, 1], 3) == 300
    assert first([9, 2, 4, 1], 3) == 400  # good at 200, and not good any more at 300
    assert first([2, 2, 2, 4], 3) is None
    assert first([9, 3, 2, 1], 3) == 300  # 3 is not below 3
    assert first([9, np.nan, 2, 1], 3) == 300


MUTANTS = {
    "the first that is good": lambda at, d, bound: next((s for s, x in zip(at, d, strict=True) if x < bound), None),
    "the last that is not": lambda at, d, bound: max(
        (s for s, x in zip(at, d, strict=True) if x >= bound), default=None
    ),
    "the bound is good enough": lambda at, d, bound: next(
        (s for i, s in enumerate(at) if all(x <= bound for x in d[i:])), None
    ),
    "good at the end": lambda at, d, bound: at[-1] if d[-1] < bound else None,
}


def test_first_to_stay(bench):
    oracle_first(bench.first_to_stay)


@pytest.mark.parametrize("name", MUTANTS)
def test_first_to_stay_mutants(name):
    assert_killed(oracle_first, MUTANTS[name])


OURS = {  # seed: (of the average, now) at each of AT
    "plain": {0: ([5, 2, 2, 2], [5, 5, 5, 2]), 1: ([5, 5, 2, 2], [5, 5, 5, 5])},
    "quick": {0: ([2, 2, 2, 1], [9, 9, 9, 9]), 1: ([2, 2, 1, 1], [9, 9, 9, 9])},
}
ITS = {"plain": {0: ([1, 1, 1, 1], [5, 5, 2, 2]), 1: ([1, 1, 1, 1], [5, 5, 5, 5])}}  # waited for twice as long


def record(far, at):
    rows = tuple(
        {"condition": label, "seed": seed, "step": step, "frechet_judge": a, "frechet_judge_now": b, "seconds": 1.0}
        for label, seeds in far.items()
        for seed, courses in seeds.items()
        for step, a, b in zip(at, *courses, strict=True)
    )
    settings = {"at": list(at), "methods": {label: {} for label in far}}
    return Record(
        "quality", "?", settings, rows, reference=({"seed": 0, "frechet_judge": 1.0, "frechet_judge_now": 1.0},)
    )


def test_the_table_is_steps_times_seconds_a_step(bench, monkeypatch):
    monkeypatch.setattr(bench, "BOUNDS", {"below 3": 3.0, "below 1.5": 1.5})
    ours, its = record(OURS, AT), record(ITS, [2 * step for step in AT])
    rows = bench.table(ours, its, {bench.TEXTBOOK: 0.5, "plain": 0.1, "quick": 0.2})
    told = {label: (row.pop("seconds a step"), row.pop("last step")) for label, row in rows.items()}
    assert told == {bench.TEXTBOOK: (0.5, 800), "plain": (0.1, 400), "quick": (0.2, 400)}
    assert rows[bench.TEXTBOOK] == {"below 3": [300.0, None], "below 1.5": [None, None]}
    assert rows["plain"] == {"below 3": [20.0, 30.0], "below 1.5": [None, None]}
    assert rows["quick"] == {"below 3": [20.0, 20.0], "below 1.5": [80.0, 60.0]}
    its = {"seconds a step": 0.5, "last step": 800, **rows[bench.TEXTBOOK]}
    assert bench._ratio(its, rows["quick"], "below 3") == "> 20.0"  # 800 steps of 0.5 s were not enough
    assert bench._ratio(rows["plain"], rows["quick"], "below 3") == "1.2"
    assert bench._ratio(rows["quick"], its, "below 3") == "-"
    assert bench._said([None, 20.0, 30.0]) == "30 (20 … -)"  # what is not reached takes longest
    assert bench._said([None, None, 30.0]) == "- (30 … -)"


def test_the_study_measures_the_average_and_the_generator_as_it_stands(monkeypatch):
    from gan_core.experiments.studies import quality

    monkeypatch.setattr(quality, "distance", lambda x, seed: float(x.mean()))
    drawn = {"average": torch.tensor([1.0]), "now": torch.tensor([2.0])}
    run = SimpleNamespace(generator_ema="ema", seed=0)
    run.samples = lambda n, seed: drawn["now" if run.generator_ema is None else "average"]
    assert quality.of_samples(run) == {"frechet_judge": 1.0, "frechet_judge_now": 2.0}
    assert run.generator_ema == "ema"  # put back


def test_the_study_trains_the_recipes_of_the_command_line():
    study = studies.find("quality")
    told = study.settings()["methods"]
    assert list(told) == ["dcgan", "sndcgan", "r1gan", "dcgan, quick Adam", "sndcgan, augmented"]
    assert studies.find("textbook").settings()["methods"] == {"dcgan": told["dcgan"]}
    assert told["dcgan"]["ema"] == told["sndcgan"]["ema"] == "0.995"
    assert "lr 0.0002" in told["dcgan"]["optimizer of D"]
    assert "lr 0.001" in told["dcgan, quick Adam"]["optimizer of D"]
    differ = {part for part, how in told["dcgan"].items() if how != told["dcgan, quick Adam"][part]}
    assert differ == {"optimizer of D", "optimizer of G"}  # a control changes one thing
