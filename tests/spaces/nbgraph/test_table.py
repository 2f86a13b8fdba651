"""The table of NAS-Bench-Graph: its numbers, its landscape, faults of its files."""

from __future__ import annotations

import math
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.spaces.nbgraph import NBGraph, structure, tables
from nasbench_harness.spaces.nbgraph.tables import upstream
from nasbench_harness.spaces.nbgraph.tables.convert import CONTENT_SHA256, read_bench
from nasbench_harness.spaces.nbgraph.tables.files import NBGraphFiles
from nasbench_harness.spaces.nbgraph.tables.schema import DATASETS
from nasbench_harness.study.costs import cost_of
from nasbench_harness.tables.columns import ColumnTable
from nasbench_harness.tables.pickles import ForbiddenClassError
from nasbench_harness.testing import check_data, check_table

SPACE = NBGraph()
SKIPS = "0012/skip/skip/skip/skip"


def test_keeps_the_contract(graphs: ColumnTable) -> None:
    check_table(graphs, SPACE, samples=5)


def test_has_the_pinned_numbers(graphs: ColumnTable) -> None:
    assert graphs.content_hash == CONTENT_SHA256


def test_numbers_are_those_of_the_reference(
    graphs: ColumnTable, reference: dict[str, NDArray[np.str_]]
) -> None:
    ranks = [SPACE.rank(SPACE.parse(f"{int(key):05d}")) for key in reference["hash"]]
    for dataset in DATASETS:
        for name in ("valid", "test", "latency_ms", "params"):
            ours = graphs.column(f"{dataset}_{name}")[ranks]
            theirs = reference[f"{dataset}_{name}"].astype(float)
            assert np.abs(ours - theirs).max() <= 5.001e-5, (dataset, name)  # four decimals there


def test_architectures_of_one_network_have_one_number(graphs: ColumnTable) -> None:
    numbers = {SPACE.parse(text) for text in ("0000/skip/gcn/gat/gat", "0111/skip/gat/gat/gcn")}
    assert len(numbers) == 2
    assert len({graphs.value("cora_test", arch) for arch in numbers}) == 1


def test_nothing_but_skips_alone_lacks_numbers(graphs: ColumnTable) -> None:
    missing = np.isnan(graphs.column("cora_valid"))
    untrained = [not structure.is_trained(arch.choices) for arch in SPACE.enumerate()]
    assert missing.tolist() == untrained


def test_ninety_fifth_percentiles_are_the_papers(graphs: ColumnTable) -> None:
    """Of the trained networks, each counted once: Cora, CiteSeer, PubMed, CS, ..., arXiv."""
    ranks = [
        SPACE.rank(SPACE.parse(f"{key:05d}")) for key in set(structure.canonical_keys()) - {None}
    ]
    found = [np.percentile(graphs.column(f"{dataset}_test")[ranks], 95) for dataset in DATASETS]
    top = {80.63, 69.07, 76.60, 90.01, 91.67, 91.57, 82.76, 71.69}
    assert {round(float(x), 2) for x in found} == top


@pytest.mark.parametrize(
    ("dataset", "digits", "rank"),
    [
        ("cora", "62160", 107),
        ("citeseer", "31010", 8),
        ("arxiv", "83533", 1),
        ("physics", "30111", 5),
    ],
)
def test_exact_ascent_ends_where_the_reference_does(
    graphs: ColumnTable, dataset: str, digits: str, rank: int
) -> None:
    """Adam .05 (.5, .999), 2,000 steps from equal weights; what is missing counts as the worst."""
    metric = f"{dataset}_valid"
    problem = Landscape(SPACE, graphs, metric=metric, dataset=dataset, steps=2000, epochs=100)
    alpha = torch.zeros(5, 9, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([alpha], lr=0.05, betas=(0.5, 0.999))
    for _ in range(2000):
        optimiser.zero_grad()
        problem.losses(alpha.softmax(dim=-1), "valid").sum().backward()
        optimiser.step()
    arch = SPACE.derive(alpha)
    assert arch == SPACE.parse(digits)
    assert graphs.standing(metric, graphs.value(metric, arch))[1] + 1 == rank


def test_a_landscape_counts_skips_alone_as_the_worst(graphs: ColumnTable) -> None:
    problem = Landscape(SPACE, graphs, metric="cora_valid", dataset="cora", steps=1, epochs=1)
    worst = float(np.nanmin(graphs.column("cora_valid")))
    assert problem.query(SPACE.parse(SKIPS)) == pytest.approx(worst, abs=1e-12)


def test_costs_are_those_of_the_data_set(graphs: ColumnTable) -> None:
    arch = SPACE.parse("00000")
    named = {cost.name: cost for cost in graphs.costs}
    found = {d: cost_of(named["params"], SPACE, graphs, arch, d) for d in ("cora", "arxiv")}
    assert found == {"cora": 1_736_711, "arxiv": 138_920}
    assert named["params"].shown(found["cora"]) == 1.736711
    assert cost_of(named["latency"], SPACE, graphs, arch, "cora") == pytest.approx(5.9222, abs=1e-4)


def test_a_data_set_without_the_cost_is_told(graphs: ColumnTable) -> None:
    latency = next(cost for cost in graphs.costs if cost.name == "latency")
    with pytest.raises(HarnessError, match="no `latency` of `cifar10` networks, only of cora"):
        cost_of(latency, SPACE, graphs, SPACE.parse("00000"), "cifar10")


# --- where the numbers come from ---------------------------------------------------------------


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither a package nor a table; folders of this test's own."""
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(upstream.importlib.util, "find_spec", lambda _: None)
    return tmp_path


def test_absent_it_says_how_it_gets_here(nowhere: Path) -> None:
    with pytest.raises(HarnessError, match="`nasharness data pull nasbench-graph`"):
        tables.open_nbgraph()
    check_data(NBGraphFiles())


def test_a_wheel_is_pulled(nowhere: Path, wheels: Path) -> None:
    NBGraphFiles().pull(origin=wheels, mirror=None, progress=lambda *_: None)
    assert tables.open_nbgraph().content_hash == CONTENT_SHA256
    check_data(NBGraphFiles())


def test_a_changed_wheel_is_refused(nowhere: Path, tmp_path: Path) -> None:
    (tmp_path / upstream.WHEEL.file).write_bytes(b"another wheel")
    with pytest.raises(HarnessError, match=r"not the file of nas-bench-graph at 1\.4\.0"):
        NBGraphFiles().pull(origin=tmp_path, mirror=None, progress=lambda *_: None)
    assert not NBGraphFiles().is_installed()


def test_a_changed_file_of_the_package_is_refused(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset in DATASETS:
        (nowhere / f"{dataset}.bench").write_bytes(b"other numbers")
    monkeypatch.setattr(tables, "package_file", lambda dataset: nowhere / f"{dataset}.bench")
    monkeypatch.setattr(upstream, "package_file", lambda dataset: nowhere / f"{dataset}.bench")
    with pytest.raises(HarnessError, match=r"cora\.bench is not the file of nas-bench-graph 1\.4"):
        tables.open_nbgraph()


def test_a_wheel_of_the_index_is_fetched_where_it_is_kept() -> None:
    assert upstream.WHEEL.address.startswith("https://files.pythonhosted.org/packages/c0/0d/")


def test_nothing_but_numbers_is_unpickled() -> None:
    with pytest.raises(ForbiddenClassError):
        read_bench(pickle.dumps(shutil.rmtree), "cora")


def test_a_file_that_lacks_networks_is_refused() -> None:
    with pytest.raises(HarnessError, match="has 1 networks where 26,206 were expected"):
        read_bench(pickle.dumps({0: {}}), "cora")


def test_the_best_of_a_table_with_missing_numbers_is_a_number(graphs: ColumnTable) -> None:
    assert not math.isnan(graphs.best("cora_test"))
