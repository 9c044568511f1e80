"""What is drawn at random about a face, and what may be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from gan_core.mathematics._counts import whole


@dataclass(frozen=True)
class Factor:
    """One thing about a face that may change while all else stays: what it means, and the values it may have.

    A factor with `names` is one of them, by number; without, it is any number from `low` to `high`. A `personal` factor
    belongs to the person, the others to the picture.
    """

    meaning: str
    names: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    personal: bool = False

    @property
    def kind(self):
        """ "binary", "class" or "range"."""
        return {0: "range", 2: "binary"}.get(len(self.names), "class")

    @property
    def classes(self):
        """How many values a factor with names may have; 0 for a range."""
        return len(self.names)


FACE_FACTORS = {
    "smile": Factor("mouth", names=("neutral", "smiling")),
    "glasses": Factor("round glasses", names=("without", "with")),
    "hair_length": Factor("where the hair ends", names=("short", "chin", "long"), personal=True),
    "hair_colour": Factor("hair and brows", names=("black", "brown", "copper", "blond", "lilac"), personal=True),
    "fringe": Factor("the line of the hair", names=("straight", "left", "right", "up"), personal=True),
    "hair_volume": Factor("close to the head … full", personal=True),
    "skin": Factor("the lightest tone … the deepest", personal=True),
    "face_width": Factor("narrow … wide", personal=True),
    "jaw": Factor("round chin … pointed chin", personal=True),
    "eye_colour": Factor("iris", names=("brown", "blue", "green", "grey"), personal=True),
    "eye_size": Factor("small … large eyes", personal=True),
    "brows": Factor("low … raised brows"),
    "mouth": Factor("closed … open"),
    "blush": Factor("pale … rosy cheeks"),
    "yaw": Factor("the head turned to the left of the picture … to the right", low=-1.0),
    "cx": Factor("the head further left … right, by 3.5 % of the picture either way", low=-1.0),
    "cy": Factor("the head further up … down, by 2.5 % of the picture either way", low=-1.0),
    "background": Factor("a hue, round the colour wheel: 1 is 0 again"),
    "shirt": Factor("its colour", names=("navy", "brick", "sage", "mustard", "cream")),
}


def draw_factors(n, seed):
    """`n` values of every factor, uniform and independent: {name: (n,)}, int64 for names and float32 for ranges.

    Row i of one matrix of uniform numbers is face i, so more faces do not change the first ones.
    """
    rng = torch.Generator().manual_seed(whole("seed", seed, least=0))
    uniform = torch.rand(whole("n", n), len(FACE_FACTORS), generator=rng, dtype=torch.float32)
    columns = zip(FACE_FACTORS.items(), uniform.unbind(1), strict=True)
    return {name: _spread(factor, column) for (name, factor), column in columns}


def _spread(factor, uniform):
    if factor.classes:
        return uniform.mul(factor.classes).long()
    return uniform.mul(factor.high - factor.low).add(factor.low)


def checked(factors):
    """`factors` as tensors on the CPU, int64 and float32; TypeError or ValueError says what is wrong with them."""
    if not isinstance(factors, Mapping):
        raise TypeError(f"factors must be a dict {{name: values}}; given {type(factors).__name__} (try data.factors)")
    unknown = sorted(factors.keys() - FACE_FACTORS.keys())
    missing = [name for name in FACE_FACTORS if name not in factors]
    if unknown or missing:
        raise ValueError(
            f"a face has the factors {', '.join(FACE_FACTORS)}; unknown: {unknown or 'none'}, missing: "
            f"{missing or 'none'}. To change one of a face that is there: {{**data.factors, 'smile': values}}"
        )
    tensors = {name: _checked_one(name, factors[name]) for name in FACE_FACTORS}
    lengths = {name: len(values) for name, values in tensors.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"every factor must hold one value for each face; given {lengths}")
    return tensors


def _checked_one(name, values):
    factor, values = FACE_FACTORS[name], torch.as_tensor(values).detach().cpu()
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name} must be (N,) values with N ≥ 1; given shape {tuple(values.shape)}")
    low, high = (0, factor.classes - 1) if factor.classes else (factor.low, factor.high)
    wrong = values[~((values >= low) & (values <= high))]  # NaN is neither
    if factor.classes and values.is_floating_point():
        wrong = torch.cat([wrong, values[values != values.floor()]])
    if len(wrong):
        allowed = f"a whole number from 0 to {high}, {factor.names}" if factor.classes else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be {allowed}; given {wrong[0].item():g}")
    return values.to(torch.int64 if factor.classes else torch.float32)
