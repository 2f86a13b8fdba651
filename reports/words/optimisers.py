"""Which method optimises best what it looked at, whatever that is worth."""

from __future__ import annotations

import math
from dataclasses import replace

from nasbench_harness.reports.analysis.compare import design_of
from nasbench_harness.reports.analysis.decision import decide
from nasbench_harness.reports.analysis.parts import optimisation_losses, searched_metrics
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import by_regret
from nasbench_harness.reports.study.smallest import smallest_difference
from nasbench_harness.reports.words.beside import beside
from nasbench_harness.reports.words.marked import name, names


def optimisers(data: StudyData) -> str:
    """The decision by optimisation regret: a marked sentence for each metric that was searched on.

    Points of one metric are not those of another, so only methods that looked at the same one are
    compared. Empty where no two did, and where nothing has two parts.
    """
    groups: dict[str, list[str]] = {}
    for label, metric in searched_metrics(data).items():
        groups.setdefault(metric, []).append(label)
    return " ".join(filter(None, (_of(data, *group) for group in groups.items())))


def _of(data: StudyData, metric: str, labels: list[str]) -> str:
    losses = [optimisation_losses(data, label) for label in labels]
    known = sorted(
        (one for one in losses if len(one.losses)), key=lambda one: float(one.losses.mean())
    )
    if len(known) < 2:
        return ""
    measure = by_regret(data.quantity(metric))
    smallest = smallest_difference(data.study, measure, metric, data.table)
    delta = smallest.points if smallest else None
    design = replace(design_of(data, data.measure), delta=delta, column=None, worst=math.nan)
    claims = decide(known, design)
    ordered = [one.label for one in known]
    mean = float(known[0].losses.mean())
    best = [one.label for one in known if float(one.losses.mean()) - mean <= TOLERANCE]
    ends = "ends" if len(best) == 1 else "end"
    return (
        f"As optimisers of {name(metric)}, judged by themselves: {names(best)} {ends} with the"
        f" lowest mean optimisation regret, {measure.stated(mean)}"
        f"{beside(best, ordered, claims)}."
    )
