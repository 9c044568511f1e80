"""Piles of earth: the earth mover's distance, the plans that realise it, and the potentials that prove it.

`p` (n bins) is the earth as it lies, `q` (m bins) as it shall lie: masses that sum to one, so a density is given as
`p * dx`. A plan γ (n, m) says how much earth goes from bin i to bin j: its rows sum to p, its columns to q. With the
cost D (n, m) of a unit's way from i to j,

    EMD(p, q) = min_γ ⟨D, γ⟩_F = max_{f_i + g_j ≤ D_ij} Σ_i p_i f_i + Σ_j q_j g_j .

On the line, with D = |x − y|, no plan is needed: EMD = ∫ |F_p − F_q| dx. Elsewhere the network simplex of POT does
the work; `linear_program` is the same problem written out, to be read and to check by. The first use of the network
simplex loads POT, which loads torch where there is one: seconds, once (POT_BACKEND_DISABLE_PYTORCH=1 in the environment
spares them, and takes torch tensors away from POT in that process: the user's choice, not ours).
"""

import math

import numpy as np

from gan_core.mathematics._arrays import TOTAL_TOLERANCE, finite, non_negative, same_bins

ROUNDING = 1e-9  # a total this close to one is taken as it is; one that is only within TOTAL_TOLERANCE is divided out


def emd(p, q, positions=None, *, cost=None, normalise=False):
    """The earth mover's distance (Wasserstein-1): the least cost of turning the pile p into the pile q.

    With `positions`, on the line, a unit costs the way it goes: EMD = Σ_k |F_p(x_k) − F_q(x_k)| (x_{k+1} − x_k), with F
    the cumulative sums; O(bins) on ascending positions, and other orders are sorted first. It is a metric, in the unit
    of the positions, in [0, ∞), and |θ| for a shift by θ.
    With `cost`, a unit from bin i to bin j costs D_ij: EMD = min_γ ⟨D, γ⟩_F; a metric when D is one.

    Parameters: `p` (..., n) and `q` (..., m), masses that sum to one over the last axis; with `normalise=True` to
    anything positive. Either `positions`, one array (n,) for both or a pair (x, y) of (n,) and (m,); or `cost` (n, m),
    with `p` (n,) and `q` (m,). Returns a number, or an array (...) for batches.
    Raises ValueError for negative, non-finite or unnormalised masses, for shapes that do not match, and unless exactly
    one of `positions` and `cost` is given; TypeError for what is not numbers.
    Sources: Rubner, Tomasi & Guibas 2000; Vallender 1974 (the line).

    >>> float(emd([1, 0, 0], [0, 0, 1], positions=[1, 2, 3]))
    2.0
    >>> float(emd([1, 0], [0.5, 0.25, 0.25], positions=([0, 1], [0, 1, 2])))
    0.75
    >>> float(emd([1, 0], [0, 1], cost=[[0, 7], [7, 0]]))
    7.0
    """
    if (positions is None) == (cost is None):
        raise ValueError(
            "give one of positions=x, positions=(x, y) for earth on the line, or cost=D for any other; "
            f"given {'neither' if cost is None else 'both'}"
        )
    if cost is not None:
        p, q, cost = _problem(p, q, cost, normalise)
        return np.vdot(cost, _network_simplex(p, q, cost)[0])
    distance = None if normalise else _emd_of_sorted(p, q, positions)
    return _emd_on_line(p, q, positions, normalise) if distance is None else distance


def plan(p, q, cost, *, normalise=False):
    """An optimal plan γ (n, m): γ_ij ≥ 0 is the earth that goes from bin i of p to bin j of q, at the least total cost.

    Its rows sum to p, its columns to q. Several plans may cost the same; this one is a corner of their polytope, and so
    moves earth between at most n + m − 1 pairs of bins.

    Parameters: `p` (n,), `q` (m,) and `normalise` as in `emd`; `cost` (n, m), finite.
    Raises ValueError and TypeError as `emd`; RuntimeError should the solver give up.
    Sources: Kantorovich 1942; Bonneel et al. 2011 (the network simplex that POT uses).

    >>> plan([0.5, 0.5, 0], [0, 0.5, 0.5], cost_matrix([1, 2, 3], power=2))
    array([[0. , 0.5, 0. ],
           [0. , 0. , 0.5],
           [0. , 0. , 0. ]])
    """
    return _network_simplex(*_problem(p, q, cost, normalise))[0]


def potentials(p, q, cost, *, normalise=False):
    """The dual pair (f, g): f_i + g_j ≤ D_ij for all i, j, and Σ p_i f_i + Σ q_j g_j = EMD; shifted so that f_0 = 0.

    f_i is what a carrier asks for fetching a unit of earth from i, g_j for bringing it to j: never more than D_ij for
    both, and just that where an optimal plan moves earth (complementary slackness). When D is a metric on common bins,
    g = −f and |f_i − f_j| ≤ D_ij: f is the critic of a Wasserstein GAN. Bins without earth leave the prices some room;
    these are one choice.

    Parameters and errors as `plan`. Returns f (n,) and g (m,).
    Sources: Kantorovich & Rubinstein 1958; Villani 2009, Theorem 5.10.

    >>> potentials([1, 0], [0, 1], [[0, 7], [7, 0]])
    (array([ 0., -7.]), array([0., 7.]))
    """
    p, q, cost = _problem(p, q, cost, normalise)
    f = _network_simplex(p, q, cost)[1]
    # The solver prices only bins with earth. Each transform D − price, minimised, prices all of the other side's bins
    # as high as the inequalities allow: never broken, never worse.
    g = (cost - f[:, None])[p > 0].min(0)
    f = (cost - g).min(1)
    f -= f[0]
    return f, (cost - f[:, None]).min(0)


def linear_program(p, q, cost, *, normalise=False):
    """The problem as it stands, min ⟨D, γ⟩_F over γ ≥ 0 with Σ_j γ_ij = p_i and Σ_i γ_ij = q_j, solved by HiGHS.

    Slower than `plan`, a hundred times at 256 bins, and independent of it: something to read and to check by.

    Parameters and errors as `plan`. Returns γ (n, m) and a dual pair f (n,), g (m,): that of `potentials` up to a
    constant, and up to the room that bins without earth leave.
    Sources: Kantorovich 1942; Huangfu & Hall 2018 (HiGHS).

    >>> linear_program([1, 0], [0, 1], [[0, 7], [7, 0]])[0]
    array([[0., 1.],
           [0., 0.]])
    """
    from scipy.optimize import linprog

    p, q, cost = _problem(p, q, cost, normalise)
    solution = linprog(
        c=cost.ravel(),  # ⟨D, γ⟩_F, both laid out row by row
        A_eq=marginal_constraints(*cost.shape)[:-1],  # the last column sum follows from all the others: its price is 0
        b_eq=np.concatenate([p, q])[:-1],
        bounds=(0, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if not solution.success:
        raise RuntimeError(f"HiGHS did not solve the problem of {p.size} × {q.size} bins: {solution.message}")
    f, g = np.split(np.append(solution.eqlin.marginals, 0.0), [p.size])
    return np.maximum(solution.x, 0).reshape(cost.shape), f, g


def marginal_constraints(n, m):
    """The sparse matrix A (n + m, n·m) of the linear program: A γ = (p, q) for a plan γ (n, m) laid out row by row.

    Raises ValueError unless n and m are at least 1.

    >>> marginal_constraints(2, 2).toarray().astype(int)
    array([[1, 1, 0, 0],
           [0, 0, 1, 1],
           [1, 0, 1, 0],
           [0, 1, 0, 1]])
    """
    from scipy import sparse

    if n < 1 or m < 1:
        raise ValueError(f"a plan has at least one row and one column; given n = {n}, m = {m}")
    row_sums = sparse.kron(sparse.eye_array(n), np.ones((1, m)), format="csr")  # Σ_j γ_ij = p_i
    column_sums = sparse.kron(np.ones((1, n)), sparse.eye_array(m), format="csr")  # Σ_i γ_ij = q_j
    return sparse.vstack([row_sums, column_sums], format="csr")


def cost_matrix(x, y=None, power=1):
    """D_ij = ‖x_i − y_j‖^power, the cost of a unit's way from x_i to y_j; with power 1 the way itself, a metric.

    Parameters: `x` (n,) on the line or (n, d) in space; `y` (m,) or (m, d), by default `x`; `power` > 0.
    Returns (n, m). Raises ValueError for non-finite points, different dimensions, or a power that is not positive.

    >>> cost_matrix([1, 2, 4])
    array([[0., 1., 3.],
           [1., 0., 2.],
           [3., 2., 0.]])
    """
    x = _points("x", x)
    y = x if y is None else _points("y", y)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must be points of one space; given {x.shape[1]} and {y.shape[1]} coordinates")
    if not 0 < power < np.inf:
        raise ValueError(f"power must be positive and finite; given {power!r}")
    return np.linalg.norm(x[:, None] - y, axis=-1) ** power


def plan_cost(plan, cost):
    """⟨D, γ⟩_F = Σ_ij D_ij γ_ij, the cost of carrying the earth as `plan` says; the least of these is the EMD.

    Parameters: `plan` (n, m), non-negative; `cost` (n, m). Raises ValueError for negative or non-finite entries and
    for shapes that differ.

    >>> float(plan_cost([[0, 0.5], [0.5, 0]], [[0, 1], [1, 0]]))
    1.0
    """
    plan, cost = non_negative("plan", plan), finite("cost", cost)
    if plan.ndim != 2 or plan.shape != cost.shape:
        raise ValueError(f"plan and cost must have one shape (n, m); given {plan.shape} and {cost.shape}")
    return np.vdot(cost, plan)


def _emd_of_sorted(p, q, x):
    """Σ_k |F_p − F_q| Δx for plain vectors with nothing wrong; None when anything is, for others to say what.

    The checks cost more than the sum, so they are the fewest that miss nothing (NaN fails every comparison, ∞ the
    total or the ends), and one array of work is used over and over: memory is what takes the time of a million bins.
    """
    if not (
        (type(p) is type(q) is type(x) is np.ndarray)
        and (p.dtype == q.dtype == x.dtype == np.float64)
        and (p.ndim == 1 and p.shape == q.shape == x.shape and p.size > 1)
        and math.isfinite(x[0])
        and math.isfinite(x[-1])
    ):
        return None
    gaps = x[1:] - x[:-1]
    work = np.minimum(p, q)
    if not (np.minimum.reduce(gaps) >= 0 and np.minimum.reduce(work) >= 0 and abs(np.add.reduce(p) - 1) <= ROUNDING):
        return None
    np.subtract(p, q, out=work)
    np.add.accumulate(work, out=work)  # F_p − F_q
    if not abs(work[-1]) <= ROUNDING:
        return None
    return np.abs(work, out=work)[:-1].dot(gaps)


def _emd_on_line(p, q, positions, normalise):
    """∫ |F_p − F_q| dx over the places of both piles in ascending order."""
    p, q = _masses("p", p, normalise), _masses("q", q, normalise)
    if isinstance(positions, tuple | list) and len(positions) == 2 and all(np.ndim(places) for places in positions):
        x, y = _places("x", positions[0], "p", p), _places("y", positions[1], "q", q)
        places = np.concatenate([x, y])
        p = np.concatenate([p, np.zeros((*p.shape[:-1], y.size))], axis=-1)  # no earth on the other's places
        q = np.concatenate([np.zeros((*q.shape[:-1], x.size)), q], axis=-1)
    else:
        places = _places("positions", positions, "p", p)
        _places("positions", positions, "q", q)
    same_bins(p=p, q=q)
    order = np.argsort(places, kind="stable")  # which merges the two ascending runs of a pair in O(n + m)
    return np.abs(np.cumsum((p - q)[..., order], axis=-1)[..., :-1]) @ np.diff(places[order])


def _network_simplex(p, q, cost):
    """An optimal γ by POT, and the potentials of the bins that hold earth."""
    from ot.lp import emd as solve

    plan, log = solve(p, q, cost, numItermax=100_000_000, log=True, center_dual=False)
    if log["warning"] is not None:
        raise RuntimeError(f"POT did not solve the problem of {p.size} × {q.size} bins: {log['warning']}")
    return plan, log["u"], log["v"]


def _problem(p, q, cost, normalise):
    p, q, cost = _masses("p", p, normalise), _masses("q", q, normalise), finite("cost", cost)
    if p.ndim != 1 or q.ndim != 1:
        raise ValueError(f"with a cost, p and q must have one axis, the bins; given shapes {p.shape} and {q.shape}")
    if cost.shape != (p.size, q.size):
        raise ValueError(f"cost must be (bins of p, bins of q) = ({p.size}, {q.size}); given shape {cost.shape}")
    return p, q, cost


def _masses(name, values, normalise):
    """Masses of total one, to the last digits: both piles hold the same earth, and the program has a solution."""
    plain = type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1 and values.size
    if plain and values.min() >= 0 and abs(values.sum() - 1) <= ROUNDING:
        return values
    array = non_negative(name, values)
    total = array.sum(-1, keepdims=True)
    if normalise:
        if not ((total > 0) & (total < np.inf)).all():
            raise ValueError(f"{name} cannot be normalised: its total over the last axis is {total.min():g}")
    elif np.abs(total - 1).max() > TOTAL_TOLERANCE:
        raise ValueError(
            f"{name} must sum to 1 over its last axis (within {TOTAL_TOLERANCE:g}); its total is "
            f"{total.flat[np.abs(total - 1).argmax()]:.6g}. Earth neither vanishes nor appears: give masses that sum "
            "to 1 (for a density, p * dx), or ask for normalise=True"
        )
    return array / total


def _places(name, values, pile, masses):
    places = finite(name, values)
    if places.shape != masses.shape[-1:]:
        raise ValueError(
            f"{name} must give a place to each bin of {pile}, shape {masses.shape[-1:]}; given shape {places.shape}. "
            "For piles on different places give a pair, positions=(x, y)"
        )
    return places


def _points(name, values):
    """Points as (n, d); numbers are points on the line, d = 1."""
    array = finite(name, values)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must hold points, shape (n,) or (n, d); given shape {array.shape}")
    return array.reshape(len(array), -1)
