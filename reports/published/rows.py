"""A study's accuracies beside published ones: the rows, all numbers unrounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from nasbench_harness.reports.published.differences import distance, of_method, of_result, of_table
from nasbench_harness.reports.published.intervals import (
    NONE,
    MeanOfSearches,
    difference_interval,
    mean_interval,
)
from nasbench_harness.reports.published.results import PublishedResult, published
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers

OPTIMUM = "optimum"
STUDY, FURTHER, CONTEXT = "study", "further", "published only"
"""Kinds of rows: a method with what is closest to it, other numbers of it, other methods."""


def rows_beside(data: StudyData) -> pd.DataFrame:
    """Methods of the study with what is published of them, the optimum, then other methods.

    `comparable` is whether nothing that is known differs; there are differences only then.
    """
    return pd.DataFrame([*_of_study(data), _optimum(data), *_context(data)])


def led(rows: pd.DataFrame) -> pd.DataFrame:
    """Some rows of the table, the first of every method leading the others."""
    again = rows.duplicated("method") & rows["kind"].isin([STUDY, FURTHER])
    own = rows["kind"].isin([STUDY, FURTHER])
    kinds = rows["kind"].mask(own & ~again, STUDY).mask(again, FURTHER)
    return rows.assign(kind=kinds)


def known_results(data: StudyData) -> list[PublishedResult]:
    """What is published in the study's space, on its data set and split."""
    split = "valid" if data.metric and data.metric.split == "valid" else "test"
    spec = data.study.specs[0]
    return published(spec.space, spec.dataset, split)


def _of_study(data: StudyData) -> Iterator[dict[str, Any]]:
    specs = {spec.label: spec for spec in data.study.specs}
    for label in data.labels:
        spec = specs[label]
        known = [result for result in known_results(data) if result.is_of(spec.method)]
        known.sort(key=lambda result: distance(data, spec, result))
        found, common = _found(data, label), of_method(data, spec)
        if not known:
            yield _row(STUDY, label, found, None, common)
        for place, result in enumerate(known):
            before = ["as above"] if place and common else common
            differs = [*before, *of_result(data, spec, result)]
            yield _row(FURTHER if place else STUDY, label, found, result, differs)


def _optimum(data: StudyData) -> dict[str, Any]:
    best = (data.done["accuracy"] + data.done["regret"]).max()
    (known,) = (result for result in known_results(data) if result.method == OPTIMUM)
    row = _row(OPTIMUM, OPTIMUM, MeanOfSearches(float(best), math.nan, 0), known, of_table(data))
    return {**row, "set_up": _joined([*of_table(data), "the best cell, whatever finds it"])}


def _context(data: StudyData) -> list[dict[str, Any]]:
    """Published results of other methods, best first."""
    present = {spec.method for spec in data.study.specs} | {OPTIMUM}
    nothing = MeanOfSearches(math.nan, math.nan, 0)
    others = [result for result in known_results(data) if not any(map(result.is_of, present))]
    others.sort(key=lambda result: -_middle(result))
    return [_row(CONTEXT, result.name, nothing, result, ["not in this study"]) for result in others]


def _found(data: StudyData, label: str) -> MeanOfSearches:
    values = numbers(data.done[data.done["method"] == label], "accuracy")
    return MeanOfSearches(
        float(values.mean()) if len(values) else math.nan,
        float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        len(values),
    )


def _row(
    kind: str, label: str, found: MeanOfSearches, result: PublishedResult | None, differs: list[str]
) -> dict[str, Any]:
    row = {
        "kind": kind,
        "method": label,
        "seeds": int(found.number),
        "found_mean": found.mean,
        "found_std": found.std,
        **_bounds("found_mean", mean_interval(found)),
        "comparable": result is not None and not differs,
        "set_up": _joined(differs),
    }
    if result is None:
        return {**row, **dict.fromkeys(_NUMBERS, math.nan), **dict.fromkeys(_WORDS, "")}
    difference = _difference(found, result, comparable=not differs)
    return {**row, **_published(label, result), **difference}


def _published(label: str, result: PublishedResult) -> dict[str, Any]:
    named = (label.lower(), result.method.lower())
    return {
        "published_mean": _number(result.mean),
        "published_std": _number(result.std),
        "published_searches": _number(result.runs),
        **_bounds("published_mean", mean_interval(_of_searches(result))),
        "published_low": _number(result.low),
        "published_high": _number(result.high),
        "published_as": result.name if result.name.lower() not in named else "",
        "variant": result.variant,
        "protocol": result.protocol,
        "source": str(result.source),
        "link": result.source.link,
        "provenance": result.standing,
        "note": _joined_or_none([result.note, _BY_CODE if result.runs_by_code else ""]),
    }


def _difference(
    found: MeanOfSearches, result: PublishedResult, *, comparable: bool
) -> dict[str, float]:
    """Of the means, or its ends where a range is published; NaN where the two differ in more."""
    low, high = _ends(result)
    interval = difference_interval(found, _of_searches(result))
    return {
        "difference_low": found.mean - high if comparable else math.nan,
        "difference_high": found.mean - low if comparable else math.nan,
        **_bounds("difference", interval if comparable else NONE),
    }


def _of_searches(result: PublishedResult) -> MeanOfSearches:
    return MeanOfSearches(_number(result.mean), _number(result.std), _number(result.runs))


def _bounds(of: str, interval: tuple[float, float]) -> dict[str, float]:
    return dict(zip((f"{of}_ci_low", f"{of}_ci_high"), interval, strict=True))


_NUMBERS = (
    "published_mean", "published_std", "published_searches", "published_mean_ci_low",
    "published_mean_ci_high", "published_low", "published_high", "difference_low",
    "difference_high", "difference_ci_low", "difference_ci_high",
)  # fmt: skip
_WORDS = ("published_as", "variant", "protocol", "source", "link", "provenance", "note")
_BY_CODE = "n is the default of its code"


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
    return _joined_or_none(words) or "nothing that is known here"


def _joined_or_none(words: list[str]) -> str:
    return "; ".join(filter(None, words))
