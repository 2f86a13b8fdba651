"""What every command runs in: signals that stop it, and how it ends, whatever happens.

It is used twice: by the process `nasharness`, from its first line on, and by the application, so
that a call from Python or a test ends in the same way. Nothing heavy is imported here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from nasbench_harness.errors import ExitCode, HarnessError, os_sentence, reason
from nasbench_harness.process import streams
from nasbench_harness.process.folding import columns, fold

DEBUG = "NASHARNESS_DEBUG"
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
STOPS = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
"""A scheduler's stop, a terminal that was closed: the same as Ctrl-C."""
INTERRUPTED_BY_TYPER = 130
LONGEST = 300


# --- what went wrong ---------------------------------------------------------------------------


def explain(error: BaseException) -> tuple[str, ExitCode]:
    """What a person is told of an error, and the exit code."""
    if isinstance(error, HarnessError):
        return f"Error: {error}", error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return "Stopped.", ExitCode.INCOMPLETE
    if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
        full = error.errno in FULL
        return f"Error: {os_sentence(error)}", ExitCode.INCOMPLETE if full else ExitCode.USAGE
    return f"Error: {_unexpected(error)}", ExitCode.UNEXPECTED


def _unexpected(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"The memory of this machine was not enough ({_named(error)}); {_how_to_see()}."
    if isinstance(error, ImportError):
        return (
            f"Something that nasharness needs cannot be imported ({_named(error)}); install it"
            f" again, or tell us of it; {_how_to_see()}."
        )
    return (
        f"This is a fault of nasharness or of a plugin, not of yours ({_named(error)}); please"
        f" report it; {_how_to_see()}."
    )


def _named(error: BaseException) -> str:
    """Type and text on one line."""
    name = type(error).__name__
    try:
        text = " ".join(str(error).split())
    except Exception:  # an error that cannot even say what it is
        return name
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"{name}: {short}" if short else name


def _how_to_see() -> str:
    if debugging():
        return "the traceback is above"
    return f"`nasharness --debug ...`, or {DEBUG}=1, shows the traceback"


def debugging() -> bool:
    """Is a traceback asked for?"""
    return os.environ.get(DEBUG, "") not in ("", "0")


def give_up(error: BaseException) -> ExitCode:
    """Tell on standard error what ended the command; the exit code."""
    sentence, code = explain(error)
    if debugging():
        traceback.print_exception(error)
    _tell(sentence)
    return code


def _tell(sentence: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{fold(sentence, columns(sys.stderr))}\n")


# --- how it ends -------------------------------------------------------------------------------


def code_of(ending: SystemExit) -> int:
    """The exit code that a command chose."""
    if ending.code == INTERRUPTED_BY_TYPER:
        return ExitCode.INCOMPLETE
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or ExitCode.DONE
    return give_up(ending)


def settle(code: int) -> int:
    """Write what waits to be written; the exit code, which a reader who left does not change.

    Where standard output could not be written for another reason, such as a full disk, that is
    told, and a command that was done is not: DONE becomes INCOMPLETE. Every other code stands.
    """
    streams.flush()
    fault = streams.fault(sys.stdout)
    if fault is None:
        return code
    _tell(f"Error: Standard output could not be written ({reason(fault)}).")
    streams.flush()
    return code or ExitCode.INCOMPLETE


def ended(command: Callable[[], Any]) -> int:
    """Call what ends in SystemExit, or in an error; the exit code."""
    try:
        command()
    except SystemExit as ending:
        return code_of(ending)
    except BaseException as error:
        return give_up(error)
    return ExitCode.DONE


# --- signals -----------------------------------------------------------------------------------


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Within it a scheduler's stop and a closed terminal are a Ctrl-C.

    What the caller has chosen for a signal, such as `nohup`, stays. Signals go to the main thread;
    in another one nothing is changed.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [n for n in STOPS if signal.getsignal(n) is signal.SIG_DFL]
        before = {n: signal.signal(n, signal.default_int_handler) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Within it Ctrl-C and the like wait for its end.

    For imports whose modules are needed again: what was imported by half often stays unusable.
    """
    held: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [n for n in (signal.SIGINT, *STOPS) if callable(signal.getsignal(n))]
        before = {n: signal.signal(n, lambda number, _: held.append(number)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            before[held[0]](held[0], None)


def leave(code: int) -> None:
    """From here on the exit code is `code`: another Ctrl-C ends the process at once with it."""

    def end(*_: object) -> None:
        os._exit(code)

    for number in (signal.SIGINT, *STOPS):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    sys.unraisablehook = _tell_unraisable


def _tell_unraisable(what: sys.UnraisableHookArgs) -> None:
    """What breaks while Python takes the process down is no news about the command."""
    if debugging():
        sys.__unraisablehook__(what)
    elif what.exc_value is not None:
        _tell(f"Warning: Something broke after the command had ended ({_named(what.exc_value)}).")
