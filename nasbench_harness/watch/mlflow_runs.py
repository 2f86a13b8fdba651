"""What MLflow keeps of a study: an experiment, a run of the study, and below it a run per trial.

Everything is found again by tags, so that a study that is resumed, grows or is run again goes on in
the runs it has. Journals are logged in whole rows and in order: a run's last step tells how much of
its journal is there already.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.store.outcomes import HISTORY, RESULT, TRIAL, Status
from nasbench_harness.store.studies import Study
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.watch.journals import Tail, numbers
from nasbench_harness.watch.trackers import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

STUDY_TAG, TRIAL_TAG, KIND_TAG = "nasharness.study", "nasharness.trial", "nasharness.kind"
PARENT_TAG = "mlflow.parentRunId"
CLOCK = "seconds"
"""The column that every row of a journal has."""
BATCH = 1000
"""Most metrics of one request."""
FINISHED, RUNNING = "FINISHED", "RUNNING"
ENDS = {Status.DONE: FINISHED, Status.FAILED: "FAILED"}
_GROWING = ("methods", "seeds", "random")


def study_id(study: Study) -> str:
    """The same for a study wherever its folder lies and however it grows; no other study's."""
    config = {key: value for key, value in study.config.items() if key not in _GROWING}
    planned = {key: value for key, value in study.facts.items() if key != "last_run"}
    text = json.dumps([config, planned], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class StudyRuns:
    """The runs of one study on the server."""

    def __init__(self, client: MlflowClient, study: Study) -> None:
        """Find them; make the experiment and the study's own run if they are not there."""
        self._client, self._study, self._study_id = client, study, study_id(study)
        self.experiment = self._find_experiment()
        self._known = {run.data.tags.get(TRIAL_TAG, ""): run for run in self._find_runs()}
        self.id = self._open_own(self._known.pop("", None))

    def is_complete(self, spec: TrialSpec) -> bool:
        """Does the server have all of this trial."""
        run = self._known.get(spec.trial_id)
        return run is not None and run.info.status == FINISHED

    def open(self, spec: TrialSpec) -> TrialRun:
        """The run of a trial, made if need be."""
        existing = self._known.get(spec.trial_id)
        run, logged = existing or self._create(spec), -1
        run_id = run.info.run_id
        if existing:
            self._client.update_run(run_id, status=RUNNING)
            history = self._client.get_metric_history(run_id, CLOCK)
            logged = max((point.step for point in history), default=-1)
        self._client.log_batch(run_id, params=_params(_facts(self._study, spec)))
        return TrialRun(self._client, self._study, spec, run, logged)

    def close(self, report: Path | None) -> None:
        """Add the study's tables and its report, and say how it ended."""
        for name in ("trials.csv", "history.csv"):
            if (self._study.folder / name).exists():
                self._client.log_artifact(self.id, str(self._study.folder / name))
        if report is not None:
            self._client.log_artifacts(self.id, str(report), "report")
        ends = {self._study.outcome(spec).status for spec in self._study.specs}
        worst = next((s for s in (Status.FAILED, Status.INTERRUPTED) if s in ends), Status.DONE)
        worst = Status.INTERRUPTED if worst is Status.DONE and ends != {worst} else worst
        self._client.set_terminated(self.id, ENDS.get(worst, "KILLED"))

    def _find_experiment(self) -> str:
        """By its tag, and only then by its name: a study may be moved."""
        tag = f"{STUDY_TAG}.{self._study_id}"
        if found := self._client.search_experiments(filter_string=f"tags.`{tag}` = 'true'"):
            return str(found[0].experiment_id)
        name = _experiment_name(self._study)
        existing = self._client.get_experiment_by_name(name)
        if existing is None:
            return str(self._client.create_experiment(name, tags={tag: "true"}))
        if existing.lifecycle_stage == "deleted":
            raise TrackingError(
                f"The MLflow experiment `{name}` has been deleted; restore it there, or give the"
                " study another name with --out."
            )
        self._client.set_experiment_tag(existing.experiment_id, tag, "true")
        return str(existing.experiment_id)

    def _find_runs(self) -> Iterator[Run]:
        token = None
        while True:
            page = self._client.search_runs(
                [self.experiment], f"tags.`{STUDY_TAG}` = '{self._study_id}'", page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _open_own(self, existing: Run | None) -> str:
        growing = {f"nasharness.{k}": json.dumps(self._study.config.get(k)) for k in _GROWING}
        if existing is None:
            tags = {STUDY_TAG: self._study_id, KIND_TAG: "study"}
            name = self._study.folder.resolve().name
            run = self._client.create_run(self.experiment, tags=tags | growing, run_name=name)
            config = {k: v for k, v in self._study.config.items() if k not in _GROWING}
            self._client.log_batch(run.info.run_id, params=_params(config))
            return str(run.info.run_id)
        self._client.update_run(existing.info.run_id, status=RUNNING)
        self._client.log_batch(existing.info.run_id, tags=_tags(growing))
        return str(existing.info.run_id)

    def _create(self, spec: TrialSpec) -> Run:
        path = self._study.trials_folder / spec.trial_id / TRIAL
        began = path.stat().st_mtime if path.exists() else time.time()
        tags = {STUDY_TAG: self._study_id, KIND_TAG: "trial", TRIAL_TAG: spec.trial_id}
        return self._client.create_run(
            self.experiment,
            start_time=int(began * 1000),
            tags={**tags, PARENT_TAG: self.id},
            run_name=f"{spec.label} seed {spec.seed}",
        )


class TrialRun:
    """The run of one trial; the clock of its search counts from the run's start."""

    def __init__(
        self, client: MlflowClient, study: Study, spec: TrialSpec, run: Run, logged: int
    ) -> None:
        """`logged` is the last step that the server has."""
        self._client, self._study, self._spec = client, study, spec
        self._id, self._began, self._logged = run.info.run_id, run.info.start_time, logged
        self._folder = study.trials_folder / spec.trial_id
        self._tail = Tail(self._folder / HISTORY)

    def follow(self) -> None:
        """Log the rows that the journal has gained."""
        rows = [row for row in self._tail.read() if row["step"] > self._logged]
        for batch in _batches([self._metrics(row) for row in rows]):
            self._client.log_batch(self._id, metrics=batch)
        if rows:
            self._logged = rows[-1]["step"]

    def close(self) -> None:
        """Log the rest, the result and the files, and say how the trial ended."""
        self.follow()
        result = self._study.result(self._spec)
        final = {
            f"final/{name}": value for name, value in numbers(result, "schema_version").items()
        }
        seconds = float(result.get("search_seconds") or 0.0)
        told = {
            f"nasharness.{name}": str(result.get(name, "")) for name in ("architecture", "error")
        }
        metrics = self._at(final, self._spec.steps, seconds)
        self._client.log_batch(self._id, metrics=metrics, tags=_tags(told))
        for name in (RESULT, HISTORY):
            if (self._folder / name).exists():
                self._client.log_artifact(self._id, str(self._folder / name))
        end = self._began + int(seconds * 1000) if seconds else None
        self._client.set_terminated(self._id, ENDS.get(result["status"], "KILLED"), end)

    def _metrics(self, row: Mapping[str, Any]) -> list[Metric]:
        return self._at(numbers(row, "step"), row["step"], float(row.get(CLOCK, 0.0)))

    def _at(self, values: Mapping[str, float], step: int, seconds: float) -> list[Metric]:
        from mlflow.entities import Metric

        moment = self._began + int(seconds * 1000)
        return [Metric(_key(name), value, moment, step) for name, value in values.items()]


def _experiment_name(study: Study) -> str:
    """The folder's name; that of a run over all data sets stands in front."""
    folder = study.folder.resolve()
    inside = folder.name == study.config.get("dataset")
    return f"{folder.parent.name}/{folder.name}" if inside else folder.name


def _facts(study: Study, spec: TrialSpec) -> dict[str, Any]:
    """What a trial is, as its run's parameters tell it."""
    names = (
        "seed method_version recipe space space_version table table_hash problem dataset"
        " search_metric report_metric steps epochs batch_size noise"
    )
    facts = {"method": spec.label} | {name: getattr(spec, name) for name in names.split()}
    facts |= kind_of(spec.problem).identity(spec)
    facts |= {f"setting_{name}": value for name, value in spec.settings.items()}
    return facts | {"git_commit": study.facts.get("git_commit")}


def _params(facts: Mapping[str, Any]) -> list[Any]:
    from mlflow.entities import Param

    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in facts.items()}
    return [Param(_key(name), text) for name, text in texts.items() if text != ""]


def _tags(texts: Mapping[str, str]) -> list[Any]:
    from mlflow.entities import RunTag

    return [RunTag(name, text) for name, text in texts.items()]


def _key(name: str) -> str:
    """MLflow's names have letters, digits and a few signs."""
    return re.sub(r"[^\w\-./: ]", "_", name)


def _batches(rows: Sequence[list[Metric]]) -> Iterator[list[Metric]]:
    """Rows together, as many as one request may have; none is torn apart."""
    batch: list[Metric] = []
    for row in rows:
        if batch and len(batch) + len(row) > BATCH:
            yield batch
            batch = []
        batch = batch + row
    if batch:
        yield batch
