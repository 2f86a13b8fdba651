"""The official `.pth`: the converted table answers as `nas_201_api` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.tables.columns import ColumnTable


def test_every_query_has_the_official_answer(
    small_pth: tuple[Path, dict[str, Any]],
    pth_api: Callable[[dict[str, Any]], Any],
    compare: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    path, content = small_pth
    import_table(path, tmp_path / "table", allow_missing=True)
    comparison = compare(tmp_path / "table")
    comparison.all(pth_api(content), list(content["arch2infos"]))
    assert comparison.compared > 20_000
    assert comparison.missing > 0


def test_files_of_newer_torch_are_read_too(
    builder: Callable[..., Any], compare: Callable[[Path], Any],
    pth_api: Callable[[dict[str, Any]], Any], tmp_path: Path,
) -> None:  # fmt: skip
    import torch

    content = builder("nas_201_api", style=lambda index: "short").pth([3])
    torch.save(content, tmp_path / "file.pth")
    import_table(tmp_path / "file.pth", tmp_path / "table", allow_missing=True)
    comparison = compare(tmp_path / "table")
    comparison.all(pth_api(content), [3])
    assert comparison.compared > 100


def test_first_release_has_twelve_epochs_of_one_data_set(
    builder: Callable[..., Any], tmp_path: Path
) -> None:
    import torch

    content = builder("nas_201_api", less={"cifar10-valid": (777,)}).pth([0, 1])
    path = tmp_path / "NAS-Bench-201-v1_0-e61699.pth"
    torch.save(content, path)
    import_table(path, tmp_path / "table", allow_missing=True)
    table = ColumnTable(tmp_path / "table")
    assert table.version == "NAS-Bench-201 v1.0"
    twelve = [name for name in table.metrics if "_12ep" in name and "val" in name.split("_")]
    assert twelve
    assert all("cifar10valid" in name for name in twelve)


def test_memory_is_compared_before_anything_is_loaded(
    small_pth: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasbench_harness.errors import HarnessError
    from nasbench_harness.spaces.nb201.tables import pth

    monkeypatch.setattr(pth, "available_memory", lambda: 1000)
    monkeypatch.setattr(pth, "_load", lambda path: pytest.fail("was loaded"))
    with pytest.raises(HarnessError, match=r"GB of memory .* are free; import the NATS-Bench"):
        import_table(small_pth[0], tmp_path / "table", allow_missing=True)
    assert list(tmp_path.iterdir()) == []
