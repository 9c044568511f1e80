"""Seeds moved on together, `gan_core.replicates`, against one seed, and against as many one after the other."""

import platform
import statistics

import torch

from benchmarks.paired import paired
from gan_core import datasets, methods, replicates, training

SEEDS = (2, 4, 8, 16)


def together(width, seeds=SEEDS):
    """One iteration of the ring GAN: of one run, of S in a row and of S at once; in the default dtype."""
    data = datasets.ring()
    gan = methods.gan(data.shape, width=width)
    contestants = {"one": _iterations([training.start(gan, data)])}
    for S in seeds:
        runs, others = ([training.start(gan, data, seed=seed) for seed in range(S)] for _ in range(2))
        contestants[f"{S} in a row"] = _iterations(runs)
        contestants[f"{S} together"] = _iterations([replicates.Stack(others)])
    return contestants


def main():
    threads = sorted({1, torch.get_num_threads()})
    print(f"Python {platform.python_version()}, torch {torch.__version__}. The GAN on a ring, batch 64, one iteration.")
    print("For S seeds: the time together ÷ that of one seed, and in brackets ÷ that of S seeds in a row. Medians of")
    print("ratios over turns in one process.\n")
    print(f"  {'':>30}{'one, ms':>10}" + "".join(f"{f'S = {S}':>16}" for S in SEEDS))
    for width in (32, 128):
        for dtype in (torch.float64, torch.float32):
            for count in threads:
                label = f"width {width}, {str(dtype)[6:]}, {count} thread" + "s" * (count > 1)
                print(f"  {label:>30}" + _row(width, dtype, count), flush=True)
    print()


def _row(width, dtype, threads):
    before = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(dtype), torch.set_num_threads(threads)
    try:
        contestants = together(width)
        seconds = dict(zip(contestants, paired(contestants).T, strict=True))
    finally:
        torch.set_default_dtype(before[0]), torch.set_num_threads(before[1])
    cells = []
    for S in SEEDS:
        to_one, to_a_row = (
            statistics.median(seconds[f"{S} together"] / seconds[other]) for other in ("one", f"{S} in a row")
        )
        cells.append(f"{f'{to_one:.2f} ({to_a_row:.2f})':>16}")
    return f"{statistics.median(seconds['one']) * 1e3:>10.2f}" + "".join(cells)


def _iterations(teams):
    def move():
        for team in teams:
            training.iteration(team)

    return move


if __name__ == "__main__":
    main()
