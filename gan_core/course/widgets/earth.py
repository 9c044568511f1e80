"""The plan explorer: move earth by hand, one shovel at a time, and compare with a best plan.

The state is the tuple of the moves so far, pairs (from, to) of bins counted from 0; the plan is what they add up to.
"""

import numpy as np

from gan_core import transport
from gan_core.course.widgets import film
from gan_core.course.widgets.explore import _render, _show


def plan_explorer(p, q):
    """Menus for a bin to take from and one to bring to, buttons to move a shovel there, to undo, to reveal a best plan.

    `p`, `q` (n,) are piles of whole shovels on the bins 1 … n, as many in the one as in the other. A shovel costs the
    number of bins it goes. Raises ValueError for amounts that are negative or not whole, and for totals or lengths
    that differ.

    Example: ``plan_explorer([1, 1, 0, 0, 2, 0], [0, 1, 1, 0, 0, 2])``
    """
    import ipywidgets as w

    p, q = _shovels(p, q)
    bins = [(str(k + 1), k) for k in range(p.size)]
    source, target = w.Dropdown(options=bins, description="from bin"), w.Dropdown(options=bins, description="to bin")
    names = ("move a shovel", "undo", "start again")
    move, back, restart = (w.Button(description=name) for name in names)
    reveal = w.ToggleButton(description="show a best plan")
    image, label = w.Image(format="png"), w.Label()
    state = [()]

    def redraw(_=None):
        image.value, label.value = _render(*draw(p, q, state[0], reveal.value))

    def clicked(action):
        def act(_):
            state[0] = action(state[0])
            redraw()

        return act

    move.on_click(clicked(lambda moves: moved(moves, p, source.value, target.value)))
    back.on_click(clicked(undone))
    restart.on_click(clicked(lambda _: ()))
    reveal.observe(redraw, "value")
    redraw()
    box = w.VBox([w.HBox([source, target]), w.HBox([move, back, restart, reveal]), label, image])

    def shot():
        ways = {"a best plan": moves_of(p, q, 1), "the worst plan": moves_of(p, q, -1)}
        shovels = film.Knob("shovels moved", list(range(int(p.sum()) + 1)), plays=True)
        plans = film.Knob("plan", list(ways), menu=True)
        return film.film([shovels, plans], lambda moved, way: _render(*draw(p, q, ways[way][:moved])))

    _show(box, image, f"[from, to, {', '.join(names)}] {label.value}", shot)


def moved(moves, p, source, target):
    """The moves and one more, a shovel from bin `source` of `p` to bin `target`; just the moves when that is empty."""
    return (*moves, (source, target)) if p[source] > plan_of(moves, p.size)[source].sum() else moves


def undone(moves):
    """The moves without the last one."""
    return moves[:-1]


def moves_of(p, q, sign):
    """The moves of a plan, shovel by shovel, that makes sign · cost least: 1 for a best plan, −1 for a worst one."""
    plan = transport.plan(p, q, sign * transport.cost_matrix(np.arange(p.size)), normalise=True)
    shovels = np.round(p.sum() * plan).astype(int)
    return tuple((int(i), int(j)) for i, j in np.argwhere(shovels) for _ in range(shovels[i, j]))


def plan_of(moves, n):
    """What the moves add up to: the plan γ (n, n) in shovels."""
    plan = np.zeros((n, n))
    for source, target in moves:
        plan[source, target] += 1
    return plan


def draw(p, q, moves, reveal=False):
    """The figure of the piles and the plan so far, and a line on its cost and its marginals."""
    from gan_core.course.figures import earth

    x, total = np.arange(1, p.size + 1), p.sum()
    plan, cost = plan_of(moves, p.size), transport.cost_matrix(x)
    said = [f"cost {_cost(plan, cost, total)}", standing(p, q, plan)]
    best = None
    if reveal:
        best = np.round(total * transport.plan(p, q, cost, normalise=True), 9)
        said.append(f"a best plan costs {_cost(best, cost, total)}")
    return earth.by_hand(x, p, q, plan, best), "; ".join(said)


def standing(p, q, plan):
    """Which marginals `plan` does not meet yet, in words; bins are counted from 1."""
    missing, too_much = p - plan.sum(1), plan.sum(0) - q
    said = []
    if missing.any():
        said.append(f"still to be taken: from bin {_bins(missing > 0)}")
    if (too_much > 0).any():
        said.append(f"too much at bin {_bins(too_much > 0)}")
    return ", ".join(said) or "a plan: it takes all of p and brings all of q"


def _cost(plan, cost, total):
    return f"{transport.plan_cost(plan, cost):g}/{total:g} = {transport.plan_cost(plan, cost) / total:.3g}"


def _bins(chosen):
    return ", ".join(str(k + 1) for k in np.flatnonzero(chosen))


def _shovels(*piles):
    p, q = (np.asarray(pile, dtype=float) for pile in piles)
    if p.ndim != 1 or p.shape != q.shape or p.size < 2:
        raise ValueError(f"p and q must be piles on the same two or more bins; given shapes {p.shape} and {q.shape}")
    for name, pile in (("p", p), ("q", q)):
        if not (np.isfinite(pile).all() and (pile >= 0).all() and (pile == np.round(pile)).all()):
            raise ValueError(f"{name} must hold whole shovels, 0, 1, 2, …; given {pile}")
    if not 0 < p.sum() == q.sum():
        raise ValueError(f"p and q must hold as many shovels, one at least; given {p.sum():g} and {q.sum():g}")
    return p, q
