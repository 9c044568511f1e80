"""Is this machine fit for the course? `make check`, or `python -m gan_core check`, answers with a table.

What was found and what it means are kept apart: `look` finds, and each function named after a row only judges.
"""

import importlib.metadata
import os
import pathlib
import platform
import shutil
import socket
import sys
import time
import webbrowser
from typing import NamedTuple

FIT, NOTE, UNFIT = "fit", "note", "unfit"
MARKS = {FIT: "✓", NOTE: "·", UNFIT: "✗"}
ROOT = pathlib.Path(__file__).parents[2]
GIB = 2**30

REFERENCE = 300  # training steps a second on one slow core, for which the chapters' minutes were set


class Row(NamedTuple):
    """One line of the table: what was looked at, what was found, FIT, NOTE or UNFIT, and what to do about it."""

    what: str
    found: str
    verdict: str
    advice: str = ""


def main():
    """Look, print the table, and return 0 when the machine is fit, 1 when it is not."""
    print("Looking at this machine; the speed test takes five seconds ...\n")
    rows = look()
    print(table(rows))
    return 0 if fit(rows) else 1


def look():
    """All rows for the machine this runs on."""
    rows = [python(sys.version_info), *packages(required(), installed(), pinned())]
    rows += [threads(cores()), memory(*_memory())]
    rows += [widgets(_lab_extensions()), browser(_browser()), loopback(_loopback())]
    try:
        import torch  # noqa: F401
    except ImportError:
        return rows  # the packages' rows have said so
    return [*rows, gpu(_gpu()), speed(steps_per_second())]


def fit(rows):
    """Whether no row is UNFIT."""
    return all(row.verdict != UNFIT for row in rows)


def table(rows):
    """The rows as text: aligned, each piece of advice below its row, the verdict last."""
    wide = max(len(row.what) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{MARKS[row.verdict]} {row.what:<{wide}}  {row.found}")
        if row.advice:
            lines.append(f"  {'':<{wide}}  → {row.advice}")
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in MARKS}
    if counts[UNFIT]:
        last = f"Not fit yet: mend what is marked {MARKS[UNFIT]} and check again."
    elif counts[NOTE]:
        last = f"Fit for the course; read what is marked {MARKS[NOTE]}."
    else:
        last = "Fit for the course."
    return "\n".join([*lines, "", last])


def python(version):
    """`version` as in sys.version_info."""
    found = ".".join(map(str, version[:3]))
    if tuple(version[:2]) < (3, 11):
        return Row("Python", found, UNFIT, "install Python 3.11 or newer and run `make lab PYTHON=python3.12`, say")
    return Row("Python", found, FIT)


def packages(required, installed, pinned):
    """One row when all is well, else one for each package that is missing, too old, or not of the pinned version.

    `required` maps names to specifiers such as ">=2.0", `installed` and `pinned` names to versions.
    """
    from packaging.specifiers import SpecifierSet

    rows = []
    for name, specifier in required.items():
        version = installed.get(name)
        if version is None:
            rows.append(Row(name, "missing", UNFIT, "run `make lab` again, or `pip install -c constraints.txt -e .`"))
        elif not SpecifierSet(specifier).contains(version, prereleases=True):
            rows.append(Row(name, version, UNFIT, f"the course needs {specifier}: pip install '{name}{specifier}'"))
        elif name in pinned and not SpecifierSet(f"=={pinned[name]}").contains(version, prereleases=True):
            advice = f"the stored outputs were made with {pinned[name]}; small differences may show"
            rows.append(Row(name, version, NOTE, advice))
    return rows or [Row("packages", f"all {len(required)}, of the versions the stored outputs were made with", FIT)]


def threads(cores):
    """`cores`: how many this process may use."""
    if cores < 2:
        return Row("cores", str(cores), NOTE, "the browser and the kernel share one core: expect to wait")
    return Row("cores", str(cores), FIT)


def memory(total, available):
    """Bytes in all, and bytes free now. A chapter's kernel takes about one GiB, the browser about as much."""
    found = f"{total / GIB:.1f} GiB, {available / GIB:.1f} GiB of it free"
    if total < 2 * GIB:
        return Row("memory", found, UNFIT, "the course needs 4 GiB: use another machine")
    if available < 2 * GIB:
        return Row("memory", found, NOTE, "close other programs, and shut down the kernels of chapters you have left")
    return Row("memory", found, FIT)


def gpu(name):
    """`name` of the accelerator, or None; the course needs none."""
    return Row("GPU", name or "none, and none is needed", FIT)


def widgets(extensions):
    """`extensions`: the names of JupyterLab's installed extensions. The sliders need that of ipywidgets."""
    if "@jupyter-widgets/jupyterlab-manager" in extensions:
        return Row("sliders", "JupyterLab has the extension of ipywidgets", FIT)
    advice = "run `pip install --force-reinstall jupyterlab_widgets` and start JupyterLab again"
    return Row("sliders", "JupyterLab lacks the extension of ipywidgets: figures would stand still", UNFIT, advice)


def browser(name):
    """`name` of the browser, or None."""
    if name is None:
        advice = "install Firefox or Chromium, unless you forward JupyterLab's port to another machine"
        return Row("browser", "none was found", NOTE, advice)
    return Row("browser", name, FIT)


def loopback(error):
    """`error`: what went wrong when this machine called itself, or None."""
    if error is None:
        return Row("loopback", "127.0.0.1 answers", FIT)
    return Row("loopback", error, UNFIT, "JupyterLab talks to the browser there: let the firewall allow 127.0.0.1")


def speed(steps_per_second):
    """Steps of a small GAN's training, against REFERENCE."""
    found = f"{steps_per_second:.0f} training steps a second"
    slower = REFERENCE / steps_per_second
    if slower > 10:
        return Row("speed", found, UNFIT, f"training would take {slower:.0f} times as long as the chapters say")
    if slower > 3:
        advice = f"training takes about {slower:.0f} times as long as the chapters say; is the machine busy?"
        return Row("speed", found, NOTE, advice)
    return Row("speed", found, FIT)


def required():
    """What the course needs: {name: specifier}, from the package's own metadata (pyproject.toml)."""
    from packaging.requirements import Requirement

    try:
        needs = map(Requirement, importlib.metadata.requires("gan-core"))
    except importlib.metadata.PackageNotFoundError:
        return {"gan-core": ""}  # nothing is installed yet, and the table will say so
    return {need.name: str(need.specifier) for need in needs if not need.marker}  # a marker is an extra's


def installed():
    """What is there: {name: version} of the required packages."""
    versions = {}
    for name in required():
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def pinned(path=ROOT / "constraints.txt"):
    """What the stored outputs were made with: {name: version} of constraints.txt, or none without the file."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def steps_per_second(seconds=5.0):
    """Train a small GAN on the ring of eight for `seconds`, in float64 on one thread: steps made in a second."""
    import torch

    from gan_core import datasets, methods, training

    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    try:
        data = datasets.ring()
        run = training.start(methods.gan(data.shape), data)
        training.discriminator_step(run)  # the first steps load much of torch and are not counted
        training.generator_step(run)
        steps, start = 0, time.perf_counter()
        while not steps or time.perf_counter() - start < seconds:
            training.discriminator_step(run)
            training.generator_step(run)
            steps += 1
        return steps / (time.perf_counter() - start)
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


def _memory():
    import psutil

    memory = psutil.virtual_memory()
    return memory.total, memory.available


def _gpu():
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"Apple ({platform.machine()})" if torch.backends.mps.is_available() else None


def _lab_extensions():
    from jupyter_core.paths import jupyter_path

    found = [path for folder in jupyter_path("labextensions") for path in pathlib.Path(folder).glob("**/package.json")]
    return {"/".join(path.parent.parts[-2:]) for path in found}


def _browser():
    for name in ("firefox", "chromium", "chromium-browser", "google-chrome", "microsoft-edge"):
        if shutil.which(name):
            return name
    try:
        webbrowser.get()
        return "the system's own"
    except webbrowser.Error:
        return None


def _loopback():
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname(), timeout=5),
        ):
            return None
    except OSError as error:
        return str(error)
