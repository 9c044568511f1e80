"""A progress bar that is alive in Jupyter and in a terminal, and one plain line on a page without a kernel."""

import shutil
import sys


def bar(total, what, silent=False):
    """A tqdm bar over `total` turns, to be used in a `with`. In a notebook the stored output is the text `what`."""
    if silent or not _in_notebook():
        from tqdm import tqdm

        wide = shutil.get_terminal_size().columns  # never 0, as some terminals say of themselves: nothing would show
        brief = "{desc}: {percentage:3.0f}%|{bar}| {remaining}{postfix}"  # losses and speed have room in 80 columns
        return tqdm(total=total, desc=what, bar_format=brief, disable=silent or None, ncols=wide)  # None: no terminal
    from IPython.display import display
    from tqdm.notebook import tqdm

    shown = tqdm(total=total, display=False)
    view = {"version_major": 2, "version_minor": 0, "model_id": shown.container.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": what}, raw=True)
    shown.displayed = True
    return shown


def _in_notebook():
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
