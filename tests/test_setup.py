"""The set-up: one list of packages said three times alike, the two commands, the licences, one version."""

import importlib.metadata
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gan_core

ROOT = pathlib.Path(__file__).parents[1]
CONDA_NAMES = {"pytorch": "torch"}  # where conda-forge calls a package something else


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def needs(lines):
    """{name: specifier} of requirement lines."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(need.name): str(need.specifier) for need in parsed}


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
RUNTIME = needs(PROJECT["dependencies"])
DEV = needs(PROJECT["optional-dependencies"]["dev"])
PINS = needs(line for line in read("constraints.txt").splitlines() if line and not line.startswith("#"))


def faults_of_environment(text):
    """Where an environment.yml differs from pyproject.toml."""
    entries = yaml.safe_load(text)["dependencies"]
    (pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    conda = needs(entry for entry in entries if isinstance(entry, str))
    conda = {CONDA_NAMES.get(name, name): specifier for name, specifier in conda.items()}
    wanted = {"python": PROJECT["requires-python"], "pip": "", **RUNTIME}
    faults = [f"{name}: {conda.get(name)}, not {wanted[name]}" for name in wanted if conda.get(name) != wanted[name]]
    faults += [f"{name} is not in pyproject.toml" for name in conda.keys() - wanted.keys()]
    return faults + [f"pip: {pip}"] * (pip != ["-e .[dev]"])


def test_the_environment_is_that_of_pyproject():
    assert faults_of_environment(read("environment.yml")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  - python>=3.11\n", ""),
        ("python>=3.11", "python>=3.10"),
        ("pytorch>=2.6", "pytorch"),
        ("  - scipy>=1.14\n", ""),
        ("numpy>=2.0", "numpy>=1.26"),
        ("  - pot>=0.9.5\n", "  - pot>=0.9.5\n  - torchvision\n"),
        ("-e .[dev]", "-e ."),
    ],
)
def test_an_environment_that_differs_is_seen(old, new):
    text = read("environment.yml")
    assert old in text
    assert faults_of_environment(text.replace(old, new)) != []


def test_every_direct_dependency_is_pinned_within_its_bounds():
    direct = {**RUNTIME, **DEV}
    assert PINS.keys() == direct.keys()
    assert PINS["torch"] == "==2.13.0"
    for name, pin in PINS.items():
        version = pin.removeprefix("==")
        assert pin == f"=={version}"  # one version, not a range
        assert Requirement(f"{name}{direct[name]}").specifier.contains(version)


def test_pip_is_sent_to_no_index_of_its_own():
    for name in ("constraints.txt", "pyproject.toml", "environment.yml", "Makefile", ".ci/run"):
        assert not re.search(r"index-url|find-links|trusted-host", read(name)), name


@pytest.mark.skipif(pathlib.Path(sys.prefix) != ROOT / ".venv", reason="not the environment that make makes")
def test_make_installed_the_pinned_versions():
    for name, pin in PINS.items():
        assert importlib.metadata.version(name).partition("+")[0] == pin.removeprefix("=="), name


# The commands

TARGETS = {
    "lab", "test", "notebooks", "student", "teacher", "slides", "book", "bench", "gpu", "check", "portability", "clean",
    "help",
}  # fmt: skip


def make(*arguments, folder=ROOT):
    """What make says and with which code it ends, free of the settings of a make that runs these tests."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    command = ["make", *arguments]
    run = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not here (Windows)")


@needs_make
def test_make_lists_what_there_is():
    code, said = make()
    assert code == 0
    assert set(re.findall(r"^  make (\w+) +\S", said, re.M)) == TARGETS


@needs_make
def test_lab_listens_on_loopback_with_a_token_and_opens_the_welcome_page():
    code, said = make("-n", "lab")
    assert code == 0
    assert "--ip=127.0.0.1" in said
    assert "token=" not in said  # JupyterLab makes one of its own unless told otherwise
    assert "notebooks/00_welcome.ipynb" in said
    assert (ROOT / "notebooks/00_welcome.ipynb").exists()


@needs_make
def test_test_checks_style_tests_and_notebooks_with_two_workers():
    _, said = make("-n", "test")
    for part in ("ruff check", "ruff format --check", "pytest --nbval", "-n 2 --dist loadfile", "OMP_NUM_THREADS=1"):
        assert part in said


@needs_make
def test_the_reference_goes_into_the_book_that_is_there():
    _, said = make("-n", "book")
    assert 0 < said.index("mdbook build") < said.index("tools/book/reference.py _book/api")  # mdBook empties its folder


@needs_make
def test_portability_changes_the_processor_and_the_threads():
    _, said = make("-n", "portability")
    assert "ATEN_CPU_CAPABILITY=default" in said
    assert "OMP_NUM_THREADS=2" in said
    assert "--nbval-lax" not in said


@needs_make
def test_gpu_does_all_parts_or_those_that_are_named():
    for named, words in ((), "benchmarks.gpu \n"), (("ONLY=tests dcgan",), "benchmarks.gpu tests dcgan\n"):
        assert words in make("-n", "gpu", *named)[1]


@pytest.fixture
def fresh(tmp_path):
    """A folder with what the set-up reads, and no environment yet."""
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def fake_python(folder, body):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


@needs_make
@pytest.mark.parametrize("target", ["lab", "test"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('case "$*" in *version_info*) exit 1;; -V) echo Python 3.9.6;; esac', "needs Python 3.11 or newer"),
        ('case "$*" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
    ids=["too old", "without venv"],
)
def test_a_python_that_will_not_do_is_refused_with_what_to_do(fresh, target, body, said):
    code, output = make(target, fake_python(fresh, body), folder=fresh)
    assert code != 0
    assert said in output
    assert not (fresh / ".venv").exists()


@needs_make
def test_a_python_that_is_not_there_is_said(fresh):
    code, output = make("lab", "PYTHON=no-such-python", folder=fresh)
    assert code != 0
    assert "no-such-python was not found" in output


def installs(folder, target):
    """Whether `make target` would install anything."""
    return "pip install" in make("-n", target, folder=folder)[1]


@needs_make
def test_set_up_is_done_once_and_again_when_the_course_changed_or_moved(fresh):
    assert installs(fresh, "lab")
    environment = fresh / ".venv"
    (environment / "bin").mkdir(parents=True)
    for name in ("bin/python", "lab", "dev"):
        (environment / name).write_text(f"{fresh}\n")
    assert not installs(fresh, "lab")
    assert not installs(fresh, "test")
    (environment / "dev").unlink()
    assert installs(fresh, "test")  # the tests need more
    assert not installs(fresh, "lab")
    moved = fresh.rename(fresh.with_name("moved course"))
    assert installs(moved, "lab")
    (moved / ".venv/lab").write_text(f"{moved}\n")
    assert not installs(moved, "lab")
    later = (moved / ".venv/lab").stat().st_mtime + 10
    os.utime(moved / "constraints.txt", (later, later))
    assert installs(moved, "lab")


def test_the_makefile_is_one_that_make_3_81_reads():
    assert not re.search(r"\.ONESHELL|^\w+ *!=|::=|\$\(file", read("Makefile"), re.M)  # what came after it


def test_ci_runs_the_same_command():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -eu" in text
    assert re.search(r"^make test\b", text, re.M)
    assert "chromium" in text
    assert subprocess.run(["bash", "-n", script]).returncode == 0


# The papers


def test_one_version_everywhere():
    citation = yaml.safe_load(read("CITATION.cff"))
    (released, *_) = re.findall(r"^## (\d+\.\d+\.\d+)", read("CHANGELOG.md"), re.M)
    assert PROJECT["version"] == gan_core.__version__ == str(citation["version"]) == released


def test_code_and_prose_have_their_licences():
    assert read("LICENSE").startswith("MIT License")
    prose = read("LICENSE-prose")
    assert "creativecommons.org/licenses/by/4.0" in prose
    assert "Creative Commons Attribution 4.0 International Public License" in prose
    assert PROJECT["license-files"] == ["LICENSE", "LICENSE-prose"]
    assert yaml.safe_load(read("CITATION.cff"))["license"] == ["MIT", "CC-BY-4.0"]


def test_git_leaves_out_what_make_makes():
    ignored = read(".gitignore").splitlines()
    assert {".venv/", "_book/", "build/", "__pycache__/", ".ipynb_checkpoints/"} <= set(ignored)
