"""Differentiable augmentation, Zhao, Liu, Lin, Zhu & Han 2020, "Differentiable augmentation for data-efficient GAN …".

With few images D learns them by heart. Changed images are more images; but if only the real ones are changed, G learns
to make changed ones. So what D sees is T(x) and T(G(z)), in its own step and in G's, and T must let gradients through:

    L_D = E_p[f_D(a(T(x)))] + E_q[f_D(−a(T(x′)))]      L_G = E_q[f_G(a(T(x′)))]      T drawn anew for each example

T is a layer in front of D. The functions here take images x (n, channels, h, w) and numbers that were drawn, one for
each image, and are linear in x up to a constant: exact, without interpolation.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn


def brightness(x, b):
    """x + b; b (n,)."""
    return x + _each(b)


def saturation(x, s):
    """m + s (x − m) with m the mean of a pixel's channels, its grey: s = 0 is grey, 1 is x; s (n,)."""
    m = x.mean(1, keepdim=True)
    return m + _each(s) * (x - m)


def contrast(x, c):
    """m + c (x − m) with m the mean of the whole image; c (n,)."""
    m = x.mean((1, 2, 3), keepdim=True)
    return m + _each(c) * (x - m)


def translation(x, shift):
    """y[i, j] = x[i − d, j − r], and 0 where that is outside: down by d and right by r whole pixels; shift (n, 2)."""
    n, _, h, w = x.shape
    d, r = shift[:, :1], shift[:, 1:]
    i, j = torch.arange(h, device=x.device) - d, torch.arange(w, device=x.device) - r  # (n, h), (n, w)
    inside = ((i >= 0) & (i < h))[:, :, None] & ((j >= 0) & (j < w))[:, None, :]
    image = torch.arange(n, device=x.device)[:, None, None]
    moved = x[image, :, i.clamp(0, h - 1)[:, :, None], j.clamp(0, w - 1)[:, None, :]]  # (n, h, w, channels)
    return moved.permute(0, 3, 1, 2) * inside[:, None]


def cutout(x, centre):
    """x with a rectangle of half its sides made 0 around `centre` (n, 2), row and column; part of it may be outside."""
    rows, columns = (_around(centre[:, axis], size) for axis, size in enumerate(x.shape[2:]))
    return x * ~(rows[:, :, None] & columns[:, None, :])[:, None]


def _around(centre, size):
    """Which of `size` places are among the half of them around the centre: (n, size)."""
    place = torch.arange(size, device=centre.device) - (centre[:, None] - size // 2 // 2)
    return (place >= 0) & (place < size // 2)


class Change(NamedTuple):
    """A function (x, drawn) -> x of this page, and `draw(x)`, which draws its numbers for each image of x."""

    apply: Callable
    draw: Callable


def _uniform(low, high):
    return lambda x: low + (high - low) * torch.rand(len(x), device=x.device)


def _shift(x):
    """Up to an eighth of each side, either way."""
    return torch.stack([_whole_number(x, -round(size / 8), round(size / 8)) for size in x.shape[2:]], 1)


def _centre(x):
    """Anywhere from edge to edge."""
    return torch.stack([_whole_number(x, 0, size - (size // 2) % 2) for size in x.shape[2:]], 1)


def _whole_number(x, low, high):
    return torch.randint(low, high + 1, (len(x),), device=x.device)


CHANGES = {  # as strong as in the paper, where images lie in [−1, 1]
    "colour": (
        Change(brightness, _uniform(-0.5, 0.5)),
        Change(saturation, _uniform(0, 2)),
        Change(contrast, _uniform(0.5, 1.5)),
    ),
    "translation": (Change(translation, _shift),),
    "cutout": (Change(cutout, _centre),),
}


class Augment(nn.Module):
    """Images (n, channels, h, w) -> the same, each changed in its own way while in training; in eval mode as they are.

    `kinds` are names of `CHANGES`, all three unless given, applied in the order given. Numbers are drawn from torch's
    own stream, which in a run is the run's. Images need not stay in [−1, 1].
    Raises ValueError for a name that is not there and for one given twice; when called, for what is no images.
    """

    def __init__(self, *kinds):
        super().__init__()
        self.kinds = kinds or tuple(CHANGES)
        unknown = [kind for kind in self.kinds if kind not in CHANGES]
        if unknown or len(set(self.kinds)) < len(self.kinds):
            wrong = f"unknown {unknown[0]!r}" if unknown else "one of them twice"
            raise ValueError(f"kinds of augmentation are {', '.join(CHANGES)}, each once; given {wrong}")

    def forward(self, x):
        if x.ndim != 4:
            raise ValueError(f"images (n, channels, h, w) can be augmented; given {tuple(x.shape)}")
        if self.training:
            for kind in self.kinds:
                for change in CHANGES[kind]:
                    x = change.apply(x, change.draw(x))
        return x

    def extra_repr(self):
        return ", ".join(self.kinds)


class Augmented(nn.Module):
    """D(T(x)) or D(T(x), y): see `augmented`."""

    def __init__(self, augment, discriminator):
        super().__init__()
        self.augment, self.discriminator = augment, discriminator

    def forward(self, x, *y):
        return self.discriminator(self.augment(x), *y)


def augmented(discriminator, *kinds):
    """`discriminator` behind an `Augment` of these kinds, so that all it sees in training is changed, real or fake.

    It takes labels, and gives what it gives. A method's D is augmented so:

    >>> from dataclasses import replace
    >>> from gan_core import methods
    >>> plain = methods.sndcgan((3, 32, 32), width=8)
    >>> gan = replace(plain, discriminator=lambda: augmented(plain.discriminator(), "colour", "translation"))
    >>> gan.discriminator().augment
    Augment(colour, translation)
    """
    return Augmented(Augment(*kinds), discriminator)


def _each(drawn):
    """One number for each image, with the axes of images."""
    return drawn[:, None, None, None]
