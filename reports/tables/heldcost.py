"""One row per method and held cost: what the answers cost, and what they miss within targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.contracts import TOGETHER
from nasbench_harness.reports.statistics.intervals import mean_interval
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, measure_of
from nasbench_harness.reports.study.summary import DONE, numbers, with_outcomes
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.study.heldcost import COST_OF, TARGET_OF, UNIT_OF

KEY, TARGET = "cost", "cost_target"
SHORT = {"million": "M", "thousand": "k"}
"""Units that cells of a table have no room for."""
_COST = (
    "Means over seeds, methods as in the summary. Cost is that of the answer, in its"
    " unit; M are millions.{regret} A method that holds no cost"
    " itself is measured by the one that the others hold."
)
_REGRET = (
    " Regret is what is missing to the best"
    " of the whole table, as in the summary; regret within the target what is missing to the best"
    " architecture that costs no more than the target, over the seeds whose answer keeps it: an"
    " answer that exceeds the target has none."
)
_SEVERAL = (
    " Of several costs that are held together each has a row with its own target. Targets are all"
    " met where an answer keeps every one of them; then what is missing within them is to the best"
    " architecture that does."
)
COLUMNS = (
    "method", "cost_name", "cost_unit", "seeds", "cost_target", "cost_mean", "cost_low",
    "cost_high", "met_seeds", "met_share", "regret_mean", "within_mean", "within_low",
    "within_high",
)  # fmt: skip

OF_REGRET = ("regret_mean", "within_mean", "within_low", "within_high")
"""Columns that need a best to miss; `accuracy_mean` stands in their place where none is known."""


_OF_TARGETS = ("Target", "Target met", "All met", "Regret within", "95 % CI")

OF_ALL = ("all_met_seeds", "all_met_share")
"""Columns of a study in which several costs are held together."""


def title(data: StudyData) -> str:
    """What the table is about: without any target, costs alone."""
    return "Within the cost's target" if targeted(data.trials) else "What answers cost"


def targeted(rows: pd.DataFrame) -> bool:
    """Is there a target, of trials or of rows of `held_costs`."""
    return any(
        bool(pd.to_numeric(rows[column]).notna().any())
        for column in rows
        if str(column) == TARGET or str(column).startswith(TARGET_OF)
    )


def note(data: StudyData) -> str:
    """What must be read with the table."""
    within = data.measure.is_regret and targeted(data.trials)
    of_one = _COST.format(regret=_REGRET if within else "")
    return of_one + (_SEVERAL if _several(data.trials) else "")


def held_costs(trials: pd.DataFrame) -> pd.DataFrame:
    """A row per method with a known cost, the best mean first; empty where none is held.

    `met_share` is the share of the trials done whose answer keeps the target, `within_mean` the
    mean regret within the target over those; intervals are 95 %, by Student's t. A method that
    holds several costs has a row for each, and `within_mean` is that within all targets, which
    `all_met_share` keep.
    """
    if "cost_name" not in trials:
        return pd.DataFrame(columns=list(COLUMNS))
    done = with_outcomes(trials[(trials["status"] == DONE) & trials["cost_name"].notna()])
    lead, rising = ("regret_mean", True)
    if not measure_of(with_outcomes(trials)).is_regret:
        lead, rising = ("accuracy_mean", False)
    groups = _by_cost(done).groupby(["method", "cost_name", "cost_unit"], sort=False)
    rows = [
        {"method": label, "cost_name": name, "cost_unit": unit, **_row(group)}
        for (label, name, unit), group in groups
    ]
    columns = [c for c in COLUMNS if rising or c not in OF_REGRET]
    columns += [] if rising else [lead]
    columns += OF_ALL if _several(trials) else ()
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(
        [lead, "method"], ascending=[rising, True], ignore_index=True, kind="stable"
    )


def _several(trials: pd.DataFrame) -> bool:
    """Is there a method that holds more than one cost."""
    return any(str(column).startswith(COST_OF) for column in trials)


def _by_cost(done: pd.DataFrame) -> pd.DataFrame:
    """A row per trial and cost, all in the columns of a single one; `met` is by that cost alone."""
    parts = []
    for name, trials in done.groupby("cost_name", sort=False):
        costs = str(name).split(TOGETHER)
        if len(costs) == 1:
            parts.append(trials.assign(met=trials["target_met"]))
            continue
        for cost in costs:
            columns = (f"{COST_OF}{cost}", f"{TARGET_OF}{cost}")
            spent, free = (pd.to_numeric(trials[column]) for column in columns)
            kept = (spent <= free).astype("boolean").where(spent.notna() & free.notna())
            own = {"cost": spent, "cost_target": free, "cost_unit": trials[f"{UNIT_OF}{cost}"]}
            parts.append(trials.assign(cost_name=cost, met=kept, **own))
    return pd.concat(parts, ignore_index=True) if parts else done.assign(met=None)


def _row(group: pd.DataFrame) -> dict[str, Any]:
    targets, met = numbers(group, "cost_target"), numbers(group, "met")
    all_met = numbers(group, "target_met")
    within = numbers(group, "regret_within_target")
    regret = numbers(group, "regret")
    return {
        "seeds": len(group),
        "cost_target": float(targets[0]) if len(targets) else np.nan,
        **_mean("cost", numbers(group, "cost")),
        "met_seeds": int(met.sum()) if len(met) else None,
        "met_share": float(met.mean()) if len(met) else np.nan,
        "all_met_seeds": int(all_met.sum()) if len(all_met) else None,
        "all_met_share": float(all_met.mean()) if len(all_met) else np.nan,
        "regret_mean": float(regret.mean()) if len(regret) else np.nan,
        "accuracy_mean": _average(numbers(group, "accuracy")),
        **_mean("within", within),
    }


def _mean(name: str, values: Any) -> dict[str, float]:
    low, high = mean_interval(values)
    mean = float(values.mean()) if len(values) else np.nan
    return {f"{name}_mean": mean, f"{name}_low": low, f"{name}_high": high}


def _average(values: Any) -> float:
    return float(values.mean()) if len(values) else np.nan


def cells(row: Any, measure: Measure) -> tuple[str, ...]:
    """A row for a terminal: method, cost, target, cost of the answers, share, regret within.

    Where several costs are held, the share that keeps all targets stands before the last.
    `measure` is that of the study: where no best is known its number in place of the regret.
    """
    if hasattr(row, "within_mean"):
        interval = "" if np.isnan(row.within_low) else f" {_interval(row, measure)}"
        quality = measure.text(row.within_mean) + interval
    else:
        quality = measure.text(row.accuracy_mean)
    return (
        str(row.method), str(row.cost_name), _amount(row.cost_target, row.cost_unit),
        _amount(row.cost_mean, row.cost_unit), numerals.share(row.met_share),
        *([numerals.share(row.all_met_share)] if hasattr(row, "all_met_share") else []), quality,
    )  # fmt: skip


def cost_table(data: StudyData) -> PrintedTable | None:
    """Cost beside regret; None where no method of the study holds a cost or nothing is done."""
    rows = held_costs(data.trials)
    if rows.empty:
        return None
    columns = [
        PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
        PrintedColumn("Held", "", lambda row: str(row.cost_name), inches=0.9),
        PrintedColumn("Target", "", lambda row: _amount(row.cost_target, row.cost_unit)),
        PrintedColumn("Cost", "of the answer", lambda row: _amount(row.cost_mean, row.cost_unit)),
        PrintedColumn("Target met", "of seeds", lambda row: numerals.share(row.met_share)),
    ]
    if "all_met_share" in rows:
        columns.append(
            PrintedColumn("All met", "of seeds", lambda row: numerals.share(row.all_met_share))
        )
    columns += _regrets(data.measure) if data.measure.is_regret else [_value(data.measure)]
    if not targeted(rows):
        columns = [column for column in columns if column.heading not in _OF_TARGETS]
    return PrintedTable(KEY, tuple(columns), rows)


def _value(measure: Measure) -> PrintedColumn:
    return PrintedColumn(measure.heading, measure.unit, lambda row: measure.text(row.accuracy_mean))


def _amount(value: float, unit: str) -> str:
    return numerals.NOTHING if np.isnan(value) else f"{value:.4g} {SHORT.get(unit, unit)}"


def _interval(row: Any, measure: Measure) -> str:
    return measure.interval(row.within_low, row.within_high)


def _regrets(measure: Measure) -> list[PrintedColumn]:
    return [
        PrintedColumn("Regret", measure.unit, lambda row: measure.text(row.regret_mean)),
        PrintedColumn("Regret within", measure.unit, lambda row: measure.text(row.within_mean)),
        PrintedColumn("95 % CI", "of mean", lambda row: _interval(row, measure)),
    ]
