"""Does thinking ahead help a DCGAN on faces? As Ujitoko 2017 tried it with drawings, here small.

16 × 16 pixels and a quarter of the usual width, so that three seeds of each condition take minutes. A step that looks
five steps ahead takes about ten times as long: read the record at equal steps, and at equal seconds.
"""

from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from gan_core import datasets, judges, methods, metrics
from gan_core.experiments.studies.study import Study
from gan_core.training import adam
from gan_core.training.unrolling import unroll

SHAPE, SAMPLES = (3, 16, 16), 2_000


def data():
    return datasets.faces(8_192, size=16)


def dcgan(K=0, lr_d=2e-4):
    """DCGAN of width 16, G against D as it is K steps ahead; `lr_d` is D's learning rate, for its real steps too."""
    return replace(methods.dcgan(SHAPE, width=16), opponent=unroll(K), optimizer_d=partial(adam, lr=lr_d))


def plain(K):
    """The same with a D without batch normalisation, in which no picture feels the others of its minibatch."""
    normed = methods.dcgan(SHAPE, width=16).discriminator
    layers = lambda: nn.Sequential(*[layer for layer in normed() if not isinstance(layer, nn.BatchNorm2d)])  # noqa: E731
    return replace(dcgan(K), discriminator=layers)


def distance(x):
    """The Fréchet distance, in the features of the judge of faces, of samples x to as many fresh faces."""
    judge, fresh = judges.faces(), datasets.faces(SAMPLES, size=16, seed=1).x
    seen = [judge.features(functional.interpolate(each.float(), 32)) for each in (x, fresh)]
    return {"frechet_judge": metrics.frechet_distance(*seen)}


def of_samples(run):
    return distance(run.samples(SAMPLES, seed=run.seed))


def of_data(seed):
    return distance(datasets.faces(SAMPLES, size=16, seed=100 + seed).x)


faces_unrolled = Study(
    question="On cartoon faces, is a DCGAN that looks five steps ahead better at equal steps, or at equal time?",
    data=data,
    conditions={
        "K = 0": dcgan,
        "K = 1": partial(dcgan, 1),
        "K = 5": partial(dcgan, 5),
        "K = 5, slower D": partial(dcgan, 5, 4e-5),
        "K = 0, plain D": partial(plain, 0),
        "K = 5, plain D": partial(plain, 5),
    },
    measure=of_samples,
    at=(50, 100, 200, 500, 1_000),
    seeds=(0, 1, 2),
    dtype=torch.float32,
    together=False,
    reference=of_data,
)
