"""Methods that ask for single architectures, compared after as many queries each.

A search that asked for more has seen more, so that results at the end of different budgets say
little. Here every method is looked at where all of them have been, the baseline among them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.figures.curves import Answers, held
from nasbench_harness.reports.statistics.area import anytime_regret
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.twosample import smallest_two_sample_p, two_sample_p
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.study.config import BASELINE

QUERIES = "queries"
ROUND = (1, 3)
"""Budgets are these times powers of ten, from 10 on."""


def query_paths(data: StudyData) -> dict[str, list[Answers]]:
    """Per method that asked for single architectures, and seed, its numbers after so many queries.

    Queries, rising, and the regret (or accuracy, where no best is known) of the answer from there
    on; methods in the order of the summary. Only seeds whose queries were recorded.
    """
    rows, key = data.steps, data.measure.key
    if QUERIES not in rows or key not in rows:
        return {}
    rows = rows[(rows[QUERIES] > 0) & rows[key].notna()].sort_values(["trial", "step"])
    rows = rows.drop_duplicates(["trial", QUERIES], keep="last")
    found = {
        label: [
            (seed[QUERIES].to_numpy(dtype=float), seed[key].to_numpy(dtype=float))
            for _, seed in rows[rows["method"] == label].groupby("trial")
        ]
        for label in data.querying
    }
    return {label: paths for label, paths in found.items() if paths}


def common_budget(data: StudyData) -> float:
    """The largest number of queries that every seed of every such method made; NaN without one."""
    ends = [queries[-1] for paths in query_paths(data).values() for queries, _ in paths]
    return float(min(ends)) if ends else np.nan


def equal_budgets(data: StudyData) -> list[int]:
    """10, 30, 100, ... queries up to `common_budget`, and that itself; [] without one.

    From where every seed has an answer on.
    """
    starts = [queries[0] for paths in query_paths(data).values() for queries, _ in paths]
    if not starts:
        return []
    start, end = max(starts), int(common_budget(data))
    if start > end:
        return []
    powers = range(1, len(str(end)))
    below = [digit * 10**power for power in powers for digit in ROUND]
    return [*(budget for budget in below if start <= budget < end), end]


def regrets_at(data: StudyData, label: str, queries: float) -> Array:
    """What each seed of a method has after so many queries: [seeds], in the study's measure."""
    paths = query_paths(data)[label]
    return np.array([held(path, np.array([queries]))[0] for path in paths])


def anytime_areas(data: StudyData, label: str) -> Array:
    """Mean of the measure over the queries up to `common_budget`, of every seed: [seeds].

    The area under the step function of the answers, from the first query on.
    """
    end = common_budget(data)
    return np.array([_area(path, end) for path in query_paths(data)[label]])


def equal_cost(data: StudyData) -> pd.DataFrame:
    """One row per method that asks for single architectures; none where no budget is common.

    Columns method, seeds, at_N (mean of the measure after N queries; the last N is the largest that
    all reached), area (mean over the budget) and p_area (of the areas against the baseline's, by a
    permutation test corrected for all methods; NaN of the baseline and without one).
    """
    budgets = equal_budgets(data)
    if not budgets:
        return pd.DataFrame()
    rows = pd.DataFrame([_row(data, label, budgets) for label in query_paths(data)])
    rows["p_area"] = rows["method"].map(_against_baseline(data))
    order = data.measure.sign * rows[f"at_{budgets[-1]}"]
    return rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _row(data: StudyData, label: str, budgets: list[int]) -> dict[str, Any]:
    at = {f"at_{budget}": float(regrets_at(data, label, budget).mean()) for budget in budgets}
    areas = anytime_areas(data, label)
    return {"method": label, "seeds": len(areas), **at, "area": float(areas.mean())}


def _area(path: Answers, end: float) -> float:
    queries, _ = path
    places = np.unique([*queries[queries < end], end])
    return float(anytime_regret(places, held(path, places)[None], held=True)[0])


def _against_baseline(data: StudyData) -> dict[str, float]:
    areas = {label: anytime_areas(data, label) for label in query_paths(data)}
    if (line := areas.pop(BASELINE, None)) is None:
        return {}
    p_values = [two_sample_p(own, line) for own in areas.values()]
    smallest = [smallest_two_sample_p(own, line) for own in areas.values()]
    return dict(zip(areas, map(float, holm(p_values, smallest)), strict=True))
