"""Reports quote what is known of their size of network: cells trained alone beside a table."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import kendalltau

from nasbench_harness.reports.analysis.calibration import (
    agreement,
    calibrations,
    sentence,
    sentences,
    tau_words,
)
from nasbench_harness.reports.analysis.searchcost import note
from nasbench_harness.reports.statistics.correlation import kendall_interval
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.studies import Study
from nasbench_harness.training.calibration import (
    Agreement,
    Calibrated,
    Calibration,
    write_calibration,
)

TRAINED = [61.0, 40.0, 55.0, 30.0, 71.0, 66.0, 20.0, 65.0, 50.0, 45.0]
TABLE = [91.0, 85.0, 90.0, 80.0, 94.0, 93.0, 70.0, 92.0, 88.0, 89.0]


@pytest.fixture
def data(searched: Study, tmp_path: Path) -> StudyData:
    """The study of supernets, with nothing beside it."""
    return load_study(shutil.copytree(searched.folder, tmp_path / "runs" / "study"))


def calibration(data: StudyData, **changes: Any) -> Calibration:
    """One at the study's size."""
    spec = data.study.specs[0]
    cells = [
        Calibrated(architecture=str(i), label=str(i), accuracies={0: a}, accuracy=a, table=t)
        for i, (a, t) in enumerate(zip(TRAINED, TABLE, strict=True))
    ]
    made = Calibration(
        space="nb201", space_version="1", table=spec.table, table_hash=spec.table_hash,
        metric="cifar10_baseline_accuracy", images="digits", image_digest=spec.image_digest,
        limit=120, width=2, cells=1, epochs=20, trained_on="120 training images",
        evaluated_on="359 test images", settings={}, sample_seed=0, seeds=[0],
        architectures=cells, agreement=agreement(TRAINED, TABLE),
    )  # fmt: skip
    return made.model_copy(update=changes)


def beside(data: StudyData, made: Calibration, name: str = "calibrate") -> None:
    write_calibration(data.study.folder.parent / name, made)


# --- what is worked out ------------------------------------------------------------------------


def test_agreement_is_kendalls_with_its_interval() -> None:
    found = agreement(TRAINED, TABLE)
    assert found.tau == pytest.approx(kendalltau(TRAINED, TABLE).statistic)
    assert (found.low, found.high) == kendall_interval(TRAINED, TABLE)


def test_few_architectures_have_no_interval_and_equal_ones_no_tau() -> None:
    assert agreement(TRAINED[:9], TABLE[:9]).low is None
    assert agreement(TRAINED[:9], TABLE[:9]).tau is not None
    assert agreement([10.0] * 10, TABLE) == Agreement()


# --- what is said ------------------------------------------------------------------------------


def test_a_sentence_has_size_of_sample_length_and_interval(data: StudyData) -> None:
    made = calibration(data, agreement=Agreement(tau=0.81, low=0.5, high=0.94))
    assert plain(sentence(made)) == (
        "10 random architectures trained alone at this size (20 epochs on 120 training images,"
        " 1 seed each), beside cifar10_baseline_accuracy of table analog: Kendall's tau 0.81"
        " (95 % CI 0.50 to 0.94)."
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Agreement(tau=0.2, low=-0.3, high=0.6), "which may be no agreement at all"),
        (Agreement(tau=0.2), "Kendall's tau 0.20 (no interval: too few differ)"),
        (Agreement(), "no Kendall's tau, since one of the two is the same for all"),
    ],
)
def test_what_is_not_shown_is_said(found: Agreement, said: str, data: StudyData) -> None:
    assert said in tau_words(calibration(data, agreement=found))


# --- which are quoted --------------------------------------------------------------------------


def test_a_calibration_beside_the_study_stands_with_its_searches(data: StudyData) -> None:
    before = note(data)
    assert "trained alone at this size" not in before
    beside(data, made := calibration(data))
    assert note(data) == f"{before} {sentence(made)}"


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 4}, {"cells": 2}, {"limit": 121}, {"limit": None}, {"image_digest": "0" * 64},
        {"space": "other"}, {"table_hash": "0" * 64}, {"agreement": Agreement()},
    ],
)  # fmt: skip
def test_of_another_size_or_other_images_nothing_is_said(
    changes: dict[str, Any], data: StudyData
) -> None:
    beside(data, calibration(data, **changes))
    assert sentences(data) == []


def test_methods_of_different_sizes_have_no_size(data: StudyData) -> None:
    beside(data, calibration(data))
    specs = [
        replace(spec, network={**spec.network, "width": 3}) if spec.method == "darts" else spec
        for spec in data.study.specs
    ]
    assert calibrations(replace(data, study=replace(data.study, specs=specs))) == []


def test_every_calibration_is_quoted_and_what_cannot_be_read_is_passed_over(
    data: StudyData,
) -> None:
    beside(data, calibration(data, epochs=30), "b")
    beside(data, calibration(data), "a")
    (data.study.folder.parent / "c").mkdir()
    (data.study.folder.parent / "c" / "calibration.json").write_text("{")
    assert [one.epochs for one in calibrations(data)] == [20, 30]
