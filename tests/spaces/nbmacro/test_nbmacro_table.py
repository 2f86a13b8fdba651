"""The table of NAS-Bench-Macro: its facts, and that it is the benchmark's own file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.problems.landscape.runs import run_metrics
from nasbench_harness.spaces.nbmacro import NBMacro, tables
from nasbench_harness.spaces.nbmacro.tables import make
from nasbench_harness.tables.columns import ColumnTable, TableError
from nasbench_harness.tables.differences import OF_RETRAINING, smallest_difference_of
from nasbench_harness.testing import check_data, check_table

SPACE = NBMacro()


@pytest.fixture(scope="module")
def table() -> ColumnTable:
    return tables.open_nbmacro()


@pytest.fixture(scope="module")
def original(reference_data: Path) -> Path:
    path = reference_data / "more" / "upstream" / "nas-bench-macro_cifar10.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


def landscape(table: ColumnTable, steps: int = 1) -> Landscape:
    return Landscape(
        SPACE, table, metric=tables.MEAN, dataset="cifar10", steps=steps, epochs=1
    )  # fmt: skip


def test_the_table_keeps_its_contract(table: ColumnTable) -> None:
    check_table(table, SPACE)
    check_data(registry.open_data("nbmacro"))
    assert registry.open_table("nbmacro").content_hash == table.content_hash
    assert all(holds for _, holds in registry.open_data("nbmacro").verify())


# --- facts -------------------------------------------------------------------------------------


def test_known_values(table: ColumnTable) -> None:
    accuracy = table.column(tables.MEAN)
    assert round(accuracy.max(), 4) == 93.1267
    assert [str(a) for a in SPACE.enumerate() if table.value(tables.MEAN, a) == accuracy.max()] == [
        "22212202", "22212220",
    ]  # fmt: skip
    assert round(accuracy.min(), 4) == 45.3633
    assert str(SPACE.unrank(int(accuracy.argmin()))) == "00000000"
    assert round(accuracy.mean(), 4) == 90.2466
    assert round(np.median(accuracy), 2) == 90.99


def test_the_mean_and_its_spread_are_of_the_single_trainings(table: ColumnTable) -> None:
    runs = np.stack([table.column(tables.seed_column(seed)) for seed in range(3)], axis=1)
    assert np.array_equal(runs.mean(axis=1), table.column(tables.MEAN))
    assert np.array_equal(runs.std(axis=1), table.column(tables.STD))
    assert round(runs.std(axis=1).mean(), 3) == 0.151


def test_single_change_local_optima(table: ColumnTable) -> None:
    tensor = table.tensor(tables.MEAN)
    best = np.ones(tensor.shape, dtype=bool)
    for layer in range(tensor.ndim):
        best &= tensor >= tensor.max(axis=layer, keepdims=True)
    assert int(best.sum()) == 15


def test_gradient_at_the_uniform_start(table: ColumnTable) -> None:
    """Percent per unit of probability, through the softmax."""
    alpha = torch.zeros(8, 3, dtype=torch.float64, requires_grad=True)
    loss = landscape(table).losses(alpha.softmax(-1), "valid").sum()
    (gradient,) = torch.autograd.grad(-100 * loss, alpha)
    expected = torch.tensor([-0.544018, 0.191704, 0.352314], dtype=torch.float64)
    assert torch.allclose(gradient[0], expected, atol=1e-6)


def test_exact_ascent_ends_third(table: ColumnTable) -> None:
    """Adam 0.05 (0.5, 0.999) from alpha = 0 for 2,000 steps."""
    problem = landscape(table, steps=2000)
    settings = DARTSSettings(learning_rate=0.05, weight_decay=0.0, init_scale=0.0)
    searcher = DARTS(problem, settings, seed=0)
    for _ in range(2000):
        problem.advance()
        searcher.step()
    arch = searcher.architecture()
    assert str(arch) == "22222221"
    assert round(table.value(tables.MEAN, arch), 4) == 93.1067
    assert table.standing(tables.MEAN, table.value(tables.MEAN, arch))[1] == 2


def test_search_and_report_share_one_number(table: ColumnTable) -> None:
    assert table.search_metric("cifar10") == table.report_metric("cifar10") == tables.MEAN
    assert table.search_metric("cifar10", queries=True) == tables.MEAN
    assert "search and report share one number" in table.caveat


def test_single_trainings_are_known_as_such(table: ColumnTable) -> None:
    assert run_metrics(table, tables.MEAN) == [tables.seed_column(seed) for seed in range(3)]
    accuracy = table.column(tables.MEAN)
    good = np.argsort(-accuracy, kind="stable")[:66]  # the best hundredth, rounded up
    runs = np.stack([table.column(tables.seed_column(seed)) for seed in range(3)], axis=1)[good]
    found = smallest_difference_of(table, tables.MEAN)
    assert found is not None
    assert found[1] == OF_RETRAINING
    assert found[0] == pytest.approx(np.sqrt(runs.var(axis=1, ddof=1).mean()))


def test_strings_of_one_network_have_one_set_of_trainings(table: ColumnTable) -> None:
    """All 6,561 rows are there, and no two networks share theirs."""
    columns = [table.column(tables.seed_column(seed)) for seed in range(3)]
    numbers = list(zip(*columns, strict=True))
    networks = [SPACE.describe(arch)["trained_as"] for arch in SPACE.enumerate()]
    assert len(set(numbers)) == len(set(networks)) == len(set(zip(networks, numbers, strict=True)))
    assert len(set(networks)) == 3969


# --- the file ----------------------------------------------------------------------------------


def test_the_file_is_made_of_the_original(original: Path, table: ColumnTable) -> None:
    columns = make.columns_of(make.read_original(original))
    assert set(columns) == set(table.metrics)
    for name, numbers in columns.items():
        assert np.array_equal(table.column(name), numbers)


def test_making_the_file_twice_gives_the_same(original: Path, tmp_path: Path) -> None:
    first, second = make.make(original, tmp_path / "one"), make.make(original, tmp_path / "two")
    assert first == second


def test_another_original_is_refused(original: Path, tmp_path: Path) -> None:
    changed = gzip.decompress(original.read_bytes()).replace(b"93.27", b"93.37", 1)
    path = tmp_path / "changed.json"
    path.write_bytes(changed)
    with pytest.raises(TableError, match="SHA-256 expected 686dee8363cc"):
        make.read_original(path)


def test_terms_and_origin_are_shipped_and_small() -> None:
    folder = Path(tables.__file__).parent
    assert (folder / tables.FILE).stat().st_size < 60_000
    licence = (folder / "LICENSE-Apache-2.0").read_text(encoding="utf-8")
    assert licence.startswith("Copyright 2021 Xiu Su")
    assert "END OF TERMS AND CONDITIONS" in licence
    told = (folder / "PROVENANCE.md").read_text(encoding="utf-8")
    assert all(fact in told for fact in (tables.COMMIT, tables.ORIGINAL, tables.ORIGINAL_SHA256))
