"""The rooms of gan_core: a file imports from its own room or one below, and the mathematics never waits for torch."""

import ast
import pathlib
import subprocess
import sys

import pytest

import gan_core

PACKAGE = pathlib.Path(gan_core.__file__).parent
ROOMS = list(gan_core.ROOMS)  # from the ground up
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
MATHEMATICS = {"numpy", "scipy", "ot"}  # all that the mathematics may use besides Python's own library
SHORT = {name: room for room, names in gan_core.ROOMS.items() for name in names} | {room: room for room in ROOMS}


def imported(source):
    """Every module that a file imports, at its top or in a function, by its whole name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "a relative import"
            else:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def broken_rules(path, source):
    """What is wrong with the imports of the file at `path`, a tuple such as ("training", "runs.py")."""
    room = "experiments" if path[0] == "__main__.py" else path[0].removesuffix(".py")
    private = path[-1].startswith("_") and not path[-1].startswith("__")
    for name in imported(source):
        first, *rest = name.split(".")
        if name == "a relative import":
            yield "imports relatively; write the whole name"
        elif first != "gan_core":
            if room == ROOMS[0] and first not in sys.stdlib_module_names | MATHEMATICS:
                yield f"the mathematics imports {first}"
        elif rest[0] != "__version__":
            other = SHORT.get(rest[0])
            if other is None or ROOMS.index(other) > ROOMS.index(room):
                yield f"{room} imports {name}, of {other}, which is above it"
            elif private and other == room and not any(part.startswith("_") for part in rest):
                yield f"a private file imports {name} of its own room, which is above it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.as_posix())
def test_a_file_imports_from_its_own_room_or_from_one_below(path):
    if path.name != "__init__.py" or len(path.parts) > 1:
        assert list(broken_rules(path.parts, (PACKAGE / path).read_text(encoding="utf-8"))) == []


def test_every_module_has_its_room_and_is_listed_there():
    found = {room: set() for room in ROOMS}
    for path in FILES:
        room, *rest = path.parts
        name = rest[0].removesuffix(".py") if rest else ""
        if room not in ("__init__.py", "__main__.py"):
            found[room.removesuffix(".py")] |= {name} - {""} if not name.startswith("_") else set()
    assert found == {room: set(names) for room, names in gan_core.ROOMS.items()}
    assert len(SHORT) == sum(map(len, gan_core.ROOMS.values())) + len(ROOMS), "a short name stands for two modules"


def test_the_stub_has_the_short_names():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    named = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    places = {name: "gan_core" if name == room else f"gan_core.{room}" for name, room in SHORT.items()}
    assert named == {name: f"{place}.{name}" for name, place in places.items()}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("mathematics/divergences.py", "import torch"),
        ("mathematics/divergences.py", "from torch.nn import functional"),
        ("mathematics/games/game.py", "def f():\n    import matplotlib.pyplot as plt"),
        ("mathematics/transport.py", "from gan_core import objectives"),
        ("pieces/objectives.py", "import gan_core.training"),
        ("training/loop.py", "from gan_core.methods import gan"),
        ("methods.py", "from gan_core import figures, training"),
        ("mathematics/_arrays.py", "from gan_core.mathematics import divergences"),
        ("training/_batch.py", "from gan_core.training.runs import Run"),
        ("training/_batch.py", "from gan_core import runs"),
        ("mathematics/divergences.py", "from ._arrays import finite"),
        ("pieces/datasets/digits.py", "from gan_core import no_such_module"),
        ("judgement/latent.py", "from gan_core.experiments.results import Result"),
    ],
)
def test_a_wrong_import_is_seen(path, line):
    assert list(broken_rules(path.split("/"), line))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("mathematics/divergences.py", "import numpy as np\nfrom gan_core.mathematics._arrays import finite"),
        ("mathematics/transport.py", "def f():\n    from scipy.optimize import linprog"),
        ("methods.py", "from gan_core.pieces.networks import mlp\nfrom gan_core.training import GAN"),
        ("pieces/networks/mlp.py", "from gan_core.pieces.networks.mlp import mlp\nfrom gan_core import datasets"),
        (
            "training/_fitting.py",
            "from gan_core.training._batch import Batch\nfrom gan_core.pieces._modes import at_rest",
        ),
        ("__main__.py", "from gan_core import machine"),
        ("judgement/judges/judge.py", "from gan_core import __version__"),
    ],
)
def test_a_right_import_is_let_through(path, line):
    assert list(broken_rules(path.split("/"), line)) == []


def loaded_by(code):
    """The modules that a fresh Python has loaded after `code`."""
    run = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(run, capture_output=True, text=True, check=True).stdout.split())


def test_importing_gan_core_loads_nothing_heavy():
    loaded = loaded_by("import gan_core")
    assert "gan_core" in loaded
    assert not loaded & {"numpy", "torch", "matplotlib", "scipy", "scipy.optimize", "ot"}


@pytest.mark.parametrize("module", gan_core.ROOMS["mathematics"])
def test_the_mathematics_loads_no_torch(module):
    loaded = loaded_by(f"from gan_core import {module}")
    assert f"gan_core.mathematics.{module}" in loaded
    assert not loaded & {"torch", "matplotlib", "scipy.optimize"}


def test_a_heavy_import_is_seen():
    assert "numpy" in loaded_by("from gan_core import divergences")


def test_an_unknown_module_is_named():
    with pytest.raises(AttributeError, match="divergences"):
        gan_core.divergence  # noqa: B018
    assert SHORT.keys() <= set(dir(gan_core))
