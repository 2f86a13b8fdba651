"""One trial from start to finish: search, derive, look up, record, checkpoint, resume.

A trial's result depends on its own `TrialSpec` alone: it owns its random generators, and sees
neither other trials nor the clock. It runs on one thread unless told otherwise, so that its sums
are always in one order.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware, wait_for
from nasbench_harness.jobs.recording import record, result
from nasbench_harness.jobs.run import Run
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.seeding import stream_seed
from nasbench_harness.store.checkpoints import load_checkpoint, remove_checkpoints, save_checkpoint
from nasbench_harness.store.files import Journal, write_json
from nasbench_harness.store.outcomes import (
    HISTORY,
    RESULT,
    SCHEMA_VERSION,
    TRIAL,
    Outcome,
    Status,
    sentence,
    write_failure,
)
from nasbench_harness.study.capabilities import check_capabilities
from nasbench_harness.study.installed import refuse_outdated
from nasbench_harness.study.spec import TrialSpec

LOCK = "trial.lock"
LOCK_SECONDS = 30.0
"""How long to wait for a worker that lost its parent to notice and to stop."""
CHECKPOINT_SECONDS = 10.0
SNAPSHOTS = 25
"""How many of the recorded points carry the choice probabilities."""


@dataclass
class Callbacks:
    """How a running trial talks to whoever runs it."""

    progress: Callable[[int], None] = lambda steps: None
    stopped: Callable[[], bool] = lambda: False


def run_trial(
    spec: TrialSpec,
    folder: Path,
    callbacks: Callbacks | None = None,
    hardware: Hardware | None = None,
) -> Outcome:
    """Run (or go on with) the trial in `folder`; whatever goes wrong becomes its status."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            write_json(folder / TRIAL, {"schema_version": SCHEMA_VERSION, **asdict(spec)})
            return _search(spec, folder, callbacks or Callbacks(), hardware or Hardware())
    except Timeout:
        return Outcome(spec.trial_id, Status.FAILED, f"Another process is running {folder}.")
    except Exception as error:
        outcome = Outcome(spec.trial_id, Status.FAILED, sentence(error))
        write_failure(folder, outcome, traceback.format_exc())
        return outcome


# --- the search --------------------------------------------------------------------------------


def _search(spec: TrialSpec, folder: Path, callbacks: Callbacks, hardware: Hardware) -> Outcome:
    run = _begin(spec, hardware)
    _resume(run, folder)
    journal = Journal(folder / HISTORY, keep=run.lines)
    try:
        finished = _steps(run, journal, folder, callbacks)
    finally:
        journal.close()
    if not finished:
        outcome = Outcome(spec.trial_id, Status.INTERRUPTED, f"stopped at step {run.step}")
        write_failure(folder, outcome)
        return outcome
    write_json(folder / RESULT, {"schema_version": SCHEMA_VERSION, **result(run)})
    remove_checkpoints(folder)
    return Outcome(spec.trial_id, Status.DONE)


def _steps(run: Run, journal: Journal, folder: Path, callbacks: Callbacks) -> bool:
    """Search to the last step; False if stopped before, with a checkpoint to go on from."""
    kind = open_kind(run.spec.problem)
    recorded = kind.recorded(run.spec)
    snapshots = set(recorded[:: max(1, len(recorded) // SNAPSHOTS)]) | {recorded[-1]}
    recorded_set = set(recorded)
    while run.step < run.spec.steps:
        started = time.perf_counter()
        run.problem.advance()
        log = run.searcher.step()
        is_recorded = run.step + 1 in recorded_set
        if is_recorded:
            wait_for(run.problem.device)
        run.seconds += time.perf_counter() - started
        run.step += 1
        if is_recorded:
            journal.append(record(run, log, snapshot=run.step in snapshots))
            run.lines = journal.length
        if is_recorded or kind.dear:
            callbacks.progress(run.step)
        stopped = callbacks.stopped()
        if stopped or _due(run, at_once=is_recorded and kind.dear):
            journal.sync()
            _checkpoint(run, folder)
        if stopped and run.step < run.spec.steps:
            return False
    return True


def _due(run: Run, *, at_once: bool) -> bool:
    """Is it time for a checkpoint: every few seconds, or where the kind of problem says."""
    if run.step == run.spec.steps:
        return False
    waited = time.monotonic() - run.last_checkpoint
    return at_once or waited > CHECKPOINT_SECONDS


def _begin(spec: TrialSpec, hardware: Hardware) -> Run:
    kind = open_kind(spec.problem)
    device = kind.device(hardware)
    refuse_outdated(spec)
    space, table = registry.open_space(spec.space), registry.open_table(spec.table)
    if table.content_hash != spec.table_hash:
        raise HarnessError(
            f"Table `{spec.table}` has changed since the study was planned"
            f" ({spec.table_hash[:12]} then, {table.content_hash[:12]} now)."
        )
    problem = kind.open(spec, space, table, hardware, device)
    method = registry.methods.load(spec.method)
    settings = method.Settings.build(spec.method, spec.settings)
    check_capabilities(spec.method, method, settings, kind)
    searcher = method(problem, settings, stream_seed(spec.seed, "searcher"))
    return Run(spec, space, table, problem, searcher, hardware)


# --- checkpoints -------------------------------------------------------------------------------


def _checkpoint(run: Run, folder: Path) -> None:
    state = {
        "fingerprint": run.spec.fingerprint,
        "step": run.step,
        "seconds": run.seconds,
        "lines": run.lines,
        "searcher": run.searcher.state_dict(),
        "problem": run.problem.state_dict(),
    }
    save_checkpoint(folder, state)
    run.last_checkpoint = time.monotonic()


def _resume(run: Run, folder: Path) -> None:
    state = load_checkpoint(folder, run.spec.fingerprint)
    if state is None:
        return
    run.step, run.seconds, run.lines = state["step"], state["seconds"], state["lines"]
    run.problem.load_state_dict(state["problem"])
    run.searcher.load_state_dict(state["searcher"])
