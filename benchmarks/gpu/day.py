"""The command: one part after the other, each in a process of its own, and at the end what is done and what is left.

    python -m benchmarks.gpu                                      all that is left, in at most 40 minutes
    python -m benchmarks.gpu tests dcgan                          some of it
    python -m benchmarks.gpu --device cpu --tiny --results tiny   to see that it runs

What is finished is not done again. What is stopped, by Ctrl-C, a part that fails or the end of the time, goes on when
the command is given again. Exit codes: 0 all that was asked for is done; 1 something is left; 2 there is no such
device; 130 Ctrl-C.
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch

from benchmarks.gpu import iterations, recordings, tests
from gan_core import devices

ROOT = pathlib.Path(__file__).parents[2]
GRACE = 120  # seconds that a part has to save what it made


class Part(NamedTuple):
    """`do(asked)` works on what is left of it and returns an exit code; `state(asked)` is (done, in words, where)."""

    about: str
    do: Callable
    state: Callable


PARTS = {
    "tests": Part("the tests that take a device", tests.do, tests.state),
    "benchmark": Part("an iteration: DCGAN's table; compiled; as one CUDA graph", iterations.do, iterations.state),
    **{
        name: Part(f"{name}, full scale", partial(recordings.do, name), partial(recordings.state, name))
        for name in recordings.RECORDINGS
    },
}


def main(words=None):
    parser = _parser()
    asked = parser.parse_args(words)
    for name in asked.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    if asked.tiny and asked.results is None:
        parser.error("tiny records are none to keep: give --results FOLDER with --tiny")
    asked.results = (asked.results or pathlib.Path("results")).resolve()
    if not _is_here(asked.device):
        print(f"a GPU is needed, and torch finds no {asked.device!r} on this machine", file=sys.stderr)
        return 2
    names = asked.parts or list(PARTS)
    if asked.here:
        return _here(names, asked)
    code = _in_turn(names, asked)
    states = {name: PARTS[name].state(asked) for name in names}
    print("\nWhat is done, and what is left:")
    for name, (done, words, where) in states.items():
        print(f"  {name:<10} {'done' if done else 'left':<5} {words:<44} {_shown(where)}")
    left = [name for name, (done, *_) in states.items() if not done]
    if left:
        print(f"To go on, give the same command again, or: python -m benchmarks.gpu {' '.join(left)}")
    return code or int(bool(left))


def finished(command, seconds):
    """The exit code of `command`, which has so long. When the time is over, or at Ctrl-C, it is asked to stop and save.

    Raises subprocess.TimeoutExpired and KeyboardInterrupt then, once it has ended.
    """
    child = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # Ctrl-C is ours to pass on
    try:
        return child.wait(max(seconds, 0))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            child.kill()
            child.wait()
        raise


def _here(names, asked):
    """Work on the parts in this process; the first exit code that is not 0."""
    try:
        return next((code for name in names if (code := PARTS[name].do(asked))), 0)
    except KeyboardInterrupt:
        return 130


def _in_turn(names, asked):
    """Give each part that is not done to a process; 130 if it was Ctrl-C that ended it, else 0."""
    ends = time.monotonic() + 60 * asked.minutes
    options = ["--here", "--device", asked.device, "--results", str(asked.results), *["--tiny"] * asked.tiny]
    for name in names:
        if PARTS[name].state(asked)[0]:
            continue
        print(f"\n# {name}: {PARTS[name].about}\n", flush=True)
        try:
            code = finished([sys.executable, "-m", "benchmarks.gpu", name, *options], ends - time.monotonic())
        except subprocess.TimeoutExpired:
            print(f"the {asked.minutes:g} minutes are over", flush=True)
            return 0
        except KeyboardInterrupt:
            return 130
        if code:
            print(f"{name} ended with exit code {code}", flush=True)
    return 0


def _is_here(device):
    """Whether torch finds it; without taking memory there, where it is CUDA."""
    return torch.cuda.is_available() if device.partition(":")[0] == "cuda" else devices.here(device) is not None


def _shown(path):
    return path.relative_to(pathlib.Path.cwd()) if path.is_relative_to(pathlib.Path.cwd()) else path


def _parser():
    about = "".join(f"\n  {name:<10} {part.about}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=f"{sys.modules['benchmarks.gpu'].__doc__}\n\nparts:{about}",
        epilog="What is finished is not done again; what was stopped goes on.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("parts", metavar="PART", nargs="*", help="some of the parts (default all)")
    add("--device", default="cuda", help="cuda (default) or cpu")
    add("--tiny", action="store_true", help="as small as it gets, to see that it runs; needs --results")
    add("--results", type=pathlib.Path, metavar="FOLDER", help="where the records go (default results)")
    add("--minutes", type=float, default=40, help="the time for all (default 40); what is not done then is left")
    add("--here", action="store_true", help="in this process, one part after the other, without a summary")
    return parser
