"""The store: pieces that are shown nowhere; the exercises are made of them."""

import torch
from torch.nn.functional import normalize
from torch.testing import assert_close

from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.critics import on_the_segment
from gan_core.course.lessons.museum.piece import piece
from gan_core.pieces.lipschitz import on_segment
from gan_core.training import descend


@piece(
    symptom="D learns by heart what it is shown, and G learns from a D that knows only old fakes.",
    fault="The fakes are made once, before the loop, and D learns from the same ones five times.",
    seen="the code that the article on SNGAN links to.",
)
class five_steps:
    def broken(run):
        """Five steps of the critic, then one of G."""
        loss = run.gan.objective
        fake = run.G(run.noise()).detach()
        for _ in range(5):
            real, _ = run.real()
            loss_d = descend(run.optimizer_d, loss.discriminator(run.D(real), run.D(fake)))
        loss_g = loss.generator(run.D(run.G(run.noise())))
        return loss_d, descend(run.optimizer_g, loss_g)

    def mended(run):
        """Five steps of the critic, then one of G."""
        loss = run.gan.objective
        for _ in range(5):
            fake = run.G(run.noise()).detach()
            real, _ = run.real()
            loss_d = descend(run.optimizer_d, loss.discriminator(run.D(real), run.D(fake)))
        loss_g = loss.generator(run.D(run.G(run.noise())))
        return loss_d, descend(run.optimizer_g, loss_g)

    def oracle(step):
        """D is shown eleven minibatches, five real ones and six of fakes, and no two are the same."""
        run = bench.listened()
        step(run)
        shown = {tuple(x.flatten().tolist()) for x, _ in run.discriminator.seen}
        assert len(shown) == 11, f"D was shown {len(shown)} different minibatches"


@piece(
    symptom="The slopes of D are too large, by a factor: the root of the number of pixels.",
    fault="The norm goes over the channels only: each pixel's slope is pulled to 1.",
    seen="Zeleni9/pytorch-wgan, issue 40.",
)
class channels:
    def broken(run, real, fake, y=None):
        """WGAN-GP's price for images (n, channels, height, width)."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        length = g.norm(2, dim=1)
        return 10 * (length - 1).square().mean()

    def mended(run, real, fake, y=None):
        """WGAN-GP's price for images (n, channels, height, width)."""
        x = on_segment(run, real, fake).requires_grad_()
        (g,) = torch.autograd.grad(run.D(x).sum(), x, create_graph=True)
        length = g.flatten(1).norm(2, dim=1)
        return 10 * (length - 1).square().mean()

    def oracle(penalty):
        """A critic with slope 1 everywhere pays nothing, whatever the shape of an example."""
        for shape in ((3,), (1, 4, 4)):
            run = bench.with_critic(lambda shape=shape: bench.Linear(1.0, shape), shape)
            assert_close(penalty(run, *bench.pairs(run)), torch.tensor(0.0))


@piece(
    symptom="None that anybody saw.",
    fault="Each number of an example has its own t: x̂ is somewhere in the box between the two, not on the line.",
    seen="hwalsuklee/tensorflow-generative-model-collections, issue 33, and three others.",
)
class box:
    def broken(run, real, fake):
        """x̂, somewhere between the real and the fake examples."""
        t = torch.rand(real.shape, generator=run.rng)
        return real + t * (fake - real)

    def mended(run, real, fake):
        """x̂, somewhere between the real and the fake examples."""
        t = torch.rand(len(real), *[1] * (real.ndim - 1), generator=run.rng)
        return real + t * (fake - real)

    oracle = on_the_segment


@piece(
    symptom="The reported distance is too large or too small, layer by layer.",
    fault="W must be transposed; reshape makes it fit, but gives another matrix.",
    seen="the exercise on SNGAN of a well-known course.",
)
class singular:
    def broken(W, u, steps):
        """The largest singular value of W (m, n), from u (m,)."""
        for _ in range(steps):
            v = normalize(W.reshape(W.shape[1], W.shape[0]) @ u, dim=0)
            u = normalize(W @ v, dim=0)
        return u @ W @ v

    def mended(W, u, steps):
        """The largest singular value of W (m, n), from u (m,)."""
        for _ in range(steps):
            v = normalize(W.mT @ u, dim=0)
            u = normalize(W @ v, dim=0)
        return u @ W @ v

    def oracle(sigma):
        """It is the first number of the SVD."""
        rng = torch.Generator().manual_seed(0)
        W, u = torch.randn(5, 3, generator=rng), torch.randn(5, generator=rng)
        assert_close(sigma(W, u, 100), torch.linalg.svdvals(W)[0], rtol=1e-6, atol=0)


@piece(
    symptom="None that anybody saw.",
    fault="The root is missing: ‖g‖² in place of ‖g‖.",
    seen="several repositories.",
)
class root:
    def broken(g):
        """What a critic pays for its gradients g (n, …) at x̂."""
        length = g.flatten(1).square().sum(1)
        return 10 * (length - 1).square().mean()

    def mended(g):
        """What a critic pays for its gradients g (n, …) at x̂."""
        length = g.flatten(1).norm(dim=1)
        return 10 * (length - 1).square().mean()

    def oracle(price):
        """Slopes of 3 and of ½ cost 10 · 4 and 10 · ¼."""
        for s, cost in ((3.0, 40.0), (0.5, 2.5)):
            g = s * torch.tensor([[0.6, 0.8], [1.0, 0.0]])
            assert_close(price(g), torch.tensor(cost))
