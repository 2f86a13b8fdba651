"""Errors a user can cause: one sentence each, with the exit code that goes with it.

Exit codes of `nasharness`, which a script may trust:

    0   done; a check found no regression
    1   a check failed, and nothing else
    2   wrong usage or input; nothing was run
    3   not all is done: trials failed or were stopped (Ctrl-C, SIGTERM, a closed terminal), a
        download broke off, a disk is full; what is done is kept
    4   a check that needs more seeds
    70  an unexpected error: a fault of ours or of a plugin (EX_SOFTWARE)

The code is chosen before anything is printed and stands whatever becomes of the printing: a reader
who goes away (`| head`), a closed stream and an alphabet without the right letters change nothing.
Only where standard output cannot be written for another reason, such as a full disk, 0 becomes 3.
Debugging adds a traceback and leaves the code as it is.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a script reads from `nasharness`."""

    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    INCONCLUSIVE = 4
    UNEXPECTED = 70


class HarnessError(Exception):
    """What is wrong, what was expected and what to do, in one sentence."""

    exit_code: ExitCode = ExitCode.USAGE


class InvalidArchitectureError(HarnessError):
    """A text that is no architecture of the space; the message points at the spot."""

    SHOWN = 76
    """Characters around the spot: a line of a terminal."""

    def __init__(self, text: str, position: int, problem: str) -> None:
        start = max(0, min(position, len(text)) - self.SHOWN * 3 // 4)
        start = start if len(text) > self.SHOWN else 0
        line = "".join(
            character if character.isprintable() else " "
            for character in text[start : start + self.SHOWN]
        )
        before = sum(map(_width, line[: position - start]))
        super().__init__(f"{problem}\n  {line}\n  {' ' * before}^")
        self.position = position


class UnknownNameError(HarnessError):
    """A name nobody registered; suggests the nearest right one, or what `advice` says."""

    def __init__(self, what: str, name: str, known: Iterable[str], advice: str = "") -> None:
        names = sorted(known)
        hint = nearest(name, names)
        suggestion = f" Did you mean `{hint}`?" if hint else ""
        listing = f" Known: {', '.join(names)}." if names else " There is none at all."
        ending = f" {advice}" if advice else ""
        super().__init__(f"There is no {what} called `{name}`.{suggestion}{listing}{ending}")


def _width(character: str) -> int:
    """Columns of a terminal that a character takes."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or that it is short for; None when nothing comes close."""
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
    initials = ("".join(part[:1] for part in re.split("[_-]", short)) for short in lowered)
    of_initials = dict(zip(reversed(list(initials)), reversed(list(lowered)), strict=True))
    meant = found[0] if found else of_initials.get(name.lower()) if len(name) > 1 else None
    return lowered[meant] if meant else None


def reason(error: BaseException) -> str:
    """Why it failed, in words; never empty and never "None", whatever the system left out."""
    if isinstance(error, OSError) and error.errno:
        return error.strerror or os.strerror(error.errno)
    return " ".join(str(error).split()) or type(error).__name__


def os_sentence(error: OSError) -> str:
    """What the operating system refused and the paths it is about, as one sentence."""
    paths = (error.filename, error.filename2)
    told = [os.fsdecode(path) for path in paths if isinstance(path, str | bytes | os.PathLike)]
    about = f": {' -> '.join(told)}" if told else ""
    return f"{reason(error).rstrip('.')}{about}."
