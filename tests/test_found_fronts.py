"""The fronts of all that trials asked for: kept in results, gathered, and measured by reports."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness import load_results
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.tables.fronts import front_rows, front_table
from nasbench_harness.store.studies import Study

from .held_studies import make

METRIC, STEPS, SEEDS = "cifar10_baseline_accuracy", 30, 3


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """Two methods that keep what they ask for, and one that holds no cost."""
    folder = tmp_path_factory.mktemp("fronts") / "study"
    return make(
        folder, "random,rea,drnas", seeds=str(SEEDS), steps=STEPS, cost="params", target=0.5
    )  # fmt: skip


@pytest.fixture(scope="module")
def costs(space: Any) -> Any:
    return np.array([space.cost(arch, "params") for arch in space.enumerate()]) / 1e6


def test_results_and_tables_have_them(study: Study) -> None:
    trials = load_results(study.folder).trials.set_index("trial")
    for spec in study.specs:
        path = study.trials_folder / spec.trial_id / "result.json"
        recorded = json.loads(path.read_text()).get("front")
        assert (recorded is None) == (spec.method == "drnas")
        if recorded:
            assert list(trials.loc[spec.trial_id, "front"]) == recorded


def test_more_accurate_ones_cost_more(study: Study, space: Any, table: Any, costs: Any) -> None:
    for front in load_study(study.folder).done["front"].dropna():
        ranks = [space.rank(space.parse(text)) for text in front]
        assert len(ranks) > 1
        for better, worse in pairwise(ranks):
            assert table.column(METRIC)[better] > table.column(METRIC)[worse]
            assert costs[better] > costs[worse]


def test_a_report_measures_all_that_was_asked_for(
    study: Study, table: Any, space: Any, costs: Any
) -> None:
    """By counting the area from the list of all cells, without the sweep of the report."""
    data = load_study(study.folder)
    accuracy = table.column(METRIC)

    def area(ranks: Any) -> float:
        steps = np.append(np.unique(costs[ranks]), costs.max())
        highest = [accuracy[ranks][costs[ranks] <= cost].max() for cost in steps[:-1]]
        return float((np.diff(steps) * (np.array(highest) - accuracy.min())).sum())

    rows = front_rows(data).set_index("method")
    assert len(rows) == 3
    for label, row in rows.iterrows():
        if str(label) == "drnas":
            assert np.isnan(row["queries_mean"])
            continue
        kept = data.done.loc[data.done["method"] == label, "front"]
        ranks = [np.array([space.rank(space.parse(text)) for text in own]) for own in kept]
        shares = [100 * area(own) / area(np.arange(space.size)) for own in ranks]
        assert row["share_mean"] == pytest.approx(np.mean(shares))
        assert row["points_mean"] == pytest.approx(np.mean([len(own) for own in ranks]))
        assert (row["queries_mean"], row["seeds"]) == (STEPS, SEEDS)


def test_a_table_says_what_each_is_made_of(study: Study) -> None:
    printed = front_table(load_study(study.folder))
    assert printed is not None
    made_of = {label.partition("[")[0]: texts[1] for label, texts in printed.cells}
    asked = f"all it asked for, {STEPS} queries"
    assert made_of == {"random": asked, "rea": asked, "drnas": "answers on the way"}
