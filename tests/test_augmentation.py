"""Differentiable augmentation against numpy, image by image; where it acts in training, and what it lets through."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from mutants import assert_killed
from pairs import ToldD, ToldG
from scipy.stats import chisquare, kstest, uniform
from torch import nn

from gan_core import methods, training
from gan_core.pieces.lipschitz import r1
from gan_core.pieces.networks import Augment, augmentation, augmented
from gan_core.pieces.networks.augmentation import (
    CHANGES,
    Augmented,
    brightness,
    contrast,
    cutout,
    saturation,
    translation,
)
from gan_core.training.algorithm import discriminator_step, generator_step


def images(n=4, shape=(3, 6, 8), dtype=torch.float64, seed=0):
    return torch.rand((n, *shape), generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2 - 1


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


# ---- each change, image by image


def shifted(x, down, right):
    """x (channels, h, w) moved pixel by pixel; what comes from outside is 0."""
    y = np.zeros_like(x)
    _, h, w = x.shape
    for i in range(h):
        for j in range(w):
            if 0 <= i - down < h and 0 <= j - right < w:
                y[:, i, j] = x[:, i - down, j - right]
    return y


def with_a_hole(x, row, column):
    """x with h//2 rows times w//2 columns of zeros, the first h//4 rows above the centre."""
    y, (_, h, w) = x.copy(), x.shape
    top, left = row - (h // 2) // 2, column - (w // 2) // 2
    y[:, max(top, 0) : max(top + h // 2, 0), max(left, 0) : max(left + w // 2, 0)] = 0
    return y


EXPECTED = {  # of one image, and what is drawn for each of four
    "brightness": (lambda x, b: x + b, numbers(0.3, -0.5, 0.0, 0.1)),
    "saturation": (lambda x, s: x.mean(0) + s * (x - x.mean(0)), numbers(0.0, 1.0, 2.0, 0.4)),
    "contrast": (lambda x, c: x.mean() + c * (x - x.mean()), numbers(0.5, 1.0, 1.5, 0.8)),
    "translation": (lambda x, s: shifted(x, *s), torch.tensor([[0, 0], [1, -2], [-6, 0], [2, 3]])),
    "cutout": (lambda x, c: with_a_hole(x, *c), torch.tensor([[3, 4], [0, 0], [6, 8], [1, 7]])),
}


def oracle_numpy(change, name):
    """The change of each image is what numpy makes of it alone, for colour and for grey, for odd sides too."""
    expected, drawn = EXPECTED[name]
    for shape in ((3, 6, 8), (1, 6, 8), (2, 7, 5), (3, 1, 2)):
        x = images(shape=shape)
        found = change(x, drawn)
        assert found.shape == x.shape
        for image, one, made in zip(x.numpy(), drawn.numpy(), found.numpy(), strict=True):
            np.testing.assert_allclose(made, expected(image, one), rtol=0, atol=1e-14)


def oracle_differentiable(change, name):
    """Gradients are those of finite differences, for fixed draws; the second ones too, for penalties on slopes."""
    x, drawn = images(shape=(2, 3, 3)).requires_grad_(), EXPECTED[name][1]
    assert torch.autograd.gradcheck(lambda x: change(x, drawn).square(), (x,))
    assert torch.autograd.gradgradcheck(lambda x: change(x, drawn).pow(3), (x,))


CHANGED = {name: getattr(augmentation, name) for name in EXPECTED}


@pytest.mark.parametrize("name", EXPECTED)
def test_numpy(name):
    oracle_numpy(CHANGED[name], name)


@pytest.mark.parametrize("name", EXPECTED)
def test_differentiable(name):
    oracle_differentiable(CHANGED[name], name)


def one_for_all(change):
    return lambda x, drawn: change(x, drawn[:1].expand_as(drawn))


NUMPY_MUTANTS = {
    "brightness: a factor": ("brightness", lambda x, b: x * (1 + b[:, None, None, None])),
    "brightness: kept in [−1, 1]": ("brightness", lambda x, b: brightness(x, b).clamp(-1, 1)),
    "saturation: from the mean of all": ("saturation", contrast),
    "saturation: inverted": ("saturation", lambda x, s: saturation(x, 1 - s)),
    "contrast: from 0": ("contrast", lambda x, c: x * c[:, None, None, None]),
    "contrast: from each channel's mean": (
        "contrast",
        lambda x, c: torch.lerp(x.mean((2, 3), keepdim=True).expand_as(x), x, c[:, None, None, None]),
    ),
    "contrast: from the minibatch's mean": (
        "contrast",
        lambda x, c: x.mean() + c[:, None, None, None] * (x - x.mean()),
    ),
    "translation: round the edges": (
        "translation",
        lambda x, s: torch.stack([torch.roll(one, tuple(by.tolist()), (1, 2)) for one, by in zip(x, s, strict=True)]),
    ),
    "translation: the edge repeated": (
        "translation",
        lambda x, s: translation(x, s) + (translation(torch.ones_like(x), s) == 0) * x[:, :, :1, :1],
    ),
    "translation: the other way": ("translation", lambda x, s: translation(x, -s)),
    "translation: rows and columns exchanged": ("translation", lambda x, s: translation(x, s.flip(1))),
    "cutout: −1": ("cutout", lambda x, c: cutout(x + 1, c) - 1),
    "cutout: all but the square": ("cutout", lambda x, c: x - cutout(x, c)),
    "cutout: one pixel further": ("cutout", lambda x, c: cutout(x, c + 1)),
    "cutout: rows and columns exchanged": ("cutout", lambda x, c: cutout(x, c.flip(1))),
    **{f"{name}: one draw for all": (name, one_for_all(change)) for name, change in CHANGED.items()},
}


@pytest.mark.parametrize("fault", NUMPY_MUTANTS)
def test_numpy_mutants(fault):
    name, mutant = NUMPY_MUTANTS[fault]
    assert_killed(partial(oracle_numpy, name=name), mutant)


DETACHED = {
    "brightness: detached": ("brightness", lambda x, b: brightness(x.detach(), b)),
    "saturation: the mean held constant": (
        "saturation",
        lambda x, s: torch.lerp(x.mean(1, keepdim=True).detach().expand_as(x), x, s[:, None, None, None]),
    ),
    "contrast: the mean held constant": (
        "contrast",
        lambda x, c: contrast(x, c) - contrast(x, 0 * c) + x.mean().item(),
    ),
    "translation: on copied numbers": ("translation", lambda x, s: torch.tensor(translation(x, s).tolist())),
}


@pytest.mark.parametrize("fault", DETACHED)
def test_what_is_not_differentiable_is_seen(fault):
    name, mutant = DETACHED[fault]
    assert_killed(partial(oracle_differentiable, name=name), mutant)


# ---- the numbers that are drawn


def oracle_draws(changes):
    """Uniform over the paper's ranges: ± ½, 0 to 2, ½ to 1½; shifts to an eighth of each side; any centre."""
    torch.manual_seed(0)
    x = torch.zeros(4_000, 3, 16, 40)
    (bright, satur, contr), (shift,), (hole,) = (changes[kind] for kind in ("colour", "translation", "cutout"))
    for change, low, high in ((bright, -0.5, 0.5), (satur, 0, 2), (contr, 0.5, 1.5)):
        drawn = change.draw(x)
        assert drawn.shape == (4_000,)
        assert kstest(drawn.numpy(), uniform(low, high - low).cdf).pvalue > 1e-3
    for change, ranges in ((shift, ((-2, 2), (-5, 5))), (hole, ((0, 16), (0, 40)))):
        drawn = change.draw(x)
        assert drawn.shape == (4_000, 2)
        for axis, (low, high) in enumerate(ranges):
            values, counts = drawn[:, axis].unique(return_counts=True)
            assert values.tolist() == list(range(low, high + 1))
            assert chisquare(counts.numpy()).pvalue > 1e-3
        assert abs(np.corrcoef(drawn.numpy().T)[0, 1]) < 5 / 4_000**0.5, "rows and columns each by themselves"
    odd = hole.draw(torch.zeros(4_000, 3, 6, 7))  # 3 pixels of 6 or 7: there is a middle one, which is in the image
    assert odd.amax(0).tolist() == [5, 6]
    assert odd.amin(0).tolist() == [0, 0]


def drawing(kind, place, draw):
    """The changes with other draws for one of them."""
    parts = list(CHANGES[kind])
    parts[place] = parts[place]._replace(draw=draw)
    return CHANGES | {kind: tuple(parts)}


DRAW_MUTANTS = {
    "normal": drawing("colour", 0, lambda x: 0.25 * torch.randn(len(x))),
    "only brighter": drawing("colour", 0, lambda x: torch.rand(len(x))),
    "0 to 1": drawing("colour", 1, lambda x: torch.rand(len(x))),
    "one for the minibatch": drawing("colour", 2, lambda x: (0.5 + torch.rand(1)).expand(len(x))),
    "never the farthest": drawing(
        "translation", 0, lambda x: torch.stack([torch.randint(-s // 8, s // 8, (len(x),)) for s in x.shape[2:]], 1)
    ),
    "the same both ways": drawing("translation", 0, lambda x: torch.randint(-2, 3, (len(x), 1)).expand(-1, 2)),
    "only inside": drawing(
        "cutout",
        0,
        lambda x: torch.stack([torch.randint(s // 4, s - s // 4 + 1, (len(x),)) for s in x.shape[2:]], 1),
    ),
}


def test_draws():
    oracle_draws(CHANGES)


@pytest.mark.parametrize("fault", DRAW_MUTANTS)
def test_draw_mutants(fault):
    assert_killed(oracle_draws, DRAW_MUTANTS[fault])


# ---- the layer


def test_all_kinds_in_the_order_they_are_given():
    x = images(dtype=torch.float32)
    assert Augment().kinds == ("colour", "translation", "cutout")
    for kinds in (("colour", "translation", "cutout"), ("cutout", "colour"), ("translation",)):
        torch.manual_seed(3)
        found = Augment(*kinds)(x)
        torch.manual_seed(3)
        expected = x
        for kind in kinds:
            for change in CHANGES[kind]:
                expected = change.apply(expected, change.draw(expected))
        assert torch.equal(found, expected)
        assert found.shape == x.shape
        assert found.dtype == x.dtype
        assert not torch.equal(found, x)


def oracle_at_rest(layer):
    """In eval mode images are as they were and nothing is drawn; in training the next look is another one."""
    x = images(dtype=torch.float32)
    augment = layer()
    assert not torch.equal(augment(x), augment(x))
    stream = torch.get_rng_state()
    assert torch.equal(augment.eval()(x), x)
    assert torch.equal(torch.get_rng_state(), stream)
    assert not list(augment.parameters())
    assert not augment.state_dict()


class Always(Augment):
    def forward(self, x):
        return Augment(*self.kinds)(x)


class Once(Augment):
    """Draws once and for all."""

    def forward(self, x):
        if not self.training:
            return x
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return super().forward(x)


def test_at_rest_images_are_as_they_are():
    oracle_at_rest(Augment)


@pytest.mark.parametrize("mutant", [Always, Once, nn.Identity])
def test_at_rest_mutants(mutant):
    assert_killed(oracle_at_rest, mutant)


@pytest.mark.parametrize(
    ("kinds", "wrong"),
    [
        (("color",), "unknown 'color'"),
        (("cutout", "blur"), "unknown 'blur'"),
        (("cutout", "cutout"), "one of them twice"),
    ],
)
def test_kinds(kinds, wrong):
    with pytest.raises(
        ValueError, match=f"kinds of augmentation are colour, translation, cutout, each once; given {wrong}"
    ):
        Augment(*kinds)


def oracle_images_only(layer):
    """Points are refused when a run is started: the look at D is one in eval mode, where nothing is changed."""
    plain = methods.gan((2,), width=4)
    gan = replace(plain, discriminator=lambda: Augmented(layer(), plain.discriminator()))
    with pytest.raises(ValueError, match=r"images \(n, channels, h, w\) can be augmented; given \(2, 2\)"):
        training.start(gan, torch.zeros(8, 2), batch=4)
    with pytest.raises(ValueError, match="can be augmented"):
        layer().train()(torch.zeros(8, 2))


class InTraining(Augment):
    def forward(self, x):
        return super().forward(x) if self.training else x


def test_points_are_no_images():
    oracle_images_only(Augment)
    assert_killed(oracle_images_only, InTraining)


# ---- in front of D, in training


class Plain(nn.Module):
    """z -> images (n, 1, 8, 8) of one learned brightness."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(0.5))

    def forward(self, z):
        return self.value.expand(len(z), 1, 8, 8)


class Witness(nn.Module):
    """D(x) = w Σ x, which keeps what it was shown."""

    def __init__(self):
        super().__init__()
        self.w, self.seen = nn.Parameter(torch.tensor(1.0)), []

    def forward(self, x):
        self.seen.append(x.detach().clone())
        return self.w * x.sum((1, 2, 3))


def oracle_everywhere(augmented):
    """Half of each image is cut out, or less at an edge, wherever D looks: at real ones and at fakes, in its own step
    and in G's. And G learns through it: dL_G/dvalue is minus the number of pixels left, averaged over the images."""
    gan = replace(
        methods.wgan((1, 8, 8), z=2), generator=Plain, discriminator=lambda: augmented(Witness(), "cutout"), n_dis=1,
        constraints=(), optimizer_d=partial(torch.optim.SGD, lr=0.0), optimizer_g=partial(torch.optim.SGD, lr=1.0),
    )  # fmt: skip
    run = training.start(gan, torch.full((16, 1, 8, 8), -0.25), batch=8)
    witness = next(part for part in run.discriminator.modules() if isinstance(part, Witness))
    witness.seen.clear()
    discriminator_step(run)
    (real, fake) = witness.seen
    value = run.generator.value.item()
    generator_step(run)
    shown = {"real": (real, -0.25), "fake": (fake, 0.5), "fake, in G's step": (witness.seen[2], 0.5)}
    for name, (images, whole) in shown.items():
        assert set(images.unique().tolist()) == {0.0, whole}, name
        left = (images != 0).sum((1, 2, 3))
        assert 48 <= left.min() <= left.max() < 64, name  # of 64 pixels, up to 16 are gone
        assert len(left.unique()) > 1, f"{name}: one draw for all"
    assert not torch.equal(real == 0, fake == 0), "one draw for both"
    slope = value - run.generator.value.item()  # at a learning rate of 1
    assert slope == pytest.approx(-left.float().mean().item())
    assert torch.equal(run.logits(torch.ones(3, 1, 8, 8)), torch.full((3,), 64.0)), "changed at rest"


def seen(rule):
    """`augmented`, where `rule(augment, x)` says what D is shown."""

    class Mutant(Augmented):
        def forward(self, x, *y):
            return self.discriminator(rule(self.augment, x), *y)

    return lambda discriminator, *kinds: Mutant(Augment(*kinds), discriminator)


EVERYWHERE_MUTANTS = {
    "not at all": seen(lambda augment, x: x),
    "only the real ones": seen(lambda augment, x: augment(x) if x.mean() < 0 else x),
    "only the fakes": seen(lambda augment, x: augment(x) if x.mean() > 0 else x),
    "only in D's step": seen(lambda augment, x: x if x.requires_grad else augment(x)),
    "only in G's step": seen(lambda augment, x: augment(x) if x.requires_grad else x),
    "detached": seen(lambda augment, x: augment(x.detach())),
    "straight through": seen(lambda augment, x: x + (augment(x) - x).detach()),
    "at rest too": seen(lambda augment, x: Augment(*augment.kinds)(x)),
    "one image's change for all": seen(lambda augment, x: x * (augment(torch.ones_like(x[:1])))),
}


def test_real_and_fake_in_both_steps():
    oracle_everywhere(augmented)


@pytest.mark.parametrize("fault", EVERYWHERE_MUTANTS)
def test_everywhere_mutants(fault):
    assert_killed(oracle_everywhere, EVERYWHERE_MUTANTS[fault])


def test_labels_are_passed_on():
    x, y = images(64, (1, 8, 8), torch.float32), torch.arange(64) % 10
    gan = replace(
        methods.gan((1, 8, 8), z=4), generator=ToldG, discriminator=lambda: augmented(ToldD()), classes=10
    )  # fmt: skip
    run = training.fit(gan, (x, y), steps=2, batch=16)
    told, alone = run.logits(x, y), run.discriminator.discriminator.eval()(x, y).detach()
    assert torch.equal(told, alone)
    assert not torch.equal(told, run.logits(x, (y + 1) % 10))


@pytest.mark.parametrize("resumed", [False, True])
def test_the_draws_are_the_runs_own(resumed, tmp_path):
    """The same seed draws the same, torch's own stream stays where it was, and a resumed run goes on as if unbroken."""
    data = images(32, (3, 8, 8), torch.float32)
    plain = methods.sndcgan((3, 8, 8), z=4, width=4)
    gan = replace(plain, discriminator=lambda: augmented(plain.discriminator()))
    expected = training.fit(gan, data, steps=4, batch=8, seed=1).history["loss_d"]
    torch.manual_seed(5)
    stream = torch.get_rng_state()
    run = training.fit(gan, data, steps=2, batch=8, seed=1)
    if resumed:
        run.save(tmp_path / "run.pt")
        run = training.resume(tmp_path / "run.pt", gan, data)
    training.train(run, 2)
    np.testing.assert_array_equal(run.history["loss_d"], expected)
    assert torch.equal(torch.get_rng_state(), stream)


@pytest.mark.parametrize("name", ["r1gan", "sndcgan", "r3gan", "sagan"])
def test_with_penalties_and_with_normalised_layers(name):
    """A price on slopes is one on those of D(T(x)); spectral normalisation knows its layers inside."""
    plain = getattr(methods, name)((3, 16, 16), z=4, width=8)
    gan = replace(plain, discriminator=lambda: augmented(plain.discriminator()))
    run = training.fit(gan, images(16, (3, 16, 16), torch.float32), steps=2, batch=8)
    assert run.samples(2).isfinite().all()
    assert np.isfinite(run.history["loss_d"]).all()


def test_a_hole_is_flat_to_the_penalty():
    """R1 of D(T(x)) with D(x) = w Σ x and a hole in x: γ/2 times the pixels left."""
    gan = replace(methods.gan((1, 8, 8), z=2), generator=Plain, discriminator=lambda: augmented(Witness(), "cutout"))
    run = training.start(gan, torch.ones(16, 1, 8, 8), batch=8)
    witness = run.discriminator.discriminator
    witness.seen.clear()
    real = torch.ones(8, 1, 8, 8)
    price = r1(3.0)(run, real, real)
    assert price.item() == pytest.approx(1.5 * witness.seen[0].sum((1, 2, 3)).mean().item())
