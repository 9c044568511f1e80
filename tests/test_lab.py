"""A person's path in a real browser: `make lab`, open a chapter, Run All, move a slider, see the figure change."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import course
import nbformat
import pytest
from chromium import browsing, playwright

ROOT = pathlib.Path(__file__).parents[1]
WELCOME = "00_welcome"
QUICK = ("03_divergences", "04_earth_mover", "05_saddle")
NONE_TO_MOVE = {"15_judging_samples", "17_bugs_in_the_wild", "18_errata"}
WIDGETS = {entry["notebook"]: entry["notebook"] not in NONE_TO_MOVE for entry in course.manifest()} | {WELCOME: 2}
INTERRUPTED = "interrupted"
TRAINING = (
    """from gan_core import datasets, methods, training
data = datasets.ring()
run = training.start(methods.gan(data.shape, width=8), data, seed=0)""",
    "run = training.train(run, 100_000_000)",
    """step = run.step
run = training.train(run, 10)
whole = training.fit(run.gan, data, steps=step + 10, seed=0)
same = (whole.history["loss_d"] == run.history["loss_d"]).all()
print(run.step - step, "steps further, and as good as never stopped:", same)""",
)
PATIENCE = 240_000  # ms; a slow machine with two workers

SETTINGS = {  # every cell stays in the page, and nobody asks for news
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
KERNEL_IS_IDLE = "() => /\\| Idle/.test(document.querySelector('#jp-main-statusbar')?.textContent || '')"
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent)"
BEGUN = rf"() => {PROMPTS}.some(text => /\[(\*|\d+)\]/.test(text))"
ENDED = rf"""() => document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')
  || {PROMPTS}.every(text => text == "" || /\[\d+\]/.test(text))"""  # a folded cell shows no count
PICTURE = "async img => String.fromCharCode(...new Uint8Array(await (await fetch(img.src)).arrayBuffer()))"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab as `make lab` starts it, on a copy without stored outputs: what is seen there was run there."""
    home = tmp_path_factory.mktemp("lab")
    (home / "course" / "notebooks").mkdir(parents=True)
    for chapter in WIDGETS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, home / "course" / "notebooks" / f"{chapter}.ipynb")
    training = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in TRAINING])
    training.metadata["kernelspec"] = notebook.metadata["kernelspec"]
    nbformat.write(training, home / "course" / "notebooks" / f"{INTERRUPTED}.ipynb")
    for name, values in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    own = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    own = {f"JUPYTER_{name}": home / folder for name, folder in own.items()}
    own |= {"JUPYTERLAB_SETTINGS_DIR": home / "settings", "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {name: str(path) for name, path in own.items()}
    command = [sys.executable, *_as_make_lab(home / "course"), "--no-browser", f"--port={_free_port()}"]
    with (
        open(home / "log", "w") as log,
        subprocess.Popen(command, cwd=home / "course", env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            yield _when_ready(server, home)
        finally:
            server.terminate()
            server.wait(30)


def _as_make_lab(course):
    """The arguments that the Makefile gives to Python for `make lab`, in the folder `course`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    line = re.search(r"^\t.*?(-m jupyterlab\b.*)$", makefile, re.MULTILINE)[1]
    return shlex.split(line.replace("$(CURDIR)", str(course)).replace("$(LAB)", ""))


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _when_ready(server, home):
    """What the server writes down about itself (url, token, hostname), once it answers."""
    for _ in range(480):
        if server.poll() is not None:
            break
        for file in (home / "runtime").glob("jpserver-*.json"):
            try:
                info = json.loads(file.read_text())
                urllib.request.urlopen(info["url"] + "api", timeout=5).close()
                return info
            except (OSError, json.JSONDecodeError):
                pass
        time.sleep(0.25)
    raise AssertionError(f"JupyterLab does not answer:\n{(home / 'log').read_text()}")


def test_only_this_machine_and_only_with_the_token(lab):
    assert lab["hostname"] == "127.0.0.1"
    assert len(lab["token"]) >= 32
    contents = lab["url"] + "api/contents/notebooks"
    for wrong in ("", "?token=" + "0" * len(lab["token"])):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(contents + wrong, timeout=30)
        assert refused.value.code == 403
        refused.value.close()
    with urllib.request.urlopen(f"{contents}?token={lab['token']}", timeout=30) as answer:
        names = {file["name"] for file in json.load(answer)["content"]}
    assert names == {f"{name}.ipynb" for name in (INTERRUPTED, *WIDGETS)}


def test_opens_on_the_welcome_page(lab):
    with browsing() as (new_page, _):
        page = new_page()
        page.goto(f"{lab['url']}?token={lab['token']}")
        page.get_by_role("heading", name="00 · Welcome").wait_for(timeout=PATIENCE)


def pytest_generate_tests(metafunc):
    """Three chapters each time; all of them, half an hour, where that is asked for."""
    if "chapter" in metafunc.fixturenames:
        every = [entry["notebook"] for entry in course.manifest()]
        metafunc.parametrize("chapter", every if metafunc.config.getoption("--every-chapter") else QUICK)


def test_run_all_and_move_each_widget(lab, chapter):
    with _executed(lab, chapter) as page:
        widgets = page.locator(".jp-OutputArea-output", has=page.locator("img.widget-image"))
        moved = [_move(page, widget) for widget in widgets.all()]
        assert sum(moved) == WIDGETS[chapter]


def _move(page, widget):
    """Move a widget as a person may, so that its figure changes; False where there is nothing to move."""
    step, button = (widget.get_by_role("button", **words) for words in ({"name": "one step"}, {}))
    handle, menu = widget.locator(".noUi-handle"), widget.locator("select")
    if not (button.count() or handle.count() or menu.count()):
        return False
    widget.scroll_into_view_if_needed()
    with _changing_figure(page, widget):
        if button.count():
            (step if step.count() else button).first.click()
        elif handle.count():
            at_the_end = handle.first.get_attribute("aria-valuenow") == handle.first.get_attribute("aria-valuemax")
            handle.first.focus()
            for _ in range(4):
                page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")
        else:
            menu.first.select_option(index=1)
    return True


def test_a_training_is_interrupted_and_goes_on(lab):
    with _opened(lab, INTERRUPTED) as page:
        cells = page.locator(".jp-CodeCell")
        _run_all(page)
        cells.nth(1).get_by_text("it/s").wait_for(timeout=PATIENCE)  # the bar moves
        page.locator("[data-command='notebook:interrupt-kernel'], [title^='Interrupt the kernel']").first.click()
        page.wait_for_function(ENDED, timeout=PATIENCE)
        said = [cells.nth(number).locator(".jp-OutputArea-output").all_inner_texts() for number in (1, 2)]
        assert re.search(r"stopped at step [\d,]+; training.train\(run, steps\) goes on from there", "".join(said[0]))
        assert "".join(said[1]).strip().endswith("10 steps further, and as good as never stopped: True")


def test_run_all_and_watch_a_gan_learn(lab):
    with _executed(lab, WELCOME) as page:
        play, again = (page.get_by_role("button", name=name, exact=True) for name in ("play", "start again"))
        widget = page.locator(".jp-OutputArea-output", has=again).first
        image = widget.locator("img.widget-image")
        first = image.evaluate(PICTURE)
        play.click()
        seen = {first}
        for _ in range(600):
            seen.add(image.evaluate(PICTURE))
            if len(seen) > 3:
                break
            page.wait_for_timeout(50)
        assert len(seen) > 3, "it does not play"
        page.get_by_role("button", name="pause", exact=True).click()
        play.wait_for()
        page.wait_for_timeout(500)  # a picture may have been under way
        stopped = image.evaluate(PICTURE)
        page.wait_for_timeout(1_000)
        assert image.evaluate(PICTURE) == stopped, "it does not pause"
        assert stopped != first
        with _changing_figure(page, widget):
            again.click()
        assert image.evaluate(PICTURE) == first


@contextlib.contextmanager
def _executed(lab, chapter):
    """The page of a chapter after Run All, without an error or a warning."""
    with _opened(lab, chapter) as page:
        _run_all(page)
        page.wait_for_function(ENDED, timeout=PATIENCE)
        assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts() == []
        assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts() == []
        yield page


@contextlib.contextmanager
def _opened(lab, notebook):
    """The page of a notebook whose kernel is ready; at the end, nothing left the machine."""
    with browsing() as (new_page, requests):
        page = new_page()
        page.goto(f"{lab['url']}lab/tree/notebooks/{notebook}.ipynb?token={lab['token']}&reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=PATIENCE)
        page.wait_for_function(KERNEL_IS_IDLE, timeout=PATIENCE)
        yield page
        own = re.compile(r"(http|ws)://127\.0\.0\.1:\d+/|data:|blob:")
        assert [url for url in requests if not own.match(url)] == []


@contextlib.contextmanager
def _changing_figure(page, widget):
    """What is done within changes the widget's figure."""
    image = widget.locator("img.widget-image")
    before = image.evaluate(PICTURE)
    assert before.startswith("\x89PNG")
    yield
    for _ in range(100):
        if image.evaluate(PICTURE) != before:
            break
        page.wait_for_timeout(100)
    assert image.evaluate(PICTURE) != before, "the widget is moved and its figure is not"


def _run_all(page):
    """From the menu, as a person would; again when Lab drops it, which it may while the kernel connects."""
    for _ in range(4):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator("li[data-command='runmenu:run-all']").click()
        try:
            return page.wait_for_function(BEGUN, timeout=5_000)
        except playwright.TimeoutError:
            continue
    raise AssertionError("Run All does not start")
