"""A study's accuracies beside published ones, and in words what lies between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from nasbench_harness.reports.published.differences import (
    comparable,
    distance,
    of_method,
    of_result,
    search_data,
)
from nasbench_harness.reports.published.results import (
    ACCURACY,
    DATASETS,
    MEASURES,
    PublishedResult,
    published,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name

KEY = "leaderboard"
OPTIMUM = "optimum"
STUDY, FURTHER, CONTEXT = "study", "further", "published only"
"""Kinds of rows: a method with what is closest to it, other numbers of it, other methods."""
NONE_KNOWN = "none known"
ESTABLISHED = (
    "Unverified are numbers as they are commonly quoted, not compared with their source. Numbers of"
    " NAS-Bench-201, DrNAS and NATS-Bench are of different settings."
)
NOTE = (
    "Found is the mean and standard deviation over this study's seeds, with the number of seeds in"
    " brackets. A published number is as its source has it: of other code, other seeds and often"
    " another set-up, and the difference is no verdict. Where several are known of one method, the"
    " closest stands first: what was searched on decides, then the variant, the recipe, the budget,"
    f" authors before re-runs, and at last how well it is established. {ESTABLISHED}"
)
NO_NETWORK = (
    "This study trained no network: its searches looked at a table of accuracies. The published"
    " numbers of gradient methods and of methods with shared weights are of searches on images. The"
    " two cannot be compared, and a difference in brackets is no gain or loss."
)


def leaderboard(data: StudyData) -> PrintedTable | None:
    """The table; None where there is nothing to put beside the study, see `why_not`."""
    if why_not(data):
        return None
    rows = [*_of_study(data), _optimum(data), *_context(data)]
    return PrintedTable(KEY, COLUMNS, pd.DataFrame(rows), _head)


def parted(board: PrintedTable) -> list[PrintedTable]:
    """The table in two that fit a sheet of paper each: the study, and other methods if any."""
    others = board.rows["kind"] == CONTEXT
    rest = replace(board, key=f"{KEY}-others", columns=OTHERS, rows=board.rows[others])
    return [replace(board, rows=board.rows[~others]), *([rest] if others.any() else [])]


def caption(data: StudyData) -> str:
    """What must be read with the table: marked text."""
    return NOTE if data.images else f"{NO_NETWORK} {NOTE}"


def why_not(data: StudyData) -> str:
    """Why a study has no such table: the end of a sentence, marked; empty if it has one."""
    spec = data.study.specs[0]
    if data.done.empty:
        return "no trial has a result"
    if data.measure != REGRET:
        return _not_by_regret(data)
    if MEASURES.get(spec.space) != ACCURACY:
        return f"no published accuracy in the space {name(spec.space)} is known here"
    if not _known(data):
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
    published_too = "accuracy" in data.metric.meaning
    return "" if published_too else f"{name(data.metric.name)} is not what has been published"


# --- rows --------------------------------------------------------------------------------------


def _known(data: StudyData) -> list[PublishedResult]:
    split = "valid" if data.metric and data.metric.split == "valid" else "test"
    spec = data.study.specs[0]
    return published(spec.space, spec.dataset, split)


def _of_study(data: StudyData) -> Iterator[dict[str, Any]]:
    specs = {spec.label: spec for spec in data.study.specs}
    for label in data.labels:
        spec = specs[label]
        known = [result for result in _known(data) if result.is_of(spec.method)]
        known.sort(key=lambda result: distance(data, spec, result))
        found, common, same = _found(data, label), of_method(data, spec), comparable(data, label)
        above = ["as above"] if common else []
        if not known:
            yield {**_row(STUDY, label, found, None, _joined(common)), "comparable": same}
        for place, result in enumerate(known):
            kind, before = (FURTHER, above) if place else (STUDY, common)
            words = _joined([*before, *of_result(data, spec, result)])
            yield {**_row(kind, label, found, result, words), "comparable": same}


def _optimum(data: StudyData) -> dict[str, Any]:
    best = (data.done["accuracy"] + data.done["regret"]).max()
    found = {"seeds": 0, "found_mean": float(best), "found_std": math.nan}
    (known,) = (result for result in _known(data) if result.method == OPTIMUM)
    return _row(OPTIMUM, OPTIMUM, found, known, "the best cell, whatever finds it")


def _context(data: StudyData) -> list[dict[str, Any]]:
    """Published results of other methods, best first."""
    present = {spec.method for spec in data.study.specs} | {OPTIMUM}
    nothing = {"seeds": 0, "found_mean": math.nan, "found_std": math.nan}
    others = [result for result in _known(data) if not any(map(result.is_of, present))]
    others.sort(key=lambda result: -_middle(result))
    return [_row(CONTEXT, result.name, nothing, result, "not in this study") for result in others]


def _found(data: StudyData, label: str) -> dict[str, Any]:
    values = numbers(data.done[data.done["method"] == label], "accuracy")
    return {
        "seeds": len(values),
        "found_mean": float(values.mean()) if len(values) else math.nan,
        "found_std": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
    }


def _row(
    kind: str, label: str, found: Mapping[str, Any], result: PublishedResult | None, words: str
) -> dict[str, Any]:
    row = {"kind": kind, "method": label, **found, "comparable": True, "set_up": words}
    if result is None:
        return {**row, **dict.fromkeys(_NUMBERS, math.nan), **dict.fromkeys(_WORDS, "")}
    low, high = _ends(result)
    return {
        **row,
        "published_mean": _number(result.mean),
        "published_std": _number(result.std),
        "published_low": _number(result.low),
        "published_high": _number(result.high),
        "difference_low": found["found_mean"] - high,
        "difference_high": found["found_mean"] - low,
        "published_as": ""
        if result.name.lower() in (result.method.lower(), label)
        else result.name,
        "variant": result.variant,
        "protocol": result.protocol,
        "source": str(result.source),
        "link": result.source.link,
        "provenance": result.standing,
        "note": result.note,
    }


_NUMBERS = (
    "published_mean", "published_std", "published_low", "published_high", "difference_low",
    "difference_high",
)  # fmt: skip
_WORDS = ("published_as", "variant", "protocol", "source", "link", "provenance", "note")


def _ends(result: PublishedResult) -> tuple[float, float]:
    return (
        _number(result.low if result.mean is None else result.mean),
        _number(result.high if result.mean is None else result.mean),
    )


def _middle(result: PublishedResult) -> float:
    return sum(_ends(result)) / 2


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _joined(words: list[str]) -> str:
    return "; ".join(words) or "nothing that is known here"


# --- text --------------------------------------------------------------------------------------


def _head(row: Any) -> str:
    """Methods of the study as labels, published ones by their names; further rows go without."""
    if row.kind == FURTHER:
        return ""
    return name(str(row.method)) if row.kind == STUDY else str(row.method)


def _found_text(row: Any) -> str:
    if row.kind == FURTHER:
        return ""
    seeds = f" ({row.seeds})" if row.seeds else ""
    return _spread(row.found_mean, row.found_std) + seeds


def _published_text(row: Any) -> str:
    if not row.source:
        return NONE_KNOWN
    if math.isnan(row.published_mean):
        return f"{numerals.percent(row.published_low)} to {numerals.percent(row.published_high)}"
    return _spread(row.published_mean, row.published_std)


def _spread(mean: float, std: float) -> str:
    text = numerals.percent(mean)
    return text if math.isnan(std) else f"{text} ± {numerals.percent(std)}"


def _difference_text(row: Any) -> str:
    low, high = (_signed(value) for value in (row.difference_low, row.difference_high))
    text = low if low == high else f"{low} to {high}"
    return text if row.comparable or math.isnan(row.difference_low) else f"({text})"


def _signed(value: float) -> str:
    text = numerals.percent(value)
    return f"+{text}" if round(value, 2) > 0 else text


def _source_text(row: Any) -> str:
    parts = (row.source, row.published_as, row.variant, row.protocol, row.note)
    return "; ".join(part for part in parts if part)


PUBLISHED = PrintedColumn("Published", "%", _published_text)
COLUMNS = (
    PrintedColumn("Found", "%, seeds", _found_text),
    PUBLISHED,
    PrintedColumn("Difference", "points", _difference_text),
    PrintedColumn("Published where", "source, protocol", _source_text, inches=1.5),
    PrintedColumn("Established", "", lambda row: row.provenance, inches=0.8),
    PrintedColumn("What differs here", "", lambda row: row.set_up, inches=1.7),
)
OTHERS = (
    PUBLISHED,
    PrintedColumn("Published where", "source, protocol", _source_text, inches=3.4),
    PrintedColumn("Established", "", lambda row: row.provenance, inches=1.3),
)
"""Columns of the methods that are not in a study, where they have a table of their own."""
