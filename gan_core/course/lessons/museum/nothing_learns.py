"""Room 1: nothing learns. The losses are finite, the program runs, and G stays where it is."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.testing import assert_close

from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.piece import piece
from gan_core.pieces.objectives import cross_entropy
from gan_core.training import descend


def each_by_its_own_loss(step):
    """Each player moves by the slope of its own loss: in the smallest GAN both steps are known."""
    run = bench.two_numbers()  # L_D = ψθ − ψ, L_G = −ψθ, both players with SGD
    for _ in range(3):
        theta, psi = bench.weights(run)
        step(run)
        theta_after, psi_after = bench.weights(run)
        assert_close(psi_after, psi - bench.ETA * (theta - 1))
        assert_close(theta_after, theta + bench.ETA * psi_after)


@piece(
    symptom="G does not move; or it moves, and nobody notices a fault.",
    fault="The fakes in D's loss are not detached from G, so G also goes down L_D, its opponent's loss.",
    seen="pytorch/examples, issue 116, “why is detach necessary”: it is not, as long as G's gradients are set to zero "
    "before its step. Without detach, torch's own error message suggests `retain_graph=True`.",
)
class turn:
    def broken(run):
        """One turn of Algorithm 1."""
        loss, (real, _) = run.gan.objective, run.real()
        run.optimizer_d.zero_grad(), run.optimizer_g.zero_grad()
        fake = run.G(run.noise())
        loss_d = loss.discriminator(run.D(real), run.D(fake))
        loss_d.backward(retain_graph=True)
        run.optimizer_d.step()
        loss_g = loss.generator(run.D(fake))
        loss_g.backward()
        run.optimizer_g.step()
        return loss_d.detach(), loss_g.detach()

    def mended(run):
        """One turn of Algorithm 1."""
        loss, (real, _) = run.gan.objective, run.real()
        run.optimizer_d.zero_grad(), run.optimizer_g.zero_grad()
        fake = run.G(run.noise())
        loss_d = loss.discriminator(run.D(real), run.D(fake.detach()))
        loss_d.backward()
        run.optimizer_d.step()
        loss_g = loss.generator(run.D(fake))
        loss_g.backward()
        run.optimizer_g.step()
        return loss_d.detach(), loss_g.detach()

    oracle = each_by_its_own_loss


@piece(
    symptom="G comes near the data, and then runs away again.",
    fault="A copied line: D's gradients are never set to zero, so D goes down the sum of all losses so far, G's too.",
    seen="ajbrock/BigGAN-PyTorch, issue 25 (“this was a typo”); pytorch-lightning, issue 591.",
)
class two_steps:
    def broken(run):
        """One turn of Algorithm 1."""
        loss, (real, _) = run.gan.objective, run.real()
        run.optimizer_g.zero_grad()
        loss_d = loss.discriminator(run.D(real), run.D(run.G(run.noise()).detach()))
        loss_d.backward()
        run.optimizer_d.step()
        run.optimizer_g.zero_grad()
        loss_g = loss.generator(run.D(run.G(run.noise())))
        loss_g.backward()
        run.optimizer_g.step()
        return loss_d.detach(), loss_g.detach()

    def mended(run):
        """One turn of Algorithm 1."""
        loss, (real, _) = run.gan.objective, run.real()
        run.optimizer_d.zero_grad()
        loss_d = loss.discriminator(run.D(real), run.D(run.G(run.noise()).detach()))
        loss_d.backward()
        run.optimizer_d.step()
        run.optimizer_g.zero_grad()
        loss_g = loss.generator(run.D(run.G(run.noise())))
        loss_g.backward()
        run.optimizer_g.step()
        return loss_d.detach(), loss_g.detach()

    oracle = each_by_its_own_loss


@piece(
    symptom="L_D never falls below 1.006, however far apart real and fake are.",
    fault="A sigmoid at the end of D, and a second one in the loss, which takes logits.",
    seen="soumith/ganhacks, issues 36 and 67, where people found it by removing one of the two.",
)
class network_of_d:
    def broken():
        """D for points of the line; its logits go into the cross-entropy."""
        return nn.Sequential(
            nn.Linear(1, 32), nn.LeakyReLU(0.2),
            nn.Linear(32, 32), nn.LeakyReLU(0.2),
            nn.Linear(32, 1), nn.Sigmoid(),
        )  # fmt: skip

    def mended():
        """D for points of the line; its logits go into the cross-entropy."""
        return nn.Sequential(
            nn.Linear(1, 32), nn.LeakyReLU(0.2),
            nn.Linear(32, 32), nn.LeakyReLU(0.2),
            nn.Linear(32, 1),
        )  # fmt: skip

    def oracle(network):
        """D learns to be sure of two points as far apart as 0 and 6: L_D falls below 0.1."""
        D, fake, real = network(), torch.zeros(8, 1), torch.full((8, 1), 6.0)
        optimizer = torch.optim.Adam(D.parameters(), lr=0.01)
        for _ in range(150):
            loss_d = descend(optimizer, cross_entropy(D(real), D(fake)))
        assert loss_d < 0.1, f"L_D is still {loss_d:.3f}"


@piece(
    symptom="Where D is strong, G does not move.",
    fault="Minus the loss for the label 0 is log(1 − D), the saturating loss; −log D is the loss for the label 1.",
    seen="the article on the generator's loss (こしあん 2019), where two comments are swapped.",
)
class loss_of_g:
    def broken(logits):
        """Maximise log D."""
        return -bce(logits, torch.zeros_like(logits))

    def mended(logits):
        """Maximise log D."""
        return bce(logits, torch.ones_like(logits))

    def oracle(loss):
        """A fake that is found out, D = 0.001, is pulled up with nearly full force, −(1 − D)."""
        a = torch.logit(torch.tensor([0.001])).requires_grad_()
        (slope,) = torch.autograd.grad(loss(a), a)
        assert_close(slope, torch.tensor([-0.999]))
