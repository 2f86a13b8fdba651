"""What each method saw: queries, steps on a whole table, or hours of training.

Results of searches that saw different things stand side by side; this is what a reader needs to
judge whether they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import DONE, numbers
from nasbench_harness.study.spec import TrialSpec


def seen(data: StudyData, label: str) -> str:
    """What a method of a study saw, in words: `100 queries, 12-epoch numbers`.

    Empty where it has no result, or its kind of problem does not say.
    """
    return all_seen(data.trials, data.study.specs).get(label, "")


def all_seen(trials: pd.DataFrame, specs: Iterable[TrialSpec]) -> dict[str, str]:
    """The same by the labels of all methods with a result; `trials` are those of a study."""
    planned: dict[str, TrialSpec] = {}
    for spec in specs:
        planned.setdefault(spec.label, spec)
    done = trials[trials["status"] == DONE]
    groups = {str(label): rows for label, rows in done.groupby("method", sort=False)}
    return {
        label: told
        for label, rows in groups.items()
        if label in planned and (told := _told(planned[label], rows))
    }


def grouped(told: Mapping[str, str]) -> dict[str, list[str]]:
    """What was seen, to the labels of those who saw it, both in their order."""
    found: dict[str, list[str]] = {}
    for label, what in told.items():
        found.setdefault(what, []).append(label)
    return found


def _told(spec: TrialSpec, rows: pd.DataFrame) -> str:
    return kind_of(spec.problem).saw(spec, _spent(rows))


def _spent(rows: pd.DataFrame) -> dict[str, float]:
    """Means of the columns of numbers; none of a column without a number."""
    columns: list[Any] = list(rows.select_dtypes("number").columns)
    found = {str(column): numbers(rows, column) for column in columns}
    return {column: float(values.mean()) for column, values in found.items() if len(values)}
