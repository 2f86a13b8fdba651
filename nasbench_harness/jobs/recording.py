"""What is kept of a trial: a line of history at every recorded step, and the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, MixtureSearcher, keeps_front
from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.jobs.run import Run
from nasbench_harness.jobs.trying import INVERSE, check_shape
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.schema import FRONT, STUDY_PARTS
from nasbench_harness.study.costs import space_costs
from nasbench_harness.study.heldcost import WITHIN, held_costs, held_names, in_passing
from nasbench_harness.tables.metrics import value_of
from nasbench_harness.tables.quantity import quantity_in, recorded
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
        **_observed(run, mixture(run, p), arch),
        **_logged(run, log),
        **open_kind(run.spec.problem).record(run, p),
    }
    row = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    if snapshot:
        row["probabilities"] = [[round(x, 6) for x in row] for row in p.tolist()]
    return row


def _logged(run: Run, log: Mapping[str, Any]) -> dict[str, Any]:
    """What the method tells of its step: numbers, and text as it is."""
    if taken := _taken(tuple(log)) or {run.spec.report_metric, run.spec.search_metric} & {*log}:
        names = ", ".join(f"`{name}`" for name in sorted(taken))
        raise HarnessError(
            f"The method `{run.spec.method}` logs {names}, which every study has and no method"
            " writes; it must choose another name."
        )
    try:
        return {name: v if isinstance(v, str) else float(v) for name, v in log.items()}
    except (TypeError, ValueError, RuntimeError) as error:
        raise HarnessError(
            f"The method `{run.spec.method}` logs what is neither a number nor text"
            f" ({reason(error)})."
        ) from error


@lru_cache(maxsize=64)
def _taken(names: tuple[str, ...]) -> frozenset[str]:
    """Those that are columns of the history whoever searches what."""
    taken = [column for part in STUDY_PARTS for column in part.of("history")]
    return frozenset(name for name in names if any(column.covers(name) for column in taken))


def _observed(run: Run, p: Any, arch: Architecture) -> dict[str, Any]:
    """What the problem tells; without a benchmark the report metric is among it."""
    facts: dict[str, Any] = run.problem.observe(p, arch)
    observes = open_kind(run.spec.problem).observes
    if run.table is None and observes in facts:
        facts = {run.spec.report_metric: facts[observes], **facts}
    return facts


def probabilities(run: Run) -> Any:
    """[D, K] on the host: the searcher's preferences, each row summing to 1."""
    scores = _asked(run, "scores", run.searcher.scores)
    total = scores.sum(dim=-1, keepdim=True)
    return scores / total.where(total > 0, 1.0)


def answer(run: Run) -> Architecture:
    """What the search ends with; HarnessError where the space contradicts itself about it."""
    arch = run.searcher.architecture()
    back = run.space.derive(run.space.weights(arch))
    if back != arch:
        raise HarnessError(
            f"The space `{run.space.name}` derives `{back}` from the weights of `{arch}`, so that"
            f" what is trained and what is told are two architectures; {INVERSE}."
        )
    return arch


def mixture(run: Run, p: Any) -> Any:
    """[D, K] on the host: what the searcher trains with; `p` where it says nothing else."""
    if not isinstance(run.searcher, MixtureSearcher):
        return p
    return _asked(run, "mixture", run.searcher.mixture)


def _asked(run: Run, member: str, ask: Callable[[], Any]) -> Any:
    """[D, K] on the host; HarnessError for another shape, or numbers that are not finite."""
    numbers = ask()
    check_shape(run.spec.method, member, numbers, run.space)
    found = numbers.cpu().double()
    if not bool(found.isfinite().all()):
        raise HarnessError(f"The search produced numbers that are not finite at step {run.step}.")
    return found


def result(run: Run) -> dict[str, Any]:
    """The final row of a trial."""
    arch, spec = answer(run), run.spec
    facts = {
        **_looked_up(run, arch, _metrics(run)),
        **_standing(run, arch),
        "queries": None,
        "simulated_gpu_hours": None,
        **run.problem.conclude(arch),
    }
    return {
        "status": Status.DONE,
        "error": "",
        "architecture": str(arch),
        **registry.spaces.asked(run.space.name, "describe", lambda: run.space.describe(arch)),
        **{c.name: run.space.cost(arch, c.name, spec.dataset) for c in space_costs(run.space)},
        **facts,
        **_held_costs(run, arch, facts[spec.report_metric]),
        **_front(run),
        **recorded(quantity_in(run.table, spec.report_metric)),
        "search_seconds": run.seconds,
        "cohort": run.cohort,
        **open_kind(run.spec.problem).result(run),
    }


def _front(run: Run) -> dict[str, list[str]]:
    """The architectures that a method which holds a cost knows to be dominated by no other."""
    if not held_names(run.spec.roles) or not keeps_front(run.searcher):
        return {}
    found = [str(arch) for arch in run.searcher.front()]
    return {FRONT: found} if found else {}


def _held_costs(run: Run, arch: Architecture, accuracy: float | None) -> dict[str, Any]:
    """What the answer costs by what its method holds down, beside the targets."""
    held = held_costs(run.spec)
    if held is None:
        return {}
    costs = [one.scaled(run.problem.cost(arch, one.what)) for one in held]
    missing = math.nan if accuracy is None else accuracy
    facts = held.judged(costs, missing, best_within(run.spec, held))
    if run.complete is None:
        del facts[WITHIN]  # nobody knows the best
    return facts


def _held_in_passing(run: Run, arch: Architecture) -> dict[str, Any]:
    """Of the same what differs from one recorded step to the next; {} where no cost is held."""
    if not held_names(run.spec.roles):
        return {}
    metric = run.spec.report_metric
    accuracy = None if run.table is None else value_of(run.table, metric, arch)
    judged = _held_costs(run, arch, accuracy)
    return {name: v for name, v in judged.items() if v is not None and in_passing(name)}


def _metrics(run: Run) -> set[str]:
    """What is looked up of an answer."""
    if run.table is None:
        return set()
    metrics = run.table.metrics.values()
    reported = {m.name for m in metrics if m.report and m.dataset == run.spec.dataset}
    return reported | {run.spec.report_metric}


def _looked_up(run: Run, arch: Architecture, metrics: set[str]) -> dict[str, float | None]:
    """Each metric, and in a complete table its regret: what is missing to the best, in its unit.

    None is what a benchmark does not know of the architecture.
    """
    if run.table is None:
        return {}
    found: dict[str, float | None] = {}
    for metric in sorted(metrics):
        value = found[metric] = value_of(run.table, metric, arch)
        if run.complete is not None:
            best = run.complete.best(metric)
            found[f"regret_{metric}"] = None if value is None else best - value
    return found


def _standing(run: Run, arch: Architecture) -> dict[str, Any]:
    """Where a complete table has the answer among all architectures; None without a number."""
    table, metric = run.complete, run.spec.report_metric
    if table is None:
        return {}
    if (value := value_of(table, metric, arch)) is None:
        return {"rank": None, "percentile": None}
    worse, better = table.standing(metric, value)
    return {"rank": better + 1, "percentile": 100.0 * worse / len(table.column(metric))}
