"""Runs at full scale, by the command line, for as many steps as there is time: in results/NAME like any other.

How many that are is found out once, by a short trial, and kept in results/gpu/NAME-steps.json.
"""

import time
from dataclasses import replace
from typing import NamedTuple

import torch

from benchmarks.gpu import kept
from gan_core import cli, datasets, loop, recipes, results, training
from gan_core.training.runs import unchanged


class Recording(NamedTuple):
    """A method on data of so many pixels along a side, and the minutes of training that it is given."""

    method: str
    data: str = "faces"
    size: int = 64
    minutes: float = 3


RECORDINGS = {
    **{each: Recording(each) for each in ("dcgan", "sndcgan", "sngan", "wgan_gp", "r3gan", "flow")},
    "projection": Recording("projection", "people"),  # こしあん 2019 gave it a day of an RTX 2080 Ti
    "progressive": Recording("progressive", size=128),
}
PEOPLE = 176, 2  # faces of each are enough to time a step
ROUND = 500  # what a number of steps is rounded down to


def do(name, asked):
    """Begin, or go on with what is there; returns the exit code of `python -m gan_core train`."""
    result, recipe, (method, data, _, _) = _result(name, asked), _recipe(name, asked), RECORDINGS[name]
    words = ["train", method, "--data", data, "--scale", _scale(asked), "--size", str(recipe.size)]
    words += ["--device", asked.device, "--results", str(asked.results), "--name", result.folder.name]
    if result.taken():
        return cli.main([*words, "--resume"])
    chosen = kept.read(asked, f"{name}-steps") or kept.keep(asked, f"{name}-steps", trial(name, asked))
    print(f"{name}: {chosen['why']}", flush=True)
    return cli.main([*words, *(f"--{each}={chosen[each]}" for each in ("steps", "hold", "fade") if each in chosen)])


def state(name, asked):
    result = _result(name, asked)
    try:
        record = result.record()
    except FileNotFoundError:
        return False, "not begun", result.folder
    except ValueError as error:
        return False, str(error), result.folder
    words = f"{record['status']}, step {record['steps']:,} of {record['recipe']['steps']:,}"
    return record["status"] == "finished", words, result.folder


def trial(name, asked):
    """The steps that there is time for: those of the recipe, or fewer; networks that grow do so in three quarters."""
    recipe, (method, data, _, minutes) = _recipe(name, asked), RECORDINGS[name]
    examples = (
        datasets.people(*PEOPLE, recipe.size) if data == "people" else datasets.faces(2 * recipe.batch, recipe.size)
    )
    gan = recipes.gan(method, examples.shape, recipe, recipes.classes(examples))
    run = training.start(
        replace(gan, schedule=unchanged), examples, batch=recipe.batch, device=asked.device
    )  # all of it
    warm, timed = (1, 2) if asked.tiny else (10, 40)
    for step in range(warm + timed):
        if step == warm:
            _wait(run)
            began = time.perf_counter()
        loop.iteration(run)
    _wait(run)
    seconds = (time.perf_counter() - began) / timed
    steps = steps_in(60 * minutes, seconds, recipe.steps)
    said = (
        f"{steps:,} of the recipe's {recipe.steps:,} steps, {seconds * 1e3:.1f} ms each: {steps * seconds / 60:.1f} min"
    )
    levels = getattr(gan.schedule, "levels", 0)
    growth = dict.fromkeys(("hold", "fade"), 3 * steps // (8 * levels)) if levels else {}
    return {"what": f"a trial of {name}", "steps": steps, **growth, "seconds_a_step": seconds, "why": said}


def steps_in(time, seconds, wanted):
    """As many of the `wanted` steps of so many seconds as there is time for, rounded; at least `ROUND`."""
    return min(wanted, max(ROUND, int(time / seconds) // ROUND * ROUND))


def _scale(asked):
    return "class" if asked.tiny else "full"


def _recipe(name, asked):
    method, data, size, _ = RECORDINGS[name]
    recipe = replace(recipes.recipe(method, data, _scale(asked)), size=size)
    return replace(recipe, size=16, steps=2) if asked.tiny else recipe


def _result(name, asked):
    _, data, size, _ = RECORDINGS[name]
    return results.Result(asked.results / f"{name}-{data}-{size}-full")


def _wait(run):
    if run.place.device.type == "cuda":
        torch.cuda.synchronize()
