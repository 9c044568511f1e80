"""The exercises of chapter 07: the two losses from memory, who moves how often, and a test for copies."""

import torch
from torch.nn.functional import softplus

from gan_core.course.lessons.exercises import Exercise


def _logits(*values):
    return torch.tensor(values, dtype=torch.float64)


def _nearest(x, examples):
    return torch.cdist(x, examples).min(1).values


_SETS = tuple(
    torch.randn(n, 3, generator=torch.Generator().manual_seed(n), dtype=torch.float64) for n in (50, 40, 41)
)  # samples, training examples, held-out examples

EXERCISES = {
    "07.1": Exercise(
        solution=400 * 5 * 64,
        mistakes={
            "that is one minibatch for each step of G; D makes n_dis steps, each on a fresh one": 400 * 64,
            "that is the number of D's steps; each sees a whole minibatch of real examples": 400 * 5,
            "that counts the fakes as well; only half of what D sees is real": 2 * 400 * 5 * 64,
            "G's step shows D fakes only, no real examples: 5 minibatches for each iteration, not 6": 400 * 6 * 64,
        },
    ),
    "07.2": Exercise(
        solution=lambda real, fake: softplus(-real).mean() + softplus(fake).mean(),
        mistakes={
            "the labels are swapped: this D learns to call fakes real": (
                lambda real, fake: softplus(real).mean() + softplus(-fake).mean()
            ),
            "one term only: without the fakes D has nothing to tell apart": lambda real, fake: softplus(-real).mean(),
            "one term only: without the real examples D calls everything fake": lambda real, fake: softplus(
                fake
            ).mean(),
            "the sign: V(D) is to go up, and a loss goes down": (
                lambda real, fake: -softplus(-real).mean() - softplus(fake).mean()
            ),
            "the sigmoid is missing: a logit is not a probability": (
                lambda real, fake: -real.log().mean() - (1 - fake).log().mean()
            ),
            "right for small logits, infinite for large ones: log σ(a) underflows, −softplus(−a) does not": (
                lambda real, fake: -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()
            ),
            "half of it: V is the sum of the two means, not their mean": (
                lambda real, fake: (softplus(-real).mean() + softplus(fake).mean()) / 2
            ),
        },
        inputs=(
            (_logits(0.2, 0.9), _logits(0.5, 0.1, 0.3)),
            (_logits(2.0, -1.0), _logits(-3.0, 0.5)),
            (_logits(-800.0, 1.0), _logits(800.0, 2.0)),
        ),
    ),
    "07.3": Exercise(
        solution=lambda fake: softplus(-fake).mean(),
        mistakes={
            "that is the saturating loss, log(1 − D): right in theory, and gone where D is sure (chapter 06)": (
                lambda fake: -softplus(fake).mean()
            ),
            "with this sign G helps D: it makes its fakes easier to tell": lambda fake: softplus(fake).mean(),
            "log D is to go up: the loss is −log D": lambda fake: -softplus(-fake).mean(),
            "a mean over the minibatch, not a sum: else the step grows with the batch": (
                lambda fake: softplus(-fake).sum()
            ),
        },
        inputs=((_logits(0.5, -2.0, 1.0),), (_logits(-800.0, 3.0),)),
    ),
    "07.4": Exercise(
        solution=lambda x, training, held_out: (_nearest(x, training) < _nearest(x, held_out)).double().mean(),
        mistakes={
            "the sets are swapped: this is the share nearer to the held-out examples": (
                lambda x, training, held_out: (_nearest(x, training) > _nearest(x, held_out)).double().mean()
            ),
            "one comparison for each sample, then the mean; not one comparison of the two means": (
                lambda x, training, held_out: (_nearest(x, training).mean() < _nearest(x, held_out).mean()).double()
            ),
            "a share, between 0 and 1: divide by the number of samples": (
                lambda x, training, held_out: (_nearest(x, training) < _nearest(x, held_out)).double().sum()
            ),
            "the nearest example counts, not the average one": (
                lambda x, training, held_out: (
                    (torch.cdist(x, training).mean(1) < torch.cdist(x, held_out).mean(1)).double().mean()
                )
            ),
        },
        inputs=(_SETS, (_SETS[1][:7], _SETS[1], _SETS[2])),
    ),
}
