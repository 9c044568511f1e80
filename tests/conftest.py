"""Settings for the library's tests."""

import sys

import hypothesis
import matplotlib
import matplotlib.pyplot as plt
import pytest

matplotlib.use("Agg")  # no windows, on any machine

# The same examples on every run, however slow the machine.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True)
hypothesis.settings.load_profile("course")


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """Close the figures a test opened, and take back a default dtype it set."""
    torch = sys.modules.get("torch")  # not imported here: the mathematics is tested without it
    dtype = torch and torch.get_default_dtype()
    yield
    plt.close("all")
    if torch:
        torch.set_default_dtype(dtype)


@pytest.fixture
def float64(_nothing_left_behind):
    """Torch's default dtype for the test; what was before comes back by itself."""
    import torch

    torch.set_default_dtype(torch.float64)


@pytest.fixture
def seen(monkeypatch):
    """What is displayed, and the boxes that hold the widgets."""
    from displayed import Seen  # not above: few tests need ipywidgets

    return Seen(monkeypatch)
