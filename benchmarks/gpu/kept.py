"""What the parts find out: files in results/gpu, each whole at every moment, with where it was found."""

import json
from types import SimpleNamespace

from torch import nn

from gan_core import devices, results


def path(asked, name):
    return asked.results / "gpu" / f"{name}.json"


def read(asked, name):
    """What was found, a dict, or None."""
    file = path(asked, name)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def keep(asked, name, found):
    """Write `found`, a dict, and what it depends on: the code, the versions, the machine. Returns it."""
    place = devices.place([nn.Conv2d(1, 1, 1)], asked.device)
    file, record = path(asked, name), {**found, **results.provenance(SimpleNamespace(place=place))}
    file.parent.mkdir(parents=True, exist_ok=True)
    results.write(file, f"{json.dumps(record, indent=2, ensure_ascii=False)}\n".encode())
    return record
