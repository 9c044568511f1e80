"""The plan explorer and its pictures: the state is the moves, the plan their sum, and the picture shows it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mutants import assert_killed, faults

from gan_core import transport
from gan_core.course.figures import earth as pictures
from gan_core.course.widgets import earth as explorer

P, Q = np.array([1.0, 1, 0, 2]), np.array([0.0, 2, 1, 1])
ALL = ((0, 1), (1, 1), (3, 2), (3, 3))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def oracle_moved(moved):
    state = ()
    for source, target in ALL:
        before = state
        state = moved(state, P, source, target)
        assert before == state[:-1]  # the state before is left alone
    assert state == ALL
    for source in range(4):  # all is taken: no bin has another shovel, bin 3 never had one
        assert moved(state, P, source, 0) == ALL
    assert moved((), P, 2, 0) == ()


MUTANT_MOVES = {
    "takes from an empty bin": lambda moves, p, source, target: (*moves, (source, target)),
    "from and to swapped": lambda moves, p, source, target: explorer.moved(moves, p, target, source),
    "forgets": lambda moves, p, source, target: explorer.moved((), p, source, target),
    "one shovel a bin": lambda moves, p, source, target: (
        moves if any(s == source for s, _ in moves) else explorer.moved(moves, p, source, target)
    ),
}


def test_moved():
    oracle_moved(explorer.moved)


@faults(MUTANT_MOVES)
def test_moved_kills(mutant):
    assert_killed(oracle_moved, mutant)


def oracle_undone(undone):
    assert undone(ALL) == ALL[:-1]
    assert undone(undone(ALL)) == ALL[:-2]
    assert undone(()) == ()


def test_undone():
    oracle_undone(explorer.undone)


@pytest.mark.parametrize(
    "mutant", [lambda moves: moves[1:], lambda moves: (), lambda moves: moves], ids=["first", "all", "nothing"]
)
def test_undone_kills(mutant):
    assert_killed(oracle_undone, mutant)


def oracle_plan_of(plan_of):
    plan = plan_of((*ALL, (3, 3)), 4)
    assert plan.shape == (4, 4)
    assert (plan == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 2]]).all()
    assert not plan_of((), 4).any()


MUTANT_SUMS = {
    "transposed": lambda moves, n: explorer.plan_of(moves, n).T,
    "each way once": lambda moves, n: (explorer.plan_of(moves, n) > 0) * 1.0,
    "last move missing": lambda moves, n: explorer.plan_of(moves[:-1], n),
}


def test_plan_of():
    oracle_plan_of(explorer.plan_of)


@faults(MUTANT_SUMS)
def test_plan_of_kills(mutant):
    assert_killed(oracle_plan_of, mutant)


def oracle_standing(standing):
    assert standing(P, Q, explorer.plan_of((), 4)) == "still to be taken: from bin 1, 2, 4"
    assert standing(P, Q, explorer.plan_of(ALL[:3], 4)) == "still to be taken: from bin 4"
    assert standing(P, Q, explorer.plan_of(ALL, 4)) == "a plan: it takes all of p and brings all of q"
    too_much = explorer.plan_of(((0, 0), *ALL[1:3]), 4)
    assert standing(P, Q, too_much) == "still to be taken: from bin 4, too much at bin 1"


MUTANT_WORDS = {
    "p and q swapped": lambda p, q, plan: explorer.standing(q, p, plan),
    "plan transposed": lambda p, q, plan: explorer.standing(p, q, plan.T),
    "columns ignored": lambda p, q, plan: explorer.standing(p, plan.sum(0), plan),
    "rows ignored": lambda p, q, plan: explorer.standing(plan.sum(1), q, plan),
}


def test_standing():
    oracle_standing(explorer.standing)


@faults(MUTANT_WORDS)
def test_standing_kills(mutant):
    assert_killed(oracle_standing, mutant)


def test_the_line_of_text_gives_cost_and_optimum():
    _, text = explorer.draw(P, Q, ALL)
    assert text == "cost 2/4 = 0.5; a plan: it takes all of p and brings all of q"
    _, text = explorer.draw(P, Q, ((0, 3), (1, 1)), reveal=True)
    assert text == "cost 3/4 = 0.75; still to be taken: from bin 4; a best plan costs 2/4 = 0.5"
    assert transport.emd(P / 4, Q / 4, positions=np.arange(4)) == 0.5


def test_a_best_plan_is_shown_only_when_asked():
    assert [len(explorer.draw(P, Q, ALL, reveal)[0].axes) for reveal in (False, True)] == [2, 3]


@pytest.mark.parametrize(
    ("p", "q", "words"),
    [
        ([1, 2], [1, 1, 1], r"given shapes \(2,\) and \(3,\)"),
        ([1], [1], "two or more bins"),
        ([0.5, 0.5], [1, 0], "p must hold whole shovels"),
        ([1, 0], [2, -1], "q must hold whole shovels"),
        ([1, np.nan], [1, 0], "p must hold whole shovels"),
        ([1, 1], [1, 2], "given 2 and 3"),
        ([0, 0], [0, 0], "given 0 and 0"),
    ],
)
def test_bad_piles_are_named(p, q, words):
    with pytest.raises(ValueError, match=words):
        explorer.plan_explorer(p, q)


class Clicks:
    """The widgets of an explorer, by name, and what it displayed."""

    def __init__(self, monkeypatch):
        import IPython.display
        import ipywidgets

        self.displayed, boxes, vbox = [], [], ipywidgets.VBox
        monkeypatch.setattr(IPython.display, "display", lambda data, raw: self.displayed.append(data))
        monkeypatch.setattr(ipywidgets, "VBox", lambda children: boxes.append(vbox(children)) or boxes[-1])
        explorer.plan_explorer(P, Q)
        (menus, buttons, self.label, self.image) = boxes[0].children
        self.named = {widget.description: widget for widget in (*menus.children, *buttons.children)}

    def carry(self, source, target):
        self.named["from bin"].value, self.named["to bin"].value = source - 1, target - 1
        self.named["move a shovel"].click()


def test_by_hand_from_the_first_shovel_to_the_best_plan(monkeypatch):
    lab = Clicks(monkeypatch)
    (shown,) = lab.displayed
    assert shown["text/plain"].endswith("cost 0/4 = 0; still to be taken: from bin 1, 2, 4")
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} < set(shown)
    blank = bytes(lab.image.value)
    assert blank.startswith(b"\x89PNG")
    lab.carry(1, 4)
    assert lab.label.value == "cost 3/4 = 0.75; still to be taken: from bin 2, 4"
    assert bytes(lab.image.value) != blank
    lab.named["undo"].click()
    assert lab.label.value.startswith("cost 0/4")
    for way in ((1, 2), (2, 2), (4, 3), (4, 4)):
        lab.carry(*way)
    assert lab.label.value.endswith("a plan: it takes all of p and brings all of q")
    lab.named["show a best plan"].value = True
    assert lab.label.value.endswith("a best plan costs 2/4 = 0.5")
    lab.named["start again"].click()
    assert lab.label.value.startswith("cost 0/4 = 0; still")


# The pictures show what they are given

X = np.arange(1.0, 5)
PLAN = np.array([[0, 0.25, 0, 0], [0, 0.25, 0, 0], [0, 0, 0, 0], [0, 0, 0.25, 0.25]])
F = np.array([0.0, -1, -1, -2])


def oracle_plans(plans):
    fig = plans(X, {"one": PLAN, "two": PLAN.T})
    for ax, plan in zip(fig.axes, (PLAN, PLAN.T), strict=True):
        assert (ax.images[0].get_array() == plan).all()
        assert sorted(text.get_text() for text in ax.texts) == ["0.25"] * 4
        leaves, arrives = ax.child_axes
        assert [bar.get_width() for bar in leaves.patches] == plan.sum(1).tolist()
        assert [bar.get_height() for bar in arrives.patches] == plan.sum(0).tolist()
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("to bin", "from bin")
        assert ax.yaxis_inverted()  # bin 1 is the first row


def test_plans_show_rows_columns_and_cells():
    oracle_plans(pictures.plans)


def test_plans_transposed_are_seen():
    assert_killed(oracle_plans, lambda x, named: pictures.plans(x, {name: plan.T for name, plan in named.items()}))


def test_curves_are_drawn_as_given():
    p, q = PLAN.sum(1), PLAN.sum(0)
    fig = pictures.critics(X, p, q, {"exact": F, "network": F + 0.1})
    assert [line.get_ydata().tolist() for line in fig.axes[1].lines] == [F.tolist(), (F + 0.1).tolist()]
    fig = pictures.shift(X, X**2, {"①": (2, 4)})
    assert fig.axes[0].lines[0].get_ydata().tolist() == (X**2).tolist()
    fig = pictures.prices(X, p, q, F, PLAN, np.ones((4, 4)))
    assert F.tolist() in [line.get_ydata().tolist() for ax in fig.axes[2:] for line in ax.lines]
    rings = fig.axes[1].lines[0]
    assert sorted(zip(rings.get_ydata(), rings.get_xdata(), strict=True)) == sorted(map(tuple, np.argwhere(PLAN > 0)))


def test_what_crosses_a_gap_is_written_into_the_area():
    fig = pictures.cumulative(X, PLAN.sum(1), PLAN.sum(0))
    written = [float(text.get_text()) for text in fig.axes[1].texts]
    assert written == [0.25, 0.25]  # = EMD in gaps of 1
    assert sum(written) == transport.emd(PLAN.sum(1), PLAN.sum(0), positions=X)


def test_ways_of_a_plan_are_arrows():
    fig = pictures.piles(X, PLAN.sum(1), PLAN.sum(0), PLAN)
    ways = [
        (arrow.xyann[0], arrow.xy[0])
        for arrow in fig.axes[0].texts
        if hasattr(arrow, "arrow_patch") and arrow.arrow_patch
    ]
    assert sorted(ways) == [(1, 2), (2, 2), (4, 3), (4, 4)]


def test_constraints_are_a_picture_of_the_matrix():
    A = transport.marginal_constraints(2, 3).toarray()
    fig = pictures.constraints(A, 2, 3)
    assert ((fig.axes[0].images[0].get_array() > 0) == (A > 0)).all()
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()][:2] == ["row 1: $p_1$", "row 2: $p_2$"]
