"""Every trial with its result or its error, and the command that runs it again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
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


_COLUMNS: tuple[tuple[str, str, str, Callable[[float], str]], ...] = (
    ("Accuracy", "%", "accuracy", numerals.percent),
    ("Regret", "points", "regret", numerals.points),
    ("Rank", "", "rank", numerals.whole),
    ("Percentile", "", "percentile", numerals.percent),
    ("Parameters", "M", "params", numerals.millions),
    ("Multiply-adds", "M", "flops", numerals.millions),
    ("Queries", "", "queries", numerals.whole),
    ("Search", "s", "search_seconds", numerals.seconds),
)


def trial_headings(data: StudyData) -> list[tuple[str, str]]:
    """Heading and unit of the numbers that this study's trials have."""
    present = {"accuracy", "regret", *data.trials.columns}
    return [(heading, unit) for heading, unit, column, _ in _COLUMNS if column in present]


def trials_by_method(data: StudyData) -> list[MethodTrials]:
    """Every planned trial, methods in the order of the summary."""
    trials = with_outcomes(data.trials).sort_values("seed", kind="stable")
    groups = {str(label): rows for label, rows in trials.groupby("method")}
    return [_method(label, groups[label]) for label in data.labels]


def _method(label: str, rows: pd.DataFrame) -> MethodTrials:
    trials = [_row(row) for row in rows.to_dict("records")]
    return MethodTrials(label, sum(trial.done for trial in trials), trials)


def _row(row: Mapping[Hashable, Any]) -> TrialRow:
    done = row["status"] == DONE
    return TrialRow(
        seed=str(row["seed"]),
        status=str(row["status"]),
        done=done,
        numbers=[
            _number(row[column], show, done) for _, _, column, show in _COLUMNS if column in row
        ],
        outcome=_text(row.get("architecture") if done else row.get("error")),
        command=_text(row.get("command")),
    )


def _number(value: Any, show: Callable[[float], str], done: bool) -> str:
    return show(float(value)) if done and pd.notna(value) else numerals.NOTHING


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
