"""How trials ended, as far as it decides what a study says: the same from folders and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import Study, StudyError, read_tables
from nasbench_harness.study.spec import TrialSpec


def ending(spec: TrialSpec, result: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a trial found and what that is worth; when and how fast it did so is no part of it."""
    names = ("architecture", spec.report_metric, kind_of(spec.problem).concludes, "queries")
    return tuple(result.get(name) for name in names)


class Endings:
    """The results of the trials of studies, also of those of which only the tables are left."""

    def __init__(self, studies: Sequence[Study]) -> None:
        self._studies = studies
        self._tables: dict[int, dict[str, Mapping[str, Any]]] = {}

    def __call__(self, number: int, spec: TrialSpec) -> Mapping[str, Any]:
        """The result of one trial of the study of that number; only a status if there is none."""
        study = self._studies[number]
        if study.trials_folder.is_dir():
            return study.result(spec)
        if number not in self._tables:
            self._tables[number] = _rows(study)
        return self._tables[number].get(spec.trial_id, {"status": Status.MISSING})


def _rows(study: Study) -> dict[str, Mapping[str, Any]]:
    """A study's gathered trials; none of one that has not begun."""
    try:
        rows = read_tables(study.folder)[0].to_dict("records")
    except StudyError:
        return {}
    return {str(row["trial"]): {str(k): v for k, v in row.items()} for row in rows}
