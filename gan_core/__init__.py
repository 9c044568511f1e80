"""gan_core: generative adversarial networks, each method once, tested against exact answers.

Modules are loaded when they are first used, so that ``import gan_core`` costs next to nothing and the mathematics
(`divergences`, `transport`, `games`) never waits for torch. From the ground up; a file imports only from its own floor
or below:

    0  mathematics   divergences  transport  games
    1  pieces        objectives  heads  lipschitz  networks  datasets  devices
    2  training      algorithm  runs  training  unrolling  growth  elbo  flow_matching
                     checkpoints  replicates  processes
    3  judgement     metrics  latent  judges
    4  methods       methods
    5  to people     figures  widgets  lessons  check  recipes  results  studies  cli
"""

from importlib import import_module

__version__ = "0.1.0"

FLOORS = {
    0: ("divergences", "transport", "games"),
    1: ("objectives", "heads", "lipschitz", "networks", "datasets", "devices"),
    2: (
        "algorithm", "runs", "training", "unrolling", "growth", "elbo", "flow_matching",
        "checkpoints", "replicates", "processes",
    ),
    3: ("metrics", "latent", "judges"),
    4: ("methods",),
    5: ("figures", "widgets", "lessons", "check", "recipes", "results", "studies", "cli"),
}  # fmt: skip
_MODULES = frozenset(name for floor in FLOORS.values() for name in floor)


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"gan_core has no module {name!r}; it has {', '.join(sorted(_MODULES))}")


def __dir__():
    return sorted([*globals(), *_MODULES])
