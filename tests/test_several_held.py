"""What several held costs came to: in results, tables, `load_results` and reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import load_results
from nasbench_harness.reports.page.trials import numbers_of
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.tables import heldcost
from nasbench_harness.reports.tables.fronts import front_rows, true_front
from nasbench_harness.reports.tables.heldcost import cells, cost_table, held_costs
from nasbench_harness.store import studies
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.studies import Study
from nasbench_harness.study.heldcost import COLUMNS, of_costs

from .held_studies import make

METRIC = "cifar10_baseline_accuracy"
TARGETS = {"params": 1.0, "flops": 120.0}
"""In million; each is kept by cells that exceed the other."""
FIT = "cost_fit_samples=20"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    folder = tmp_path_factory.mktemp("several") / "study"
    given = {"cost": "params,flops", "target": list(TARGETS.values()), "seeds": "4"}
    return make(folder, f"unas[{FIT}],drnas,reinforce", **given)


@pytest.fixture(scope="module")
def costs(space: Any) -> pd.DataFrame:
    """Of every cell, in million."""
    return pd.DataFrame(
        {name: [space.cost(arch, name) / 1e6 for arch in space.enumerate()] for name in TARGETS}
    )


@pytest.fixture(scope="module")
def best(table: Any, costs: pd.DataFrame) -> float:
    """The best accuracy within both targets, by going through all cells."""
    return float(table.column(METRIC)[(costs <= pd.Series(TARGETS)).all(axis=1)].max())


def check_rows(rows: pd.DataFrame, space: Any, best: float) -> None:
    met = pd.Series(True, index=rows.index)
    for name, target in TARGETS.items():
        own = [space.cost(space.parse(text), name) / 1e6 for text in rows["architecture"]]
        assert rows[f"cost_of_{name}"].tolist() == pytest.approx(own)
        met &= rows[f"cost_of_{name}"] <= target
    assert met.any()
    assert not met.all()
    within = (best - rows["accuracy"]).where(met)
    assert np.allclose(rows["regret_within_target"].astype(float), within, equal_nan=True)
    assert rows["regret_within_target"].min() >= 0


# --- tables ------------------------------------------------------------------------------------


def test_every_method_is_measured_by_all_costs(study: Study, space: Any, best: float) -> None:
    trials, history = studies.read_tables(study.folder)
    assert set(trials["cost_name"]) == {"params+flops"}
    for name, target in TARGETS.items():
        assert set(trials[f"cost_target_of_{name}"]) == {target}
        assert set(trials[f"cost_unit_of_{name}"]) == {"million"}
    assert trials[["cost", "cost_unit", "cost_target"]].isna().all(axis=None)
    assert history["cost"].isna().all()
    kept = [trials[f"cost_of_{name}"] <= target for name, target in TARGETS.items()]
    assert (trials["target_met"] == np.logical_and.reduce(kept)).all()
    check_rows(trials, space, best)
    check_rows(history, space, best)


def test_one_target_may_be_kept_and_not_the_other(study: Study) -> None:
    """Without such an answer the tests above would say nothing of both."""
    _, history = studies.read_tables(study.folder)
    kept = [history[f"cost_of_{name}"] <= target for name, target in TARGETS.items()]
    assert (kept[0] != kept[1]).any()


def test_a_trial_records_what_its_own_method_holds(study: Study, space: Any) -> None:
    for spec in study.specs:
        result = study.result(spec)
        rows = read_journal(study.trials_folder / spec.trial_id / "history.jsonl")
        if spec.method != "unas":
            assert not any(map(of_costs, [*result, *(name for row in rows for name in row)]))
            continue
        for row in [result, *rows]:
            params = space.cost(space.parse(row["architecture"]), "params") / 1e6
            assert row["cost_of_params"] == pytest.approx(params)
        assert not any("cost" in row or "cost_target_of_params" in row for row in rows)


def test_they_are_worked_out_again_where_trials_say_nothing(
    study: Study, tmp_path: Path, space: Any, best: float
) -> None:
    folder = Path(shutil.copytree(study.folder, tmp_path / "old"))
    for path in folder.glob("trials/*/result.json"):
        result = {k: v for k, v in json.loads(path.read_text()).items() if not of_costs(k)}
        path.write_text(json.dumps(result))
    check_rows(load_results(folder).trials, space, best)


def test_one_and_several_costs_stand_in_one_study(tmp_path: Path) -> None:
    methods = (
        f"unas[cost=params,cost_target=1,{FIT}],"
        f"unas[cost=params+flops,cost_target=[1,120],{FIT}],random"
    )
    study = make(tmp_path / "mixed", methods, seeds="1", steps=3)
    trials = load_results(study.folder).trials
    one, both, none = (row for _, row in trials.iterrows())
    assert (one["cost_name"], one["cost_target"]) == ("params", 1.0)
    assert one["cost"] == pytest.approx(one["params"] / 1e6)
    assert pd.isna(one["cost_of_params"])
    assert both["cost_of_flops"] == pytest.approx(both["flops"] / 1e6)
    assert pd.isna(both["cost"])
    assert pd.isna(none["cost_name"])
    rows = held_costs(trials)
    assert rows.groupby("method", sort=False)["cost_name"].agg(list).sort_index().tolist() == [
        ["params", "flops"], ["params"],
    ]  # fmt: skip


# --- reports -----------------------------------------------------------------------------------


def test_the_report_has_a_row_for_each_method_and_cost(study: Study) -> None:
    data = load_study(study.folder)
    rows = held_costs(data.trials)
    assert len(rows) == 6
    for row in rows.itertuples():
        own = data.trials[data.trials["method"] == row.method]
        spent = own[f"cost_of_{row.cost_name}"]
        assert row.cost_target == TARGETS[str(row.cost_name)]
        assert row.cost_mean == pytest.approx(spent.mean())
        assert row.met_share == (spent <= row.cost_target).mean()
        assert row.all_met_share == own["target_met"].mean()
        expected = own["regret_within_target"].astype(float).mean()
        assert row.within_mean == pytest.approx(expected, nan_ok=True)
    shares = rows["met_share"] - rows["all_met_share"]
    assert shares.min() >= 0


def test_terminal_and_table_say_the_same(study: Study) -> None:
    data = load_study(study.folder)
    printed = cost_table(data)
    assert printed is not None
    assert "All met (of seeds)" in printed.headings
    for row, (label, texts) in zip(printed.rows.itertuples(), printed.cells, strict=True):
        method, cost, target, spent, met, all_met, within = cells(row, data.measure)
        assert (method, cost, target) == (label, row.cost_name, texts[2])
        assert [spent, met, all_met] == texts[3:6]
        assert within.split()[0] == texts[7].split()[0]


def test_the_note_tells_of_several(study: Study, tmp_path: Path) -> None:
    assert "keeps every one of them" in heldcost.note(load_study(study.folder))
    one = make(tmp_path / "one", f"unas[{FIT}]", cost="params", target=1, seeds="1", steps=2)
    data = load_study(one.folder)
    assert "keeps every one of them" not in heldcost.note(data)
    assert set(COLUMNS) == {column for column in data.trials if of_costs(str(column))}
    assert "all_met_share" not in held_costs(data.trials)


def test_without_a_target_nothing_is_told_of_one(tmp_path: Path) -> None:
    data = load_study(make(tmp_path / "free", "monas", seeds="1", steps=2).folder)
    printed = cost_table(data)
    assert printed is not None
    assert printed.headings == ["Seeds", "Held", "Cost (of the answer)", "Regret (points)"]
    assert heldcost.title(data) == "What answers cost"
    assert "target" not in heldcost.note(data)


def test_trials_on_the_page_have_each_cost(study: Study) -> None:
    numbers = {number.column: number for number in numbers_of(load_study(study.folder))}
    assert (numbers["cost_of_params"].heading, numbers["cost_of_params"].unit) == (
        "Held params", "M",
    )  # fmt: skip
    assert "cost" not in numbers


def test_the_front_is_over_all_costs(study: Study, table: Any, costs: pd.DataFrame) -> None:
    """By counting the volume between all cells' costs, without the sweep of the report."""
    data = load_study(study.folder)
    rows = front_rows(data).set_index("method")
    accuracy, worst = table.column(METRIC), table.column(METRIC).min()
    params, flops = (costs[name].to_numpy() for name in TARGETS)
    space = data.every_architecture
    assert space is not None

    def volume(ranks: Any) -> float:
        first = np.append(np.unique(params[ranks]), params.max())
        second = np.append(np.unique(flops[ranks]), flops.max())
        total = 0.0
        for cost, wide in zip(first, np.diff(first), strict=False):
            cheap = ranks[params[ranks] <= cost]
            for other, deep in zip(second, np.diff(second), strict=False):
                kept = accuracy[cheap[flops[cheap] <= other]]
                total += wide * deep * (kept.max() - worst if len(kept) else 0.0)
        return total

    front = true_front(data)
    assert front is not None
    whole = volume(front.members)
    for label, row in rows.iterrows():
        history = data.history.read(method=str(label)).to_pandas()
        answers = history.groupby("trial", observed=True)["architecture"]
        archives = [
            np.array([space.rank(space.parse(text)) for text in own.unique()]) for _, own in answers
        ]
        assert len(archives) == row["seeds"] == 4
        shares = [100 * volume(ranks) / whole for ranks in archives]
        assert row["share_mean"] == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("targets", [None, [0, 60]])
def test_methods_that_look_for_a_front_are_reported(
    targets: list[float] | None, tmp_path: Path
) -> None:
    given = {} if targets is None else {"target": targets}
    study = make(tmp_path / "s", "rea,drnas", cost="params,flops", seeds="2", **given)
    rows = held_costs(studies.read_tables(study.folder)[0])
    mine = rows[rows["method"].str.startswith("rea")]
    assert list(mine["cost_name"]) == ["params", "flops"]
    assert mine["cost_target"].isna().tolist() == [True, targets is None]
    assert cost_table(load_study(study.folder)) is not None
    assert front_rows(load_study(study.folder))["method"].str.startswith("rea").iloc[0]
