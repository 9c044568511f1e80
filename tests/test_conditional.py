"""Networks that are told labels: the formula of each part on every backbone, its gradients, and what training makes."""

import copy
from dataclasses import replace
from functools import partial
from itertools import product as pairs

import pytest
import torch
from mutants import assert_killed, faults
from torch import nn
from torch.nn.functional import cross_entropy, softplus
from torch.nn.utils.parametrize import is_parametrized, register_parametrization

from gan_core import algorithm, checkpoints, datasets, methods, metrics, objectives, replicates, training
from gan_core.course.lessons.museum import one_thing
from gan_core.pieces.heads import classification
from gan_core.pieces.lipschitz import SpectralNorm, singular_values, spectrally_normalised
from gan_core.pieces.networks import (
    Classifier,
    Concatenated,
    ConditionalBatchNorm,
    Projection,
    Scale,
    Told,
    class_conditional,
    dcgan_discriminator,
    dcgan_generator,
    mlp,
    resnet_discriminator,
    resnet_generator,
    sngan_discriminator,
    sngan_generator,
)
from gan_core.training.algorithm import Batch
from gan_core.training.unrolling import unroll

pytestmark = pytest.mark.usefixtures("float64")

IMAGE = (3, 16, 16)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def seeded(build):
    torch.manual_seed(0)
    return build()


# ---- concatenation


def oracle_concatenated(make):
    """[x, e(y)] is what the network is given, e(y) a row of the table, the same number everywhere on its plane."""
    y = torch.tensor([3, 0, 3])
    for shape in ((5,), (2, 4, 6)):
        told, x = seeded(lambda: make(nn.Identity(), 4, 3)), draw(3, *shape)
        made, table = told(x, y), told.embedding.weight
        assert made.shape == (3, shape[0] + 3, *shape[1:])
        assert torch.equal(made[:, : shape[0]], x)
        for of_one, label in zip(made[:, shape[0] :], y.tolist(), strict=True):
            assert torch.equal(of_one, table[label].view(3, *[1] * (len(shape) - 1)).expand(3, *shape[1:]))
        (slope,) = torch.autograd.grad(made.sum(), table)
        places = made[0, 0].numel()
        assert slope.sum(1).tolist() == [3 * places, 0, 0, 6 * places]  # how often each label was asked for
        assert table.unique(dim=0).shape == (4, 3)


def concatenated(beside):
    """`Concatenated` with other numbers beside x: a function (x, e, e(y))."""

    class Variant(Concatenated):
        def forward(self, x, y):
            return self.network(torch.cat([x, beside(x, self.embedding, y)], 1))

    return Variant


def planes(x, e):
    return e.view(*e.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])


def test_concatenated():
    oracle_concatenated(Concatenated)
    oracle_concatenated(concatenated(lambda x, e, y: planes(x, e(y))))


@faults(
    {
        "another's label": lambda x, e, y: planes(x, e(y.roll(1))),
        "one label for all": lambda x, e, y: planes(x, e(y[:1]).expand(len(y), -1)),
        "not learned": lambda x, e, y: planes(x, e(y).detach()),
        "a number, not a row": lambda x, e, y: planes(x, e(y).mean(1, keepdim=True).expand(-1, 3)),
        "spread over the image": lambda x, e, y: planes(x, e(y)) / x[0, 0].numel(),
    }
)
def test_concatenated_mutants(mutant):
    assert_killed(oracle_concatenated, concatenated(mutant))


# ---- projection and classifier: the backbones


BACKBONES = {  # what builds D, the shape of an example
    "points": (partial(mlp, 2, 1, width=8), (2,)),
    "an MLP of images": (partial(mlp, (1, 8, 8), 1, width=8), (1, 8, 8)),
    "inside another Sequential": (lambda: nn.Sequential(Scale(0.5), nn.Sequential(mlp(2, 1, width=8))), (2,)),
    "dcgan": (partial(dcgan_discriminator, IMAGE, width=4), IMAGE),
    "dcgan without norm": (partial(dcgan_discriminator, IMAGE, width=4, normed=False), IMAGE),
    "sngan": (partial(sngan_discriminator, IMAGE, width=4), IMAGE),
    "resnet": (partial(resnet_discriminator, IMAGE, width=4), IMAGE),
    "points, normalised": (lambda: spectrally_normalised(mlp(2, 1, width=8)), (2,)),
    "sndcgan": (methods.sndcgan(IMAGE, width=4).discriminator, IMAGE),
    "sngan, normalised": (methods.sngan(IMAGE, width=4).discriminator, IMAGE),
    "resnet, normalised": (methods.sngan_resnet(IMAGE, width=4).discriminator, IMAGE),
}
NORMALISED = ("points, normalised", "sndcgan", "sngan, normalised", "resnet, normalised")


def features_of(network, x):
    """ψ(φ(x)) and φ(x), without cutting anything: what the last layer with weights is given, as it passes by."""
    seen = []
    *_, last = (layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d))
    watching = last.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    logits = network(x)
    watching.remove()
    return logits, seen[0].flatten(1)


def both(make, name):
    """The backbone, and what is made of a copy of it, with minibatch statistics moving and σ(W) at rest."""
    build, shape = BACKBONES[name]
    plain = seeded(build)
    told = make(copy.deepcopy(plain), 5)
    for network in (plain, told):
        network.train(name not in NORMALISED)
    return plain, told, draw(4, *shape), torch.tensor([4, 0, 4, 2])


def oracle_projection(make, name="dcgan"):
    plain, told, x, y = both(make, name)
    real, phi = features_of(plain, x)
    table = told.embedding.weight
    assert table.shape == (5, phi.shape[1])
    expected = torch.stack([real[i, 0] + sum(table[y[i]] * phi[i]) for i in range(4)])[:, None]
    made = told(x, y)
    torch.testing.assert_close(made, expected, rtol=1e-10, atol=1e-12)
    inputs = x.clone().requires_grad_()  # both terms teach G
    (slope,) = torch.autograd.grad(told(inputs, y).sum(), inputs)
    inputs_too = x.clone().requires_grad_()
    real, phi = features_of(plain, inputs_too)
    (slope_too,) = torch.autograd.grad(real.sum() + (table.detach()[y] * phi).sum(), inputs_too)
    torch.testing.assert_close(slope, slope_too, rtol=1e-9, atol=1e-12)
    assert (torch.autograd.grad(made.sum(), told.embedding.parameters())[0][y] != 0).any()


@pytest.mark.parametrize("name", BACKBONES)
def test_projection(name):
    oracle_projection(Projection, name)


def projection(logits):
    """`Projection` with other logits: a function (ψ, φ, e(y))."""

    class Variant(Projection):
        def forward(self, x, y):
            phi = self.body(x)
            return logits(self.last(phi), phi.flatten(1), self.embedding(y))

    return Variant


def product(phi, e):
    return (phi * e).sum(1, keepdim=True)


def test_the_projection_written_once_more():
    oracle_projection(projection(lambda psi, phi, e: psi + product(phi, e)))


@faults(
    {
        "without ψ": lambda psi, phi, e: product(phi, e),
        "without the product": lambda psi, phi, e: psi + 0 * product(phi, e),
        "another's label": lambda psi, phi, e: psi + product(phi, e.roll(1, 0)),
        "a mean": lambda psi, phi, e: psi + product(phi, e) / phi.shape[1],
        "the cosine": lambda psi, phi, e: psi + nn.functional.cosine_similarity(phi, e)[:, None],
        "it tells G nothing": lambda psi, phi, e: psi + product(phi.detach(), e),
        "all pairs of the minibatch": lambda psi, phi, e: psi + phi @ e.mT,
        "squeezed: all pairs again": lambda psi, phi, e: psi + product(phi, e)[:, 0],
    }
)
def test_projection_mutants(mutant):
    assert_killed(oracle_projection, projection(mutant))


def oracle_classifier(make, name="dcgan"):
    plain, told, x, y = both(make, name)
    logits, phi = features_of(plain, x)
    made, scores = told(x, y)
    assert scores.shape == (4, 5)
    torch.testing.assert_close(made, logits, rtol=1e-10, atol=1e-12)
    A, b = told.scores.weight, told.scores.bias
    expected = torch.stack([torch.stack([sum(A[k] * phi[i]) + b[k] for k in range(5)]) for i in range(4)])
    torch.testing.assert_close(scores, expected, rtol=1e-10, atol=1e-12)
    assert b.tolist() == [0] * 5
    told.eval()
    for heard in (y, y.flip(0), None):  # it is asked the label, and hears none
        assert all(map(torch.equal, told(x, heard), told(x, y)))


@pytest.mark.parametrize("name", BACKBONES)
def test_classifier(name):
    oracle_classifier(Classifier, name)


def classifier(answer):
    """`Classifier` with another answer: a function (itself, φ, y)."""

    class Variant(Classifier):
        def forward(self, x, y=None):
            return answer(self, self.body(x), y)

    return Variant


@faults(
    {
        "the other way round": lambda D, phi, y: (D.scores(phi.flatten(1)), D.last(phi)),
        "probabilities": lambda D, phi, y: (D.last(phi), D.scores(phi.flatten(1)).softmax(1)),
        "it hears the label": lambda D, phi, y: (
            D.last(phi),
            D.scores(phi.flatten(1)) + (0 if y is None else nn.functional.one_hot(y, 5)),
        ),
        "the sum of the scores is the logit": lambda D, phi, y: (
            (s := D.scores(phi.flatten(1))).logsumexp(1, keepdim=True),
            s,
        ),
    }
)
def test_classifier_mutants(mutant):
    assert_killed(oracle_classifier, classifier(mutant))


# ---- spectral norm, first weights, refusals


PARTS = {"projection": (Projection, "embedding"), "classifier": (Classifier, "scores")}


def oracle_normalised(make, part):
    """What is beside the last layer is normalised where that is, and only there; it starts as large as that is."""
    for name, (build, _) in BACKBONES.items():
        told = seeded(lambda: make(build(), 60))  # noqa: B023
        beside, dense = getattr(told, part), told.last[0]
        assert is_parametrized(beside) == (name in NORMALISED)
        if name in NORMALISED:
            for _ in range(200):
                _ = beside.weight  # each look is a step of the power iteration
            values = singular_values(told)
            assert values[part][0].item() == pytest.approx(1, abs=1e-2)
            assert all(each[0] < 1.3 for each in values.values())
        else:
            spread = beside.weight.square().mean() / dense.weight.square().mean()
            assert spread.sqrt().item() == pytest.approx(1, abs=0.15)
    ours = nn.Linear(7, 1)
    register_parametrization(ours, "weight", SpectralNorm(ours.weight))
    assert is_parametrized(getattr(make(nn.Sequential(ours), 3), part))
    weight_norm = nn.utils.parametrizations.weight_norm(nn.Linear(7, 1))
    assert not is_parametrized(getattr(make(nn.Sequential(weight_norm), 3), part))


def with_part(kind, part, change):
    def make(discriminator, classes):
        told = kind(discriminator, classes)
        setattr(told, part, change(getattr(told, part)))
        return told

    return make


def anew(layer):
    return (
        nn.Embedding(*layer.weight.shape) if isinstance(layer, nn.Embedding) else nn.Linear(*layer.weight.shape[::-1])
    )


@pytest.mark.parametrize("name", PARTS)
def test_spectral_norm_and_first_weights(name):
    kind, part = PARTS[name]
    oracle_normalised(kind, part)
    for change in (
        anew,
        lambda layer: spectrally_normalised(anew(layer)),
        lambda layer: layer if is_parametrized(layer) else anew(layer).apply(lambda new: nn.init.normal_(new.weight)),
    ):
        assert_killed(partial(oracle_normalised, part=part), with_part(kind, part, change))


@pytest.mark.parametrize(
    ("network", "last"),
    {
        "no Sequential": (lambda: nn.Linear(3, 2), "Linear.*out_features=2"),
        "two outputs": (lambda: mlp(2, 2, width=4), "Linear.*out_features=2"),
        "patches": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 1, 3, padding=1)), r"padding=\(1, 1\)"),
        "channels apart": (lambda: nn.Sequential(nn.Conv2d(4, 4, 4, groups=4)), "groups=4"),
        "a norm at the end": (lambda: nn.Sequential(nn.Linear(3, 1), nn.BatchNorm1d(1)), "BatchNorm1d"),
        "no weights": (lambda: nn.Sequential(nn.Flatten(), nn.ReLU()), "ReLU"),
        "empty": (nn.Sequential, r"Sequential\(\)"),
        "lazy": (lambda: nn.Sequential(nn.LazyLinear(1)), "LazyLinear"),
        "lazy patches": (lambda: nn.Sequential(nn.LazyConv2d(1, 4)), "LazyConv2d"),
    }.values(),
)
@pytest.mark.parametrize("make", [Projection, Classifier])
def test_a_discriminator_that_cannot_be_cut(make, network, last):
    with pytest.raises(ValueError, match=rf"D must be a Sequential whose last layer .*that layer is .*{last}"):
        make(network(), 3)


def test_a_convolution_that_leaves_patches_is_seen_when_a_run_starts():
    gan = replace(methods.dcgan(IMAGE, width=4), classes=3)
    D = Projection(nn.Sequential(nn.Conv2d(3, 1, 4), nn.Flatten()), 3)
    with pytest.raises(ValueError, match="the discriminator does not take the data's examples"):
        training.start(
            replace(gan, generator=lambda: class_conditional(dcgan_generator(100, IMAGE), 3), discriminator=D),
            (draw(8, *IMAGE).clamp(-1, 1), torch.arange(8) % 3),
            batch=4,
        )


# ---- conditional batch normalisation


def norm_of(axes, c=3):
    norm = {0: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[axes](c, eps=1e-2, momentum=0.3)
    nn.init.normal_(norm.weight, 1, 0.5)
    nn.init.normal_(norm.bias, 0, 0.5)
    return norm


def oracle_one_class(make):
    """With one class it is batch normalisation: outputs, gradients and running statistics, in training and in eval."""
    for axes in (0, 2, 3):
        plain = seeded(lambda: norm_of(axes))  # noqa: B023
        told, y = make(copy.deepcopy(plain), 1), torch.zeros(6, dtype=torch.long)
        for mode in (True, True, False, True):
            plain.train(mode), told.train(mode)
            x = 2 + 3 * draw(6, 3, *(4,) * axes)
            ours, its = x.clone().requires_grad_(), x.clone().requires_grad_()
            made, expected = told(ours, y), plain(its)
            torch.testing.assert_close(made, expected, rtol=1e-12, atol=1e-13)
            target = draw(*x.shape, seed=1)
            slopes = [
                torch.autograd.grad((out * target).sum(), [inputs, *module.parameters()])
                for out, inputs, module in ((made, ours, told), (expected, its, plain))
            ]
            for mine, wanted in zip(*slopes, strict=True):  # the gain before the bias in both
                torch.testing.assert_close(mine.view_as(wanted), wanted, rtol=1e-10, atol=1e-12)
            kept = [[each for each in module.buffers()] for module in (told, plain)]
            for mine, wanted in zip(*kept, strict=True):
                torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-13)


def oracle_classes(make):
    """γ_y (x − μ)/√(σ² + ε) + β_y by hand, μ and σ² of all classes together; they start alike and then differ."""
    norm = seeded(partial(norm_of, 2))
    told, x, y = make(norm, 4), draw(5, 3, 2, 2), torch.tensor([2, 0, 2, 3, 3])
    tables = told.gain.weight, told.bias.weight
    for table, first in zip(tables, (norm.weight, norm.bias), strict=True):
        assert torch.equal(table, first.expand(4, 3))
        assert table.requires_grad
    with torch.no_grad():
        for table in tables:
            table.add_(draw(4, 3, seed=2))
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, correction=0)
    gain, bias = (torch.stack([table[label] for label in y])[:, :, None, None] for table in tables)
    torch.testing.assert_close(told(x, y), gain * (x - mean) / (variance + 1e-2).sqrt() + bias)
    told.eval()
    kept = told.norm.running_mean.view(1, 3, 1, 1), told.norm.running_var.view(1, 3, 1, 1)
    torch.testing.assert_close(told(x, y), gain * (x - kept[0]) / (kept[1] + 1e-2).sqrt() + bias)
    assert not torch.allclose(told(x[:1], torch.tensor([0])), told(x[:1], torch.tensor([1])))


def oracle_taken_over(make):
    """What it has seen, its numbers' dtype and its settings come along; so one class changes nothing, at any time."""
    for dtype in (torch.float32, torch.float64):
        for plain in (seeded(partial(norm_of, 2)), nn.BatchNorm2d(3, affine=False)):
            plain.to(dtype)
            for seed in range(3):
                plain(2 + 3 * draw(6, 3, 2, 2, seed=seed).to(dtype))
            told, x = make(plain, 1), draw(6, 3, 2, 2).to(dtype)
            given = plain.affine, list(plain.state_dict())
            for mode in (False, True):
                plain.train(mode), told.train(mode)
                made = told(x, torch.zeros(6, dtype=torch.long))
                assert made.dtype == dtype
                torch.testing.assert_close(made, plain(x))
            assert (plain.affine, list(plain.state_dict())) == given, "the norm itself was changed"
            assert not any(p is q for p in told.parameters() for q in plain.parameters())


def conditional(norm=lambda norm: norm, made=lambda own, h, y: own(h, y)):
    """`ConditionalBatchNorm` with another `norm` inside, or that makes other numbers."""

    class Variant(ConditionalBatchNorm):
        def __init__(self, given, classes):
            super().__init__(given, classes)
            self.norm = norm(self.norm)

        def forward(self, x, y):
            return made(super().forward, x, y)

    return Variant


def by_class(own, x, y):
    """Statistics of each class by itself."""
    out = torch.empty_like(x)
    for label in y.unique():
        out[y == label] = own(x[y == label], y[y == label])
    return out


def other(**settings):
    return lambda norm: type(norm)(
        **{"num_features": norm.num_features, "eps": norm.eps, "momentum": norm.momentum, "affine": False} | settings
    )


class FromOne(ConditionalBatchNorm):
    def __init__(self, norm, classes):
        super().__init__(norm, classes)
        nn.init.ones_(self.gain.weight), nn.init.zeros_(self.bias.weight)


class Fixed(ConditionalBatchNorm):
    def __init__(self, norm, classes):
        super().__init__(norm, classes)
        self.gain.requires_grad_(False)


NORM_MUTANTS = {
    "statistics of each class": conditional(made=by_class),
    "another's label": conditional(made=lambda own, x, y: own(x, y.roll(1))),
    "one label for all": conditional(made=lambda own, x, y: own(x, y[:1].expand(len(y)))),
    "always the minibatch's statistics": conditional(norm=other(track_running_stats=False)),
    "another ε": conditional(norm=other(eps=1e-5)),
    "another momentum": conditional(norm=other(momentum=0.1)),
    "a second gain": conditional(norm=other(affine=True)),
    "gain 1 and bias 0, whatever they were": FromOne,
    "a gain that is not learned": Fixed,
    "what it has seen forgotten": conditional(norm=other()),
}


def oracle_norm(make):
    oracle_one_class(make)
    oracle_classes(make)
    oracle_taken_over(make)


def test_conditional_batch_norm():
    oracle_norm(ConditionalBatchNorm)
    oracle_norm(conditional())
    for keeps in (True, False):
        bare = ConditionalBatchNorm(nn.BatchNorm1d(3, affine=False, track_running_stats=keeps), 2)
        assert bare.gain.weight.tolist() == [[1] * 3] * 2
        assert bare.bias.weight.tolist() == [[0] * 3] * 2


@pytest.mark.parametrize("name", NORM_MUTANTS)
def test_conditional_batch_norm_mutants(name):
    assert_killed(oracle_norm, NORM_MUTANTS[name])


GENERATORS = {
    "dcgan": partial(dcgan_generator, 6, IMAGE, width=4),
    "sngan": partial(sngan_generator, 6, IMAGE, width=4),
    "resnet": partial(resnet_generator, 6, IMAGE, width=4),
    "inside another Sequential": lambda: nn.Sequential(Scale(2), dcgan_generator(6, IMAGE, width=4)),
    "points": lambda: nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)),
}


def norms(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_with_one_class_is_what_it_was(name):
    plain = seeded(GENERATORS[name])
    plain(draw(5, 6, seed=1))  # it has seen something already
    told = class_conditional(copy.deepcopy(plain), 1)
    assert isinstance(told, Told)
    z, y = draw(5, 6), torch.zeros(5, dtype=torch.long)
    for mode in (True, False):
        plain.train(mode), told.train(mode)
        torch.testing.assert_close(told(z, y), plain(z), rtol=1e-10, atol=1e-12)
    for mine, its in zip(told.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", GENERATORS)
def test_every_norm_of_a_generator_is_told_and_nothing_else(name):
    count = len(norms(seeded(GENERATORS[name])))
    told = class_conditional(seeded(GENERATORS[name]), 4)
    conditional = [layer for layer in told.modules() if isinstance(layer, ConditionalBatchNorm)]
    assert [layer.norm for layer in conditional] == norms(told)
    assert len(conditional) == count
    z, y = draw(4, 6), torch.arange(4)
    told.eval()
    same, heard = told(z, y), []
    torch.testing.assert_close(told(z, y.flip(0)), same)  # they start alike
    for layer in conditional:
        layer.register_forward_pre_hook(lambda layer, inputs: heard.append(inputs[1]))
        with torch.no_grad():
            layer.gain.weight.add_(draw(*layer.gain.weight.shape, seed=3))
    assert not torch.allclose(told(z, y.flip(0)), told(z, y))
    torch.testing.assert_close(told(z[:1], y[2:3]), told(z, y.roll(-2))[:1])
    assert all(each is heard[-1] for each in heard[-count:])
    one = told(z.requires_grad_(), y).sum()
    assert all(
        (slope != 0).any(1).all() for slope in torch.autograd.grad(one, [each.bias.weight for each in conditional])
    )


def test_what_cannot_be_told():
    with pytest.raises(ValueError, match="no batch normalisation to tell the classes; see"):
        class_conditional(mlp(2, 2), 3)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(2)

        def forward(self, x):
            return x + self.norm(x)

    with pytest.raises(ValueError, match="batch normalisation inside a Block, whose parts cannot be told labels"):
        class_conditional(nn.Sequential(nn.Linear(2, 2), Block()), 3)
    for make in (Projection, Classifier, lambda D, k: Concatenated(D, k, 2)):
        with pytest.raises(ValueError, match="classes must be at least 1; given 0"):
            make(mlp(2, 1), 0)
    with pytest.raises(ValueError, match="classes must be at least 1; given 0"):
        class_conditional(seeded(GENERATORS["points"]), 0)


# ---- the methods: any backbone and any loss


def labelled(shape, classes=4, n=64):
    return draw(n, *shape).clamp(-1, 1), torch.arange(n) % classes


BASES = {
    "gan": ((2,), (1, 8, 8)),
    "dcgan": (IMAGE,),
    "wgan": ((2,), IMAGE),
    "wgan_gp": ((2,), IMAGE),
    "r1gan": ((2,), IMAGE),
    "sngan": ((2,), IMAGE),
    "sngan_resnet": (IMAGE,),
    "sndcgan": ((2,), IMAGE),
    "sagan": (IMAGE,),
    "r3gan": ((2,), IMAGE),
}
METHODS = ("cgan", "acgan", "projection")
KEPT = ("z", "n_dis", "penalties", "constraints", "opponent", "schedule", "ema", "objective")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", METHODS)
def test_any_backbone_and_all_the_rest_of_the_base(name, base):
    made_of = getattr(methods, base)
    for shape in BASES[base]:
        gan, plain = getattr(methods, name)(shape, 4, base=made_of, z=5, width=4), made_of(shape, z=5, width=4)
        for part in KEPT:
            assert repr(getattr(gan, part)) == repr(getattr(plain, part)), part
        assert gan.classes == 4
        assert gan.heads == ((classification,) if name == "acgan" else ())
        run = training.start(gan, labelled(shape), batch=8)
        told = {"cgan": Concatenated, "acgan": Classifier, "projection": Projection}[name]
        assert isinstance(run.discriminator, told)
        normed = name != "cgan" and bool(norms(plain.generator()))
        assert isinstance(run.generator, Told if normed else Concatenated)
        before = [p.detach().clone() for p in (*run.generator.parameters(), *run.discriminator.parameters())]
        training.train(run, 2)
        after = [*run.generator.parameters(), *run.discriminator.parameters()]
        assert all(p.isfinite().all() for p in after)
        changed = [not torch.equal(p, old) for p, old in zip(after, before, strict=True)]
        # a bias before a batch normalisation, or of a last layer under Wasserstein's loss, has no gradient but rounding
        assert sum(changed) >= 0.6 * len(changed)
        for network in (run.generator, run.discriminator):
            tables = [layer for layer in network.modules() if isinstance(layer, nn.Embedding)]
            assert tables or name == "acgan"
        assert run.samples(4, y=torch.tensor([0, 3, 3, 1])).shape == (4, *shape)
        assert run.logits(torch.zeros(4, *shape), y=torch.arange(4)).shape == (4,)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("objective", objectives.OBJECTIVES.values(), ids=lambda objective: objective.name)
def test_any_loss(name, objective):
    gan = replace(getattr(methods, name)((2,), 4, base=methods.gan, z=3, width=6), objective=objective)
    run = training.fit(gan, labelled((2,)), steps=2, batch=8)
    assert all(p.isfinite().all() for p in run.generator.parameters())


def test_what_they_are_made_of_unless_told():
    for shape, base in (((2,), methods.gan), ((1, 8, 8), methods.gan), (IMAGE, methods.dcgan)):
        gan, wider, longer = (
            methods.cgan(shape, 3, size=5),
            base((shape[0] + 5, *shape[1:])),
            base(shape, z=base(shape).z + 5),
        )
        assert str(gan.discriminator().network) == str(wider.discriminator())
        assert str(gan.generator().network) == str(longer.generator())
    for shape, method in pairs(((2,), (1, 8, 8), IMAGE), (methods.acgan, methods.projection)):
        gan, base = method(shape, 3), methods.sndcgan(shape)
        assert gan.objective is objectives.hinge
        D = gan.discriminator()
        assert str(D.body[:2]) == str(base.discriminator()[:2])
        assert is_parametrized(D.embedding if method is methods.projection else D.scores)
        assert (gan.optimizer_d, gan.optimizer_g) != (methods.dcgan(IMAGE).optimizer_d,) * 2


def test_the_sizes_reach_the_base():
    for name in METHODS:
        gan = getattr(methods, name)(IMAGE, 3, base=methods.dcgan, z=7, width=4)
        plain = methods.dcgan(IMAGE, z=7, width=4)
        assert gan.z == 7
        assert abs(len(list(gan.generator().parameters())) - len(list(plain.generator().parameters()))) <= 1
        assert gan.generator()(draw(2, 7), torch.arange(2)).shape == (2, *IMAGE)
    assert methods.cgan((2,), 3, size=11).generator().embedding.weight.shape == (3, 11)
    rate = methods.projection((2,), 3, base=partial(methods.sndcgan, lr=0.25)).optimizer_d([nn.Parameter(draw(1))])
    assert rate.param_groups[0]["lr"] == 0.25


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("classes", [0, -1])
def test_no_classes(name, classes):
    with pytest.raises(ValueError, match=f"classes must be at least 1; given {classes}"):
        getattr(methods, name)((2,), classes, base=methods.gan)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("base", [methods.vae, methods.flow])
def test_a_base_with_one_network(name, base):
    with pytest.raises(ValueError, match=r"base must be a game of two players, such as .*; this one makes a Model"):
        getattr(methods, name)((2,), 3, base=base)


def test_no_numbers_for_a_label():
    with pytest.raises(ValueError, match="size must be at least 1; given 0"):
        methods.cgan((2,), 3, size=0)


@pytest.mark.parametrize("name", METHODS)
def test_fewer_rows_than_classes_are_seen_when_a_run_starts(name):
    told = getattr(methods, name)((2,), 3, base=methods.gan, width=4)
    with pytest.raises(ValueError, match=r"the generator does not take noise .* labels .* from 0 to 7: "):
        training.start(replace(told, classes=8), labelled((2,), 8))
    for_all = replace(told, generator=getattr(methods, name)((2,), 8, base=methods.gan, width=4).generator, classes=8)
    with pytest.raises(ValueError, match=r"the (head classification|discriminator) does not take .* from 0 to 7"):
        training.start(for_all, labelled((2,), 8))


@pytest.mark.parametrize("name", METHODS)
def test_labels_that_do_not_fit(name):
    gan = getattr(methods, name)((2,), 4, base=methods.gan, width=4)
    x, y = labelled((2,))
    with pytest.raises(ValueError, match="examples have no labels"):
        training.fit(gan, x, steps=1)
    with pytest.raises(ValueError, match=r"labels must be of torch\.int64, from 0 to 3; .* from 0 to 4"):
        training.fit(gan, (x, torch.arange(64) % 5), steps=1)
    run = training.fit(gan, (x, y), steps=1)
    with pytest.raises(ValueError, match="y must be 2 labels, whole numbers from 0 to 3"):
        run.samples(2, y=torch.tensor([0, 4]))


# ---- the classification in both losses, in one pass


def started(head=classification, **changes):
    gan = replace(methods.acgan((2,), 4, base=methods.gan, z=3, width=6), heads=(head,), **changes)
    return seeded(lambda: training.start(gan, labelled((2,)), batch=8))


def oracle_classification(head):
    """L_D has the classes of real and of fake examples, L_G that of the fakes, told labels; by hand, with gradients."""
    run = started(head)
    real = Batch(draw(8, 2, seed=4), torch.arange(8) % 4)
    z, y = draw(8, 3, seed=5), torch.tensor([3, 3, 0, 1, 2, 2, 2, 0])
    fake = Batch(run.G(z, y), y, z)
    D, G = run.discriminator, run.generator
    weights = list(D.parameters())

    def by_hand(x, label):
        logits, scores = D.last(phi := D.body(x)), D.scores(phi)
        log_c = scores - scores.logsumexp(1, keepdim=True)
        return logits, -torch.stack([log_c[i, k] for i, k in enumerate(label)]).mean()

    (on_real, of_real), (on_fake, of_fake) = by_hand(real.x, real.y), by_hand(fake.x.detach(), fake.y)
    expected = softplus(-on_real).mean() + softplus(on_fake).mean() + of_real + of_fake
    loss = algorithm.discriminator_loss(run, real, fake._replace(x=fake.x.detach()))
    torch.testing.assert_close(loss, expected)
    for mine, wanted in zip(*(torch.autograd.grad(each, weights) for each in (loss, expected)), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-9, atol=1e-12)

    on_fake, of_fake = by_hand(fake.x, fake.y)
    expected, loss = softplus(-on_fake).mean() + of_fake, algorithm.generator_loss(run, fake)
    torch.testing.assert_close(loss, expected)
    slopes = [torch.autograd.grad(each, list(G.parameters()), retain_graph=True) for each in (loss, expected)]
    for mine, wanted in zip(*slopes, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-9, atol=1e-12)
    assert (torch.autograd.grad(of_fake, G.embedding.weight)[0] != 0).any(1).all()


def test_the_classification_reaches_both_networks():
    oracle_classification(classification)


HEADS = {
    "the fakes' classes left out": classification._replace(
        discriminator=lambda on_real, on_fake, real, fake: cross_entropy(on_real, real.y)
    ),
    "the real ones' classes left out": classification._replace(
        discriminator=lambda on_real, on_fake, real, fake: cross_entropy(on_fake, fake.y)
    ),
    "the fakes by the real ones' labels": classification._replace(
        discriminator=lambda on_real, on_fake, real, fake: (
            cross_entropy(on_real, real.y) + cross_entropy(on_fake, real.y)
        )
    ),
    "half of it": classification._replace(
        discriminator=lambda *all_of_it: classification.discriminator(*all_of_it) / 2
    ),
    "the sign in L_D": classification._replace(discriminator=lambda *some: -classification.discriminator(*some)),
    "G is not marked": classification._replace(generator=lambda on_fake, fake: 0 * on_fake.sum()),
    "the sign in L_G": classification._replace(generator=lambda *some: -classification.generator(*some)),
    "G may not look": classification._replace(generator=lambda on_fake, fake: cross_entropy(on_fake.detach(), fake.y)),
    "any label for G": classification._replace(generator=lambda on_fake, fake: cross_entropy(on_fake, fake.y.roll(1))),
}


@pytest.mark.parametrize("name", HEADS)
def test_classification_mutants(name):
    assert_killed(oracle_classification, HEADS[name])


@pytest.mark.parametrize("n_dis", [1, 3])
def test_d_looks_once_at_each_minibatch(n_dis):
    run, looks = started(n_dis=n_dis), []
    run.discriminator.register_forward_hook(lambda D, given, seen: looks.append((len(given[0]), len(seen))))
    training.iteration(run)
    assert looks == [(8, 2)] * (2 * n_dis + 1)  # real and fake n_dis times, G's fakes once; logits and scores each time


# ---- in training


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("base", ["gan", "sndcgan"])
def test_a_run_that_was_saved_goes_on_as_if_it_had_not_been(name, base, tmp_path):
    shape = (2,) if base == "gan" else IMAGE
    gan = replace(getattr(methods, name)(shape, 4, base=getattr(methods, base), z=3, width=4), ema=0.9)
    data = datasets.balanced(datasets.Examples(*labelled(shape)))
    whole, half = training.fit(gan, data, steps=4, batch=8), training.fit(gan, data, steps=2, batch=8)
    half.save(tmp_path / "run.pt")
    resumed = training.train(training.resume(tmp_path / "run.pt", gan, data), 2)
    mine, wanted = (checkpoints.snapshot(checkpoints.state(run)) for run in (resumed, whole))
    assert mine.keys() == wanted.keys()
    assert torch.equal(mine["losses"], wanted["losses"])
    for part in ("generator", "discriminator", "generator_ema"):
        assert all(torch.equal(mine[part][key], value) for key, value in wanted[part].items())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("base", ["gan", "sngan"])
def test_many_seeds_at_once_are_as_each_alone(name, base):
    gan = getattr(methods, name)((2,), 4, base=getattr(methods, base), z=3, width=6)
    data = datasets.Examples(*labelled((2,)))
    runs = [training.start(gan, data, seed=seed, batch=8) for seed in range(4)]
    with replicates.teams(runs, training.iteration) as teams:
        assert len(teams) == (1 if base == "gan" else 4)  # torch's spectral norm cannot be mapped: one by one
    for run in training.replicate(gan, data, steps=5, seeds=range(4), batch=8):
        alone = training.fit(gan, data, steps=5, seed=run.seed, batch=8)
        torch.testing.assert_close(run.losses[:5], alone.losses[:5], rtol=0, atol=1e-11)
        for key, value in alone.generator.state_dict().items():
            torch.testing.assert_close(run.generator.state_dict()[key], value, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_g_may_look_ahead_of_a_d_that_is_told(name):
    gan = replace(getattr(methods, name)((2,), 4, base=methods.gan, z=3, width=6), opponent=unroll(2))
    run = training.start(gan, labelled((2,)), batch=8)
    training.iteration(run)
    before = copy.deepcopy(run.discriminator.state_dict())
    assert algorithm.generator_step(run).isfinite()
    assert all(torch.equal(value, before[key]) for key, value in run.discriminator.state_dict().items())


def compass():
    """Four clouds of points, a label each."""
    y = torch.arange(400) % 4
    centres = torch.tensor([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]])
    return datasets.Examples(centres[y] + 0.1 * draw(400, 2), y)


def accuracy(gan, seed, steps=300):
    data, y = compass(), torch.arange(800) % 4
    run = training.fit(gan, data, steps=steps, seed=seed)
    return metrics.label_accuracy(y, metrics.nearest_class(run.samples(800, y=y), data.x, data.y))


def oracle_hears(step, name="cgan"):
    """After a short training G makes what it is told, under each of two seeds."""
    gan = replace(getattr(methods, name)((2,), 4, z=4, width=32), step=step)
    for seed in range(2):
        assert accuracy(gan, seed) > 0.9


def step_told(d=lambda run, y: y, g=lambda run, y: y):
    """Algorithm 1 once more, whose D hears other labels of the fakes: d(run, y) in its own step, g(run, y) in G's."""

    def step(run):
        real, z = Batch(*run.real()), run.noise()
        with torch.no_grad():
            fake = Batch(run.G(z, real.y), d(run, real.y), z)
        loss_d = algorithm.descend(run.optimizer_d, algorithm.discriminator_loss(run, real, fake))
        y, z = run.labels(), run.noise()
        with algorithm.frozen(run.discriminator):
            fake = Batch(run.G(z, y), g(run, y), z)
            return loss_d, algorithm.descend(run.optimizer_g, algorithm.generator_loss(run, fake))

    return step


def none(run, y):
    return torch.zeros_like(y)


def anyones(run, y):
    return run.labels()


@pytest.mark.parametrize("name", METHODS)
def test_g_makes_what_it_is_told(name):
    oracle_hears(algorithm.algorithm_1, name)


def test_the_step_written_once_more():
    oracle_hears(step_told())
    oracle_hears(one_thing.labels.mended)


@faults(
    {
        "y left out of D(fake)": step_told(none, none),
        "another y in D(fake)": step_told(anyones, anyones),
        "the real examples' y in D(fake)": one_thing.labels.broken,
        "another y in D(fake) of G's step": step_told(g=anyones),
    }
)
def test_label_accuracy_kills_a_d_that_is_not_told_of_the_fakes(mutant):
    assert_killed(oracle_hears, mutant)
    gan = replace(methods.cgan((2,), 4, z=4, width=32), step=mutant)
    assert max(accuracy(gan, seed) for seed in range(2)) < 0.6  # of four classes, guessing has a quarter


def test_y_left_out_of_d_s_step_alone_is_not_seen_in_the_accuracy():
    """D still learns p(x|y) from the real examples, and G still climbs it: the labels themselves must be looked at, as
    `test_runs.oracle_told` does."""
    oracle_hears(step_told(d=anyones))


def test_without_a_mark_for_g_an_ac_gan_is_deaf():
    gan = replace(methods.acgan((2,), 4, z=4, width=32), heads=(HEADS["G is not marked"],))
    assert max(accuracy(gan, seed) for seed in range(2)) < 0.7


# ---- pairs of real and fake have one label


def oracle_pairs(step):
    """With pairs of one class a number that D adds for each class tells nobody anything: neither loss knows it."""
    data = datasets.Examples(torch.randn(64, 2, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 8)
    found = []
    for c in (0.0, 3.0):
        gan = methods.projection((2,), 8, base=methods.r3gan, z=3, width=8)
        run = training.start(replace(gan, step=step, penalties=()), data, batch=16)
        D = run.discriminator.forward
        run.discriminator.forward = lambda x, y, D=D, c=c: D(x, y) + c * y[:, None]
        training.iteration(run)
        found.append(run.losses[0])
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-5)


def test_pairs_are_of_one_class():
    oracle_pairs(algorithm.algorithm_1)


def test_pairs_are_of_one_class_mutants():
    def of_any_class(run):
        loss_d = algorithm.discriminator_step(run)
        y, z = run.labels(), run.noise()
        fake = algorithm.Batch(run.G(z, y), y, z)
        return loss_d, algorithm.descend(run.optimizer_g, algorithm.generator_loss(run, fake))

    assert_killed(oracle_pairs, of_any_class)


def test_unrolling_has_no_pairs_of_one_class():
    gan = replace(methods.projection((2,), 8, base=methods.r3gan), penalties=(), opponent=unroll(1))
    data = datasets.Examples(torch.zeros(16, 2), torch.arange(16) % 8)
    with pytest.raises(ValueError, match="unrolling with labels and pairs"):
        training.start(gan, data, batch=8)
