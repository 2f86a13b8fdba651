"""Baselines of searches on images, by what a search tells of itself: no benchmark, no regret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasbench_harness.errors import ExitCode, UnknownNameError
from nasbench_harness.reports.regression.baseline import Baseline, read_baseline, write_baseline
from nasbench_harness.reports.regression.check import check_folders, check_results
from nasbench_harness.reports.regression.series import COSTS, Measured, read_results
from nasbench_harness.reports.regression.standard import Standard
from nasbench_harness.store.studies import open_study
from nasbench_harness.study.config import StudyConfig, build_config

from .mutants import run_methods

SIGNALS = ["oneshot_accuracy_mixture", "oneshot_accuracy"]


def config(table: str) -> StudyConfig:
    given = {
        "methods": "drnas", "search": "supernet", "space": "nb201", "table": table,
        "dataset": "digits", "recipe": "quick", "seeds": "0-2", "epochs": 1, "limit": 64,
        "batch_size": 16, "network": {"width": 2, "cells": 1}, "random": False,
    }  # fmt: skip
    return build_config(None, given, [])


@pytest.fixture(scope="module", params=["analog", "none"])
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tiny searches that looked their answers up, and three that did not."""
    folder = tmp_path_factory.mktemp("searched") / "study"
    run_methods(config(request.param), folder)
    return folder


def values(results: Measured, metric: str) -> dict[int, float]:
    (found,) = [one for one in results.series if one.key.metric == metric]
    return dict(found.values)


def test_a_signal_is_what_the_search_told_last(searched: Path) -> None:
    study = open_study(searched)
    found = read_results([searched], SIGNALS)
    for spec in study.specs:
        lines = (study.trial_folder(spec) / "history.jsonl").read_text().splitlines()
        mixture = json.loads(lines[-1])["oneshot_accuracy_mixture"]
        assert values(found, "oneshot_accuracy_mixture")[spec.seed] == mixture
        assert (
            values(found, "oneshot_accuracy")[spec.seed] == (study.result(spec)["oneshot_accuracy"])
        )
    assert not found.unfinished()


def test_nothing_else_of_the_history_is_an_accuracy(searched: Path) -> None:
    for metric in ("mean_train_loss", "discretisation_gap", "entropy"):
        (found, *_) = [
            s for s in read_results([searched], [metric]).series if s.key.metric == metric
        ]
        assert found.key.is_dynamic
    for metric in ("seconds", "step", "probabilities", "kendall_tau", "relax_gap"):
        with pytest.raises(UnknownNameError, match="metric in these trials"):
            read_results([searched], [metric])


def test_a_baseline_holds_signals_and_a_check_finds_their_loss(
    searched: Path, tmp_path: Path
) -> None:
    path = tmp_path / "b.json"
    margins = {"oneshot_accuracy_mixture": 5.0}
    write_baseline(path, Baseline(read_results([searched], SIGNALS), margins))
    baseline = read_baseline(path)
    assert Standard(baseline).check_plan([open_study(searched)])  # three seeds find nothing
    report = check_folders(baseline, [searched])
    assert report.exit_code == ExitCode.DONE
    metrics = {one.metric for one in report.findings} - {*COSTS}
    assert metrics >= {*SIGNALS}


def test_margins_of_signals_are_their_own(searched: Path) -> None:
    old = Baseline(read_results([searched], SIGNALS), {"oneshot_accuracy_mixture": 99.0})
    report = check_results(old, old.results)
    margins = {one.metric: one.effect.margin for one in report.findings if one.effect}
    assert margins["oneshot_accuracy_mixture"] == 99.0
    assert margins["oneshot_accuracy"] == 0.2


def test_a_dynamic_is_the_mean_of_what_the_search_told(searched: Path) -> None:
    study = open_study(searched)
    found = read_results([searched], ["entropy", "valid_loss"])
    for spec in study.specs:
        lines = (study.trial_folder(spec) / "history.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        for name in ("entropy", "valid_loss"):
            mean = sum(row[name] for row in rows) / len(rows)
            assert values(found, name)[spec.seed] == pytest.approx(mean, abs=1e-12)
    keys = {one.key.metric: one.key for one in found.series}
    assert keys["entropy"].is_dynamic
    assert not keys["entropy"].is_accuracy
    assert next(one for one in found.series if one.key.metric == "entropy").collapsed is None


def test_a_search_without_the_line_has_no_signal(searched: Path) -> None:
    study = open_study(searched)
    place = study.trial_folder(study.specs[0]) / "history.jsonl"
    before = place.read_text()
    place.write_text("")
    try:
        found = read_results([searched], SIGNALS)
        assert found.unfinished() == {
            "drnas, seed 0": "its result has no `oneshot_accuracy_mixture`"
        }
    finally:
        place.write_text(before)
