"""Timings that can be compared: all contestants take turns in one process, so what slows the machine slows all."""

import statistics
import time

import numpy as np


def paired(contestants, turns=15, at_least=2e-3):
    """Seconds per call of each contestant, a dict name → function: (turns, contestants), turn by turn.

    A turn times every contestant once, as many calls in a row as take `at_least` seconds; the order alternates.
    """
    calls = {name: _calls(run, at_least) for name, run in contestants.items()}
    rows = []
    for turn in range(turns):
        order = list(contestants) if turn % 2 == 0 else list(contestants)[::-1]
        row = {name: _seconds(contestants[name], calls[name]) for name in order}
        rows.append([row[name] for name in contestants])
    return np.array(rows)


def table(title, sizes, problem, ours, turns=15):
    """Lines of a table: for each size the median time of `ours` and, for the others, the median of their ratios to it.

    A ratio is taken within a turn. `problem(n)` makes the contestants of size n. The last line is the growth exponent
    of each: the slope of log time over log n, a straight line fitted to all sizes.
    """
    medians, lines = [], []
    for n in sizes:
        contestants = problem(n)
        seconds = paired(contestants, turns)
        names, mine = list(contestants), seconds[:, list(contestants).index(ours)]
        medians.append([statistics.median(column) for column in seconds.T])
        ratios = [statistics.median(column / mine) for column in seconds.T]
        if not lines:
            lines += [title, _row("n", [f"{ours}, µs", *(f"{name} ÷ {ours}" for name in names if name != ours)])]
        cells = [f"{ratio:.2f}" for name, ratio in zip(names, ratios, strict=True) if name != ours]
        lines.append(_row(f"{n:,}", [f"{statistics.median(mine) * 1e6:,.1f}", *cells]))
    slopes = dict(zip(names, np.polyfit(np.log(sizes), np.log(medians), 1)[0], strict=True))
    others = [slopes[name] for name in names if name != ours]
    lines.append(_row("time ~ n^", [f"{slope:.2f}" for slope in (slopes[ours], *others)]))
    return lines


def _calls(run, at_least):
    run()  # what is done once (imports, caches) is not timed
    calls = 1
    while (seconds := _seconds(run, calls) * calls) < at_least:
        calls *= max(2, min(10, int(at_least / max(seconds, 1e-9))))
    return calls


def _seconds(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def _row(head, cells):
    return f"  {head:>10}" + "".join(f"{cell:>24}" for cell in cells)
