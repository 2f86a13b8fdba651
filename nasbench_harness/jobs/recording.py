"""What is kept of a trial: a line of history at every recorded step, and the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.run import Run
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.costs import space_costs
from nasbench_harness.study.heldcost import HISTORY_COLUMNS, held_cost, held_name
from nasbench_harness.tables.within import best_within


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
        **_held_in_passing(run, arch),
        **run.problem.observe(p),
        **{name: float(value) for name, value in log.items()},
        **open_kind(run.spec.problem).record(run, p),
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
        **{c.name: run.space.cost(arch, c.name, spec.dataset) for c in space_costs(run.space)},
        **_looked_up(run, arch, metrics),
        "rank": better + 1,
        "percentile": 100.0 * worse / run.space.size,
        "queries": None,
        "simulated_gpu_hours": None,
        **run.problem.conclude(arch),
        **_held_cost(run, arch, value),
        "search_seconds": run.seconds,
        "cohort": run.cohort,
        **open_kind(run.spec.problem).result(run),
    }


def _held_cost(run: Run, arch: Architecture, accuracy: float) -> dict[str, Any]:
    """What the answer costs by what its method holds down, beside the target."""
    held = held_cost(run.spec)
    if held is None:
        return {}
    cost = held.scaled(run.problem.cost(arch, held.what))
    return held.judged(cost, accuracy, best_within(run.spec, held))


def _held_in_passing(run: Run, arch: Architecture) -> dict[str, Any]:
    """Of the same what differs from one recorded step to the next; {} where no cost is held."""
    if held_name(run.spec.settings) is None:
        return {}
    accuracy = run.table.value(run.spec.report_metric, run.space.rank(arch))
    judged = _held_cost(run, arch, accuracy)
    return {name: judged[name] for name in HISTORY_COLUMNS if judged.get(name) is not None}


def _looked_up(run: Run, arch: Architecture, metrics: set[str]) -> dict[str, float]:
    """Each metric with its regret: what is missing to the table's best, in the metric's unit."""
    rank = run.space.rank(arch)
    found: dict[str, float] = {}
    for metric in sorted(metrics):
        value = run.table.value(metric, rank)
        found[metric] = value
        found[f"regret_{metric}"] = run.table.best(metric) - value
    return found
