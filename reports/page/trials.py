"""Every trial with its result or its error, its course, and the command that runs it again.

The page shows trials from data, not from markup: thousands of them fit, and can be sorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.page.provenance import method_settings
from nasbench_harness.reports.page.sampling import sampled
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_regret, by_value, concluded
from nasbench_harness.reports.study.summary import DONE
from nasbench_harness.reports.tables.heldcost import SHORT
from nasbench_harness.reports.words import numerals
from nasbench_harness.store.outcomes import read_result
from nasbench_harness.study.heldcost import COST_OF, UNIT_OF

COURSE = 20
"""Recorded points of a trial that the page knows; all of them are in the study's history."""
LISTED = 300
"""Trials that a text without sorting lists; of more of them only those without a result."""


@dataclass(frozen=True)
class Number:
    """A number that trials have."""

    heading: str
    unit: str
    column: str
    digits: int
    """After the point; below zero: significant ones."""
    scale: float = 1.0

    def text(self, value: Any) -> str:
        """As it is printed."""
        if pd.isna(value):
            return numerals.NOTHING
        scaled = float(value) * self.scale
        return (
            numerals.significant(scaled) if self.digits < 0 else numerals.fixed(scaled, self.digits)
        )


_ALWAYS = ("accuracy", "regret")
CONCLUDED = Number("", "%", "", 2)
"""What the kind of problem concludes by itself: it says in which column, and what it is."""
NUMBERS = (
    Number("Accuracy", "%", "accuracy", 2),
    Number("Regret", "points", "regret", 3),
    Number("Regret within target", "points", "regret_within_target", 3),
    Number("Held cost", "M or ms", "cost", -3),
    Number("Rank", "", "rank", 0),
    Number("Percentile", "", "percentile", 2),
    Number("Parameters", "M", "params", 2, 1e-6),
    Number("Multiply-adds", "M", "flops", 1, 1e-6),
    CONCLUDED,
    Number("Queries", "", "queries", 0),
    Number("Search", "s", "search_seconds", -3),
)


def numbers_of(data: StudyData) -> list[Number]:
    """Those that some trial has, each once; without a table accuracy by what it is measured.

    A cost is headed as its space calls it: what one counts as operations are no multiply-adds.
    """
    trials, judged = data.outcomes, data.first("report_metric")
    own = replace(CONCLUDED, heading=concluded(data.kind)[0], column=data.kind.concludes)
    known = [own if n is CONCLUDED else n for n in NUMBERS]
    titles = {cost.name: cost.title for cost in data.space.costs if cost.title}
    known = [replace(n, heading=titles.get(n.column, n.heading)) for n in known]
    known[:3] = [_of_measure(number, data.measure) for number in known[:3]]
    place = next(i for i, n in enumerate(known) if n.column == "cost")
    known[place:place] = _of_several(trials)
    return [
        n for n in known
        if n.column in trials
        and n.column != judged
        and (n.column in _ALWAYS or trials[n.column].notna().any())
    ]  # fmt: skip


def _of_several(trials: pd.DataFrame) -> list[Number]:
    """A number for each of several costs that are held together."""
    columns = [str(column) for column in trials if str(column).startswith(COST_OF)]
    names = [column.removeprefix(COST_OF) for column in columns]
    units = [trials[f"{UNIT_OF}{name}"].dropna() for name in names]
    told = [SHORT.get(unit.iloc[0], unit.iloc[0]) if len(unit) else "" for unit in units]
    return [
        Number(f"Held {name}", unit, column, -3)
        for name, unit, column in zip(names, told, columns, strict=True)
    ]


def _of_measure(number: Number, measure: Measure) -> Number:
    """Accuracy or regret as the study has them: of its quantity, in its unit and digits."""
    if number.column != "accuracy":
        own = by_regret(measure.quantity)
    else:
        own = by_value(measure.quantity) if measure.is_regret else measure
        number = replace(number, heading=own.heading)
    return replace(number, unit=own.unit, digits=own.digits)


def counts(data: StudyData) -> list[tuple[str, int]]:
    """How many trials have each status, those with a result first."""
    found = data.trials["status"].value_counts()
    return sorted(((str(s), int(n)) for s, n in found.items()), key=lambda pair: pair[0] != DONE)


# --- as text -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrialRow:
    """A trial as text."""

    label: str
    seed: str
    status: str
    numbers: list[str]
    outcome: str
    """The architecture, or why there is none."""
    command: str


def listed(data: StudyData) -> list[TrialRow]:
    """Trials for a text, methods in the order of the summary; see `LISTED`."""
    trials = _ordered(data)
    if len(trials) > LISTED:
        trials = trials[trials["status"] != DONE].head(LISTED)
    columns = numbers_of(data)
    return [
        TrialRow(
            str(row["method"]),
            str(row["seed"]),
            str(row["status"]),
            [n.text(row[n.column]) if row["status"] == DONE else numerals.NOTHING for n in columns],
            _outcome(row),
            _text(row.get("command")),
        )
        for row in trials.to_dict("records")
    ]


# --- as data -----------------------------------------------------------------------------------


def trial_data(data: StudyData) -> dict[str, Any]:
    """What the page's script shows: columns rather than rows, and every text once.

    Of very many trials a sample, see `sampling`.
    """
    trials, texts = sampled(data, _ordered(data)), Texts()
    records = trials.to_dict("records")
    labels = {label: place for place, label in enumerate(data.labels)}
    done = trials["status"] == DONE
    return {
        "numbers": [
            {"heading": n.heading, "unit": n.unit, "digits": n.digits,
             "values": _rounded(trials[n.column].where(done) * n.scale, n.digits)}
            for n in numbers_of(data)
        ],
        "methods": _methods(data),
        "clock": data.clock,
        "measure": data.measure.noun,
        "digits": data.measure.quantity.difference_digits,
        "trial": [str(row["trial"]) for row in records],
        "method": [labels[str(row["method"])] for row in records],
        "seed": [int(row["seed"]) for row in records],
        "status": [str(row["status"]) for row in records],
        "outcome": [texts.place(_outcome(row)) for row in records],
        "command": [texts.place(_template(row)) for row in records],
        "log": [texts.place(_log(data, row)) for row in records],
        "course": _courses(data, trials, texts),
        "texts": texts.found,
    }  # fmt: skip


class Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """The number of a text; -1 for an empty one."""
        return self._places.setdefault(text, len(self._places)) if text else -1

    @property
    def found(self) -> list[str]:
        """All texts, by number."""
        return list(self._places)


def _methods(data: StudyData) -> list[dict[str, Any]]:
    return [
        {"label": m.label, "recipe": m.recipe, "version": m.version, "settings": m.settings,
         "changed": sorted(m.changed)}
        for m in method_settings(data)
    ]  # fmt: skip


def _courses(data: StudyData, trials: pd.DataFrame, texts: Texts) -> list[Any]:
    """Per trial its places on the clock, regrets or accuracies, and answers; null without any."""
    steps = _steps_of(data, trials)
    clock = steps[data.clock].to_numpy(dtype=float)
    ends = steps[data.measure.key].to_numpy(dtype=float)
    answers = steps["architecture"].to_numpy() if "architecture" in steps else None
    names, starts, sizes = np.unique(
        steps["trial"].to_numpy(dtype=object).astype(str), return_index=True, return_counts=True
    )
    ranges = {name: (start, size) for name, start, size in zip(names, starts, sizes, strict=True)}
    found: list[Any] = []
    digits = data.measure.quantity.difference_digits
    for trial in trials["trial"]:
        start, size = ranges.get(str(trial), (0, 0))
        places = start + _spread(size)
        if not len(places):
            found.append(None)
            continue
        held = [] if answers is None else [texts.place(_text(answers[i])) for i in places]
        found.append(
            [_rounded(clock[places], 2), _rounded(ends[places], digits), held],
        )
    return found


def _steps_of(data: StudyData, trials: pd.DataFrame) -> pd.DataFrame:
    """Their recorded steps in order, with no more columns than are shown."""
    each = data.steps.each("step", data.clock, data.measure.key, "architecture")
    shown = [rows[rows["trial"].isin(trials["trial"])] for _, rows in each]
    steps = pd.concat(shown) if shown else data.steps.none
    return steps.sort_values(["trial", "step"])


def _spread(size: int) -> Any:
    """Places of at most `COURSE` points, dense at first, always with the last."""
    if size <= COURSE:
        return np.arange(size)
    return np.unique(np.geomspace(1, size, COURSE).round().astype(int)) - 1


def _rounded(values: Sequence[float] | Any, digits: int) -> list[float | None]:
    """For JSON: whole numbers without a point, null where there is none."""
    numbers = np.asarray(values, dtype=float)
    rounded = numbers.round(6 if digits < 0 else digits)
    return [None if not np.isfinite(v) else int(v) if v == int(v) else float(v) for v in rounded]


# --- one trial ---------------------------------------------------------------------------------


def _ordered(data: StudyData) -> pd.DataFrame:
    """Planned trials with `accuracy` and `regret`, methods in the order of the summary."""
    places = {label: place for place, label in enumerate(data.labels)}
    trials = data.outcomes
    own = data.kind.concludes
    if own in trials and data.first("report_metric") != own:
        trained = trials["method"].isin(data.searching)  # nobody trained the other networks
        trials = trials.assign(**{own: trials[own].where(trained)})
    order = trials.assign(place=trials["method"].map(places))
    return order.sort_values(["place", "seed"], kind="stable").drop(columns="place")


def _outcome(row: Any) -> str:
    return _text(row.get("architecture") if row["status"] == DONE else row.get("error"))


def _template(row: Any) -> str:
    """The command with places for what differs between the seeds of a method."""
    command = _text(row.get("command"))
    command = command.replace(f"again-{row['trial']}", "again-{trial}")
    return command.replace(f"--seeds {row['seed']},", "--seeds {seed},")


def _log(data: StudyData, row: Any) -> str:
    """Where a trial that failed broke."""
    if row["status"] == DONE:
        return ""
    return str(read_result(data.study.trials_folder / str(row["trial"])).get("traceback", ""))


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
