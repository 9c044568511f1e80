"""What `play` does, as pure functions: the state is a run, `moved(…)` is the next one, and `draw(run)` its picture."""

import io
import time
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from gan_core import datasets, methods, metrics, training
from gan_core.course.widgets import film
from gan_core.pieces.objectives import OBJECTIVES

DATA = {"a ring of eight": lambda: datasets.ring(std=0.1), "handwritten digits": datasets.digits}
# Not Wasserstein's, which asks for a critic in bounds, and not the minimax loss, whose G learns what saturating's does.
LOSSES = ("non_saturating", "saturating", "hinge", "least_squares", "relativistic")
RATES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
SHOWN, IMAGES = 256, 32  # points, and images, of each kind
GRID = 40  # places along each side at which D is asked
FILM = range(0, 2_001, 100)  # steps that the film shows


class Knobs(NamedTuple):
    """What can be changed while a GAN trains, without a loss of what it has learned."""

    loss: str = "non_saturating"
    lr_d: float = 1e-3
    lr_g: float = 1e-3
    n_dis: int = 1


def shot():
    """The film: what the first page of the course asks to try, every hundredth step."""
    ring, digits = DATA
    tries = {
        ring: (ring, Knobs()),
        f"{ring}, rate of D 0": (ring, Knobs(lr_d=0.0)),
        f"{ring}, rate of G 0.01": (ring, Knobs(lr_g=0.01)),
        digits: (digits, Knobs()),
    }
    frames = {}
    for name, (data, knobs) in tries.items():
        run = begun(data)
        for step in FILM:
            run = moved(run, knobs, at(step)) if step else run
            frames[step, name] = draw(run)
    knobs = [film.Knob("step", list(FILM), plays=True), film.Knob("try", list(tries), menu=True)]
    return film.film(knobs, lambda *place: frames[place])


def after(seconds):
    """Enough: when so much time has gone by since now."""
    end = time.monotonic() + seconds
    return lambda run: time.monotonic() > end


def at(step):
    """Enough: when so many steps are made in all."""
    return lambda run: run.step >= step


def begun(name):
    """A run at its beginning on the data called `name`."""
    data = DATA[name]()
    return training.start(methods.gan(data.shape, width=64), data)


def moved(run, knobs, enough):
    """The run after some more steps, one at least, until `enough(run)` or a loss is no number; the old one stays."""
    run = run.copy()
    run.gan = replace(run.gan, objective=OBJECTIVES[knobs.loss], n_dis=knobs.n_dis)
    for optimizer, rate in ((run.optimizer_d, knobs.lr_d), (run.optimizer_g, knobs.lr_g)):
        for group in optimizer.param_groups:
            group["lr"] = rate
    while True:
        training.iteration(run)
        if trouble(run) or enough(run):
            return run


def trouble(run):
    """Which loss of the last step is not finite, in words, or None."""
    if run.step:
        for name, loss in zip(("L_D", "L_G"), run.losses[run.step - 1].tolist(), strict=True):
            if not isfinite(loss):
                return f"{name} is {loss} at step {run.step:,}"
    return None


def draw(run):
    """The picture of a run, PNG, and a line on it: real and fake examples, D's verdict on the plane, the losses."""
    from gan_core.course.figures import playing

    losses = run.losses[: run.step].numpy()
    said = [f"step {run.step:,}"]
    if run.step:
        said.append("L_D = {:.2f}, L_G = {:.2f}".format(*losses[-1]))
    real, fake = run.data.sample(SHOWN, torch.Generator().manual_seed(0)), run.samples(SHOWN)
    if len(run.data.shape) == 1:
        pixels = playing.plane(run.step, losses, real, fake, verdict(run, real, fake, playing.EDGE))
        reached = metrics.modes(fake.numpy(), run.data, at_least=SHOWN // 50).covered
        said.append(f"fakes on {reached} of {len(run.data.centres)} clusters")
        away = int((fake.abs() > playing.EDGE).any(1).sum())
        said += [f"{away} of {SHOWN} outside the picture"] if away else []
    else:
        pixels = playing.sheets(run.step, losses, real[:IMAGES], fake[:IMAGES])
    return encoded(pixels), "; ".join(said)


def verdict(run, real, fake, edge):
    """D(x) = σ(a(x)) on a grid of the plane, rows along x₂.

    Under a paired loss a score has no 0 of its own: there it is taken half-way between real and fake points.
    """
    along = torch.linspace(-edge, edge, GRID, dtype=real.dtype)
    x2, x1 = torch.meshgrid(along, along, indexing="ij")
    logits = run.logits(torch.stack([x1, x2], dim=-1).reshape(-1, 2))
    zero = (run.logits(real).mean() + run.logits(fake).mean()) / 2 if run.gan.objective.paired else 0
    return torch.sigmoid(logits - zero).reshape(GRID, GRID).numpy()


def encoded(pixels):
    """(H, W, 3) of uint8 as a PNG, quickly."""
    stored = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stored, "PNG", compress_level=1)
    return stored.getvalue()
