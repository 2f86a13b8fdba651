"""Histories that are read by column and by method are those that are read whole."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasbench_harness.store.histories import HeldHistory, History, StoredHistory
from nasbench_harness.store.studies import StudyError, open_study, opened_tables, read_arrow
from tests.held_studies import make

TABLE = pa.table(
    {
        "trial": ["a-1", "b-1", "a-1", "b-2"],
        "method": ["a", "b", "a", "b"],
        "step": [1, 1, 2, 1],
        "step.loss": [0.5, 0.25, None, 0.0],
        "probabilities": [[[1.0]], None, [[0.5]], [[0.0]]],
    }
)


def stored(path: Path, table: pa.Table, rows: int) -> StoredHistory:
    pq.write_table(table, path, row_group_size=rows)
    return StoredHistory(path, nullcontext)


@pytest.fixture(params=["held", "one", "mixed", "parted"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> History:
    """In memory; in a file of one row group, of groups with several methods, and of one each."""
    if request.param == "held":
        return HeldHistory(TABLE)
    if request.param == "parted":
        ordered = TABLE.take([0, 2, 1, 3])
        return stored(tmp_path / "h.parquet", ordered, 2)
    return stored(tmp_path / "h.parquet", TABLE, 4 if request.param == "one" else 3)


@pytest.mark.parametrize("method", ["a", "b", "never"])
@pytest.mark.parametrize("columns", [["step"], ["trial", "probabilities"], ["gone", "step"], None])
def test_what_is_read_is_of_the_method_in_its_order(
    history: History, method: str, columns: list[str] | None
) -> None:
    own = TABLE.filter([name == method for name in TABLE["method"].to_pylist()])
    wanted = [n for n in TABLE.column_names if columns is None or n in columns]
    found = history.read(columns, method)
    assert found.column_names == wanted
    assert found.to_pylist() == own.select(wanted).to_pylist()


def test_of_all_methods_there_are_all_rows(history: History) -> None:
    found = history.read(["trial", "step"])
    assert sorted(found["trial"].to_pylist()) == ["a-1", "a-1", "b-1", "b-2"]
    assert (history.num_rows, history.fields.names) == (4, TABLE.column_names)


def test_row_groups_of_other_methods_are_not_read(tmp_path: Path) -> None:
    """Nothing is left of theirs but the footer that names them."""
    path = tmp_path / "h.parquet"
    pq.write_table(TABLE.take([0, 2, 1, 3]), path, row_group_size=2, compression="none")
    facts = pq.read_metadata(path).row_group(1)
    starts = [facts.column(n).dictionary_page_offset for n in range(facts.num_columns)]
    begin, end = min(starts), facts.total_byte_size
    held = bytearray(path.read_bytes())
    held[begin : begin + end] = bytes(end)
    path.write_bytes(held)
    history = StoredHistory(path, nullcontext)
    assert history.read(["step"], "a")["step"].to_pylist() == [1, 2]
    with pytest.raises((OSError, pa.ArrowException)):
        history.read(["step"], "b")


def test_a_file_that_is_replaced_is_read_on_as_it_was(tmp_path: Path) -> None:
    history = stored(tmp_path / "h.parquet", TABLE, 4)
    pq.write_table(TABLE.slice(0, 1), tmp_path / "new.parquet")
    (tmp_path / "new.parquet").replace(tmp_path / "h.parquet")
    assert history.read(["step"]).num_rows == 4


def test_tables_of_a_study_are_those_that_are_read_whole(tmp_path: Path) -> None:
    study = make(tmp_path / "s", "rea,drnas", cost="params", target=0.4)
    (trials, opened), (whole, history) = opened_tables(study), read_arrow(study.folder)
    assert isinstance(opened, StoredHistory)
    assert trials.equals(whole)
    assert opened.read().equals(history)


def test_a_history_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    study = make(tmp_path / "s", "rea")
    path = study.folder / "history.parquet"
    table = pq.read_table(path)
    twice = pa.concat_tables([table, table.slice(0, 1)])
    pq.write_table(twice.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(StudyError, match=r"history\.parquet has more than one row of trial"):
        opened_tables(open_study(study.folder))


def test_older_tables_without_outcomes_are_completed(tmp_path: Path) -> None:
    study = make(tmp_path / "s", "rea")
    whole = read_arrow(study.folder)
    for name in ("trials", "history"):
        path = study.folder / f"{name}.parquet"
        table = pq.read_table(path)
        pq.write_table(table.drop_columns(["accuracy", "regret"]), path)
    trials, history = opened_tables(open_study(study.folder))
    assert trials.column_names == whole[0].column_names
    assert history.read().equals(whole[1])


def test_a_damaged_history_is_told_by_name(tmp_path: Path) -> None:
    study = make(tmp_path / "s", "rea")
    path = study.folder / "history.parquet"
    _, history = opened_tables(study)
    with path.open("r+b") as file:
        file.seek(4)
        file.write(bytes(path.stat().st_size // 2))
    with pytest.raises(StudyError, match=r"history\.parquet is damaged"):
        history.read()
