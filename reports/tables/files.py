"""Tables as files: CSV with all numbers, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.latex import latex_table
from nasbench_harness.reports.tables.markdown import markdown_table
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.words.subject import subject
from nasbench_harness.store.files import replacing, write_text


def write_tables(data: StudyData, tables: Iterable[PrintedTable], folder: Path) -> list[str]:
    """Write `tables` as CSV (all numbers, unrounded), Markdown and LaTeX, and `trials.csv`."""
    files = []
    for table in tables:
        files += write_table(table, data, folder)
    hidden = OF_QUERIES if data.images or not data.queryable else ()
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


OF_QUERIES = ("search_metric", "noise", "queries", "simulated_gpu_hours")
"""Columns of the trials that say nothing where no architecture can be asked for."""


def _identity(data: StudyData) -> Sequence[str]:
    """What all numbers of a table have in common."""
    images = ("problem", "images") if data.images else ()
    benchmark = ("table", "dataset") if data.looked_up else ()
    return (*images, *benchmark, "report_metric")


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False)
