"""Whatever is wrong with the file: one sentence, and the old table untouched."""

from __future__ import annotations

import bz2
import errno
import os
import pickle
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.curves import CurveWriter
from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.tables.columns import ColumnTable

SENTINEL = "an old table"


class Fault:
    """An import that must fail with one sentence, beside an old table."""

    def __init__(self, place: Path) -> None:
        self.target = place / "tables" / "official"
        self.target.mkdir(parents=True)
        (self.target / "old").write_text(SENTINEL)

    def __call__(self, path: Path, match: str, **options: Any) -> str:
        with pytest.raises(HarnessError, match=match) as caught:
            import_table(path, self.target, **{"allow_missing": True, **options})
        assert (self.target / "old").read_text() == SENTINEL
        assert [entry.name for entry in self.target.parent.iterdir()] == ["official"]
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert len(sentence) < 600
        return sentence


@pytest.fixture
def fault(tmp_path: Path) -> Fault:
    return Fault(tmp_path / "place")


@pytest.fixture
def folder(small_folder_of_cells: tuple[Path, range], tmp_path: Path) -> Path:
    """A NATS-Bench folder to spoil."""
    return shutil.copytree(small_folder_of_cells[0], tmp_path / "NATS-tss-v1_0-3ffb9-simple")


def write_cell(folder: Path, index: int, content: object) -> None:
    data = bz2.compress(pickle.dumps(content, 4))
    (folder / f"{index:06d}.pickle.pbz2").write_bytes(data)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/never",)


# --- what it is --------------------------------------------------------------------------------


def test_nothing_there(fault: Fault, tmp_path: Path) -> None:
    fault(tmp_path / "nothing", "There is no file or folder")


@pytest.mark.parametrize("content", [b"", b"hello, world", b"\x89PNG\r\n" + bytes(600)])
def test_not_a_benchmark_file(fault: Fault, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.pth").write_bytes(content)
    fault(tmp_path / "file.pth", "is no NAS-Bench-201 file")


def test_folder_of_something_else(fault: Fault, tmp_path: Path) -> None:
    fault(tmp_path, "is no NATS-Bench folder: it has no meta.pickle.pbz2")


def test_whole_benchmark_in_one_pickle(fault: Fault, tmp_path: Path) -> None:
    (tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2").write_bytes(bz2.compress(b"x"))
    fault(tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2", "one large pickle")


def test_other_space_of_the_same_benchmark(fault: Fault, folder: Path) -> None:
    meta = {"meta_archs": ["8:8:8:8:8", "8:8:8:8:16"]}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta)))
    fault(folder, "size search space .* topology")


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["a cell", "another"], "is of another benchmark"),
        ([1, 2], "is of another benchmark"),
        ([], "lists 0 different cells"),
    ],
)
def test_other_benchmark(fault: Fault, folder: Path, cells: list[Any], match: str) -> None:
    meta = {"meta_archs": cells}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta)))
    fault(folder, match)


def test_list_of_cells_with_a_repeated_one(fault: Fault, folder: Path, archs: list[str]) -> None:
    meta = {"meta_archs": [archs[1], *archs[1:]]}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta)))
    fault(folder, "lists 15624 different cells")


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"state_dict": {}},
        "text",
        {"meta_archs": 3, "arch2infos": {}, "evaluated_indexes": []},
        {"meta_archs": [], "arch2infos": [], "evaluated_indexes": []},
        {"meta_archs": [], "arch2infos": {"a": 1, 2: 3}, "evaluated_indexes": []},
    ],
)
def test_pth_of_something_else(fault: Fault, tmp_path: Path, content: object) -> None:
    import torch

    torch.save(content, tmp_path / "other.pth")
    fault(tmp_path / "other.pth", "is no NAS-Bench-201 file")


# --- truncated and damaged ---------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
@pytest.mark.parametrize("newer", [False, True])
def test_truncated_pth(
    fault: Fault, tmp_path: Path, archs: list[str], share: float, newer: bool
) -> None:
    import torch

    content = {"meta_archs": archs, "arch2infos": {}, "evaluated_indexes": set()}
    path = tmp_path / "cut.pth"
    torch.save(content, path, _use_new_zipfile_serialization=newer)
    os.truncate(path, int(share * path.stat().st_size))
    fault(path, "truncated, damaged|no NAS-Bench-201 file")


@pytest.mark.parametrize("cut", [0, 100, -1])
def test_truncated_cell(fault: Fault, folder: Path, cut: int) -> None:
    path = folder / "004691.pickle.pbz2"
    path.write_bytes(path.read_bytes()[:cut])
    fault(folder, "Cell 4691 in .* the file is truncated. Download it again")


def test_damaged_cell_in_a_helper(fault: Fault, folder: Path) -> None:
    (folder / "004691.pickle.pbz2").write_bytes(b"no bz2 file")
    fault(folder, "Cell 4691 in .* is damaged or no bz2 file", jobs=2)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_truncated_tar(
    fault: Fault, folder: Path, make_tar: Callable[[Path], Path], share: float
) -> None:
    tar = make_tar(folder)
    os.truncate(tar, int(share * tar.stat().st_size))
    fault(tar, "truncated tar|has no file meta")


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"12": {}},
        {"01": {}, "12": {}, "90": {}},
        {"12": {"all_results": {("cifar10", 1): 3}}, "200": {}},
        {"12": {"dataset_seed": 3}, "200": {}},
        {"12": {"arch_str": "x", "get_compute_costs": 1, "dataset_seed": {"cifar10": [1]}},
         "200": {"arch_str": "x"}},
    ],
)  # fmt: skip
def test_cell_of_another_structure(fault: Fault, folder: Path, content: object) -> None:
    write_cell(folder, 4691, content)
    fault(folder, "Cell 4691 in .* cannot be used")


def test_exchanged_cells(fault: Fault, folder: Path) -> None:
    shutil.copyfile(folder / "000000.pickle.pbz2", folder / "004691.pickle.pbz2")
    fault(folder, "Cell 4691 in .* was expected")


def test_cell_beyond_the_last(fault: Fault, folder: Path) -> None:
    shutil.copyfile(folder / "000000.pickle.pbz2", folder / "099999.pickle.pbz2")
    fault(folder, "has results of a cell 99999")


def test_schedules_exchanged(fault: Fault, folder: Path, builder: Callable[..., Any]) -> None:
    write_cell(folder, 4691, builder("nats_bench").cell(4691, ("200", "12")))
    fault(folder, "Cell 4691 in .* its 200-epoch results on cifar10-valid have 12 epochs")


def test_bomb(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nasbench_harness.spaces.nb201.tables.nats._LIMIT", 1000)
    fault(folder, "is truncated or too large|truncated")


# --- foreign classes ---------------------------------------------------------------------------


def test_foreign_class_in_a_cell(fault: Fault, folder: Path) -> None:
    write_cell(folder, 4691, {"12": Evil(), "200": {}})
    fault(folder, "Cell 4691 in .* asks for `(posix|nt).system`")
    assert not Path("/tmp/never").exists()


def test_foreign_class_in_the_list_of_cells(fault: Fault, folder: Path) -> None:
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(Evil())))
    fault(folder, "meta.pickle.pbz2 .* asks for `(posix|nt).system`")


@pytest.mark.parametrize("newer", [False, True])
def test_foreign_class_in_a_pth(fault: Fault, tmp_path: Path, newer: bool) -> None:
    import torch

    path = tmp_path / "evil.pth"
    torch.save({"meta_archs": Evil()}, path, _use_new_zipfile_serialization=newer)
    fault(path, "asks for `(posix|nt).system`")
    assert not Path("/tmp/never").exists()


# --- missing cells, disk -----------------------------------------------------------------------


def test_missing_cells(fault: Fault, folder: Path) -> None:
    sentence = fault(folder, "lacks 15,621 of the 15,625 cells", allow_missing=False)
    assert "(index 1, 2, 3, ...)" in sentence


def test_missing_cells_of_a_pth(fault: Fault, small_pth: tuple[Path, dict[str, Any]]) -> None:
    fault(small_pth[0], "lacks 15,621 of the 15,625 cells", allow_missing=False)


def test_no_room(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    fault(folder, "takes up to 1.2 GB .* 0.0 GB left", allow_missing=False)


def test_disk_full_half_way(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: CurveWriter, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(CurveWriter, "add", full)
    fault(folder, "The import failed on .* .No space left on device")


def test_failure_of_the_last_step_restores_the_old_table(
    fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    fault(folder, "Permission denied", curves=False)


def test_interruption_leaves_nothing(fault: Fault, folder: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_table(folder, fault.target, allow_missing=True, progress=stop)
    assert [entry.name for entry in fault.target.parent.iterdir()] == ["official"]
    assert (fault.target / "old").read_text() == SENTINEL


def test_success_replaces_the_old_table(fault: Fault, folder: Path) -> None:
    import_table(folder, fault.target, allow_missing=True, curves=False)
    assert ColumnTable(fault.target).name == "official"
    assert not (fault.target / "old").exists()
    assert [entry.name for entry in fault.target.parent.iterdir()] == ["official"]


def test_tar_of_something_else(fault: Fault, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(__file__, "x.py")
    fault(tmp_path / "x.tar", "has no file meta.pickle.pbz2")
