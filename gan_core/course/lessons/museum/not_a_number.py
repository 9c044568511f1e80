"""Room 3: not a number. All is well for an hour, and then everything is nan, or the measure is."""

import torch
from torch.linalg import eigvals, matrix_norm
from torch.nn.functional import softplus
from torch.special import xlogy

from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.piece import piece
from gan_core.pieces.lipschitz import on_segment


@piece(
    symptom="nan in every weight of D, at the first step or after thousands.",
    fault="The slope of √ at 0 is infinite, and infinity times 0 is nan. At 0 torch's norm has the slope 0 instead.",
    seen="keras.io's example of WGAN-GP until 2026: keras-team/keras-io, issues 624 and 910.",
)
class slopes:
    def broken(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        length = g.flatten(1).square().sum(1).sqrt()
        return 10 * (length - 1).square().mean()

    def mended(run, real, fake, y=None):
        """WGAN-GP's price, 10 (‖∇f(x̂)‖ − 1)²."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        length = g.flatten(1).norm(dim=1)
        return 10 * (length - 1).square().mean()

    def oracle(penalty):
        """A critic whose last layer begins at 0 has no slope; the gradients of its weights are still finite."""
        run = bench.with_critic(bench.flat)
        real, fake = bench.pairs(run)
        loss_d = run.D(fake).mean() - run.D(real).mean() + penalty(run, real, fake)
        for slope in torch.autograd.grad(loss_d, run.discriminator.parameters()):
            assert slope.isfinite().all(), f"a gradient is {slope.flatten()[0]:.0f}"


@piece(
    symptom="inf, then nan, as soon as D is very sure and right, or very sure and wrong.",
    fault="σ(40) is 1 in 32 bits, and log(1 − 1) is −∞. On logits, −log(1 − σ(a)) is softplus(a).",
    seen="POSTECH-CVLab/PyTorch-StudioGAN, issue 67, where adding an ε is proposed.",
)
class loss_of_d:
    def broken(real, fake):
        """L_D of logits: −E[log D] − E[log(1 − D)]."""
        return -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()

    def mended(real, fake):
        """L_D of logits: −E[log D] − E[log(1 − D)]."""
        return softplus(-real).mean() + softplus(fake).mean()

    def oracle(loss):
        """At logits of ±200 D's loss and its gradient are numbers: 400, −1 and 1, where D is as wrong as can be."""
        a = torch.tensor([-200.0, 200.0], dtype=torch.float32, requires_grad=True)
        value = loss(a[:1], a[1:])
        (slope,) = torch.autograd.grad(value, a)
        torch.testing.assert_close(value, torch.tensor(400.0, dtype=torch.float32))
        torch.testing.assert_close(slope, torch.tensor([-1.0, 1.0], dtype=torch.float32))


@piece(
    symptom="The Inception Score is nan, for the best samples of all.",
    fault="For the computer 0 · log 0 is nan; in this sum it must be 0.",
    seen="openai/improved-gan, issue 29: the code that the score was published with.",
)
class score:
    def broken(p):
        """exp of the mean of KL(p(y|x) ‖ p(y)); p is (n, classes)."""
        kl = p * (p / p.mean(0)).log()
        return kl.sum(1).mean().exp()

    def mended(p):
        """exp of the mean of KL(p(y|x) ‖ p(y)); p is (n, classes)."""
        kl = xlogy(p, p) - xlogy(p, p.mean(0))
        return kl.sum(1).mean().exp()

    def oracle(score):
        """Ten samples, each surely of another class, score 10; with one class missing, 9."""
        sure = torch.eye(10)
        torch.testing.assert_close(score(sure), torch.tensor(10.0))
        torch.testing.assert_close(score(sure[:9]), torch.tensor(9.0))


@piece(
    symptom="The distance of few samples is nan, or a complex number.",
    fault="With few samples Σ_x Σ_y has eigenvalues 0. Rounding makes some −10⁻¹⁷, and their root is nan. The "
    "sum of the roots is also the sum of the singular values of X Yᵀ, which are never below 0.",
    seen="bioinf-jku/TTUR, issue 4: the code that FID was published with.",
)
class few_samples:
    def broken(x, y):
        """Fréchet's distance of features x and y, (n, d) each."""
        x_, y_ = centred(x), centred(y)  # so that Σ = x_ᵀ x_
        cross = eigvals((x_.mT @ x_) @ (y_.mT @ y_)).real.sqrt().sum()
        return (x.mean(0) - y.mean(0)).square().sum() + x_.square().sum() + y_.square().sum() - 2 * cross

    def mended(x, y):
        """Fréchet's distance of features x and y, (n, d) each."""
        x_, y_ = centred(x), centred(y)  # so that Σ = x_ᵀ x_
        cross = matrix_norm(x_ @ y_.mT, "nuc")
        return (x.mean(0) - y.mean(0)).square().sum() + x_.square().sum() + y_.square().sum() - 2 * cross

    def oracle(distance):
        """Five samples in twenty dimensions, shifted by s: their distance is ‖s‖², and a number."""
        x = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(distance(x, x + 1), torch.tensor(20.0), rtol=1e-6, atol=0)


def centred(x):
    """x − mean, over √(n − 1)."""
    return (x - x.mean(0)) / (len(x) - 1) ** 0.5
