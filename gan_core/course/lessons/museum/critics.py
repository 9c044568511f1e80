"""Room 4: the critic's number. It trains, G learns, and what the critic reports is not the distance."""

import torch
from torch import nn
from torch.nn.functional import linear, normalize, relu
from torch.testing import assert_close

from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.piece import piece
from gan_core.pieces.lipschitz import on_segment


@piece(
    symptom="The reported distance grows without end.",
    fault="Without create_graph no gradient passes through the slope g: the price is in the loss, but D never pays.",
    seen="mlpack's WGAN-GP.",
)
class price:
    def broken(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x)
        length = g.flatten(1).norm(dim=1)
        return 10 * (length - 1).square().mean()

    def mended(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        length = g.flatten(1).norm(dim=1)
        return 10 * (length - 1).square().mean()

    def oracle(penalty):
        """The price alone tells a critic of slope 3 where to go: ∂/∂‖w‖ 10 (‖w‖ − 1)² = 40."""
        run = bench.with_critic(lambda: bench.Linear(3.0))
        w = run.discriminator.w
        found = penalty(run, *bench.pairs(run))
        assert found.requires_grad, "the price does not depend on D's weights"
        (slope,) = torch.autograd.grad(found, w)
        assert_close(slope, 40 * w.detach() / 3)


@piece(
    symptom="The reported distance is too small, and a larger minibatch makes it smaller.",
    fault="There is one norm for the whole minibatch. To make it 1, each of the n slopes must be 1/√n.",
    seen="torchgan; keras-contrib, pull request 232.",
)
class length:
    def broken(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        return 10 * (g.norm() - 1).square().mean()

    def mended(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        return 10 * (g.flatten(1).norm(dim=1) - 1).square().mean()

    def oracle(penalty):
        """A critic with slope 1 everywhere pays nothing, in minibatches of 4 and of 64."""
        for n in (4, 64):
            run = bench.with_critic(lambda: bench.Linear(1.0, (3,)), (3,), n)
            assert_close(penalty(run, *bench.pairs(run)), torch.tensor(0.0))


def on_the_segment(at):
    """x̂ lies between its real and its fake example: one t for each pair, uniform on [0, 1]."""
    n = 2_000
    run = bench.with_critic(lambda: bench.Linear(1.0), n=n)
    zeros, ones = torch.zeros(n, 2, 3), torch.ones(n, 2, 3)
    t = at(run, zeros, ones).flatten(1)  # from 0 to 1, so that x̂ is t
    assert torch.equal(t, t[:, :1].expand_as(t)), "an example has more than one t"
    t = t[:, 0]
    assert 0 <= t.min() <= t.max() <= 1, f"t goes from {t.min():.1f} to {t.max():.1f}"
    assert len(t.unique()) > n / 2, "examples share their t"
    assert abs(t.mean() - 1 / 2) < 0.05
    assert abs(t.std() - 12**-0.5) < 0.05


@piece(
    symptom="None that anybody saw for years.",
    fault="t is normally distributed: half of the points lie before the real example, and a sixth beyond the fake.",
    seen="keras.io's example of WGAN-GP, for years (keras-team/keras-io, issue 624), and a well-known book.",
)
class between:
    def broken(run, real, fake):
        """x̂, somewhere between the real and the fake examples."""
        t = torch.randn(len(real), *[1] * (real.ndim - 1), generator=run.rng)
        return real + t * (fake - real)

    def mended(run, real, fake):
        """x̂, somewhere between the real and the fake examples."""
        t = torch.rand(len(real), *[1] * (real.ndim - 1), generator=run.rng)
        return real + t * (fake - real)

    oracle = on_the_segment


@piece(
    symptom="The penalty is paid, but the reported distance is not the distance.",
    fault="A critic with a penalty on slopes has batch normalisation: f(x) depends on the other examples, so ‖∇f(x)‖ "
    "is not the slope of a function of one example.",
    seen="the settings for WGAN-GP of StudioGAN; the exercise of a well-known course.",
)
class critic:
    def broken():
        """A critic for points (n, 2)."""
        return nn.Sequential(
            nn.Linear(2, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.2),
            nn.Linear(32, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.2),
            nn.Linear(32, 1),
        )  # fmt: skip

    def mended():
        """A critic for points (n, 2)."""
        return nn.Sequential(
            nn.Linear(2, 32), nn.LayerNorm(32), nn.LeakyReLU(0.2),
            nn.Linear(32, 32), nn.LayerNorm(32), nn.LeakyReLU(0.2),
            nn.Linear(32, 1),
        )  # fmt: skip

    def oracle(network):
        """What the critic says of one example stays when another one of the minibatch changes."""
        f, x = network(), torch.randn(8, 2, generator=torch.Generator().manual_seed(0))
        other = torch.cat([x[:-1], x[-1:] + 5])
        assert_close(f(other)[:-1], f(x)[:-1])


@piece(
    symptom="“Spectral normalisation”, but the reported distance is right or far too large, by chance.",
    fault="u is never stored, so each use begins again, and one step of power iteration is too few to find σ.",
    seen="the code that the article on SNGAN links to.",
)
class dense:
    class broken(nn.Linear):
        """A layer whose matrix has the largest singular value 1."""

        def __init__(self, inputs, outputs):
            super().__init__(inputs, outputs)
            self.register_buffer("u", torch.randn(outputs))

        def forward(self, x):
            v = normalize(self.weight.detach().mT @ self.u, dim=0)
            u = normalize(self.weight.detach() @ v, dim=0)
            sigma = u @ self.weight @ v
            return linear(x, self.weight / sigma, self.bias)

    class mended(nn.Linear):
        """A layer whose matrix has the largest singular value 1."""

        def __init__(self, inputs, outputs):
            super().__init__(inputs, outputs)
            self.register_buffer("u", torch.randn(outputs))

        def forward(self, x):
            v = normalize(self.weight.detach().mT @ self.u, dim=0)
            u = normalize(self.weight.detach() @ v, dim=0)
            self.u = u
            sigma = u @ self.weight @ v
            return linear(x, self.weight / sigma, self.bias)

    def oracle(layer):
        """After a hundred uses the largest singular value is 1: that of SVD, not of another power iteration."""
        layer = layer(8, 16)
        for _ in range(100):
            layer(torch.zeros(1, 8))
        with torch.no_grad():
            matrix = (layer(torch.eye(8)) - layer.bias).mT
        assert_close(torch.linalg.svdvals(matrix)[0], torch.tensor(1.0), rtol=0, atol=1e-3)


@piece(
    symptom="The reported distance stops a little above 2, however far apart the data and the fakes are.",
    fault="This is the hinge loss: scores beyond ±1 gain nothing, so their difference is no distance.",
    seen="labml's annotated WGAN.",
)
class loss:
    def broken(real, fake):
        """L_D of the Wasserstein GAN."""
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def mended(real, fake):
        """L_D of the Wasserstein GAN."""
        return fake.mean() - real.mean()

    def oracle(loss):
        """Scores that lie twice as far apart are worth twice as much, beyond ±1 too."""
        real, fake = torch.tensor([2.0, 4.0]), torch.tensor([-3.0])
        assert_close(loss(real, fake), torch.tensor(-6.0))
        assert_close(loss(2 * real, 2 * fake), torch.tensor(-12.0))
