"""Earth mover's distance on the line against scipy and POT; `plan` against POT's `emd` and the linear program."""

import platform

import numpy as np
import ot
import scipy
from scipy.stats import wasserstein_distance

from benchmarks.paired import table
from gan_core import transport


def on_the_line(n):
    """The 1-D distance of two histograms on n ascending places; ours with all its checks of the input."""
    p, q, x = _histograms(n)
    return {
        "emd": lambda: transport.emd(p, q, positions=x),
        "scipy": lambda: wasserstein_distance(x, x, p, q),
        "POT emd2_1d": lambda: ot.emd2_1d(x, x, p, q, metric="euclidean"),
    }


def plans(n):
    """An optimal plan between n points of the plane and n others; ours with all its checks of the input."""
    rng = np.random.default_rng(n)
    p, q, _ = _histograms(n)
    cost = transport.cost_matrix(rng.random((n, 2)), rng.random((n, 2)))
    return {
        "plan": lambda: transport.plan(p, q, cost),
        "POT emd": lambda: ot.emd(p, q, cost),
        "linear program": lambda: transport.linear_program(p, q, cost),
    }


def main():
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, POT {ot.__version__}"
    )
    print("Medians over turns in one process. A ratio above 1: ours is faster. Last lines: time ~ n to this power.\n")
    for lines in (
        table("EMD on the line, ascending places", [10**k for k in range(2, 7)], on_the_line, ours="emd"),
        table("Optimal plan in the plane", [16, 32, 64, 128, 256, 512], plans, ours="plan", turns=9),
    ):
        print("\n".join(lines), flush=True)
        print()


def _histograms(n):
    p, q, x = np.random.default_rng(n).random((3, n))
    return p / p.sum(), q / q.sum(), np.sort(x)
