"""Memory-mapped columns: lookups, integrity, and writing whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.contracts import Architecture, CompleteTable
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.tables.columns import TOLERANCE, ColumnTable, TableError
from nasbench_harness.testing import ToySpace


def edit_header(folder: Path, **changes: Any) -> None:
    path = folder / "table.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def no_space(*args: Any, **kwargs: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


SPACE = ToySpace((2, 3))


# --- answers -----------------------------------------------------------------------------------


def test_value_is_one_number(small_folder: Path) -> None:
    assert ColumnTable(small_folder, SPACE).value("fruit_test", SPACE.unrank(2)) == 31.0


def test_lookup_is_every_number_of_a_row(small_folder: Path) -> None:
    row = {"fruit_valid": 30.0, "fruit_test": 31.0, "tree_test": 0.3}
    assert ColumnTable(small_folder, SPACE).lookup(SPACE.unrank(2)) == row


def test_column_is_in_rank_order(small_folder: Path) -> None:
    assert ColumnTable(small_folder).column("tree_test").tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_tensor_has_one_axis_per_decision(small_folder: Path) -> None:
    tensor = ColumnTable(small_folder).tensor("fruit_valid")
    assert tensor.tolist() == [[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]]


def test_numbers_are_doubles(small_folder: Path) -> None:
    assert ColumnTable(small_folder).column("tree_test").dtype == np.float64


@pytest.mark.parametrize("shape", ["column", "tensor"])
def test_arrays_are_read_only(small_folder: Path, shape: str) -> None:
    array = getattr(ColumnTable(small_folder), shape)("fruit_test")
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0.0


def test_arrays_are_not_copied(small_folder: Path) -> None:
    table = ColumnTable(small_folder)
    assert np.shares_memory(table.column("fruit_test"), table.tensor("fruit_test"))


@pytest.mark.parametrize("strange", [6, "0-1", ToySpace((2, 3)).unrank(0).choices, None])
def test_what_is_no_architecture_is_refused(small_folder: Path, strange: Any) -> None:
    with pytest.raises(HarnessError, match=r"`small`.*architecture of space `toy`.*is none"):
        ColumnTable(small_folder, SPACE).value("fruit_test", strange)


def test_architecture_of_another_space_is_refused(small_folder: Path) -> None:
    stranger = Architecture("elsewhere", (0, 1), "0-1")
    with pytest.raises(HarnessError, match=r"space `toy`.*elsewhere"):
        ColumnTable(small_folder, SPACE).lookup(stranger)


def test_without_its_space_no_architecture_has_a_row(small_folder: Path) -> None:
    with pytest.raises(HarnessError, match="search space is not installed"):
        ColumnTable(small_folder).value("fruit_test", SPACE.unrank(0))


def test_is_a_complete_table(small_folder: Path) -> None:
    assert isinstance(ColumnTable(small_folder), CompleteTable)


def test_unknown_metric_gets_the_nearest_name(small_folder: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"table `small`.*Did you mean `fruit_test`"):
        ColumnTable(small_folder).column("fruits_test")


def test_unknown_metric_of_a_single_value_gets_the_nearest_name(small_folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `tree_test`"):
        ColumnTable(small_folder, SPACE).value("tree_tst", SPACE.unrank(0))


def test_search_metric_is_one_a_search_may_see(small_folder: Path) -> None:
    assert ColumnTable(small_folder).search_metric("fruit") == "fruit_valid"


def test_report_metric_is_one_results_are_judged_by(small_folder: Path) -> None:
    assert ColumnTable(small_folder).report_metric("fruit") == "fruit_test"


def test_unknown_dataset_gets_the_nearest_name(small_folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `fruit`"):
        ColumnTable(small_folder).search_metric("fruits")


def test_best_is_the_largest_number(small_folder: Path) -> None:
    assert ColumnTable(small_folder).best("fruit_test") == 61.0


@pytest.mark.parametrize(
    ("value", "worse", "better"), [(31.0, 2, 3), (35.0, 3, 3), (0.0, 0, 6), (61.0, 5, 0)]
)
def test_standing_counts_worse_and_better(
    small_folder: Path, value: float, worse: int, better: int
) -> None:
    assert ColumnTable(small_folder).standing("fruit_test", value) == (worse, better)


@pytest.mark.parametrize("seed", range(3))
def test_standing_equals_counting(
    tmp_path: Path, write_small: Callable[..., None], seed: int
) -> None:
    """Against the plain count, with missing numbers, near ties, and at every edge of the ties."""
    chance = np.random.default_rng(seed)
    numbers = chance.choice([10.0, 10.0 + 1e-5, 10.0 + 9e-6, 20.0, np.nan, -np.inf], size=6)
    write_small(tmp_path / "t", fruit_test=numbers.tolist())
    table = ColumnTable(tmp_path / "t")
    for near in (*numbers, 0.0, np.inf):
        for value in (near, near - TOLERANCE, near + TOLERANCE, near + 2 * TOLERANCE):
            worse = sum(other < value - TOLERANCE for other in numbers)
            better = sum(other > value + TOLERANCE for other in numbers)
            assert table.standing("fruit_test", value) == (worse, better)


def test_standing_takes_single_precision_noise_for_a_tie(small_folder: Path) -> None:
    assert ColumnTable(small_folder).standing("fruit_test", 31.000001) == (2, 3)


def test_provenance_survives(small_folder: Path) -> None:
    table = ColumnTable(small_folder)
    assert (table.name, table.space, table.version, table.caveat, table.shape) == (
        "small",
        "toy",
        "3",
        "Invented.",
        (2, 3),
    )


# --- the hash ----------------------------------------------------------------------------------


def test_content_hash_is_the_same_for_the_same_numbers(
    small_folder: Path, write_small: Callable[..., None], tmp_path: Path
) -> None:
    write_small(tmp_path / "again")
    assert ColumnTable(tmp_path / "again").content_hash == ColumnTable(small_folder).content_hash


def test_content_hash_differs_with_one_number(
    small_folder: Path, write_small: Callable[..., None], tmp_path: Path
) -> None:
    write_small(tmp_path / "other", tree_test=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6000001])
    assert ColumnTable(tmp_path / "other").content_hash != ColumnTable(small_folder).content_hash


# --- damage ------------------------------------------------------------------------------------


def flip_first_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def test_changed_number_is_noticed(small_folder: Path) -> None:
    flip_first_byte(small_folder / "columns.f64")
    with pytest.raises(TableError, match=r"`fruit_valid`.*SHA-256.*Delete the folder"):
        ColumnTable(small_folder, SPACE).value("fruit_valid", SPACE.unrank(5))


def test_undamaged_columns_of_a_changed_file_still_answer(small_folder: Path) -> None:
    flip_first_byte(small_folder / "columns.f64")
    assert ColumnTable(small_folder, SPACE).value("tree_test", SPACE.unrank(0)) == 0.1


def test_truncated_numbers_are_noticed(small_folder: Path) -> None:
    path = small_folder / "columns.f64"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(TableError, match="has 136 bytes where 144 were expected"):
        ColumnTable(small_folder)


def test_empty_numbers_are_noticed(small_folder: Path) -> None:
    (small_folder / "columns.f64").write_bytes(b"")
    with pytest.raises(TableError, match="Delete the folder"):
        ColumnTable(small_folder)


def test_missing_numbers_are_noticed(small_folder: Path) -> None:
    (small_folder / "columns.f64").unlink()
    with pytest.raises(TableError, match="Delete the folder"):
        ColumnTable(small_folder)


@pytest.mark.parametrize("content", ["", "{", "\x00", '{"schema_version": 1'])
def test_damaged_header_is_noticed(small_folder: Path, content: str) -> None:
    (small_folder / "table.json").write_text(content)
    with pytest.raises(TableError, match="Delete the folder"):
        ColumnTable(small_folder)


@pytest.mark.parametrize("content", ["{}", "[]", "3", '{"schema_version": 1, "rows": 6}'])
def test_header_without_its_facts_is_noticed(small_folder: Path, content: str) -> None:
    (small_folder / "table.json").write_text(content)
    with pytest.raises(TableError, match="Delete the folder"):
        ColumnTable(small_folder)


def test_missing_header_is_noticed(small_folder: Path) -> None:
    (small_folder / "table.json").unlink()
    with pytest.raises(TableError, match="Delete the folder"):
        ColumnTable(small_folder)


def test_header_of_another_schema_is_noticed(small_folder: Path) -> None:
    edit_header(small_folder, schema_version=99)
    with pytest.raises(TableError):
        ColumnTable(small_folder)


# --- writing -----------------------------------------------------------------------------------


def test_nothing_is_left_beside_the_folder(small_folder: Path) -> None:
    assert list(small_folder.parent.iterdir()) == [small_folder]


def test_second_writer_leaves_the_first_ones_folder(
    small_folder: Path, write_small: Callable[..., None]
) -> None:
    before = (small_folder / "table.json").stat().st_ino
    write_small(small_folder)
    assert (small_folder / "table.json").stat().st_ino == before
    assert list(small_folder.parent.iterdir()) == [small_folder]


def test_full_disk_leaves_nothing(
    tmp_path: Path, write_small: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_small(tmp_path / "tables" / "small")
    assert list((tmp_path / "tables").iterdir()) == []


def test_something_else_in_the_place_is_named(
    tmp_path: Path, write_small: Callable[..., None]
) -> None:
    (tmp_path / "small").write_text("not a folder")
    with pytest.raises(TableError, match="could not be written"):
        write_small(tmp_path / "small")
