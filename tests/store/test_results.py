"""`load_results`: one study or many as two frames a notebook can work with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness import load_results
from nasbench_harness import open_study as open_results
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store.results import with_outcomes
from nasbench_harness.store.studies import StudyError, gather, open_study, plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

METRIC = "cifar10_baseline_accuracy"


def make(folder: Path, methods: str = "random,rea", *, gathered: bool = True, **given: Any) -> Path:
    """A small study, run and gathered."""
    basics = {"methods": methods, "seeds": "2", "steps": 3, "random": False, "table": "analog"}
    config = build_config(None, {**basics, **given}, [])
    folder.mkdir(parents=True)
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    if gathered:
        gather(study)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Path:
    """Two studies side by side, a third a folder deeper, and something else."""
    runs = tmp_path_factory.mktemp("all") / "runs"
    make(runs / "evolution")
    make(runs / "gradients", "drnas[kept_options=[5,3]],drnas,darts[arch_before_weight=false]")
    make(runs / "several" / "noisy", noise=0.5)
    (runs / "notes").mkdir()
    (runs / "notes" / "study.txt").write_text("nothing")
    return runs


@pytest.fixture
def own(runs: Path, tmp_path: Path) -> Path:
    """A study to break."""
    return Path(shutil.copytree(runs / "evolution", tmp_path / "own"))


# --- which studies -----------------------------------------------------------------------------


def test_unpacks_as_trials_and_history(runs: Path) -> None:
    trials, history = load_results(runs / "evolution")
    assert (len(trials), len(history)) == (4, 12)
    assert load_results(runs / "evolution").history.equals(history)


def test_importing_it_brings_nothing_heavy() -> None:
    code = (
        "import sys; from nasbench_harness import load_results;"
        "print([name for name in ('pandas', 'pyarrow', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_takes_text_and_several(runs: Path) -> None:
    trials, _ = load_results([str(runs / "gradients"), runs / "evolution"])
    assert list(trials["study"].unique()) == ["gradients", "evolution"]


def test_takes_folders_of_studies(runs: Path) -> None:
    trials, history = load_results(runs)
    assert set(trials["study"]) == {"evolution", "gradients", "several/noisy"}
    assert set(history["study"]) == set(trials["study"])


def test_takes_a_study_once(runs: Path) -> None:
    trials, _ = load_results([runs / "evolution", runs, runs / "several" / ".." / "evolution"])
    assert (trials["study"] == "evolution").sum() == 4


def test_tells_studies_of_one_name_apart(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "evolution", tmp_path / "a" / "evolution")
    make(tmp_path / "b" / "evolution", noise=0.5)
    trials, history = load_results([tmp_path / "a" / "evolution", tmp_path / "b" / "evolution"])
    assert list(trials["study"].unique()) == ["a/evolution", "b/evolution"]
    assert not trials.duplicated(["study", "trial"]).any()
    assert not history.duplicated(["study", "trial", "step"]).any()


@pytest.mark.parametrize("paths", [[], ()])
def test_no_paths_are_a_sentence(paths: Any) -> None:
    with pytest.raises(StudyError, match="No study folders were given"):
        load_results(paths)


def test_a_folder_without_studies_is_named(runs: Path) -> None:
    for path in (runs / "notes", runs / "nowhere"):
        with pytest.raises(StudyError, match=rf"{path} holds no study"):
            load_results(path)


# --- columns -----------------------------------------------------------------------------------


def test_accuracy_and_regret_are_of_the_report_metric(runs: Path) -> None:
    for frame in load_results(runs):
        assert set(frame["report_metric"]) == {METRIC}
        pd.testing.assert_series_equal(frame["accuracy"], frame[METRIC], check_names=False)
        missing = frame["accuracy"].max() - frame["accuracy"]
        assert np.allclose(np.diff(frame["regret"] - missing), 0, atol=1e-9)


def test_every_row_is_judged_by_its_own_metric(runs: Path, tmp_path: Path) -> None:
    other = "cifar10_noisy_accuracy"
    make(tmp_path / "other", report_metric=other)
    trials, history = load_results([runs / "evolution", tmp_path / "other"])
    for frame in (trials, history):
        for metric, rows in frame.groupby("report_metric"):
            assert rows["accuracy"].tolist() == rows[metric].tolist()
        assert set(frame["report_metric"]) == {METRIC, other}


def test_outcomes_of_rows_without_a_result_are_missing() -> None:
    rows = pd.DataFrame(
        {
            "report_metric": ["a", "b", "c", None],
            "a": [1.0, 2.0, 3.0, 4.0],
            "regret_b": [1, 2, 3, 4],
        }
    )
    found = with_outcomes(rows)
    assert found["accuracy"].fillna(-1).tolist() == [1.0, -1, -1, -1]
    assert found["regret"].fillna(-1).tolist() == [-1, 2.0, -1, -1]
    assert "accuracy" not in rows


def test_types_do_not_depend_on_the_company(runs: Path) -> None:
    trials, history = load_results(runs)
    whole = {"seed": "int64", "steps": "int64", "params": "int64", "rank": "int64"}
    numbers = {"queries": "float64", "simulated_gpu_hours": "float64", "percentile": "float64"}
    flags = {"connected": "boolean", "collapsed": "boolean"}
    found = trials.dtypes.astype(str).to_dict()
    assert {**whole, **numbers, **flags}.items() <= found.items()
    assert str(history["step"].dtype) == "int64"
    assert str(history["valid_loss"].dtype) == "float64"


def test_settings_of_differing_types_become_text(runs: Path, tmp_path: Path) -> None:
    make(tmp_path / "seeds", noise=0.5)
    path = tmp_path / "seeds" / "trials.parquet"
    trials = pd.read_parquet(path).assign(noise="seeds")
    path.unlink()
    shutil.rmtree(tmp_path / "seeds" / "trials")
    trials.to_parquet(path)
    found, _ = load_results([runs / "evolution", tmp_path / "seeds"])
    assert found["noise"].tolist() == ["0.0"] * 4 + ["seeds"] * 4


def test_lists_of_settings_stay_lists(runs: Path) -> None:
    trials, _ = load_results(runs)
    kept = trials.set_index("method")["setting_kept_options"]
    assert list(kept["drnas[kept_options=[5, 3]]"].iloc[0]) == [5, 3]


def test_columns_of_one_study_are_missing_in_the_other(runs: Path) -> None:
    _, history = load_results(runs)
    by_study = history.groupby("study")["valid_loss"].count()
    assert (by_study["gradients"], by_study["evolution"]) == (18, 0)


def test_failed_trials_are_rows_without_a_result(own: Path) -> None:
    study = open_study(own)
    path = study.trials_folder / study.specs[0].trial_id / "result.json"
    path.write_text('{"status": "failed", "error": "it broke"}')
    trials, _ = load_results(own)
    assert trials["status"].tolist() == ["failed", "done", "done", "done"]
    assert trials["regret"].isna().tolist() == [True, False, False, False]
    assert trials["collapsed"].isna().sum() == 1
    assert str(trials["collapsed"].dtype) == "boolean"


def test_a_study_without_a_step_has_the_columns(own: Path) -> None:
    shutil.rmtree(own / "trials")
    (own / "trials").mkdir()
    trials, history = load_results(own)
    assert set(trials["status"]) == {"missing"}
    assert {"study", "trial", "step", "accuracy", "regret"} <= set(history)
    assert str(history["step"].dtype) == "int64"


# --- tables that are not up to date ------------------------------------------------------------


def cut_off(folder: Path) -> None:
    """As a kill before gathering leaves it."""
    for path in (*folder.glob("*.parquet"), *folder.glob("*.csv")):
        path.unlink()


def older(folder: Path) -> None:
    """As a kill after another trial ended leaves it."""
    trial = next((folder / "trials").iterdir())
    away = folder.parent / trial.name
    trial.rename(away)
    gather(open_study(folder))
    away.rename(trial)


@pytest.mark.parametrize("change", [cut_off, older])
def test_old_tables_are_gathered_in_memory(
    runs: Path, own: Path, change: Callable[[Path], None]
) -> None:
    change(own)
    before = sorted(own.iterdir())
    trials, history = load_results(own)
    expected = load_results(runs / "evolution")
    pd.testing.assert_frame_equal(trials.drop(columns="study"), expected[0].drop(columns="study"))
    assert len(history) == len(expected.history)
    assert sorted(own.iterdir()) == before


def test_broken_tables_are_gathered_in_memory(own: Path) -> None:
    (own / "trials.parquet").write_bytes((own / "trials.parquet").read_bytes()[:500])
    assert len(load_results(own).trials) == 4


def test_a_broken_journal_is_a_sentence(own: Path) -> None:
    (path,) = list((own / "trials").glob("rea-s0-*/history.jsonl"))
    path.write_bytes(b"\x00\n" + path.read_bytes())
    with pytest.raises(HarnessError, match=r"history\.jsonl is damaged"):
        load_results(own)


def test_a_newer_study_is_refused_with_what_reads_it(own: Path) -> None:
    content = json.loads((own / "study.json").read_text())
    content["schema_version"] = 2
    content["facts"]["versions"]["nasbench-harness"] = "0.3.0"
    (own / "study.json").write_text(json.dumps(content))
    with pytest.raises(StudyError, match=r"this one reads up to 1: install nasbench-harness>=0\.3"):
        load_results(own)


# --- tables of a former version ----------------------------------------------------------------


def before_outcomes(folder: Path) -> None:
    """As 0.1.0 left the tables: without `accuracy` and `regret`."""
    for path in folder.glob("*.parquet"):
        pd.read_parquet(path).drop(columns=["accuracy", "regret"]).to_parquet(path)


def test_tables_of_a_former_version_are_gathered_anew(runs: Path, own: Path) -> None:
    before_outcomes(own)
    trials, history = load_results(own)
    expected = load_results(runs / "evolution")
    pd.testing.assert_frame_equal(trials.drop(columns="study"), expected[0].drop(columns="study"))
    assert history["regret"].tolist() == expected.history["regret"].tolist()


def test_tables_that_are_all_that_is_left_are_completed(runs: Path, own: Path) -> None:
    before_outcomes(own)
    shutil.rmtree(own / "trials")
    expected = load_results(runs / "evolution")
    for found, wanted in zip(load_results(own), expected, strict=True):
        assert list(found) == list(wanted)
        assert found[["accuracy", "regret"]].equals(wanted[["accuracy", "regret"]])


def test_tables_on_disk_carry_what_rows_are_judged_by(runs: Path) -> None:
    for name in ("trials", "history"):
        for frame in (
            pd.read_parquet(runs / "evolution" / f"{name}.parquet"),
            pd.read_csv(runs / "evolution" / f"{name}.csv"),
        ):
            assert frame["accuracy"].tolist() == frame[METRIC].tolist()
            assert frame["regret"].tolist() == frame[f"regret_{METRIC}"].tolist()
            first = next(column for column in frame if column.startswith(("regret_", "cifar10")))
            assert list(frame).index("regret") < list(frame).index(first)


def test_a_metric_that_is_not_for_reporting_has_its_regret(tmp_path: Path) -> None:
    make(tmp_path / "drift", report_metric="cifar10_baseline_drift_60")
    trials, history = load_results(tmp_path / "drift")
    assert trials["regret"].notna().all()
    assert history["regret"].notna().all()


def test_what_a_method_logs_by_these_names_gives_way(runs: Path, own: Path) -> None:
    for path in own.glob("trials/*/history.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps({**row, 'accuracy': 0.5})}\n" for row in rows))
    _, history = load_results(own)
    assert history["accuracy"].tolist() == history[METRIC].tolist()


# --- some of it --------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [["entropy"], ["regret", "seconds"], "accuracy", METRIC, []])
@pytest.mark.parametrize("methods", [None, ["rea", "drnas"], "rea"])
def test_some_columns_and_methods_are_those_of_all(runs: Path, columns: Any, methods: Any) -> None:
    whole, some = load_results(runs), load_results(runs, columns=columns, methods=methods)
    labels = [methods] if isinstance(methods, str) else methods or set(whole.trials["method"])
    names = [columns] if isinstance(columns, str) else columns
    kept = {"study", "trial", "method", "seed", "step", "report_metric", *names}
    expected = whole.history[whole.history["method"].isin(labels)]
    expected = expected[[name for name in expected if name in kept]]
    order = ["study", "trial", "step"]
    pd.testing.assert_frame_equal(
        some.history.sort_values(order, ignore_index=True),
        expected.sort_values(order, ignore_index=True),
        check_dtype=False,
    )
    trials = whole.trials[whole.trials["method"].isin(labels)]
    assert list(some.trials["trial"]) == list(trials["trial"])
    assert list(some.trials) == list(trials)


def test_without_gathered_tables_some_of_them_are_read_too(own: Path) -> None:
    whole = load_results(own, columns="regret", methods="rea").history
    for path in own.glob("*.parquet"):
        path.unlink()
    assert load_results(own, columns="regret", methods="rea").history.equals(whole)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"columns": "entropi"}, "no column in these histories called `entropi`. Did you mean"),
        ({"methods": ["rae"]}, "no method in these studies called `rae`. Did you mean `rea`"),
        ({"methods": 3}, "`methods` cannot be 3: expected a name, or several in a list."),
    ],
)
def test_what_no_study_has_is_refused(runs: Path, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        load_results(runs, **wanted)


def test_an_opened_study_reads_some_of_its_history(runs: Path) -> None:
    study = open_results(runs / "gradients")
    some = study.read_history(columns=["entropy", "regret"], methods="drnas")
    steps = study.history[study.history["method"] == "drnas"]
    assert list(some) == ["trial", "method", "seed", "step", "regret", "entropy"]
    expected = steps[list(some)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected, check_dtype=False)
    assert study.read_history().equals(study.history)
    with pytest.raises(HarnessError, match="no method in these studies called `darz`"):
        study.read_history(methods="darz")
