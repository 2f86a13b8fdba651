"""Ends a training between two batches when it is asked to, so that nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

from nasbench_harness.process.frame import STOPS


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Within it Ctrl-C, SIGTERM and a closed terminal only set what the yielded function tells.

    A second Ctrl-C interrupts at once. Outside the main thread, which signals go to, it tells
    False for ever.
    """
    asked = False

    def stop(number: int, _: object) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, stop) for number in _not_ignored()}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _not_ignored() -> list[signal.Signals]:
    """All that stop a command, but for what `nohup` or a shell has switched off."""
    every = (signal.SIGINT, *STOPS)
    return [number for number in every if signal.getsignal(number) is not signal.SIG_IGN]
