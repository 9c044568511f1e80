"""Many classes with few images of each: does the conditioning, or the normalisation, cost a class its variety?

An article trained an auxiliary classifier's GAN and a projection discriminator on 176 characters with 82 pictures each,
saw the first make one picture a class and the second many, and gave the credit to spectral normalisation. But the two
differ in how they are told the class, in their normalisation, their loss and their networks, all at once. Here 176
cartoon people with 82 faces each, DCGAN's networks, one Adam and one loss; and {AC, projection} × {batch normalisation,
spectral normalisation of D} apart. One condition more has the article's loss for the auxiliary classifier. In two more
the classifier learns from real faces only: AC-GAN marks D on the fakes, too, and so both players gain when they agree
on a sign for each person that is no face.

Who is on a face is read in the features of the judge of faces: the person whose real faces are nearest.
"""

from dataclasses import replace
from functools import cache, partial

import torch
from torch.nn.functional import cross_entropy

from gan_core import datasets, judges, methods, metrics, objectives
from gan_core.experiments.studies.study import Study
from gan_core.pieces.heads import Head, classification
from gan_core.training import adam

PEOPLE, FACES, SIZE = 176, 82, 32
FURTHER = 12  # faces of each person, real ones that nobody trained with, or samples
QUICK = partial(adam, lr=1e-3, betas=(0.0, 0.9))
CONDITIONINGS = {"AC": methods.acgan, "projection": methods.projection}


def batch_normalised(shape, *, objective=objectives.hinge, **sizes):
    """DCGAN, batch normalisation in D, with the loss and the Adam of all conditions."""
    return replace(methods.dcgan(shape, **sizes), objective=objective, optimizer_d=QUICK, optimizer_g=QUICK)


BASES = {"batch norm": batch_normalised, "spectral norm": methods.sndcgan}


def label(conditioning, norm):
    return f"{conditioning}, {norm}"


def method(conditioning, base):
    """The conditioning of this name on `base`, of width 32, with a moving average of G."""
    return replace(CONDITIONINGS[conditioning]((3, SIZE, SIZE), PEOPLE, base=base, width=32), ema=0.995)


REAL_ONLY = Head(
    "classification of the real",
    lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y),
    classification.generator,
)


def of_real_only(base):
    """AC-GAN with a D that is asked who is on the real faces and not who is on the fakes."""
    return replace(method("AC", base), heads=(REAL_ONLY,))


@cache
def faces():
    """The faces to train with, and as many further ones as there are samples: both with their people."""
    drawn = datasets.people(PEOPLE, FACES + FURTHER, size=SIZE)
    image = torch.arange(len(drawn)) % (FACES + FURTHER)
    return drawn[image < FACES], drawn[image >= FACES]


def data():
    return faces()[0]


@cache
def known():
    """The judge's features of the faces to train with, by which people are told apart; and of further ones."""
    return tuple(features(part.x) for part in faces())


def features(x):
    return judges.faces().features(x.float())


def seen(x, y):
    """The measures of faces x that are to be of the people y."""
    train, further = known()
    x = features(x)
    return {
        "accuracy": metrics.label_accuracy(y, metrics.nearest_class(x, train, data().y)),
        "diversity": metrics.within_class_diversity(x, y).mean,
        "frechet_judge": metrics.frechet_distance(x, further),
    }


def of_samples(run):
    y = torch.arange(PEOPLE).repeat(FURTHER)
    return seen(run.samples(len(y), seed=run.seed, y=y), y)


def of_data(seed):
    """The same of real faces to train with, as many of each person."""
    drawn = data()
    order = torch.randperm(FACES, generator=torch.Generator().manual_seed(seed))[:FURTHER]
    rows = (torch.arange(PEOPLE)[:, None] * FACES + order).flatten()
    return seen(drawn.x[rows], drawn.y[rows])


people = Study(
    question="Many people, few faces of each: what costs a person variety, the conditioning or the normalisation?",
    data=data,
    conditions={
        **{
            label(conditioning, norm): partial(method, conditioning, base)
            for conditioning in CONDITIONINGS
            for norm, base in BASES.items()
        },
        "AC, batch norm, cross-entropy": partial(
            method, "AC", partial(batch_normalised, objective=objectives.non_saturating)
        ),
        **{f"{label('AC', norm)}, real only": partial(of_real_only, base) for norm, base in BASES.items()},
    },
    measure=of_samples,
    at=(500, 1_000, 2_000),
    seeds=tuple(range(3)),
    dtype=torch.float32,
    together=False,
    reference=of_data,
    fast=True,
)
