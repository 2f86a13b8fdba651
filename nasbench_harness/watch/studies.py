"""What the folder of a study, or of trainings, tells about how far they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from nasbench_harness.store.folders import FolderKind
from nasbench_harness.store.outcomes import Status
from nasbench_harness.watch.folders import open_jobs
from nasbench_harness.watch.locks import is_held
from nasbench_harness.watch.trials import TrialObserver, TrialState


@dataclass(frozen=True)
class StudyState:
    """One study, or one folder of trainings, at one moment."""

    folder: Path
    kind: FolderKind[Any]
    about: str
    alive: bool
    """Somebody is running it."""
    trials: Sequence[TrialState]

    @property
    def state(self) -> str:
        """`running`, `done`, or `stopped` where trials are missing and nobody runs them."""
        if self.alive:
            return "running"
        return "done" if self.count(Status.DONE) == len(self.trials) else "stopped"

    def count(self, state: Status) -> int:
        """How many trials are in that state."""
        return sum(trial.state is state for trial in self.trials)

    def of(self, state: Status) -> list[TrialState]:
        """The trials in that state."""
        return [trial for trial in self.trials if trial.state is state]

    def methods(self) -> list[dict[str, Any]]:
        """How many trials of each method are in each state."""
        counts: dict[str, Counter[Status]] = {}
        for trial in self.trials:
            counts.setdefault(trial.method, Counter())[trial.state] += 1
        return [
            {"method": method, **{str(state): count[state] for state in Status}}
            for method, count in counts.items()
        ]

    def eta_seconds(self) -> float | None:
        """How long the rest will take with as many processes as now; None if unknown.

        A trial takes as long as those of its method that are done, or as those that run promise.
        Trials that are stepped together, and so stand at the same step, share one process.
        """
        running = self.of(Status.RUNNING)
        if not self.alive or not running:
            return None
        durations = _durations(self.trials)
        rest = [_rest(trial, durations) for trial in running]
        processes: dict[tuple[str, int], float] = {}
        for trial, seconds in zip(running, rest, strict=True):
            key = (trial.method, trial.step)
            processes[key] = processes.get(key, 0.0) + (seconds or 0.0)
        waiting = [t for t in self.trials if t.state in (Status.MISSING, Status.INTERRUPTED)]
        ahead = [_rest(trial, durations) for trial in waiting]
        known = [seconds for seconds in (*rest, *ahead) if seconds is not None]
        if len(known) < len(rest) + len(ahead):
            return None
        return max(*processes.values(), sum(known) / len(processes))

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "folder": self.folder,
            "state": self.state,
            "eta_seconds": self.eta_seconds(),
            "methods": self.methods(),
            "trials": [asdict(trial) for trial in self.trials],
        }


def _durations(trials: Iterable[TrialState]) -> dict[str, float]:
    """Seconds of a whole trial of each method that has got anywhere; "" is the mean of all."""
    promised: dict[str, list[float]] = {}
    done: dict[str, list[float]] = {}
    for trial in trials:
        if not trial.seconds or not trial.step:
            continue
        found = done if trial.state is Status.DONE else promised
        found.setdefault(trial.method, []).append(trial.seconds / trial.step * trial.steps)
    means = {method: fmean(seconds) for method, seconds in (promised | done).items()}
    return {**means, "": fmean(means.values())} if means else {}


def _rest(trial: TrialState, durations: dict[str, float]) -> float | None:
    """What is left of it, at its own speed if it has one."""
    if trial.seconds and trial.step:
        return trial.seconds / trial.step * (trial.steps - trial.step)
    whole = durations.get(trial.method, durations.get(""))
    return None if whole is None else whole * (trial.steps - trial.step) / trial.steps


class StudyObserver:
    """Looks at a study, or at trainings, again and again; notices trials that were added."""

    def __init__(self, folder: Path) -> None:
        """HarnessError if there is no study, and are no trainings, in `folder`."""
        self.folder = folder
        self._jobs = open_jobs(folder)
        self._stamp = -1
        self._trials: dict[str, TrialObserver] = {}
        self._read()

    def look(self) -> StudyState:
        """All of it as it is now."""
        self._read()
        kind = self._jobs.kind
        alive = bool(is_held(self.folder / kind.lock))
        trials = [trial.look() for trial in self._trials.values()]
        alive = alive or any(trial.state is Status.RUNNING for trial in trials)
        return StudyState(self.folder, kind, self._jobs.about, alive, trials)

    def _read(self) -> None:
        path = self.folder / self._jobs.kind.plan
        stamp = os.stat(path).st_mtime_ns if path.exists() else 0
        if stamp and stamp == self._stamp:
            return
        self._jobs = open_jobs(self.folder)
        for spec in self._jobs.specs:
            known = spec.trial_id
            if known not in self._trials:
                self._trials[known] = TrialObserver(spec, self._jobs.trials_folder / known)
        self._stamp = stamp
