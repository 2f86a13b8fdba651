"""Methods by problems as a table of normalised regrets, and methods over all problems."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.across import AcrossClaim, AcrossClaims
from nasbench_harness.reports.analysis.decision import Standing
from nasbench_harness.reports.analysis.problems import Problems
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, name
from nasbench_harness.study.config import BASELINE

HEAT, OVER = "problems", "over-problems"
"""Stems of their files."""
HEAT_TITLE = "Problem by problem"
HEAT_NOTE = (
    "Mean regret of each method on each problem, divided by that of a uniform draw from the"
    " problem's table: 0 is the best architecture, 1 as good as drawing blindly, and what is above"
    " is worse than that. The darker, the worse; the colour goes by the square root, so that small"
    " numbers differ too. All is the interquartile mean over problems and seeds."
)
OVER_NOTE = (
    "Normalised regret is the interquartile mean, which leaves out the best and the worst quarter"
    " of all runs, beside the mean of all. The chance is that a run of a method is better than one"
    " of {baseline}, ties counting half, as a mean over the problems. Bootstrap intervals of"
    " normalised regret draw the seeds of each space on their own, whole seeds at a time{few}."
)
_TOO_SHORT = (
    "; with few seeds they are somewhat too short: of 5 to 20 they hold the truth in 90 to 94 % of"
    " cases"
)
_NONE = "; of fewer than 5 seeds there are none"


@dataclass(frozen=True)
class HeatMap:
    """Methods by problems, and why cells are empty."""

    table: PrintedTable
    reasons: list[str]
    """Marked sentences, by the numbers in the cells."""


def heat_map(problems: Problems) -> HeatMap:
    """A row a method, the best first; a column a problem, in the order of the studies."""
    rows = [_cells(problems, label) for label in problems.labels]
    numbers = range(len(problems.studies))
    reasons: dict[str, list[tuple[str, int]]] = {}
    for label in problems.labels:
        for i in numbers:
            if not len(problems.runs(label)[i]):
                reasons.setdefault(problems.missing(label, i), []).append((label, i))
    marks = {cell: n for n, cells in enumerate(reasons.values(), start=1) for cell in cells}
    for row in rows:
        row |= {f"why_{i}": marks.get((row["method"], i), 0) for i in numbers}
    columns = [PrintedColumn("All", "interquartile", lambda row: numerals.points(row.all))]
    columns += [_column(problems, i) for i in numbers]
    told = [_reason(problems, n, *one) for n, one in enumerate(reasons.items(), start=1)]
    return HeatMap(PrintedTable(HEAT, tuple(columns), pd.DataFrame(rows)), told)


def _cells(problems: Problems, label: str) -> dict[str, Any]:
    """Numbers of a row: per problem its mean normalised regret and over how many seeds."""
    row: dict[str, Any] = {"method": label, "all": _middle(problems, label)}
    for i, runs in enumerate(problems.runs(label)):
        row |= {f"mean_{i}": float(runs.mean()) if len(runs) else np.nan, f"seeds_{i}": len(runs)}
    return row


def _middle(problems: Problems, label: str) -> float:
    return problems.middle(label)[0] if label in problems.everywhere else np.nan


def _column(problems: Problems, number: int) -> PrintedColumn:
    data = problems.studies[number]

    def text(row: Any) -> str:
        if why := getattr(row, f"why_{number}"):
            return f"none ({why})"
        return numerals.points(getattr(row, f"mean_{number}"))

    seeds = count(int(data.trials["seed"].nunique()), "seed")
    return PrintedColumn(data.name, seeds, text, heat=partial(_heat, number))


def _heat(number: int, row: Any) -> float:
    """From 0 (the best) to 1 (as bad as drawing blindly, or worse); NaN without a number."""
    return math.sqrt(min(max(float(getattr(row, f"mean_{number}")), 0.0), 1.0))


def _reason(problems: Problems, number: int, why: str, cells: Sequence[tuple[str, int]]) -> str:
    where: dict[str, list[str]] = {}
    for label, i in cells:
        where.setdefault(label, []).append(problems.studies[i].name)
    told = "; ".join(f"{name(label)} on {', '.join(on)}" for label, on in where.items())
    return f"({number}) {told}: {why}"


# --- over all ----------------------------------------------------------------------------------


def over_all(problems: Problems, claims: AcrossClaims) -> PrintedTable:
    """A row a method that has a result on every problem, the best first."""
    rows = []
    for label in (one for one in problems.labels if one in problems.everywhere):
        middle, low, high = problems.middle(label)
        claim = claims.of(label, BASELINE)
        rows.append({
            "method": label, "normalised_iqm": middle, "normalised_low": low,
            "normalised_high": high,
            "normalised_mean": float(np.mean([runs.mean() for runs in problems.runs(label)])),
            "problems": len(problems.studies), **_against(claim),
        })  # fmt: skip
    return PrintedTable(OVER, COLUMNS, pd.DataFrame(rows))


def over_note(problems: Problems) -> str:
    """What must be read with that table."""
    short = all(math.isnan(problems.middle(label)[1]) for label in problems.everywhere)
    return OVER_NOTE.format(baseline=name(BASELINE), few=_NONE if short else _TOO_SHORT)


def _against(claim: AcrossClaim | None) -> dict[str, Any]:
    if claim is None:
        return {
            "chance": np.nan, "chance_low": np.nan, "chance_high": np.nan, "better_on": np.nan,
            "worse_on": np.nan, "p_corrected": np.nan, "claim": "",
        }  # fmt: skip
    return {
        "chance": claim.chance.value,
        "chance_low": claim.chance.low,
        "chance_high": claim.chance.high,
        "better_on": claim.better,
        "worse_on": claim.worse,
        "p_corrected": claim.p_corrected,
        "claim": in_short(claim),
    }


def in_short(claim: AcrossClaim) -> str:
    """What is claimed of the first method, in a word or two."""
    if claim.outcome is Standing.WAITING:
        return "not judged yet"
    if claim.ahead is None:
        return "cannot tell" + " (trials without a number)" * claim.undone
    return "better" if claim.ahead == claim.first else "worse"


def _whole(value: float) -> str:
    return numerals.NOTHING if math.isnan(value) else f"{value:.0f}"


COLUMNS = (
    PrintedColumn("Normalised", "regret", lambda row: numerals.points(row.normalised_iqm)),
    PrintedColumn(
        "95 % CI",
        "of that",
        lambda row: numerals.interval(row.normalised_low, row.normalised_high),
    ),
    PrintedColumn("Mean", "of all runs", lambda row: numerals.points(row.normalised_mean)),
    PrintedColumn("Chance", "of better", lambda row: numerals.percent(row.chance)),
    PrintedColumn(
        "95 % CI",
        "of chance",
        lambda row: numerals.interval(row.chance_low, row.chance_high, 2),
    ),
    PrintedColumn("Better on", "problems", lambda row: _whole(row.better_on)),
    PrintedColumn("Worse on", "problems", lambda row: _whole(row.worse_on)),
    PrintedColumn("Over all", f"against {BASELINE}", lambda row: row.claim or numerals.NOTHING),
)
