"""Files of latency tables: what they hold, how they are named and where they are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasbench_harness.tables.latencies import (
    LatencyError,
    LatencyTable,
    every_kept,
    folder_of,
    keep,
    kept,
    read_latencies,
)

TABLE = LatencyTable(
    space="ladder", space_version="1", device="cpu", machine="a processor", threads=1,
    shape={"classes": 10, "width": 4, "cells": 1, "in_channels": 1, "image_size": (8, 8)},
    batch=24, passes=10, constant=1.5, constant_spread=0.1,
    layers=((0.5, 1.0), (0.0, 2.0, 4.0)), spreads=((0.1, 0.1), (0.0, 0.2, 0.3)),
)  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_network_takes_what_its_layers_take() -> None:
    assert TABLE.additive.of([1, 2]) == 1.5 + 1.0 + 4.0
    assert TABLE.additive.least() == 2.0


def test_what_is_kept_is_read_again(data: Path) -> None:
    path = keep(TABLE)
    assert path.is_relative_to(data)
    assert read_latencies(path) == TABLE
    assert kept("ladder") == {TABLE.name: TABLE}
    assert list(every_kept()) == [TABLE]
    assert kept("stairs") == {}


def test_the_name_tells_what_it_holds_for_and_its_content() -> None:
    stem, _, digits = TABLE.name.rpartition("-")
    assert stem == "cpu-8x8-w4-b24"
    assert len(digits) == 8
    other = TABLE.model_copy(update={"constant": 1.6})
    again = LatencyTable.model_validate(other.model_dump())
    assert again.name.startswith(stem)
    assert again.name != TABLE.name


def test_two_measurements_stand_beside_each_other() -> None:
    other = LatencyTable.model_validate({**TABLE.model_dump(), "batch": 1})
    keep(TABLE)
    keep(other)
    keep(TABLE)
    assert set(kept("ladder")) == {TABLE.name, other.name}


def test_what_was_changed_by_hand_no_longer_counts() -> None:
    path = keep(TABLE)
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "constant": 0.1}))
    assert kept("ladder") == {}
    path.write_text("{")
    assert kept("ladder") == {}


def test_a_table_in_the_folder_of_another_space_is_none_of_it() -> None:
    folder_of("stairs").mkdir(parents=True)
    (folder_of("stairs") / f"{TABLE.name}.json").write_text(json.dumps(TABLE.model_dump()))
    assert kept("stairs") == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"device": "my phone"}, "device"),
        ({"layers": []}, "layers"),
        ({"layers": [[-1.0]]}, r"layers\.0\.0"),
        ({"batch": 0}, "batch"),
        ({"format": "another"}, "format"),
        ({"more": 1}, "more"),
        ({"constant": "NaN"}, "constant"),
    ],
)
def test_other_files_are_refused_by_what_is_wrong(
    change: dict[str, object], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "table.json"
    file.write_text(json.dumps({**TABLE.model_dump(mode="json"), **change}))
    with pytest.raises(LatencyError, match=f"is no latency table: {said}"):
        read_latencies(file)


@pytest.mark.parametrize("text", ["", "[1, 2", "\x00"])
def test_what_is_no_json_cannot_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "table.json"
    file.write_text(text)
    with pytest.raises(LatencyError, match="cannot be read as a latency table"):
        read_latencies(file)
    with pytest.raises(LatencyError, match="cannot be read as a latency table"):
        read_latencies(tmp_path / "none.json")
