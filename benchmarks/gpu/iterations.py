"""How long an iteration takes: DCGAN's table, as on the CPU; three methods as they are, compiled, and as a CUDA graph.

Each row is a file in results/gpu. A compiled or recorded iteration has its parity there: the largest difference of its
losses from those of the iteration as it is, in float64, over some steps from the same state.
"""

import statistics
import time
import traceback
from functools import partial

import numpy as np
import torch

from benchmarks import bench_dcgan
from benchmarks.gpu import kept, ways
from benchmarks.memory import peak_memory
from benchmarks.paired import paired
from gan_core import datasets, recipes, training

METHODS, TINY = ("dcgan", "sngan", "wgan_gp"), ("dcgan", "wgan_gp")
WAYS = {"graph": ways.graphed, "compiled": ways.compiled}  # the quicker one to make first
PARITY, STEPS = 1e-9, 5  # the largest difference that is rounding, and over how many steps


def do(asked):
    """Find out what is left. A row that fails leaves no file, and the others are found all the same."""
    code = 0
    for name, find in rows(asked).items():
        if kept.read(asked, name) is None:
            try:
                found = kept.keep(asked, name, find())
                print(f"{name}: {_in_words(found)}", flush=True)
            except Exception:  # whatever a GPU may have against it
                print(f"{name}: {traceback.format_exc()}", flush=True)
                code = 1
    return code


def state(asked):
    there = [kept.read(asked, name) is not None for name in rows(asked)]
    return all(there), f"{sum(there)} of {len(there)} rows", kept.path(asked, "").parent


def rows(asked):
    """What there is to find out: {name: a function that finds it, a dict}."""
    sizes = [(size, 64) for size in bench_dcgan.SIZES] + [(32, batch) for batch in bench_dcgan.BATCHES]
    table = dict.fromkeys([(8, 2)] if asked.tiny else sizes)
    largest, methods = ((8, 2), TINY) if asked.tiny else ((64, 64), METHODS)
    return {
        **{f"dcgan-{size}px-batch{batch}": partial(iteration, size, batch, asked) for size, batch in table},
        "dcgan-memory": partial(memory, *largest, asked),
        **{f"{method}-{way}": partial(other_way, method, way, asked) for way in WAYS for method in methods},
    }


def iteration(size, batch, asked):
    """A row of the table of `benchmarks.bench_dcgan`."""
    run = bench_dcgan.start(8, 2, asked.device)
    n = 64 if asked.tiny else 8192 if run.place.device.type == "cuda" else 2048
    rate = bench_dcgan.product_rate(run, n)
    fast, ratios = bench_dcgan.measured(size, batch, asked.device, turns=2 if asked.tiny else 9)
    return {
        "what": "an iteration of DCGAN",
        "size": size,
        "width": bench_dcgan.WIDTH,
        "batch": batch,
        "seconds": {"fast": fast, **{name: ratio * fast for name, ratio in ratios.items()}},
        "images_per_second": batch / fast,
        "of_the_rate": bench_dcgan.multiply_adds(size, batch) / fast / rate,
        "multiply_adds_per_second_of_a_product": rate,
        "convolutions_in_tf32": torch.backends.cudnn.allow_tf32,  # where they are not in bf16: cuDNN's default
    }


def memory(size, batch, asked):
    """The most memory of each contestant of that table."""
    names = bench_dcgan.NAMES[: 1 if asked.tiny else None]
    peaks = {name: peak_memory(bench_dcgan.contestant, name, size, batch, asked.device) for name in names}
    return {"what": "peak memory of DCGAN", "size": size, "width": bench_dcgan.WIDTH, "batch": batch, "bytes": peaks}


def other_way(method, way, asked):
    """An iteration gone another way beside the iteration as it is; where that cannot be, why."""
    size, width, batch = (16, 4, 4) if asked.tiny else (64, 64, 128)
    go = partial(ways.compiled, backend="aot_eager") if asked.tiny and way == "compiled" else WAYS[way]
    found = {"what": f"an iteration of {method}, {way}", "size": size, "width": width, "batch": batch}
    try:
        differ = parity(method, go, asked.device)
        before = time.perf_counter()
        other = go(started(method, size, width, batch, asked.device))
        ready = time.perf_counter() - before
    except ways.NotHere as why:
        return {**found, "why_not": str(why)}
    if not differ <= PARITY:
        raise AssertionError(f"its losses differ by {differ:.1e} from those of the iteration as it is")
    eager = ways.eager(started(method, size, width, batch, asked.device))
    steps = {"eager": awaited(eager, asked.device), way: awaited(other, asked.device)}
    seconds = paired(steps, turns=2 if asked.tiny else 15)
    return {
        **found,
        "seconds": {name: statistics.median(column) for name, column in zip(steps, seconds.T, strict=True)},
        "eager_over_this": float(np.median(seconds[:, 0] / seconds[:, 1])),
        "seconds_until_it_is_ready": ready,
        "parity": differ,
    }


def parity(method, go, device):
    """The largest difference of the losses between an iteration gone one way and as it is, in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        steps = (way(started(method, 16, 4, 8, device)) for way in (ways.eager, go))
        plain, other = (torch.stack([step().clone() for _ in range(STEPS)]) for step in steps)
        return (other - plain).abs().max().item()
    finally:
        torch.set_default_dtype(before)


def started(method, size, width, batch, device):
    """A run on random images that has made a step."""
    images = torch.rand(2 * batch, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    gan = recipes.methods()[method]((3, size, size), width=width)
    return training.train(training.start(gan, datasets.Examples(images), batch=batch, device=device), 1)


def awaited(step, device):
    """`step`, and on a GPU the wait for its end."""
    return (lambda: (step(), torch.cuda.synchronize())) if torch.device(device).type == "cuda" else step


def _in_words(found):
    if "why_not" in found:
        return f"not here: {found['why_not']}"
    if "bytes" in found:
        return ", ".join(f"{name} {peak / 2**20:,.0f} MiB" for name, peak in found["bytes"].items())
    times = ", ".join(f"{name} {seconds * 1e3:,.2f} ms" for name, seconds in found["seconds"].items())
    rest = f"parity {found['parity']:.0e}" if "parity" in found else f"{found['of_the_rate']:.0%} of the rate"
    return f"{times}; {rest}"
