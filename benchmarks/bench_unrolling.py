"""One generator step through K virtual steps of Adam: ours, and TorchOpt's differentiable Adam on the same networks.

The networks are those of `methods.unrolled` for the ring. Ours keeps the optimizer's numbers in one row, so a virtual
step is a dozen operations whatever the number of layers; TorchOpt's are made layer by layer.
"""

import platform
import statistics

import numpy as np
import torch

from benchmarks.paired import paired
from gan_core import datasets, methods, training

STEPS = (0, 1, 2, 5, 10, 20)
BATCHES = (128, 512)


def started(steps, batch):
    run = training.start(methods.unrolled((2,), K=steps), datasets.ring(), batch=batch)
    for _ in range(3):
        training.iteration(run)
    return run


def ours(run):
    return lambda: training.generator_step(run)


def with_torchopt(run, steps):
    """The same step as TorchOpt's own examples write it: D's state is kept, moved on, and put back."""
    import torchopt

    D, settings = run.discriminator, run.optimizer_d.param_groups[0]
    adam = torchopt.MetaAdam(D, lr=settings["lr"], betas=settings["betas"], eps=settings["eps"])

    def step():
        real, _ = run.real()
        fake = run.G(run.noise())
        kept = [torchopt.extract_state_dict(each, by="reference") for each in (D, adam)]
        for _ in range(steps):
            adam.step(run.gan.objective.discriminator(run.D(real), run.D(fake)))
        loss = run.gan.objective.generator(run.D(fake), run.D(real))
        run.optimizer_g.zero_grad()
        loss.backward(inputs=list(run.generator.parameters()))
        run.optimizer_g.step()
        for each, state in zip((D, adam), kept, strict=True):
            torchopt.recover_state_dict(each, state)

    return step


def kept_bytes(step):
    """What the graph of one step keeps for the way back, in bytes: each storage once."""
    seen = {}

    def note(tensor):
        seen[tensor.untyped_storage().data_ptr()] = tensor  # held, so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        step()
    return sum(tensor.untyped_storage().nbytes() for tensor in seen.values())


def fit(steps, values):
    """The straight line a + bK through `values`, and R², the share of their variance that it explains."""
    b, a = np.polyfit(steps, values, 1)
    rest = np.array(values) - (a + b * np.array(steps))
    return a, b, 1 - rest.var() / np.var(values)


def main():
    print(f"Python {platform.python_version()}, torch {torch.__version__}: one step of G through K of D")
    print("Times are the fastest of 25 turns in one process, ratios the medians over turns.")
    for batch in BATCHES:
        times, sizes = [], []
        print(f"\n  batch {batch:>3}    K    ours, ms    TorchOpt ÷ ours    kept, KiB    TorchOpt ÷ ours")
        for K in STEPS:
            contestants = {"ours": ours(started(K, batch)), "TorchOpt": with_torchopt(started(0, batch), K)}
            seconds = paired(contestants, turns=25)
            kept = {name: kept_bytes(step) for name, step in contestants.items()}
            ratio = statistics.median(seconds[:, 1] / seconds[:, 0])
            times.append(seconds[:, 0].min())  # what the machine does besides only adds
            sizes.append(kept["ours"])
            print(
                f"  {K:>14}{times[-1] * 1e3:>12.2f}{ratio:>19.2f}{kept['ours'] / 1024:>13,.0f}"
                f"{kept['TorchOpt'] / kept['ours']:>19.2f}",
                flush=True,
            )
        for what, values, unit in (("time", np.array(times) * 1e3, "ms"), ("memory", np.array(sizes) / 1024, "KiB")):
            a, b, r2 = fit(STEPS[1:], values[1:])  # with nothing ahead there is nothing to copy
            print(f"  {what} ≈ {a:.2f} + {b:.2f} K {unit}, R² = {r2:.4f}")
    print()


if __name__ == "__main__":
    main()
