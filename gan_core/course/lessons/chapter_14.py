"""The exercises of chapter 14, Progressive growing."""

import numpy as np

from gan_core.course.lessons.exercises import Exercise

_RNG = np.random.default_rng(14)
_COARSE, _FINE = _RNG.normal(size=(2, 3, 4, 4)), _RNG.normal(size=(2, 3, 8, 8))
_IMAGES = _RNG.normal(size=(8, 3, 4, 4)) * np.arange(1, 9)[:, None, None, None]  # groups that differ
_FEW = _RNG.normal(size=(4, 2, 1, 2))


def _stage(step, levels, hold, fade):
    level, since = divmod(step, hold + fade)
    return levels if level >= levels else level + max(0, since - hold) / fade


def _without_end(step, levels, hold, fade):
    level, since = divmod(step, hold + fade)
    return level + max(0, since - hold) / fade


def _fade_first(step, levels, hold, fade):
    level, since = divmod(step, hold + fade)
    return levels if level >= levels else level + min(1, since / fade)


def _never_still(step, levels, hold, fade):
    return min(levels, step / (hold + fade))


def _over_all(step, levels, hold, fade):
    level, since = divmod(step, hold + fade)
    return levels if level >= levels else level + max(0, since - hold) / (hold + fade)


def _below_level(step, levels, hold, fade):
    level, since = divmod(step, hold + fade)
    return levels if level >= levels else level + (since - hold) / fade


def _enlarged(x):
    return x.repeat(2, axis=2).repeat(2, axis=3)


def _deviation(x, group):
    groups = x.reshape(-1, group, *x.shape[1:])
    return np.sqrt(groups.var(1) + 1e-8).mean((1, 2, 3)).repeat(group)


def _strided(x, group):
    groups = x.reshape(group, -1, *x.shape[1:])
    return np.tile(np.sqrt(groups.var(0) + 1e-8).mean((1, 2, 3)), group)


EXERCISES = {
    "14.1": Exercise(
        solution=_stage,
        mistakes={
            "it goes on for ever; from the last level on the stage is `levels`": _without_end,
            "first it holds, then it fades: the stage stands still for `hold` steps": _fade_first,
            "there are steps in which nothing changes: hold the level first, then fade": _never_still,
            "a fade takes `fade` steps from one level to the next, not hold + fade": _over_all,
            "while a level is held α is 0; yours is below, so the stage falls back": _below_level,
            "the stage is a level *and* a fraction; you rounded it down": lambda step, levels, hold, fade: int(
                _stage(step, levels, hold, fade)
            ),
        },
        inputs=tuple((step, 2, 2, 4) for step in (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 40)),
    ),
    "14.2": Exercise(
        solution=lambda coarse, fine, alpha: (1 - alpha) * _enlarged(coarse) + alpha * fine,
        mistakes={
            "α is the share of what comes in, the fine image": lambda coarse, fine, alpha: (
                alpha * _enlarged(coarse) + (1 - alpha) * fine
            ),
            "np.tile puts four small images side by side; make a square of each *pixel*": lambda coarse, fine, alpha: (
                (1 - alpha) * np.tile(coarse, (1, 1, 2, 2)) + alpha * fine
            ),
            "the shares must add up to 1: take 1 − α of the coarse one": lambda coarse, fine, alpha: (
                _enlarged(coarse) + alpha * fine
            ),
            "enlarge the height and the width, axes 2 and 3": lambda coarse, fine, alpha: (
                (1 - alpha) * coarse.repeat(4, axis=2).reshape(fine.shape) + alpha * fine
            ),
        },
        inputs=((_COARSE, _FINE, 0.25), (_COARSE, _FINE, 1.0)),
    ),
    "14.3": Exercise(
        solution=_deviation,
        mistakes={
            "that is one number for all; each group of neighbours has its own": lambda x, group: np.full(
                len(x), np.sqrt(x.var(0) + 1e-8).mean()
            ),
            "that is how much the pixels of one image differ; asked is how much a group's images do": lambda x, group: (
                np.sqrt(x.var((1, 2, 3)) + 1e-8)
            ),
            "the root comes first, then the mean over features and places": lambda x, group: np.sqrt(
                x.reshape(-1, group, *x.shape[1:]).var(1).mean((1, 2, 3)) + 1e-8
            ).repeat(group),
            "divide by n, not by n − 1": lambda x, group: (
                np.sqrt(x.reshape(-1, group, *x.shape[1:]).var(1, ddof=1) + 1e-8).mean((1, 2, 3)).repeat(group)
            ),
            "neighbours are a group, images 0 to group − 1 the first; yours takes every (n/group)-th": _strided,
            "one number for each image, so each group's number as often as it has images": lambda x, group: np.sqrt(
                x.reshape(-1, group, *x.shape[1:]).var(1) + 1e-8
            ).mean((1, 2, 3)),
            "that is the variance; take the root": lambda x, group: (
                (x.reshape(-1, group, *x.shape[1:]).var(1) + 1e-8).mean((1, 2, 3)).repeat(group)
            ),
        },
        inputs=((_IMAGES, 4), (_FEW, 2)),
        tolerance=1e-7,
    ),
    "14.4": Exercise(
        solution=lambda c, eta: c**2 * eta,
        mistakes={
            "that is Adam's; plain descent feels the size of the gradient, which has a factor c too": lambda c, eta: (
                c * eta
            ),
            "the stored number moves by η times its own gradient, and both it and its gradient meet c": lambda c, eta: (
                eta
            ),
            "c multiplies, twice; it does not divide": lambda c, eta: eta / c,
            "c multiplies; you divided by it twice": lambda c, eta: eta / c**2,
        },
        inputs=((0.1, 1e-3), (0.5, 0.2)),
        tolerance=1e-9,
    ),
}
