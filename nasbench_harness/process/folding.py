"""Sentences in lines as wide as a terminal; what is to be pasted stays whole.

Nothing heavy is imported here: errors of every command are told with it.
"""

from __future__ import annotations

import os
import re
import textwrap
from typing import Any

_PASTED = re.compile(r"`[^`\n]*`")
_BLANK = "\ue002"
"""Stands for a blank within backticks while lines are broken; private use, in no message."""


def columns(stream: Any, *, piped: bool = False) -> int | None:
    """How wide lines on a terminal may be, which COLUMNS may say; None where nobody looks.

    With `piped` COLUMNS counts for a pipe or a file, too. For errors it does not: scripts read
    them by the line, and programs that have loaded readline hand COLUMNS on unasked.
    """
    given = os.environ.get("COLUMNS", "")
    try:
        shown = stream.isatty()
        if given.isdecimal() and int(given) and (shown or piped):
            return int(given)
        return os.get_terminal_size(stream.fileno()).columns or None if shown else None
    except (AttributeError, OSError, ValueError):  # no stream, or one in memory
        return None


def fold(text: str, width: int | None, *, indent: int = 0) -> str:
    """The text in lines of at most `width` columns, broken between words only.

    What stands in backticks is not broken, and an indented line is left as it is: both may be
    pasted, and a mark below a line points at its place. `indent` blanks begin a further line.
    """
    if width is None:
        return text
    return "\n".join(_folded(line, width, indent) for line in text.split("\n"))


def _folded(line: str, width: int, indent: int) -> str:
    if len(line) <= width or line.startswith(" "):
        return line
    whole = _PASTED.sub(lambda found: found[0].replace(" ", _BLANK), line)
    parts = textwrap.wrap(
        whole, width, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(parts).replace(_BLANK, " ")
