"""The methods are values whose parts are what they say."""

import re
from dataclasses import replace
from functools import partial
from inspect import isfunction

import pytest
import torch
from mutants import assert_killed
from torch import nn

from gan_core import methods, objectives, recipes, training
from gan_core.pieces.lipschitz import (
    GradientPenalty,
    above_one,
    clip,
    on_real,
    on_segment,
    r2,
    singular_values,
    spectrally_normalised,
    to_one,
    to_zero,
)
from gan_core.pieces.networks import mlp, sngan_discriminator
from gan_core.training.unrolling import unroll


def test_gan_has_the_parts_it_names():
    gan = methods.gan((1, 8, 8), z=5, width=7, depth=3)
    generator, discriminator = gan.generator(), gan.discriminator()
    assert gan.objective is objectives.non_saturating
    assert (gan.z, gan.n_dis) == (5, 1)
    assert generator(torch.zeros(4, 5)).shape == (4, 1, 8, 8)
    assert discriminator(torch.zeros(4, 1, 8, 8)).shape == (4, 1)
    for module in (generator, discriminator):
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        assert [layer.out_features for layer in linear[:-1]] == [7, 7, 7]
    assert {type(layer) for layer in discriminator} >= {nn.LeakyReLU, nn.Identity}  # logits: no sigmoid at the end
    assert nn.Sigmoid not in {type(layer) for layer in discriminator}


def test_images_are_bounded_and_points_are_not():
    for shape, bounded in (((1, 8, 8), True), ((2,), False)):
        generator = methods.gan(shape).generator()
        x = generator(1e4 * torch.randn(64, 16, generator=torch.Generator().manual_seed(0))).abs().max()
        assert (x <= 1) == bounded


@pytest.mark.parametrize("shape", [3, (), (2, 2), "12", (1, 2, 3, 4)])
def test_gan_wants_the_shape_of_an_example(shape):
    with pytest.raises(ValueError, match="shape must be that of a point"):
        methods.gan(shape)


def test_a_size_below_one_is_said_where_it_is_given():
    with pytest.raises(ValueError, match="z must be at least 1; given 0"):
        methods.gan((2,), z=0)
    with pytest.raises(ValueError, match="width must be at least 1; given 0"):
        methods.gan((2,), width=0).generator()


# ---- what is said of them


PAPERS = {
    "gan": "Goodfellow et al. 2014",
    "dcgan": "Radford et al. 2016",
    "unrolled": "Metz et al. 2017",
    "wgan": "Arjovsky et al. 2017",
    "wgan_gp": "Gulrajani et al. 2017",
    "r1gan": "Mescheder et al. 2018",
    "sngan": "Miyato et al. 2018",
    "sngan_resnet": "Miyato et al. 2018",
    "sndcgan": "Miyato et al. 2018",
    "progressive": "Karras et al. 2018",
    "vae": "Kingma & Welling 2014",
    "flow": "Lipman et al. 2023",
    "cgan": "Mirza & Osindero 2014",
    "acgan": "Odena et al. 2017",
    "projection": "Miyato & Koyama 2018",
    "sagan": "Zhang et al. 2019",
    "r3gan": "Huang et al. 2024",
}


def test_every_method_is_described_and_nothing_else_is_a_method():
    own = {name for name, found in vars(methods).items() if isfunction(found) and found.__module__ == methods.__name__}
    assert set(recipes.methods()) == {name for name in own if not name.startswith("_")} - {"described"}
    assert {name: method.paper for name, method in recipes.methods().items()} == PAPERS
    for name, method in recipes.methods().items():
        assert 20 < len(method.about) < 90, name
        assert method.about == method.about.strip(" .\n"), name
        first, year = method.paper.split()[0], method.paper.split()[-1]
        assert re.search(rf"{first}.* {year}\b", method.__doc__), f"the docstring of {name} has another source"


def test_described_gives_a_method_its_data_and_leaves_it_a_function():
    def plain(shape):
        return shape

    said = methods.described("Somebody 2030", "a line")(plain)
    assert said is plain
    assert (said.paper, said.about) == ("Somebody 2030", "a line")
    assert said((2,)) == (2,)


# ---- the settings of the papers, written down once more


SHAPES = {
    "wgan": ((2,), (1, 16, 16)),
    "wgan_gp": ((2,), (1, 16, 16)),
    "r1gan": ((2,), (1, 16, 16)),
    "sngan": ((2,), (1, 16, 16)),
    "sngan_resnet": ((3, 16, 16),),
    "sndcgan": ((2,), (1, 16, 16)),
}
SETTINGS = {  # the losses, n_dis, the optimizer of both players and its numbers
    "wgan": ("wasserstein", 5, torch.optim.RMSprop, {"lr": 5e-5, "alpha": 0.99, "momentum": 0, "weight_decay": 0}),
    "wgan_gp": ("wasserstein", 5, torch.optim.Adam, {"lr": 1e-4, "betas": (0.0, 0.9), "weight_decay": 0}),
    "r1gan": ("non_saturating", 1, torch.optim.Adam, {"lr": 1e-3, "betas": (0.0, 0.99), "weight_decay": 0}),
    "sngan": ("hinge", 1, torch.optim.Adam, {"lr": 2e-4, "betas": (0.5, 0.999), "weight_decay": 0}),
    "sngan_resnet": ("hinge", 5, torch.optim.Adam, {"lr": 2e-4, "betas": (0.0, 0.9), "weight_decay": 0}),
    "sndcgan": ("hinge", 1, torch.optim.Adam, {"lr": 1e-3, "betas": (0.0, 0.9), "weight_decay": 0}),
}


def data(shape):
    return torch.randn(32, *shape, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


def layers(network, *kinds):
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


def normed(network):
    return bool(layers(network, nn.modules.batchnorm._BatchNorm))


def dense_or_convolution(network):
    return layers(network, nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def oracle_settings(method, name):
    objective, n_dis, kind, numbers = SETTINGS[name]
    for shape in SHAPES[name]:
        gan = method(shape, z=5, width=4)
        assert (gan.objective.name, gan.n_dis, gan.z, gan.ema) == (objective, n_dis, 5, None)
        run = training.start(gan, data(shape), batch=8)
        for optimizer, network in ((run.optimizer_d, run.discriminator), (run.optimizer_g, run.generator)):
            (group,) = optimizer.param_groups
            assert type(optimizer) is kind
            assert {key: group[key] for key in numbers} == numbers
            assert len(group["params"]) == len(list(network.parameters()))
        assert run.samples(3).shape == (3, *shape)
        assert run.logits(data(shape)).shape == (32,)
        assert torch.isfinite(training.train(run, 1).samples(3)).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_the_settings_of_the_paper(name):
    oracle_settings(getattr(methods, name), name)


def but(name, **parts):
    """The method with other parts."""
    return lambda *args, **kwargs: replace(getattr(methods, name)(*args, **kwargs), **parts)


SETTINGS_MUTANTS = {
    "wgan: hinge": ("wgan", but("wgan", objective=objectives.hinge)),
    "wgan: one step of D": ("wgan", but("wgan", n_dis=1)),
    "wgan: Adam": ("wgan", but("wgan", optimizer_d=training.adam)),
    "wgan: Adam for G": ("wgan", but("wgan", optimizer_g=training.adam)),
    "wgan: momentum": ("wgan", but("wgan", optimizer_d=partial(torch.optim.RMSprop, lr=5e-5, momentum=0.9))),
    "wgan_gp: β₁ = 0.5": ("wgan_gp", but("wgan_gp", optimizer_g=partial(training.adam, lr=1e-4))),
    "wgan_gp: the rate of dcgan": ("wgan_gp", partial(methods.wgan_gp, lr=2e-4)),
    "wgan_gp: a loss on probabilities": ("wgan_gp", but("wgan_gp", objective=objectives.non_saturating)),
    "r1gan: the optimizer of dcgan": ("r1gan", but("r1gan", optimizer_d=partial(training.adam, lr=2e-4))),
    "r1gan: hinge": ("r1gan", but("r1gan", objective=objectives.hinge)),
    "sngan: five steps of D": ("sngan", partial(methods.sngan, n_dis=5)),
    "sngan: non-saturating": ("sngan", partial(methods.sngan, objective=objectives.non_saturating)),
    "sngan_resnet: β₁ = 0.5": ("sngan_resnet", but("sngan_resnet", optimizer_d=partial(training.adam, lr=2e-4))),
    "sndcgan: the rate of dcgan": ("sndcgan", partial(methods.sndcgan, lr=2e-4)),
    "sngan_resnet: one step of D": ("sngan_resnet", partial(methods.sngan_resnet, n_dis=1)),
}


@pytest.mark.parametrize("name", SETTINGS_MUTANTS)
def test_settings_mutants(name):
    method, mutant = SETTINGS_MUTANTS[name]
    assert_killed(partial(oracle_settings, name=method), mutant)


@pytest.mark.parametrize("name", ["sngan", "sngan_resnet"])
def test_the_other_loss_of_the_paper_is_a_choice(name):
    for objective in (objectives.hinge, objectives.non_saturating):
        gan = getattr(methods, name)((3, 16, 16), width=2, objective=objective, n_dis=3)
        assert (gan.objective, gan.n_dis) == (objective, 3)


def test_sndcgan_has_the_networks_of_dcgan_without_batch_norm_in_d():
    ours, plain = (method((1, 16, 16), z=5, width=4) for method in (methods.sndcgan, methods.wgan_gp))
    assert str(ours.generator()) == str(plain.generator())
    both = [dense_or_convolution(gan.discriminator()) for gan in (ours, plain)]
    assert [layer.weight.shape for layer in both[0]] == [layer.weight.shape for layer in both[1]]


# ---- what keeps the critic in bounds


def oracle_clipped(wgan):
    """Weights in ±0.01 after a step of D, those of G untouched; the networks are those of gan and of dcgan."""
    for shape, base in (((2,), methods.gan), ((1, 16, 16), methods.dcgan)):
        gan, plain = wgan(shape, z=5, width=4), base(shape, z=5, width=4)
        assert gan.penalties == ()
        run, other = (training.start(each, data(shape), batch=8) for each in (gan, plain))
        assert str(run.generator) == str(other.generator)
        assert str(run.discriminator) == str(other.discriminator)
        before = [p.detach().clone() for p in run.generator.parameters()]
        training.discriminator_step(run)
        largest = max(p.abs().max().item() for p in run.discriminator.parameters())
        assert largest == pytest.approx(0.01), "not clipped to ±0.01, or to less"
        assert all(map(torch.equal, before, run.generator.parameters()))
    wide = training.fit(wgan((2,), z=5, width=4, c=0.3), data((2,)), steps=1, batch=8).discriminator
    assert max(p.abs().max().item() for p in wide.parameters()) == pytest.approx(0.3)


def test_wgan_clips():
    oracle_clipped(methods.wgan)


CLIPPING_MUTANTS = {
    "never": lambda *args, c=0.01, **sizes: replace(methods.wgan(*args, **sizes), constraints=()),
    "c is not given on": lambda *args, c=0.01, **sizes: methods.wgan(*args, **sizes),
    "another c": lambda *args, c=0.02, **sizes: methods.wgan(*args, c=c, **sizes),
    "a penalty too": but("wgan", penalties=(GradientPenalty(10),)),
    "another critic": but("wgan", discriminator=lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(1))),
}


@pytest.mark.parametrize("name", CLIPPING_MUTANTS)
def test_clipping_mutants(name):
    assert_killed(oracle_clipped, CLIPPING_MUTANTS[name])


PENALTIES = {  # weight, where, the price of a slope, in every so many iterations
    "wgan_gp": GradientPenalty(10, at=on_segment, cost=to_one, every=1),
    "r1gan": GradientPenalty(0.05, at=on_real, cost=to_zero, every=4),
}


def oracle_penalised(method, name):
    """The price that the method is known for and no other; no batch normalisation in D, and as before in G."""
    for shape, base in (((2,), methods.gan), ((1, 16, 16), methods.dcgan)):
        gan, plain = method(shape, z=5, width=4), base(shape, z=5, width=4)
        assert gan.penalties == (PENALTIES[name],)
        assert gan.constraints == ()
        assert not normed(gan.discriminator())
        assert str(gan.generator()) == str(plain.generator())
        ours, theirs = (dense_or_convolution(each.discriminator()) for each in (gan, plain))
        assert [layer.weight.shape for layer in ours] == [layer.weight.shape for layer in theirs]
        assert all(layer.bias is not None for layer in ours), "no norm after it, and no bias in it"


@pytest.mark.parametrize("name", PENALTIES)
def test_a_price_on_slopes(name):
    oracle_penalised(getattr(methods, name), name)


def test_the_price_is_a_choice():
    assert methods.wgan_gp((2,), weight=3).penalties == (GradientPenalty(3),)
    assert methods.r1gan((2,), gamma=6, every=2).penalties == (GradientPenalty(3, at=on_real, cost=to_zero, every=2),)


def with_penalty(*penalties):
    return but("wgan_gp", penalties=penalties)


PENALTY_MUTANTS = {
    "none": with_penalty(),
    "at real examples": with_penalty(GradientPenalty(10, at=on_real)),
    "one-sided": with_penalty(GradientPenalty(10, cost=above_one)),
    "the weight of the toy code": with_penalty(GradientPenalty(0.1)),
    "lazy": with_penalty(GradientPenalty(10, every=4)),
    "clipped too": but("wgan_gp", constraints=(clip(0.01),)),
    "batch norm in the critic": lambda shape, **more: replace(
        methods.wgan_gp(shape, **more), discriminator=methods.wgan(shape, z=5, width=4).discriminator
    ),
    "a generator without batch norm": lambda shape, **more: replace(
        methods.wgan_gp(shape, **more), generator=partial(mlp, 5, shape, end=nn.Tanh)
    ),
}


@pytest.mark.parametrize("name", PENALTY_MUTANTS)
def test_penalty_mutants(name):
    assert_killed(partial(oracle_penalised, name="wgan_gp"), PENALTY_MUTANTS[name])


def test_r1_mutants():
    assert_killed(partial(oracle_penalised, name="r1gan"), partial(methods.r1gan, every=1))
    assert_killed(partial(oracle_penalised, name="r1gan"), partial(methods.r1gan, gamma=0.2))
    assert_killed(partial(oracle_penalised, name="r1gan"), but("r1gan", penalties=(r2(0.1, every=4),)))


def settled(network, shape):
    """The network in training, after its power iterations had time to arrive."""
    with torch.no_grad():
        for _ in range(200):
            network(data(shape)[:2])
    return network


def oracle_normalised(method, name):
    """σ(W) = 1 in every layer of D, the last one too; in G there is no such thing, and batch norm only there."""
    for shape in SHAPES[name]:
        gan = method(shape, z=5, width=4)
        assert (gan.penalties, gan.constraints) == ((), ())
        torch.manual_seed(0)
        generator, discriminator = gan.generator(), settled(gan.discriminator(), shape)
        for layer, values in singular_values(discriminator).items():
            assert values[0].item() == pytest.approx(1, abs=1e-3), layer
        assert len(singular_values(discriminator)) == len(dense_or_convolution(discriminator)) >= 3
        assert not normed(discriminator)
        assert normed(generator) == (len(shape) == 3)
        assert not any(map(nn.utils.parametrize.is_parametrized, generator.modules()))


@pytest.mark.parametrize("name", ["sngan", "sngan_resnet", "sndcgan"])
def test_sngan_normalises_every_layer_of_d_and_none_of_g(name):
    oracle_normalised(getattr(methods, name), name)


def last_left_out():
    network = methods.sngan((1, 16, 16), width=4).discriminator()
    nn.utils.parametrize.remove_parametrizations(network[-1], "weight", leave_parametrized=False)
    return network


def g_too(shape, **sizes):
    gan = methods.sngan(shape, **sizes)
    return replace(gan, generator=lambda: spectrally_normalised(gan.generator()))


NORMALISATION_MUTANTS = {
    "not at all": lambda shape, **sizes: replace(
        methods.sngan(shape, **sizes), discriminator=partial(sngan_discriminator, shape, width=4)
    ),
    "all but the last layer": but("sngan", discriminator=last_left_out),
    "G too": g_too,
    "batch norm in D": lambda shape, **sizes: replace(
        methods.sngan(shape, **sizes),
        discriminator=lambda: spectrally_normalised(methods.dcgan(shape, width=4).discriminator()),
    ),
    "a penalty too": but("sngan", penalties=(GradientPenalty(10),)),
}


@pytest.mark.parametrize("name", NORMALISATION_MUTANTS)
def test_normalisation_mutants(name, monkeypatch):
    monkeypatch.setitem(SHAPES, "sngan", ((1, 16, 16),))
    assert_killed(partial(oracle_normalised, name="sngan"), NORMALISATION_MUTANTS[name])


@pytest.mark.parametrize("name", SHAPES)
def test_sizes_are_given_on(name):
    for shape in SHAPES[name]:
        few, many = (getattr(methods, name)(shape, z=6, width=width) for width in (2, 8))
        assert few.z == 6
        for network in ("generator", "discriminator"):
            small, large = (sum(p.numel() for p in getattr(gan, network)().parameters()) for gan in (few, many))
            assert large > 2 * small


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: methods.wgan((2,), c=0), "c must be a positive number, such as 0.01; given 0"),
        (lambda: methods.wgan((3, 48, 48)).generator(), r"DCGAN needs square images .*given \(3, 48, 48\)"),
        (lambda: methods.wgan((2, 2)), "shape must be that of a point"),
        (lambda: methods.wgan_gp((2,), weight=-1), "weight must be a positive number, such as 10; given -1"),
        (lambda: methods.r1gan((2,), every=0), "every must be at least 1; given 0"),
        (lambda: methods.wgan_gp(7), "shape must be that of a point"),
        (lambda: methods.sngan((3, 8, 8)).generator(), r"size one of 16, 32, 48, 64, 128; given \(3, 8, 8\)"),
        (lambda: methods.sngan((2, 2)), "shape must be that of a point"),
        (lambda: methods.sngan((2,), n_dis=0), "n_dis must be at least 1; given 0"),
        (lambda: methods.sngan_resnet((2,)).generator(), r"needs square images .*given \(2,\)"),
    ],
)
def test_what_the_lipschitz_methods_do_not_take(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


# ---- with an opponent that looks ahead


def kept(run):
    """All that D is, and what its optimizer remembers."""
    remembered = {f"{i} {name}": value for i, each in enumerate(run.optimizer_d.state.values())
                  for name, value in each.items()}  # fmt: skip
    return {name: value.clone() for name, value in {**run.discriminator.state_dict(), **remembered}.items()}


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("name", ["wgan_gp", "r1gan", "sngan", "sngan_resnet", "sndcgan"])
def test_g_may_look_ahead_of_a_critic_in_bounds_and_d_stays_where_it_is(name, first_order):
    for shape in SHAPES[name]:
        gan = replace(getattr(methods, name)(shape, z=5, width=4), opponent=unroll(2, first_order=first_order))
        run = training.start(replace(gan, n_dis=1), data(shape), batch=8)
        training.iteration(run)
        d, g = kept(run), [p.detach().clone() for p in run.generator.parameters()]
        assert training.generator_step(run).isfinite()
        assert kept(run).keys() == d.keys()
        assert all(torch.equal(value, d[key]) for key, value in kept(run).items())
        assert all(p.isfinite().all() for p in run.generator.parameters())
        assert not all(map(torch.equal, g, run.generator.parameters()))


def test_looking_through_clipping_is_refused_with_the_reason():
    gan = replace(methods.wgan((2,), z=5, width=4), opponent=unroll(2))
    with pytest.raises(ValueError, match="cannot look through constraints, which change D in place; use a penalty"):
        training.fit(gan, data((2,)), steps=1, batch=8)
