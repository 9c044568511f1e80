"""The losses against closed forms in numpy, torch's own cross-entropy, and the divergences they minimise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mutants import assert_killed, faults_of
from scipy.optimize import linprog, minimize, minimize_scalar
from scipy.stats import wasserstein_distance
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, relu, softplus

from gan_core import divergences, objectives
from gan_core.pieces.objectives import Objective

REAL = np.array([-3.0, -0.5, 0.0, 0.4, 1.5, 6.0])
FAKE = np.array([-5.0, -1.2, 0.3, 2.5])  # fewer than real: a mean taken over both at once shows


def log_sigmoid(a):
    """log σ(a) = −log(1 + e^{−a}), in numpy."""
    return -np.logaddexp(0, -np.asarray(a))


def sigmoid(a):
    return 1 / (1 + np.exp(-np.asarray(a)))


LOSS_D = {
    "saturating": lambda r, f: -log_sigmoid(r).mean() - log_sigmoid(-f).mean(),
    "minimax": lambda r, f: -log_sigmoid(r).mean() - log_sigmoid(-f).mean(),
    "non_saturating": lambda r, f: -log_sigmoid(r).mean() - log_sigmoid(-f).mean(),
    "hinge": lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
    "wasserstein": lambda r, f: f.mean() - r.mean(),
    "least_squares": lambda r, f: ((r - 1) ** 2).mean() / 2 + ((f + 1) ** 2).mean() / 2,
}
LOSS_G = {
    "saturating": lambda f: log_sigmoid(-f).mean(),  # log(1 − D)
    "minimax": lambda f: log_sigmoid(REAL).mean() + log_sigmoid(-f).mean(),  # log D + log(1 − D)
    "non_saturating": lambda f: -log_sigmoid(f).mean(),  # −log D
    "hinge": lambda f: -f.mean(),
    "wasserstein": lambda f: -f.mean(),
    "least_squares": lambda f: (f**2).mean() / 2,
}
GRADIENT_G = {  # ∂L_G/∂a of each sample, in a batch of n: the mean's 1/n times this
    "saturating": lambda f: -sigmoid(f),
    "minimax": lambda f: -sigmoid(f),
    "non_saturating": lambda f: -(1 - sigmoid(f)),
    "hinge": lambda f: -np.ones_like(f),
    "wasserstein": lambda f: -np.ones_like(f),
    "least_squares": lambda f: f,
}
NAMES = tuple(LOSS_D)


def tensor(values, **settings):
    return torch.tensor(np.asarray(values), dtype=torch.float64, **settings)


def generator(objective, real=REAL):
    """L_G as a function of the fakes; where it is paired, with these logits of real examples."""
    if not objective.paired:
        return objective.generator
    return lambda fake: objective.generator(fake, tensor(real).to(fake.dtype))


def gradient(loss, *logits):
    leaves = [tensor(each, requires_grad=True) for each in logits]
    return [g.numpy() for g in torch.autograd.grad(loss(*leaves), leaves)]


def oracle_closed_form(objective):
    """Both losses and all gradients agree with numpy, for vectors and for logits of shape (n, 1)."""
    name = objective.name
    for shape in (-1,), (-1, 1):
        real, fake = tensor(REAL).reshape(shape), tensor(FAKE).reshape(shape)
        loss_d, loss_g = objective.discriminator(real, fake), generator(objective)(fake)
        assert loss_d.shape == loss_g.shape == ()
        assert loss_d.item() == pytest.approx(LOSS_D[name](REAL, FAKE), abs=1e-14)
        assert loss_g.item() == pytest.approx(LOSS_G[name](FAKE), abs=1e-14)
    (of_fake,) = gradient(generator(objective), FAKE)
    np.testing.assert_allclose(of_fake, GRADIENT_G[name](FAKE) / len(FAKE), rtol=0, atol=1e-15)


def oracle_cross_entropy(objective):
    """An independent oracle, torch's own binary cross-entropy: D's labels are 1 for real, 0 for fake; the
    generator's label is 1 in −log D, and 0 with the sign turned in log(1 − D)."""
    real, fake = tensor(REAL), tensor(FAKE)
    bce, ones, zeros = binary_cross_entropy_with_logits, torch.ones_like, torch.zeros_like
    loss_d = bce(real, ones(real)) + bce(fake, zeros(fake))
    loss_g = bce(fake, ones(fake)) if objective.name == "non_saturating" else -bce(fake, zeros(fake))
    torch.testing.assert_close(objective.discriminator(real, fake), loss_d, rtol=0, atol=1e-14)
    torch.testing.assert_close(objective.generator(fake), loss_g, rtol=0, atol=1e-14)


def oracle_extreme_logits(objective):
    """At logits of ±10,000 losses and gradients are finite, and a discriminator that is sure and wrong feels a pull."""
    for dtype in torch.float32, torch.float64:
        logits = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4], dtype=dtype)
        real, fake = logits.clone().requires_grad_(), logits.clone().requires_grad_()
        losses = objective.discriminator(real, fake), generator(objective)(fake)
        gradients = [*torch.autograd.grad(losses[0], (real, fake)), *torch.autograd.grad(losses[1], (fake,))]
        assert all(value.isfinite().all() for value in (*losses, *gradients))
        assert (gradients[0][:2] < -0.1).all(), "real and called fake: push the logit up"
        assert (gradients[1][-2:] > 0.1).all(), "fake and called real: push the logit down"
        if objective.name in ("non_saturating", "hinge", "wasserstein"):
            assert (gradients[2][:2] < -0.1).all(), "a fake that is found out is pulled up"


def oracle_best_discriminator(objective):
    """On a histogram, the best score in each bin is D*, and the best value is what `divergences.minimised_by` says.

    L_D is a sum over the bins, so each bin's score is found alone, by a line search that knows nothing of the theory.
    """
    p, q = np.array([4, 3, 2, 1, 5, 1]) / 16, np.array([1, 2, 5, 3, 4, 1]) / 16
    real_bins, fake_bins = (np.repeat(np.arange(6), (16 * mass).astype(int)) for mass in (p, q))

    def loss_d(scores):
        return objective.discriminator(tensor(scores[real_bins]), tensor(scores[fake_bins])).item()

    scores = np.zeros(6)
    for b in range(6):
        scores[b] = minimize_scalar(
            lambda a, b=b: loss_d(np.where(np.arange(6) == b, a, scores)),
            bounds=(-4, 4), method="bounded", options={"xatol": 1e-10},
        ).x  # fmt: skip
    optimum, divergence = loss_d(scores), divergences.minimised_by(objective.name, p, q)
    differ = p != q  # where they agree the hinge loss is flat between −1 and 1
    if objective.name in ("saturating", "non_saturating"):
        np.testing.assert_allclose(sigmoid(scores), p / (p + q), atol=1e-7)
        np.testing.assert_allclose(sigmoid(scores), divergences.optimal_discriminator(p, q), atol=1e-7)
        assert -optimum == pytest.approx(divergences.minimised_by("saturating", p, q), abs=1e-12)
    elif objective.name == "hinge":
        np.testing.assert_allclose(scores[differ], np.sign(p - q)[differ], atol=1e-7)
        assert 2 - optimum == pytest.approx(divergence, abs=1e-7)
    else:
        np.testing.assert_allclose(scores, (p - q) / (p + q), atol=1e-7)
        both = objective.generator(tensor(scores[real_bins])) + objective.generator(tensor(scores[fake_bins]))
        assert 2 * both.item() == pytest.approx(divergence, abs=1e-7)


def oracle_gradient_is_the_divergences(objective):
    """With D held at its optimum, moving mass between two bins changes L_G as it changes the divergence."""
    p, q = np.array([4, 3, 2, 1]) / 10, np.array([1, 2, 4, 3]) / 10
    score = np.sign(p - q) if objective.name == "hinge" else np.log(p / q)
    loss_at = np.array([objective.generator(tensor([a])).item() for a in score])  # L_G of a sample in each bin
    h = 1e-6
    for i, j in (0, 1), (1, 2), (0, 3):
        step = h * (np.eye(4)[i] - np.eye(4)[j])
        change = (
            divergences.minimised_by(objective.name, p, q + step)
            - divergences.minimised_by(objective.name, p, q - step)
        ) / (2 * h)
        assert loss_at[i] - loss_at[j] == pytest.approx(change, abs=1e-8)


def oracle_wasserstein(objective):
    """The best 1-Lipschitz score, found by a linear program, gives −L_D = W₁, and scores real above fake."""
    rng = np.random.default_rng(0)
    for _ in range(10):
        positions = np.sort(rng.uniform(0, 5, 12))
        real, fake = rng.choice(12, 7), rng.choice(12, 5)
        p, q = np.bincount(real, minlength=12) / 7, np.bincount(fake, minlength=12) / 5
        difference = np.diff(np.eye(12), axis=0)
        f = linprog(q - p, np.vstack([difference, -difference]), np.tile(np.diff(positions), 2), bounds=(-9, 9)).x
        distance = wasserstein_distance(positions, positions, p, q)
        assert -objective.discriminator(tensor(f[real]), tensor(f[fake])).item() == pytest.approx(distance, abs=1e-9)


def oracle_value_of_the_game(cross_entropy):
    """L_D = −V(D), the value that `divergences.value` computes from probabilities; log 4 where D cannot tell."""
    p, q = np.array([3, 1, 4, 2]) / 10, np.array([2, 5, 1, 2]) / 10
    logits = np.array([-1.0, 0.3, 2.0, 0.0])
    real, fake = np.repeat(logits, [3, 1, 4, 2]), np.repeat(logits, [4, 10, 2, 4])  # twice as many fakes
    loss = cross_entropy(tensor(real), tensor(fake)).item()
    assert loss == pytest.approx(-divergences.value(sigmoid(logits), p, q), abs=1e-14)
    assert cross_entropy(tensor(np.zeros(3)), tensor(np.zeros(2))).item() == pytest.approx(np.log(4))


def oracle_named(named):
    """A known name gives the objective that bears it; anything else is an error that names those there are."""
    for name in (*NAMES, "relativistic"):
        assert named(name) is getattr(objectives, name)
        assert named(name).name == name
    for unknown in "wgan", "", None, ["hinge"]:
        with pytest.raises(ValueError, match=r"unknown objective .*known are saturating, minimax, non_saturating"):
            named(unknown)


def test_named():
    assert tuple(objectives.OBJECTIVES) == (*NAMES, "relativistic")
    oracle_named(objectives.named)


@pytest.mark.parametrize("name", NAMES)
def test_closed_form(name):
    oracle_closed_form(objectives.named(name))


@pytest.mark.parametrize("name", ["saturating", "non_saturating"])
def test_torchs_cross_entropy(name):
    oracle_cross_entropy(objectives.named(name))


@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits(name):
    oracle_extreme_logits(objectives.named(name))


@pytest.mark.parametrize("name", ["saturating", "non_saturating", "hinge", "least_squares"])
def test_the_best_discriminator_is_the_theorys(name):
    oracle_best_discriminator(objectives.named(name))


@pytest.mark.parametrize("name", ["saturating", "non_saturating", "hinge"])
def test_the_generators_gradient_is_the_divergences(name):
    oracle_gradient_is_the_divergences(objectives.named(name))


def test_wasserstein():
    oracle_wasserstein(objectives.wasserstein)


def test_cross_entropy_is_minus_the_value_of_the_game():
    oracle_value_of_the_game(objectives.cross_entropy)


# Up to 20, because torch's softplus(x) is x itself beyond: off by e^−20 at most.
logits = arrays(np.float64, st.integers(1, 8), elements=st.floats(-20, 20))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(logits, logits)
def test_what_holds_at_any_logits(real, fake):
    saturating, non_saturating = objectives.saturating, objectives.non_saturating
    r, f = tensor(real), tensor(fake)
    # the two generator losses add up to −E[a], the generator's loss of hinge and Wasserstein
    total = (saturating.generator(f) + non_saturating.generator(f)).item()
    assert total == pytest.approx(objectives.hinge.generator(f).item(), abs=1e-12)
    # zero sum: L_G of the saturating game is the part of −L_D that the generator can change
    value = log_sigmoid(real).mean() + saturating.generator(f).item()
    assert saturating.discriminator(r, f).item() == pytest.approx(-value, abs=1e-12)
    # D ≤ −log(1 − D): a discriminator that wins, L_D → 0, leaves the saturating loss without a gradient
    (of_fake,) = gradient(saturating.generator, fake)
    assert np.abs(of_fake).sum() <= saturating.discriminator(r, f).item() + 1e-12
    # both pull every fake the same way: up
    assert (of_fake <= 0).all()
    assert (gradient(non_saturating.generator, fake)[0] <= 0).all()


def oracle_zero_sum(objective):
    """What one player gains the other loses, to the last term: L_G = V = −L_D, and its gradient reaches both logits."""
    real, fake = tensor(REAL, requires_grad=True), tensor(FAKE, requires_grad=True)
    of_g = torch.autograd.grad(objective.generator(fake, real), (real, fake))
    of_d = torch.autograd.grad(objective.discriminator(real, fake), (real, fake))
    assert (objective.generator(fake, real) + objective.discriminator(real, fake)).item() == 0
    for theirs, ours in zip(of_g, of_d, strict=True):
        torch.testing.assert_close(theirs, -ours, rtol=0, atol=1e-16)


def test_minimax_is_zero_sum():
    oracle_zero_sum(objectives.minimax)
    assert [each.name for each in objectives.OBJECTIVES.values() if each.paired] == ["minimax", "relativistic"]


# ---- the relativistic losses, of pairs


def oracle_relativistic(objective):
    """Of pairs (r, f): L_D = −E[log σ(r − f)], L_G = −E[log σ(f − r)]; a shift of all logits changes neither; each
    logit is moved by 1/n of the probability that D, or G, gives to the wrong answer."""
    real, fake = REAL, np.array([2.0, -0.5, -7.0, 3.0, 1.0, 9.0])  # as many, and not in the same order
    n, wrong = len(real), sigmoid(fake - real)  # D's probability that the fake one is the real one
    for shape in (n,), (n, 1), (2, 3):
        r, f = tensor(real).reshape(shape), tensor(fake).reshape(shape)
        loss_d, loss_g = objective.discriminator(r, f), objective.generator(f, r)
        assert loss_d.shape == loss_g.shape == ()
        assert loss_d.item() == pytest.approx(-log_sigmoid(real - fake).mean(), abs=1e-14)
        assert loss_g.item() == pytest.approx(-log_sigmoid(fake - real).mean(), abs=1e-14)
        for shift in (-3.0, 0.5, 100.0):
            assert objective.discriminator(r + shift, f + shift).item() == pytest.approx(loss_d.item(), abs=1e-12)
            assert objective.generator(f + shift, r + shift).item() == pytest.approx(loss_g.item(), abs=1e-12)
    expected = [-wrong / n, wrong / n]
    np.testing.assert_allclose(gradient(objective.discriminator, real, fake), expected, rtol=0, atol=1e-15)
    expected = [-(1 - wrong) / n, (1 - wrong) / n]
    np.testing.assert_allclose(gradient(objective.generator, fake, real), expected, rtol=0, atol=1e-15)
    assert objective.paired


def oracle_relativistic_extremes(objective):
    """At logits of ±10,000 losses and gradients are finite, and who is sure and wrong feels a pull."""
    for dtype in torch.float32, torch.float64:
        low, high = (torch.full((3,), each, dtype=dtype, requires_grad=True) for each in (-1e4, 1e4))
        for loss in objective.discriminator(low, high), objective.generator(low, high):
            of_low, of_high = torch.autograd.grad(loss, (low, high))
            assert loss.isfinite()
            assert (of_low + 1 / 3).abs().max() < 1e-6, "called less real than its partner: push the logit up"
            assert (of_high - 1 / 3).abs().max() < 1e-6
        for loss in objective.discriminator(high, low), objective.generator(high, low):
            assert loss.item() == 0


def oracle_pairs(objective):
    """Losses of pairs need as many logits of one kind as of the other; what could be broadcast is refused too."""
    for real, fake in ((6, 4), (6, 1), (1, 6), (4, 0)):
        for loss in objective.discriminator, objective.generator:
            with pytest.raises(
                ValueError, match=r"pairs.* as many real as fake ones; given shapes \(\d,\) and \(\d,\)"
            ):
                loss(torch.zeros(real), torch.zeros(fake))
    with pytest.raises(ValueError, match=r"given shapes \(5,\) and \(5, 1\)"):
        objective.discriminator(torch.zeros(5), torch.zeros(5, 1))


def test_relativistic():
    for oracle in oracle_relativistic, oracle_relativistic_extremes, oracle_pairs:
        oracle(objectives.relativistic)


def oracle_best_relativistic(objective):
    """The best score is log p/q up to a shift, as for the cross-entropy, and L_D is then log 2 − JSD(p⊗q, q⊗p): to tell
    which of a pair is real is to tell (real, fake) from (fake, real). On a histogram, all pairs as often as they come.
    """
    p, q = np.array([4, 3, 2, 1]) / 10, np.array([1, 2, 4, 3]) / 10
    counts = np.rint(100 * np.outer(p, q)).astype(int)
    real_bins, fake_bins = (np.repeat(bins.ravel(), counts.ravel()) for bins in np.indices((4, 4)))

    def loss_and_slope(scores):
        a = tensor(scores, requires_grad=True)
        loss = objective.discriminator(a[real_bins], a[fake_bins])
        return loss.item(), torch.autograd.grad(loss, a)[0].numpy()

    found = minimize(loss_and_slope, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.x - found.x[0], np.log(p / q) - np.log(p / q)[0], atol=1e-6)
    here, there = np.outer(p, q).ravel(), np.outer(q, p).ravel()
    assert found.fun == pytest.approx(np.log(2) - divergences.js(here, there), abs=1e-10)


def test_the_best_relativistic_discriminator():
    oracle_best_relativistic(objectives.relativistic)


RELATIVISTIC_MUTANTS = {
    "the parts of D's loss exchanged": lambda right: right._replace(
        discriminator=lambda r, f: right.discriminator(f, r)
    ),
    "G minimises D's loss": lambda right: right._replace(generator=lambda f, r: right.discriminator(r, f)),
    "of means, not of pairs": lambda right: right._replace(discriminator=lambda r, f: softplus(f.mean() - r.mean())),
    "against the mean fake": lambda right: right._replace(discriminator=lambda r, f: softplus(f.mean() - r).mean()),
    "every real with every fake": lambda right: right._replace(
        discriminator=lambda r, f: softplus(f.flatten() - r.flatten()[:, None]).mean()
    ),
    "not relativistic": lambda right: right._replace(generator=lambda f, r: objectives.non_saturating.generator(f)),
    "zero sum": lambda right: right._replace(generator=lambda f, r: -right.discriminator(r, f)),
    "the real ones held constant": lambda right: right._replace(generator=lambda f, r: right.generator(f, r.detach())),
    "the sum of the pairs": lambda right: right._replace(discriminator=lambda r, f: softplus(f - r).sum()),
    "both players' in one": lambda right: right._replace(
        discriminator=lambda r, f: softplus(f - r).mean() + softplus(r - f).mean()
    ),
    "not told to be paired": lambda right: right._replace(paired=False),
}
PAIRS_MUTANTS = {
    "no look": lambda right: right._replace(discriminator=lambda r, f: softplus(f - r).mean()),
    "as many as both have": lambda right: right._replace(
        generator=lambda f, r: softplus(r[: len(f)] - f[: len(r)]).mean()
    ),
}
RELATIVISTIC_EXTREMES = {
    "log of a sigmoid": lambda right: right._replace(discriminator=lambda r, f: -(r - f).sigmoid().log().mean()),
    "by its formula": lambda right: right._replace(generator=lambda f, r: (1 + (r - f).exp()).log().mean()),
}


def test_hinge_is_wasserstein_only_between_the_margins():
    inside = tensor([-0.9, 0.0, 0.7])
    beyond = tensor([-3.0, 0.0, 2.0])
    hinge, wasserstein = objectives.hinge.discriminator, objectives.wasserstein.discriminator
    assert hinge(inside, -inside).item() == pytest.approx(2 + wasserstein(inside, -inside).item())
    assert hinge(beyond, -beyond).item() - 2 - wasserstein(beyond, -beyond).item() > 0.5
    # nothing to gain beyond the margin: the hinge has no gradient there, Wasserstein always has
    past = tensor([1.5, 3.0]), tensor([-1.5, -3.0])
    np.testing.assert_array_equal(gradient(hinge, *past), np.zeros((2, 2)))
    np.testing.assert_array_equal(gradient(wasserstein, *past), [[-0.5, -0.5], [0.5, 0.5]])


def test_least_squares_targets():
    losses = objectives.least_squares
    assert losses.discriminator(tensor([1.0, 1.0]), tensor([-1.0])).item() == 0
    assert losses.discriminator(tensor([-1.0]), tensor([1.0])).item() == 4
    assert losses.generator(tensor([0.0, 0.0])).item() == 0
    assert losses.generator(tensor([2.0])).item() == 2


NAMED_MUTANTS = {
    "None for an unknown name": objectives.OBJECTIVES.get,
    "the default for an unknown name": lambda name: objectives.OBJECTIVES.get(str(name), objectives.non_saturating),
    "always the default": lambda name: objectives.non_saturating,
}


def changed(name, discriminator=None, generator=None):
    right = objectives.OBJECTIVES[name]
    return Objective(name, discriminator or right.discriminator, generator or right.generator)


def from_probabilities(real, fake):
    one, zero = torch.ones_like(real), torch.zeros_like(fake)
    return binary_cross_entropy(real.sigmoid(), one) + binary_cross_entropy(fake.sigmoid(), zero)


CROSS_ENTROPY_MUTANTS = {
    "real and fake swapped": lambda r, f: softplus(r).mean() + softplus(-f).mean(),
    "sign lost": lambda r, f: -softplus(-r).mean() - softplus(f).mean(),
    "softplus of the wrong sign for the real": lambda r, f: softplus(r).mean() + softplus(f).mean(),
    "the real left out": lambda r, f: softplus(f).mean(),
    "the fake left out": lambda r, f: softplus(-r).mean(),
    "mean of the real side lost": lambda r, f: softplus(-r).sum() + softplus(f).mean(),
    "mean of the fake side lost": lambda r, f: softplus(-r).mean() + softplus(f).sum(),
    "halved": lambda r, f: (softplus(-r).mean() + softplus(f).mean()) / 2,
    "one mean over both": lambda r, f: 2 * torch.cat([softplus(-r), softplus(f)]).mean(),
    "sigmoid applied twice": lambda r, f: softplus(-r.sigmoid()).mean() + softplus(f.sigmoid()).mean(),
    "log base 2": lambda r, f: (softplus(-r).mean() + softplus(f).mean()) / np.log(2),
}
GENERATOR_MUTANTS = {  # for both games: none of these is either loss
    "sigmoid applied twice": lambda f: softplus(-f.sigmoid()).mean(),
    "mean lost": lambda f: softplus(-f).sum(),
    "probability itself": lambda f: -f.sigmoid().mean(),
}


@pytest.mark.parametrize("oracle", [oracle_closed_form, oracle_cross_entropy])
@pytest.mark.parametrize("fault", CROSS_ENTROPY_MUTANTS)
def test_mutants_of_the_cross_entropy(fault, oracle):
    assert_killed(oracle, changed("saturating", CROSS_ENTROPY_MUTANTS[fault]))


@pytest.mark.parametrize("oracle", [oracle_closed_form, oracle_cross_entropy])
@pytest.mark.parametrize("name", ["saturating", "non_saturating"])
@pytest.mark.parametrize("fault", GENERATOR_MUTANTS)
def test_mutants_of_the_generators_losses(fault, name, oracle):
    assert_killed(oracle, changed(name, generator=GENERATOR_MUTANTS[fault]))


@pytest.mark.parametrize(
    "oracle", [oracle_closed_form, oracle_cross_entropy, oracle_gradient_is_the_divergences], ids=lambda o: o.__name__
)
def test_the_two_generator_losses_swapped(oracle):
    """The fault of the loss article."""
    assert_killed(oracle, changed("saturating", generator=objectives.non_saturating.generator))
    assert_killed(oracle, changed("non_saturating", generator=objectives.saturating.generator))


@pytest.mark.parametrize("name", ["saturating", "non_saturating"])
def test_sign_of_the_generators_loss_lost(name):
    flipped = changed(name, generator=lambda f: -objectives.OBJECTIVES[name].generator(f))
    for oracle in oracle_closed_form, oracle_cross_entropy, oracle_gradient_is_the_divergences:
        assert_killed(oracle, flipped)


EXTREME_MUTANTS = {
    "cross-entropy of probabilities": changed("non_saturating", from_probabilities),
    "log of a sigmoid": changed("non_saturating", generator=lambda f: -f.sigmoid().log().mean()),
    "log of one minus a sigmoid": changed("saturating", generator=lambda f: (1 - f.sigmoid()).log().mean()),
    "−log D through BCELoss": changed(
        "non_saturating", generator=lambda f: binary_cross_entropy(f.sigmoid(), torch.ones_like(f))
    ),
    "softplus by its formula": changed("saturating", generator=lambda f: -torch.log(1 + f.exp()).mean()),
    "clamped logits": changed("non_saturating", generator=lambda f: softplus(-f.clamp(-20, 20)).mean()),
}


BEST_DISCRIMINATOR_MUTANTS = {
    "cross-entropy, real and fake swapped": changed("saturating", CROSS_ENTROPY_MUTANTS["real and fake swapped"]),
    "cross-entropy, halved": changed("saturating", CROSS_ENTROPY_MUTANTS["halved"]),
    "cross-entropy, one mean over both": changed("saturating", lambda r, f: softplus(-torch.cat([r, -f])).mean()),
    "hinge without its relu": changed("hinge", objectives.wasserstein.discriminator),
    "hinge with margin 0": changed("hinge", lambda r, f: relu(-r).mean() + relu(f).mean()),
    "hinge with one side open": changed("hinge", lambda r, f: relu(1 - r).mean() + (1 + f).mean()),
    "hinge squared": changed("hinge", lambda r, f: relu(1 - r).square().mean() + relu(1 + f).square().mean()),
    "least squares with targets 1 and 0": changed(
        "least_squares", lambda r, f: ((r - 1).square().mean() + f.square().mean()) / 2
    ),
    "least squares with targets swapped": changed(
        "least_squares", lambda r, f: ((r + 1).square().mean() + (f - 1).square().mean()) / 2
    ),
    "least squares, the generator's target 1": changed(
        "least_squares", generator=lambda f: (f - 1).square().mean() / 2
    ),
    "least squares, the generator's half lost": changed("least_squares", generator=lambda f: f.square().mean()),
}


SCORE_MUTANTS = {
    "hinge without its relu": changed("hinge", objectives.wasserstein.discriminator),
    "hinge, real and fake swapped": changed("hinge", lambda r, f: relu(1 + r).mean() + relu(1 - f).mean()),
    "hinge, the generator's sign lost": changed("hinge", generator=lambda f: f.mean()),
    "hinge in the generator too": changed("hinge", generator=lambda f: relu(1 - f).mean()),
    "wasserstein that is hinge": changed("wasserstein", objectives.hinge.discriminator),
    "wasserstein, sign lost": changed("wasserstein", lambda r, f: r.mean() - f.mean()),
    "wasserstein, the generator's sign lost": changed("wasserstein", generator=lambda f: f.mean()),
    "wasserstein of probabilities": changed("wasserstein", lambda r, f: f.sigmoid().mean() - r.sigmoid().mean()),
    "least squares, half lost": changed(
        "least_squares", lambda r, f: (r - 1).square().mean() + (f + 1).square().mean()
    ),
    "least squares, targets 1 and 0": changed(
        "least_squares", lambda r, f: ((r - 1).square().mean() + f.square().mean()) / 2
    ),
}


def oracle_drifting(drifting):
    """ε E_p[a²] more in L_D, of the real logits alone: the value and its gradient 2ε a / n. L_G is what it was."""
    for objective in objectives.wasserstein, objectives.hinge:
        held = drifting(objective, 0.25)
        loss = held.discriminator(tensor(REAL), tensor(FAKE)).item()
        assert loss == pytest.approx(LOSS_D[objective.name](REAL, FAKE) + 0.25 * (REAL**2).mean(), abs=1e-14)
        moved, plain = gradient(held.discriminator, REAL, FAKE), gradient(objective.discriminator, REAL, FAKE)
        np.testing.assert_allclose(moved[0] - plain[0], 0.5 * REAL / len(REAL), rtol=0, atol=1e-14)
        np.testing.assert_array_equal(moved[1], plain[1])
        assert held.generator is objective.generator
        assert held.name == f"{objective.name} + 0.25 a²"  # a checkpoint tells one from another by it


def test_drifting():
    oracle_drifting(objectives.drifting)
    # Wasserstein's loss does not mind a shift of all scores by c; with the drift one c is the best, E_p[a + c] = 0
    held = objectives.drifting(objectives.wasserstein, 0.001).discriminator
    best = minimize_scalar(lambda c: held(tensor(REAL + c), tensor(FAKE + c)).item()).x
    assert best == pytest.approx(-REAL.mean(), abs=1e-6)


def drift(of):
    return lambda objective, epsilon: objective._replace(
        name=f"{objective.name} + {epsilon:g} a²",
        discriminator=lambda real, fake: objective.discriminator(real, fake) + epsilon * of(real, fake),
    )


DRIFTING_MUTANTS = {
    "of the fakes": drift(lambda real, fake: fake.square().mean()),
    "of both": drift(lambda real, fake: real.square().mean() + fake.square().mean()),
    "the square of the mean": drift(lambda real, fake: real.mean().square()),
    "the mean lost": drift(lambda real, fake: real.square().sum()),
    "absolute values": drift(lambda real, fake: real.abs().mean()),
    "halved": drift(lambda real, fake: real.square().mean() / 2),
    "without a name": lambda objective, epsilon: objectives.drifting(objective, epsilon)._replace(name=objective.name),
    "in L_G too": lambda objective, epsilon: objectives.drifting(objective, epsilon)._replace(
        generator=lambda fake: objective.generator(fake) + epsilon * fake.square().mean()
    ),
}


@pytest.mark.parametrize("epsilon", [0, -0.001, float("inf"), float("nan"), "0.1", None])
def test_a_drift_that_is_none_is_refused(epsilon):
    with pytest.raises(ValueError, match=r"epsilon must be a positive number, such as 0\.001; given"):
        objectives.drifting(objectives.wasserstein, epsilon)


def of_pairs(changes, *faults):
    """The relativistic loss with each of the changes, or with those of these names."""
    return {fault: changes[fault](objectives.relativistic) for fault in faults or changes}


@faults_of(
    {
        oracle_zero_sum: {
            "real and fake exchanged": objectives.minimax._replace(
                generator=lambda f, r: -objectives.minimax.discriminator(f, r)
            ),
            "without the real ones": objectives.minimax._replace(
                generator=lambda f, r: objectives.saturating.generator(f)
            ),
            "the sign lost": objectives.minimax._replace(generator=lambda f, r: objectives.minimax.discriminator(r, f)),
        },
        oracle_relativistic: of_pairs(RELATIVISTIC_MUTANTS),
        oracle_best_relativistic: of_pairs(
            RELATIVISTIC_MUTANTS,
            "the parts of D's loss exchanged", "of means, not of pairs", "the sum of the pairs", "both players' in one",
        ),
        oracle_pairs: of_pairs(PAIRS_MUTANTS),
        oracle_relativistic_extremes: of_pairs(RELATIVISTIC_EXTREMES),
        oracle_named: NAMED_MUTANTS,
        oracle_value_of_the_game: CROSS_ENTROPY_MUTANTS,
        oracle_extreme_logits: EXTREME_MUTANTS,
        oracle_best_discriminator: BEST_DISCRIMINATOR_MUTANTS,
        oracle_closed_form: SCORE_MUTANTS,
        oracle_wasserstein: {
            fault: SCORE_MUTANTS[fault]
            for fault in ("wasserstein that is hinge", "wasserstein, sign lost", "wasserstein of probabilities")
        },
        oracle_gradient_is_the_divergences: {
            fault: SCORE_MUTANTS[fault] for fault in ("hinge, the generator's sign lost",)
        },
        oracle_drifting: DRIFTING_MUTANTS,
    }
)  # fmt: skip
def test_mutants(oracle, mutant):
    assert_killed(oracle, mutant)
