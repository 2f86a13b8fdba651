"""What is published in a space without a benchmark, beside what the searches of a study found.

A search that looks nothing up ends with a number of its own, a one-shot accuracy of shared weights.
Published are errors of networks that were trained from scratch: the two share no column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from nasbench_harness.fields.parameters import base_of
from nasbench_harness.reports.published import differences, wording
from nasbench_harness.reports.published.leaderboard import KEY, NONE_KNOWN
from nasbench_harness.reports.published.results import (
    DATASETS,
    ERROR,
    MEASURES,
    PublishedResult,
    UnknownResult,
    published,
    unknown,
)
from nasbench_harness.reports.published.rows import CONTEXT, FURTHER, STUDY
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, name

NOTE = (
    "Found is what a search measured itself: the accuracy of its answer with the shared weights, on"
    " images held back from the search data. Published is the test error of networks that were"
    " trained from scratch for hundreds of epochs. The one is no estimate of the other: they stand"
    " in columns of their own, and no difference is given. What can be held against a published"
    f" error is a training of the answer alone, by {name('nasharness evaluate')}. Parameters found"
    " are those of the answers at the published size of network, counted. Behind published numbers:"
    f" {wording.LEGEND}; sd is its standard deviation."
)

Line = list[PublishedResult]
"""The numbers of one line of a published table."""


def errors_beside(data: StudyData) -> PrintedTable | None:
    """The table; None where nothing is published as errors, or nothing was found."""
    spec = data.study.specs[0]
    if data.done.empty or data.measure.is_regret or MEASURES.get(base_of(spec.space)) != ERROR:
        return None
    rows = pd.DataFrame([*_of_study(data), *_context(data)])
    return PrintedTable(KEY, _columns(data, rows), rows, _head)


def parted(board: PrintedTable) -> list[PrintedTable]:
    """The table in two: the methods of the study, and without its columns the others, if any."""
    others = board.rows["kind"] == CONTEXT
    columns = tuple(column for column in board.columns if column.heading not in OF_STUDY)
    rest = replace(board, key=f"{KEY}-others", columns=columns, rows=board.rows[others])
    return [replace(board, rows=board.rows[~others]), *([rest] if others.any() else [])]


def fold_words(others: PrintedTable) -> str:
    """What is behind the fold, if those are."""
    known = sum(int((others.rows[f"{dataset}_text"] != "").sum()) for dataset in SHOWN)
    return f"{count(known, 'published number')} of methods that are not in this study"


# --- rows --------------------------------------------------------------------------------------


def _of_study(data: StudyData) -> Iterator[dict[str, Any]]:
    specs = {spec.label: spec for spec in data.study.specs}
    for label in data.labels:
        spec, found = specs[label], _found(data, label)
        known = [line for line in _lines(data) if line[0].is_of(spec.method)]
        known.sort(key=lambda line: differences.distance(data, spec, line[0]))
        common = [*_of_space(data), *differences.of_search(data, spec)]
        if not known:
            noted = [one for one in unknown(spec.space) if one.method == spec.method]
            yield {
                "kind": STUDY,
                "method": label,
                **found,
                **_nothing(noted),
                "set_up": _joined(common),
            }
        for place, line in enumerate(known):
            before = ["as above"] if place and common else common
            differs = [*before, *differences.of_result(data, spec, line[0])]
            kind = FURTHER if place else STUDY
            yield {
                "kind": kind,
                "method": label,
                **found,
                **_numbers(line),
                "set_up": _joined(differs),
            }


def _context(data: StudyData) -> Iterator[dict[str, Any]]:
    """Other methods in the order of the file, then those of which no accuracy is known."""
    present = {spec.method for spec in data.study.specs}
    nothing = {"seeds": 0, "found_mean": math.nan, "found_std": math.nan,
               "params_low": math.nan, "params_high": math.nan}  # fmt: skip
    for line in _lines(data):
        if not any(map(line[0].is_of, present)):
            row = {"kind": CONTEXT, "method": wording.line_text(line[0]), **nothing}
            yield {**row, **_numbers(line), "set_up": ""}
    for one in unknown(data.study.specs[0].space):
        if one.method not in present:
            row = {"kind": CONTEXT, "method": one.name, **nothing, **_nothing([one])}
            yield {**row, "set_up": ""}


def _lines(data: StudyData) -> list[Line]:
    lines: dict[tuple[str, str, str, bool], Line] = {}
    for result in published(data.study.specs[0].space):
        lines.setdefault(result.line, []).append(result)
    return list(lines.values())


def _of_space(data: StudyData) -> list[str]:
    space = data.study.specs[0].space
    return [] if space == base_of(space) else [f"in the variant {name(space)}"]


def _found(data: StudyData, label: str) -> dict[str, Any]:
    own = data.done[data.done["method"] == label]
    values, params = numbers(own, "accuracy"), numbers(own, "params")
    return {
        "seeds": len(values),
        "found_mean": float(values.mean()) if len(values) else math.nan,
        "found_std": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        "params_low": float(params.min()) if len(params) else math.nan,
        "params_high": float(params.max()) if len(params) else math.nan,
    }


def _numbers(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {**_EMPTY, **_words(line[0])}
    for result in line:
        place = result.dataset
        text = wording.error_text(result)
        row |= {
            f"{place}_error": _number(result.mean), f"{place}_sd": _number(result.std),
            f"{place}_low": _number(result.low), f"{place}_high": _number(result.high),
            f"{place}_top5": _number(result.top5),
            f"{place}_params_millions": _number(result.params_millions),
            f"{place}_gpu_days": _number(result.cost_gpu_days),
            f"{place}_text": text,
        }  # fmt: skip
    row["size_text"] = "; ".join(filter(None, map(_size_and_cost, line)))
    return row


def _size_and_cost(result: PublishedResult) -> str:
    """`ImageNet 5.7 M [P], 4.6 GPU days [P]`; empty where neither is known."""
    size, cost = wording.params_text(result), wording.cost_text(result)
    told = _joined([size, cost], ", ")
    return f"{DATASETS[result.dataset]} {told}" if told else ""


def _words(result: PublishedResult) -> dict[str, str]:
    return {
        "published_as": result.name, "variant": result.variant, "source": str(result.source),
        "link": result.source.link, "note": result.note,
    }  # fmt: skip


def _nothing(noted: Iterable[UnknownResult]) -> dict[str, Any]:
    row = dict(_EMPTY)
    for one in noted:
        tagged = f"{one.note} {wording.tags(one.provenance)}".strip()
        row |= {"published_as": one.name, "source": str(one.source), "link": one.source.link}
        row["note"] = tagged
    return row


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _joined(words: Iterable[str], between: str = "; ") -> str:
    return between.join(filter(None, words))


SHOWN = ("cifar10", "cifar100", "imagenet")
"""Data sets with results that are errors."""
_PARTS = ("error", "sd", "low", "high", "top5", "params_millions", "gpu_days")
_EMPTY: dict[str, Any] = {
    **{f"{dataset}_{part}": math.nan for dataset in SHOWN for part in _PARTS},
    **{f"{dataset}_text": "" for dataset in SHOWN},
    **dict.fromkeys(("size_text", "published_as", "variant", "source", "link", "note"), ""),
}


# --- text --------------------------------------------------------------------------------------


def _head(row: Any) -> str:
    if row.kind == FURTHER:
        return ""
    return name(str(row.method)) if row.kind == STUDY else str(row.method)


def _found_text(row: Any) -> str:
    if row.kind == FURTHER:
        return ""
    if not row.seeds:
        return "" if row.kind == CONTEXT else "no network trained"
    spread = "" if math.isnan(row.found_std) else f"sd {numerals.percent(row.found_std)}, "
    return f"{numerals.percent(row.found_mean)} ({spread}n {row.seeds})"


def _params_text(row: Any) -> str:
    if row.kind == FURTHER or math.isnan(row.params_low):
        return ""
    low, high = numerals.millions(row.params_low), numerals.millions(row.params_high)
    return low if low == high else f"{low} to {high}"


def _published_text(dataset: str) -> Any:
    return lambda row: getattr(row, f"{dataset}_text") or (NONE_KNOWN if not _any(row) else "–")


def _any(row: Any) -> bool:
    return any(getattr(row, f"{dataset}_text") for dataset in SHOWN)


def _published_as(row: Any) -> str:
    return _joined([row.published_as, row.variant], ", ")


def _source_text(row: Any) -> str:
    return _joined([row.source, row.note])


def _datasets(rows: pd.DataFrame) -> list[str]:
    """Those that some number is of."""
    return [dataset for dataset in SHOWN if (rows[f"{dataset}_text"] != "").any()]


FOUND, COUNTED, AS, DIFFERS = "Found", "Parameters", "Published as", "What differs here"
OF_STUDY = (FOUND, COUNTED, AS, DIFFERS)
"""Headings of columns that are about the study, or tell its rows apart."""


def _columns(data: StudyData, rows: pd.DataFrame) -> tuple[PrintedColumn, ...]:
    return (
        PrintedColumn(FOUND, f"{data.measure.noun}, %", _found_text),
        PrintedColumn(COUNTED, "found, M", _params_text),
        PrintedColumn(DIFFERS, "", lambda row: row.set_up, inches=1.6),
        PrintedColumn(AS, "", _published_as, inches=0.8),
        *(
            PrintedColumn(DATASETS[dataset], "published error, %", _published_text(dataset))
            for dataset in _datasets(rows)
        ),
        PrintedColumn("Size and search", "published", lambda row: row.size_text, inches=1.2),
        PrintedColumn("Published where", "", _source_text, inches=1.5),
    )
