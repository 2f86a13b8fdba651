"""What a study's folder tells about how far the study is."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from nasbench_harness.problems.kinds import searched
from nasbench_harness.store.studies import LOCK, STUDY, Study, open_study
from nasbench_harness.watch.locks import is_held
from nasbench_harness.watch.trials import State, TrialObserver, TrialState


@dataclass(frozen=True)
class StudyState:
    """One study at one moment."""

    folder: Path
    about: str
    alive: bool
    """Somebody is running it."""
    trials: Sequence[TrialState]

    @property
    def state(self) -> str:
        """`running`, `done`, or `stopped` where trials are missing and nobody runs them."""
        if self.alive:
            return "running"
        return "done" if self.count(State.DONE) == len(self.trials) else "stopped"

    def count(self, state: State) -> int:
        """How many trials are in that state."""
        return sum(trial.state is state for trial in self.trials)

    def of(self, state: State) -> list[TrialState]:
        """The trials in that state."""
        return [trial for trial in self.trials if trial.state is state]

    def methods(self) -> list[dict[str, Any]]:
        """How many trials of each method are in each state."""
        counts: dict[str, Counter[State]] = {}
        for trial in self.trials:
            counts.setdefault(trial.method, Counter())[trial.state] += 1
        return [
            {"method": method, **{str(state): count[state] for state in State}}
            for method, count in counts.items()
        ]

    def eta_seconds(self) -> float | None:
        """How long the rest will take with as many trials at a time as now; None if unknown.

        A trial takes as long as those of its method that are done, or as those that run promise.
        """
        running = self.of(State.RUNNING)
        if not self.alive or not running:
            return None
        durations = _durations(self.trials)
        rest = [_rest(trial, durations) for trial in running]
        waiting = [t for t in self.trials if t.state in (State.MISSING, State.INTERRUPTED)]
        ahead = [_rest(trial, durations) for trial in waiting]
        known = [seconds for seconds in (*rest, *ahead) if seconds is not None]
        if len(known) < len(rest) + len(ahead):
            return None
        longest = max(seconds for seconds in rest if seconds is not None)
        return max(longest, sum(known) / len(running))

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
        found = done if trial.state is State.DONE else promised
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
    """Looks at a study again and again; notices trials that were added to it."""

    def __init__(self, folder: Path) -> None:
        """StudyError if there is no study in `folder`."""
        self.folder = folder
        self._stamp = -1
        self._about = ""
        self._trials: dict[str, TrialObserver] = {}
        self._read()

    def look(self) -> StudyState:
        """The study as it is now."""
        self._read()
        alive = bool(is_held(self.folder / LOCK))
        trials = [trial.look() for trial in self._trials.values()]
        alive = alive or any(trial.state is State.RUNNING for trial in trials)
        return StudyState(self.folder, self._about, alive, trials)

    def _read(self) -> None:
        path = self.folder / STUDY
        stamp = os.stat(path).st_mtime_ns if path.exists() else 0
        if stamp and stamp == self._stamp:
            return
        study = open_study(self.folder)
        for spec in study.specs:
            known = spec.trial_id
            if known not in self._trials:
                self._trials[known] = TrialObserver(spec, study.trials_folder / known)
        self._stamp, self._about = stamp, _about(study)


def _about(study: Study) -> str:
    if not study.specs:
        return ""
    spec = study.specs[0]
    return f"{searched(spec)}; table `{spec.table}`, {spec.report_metric}"
