"""Event files of TensorBoard: they say what the journals say, each step once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.study import StudyRun, run_study
from nasbench_harness.store.journals import Tail, read_journal
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import Study, plan_study
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.watch.opening import open_trackers
from nasbench_harness.watch.trackers import Listeners, TrackingError, numbers

pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")

STEPS = 50
Configured = Callable[..., StudyConfig]


@dataclass
class InProcess:
    """Runs trials here; one of `dying` breaks at a step, with a checkpoint of `stopped_at`."""

    dying: int | None = None
    stopped_at: int | None = None

    def run(self, specs: Sequence[TrialSpec], folder: Path) -> Generator[Event]:
        for spec in specs:
            yield Advanced(spec.trial_id, 0)
            if self.stopped_at:
                stop = self._stop_at(self.stopped_at)
                yield run_job(spec, folder / spec.trial_id, stop)
            yield run_job(spec, folder / spec.trial_id, self._die_at(self.dying))

    def _stop_at(self, step: int) -> Callbacks:
        done = [0]
        return Callbacks(lambda at: done.__setitem__(0, at), lambda: done[0] >= step)

    def _die_at(self, step: int | None) -> Callbacks:
        def progress(at: int) -> None:
            if at == step:
                raise RuntimeError("Lost power.")

        return Callbacks(progress)


@pytest.fixture
def study(configured: Configured) -> StudyConfig:
    return configured("drnas", steps=STEPS, seeds=2)


def run(
    config: StudyConfig, folder: Path, executor: Any = None, *, tensorboard: bool = True
) -> tuple[StudyRun, list[str]]:
    """A run as the command makes it, and what its trackers say at the end."""
    trackers = open_trackers(tensorboard=tensorboard, mlflow=None)()
    told = Listeners(trackers)
    executor = executor or InProcess()
    done = run_study(config, folder, executor, begin=told.begin, watch=told.watch)
    return done, [tracker.end(None) for tracker in trackers]


def events(study: Study, spec: TrialSpec) -> list[Any]:
    """Every event of a trial, of all its files, nothing purged."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    folder = study.folder / "tensorboard" / spec.trial_id
    files = sorted(folder.glob("events.out.tfevents.*"))
    return [event for file in files for event in LegacyEventFileLoader(str(file)).Load()]


def scalars(study: Study, spec: TrialSpec) -> list[tuple[str, int, float]]:
    return [
        (value.tag, event.step, value.simple_value)
        for event in events(study, spec)
        for value in event.summary.value
        if value.HasField("simple_value")
    ]


def recorded(study: Study, spec: TrialSpec) -> dict[tuple[str, int], float]:
    """What the journal says, as TensorBoard's 32-bit numbers."""
    rows = read_journal(study.trials_folder / spec.trial_id / "history.jsonl")
    return {
        (name, row["step"]): float(np.float32(value))
        for row in rows
        for name, value in numbers(row, "step").items()
    }


def assert_events_are_the_journal(study: Study, spec: TrialSpec) -> None:
    found = [(tag, step, value) for tag, step, value in scalars(study, spec) if "final/" not in tag]
    assert max(Counter((tag, step) for tag, step, _ in found).values()) == 1
    assert {(tag, step): value for tag, step, value in found} == recorded(study, spec)


# --- what is written ---------------------------------------------------------------------------


def test_trials_in_processes_are_written_while_they_run(study: StudyConfig, tmp_path: Path) -> None:
    done, warnings = run(study, tmp_path / "s", LocalExecutor(2))
    assert warnings == [""]
    for spec in done.study.specs:
        assert_events_are_the_journal(done.study, spec)


def test_missing_numbers_truth_values_and_texts_are_left_out() -> None:
    facts = {"step": 3, "loss": 0.5, "tau": None, "ok": True, "architecture": "|x~0|", "p": [[1]]}
    assert numbers(facts, "step") == {"loss": 0.5}


def test_final_numbers_and_settings_make_the_table_of_hyperparameters(
    study: StudyConfig, tmp_path: Path
) -> None:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    done, _ = run(study, tmp_path / "s")
    spec = done.study.specs[0]
    values = [value for event in events(done.study, spec) for value in event.summary.value]
    (start,) = (v for v in values if v.tag == "_hparams_/session_start_info")
    told = HParamsPluginData.FromString(start.metadata.plugin_data.content)
    parameters = told.session_start_info.hparams
    assert parameters["method"].string_value == "drnas"
    assert parameters["seed"].number_value == spec.seed
    name, value = next((k, v) for k, v in spec.settings.items() if isinstance(v, float))
    assert parameters[f"setting_{name}"].number_value == value
    result = done.study.result(spec)
    final = {tag: value for tag, _, value in scalars(done.study, spec) if "final/" in tag}
    assert final["final/accuracy"] == np.float32(result[spec.report_metric])
    assert final["final/regret"] == np.float32(result[f"regret_{spec.report_metric}"])


def test_a_final_number_that_is_no_accuracy_is_called_what_it_is(
    configured: Configured, tmp_path: Path
) -> None:
    asked = {"space": "transnas101", "dataset": "room_layout", "seeds": [0], "steps": 4}
    done, _ = run(configured(["darts"], **asked), tmp_path / "s")
    spec = done.study.specs[0]
    final = {tag: value for tag, _, value in scalars(done.study, spec) if "final/" in tag}
    assert set(final) == {"final/negative_L2_loss", "final/regret"}
    assert final["final/negative_L2_loss"] < 0


def test_choice_probabilities_are_histograms(study: StudyConfig, tmp_path: Path) -> None:
    done, _ = run(study, tmp_path / "s")
    spec = done.study.specs[0]
    rows = read_journal(done.study.trials_folder / spec.trial_id / "history.jsonl")
    steps = [
        event.step
        for event in events(done.study, spec)
        for value in event.summary.value
        if value.HasField("histo")
    ]
    assert steps == [row["step"] for row in rows if "probabilities" in row]


# --- resuming ----------------------------------------------------------------------------------


def test_resumed_trial_has_every_step_once(study: StudyConfig, tmp_path: Path) -> None:
    """Steps 21 to 35 are searched and recorded twice, and were shown once already."""
    broken, _ = run(study, tmp_path / "s", InProcess(stopped_at=20, dying=35))
    assert set(broken.counts()) >= {Status.FAILED}
    spec = next(s for s in broken.study.specs if s.method == "drnas")
    assert max(step for _, step, _ in scalars(broken.study, spec)) == 35
    journal = broken.study.trials_folder / spec.trial_id / "history.jsonl"
    before = read_journal(journal)
    done, _ = run(study, tmp_path / "s")
    after = read_journal(journal)
    assert after[19] == before[19]
    assert after[20]["seconds"] != before[20]["seconds"]
    for trial in done.study.specs:
        assert_events_are_the_journal(done.study, trial)


def test_trials_that_ran_without_are_written_at_the_end(study: StudyConfig, tmp_path: Path) -> None:
    run(study, tmp_path / "s", tensorboard=False)
    assert not (tmp_path / "s" / "tensorboard").exists()
    done, _ = run(study, tmp_path / "s")
    for spec in done.study.specs:
        assert_events_are_the_journal(done.study, spec)


def test_what_is_complete_is_left_alone(study: StudyConfig, tmp_path: Path) -> None:
    run(study, tmp_path / "s")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "s" / "tensorboard").rglob("*")}
    run(study, tmp_path / "s")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "s" / "tensorboard").rglob("*")} == before


def test_events_that_are_not_wholly_written_are_written_again(
    study: StudyConfig, tmp_path: Path
) -> None:
    done, _ = run(study, tmp_path / "s")
    spec = done.study.specs[0]
    folder = tmp_path / "s" / "tensorboard" / spec.trial_id
    (folder / "complete").unlink()
    (file,) = folder.glob("events.*")
    file.write_bytes(file.read_bytes()[:500])
    run(study, tmp_path / "s")
    assert_events_are_the_journal(done.study, spec)


# --- faults ------------------------------------------------------------------------------------


def test_event_files_that_cannot_be_written_harm_no_study(
    study: StudyConfig, tmp_path: Path
) -> None:
    (tmp_path / "s").mkdir()
    plan_study(tmp_path / "s", study.model_dump(mode="json"), plan(study))
    (tmp_path / "s" / "tensorboard").write_text("in the way")
    done, warnings = run(study, tmp_path / "s")
    assert set(done.counts()) == {Status.DONE}
    assert "the results are whole" in warnings[0]


def test_missing_package_is_named_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrackingError, match=r"pip install 'nasbench-harness\[tensorboard\]'"):
        open_trackers(tensorboard=True, mlflow=None)


@pytest.mark.parametrize(
    ("package", "options"),
    [("tensorboard", "--tensorboard"), ("mlflow", "--mlflow http://[::1]:1")],
)
def test_command_without_the_package_exits_with_2(
    tmp_path: Path, package: str, options: str
) -> None:
    words = ["run", "-m", "random", "--steps", "20", *options.split()]
    code = f"import sys; sys.modules[{package!r}] = None\nfrom nasbench_harness.cli import app\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}app({words!r})"], cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert f"pip install 'nasbench-harness[{package}]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- following a journal -----------------------------------------------------------------------


def test_tail_gives_each_whole_line_once(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    path.write_bytes(b'{"step":1}\n{"step":2}\n{"st')
    assert tail.read() == [{"step": 1}, {"step": 2}]
    with path.open("ab") as file:
        file.write(b'ep":3}\n')
    assert tail.read() == [{"step": 3}]
    assert tail.read() == []
