"""The ELBO against a linear Gaussian model, where log p(x) and the best q are known; the networks against DCGAN's."""

from functools import partial
from math import log, pi

import pytest
import torch
from by_hand import noise
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import assert_killed, faults
from torch import nn
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from gan_core import methods, training
from gan_core.pieces.networks import VAE, dcgan_discriminator, dcgan_generator, dcgan_vae, mlp_vae
from gan_core.training.elbo import Elbo, kl_to_standard_normal, reparameterised
from gan_core.training.runs import Model, adam

pytestmark = pytest.mark.usefixtures("float64")


# ---- probabilistic PCA: x = W z + b + σ ε, with columns of W at right angles

D, Z, SIGMA = 5, 3, 0.7
W = torch.linalg.qr(noise(D, Z).double()).Q * torch.tensor([2.0, 0.9, 0.3], dtype=torch.float64)
B = torch.tensor([0.5, -1.0, 0.0, 2.0, 0.3], dtype=torch.float64)


def linear(inputs, weight, bias):
    layer = nn.Linear(inputs, len(bias))
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    return layer


def pca(shift=0.0, wider=0.0):
    """The `VAE` with the decoder W z + b and the exact posterior, or another q: the mean shifted, the variance eᵘ-fold.

    p(z|x) = N(M⁻¹ Wᵀ (x − b), σ² M⁻¹) with M = Wᵀ W + σ² I, which is diagonal here.
    """
    M = (W.T @ W).diagonal() + SIGMA**2
    to_mean = W.T / M[:, None]
    bias = torch.cat((shift - to_mean @ B, (SIGMA**2 / M).log() + wider))
    return VAE(linear(D, torch.cat((to_mean, torch.zeros(Z, D))), bias), linear(Z, W, B))


def likelihood(x):
    """log p(x) with x ~ N(b, W Wᵀ + σ² I): (n,)."""
    return MultivariateNormal(B, W @ W.T + SIGMA**2 * torch.eye(D)).log_prob(x)


def bound(elbo, vae, x):
    """The ELBO of each example, exact: what is quadratic in ε has its mean over N(0, I) over the 2z points ±√z eᵢ."""
    points = Z**0.5 * torch.cat((torch.eye(Z), -torch.eye(Z)))
    reconstruction, kl = zip(*(elbo.terms(vae, x, point.expand(len(x), Z)) for point in points), strict=True)
    return -(torch.stack(reconstruction).mean(0) + torch.stack(kl).mean(0)).detach()


def oracle_bound(elbo, shift=0.0, wider=0.0):
    """ELBO = log p(x) − KL(q ‖ p(z|x)), so never above log p(x), and there where q is the posterior."""
    x, vae, best = 3 * noise(20, D), pca(shift, wider), pca()
    (m, v), (m0, v0) = vae.encode(x), best.encode(x)
    missing = kl_divergence(
        Independent(Normal(m, (v / 2).exp()), 1), Independent(Normal(m0, (v0 / 2).exp()), 1)
    ).detach()
    found = bound(elbo, vae, x)
    torch.testing.assert_close(found, likelihood(x) - missing, rtol=1e-9, atol=1e-9)
    assert (found <= likelihood(x) + 1e-9).all()


vectors = st.lists(st.floats(-2, 2), min_size=Z, max_size=Z).map(lambda values: torch.tensor(values).double())


def test_with_the_exact_posterior_the_bound_is_the_likelihood():
    oracle_bound(Elbo(SIGMA))
    x = 3 * noise(20, D)
    torch.testing.assert_close(bound(Elbo(SIGMA), pca(), x), likelihood(x), rtol=1e-10, atol=1e-10)


@settings(max_examples=40)
@given(vectors, vectors)
def test_with_another_q_the_bound_is_below_by_its_divergence_from_the_posterior(shift, wider):
    oracle_bound(Elbo(SIGMA), shift, wider)


class Faulty(Elbo):
    """`Elbo` in another, plainer form, right unless told otherwise."""

    over, constant, half, sign, kl_over = torch.sum, True, 2, 1, torch.sum
    spread = staticmethod(lambda v: torch.sqrt(torch.exp(v)))
    variance = staticmethod(torch.exp)

    def terms(self, vae, x, noise):
        m, v = vae.encode(x)
        error = (x - vae(m + self.spread(v) * noise)) ** 2
        each = error / (self.half * self.sigma**2) + self.constant * log(2 * pi * self.sigma**2) / 2
        s2 = self.variance(v)
        return type(self).over(each, 1), self.sign * type(self).kl_over((m**2 + s2 - 1 - s2.log()) / 2, 1)


def faulty(**faults):
    return type("Mutant", (Faulty,), faults)


class Reverse(Faulty):
    def terms(self, vae, x, noise):
        m, v = vae.encode(x)
        p, q = Independent(Normal(torch.zeros_like(m), 1.0), 1), Independent(Normal(m, (v / 2).exp()), 1)
        return super().terms(vae, x, noise)[0], kl_divergence(p, q)


BOUND_MUTANTS = {
    "KL with the other sign": faulty(sign=-1),
    "no KL": faulty(sign=0),
    "KL(p ‖ q)": Reverse,
    "the log variance as a standard deviation": faulty(spread=staticmethod(lambda v: v)),
    "the log variance as a log standard deviation": faulty(spread=staticmethod(torch.exp)),
    "and in the KL": faulty(variance=staticmethod(lambda v: torch.exp(2 * v))),
    "no noise": faulty(spread=staticmethod(torch.zeros_like)),
    "a mean over pixels": faulty(over=torch.mean),
    "a mean over z in the KL": faulty(kl_over=torch.mean),
    "‖x − μ‖² / σ²": faulty(half=1),
    "no constant": faulty(constant=False),
}


def test_the_plainer_form_is_right():
    oracle_bound(Faulty(SIGMA), 0.5, 0.5)


@pytest.mark.parametrize("name", BOUND_MUTANTS)
def test_bound_mutants(name):
    assert_killed(partial(oracle_bound, shift=0.5, wider=0.5), BOUND_MUTANTS[name](SIGMA))
    assert_killed(oracle_bound, BOUND_MUTANTS[name](SIGMA))


# ---- its two pieces


def oracle_kl(kl):
    """Against torch's distributions, and against the mean of log q(z)/p(z) over draws of z, within its interval."""
    m, v = noise(4, Z), noise(4, Z, seed=1)
    q, p = Independent(Normal(m, (v / 2).exp()), 1), Independent(Normal(torch.zeros(Z), 1.0), 1)
    assert kl(m, v).shape == (4,)
    torch.testing.assert_close(kl(m, v), kl_divergence(q, Independent(Normal(torch.zeros(4, Z), 1.0), 1)))
    z = m + (v / 2).exp() * noise(100_000, 4, Z, seed=2)
    ratio = q.log_prob(z) - p.log_prob(z)
    assert ((kl(m, v) - ratio.mean(0)).abs() < 5 * ratio.std(0) / len(z) ** 0.5).all()
    assert torch.equal(kl(torch.zeros(2, Z), torch.zeros(2, Z)), torch.zeros(2))
    tiny = kl(torch.zeros(1, 1), torch.full((1, 1), 1e-8)).item()
    assert tiny == pytest.approx(2.5e-17, rel=1e-3, abs=0), "v²/4 near v = 0, where eᵛ − 1 − v is lost in rounding"


def test_kl():
    oracle_kl(kl_to_standard_normal)


@faults(
    {
        "another sign": lambda m, v: -kl_to_standard_normal(m, v),
        "the variance as it is given": lambda m, v: (m.square() + v - 1 - v.abs().log()).sum(-1) / 2,
        "a mean": lambda m, v: (m.square() + v.expm1() - v).mean(-1) / 2,
        "no half": lambda m, v: (m.square() + v.expm1() - v).sum(-1),
        "in whole": lambda m, v: (m.square() + v.expm1() - v).sum() / 2,
        "exp(v) − 1": lambda m, v: (m.square() + v.exp() - 1 - v).sum(-1) / 2,
    }
)
def test_kl_mutants(mutant):
    assert_killed(oracle_kl, mutant)


def oracle_gradient(reparameterised):
    """∇ of the mean over ε of ‖x − W z − b‖²/(2σ²), against ‖x − W m − b‖² + Σ s² ‖w‖² by hand, in m and log s²."""
    x, m, v = noise(D, seed=3), noise(Z, seed=4).requires_grad_(), noise(Z, seed=5).requires_grad_()
    points = Z**0.5 * torch.cat((torch.eye(Z), -torch.eye(Z)))
    z = reparameterised(m, v, points)
    loss = (x - B - z @ W.T).square().sum(1).mean() / (2 * SIGMA**2)
    in_m, in_v = torch.autograd.grad(loss, (m, v))
    torch.testing.assert_close(in_m, -(W.T @ (x - B - W @ m)).detach() / SIGMA**2)
    torch.testing.assert_close(in_v, (v.exp() * W.square().sum(0)).detach() / (2 * SIGMA**2))


def test_the_gradient_through_the_draw():
    oracle_gradient(reparameterised)


@faults(
    {
        "a draw that says nothing of s": lambda m, v, noise: m + (v / 2).exp().detach() * noise,
        "a draw that says nothing": lambda m, v, noise: (m + (v / 2).exp() * noise).detach() + 0 * (m + v),
        "no noise": lambda m, v, noise: m + 0 * v * noise,
        "log variance as log deviation": lambda m, v, noise: m + v.exp() * noise,
        "log variance as deviation": lambda m, v, noise: m + v * noise,
    }
)
def test_gradient_mutants(mutant):
    assert_killed(oracle_gradient, mutant)


# ---- the step


class Always(nn.Module):
    """An encoder that says the same of every x: 2z numbers."""

    def __init__(self, m, v):
        super().__init__()
        self.said = nn.Parameter(torch.cat((m, v)))

    def forward(self, x):
        return self.said.expand(len(x), -1)


def oracle_step(step):
    """One step of SGD, by hand, from the x and the z it saw; the numbers; and z ~ N(m, s²), fresh in each step."""
    m, v = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([1.0, 0.0, -3.0])
    vae = VAE(Always(m, v), linear(Z, W, B))
    eta = 1e-3
    model = Model(vae, Z, step, Elbo.losses, partial(torch.optim.SGD, lr=eta))
    run = training.start(model, 2 * noise(500, D), batch=50)
    saw = {}
    run.generator.encoder.register_forward_hook(lambda layer, given, made: saw.update(x=given[0]))
    run.generator.decoder.register_forward_hook(lambda layer, given, made: saw.update(z=given[0].detach()))
    drawn = []
    for _ in range(40):
        before = [p.detach().clone() for p in run.generator.parameters()]
        training.iteration(run)
        said, weight, bias = before
        x, z = saw["x"], saw["z"]
        rest = x - z @ weight.T - bias
        epsilon = (z - said[:Z]) / (said[Z:] / 2).exp()
        to_z = -rest @ weight / SIGMA**2  # of one example, ∂(−log p(x|z))/∂z
        in_m, in_v = to_z.mean(0) + said[:Z], (to_z * epsilon * (said[Z:] / 2).exp() / 2).mean(0)
        slopes = (
            torch.cat((in_m, in_v + (said[Z:].exp() - 1) / 2)),
            -rest.T @ z / len(x) / SIGMA**2,
            -rest.mean(0) / SIGMA**2,
        )
        for p, old, slope in zip(run.generator.parameters(), before, slopes, strict=True):
            torch.testing.assert_close(p.detach(), old - eta * slope, rtol=1e-9, atol=1e-12)
        numbers = {name: values[-1].item() for name, values in run.history.items()}
        assert numbers["reconstruction"] == pytest.approx(-Normal(x - rest, SIGMA).log_prob(x).sum(1).mean().item())
        assert numbers["kl"] == pytest.approx(
            kl_divergence(Normal(said[:Z], (said[Z:] / 2).exp()), Normal(torch.zeros(Z), 1.0)).sum().item()
        )
        drawn.append(epsilon)
    drawn = torch.stack(drawn)
    assert len(drawn[:, 0].unique(dim=0)) == 40, "the same noise again"
    n = drawn.numel() / Z
    assert drawn.mean((0, 1)).abs().max() < 4 / n**0.5
    assert (drawn.square().mean((0, 1)) - 1).abs().max() < 4 * (2 / n) ** 0.5


def test_the_step():
    oracle_step(Elbo(SIGMA))


class Step(Elbo):
    def __call__(self, run):
        x, _ = run.real()
        reconstruction, kl = (self.of(each) for each in self.terms(run.generator, x, self.noise(run)))
        training.descend(run.optimizer_g, self.total(reconstruction, kl))
        return self.numbers(reconstruction.detach(), kl.detach())

    of = staticmethod(torch.mean)
    noise = staticmethod(lambda run: run.noise())
    total = staticmethod(lambda reconstruction, kl: reconstruction + kl)
    numbers = staticmethod(lambda reconstruction, kl: (reconstruction, kl))


def step(**faults):
    return type("Mutant", (Step,), {name: staticmethod(fault) for name, fault in faults.items()})


STEP_MUTANTS = {
    "the sum over the minibatch": step(of=torch.sum),
    "KL with the other sign": step(total=lambda reconstruction, kl: reconstruction - kl),
    "the reconstruction alone": step(total=lambda reconstruction, kl: reconstruction),
    "uphill": step(total=lambda reconstruction, kl: -(reconstruction + kl)),
    "numbers changed over": step(numbers=lambda reconstruction, kl: (kl, reconstruction)),
    "the ELBO for the reconstruction": step(numbers=lambda reconstruction, kl: (reconstruction + kl, kl)),
    "no noise": step(noise=lambda run: 0 * run.noise()),
    "one noise for a minibatch": step(noise=lambda run: run.noise()[:1].expand(run.batch, -1)),
    "the same noise in each step": step(noise=lambda run: noise(run.batch, run.gan.z)),
    "uniform noise": step(noise=lambda run: run.draw(lambda rng: torch.rand(run.batch, run.gan.z, generator=rng))),
}


def test_the_step_in_parts_is_right():
    oracle_step(Step(SIGMA))


@pytest.mark.parametrize("name", STEP_MUTANTS)
def test_step_mutants(name):
    assert_killed(oracle_step, STEP_MUTANTS[name](SIGMA))


def test_training_arrives_at_the_likelihood_of_the_best_linear_model():
    """With σ given, the largest likelihood is that of W = U (Λ − σ²)^½ (Tipping & Bishop 1999); no ELBO is above it."""
    x = noise(2_000, Z, seed=7) @ W.T + B + SIGMA * noise(2_000, D, seed=8)
    eigenvalues, U = torch.linalg.eigh(torch.cov(x.T, correction=0))
    top = (eigenvalues[-Z:] - SIGMA**2).clamp_min(0).sqrt() * U[:, -Z:]
    best = MultivariateNormal(x.mean(0), top @ top.T + SIGMA**2 * torch.eye(D)).log_prob(x).mean().item()
    model = Model(
        lambda: VAE(nn.Linear(D, 2 * Z), nn.Linear(Z, D)), Z, Elbo(SIGMA), Elbo.losses, partial(adam, lr=0.02), ema=0.99
    )
    run = training.fit(model, x, steps=1_000, batch=200)
    reached = bound(Elbo(SIGMA), run.generator_ema, x).mean().item()
    assert best - 0.01 < reached <= best


# ---- the networks


def layers(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]


def oracle_networks(build):
    """The generator of DCGAN; its discriminator with 2z numbers for one, begun as the others are."""
    torch.manual_seed(0)
    vae = build(50, (3, 32, 32), width=6)
    assert str(vae.decoder) == str(dcgan_generator(50, (3, 32, 32), width=6))
    D = dcgan_discriminator((3, 32, 32), width=6)
    end = layers(vae.encoder)[-1]
    assert str(vae.encoder).replace("100", "1") == str(D), "another body"
    assert end.weight.shape == (100, 24, 4, 4)
    assert abs(end.weight.std().item() - 0.02) < 0.001
    assert not end.bias.any()
    z, x = noise(4, 50), noise(4, 3, 32, 32)
    assert torch.equal(vae(z), vae.decoder(z))
    said = vae.encoder(x)
    m, v = vae.encode(x)
    assert torch.equal(m, said[:, :50])
    assert torch.equal(v, said[:, 50:])


def changed(change):
    def build(z, shape, *, width):
        vae = dcgan_vae(z, shape, width=width)
        change(vae)
        return vae

    return build


NETWORKS_MUTANTS = {
    "torch's first weights": changed(lambda vae: vae.encoder[-2].reset_parameters()),
    "z numbers": lambda z, shape, *, width: VAE(
        dcgan_vae(z // 2, shape, width=width).encoder, dcgan_generator(z, shape, width=width)
    ),
    "no batch norm": changed(lambda vae: vae.encoder.__setitem__(3, nn.Identity())),
    "wider": lambda z, shape, *, width: dcgan_vae(z, shape, width=2 * width),
    "the sigmoid of a decoder of probabilities": changed(lambda vae: vae.decoder.__setitem__(-1, nn.Sigmoid())),
}


def test_the_networks_are_those_of_dcgan():
    oracle_networks(dcgan_vae)


@pytest.mark.parametrize("name", NETWORKS_MUTANTS)
def test_networks_mutants(name):
    assert_killed(oracle_networks, NETWORKS_MUTANTS[name])


def test_the_method():
    """The decoder is the GAN's generator; σ, z, the rate and the width are given on."""
    for shape, gan in (((2,), methods.gan), ((1, 8, 8), methods.gan), ((3, 16, 16), methods.dcgan)):
        vae, plain = methods.vae(shape, z=5, width=8, sigma=0.3), gan(shape, z=5, width=8)
        assert str(vae.generator().decoder) == str(plain.generator())
        assert (vae.z, vae.step, vae.losses, vae.ema) == (5, Elbo(0.3), ("reconstruction", "kl"), None)
        assert methods.vae(shape).z == gan(shape).z
        assert str(methods.vae(shape).generator().decoder) == str(gan(shape).generator())
    run = training.start(methods.vae((2,), lr=0.02), noise(64, 2))
    assert (run.optimizer_g.defaults["lr"], run.optimizer_g.defaults["betas"]) == (0.02, (0.9, 0.999))
    assert mlp_vae(3, (1, 8, 8))(noise(2, 3)).abs().max() <= 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: methods.vae((2,), sigma=0), "sigma must be a positive number, such as 0.1; given 0"),
        (lambda: methods.vae((2,), sigma=-1.0), "sigma must be a positive number, such as 0.1; given -1.0"),
        (lambda: Elbo(float("inf")), "sigma must be a positive number, such as 0.1; given inf"),
        (lambda: Elbo("wide"), "sigma must be a positive number, such as 0.1; given 'wide'"),
        (lambda: methods.vae((2, 2)), "shape must be that of a point"),
        (lambda: methods.vae((3, 48, 48)).generator(), r"DCGAN needs square images .*given \(3, 48, 48\)"),
        (lambda: training.start(methods.vae((3,)), noise(64, 2)), "the generator makes examples of shape"),
        (
            lambda: training.start(Model(methods.gan((2,)).generator, 16, Elbo(), Elbo.losses), noise(64, 2)),
            "the ELBO asks for a networks.VAE, which encodes too; the generator is Sequential",
        ),
        (
            lambda: training.start(
                Model(lambda: VAE(nn.Linear(3, 8), nn.Linear(4, 2)), 4, Elbo(), Elbo.losses), noise(64, 2)
            ),
            r"the encoder does not take the data's examples of shape \(2,\): ",
        ),
        (
            lambda: training.start(
                Model(lambda: VAE(nn.Linear(2, 4), nn.Linear(4, 2)), 4, Elbo(), Elbo.losses), noise(64, 2)
            ),
            r"twice \(n, 4\); of two examples it makes \(2, 2\) and \(2, 2\)",
        ),
    ],
)
def test_what_it_does_not_take(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
