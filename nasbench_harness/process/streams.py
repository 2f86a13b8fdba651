"""Standard streams that cannot fail: closed, broken, full, missing, or in a small alphabet.

What a command has found out must not be lost because nobody can be told of it. Within `guarded()`
whatever is written to standard output and error is accepted: what a reader who went away would
have read is dropped, and what an encoding lacks is spelled out in what it has. What could not be
written is remembered, so that the end of the process may tell of it.

Nothing heavy is imported here: this runs before anything else does.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import select
import sys
import unicodedata
from collections.abc import Iterator
from typing import TextIO

READABLE, READABLE_BYTES = "nasharness.readable", "nasharness.readable+surrogateescape"
"""Error handlers of codecs; the second writes bytes of a file's name that are no text as they are.
"""
RAISING = ("strict", "surrogateescape", "backslashreplace")
"""What a stream's encoding errors are by default; who chose another way is left with it."""
GONE = {errno.EPIPE, errno.EIO, errno.ECONNRESET} | ({errno.EINVAL} if os.name == "nt" else set())
"""Nobody reads on: a pipe whose reader has left, a terminal that was closed."""

_SPELLED = {
    "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "±": "+-", "–": "-", "—": "--", "−": "-",
    "×": "x", "·": ".", "•": "*", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "≤": "<=",
    "≥": ">=", "≈": "~", "≠": "!=", "∞": "inf", "µ": "u", "°": " deg", "√": "sqrt", "∇": "grad",
    "✓": "yes", "✗": "no", "\ufeff": "",
}  # fmt: skip


# --- small alphabets ---------------------------------------------------------------------------


def spell(character: str) -> str:
    """A character in ASCII: as a person would type it, else as an escape that names it exactly."""
    if character in _SPELLED:
        return _SPELLED[character]
    name = unicodedata.name(character, "")
    if name.startswith("BOX DRAWINGS"):
        return _line(name)
    if name.startswith(("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")):
        letter = name.split()[3].lower()
        return letter.capitalize() if "CAPITAL" in name else letter
    if name.endswith((" BLOCK", " SHADE")) or "BLOCKS" in name:
        return "#"
    return _plain(character) or character.encode("ascii", "backslashreplace").decode()


def _line(name: str) -> str:
    """A piece of a drawn line: along, down, or a corner."""
    words = set(name.split())
    down = words & {"VERTICAL", "UP", "DOWN"}
    if words & {"HORIZONTAL", "LEFT", "RIGHT"}:
        return "+" if down else "-"
    return "|"


def _plain(character: str) -> str:
    """The letters and digits that an accented, raised or otherwise styled one is made of."""
    parts = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    if not plain.isascii():
        return ""
    return "^" + plain if unicodedata.decomposition(character).startswith("<super>") else plain


def readable(text: str, encoding: str) -> str:
    """The text as a stream of that encoding will show it."""
    try:
        return text.encode(encoding, READABLE).decode(encoding)
    except UnicodeError:  # an encoding without ASCII
        return text


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(spell, error.object[error.start : error.end])), error.end


def _spell_out_or_escape(error: UnicodeError) -> tuple[str | bytes, int]:
    """As `_spell_out`, but for one byte of a name that is no text, which stays that byte."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    code = ord(error.object[error.start])
    if 0xDC80 <= code <= 0xDCFF:
        return bytes([code - 0xDC00]), error.start + 1
    return spell(error.object[error.start]), error.start + 1


codecs.register_error(READABLE, _spell_out)
codecs.register_error(READABLE_BYTES, _spell_out_or_escape)


# --- outlets -----------------------------------------------------------------------------------


class Outlet(io.FileIO):
    """The lowest level of a stream: takes everything, and remembers what it could not write."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.fault: OSError | None = None
        """The first error; nothing is written after it, so that no output has a hole in it."""

    def write(self, data: object) -> int:
        """Write, or pretend to; who reads slowly from a pipe that does not block is waited for."""
        view = memoryview(data)  # type: ignore[arg-type]
        try:
            while not self.fault and (written := super().write(view)) is None:
                select.select([], [self], [])
        except OSError as error:
            self.fault = error
        return len(view) if self.fault else written


def _guard(stream: TextIO | None) -> TextIO:
    """A stream that writes to the same place and cannot fail."""
    if stream is None or stream.closed:
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")
    errors = _errors(stream)
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is not io.FileIO:  # somebody's own: a notebook's, a test's, a Windows console
        if errors and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)
        return stream
    _flush(stream)
    return io.TextIOWrapper(
        io.BufferedWriter(Outlet(raw.fileno())),
        encoding=stream.encoding,
        errors=errors or stream.errors,
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=getattr(stream, "write_through", False),
    )


def _errors(stream: TextIO) -> str | None:
    """The way of a stream with what its encoding lacks; None: leave it."""
    if getattr(stream, "errors", None) not in RAISING:
        return None
    return READABLE_BYTES if stream.errors == "surrogateescape" else READABLE


def _flush(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.flush()


def fault(stream: TextIO | None) -> OSError | None:
    """Why not all could be written; None also where nobody wanted to read on."""
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    error = raw.fault if isinstance(raw, Outlet) else None
    return None if error is None or error.errno in GONE else error


# --- a process, and a call ---------------------------------------------------------------------


def fill_descriptors() -> None:
    """Open what a process was started without (`>&-`), towards nowhere.

    Otherwise the next file that is opened gets its number, and what is meant for a person, or
    comes from a library in C, is written into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def guard() -> None:
    """Put streams that cannot fail in the place of this process' standard output and error."""
    sys.stdout = _guard(sys.stdout)
    sys.stderr = _guard(sys.stderr)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """`guard()`, for the length of a call."""
    before = sys.stdout, sys.stderr
    settings = [getattr(stream, "errors", None) for stream in before]
    guard()
    ours = sys.stdout, sys.stderr
    try:
        yield
    finally:
        flush()
        if (sys.stdout, sys.stderr) == ours:
            sys.stdout, sys.stderr = before
        for stream, errors in zip(before, settings, strict=True):
            if stream in ours and errors and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=errors)


def flush() -> None:
    """Write what waits to be written, as far as that goes."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            _flush(stream)
