"""Columns that do not fit are refused before anything is written, and in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.contracts import Metric
from nasbench_harness.errors import HarnessError
from nasbench_harness.tables.columns import (
    ColumnTable,
    Provenance,
    TableError,
    TrainingTime,
    write_columns,
)
from nasbench_harness.testing import check_table
from nasbench_harness.testing.toys import TOY_OPTIONS, ToySpace

TOLD = Provenance("mine", "toy", "1", "a test", "0" * 64, "Invented.", TOY_OPTIONS)
METRICS = [
    Metric("a", "accuracy", "%", "fruit", "valid", 10, search=True, report=True),
    Metric("b", "accuracy", "%", "tree", "test", 10, search=True, report=True),
]
FULL = [float(rank) for rank in range(24)]


@pytest.mark.parametrize(
    ("metrics", "columns", "sentence"),
    [
        (METRICS, {"a": FULL}, "Table `mine` has no column of its metric `b`."),
        (METRICS, {"a": FULL, "b": FULL[1:]}, "`a` has 24, `b` has 23."),
        (METRICS, {"a": FULL, "b": ["x"] * 24}, "Table `mine` has no numbers in column `b`"),
        (METRICS, {"a": [], "b": []}, "Table `mine` has no rows."),
        (METRICS[:1] * 2, {"a": FULL}, "Table `mine` has the metric `a` more than once."),
        ([], {}, "Table `mine` has no metrics"),
    ],
)
def test_nothing_is_written(
    metrics: list[Metric], columns: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TableError) as caught:
        write_columns(tmp_path / "t", TOLD, metrics, columns)
    assert sentence in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def written(folder: Path, told: Provenance = TOLD, **columns: list[float]) -> ColumnTable:
    write_columns(folder / "t", told, METRICS, {"a": FULL, "b": FULL, **columns})
    return ColumnTable(folder / "t", ToySpace())


def test_a_column_without_a_number(tmp_path: Path) -> None:
    table = written(tmp_path, b=[float("nan")] * 24)
    with pytest.raises(HarnessError, match="Column `b` of table `mine` has no number at all"):
        table.best("b")
    with pytest.raises(AssertionError, match="b must have a number of some architecture"):
        check_table(table, ToySpace())


def test_a_data_set_without_a_factor(tmp_path: Path) -> None:
    timed = replace(TOLD, training_time=TrainingTime("a", 10, {"fruit": 1.0}))
    table = written(tmp_path, timed)
    with pytest.raises(AssertionError, match="no factor of `tree` for `b`"):
        check_table(table, ToySpace())


def test_too_few_rows(tmp_path: Path) -> None:
    table = written(tmp_path, a=FULL[:20], b=FULL[:20])
    with pytest.raises(AssertionError, match="a must have a row per architecture: 20 for 24"):
        check_table(table, ToySpace())


def test_a_table_that_fits(tmp_path: Path) -> None:
    check_table(written(tmp_path), ToySpace())
