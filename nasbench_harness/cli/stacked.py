"""Tables for narrow terminals: what is too long stands on lines of its own, never cut in a word."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence

GAP = "  "
INDENT = "    "


def natural_width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns of a terminal that a table needs so that nothing is folded."""
    columns = zip(headings, *rows, strict=True)
    return sum(max(map(len, column)) for column in columns) + len(GAP) * (len(headings) - 1)


def stacked(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    below: Collection[int],
    *,
    numbers: Collection[int],
    width: int,
) -> Iterator[str]:
    """The lines of a table whose columns `below` follow each row, folded between words only."""
    beside = [at for at in range(len(headings)) if at not in below]
    lines = list(_lines(headings, rows, beside, numbers))
    if max(map(len, lines)) > width:
        yield from headed(headings, rows, numbers=numbers, width=width)
        return
    yield lines[0]
    for line, row in zip(lines[1:], rows, strict=True):
        yield line
        told = (
            f"{headings[at]}: {row[at]}" if at in numbers else row[at] for at in below if row[at]
        )
        yield from textwrap.wrap(
            "; ".join(told), width, initial_indent=INDENT, subsequent_indent=INDENT,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def headed(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[int], width: int
) -> Iterator[str]:
    """The lines of a table whose first column stands above each row.

    The other columns stand below it side by side or, where even they are too wide, one under the
    other, each with its heading.
    """
    others = range(1, len(headings))
    lines = [f"{INDENT}{line}" for line in _lines(headings, rows, others, numbers)]
    if max(map(len, lines)) <= width:
        yield headings[0]
        yield lines[0]
        for line, row in zip(lines[1:], rows, strict=True):
            yield row[0]
            yield line
        return
    longest = max(map(len, headings[1:]), default=0)
    for row in rows:
        yield row[0]
        for at in others:
            if row[at]:
                yield f"{INDENT}{headings[at]:<{longest}}{GAP}{row[at]}"


def _lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    columns: Sequence[int],
    numbers: Collection[int],
) -> Iterator[str]:
    """Headings and rows of these columns, each as wide as it needs."""
    needed = {at: max(len(row[at]) for row in (headings, *rows)) for at in columns}
    for row in (headings, *rows):
        cells = (
            row[at].rjust(needed[at]) if at in numbers else row[at].ljust(needed[at])
            for at in columns
        )
        yield GAP.join(cells).rstrip()
