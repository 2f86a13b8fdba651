"""From the installed `data.anb` to the cached columns: found, checked, mapped, written once."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import analog
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.pickles import ForbiddenClassError

ACCURACIES = ("baseline", "ptq", "qat", "noisy", "analog")
DRIFTS = [
    f"{kind}_drift_{s}" for kind in ("baseline", "analog") for s in (60, 3600, 86400, 2592000)
]
# The package's own numbering, which it does not document.
THEIR_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
THEIR_EDGES = ("01", "02", "03", "12", "13", "23")
OUR_EDGES = ("01", "02", "12", "03", "13", "23")

CONVERT = """
import sys
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.analog import open_analog
table = open_analog()
assert table.value("cifar10_baseline_accuracy", NB201().unrank(0)) == 10.0
heavy = ("numpy", "pandas", "torch", "analognasbench", "pkg_resources")
assert not [name for name in heavy if name in sys.modules]
print(table.content_hash)
"""


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder in which nothing has been converted yet."""
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Path]:
    """Puts another `data.anb` before the installed one, in a package that fails to import."""

    def install(data: bytes) -> Path:
        package = tmp_path / "site" / "analognasbench"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise ImportError('needs pkg_resources')")
        (package / "data.anb").write_bytes(data)
        monkeypatch.syspath_prepend(package.parent)
        return package / "data.anb"

    return install


@pytest.fixture
def released() -> bytes:
    return analog.data_file().read_bytes()


def invented(monkeypatch: pytest.MonkeyPatch, **left_out: Any) -> bytes:
    """A pickle like the package's whose baseline accuracy spells the cell's key in base 5."""

    class Architecture:
        pass

    class DriftMeasurement:
        pass

    module = ModuleType("analognasbench.data")
    for cls in (Architecture, DriftMeasurement):
        cls.__module__, cls.__qualname__ = module.__name__, cls.__name__
        setattr(module, cls.__name__, cls)
    monkeypatch.setitem(sys.modules, "analognasbench", ModuleType("analognasbench"))
    monkeypatch.setitem(sys.modules, module.__name__, module)

    drift = DriftMeasurement()
    drift.__dict__.update(value=1.0, uncertainty=0.5)
    records = {}
    for number, key in enumerate(product(range(5), repeat=6)):
        records[key] = Architecture()
        records[key].__dict__.update({f"{name}_accuracy": 2.0 for name in ACCURACIES})
        records[key].__dict__.update(dict.fromkeys(DRIFTS, drift))
        records[key].__dict__["baseline_accuracy"] = float(number)
    for key in left_out.get("keys", ()):
        del records[key]
    return pickle.dumps(records)


# --- mapping -----------------------------------------------------------------------------------


def test_operations_and_edges_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = analog.read_columns(invented(monkeypatch))
    theirs = {key: float(number) for number, key in enumerate(product(range(5), repeat=6))}
    expected = []
    for arch in NB201().enumerate():
        operation = {
            edge: decision.options[choice]
            for edge, decision, choice in zip(OUR_EDGES, NB201.decisions, arch.choices, strict=True)
        }
        key = tuple(THEIR_OPERATIONS.index(operation[edge]) for edge in THEIR_EDGES)
        expected.append(theirs[key])
    assert columns["cifar10_baseline_accuracy"] == expected


def test_best_key_is_mapped_to_the_best_cell(released: bytes) -> None:
    column = analog.read_columns(released)["cifar10_baseline_accuracy"]
    space = NB201()
    # (2, 2, 0, 2, 3, 2): 3x3 on 01 and 02, skip on 03, 3x3 on 12, 1x1 on 13, 3x3 on 23.
    assert column[space.rank(space.architecture((3, 3, 3, 1, 2, 3)))] == 94.0664


def test_drift_becomes_mean_and_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = analog.read_columns(invented(monkeypatch))
    assert set(columns["cifar10_analog_drift_60"]) == {1.0}
    assert set(columns["cifar10_analog_drift_60_std"]) == {0.5}


def test_missing_cell_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = invented(monkeypatch, keys=[(0,) * 6])
    with pytest.raises(TableError, match="holds 15624 cells where 15625 were expected"):
        analog.read_columns(data)


def test_any_other_class_is_refused() -> None:
    with pytest.raises(ForbiddenClassError, match=r"analognasbench\.data\.Architecture"):
        analog.read_columns(pickle.dumps({(0,) * 6: Path("x")}))


# --- the installed file ------------------------------------------------------------------------


def test_file_is_found_without_importing_the_package(
    install: Callable[[bytes], Path], released: bytes
) -> None:
    path = install(released)
    assert analog.data_file() == path


def test_missing_package_is_a_sentence(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "analognasbench", None)
    with pytest.raises(TableError, match="`pip install analog-nasbench`"):
        analog.open_analog()


def test_package_without_its_data_is_a_sentence(
    empty_cache: Path, install: Callable[[bytes], Path]
) -> None:
    install(b"").unlink()
    with pytest.raises(TableError, match="`pip install analog-nasbench`"):
        analog.open_analog()


@pytest.mark.parametrize(
    "tamper", [lambda data: data[:-1], lambda data: data + b".", lambda _: b""]
)
def test_changed_file_is_refused(
    empty_cache: Path,
    install: Callable[[bytes], Path],
    released: bytes,
    tamper: Callable[[bytes], bytes],
) -> None:
    path = install(tamper(released))
    with pytest.raises(TableError, match=r"SHA-256 expected 85f3435b877a.*--force-reinstall") as e:
        analog.open_analog()
    assert str(path) in str(e.value)


def test_changed_file_is_never_unpickled(
    empty_cache: Path, install: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(b"not the file")
    monkeypatch.setattr(analog, "read_columns", lambda data: pytest.fail("unpickled"))
    with pytest.raises(TableError):
        analog.open_analog()


def test_refused_file_leaves_no_cache(empty_cache: Path, install: Callable[[bytes], Path]) -> None:
    install(b"not the file")
    with pytest.raises(TableError):
        analog.open_analog()
    assert not empty_cache.exists()


# --- the cache ---------------------------------------------------------------------------------


def test_environment_moves_the_cache(empty_cache: Path) -> None:
    assert library.cache_folder() == empty_cache


def test_cache_is_the_users_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NASHARNESS_CACHE")
    assert "nasbench-harness" in library.cache_folder().parts


def test_processes_that_convert_at_once_all_succeed(empty_cache: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", CONVERT], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    hashes = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert len(hashes) == 1
    assert len(list((empty_cache / "tables").iterdir())) == 1


def test_converted_table_opens_without_the_package(
    table: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "analognasbench", None)
    assert analog.open_analog().value("cifar10_baseline_accuracy", NB201().unrank(0)) == 10.0


def test_file_in_place_of_the_cache_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(TableError, match="set NASHARNESS_CACHE to a folder that can"):
        analog.open_analog()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_unwritable_cache_is_a_sentence(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("nasbench_harness.tables.columns.new_folder", refuse)
    columns = {metric.name: [0.0] for metric in analog.metrics()}
    monkeypatch.setattr(analog, "read_columns", lambda data: columns)
    with pytest.raises(TableError, match="NASHARNESS_CACHE"):
        analog.open_analog()
