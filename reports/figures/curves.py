"""Mean regret and accuracy of the current answer over what a search has spent so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.intervals import band
from nasbench_harness.reports.study.data import StudyData

POINTS = 200
"""Places on the grid that all methods share, evenly spaced on the logarithmic axis."""
SIMULATED = "simulated_gpu_hours"


@dataclass(frozen=True)
class Budget:
    """What a search spends: one of the horizontal axes."""

    key: str
    """Part of file names."""
    name: str
    """In a switch between axes."""
    column: str
    """Of the recorded steps."""
    called: str
    """Column of the curves."""
    axis: str
    """Label of the axis."""
    common: bool = False
    """Trials of a method record it at the same places, so that no grid is needed."""


STEPS = Budget("steps", "Steps", "step", "step", "search step", common=True)
EPOCHS = Budget("epochs", "Epochs", "epochs", "epochs", "epochs of the search", common=True)
SECONDS = Budget("seconds", "Seconds", "seconds", "seconds", "search time, seconds")
GPU_HOURS = Budget(
    "gpu-hours", "GPU hours", SIMULATED, "gpu_hours", "simulated search cost, GPU hours"
)


def budgets(data: StudyData) -> list[Budget]:
    """The axes this study has numbers for; what methods have in common comes first."""
    first = EPOCHS if data.clock == EPOCHS.column else STEPS
    others = [
        budget
        for budget in (SECONDS, GPU_HOURS)
        if budget.column in data.steps
        and any((rows[budget.column] > 0).any() for _, rows in data.steps.each(budget.column))
    ]
    return [first, *others]


def curves(data: StudyData, budget: Budget) -> pd.DataFrame:
    """Columns method, `budget.called`, seeds, and mean, low and high of regret and of accuracy.

    Regret is in points, and not there where no best is known; accuracy is in percent; low and high
    bound the mean (95 %, NaN for fewer than three seeds). Of a common axis only places that every
    trial of a method recorded. Of the others a method's curve begins where its last seed has an
    answer and goes to where its last seed ends; a seed that ended before keeps its final answer.
    """
    parts = _common(data, budget) if budget.common else _on_a_grid(data, budget)
    if not parts:
        return pd.DataFrame({"method": []})
    frame = pd.concat(parts, ignore_index=True)
    if data.measure.key != "regret":
        return frame
    best = _best(data)
    for bound, mirrored in (("mean", "mean"), ("low", "high"), ("high", "low")):
        frame[f"accuracy_{bound}"] = best - frame[f"regret_{mirrored}"]
    return frame


def _best(data: StudyData) -> float:
    """What nothing is missed of: as the first step of the first trial that has a regret tells."""
    place, found = len(data.trials), math.nan
    places = pd.Series(range(place), index=data.trials["trial"])
    for _, rows in data.steps.each("accuracy", "regret"):
        told = rows[rows["regret"].notna()].head(1)
        for trial, best in zip(told["trial"], told["accuracy"] + told["regret"], strict=True):
            if places[trial] < place:
                place, found = places[trial], float(best)
    return found


def _judged(data: StudyData, label: str, *columns: str) -> pd.DataFrame:
    """Steps of a method whose answers have a number."""
    rows = data.steps.of(label, data.measure.key, *columns)
    return rows[rows[data.measure.key].notna()]


def _common(data: StudyData, budget: Budget) -> list[pd.DataFrame]:
    parts, key = [], data.measure.key
    for label in data.searching:
        own = _judged(data, label, budget.column)
        values = own.pivot(index="trial", columns=budget.column, values=key).dropna(axis=1)
        if not values.empty:
            places = values.columns.to_numpy()
            parts.append(_curve(label, budget, places, values.to_numpy(dtype=float), key))
    return parts


def _on_a_grid(data: StudyData, budget: Budget) -> list[pd.DataFrame]:
    key = data.measure.key
    judged = {label: _judged(data, label, budget.column, "step") for label in data.searching}
    found = {label: _paths(rows, budget, key) for label, rows in judged.items()}
    paths = {label: some for label, some in found.items() if some}
    if not paths:
        return []
    ends = [bound for some in paths.values() for cost, _ in some for bound in (cost[0], cost[-1])]
    grid = np.geomspace(min(ends), max(ends), POINTS)
    parts = []
    for label, some in paths.items():
        start, end = max(cost[0] for cost, _ in some), max(cost[-1] for cost, _ in some)
        places = np.unique([start, *grid[(grid > start) & (grid < end)], end])
        values = np.stack([held(path, places) for path in some])
        parts.append(_curve(label, budget, places, values, key))
    return parts


Answers = tuple[Array, Array]
"""Costs, rising, and the regret or accuracy of the answer from there on."""


def _paths(rows: pd.DataFrame, budget: Budget, key: str) -> list[Answers]:
    """One path per seed that has costs."""
    rows = rows[rows[budget.column] > 0].sort_values(["trial", "step"])
    return [
        (seed[budget.column].to_numpy(dtype=float), seed[key].to_numpy(dtype=float))
        for _, seed in rows.groupby("trial")
    ]


def held(path: Answers, costs: Array) -> Array:
    """A seed's number at each of `costs`: that of the last answer paid for by then."""
    cost, value = path
    found: Array = value[np.searchsorted(cost, costs, side="right") - 1]
    return found


def _curve(label: str, budget: Budget, places: Array, values: Array, key: str) -> pd.DataFrame:
    """`values` [seeds, places] is regret or accuracy, whichever `key` says."""
    low, high = band(values)
    columns = {
        "method": label,
        budget.called: places,
        "seeds": len(values),
        f"{key}_mean": values.mean(axis=0),
        f"{key}_low": low,
        f"{key}_high": high,
    }
    return pd.DataFrame(columns)
