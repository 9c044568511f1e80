"""How the outputs of a network are read as answers, taught and marked: one rule for each kind of factor."""

from collections.abc import Callable
from math import log, tau
from typing import NamedTuple

import torch
from torch.nn import functional

CIRCLES = ("background",)  # ranges whose two ends are the same


class Rule(NamedTuple):
    """The rule for a factor to which a network gives so many `outputs`, `out` (n, outputs).

    `loss(out, truth)`     (n,), on average 1 for one who has seen nothing and gives the best constant answer
    `answer(out)`          what a judge says
    `decide(answer)`       the same as a value of the factor, (n,), as a dataset tells the truth
    `mark(decided, truth)` one number, 1 when all is right
    """

    outputs: int
    loss: Callable
    answer: Callable
    decide: Callable
    mark: Callable


def rule(name, factor):
    """The rule for the factor of this name."""
    return {"binary": _binary, "class": _class, "range": _circle if name in CIRCLES else _range}[factor.kind](factor)


def _binary(factor):
    """One logit."""

    def loss(out, truth):
        nats = functional.binary_cross_entropy_with_logits(out[:, 0], truth.to(out.dtype), reduction="none")
        return nats / log(2)

    return Rule(1, loss, lambda out: out[:, 0].sigmoid(), lambda p: (p > 0.5).long(), _share_right)


def _class(factor):
    """A logit for each class."""

    def loss(out, truth):
        return functional.cross_entropy(out, truth, reduction="none") / log(factor.classes)

    return Rule(factor.classes, loss, lambda out: out.softmax(1), lambda p: p.argmax(1), _share_right)


def _range(factor):
    """The place between the ends, 0 … 1."""
    length = factor.high - factor.low

    def loss(out, truth):
        return 12 * (out[:, 0] - (truth - factor.low) / length) ** 2  # 1/12 is the variance of a uniform number

    def mark(decided, truth):
        """R² = 1 − Σ (decided − truth)² / Σ (truth − its mean)²."""
        decided, truth = decided.double(), truth.double()
        return float(1 - (decided - truth).square().sum() / (truth - truth.mean()).square().sum())

    return Rule(1, loss, lambda out: factor.low + length * out[:, 0].clamp(0, 1), lambda value: value, mark)


def _circle(factor):
    """The direction of a vector in the plane, cosine and sine, a full turn from one end to the other."""
    length = factor.high - factor.low

    def loss(out, truth):
        angle = tau * (truth - factor.low) / length
        return (out - torch.stack((angle.cos(), angle.sin()), 1)).square().sum(1)

    def answer(out):
        cos, sin = out.unbind(1)
        return factor.low + length * (torch.atan2(sin, cos) / tau).remainder(1).clamp(0, 1)

    def mark(decided, truth):
        """R² with distances the shorter way round; uniform truth is 1/12, in turns², from any one answer."""
        turns = (decided.double() - truth.double()) / length
        away = (turns + 0.5).remainder(1) - 0.5
        return float(1 - 12 * away.square().mean())

    return Rule(2, loss, answer, lambda value: value, mark)


def _share_right(decided, truth):
    return float((decided == truth).double().mean())
