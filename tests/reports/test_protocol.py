"""What a report says about the metrics of searches and results, and about noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.reports.page.provenance import caveats, provenance
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.protocol import metric_facts, oracle, protocol, searched
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store.studies import Study
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.columns import ColumnTable

from .conftest import METRIC, made_up, make_study, searching_on
from .htmlpage import Page

FORBIDDEN = "cifar10_analog_accuracy"
"""A metric of the embedded table that is not for searching."""


def said(sentences: list[str]) -> str:
    return plain("\n".join(sentences))


def test_one_metric_for_searching_and_judging_is_said_once(finished: Study) -> None:
    data = load_study(finished.folder)
    sentences = protocol(data)
    assert len(sentences) == 1
    assert f"All methods searched on {METRIC} (" in said(sentences)
    assert "the very number the results are judged by" in said(sentences)
    assert not oracle(data)


def test_every_method_is_named_with_its_own_metric(tmp_path: Path) -> None:
    edit = searching_on(FORBIDDEN, "rea", "random")
    data = load_study(make_study(tmp_path / "s", run=False, edit=edit).folder)
    assert searched(data) == {METRIC: ["drnas"], FORBIDDEN: ["random", "rea"]}
    text = said(protocol(data))
    assert f"drnas searched on {METRIC} (" in text
    assert f"random and rea searched on {FORBIDDEN} (" in text
    assert f"All results are judged by {METRIC}." in text
    assert "what drnas knows and random search does not" in text
    lines = [plain(text) for label, text in metric_facts(data) if label == "Searched metric"]
    assert [line.partition(":")[0] for line in lines] == ["drnas", "random and rea"]
    assert "the same as the one searched by drnas" in plain(metric_facts(data)[-1][1])


def test_a_forbidden_metric_makes_an_oracle_study_said_before_all_else(
    tmp_path: Path, quick: None
) -> None:
    study = make_study(tmp_path / "s", "rea", seeds=1, edit=searching_on(FORBIDDEN, "rea"))
    page = write_report(study.folder)
    for text in (Page(page.read_text()).words, (page.parent / "report.md").read_text()):
        warning = text.index("This is an oracle study and no search result")
        assert warning < text.index("This is a landscape study")
        assert warning < text.index("In words")
    assert f"rea searched on {FORBIDDEN}. Such a metric is not for searching" in plain(
        oracle(load_study(study.folder))
    )


@pytest.mark.parametrize("allowed", [True, False])
def test_without_the_table_the_config_tells_an_oracle_study(tmp_path: Path, allowed: bool) -> None:
    study = make_study(tmp_path / "s", run=False, allow_test_search=allowed)
    path = study.folder / "study.json"
    path.write_text(path.read_text().replace(study.specs[0].table_hash, "0" * 64))
    data = load_study(study.folder)
    assert data.table is None
    assert bool(oracle(data)) is allowed
    assert METRIC in said(protocol(data))


def test_noise_drawn_from_the_benchmarks_runs_is_named(
    tmp_path: Path, data_of: Callable[[pd.DataFrame], StudyData]
) -> None:
    def noisy(specs: list[TrialSpec]) -> list[TrialSpec]:
        return [replace(spec, noise="seeds") for spec in specs]

    data = load_study(make_study(tmp_path / "s", run=False, edit=noisy).folder)
    assert "benchmark's own training runs" in dict(provenance(data))["Batch and noise"]
    trials = made_up({"rea": [0.1, 0.2, 0.3], "random": [0.5, 0.6, 0.7]})
    assert "training runs drawn at random" in said(
        judge(data_of(trials.assign(noise="seeds"))).warnings
    )
    assert "Gaussian noise of 0.5 points" in said(judge(data_of(trials.assign(noise=0.5))).warnings)


def test_official_studies_state_split_epochs_sets_and_seeds(
    official: ColumnTable, tmp_path: Path
) -> None:
    data = load_study(make_study(tmp_path / "s", run=False).folder)
    text = said(caveats(data))
    for metric_name in ("cifar10valid_val_200ep", "cifar10valid_val_12ep", "cifar10_test_200ep"):
        metric = official.metrics[metric_name]
        for fact in (
            metric_name, f"{metric.split} split, {metric.epochs} epochs",
            f"trained on {metric.trained_on}", f"evaluated on {metric.evaluated_on}",
            f"benchmark seeds: {metric.seeds}",
        ):  # fmt: skip
            assert fact in text
    assert "drnas searched on cifar10valid_val_200ep" in text
    assert "random and rea searched on cifar10valid_val_12ep" in text
    assert "Results are judged by cifar10_test_200ep" in text
    assert not oracle(data)


def test_searching_on_the_official_test_column_is_an_oracle_study(
    official: ColumnTable, tmp_path: Path
) -> None:
    given = {"search_metric": "test@200", "allow_test_search": True}
    data = load_study(make_study(tmp_path / "s", run=False, **given).folder)
    assert "drnas, random and rea searched on cifar10_test_200ep. Such a" in plain(oracle(data))
    assert "the very number the results are judged by" in said(protocol(data))
