"""A whole study: grows, goes on, survives Ctrl-C, and its rows can be run again."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock

from nasbench_harness.errors import ExitCode, HarnessError
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.study import StudyRun, run_study
from nasbench_harness.store.outcomes import Outcome
from nasbench_harness.store.studies import open_study, read_tables
from nasbench_harness.study.config import StudyConfig, build_config
from nasbench_harness.study.spec import TrialSpec


class InProcess:
    """Runs trials one after the other here; can be interrupted after some."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.ran: list[str] = []

    def run(self, specs: Sequence[TrialSpec], folder: Path) -> Generator[Event]:
        for spec in specs:
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(spec.label)
            outcome: Outcome = run_job(spec, folder / spec.trial_id)
            yield outcome


def config(methods: str = "rea", **given: Any) -> StudyConfig:
    return build_config(None, {"methods": methods, "seeds": 2, "steps": 20, **given}, [])


def run(folder: Path, study: StudyConfig, executor: InProcess | None = None) -> StudyRun:
    return run_study(study, folder, executor or InProcess())


def test_tables_have_a_row_per_trial_and_per_recorded_step(tmp_path: Path) -> None:
    done = run(tmp_path / "s", config())
    trials, history = read_tables(tmp_path / "s")
    assert done.exit_code is ExitCode.DONE
    assert list(trials["method"]) == ["rea", "random"] * 2
    assert set(trials["status"]) == {"done"}
    assert history.groupby("trial").size().tolist() == [20] * 4
    assert (trials["schema_version"] == 1).all()


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    run(tmp_path / "s", config("rea,drnas"))
    trials, history = read_tables(tmp_path / "s")
    for name, frame in (("trials", trials), ("history", history)):
        csv = pd.read_csv(tmp_path / "s" / f"{name}.csv")
        assert list(csv.columns) == list(frame.columns)
        numbers = frame.select_dtypes("number").columns
        pd.testing.assert_frame_equal(csv[numbers], frame[numbers], check_dtype=False)


def test_running_again_runs_nothing(tmp_path: Path) -> None:
    run(tmp_path / "s", config())
    before, _ = read_tables(tmp_path / "s")
    again = InProcess()
    run(tmp_path / "s", config(), again)
    assert again.ran == []
    pd.testing.assert_frame_equal(before, read_tables(tmp_path / "s")[0])


def test_more_seeds_and_methods_run_only_what_is_new(tmp_path: Path) -> None:
    run(tmp_path / "s", config())
    more = InProcess()
    run(tmp_path / "s", config("rea,drnas", seeds=3), more)
    assert sorted(more.ran) == ["drnas"] * 3 + ["random", "rea"]
    assert len(read_tables(tmp_path / "s")[0]) == 9


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    stopped = run(tmp_path / "s", config(), InProcess(stop_after=3))
    assert stopped.interrupted
    assert stopped.exit_code is ExitCode.INCOMPLETE
    trials, _ = read_tables(tmp_path / "s")
    assert sorted(trials["status"]) == ["done", "done", "done", "missing"]
    rest = InProcess()
    assert run(tmp_path / "s", config(), rest).exit_code is ExitCode.DONE
    assert len(rest.ran) == 1


def test_failed_trials_are_rows_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasbench_harness.methods.rea import RegularisedEvolution

    with monkeypatch.context() as patch:
        patch.setattr(RegularisedEvolution, "step", lambda self: 1 / 0)
        broken = run(tmp_path / "s", config())
    assert broken.exit_code is ExitCode.INCOMPLETE
    assert len(broken.failures) == 2
    trials, _ = read_tables(tmp_path / "s")
    failed = trials[trials["method"] == "rea"]
    assert set(failed["status"]) == {"failed"}
    assert failed["regret_cifar10_baseline_accuracy"].isna().all()
    again = InProcess()
    assert run(tmp_path / "s", config(), again).exit_code is ExitCode.DONE
    assert again.ran == ["rea", "rea"]


def test_half_written_result_is_run_again(tmp_path: Path) -> None:
    done = run(tmp_path / "s", config())
    spec = done.study.specs[0]
    result = tmp_path / "s" / "trials" / spec.trial_id / "result.json"
    result.write_text(result.read_text()[:40])
    again = InProcess()
    run(tmp_path / "s", config(), again)
    assert again.ran == [spec.label]


def test_other_settings_are_refused(tmp_path: Path) -> None:
    run(tmp_path / "s", config())
    with pytest.raises(HarnessError, match="holds a study with steps = 20, not 30"):
        run(tmp_path / "s", config(steps=30))


def test_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(HarnessError, match="is not empty and holds no study"):
        run(tmp_path, config())
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_damaged_study_is_named_and_kept(tmp_path: Path) -> None:
    run(tmp_path / "s", config())
    (tmp_path / "s" / "study.json").write_text('{"schema_version": 1, "conf')
    with pytest.raises(HarnessError, match=r"study\.json is damaged"):
        run(tmp_path / "s", config())
    (tmp_path / "s" / "study.json").unlink()
    with pytest.raises(HarnessError, match="holds no study"):
        open_study(tmp_path / "s")


def test_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with FileLock(tmp_path / "s" / "study.lock"), pytest.raises(HarnessError, match="Another run"):
        run(tmp_path / "s", config())


def test_every_row_can_be_run_again_by_its_command(tmp_path: Path) -> None:
    methods = "unas[cost=params,cost_target=0.4,temperature=0.7],edas"
    run(tmp_path / "s", config(methods, noise=0.3, batch_size=2))
    trials, _ = read_tables(tmp_path / "s")
    for row in trials.itertuples():
        words = shlex.split(row.command)
        assert words[:2] == ["nasharness", "run"]
        again = build_config(None, _options(words[2:]), [])
        run(tmp_path / row.trial, again)
        (repeated,) = read_tables(tmp_path / row.trial)[0].itertuples()
        assert repeated.trial == row.trial
        assert repeated.architecture == row.architecture


def _options(words: list[str]) -> dict[str, Any]:
    """The words of a `run` command as the options they are."""
    given: dict[str, Any] = {}
    words = list(words)
    while words:
        name = words.pop(0)
        if name == "--no-random":
            given["random"] = False
        elif name != "--out":
            given[name.removeprefix("--").replace("-", "_")] = words.pop(0)
        else:
            words.pop(0)
    return given
