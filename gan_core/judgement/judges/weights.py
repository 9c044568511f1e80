"""The file of a judge: its weights as float16 in the safetensors format, and what is known of them. No code is in it.

The record is JSON: the judge's name, the factors it reads and their values, how it was made, and its held-out accuracy.
"""

import hashlib
import json
import os
import pathlib

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

FOLDER = pathlib.Path(__file__).parent
_AGAIN = "`python -m gan_core judges` makes it anew"


def place(name, folder=None):
    """Where the weights of the judge `name` are: in `folder`, or with those that come with the course."""
    return pathlib.Path(folder or FOLDER) / f"{name}.safetensors"


def checked(path):
    """`path`, if a file can be there: FileNotFoundError says that its folder is missing, before work is lost on it."""
    path = pathlib.Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} in; make it first")
    return path


def write(path, weights, record):
    """Write `weights` {name: tensor} and `record` to `path`: the file there is whole at all times, the old or the new.

    Raises OSError when it cannot be written.
    """
    weights = {name: tensor.detach().cpu().half().contiguous() for name, tensor in weights.items()}
    record = {**record, "sha256": _digest(weights, record)}
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(save(weights, {"judge": json.dumps(record)}))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read(path, name):
    """The weights in float32 and the record of the judge `name`.

    Raises FileNotFoundError, and ValueError for a file that is damaged, of something else or of another judge.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"the weights of the judge of {name}, {path}, are missing; {_AGAIN}")
    try:
        with safe_open(path, framework="pt") as file:
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, it is no dict
            record = json.loads((file.metadata() or {}).get("judge", "{}"))
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is damaged, or no safetensors file ({error}); {_AGAIN}") from error
    if record.pop("sha256", None) != _digest(weights, record):
        raise ValueError(f"{path} is damaged, or holds no judge: what is in it is not what was written; {_AGAIN}")
    if record["name"] != name:
        raise ValueError(f"{path} holds the judge of {record['name']}, not of {name}")
    return {key: tensor.float() for key, tensor in weights.items()}, record


def _digest(weights, record):
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.view(torch.uint8).numpy())
    return digest.hexdigest()
