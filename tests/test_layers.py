"""The floors of gan_core: a module imports from its own floor or below, and the mathematics never waits for torch."""

import ast
import pathlib
import subprocess
import sys

import pytest

import gan_core

PACKAGE = pathlib.Path(gan_core.__file__).parent
FLOOR_OF = {name: floor for floor, names in gan_core.FLOORS.items() for name in names}
MATHEMATICS = {"numpy", "scipy", "ot"}  # all that floor 0 may use besides Python's own library
MODULES = sorted({path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")})


def imported(source):
    """Every module that a file imports, at its top or in a function, by its whole name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "a relative import"
            elif node.module == "gan_core":
                yield from (f"gan_core.{alias.name}" for alias in node.names)
            else:
                yield node.module


def broken_rules(module, source):
    """What is wrong with the imports of a file that belongs to `module` of gan_core."""
    helper = module.startswith("_") and not module.startswith("__")
    floor = 5 if module == "__main__" else -1 if helper else FLOOR_OF[module]
    for name in imported(source):
        first, _, rest = name.partition(".")
        if name == "a relative import":
            yield "imports relatively; write the whole name"
        elif first == "gan_core":
            part = rest.partition(".")[0]
            if part in (module, "__version__") or (part.startswith("_") and not part.startswith("__")):
                continue
            if FLOOR_OF.get(part, 99) > floor:
                yield f"on floor {floor}, imports {part} of floor {FLOOR_OF.get(part)}"
        elif floor == 0 and first not in sys.stdlib_module_names | MATHEMATICS:
            yield f"on floor 0, imports {first}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_from_its_own_floor_or_below(path):
    module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if module != "__init__":
        assert list(broken_rules(module, path.read_text(encoding="utf-8"))) == []


def test_every_module_has_its_floor_and_every_floor_its_modules():
    public = {name for name in MODULES if not name.startswith("_")}
    assert public == set(FLOOR_OF)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("divergences", "import torch"),
        ("divergences", "from torch.nn import functional"),
        ("games", "def f():\n    import matplotlib.pyplot as plt"),
        ("transport", "from gan_core import objectives"),
        ("objectives", "import gan_core.training"),
        ("training", "from gan_core.methods import gan"),
        ("methods", "from gan_core import figures, training"),
        ("_arrays", "from gan_core import divergences"),
        ("divergences", "from ._arrays import finite"),
        ("datasets", "from gan_core import no_such_module"),
    ],
)
def test_a_wrong_import_is_seen(module, line):
    assert list(broken_rules(module, line))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("divergences", "import numpy as np\nfrom gan_core._arrays import finite\nfrom scipy.optimize import linprog"),
        ("methods", "from gan_core.networks import mlp\nfrom gan_core.training import GAN"),
        ("networks", "from gan_core.networks.mlp import mlp\nfrom gan_core import datasets"),
        ("__main__", "from gan_core import check"),
        ("judges", "from gan_core import __version__"),
    ],
)
def test_a_right_import_is_let_through(module, line):
    assert list(broken_rules(module, line)) == []


def loaded_by(code):
    """The modules that a fresh Python has loaded after `code`."""
    run = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(run, capture_output=True, text=True, check=True).stdout.split())


def test_importing_gan_core_loads_nothing_heavy():
    loaded = loaded_by("import gan_core")
    assert "gan_core" in loaded
    assert not loaded & {"numpy", "torch", "matplotlib", "scipy", "scipy.optimize", "ot"}


@pytest.mark.parametrize("module", gan_core.FLOORS[0])
def test_the_mathematics_loads_no_torch(module):
    loaded = loaded_by(f"from gan_core import {module}")
    assert f"gan_core.{module}" in loaded
    assert not loaded & {"torch", "matplotlib", "scipy.optimize"}


def test_a_heavy_import_is_seen():
    assert "numpy" in loaded_by("from gan_core import divergences")


def test_an_unknown_module_is_named():
    with pytest.raises(AttributeError, match="divergences"):
        gan_core.divergence  # noqa: B018
    assert set(FLOOR_OF) <= set(dir(gan_core))
