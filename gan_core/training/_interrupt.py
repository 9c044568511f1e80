"""Ctrl-C between steps: the step under way is finished first, so that the run can go on as if nothing had been."""

import signal
import threading
from contextlib import contextmanager

DEAF = (signal.SIG_IGN, None)  # None: a listener that Python does not know, and could not put back


@contextmanager
def between_steps():
    """A context that gives a function: has the user asked to stop? A second Ctrl-C stops at once, within the step.

    The answer stays no outside the main thread, where Python lets nobody listen for signals, and in a process that was
    started deaf to Ctrl-C, such as one in the background.
    """
    asked = []
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) in DEAF:
        yield lambda: False
        return

    def heard(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
