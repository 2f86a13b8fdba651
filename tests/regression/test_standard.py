"""A study that is only planned, held against a baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.regression.baseline import Baseline
from nasbench_harness.reports.regression.identity import config_of, dataset_of
from nasbench_harness.reports.regression.series import Key, Measured, Series
from nasbench_harness.reports.regression.standard import Standard
from nasbench_harness.store.studies import Study, planned_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

METRIC = "cifar10_baseline_accuracy"


def planned(folder: Path, methods: str = "drnas,rea", **given: Any) -> Study:
    basics = {"methods": methods, "seeds": "2", "steps": 3, "table": "analog", "random": False}
    config = build_config(None, {**basics, **given}, [])
    return planned_study(folder / "study", config.model_dump(mode="json"), plan(config))


def baseline_of(study: Study, *metrics: str, seeds: int = 2) -> Baseline:
    """What a baseline of such a study would hold, with made-up values."""
    first = {spec.label: spec for spec in study.specs}.values()
    series = [one(spec, metric, seeds) for spec in first for metric in (METRIC, *metrics)]
    return Baseline(Measured(tuple(series), {}))


def one(spec: TrialSpec, metric: str, seeds: int) -> Series:
    key = Key(spec.label, spec.space, spec.problem, dataset_of(spec), metric)
    values = {seed: 90.0 + seed for seed in range(seeds)}
    return Series(key, config_of(spec), spec.method_version, "", values)


def test_the_same_study_fits(tmp_path: Path) -> None:
    study = planned(tmp_path)
    further = ("queries", "peak_memory_mb", "cifar10_ptq_accuracy")
    Standard(baseline_of(study, *further)).check_plan([study])
    assert list(tmp_path.iterdir()) == []


def test_other_seeds_and_another_reported_metric_fit(tmp_path: Path) -> None:
    standard = Standard(baseline_of(planned(tmp_path), seeds=3))
    standard.check_plan([planned(tmp_path, seeds="7-9")])
    standard.check_plan([planned(tmp_path, report_metric="cifar10_ptq_accuracy")])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"steps": 4}, "another config of `drnas` and `rea`: `steps` was 3 and is 4"),
        ({"noise": 0.5}, "another config of `drnas` and `rea`: `noise` was 0.0 and is 0.5"),
        ({"methods": "drnas"}, "The baseline has `rea` .* which was not run"),
        ({"methods": "drnas[anchor=kl],rea"}, "The baseline has `drnas` .* which was not run"),
    ],
)
def test_another_study_does_not(tmp_path: Path, given: dict[str, Any], sentence: str) -> None:
    standard = Standard(baseline_of(planned(tmp_path)))
    with pytest.raises(HarnessError, match=sentence):
        standard.check_plan([planned(tmp_path, **given)])


def test_another_table_does_not(tmp_path: Path) -> None:
    study = planned(tmp_path)
    baseline = baseline_of(study)
    study.specs = [replace(spec, table_hash="f" * 64) for spec in study.specs]
    with pytest.raises(HarnessError, match="another table of `drnas` and `rea`: `table_hash` was"):
        Standard(baseline).check_plan([study])


def test_seeds_of_one_network_are_not_compared_with_seeds_alone(tmp_path: Path) -> None:
    alone, of_8, of_4 = (planned(tmp_path) for _ in range(3))
    for study, places in ((of_8, 8), (of_4, 4)):
        study.specs = [replace(spec, options={"cohort": places}) for spec in study.specs]
    Standard(baseline_of(of_8)).check_plan([of_8])
    with pytest.raises(
        HarnessError,
        match=r"searches of `drnas` and `rea` had a network of 8 seeds .* this run's have a network"
        r" a seed: .* only like is compared with like",
    ):
        Standard(baseline_of(of_8)).check_plan([alone])
    with pytest.raises(HarnessError, match=r"had a network a seed.* have a network of 4 seeds"):
        Standard(baseline_of(alone)).check_plan([of_4])


def test_a_metric_that_no_trial_records_does_not(tmp_path: Path) -> None:
    study = planned(tmp_path)
    with pytest.raises(HarnessError, match="by `cifar100_accuracy`, which this run has not"):
        Standard(baseline_of(study, "cifar100_accuracy")).check_plan([study])


def test_only_the_methods_that_are_asked_for_have_to_fit(tmp_path: Path) -> None:
    baseline = baseline_of(planned(tmp_path))
    Standard(baseline, methods=["drnas"]).check_plan([planned(tmp_path, "drnas")])


def test_what_stands_in_the_folder_counts(tmp_path: Path) -> None:
    """A study that grows is checked as a whole."""
    from nasbench_harness.store.studies import plan_study

    first = planned(tmp_path, "rea")
    first.folder.mkdir()
    plan_study(first.folder, first.config, first.specs)
    grown = planned(tmp_path, "drnas")
    assert {spec.method for spec in grown.specs} == {"drnas", "rea"}
    Standard(baseline_of(planned(tmp_path))).check_plan([grown])


@pytest.mark.parametrize("margins", [{"acuracy": 1.0}, {"accuracy": -1.0}, {"accuracy": True}])
@pytest.mark.parametrize("update", [False, True])
def test_margins_are_looked_at(tmp_path: Path, margins: dict[str, float], update: bool) -> None:
    study = planned(tmp_path)
    standard = Standard(None if update else baseline_of(study), margins=margins)
    with pytest.raises(HarnessError, match="margin"):
        standard.check_plan([study])


# --- seeds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kept", "seeds"), [(20, "100,101"), (2, "100-119"), (20, "19,100")])
def test_seeds_with_which_nothing_passes_are_refused(tmp_path: Path, kept: int, seeds: str) -> None:
    standard = Standard(baseline_of(planned(tmp_path), seeds=kept))
    with pytest.raises(HarnessError, match="below 3 on a side nothing passes"):
        standard.check_plan([planned(tmp_path, seeds=seeds)])


def test_the_baselines_own_seeds_may_be_few(tmp_path: Path) -> None:
    standard = Standard(baseline_of(planned(tmp_path), seeds=20))
    standard.check_plan([planned(tmp_path, seeds="3")])
    Standard(baseline_of(planned(tmp_path), seeds=1)).check_plan([planned(tmp_path, seeds="0-5")])


def test_seeds_with_which_nothing_can_be_a_regression_are_told(tmp_path: Path) -> None:
    """Eight paired seeds reach 2 ** -8, less than 0.005; not among the tests of two memories."""
    study = planned(tmp_path, seeds="0-7")
    assert Standard(baseline_of(study, seeds=8)).check_plan([study]) == []
    (told,) = Standard(baseline_of(study, "peak_memory_mb", seeds=8)).check_plan([study])
    assert told == (
        "With 8 common seeds no loss of `drnas` and `rea` can be called a regression, however"
        " large: among 3 tests that takes 10 seeds on both sides. A loss will be told as"
        " inconclusive, exit code 4."
    )
    fresh = planned(tmp_path, seeds="100-104")
    (told,) = Standard(baseline_of(study, seeds=5)).check_plan([fresh])
    assert "With 5 fresh seeds no loss" in told
    assert "among 2 tests that takes 6 seeds" in told


# --- what is to be written ---------------------------------------------------------------------


def test_a_new_baseline_keeps_the_accuracies_of_the_old_one(tmp_path: Path) -> None:
    study = planned(tmp_path)
    Standard(None, kept=["cifar10_ptq_accuracy", METRIC]).check_plan([study])
    with pytest.raises(HarnessError, match="no metric in these trials called `cifar100_accuracy`"):
        Standard(None, kept=["cifar100_accuracy"]).check_plan([study])
