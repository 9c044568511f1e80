"""The tests that take a device, on it: their number and the names of those that failed, in results/gpu/tests.json."""

import pytest

from benchmarks.gpu import kept
from gan_core.experiments.results import ROOT

FILES = ("tests/test_on_device.py", "tests/test_devices.py")
TINY = "place"


class _Tally:
    """A plugin of pytest that counts."""

    def __init__(self):
        self.found = {"passed": 0, "skipped": 0, "failed": []}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.found["failed"].append(report.nodeid)
        elif report.skipped:
            self.found["skipped"] += 1
        elif report.when == "call":
            self.found["passed"] += 1


def do(asked):
    tally = _Tally()
    words = [*(str(ROOT / file) for file in FILES), "-q", "--device", asked.device]
    words += ["-k", TINY] if asked.tiny else []
    code = pytest.main(words, plugins=[tally])
    if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # else it was stopped, or did not begin
        kept.keep(asked, "tests", tally.found)
    return int(code)


def state(asked):
    found, where = kept.read(asked, "tests"), kept.path(asked, "tests")
    if found is None:
        return False, "not run", where
    counts = {how: found[how] for how in ("passed", "skipped")} | {"failed": len(found["failed"])}
    return not found["failed"], ", ".join(f"{count} {how}" for how, count in counts.items() if count), where
