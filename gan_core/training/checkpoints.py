"""All that a run is, in one file: written whole or not at all, read without running code from it.

A checkpoint is a dict of tensors, numbers and strings; `torch.save` writes it, `torch.load(weights_only=True)` reads:

    networks and their moving average, optimizers, both random streams, the place in the data,
    the step, the losses of every step, and the settings it belongs to

so that ten steps are five steps, a save, a load in another process and five steps, bit for bit, on one machine. The
last 32 bytes of the file are the SHA-256 of all before: torch itself would not notice a flipped bit in a tensor.
"""

import contextlib
import hashlib
import io
import os
import pathlib
import time
from dataclasses import fields, is_dataclass
from functools import partial
from uuid import uuid4

import numpy as np
import torch

FORMAT = 2  # of the file; another number is another layout
STATEFUL = ("generator", "discriminator", "generator_ema", "optimizer_d", "optimizer_g")
ABANDONED = 3600  # seconds after which half a file is no longer one that somebody is writing


def state(run):
    """All that `run` is besides its data and its method: a dict. The tensors are the run's own, not copies."""
    streams = {name: getattr(run, name).get_state() for name in ("rng", "layers_rng")}
    parts = {name: part.state_dict() for name in STATEFUL if (part := getattr(run, name)) is not None}
    return {
        "format": FORMAT, "belongs_to": belongs_to(run), "seed": run.seed, "batch": run.batch, "step": run.step,
        "device": run.place.device.type, "fast": run.place.bf16 or run.place.channels_last,
        "losses": run.losses[: run.step],
        "data": run.data.state_dict() if hasattr(run.data, "state_dict") else {},
        **streams, **parts,
    }  # fmt: skip


def snapshot(saved, device=None):
    """A copy of what `state` made that later steps leave alone, on `device` when one is given."""
    if isinstance(saved, torch.Tensor):
        return saved.detach().to(device, copy=True) if device else saved.detach().clone()
    if isinstance(saved, dict):
        return {key: snapshot(value, device) for key, value in saved.items()}
    if isinstance(saved, list):
        return [snapshot(value, device) for value in saved]
    return saved.item() if isinstance(saved, np.generic) else saved  # a learning rate from numpy is a number too


def restore(run, saved):
    """Put `run` where `saved`, a dict that `state` made, was. Changes and returns it.

    On another kind of device the networks are the same and the random streams begin anew from the seed and the step:
    a stream of one kind of device cannot go on on another.
    Raises ValueError, and leaves the run alone, when `saved` belongs to another method or to other data.
    """
    differ = _differences(saved["belongs_to"], belongs_to(run))
    if differ:
        raise ValueError(f"the checkpoint belongs to another method or other data: {'; '.join(differ)}")
    for name in STATEFUL:
        if name in saved:
            getattr(run, name).load_state_dict(saved[name])
    for optimizer in (run.optimizer_d, run.optimizer_g):
        if optimizer is not None:
            _in_the_layout_of_the_weights(optimizer)
    anew = torch.Generator().manual_seed(saved["seed"] + saved["step"])
    for name in ("rng", "layers_rng"):
        if saved["device"] == run.place.device.type:
            getattr(run, name).set_state(saved[name].cpu())
        else:
            getattr(run, name).manual_seed(int(torch.randint(2**62, (), generator=anew)))
    if hasattr(run.data, "load_state_dict"):
        run.data.load_state_dict(saved["data"])
    run.seed, run.batch, run.step = saved["seed"], saved["batch"], saved["step"]
    run.losses = saved["losses"].to(run.losses).clone()
    return run


def belongs_to(run):
    """What a checkpoint must agree on with the run that takes it up: {what: how, in words}."""
    gan = run.gan
    return {
        **{name: _layers(network) for name, network in run.networks.items()},
        "numbers": str(run.losses.dtype),
        **_parts_of_a_game(run),
        "optimizer of G": _settings(run.optimizer_g),
        "z": str(gan.z),
        "step": in_words(gan.step),
        "schedule": in_words(gan.schedule),
        "ema": str(gan.ema),
        "classes": str(gan.classes),
        "shape of the data": str(tuple(run.data.shape)),
        "number of examples": _count(run.data),
    }


def _parts_of_a_game(run):
    """What belongs to two players."""
    gan = run.gan
    if run.discriminator is None:
        return {}
    return {
        "objective": gan.objective.name,
        "optimizer of D": _settings(run.optimizer_d),
        "n_dis": str(gan.n_dis),
        **{part: ", ".join(map(in_words, getattr(gan, part))) or "none" for part in ("penalties", "constraints")},
        "heads": ", ".join(head.name for head in gan.heads) or "none",
        "opponent": in_words(gan.opponent),
    }


def write(path, saved):
    """Write `saved` to `path`: at every moment the file there is whole, the old one or the new one.

    What a process that was killed had begun lies beside it, as .NAME.….part; the next write after an hour removes it.
    Raises OSError when the disk does not take it (full, no such folder, not allowed); the old file is left as it was.
    """
    path = pathlib.Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to save {path.name} in; make it first")
    content = io.BytesIO()
    torch.save(snapshot(saved, "cpu"), content)  # a copy: a view would bring along all that it is a part of
    _loaded(content)  # nothing is written that could not be read
    _sweep(path)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        with open(part, "xb") as file:
            file.write(content.getbuffer())
            file.write(hashlib.sha256(content.getbuffer()).digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)  # one step for the file system: nobody ever sees half a file
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            said = f"{path} could not be saved ({error.strerror}); what was there before is untouched"
            raise OSError(error.errno, said) from error
        raise
    _sync(path.parent)


def read(path):
    """The dict that `write` wrote to `path`. No code in the file is run.

    Raises FileNotFoundError, and ValueError for a file that is no checkpoint, is damaged or is of another format.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}" + (": it is a folder" if path.is_dir() else ""))
    content, checksum = (both := path.read_bytes())[:-32], both[-32:]
    if hashlib.sha256(content).digest() != checksum:
        raise ValueError(f"{path} is not a checkpoint of gan_core, which run.save(path) writes, or it is damaged")
    try:
        saved = _loaded(io.BytesIO(content))
    except Exception as error:  # a file of somebody else's may fail in any way
        raise ValueError(f"{path} is not a checkpoint of gan_core: run.save(path) writes one") from error
    if not isinstance(saved, dict) or "belongs_to" not in saved:
        raise ValueError(f"{path} is not a checkpoint of gan_core: run.save(path) writes one")
    if saved["format"] != FORMAT:
        raise ValueError(
            f"{path} is a checkpoint of format {saved['format']}; this gan_core reads {FORMAT}: use the version "
            "that wrote it, or train again"
        )
    return saved


def _loaded(content):
    content.seek(0)
    return torch.load(content, map_location="cpu", weights_only=True)


def _layers(network):
    """Its weights by name and shape, and the settings of those of our layers that have no weights to tell them by.

    (The steps of a `Flow` are not among them: it has weights, and is trained the same whatever they are.)
    """
    weights = (f"{name} {'×'.join(map(str, tensor.shape))}" for name, tensor in network.state_dict().items())
    settings = (
        f"{name} {type(layer).__name__}({layer.extra_repr().replace(',', '')})"
        for name, layer in network.named_modules()
        if type(layer).__module__.startswith("gan_core.") and layer.extra_repr()
        if not [*layer.parameters(), *layer.buffers()]
    )
    return ", ".join((*weights, *settings))


def _settings(optimizer):
    """Its kind and the numbers it began with; a schedule may change those in its groups, not these."""
    numbers = {key: value for key, value in optimizer.defaults.items() if not isinstance(value, bool | None)}
    return ", ".join([type(optimizer).__name__, *(f"{key} {value}".replace(",", "") for key, value in numbers.items())])


def in_words(function):
    """What a part that is a function is called, and the settings that `functools.partial` gave it."""
    if is_dataclass(function):
        settings = (f"{each.name}={in_words(getattr(function, each.name))}" for each in fields(function))
        return f"{type(function).__name__}({' '.join(settings)})"
    if not callable(function):
        return str(function)
    if isinstance(function, partial):
        settings = [
            *map(in_words, function.args),
            *(f"{key}={in_words(value)}" for key, value in function.keywords.items()),
        ]
        return f"{in_words(function.func)}({' '.join(settings)})"
    return getattr(function, "__name__", type(function).__name__)


def _count(data):
    try:
        return str(len(data))
    except TypeError:
        return "endless"


def _differences(saved, here):
    """In words, what two answers of `belongs_to` do not agree on; of long ones only the part that differs."""
    said = []
    for what in here:
        old, new = saved.get(what, "unknown"), here[what]
        if old == new:
            continue
        old_parts, new_parts = old.split(", "), new.split(", ")
        if len(new_parts) > 1 or len(old_parts) > 1:
            old = ", ".join(part for part in old_parts if part not in new_parts)[:120] or "fewer layers"
            new = ", ".join(part for part in new_parts if part not in old_parts)[:120] or "fewer layers"
        said.append(f"{what}: {old} in the checkpoint, {new} here")
    return said


def _in_the_layout_of_the_weights(optimizer):
    """Lay out what `optimizer` keeps of a weight as the weight is: fused optimizers go through both side by side."""
    for weight, kept in optimizer.state.items():
        for name, value in kept.items():
            if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                kept[name] = torch.empty_like(weight).copy_(value)


def _sweep(path):
    """Remove what processes that were killed while they wrote to `path` left behind."""
    for left in path.parent.iterdir():
        if left.name.startswith(f".{path.name}.") and left.suffix == ".part":
            with contextlib.suppress(OSError):  # another process may be at it, too
                if time.time() - left.stat().st_mtime > ABANDONED:
                    left.unlink()


def _sync(folder):
    """Make the new name last through a power cut, where the system can do that for a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
