"""A table with a companion: its own columns first, its own hash, more columns behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nasbench_harness.contracts import Cost
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.tables.columns import ColumnTable, TableError, content_hash, write_columns
from nasbench_harness.tables.joined import JoinedTable
from nasbench_harness.tables.library import verify_columns

from .conftest import COLUMNS, METRICS, PROVENANCE, metric

HEAT = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


@pytest.fixture
def companion(tmp_path: Path) -> Path:
    """One new column, and one that the table has as well."""
    folder = tmp_path / "tables" / "small-companion"
    metrics = [metric("fruit_heat", search=False, report=False), METRICS[1]]
    columns = {"fruit_heat": HEAT, "fruit_test": [0.0] * 6}
    write_columns(folder, replace(PROVENANCE, name="small-companion"), metrics, columns)
    return folder


@pytest.fixture
def joined(small_folder: Path, companion: Path) -> JoinedTable:
    return JoinedTable(small_folder, companion)


def test_what_the_table_was_it_still_is(joined: JoinedTable, small_folder: Path) -> None:
    alone = ColumnTable(small_folder)
    assert joined.content_hash == alone.content_hash == content_hash(joined)
    assert joined.provenance == alone.provenance
    assert list(joined.metrics) == [*alone.metrics, "fruit_heat"]
    for name in alone.metrics:
        assert joined.column(name).tolist() == alone.column(name).tolist() == COLUMNS[name]
    assert joined.search_metric("fruit") == alone.search_metric("fruit")
    assert joined.report_metric("fruit") == alone.report_metric("fruit")


def test_new_column_is_as_any_other(joined: JoinedTable) -> None:
    assert joined.column("fruit_heat").tolist() == HEAT
    assert joined.tensor("fruit_heat").tolist() == [HEAT[:3], HEAT[3:]]
    assert joined.best("fruit_heat") == 5.5
    assert joined.standing("fruit_heat", 3.5) == (3, 2)
    assert joined.companion.content_hash != joined.content_hash
    assert joined.size_on_disk > ColumnTable(joined.folder).size_on_disk


def test_columns_that_are_costs_are_asked_of_both(small_folder: Path, companion: Path) -> None:
    joined = JoinedTable(
        small_folder,
        companion,
        costs=lambda metrics: [Cost(m.name, m.meaning, m.unit, metric=m.name) for m in metrics],
    )
    assert [cost.metric for cost in joined.costs] == [*COLUMNS, "fruit_heat"]


def test_unknown_column_is_looked_for_in_both(joined: JoinedTable) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `fruit_heat`"):
        joined.column("fruit_heet")


def test_changed_companion_is_found(joined: JoinedTable, companion: Path) -> None:
    numbers = companion / "columns.f64"
    numbers.write_bytes(b"\x01" + numbers.read_bytes()[1:])
    with pytest.raises(TableError, match="`fruit_heat` does not match its recorded SHA-256"):
        verify_columns(joined)


def test_rows_of_another_space_are_no_companion(small_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_columns(other, replace(PROVENANCE, space="game"), METRICS, COLUMNS)
    with pytest.raises(TableError, match="6 rows of `game` and is no companion"):
        JoinedTable(small_folder, other)
