"""What the judges are about: what each is shown, how it is disturbed, and what is held back to mark it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor
from torch.nn import functional

from gan_core import datasets
from gan_core.judgement.judges.answers import rule
from gan_core.judgement.judges.network import Reader
from gan_core.pieces.datasets.faces import Factor


@dataclass(frozen=True)
class Subject:
    """`factors` to read in images of `shape`, and the network for it: see `network.Reader`.

    `learn()` and `held_out()` are disjoint sets; `disturb(x, rng)` makes of clean images such as generators draw;
    `steps` minibatches are enough. Squares larger than `shape` are averaged over areas where `larger` says so.
    """

    shape: tuple[int, int, int]
    factors: dict[str, Factor]
    layers: tuple[tuple[int, int], ...]
    features: int
    learn: Callable
    held_out: Callable
    disturb: Callable[[Tensor, torch.Generator], Tensor]
    steps: int
    larger: bool = False

    @property
    def rules(self):
        """How each factor is taught, read and marked: {name: answers.Rule}."""
        return {name: rule(name, factor) for name, factor in self.factors.items()}

    @property
    def _outputs(self):
        return [rule.outputs for rule in self.rules.values()]

    def network(self, normed=False):
        """The network, not yet taught."""
        return Reader(self.shape, self.layers, self.features, sum(self._outputs), normed=normed)

    def split(self, out):
        """The outputs of the network (n, outputs) for each factor: {name: (n, its outputs)}."""
        return dict(zip(self.factors, out.split(self._outputs, 1), strict=True))

    def truth(self, data):
        """What is known of `data`, {name: (n,)}: its factors, its labels for a digit. ValueError when it is not."""
        known = {"digit": getattr(data, "y", None), **getattr(data, "factors", {})}
        missing = [name for name in self.factors if known.get(name) is None]
        if missing:
            raise ValueError(f"to be marked on data, the judge must be told their {', '.join(missing)}; they have none")
        return {name: known[name].cpu() for name in self.factors}

    def described(self):
        """The factors as the file of a judge tells them, to see that it is of these very ones."""
        return {name: [*factor.names] or [factor.low, factor.high] for name, factor in self.factors.items()}


def subject_of(name):
    """The subject of this name; ValueError when there is none."""
    if name not in SUBJECTS:
        raise ValueError(f"there is no judge of {name!r}; there are those of {', '.join(SUBJECTS)}")
    return SUBJECTS[name]


# ---- digits


def _digits(part):
    """997 to learn from (0) and 800 held out (1)."""
    return datasets.digits().split(997, seed=0)[part]


def _handled(x, rng):
    """Turned by up to 12°, moved by up to 0.8 pixels, larger or smaller by up to a tenth; then noise."""
    n, side = len(x), x.shape[-1]
    angle, larger = _between(-pi / 15, pi / 15, n, rng), _between(0.9, 1.1, n, rng)
    right, down = _between(-1.6 / side, 1.6 / side, 2 * n, rng).view(2, n)
    cos, sin = angle.cos() / larger, angle.sin() / larger
    turn = torch.stack((torch.stack((cos, -sin, right), 1), torch.stack((sin, cos, down), 1)), 1)
    grid = functional.affine_grid(turn, x.shape, align_corners=False)
    moved = functional.grid_sample(x + 1, grid, align_corners=False) - 1  # beyond the edge there is paper, −1
    return _with(torch.randn(x.shape, generator=rng), moved, 0.3, rng)


# ---- faces

LEARNED, HELD_OUT = 10**9, 10**9 + 1  # seeds far from any that a reader picks: whatever faces he draws are new to it


def _unfinished(x, rng):
    """Between sharp and smooth; each colour lighter or darker by up to 0.06; then noise, between fine and coarse."""
    n, channels = x.shape[:2]
    x = torch.lerp(x, _smooth(x), _between(0, 1, n, rng).square().view(n, 1, 1, 1))
    x = x + _between(-0.06, 0.06, n * channels, rng).view(n, channels, 1, 1)
    fine = torch.randn(x.shape, generator=rng)
    coarse = _smooth(fine) / 0.375  # Σ (1/16, 2/16 … 4/16)² = 0.375²
    return _with(torch.lerp(fine, coarse, _between(0, 1, n, rng).view(n, 1, 1, 1)), x, 0.25, rng)


def _smooth(x):
    """Each pixel and its neighbours, [1 2 1]/4 each way."""
    line = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype)
    kernel = line.outer(line).expand(x.shape[1], 1, 3, 3)
    return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=x.shape[1])


# ---- both


def _with(noise, x, most, rng):
    """x + σ noise within [−1, 1], with a σ from 0 to `most`, mostly small, for each image."""
    std = most * _between(0, 1, len(x), rng).square().view(-1, 1, 1, 1)
    return (x + std * noise).clamp(-1, 1)


def _between(low, high, n, rng):
    return low + (high - low) * torch.rand(n, generator=rng)


SUBJECTS = {
    "digits": Subject(
        shape=(1, 8, 8),
        factors={"digit": Factor("the digit", names=tuple("0123456789"))},
        layers=((32, 1), (32, 1), (64, 2)),
        features=64,
        learn=lambda: _digits(0),
        held_out=lambda: _digits(1),
        disturb=_handled,
        steps=1500,
    ),
    "faces": Subject(
        shape=(3, 32, 32),
        factors=datasets.FACE_FACTORS,
        layers=((32, 2), (48, 1), (64, 2), (32, 2)),
        features=64,
        learn=lambda: datasets.faces(40_000, size=32, seed=LEARNED),
        held_out=lambda: datasets.faces(5_000, size=32, seed=HELD_OUT),
        disturb=_unfinished,
        steps=3000,
        larger=True,
    ),
}
