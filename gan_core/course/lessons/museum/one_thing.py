"""Room 2: one thing only. G learns, but it draws one thing at a time, or not what it is asked for, or never all."""

from math import pi

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from gan_core import datasets
from gan_core.course.lessons.museum import bench
from gan_core.course.lessons.museum.piece import piece
from gan_core.training import descend


@piece(
    symptom="G draws one spot, and after some time another one.",
    fault="Nothing shuffles. Examples that are sorted by class come class by class, and D forgets what it saw before.",
    seen="Deci-AI/super-gradients, issue 416; ultralytics/yolov5, issue 2582. PyTorch's DataLoader does not shuffle "
    "unless it is told to.",
)
class minibatches:
    def broken(x, y):
        """Minibatches of examples x with their classes y."""
        return DataLoader(TensorDataset(x, y), batch_size=64)

    def mended(x, y):
        """Minibatches of examples x with their classes y."""
        return DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

    def oracle(loader):
        """Of ten classes that lie one after the other, the first minibatch has more than five."""
        y = torch.arange(1_000) // 100
        _, classes = next(iter(loader(y[:, None], y)))
        assert len(classes.unique()) > 5, f"its classes are {classes.unique().tolist()}"


@piece(
    symptom="Asked for one class, G draws any class.",
    fault="With the fakes D is told the labels of the real examples; the fakes were made from other labels.",
    seen="the slides (line 358) and eq. 2 of the conditional GAN's paper, which have no y in D(G(z|y)). Whoever writes "
    "code from them must choose some y.",
)
class labels:
    def broken(run):
        """One turn of Algorithm 1, with labels."""
        loss, (real, y), told = run.gan.objective, run.real(), run.labels()
        fake = run.G(run.noise(), told)
        loss_d = loss.discriminator(run.D(real, y), run.D(fake.detach(), y))
        loss_d = descend(run.optimizer_d, loss_d)
        loss_g = loss.generator(run.D(fake, y))
        return loss_d, descend(run.optimizer_g, loss_g)

    def mended(run):
        """One turn of Algorithm 1, with labels."""
        loss, (real, y), told = run.gan.objective, run.real(), run.labels()
        fake = run.G(run.noise(), told)
        loss_d = loss.discriminator(run.D(real, y), run.D(fake.detach(), told))
        loss_d = descend(run.optimizer_d, loss_d)
        loss_g = loss.generator(run.D(fake, told))
        return loss_d, descend(run.optimizer_g, loss_g)

    def oracle(step):
        """Whatever D is shown, real or fake, it is told the label that belongs to it."""
        run = bench.labels_as_examples()  # here an example is its own label
        step(run)
        assert run.discriminator.seen, "D was never asked"
        for x, y in run.discriminator.seen:
            assert torch.equal(x[:, 0], y.to(x.dtype)), "D was told a label that is not that of the example"


@piece(
    symptom="The ring should have eight spots; no GAN ever draws more than seven.",
    fault="The end of a circle is its beginning. linspace includes both, so the first spot is also the last.",
    seen="the notebook of the authors of Unrolled GAN.",
)
class spots:
    def broken(modes, radius):
        """`modes` spots, evenly on a circle."""
        angle = torch.linspace(0, 2 * pi, modes)
        centres = radius * torch.stack([angle.cos(), angle.sin()], 1)
        return datasets.mixture(centres, std=0.02)

    def mended(modes, radius):
        """`modes` spots, evenly on a circle."""
        angle = torch.linspace(0, 2 * pi, modes + 1)[:-1]
        centres = radius * torch.stack([angle.cos(), angle.sin()], 1)
        return datasets.mixture(centres, std=0.02)

    def oracle(ring):
        """Of n spots no two are in one place: neighbours lie 2r sin(π/n) apart."""
        for n in (3, 8):
            nearest = torch.pdist(ring(n, 2.0).centres).min()
            torch.testing.assert_close(nearest, torch.tensor(4.0).mul(torch.tensor(pi / n).sin()))


@piece(
    symptom="“Unrolled”, and it collapses as the plain GAN does.",
    fault="`weight = before` only gives another tensor the name `weight`; the weights of the network do not change.",
    seen="the code that the article on Unrolled GAN links to.",
)
class put_back:
    def broken(network, saved):
        """Give the network the weights that were saved."""
        for weight, before in zip(network.parameters(), saved, strict=True):
            weight = before

    def mended(network, saved):
        """Give the network the weights that were saved."""
        with torch.no_grad():
            for weight, before in zip(network.parameters(), saved, strict=True):
                weight.copy_(before)

    def oracle(restore):
        """What was saved is what the network has afterwards."""
        network = nn.Linear(3, 2)
        saved = [torch.ones(2, 3), torch.zeros(2)]
        restore(network, saved)
        assert all(map(torch.equal, network.parameters(), saved)), "the weights are not those that were saved"
