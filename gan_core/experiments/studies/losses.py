"""Does the loss matter? An article's experiment on digits, with seeds: four losses, D in balance with G or far ahead.

The article has one run of each loss, and one balance. Here a discriminator of the usual strength, DCGAN's, and one that
is meant to win: five steps for each of G's, at ten times the rate. Each of these alone is there for the two losses of
the article. Its measure is there too, the Inception Score's formula; the classifier is the judge of digits, so this is
the Inception Score of no paper. Trained on the digits that the judge was taught with, measured with those it was not.
"""

from dataclasses import replace
from functools import partial

import torch

from gan_core import datasets, judges, methods, metrics, objectives, training
from gan_core.experiments.studies.study import Study

SHAPE = (1, 8, 8)
TAUGHT, HELD_BACK = 997, 800  # digits: those the judge has learned from, as its own split has them, and the others
LATE = 50  # so many of D's last losses make a mean
LOSSES = ("saturating", "non_saturating", "hinge", "least_squares")
BALANCES = {"balanced D": (1, 2e-4), "strong D": (5, 2e-3)}  # steps of D for each of G, and D's learning rate
APART = {"five steps": (5, 2e-4), "ten times the rate": (1, 2e-3)}  # what makes D strong, one at a time


def label(loss, balance):
    """The condition of the loss of this name against this D."""
    return f"{loss.replace('_', '-')}, {balance}"


def method(loss, n_dis=1, lr_d=2e-4):
    """DCGAN of width 16 with the loss of this name; D makes `n_dis` steps for each of G's, at the rate `lr_d`."""
    return replace(
        methods.dcgan(SHAPE, width=16),
        objective=objectives.named(loss),
        n_dis=n_dis,
        optimizer_d=partial(training.adam, lr=lr_d),
    )


def digits():
    """The digits to train with, and those held back."""
    return datasets.digits().split(TAUGHT, seed=0)


def data():
    return digits()[0]


def seen(x):
    """The measures of images x, beside those held back where the measure looks at real ones."""
    judge, real = judges.digits(), digits()[1].x
    return {
        "score_judge": metrics.inception_score(judge(x)["digit"], splits=1).mean,
        "frechet_pixels": metrics.frechet_distance(x, real),
        "frechet_judge": metrics.frechet_distance(judge.features(x), judge.features(real)),
    }


def slope(run):
    """‖∂L_G/∂θ_G‖, what one minibatch sends G; worked out on a copy, so that the run goes on as if unasked."""
    run = run.copy()
    loss = run.gan.objective.generator(run.D(run.G(run.noise())))
    gradients = torch.autograd.grad(loss, list(run.generator.parameters()))
    return torch.stack([gradient.norm() for gradient in gradients]).norm()


def of_samples(run):
    """Of as many samples as digits are held back; then D's loss, a mean of the last steps, and the slope G is sent."""
    loss_d = run.losses[max(run.step - LATE, 0) : run.step, 0].mean()
    return {**seen(run.samples(HELD_BACK, seed=run.seed)), "loss_d": loss_d, "slope_g": slope(run)}


def of_real(seed):
    """Of as many of the digits to train with: a generator that knew them by heart would get this."""
    return seen(data().split(HELD_BACK, seed=seed)[0].x)


losses = Study(
    question="Does the loss change what a DCGAN draws, when D is in balance with G, and when D is far ahead?",
    data=data,
    conditions={
        label(loss, balance): partial(method, loss, *settings)
        for balances, some in ((BALANCES, LOSSES), (APART, LOSSES[:2]))
        for balance, settings in balances.items()
        for loss in some
    },
    measure=of_samples,
    at=(100, 250, 500, 1_000, 2_000),
    seeds=tuple(range(5)),
    dtype=torch.float32,
    together=False,
    reference=of_real,
)
