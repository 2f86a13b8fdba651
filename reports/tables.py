"""The summary as a table: on the page, and as CSV, Markdown and LaTeX files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nasbench_harness.reports import numerals
from nasbench_harness.reports.searchcost import search_cost
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.supernet import images
from nasbench_harness.reports.words import latex, markdown, markdown_cell, name
from nasbench_harness.store.files import replacing, write_text


@dataclass(frozen=True)
class Column:
    """A column of the printed table."""

    heading: str
    unit: str
    text: Callable[[Any], str]
    """From a row of the table."""
    inches: float = 0
    """Printed width of a column of words, which may be broken; 0: the column is of numbers."""

    @property
    def words(self) -> bool:
        """Whether it holds words instead of numbers."""
        return self.inches > 0


def _seeds(row: Any) -> str:
    return f"{row.seeds} of {row.seeds + row.failed}" if row.failed else str(row.seeds)


def _interval(row: Any, low: float, high: float, digits: int) -> str:
    return "one seed" if row.seeds == 1 else numerals.interval(low, high, digits)


QUERIES = Column("Queries", "", lambda row: numerals.whole(row.queries_mean))
SUMMARY = (
    Column("Seeds", "", _seeds),
    Column("Regret", "points", lambda row: numerals.points(row.regret_mean)),
    Column("95 % CI", "of mean", lambda row: _interval(row, row.regret_low, row.regret_high, 3)),
    Column("Optimum", "of seeds", lambda row: numerals.share(row.optimum_share)),
    Column("Percentile", "", lambda row: numerals.percent(row.percentile_mean)),
    Column("Accuracy", "%", lambda row: numerals.percent(row.accuracy_mean)),
    Column(
        "95 % CI",
        "of mean",
        lambda row: _interval(row, row.accuracy_low, row.accuracy_high, 2),
    ),
    Column("Best", "%", lambda row: numerals.percent(row.accuracy_best)),
    QUERIES,
    Column("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
)


def _labelled(row: Any) -> str:
    return name(str(row.method))


@dataclass(frozen=True)
class PrintedTable:
    """A table whose rows are about methods, as text."""

    key: str
    """Stem of its files."""
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    """All numbers, unrounded; every row with its method's label as `method`."""
    head: Callable[[Any], str] = _labelled
    """What stands at the beginning of a row: marked text."""

    @property
    def cells(self) -> list[tuple[str, list[str]]]:
        """Per row its method's label and the text of every column."""
        return [
            (str(row.method), [column.text(row) for column in self.columns])
            for row in self.rows.itertuples()
        ]

    @property
    def heads(self) -> list[str]:
        """What stands at the beginning of every row, marked."""
        return [self.head(row) for row in self.rows.itertuples()]

    @property
    def headings(self) -> list[str]:
        """Headings with their units, in one line."""
        return [f"{c.heading} ({c.unit})" if c.unit else c.heading for c in self.columns]


def summary_table(data: StudyData) -> PrintedTable:
    """What was found; of supernets without what only landscapes have."""
    if not data.supernet:
        return PrintedTable("summary", SUMMARY, data.summary)
    columns = tuple(column for column in SUMMARY if column is not QUERIES)
    return PrintedTable("summary", columns, data.summary.drop(columns="queries_mean"))


COSTS = {
    "gpu_days_mean": Column(
        "Cost", "GPU-days", lambda row: numerals.significant(row.gpu_days_mean)
    ),
    "cpu_hours_mean": Column(
        "Cost", "CPU-hours", lambda row: numerals.significant(row.cpu_hours_mean)
    ),
}
"""By their column in the rows of `search_cost`."""


def search_table(data: StudyData) -> PrintedTable | None:
    """What searching on a supernet cost; None where there was none or nothing is done."""
    rows = search_cost(data) if data.supernet else pd.DataFrame()
    return PrintedTable("search", _search_columns(data, rows), rows) if len(rows) else None


def _search_columns(data: StudyData, rows: pd.DataFrame) -> tuple[Column, ...]:
    costs = [column for name_, column in COSTS.items() if rows[name_].notna().any()]
    return (
        Column("Seeds", "", lambda row: str(row.seeds)),
        Column("One-shot", "accuracy, %", lambda row: numerals.percent(row.oneshot_mean)),
        Column("Gap", "points", lambda row: numerals.percent(row.gap_mean)),
        Column(
            "Skips", f"of {len(data.space.decisions)}", lambda row: numerals.decimal(row.skips_mean)
        ),
        Column("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
        *costs,
        Column("Memory", "MB, peak", lambda row: numerals.whole(row.memory_mb_max)),
        Column("Device", "", lambda row: row.devices or numerals.NOTHING),
    )


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


def write_tables(data: StudyData, tables: Iterable[PrintedTable], folder: Path) -> list[str]:
    """Write `tables` as CSV (all numbers, unrounded), Markdown and LaTeX, and `trials.csv`."""
    files = []
    for table in tables:
        files += write_table(table, data, folder)
    hidden = LANDSCAPE_ONLY if data.supernet else ()
    _write_csv(folder / "trials.csv", data.trials.drop(columns=list(hidden), errors="ignore"))
    return [*files, "trials.csv"]


def write_table(table: PrintedTable, data: StudyData, folder: Path) -> list[str]:
    """Write one table as CSV (all numbers, unrounded), Markdown and LaTeX; returns file names."""
    identity = {name: data.first(name) for name in _identity(data)}
    return write_formats(table, table.rows.assign(**identity), subject(data), folder)


def write_formats(table: PrintedTable, rows: pd.DataFrame, about: str, folder: Path) -> list[str]:
    """Write `rows` as CSV and the table as Markdown and LaTeX; returns file names."""
    _write_csv(folder / f"{table.key}.csv", rows)
    write_text(folder / f"{table.key}.md", markdown_table(table))
    write_text(folder / f"{table.key}.tex", latex_table(table, about))
    return [f"{table.key}.{kind}" for kind in ("csv", "md", "tex")]


LANDSCAPE_ONLY = ("search_metric", "noise", "queries", "simulated_gpu_hours")
"""Columns of the trials that say nothing about a supernet."""


def _identity(data: StudyData) -> Sequence[str]:
    """What all numbers of a table have in common."""
    supernet = ("problem", "images") if data.supernet else ()
    return (*supernet, "table", "dataset", "report_metric")


def markdown_table(table: PrintedTable) -> str:
    """The table in GitHub's Markdown."""
    rules = [":--" if column.words else "--:" for column in table.columns]
    lines = [["Method", *table.headings], [":--", *rules]]
    for head, (_, texts) in zip(table.heads, table.cells, strict=True):
        cells = [
            markdown_cell(markdown(text)) if column.words else text
            for column, text in zip(table.columns, texts, strict=True)
        ]
        lines.append([markdown_cell(markdown(head)), *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex_table(table: PrintedTable, about: str) -> str:
    """The table as a `tabular` with rules of the booktabs package; `about` is a comment in it."""
    rows = [
        " & ".join(_one_line(text) for text in (head, *texts))
        for head, (_, texts) in zip(table.heads, table.cells, strict=True)
    ]
    head = " & ".join(["Method", *(latex(column.heading) for column in table.columns)])
    units = " & ".join(["", *(latex(column.unit) for column in table.columns)])
    lines = [
        f"% needs \\usepackage{{{_packages(table)}}}",
        "% " + " ".join(latex(about).split()),
        f"\\begin{{tabular}}{{l{''.join(_latex_column(column) for column in table.columns)}}}",
        "\\toprule",
        f"{head} \\\\",
        f"{units} \\\\",
        "\\midrule",
        *(f"{row} \\\\" for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(latex(text).split())


def _packages(table: PrintedTable) -> str:
    return "array,booktabs" if any(column.words for column in table.columns) else "booktabs"


def _latex_column(column: Column) -> str:
    return rf">{{\raggedright\arraybackslash}}p{{{column.inches}in}}" if column.words else "r"


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False)
