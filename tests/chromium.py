"""The browser that the tests of JupyterLab and of the book drive: Chromium or Chrome, wherever this machine has it."""

import contextlib
import os
import pathlib
import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@contextlib.contextmanager
def browsing():
    """A function that opens a page, and the growing list of addresses that pages ask for. Skips without a browser."""
    with (
        playwright.sync_playwright() as started,
        started.chromium.launch(executable_path=_executable(started), args=["--disable-gpu"]) as browser,
    ):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        requests = []
        context.on("request", lambda request: requests.append(request.url))
        yield context.new_page, requests


def _executable(started):
    own = started.chromium.executable_path
    found = next(filter(None, [os.environ.get("CHROME"), *map(shutil.which, NAMES)]), None)
    for path in filter(None, (found, own, MAC)):
        if pathlib.Path(path).exists():
            return path
    return pytest.skip("there is no Chromium here: apt-get install chromium, or playwright install chromium")
