"""DCGAN: an iteration of ours against a plain float32 loop with the same networks, on all cores, and on a GPU."""

import os
import pathlib
import platform
import statistics
from contextlib import contextmanager
from math import log2

import numpy as np
import torch
from torch import nn

from benchmarks.memory import peak_memory
from benchmarks.paired import paired
from gan_core import datasets, methods, training

WIDTH, Z = 64, 100
SIZES, BATCHES = (16, 32, 64), (16, 64, 256)
OURS = {"fast": {}, "bf16 off": {"bf16": False}, "fast=False": {"fast": False}}
THEIRS = {"textbook": {}, "reusing": {"reuse": True}}
NAMES = (*OURS, *THEIRS)
NOTES = """
  fast      what training.fit does here: bf16 where there are units for it, images channels last
  bf16 off  the same in float32                        fast=False  the same in float32 and torch's own layout
  textbook  float32, torch's own layout and Adam, fakes made with their graph, D's gradients computed in G's step
  reusing   the textbook, but G's step takes D's fakes again (as PyTorch's example does; Algorithm 1 draws new ones)
Medians over turns in one process. A ratio above 1: fast is faster. Of the rate: of that of a product of two matrices.
"""


def contestant(name, size, batch, device=None):
    """One iteration of DCGAN, `size` pixels a side, as a function to call: ours in three ways, and two plain loops."""
    if name in OURS:
        run = start(size, batch, device, **OURS[name])
        step = lambda: training.iteration(run)  # noqa: E731
    else:
        run = start(size, batch, device, fast=False)
        step = textbook(run, **THEIRS[name])
    return (lambda: (step(), torch.cuda.synchronize())) if run.place.device.type == "cuda" else step


def start(size, batch, device=None, fast=True, bf16=True):
    """A run on 512 random images: what they show costs no time."""
    images = torch.rand(512, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    gan = methods.dcgan((3, size, size), z=Z, width=WIDTH)
    run = training.start(gan, datasets.Examples(images), batch=batch, device=device, fast=fast)
    run.place = run.place._replace(bf16=run.place.bf16 and bf16)
    return run


def textbook(run, reuse=False):
    """Algorithm 1 as one writes it down first, with the networks, the data and the noise of `run`.

    The fakes for D are made with their graph and detached, and in G's step D's gradients are computed for nothing.
    `reuse`: G's step takes the same fakes, as in PyTorch's example, where Algorithm 1 draws new ones; one pass less.
    """
    G, D, cross_entropy = run.generator, run.discriminator, nn.BCEWithLogitsLoss()
    optimizer_g, optimizer_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (G, D))
    ones, zeros = (make(run.batch, 1, device=run.place.device) for make in (torch.ones, torch.zeros))

    def step():
        real, _ = run.real()
        fake = G(run.noise())
        optimizer_d.zero_grad()
        cross_entropy(D(real), ones).backward()
        cross_entropy(D(fake.detach()), zeros).backward()
        optimizer_d.step()
        if not reuse:
            fake = G(run.noise())
        optimizer_g.zero_grad()
        cross_entropy(D(fake), ones).backward()
        optimizer_g.step()

    return step


def multiply_adds(size, batch):
    """Of the convolutions in one iteration of ours: Σ 16 · channels in · channels out · places on the coarser side.

    A layer between two hidden ones has c channels on its coarser side s and c/2 on the other, with 2 c s = w size for
    every layer: 16 · c · c/2 · s² = 2 (w size)². With those next to the image and next to z or the logit, a pass has

        G: 2 (w size)² (log₂ size − 3) + 12 w size² + 2 z w size        D: the same with 1 in place of z

    Passes: G forward twice, then back to its weights and to its layers; D forward three times, back to its weights
    twice, back to its layers three times but only once to the image. (The textbook goes back to D's weights once more.)

    64 pixels, batch 64, width 64: 8.0 · 10¹⁰. A core that makes 64 in bf16 a cycle, with two units of 512 bits, makes
    2.6 · 10¹¹ a second at 4 GHz: 0.16 s on two cores is the floor, 0.31 s in float32. `product_rate` measures the rate.
    """
    hidden, image, end = 2 * (WIDTH * size) ** 2 * (log2(size) - 3), 12 * WIDTH * size**2, 2 * WIDTH * size
    g = 4 * (hidden + image) + 3 * Z * end
    d = 8 * hidden + 6 * image + 8 * end
    return int(batch * (g + d))


def product_rate(run, n=2048):
    """Multiply-adds a second of a product of two n × n matrices in the precision and on the device of `run`."""
    a = torch.rand(n, n, dtype=torch.bfloat16 if run.place.bf16 else torch.float32, device=run.place.device)
    sync = torch.cuda.synchronize if a.is_cuda else lambda: None
    return n**3 / paired({"product": lambda: (a @ a, sync())}, turns=9).min()


def measured(size, batch, device=None, turns=5):
    """The median seconds of an iteration of ours, and of the others the median ratio to it within a turn, by name."""
    seconds = paired({name: contestant(name, size, batch, device) for name in NAMES}, turns)
    ratios = np.median(seconds / seconds[:, :1], axis=0)
    return statistics.median(seconds[:, 0]), dict(zip(NAMES[1:], ratios[1:].tolist(), strict=True))


def timings(problems, device=None, turns=5):
    """Print a row for each (size, batch): the time of ours and, for the others, the median ratio to it within a turn.

    Returns the seconds of ours.
    """
    rate = product_rate(start(8, 2, device))
    print(_row("size", "batch", "fast, ms", "images/s", "of the rate", *(f"{name} ÷ fast" for name in NAMES[1:])))
    ours = []
    for size, batch in problems:
        fast, ratios = measured(size, batch, device, turns)
        share = multiply_adds(size, batch) / fast / rate
        cells = size, batch, f"{fast * 1e3:,.1f}", f"{batch / fast:,.0f}", f"{share:.0%}"
        print(_row(*cells, *(f"{ratio:.2f}" for ratio in ratios.values())), flush=True)
        ours.append(fast)
    return ours


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {_processor()}")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        with all_threads() as threads:
            run = start(8, 2, device)
            here = f"{threads} threads" if device == "cpu" else torch.cuda.get_device_name()
            print(f"\nDCGAN of width {WIDTH} on {here}, {'with' if run.place.bf16 else 'without'} bf16: one iteration")
            by_size = timings([(size, 64) for size in SIZES], device)
            by_batch = timings([(32, batch) for batch in BATCHES], device)
        by_size, by_batch = _slope(SIZES, by_size), _slope(BATCHES, by_batch)
        print(f"  time ~ size^{by_size:.2f} at batch 64, time ~ batch^{by_batch:.2f} at 32 pixels")
        peaks = ", ".join(f"{name} {peak_memory(contestant, name, 64, 64, device) / 2**20:,.0f}" for name in NAMES)
        print(f"  Peak memory at 64 pixels, batch 64, in MiB, a process each: {peaks}")
    print(NOTES)


@contextmanager
def all_threads():
    """Within, torch computes on all cores, whatever OMP_NUM_THREADS says."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count())
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def _slope(n, seconds):
    return np.polyfit(np.log(n), np.log(seconds), 1)[0]


def _processor():
    """The processor's name, where the system tells it."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _row(*cells):
    return "".join(f"{cell:>{14 if i < 5 else 19}}" for i, cell in enumerate(cells))
