"""How many steps until the faces are good? A DCGAN, and what keeps its D in bounds, under five seeds each.

Cartoon faces of 32 × 32 pixels, at class scale: the recipe of `python -m gan_core train METHOD --data faces`. Measured
is the Fréchet distance in the features of the judge of faces, of the average of G's weights and of G as it stands: the
textbook's loop has no average, and else trains as `dcgan` does here, number for number: `textbook` waits for it. How
long a step takes is another question, see `python -m benchmarks quality`.
"""

from dataclasses import replace
from functools import partial

import torch

from gan_core import datasets, judges, metrics, recipes
from gan_core.experiments.studies.study import REAL, Study, samples_now
from gan_core.pieces.networks import augmented
from gan_core.training import adam

SIZE, SAMPLES = 32, 2_048


def data():
    return datasets.faces(8_192, size=SIZE)


def method(name):
    """The method of this name as the command line has it for faces at class scale."""
    return recipes.gan(name, (3, SIZE, SIZE), recipes.recipe(name, "faces", "class"))


def quick_dcgan():
    """DCGAN as it is with the Adam of `sndcgan`, five times as quick: is it the rate, or the bounds on D?"""
    quick = partial(adam, lr=1e-3, betas=(0.0, 0.9))
    return replace(method("dcgan"), optimizer_d=quick, optimizer_g=quick)


def augmented_sndcgan():
    """What D sees, real and fake, is first moved and changed in colour: does it help where there are 8,192 faces?"""
    plain = method("sndcgan")
    return replace(plain, discriminator=lambda: augmented(plain.discriminator()))


def distance(x, seed):
    """The Fréchet distance of x, in the judge's features, to as many real faces that nobody trained with."""
    judge, real = judges.faces(), datasets.faces(SAMPLES, size=SIZE, seed=REAL + seed).x
    return metrics.frechet_distance(judge.features(x.float()), judge.features(real))


def of_samples(run):
    return {
        "frechet_judge": distance(run.samples(SAMPLES, seed=run.seed), run.seed),
        "frechet_judge_now": distance(samples_now(run, SAMPLES, run.seed), run.seed),
    }


def of_data(seed):
    found = distance(datasets.faces(SAMPLES, size=SIZE, seed=2 * REAL + seed).x, seed)
    return {"frechet_judge": found, "frechet_judge_now": found}


quality = Study(
    question="How many steps does it take until the faces are good, and stay so?",
    data=data,
    conditions={
        **{name: partial(method, name) for name in ("dcgan", "sndcgan", "r1gan")},
        "dcgan, quick Adam": quick_dcgan,
        "sndcgan, augmented": augmented_sndcgan,
    },
    measure=of_samples,
    at=(250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000),
    seeds=tuple(range(5)),
    dtype=torch.float32,
    together=False,
    reference=of_data,
    fast=True,
)

textbook = replace(
    quality,
    question="How many steps does DCGAN need with the Adam of its paper and without an average of G's weights?",
    conditions={"dcgan": partial(method, "dcgan")},
    at=tuple(range(500, 8_001, 500)),
    seeds=tuple(range(3)),
)
