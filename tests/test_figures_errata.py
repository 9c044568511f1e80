"""The pictures of chapter 18 show the numbers that they are given, each under its own name."""

import numpy as np
from drawn import each_picture, swapped
from mutants import assert_killed, faults_of

from gan_core.course.figures import errata as pictures

THETA = np.linspace(0, 2, 21)
CURVES = {"slope": THETA / 2, "jump": 1.0 * (THETA > 0.45)}
COUNTS = {
    "rule": {"yes": 3, "partly": 1, "no": 0, "unknown": 0},
    "reason": {"yes": 1, "partly": 2, "no": 4, "unknown": 1},
}
GAPS = {"strict": np.array([0.1, 0.12, 0.4, 0.1]), "lenient": np.array([0.3, 0.3])}
SEEN = {"strict": 0.7, "lenient": 0.31}


def oracle_in_families(in_families):
    """Every value is there; where the curve jumps there is no line."""
    axes = in_families(THETA, CURVES, "JSD (nats)").axes
    assert [ax.get_title() for ax in axes] == list(CURVES)
    assert all(ax.get_xlabel() for ax in axes)
    assert axes[0].get_ylabel() == "JSD (nats)"
    slope, jump = (ax.lines[0].get_xydata() for ax in axes)
    np.testing.assert_array_equal(slope, np.stack([THETA, CURVES["slope"]], 1))
    gaps = np.flatnonzero(np.isnan(jump[:, 1]))
    assert gaps.tolist() == [5]
    np.testing.assert_array_equal(np.delete(jump, gaps, 0), np.stack([THETA, CURVES["jump"]], 1))
    assert len({ax.lines[0].get_marker() for ax in axes}) == 2


def oracle_by_kind(by_kind):
    """Bars are shares, end to end; numbers are counts, in their own bar; no verdict is told by colour alone."""
    (axes,) = by_kind(COUNTS).axes
    assert axes.get_xlabel()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rule (4)", "reason (8)"]
    assert axes.yaxis_inverted()
    names = list(COUNTS["rule"])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == names
    written = {(round(text.get_position()[0], 6), text.get_position()[1]): text.get_text() for text in axes.texts}
    ends, wanted = np.zeros(2), {}
    for name, bars in zip(names, axes.containers, strict=True):
        shares = np.array([row[name] / sum(row.values()) for row in COUNTS.values()])
        np.testing.assert_allclose([bar.get_x() for bar in bars], ends)
        np.testing.assert_allclose([bar.get_width() for bar in bars], shares)
        for row, counted in enumerate(COUNTS.values()):
            if counted[name]:
                wanted[round(ends[row] + shares[row] / 2, 6), row] = str(counted[name])
        ends += shares
    assert written == wanted
    looks = {(bars[0].get_hatch(), bars[0].get_facecolor()) for bars in axes.containers}
    assert len(looks) == len(names)
    assert len({look[0] for look in looks}) >= len(names) - 1


def oracle_dealt(dealt):
    figure = dealt(GAPS, SEEN)
    assert [axes.get_title() for axes in figure.axes] == list(GAPS)
    assert all(axes.get_xlabel() for axes in figure.axes)
    assert figure.axes[0].get_ylabel()
    assert figure.axes[-1].get_legend() is not None
    for axes, (name, values) in zip(figure.axes, GAPS.items(), strict=True):
        heights, edges = np.histogram(values, np.linspace(0, 1, 41))
        np.testing.assert_allclose([bar.get_height() for bar in axes.patches], heights / len(values))
        np.testing.assert_allclose([bar.get_x() for bar in axes.patches], edges[:-1], atol=1e-12)
        assert [line.get_xdata()[0] for line in axes.lines] == [SEEN[name]]


def turned(counts):
    return {kind: swapped(row) for kind, row in counts.items()}


MUTANTS = {
    oracle_in_families: {
        "the families swapped": lambda theta, curves, label: pictures.in_families(theta, swapped(curves), label),
        "a jump drawn as a slope": lambda theta, curves, label: pictures.in_families(
            theta, {n: 10 + v for n, v in curves.items()}, label
        ),
        "one family only": lambda theta, curves, label: pictures.in_families(theta, {"slope": curves["slope"]}, label),
    },
    oracle_by_kind: {
        "the verdicts turned round": lambda counts: pictures.by_kind(turned(counts)),
        "the kinds swapped": lambda counts: pictures.by_kind(swapped(counts)),
        "the unchecked left out": lambda counts: pictures.by_kind(
            {kind: {**row, "unknown": 0} for kind, row in counts.items()}
        ),
        "shares written for counts": lambda counts: pictures.by_kind(
            {kind: {name: n / sum(row.values()) for name, n in row.items()} for kind, row in counts.items()}
        ),
    },
    oracle_dealt: {
        "the two ways swapped": lambda gaps, seen: pictures.dealt(swapped(gaps), seen),
        "what was seen left at the mean": lambda gaps, seen: pictures.dealt(
            gaps, {name: values.mean() for name, values in gaps.items()}
        ),
        "a deal lost": lambda gaps, seen: pictures.dealt({n: v[1:] for n, v in gaps.items()}, seen),
    },
}


@each_picture(pictures, MUTANTS)
def test_shows_what_it_is_given(oracle, draw):
    oracle(draw)


@faults_of(MUTANTS)
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
