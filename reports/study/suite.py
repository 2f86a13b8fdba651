"""The suite whose problems some studies are, and why parts of it have no result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.studies import Study
from nasbench_harness.store.suites import SuiteRecord, read_record


def suite_of(studies: Sequence[Study]) -> SuiteRecord | None:
    """The suite that all these studies lie in the folder of; None where they do not."""
    places = {study.folder.resolve().parent for study in studies}
    if len(places) != 1:
        return None
    try:
        record = read_record(places.pop())
    except HarnessError:  # the studies are whole, whatever became of the record
        return None
    names = {study.folder.resolve().name for study in studies}
    return record if record and names <= set(record.problems) else None


def reasons_of(suite: SuiteRecord | None) -> Mapping[tuple[str, str], str]:
    """By problem and method why a method was not run there."""
    left_out = suite.left_out if suite else ()
    return {(one.problem, one.method): one.reason for one in left_out if one.method}
