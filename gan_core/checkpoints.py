"""All that a run is, in one file: written whole or not at all, read without running code from it.

A checkpoint is a dict of tensors, numbers and strings; `torch.save` writes it, `torch.load(weights_only=True)` reads:

    networks and their moving average, optimizers, both random streams, the place in the data,
    the step, the losses of every step, and the settings it belongs to

so that ten steps are five steps, a save, a load in another process and five steps, bit for bit, on one machine.
"""

import contextlib
import os
import pathlib
import pickle
import tempfile

import torch

FORMAT = 1  # of the file; another number is another layout
STATEFUL = ("generator", "discriminator", "generator_ema", "optimizer_d", "optimizer_g")


def state(run):
    """All that `run` is besides its data and its method: a dict. The tensors are the run's own, not copies."""
    streams = {name: getattr(run, name).get_state() for name in ("rng", "layers_rng")}
    parts = {name: part.state_dict() for name in STATEFUL if (part := getattr(run, name)) is not None}
    place = run.data.state_dict() if hasattr(run.data, "state_dict") else {}
    return {
        "format": FORMAT, "belongs_to": belongs_to(run), "seed": run.seed, "batch": run.batch, "step": run.step,
        "device": run.place.device.type, "losses": run.losses[: run.step], "data": place, **streams, **parts,
    }  # fmt: skip


def snapshot(saved, device=None):
    """A copy of what `state` made that later steps leave alone, on `device` when one is given."""
    if isinstance(saved, torch.Tensor):
        return saved.detach().to(device, copy=True) if device else saved.detach().clone()
    if isinstance(saved, dict):
        return {key: snapshot(value, device) for key, value in saved.items()}
    if isinstance(saved, list):
        return [snapshot(value, device) for value in saved]
    return saved


def restore(run, saved):
    """Put `run` where `saved`, a dict that `state` made, was. Changes and returns it.

    On another kind of device the networks are the same and the random streams begin anew from the seed and the step:
    a stream of one kind of device cannot go on on another.
    Raises ValueError, and leaves the run alone, when `saved` belongs to another method or to data of another shape.
    """
    differ = _differences(saved["belongs_to"], belongs_to(run))
    if differ:
        raise ValueError(f"the checkpoint belongs to another method or other data: {'; '.join(differ)}")
    for name in STATEFUL:
        if name in saved:
            getattr(run, name).load_state_dict(saved[name])
    for name in ("rng", "layers_rng"):
        stream = getattr(run, name)
        if saved["device"] == run.place.device.type:
            stream.set_state(saved[name].cpu())
        else:
            stream.manual_seed(hash((saved["seed"], saved["step"], name == "rng")))
    if hasattr(run.data, "load_state_dict"):
        run.data.load_state_dict(saved["data"])
    run.seed, run.batch, run.step = saved["seed"], saved["batch"], saved["step"]
    run.losses = saved["losses"].to(run.losses).clone()
    return run


def belongs_to(run):
    """What a checkpoint must agree on with the run that takes it up: {what: how, in words}."""
    gan = run.gan
    return {
        "generator": _layers(run.generator),
        "discriminator": _layers(run.discriminator),
        "objective": gan.objective.name,
        "optimizer of D": type(run.optimizer_d).__name__,
        "optimizer of G": type(run.optimizer_g).__name__,
        "z": str(gan.z),
        "n_dis": str(gan.n_dis),
        "ema": str(gan.ema),
        "classes": str(gan.classes),
        "shape of the data": str(tuple(run.data.shape)),
        "number of examples": str(len(run.data)) if hasattr(run.data, "__len__") else "endless",
    }


def write(path, saved):
    """Write `saved` to `path`: at every moment the file there is whole, the old one or the new one.

    Raises OSError when the disk does not take it (full, no such folder, not allowed); the old file is left as it was.
    """
    path = pathlib.Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to save {path.name} in; make it first")
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(snapshot(saved, "cpu"), file)  # a copy: a view would bring along all that it is a part of
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)  # one step for the file system: nobody ever sees half a file
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        if isinstance(error, OSError | RuntimeError):  # RuntimeError: how torch says that a write failed
            raise OSError(f"{path} could not be saved ({error}); what was there before is untouched") from error
        raise
    _sync(path.parent)


def read(path):
    """The dict that `write` wrote to `path`. No code in the file is run.

    Raises FileNotFoundError, and ValueError for a file that is no checkpoint, is damaged or is of another format.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{path} is not a checkpoint of gan_core, or it is damaged ({type(error).__name__})"
        ) from error
    if not isinstance(saved, dict) or "belongs_to" not in saved:
        raise ValueError(f"{path} is not a checkpoint of gan_core: run.save(path) writes one")
    if saved["format"] != FORMAT:
        raise ValueError(
            f"{path} is a checkpoint of format {saved['format']}; this gan_core reads {FORMAT}: use the version "
            "that wrote it, or train again"
        )
    return saved


def _layers(network):
    return ", ".join(f"{name} {'×'.join(map(str, tensor.shape))}" for name, tensor in network.state_dict().items())


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


def _sync(folder):
    """Make the new name last through a power cut, where the system can do that for a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
