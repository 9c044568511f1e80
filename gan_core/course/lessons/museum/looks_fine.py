"""Room 5: it looks fine, and the number is wrong."""

import torch
from torch import nn
from torch.linalg import eigvals
from torch.testing import assert_close

from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.piece import piece


@piece(
    symptom="G's own samples are good, but those of its moving average are not.",
    fault="Only parameters are averaged. The means and variances of batch normalisation are buffers; they stay as "
    "at the start.",
    seen="odegeasslbc/FastGAN-pytorch, issue 4, where eval mode is given up because of it; "
    "rosinality/stylegan2-pytorch, issue 172.",
)
class average:
    def broken(run):
        """θ̄ ← β θ̄ + (1 − β) θ: the moving average of G."""
        both = zip(run.generator_ema.parameters(), run.generator.parameters(), strict=True)
        with torch.no_grad():
            for mean, now in both:
                mean.lerp_(now, 1 - run.gan.ema)

    def mended(run):
        """θ̄ ← β θ̄ + (1 − β) θ: the moving average of G."""
        both = zip(run.generator_ema.parameters(), run.generator.parameters(), strict=True)
        with torch.no_grad():
            for mean, now in both:
                mean.lerp_(now, 1 - run.gan.ema)
            for mean, now in zip(run.generator_ema.buffers(), run.generator.buffers(), strict=True):
                mean.copy_(now)

    def oracle(average):
        """The average of a G whose weights stand still is that G, in eval mode too."""
        run = bench.with_average()
        for _ in range(10):
            run.G(run.noise())  # batch normalisation sees something, no weight moves
            average(run)
        z = run.noise()
        assert_close(run.generator_ema.eval()(z), run.generator.eval()(z))


@piece(
    symptom="Noise where the paper should be white. “It looked more like noise to me.”",
    fault="The images lie in [0, 1], but G ends in tanh. Half of the numbers that G can draw are in no image, and "
    "black is in the middle of tanh's range, where G easily goes past it.",
    seen="fchollet/deep-learning-with-python-notebooks, issue 7; the other way round, scaled twice, in keras-team/"
    "keras-io, issue 830, where faces grew “darker and darker”.",
)
class pixels:
    def broken(pixels):
        """Bytes, 0 … 255, as examples for a G that ends in tanh."""
        return pixels / 255

    def mended(pixels):
        """Bytes, 0 … 255, as examples for a G that ends in tanh."""
        return pixels / 127.5 - 1

    def oracle(scaled):
        """Black and white are the two ends of tanh, −1 and 1."""
        assert_close(scaled(torch.tensor([0.0, 255.0])), torch.tensor([-1.0, 1.0]))


@piece(
    symptom="Nothing that one sees. The samples are a little worse.",
    fault="The second argument of torch's BatchNorm is ε, not the momentum. Keras's momentum 0.8 is torch's 0.2.",
    seen="eriklindernoren/PyTorch-GAN, issue 116, and wherever these lines were copied to.",
)
class norm:
    def broken(channels):
        """Batch normalisation that remembers about five steps."""
        return nn.BatchNorm1d(channels, 0.8)

    def mended(channels):
        """Batch normalisation that remembers about five steps."""
        return nn.BatchNorm1d(channels, momentum=0.2)

    def oracle(norm):
        """What comes out has variance 1, also where what goes in varies little."""
        x = 0.1 * torch.randn(1_000, 3, generator=torch.Generator().manual_seed(0))
        out = norm(3)(x).var(0, correction=0)
        assert_close(out, torch.ones(3), rtol=0, atol=0.01)


@piece(
    symptom="It is called unrolled, and it does draw all eight spots.",
    fault="Each step of D is detached, so only the first-order gradient remains; create_graph has no effect.",
    seen="andrewliao11/unrolled-gans, issues 1 and 2 (“the result is similar”).",
)
class ahead:
    def broken(theta, psi, eta, K):
        """dL_G/dθ, K steps of D ahead, where L_D = ψθ + ½ψ² and L_G = −ψθ."""
        for _ in range(K):
            loss_d = psi * theta + psi**2 / 2
            (slope,) = torch.autograd.grad(loss_d, psi, create_graph=True)
            psi = (psi - eta * slope).detach().requires_grad_()
        return torch.autograd.grad(-psi * theta, theta)[0]

    def mended(theta, psi, eta, K):
        """dL_G/dθ, K steps of D ahead, where L_D = ψθ + ½ψ² and L_G = −ψθ."""
        for _ in range(K):
            loss_d = psi * theta + psi**2 / 2
            (slope,) = torch.autograd.grad(loss_d, psi, create_graph=True)
            psi = psi - eta * slope
        return torch.autograd.grad(-psi * theta, theta)[0]

    def oracle(ahead):
        """It is the slope of the value: with c = 1 − (1 − η)ᴷ, dL_G/dθ = −(1 − c) ψ + 2cθ."""
        theta, psi = torch.tensor([0.7, 0.3]).requires_grad_()
        for eta, K in ((0.1, 1), (0.1, 5)):
            c = 1 - (1 - eta) ** K
            assert_close(ahead(theta, psi, eta, K), (-(1 - c) * psi + 2 * c * theta).detach())


@piece(
    symptom="The Fréchet distance changes with the number of images.",
    fault="torch.cov, like numpy's, takes each row as a variable, but here a row is a sample: this is the covariance "
    "of the images with each other, not of the features.",
    seen="lucidrains/denoising-diffusion-pytorch, issue 213, where it was between 0 and 1 from the first step on.",
)
class spread:
    def broken(x, y):
        """Fréchet's distance of features x and y, (n, d) each."""
        a, b = torch.cov(x), torch.cov(y)
        cross = eigvals(a @ b).sqrt().real.sum()
        return (x.mean(0) - y.mean(0)).square().sum() + a.trace() + b.trace() - 2 * cross

    def mended(x, y):
        """Fréchet's distance of features x and y, (n, d) each."""
        a, b = torch.cov(x.mT), torch.cov(y.mT)
        cross = eigvals(a @ b).sqrt().real.sum()
        return (x.mean(0) - y.mean(0)).square().sum() + a.trace() + b.trace() - 2 * cross

    def oracle(distance):
        """Samples spread three times as wide about the same mean: (3 − 1)² tr Σ."""
        x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
        x = x - x.mean(0)
        assert_close(distance(x, 3 * x), 4 * x.var(0).sum())


@piece(
    symptom="All tests pass.",
    fault="Nobody uses the result of allclose, so this test cannot fail.",
    seen="a port of the assignments of CS231n; Neuromatch's tutorial has a check whose dummy D ignores its input.",
)
class test:
    def broken(loss):
        """The loss of G, tested."""
        logits = torch.tensor([-1.0, 0.0, 2.0])
        wanted = -logits.sigmoid().log().mean()
        torch.allclose(loss(logits), wanted)

    def mended(loss):
        """The loss of G, tested."""
        logits = torch.tensor([-1.0, 0.0, 2.0])
        wanted = -logits.sigmoid().log().mean()
        assert torch.allclose(loss(logits), wanted)

    def oracle(test):
        """A test fails on a mutant: here on the loss with its sign turned."""
        try:
            test(lambda logits: logits.sigmoid().log().mean())
        except AssertionError:
            return
        raise AssertionError("the test passes for a loss whose sign is turned")
