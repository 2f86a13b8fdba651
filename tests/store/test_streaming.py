"""Histories that are put together in pieces are those that are put together at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasbench_harness.store import journals, streaming
from nasbench_harness.store.journals import NamedJournal, read_histories
from nasbench_harness.store.studies import gather, open_study
from nasbench_harness.store.tidy import read_parquet
from tests.held_studies import make


def written(folder: Path, *trials: list[dict[str, Any]]) -> list[NamedJournal]:
    sources: list[NamedJournal] = []
    for number, rows in enumerate(trials):
        path = folder / f"{number}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        sources.append((path, {"trial": f"t{number}", "seed": number}))
    return sources


def in_pieces(sources: list[NamedJournal], folder: Path) -> pa.Table:
    held = streaming.history_pieces(sources, folder)
    assert held is not None
    schema, pieces = held
    return pa.concat_tables(list(pieces())).cast(schema)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece for every journal, a group for every two rows."""
    monkeypatch.setattr(journals, "PIECE_BYTES", 1)
    monkeypatch.setattr(streaming, "GROUP_ROWS", 2)


@pytest.mark.parametrize(
    "trials",
    [
        ([{"step": 1, "loss": 0.5}, {"step": 2, "loss": 1}], [{"step": 1, "loss": 2}]),
        ([{"step": 1}], [{"step": 1, "queries": 3}], [{"step": 2, "queries": 4}]),
        ([{"step": 1, "weights": [[1.0, 2.0]]}], [{"step": 1, "weights": [[1, 2]]}]),
        ([{"step": 1, "note": None}], [{"step": 1, "note": "text"}], []),
    ],
    ids=["numbers", "missing", "lists", "nothing"],
)
def test_the_table_is_the_same(tmp_path: Path, trials: tuple[list[dict[str, Any]], ...]) -> None:
    sources = written(tmp_path, *trials)
    assert in_pieces(sources, tmp_path).equals(read_histories(sources))


def test_what_only_python_reads_is_left_to_it(tmp_path: Path) -> None:
    sources = written(tmp_path, [{"step": 1, "a": {"b": 1}}])
    assert streaming.history_pieces(sources, tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["0.jsonl"]


def test_nothing_is_left_aside(tmp_path: Path) -> None:
    sources = written(tmp_path, [{"step": 1}], [{"step": 1}])
    in_pieces(sources, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jsonl", "1.jsonl"]


def test_pieces_that_are_not_taken_leave_nothing(tmp_path: Path) -> None:
    held = streaming.history_pieces(written(tmp_path, [{"step": 1}] * 4, [{"step": 1}]), tmp_path)
    assert held is not None
    given = held[1]()
    next(given)
    given.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.glob(".nasharness-*"))


def test_a_large_study_is_gathered_into_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Costs and outcomes included; the Parquet file has several row groups."""
    study = make(tmp_path / "s", "rea,drnas", cost="params", target=0.4)
    names = ("trials.csv", "history.csv")
    before = {name: (study.folder / name).read_bytes() for name in names}
    at_once = read_parquet(study.folder / "history.parquet")
    (study.folder / "history.csv").unlink()
    monkeypatch.setattr(streaming, "LARGE_BYTES", 0)
    gather(open_study(study.folder))
    path = study.folder / "history.parquet"
    assert {name: (study.folder / name).read_bytes() for name in names} == before
    assert read_parquet(path).equals(at_once)
    assert read_parquet(path).schema.equals(at_once.schema, check_metadata=True)
    assert pq.read_metadata(path).num_row_groups > 1
