"""What the numbers of a table are about, and what results are judged by."""

from __future__ import annotations

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.images import NOT_LOOKED_UP, images
from nasbench_harness.reports.words.marked import name


def subject(data: StudyData) -> str:
    """What every number of the table is about: search, table, dataset, metric, training length."""
    table = f"table {name(data.first('table'))}, dataset {data.first('dataset')}"
    if not data.images:
        return f"{table if data.looked_up else NOT_LOOKED_UP}, {judged_by(data)}"
    place = f"looked up in {table}" if data.looked_up else NOT_LOOKED_UP
    return f"{data.kind.name} on {images(data)}, {place}, {judged_by(data)}"


def judged_by(data: StudyData) -> str:
    """The metric of every result, and its training length."""
    if not data.looked_up:
        return f"{data.measure.noun} ({name(data.first('report_metric'))})"
    metric = data.metric
    epochs = "" if metric is None else (
        f", {metric.epochs} epochs" if metric.epochs else ", training length not documented"
    )  # fmt: skip
    return f"{name(data.first('report_metric'))}{epochs}"
