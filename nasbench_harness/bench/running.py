"""A bench from start to end: what is missing is measured, in its order, until the time is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

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
    facts = _facts(measurer, seconds)
    check_machine(path, record, facts)
    record.machine = facts
    missing = record.missing(wanted)
    for number, one in enumerate(missing, start=1):
        left = seconds - (clock() - started)
        late = BenchResult("skipped", reason=TIME_OVER)
        found = _measured(measurer, one, left) if left >= LEAST else late
        if not found.is_late or one.key not in record.measured:
            record.measured[one.key] = found  # else what kept it from being measured stays told
        record.spent = before + clock() - started
        _write(record, path, wanted)
        told(one, record.measured[one.key], number, len(missing))
    _write(record, path, wanted)


def _facts(measurer: Measurer, seconds: float) -> Mapping[str, Any]:
    """Of the machine; BenchError where the device is not there."""
    limit = min(MACHINE.limit, seconds)
    facts = measurer.measure(MACHINE, limit)
    if facts.status != "done":
        late = f"The device did not answer within {limit:.0f} seconds"
        more = "; give more --minutes." if limit < MACHINE.limit else "."
        raise BenchError(f"{late}{more}" if facts.reason == TIME_OVER else facts.reason)
    return facts.values


def _write(record: BenchRecord, path: Path, wanted: Sequence[BenchItem]) -> None:
    """The numbers, and as Markdown, sealed so that only what is ours is ever replaced.

    In the order of what is wanted, whenever it was measured.
    """
    measured = record.measured
    record.measured = {one.key: measured[one.key] for one in wanted if one.key in measured}
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
