"""One trial from start to finish: search, derive, look up, record, checkpoint, resume.

A trial's result depends on its own `TrialSpec` alone: it owns its random generators, runs on one
thread, and sees neither other trials nor the clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, Problem, Searcher, SearchSpace, Table
from nasbench_harness.errors import HarnessError
from nasbench_harness.files import Journal, replacing, write_json
from nasbench_harness.seeding import stream_seed

SCHEMA_VERSION = 1
CHECKPOINT_SECONDS = 10.0
RECORDED_POINTS = 100
SNAPSHOTS = 25
"""How many of the recorded points carry the choice probabilities."""

TRIAL, HISTORY, CHECKPOINT, RESULT = "trial.json", "history.jsonl", "checkpoint.pt", "result.json"


class Status(StrEnum):
    """How a trial ended, or that it has not."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    MISSING = "missing"


@dataclass(frozen=True)
class TrialSpec:
    """Everything a trial's result depends on."""

    method: str
    method_version: str
    settings: Mapping[str, Any]
    overrides: Mapping[str, Any]
    """What the user changed; the rest of `settings` is the recipe's."""
    recipe: str
    space: str
    space_version: str
    table: str
    table_hash: str
    problem: str
    dataset: str
    search_metric: str
    report_metric: str
    steps: int
    epochs: int
    batch_size: int
    noise: float | str
    seed: int

    @property
    def label(self) -> str:
        """The method as a row of a table names it: `unas`, `unas[temperature=0.4]`."""
        return method_label(self.method, self.overrides)

    @property
    def trial_id(self) -> str:
        """Readable name and a hash of everything above."""
        return f"{self.method}-s{self.seed}-{self.fingerprint[:10]}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result."""
        decisive = {k: v for k, v in asdict(self).items() if k not in ("overrides", "recipe")}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """How a trial ended."""

    trial_id: str
    status: Status
    error: str = ""


@dataclass
class Callbacks:
    """How a running trial talks to whoever runs it."""

    progress: Callable[[int], None] = lambda steps: None
    stopped: Callable[[], bool] = lambda: False


def method_label(method: str, overrides: Mapping[str, Any]) -> str:
    """`unas` or `unas[temperature=0.4,cost=params]`: what `--methods` reads."""
    if not overrides:
        return method
    changed = ",".join(f"{name}={_plain(value)}" for name, value in sorted(overrides.items()))
    return f"{method}[{changed}]"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def run_trial(spec: TrialSpec, folder: Path, callbacks: Callbacks | None = None) -> Outcome:
    """Run (or go on with) the trial in `folder`; whatever goes wrong becomes its status."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / TRIAL, {"schema_version": SCHEMA_VERSION, **asdict(spec)})
        return _search(spec, folder, callbacks or Callbacks())
    except Exception as error:
        outcome = Outcome(spec.trial_id, Status.FAILED, _sentence(error))
        write_failure(folder, outcome, traceback.format_exc())
        return outcome


def write_failure(folder: Path, outcome: Outcome, details: str = "") -> None:
    """Keep why a trial has no result; on a full disk the outcome itself has to do."""
    facts = {"status": outcome.status, "error": outcome.error, "traceback": details}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RESULT, {"schema_version": SCHEMA_VERSION, **facts})


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"


def recorded_steps(steps: int) -> list[int]:
    """Which steps enter the history: dense at first, then even; always the first and the last."""
    even = {round(steps * i / RECORDED_POINTS) for i in range(1, RECORDED_POINTS + 1)}
    early = {round(steps ** (i / RECORDED_POINTS)) for i in range(RECORDED_POINTS // 2)}
    return sorted((even | early | {1}) - {0})


# --- the search --------------------------------------------------------------------------------


@dataclass
class Run:
    """A trial in progress."""

    spec: TrialSpec
    space: SearchSpace
    table: Table
    problem: Problem
    searcher: Searcher
    step: int = 0
    seconds: float = 0.0
    lines: int = 0
    last_checkpoint: float = field(default_factory=time.monotonic)


def _search(spec: TrialSpec, folder: Path, callbacks: Callbacks) -> Outcome:
    run = _begin(spec)
    _resume(run, folder / CHECKPOINT)
    journal = Journal(folder / HISTORY, keep=run.lines)
    try:
        finished = _steps(run, journal, folder, callbacks)
    finally:
        journal.close()
    if not finished:
        outcome = Outcome(spec.trial_id, Status.INTERRUPTED, f"stopped at step {run.step}")
        write_failure(folder, outcome)
        return outcome
    result = _result(run)
    write_json(folder / RESULT, result)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return Outcome(spec.trial_id, Status.DONE)


def _steps(run: Run, journal: Journal, folder: Path, callbacks: Callbacks) -> bool:
    """Search to the last step; False if stopped before, with a checkpoint to go on from."""
    recorded = recorded_steps(run.spec.steps)
    snapshots = set(recorded[:: max(1, len(recorded) // SNAPSHOTS)]) | {recorded[-1]}
    recorded_set = set(recorded)
    while run.step < run.spec.steps:
        started = time.perf_counter()
        run.problem.advance()
        log = run.searcher.step()
        run.seconds += time.perf_counter() - started
        run.step += 1
        if run.step in recorded_set:
            journal.append(_record(run, log, snapshot=run.step in snapshots))
            run.lines = journal.length
            callbacks.progress(run.step)
        stopped = callbacks.stopped()
        if stopped or time.monotonic() - run.last_checkpoint > CHECKPOINT_SECONDS:
            journal.sync()
            _checkpoint(run, folder / CHECKPOINT)
        if stopped and run.step < run.spec.steps:
            return False
    return True


def _begin(spec: TrialSpec) -> Run:
    _use_one_thread()
    space, table = registry.open_space(spec.space), registry.open_table(spec.table)
    if table.content_hash != spec.table_hash:
        raise HarnessError(
            f"Table `{spec.table}` has changed since the study was planned"
            f" ({spec.table_hash[:12]} then, {table.content_hash[:12]} now)."
        )
    problem = _build_problem(spec, space, table)
    method = registry.methods.load(spec.method)
    settings = method.Settings.build(spec.method, spec.settings)
    searcher = method(problem, settings, stream_seed(spec.seed, "searcher"))
    return Run(spec, space, table, problem, searcher)


def _use_one_thread() -> None:
    """Sums in one order whatever the machine, and no threads that fight over small matrices."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def _build_problem(spec: TrialSpec, space: SearchSpace, table: Table) -> Problem:
    from nasbench_harness.problems.landscape import Landscape

    return Landscape(
        space,
        table,
        metric=spec.search_metric,
        dataset=spec.dataset,
        steps=spec.steps,
        epochs=spec.epochs,
        batch_size=spec.batch_size,
        noise="seeds" if spec.noise == "seeds" else float(spec.noise),
        seed=stream_seed(spec.seed, "problem"),
    )


# --- what is kept ------------------------------------------------------------------------------


def _record(run: Run, log: Mapping[str, Any], *, snapshot: bool) -> dict[str, Any]:
    """One line of the history."""
    scores = run.searcher.scores()
    if not bool(scores.isfinite().all()):
        raise HarnessError(f"The search produced numbers that are not finite at step {run.step}.")
    total = scores.sum(dim=-1, keepdim=True)
    p = scores / total.where(total > 0, 1.0)
    arch = run.searcher.architecture()
    rank = run.space.rank(arch)
    row = {
        "step": run.step,
        "epoch": run.problem.progress.epoch,
        "seconds": round(run.seconds, 6),
        "architecture": str(arch),
        **_looked_up(run, rank, {run.spec.search_metric, run.spec.report_metric}),
        "entropy": float(-(p * p.clamp(min=1e-300).log()).sum(dim=-1).mean()),
        **run.problem.observe(p),
        **{name: float(value) for name, value in log.items()},
    }
    row = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    if snapshot:
        row["probabilities"] = [[round(x, 6) for x in row] for row in p.tolist()]
    return row


def _result(run: Run) -> dict[str, Any]:
    """The final row of a trial."""
    arch: Architecture = run.searcher.architecture()
    rank = run.space.rank(arch)
    spec, table = run.spec, run.table
    metrics = {m.name for m in table.metrics.values() if m.report and m.dataset == spec.dataset}
    worse, better = table.standing(spec.report_metric, table.value(spec.report_metric, rank))
    observed = run.problem.observe(run.searcher.scores())
    return {
        "schema_version": SCHEMA_VERSION,
        "status": Status.DONE,
        "error": "",
        "architecture": str(arch),
        **run.space.describe(arch),
        **{what: run.space.cost(arch, what, spec.dataset) for what in run.space.costs},
        **_looked_up(run, rank, metrics),
        "rank": better + 1,
        "percentile": 100.0 * worse / run.space.size,
        "queries": observed.get("queries"),
        "simulated_gpu_hours": observed.get("simulated_gpu_hours"),
        "search_seconds": run.seconds,
    }


def _looked_up(run: Run, rank: int, metrics: set[str]) -> dict[str, float]:
    """Each metric with its regret: what is missing to the table's best, in the metric's unit."""
    found: dict[str, float] = {}
    for metric in sorted(metrics):
        value = run.table.value(metric, rank)
        found[metric] = value
        found[f"regret_{metric}"] = run.table.best(metric) - value
    return found


# --- checkpoints -------------------------------------------------------------------------------


def _checkpoint(run: Run, path: Path) -> None:
    import torch

    state = {
        "fingerprint": run.spec.fingerprint,
        "step": run.step,
        "seconds": run.seconds,
        "lines": run.lines,
        "searcher": run.searcher.state_dict(),
        "problem": run.problem.state_dict(),
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with replacing(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
    run.last_checkpoint = time.monotonic()


def _resume(run: Run, path: Path) -> None:
    import torch

    if not path.exists():
        return
    try:
        state = torch.load(path, weights_only=True)
    except Exception as error:
        raise HarnessError(
            f"The checkpoint {path} cannot be read ({type(error).__name__}); delete it to start"
            " the trial again."
        ) from error
    if state["fingerprint"] != run.spec.fingerprint:
        raise HarnessError(f"The checkpoint {path} belongs to another trial; delete it.")
    run.step, run.seconds, run.lines = state["step"], state["seconds"], state["lines"]
    run.searcher.load_state_dict(state["searcher"])
    run.problem.load_state_dict(state["problem"])
