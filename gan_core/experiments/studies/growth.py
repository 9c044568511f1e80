"""Does it pay to grow, and what does each trick of Progressive GAN add? Faces of 16 × 16 pixels, three seeds each.

Growing and training the whole networks from the beginning ("direct") make the same number of steps here, and steps at
small sizes are quicker: the record has the processor time of each, so the two can be compared at equal time. Each of
three tricks is left out once, from the one that grows; the fourth, the moving average of G, is left out by looking at G
as it stands. Both are trained at five times Adam's rate, too: the equalised learning rate makes the paper's a slow one.
Measured is the sliced Wasserstein distance of patches, the paper's own.
"""

from dataclasses import replace
from functools import cache, partial

import torch
from torch import nn

from gan_core import datasets, methods, metrics
from gan_core.experiments.studies.study import REAL, Study, samples_now
from gan_core.pieces.networks import equalised, progressive_discriminator, progressive_generator
from gan_core.training import adam
from gan_core.training.growth import Growth

SIZE, WIDTH, Z, SAMPLES = 16, 16, 64, 512
SHAPE = (3, SIZE, SIZE)
STEPS = 250  # of each hold and each fade: whole from step 1,000 on, counted from 0

GROWN, DIRECT = "progressive", "direct"
QUICK_GROWN, QUICK_DIRECT = "progressive, quick Adam", "direct, quick Adam"
QUICK = 5e-3  # a rate five times the paper's
LEFT_OUT = "without pixel norm", "without the equalised rate", "without the minibatch's deviation"


@cache
def data():
    return datasets.faces(8_192, size=SIZE)


def grown(*, norm=None, group=4, equal=equalised):
    """Progressive GAN with these parts: what follows each convolution of G, MinibatchStd's group, the learning rate."""
    given = {} if norm is None else {"norm": norm}
    return replace(
        methods.progressive(SHAPE, hold=STEPS, fade=STEPS, z=Z, width=WIDTH),
        generator=lambda: equal(progressive_generator(Z, SHAPE, width=WIDTH, **given)),
        discriminator=lambda: equal(progressive_discriminator(SHAPE, width=WIDTH, group=group)),
        ema=0.99,
    )


def direct():
    """The same networks, whole from the beginning."""
    gan = grown()
    return replace(gan, schedule=Growth(gan.schedule.levels, hold=0, fade=0))


def quick(gan):
    """`gan` with five times the rate, in both networks."""
    optimizer = partial(adam, lr=QUICK, betas=(0.0, 0.99))
    return replace(gan, optimizer_d=optimizer, optimizer_g=optimizer)


def quickly_grown():
    return quick(grown())


def quickly_direct():
    return quick(direct())


def as_drawn(network):
    return network


def distance(x, seed):
    real = datasets.faces(SAMPLES, size=SIZE, seed=REAL + seed).x
    return metrics.pyramid_sliced_wasserstein(x.clamp(-1, 1), real, patches=64)[SIZE]


def of_samples(run):
    return {
        "swd": distance(run.samples(SAMPLES, seed=run.seed), run.seed),
        "swd_now": distance(samples_now(run, SAMPLES, run.seed), run.seed),
        "stage": run.generator.stage,
    }


def of_data(seed):
    swd = distance(datasets.faces(SAMPLES, size=SIZE, seed=2 * REAL + seed).x, seed)
    return {"swd": swd, "swd_now": swd, "stage": 2.0}


growth = Study(
    question="Does growing pay at equal time, and what does each trick that goes with it add?",
    data=data,
    conditions={
        GROWN: grown,
        DIRECT: direct,
        LEFT_OUT[0]: partial(grown, norm=nn.Identity),
        LEFT_OUT[1]: partial(grown, equal=as_drawn),
        LEFT_OUT[2]: partial(grown, group=None),
        QUICK_GROWN: quickly_grown,
        QUICK_DIRECT: quickly_direct,
    },
    measure=of_samples,
    at=(250, 500, 750, 1_000, 1_500, 2_000),
    seeds=tuple(range(3)),
    batch=32,
    dtype=torch.float32,
    together=False,
    reference=of_data,
    fast=True,
)
