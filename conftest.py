"""Settings for every test and every notebook: one thread each, and the time each notebook may take.

A notebook's time, kernel start included, is held to the `seconds` of its chapter in book.toml and shown at the end.
"""

import os
import pathlib
import signal
import tomllib
from collections import Counter

import pytest

# Two workers on two cores: one thread each, set before numpy or torch is loaded; the notebooks' kernels inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A job in the background is started deaf to Ctrl-C, and so would be all that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_spent = Counter()  # notebook -> seconds so far


def pytest_addoption(parser):
    parser.addoption("--no-budgets", action="store_true", help="show the notebooks' times but let them take longer")
    parser.addoption("--every-chapter", action="store_true", help="tests/test_lab.py runs all chapters in the browser")
    parser.addoption("--device", default="cpu", help="where tests/test_on_device.py computes: cpu (default), cuda …")


def pytest_configure(config):
    """What is stored and compared was made on CPUs: a GPU is for the tests that are given one."""
    if not config.getoption("--device").startswith("cuda"):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_collection_modifyitems(items):
    """Notebooks first, the longest before the others, so that two workers end at about the same time."""
    seconds = budgets()
    items.sort(key=lambda item: -seconds.get(_notebook(item.nodeid), 0))


def pytest_runtest_logreport(report):
    if _notebook(report.nodeid):
        _spent[_notebook(report.nodeid)] += report.duration


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    if over_budget(session.config) and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    if not _spent:
        return
    seconds, over = budgets(), over_budget(config)
    terminalreporter.section("time of each notebook, and its budget")
    for name, spent in sorted(_spent.items()):
        line = f"{spent:6.1f} s of {seconds.get(name, float('inf')):4.0f} s  {name}"
        terminalreporter.write_line(f"{line}  OVER BUDGET" if name in over else line, red=name in over)


def budgets():
    """The seconds each notebook of book.toml may take: {stem: seconds}."""
    book = tomllib.loads(pathlib.Path(__file__).with_name("book.toml").read_text(encoding="utf-8"))
    return {chapter["notebook"]: chapter["seconds"] for chapter in book["preprocessor"]["gan-course"]["chapters"]}


def over_budget(config):
    """The notebooks that took longer than they may."""
    seconds = budgets()
    late = {name for name, spent in _spent.items() if spent > seconds.get(name, float("inf"))}
    return set() if config.getoption("--no-budgets") else late


def _notebook(nodeid):
    """The stem of the notebook that a test belongs to, or None for any other test."""
    path = pathlib.PurePosixPath(nodeid.partition("::")[0])
    return path.stem if path.suffix == ".ipynb" else None
