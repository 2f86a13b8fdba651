"""Histories that are put together in pieces are those that are put together at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
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


def test_journals_come_method_by_method(tmp_path: Path) -> None:
    sources: list[NamedJournal] = [
        (tmp_path / f"{method}-{seed}", {"method": method, "seed": seed})
        for seed in (2, 1)
        for method in ("rea", "darts")
    ]
    ordered = [(keys["method"], keys["seed"]) for _, keys in streaming.by_method(sources)]
    assert ordered == [("rea", 2), ("rea", 1), ("darts", 2), ("darts", 1)]


@pytest.fixture
def large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, pa.Table, dict[str, list[bytes]]]:
    """A study that counts as large; its history and the lines of its tables gathered at once."""
    study = make(tmp_path / "s", "rea,drnas", cost="params", target=0.4)
    at_once = read_parquet(study.folder / "history.parquet")
    lines = lines_of(study.folder)
    (study.folder / "history.csv").unlink()
    monkeypatch.setattr(streaming, "LARGE_BYTES", 0)
    gather(open_study(study.folder))
    return study.folder, at_once, lines


def lines_of(folder: Path) -> dict[str, list[bytes]]:
    names = ("trials.csv", "history.csv")
    return {name: (folder / name).read_bytes().splitlines() for name in names}


def test_a_large_study_is_gathered_into_the_same_rows(
    large: tuple[Path, pa.Table, dict[str, list[bytes]]],
) -> None:
    """Costs and outcomes included."""
    folder, at_once, lines = large
    path = folder / "history.parquet"
    found = lines_of(folder)
    assert found["trials.csv"] == lines["trials.csv"]
    assert sorted(found["history.csv"]) == sorted(lines["history.csv"])
    assert found["history.csv"][0] == lines["history.csv"][0]
    for method in pc.unique(at_once["method"]):
        own, then = (
            table.filter(pc.equal(table["method"], method))
            for table in (read_parquet(path), at_once)
        )
        assert own.equals(then)
    assert read_parquet(path).schema.equals(at_once.schema, check_metadata=False)


def test_row_groups_of_a_large_study_are_of_one_method_each(
    large: tuple[Path, pa.Table, dict[str, list[bytes]]],
) -> None:
    path = large[0] / "history.parquet"
    found = pq.ParquetFile(path)
    methods = [
        pc.unique(found.read_row_group(group, columns=["method"])["method"]).to_pylist()
        for group in range(found.num_row_groups)
    ]
    assert {len(of_group) for of_group in methods} == {1}
    assert len(methods) > 2
