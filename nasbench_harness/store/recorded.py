"""What a study's trials found and recorded, from their folders or, where those are gone, tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from nasbench_harness.store.endings import Endings
from nasbench_harness.store.journals import last_row, read_journal
from nasbench_harness.store.outcomes import HISTORY
from nasbench_harness.store.studies import Study, read_tables
from nasbench_harness.study.spec import TrialSpec


class Recorded:
    """The trials of one study; a number that a trial does not have is no key of its rows."""

    def __init__(self, study: Study) -> None:
        """What is read is read when it is first asked for."""
        self._study = study
        self._endings = Endings([study])
        self._folders = study.trials_folder.is_dir()

    def result(self, spec: TrialSpec) -> Mapping[str, Any]:
        """A trial's result; only a status if there is none."""
        return _known(self._endings(0, spec))

    def last(self, spec: TrialSpec) -> Mapping[str, Any]:
        """The last step that it recorded; nothing if none was."""
        if self._folders:
            return last_row(self._study.trial_folder(spec) / HISTORY) or {}
        rows = self.rows(spec)
        return rows[-1] if rows else {}

    def rows(self, spec: TrialSpec) -> list[Mapping[str, Any]]:
        """All steps that it recorded."""
        if self._folders:
            return list(read_journal(self._study.trial_folder(spec) / HISTORY))
        return self._tables.get(spec.trial_id, [])

    @cached_property
    def _tables(self) -> dict[str, list[Mapping[str, Any]]]:
        steps = read_tables(self._study.folder)[1]
        return {
            str(trial): [_known(row) for row in rows.to_dict("records")]
            for trial, rows in steps.groupby("trial", sort=False)
        }


def _known(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Without the holes of a table."""
    return {str(name): value for name, value in row.items() if not _is_hole(value)}


def _is_hole(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN
