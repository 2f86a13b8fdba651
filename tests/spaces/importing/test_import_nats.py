"""The NATS-Bench folder and its tar: the converted table answers as `nats_bench` does."""

from __future__ import annotations

import bz2
import importlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables import nats
from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.tables.columns import ColumnTable


def test_every_query_has_the_official_answer(
    small_folder_of_cells: tuple[Path, range],
    nats_api: Callable[[Path, range], Any],
    compare: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    folder, indices = small_folder_of_cells
    import_table(folder, tmp_path / "table", allow_missing=True)
    comparison = compare(tmp_path / "table")
    comparison.all(nats_api(folder, indices), indices)
    assert comparison.compared > 20_000
    assert comparison.missing > 0


def test_tar_and_helpers_make_the_same_table(
    small_folder_of_cells: tuple[Path, range],
    make_tar: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    folder, _ = small_folder_of_cells
    import_table(folder, tmp_path / "one", allow_missing=True)
    tar = make_tar(folder)
    import_table(tar, tmp_path / "two", allow_missing=True, jobs=2)
    one, two = ColumnTable(tmp_path / "one"), ColumnTable(tmp_path / "two")
    assert one.content_hash == two.content_hash
    assert one.provenance.source_sha256 == two.provenance.source_sha256
    curves = [(tmp_path / t / "curves" / "curves.json").read_text() for t in ("one", "two")]
    assert curves[0] == curves[1]


def test_progress_counts_the_cells(
    small_folder_of_cells: tuple[Path, range], tmp_path: Path
) -> None:
    folder, indices = small_folder_of_cells
    seen: list[tuple[int, int]] = []
    import_table(
        folder, tmp_path / "t", allow_missing=True, curves=False,
        progress=lambda *now: seen.append(now),
    )  # fmt: skip
    assert seen == [(done, len(indices)) for done in range(1, len(indices) + 1)]


def test_curves_can_be_left_out(small_folder_of_cells: tuple[Path, range], tmp_path: Path) -> None:
    import_table(small_folder_of_cells[0], tmp_path / "t", allow_missing=True, curves=False)
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["columns.f64", "table.json"]


def test_trained_weights_are_skipped_unread(builder: Callable[..., Any], tmp_path: Path) -> None:
    import torch

    made = builder("nats_bench", style=lambda index: "short")
    content = made.cell(5, ("12", "200"))
    weights = torch.nn.BatchNorm2d(3).state_dict()
    for run in content["200"]["all_results"].values():
        run["net_state_dict"] = weights
    cell = nats.unpack_cell(bz2.compress(pickle.dumps(content, 4)))
    assert cell.arch == made.archs[5]


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_numpy_numbers_of_old_files_become_plain_ones(kind: type) -> None:
    raw = pickle.dumps({"params": kind(7)}, 2).replace(b"numpy._core", b"numpy.core")
    number = nats.unpickled(bz2.compress(raw))["params"]
    assert number == 7
    assert type(number) in (int, float)


def test_missing_package_is_named(
    small_folder_of_cells: tuple[Path, range], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(HarnessError, match=r"pip install 'nasbench-harness\[nats\]'"):
        import_table(small_folder_of_cells[0], tmp_path / "t", allow_missing=True)
