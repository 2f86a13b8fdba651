"""Studies on a real MLflow server: everything arrives, nothing twice, and no study is harmed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.study import StudyRun, run_study
from nasbench_harness.store.journals import read_journal
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.store.studies import Study
from nasbench_harness.study.config import StudyConfig
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import train
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.watch.mlflow_client import shown
from nasbench_harness.watch.opening import open_trackers
from nasbench_harness.watch.trackers import Listeners, TrackingError, numbers

pytest.importorskip("mlflow", reason="the package mlflow is not installed")

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")
START_SECONDS = 180
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
PLAIN = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Without the eight processes that wait for language models to be judged: 10 s instead of 38."""
Configured = Callable[..., StudyConfig]
Watch = Callable[[Event], None]


@dataclass
class Server:
    """An MLflow server with its SQLite in a folder; it can die and come back."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        words += ["--artifacts-destination", str(self.folder / "artifacts")]
        log = (self.folder / "log.txt").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words], env={**os.environ, **PLAIN},
            cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        given_up = time.monotonic() + START_SECONDS
        while not self._answers():
            log_text = (self.folder / "log.txt").read_text()
            assert self.process.poll() is None, log_text
            assert time.monotonic() < given_up, log_text
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def die(self) -> None:
        """All its processes at once, without a word."""
        if self.process is not None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tmp_path_factory.mktemp("mlflow"), port)
    server.start()
    yield server
    server.die()


@dataclass
class Seen:
    """What the server has of one study."""

    client: Any
    runs: list[Any]

    @classmethod
    def at(cls, server: Server, study: Study) -> Seen:
        from mlflow import MlflowClient

        from nasbench_harness.watch.mlflow_runs import study_id

        client = MlflowClient(tracking_uri=server.address)
        everywhere = [experiment.experiment_id for experiment in client.search_experiments()]
        query = f"tags.`nasharness.study` = '{study_id(study)}'"
        return cls(client, list(client.search_runs(everywhere, query)))

    @property
    def own(self) -> Any:
        (run,) = [run for run in self.runs if run.data.tags["nasharness.kind"] == "study"]
        return run

    @property
    def trials(self) -> dict[str, Any]:
        runs = [run for run in self.runs if run.data.tags["nasharness.kind"] == "trial"]
        by_trial = {run.data.tags["nasharness.trial"]: run for run in runs}
        assert len(by_trial) == len(runs), "a trial has two runs"
        return by_trial

    def history(self, trial: str, metric: str) -> list[tuple[int, float]]:
        points = self.client.get_metric_history(self.trials[trial].info.run_id, metric)
        return sorted((point.step, point.value) for point in points)

    def files(self, run: Any, folder: str | None = None) -> set[str]:
        return {file.path for file in self.client.list_artifacts(run.info.run_id, folder)}


class InProcess:
    """Runs trials here; they break at step `dying`, if that is given."""

    def __init__(self, dying: int | None = None) -> None:
        self.dying = dying

    def run(self, specs: Sequence[TrialSpec], folder: Path) -> Generator[Event]:
        for spec in specs:
            yield Advanced(spec.trial_id, 0)
            yield run_job(spec, folder / spec.trial_id, Callbacks(self._progress))

    def _progress(self, step: int) -> None:
        if step == self.dying:
            raise RuntimeError("Lost power.")


def run(
    config: StudyConfig, folder: Path, server: Server | None, executor: Any = None,
    watch: Watch = lambda event: None, report: Path | None = None,
) -> tuple[StudyRun, list[str]]:  # fmt: skip
    """A run as the command makes it, and what its trackers say at the end."""
    trackers = open_trackers(tensorboard=False, mlflow=server.address if server else None)()
    told = Listeners(trackers)

    def listen(event: Event) -> None:
        told.watch(event)
        watch(event)

    executor = executor or InProcess()
    done = run_study(config, folder, executor, begin=told.begin, watch=listen)
    return done, [tracker.end(report) for tracker in trackers]


def journal(study: Study, spec: TrialSpec) -> list[dict[str, Any]]:
    return read_journal(study.trials_folder / spec.trial_id / "history.jsonl")


def assert_trial_is_there(seen: Seen, study: Study, spec: TrialSpec) -> None:
    """Every number of the journal and of the result, once, and the files."""
    rows, run = journal(study, spec), seen.trials[spec.trial_id]
    columns = {name for row in rows for name in numbers(row, "step")}
    for name in columns:
        wanted = [(r["step"], float(r[name])) for r in rows if name in numbers(r)]
        assert seen.history(spec.trial_id, name) == wanted, name
    result = numbers(study.result(spec), "schema_version")
    assert {n: v for n, v in run.data.metrics.items() if "final/" in n} == {
        f"final/{name}": value for name, value in result.items()
    }
    assert run.info.status == "FINISHED"
    assert seen.files(run) == {"result.json", "history.jsonl"}


# --- what arrives ------------------------------------------------------------------------------


def test_every_trial_arrives_whole(configured: Configured, tmp_path: Path, server: Server) -> None:
    done, warnings = run(
        configured("drnas", steps=50, seeds=2), tmp_path / "whole", server, LocalExecutor(2)
    )
    assert warnings == [""]
    seen = Seen.at(server, done.study)
    assert set(seen.trials) == {spec.trial_id for spec in done.study.specs}
    for spec in done.study.specs:
        assert_trial_is_there(seen, done.study, spec)


def test_parameters_say_what_the_trial_is(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    done, _ = run(configured("drnas", steps=20, seeds=1), tmp_path / "said", server)
    spec = done.study.specs[0]
    trial = Seen.at(server, done.study).trials[spec.trial_id]
    for name in ("seed", "space", "table", "table_hash", "problem", "dataset", "steps"):
        assert trial.data.params[name] == str(getattr(spec, name))
    assert trial.data.params["method"] == "drnas"
    assert trial.data.params["git_commit"] == (done.study.facts["git_commit"] or "null")
    for name, value in spec.settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        assert trial.data.params[f"setting_{name}"] == text
    architecture = done.study.result(spec)["architecture"]
    assert trial.data.tags["nasharness.architecture"] == architecture


def test_study_is_the_parent_and_has_tables_and_report(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / "index.html").write_text("<!doctype html>")
    config = configured("random", steps=20, seeds=2)
    done, _ = run(config, tmp_path / "parent", server, report=report)
    seen = Seen.at(server, done.study)
    assert seen.own.info.run_name == "parent"
    assert seen.own.info.status == "FINISHED"
    parents = {run.data.tags["mlflow.parentRunId"] for run in seen.trials.values()}
    assert parents == {seen.own.info.run_id}
    assert seen.files(seen.own) == {"trials.csv", "history.csv", "report"}
    assert seen.files(seen.own, "report") == {"report/index.html"}
    experiment = seen.client.get_experiment(seen.own.info.experiment_id)
    assert experiment.name == "parent"


# --- nothing twice -----------------------------------------------------------------------------


def test_run_again_adds_nothing(configured: Configured, tmp_path: Path, server: Server) -> None:
    config = configured("rea", steps=20, seeds=1)
    done, _ = run(config, tmp_path / "again", server)
    before = Seen.at(server, done.study)
    run(config, tmp_path / "again", server)
    after = Seen.at(server, done.study)
    assert {r.info.run_id for r in after.runs} == {r.info.run_id for r in before.runs}
    assert after.own.info.status == "FINISHED"
    for spec in done.study.specs:
        assert_trial_is_there(after, done.study, spec)


def test_study_that_grows_and_moves_keeps_its_runs(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    done, _ = run(configured("rea", steps=20, seeds=1), tmp_path / "small", server)
    before = Seen.at(server, done.study)
    (tmp_path / "small").rename(tmp_path / "large")
    done, _ = run(configured("rea,drnas", steps=20, seeds=2), tmp_path / "large", server)
    after = Seen.at(server, done.study)
    assert after.own.info.run_id == before.own.info.run_id
    assert len(before.trials) == 2
    assert len(after.trials) == 6
    for trial, run_before in before.trials.items():
        assert after.trials[trial].info.run_id == run_before.info.run_id


def test_failed_trial_goes_on_in_its_run(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    config = configured("drnas", steps=50, seeds=1, random=False)
    done, _ = run(config, tmp_path / "failed", server, InProcess(dying=30))
    (spec,) = done.study.specs
    broken = Seen.at(server, done.study)
    assert broken.trials[spec.trial_id].info.status == "FAILED"
    assert "Lost power" in broken.trials[spec.trial_id].data.tags["nasharness.error"]
    assert broken.own.info.status == "FAILED"
    assert len(broken.history(spec.trial_id, "entropy")) == 30
    run(config, tmp_path / "failed", server)
    mended = Seen.at(server, done.study)
    run_ids = {seen.trials[spec.trial_id].info.run_id for seen in (broken, mended)}
    assert len(run_ids) == 1
    rows = journal(done.study, spec)
    wanted = [(row["step"], row["entropy"]) for row in rows]
    assert mended.history(spec.trial_id, "entropy") == wanted
    assert mended.trials[spec.trial_id].info.status == "FINISHED"
    assert mended.trials[spec.trial_id].data.tags["nasharness.error"] == ""


def test_two_studies_that_are_alike_are_two(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    config = configured("random", steps=20, seeds=1)
    first, other = (run(config, tmp_path / name, server)[0] for name in ("one", "other"))
    one, two = Seen.at(server, first.study), Seen.at(server, other.study)
    assert one.own.info.run_id != two.own.info.run_id
    assert one.own.info.experiment_id != two.own.info.experiment_id


def test_two_studies_of_one_name_share_an_experiment(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    first, _ = run(configured("random", steps=20, seeds=1), tmp_path / "a" / "twin", server)
    second, _ = run(configured("random", steps=30, seeds=1), tmp_path / "b" / "twin", server)
    one, other = Seen.at(server, first.study), Seen.at(server, second.study)
    assert one.own.info.experiment_id == other.own.info.experiment_id
    assert one.own.info.run_id != other.own.info.run_id


# --- faults ------------------------------------------------------------------------------------


@pytest.fixture
def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_deleted_experiment_is_named(
    configured: Configured, tmp_path: Path, server: Server
) -> None:
    config = configured("random", steps=20, seeds=1)
    done, _ = run(config, tmp_path / "gone", server)
    seen = Seen.at(server, done.study)
    seen.client.delete_experiment(seen.own.info.experiment_id)
    with pytest.raises(HarnessError, match="`gone` has been deleted; restore it"):
        run(config, tmp_path / "gone", server)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NASHARNESS, *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_server_that_does_not_answer_stops_the_command_before_it_starts(
    tmp_path: Path, nobody: str
) -> None:
    done = command(tmp_path, "run", "-m", "random", "--steps", "20", "--mlflow", nobody)
    assert done.returncode == 2
    assert " ".join(done.stderr.split()) == (
        f"Error: MLflow cannot be used at {nobody}: Connection refused."
        " Start its server, give another address, or leave --mlflow out."
    )
    assert list(tmp_path.iterdir()) == []


def test_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(TrackingError, match=r"such as http://127.0.0.1:5000, not `localhost:5000`"):
        open_trackers(tensorboard=False, mlflow="localhost:5000")


def test_passwords_are_not_shown(nobody: str) -> None:
    assert shown("https://me:secret@there.org:80/x") == "https://there.org:80/x"
    with pytest.raises(TrackingError) as told:
        open_trackers(tensorboard=False, mlflow=nobody.replace("//", "//me:secret@"))
    assert "secret" not in str(told.value)


def test_command_sends_and_keeps_standard_output_clean(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["-m", "random", "--steps", "20", "--seeds", "1", "--no-report", "--json"]
    done = command(tmp_path, "run", *words, "--out", "sent", "--mlflow", server.address)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["studies"][0]["status"] == {"done": 1}
    monkeypatch.chdir(tmp_path)
    again = CliRunner().invoke(app, ["resume", "sent", "--json", "--mlflow", server.address])
    assert again.exit_code == 0, again.stderr
    from nasbench_harness.store.studies import open_study

    seen = Seen.at(server, open_study(tmp_path / "sent"))
    assert len(seen.runs) == 2
    assert "report/index.html" in seen.files(seen.own, "report")


def test_server_that_dies_harms_no_study_and_is_told_the_rest_later(
    configured: Configured, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after the first trial has ended."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    config = configured("rea", steps=20, seeds=2)

    def kill(event: Event) -> None:
        if isinstance(event, Outcome):
            server.die()

    done, (warning,) = run(config, tmp_path / "orphan", server, watch=kill)
    assert set(done.counts()) == {Status.DONE}
    assert warning.startswith(f"MLflow at {server.address} failed in the middle (")
    assert "the results are whole" in warning
    server.start()
    assert len(Seen.at(server, done.study).trials) < 4
    _, warnings = run(config, tmp_path / "orphan", server)
    assert warnings == [""]
    seen = Seen.at(server, done.study)
    assert len(seen.trials) == 4
    for spec in done.study.specs:
        assert_trial_is_there(seen, done.study, spec)


def test_trainings_are_there_by_epochs(server: Server, tmp_path: Path) -> None:
    """Half of them the first time; the same folder goes on in the runs it has."""
    settings = TrainingSettings(epochs=2, batch_size=150, width=2, cells=1)
    cell = registry.open_space("nb201").at_index(13714)  # type: ignore[attr-defined]
    for seeds in ((1,), (1, 2)):
        request = TrainingRequest("nb201", [cell], "digits", settings, seeds, 150, Hardware("cpu"))
        trackers = open_trackers(tensorboard=False, mlflow=server.address)()
        told = Listeners(trackers)
        done = train(request, tmp_path / "t", InProcess(), begin=told.begin, watch=told.watch)
        assert [tracker.end(None) for tracker in trackers] == [""]
    seen = Seen.at(server, done.trainings)
    (own,) = [run for run in seen.runs if run.data.tags["nasharness.kind"] == "trainings"]
    assert own.info.status == "FINISHED"
    assert {"trials.csv", "history.csv"} <= seen.files(own)
    assert set(seen.trials) == {spec.trial_id for spec in done.trainings.specs}
    for spec in done.trainings.specs:
        rows = read_journal(done.trainings.trial_folder(spec) / "history.jsonl")
        found = seen.history(spec.trial_id, "test_accuracy")
        assert found == [(row["epoch"], row["test_accuracy"]) for row in rows]
        run = seen.trials[spec.trial_id]
        result = done.trainings.result(spec)
        assert run.data.metrics["final/test_accuracy"] == result["test_accuracy"]
        assert run.data.params["architecture"] == str(cell)
        assert run.data.params["setting_width"] == "2"
        assert run.data.tags["mlflow.parentRunId"] == own.info.run_id
