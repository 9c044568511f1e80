"""gan_core: generative adversarial networks, each method once, tested against exact answers.

Seven rooms, from the ground up; a file imports only from its own room or from one below:

    mathematics   divergences  transport  games              without torch
    pieces        objectives  heads  lipschitz  networks  datasets  devices
    training      loop  algorithm  runs  unrolling  growth  elbo  flow_matching
                  checkpoints  replicates  processes
    judgement     metrics  latent  judges
    methods       each method, a short statement of its parts
    course        figures  widgets  lessons  machine
    experiments   recipes  results  studies  cli

A module goes by its short name, ``from gan_core import datasets, methods, training``, and is loaded when it is first
used: ``import gan_core`` costs next to nothing, and the mathematics never waits for torch.
"""

from importlib import import_module

__version__ = "0.1.0"

ROOMS = {
    "mathematics": ("divergences", "transport", "games"),
    "pieces": ("objectives", "heads", "lipschitz", "networks", "datasets", "devices"),
    "training": (
        "loop", "algorithm", "runs", "unrolling", "growth", "elbo", "flow_matching",
        "checkpoints", "replicates", "processes",
    ),
    "judgement": ("metrics", "latent", "judges"),
    "methods": (),
    "course": ("figures", "widgets", "lessons", "machine"),
    "experiments": ("recipes", "results", "studies", "cli"),
}  # fmt: skip
_PLACES = {room: room for room in ROOMS} | {name: f"{room}.{name}" for room, names in ROOMS.items() for name in names}


def __getattr__(name):
    if name in _PLACES:
        return import_module(f"{__name__}.{_PLACES[name]}")
    raise AttributeError(f"gan_core has no module {name!r}; it has {', '.join(sorted(_PLACES))}")


def __dir__():
    return sorted([*globals(), *_PLACES])
