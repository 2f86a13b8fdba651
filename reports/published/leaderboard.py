"""A study's accuracies beside published ones, and in words what lies between them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from nasbench_harness.reports.published.differences import search_data
from nasbench_harness.reports.published.results import ACCURACY, DATASETS, MEASURES
from nasbench_harness.reports.published.rows import (
    CONTEXT,
    FURTHER,
    OPTIMUM,
    STUDY,
    known_results,
    led,
    rows_beside,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, name
from nasbench_harness.tables.quantity import ACCURACY as PLAIN

KEY = "leaderboard"
NONE_KNOWN = "none known"
ESTABLISHED = (
    "Unverified are numbers as they are commonly quoted, not compared with their source. Numbers of"
    " NAS-Bench-201, DrNAS and NATS-Bench are of different settings."
)
NOTE = (
    "Numbers are means over searches, with their standard deviation (sd) and number (n) in brackets"
    " and Student's 95 % interval of the mean from three searches on. A published number is as its"
    " source has it. There is a difference only where nothing that is known here differs in what"
    " was searched, how long and with which settings (a simulated budget may by a tenth), with"
    " Welch's 95 % interval where both have n and sd; it is no verdict, since code and seeds are"
    " others. Where several numbers are known of one method, the closest stands first."
    f" {ESTABLISHED}"
)
NO_NETWORK = (
    "This study trained no network: its searches looked at a table of accuracies. The published"
    " numbers of gradient methods and of methods with shared weights are of searches on images. The"
    " two cannot be compared."
)


def leaderboard(data: StudyData) -> PrintedTable | None:
    """The table; None where there is nothing to put beside the study, see `why_not`."""
    if why_not(data):
        return None
    return PrintedTable(KEY, COLUMNS, rows_beside(data), _head)


def parted(board: PrintedTable) -> list[PrintedTable]:
    """The table in two that fit a sheet of paper each: the study, and other methods if any.

    Where nothing can be compared there is no column of differences.
    """
    others = board.rows["kind"] == CONTEXT
    columns = COLUMNS if len(folded(board)[0].rows) else BEHIND
    study = replace(board, columns=columns, rows=board.rows[~others])
    rest = replace(board, key=f"{KEY}-others", columns=OTHERS, rows=board.rows[others])
    return [study, *([rest] if others.any() else [])]


def folded(board: PrintedTable) -> tuple[PrintedTable, PrintedTable]:
    """What can be compared with the study, without a row if nothing can, and all the rest.

    The optimum alone says nothing of a method, and stands with the rest.
    """
    near = board.rows["comparable"] & (board.rows["kind"] != CONTEXT)
    if set(board.rows.loc[near, "method"]) <= {OPTIMUM}:
        near = near & False
    return (
        replace(board, rows=led(board.rows[near])),
        replace(board, rows=led(board.rows[~near]), columns=BEHIND),
    )


def fold_words(board: PrintedTable) -> str:
    """What is behind the fold."""
    near, rest = folded(board)
    numbers = count(int((rest.rows["source"] != "").sum()), "published number")
    if len(near.rows):
        return f"{numbers} that cannot be compared with this study, and why"
    return f"None can be compared with this study: {numbers}, and what differs"


def caption(data: StudyData) -> str:
    """What must be read with the table: marked text."""
    return NOTE if data.images else f"{NO_NETWORK} {NOTE}"


def why_not(data: StudyData) -> str:
    """Why a study has no such table: the end of a sentence, marked; empty if it has one."""
    spec = data.study.specs[0]
    if data.done.empty:
        return "no trial has a result"
    if not data.measure.is_regret:
        return _not_by_regret(data)
    if MEASURES.get(spec.space) != ACCURACY:
        noun = data.measure.quantity.noun
        return f"no published {noun} in the space {name(spec.space)} is known here"
    if not known_results(data):
        return f"no published result on {name(spec.dataset)} is known here"
    return _not_published(data)


def _not_by_regret(data: StudyData) -> str:
    if data.looked_up:
        return "the best architecture of the benchmark is not known"
    return "nothing was looked up, and what a search measures itself is not what is published"


def _not_published(data: StudyData) -> str:
    """Why what the study is judged by, or searched on, has no counterpart."""
    images = search_data(data)
    if images and images not in DATASETS:
        return f"nobody published searches on {name(images)} that would stand beside these"
    if data.metric is None:
        return data.table_missing
    published_too = "accuracy" in data.metric.meaning and data.measure.quantity == PLAIN
    return "" if published_too else f"{name(data.metric.name)} is not what has been published"


# --- text --------------------------------------------------------------------------------------


def _head(row: Any) -> str:
    """Methods of the study as labels, published ones by their names; further rows go without."""
    if row.kind == FURTHER:
        return ""
    return name(str(row.method)) if row.kind == STUDY else str(row.method)


def _found_text(row: Any) -> str:
    if row.kind == FURTHER:
        return ""
    known = f"n {row.seeds}" if row.seeds else ""
    return _spread(row.found_mean, row.found_std, known)


def _published_text(row: Any) -> str:
    if not row.source:
        return NONE_KNOWN
    if math.isnan(row.published_mean):
        return f"{numerals.percent(row.published_low)} to {numerals.percent(row.published_high)}"
    number = row.published_searches
    known = "n not known" if math.isnan(number) else f"n {numerals.whole(number)}"
    known = "" if row.kind == OPTIMUM else known
    return _spread(row.published_mean, row.published_std, known)


def _spread(mean: float, std: float, number: str) -> str:
    """`93.87 (sd 0.20, n 3)`."""
    spread = "" if math.isnan(std) else f"sd {numerals.percent(std)}"
    inside = ", ".join(filter(None, [spread, number]))
    return f"{numerals.percent(mean)} ({inside})" if inside else numerals.percent(mean)


def _found_interval(row: Any) -> str:
    if row.kind == FURTHER:
        return ""
    return numerals.interval(row.found_mean_ci_low, row.found_mean_ci_high, 2)


def _published_interval(row: Any) -> str:
    return numerals.interval(row.published_mean_ci_low, row.published_mean_ci_high, 2)


def _difference_text(row: Any) -> str:
    low, high = (_signed(value) for value in (row.difference_low, row.difference_high))
    if not row.comparable or row.kind == OPTIMUM:
        return low
    interval = numerals.interval(row.difference_ci_low, row.difference_ci_high, 2)
    text = low if low == high else f"{low} to {high}"
    return f"{text} {_NO_INTERVAL if interval == numerals.NOTHING else interval}"


def _signed(value: float) -> str:
    text = numerals.percent(value)
    return f"+{text}" if round(value, 2) > 0 else text


def _source_text(row: Any) -> str:
    named = row.published_as.lower() != row.method.lower()
    parts = (row.source, row.published_as if named else "", row.variant, row.protocol, row.note)
    return "; ".join(part for part in parts if part)


_NO_INTERVAL = "(no interval)"
FOUND = PrintedColumn("Found", "%, sd, n", _found_text)
PUBLISHED = PrintedColumn("Published", "%, sd, n", _published_text)
INTERVAL = PrintedColumn("95 % CI", "of its mean", _published_interval)
WHERE = PrintedColumn("Published where", "source, protocol", _source_text, inches=1.5)
ESTABLISHED_HOW = PrintedColumn("Established", "", lambda row: row.provenance, inches=0.8)
DIFFERS = PrintedColumn("What differs here", "", lambda row: row.set_up, inches=1.7)
COLUMNS = (
    FOUND,
    PrintedColumn("95 % CI", "of its mean", _found_interval),
    PUBLISHED,
    INTERVAL,
    PrintedColumn("Difference", "points, 95 % CI", _difference_text),
    WHERE,
    ESTABLISHED_HOW,
    DIFFERS,
)
BEHIND = (FOUND, PUBLISHED, INTERVAL, DIFFERS, WHERE, ESTABLISHED_HOW)
"""Columns of what cannot be compared."""
OTHERS = (PUBLISHED, INTERVAL, replace(WHERE, inches=3.0), replace(ESTABLISHED_HOW, inches=1.3))
"""Columns of the methods that are not in a study, where they have a table of their own."""
