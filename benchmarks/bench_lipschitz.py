"""What bounds on a critic cost: spectral normalisation, a gradient penalty, lazy R1; ours beside plain loops."""

import platform
import statistics
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from benchmarks.bench_dcgan import all_threads
from benchmarks.memory import peak_memory
from benchmarks.paired import paired
from gan_core import datasets, methods, training
from gan_core.pieces.lipschitz import r1
from gan_core.pieces.networks import dcgan_discriminator, sngan_discriminator

BATCH = 64
TIMED, WEIGHED = (32, 32), (64, 64)  # pixels along a side and the networks' width: for the times, and for the memory
GAMMA, EVERY = 10, 16  # of R1
OURS = {"fast": {}, "bf16 off": {"bf16": False}, "fast=False": {"fast": False}}
NAMES = (*OURS, "plain loop", "unbounded")
NOTES = """
  fast        what training.discriminator_step does here: bf16 where there are units for it, images channels last
  bf16 off    the same in float32                        fast=False  the same in float32 and torch's own layout
  plain loop  the same networks, losses and draws by hand, in float32 and torch's own layout
  unbounded   fast, the same layers without normalisation or penalty
Medians over turns in one process. A ratio above 1: fast is faster. Peak memory is that of a process for each.
"""


def started(gan, shape, device=None, fast=True, bf16=True):
    """A run on 512 random images: what they show costs no time."""
    images = torch.rand(512, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    run = training.start(gan, datasets.Examples(images), batch=BATCH, device=device, fast=fast)
    run.place = run.place._replace(bf16=run.place.bf16 and bf16)
    return run


# ---- one step of D


def plain_sngan(run):
    """The step by hand: torch's `spectral_norm` on every layer of the same discriminator, the hinge loss, Adam."""
    shape, width = run.data.shape, run.discriminator[0].out_channels
    G, D = run.generator, sngan_discriminator(shape, width=width).to(run.place.device)
    for layer in D:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            spectral_norm(layer)
    D.load_state_dict(run.discriminator.state_dict())
    run.discriminator = D
    optimizer = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step():
        real, _ = run.real()
        with torch.no_grad():
            fake = G(run.noise())
        loss = torch.relu(1 - D(real)).mean() + torch.relu(1 + D(fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def plain_wgan_gp(run):
    """The step by hand: (‖∇f(x̂)‖ − 1)² with a graph of the gradient, and back through both; Adam."""
    G, D = run.generator, run.discriminator
    optimizer = torch.optim.Adam(D.parameters(), lr=1e-4, betas=(0.0, 0.9))

    def step():
        real, _ = run.real()
        with torch.no_grad():
            fake = G(run.noise())
        t = run.uniform()
        between = (t * fake + (1 - t) * real).requires_grad_()
        score = D(between)
        (gradient,) = torch.autograd.grad(score, between, torch.ones_like(score), create_graph=True)
        penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        loss = D(fake).mean() - D(real).mean() + 10 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


STEPS = {  # name: the method, the step by hand, what takes the bound away: of the shape and the width
    "spectral normalisation": (
        methods.sngan,
        plain_sngan,
        lambda shape, width: {"discriminator": partial(sngan_discriminator, shape, width=width)},
    ),
    "gradient penalty": (methods.wgan_gp, plain_wgan_gp, lambda shape, width: {"penalties": ()}),
}


def contestant(kind, name, size, width, device=None):
    """One step of D, `size` pixels a side, as a function to call: ours in three ways, by hand, and unbounded."""
    method, plain, unbounded = STEPS[kind]
    shape = (3, size, size)
    gan = method(shape, width=width)
    if name == "plain loop":
        run = started(gan, shape, device, fast=False)
        return _awaited(plain(run), run)
    if name == "unbounded":
        gan = replace(gan, **unbounded(shape, width))
    run = started(gan, shape, device, **OURS.get(name, {}))
    return _awaited(partial(training.discriminator_step, run), run)


# ---- iterations with R1


def regularised(every, size, width, device=None):
    """`EVERY` iterations of DCGAN without batch normalisation; R1 in every so many of them, or (None) in none."""
    shape = (3, size, size)
    gan = replace(
        methods.dcgan(shape, width=width),
        discriminator=partial(dcgan_discriminator, shape, width=width, normed=False),
        penalties=() if every is None else (r1(GAMMA, every=every),),
    )
    run = started(gan, shape, device)

    def iterations():
        for _ in range(EVERY):
            training.iteration(run)

    return _awaited(iterations, run)


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        with all_threads() as threads:
            here = f"{threads} threads" if device == "cpu" else torch.cuda.get_device_name()
            print(f"\n{TIMED[0]} pixels, width {TIMED[1]}, batch {BATCH} on {here}")
            print(_row("one step of D", "fast, ms", *(f"{name} ÷ fast" for name in NAMES[1:])))
            for kind in STEPS:
                seconds = paired({name: contestant(kind, name, *TIMED, device) for name in NAMES})
                print(_row(kind, *_in_words(seconds)), flush=True)
            ways = {"none": None, f"every {EVERY}th": EVERY, "each": 1}
            print(_row("an iteration with R1", "none, ms", *(f"{name} ÷ none" for name in list(ways)[1:])))
            seconds = paired({name: regularised(each, *TIMED, device) for name, each in ways.items()}, turns=11)
            print(_row("DCGAN without batch norm", *_in_words(seconds / EVERY)), flush=True)
        print(f"\n{WEIGHED[0]} pixels, width {WEIGHED[1]}: peak memory in MiB")
        print(_row("one step of D", *NAMES))
        for kind in STEPS:
            peaks = (peak_memory(contestant, kind, name, *WEIGHED, device) / 2**20 for name in NAMES)
            print(_row(kind, *(f"{peak:,.0f}" for peak in peaks)), flush=True)
    print(NOTES)


def _in_words(seconds):
    """Of times (turns, contestants): the median of the first in ms, and of the others' ratios to it within a turn."""
    first, *others = seconds.T
    return f"{statistics.median(first) * 1e3:,.1f}", *(f"{statistics.median(each / first):.2f}" for each in others)


def _awaited(step, run):
    return (lambda: (step(), torch.cuda.synchronize())) if run.place.device.type == "cuda" else step


def _row(head, *cells):
    return f"  {head:>24}" + "".join(f"{cell:>20}" for cell in cells)
