"""What the numbers of a table are about, and what results are judged by."""

from __future__ import annotations

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import name
from nasbench_harness.reports.words.supernet import images


def subject(data: StudyData) -> str:
    """What every number of the table is about: search, table, dataset, metric, training length."""
    search = f"supernet on {images(data)}, looked up in " if data.supernet else ""
    table = f"table {name(data.first('table'))}, dataset {data.first('dataset')}"
    return f"{search}{table}, {judged_by(data)}"


def judged_by(data: StudyData) -> str:
    """The metric of every result, and its training length."""
    metric = data.metric
    epochs = "" if metric is None else (
        f", {metric.epochs} epochs" if metric.epochs else ", training length not documented"
    )  # fmt: skip
    return f"{name(data.first('report_metric'))}{epochs}"
