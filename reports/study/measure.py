"""What the methods of a study are compared by: regret, or an accuracy where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import pandas as pd

from nasbench_harness.reports.words import numerals

MeasureKey = Literal["regret", "accuracy"]
MEASURES: tuple[MeasureKey, ...] = get_args(MeasureKey)
TRAINED = "mean_train_accuracy"
"""Recorded only where a network was trained."""
WORDS = {"oneshot_accuracy": "one-shot accuracy"}
"""How sentences name what a problem concludes by itself, where its column reads badly."""


@dataclass(frozen=True)
class Measure:
    """A number of every trial, of which either less or more is better."""

    key: MeasureKey
    """Its column in the outcomes."""
    noun: str
    unit: str
    """Of the number itself; differences are points."""

    @property
    def sign(self) -> int:
        """What makes less of the number better: 1 for regret, -1 for an accuracy."""
        return 1 if self.key == "regret" else -1

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
        return numerals.points(value) if self.key == "regret" else numerals.percent(value)


REGRET, ACCURACY = Measure("regret", "regret", "points"), Measure("accuracy", "accuracy", "%")


def measure_of(outcomes: pd.DataFrame) -> Measure:
    """Regret where a best is known, else the accuracy of the report metric.

    `outcomes` are trials with `accuracy` and, where there is any, `regret`.
    """
    return REGRET if REGRET.key in outcomes else replace(ACCURACY, noun=_noun(outcomes))


def looked_up(trials: pd.DataFrame) -> bool:
    """Whether answers were looked up in a benchmark; False only where the trials say so."""
    return "table" not in trials or bool((trials["table"].fillna("") != "").any())


def _noun(outcomes: pd.DataFrame) -> str:
    if looked_up(outcomes):
        return ACCURACY.noun
    metric = str(outcomes["report_metric"].iloc[0])
    return WORDS.get(metric, metric.replace("_", " "))


def without_untrained(trials: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Without accuracies of networks that nobody trained, where methods are judged by these.

    What only samples concludes with the random weights that its network began with.
    """
    if looked_up(trials) or TRAINED not in history:
        return trials
    trained = trials["trial"].isin(history.loc[history[TRAINED].notna(), "trial"])
    judged_by = [column for column in set(trials["report_metric"]) if column in trials]
    return trials.assign(**{column: trials[column].where(trained) for column in judged_by})
