"""R3GAN's objective where others lose modes: the ring of eight and the thousand stacked digits, beside chapter 08's.

Huang et al. 2024 say that its two parts belong together: the relativistic loss, in which D compares a real example with
a fake one, against mode dropping; the price on D's slopes at both, R1 and R2, so that the game comes to rest. So there
are four conditions: neither, each alone, and both. Networks, steps and measures are those of the studies `ring` and
`stacked_digits`, with the smaller of the two D's there; nothing looks ahead. Adam has the paper's β = (0, 0.99).
"""

from dataclasses import replace
from functools import partial

import torch

from gan_core import datasets, methods
from gan_core.experiments.studies import ring, stacked_digits
from gan_core.experiments.studies.study import Study
from gan_core.pieces.lipschitz import r1, r2
from gan_core.pieces.objectives import non_saturating, relativistic
from gan_core.training import adam

GAMMA = {"ring": 10, "digits": 1}  # γ of the price γ/2 ‖∇a‖²; with 1 the ring is lost
QUICK = partial(adam, lr=1e-3, betas=(0.0, 0.99))  # as in the paper, where the rate is smaller
WITHOUT, PRICED, PAIRED, BOTH = "neither", "R1 and R2", "relativistic", "both"


def conditions(base, gamma):
    """`base` with neither part of the objective, with each, and with both."""

    def method(objective, penalties):
        return replace(base(), objective=objective, penalties=penalties, optimizer_d=QUICK, optimizer_g=QUICK)

    price = r1(gamma), r2(gamma)
    return {
        WITHOUT: partial(method, non_saturating, ()),
        PRICED: partial(method, non_saturating, price),
        PAIRED: partial(method, relativistic, ()),
        BOTH: partial(method, relativistic, price),
    }


pairs_ring = Study(
    question="On the ring of eight, what do pairs and a price on slopes do, each alone and both?",
    data=datasets.ring,
    conditions=conditions(partial(methods.unrolled, (2,), K=0), GAMMA["ring"]),
    measure=partial(ring.of_samples, ring.RING),
    at=ring.ring.at,
    batch=ring.ring.batch,
    reference=partial(ring.of_data, ring.RING, datasets.ring),
)

pairs_digits = Study(
    question="Of 1,000 stacked digits, how many does a small D keep with pairs, a price on slopes, and both?",
    data=datasets.stacked_digits,
    conditions=conditions(partial(stacked_digits.method, 1 / 4), GAMMA["digits"]),
    measure=stacked_digits.measured,
    at=stacked_digits.stacked_digits.at,
    seeds=tuple(range(6)),
    batch=64,
    dtype=torch.float32,
    reference=stacked_digits.of_real,
)
