"""Tables for narrow terminals: long columns stand on lines of their own, below their row."""

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
    needed = {at: max(len(row[at]) for row in (headings, *rows)) for at in beside}

    def line(row: Sequence[str]) -> str:
        cells = (
            row[at].rjust(needed[at]) if at in numbers else row[at].ljust(needed[at])
            for at in beside
        )
        return GAP.join(cells).rstrip()

    yield line(headings)
    for row in rows:
        yield line(row)
        text = "; ".join(row[at] for at in below if row[at])
        yield from textwrap.wrap(
            text, width, initial_indent=INDENT, subsequent_indent=INDENT,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
