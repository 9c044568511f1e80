"""The table of timings says what was timed: with a clock of our own, ratios and growth are known beforehand."""

import pathlib

import numpy as np
import pytest


@pytest.fixture
def paired(monkeypatch):
    """The module of paired timings, with contestants that say themselves how long a call takes."""
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[1]))
    from benchmarks import paired

    monkeypatch.setattr(paired, "_seconds", lambda run, calls: run())
    return paired


def test_ratios_and_growth_of_known_times(paired):
    def problem(n):
        return {"theirs": lambda: 3e-6 * n**2, "ours": lambda: 1e-6 * n}

    title, head, *rows, growth = paired.table("Title", [10, 100, 1000], problem, ours="ours", turns=3)
    assert title == "Title"
    assert head.split() == ["n", "ours,", "µs", "theirs", "÷", "ours"]
    assert [row.split() for row in rows] == [
        ["10", "10.0", "30.00"],
        ["100", "100.0", "300.00"],
        ["1,000", "1,000.0", "3000.00"],
    ]
    assert growth.split() == ["time", "~", "n^", "1.00", "2.00"]


def test_contestants_take_turns_in_alternating_order(paired):
    order = []
    contestants = {name: lambda name=name: order.append(name) or 1.0 for name in ("a", "b")}
    assert np.array_equal(paired.paired(contestants, turns=2), np.ones((2, 2)))
    assert order[-4:] == ["a", "b", "b", "a"]


def test_contestants_solve_the_same_problem(paired):
    from benchmarks import bench_transport

    distances = [run() for run in bench_transport.on_the_line(50).values()]
    assert np.ptp(distances) < 1e-12
    ours, theirs, (γ, _, _) = (run() for run in bench_transport.plans(12).values())
    assert abs(ours - theirs).max() < 1e-12
    assert abs(ours - γ).max() < 1e-7  # in general position there is one best plan
