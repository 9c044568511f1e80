"""The machine check: what is found is judged rightly, and what is wrong is said with what to do about it."""

import pytest
from mutants import assert_killed

from gan_core import __main__, machine
from gan_core.course.machine import FIT, GIB, NOTE, UNFIT, Row


def oracle_packages(packages):
    needs = {"torch": ">=2.6", "numpy": ">=2.0"}
    pins = {"torch": "2.13.0", "numpy": "2.4.6"}
    assert [row.verdict for row in packages(needs, {"torch": "2.13.0", "numpy": "2.4.6"}, pins)] == [FIT]
    assert [row.verdict for row in packages(needs, {"torch": "2.13.0+cpu", "numpy": "2.4.6"}, pins)] == [FIT]
    missing = packages(needs, {"torch": "2.13.0"}, pins)
    assert [(row.what, row.verdict) for row in missing] == [("numpy", UNFIT)]
    old = packages(needs, {"torch": "2.5.1", "numpy": "2.4.6"}, pins)
    assert [(row.what, row.found, row.verdict) for row in old] == [("torch", "2.5.1", UNFIT)]
    assert ">=2.6" in old[0].advice
    ten = packages({"x": ">=2.9"}, {"x": "2.10"}, {})  # as numbers, not as text
    assert [row.verdict for row in ten] == [FIT]
    other = packages(needs, {"torch": "2.14.0", "numpy": "2.4.6"}, pins)
    assert [(row.what, row.verdict) for row in other] == [("torch", NOTE)]
    assert "2.13.0" in other[0].advice


def test_packages():
    oracle_packages(machine.packages)


PACKAGES_MUTANTS = {
    "forgets the missing": lambda needs, have, pins: machine.packages(
        {n: s for n, s in needs.items() if n in have}, have, pins
    ),
    "forgets the bounds": lambda needs, have, pins: machine.packages(dict.fromkeys(needs, ""), have, pins),
    "forgets the pins": lambda needs, have, pins: machine.packages(needs, have, {}),
    "always content": lambda needs, have, pins: [Row("packages", "all", FIT)],
}


@pytest.mark.parametrize("name", PACKAGES_MUTANTS)
def test_packages_mutants(name):
    assert_killed(oracle_packages, PACKAGES_MUTANTS[name])


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (machine.python((3, 10, 14)), UNFIT),
        (machine.python((3, 11, 0)), FIT),
        (machine.python((3, 14, 0)), FIT),
        (machine.threads(1), NOTE),
        (machine.threads(2), FIT),
        (machine.memory(1 * GIB, 0.5 * GIB), UNFIT),
        (machine.memory(8 * GIB, 1 * GIB), NOTE),
        (machine.memory(8 * GIB, 5 * GIB), FIT),
        (machine.gpu(None), FIT),
        (machine.gpu("a GPU"), FIT),
        (machine.widgets({"@jupyter-widgets/jupyterlab-manager", "jupyterlab_pygments"}), FIT),
        (machine.widgets({"jupyterlab_pygments"}), UNFIT),
        (machine.browser("firefox"), FIT),
        (machine.browser(None), NOTE),
        (machine.loopback(None), FIT),
        (machine.loopback("Connection refused"), UNFIT),
        (machine.speed(2 * machine.REFERENCE), FIT),
        (machine.speed(machine.REFERENCE / 5), NOTE),
        (machine.speed(machine.REFERENCE / 50), UNFIT),
    ],
    ids=lambda value: f"{value.what}: {value.found}" if isinstance(value, Row) else value,
)
def test_rows(row, verdict):
    assert row.verdict == verdict
    assert bool(row.advice) == (verdict != FIT)  # what is not fit comes with what to do


def oracle_fit(fit):
    good, note, bad = Row("a", "1", FIT), Row("b", "2", NOTE, "read"), Row("c", "3", UNFIT, "mend")
    assert fit([good]) is True
    assert fit([good, note]) is True
    assert fit([good, bad, note]) is False


def test_fit():
    oracle_fit(machine.fit)


FIT_MUTANTS = {
    "any instead of all": lambda rows: any(row.verdict != UNFIT for row in rows),
    "a note is a failure": lambda rows: all(row.verdict == FIT for row in rows),
    "always": lambda rows: True,
}


@pytest.mark.parametrize("name", FIT_MUTANTS)
def test_fit_mutants(name):
    assert_killed(oracle_fit, FIT_MUTANTS[name])


def test_table_shows_rows_advice_and_verdict():
    rows = [Row("memory", "8 GiB", FIT), Row("GPU", "none", NOTE, "wait"), Row("browser", "-", UNFIT, "install")]
    text = machine.table(rows)
    lines = text.splitlines()
    assert lines[0] == "✓ memory   8 GiB"
    assert lines[1] == "· GPU      none"
    assert lines[2].strip() == "→ wait"
    assert lines[3] == "✗ browser  -"
    assert "✗" in lines[-1]
    assert machine.table([Row("a", "1", FIT)]).endswith("Fit for the course.")
    assert machine.table([Row("a", "1", NOTE, "x")]).endswith("read what is marked ·.")


def test_what_is_required_and_pinned_is_read_from_the_files(tmp_path):
    assert "torch" in machine.required()
    assert "hypothesis" not in machine.required()  # an extra's
    assert machine.pinned()["torch"] == "2.13.0"
    assert machine.pinned(tmp_path / "none.txt") == {}
    assert set(machine.installed()) == set(machine.required())


def test_the_speed_is_measured_and_leaves_no_trace():
    import torch

    before = torch.get_default_dtype(), torch.get_num_threads()
    assert machine.steps_per_second(seconds=0.05) > 0
    assert (torch.get_default_dtype(), torch.get_num_threads()) == before


@pytest.mark.parametrize(("verdict", "code"), [(FIT, 0), (NOTE, 0), (UNFIT, 1)])
def test_the_exit_code_is_the_verdict(monkeypatch, capsys, verdict, code):
    monkeypatch.setattr(machine, "look", lambda: [Row("browser", "-", verdict, "do this")])
    assert __main__.main(["check"]) == code
    assert "do this" in capsys.readouterr().out


def test_this_machine_gets_a_whole_table(monkeypatch):
    monkeypatch.setattr(machine, "steps_per_second", lambda: machine.REFERENCE)
    found = [row.what for row in machine.look()]
    assert {"Python", "cores", "memory", "sliders", "browser", "loopback", "GPU", "speed"} <= set(found)


def test_an_unknown_command_names_those_there_are(capsys):
    with pytest.raises(SystemExit) as stopped:
        __main__.main(["chekc"])
    assert stopped.value.code == 2
    assert "check" in capsys.readouterr().err
