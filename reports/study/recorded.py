"""The recorded steps of a study's trials, read as they are needed: one method, some columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa

from nasbench_harness.store.histories import History
from nasbench_harness.store.results import with_outcomes
from nasbench_harness.store.schema import REGRET

OUTCOMES = ("accuracy", "regret")
JUDGED_BY = "report_metric"
EPOCHS = "epochs"


@dataclass(frozen=True)
class RecordedSteps:
    """What is recorded, and `accuracy` and `regret` of each step by its trial's report metric.

    Where images pass by also `epochs`: how many were over by then. Without `regret` where no best
    is known; `accuracy` is then what the kind observes of the answer.
    """

    history: History
    done: pd.DataFrame
    """Trials with a result: trial, method, report_metric."""
    labels: Sequence[str]
    """Their methods, best first."""
    epoch_steps: Mapping[str, int]
    """Steps of an epoch, of every trial; empty where time is not counted in epochs."""
    regret: bool
    observed: str
    """The column that stands for an accuracy that nobody looked up; empty where none does."""

    @cached_property
    def columns(self) -> list[str]:
        """All that there are."""
        names = [*self.history.fields.names, JUDGED_BY]
        known = self.done[[JUDGED_BY]].drop_duplicates().reindex(columns=names)
        if self._any:
            known = with_outcomes(known)
        else:
            known = known.assign(**dict.fromkeys((*OUTCOMES, EPOCHS)))
        found = [*known, *([EPOCHS] if self.epoch_steps else [])]
        return [name for name in dict.fromkeys(found) if self.regret or name != "regret"]

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def of(self, label: str, *columns: str) -> pd.DataFrame:
        """`trial` and these columns, as far as they are there, of a method's steps in their order.

        Nothing else is read.
        """
        wanted = [name for name in self.columns if name == "trial" or name in columns]
        rows = self._read(label, wanted)
        if self._stands_for_accuracy and "accuracy" in wanted:
            rows["accuracy"] = rows[self.observed]
        if EPOCHS in wanted and self.epoch_steps:
            rows[EPOCHS] = rows["step"] / rows["trial"].map(self.epoch_steps).astype(float)
        return rows.reindex(columns=wanted)

    def each(self, *columns: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """The same of every method, best first."""
        return ((label, self.of(label, *columns)) for label in self.labels)

    @property
    def none(self) -> pd.DataFrame:
        """No steps at all, with every column."""
        return pd.DataFrame(columns=self.columns)

    @property
    def _any(self) -> bool:
        return bool(len(self.done) and self.history.num_rows)

    @cached_property
    def _stands_for_accuracy(self) -> bool:
        """Was nothing looked up, so that what was observed is all there is."""
        if not self.observed or self.observed not in self.columns:
            return False
        each = (self._read(label, ["accuracy"]) for label in self.labels)
        return all(rows["accuracy"].isna().all() for rows in each)

    def _read(self, label: str, wanted: Sequence[str]) -> pd.DataFrame:
        """What is needed for these columns, with outcomes where they are wanted."""
        metrics = self.done.loc[self.done["method"] == label, ["trial", JUDGED_BY]]
        needed = {"trial", *wanted, *(["step"] if EPOCHS in wanted else [])}
        judged = not needed.isdisjoint(OUTCOMES) and self._any
        if judged:
            names = [str(metric) for metric in self.done[JUDGED_BY].dropna().unique()]
            needed |= {*OUTCOMES, self.observed, *names, *(f"{REGRET}{name}" for name in names)}
        rows = frame_of(self.history.read(needed, label)).merge(metrics, on="trial", how="inner")
        return with_outcomes(rows) if judged else rows


def frame_of(table: pa.Table) -> pd.DataFrame:
    """As a frame; lists, as the probabilities of a step, stay Arrow's.

    As objects they take four times as much.
    """
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, types_mapper=_of_lists)
    return frame


def _of_lists(kind: Any) -> pd.ArrowDtype | None:
    return pd.ArrowDtype(kind) if pa.types.is_nested(kind) else None
