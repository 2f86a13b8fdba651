"""Which method optimises best what it looked at, whatever that is worth."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from nasbench_harness.reports.analysis.compare import design_of
from nasbench_harness.reports.analysis.decision import MethodLosses, decide
from nasbench_harness.reports.analysis.parts import optimisation_regrets, searched_metrics
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.smallest import smallest_difference
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.beside import beside
from nasbench_harness.reports.words.marked import name


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
    losses = {label: pd.Series(optimisation_regrets(data, label)) for label in labels}
    known = {label: values for label, values in losses.items() if len(values)}
    if len(known) < 2:
        return ""
    ordered = sorted(known, key=lambda label: float(known[label].mean()))
    smallest = smallest_difference(data.study, data.measure, metric, data.table)
    delta = smallest.points if smallest else None
    design = replace(design_of(data, data.measure), delta=delta, column=None)
    claims = decide([MethodLosses(label, known[label]) for label in ordered], design)
    mean = numerals.points(float(known[ordered[0]].mean()))
    return (
        f"As an optimiser of {name(metric)}, {name(ordered[0])} ends with the lowest mean"
        f" optimisation regret, {mean} points{beside(ordered[:1], ordered, claims)}."
    )
