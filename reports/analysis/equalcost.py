"""Methods that ask for single architectures, compared after as many queries each.

A search that asked for more has seen more, so that results at the end of different budgets say
little. Here every method is looked at where all of them have been, the baseline among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nasbench_harness.reports.figures.curves import Answers, held
from nasbench_harness.reports.statistics.area import anytime_regret
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.twosample import two_sample_test
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.study.config import BASELINE

Paths = dict[str, list[Answers]]
"""Per method, and seed, queries, rising, and the measure of the answer from there on."""

QUERIES = "queries"
ROUND = (1, 3)
"""Budgets are these times powers of ten, from 10 on."""


def query_paths(data: StudyData) -> Paths:
    """Of methods that asked for single architectures, in the order of the summary.

    Only seeds whose queries were recorded.
    """
    if QUERIES not in data.steps or data.measure.key not in data.steps:
        return {}
    found = {label: _paths_of(data, label) for label in data.querying}
    return {label: paths for label, paths in found.items() if paths}


def _paths_of(data: StudyData, label: str) -> list[Answers]:
    key = data.measure.key
    rows = data.steps.of(label, QUERIES, key, "step")
    rows = rows[(rows[QUERIES] > 0) & rows[key].notna()].sort_values(["trial", "step"])
    rows = rows.drop_duplicates(["trial", QUERIES], keep="last")
    return [
        (seed[QUERIES].to_numpy(dtype=float), seed[key].to_numpy(dtype=float))
        for _, seed in rows.groupby("trial")
    ]


def common_budget(paths: Paths) -> float:
    """The largest number of queries that every seed of every method made; NaN without one."""
    ends = [queries[-1] for own in paths.values() for queries, _ in own]
    return float(min(ends)) if ends else np.nan


def equal_budgets(paths: Paths) -> list[int]:
    """10, 30, 100, ... queries up to `common_budget`, and that itself; [] without one.

    From where every seed has an answer on.
    """
    starts = [queries[0] for own in paths.values() for queries, _ in own]
    if not starts or max(starts) > common_budget(paths):
        return []
    end = int(common_budget(paths))
    powers = range(1, len(str(end)))
    below = [digit * 10**power for power in powers for digit in ROUND]
    return [*(budget for budget in below if max(starts) <= budget < end), end]


def values_at(seeds: Sequence[Answers], queries: float) -> Array:
    """What each of the `seeds` of a method has after so many queries: [seeds], in its measure."""
    return np.array([held(path, np.array([queries]))[0] for path in seeds])


def anytime_areas(seeds: Sequence[Answers], queries: float) -> Array:
    """Mean of the measure up to so many queries, of each of the `seeds` of a method: [seeds].

    The area under the step function of the answers, from the first query on.
    """
    return np.array([_area(path, queries) for path in seeds])


def equal_cost(data: StudyData) -> pd.DataFrame:
    """One row per method that asks for single architectures; none where no budget is common.

    Columns method, seeds, at_N (mean of the measure after N queries; the last N is the largest that
    all reached), area (mean over the budget) and p_area (of the areas against the baseline's, by a
    permutation test corrected for all methods; NaN of the baseline and without one).
    """
    paths = query_paths(data)
    budgets = equal_budgets(paths)
    if not budgets:
        return pd.DataFrame()
    areas = {label: anytime_areas(seeds, budgets[-1]) for label, seeds in paths.items()}
    rows = pd.DataFrame([
        {
            "method": label,
            "seeds": len(seeds),
            **{f"at_{budget}": float(values_at(seeds, budget).mean()) for budget in budgets},
            "area": float(areas[label].mean()),
        }
        for label, seeds in paths.items()
    ])  # fmt: skip
    rows["p_area"] = rows["method"].map(_against_baseline(areas, data.look.level)).astype(float)
    order = data.measure.sign * rows[f"at_{budgets[-1]}"]
    return rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


def _area(path: Answers, end: float) -> float:
    queries, _ = path
    places = np.unique([*queries[queries < end], end])
    return float(anytime_regret(places, held(path, places)[None], held=True)[0])


def _against_baseline(areas: Mapping[str, Array], level: float) -> dict[str, float]:
    others = {label: own for label, own in areas.items() if label != BASELINE}
    if not others or BASELINE not in areas:
        return {}
    each = level / len(others)
    found = [two_sample_test(own, areas[BASELINE], each) for own in others.values()]
    p_values = holm([test.p for test in found], [test.smallest for test in found])
    return dict(zip(others, map(float, p_values), strict=True))
