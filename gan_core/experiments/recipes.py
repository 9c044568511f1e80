"""What may be trained on, and with which settings: the recipes of `python -m gan_core train`, as data.

No method is asked for by name in the code: a method without a line of its own here is trained with what its data and
its scale say. Torch is loaded when data are, not before.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import NamedTuple

HELD_OUT = 2_048  # real examples, twice: the samples are held against one half, and so is the other half
SCALES = ("class", "night", "full")  # minutes on two cores; hours on two cores; hours on one GPU, as in the papers


@dataclass(frozen=True)
class Recipe:
    """The settings of a run: None leaves a choice to the data (`size`, `examples`) or to the method (`width`, `ema`).

    `size`      pixels along a side
    `examples`  how many to draw, where the data are drawn
    `width`     of the networks; what it counts is said by the method
    `batch`     examples in a minibatch
    `steps`     of the generator
    `ema`       β of the generator's moving average
    `objective` a name of `objectives.OBJECTIVES`, in place of the method's own pair of losses
    `hold`, `fade`  steps at each size and to the next, of networks that grow
    """

    size: int | None = None
    examples: int | None = None
    width: int | None = None
    batch: int = 64
    steps: int = 3_000
    ema: float | None = None
    objective: str | None = None
    hold: int | None = None
    fade: int | None = None


# Later ones win: what the scale says, what the data say, what the method says, what the two say together.

BY_SCALE = {
    "class": {"batch": 64, "steps": 3_000},
    "night": {"batch": 64, "steps": 10_000},
    "full": {"batch": 128, "steps": 30_000},
}

_POINTS = {
    "class": {"batch": 256, "steps": 5_000},
    "night": {"batch": 256, "steps": 25_000},
    "full": {"batch": 512, "steps": 25_000},
}
_PHOTOGRAPHS = {"class": {"size": 32}, "night": {"size": 64}, "full": {"size": 64}}
_SMALL = {scale: {"size": 32} for scale in SCALES}  # 28 is no power of two

BY_DATA = {
    "ring": _POINTS,
    "grid": _POINTS,
    "digits": {"class": {"steps": 4_000}},
    "stacked_digits": {"class": {"steps": 4_000}},
    "faces": {
        "class": {"size": 32, "examples": 8_192},
        "night": {"size": 64, "examples": 50_000},
        "full": {"size": 64, "examples": 50_000},
    },
    "people": {
        "class": {"size": 32, "steps": 2_000},
        "night": {"size": 64},
        "full": {"size": 64, "steps": 50_000},  # as こしあん 2019 had it, in a day of an RTX 2080 Ti
    },
    "mnist": _SMALL,
    "fashion_mnist": _SMALL,
    "cifar10": _SMALL,
    "stl10": _PHOTOGRAPHS,
    "flowers": _PHOTOGRAPHS,
    "folder": _PHOTOGRAPHS,
}

_DCGAN = {  # its networks, whatever trains them
    "class": {"width": 32, "ema": 0.995},
    "night": {"width": 32, "ema": 0.999},
    "full": {"width": 64, "ema": 0.999},
}
_CRITIC = {  # five steps of D in each of these
    "class": {"width": 32, "steps": 1_500, "ema": 0.995},
    "night": {"width": 32, "ema": 0.999},
    "full": {"width": 64, "ema": 0.999},
}
_PLANE = {
    "class": {"width": 128, "steps": 5_000, "ema": None},
    "night": {"width": 128, "steps": 25_000, "ema": None},
    "full": {"width": 128, "steps": 25_000, "ema": None},
}

_WIDE = {scale: {"width": 128} for scale in SCALES}  # the other widths are channels, too few for multilayer perceptrons

_OF_POINTS = ("wgan", "wgan_gp", "r1gan", "sngan", "sndcgan")

BY_METHOD = {
    "gan": {"class": {"width": 128}, "night": {"width": 512}, "full": {"width": 512}},
    "dcgan": _DCGAN,
    "wgan": _CRITIC,
    "wgan_gp": _CRITIC,
    "r1gan": _DCGAN,
    "sndcgan": _DCGAN,
    **dict.fromkeys(("acgan", "projection"), _DCGAN),
    "cgan": _DCGAN,
    "progressive": {
        "class": {"width": 16, "batch": 32, "steps": 4_000, "hold": 500, "fade": 500, "ema": 0.995},
        "night": {"width": 16, "batch": 32, "steps": 16_000, "hold": 1_500, "fade": 1_500, "ema": 0.999},
        "full": {"width": 128, "batch": 64, "steps": 65_000, "hold": 5_000, "fade": 5_000, "ema": 0.999},
    },
    "sagan": {
        "class": {"width": 32, "steps": 3_000, "ema": 0.995},
        "night": {"width": 32, "ema": 0.999},
        "full": {"width": 64, "ema": 0.999},
    },
    "r3gan": {
        "class": {"width": 8, "steps": 3_000, "ema": 0.995},
        "night": {"width": 8, "ema": 0.999},
        "full": {"width": 32, "ema": 0.999},
    },
    "vae": {
        "class": {"width": 32, "steps": 5_000, "ema": 0.995},
        "night": {"width": 32, "steps": 20_000, "ema": 0.999},
        "full": {"width": 64, "ema": 0.999},
    },
    "flow": {
        "class": {"width": 32, "steps": 6_000, "ema": 0.999},
        "night": {"width": 32, "steps": 20_000, "ema": 0.999},
        "full": {"width": 64, "steps": 100_000, "ema": 0.9999},
    },
    "sngan": {
        "class": {"width": 32, "steps": 2_000, "ema": 0.995},
        "night": {"width": 24, "ema": 0.999},
        "full": {"width": 64, "ema": 0.999},
    },
    "sngan_resnet": {
        "class": {"width": 16, "steps": 1_000, "ema": 0.995},
        "night": {"width": 16, "ema": 0.999},
        "full": {"width": 64, "ema": 0.999},
    },
}

BY_BOTH = {
    ("gan", "ring"): {"night": {"width": 128}, "full": {"width": 128}},
    ("gan", "grid"): {"night": {"width": 128}, "full": {"width": 128}},
    **{(method, data): _WIDE for method in ("r3gan", "vae", "flow", "cgan") for data in ("ring", "grid")},
    ("cgan", "digits"): _WIDE,  # and here, too, networks of layers without convolutions
    ("vae", "digits"): _WIDE,
    **{(method, data): _PLANE for method in _OF_POINTS for data in ("ring", "grid")},
    ("dcgan", "cifar10"): {"full": {"steps": 117_188, "ema": None}},  # 300 epochs, as in こしあん 2019
    ("dcgan", "stl10"): {"full": {"steps": 234_375, "ema": None}},  # 300 epochs of the 100,000 without labels
    # the settings of their papers: 64 images, no average
    ("sngan", "cifar10"): {"full": {"batch": 64, "steps": 100_000, "ema": None}},
    ("sngan", "stl10"): {"full": {"size": 48, "batch": 64, "steps": 100_000, "ema": None}},
    ("sngan_resnet", "cifar10"): {"full": {"batch": 64, "steps": 50_000, "ema": None}},
    ("sngan_resnet", "stl10"): {"full": {"size": 48, "batch": 64, "steps": 100_000, "ema": None}},
    ("projection", "flowers"): {"full": {"batch": 64, "steps": 50_000}},  # こしあん 2019, in 18 hours
    ("unrolled", "ring"): {"class": {"batch": 128, "steps": 3_000}},
    ("unrolled", "faces"): {"class": {"width": 32, "ema": 0.995, "steps": 1_000}},  # each five times as long as dcgan's
}


def recipe(method, data, scale):
    """The `Recipe` for a method and data of these names. Raises ValueError for a scale that is not one of `SCALES`."""
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}; given {scale!r}")
    layers = BY_SCALE, BY_DATA[data], BY_METHOD.get(method, {}), BY_BOTH.get((method, data), {})
    settings = {name: value for layer in layers for name, value in layer.get(scale, {}).items()}
    return Recipe(**settings)


SETTINGS = ("width", "ema", "hold", "fade")  # of a recipe, that a method may take


def gan(name, shape, recipe, classes=None):
    """The method of this name as a value, for examples of this shape and with what the recipe says of it.

    `classes` is how many the labels of the data are, or None; only a method that is told labels asks.
    Raises ValueError when there is no such method, no labels for one that is told them, no pair of losses to replace
    by another, and what the method raises.
    """
    method = methods()[known("method", name, methods())]
    takes = signature(method).parameters
    said = {name: value for name in SETTINGS if name in takes and (value := getattr(recipe, name)) is not None}
    for setting in ("hold", "fade"):
        if getattr(recipe, setting) is not None and setting not in takes:
            raise ValueError(f"the networks of {name} do not grow; leave out --{setting}")
    if "classes" in takes:
        if classes is None:
            raise ValueError(f"{name} is told labels, and these data have none; try people, digits or stacked_digits")
        said["classes"] = classes
    made = method(tuple(shape), **said)
    if recipe.objective is not None:
        from gan_core import objectives

        if not hasattr(made, "objective"):
            raise ValueError(f"{name} is no game and has no pair of losses to choose; leave out --objective")
        made = replace(made, objective=objectives.named(recipe.objective))
    return made if recipe.ema is None or "ema" in said else replace(made, ema=recipe.ema)


def classes(data):
    """How many classes the labels of `data` are of, 0 … classes − 1; None where they have none."""
    if hasattr(data, "classes"):
        return data.classes
    return None if getattr(data, "y", None) is None else int(data.y.max()) + 1


def methods():
    """The methods by name: the functions of `gan_core.methods` that are `described`, in the order they stand in."""
    from gan_core import methods as zoo

    return {name: found for name, found in vars(zoo).items() if hasattr(found, "about")}


def known(kind, name, names):
    """`name` if it is one of `names`, else ValueError with the names there are, and the one that may be meant."""
    if name in names:
        return name
    close = difflib.get_close_matches(name, names, n=1)
    meant = f", did you mean {close[0]}?" if close else ";"
    raise ValueError(f"there is no {kind} {name!r}{meant} There are: {', '.join(names)}")


class Source(NamedTuple):
    """Data by name: what they are, `load(datasets, size, examples)` -> (data, held_out), and who judges them.

    `held_out` are real examples that the training does not see, an even number. `resizes`: whether there is a size to
    choose. `judge` is a name of `judges.NAMES`.
    """

    about: str
    load: Callable
    resizes: bool = True
    judge: str | None = None


def load(source, size=None, examples=None):
    """Data and real examples held out from them, for a name of `SOURCES` or "folder:PATH".

    Raises ValueError for a size where there is none to choose, and whatever the dataset raises.
    """
    from gan_core import datasets

    name, _, path = source.partition(":")
    found = SOURCES[known("dataset", name, SOURCES)]
    if bool(path) != (name == "folder"):
        raise ValueError(f"{source!r}: a path goes with a folder, folder:PATH, and with nothing else")
    if size is not None and not found.resizes:
        raise ValueError(f"{name} have no size to choose; leave out --size")
    given = (path,) if path else ()
    return found.load(datasets, *given, size, examples)


def _endless(name, datasets, size, examples):
    import torch

    data = getattr(datasets, name)()
    fresh = data.sample(2 * HELD_OUT, torch.Generator().manual_seed(1))
    return data, datasets.Examples(fresh)


def _digits(datasets, size, examples):
    return _apart(datasets.digits(), 200)


def _faces(datasets, size, examples):
    drawn = datasets.faces(examples + 2 * HELD_OUT, size)
    return drawn[:examples], drawn[examples:]


def _people(datasets, size, examples):
    """82 images of each of 176 people to learn from, as こしあん 2019 had them, and 24 further images of each."""
    learned, further = 82, 24
    drawn = datasets.people(176, learned + further, size)
    image = drawn.y.new_tensor(range(len(drawn))) % (learned + further)  # of its person
    return drawn[image < learned], drawn[image >= learned].split(2 * HELD_OUT)[0]


def _published(name, datasets, size, examples):
    """A set that comes in two parts: all of the first, and some of the test part."""
    read = getattr(datasets.files, name)
    return read(size=size), read("test", size=size).split(2 * HELD_OUT)[0]


def _flowers(datasets, size, examples):
    return _apart(datasets.files.flowers(size=size), 400)


def _folder(datasets, path, size, examples):
    data = datasets.files.image_folder(path, size)
    return _apart(data, min(HELD_OUT, len(data) // 10))


def _apart(data, held_out):
    """Twice `held_out` examples taken from data that are one set; of a set too small to spare any, none."""
    if held_out < 2:
        return data, None
    held, rest = data.split(2 * held_out)
    return rest, held


SOURCES = {
    "ring": Source("8 Gaussians on a circle", partial(_endless, "ring"), resizes=False),
    "grid": Source("25 Gaussians on a square grid", partial(_endless, "grid"), resizes=False),
    "digits": Source("1,797 handwritten digits, 8 × 8, grey", _digits, resizes=False, judge="digits"),
    "stacked_digits": Source(
        "three digits as red, green and blue: 1,000 modes", partial(_endless, "stacked_digits"), False, "digits"
    ),
    "faces": Source("cartoon faces with known factors, drawn here", _faces, judge="faces"),
    "people": Source("176 of these people, 82 faces of each, labelled", _people, judge="faces"),
    "mnist": Source("70,000 handwritten digits, grey; fetched, 12 MB", partial(_published, "mnist")),
    "fashion_mnist": Source("70,000 clothes, grey; fetched, 31 MB", partial(_published, "fashion_mnist")),
    "cifar10": Source("60,000 photographs of ten kinds; fetched, 170 MB", partial(_published, "cifar10")),
    "stl10": Source("108,000 photographs; fetched, 2.6 GB", partial(_published, "stl10")),
    "flowers": Source("8,189 photographs of flowers; fetched, 345 MB", _flowers),
    "folder": Source("folder:PATH, the pictures in a folder of yours", _folder),
}
