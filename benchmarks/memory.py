"""The most memory that something takes, in a process of its own: what this one had before does not count."""

import multiprocessing
import pathlib
import sys

import torch


def peak_memory(build, *given):
    """The most bytes that a new process has while it calls build(*given)() three times; on a GPU, that the GPU has.

    `build` must be importable, for the process begins anew.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (build, given))


def _peak(build, given):
    step = build(*given)
    for _ in range(3):
        step()
    return torch.cuda.max_memory_allocated() or _most_resident()


def _most_resident():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # Linux, where the ru_maxrss of a process begins at that of its parent
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
