"""Every pair of methods of a study, and what may be claimed of it, as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nasbench_harness.reports.analysis.decision import Claim, Standing, same_level
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.claims import BLIND, roughly
from nasbench_harness.reports.words.marked import name

KEY = "paired"
_DIFFERENCE = (
    "The difference is how much {better} the first method's mean {noun} is, with its 95 % interval."
    " {tests} p is two-sided and corrected for all pairs with the baseline, or for all others: a"
    " method is called better below {level}. p of same is that of a difference as large as matters,"
    " corrected alike: two are called the same below {same}. The effect is of ranks, from −1 to 1."
    " The chance is that a run of the first is better than a run of the second, ties counting half."
    " Seeds needed, of each method, would find the smallest difference of interest in four studies"
    " of five; they go by the upper 80 % bound of the spread seen."
)
_TESTS = {
    "two samples": "Runs of two methods have nothing in common, and are compared as two samples ("
    "studentised permutation test, Welch's interval).",
    "pairs": "Equal seeds share their first weights and their split, and are compared one by one"
    " (Wilcoxon's signed-rank test, Student's interval).",
    "blind draws": f"{BLIND.capitalize()} is known exactly from the table, and each method is"
    " compared with as many blind draws.",
}
_SHORT = {
    Standing.BETTER: "better",
    Standing.SLIGHTLY: "better, perhaps slightly",
    Standing.SAME: "same",
    Standing.UNDECIDED: "cannot tell",
    Standing.WAITING: "not judged yet",
}


def in_short(claim: Claim) -> str:
    """What is claimed of the first method, in a word or two."""
    said = _SHORT[claim.outcome] + " (failed trials)" * claim.undone
    return said if claim.ahead in (None, claim.first) else said.replace("better", "worse")


def note(data: StudyData) -> str:
    """What must be read with the table."""
    measure = data.measure
    better = "lower" if measure.sign > 0 else "higher"
    tests = " ".join(_TESTS[test] for test in dict.fromkeys(c.test for c in data.claims.all))
    level = data.look.level
    return _DIFFERENCE.format(
        better=better, noun=measure.noun, tests=tests, level=f"{level:g}",
        same=f"{same_level(level):g}",
    )  # fmt: skip


def paired_table(data: StudyData) -> PrintedTable | None:
    """Every pair of methods of the study; None where there is no pair."""
    rows = pair_rows(data.claims.all, data.measure)
    return PrintedTable(KEY, _columns(data.measure), rows, _head) if len(rows) else None


def pair_rows(claims: list[Claim], measure: Measure) -> pd.DataFrame:
    """One row per pair, the first method being the one that stands higher in the study."""
    return pd.DataFrame([_row(claim, measure) for claim in claims])


def _row(claim: Claim, measure: Measure) -> dict[str, Any]:
    chance = claim.chance
    return {
        "method": claim.first,
        "against": claim.second,
        "test": claim.test,
        "runs": claim.runs[0],
        "runs_against": claim.runs[1],
        "wins": claim.wins,
        "ties": claim.ties,
        "losses": claim.losses,
        "gain": claim.gain,
        "gain_low": claim.low,
        "gain_high": claim.high,
        "p_value": claim.p_value,
        "p_corrected": claim.p_corrected,
        "p_same": claim.p_same,
        "family": claim.family,
        "level": claim.level,
        "smallest_difference": claim.delta,
        "outcome": str(claim.outcome),
        "claim": in_short(claim),
        "better": claim.ahead or "",
        "order": claim.order,
        "effect": claim.effect,
        "improvement": chance.value,
        "improvement_low": chance.low,
        "improvement_high": chance.high,
        "seeds_needed": claim.needed,
        "measure": measure.key,
    }


def _head(row: Any) -> str:
    against = BLIND if row.test == "blind draws" else name(row.against)
    return f"{name(row.method)} against {against}"


def _runs(row: Any) -> str:
    blind = row.test == "blind draws"
    return (
        str(row.runs)
        if blind or row.runs == row.runs_against
        else f"{row.runs}, {row.runs_against}"
    )


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else numerals.points(value)


def _needed(row: Any) -> str:
    return (
        numerals.NOTHING
        if pd.isna(row.seeds_needed)
        else roughly(int(row.seeds_needed)).removeprefix("about ")
    )


def _columns(measure: Measure) -> tuple[PrintedColumn, ...]:
    return (
        PrintedColumn("Claim", "of the first", lambda row: str(row.claim), inches=0.9),
        PrintedColumn("Runs", "", _runs),
        PrintedColumn(
            "Difference", measure.unit_of_difference, lambda row: measure.difference(row.gain)
        ),
        PrintedColumn(
            "95 % CI",
            "of mean",
            lambda row: measure.difference_interval(row.gain_low, row.gain_high),
        ),
        *OF_TESTS,
    )


OF_TESTS = (
    PrintedColumn("p", "corrected", lambda row: _p_value(row.p_corrected)),
    PrintedColumn("p", "of same", lambda row: _p_value(row.p_same)),
    PrintedColumn("Effect", "of ranks", lambda row: numerals.percent(row.effect)),
    PrintedColumn("Chance", "of better", lambda row: numerals.percent(row.improvement)),
    PrintedColumn(
        "95 % CI",
        "of chance",
        lambda row: numerals.interval(row.improvement_low, row.improvement_high, 2),
    ),
    PrintedColumn("Seeds", "needed", _needed),
)
