"""What a held cost came to: in results, tables, `load_results` and reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import load_results
from nasbench_harness.contracts import NO_COST, held_down
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.tables.fronts import front_rows, front_table
from nasbench_harness.reports.tables.heldcost import cells, cost_table, held_costs
from nasbench_harness.store import studies
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.studies import Study, open_study
from nasbench_harness.study.heldcost import COLUMNS

from .held_studies import make

METRIC = "cifar10_baseline_accuracy"
TARGET = 1.0


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    folder = tmp_path_factory.mktemp("held") / "study"
    methods = "unas[cost_fit_samples=20],drnas,darts"
    return make(folder, methods, cost="params", target=TARGET, seeds="4")


@pytest.fixture(scope="module")
def best(table: Any, space: Any) -> float:
    """The best accuracy within the target, by going through all cells."""
    costs = np.array([space.cost(arch, "params") for arch in space.enumerate()]) / 1e6
    return float(table.column(METRIC)[costs <= TARGET].max())


def check_rows(rows: pd.DataFrame, space: Any, best: float) -> None:
    params = [space.cost(space.parse(text), "params") / 1e6 for text in rows["architecture"]]
    assert rows["cost"].tolist() == pytest.approx(params)
    met = rows["cost"] <= TARGET
    assert met.any()
    assert not met.all()
    within = (best - rows["accuracy"]).where(met)
    assert np.allclose(rows["regret_within_target"], within, equal_nan=True)
    assert rows["regret_within_target"].min() >= 0


# --- tables ------------------------------------------------------------------------------------


def test_every_method_is_measured_by_the_cost(study: Study, space: Any, best: float) -> None:
    trials, _ = studies.read_tables(study.folder)
    assert set(trials["cost_name"]) == {"params"}
    assert set(trials["cost_unit"]) == {"million"}
    assert set(trials["cost_target"]) == {TARGET}
    assert (trials["target_met"] == (trials["cost"] <= TARGET)).all()
    check_rows(trials, space, best)


def test_recorded_steps_are_measured_as_well(study: Study, space: Any, best: float) -> None:
    _, history = studies.read_tables(study.folder)
    check_rows(history, space, best)


def test_a_trial_records_what_its_own_method_holds(study: Study) -> None:
    for spec in study.specs:
        assert (set(COLUMNS) <= set(study.result(spec))) == (spec.method == "unas")


def test_a_trial_records_it_step_by_step(study: Study, space: Any, best: float) -> None:
    """Of the method that holds it, and of no other, so that histories of these stay as they are."""
    for spec in study.specs:
        rows = read_journal(study.trials_folder / spec.trial_id / "history.jsonl")
        if spec.method != "unas":
            assert not any(set(COLUMNS) & set(row) for row in rows)
            continue
        frame = pd.DataFrame(rows).rename(columns={METRIC: "accuracy"})
        assert (frame["cost"] > 0).all()
        for row in frame.to_dict("records"):
            params = space.cost(space.parse(row["architecture"]), "params") / 1e6
            assert row["cost"] == pytest.approx(params)
            within = row.get("regret_within_target", np.nan)
            expected = best - row["accuracy"] if params <= TARGET else np.nan
            assert np.isclose(within, expected, equal_nan=True)


def test_recorded_costs_stay_where_nobody_can_look_them_up(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(study.folder, tmp_path / "elsewhere"))
    for path in folder.glob("*.parquet"):
        path.unlink()
    monkeypatch.setattr("nasbench_harness.store.cost_columns.CostColumns._at_hand", False)
    history = load_results(folder).history
    held = history["method"].astype(str).str.startswith("unas")
    assert history["cost"][held].notna().all()
    assert history["cost"][~held].isna().all()
    assert history["regret_within_target"][held].notna().any()


def test_the_columns_stand_early(study: Study) -> None:
    trials, history = studies.read_tables(study.folder)
    assert list(trials)[:13] == [
        "trial", "method", "seed", "status", "error", "accuracy", "regret", *COLUMNS,
    ]  # fmt: skip
    assert list(history)[6:11] == [
        "architecture", "accuracy", "regret", "cost", "regret_within_target",
    ]  # fmt: skip


def test_load_results_and_the_csv_have_them(study: Study) -> None:
    trials, history = load_results(study.folder)
    assert str(trials["target_met"].dtype) == "boolean"
    written = pd.read_csv(study.folder / "trials.csv")
    assert written["cost"].tolist() == trials["cost"].tolist()
    assert history["cost"].notna().all()


def test_a_study_of_a_former_version_is_measured_when_it_is_gathered(
    study: Study, tmp_path: Path, space: Any, best: float
) -> None:
    folder = Path(shutil.copytree(study.folder, tmp_path / "old"))
    for path in folder.glob("trials/*/result.json"):
        result = {k: v for k, v in json.loads(path.read_text()).items() if k not in COLUMNS}
        path.write_text(json.dumps(result))
    check_rows(load_results(folder).trials, space, best)


def test_without_the_table_own_costs_stay_and_others_are_missing(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(study.folder, tmp_path / "elsewhere"))
    for path in folder.glob("*.parquet"):
        path.unlink()
    monkeypatch.setattr("nasbench_harness.store.cost_columns.CostColumns._at_hand", False)
    trials = load_results(folder).trials.set_index("method")["cost"]
    held = trials.index.str.startswith("unas")
    assert trials[held].notna().all()
    assert trials[~held].isna().all()


def test_trials_without_a_result_have_a_target_and_no_cost(study: Study, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(study.folder, tmp_path / "broken"))
    opened = open_study(folder)
    path = opened.trials_folder / opened.specs[0].trial_id / "result.json"
    path.write_text('{"status": "failed", "error": "it broke"}')
    row = load_results(folder).trials.iloc[0]
    assert (row["cost_target"], row["status"]) == (TARGET, "failed")
    assert pd.isna(row["cost"])
    assert pd.isna(row["target_met"])


def test_methods_that_hold_several_costs_have_their_own(tmp_path: Path) -> None:
    fit = "cost_fit_samples=20"
    methods = f"unas[cost=params,cost_target=1,{fit}],unas[cost=flops,cost_target=100,{fit}],random"
    trials = load_results(make(tmp_path / "two", methods, seeds="1", steps=3).folder).trials
    rows = trials.set_index("method_name")
    assert rows.loc["unas", "cost_name"].tolist() == ["params", "flops"]
    assert rows.loc["unas", "cost"].tolist() == pytest.approx(
        [trials["params"][0] / 1e6, trials["flops"][1] / 1e6]
    )
    assert pd.isna(rows.loc["random", "cost_name"])
    assert pd.isna(rows.loc["random", "cost"])


def test_one_cost_with_several_targets_measures_the_others_without_one(tmp_path: Path) -> None:
    fit = "cost_fit_samples=20"
    methods = f"unas[cost=params,cost_target=1,{fit}],unas[cost=params,cost_target=2,{fit}],random"
    trials = load_results(make(tmp_path / "two", methods, seeds="1", steps=3).folder).trials
    random = trials.set_index("method").loc["random"]
    assert random["cost"] == pytest.approx(random["params"] / 1e6)
    assert pd.isna(random["cost_target"])
    assert pd.isna(random["target_met"])


def test_a_target_nobody_can_meet_leaves_no_regret_within(tmp_path: Path) -> None:
    given = {"cost": "params", "target": 0.01, "seeds": "1", "steps": 3}
    folder = make(tmp_path / "none", "unas[cost_fit_samples=20]", **given).folder
    row = load_results(folder).trials.iloc[0]
    assert row["target_met"] is np.False_ or not row["target_met"]
    assert pd.isna(row["regret_within_target"])


def test_studies_without_a_cost_have_no_such_columns(tmp_path: Path) -> None:
    trials, history = studies.read_tables(make(tmp_path / "plain", "random", seeds="1").folder)
    assert not set(COLUMNS) & (set(trials) | set(history))


# --- reports -----------------------------------------------------------------------------------


def test_the_report_shows_cost_share_and_regret_within(study: Study) -> None:
    data = load_study(study.folder)
    rows = held_costs(data.trials).set_index("method")
    trials = data.trials
    for label, row in rows.iterrows():
        own = trials[trials["method"] == label]
        assert row["cost_mean"] == pytest.approx(own["cost"].mean())
        assert row["met_share"] == (own["cost"] <= TARGET).mean()
        assert row["met_seeds"] == (own["cost"] <= TARGET).sum()
        expected = own["regret_within_target"].mean()
        assert row["within_mean"] == pytest.approx(expected, nan_ok=True)
    table = cost_table(data)
    assert table is not None
    assert "Target met (of seeds)" in table.headings
    assert all("1 M" in texts for _, texts in table.cells)


def test_a_terminal_row_says_the_same(study: Study) -> None:
    data = load_study(study.folder)
    row = next(held_costs(data.trials).itertuples())
    told = cells(row, data.measure)
    assert told[:3] == (row.method, "params", "1 M")
    assert told[4].endswith(" %")


def test_a_study_without_a_cost_has_no_such_table(tmp_path: Path) -> None:
    assert cost_table(load_study(make(tmp_path / "plain", "random", seeds="1").folder)) is None


def test_the_front_of_recorded_answers_is_a_share_of_the_true_one(
    study: Study, table: Any, space: Any
) -> None:
    """By counting the area from the list of all cells, without the sweep of the report."""
    data = load_study(study.folder)
    rows = front_rows(data).set_index("method")
    params = np.array([space.cost(arch, "params") for arch in space.enumerate()]) / 1e6
    accuracy = table.column(METRIC)
    worst, dearest = accuracy.min(), params.max()

    def area(ranks: Any) -> float:
        steps = np.append(np.unique(params[ranks]), dearest)
        highest = [accuracy[ranks][params[ranks] <= cost].max() - worst for cost in steps[:-1]]
        return float((np.diff(steps) * highest).sum())

    whole = area(np.arange(space.size))
    for label, row in rows.iterrows():
        history = data.history.read(method=str(label)).to_pandas()
        shares = [
            100 * area(np.array([space.rank(space.parse(text)) for text in own])) / whole
            for _, own in history.groupby("trial", observed=True)["architecture"]
        ]
        assert len(shares) == row["seeds"] == 4
        assert row["share_mean"] == pytest.approx(np.mean(shares))


def test_a_study_without_a_cost_has_no_front(tmp_path: Path) -> None:
    assert front_table(load_study(make(tmp_path / "plain", "random", seeds="1").folder)) is None


def test_costs_are_named_with_their_targets() -> None:
    assert held_down(NO_COST, 3.0) == ()
    assert held_down("params", 0.5) == (("params", 0.5),)
    assert held_down("params+flops") == (("params", 0.0), ("flops", 0.0))
    assert held_down("params+flops", [0.5, 60]) == (("params", 0.5), ("flops", 60.0))
    with pytest.raises(ValueError, match="1 targets for 2 costs"):
        held_down("params+flops", [0.5])
