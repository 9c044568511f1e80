"""Begin, move on, go on: what `gan_core.training` has for one run and for many seeds."""

import copy
import time
from collections.abc import Iterable
from contextlib import contextmanager
from operator import length_hint

import numpy as np
import torch
from torch import nn

from gan_core import checkpoints, replicates
from gan_core.mathematics._counts import whole
from gan_core.pieces import _progress
from gan_core.pieces.datasets import as_data
from gan_core.pieces.devices import here, place
from gan_core.training._fitting import data_must_fit, networks_must_fit, on, one_look
from gan_core.training._interrupt import between_steps
from gan_core.training.algorithm import trainable
from gan_core.training.runs import Run

SYMBOLS = {"loss_d": "L_D", "loss_g": "L_G"}
CHECK_EVERY = 100  # steps between looks for NaN: a look waits for the numbers, so not at every step


class DivergedError(RuntimeError):
    """A loss or a weight is no longer a finite number; the message says which, since when, and what to try.

    `run` is the run, put back to the last step at which all was well: it can be sampled, saved and trained on, such as
    with `for group in run.optimizer_d.param_groups: group["lr"] /= 10`. `runs` are all that were trained with it.
    """

    def __init__(self, message, run):
        super().__init__(message)
        self.run, self.runs = run, [run]


def fit(gan, data, *, steps, seed=0, batch=None, device=None, fast=True, watch=None) -> Run:
    """Train `gan` on `data` for `steps` steps, of a GAN those of Algorithm 1, and return the run.

    `data`: a dataset, a tensor, an array, a pair (x, y) or a DataLoader (`datasets.as_data`). `batch`: examples in a
    minibatch; left out, 64, or a DataLoader's own. `device` and `fast`: see `devices.place`. `watch(run)`, when given,
    is called after every step. The same seed gives the same run on the same machine. Interrupted (Ctrl-C), it ends the
    step it is in and returns the run as it is; `train` goes on with it.
    Raises ValueError for steps or batch below one, a negative seed, a batch larger than the data, networks that do not
    fit the data, and labels that do not fit the classes; TypeError for what is no data; DivergedError when a loss or a
    weight is not finite.
    """
    return train(start(gan, data, seed=seed, batch=batch, device=device, fast=fast), steps, watch=watch)


def replicate(gan, data, *, steps, seeds: Iterable[int] = range(5), batch=None, watch=None) -> list[Run]:
    """`fit` once for each seed, under one progress bar: a statement about training needs more than one run."""
    runs = [start(gan, data, seed=seed, batch=batch) for seed in seeds]
    if not runs:
        raise ValueError("seeds is empty; give at least one seed")
    return _train(runs, steps, watch)


def start(gan, data, *, seed=0, batch=None, device=None, fast=True) -> Run:
    """A run at step 0: networks built under `seed`, and a random stream of its own. Raises as `fit` does."""
    data, seed = as_data(data), whole("seed", seed, least=0)
    batch = whole("batch", getattr(data, "batch", 64) if batch is None else batch)
    if batch > length_hint(data, batch):  # endless data have no length
        raise ValueError(f"batch must be at most the number of examples, {len(data)}; given {batch}")
    first_weights = torch.Generator().manual_seed(seed)
    with _layers_draw_from(first_weights):
        generator, discriminator = _build(gan.generator), _build(gan.discriminator)
        one_look(generator, discriminator, gan.z, data.shape, gan.classes)
        stream = int(torch.randint(2**62, ()))  # not `seed`: noise is not the weights again
    where = place((generator,) if discriminator is None else (generator, discriminator), device, fast)
    generator, discriminator = where.put(generator), None if discriminator is None else where.put(discriminator)
    layers_rng = first_weights if where.device.type == "cpu" else torch.Generator(where.device).manual_seed(seed)
    run = Run(
        gan, on(where.device, data), seed, batch, where,
        generator, discriminator, None if gan.ema is None else copy.deepcopy(generator).requires_grad_(False),
        None if discriminator is None else gan.optimizer_d(trainable(discriminator)),
        gan.optimizer_g(trainable(generator)),
        torch.Generator(where.device).manual_seed(stream), layers_rng,
        losses=torch.zeros(0, 2, dtype=next(generator.parameters()).dtype, device=where.device),
    )  # fmt: skip
    networks_must_fit(run)
    return run


def resume(path, gan, data, *, device=None, fast=None) -> Run:
    """The run whose checkpoint lies at `path`, as if it had never stopped. `gan` and `data` are those it began with.

    `device` and `fast` are as they were unless given; where that device is not to be had, the best of this machine. To
    go on with another learning rate, resume the run and set it in the optimizers' `param_groups`.
    Raises FileNotFoundError; ValueError when the file is damaged or belongs to another method, other data or another
    version.
    """
    saved = checkpoints.read(path)
    device = here(saved["device"]) if device is None else device
    fast = saved["fast"] if fast is None else fast
    run = start(gan, data, seed=saved["seed"], batch=saved["batch"], device=device, fast=fast)
    return checkpoints.restore(run, saved)


def train(run, steps, *, watch=None) -> Run:
    """`steps` more iterations of the method's step. Changes and returns `run`."""
    return _train([run], steps, watch)[0]


def iteration(run):
    """One turn of the loop: the method's schedule, its step (of a GAN `algorithm_1`), the average of G, the record."""
    run.gan.schedule(run)
    with _layers_draw_from(run.layers_rng):
        losses = run.gan.step(run)
    run.average()
    run.record(*losses)


def _train(runs, steps, watch):
    each = f"{whole('steps', steps):,} training steps"
    what = each if len(runs) == 1 else f"{len(runs)} runs of {each}"
    for run in runs:
        if run.step == 0:
            data_must_fit(run.undivided)
    team = runs[0]
    try:
        with (
            between_steps() as asked_to_stop,
            replicates.teams(runs, iteration) as teams,
            _progress.bar(steps * len(teams), what, silent=not team.leads) as bar,
        ):
            for team in teams:
                _advance(team, steps, watch, bar, asked_to_stop)
    except KeyboardInterrupt:
        if team.leads:
            print(f"stopped at step {team.step:,}; training.train(run, steps) goes on from there")
    except DivergedError as error:
        error.runs = runs
        raise
    return runs


def _advance(team, steps, watch, bar, asked_to_stop):
    """`steps` iterations of a team: one run, or several that move as one."""
    well, shown = _checked(team, {}), time.monotonic()
    for _ in range(steps):
        iteration(team)
        bar.update()
        if team.step % CHECK_EVERY == 0:
            well = _checked(team, well)
        for run in team.runs:
            if watch:
                watch(run)
        if not bar.disable and time.monotonic() - shown > 0.5:
            shown = time.monotonic()
            _show(bar, team)
        if team.agree(asked_to_stop()):
            raise KeyboardInterrupt
    _checked(team, well)
    if not bar.disable:
        _show(bar, team)


def _show(bar, team):
    """The losses, a mean over the seeds, and the speed, beside the bar."""
    losses = torch.stack([run.losses[run.step - 1] for run in team.runs]).mean(0).tolist()
    names = (SYMBOLS.get(name, name) for name in team.gan.losses)
    shown = ", ".join(f"{name} {loss:.3f}" for name, loss in zip(names, losses, strict=True))
    now = bar.format_dict
    speed = (now["rate"] or now["n"] / now["elapsed"]) * team.batch * len(team.runs)
    bar.set_postfix_str(f"{shown}, {speed:,.0f} samples/s")


def _checked(team, well):
    """Raise DivergedError unless all is finite; return the state of each run, to go back to: {seat: state}."""
    for seat, run in enumerate(team.runs):
        trouble = _trouble(run)
        if trouble:
            if seat in well:
                team.release()
                checkpoints.restore(run, well[seat])
            kept = f"put back to step {run.step:,}" if seat in well else "as it was given"
            raise DivergedError(
                f"{trouble}; error.run is the run, {kept}. Try a smaller learning rate, another objective, or keep the "
                "discriminator in bounds",
                run,
            )
    return {seat: checkpoints.snapshot(checkpoints.state(run)) for seat, run in enumerate(team.runs)}


def _trouble(run):
    """What is not finite, in words, or None: the losses since the last look, and no further back; the weights."""
    since = max(run.step - CHECK_EVERY, 0)
    recent = run.losses[since : run.step].cpu().numpy()
    bad = np.argwhere(~np.isfinite(recent))
    if len(bad):
        step, which = bad[0]  # the first: what was wrong before the other loss went with it
        return f"{run.gan.losses[which]} is {recent[step, which]} since step {since + step + 1}"
    for name, network in run.networks.items():
        tensors = network.state_dict()  # what batch normalisation keeps is in it too
        finite = torch.stack([tensor.isfinite().all() for tensor in tensors.values()]).tolist()
        if not all(finite):
            return f"the {name}'s {list(tensors)[finite.index(False)]} is not finite at step {run.step}"
    return None


def _build(part):
    if not isinstance(part, nn.Module):
        return None if part is None else part()
    lazy = [each for each in part.buffers() if nn.parameter.is_lazy(each)]  # torch copies all but these
    return copy.deepcopy(part, {id(each): type(each)(device=each.device, dtype=each.dtype) for each in lazy})


@contextmanager
def _layers_draw_from(rng):
    """Within, what torch's layers draw by themselves comes from `rng`; torch's own stream is left as it was."""
    stream = torch if rng.device.type == "cpu" else torch.get_device_module(rng.device)
    this_one = (rng.device,) if rng.device.type == "cuda" else ()  # each GPU has its own
    outside = stream.get_rng_state(*this_one)
    stream.set_rng_state(rng.get_state(), *this_one)
    try:
        yield
    finally:
        rng.set_state(stream.get_rng_state(*this_one))
        stream.set_rng_state(outside, *this_one)
