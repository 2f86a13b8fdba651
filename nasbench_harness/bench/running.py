"""A bench from start to end: what is missing is measured, in its order, until the time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from nasbench_harness.bench.asked import MACHINE, BenchItem
from nasbench_harness.bench.markdown import as_markdown
from nasbench_harness.bench.record import (
    TIME_OVER,
    BenchError,
    BenchRecord,
    BenchResult,
    check_machine,
)
from nasbench_harness.store.files import replacing
from nasbench_harness.store.seals import sealed

LEAST = 5.0
"""Seconds below which nothing is begun any more: our decision."""
BenchListener = Callable[[BenchItem, BenchResult, int, int], None]
"""Hears of every measurement that ended, with how many have and of how many."""


class Measurer(Protocol):
    """Who measures."""

    def measure(self, one: BenchItem, seconds: float) -> BenchResult:
        """At most so long; whatever goes wrong is the reason in what it returns."""


def run_bench(  # noqa: PLR0913 - keywords, each a choice of its own
    record: BenchRecord,
    path: Path,
    wanted: Sequence[BenchItem],
    measurer: Measurer,
    *,
    seconds: float,
    clock: Callable[[], float],
    told: BenchListener = lambda one, measured, done, all_of_them: None,
) -> None:
    """Measure what is missing in `record`, and write it to `path` after every number.

    Beside it stands the table, of the same name with the ending .md.

    BenchError where the machine is not there, or is another one than that of the file.
    """
    started, before = clock(), record.spent
    facts = measurer.measure(MACHINE, MACHINE.limit)
    if facts.status != "done":
        late = f"The device did not answer within {MACHINE.limit:.0f} seconds."
        raise BenchError(late if facts.reason == TIME_OVER else facts.reason)
    check_machine(path, record, facts.values)
    record.machine = facts.values
    missing = record.missing(wanted)
    record.measured = _in_order(record, wanted)
    for number, one in enumerate(missing, start=1):
        left = seconds - (clock() - started)
        found = _measured(measurer, one, left) if left >= LEAST else _over(record, one)
        record.measured[one.key] = found
        record.spent = before + clock() - started
        _write(record, path)
        told(one, found, number, len(missing))
    _write(record, path)


def _write(record: BenchRecord, path: Path) -> None:
    """The numbers, and as Markdown, sealed so that only what is ours is ever replaced."""
    record.write(path)
    with replacing(path.with_suffix(".md")) as temporary:
        temporary.write_bytes(sealed(as_markdown(record).encode(), ".md"))


def _measured(measurer: Measurer, one: BenchItem, left: float) -> BenchResult:
    found = measurer.measure(one, min(one.limit, left))
    if found.status == "failed" and found.reason == TIME_OVER:
        if left <= one.limit:
            return BenchResult("skipped", reason=f"{TIME_OVER} in the middle of it")
        return BenchResult("failed", reason=f"it took longer than its {one.limit:.0f} seconds")
    return found


def _over(record: BenchRecord, one: BenchItem) -> BenchResult:
    """Not begun; why it failed before is still worth telling."""
    before = record.measured.get(one.key)
    return (
        before if before and before.status == "failed" else BenchResult("skipped", reason=TIME_OVER)
    )


def _in_order(record: BenchRecord, wanted: Sequence[BenchItem]) -> dict[str, BenchResult]:
    """What there is, in the order of what is wanted."""
    return {one.key: record.measured[one.key] for one in wanted if one.key in record.measured}
