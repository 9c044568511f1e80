"""An iteration of Algorithm 1 in three ways: as it is, compiled by torch, and recorded once as a CUDA graph.

Each takes a run and returns a function that makes one iteration and returns both losses, (2,).
"""

from contextlib import contextmanager
from dataclasses import fields

import torch
from torch._dynamo.utils import counters
from torch._functorch import config as functorch

from gan_core import checkpoints, training
from gan_core.training.runs import Run


class NotHere(Exception):
    """A way that cannot be gone, and why."""


def eager(run):
    """As `training.fit` makes it."""

    def step():
        training.iteration(run)
        return run.losses[run.step - 1]

    return step


def compiled(run, backend="inductor"):
    """With both networks compiled. Raises NotHere where torch cannot: no compiler, a penalty on D's gradient.

    (`network.compile()` leaves an nn.Sequential as it is and says nothing, so what was compiled is counted.)
    """
    torch.compiler.reset()
    counters.clear()
    run.generator, run.discriminator = (
        torch.compile(each, backend=backend) for each in (run.generator, run.discriminator)
    )
    with _put_back(run), functorch.patch(donated_buffer=not run.gan.penalties):  # else it complains of that first
        try:
            training.iteration(run)
        except RuntimeError as error:
            raise NotHere(str(error).strip().partition("\n")[0]) from error
    if not counters["stats"]["unique_graphs"]:
        raise NotHere("torch compiled nothing of it")
    return eager(run)


def graphed(run):
    """All kernels of an iteration started by one call; only the draws are made before it, one by one.

    For a run that has made a step, so that its optimizers keep something, and a method whose networks draw nothing,
    whose penalties are in every iteration and whose schedule is empty: what is recorded happens each time.
    Raises NotHere except on CUDA.
    """
    if not _on_cuda(run):
        raise NotHere("CUDA graphs are only on CUDA")
    run = Fed(run)
    side, main = torch.cuda.Stream(), torch.cuda.current_stream()
    with _put_back(run):
        side.wait_stream(main)
        with torch.cuda.stream(side):  # what cuDNN and cuBLAS choose and allocate is not for the recording
            for _ in range(3):
                run.fill()
                moved(run)
        main.wait_stream(side)
    for optimizer in (run.optimizer_d, run.optimizer_g):
        for group in optimizer.param_groups:
            group["capturable"] = True
    graph = torch.cuda.CUDAGraph()
    run.rewind()
    with torch.cuda.graph(graph):
        losses = moved(run)

    def step():
        run.fill()
        graph.replay()
        run.record(*losses)
        return losses

    return step


def moved(run):
    """The body of `training.iteration`: both losses, (2,)."""
    for _ in range(run.gan.n_dis):
        loss_d = training.discriminator_step(run)
    loss_g = training.generator_step(run)
    run.average()
    return torch.stack((loss_d, loss_g))


class Fed(Run):
    """A run that finds its draws where they always lie: `fill` makes them anew, from its stream and in its order.

    What an iteration draws is noted in the first, in which it is drawn when it is asked for, as in any run.
    """

    def __init__(self, run):
        super().__init__(**{each.name: getattr(run, each.name) for each in fields(Run)})
        self.draws, self._turn = [], iter(())

    def fill(self):
        for make, there in self.draws:
            there.copy_(make(self.rng))
        self.rewind()

    def rewind(self):
        """Hand out the same draws once more, from the first on."""
        self._turn = iter([there for _, there in self.draws])

    def real(self):
        return self.draw(lambda rng: self.data.sample(self.batch, rng)), None

    def draw(self, make):
        there = next(self._turn, None)
        if there is None:
            there = make(self.rng)
            self.draws.append((make, there))
        return there


def _on_cuda(run):
    return run.place.device.type == "cuda"


@contextmanager
def _put_back(run):
    """After the context `run` stands where it did."""
    before = checkpoints.snapshot(checkpoints.state(run))
    yield
    checkpoints.restore(run, before)
