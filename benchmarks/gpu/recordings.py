"""Runs on faces at full scale, by the command line, for as many steps as there is time: in results/NAME like any other.

How many that are is found out once, by a short trial, and kept in results/gpu/METHOD-steps.json.
"""

import time
from dataclasses import replace

import torch

from benchmarks.gpu import kept
from gan_core import cli, datasets, recipes, results, training

MINUTES = {"dcgan": 6, "sndcgan": 6, "sngan": 6, "wgan_gp": 6}  # of training
ROUND = 500  # what a number of steps is rounded down to


def do(method, asked):
    """Begin, or go on with what is there; returns the exit code of `python -m gan_core train`."""
    result, recipe = _result(method, asked), _recipe(method, asked)
    words = ["train", method, "--data", "faces", "--scale", _scale(asked), "--size", str(recipe.size)]
    words += ["--device", asked.device, "--results", str(asked.results), "--name", result.folder.name]
    if result.taken():
        return cli.main([*words, "--resume"])
    chosen = kept.read(asked, f"{method}-steps") or kept.keep(asked, f"{method}-steps", trial(method, asked))
    print(f"{method}: {chosen['why']}", flush=True)
    return cli.main([*words, "--steps", str(chosen["steps"])])


def state(method, asked):
    result = _result(method, asked)
    try:
        record = result.record()
    except FileNotFoundError:
        return False, "not begun", result.folder
    except ValueError as error:
        return False, str(error), result.folder
    words = f"{record['status']}, step {record['steps']:,} of {record['recipe']['steps']:,}"
    return record["status"] == "finished", words, result.folder


def trial(method, asked):
    """The steps that there is time for: those of the recipe, or fewer."""
    recipe = _recipe(method, asked)
    data = datasets.faces(2 * recipe.batch, size=recipe.size)
    gan = recipes.gan(method, data.shape, recipe)
    run = training.start(gan, data, batch=recipe.batch, device=asked.device)
    warm, timed = (1, 2) if asked.tiny else (10, 40)
    for step in range(warm + timed):
        if step == warm:
            _wait(run)
            began = time.perf_counter()
        training.iteration(run)
    _wait(run)
    seconds = (time.perf_counter() - began) / timed
    steps = steps_in(60 * MINUTES[method], seconds, recipe.steps)
    said = (
        f"{steps:,} of the recipe's {recipe.steps:,} steps, {seconds * 1e3:.1f} ms each: {steps * seconds / 60:.1f} min"
    )
    return {"what": f"a trial of {method}", "steps": steps, "seconds_a_step": seconds, "why": said}


def steps_in(time, seconds, wanted):
    """As many of the `wanted` steps of so many seconds as there is time for, rounded; at least `ROUND`."""
    return min(wanted, max(ROUND, int(time / seconds) // ROUND * ROUND))


def _scale(asked):
    return "class" if asked.tiny else "full"


def _recipe(method, asked):
    recipe = recipes.recipe(method, "faces", _scale(asked))
    return replace(recipe, size=16, steps=2) if asked.tiny else recipe


def _result(method, asked):
    return results.Result(asked.results / f"{method}-faces-64-full")


def _wait(run):
    if run.place.device.type == "cuda":
        torch.cuda.synchronize()
