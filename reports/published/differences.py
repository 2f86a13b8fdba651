"""How a study's set-up differs from that of a published result: plain words, and a ranking."""

from __future__ import annotations

import math
from collections.abc import Iterator

from nasbench_harness.contracts import Metric, SearchSpace
from nasbench_harness.fields.scalars import said
from nasbench_harness.reports.published.results import DATASETS, Evidence, PublishedResult
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.words.images import FOLDER, cells_in_words, published_sizes
from nasbench_harness.reports.words.marked import count
from nasbench_harness.study.config import BASELINE
from nasbench_harness.study.recipes import asked_of
from nasbench_harness.study.spec import TrialSpec

OFFICIAL = "official"
"""The table that all published numbers are about."""
QUERIED_EPOCHS = 12
"""Training length of what published searches by queries look at."""
SAME_BUDGET = 0.1
"""Share of a published budget by which a search may differ and still be called alike: our own."""
PAPER, RECIPE = "paper", "recipe"


def of_method(data: StudyData, spec: TrialSpec) -> list[str]:
    """What differs from every published search with this method."""
    return [*_problem(data, spec), *of_table(data), *_changes(data, spec)]


def of_search(data: StudyData, spec: TrialSpec) -> list[str]:
    """The same where nothing is looked up, which is told by itself."""
    images = search_data(data)
    other = [f"searched on {_named(images)}"] if images and images not in DATASETS else []
    return [*_problem(data, spec), *other, *_changes(data, spec)]


def _changes(data: StudyData, spec: TrialSpec) -> list[str]:
    found: list[str] = []
    if data.images and spec.method != BASELINE:
        found += _sizes(data, spec)
    changed = {key: value for key, value in spec.overrides.items() if key != RECIPE}
    return [*found, *(f"{key}={value} by request" for key, value in changed.items())]


def of_result(data: StudyData, spec: TrialSpec, result: PublishedResult) -> list[str]:
    """What differs from one of them in particular."""
    found = []
    own = search_data(data)
    if own and result.searched not in (None, own):
        found.append(f"searched on {_named(own)}, not on {_named(str(result.searched))}")
    found += [
        f"{key} {said(spec.settings.get(key))}, not {said(value)}"
        for key, value in result.settings.items()
        if spec.settings.get(key) != value
    ]
    if data.images and spec.method != BASELINE:
        found += _search(spec, result)
    if result.budget_seconds is not None and not data.images and _otherwise(data, spec, result):
        found.append(f"{_spent(data, spec)}, not {result.budget_seconds:,.0f} s")
    return found


def of_table(data: StudyData) -> list[str]:
    """What its numbers have of a benchmark, or a metric, that is not the published one."""
    found, spec, metric = [], data.study.specs[0], data.metric
    if spec.table != OFFICIAL:
        found.append(f"table {spec.table}, a training of its own and not the official one")
    if metric and data.table and metric.name != data.table.report_metric(spec.dataset):
        found.append(f"judged by {metric.meaning}")
    return found


def searched_alike(data: StudyData, label: str) -> bool:
    """Whether the method searched what published searches of its kind do.

    Without images only those that ask for single architectures do, whose published results are of
    queries as well.
    """
    return bool(data.images) or label in data.querying


def distance(data: StudyData, spec: TrialSpec, result: PublishedResult) -> tuple[float, ...]:
    """How far a result is from the study's set-up; the smallest is the closest.

    What was searched on decides first, then the variant, the recipe, the budget, whether it is a
    re-run, and at last how well it is established.
    """
    own, levels = search_data(data), list(Evidence)
    return (
        bool(own) and result.searched not in (None, own),
        sum(spec.settings.get(key) != value for key, value in result.settings.items()),
        recipe(spec) != result.recipe,
        _budget_ratio(data, spec, result),
        result.rerun,
        min(levels.index(level) for level in result.provenance),
    )


def search_data(data: StudyData) -> str:
    """The data set of the searches; empty for images of which only the user knows what they are."""
    if not data.images:
        return data.study.specs[0].dataset
    return "" if data.images.startswith(FOLDER) else data.images


def recipe(spec: TrialSpec) -> str:
    """The recipe a trial ran with, by the name that the method gives it."""
    chosen = asked_of(spec)
    return spec.space if chosen == PAPER else chosen


# --- the parts ---------------------------------------------------------------------------------


def _problem(data: StudyData, spec: TrialSpec) -> Iterator[str]:
    """A table instead of images, a draw instead of a search, images nobody knows."""
    if not data.images:
        if searched_alike(data, spec.label):
            yield from _queried(data, spec)
        else:
            yield f"{data.kind.name} instead of images"
    elif spec.method == BASELINE:
        yield "one random cell a seed, no search"
    elif not search_data(data):
        yield f"images of a folder, which need not be {_named(spec.dataset)}"


def _queried(data: StudyData, spec: TrialSpec) -> Iterator[str]:
    metric = _metric(data, spec.search_metric)
    if spec.search_metric == spec.report_metric:
        yield "queries of the very number it is judged by"
    elif metric and metric.epochs and metric.epochs != QUERIED_EPOCHS:
        yield f"queries of accuracies after {metric.epochs} epochs, not {QUERIED_EPOCHS}"


def _sizes(data: StudyData, spec: TrialSpec) -> Iterator[str]:
    network, published = spec.network, published_sizes(spec, data.space)
    for key, theirs in published.items():
        if network.get(key, theirs) != theirs:
            yield f"{_size(key, network[key], data.space)} instead of {theirs}"
    if spec.image_limit:
        yield f"at most {spec.image_limit:,} images"
    if spec.image_size:
        yield f"images of {spec.image_size} × {spec.image_size} pixels"
    if spec.steps != spec.epochs * spec.epoch_steps:
        yield f"{spec.steps:,} steps by request"
    for key, value in spec.network_overrides.items():
        if key not in published:
            yield f"{key}={value} by request"


def _size(key: str, value: int, space: SearchSpace) -> str:
    return cells_in_words(value, space) if key == "cells" else f"{key} {value}"


def _search(spec: TrialSpec, result: PublishedResult) -> Iterator[str]:
    used = recipe(spec)
    if used != result.recipe:
        theirs = result.recipe or f"that of {result.source.title}"
        yield f"recipe {used}, not {theirs}"
    if result.epochs and spec.epochs != result.epochs:
        yield f"{count(spec.epochs, 'epoch')} instead of {result.epochs}"


def _spent(data: StudyData, spec: TrialSpec) -> str:
    queries = _mean(data, spec, "queries")
    seconds = _seconds(data, spec)
    asked = "1 query" if queries == 1 else f"{queries:,.0f} queries"
    return asked if math.isnan(seconds) else f"{asked} ({seconds:,.0f} s of simulated training)"


def _budget_ratio(data: StudyData, spec: TrialSpec, result: PublishedResult) -> float:
    seconds = _seconds(data, spec)
    if result.budget_seconds is None or not seconds > 0:
        return 0.0
    return abs(math.log(seconds / result.budget_seconds))


def _otherwise(data: StudyData, spec: TrialSpec, result: PublishedResult) -> bool:
    """Whether it spent more or less than the published search by over a tenth, or nobody knows."""
    seconds, theirs = _seconds(data, spec), result.budget_seconds or math.nan
    return not abs(seconds - theirs) <= SAME_BUDGET * theirs


def _seconds(data: StudyData, spec: TrialSpec) -> float:
    """Simulated training time of a search, mean over seeds; NaN where the table knows none."""
    return 3600 * _mean(data, spec, "simulated_gpu_hours")


def _mean(data: StudyData, spec: TrialSpec, column: str) -> float:
    values = numbers(data.done[data.done["method"] == spec.label], column)
    return float(values.mean()) if len(values) else math.nan


def _metric(data: StudyData, name: str) -> Metric | None:
    return data.table.metrics.get(name) if data.table else None


def _named(dataset: str) -> str:
    return DATASETS.get(dataset, dataset)
