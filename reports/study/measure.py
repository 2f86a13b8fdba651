"""What the methods of a study are compared by: regret, or the answers' own number without one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import pandas as pd

from nasbench_harness.contracts import Kind
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.reports.words import numerals
from nasbench_harness.store.schema import QUANTITY, UNIT
from nasbench_harness.tables.quantity import ACCURACY as PLAIN
from nasbench_harness.tables.quantity import Quantity, read_quantity

MeasureKey = Literal["regret", "accuracy"]
MEASURES: tuple[MeasureKey, ...] = get_args(MeasureKey)
TRAINED = "mean_train_accuracy"
"""Recorded only where a network was trained."""


@dataclass(frozen=True)
class Measure:
    """A number of every trial, of which either less or more is better, and how it is written."""

    key: MeasureKey
    """Its column in the outcomes; what is in `accuracy` need not be one (see `quantity`)."""
    noun: str
    quantity: Quantity = PLAIN
    """What the answers are judged by, and regret is missed of."""

    @property
    def is_regret(self) -> bool:
        """Is it known what answers miss to the best."""
        return self.key == "regret"

    @property
    def unit(self) -> str:
        """Of the number itself: `points`, `%`, `SSIM`; empty where the noun says it all."""
        return self.quantity.of_differences if self.is_regret else self.quantity.unit

    @property
    def unit_of_difference(self) -> str:
        """Of a difference of two numbers: `points`, `SSIM`."""
        return self.quantity.of_differences

    @property
    def spoken_unit(self) -> str:
        """Behind `final regret in`."""
        return self.unit if self.is_regret else self.quantity.spoken

    @property
    def digits(self) -> int:
        """After the point."""
        return self.quantity.difference_digits if self.is_regret else self.quantity.digits

    @property
    def sign(self) -> int:
        """What makes less of the number better: 1 for regret, -1 for an accuracy."""
        return 1 if self.is_regret else -1

    @property
    def best(self) -> str:
        """Which end of it is the good one."""
        return "lowest" if self.sign > 0 else "highest"

    @property
    def heading(self) -> str:
        """The noun at the beginning of a line."""
        return self.noun[:1].upper() + self.noun[1:]

    def text(self, value: float) -> str:
        """The number without its unit."""
        return numerals.fixed(value, self.digits)

    def stated(self, value: float) -> str:
        """The number with its unit: `0.051 points`, `93.20 %`, `0.0123 SSIM`, `0.8120`."""
        if self.is_regret:
            return self.quantity.amount(self.text(value))
        return f"{self.text(value)} {self.unit}".rstrip()

    def difference(self, value: float) -> str:
        """A difference of two numbers, without its unit."""
        return numerals.fixed(value, self.quantity.difference_digits)

    def interval(self, low: float, high: float) -> str:
        """Bounds of the number."""
        return numerals.interval(low, high, self.digits)

    def difference_interval(self, low: float, high: float) -> str:
        """Bounds of a difference."""
        return numerals.interval(low, high, self.quantity.difference_digits)


REGRET, ACCURACY = Measure("regret", "regret"), Measure("accuracy", "accuracy")
"""Of an accuracy in percent."""


def by_regret(quantity: Quantity) -> Measure:
    """What is missing to the best."""
    return replace(REGRET, quantity=quantity)


def by_value(quantity: Quantity) -> Measure:
    """The number itself, of which more is better."""
    return Measure(ACCURACY.key, quantity.noun, quantity)


def measure_of(outcomes: pd.DataFrame, otherwise: Quantity = PLAIN) -> Measure:
    """Regret where a best is known, else the number of the report metric.

    `outcomes` are trials with `accuracy` and, where there is any, `regret`; `otherwise` is what
    they are of where none of them says.
    """
    quantity = quantity_of(outcomes, otherwise)
    if REGRET.key in outcomes:
        return by_regret(quantity)
    return replace(by_value(quantity), noun=_noun(outcomes, quantity))


def quantity_of(outcomes: pd.DataFrame, otherwise: Quantity = PLAIN) -> Quantity:
    """What trials are judged by, as large as what they ended with and the best there is."""
    columns = [name for name in (QUANTITY, UNIT) if name in outcomes]
    said = outcomes[columns].to_dict("records") if QUANTITY in columns else []
    told = (read_quantity({str(name): value for name, value in row.items()}) for row in said)
    found = next((one for one in told if one), None)
    missed = outcomes.get(REGRET.key, 0.0)
    ends = outcomes[ACCURACY.key]
    return (found or otherwise).sized(pd.concat((ends, ends + missed)).astype(float))


def looked_up(trials: pd.DataFrame) -> bool:
    """Whether answers were looked up in a benchmark; False only where the trials say so."""
    return "table" not in trials or bool((trials["table"].fillna("") != "").any())


def _noun(outcomes: pd.DataFrame, quantity: Quantity) -> str:
    if looked_up(outcomes):
        return quantity.noun
    return conclusion(str(outcomes["problem"].iloc[0]), str(outcomes["report_metric"].iloc[0]))


def without_untrained(trials: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Without accuracies of networks that nobody trained, where methods are judged by these.

    What only samples concludes with the random weights that its network began with.
    """
    if looked_up(trials) or not (TRAINED in history or _trains(trials)):
        return trials
    rows = history[history[TRAINED].notna()] if TRAINED in history else history.iloc[:0]
    trained = trials["trial"].isin(rows["trial"])
    judged_by = [column for column in set(trials["report_metric"]) if column in trials]
    return trials.assign(**{column: trials[column].where(trained) for column in judged_by})


def _trains(trials: pd.DataFrame) -> bool:
    """Whether searches of such a kind record what they trained, had any of them come so far."""
    kinds = [kind_of(str(problem)) for problem in set(trials["problem"])]
    return any(column.name == TRAINED for kind in kinds for column in kind.columns.history)


def conclusion(problem: str, column: str) -> str:
    """How sentences name a column of what a kind of problem concludes by itself."""
    kind = kind_of(problem)
    return (kind.conclusion if column == kind.concludes else "") or column.replace("_", " ")


def concluded(kind: Kind) -> tuple[str, str]:
    """The same over a column of numbers: heading and unit."""
    noun = conclusion(kind.name, kind.concludes)
    short = noun.removesuffix(" accuracy")
    return short[:1].upper() + short[1:], "%" if short == noun else "accuracy, %"
