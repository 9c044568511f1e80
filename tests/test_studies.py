"""A study is recorded as it was run, goes on where it was stopped, and any part of it can be run again, bit for bit."""

import json
import os
import re
import shutil
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed

from gan_core import datasets, methods, results, studies, training
from gan_core.experiments.studies import Record, Study, recording, records
from gan_core.experiments.studies.study import Job, done, jobs, samples_now
from gan_core.training import loop

STEPS = (2, 5)


def rate(lr):
    """A method that differs in its learning rate."""
    return replace(methods.gan((2,), z=2, width=8), optimizer_g=partial(training.adam, lr=lr))


def measured(run):
    return {"spread": run.samples(50, seed=run.seed).std(), "loss": run.history["loss_g"][-1]}


def of_real(seed):
    return {"spread": float(datasets.ring().sample(50, torch.Generator().manual_seed(seed)).std()), "loss": 0.0}


TINY = Study(
    question="Does the learning rate matter?",
    data=datasets.ring,
    conditions={"slow": partial(rate, 1e-4), "fast, as usual": partial(rate, 1e-2)},
    measure=measured,
    at=STEPS,
    seeds=(3, 1),
    batch=16,
    together=False,
    reference=of_real,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The record of TINY, made at one go, and the folder that it is in."""
    folder = tmp_path_factory.mktemp("studies")
    said = []
    return recording.record("tiny", TINY, folder=folder, say=said.append), folder, said


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def same(record, other):
    """Whether two records say the same of the study: the time that it took is another each time."""
    return (
        without_seconds(record.rows) == without_seconds(other.rows)
        and (record.question, record.settings, record.reference) == (other.question, other.settings, other.reference)
    )  # fmt: skip


# ---- the study


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": ()}, "ascending"),
        ({"at": (5, 2)}, "ascending"),
        ({"at": (2, 2)}, "ascending"),
        ({"at": (0, 2)}, "at must be at least 1"),
        ({"seeds": ()}, "different"),
        ({"seeds": (1, 1)}, "different"),
        ({"seeds": (-1,)}, "at least 0"),
        ({"batch": 0}, "batch"),
        ({"conditions": {}}, "condition"),
    ],
    ids=str,
)
def test_a_study_that_cannot_be_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        replace(TINY, **changes)


def oracle_jobs(jobs):
    one_by_one = jobs(TINY, ["slow", "fast, as usual"])
    assert [(job.label, job.seeds) for job in one_by_one] == [
        ("slow", (3,)), ("fast, as usual", (3,)), ("slow", (1,)), ("fast, as usual", (1,)),
    ]  # fmt: skip
    assert all(job.at == STEPS for job in one_by_one)
    made = {("slow", 3, 2), ("slow", 3, 5), ("slow", 1, 2)}  # seed 1 was measured at its first step only
    assert [(job.label, job.seeds) for job in jobs(TINY, ["slow"], made)] == [("slow", (1,))]
    together = replace(TINY, together=True)
    assert jobs(together, ["slow", "fast, as usual"], made) == [
        Job("slow", (1,), STEPS), Job("fast, as usual", (3, 1), STEPS),
    ]  # fmt: skip
    assert jobs(together, ["slow"], made | {("slow", 1, 5)}) == []


def test_jobs():
    oracle_jobs(jobs)


JOBS_MUTANTS = {
    "forgets what is made": lambda study, labels, made=frozenset(): jobs(study, labels),
    "one row is enough": lambda study, labels, made=frozenset(): jobs(
        study, labels, {(label, seed, step) for label, seed, _ in made for step in study.at}
    ),
    "all conditions": lambda study, labels, made=frozenset(): jobs(study, study.conditions, made),
    "never together": lambda study, labels, made=frozenset(): jobs(replace(study, together=False), labels, made),
    "always together": lambda study, labels, made=frozenset(): jobs(replace(study, together=True), labels, made),
}


@pytest.mark.parametrize("name", JOBS_MUTANTS)
def test_jobs_mutants(name):
    assert_killed(oracle_jobs, JOBS_MUTANTS[name])


def oracle_done(done):
    """The rows are what training and measuring by hand give."""
    before = torch.get_default_dtype(), torch.get_num_threads()
    moved = []
    rows = [row for seed in (3, 1) for row in done(TINY, Job("slow", (seed,), STEPS), moved.append)]
    assert (torch.get_default_dtype(), torch.get_num_threads()) == before
    assert sum(moved) == 10
    assert [(row["seed"], row["step"]) for row in rows] == [(3, 2), (3, 5), (1, 2), (1, 5)]
    torch.set_default_dtype(torch.float64)
    for row in rows:
        run = training.fit(rate(1e-4), datasets.ring(), steps=row["step"], seed=row["seed"], batch=16)
        assert list(row) == ["condition", "seed", "step", "spread", "loss", "seconds"]
        assert row["spread"] == float(run.samples(50, seed=row["seed"]).std())
        assert row["loss"] == run.history["loss_g"][-1]
        assert row["condition"] == "slow"
        assert row["seconds"] >= 0


def test_done():
    oracle_done(done)


def with_rows(change):
    def mutant(study, job, moved):
        return [{**row, **change(row)} for row in done(study, job, moved)]

    return mutant


def reversed_rows(study, job, moved):
    return done(study, job, moved)[::-1]


DONE_MUTANTS = {
    "another condition": lambda study, job, moved: done(study, job._replace(label="fast, as usual"), moved),
    "in float32": lambda study, job, moved: done(replace(study, dtype=torch.float32), job, moved),
    "another batch": lambda study, job, moved: done(replace(study, batch=8), job, moved),
    "one step more": lambda study, job, moved: done(study, job._replace(at=(3, 6)), moved),
    "one seed for all": lambda study, job, moved: done(study, job._replace(seeds=(3,)), moved),
    "rounded": with_rows(lambda row: {"spread": round(row["spread"], 3)}),
    "the other way round": reversed_rows,
}


@pytest.mark.parametrize("name", DONE_MUTANTS)
def test_done_mutants(name):
    assert_killed(oracle_done, DONE_MUTANTS[name])


def test_seeds_that_move_as_one_give_the_rows_that_they_give_alone():
    job = Job("slow", (3, 1), STEPS)
    stacked = sorted(done(TINY, job), key=lambda row: (row["seed"] != 3, row["step"]))
    alone = [row for seed in (3, 1) for row in done(TINY, job._replace(seeds=(seed,)))]
    for one, other in zip(stacked, alone, strict=True):
        assert (one["seed"], one["step"]) == (other["seed"], other["step"])
        assert np.isclose(one["spread"], other["spread"], rtol=1e-9)


def diverging():
    return replace(rate(1e-3), optimizer_d=partial(torch.optim.SGD, lr=1e300))


def test_what_is_not_finite_is_said_and_not_recorded(tmp_path):
    broken = replace(TINY, conditions={"diverging": diverging})
    with pytest.raises(training.DivergedError, match=r"diverging, seed 3, step \d"):
        recording.record("tiny", broken, folder=tmp_path, say=print)
    nan = replace(TINY, measure=lambda run: {"spread": float("inf")})
    with pytest.raises(ValueError, match="slow, seed 3, step 2: spread is inf"):
        recording.record("tiny", nan, folder=tmp_path, say=print)
    assert not list(tmp_path.iterdir())


# ---- the record


def test_a_record_says_what_was_asked_found_and_with_what(whole):
    record, folder, said = whole
    assert [(row["condition"], row["seed"], row["step"]) for row in record.rows] == [
        (label, seed, step) for label in TINY.conditions for seed in (1, 3) for step in STEPS
    ]
    torch.set_default_dtype(torch.float64)
    assert record.reference == tuple({"seed": seed, **of_real(seed)} for seed in (3, 1))
    assert record.question == TINY.question
    assert (record.settings["batch"], record.settings["at"]) == (16, [2, 5])
    assert "lr 0.01" in record.settings["methods"]["fast, as usual"]["optimizer of G"]
    assert record.provenance[0]["versions"]["torch"] == torch.__version__
    assert record.provenance[0]["threads"] == 1
    assert record.command == "python -m gan_core study tiny"
    assert (record.measures, record.conditions) == (("spread", "loss", "seconds"), tuple(TINY.conditions))
    assert record.seconds == sum(row["seconds"] for row in record.rows if row["step"] == 5)
    assert len(said) == 4
    assert re.fullmatch(r"slow, seed 3: spread [\d.]+, loss [\d.]+, seconds [\d.]+   \[1 of 4\]", said[0])
    text = (folder / "tiny.json").read_text(encoding="utf-8")
    assert text.count('{"condition"') == len([line for line in text.splitlines() if '{"condition"' in line]) == 8
    assert str(folder) not in text
    assert str(results.ROOT) not in text
    assert os.path.expanduser("~") + os.sep not in text


def oracle_read(read, whole):
    record, folder, _ = whole
    assert read("tiny", folder) == record


def test_read(whole):
    oracle_read(records.read, whole)


READ_MUTANTS = {
    "loses a row": lambda name, folder: replace(records.read(name, folder), rows=records.read(name, folder).rows[1:]),
    "loses the real ones": lambda name, folder: replace(records.read(name, folder), reference=()),
    "another name": lambda name, folder: replace(records.read(name, folder), study="other"),
}


@pytest.mark.parametrize("name", READ_MUTANTS)
def test_read_mutants(name, whole):
    assert_killed(partial(oracle_read, whole=whole), READ_MUTANTS[name])


DAMAGES = {
    "cut off": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a number changed": lambda text: text.replace('"spread": ', '"spread": 1', 1),
    "a row taken out": lambda text: re.sub(r"\n    \{\"condition\".*", "", text, count=1),
    "no sum": lambda text: re.sub(r',\s*"sha256": "\w+"', "", text),
    "another sum": lambda text: re.sub(r'"sha256": "\w', '"sha256": "x', text),
    "a list": lambda text: f"[{text}]",
    "no JSON": lambda text: f"{text}, and so on",
}


def oracle_refuses(read, whole, damage, tmp_path):
    text = (whole[1] / "tiny.json").read_text(encoding="utf-8")
    damaged = DAMAGES[damage](text)
    assert damaged != text
    (tmp_path / "tiny.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(ValueError, match=r"tiny\.json is damaged, or no record"):
        read("tiny", tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_refused(damage, whole, tmp_path):
    oracle_refuses(records.read, whole, damage, tmp_path)
    with pytest.raises(ValueError, match="damaged"):
        recording.record("tiny", TINY, folder=tmp_path)


def trusting(name, folder):
    """Reads without looking at the sum."""
    said = json.loads(records.path(name, folder).read_text(encoding="utf-8"))
    return Record(name, said["question"], said["settings"], tuple(said["rows"]))


@pytest.mark.parametrize("damage", ["a number changed", "a row taken out", "another sum", "no sum"])
def test_a_reader_that_trusts_is_killed(damage, whole, tmp_path):
    assert_killed(partial(oracle_refuses, whole=whole, damage=damage, tmp_path=tmp_path), trusting)


def test_a_record_that_is_missing_or_another_is_named(whole, tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m gan_core study tiny"):
        records.read("tiny", tmp_path)
    shutil.copy(whole[1] / "tiny.json", tmp_path / "ring.json")
    with pytest.raises(ValueError, match="is the record of 'tiny', not of 'ring'"):
        records.read("ring", tmp_path)


def oracle_table(table, record):
    found = table(record, "spread", 2)
    by_hand = {(r["condition"], r["seed"]): r["spread"] for r in record.rows if r["step"] == 2}
    assert list(found) == list(TINY.conditions)
    for label, values in found.items():
        assert values.tolist() == [by_hand[label, 1], by_hand[label, 3]]  # in the order of the seeds
    last = table(record, "loss")
    assert last["slow"].tolist() == [r["loss"] for r in record.rows if r["step"] == 5 and r["condition"] == "slow"]
    with pytest.raises(ValueError, match="did you mean spread"):
        table(record, "spraed")
    with pytest.raises(ValueError, match="the steps are 2, 5"):
        table(record, "spread", 3)


def test_table(whole):
    oracle_table(Record.table, whole[0])


TABLE_MUTANTS = {
    "the first step": lambda record, measure, at=None: record.table(measure, at or 2),
    "the last step": lambda record, measure, at=None: record.table(measure),
    "backwards": lambda record, measure, at=None: {k: v[::-1] for k, v in record.table(measure, at).items()},
    "conditions swapped": lambda record, measure, at=None: dict(
        zip(record.conditions, reversed(record.table(measure, at).values()), strict=True)
    ),
    "sorted": lambda record, measure, at=None: {k: np.sort(v) for k, v in record.table(measure, at).items()},
    "one measure": lambda record, measure, at=None: record.table("spread", at),
}


@pytest.mark.parametrize("name", TABLE_MUTANTS)
def test_table_mutants(name, whole):
    record = whole[0]
    rows = tuple({**row, "spread": -row["seed"]} if row["step"] == 2 else row for row in record.rows)
    assert_killed(partial(oracle_table, record=replace(record, rows=rows)), TABLE_MUTANTS[name])


def test_rows_are_replaced_and_put_in_order(whole):
    record = whole[0]
    new = {**record.rows[3], "spread": 7.0}
    again = replace(record, rows=record.rows[::-1]).with_rows([new])
    assert again.rows == (*record.rows[:3], new, *record.rows[4:])


# ---- mean and standard error


def oracle_mean_se(mean_se):
    assert mean_se([1.0, 3.0]) == (2.0, 1.0)
    mean, error = mean_se(np.arange(1, 10))  # Σ(x − x̄)² = n(n² − 1)/12, so that s²/n = (n + 1)/12
    assert mean == 5
    assert np.isclose(error**2, 10 / 12, rtol=1e-14)
    assert mean_se([4, 4, 4]) == (4.0, 0.0)
    for bad in ([1.0], [], [[1.0, 2.0]], [1.0, np.nan]):
        with pytest.raises(ValueError, match="values must be"):
            mean_se(bad)


def test_mean_se():
    oracle_mean_se(studies.mean_se)


def checked(f):
    """The same refusals, another error."""
    return lambda values: (studies.mean_se(values)[0], f(np.asarray(values, dtype=float)))


MEAN_SE_MUTANTS = {
    "standard deviation": checked(lambda x: x.std(ddof=1)),
    "divided by n": checked(lambda x: x.std(ddof=0) / np.sqrt(len(x))),
    "by √(n − 1)": checked(lambda x: x.std(ddof=1) / np.sqrt(len(x) - 1)),
    "variance": checked(lambda x: x.var(ddof=1) / len(x)),
    "median": lambda values: (float(np.median(values)) + 0.1, studies.mean_se(values)[1]),
    "one value is enough": lambda values: studies.mean_se(values) if len(values) > 1 else (values[0], 0.0),
}


@pytest.mark.parametrize("name", MEAN_SE_MUTANTS)
def test_mean_se_mutants(name):
    assert_killed(oracle_mean_se, MEAN_SE_MUTANTS[name])


# ---- stopped, and going on


def stopping(after):
    """What is told of each piece of work, and presses Ctrl-C when it has been told of `after`."""
    told = []

    def say(line):
        told.append(line)
        if len(told) == after:
            signal.raise_signal(signal.SIGINT)

    return say


def oracle_goes_on(record, whole, folder):
    with pytest.raises(KeyboardInterrupt):
        record("tiny", TINY, folder=folder, say=stopping(1))
    assert records.path("tiny", folder).exists()
    assert len(records.read("tiny", folder).rows) == 2
    told = []
    assert same(record("tiny", TINY, folder=folder, say=told.append), whole[0])
    assert len(told) == 3  # what had been done was not done again
    assert same(records.read("tiny", folder), whole[0])
    assert [file.name for file in folder.iterdir()] == ["tiny.json"]


def test_a_study_that_was_stopped_goes_on(whole, tmp_path):
    oracle_goes_on(recording.record, whole, tmp_path)


def begins_again(name, study, *, folder, say):
    records.path(name, folder).unlink(missing_ok=True)
    return recording.record(name, study, folder=folder, say=say)


def saves_at_the_end(name, study, *, folder, say):
    kept = records.write
    try:
        records.write = lambda *given: None
        found = recording.record(name, study, folder=folder, say=say)
    finally:
        records.write = kept
    kept(found, folder)
    return found


def other_seeds_when_it_goes_on(name, study, *, folder, say):
    gone_on = records.path(name, folder).exists()
    return recording.record(name, replace(study, seeds=(3, 2)) if gone_on else study, folder=folder, say=say)


GOES_ON_MUTANTS = {
    "begins again": begins_again,
    "saves at the end": saves_at_the_end,
    "other seeds": other_seeds_when_it_goes_on,
}


@pytest.mark.parametrize("name", GOES_ON_MUTANTS)
def test_goes_on_mutants(name, whole, tmp_path):
    assert_killed(partial(oracle_goes_on, whole=whole, folder=tmp_path), GOES_ON_MUTANTS[name])


def test_ctrl_c_in_the_middle_of_a_step_leaves_the_file_whole(tmp_path, monkeypatch):
    calls = []
    iteration = training.iteration

    def pressed(run):
        calls.append(1)
        if len(calls) == 8:  # the second piece of work
            signal.raise_signal(signal.SIGINT)
        return iteration(run)

    monkeypatch.setattr(loop, "iteration", pressed)
    with pytest.raises(KeyboardInterrupt):
        recording.record("tiny", TINY, folder=tmp_path, say=print)
    assert torch.get_default_dtype() == torch.float32
    assert len(records.read("tiny", tmp_path).rows) == 2


def test_conditions_are_recorded_one_after_the_other_and_by_two_at_once(whole, tmp_path):
    def elsewhere(line):  # while this process works on "slow", another has finished the other condition
        if not (tmp_path / "done").exists():
            (tmp_path / "done").touch()
            recording.record("tiny", TINY, conditions=["fast, as usual"], folder=tmp_path, say=print)

    recording.record("tiny", TINY, conditions=["slow"], folder=tmp_path, say=elsewhere)
    assert same(records.read("tiny", tmp_path), whole[0])
    with pytest.raises(ValueError, match=r"no condition 'fast'; there are 'slow'; 'fast, as usual'"):
        recording.record("tiny", TINY, conditions=["fast"], folder=tmp_path)


def test_two_workers_record_the_same(whole, tmp_path):
    told = []
    assert same(recording.record("tiny", TINY, folder=tmp_path, workers=2, say=told.append), whole[0])
    assert len(told) == 4
    with pytest.raises(ValueError, match="importable"):
        recording.record("other", replace(TINY, data=lambda: datasets.ring()), folder=tmp_path, workers=2)


def test_a_study_may_grow_and_may_not_change(whole, tmp_path):
    shutil.copy(whole[1] / "tiny.json", tmp_path)
    record = partial(recording.record, "tiny", folder=tmp_path, say=print)
    grown = replace(TINY, seeds=(3, 1, 0), conditions={"first": partial(rate, 1e-3), **TINY.conditions})
    found = record(grown)
    assert found.conditions == ("first", *TINY.conditions)
    assert len(found.rows) == 3 * 3 * 2
    assert [each["seed"] for each in found.reference] == [3, 1, 0]
    assert without_seconds(found.matching(whole[0].rows)) == without_seconds(whole[0].rows)
    assert record(TINY).rows == found.rows  # what is there stays
    for changed, said in (
        (replace(TINY, batch=8), "batch 16 there, 8 now"),
        (replace(TINY, at=(2, 6)), r"at \[2, 5\] there"),
        (replace(TINY, dtype=torch.float32), "dtype torch.float64 there"),
        (replace(TINY, conditions={"slow": partial(rate, 2e-4)}), "optimizer of G of slow: Adam, lr 0.0001"),
    ):
        with pytest.raises(ValueError, match=f"made with other settings: .*{said}"):
            record(changed)
    assert record(TINY).rows == found.rows


# ---- a part of it again


def oracle_rerun(rerun, record):
    rows = rerun(TINY, conditions=["fast, as usual"], seeds=[1])
    assert [(row["condition"], row["seed"], row["step"]) for row in rows] == [
        ("fast, as usual", 1, 2), ("fast, as usual", 1, 5),
    ]  # fmt: skip
    assert without_seconds(rows) == without_seconds(record.matching(rows))
    short = rerun(TINY, conditions=["slow", "fast, as usual"], seeds=[3, 1], upto=4)
    assert len(short) == 4
    assert {row["step"] for row in short} == {2}
    assert without_seconds(short) == without_seconds(record.matching(short))


def test_rerun(whole):
    oracle_rerun(recording.rerun, whole[0])
    for wrong, said in (
        ({"conditions": ["fast"], "seeds": [1]}, "no condition 'fast'"),
        ({"conditions": ["slow"], "seeds": [2]}, "seeds must be some of 3, 1"),
        ({"conditions": ["slow"], "seeds": []}, "seeds must be"),
        ({"conditions": ["slow"], "seeds": [1], "upto": 1}, "first measured at step 2"),
    ):
        with pytest.raises(ValueError, match=said):
            recording.rerun(TINY, **wrong)
    with pytest.raises(ValueError, match="no row of 'slow', seed 1, step 3"):
        whole[0].matching([{"condition": "slow", "seed": 1, "step": 3}])


def rerun_of(change):
    return lambda study, **part: recording.rerun(change(study), **part)


def ends_early(study, *, conditions, seeds, upto=None):
    at = tuple(step for step in study.at if upto is None or step <= upto)
    rows = [row for label in conditions for seed in seeds for row in done(study, Job(label, (seed,), (at[0],)))]
    return [{**row, "step": step} for row in rows for step in at]


RERUN_MUTANTS = {
    "another batch": rerun_of(lambda study: replace(study, batch=15)),
    "in float32": rerun_of(lambda study: replace(study, dtype=torch.float32)),
    "other data": rerun_of(lambda study: replace(study, data=datasets.grid)),
    "all seeds": lambda study, *, conditions, seeds, **upto: recording.rerun(
        study, conditions=conditions, seeds=study.seeds, **upto
    ),
    "to the end": lambda study, *, conditions, seeds, upto=None: recording.rerun(
        study, conditions=conditions, seeds=seeds
    ),
    "one measuring for all": ends_early,
}


@pytest.mark.parametrize("name", RERUN_MUTANTS)
def test_rerun_mutants(name, whole):
    assert_killed(partial(oracle_rerun, record=whole[0]), RERUN_MUTANTS[name])


def test_seeds_that_moved_as_one_are_the_same_bit_for_bit_when_they_do_again(tmp_path):
    study = replace(TINY, together=True)
    record = recording.record("tiny", study, folder=tmp_path, say=print)
    rows = recording.rerun(study, conditions=["slow"], seeds=study.seeds, upto=2)
    assert without_seconds(rows) == without_seconds(record.matching(rows))


# ---- those of the course


def oracle_samples_now(look):
    """What G gives as it stands, of the same noise as `run.samples`; the average is back after it, whatever happens."""
    run = training.fit(replace(methods.gan((2,), z=2, width=8), ema=0.9), datasets.ring(), steps=3)
    average = run.generator_ema
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        assert torch.equal(look(run, 5, 4), run.generator(z))
    assert run.generator_ema is average
    with pytest.raises(ValueError, match="n must be at least 1"):
        look(run, 0, 4)
    assert run.generator_ema is average


def of_the_average(run, n, seed):
    return run.samples(n, seed)


def not_put_back(run, n, seed):
    run.generator_ema = None
    return run.samples(n, seed)


def put_back_if_all_is_well(run, n, seed):
    average, run.generator_ema = run.generator_ema, None
    found = run.samples(n, seed)
    run.generator_ema = average
    return found


def test_samples_now():
    oracle_samples_now(samples_now)


@pytest.mark.parametrize("mutant", [of_the_average, not_put_back, put_back_if_all_is_well])
def test_samples_now_mutants(mutant):
    assert_killed(oracle_samples_now, mutant)


@pytest.mark.parametrize("name", studies.STUDIES)
def test_the_studies_of_the_course(name):
    study = studies.find(name)
    assert study.question.endswith("?")
    assert len(study.seeds) >= 3
    assert set(study.settings()["methods"]) == set(study.conditions)


@pytest.mark.parametrize("name", [name for name in studies.STUDIES if records.path(name).exists()])
def test_the_records_of_the_course_are_of_its_studies(name):
    study, record = studies.find(name), studies.read(name)
    assert recording.begun(name, study).rows == record.rows  # the settings are those of now
    assert not jobs(study, study.conditions, record.made())  # nothing is left
    text = records.path(name).read_text(encoding="utf-8")
    assert not re.search(r'[" ](/\w+){2,}', text)  # no folder of anybody's machine


def test_an_unknown_study_is_named():
    with pytest.raises(ValueError, match=r"no study 'rings', did you mean ring\?"):
        studies.find("rings")


def test_stacked_digits_sees_what_is_known():
    from gan_core.experiments.studies import stacked_digits

    real = stacked_digits.of_real(0)
    assert real["modes"] >= 999
    assert real["kl"] < 0.1  # about (K − 1)/(2n) = 0.05 from 10,000 draws alone
    one = datasets.stacked_digits().sample(1, torch.Generator().manual_seed(0)).expand(50, 3, 8, 8)
    assert stacked_digits.seen(one) == {"modes": 1, "kl": pytest.approx(np.log(1000))}


def oracle_losses_slope(slope):
    """It is how far plain descent with rate 1 moves G in a step; and asked or not, the run goes on the same."""
    from gan_core.experiments.studies import losses

    def weights(run):
        return torch.cat([p.detach().flatten() for p in run.generator.parameters()])

    asked, unasked = (training.start(losses.method("hinge"), losses.data(), seed=3, batch=16) for _ in range(2))
    for run in (asked, unasked):
        training.iteration(run)
    found, moved = slope(asked), unasked.copy()
    moved.optimizer_g = torch.optim.SGD(moved.generator.parameters(), lr=1.0)
    before = weights(moved)
    training.generator_step(moved)
    assert float(found) == pytest.approx(float((weights(moved) - before).norm()), rel=1e-9)
    for run in (asked, unasked):
        training.iteration(run)
    assert torch.equal(weights(asked), weights(unasked))


def on_the_run_itself(run):
    loss = run.gan.objective.generator(run.D(run.G(run.noise())))
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(run.generator.parameters()))]).norm()


def of_d(run):
    run = run.copy()
    loss = run.gan.objective.generator(run.D(run.G(run.noise())))
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(run.discriminator.parameters()))]).norm()


def test_losses_slope(float64):
    from gan_core.experiments.studies import losses

    oracle_losses_slope(losses.slope)
    assert_killed(oracle_losses_slope, on_the_run_itself)
    assert_killed(oracle_losses_slope, of_d)


def test_losses_sees_what_is_known():
    from gan_core.experiments.studies import losses

    real, taught = losses.of_real(0), losses.digits()
    assert real["score_judge"] > 9.9
    assert real["frechet_pixels"] < 0.5
    one = taught[0].x[:1].expand(50, 1, 8, 8)
    assert losses.seen(one)["score_judge"] == pytest.approx(1, abs=1e-6)
    assert losses.seen(taught[1].x)["frechet_pixels"] == pytest.approx(0, abs=1e-9)
    assert [len(part) for part in taught] == [997, 800]
