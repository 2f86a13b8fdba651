"""The summary as a table: on the page, and as CSV, Markdown and LaTeX files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nasbench_harness.files import replacing, write_text
from nasbench_harness.reports import numerals
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.words import latex, markdown, markdown_cell, name


@dataclass(frozen=True)
class Column:
    """A column of the printed table."""

    heading: str
    unit: str
    text: Callable[[Any], str]
    """From a row of the summary."""


def _seeds(row: Any) -> str:
    return f"{row.seeds} of {row.seeds + row.failed}" if row.failed else str(row.seeds)


SUMMARY = (
    Column("Seeds", "", _seeds),
    Column("Regret", "points", lambda row: numerals.points(row.regret_mean)),
    Column("95 % CI", "of mean", lambda row: numerals.interval(row.regret_low, row.regret_high)),
    Column("Optimum", "of seeds", lambda row: numerals.share(row.optimum_share)),
    Column("Percentile", "", lambda row: numerals.percent(row.percentile_mean)),
    Column("Accuracy", "%", lambda row: numerals.percent(row.accuracy_mean)),
    Column(
        "95 % CI",
        "of mean",
        lambda row: numerals.interval(row.accuracy_low, row.accuracy_high, digits=2),
    ),
    Column("Best", "%", lambda row: numerals.percent(row.accuracy_best)),
    Column("Queries", "", lambda row: numerals.whole(row.queries_mean)),
    Column("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
)


def cells(summary: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Per method its label and the text of every column of `SUMMARY`."""
    return [
        (str(row.method), [column.text(row) for column in SUMMARY]) for row in summary.itertuples()
    ]


def headings() -> list[str]:
    """Headings with their units, in one line."""
    return [f"{c.heading} ({c.unit})" if c.unit else c.heading for c in SUMMARY]


def subject(data: StudyData) -> str:
    """What every number of the table is about: table, dataset, metric, training length."""
    return f"table {name(data.first('table'))}, dataset {data.first('dataset')}, {judged_by(data)}"


def judged_by(data: StudyData) -> str:
    """The metric of every result, and its training length."""
    metric = data.metric
    epochs = "" if metric is None else (
        f", {metric.epochs} epochs" if metric.epochs else ", training length not documented"
    )  # fmt: skip
    return f"{name(data.first('report_metric'))}{epochs}"


def write_tables(data: StudyData, folder: Path) -> list[str]:
    """Write `summary.csv` (all numbers, unrounded), `.md`, `.tex`, and `trials.csv`."""
    identity = {name: data.first(name) for name in ("table", "dataset", "report_metric")}
    _write_csv(folder / "summary.csv", data.summary.assign(**identity))
    _write_csv(folder / "trials.csv", data.trials)
    write_text(folder / "summary.md", markdown_table(data.summary))
    write_text(folder / "summary.tex", latex_table(data))
    return ["summary.csv", "summary.md", "summary.tex", "trials.csv"]


def markdown_table(summary: pd.DataFrame) -> str:
    """The summary in GitHub's Markdown."""
    lines = [["Method", *headings()], [":--", *["--:"] * len(SUMMARY)]]
    lines += [[markdown_cell(markdown(name(label))), *texts] for label, texts in cells(summary)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex_table(data: StudyData) -> str:
    """The summary as a `tabular` with rules of the booktabs package."""
    rows = [
        " & ".join([latex(name(label)), *map(latex, texts)]) for label, texts in cells(data.summary)
    ]
    head = " & ".join(["Method", *(latex(column.heading) for column in SUMMARY)])
    units = " & ".join(["", *(latex(column.unit) for column in SUMMARY)])
    lines = [
        "% needs \\usepackage{booktabs}",
        "% " + " ".join(latex(subject(data)).split()),
        f"\\begin{{tabular}}{{l{'r' * len(SUMMARY)}}}",
        "\\toprule",
        f"{head} \\\\",
        f"{units} \\\\",
        "\\midrule",
        *(f"{row} \\\\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False)
