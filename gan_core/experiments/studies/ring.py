"""Does thinking ahead cure mode collapse, and what in it does? The ring of eight with controls, and the grid of 25.

Metz et al. 2017, appendix A, in 3,000 steps (`methods.unrolled`), for K = 0, 1, 5 and 10. Beside them what is left when
the gradient does not go back through the K steps (first order), and D really making five steps instead of thinking.
"""

from dataclasses import replace
from functools import partial
from math import inf

import torch

from gan_core import datasets, methods, metrics
from gan_core.experiments.studies.study import Study
from gan_core.training.unrolling import unroll

SAMPLES = 4_096
RING, GRID = 20.0, 6.0  # near is within so many standard deviations: 0.4 and 0.3, less than a third of the way between


def first_order(K):
    return replace(methods.unrolled((2,)), opponent=unroll(K, first_order=True))


def real_steps(n_dis):
    return replace(methods.unrolled((2,), K=0), n_dis=n_dis)


def measured(within, x, mixture):
    """Of samples: the modes that 20 lie near, the share near any; and KL(q‖p), each sample counted for its nearest."""
    near, nearest = (metrics.modes(x, mixture, within=w, at_least=20) for w in (within, inf))
    return {"modes": near.covered, "near": near.near, "kl": metrics.mode_kl(nearest.counts).samples_from_data}


def of_samples(within, run):
    return measured(within, run.samples(SAMPLES, seed=run.seed), run.data)


def of_data(within, mixture, seed):
    data = mixture()
    return measured(within, data.sample(SAMPLES, torch.Generator().manual_seed(seed)), data)


AHEAD = {f"K = {K}": partial(methods.unrolled, (2,), K=K) for K in (0, 1, 5, 10)}
CONTROLS = {
    "K = 1, first order": partial(first_order, 1),
    "K = 5, first order": partial(first_order, 5),
    "5 real steps": partial(real_steps, 5),
}

ring = Study(
    question="On the ring of eight Gaussians, does looking K steps ahead keep the modes, and what in it does?",
    data=datasets.ring,
    conditions=AHEAD | CONTROLS,
    measure=partial(of_samples, RING),
    at=(250, 500, 1_000, 2_000, 3_000),
    batch=128,
    reference=partial(of_data, RING, datasets.ring),
)

grid = Study(
    question="On the grid of 25 Gaussians, does looking K steps ahead keep the modes?",
    data=datasets.grid,
    conditions=AHEAD,
    measure=partial(of_samples, GRID),
    at=(250, 500, 1_000, 2_000),
    batch=128,
    reference=partial(of_data, GRID, datasets.grid),
)
