"""Do a thousand modes stay, when G plays against D as it will be? Metz et al. 2017, section 3.3.1, at 8 × 8 pixels.

Three digits side by side in three channels are 1,000 modes, and two discriminators are too small for them, with a
quarter and a half of the paper's unit of channels. All conditions make the same number of steps of G, not take the same
time: the record has the time too. Controls, with the smaller D: what is left when the gradient does not go back through
the K steps (first order); D really making five steps; and batch normalisation in D, as PacGAN's code has it.
"""

from functools import partial

import torch

from gan_core import datasets, judges, metrics, networks
from gan_core.experiments.studies.study import REAL, Study
from gan_core.training.runs import GAN, adam, as_it_stands
from gan_core.training.unrolling import unroll

SAMPLES = 10_000
WIDTHS = {"1/4": 1 / 4, "1/2": 1 / 2}
Z = 64


def label(steps, width="1/4"):
    """The condition of K = `steps` and the D of this `width`."""
    return f"K = {steps}, D {width}"


def method(x, opponent=as_it_stands, *, n_dis=1, normed=False):
    """The small pair, the non-saturating loss, and Adam with 1e-3 for both. PacGAN's code: 1e-4, 500,000 steps."""
    return GAN(
        generator=partial(networks.unrolled_generator, Z),
        discriminator=partial(networks.unrolled_discriminator, x, normed=normed),
        z=Z,
        optimizer_d=partial(adam, lr=1e-3),
        optimizer_g=partial(adam, lr=1e-3),
        opponent=opponent,
        n_dis=n_dis,
    )


def seen(x):
    """How many of the 1,000 numbers the judge reads in x; KL(q‖p) in nats to the data, where all are as frequent."""
    counts = metrics.stacked_modes(x, judges.digits())
    return {"modes": int((counts > 0).sum()), "kl": metrics.mode_kl(counts).samples_from_data}


def measured(run):
    """Of 10,000 samples."""
    return seen(run.samples(SAMPLES, seed=run.seed))


def of_real(seed):
    """Of 10,000 real stacks."""
    return seen(datasets.stacked_digits().sample(SAMPLES, torch.Generator().manual_seed(REAL + seed)))


AHEAD = {
    label(steps, width): partial(method, x, unroll(steps)) for width, x in WIDTHS.items() for steps in (0, 1, 5, 10)
}
CONTROLS = {
    "K = 5, first order, D 1/4": partial(method, 1 / 4, unroll(5, first_order=True)),
    "K = 0, normed D 1/4": partial(method, 1 / 4, normed=True),
    "K = 5, normed D 1/4": partial(method, 1 / 4, unroll(5), normed=True),
    "5 real steps, D 1/4": partial(method, 1 / 4, n_dis=5),
}

stacked_digits = Study(
    question="Of 1,000 stacked digits, how many does a small D keep alive, looking K steps ahead?",
    data=datasets.stacked_digits,
    conditions=AHEAD | CONTROLS,
    measure=measured,
    at=(20, 100, 500, 1_000),
    seeds=tuple(range(6)),
    batch=64,
    dtype=torch.float32,
    reference=of_real,
)
