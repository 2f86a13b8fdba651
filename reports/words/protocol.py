"""What every method's search looked at, and what the results are judged by."""

from __future__ import annotations

from collections.abc import Mapping

from nasbench_harness.contracts import Metric
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import name, names
from nasbench_harness.study.config import BASELINE
from nasbench_harness.tables.quantity import ACCURACY, Quantity, quantity_of

SEEDS = "seeds"
"""The noise that is one of the table's own training runs."""


def searched(data: StudyData) -> dict[str, list[str]]:
    """Metric to the methods whose searches looked at it, best method first; none on images."""
    if data.images or not data.looked_up:
        return {}
    of_label = dict(zip(data.trials["method"], data.trials["search_metric"], strict=True))
    found: dict[str, list[str]] = {}
    for label in data.labels:
        found.setdefault(str(of_label[label]), []).append(label)
    return found


def oracle(data: StudyData) -> str:
    """The warning of a study whose searches saw what no search may see; empty for all others."""
    seen = [
        f"{names(labels)} searched on {name(metric)}"
        for metric, labels in searched(data).items()
        if _forbidden(data, metric)
    ]
    if not seen:
        return ""
    return (
        f"This is an oracle study and no search result: {'; '.join(seen)}. Such a metric is not"
        f" for searching, and only {name('--allow-test-search')} lets a search look at it. The"
        " numbers show what a search could reach that knows the answers; do not compare them with"
        " those of searches."
    )


def protocol(data: StudyData) -> list[str]:
    """What was searched on, method by method, and what results are judged by: marked sentences.

    None on images, see `words.images`.
    """
    if not searched(data):
        return []
    groups, report = searched(data), str(data.first("report_metric"))
    sentences = []
    for metric, labels in groups.items():
        who = "All methods" if len(groups) == 1 < len(labels) else names(labels)
        same = ": the very number the results are judged by" if metric == report else ""
        sentences.append(f"{who} searched on {described(data, metric)}{same}.")
    if report not in groups:
        sentences.append(f"Results are judged by {described(data, report)}.")
    elif len(groups) > 1:
        sentences.append(f"All results are judged by {name(report)}.")
    if len(groups) > 1:
        sentences.append(_uneven(groups))
    return sentences


def metric_facts(data: StudyData) -> list[tuple[str, str]]:
    """The lines of the provenance about metrics: label and marked text."""
    groups, report = searched(data), str(data.first("report_metric"))
    lines = []
    for metric, labels in groups.items():
        who = "" if len(groups) == 1 else f"{names(labels)}: "
        lines.append(("Searched metric", f"{who}{_stated(data, metric)}{_flag(data, metric)}"))
    same = "" if report not in groups else "; the same as the one searched"
    if same and len(groups) > 1:
        same += f" by {names(groups[report])}"
    return [*lines, ("Reported metric", f"{_stated(data, report)}{same}")]


def noise_words(noise: object, quantity: Quantity = ACCURACY) -> str:
    """`no noise`, `noise of 0.5 points`, or that a run of the benchmark is drawn."""
    if noise == SEEDS:
        return "noise of the benchmark's own training runs, one drawn for every entry at every step"
    size = float(str(noise))
    return f"noise of {quantity.amount(f'{size:g}')}" if size else "no noise"


def searched_quantity(data: StudyData) -> Quantity:
    """What the noise is of: the searched metrics, where they are all of one quantity."""
    if "search_metric" not in data.trials:
        return data.measure.quantity
    found = {data.quantity(metric).noun: data.quantity(metric) for metric in searched(data)}
    return next(iter(found.values())) if len(found) == 1 else data.measure.quantity


def _forbidden(data: StudyData, metric: str) -> bool:
    """Whether a search had no business to look at it."""
    described = _metric(data, metric)
    if described is not None:
        return not described.search
    allowed = bool(data.config.get("allow_test_search"))
    return allowed and metric == data.first("report_metric")


def _flag(data: StudyData, metric: str) -> str:
    return "; not for searching: an oracle study" if _forbidden(data, metric) else ""


def _uneven(groups: Mapping[str, list[str]]) -> str:
    baseline = next((metric for metric, labels in groups.items() if BASELINE in labels), None)
    words = "The methods did not search on the same number"
    others = [label for metric, labels in groups.items() if metric != baseline for label in labels]
    if baseline is None:
        return f"{words}, which is part of every difference between them."
    return (
        f"{words}: what {names(others)} {'knows' if len(others) == 1 else 'know'} and random"
        " search does not is part of every difference between them."
    )


def _metric(data: StudyData, metric: str) -> Metric | None:
    return data.table.metrics.get(metric) if data.table else None


def described(data: StudyData, metric: str) -> str:
    """`cifar10_test_200ep` (test split, 200 epochs, trained on ..., evaluated on ...)."""
    found = _metric(data, metric)
    return f"{name(metric)} ({_particulars(found)})" if found else name(metric)


def _stated(data: StudyData, metric: str) -> str:
    """The metric with its meaning and unit as well."""
    described = _metric(data, metric)
    if described is None:
        return name(metric)
    quantity = quantity_of(described)
    unit = "" if not quantity.unit else f", in {quantity.unit}"
    if quantity.noun != ACCURACY.noun and quantity.noun not in described.meaning:
        unit = f", {quantity.noun}{unit}"
    return f"{name(metric)}: {described.meaning}{unit}; {_particulars(described)}"


def _particulars(metric: Metric) -> str:
    """Split, epochs, training and evaluation set and runs, as far as the table knows them."""
    parts = [
        f"{metric.dataset}, {metric.split} split",
        f"{metric.epochs} epochs" if metric.epochs else "training length not documented",
        f"trained on {metric.trained_on}" if metric.trained_on else "",
        f"evaluated on {metric.evaluated_on}" if metric.evaluated_on else "",
        f"benchmark seeds: {metric.seeds}" if metric.seeds else "",
    ]
    return ", ".join(filter(None, parts))
