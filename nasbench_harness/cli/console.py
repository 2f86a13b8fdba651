"""What a person sees in the terminal: tables, a progress bar, and errors in one sentence."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nasbench_harness.cli.stacked import natural_width, stacked
from nasbench_harness.process.folding import columns, fold
from nasbench_harness.process.names import printable
from nasbench_harness.process.streams import readable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from nasbench_harness.images.parts import ImageDataset
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.jobs.job import Spec
    from nasbench_harness.store.folders import JobFolder
    from nasbench_harness.tables.quantity import Quantity

WIDE = 240
"""Columns where nobody looks and nobody says (COLUMNS): piped output is not folded."""
WORDS = 5
"""So many words are prose, which may be folded."""


class _PlainConsole(Console):
    """Shows text as it is: brackets and colons of a path are no markup, its odd bytes are told.

    What the stream's encoding lacks is spelled out before columns are measured, not after.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(readable(printable(text), self.encoding), **options)


_PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
_seen = (sys.stdout is not None and sys.stdout.isatty()) or bool(os.environ.get("COLUMNS"))
out = _PlainConsole(**_PLAIN, width=None if _seen else WIDE)
err = _PlainConsole(**_PLAIN, stderr=True)


def print_json(value: Any) -> None:
    """For scripts: plain JSON on standard output, missing numbers as null.

    JSON is UTF-8; on any other stream all that is not ASCII is escaped.
    """
    plain = _without_nan(value)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    escaped = not encoding.lower().startswith("utf")
    text = json.dumps(plain, indent=2, ensure_ascii=escaped, default=str)
    # Bytes of a name that are no UTF-8 as JSON's own escapes, which Python reads back as they were.
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    return [_without_nan(inner) for inner in value] if isinstance(value, list) else value


def print_rows(
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[int] = (),
    below: Sequence[int] = (),
) -> None:
    """A plain table; the columns in `numbers` are right-aligned.

    Where it is wider than the terminal, the columns in `below` follow each row on lines of their
    own, in that order, and are folded between words; where there are none, or that is not enough,
    the first column stands above each row.
    """
    shown = [[cell(value) for value in row] for row in rows]
    if natural_width(headings, shown) > out.width:
        _print_stacked(title, stacked(headings, shown, below, numbers=numbers, width=out.width))
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="right" if position in numbers else "left",
            overflow="fold",
            no_wrap=position == 0,
        )
    for row in shown:
        table.add_row(*row)
    for segments in out.render_lines(table, pad=False):
        line = Text.assemble(*((part.text, part.style or "") for part in segments))
        line.rstrip()  # blanks that nobody sees get in the way of a diff
        out.print(line, soft_wrap=True)


def _print_stacked(title: str, lines: Iterable[str]) -> None:
    if title:
        out.print(title, markup=False)
    for line in lines:
        out.print(line.rstrip(), markup=False, soft_wrap=True)


def say(text: str, *, indent: int = 0) -> None:
    """A sentence on standard output, folded between words where somebody looks."""
    out.print(fold(printable(text), columns(sys.stdout, piped=True), indent=indent), soft_wrap=True)


def note(text: str) -> None:
    """The same on standard error: what a person should know beside the results."""
    err.print(fold(printable(text), columns(sys.stderr)), soft_wrap=True)


def print_facts(facts: Mapping[str, Any]) -> None:
    """`name  value` lines; prose is folded between words, and nothing else: it can be copied."""
    width = max(map(len, facts))
    for name, value in facts.items():
        line = f"{name:<{width}}  {cell(value)}".rstrip()
        prose = len(line) > out.width and len(str(value).split()) >= WORDS
        for part in folded(line, indent=width + 2) if prose else [line]:
            out.print(part, markup=False, soft_wrap=True)


def folded(text: str, *, indent: int = 0) -> list[str]:
    """Lines of the terminal's width, broken between words only."""
    return fold(text, out.width, indent=indent).split("\n")


INTERVALS = "[ ]: 95 % interval of the mean"


def print_summary(
    rows: Iterable[Mapping[Any, Any]],
    *,
    title: str,
    missed: bool = True,
    quantity: Quantity | None = None,
    failed: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """The table a run ends with: one row per method, best first (records of `summarise`).

    Without regret and percentile unless what is `missed` to the best is known in such a study.
    `quantity` is what answers are judged by, None an accuracy in percent.
    `failed` tells by method how many of the trials without a result ended with an error.
    """
    from nasbench_harness.tables.quantity import ACCURACY

    shown, quantity = list(rows), quantity or ACCURACY
    headings = [
        "method", "seeds",
        *([f"regret ({quantity.of_differences})", "percentile"] if missed else []),
        quantity.headed, "best", "search (s)",
    ]  # fmt: skip
    cells = [
        _summary_cells(row, failed.get(row["method"], 0), quantity, missed=missed) for row in shown
    ]
    print_rows(title, headings, cells, numbers=range(1, len(headings)))
    if any("[" in text for row in cells for text in row[1:]):
        out.print(INTERVALS, style="dim", markup=False)


def _summary_cells(
    row: Mapping[Any, Any], failed: int, quantity: Quantity, *, missed: bool
) -> list[str]:
    digits = quantity.digits
    found = (
        [
            _interval(row, "regret", quantity.difference_digits),
            _fixed(row["percentile_mean"]),
            _fixed(row["accuracy_mean"], digits),
        ]
        if missed
        else [_interval(row, "accuracy", digits)]
    )
    return [
        row["method"],
        _counted(row, failed),
        *found,
        _fixed(row["accuracy_best"], digits),
        _fixed(row["seconds_mean"]),
    ]


def _counted(row: Mapping[Any, Any], failed: int) -> str:
    """Over how many seeds means are, and why not over all."""
    unknown = row["seeds"] - row["known"]
    missing = row["failed"] - failed  # those of a summary are all without a result
    counts = {"failed": failed, "missing": missing, "unknown": unknown}
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    return f"{row['known']}" + (f" ({', '.join(parts)})" if parts else "")


def _nothing(row: Mapping[Any, Any]) -> str:
    """Why a method has no number."""
    return "unknown" if row["seeds"] else "no result"


def _interval(row: Mapping[Any, Any], measure: str, digits: int) -> str:
    """A mean with its bounds; that there are none, where there are none."""
    mean, low, high = (row[f"{measure}_{part}"] for part in ("mean", "low", "high"))
    if math.isnan(mean):
        return _nothing(row)
    if math.isnan(low):
        return f"{mean:.{digits}f}" + (" (one seed: no interval)" if row["known"] == 1 else "")
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _fixed(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def tell_images(images: ImageDataset) -> None:
    """On standard error, what was understood of a folder of images; nothing of other data sets."""
    for line in images.notes:
        err.print(line, markup=False, soft_wrap=True)


def cell(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


@contextlib.contextmanager
def counting_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar over bytes or things; yields what to call with those done and all."""
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

    count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    parts = (TextColumn(what), BarColumn(bar_width=32), count)
    progress = Progress(*parts, console=err, transient=True, disable=not err.is_terminal)
    task = progress.add_task(what, total=None)

    def update(done: int, total: int) -> None:
        progress.start()  # not before: an empty bar leaves an empty line
        progress.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        progress.stop()


class JobsProgress:
    """A bar over all steps of a folder's jobs, and how many have ended."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._done: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._ended = 0

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Show the bar over what is missing of them."""
        missing = jobs.missing()
        kept = len(jobs.specs) - len(missing)
        already = f", {kept} already done" if kept else ""
        word = jobs.kind.job if len(missing) == 1 else f"{jobs.kind.job}s"
        err.print(f"{len(missing)} {word} to run{already} → {jobs.folder}", soft_wrap=True)
        if missing:
            self._show(missing, f"{jobs.kind.job}s")

    def _show(self, missing: Sequence[Spec], what: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._steps = {spec.trial_id: spec.steps for spec in missing}
        self._progress = Progress(
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn(what),
            TextColumn("{task.fields[ended]}/{task.fields[trials]}"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,  # it would leave an empty line
        )
        self._task = self._progress.add_task(
            "", total=sum(self._steps.values()), ended=0, trials=len(missing)
        )
        self._progress.start()

    def watch(self, event: Event) -> None:
        """Take in how far a trial is, or how it ended."""
        from nasbench_harness.store.outcomes import Outcome, Status

        if self._progress is None or self._task is None:
            return
        if isinstance(event, Outcome):
            self._ended += 1
            self._done[event.trial_id] = self._steps.get(event.trial_id, 0)
            if event.status is not Status.DONE:
                told = Text.assemble((event.trial_id, "red"), f": {printable(event.error)}")
                self._progress.console.print(told, soft_wrap=True)
        else:
            self._done[event.trial_id] = event.steps
        self._progress.update(self._task, completed=sum(self._done.values()), ended=self._ended)

    def __enter__(self) -> JobsProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
