"""What leaves the repository: the wheel, used where no repository is, a release's notes, and what a server runs."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from release_notes import notes  # noqa: E402


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel of this code, unpacked, in a folder of its own."""
    home = tmp_path_factory.mktemp("wheel")
    source, site = home / "source", home / "site"
    shutil.copytree(ROOT / "gan_core", source / "gan_core", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-prose"):
        shutil.copy(ROOT / name, source)
    code = f"from setuptools import build_meta; build_meta.build_wheel({str(home)!r})"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=source, capture_output=True, check=True)
    (wheel,) = home.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def said(site, *words):
    """What Python says with the unpacked wheel, in a folder where no repository is: (exit code, text)."""
    env = {**os.environ, "PYTHONPATH": str(site)}
    run = subprocess.run([sys.executable, *words], cwd=site.parent, env=env, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_the_wheel_has_every_file_of_the_package(installed):
    wanted = {
        path.relative_to(ROOT)
        for path in (ROOT / "gan_core").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path.relative_to(installed) for path in (installed / "gan_core").rglob("*") if path.is_file()} == wanted
    assert pathlib.Path("gan_core/py.typed") in wanted


def test_the_wheel_works_without_the_repository(installed):
    code = "import gan_core; from gan_core import judges; print(gan_core.__file__); print(judges.digits().name)"
    returned, text = said(installed, "-c", code)
    assert returned == 0, text
    assert text.split() == [str(installed / "gan_core" / "__init__.py"), "digits"]
    returned, text = said(
        installed, "-m", "gan_core", "train", "gan", "--data", "ring", "--steps", "2", "--name", "two"
    )
    assert returned == 0, text
    assert (installed.parent / "results" / "two" / "record.json").exists()  # where one works, not where it is installed


def test_the_wheel_says_what_only_the_repository_has(installed):
    returned, text = said(installed, "-c", "from gan_core import studies; studies.read('ring')")
    assert returned == 1
    assert "python -m gan_core study ring` makes it; the course's repository has one" in text


CHANGES = "# Changelog\n\n## Unreleased\n\n- new\n\n## 0.2.0\n\n- a thing\n\n- another\n\n## 0.1.0\n\nThe first.\n"


def test_the_notes_of_a_release_are_what_the_changelog_says_of_it():
    assert notes("v0.2.0", CHANGES, "0.2.0") == "- a thing\n\n- another"
    assert notes("v0.1.0", CHANGES, "0.1.0") == "The first."


@pytest.mark.parametrize(
    ("tag", "version", "complaint"),
    [("v0.3.0", "0.2.0", "the project's version is 0.2.0"), ("v0.3.0", "0.3.0", "says nothing of 0.3.0")],
)
def test_a_tag_that_does_not_fit_is_refused(tag, version, complaint):
    with pytest.raises(ValueError, match=complaint):
        notes(tag, CHANGES, version)


def test_the_server_runs_what_everybody_can():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    commands = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert {".ci/run", "make book"} <= set(commands)
    assert any("pytest" in command and command.endswith("tests") for command in commands)
    assert jobs["elsewhere"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]


def test_a_commit_is_held_to_style_and_to_the_notebooks():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    entries = " ".join(hook["entry"] for hook in repo["hooks"])
    for part in ("ruff check", "ruff format", "tests/test_notebooks.py", "tests/test_claims.py"):
        assert part in entries
