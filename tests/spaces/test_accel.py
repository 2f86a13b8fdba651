"""Accel-NASBench: pulled, fitted the same way every time, and what it knows of the real data."""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from nasbench_harness import registry
from nasbench_harness.contracts import Fitted
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.problems.surrogate.objective import Surrogate
from nasbench_harness.spaces.mnasnet.space import MnasNet
from nasbench_harness.spaces.mnasnet.tables import TOP1, accel_file, archive, open_accel, source
from nasbench_harness.spaces.mnasnet.tables.files import AccelFiles
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.differences import smallest_difference_of
from nasbench_harness.tables.fitted import FittedTable
from nasbench_harness.tables.pinned import PinnedFileError
from nasbench_harness.testing import check_data, check_table

from .accel_made_up import made_up_archive

SPACE = MnasNet()


@pytest.fixture
def made_up(made_up_accel: Path, monkeypatch: pytest.MonkeyPatch) -> FittedTable:
    """The benchmark of made-up measurements."""
    monkeypatch.setenv("NASHARNESS_DATA", str(made_up_accel))
    return open_accel()


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with nothing in it."""
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# --- of made-up measurements ---------------------------------------------------------------------


def test_it_keeps_the_contract_of_a_fitted_benchmark(made_up: FittedTable) -> None:
    assert isinstance(made_up, Fitted)
    check_table(made_up, SPACE)


def test_main_effects_are_found_in_the_noise(made_up: FittedTable) -> None:
    off = made_up.held_out(TOP1)
    assert off.architectures == 150  # of 1,499; one was measured twice
    assert off.spearman > 0.97
    assert off.noise is not None
    assert 0 < off.noise < 0.5
    assert made_up.held_out("predicted_latency_ms_zcu102").noise is None


def test_nothing_is_predicted_to_be_better_than_the_highest(made_up: FittedTable) -> None:
    best = SPACE.parse(made_up.highest(TOP1))
    value = made_up.value(TOP1, best)
    assert all(made_up.value(TOP1, other) <= value for other in SPACE.neighbours(best))
    assert f"The highest of all predictions is {value:.2f} %" in made_up.caveat


def test_counts_are_exact_and_what_was_not_measured_is_missing(made_up: FittedTable) -> None:
    arch = SPACE.architecture([0] * 28)
    assert made_up.value("params", arch) == sum(1000 * (place + 1) ** 2 for place in range(28))
    assert math.isnan(made_up.value("measured_top1", arch))
    assert set(made_up.lookup(arch)) == {name for name in made_up.metrics if "measured" not in name}
    assert {cost.name for cost in made_up.costs} == {
        "params", "flops", "latency:zcu102", "latency:vck190",
    }  # fmt: skip


def test_the_smallest_difference_of_interest_is_the_error(made_up: FittedTable) -> None:
    points, why = smallest_difference_of(made_up, TOP1) or (0.0, "")
    assert points == made_up.held_out(TOP1).mae
    assert "held out" in why


def test_only_predictions_may_be_searched_or_judged_by(made_up: FittedTable) -> None:
    used = [name for name, m in made_up.metrics.items() if m.search or m.report]
    assert used == [TOP1]
    with pytest.raises(HarnessError, match="`measured_top1` of `accel` is not predicted"):
        made_up.polynomial("measured_top1")
    with pytest.raises(UnknownNameError, match="data set of table `accel` called `imagnet`"):
        made_up.search_metric("imagnet")
    with pytest.raises(HarnessError, match="knows architectures of `mnasnet`, not"):
        made_up.value(TOP1, replace(SPACE.architecture([0] * 28), space="nb201"))


def test_changed_numbers_are_found(made_up: FittedTable, tmp_path: Path) -> None:
    changed = tmp_path / "accel.json"
    changed.write_text(made_up.file.read_text().replace('"constant": 6', '"constant": 7', 1))
    assert made_up.verify()
    assert not FittedTable(changed).verify()
    changed.write_text("{}")
    with pytest.raises(TableError, match="can be read"):
        FittedTable(changed)


# --- pulling -------------------------------------------------------------------------------------


def test_without_it_one_sentence_says_how_to_get_it(empty: Path) -> None:
    with pytest.raises(TableError, match="`nasharness data pull accel` downloads"):
        open_accel()
    assert not AccelFiles().is_installed()
    check_data(AccelFiles())


def pinned(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """As if this archive were the one that is published."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(source, "ARCHIVE", replace(source.ARCHIVE, sha256=sha256))


def pull(origin: Path) -> None:
    AccelFiles().pull(origin=origin, mirror=None, progress=lambda done, total: None)


def test_it_is_pulled_from_a_folder_the_same_every_time(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up_archive(tmp_path / source.ARCHIVE.file)
    pinned(monkeypatch, tmp_path / source.ARCHIVE.file)
    pull(tmp_path)
    first = accel_file().read_bytes()
    pull(tmp_path)
    assert accel_file().read_bytes() == first
    assert open_accel().verify()


def test_a_changed_archive_is_refused_and_what_is_there_stays(
    made_up_accel: Path, empty: Path, tmp_path: Path
) -> None:
    shutil.copytree(made_up_accel, empty)
    before = accel_file().read_bytes()
    made_up_archive(tmp_path / source.ARCHIVE.file)
    with pytest.raises(PinnedFileError, match=r"is not the file of afzalxo/Accel-NASBench at 4260"):
        pull(tmp_path)
    with pytest.raises(PinnedFileError, match="cannot be read"):
        pull(tmp_path / "nowhere")
    assert accel_file().read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"uneven": True}, "are no sums over its blocks"),
        ({"networks": 100}, "do not tell what a block costs"),
    ],
)
def test_measurements_that_are_not_what_they_should_be_are_refused(
    change: dict[str, int], said: str, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / source.ARCHIVE.file
    made_up_archive(file, **change)  # type: ignore[arg-type]
    pinned(monkeypatch, file)
    with pytest.raises(HarnessError, match=said):
        pull(tmp_path)
    assert not accel_file().exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"no archive")
    with pytest.raises(HarnessError, match="is no archive of Accel-NASBench that can be read"):
        archive.read_archive(tmp_path / "a.tar.gz")


# --- of the real measurements --------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with Accel-NASBench, pulled from the archive beside the project."""
    upstream = reference_data / "more" / "upstream"
    if not (upstream / source.ARCHIVE.file).is_file():
        pytest.skip(f"no archive of Accel-NASBench in {upstream}")
    folder = tmp_path_factory.mktemp("accel-data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(folder))
        pull(upstream)
    return folder


@pytest.fixture
def accel(installed: Path, monkeypatch: pytest.MonkeyPatch) -> FittedTable:
    monkeypatch.setenv("NASHARNESS_DATA", str(installed))
    return open_accel()


@pytest.fixture(scope="module")
def rows(reference_data: Path) -> list[dict[str, str]]:
    """The measurements as a table that was read independently."""
    file = reference_data / "more" / "accel_nasbench" / "accel_nasbench_5138.csv.gz"
    if not file.is_file():
        pytest.skip(f"no measurements in {file.parent}")
    with gzip.open(file, "rt") as text:
        return list(csv.DictReader(text))


def text_of(row: dict[str, str]) -> str:
    blocks = ([row[f"block{b}_{p}"] for p in ("e", "k", "l", "se")] for b in range(7))
    return "-".join(f"e{e}k{k}l{n}{'se' * int(se)}" for e, k, n, se in blocks)


def test_the_polynomial_is_as_good_as_it_was_found_to_be(accel: FittedTable) -> None:
    off = accel.held_out(TOP1)
    assert off.architectures == 512
    assert 0.981 < off.r2 < 0.984
    assert off.spearman == pytest.approx(0.990, abs=0.001)
    assert 0.33 < off.mae < 0.36
    assert off.noise == pytest.approx(0.20, abs=0.005)
    assert f"off by {off.mae:.2f} points" in accel.caveat


def test_it_has_931_terms_and_two_latencies(accel: FittedTable) -> None:
    counts = [len(decision.options) - 1 for decision in SPACE.decisions]
    terms = 1 + sum(counts) + (sum(counts) ** 2 - sum(c * c for c in counts)) // 2
    assert terms == 931
    assert accel.held_out("predicted_latency_ms_zcu102").r2 == pytest.approx(0.983, abs=0.004)
    assert accel.held_out("predicted_latency_ms_vck190").r2 == pytest.approx(0.991, abs=0.003)
    facts = AccelFiles()
    check_data(facts)


def test_measurements_and_counts_are_those_of_the_archive(
    accel: FittedTable, rows: list[dict[str, str]]
) -> None:
    """Parameters and multiply-adds of all 5,138, to the last digit that is told."""
    texts = [text_of(row) for row in rows]
    assert (len(texts), len(set(texts))) == (5138, 5125)
    for row in rows:
        arch = SPACE.parse(text_of(row))
        params, flops = (accel.value(name, arch) / 1e6 for name in ("params", "flops"))
        assert params == pytest.approx(float(row["params_m"]), abs=5e-6)
        assert flops == pytest.approx(float(row["madds_m"]), abs=5.1e-4)
    for row in (row for row in rows[-5:] if texts.count(text_of(row)) == 1):
        measured = accel.value("measured_top1", SPACE.parse(text_of(row)))
        assert measured == pytest.approx(float(row["val_top1"]), abs=1e-3)
    twice = [float(row["val_top1"]) for row in rows if text_of(row) == texts[1]]
    assert len(twice) == 2
    assert accel.value("measured_top1", SPACE.parse(texts[1])) == pytest.approx(
        sum(twice) / 2, abs=1e-3
    )


def test_predictions_rank_the_measurements(accel: FittedTable, rows: list[dict[str, str]]) -> None:
    archs = [SPACE.parse(text_of(row)) for row in rows[::25]]
    predicted = [accel.value(TOP1, arch) for arch in archs]
    assert spearmanr(predicted, [accel.value("measured_top1", a) for a in archs])[0] > 0.98


def test_uniform_draws_are_worth_the_constant_on_average(accel: FittedTable) -> None:
    problem = Surrogate(SPACE, accel, metric=TOP1, dataset="imagenet", steps=1, epochs=1)
    uniform = SPACE.mask.double()
    uniform /= uniform.sum(dim=-1, keepdim=True)
    assert problem.score(uniform) == pytest.approx(accel.polynomial(TOP1).constant, abs=1e-4)
    generator = torch.Generator().manual_seed(0)
    drawn = [problem.query(SPACE.sample(generator)) for _ in range(2000)]
    error = np.std(drawn) / math.sqrt(len(drawn))
    assert abs(np.mean(drawn) - problem.score(uniform)) < 4 * error


def test_the_default_table_of_the_space_is_the_only_one() -> None:
    assert registry.open_space("mnasnet").tables == ("accel",)
