"""Two processes of one thread each against one process; and what eight GPUs would have to tell each other, on paper."""

import os
import platform
import socket
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import multiprocessing

from benchmarks import bench_dcgan
from benchmarks.bench_dcgan import WIDTH
from gan_core import processes, recipes, training
from gan_core.training.algorithm import trainable

PROCESSES = 2
PROBLEMS = tuple((size, batch) for size in (32, 64) for batch in (64, 128))  # pixels along a side, the whole minibatch
ALONE = {"one thread": 1, "two threads": 2}
LINKS = {"NVLink, 450 GB/s": 450e9, "PCIe, 25 GB/s": 25e9, "network, 10 Gb/s": 1.25e9}  # bytes a second and direction
GPUS = 8
PAPER, CLASSES = (3, 64, 64), 10
NOTES = """
  An iteration takes t₁ in one process of one thread, t₂ in two of them. Efficiency is t₁ / (2 t₂): 1 if nothing were
  lost. Medians over turns, in which all take their turn on the same machine; a process that has none waits.
"""


# ---- measured


def timings(size, batch, turns=7):
    """Seconds of an iteration of DCGAN, (turns, 3): in one process of one thread and of two, and in two of one each."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder), _free_port(), size, batch, turns, WIDTH
        multiprocessing.start_processes(_measure, given, PROCESSES, start_method="spawn")
        return np.load(Path(folder) / "seconds.npy")


def _measure(rank, folder, port, size, batch, turns, width):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(PROCESSES), "LOCAL_RANK": "0"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    bench_dcgan.WIDTH = width  # this process has begun anew
    torch.set_num_threads(1)
    with processes.joined():
        alone = bench_dcgan.start(size, batch, "cpu")
        part = processes.share(bench_dcgan.start(size, batch, "cpu"))
        rows = [_turn(alone, part) for _ in range(turns + 1)][1:]  # the first is slower
        if part.leads:
            np.save(folder / "seconds.npy", rows)


def _turn(alone, part):
    """Each contestant twice. The others wait, asleep, until the one that leads says that it has done its own."""
    row = []
    for threads in ALONE.values():
        if part.leads:
            torch.set_num_threads(threads)
            row.append(_seconds(alone))
            torch.set_num_threads(1)
        part.agree(False)
    return [*row, _seconds(part)]


def _seconds(run, times=2):
    begun = time.perf_counter()
    for _ in range(times):
        training.iteration(run)
    return (time.perf_counter() - begun) / times


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- on paper


def bytes_a_step(gan, generator, discriminator):
    """Bytes of gradients, in float32, that the processes average in one iteration: n_dis times D's, and G's once."""
    d, g = (
        0 if network is None else 4 * sum(p.numel() for p in trainable(network))
        for network in (discriminator, generator)
    )
    return getattr(gan, "n_dis", 1) * d + g


def exchange(size, n, bandwidth):
    """Seconds that a ring of n takes to average `size` bytes: each sends 2 (n − 1)/n of them, Patarasuk & Yuan 2009.

    >>> exchange(100e6, 8, 25e9)
    0.007
    """
    return 2 * (n - 1) / n * size / bandwidth


def on_paper(names=None):
    """For each method at full scale its name, bytes a step, and seconds that `GPUS` take for them over each link."""
    rows = []
    for name in names or recipes.methods():
        gan = recipes.gan(name, PAPER, recipes.recipe(name, "faces", "full"), CLASSES)
        if getattr(getattr(gan, "opponent", None), "K", 0):
            continue  # unrolling is for one process
        size = bytes_a_step(gan, gan.generator(), gan.discriminator and gan.discriminator())
        rows.append((name, size, [exchange(size, GPUS, bandwidth) for bandwidth in LINKS.values()]))
    return rows


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {bench_dcgan._processor()}")
    print(f"\nDCGAN of width {WIDTH}, one iteration of the whole minibatch on CPUs")
    print(_row("size, batch", *(f"{name}, ms" for name in ALONE), "two processes, ms", "efficiency", "÷ two threads"))
    for size, batch in PROBLEMS:
        one, threaded, two = seconds = timings(size, batch).T
        efficiency, to_threads = statistics.median(one / (2 * two)), statistics.median(two / threaded)
        cells = (f"{statistics.median(each) * 1e3:,.0f}" for each in seconds)
        print(_row(f"{size} px, {batch}", *cells, f"{efficiency:.2f}", f"{to_threads:.2f}"), flush=True)
    print(NOTES)
    print(
        f"On paper: {PAPER[1]} pixels, full scale, {GPUS} GPUs. Gradients averaged in an iteration, and how long that"
    )
    print("takes on a ring if nothing else is done meanwhile (DistributedDataParallel does it during the way back)")
    print(_row("method", "MB a step", *(f"{link}, ms" for link in LINKS), "90 % over PCIe from"))
    for name, size, seconds in on_paper():
        least = 9 * seconds[1]  # of an iteration's own work, for the exchange to be a tenth of all
        cells = (f"{each * 1e3:,.2f}" for each in seconds)
        print(_row(name, f"{size / 1e6:,.0f}", *cells, f"{least * 1e3:,.0f} ms a step"))


def _row(head, *cells):
    return f"  {head:>16}" + "".join(f"{cell:>22}" for cell in cells)


if __name__ == "__main__":
    main()
