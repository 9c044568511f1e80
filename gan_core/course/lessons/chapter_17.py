"""The exercises of chapter 17, bugs in the wild. Their broken pieces are from the museum's store."""

import torch
from torch.nn.functional import normalize

from gan_core.course.lessons.exercises import Exercise
from gan_core.course.lessons.museum import store


def _draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class _Mix:
    """Points between real and fake examples, by t = weight(real, rng); the same ones each time."""

    def __init__(self, name, weight):
        self.name, self.weight = name, weight

    def __call__(self, real, fake):
        t = self.weight(real, torch.Generator().manual_seed(0))
        return real + t * (fake - real)

    def __repr__(self):
        return f"the version with {self.name}"


MIXES = (
    _Mix("one t for each pair, from U(0, 1)", lambda x, rng: torch.rand(len(x), 1, generator=rng)),
    _Mix("t from N(0, 1)", lambda x, rng: torch.randn(len(x), 1, generator=rng)),
    _Mix("a t for each number", lambda x, rng: torch.rand(x.shape, generator=rng)),
    _Mix("one t for all", lambda x, rng: torch.rand((), generator=rng)),
    _Mix("t from U(0, ½)", lambda x, rng: torch.rand(len(x), 1, generator=rng) / 2),
    _Mix("t = ½", lambda x, rng: torch.tensor(0.5)),
)


def _tells(one_each=True, inside=True, differ=True, uniform=True):
    """An oracle made of the parts that are not left out."""

    def is_right(mix):
        t = mix(torch.zeros(1_000, 3), torch.ones(1_000, 3))
        found = {
            "one_each": bool((t == t[:, :1]).all()),
            "inside": bool(t.min() >= 0 and t.max() <= 1),
            "differ": len(t[:, 0].unique()) > 500,
            "uniform": bool(abs(t.mean() - 1 / 2) < 0.05 and abs(t.std() - 12**-0.5) < 0.05),
        }
        asked = {"one_each": one_each, "inside": inside, "differ": differ, "uniform": uniform}
        return all(found[name] for name, ask in asked.items() if ask)

    return is_right


def _power(there=lambda W: W.mT, value=lambda W, u, v: u @ W @ v, made=lambda steps: steps):
    def largest(W, u, steps):
        for _ in range(made(steps)):
            v = normalize(there(W) @ u, dim=0)
            u = normalize(W @ v, dim=0)
        return value(W, u, v)

    return largest


EXERCISES = {
    "17.1": Exercise(
        solution=4,
        mistakes={
            "the loss is read once and does not change: that is fine where it is": 3,
            "five steps of the critic is what was wanted": 5,
            "the real examples are drawn anew for each step: so it should be": 6,
            "this step is right for what it is given; look at what it is given each time": 7,
            "G gets fakes of its own here, fresh ones, and with their graph: that is right": 8,
        },
    ),
    "17.2": Exercise(
        solution=lambda g: g.flatten(1).norm(dim=1),
        mistakes={
            "that is the broken line: for images the norm goes over the channels only": lambda g: g.norm(2, dim=1),
            "that is one number for the whole minibatch; each example has a slope of its own": lambda g: g.norm(),
            "the root is missing": lambda g: g.flatten(1).square().sum(1),
            "a length is the root of the *sum* of squares, not of their mean": lambda g: (
                g.flatten(1).square().mean(1).sqrt()
            ),
            "that adds up absolute values; ‖g‖ is Euclid's length": lambda g: g.flatten(1).abs().sum(1),
        },
        inputs=((_draw(4, 2, 3, 3),), (_draw(5, 3, seed=1),)),
    ),
    "17.3": Exercise(
        solution="C",
        mistakes={
            "1² is 1: at a slope of 1 the broken price is right": "A",
            "0² is 0: without a slope the broken price is right": "B",
            "it is differentiable; only what it differentiates is wrong": "D",
        },
    ),
    "17.4": Exercise(
        solution=_tells(),
        mistakes={
            "the right one is refused, too: look at what you ask for": lambda mix: False,
            "everything passes: an oracle must be able to say no": lambda mix: True,
            "a t for each number passes: all three numbers of a point must have the same t": _tells(one_each=False),
            "one t for each pair, different ones, within [0, 1]: so has U(0, ½). Look at how they are spread": (
                _tells(uniform=False)
            ),
            "the range alone lets through all but one: is there one t for each pair, and how are they spread?": (
                _tells(one_each=False, differ=False, uniform=False)
            ),
            "that they have one t each is not all: which values does it take?": (
                _tells(inside=False, differ=False, uniform=False)
            ),
            "t = ½ and one t for all pass: different pairs must have different t": (
                _tells(differ=False, uniform=False)
            ),
        },
        inputs=tuple((mix,) for mix in MIXES),
    ),
    "17.5": Exercise(
        solution=_power(),
        mistakes={
            "that is the broken one: reshape puts the numbers into other places; transpose": store.singular.broken,
            "that is its square: σ = uᵀ W v": _power(value=lambda W, u, v: (u @ W @ v) ** 2),
            "that is Frobenius' norm, the root of the sum of all σ²": _power(value=lambda W, u, v: W.norm()),
            "one step is not enough, and `steps` were asked for": _power(made=lambda steps: 1),
        },
        inputs=((_draw(5, 3), _draw(5, seed=1), 200), (_draw(2, 4, seed=2), _draw(2, seed=3), 200)),
    ),
}
