"""What is kept of a trial: a line of history at every recorded step, and the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import describe_device, peak_memory_mb
from nasbench_harness.jobs.run import Run
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.heldcost import held_cost
from nasbench_harness.tables.within import best_within

RECORDED_POINTS = 100


def recorded_steps(steps: int, epoch_steps: int = 0) -> list[int]:
    """Which steps enter the history: always the last one.

    Of a landscape also the first, dense at first, then even; of a supernet the last step of every
    epoch of `epoch_steps` steps.
    """
    if epoch_steps:
        return sorted({*range(epoch_steps, steps + 1, epoch_steps), steps})
    even = {round(steps * i / RECORDED_POINTS) for i in range(1, RECORDED_POINTS + 1)}
    early = {round(steps ** (i / RECORDED_POINTS)) for i in range(RECORDED_POINTS // 2)}
    return sorted((even | early | {1}) - {0})


def record(run: Run, log: Mapping[str, Any], *, snapshot: bool) -> dict[str, Any]:
    """One line of the history; HarnessError if the search has diverged."""
    run.problem.check()
    p = probabilities(run)
    arch = run.searcher.architecture()
    row = {
        "step": run.step,
        "epoch": run.problem.progress.epoch,
        "seconds": round(run.seconds, 6),
        "architecture": str(arch),
        **_looked_up(run, arch, {run.spec.search_metric, run.spec.report_metric} - {""}),
        "entropy": float(-(p * p.clamp(min=1e-300).log()).sum(dim=-1).mean()),
        **run.problem.observe(p),
        **{name: float(value) for name, value in log.items()},
        **_of_supernet(run, arch, p),
        **_of_landscape(run),
    }
    row = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    if snapshot:
        row["probabilities"] = [[round(x, 6) for x in row] for row in p.tolist()]
    return row


def probabilities(run: Run) -> Any:
    """[D, K] on the host: the searcher's preferences, each row summing to 1."""
    scores = run.searcher.scores().cpu().double()
    if not bool(scores.isfinite().all()):
        raise HarnessError(f"The search produced numbers that are not finite at step {run.step}.")
    total = scores.sum(dim=-1, keepdim=True)
    return scores / total.where(total > 0, 1.0)


def _of_supernet(run: Run, arch: Architecture, p: Any) -> dict[str, Any]:
    """What only a search on images can tell."""
    if not run.spec.epoch_steps:
        return {}
    facts: dict[str, Any] = {"peak_memory_mb": peak_memory_mb(run.problem.device)}
    every, epoch = run.spec.diagnose_every, run.step // run.spec.epoch_steps
    searches = run.spec.steps >= run.spec.epoch_steps  # a single draw leaves nothing to diagnose
    if every and searches and (epoch % every == 0 or run.step == run.spec.steps):
        from nasbench_harness.problems.supernet.diagnostics import diagnose

        column = run.table.column(run.spec.report_metric)
        facts |= diagnose(run.problem, p, column)  # type: ignore[arg-type]
    return facts


def _of_landscape(run: Run) -> dict[str, float]:
    """How good the gradient is, every so many recorded steps and at the last one."""
    every = 0 if run.spec.epoch_steps else run.spec.diagnose_every
    if not every or not _is_diagnosed(run, every):
        return {}
    from nasbench_harness.problems.landscape.estimators import diagnose

    return diagnose(run.searcher, run.problem)


def _is_diagnosed(run: Run, every: int) -> bool:
    place = recorded_steps(run.spec.steps).index(run.step)
    return place % every == 0 or run.step == run.spec.steps


def result(run: Run) -> dict[str, Any]:
    """The final row of a trial."""
    arch: Architecture = run.searcher.architecture()
    spec, table = run.spec, run.table
    metrics = {m.name for m in table.metrics.values() if m.report and m.dataset == spec.dataset}
    metrics.add(spec.report_metric)
    value = table.value(spec.report_metric, run.space.rank(arch))
    worse, better = table.standing(spec.report_metric, value)
    return {
        "status": Status.DONE,
        "error": "",
        "architecture": str(arch),
        **run.space.describe(arch),
        **{what: run.space.cost(arch, what, spec.dataset) for what in run.space.costs},
        **_looked_up(run, arch, metrics),
        "rank": better + 1,
        "percentile": 100.0 * worse / run.space.size,
        "queries": None,
        "simulated_gpu_hours": None,
        **run.problem.conclude(arch),
        **_held_cost(run, arch, value),
        "search_seconds": run.seconds,
        **_cost_of_search(run),
    }


def _held_cost(run: Run, arch: Architecture, accuracy: float) -> dict[str, Any]:
    """What the answer costs by what its method holds down, beside the target."""
    held = held_cost(run.spec.settings)
    if held is None:
        return {}
    cost = held.scaled(run.problem.cost(arch, held.what))
    return held.judged(cost, accuracy, best_within(run.spec, held))


def _cost_of_search(run: Run) -> dict[str, Any]:
    """GPU-days where a GPU ran, CPU-hours (times threads) where not."""
    if not run.spec.epoch_steps:
        return {}
    device = run.problem.device
    facts = {"device": describe_device(device), "peak_memory_mb": peak_memory_mb(device)}
    if device.type == "cpu":
        return {**facts, "search_cpu_hours": run.seconds * run.hardware.threads / 3600}
    return {**facts, "search_gpu_days": run.seconds / 86_400}


def _looked_up(run: Run, arch: Architecture, metrics: set[str]) -> dict[str, float]:
    """Each metric with its regret: what is missing to the table's best, in the metric's unit."""
    rank = run.space.rank(arch)
    found: dict[str, float] = {}
    for metric in sorted(metrics):
        value = run.table.value(metric, rank)
        found[metric] = value
        found[f"regret_{metric}"] = run.table.best(metric) - value
    return found
