"""Every trial with its result or its error, and the command that runs it again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nasbench_harness.reports import numerals
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.summary import DONE, with_outcomes


@dataclass(frozen=True)
class TrialRow:
    """A trial as text."""

    seed: str
    status: str
    done: bool
    numbers: list[str]
    """In the order of `trial_headings`."""
    outcome: str
    """The architecture, or why there is none."""
    command: str


@dataclass(frozen=True)
class MethodTrials:
    """All trials of one method, by seed."""

    label: str
    done: int
    rows: list[TrialRow]


_Number = tuple[str, str, str, Callable[[float], str]]
"""Heading, unit, column of the trials, and how its numbers are printed."""
_ALWAYS = ("accuracy", "regret")

_COLUMNS: tuple[_Number, ...] = (
    ("Accuracy", "%", "accuracy", numerals.percent),
    ("Regret", "points", "regret", numerals.points),
    ("Rank", "", "rank", numerals.whole),
    ("Percentile", "", "percentile", numerals.percent),
    ("Parameters", "M", "params", numerals.millions),
    ("Multiply-adds", "M", "flops", numerals.millions),
    ("One-shot", "%", "oneshot_accuracy", numerals.percent),
    ("Queries", "", "queries", numerals.whole),
    ("Search", "s", "search_seconds", numerals.seconds),
)


def trial_headings(data: StudyData) -> list[tuple[str, str]]:
    """Heading and unit of the numbers that this study's trials have."""
    return [(heading, unit) for heading, unit, _, _ in _present(data)]


def trials_by_method(data: StudyData) -> list[MethodTrials]:
    """Every planned trial, methods in the order of the summary."""
    trials = with_outcomes(data.trials).sort_values("seed", kind="stable")
    groups = {str(label): rows for label, rows in trials.groupby("method")}
    return [_method(data, label, groups[label]) for label in data.labels]


def _present(data: StudyData) -> list[_Number]:
    """Columns that some trial of the study has a number in."""
    trials = with_outcomes(data.trials)
    return [
        c for c in _COLUMNS if c[2] in trials and (c[2] in _ALWAYS or trials[c[2]].notna().any())
    ]


def _method(data: StudyData, label: str, rows: pd.DataFrame) -> MethodTrials:
    if data.supernet and label not in data.searching and "oneshot_accuracy" in rows:
        rows = rows.assign(oneshot_accuracy=float("nan"))  # of a network nobody trained
    columns = _present(data)
    trials = [_row(row, columns) for row in rows.to_dict("records")]
    return MethodTrials(label, sum(trial.done for trial in trials), trials)


def _row(row: Mapping[Hashable, Any], columns: Sequence[_Number]) -> TrialRow:
    done = row["status"] == DONE
    return TrialRow(
        seed=str(row["seed"]),
        status=str(row["status"]),
        done=done,
        numbers=[_number(row[column], show, done) for _, _, column, show in columns],
        outcome=_text(row.get("architecture") if done else row.get("error")),
        command=_text(row.get("command")),
    )


def _number(value: Any, show: Callable[[float], str], done: bool) -> str:
    return show(float(value)) if done and pd.notna(value) else numerals.NOTHING


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
