"""Does the fast switch cost quality? DCGAN on faces with it and without it, over seeds, against held-out faces."""

import time

import numpy as np
from scipy import stats

from gan_core import datasets, methods, training
from gan_core.judgement.metrics import frechet_distance

SIZE, WIDTH, STEPS, SEEDS, FACES = 16, 16, 600, range(8), 2_000


def distances(gan, faces, held_out, fast):
    """The pixel Fréchet distance of samples to held-out faces after training under each seed: (seeds,)."""
    runs = (training.fit(gan, faces, steps=STEPS, seed=seed, device="cpu", fast=fast) for seed in SEEDS)
    return np.array([frechet_distance(run.samples(FACES), held_out) for run in runs])


def interval(x, level=0.95):
    """The mean of x (n,) and half the width of Student's interval for it."""
    return x.mean(), stats.sem(x) * stats.t.ppf((1 + level) / 2, len(x) - 1)


def main():
    began, gan = time.perf_counter(), methods.dcgan((3, SIZE, SIZE), width=WIDTH)
    faces, held_out = (datasets.faces(FACES, size=SIZE, seed=seed) for seed in (0, 1))
    untrained = training.start(gan, faces, device="cpu")
    for_scale = (frechet_distance(x, held_out.x) for x in (untrained.samples(FACES), faces.x))
    plain, fast = (distances(gan, faces, held_out.x, fast) for fast in (False, True))
    (mean, half), whole = interval(fast - plain), plain.mean()
    print(f"Pixel Fréchet distance to {FACES:,} held-out faces of {SIZE} pixels: DCGAN of width {WIDTH}, {STEPS} steps")
    print("  untrained {:.2f}, other real faces {:.2f}".format(*for_scale))
    for name, x in (("fast=False", plain), ("fast", fast)):
        print(f"  {name} {x.mean():.2f} ± {stats.sem(x):.2f} (mean ± s.e., {len(x)} seeds)")
    print(f"  difference, seed by seed, {mean:+.2f}, 95 % interval {mean - half:+.2f} … {mean + half:+.2f}", end=" ")
    print(f"({(mean - half) / whole:+.1%} … {(mean + half) / whole:+.1%})")
    print(f"  fast is here bf16={untrained.place.bf16}, channels_last={untrained.place.channels_last}")
    print(f"  {time.perf_counter() - began:.0f} s\n")
