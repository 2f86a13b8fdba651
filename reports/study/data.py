"""A study as a report sees it: its tables, and the space and benchmark table they are about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from nasbench_harness import registry
from nasbench_harness.contracts import Benchmark, CompleteTable, Metric, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.process.names import printable
from nasbench_harness.reports.analysis.compare import Comparison, compare_all
from nasbench_harness.reports.study.summary import DONE, summarise, with_outcomes
from nasbench_harness.store.studies import Study, StudyError, current_tables, open_study
from nasbench_harness.tables.library import find_table

TRAINED = "mean_train_accuracy"
"""Recorded only where a supernet was trained."""


@dataclass(frozen=True)
class StudyData:
    """One study, read once; `trials` has a row for every planned trial."""

    study: Study
    trials: pd.DataFrame
    history: pd.DataFrame
    space: SearchSpace
    table: Benchmark | None
    table_missing: str
    """Why there is no table to look into, in a sentence; empty if there is one, or never was."""

    @property
    def name(self) -> str:
        """The study's folder, which is its name, in one line that can be shown."""
        return " ".join(printable(self.study.folder.resolve().name).split())

    @property
    def config(self) -> dict[str, Any]:
        """The study as it was planned."""
        return self.study.config

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per method, best first."""
        return summarise(self.trials)

    def row(self, label: str) -> Any:
        """A method's row of the summary; columns are attributes."""
        return self.summary[self.summary["method"] == label].iloc[0]

    @cached_property
    def labels(self) -> list[str]:
        """Every method of the study, best first."""
        return [str(label) for label in self.summary["method"]]

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """All trials, with `accuracy` (percent) and `regret` (points) where there is a result."""
        return with_outcomes(self.trials)

    @cached_property
    def done(self) -> pd.DataFrame:
        """Those with a result."""
        return self.outcomes[self.trials["status"] == DONE]

    @cached_property
    def done_labels(self) -> list[str]:
        """Methods with at least one result, best first."""
        present = set(self.done["method"])
        return [label for label in self.labels if label in present]

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """Every pair of methods with common seeds, corrected for all of them."""
        return compare_all(self)

    @property
    def supernet(self) -> bool:
        """Whether networks were trained on images; otherwise the table itself was searched."""
        return bool(self.study.specs[0].images)

    @cached_property
    def searching(self) -> list[str]:
        """Methods with a result that searched, best first: on a supernet those that trained it."""
        if not self.supernet or not self.done_labels:
            return self.done_labels
        if TRAINED not in self.steps:
            return []
        trained = set(self.steps.loc[self.steps[TRAINED].notna(), "method"])
        return [label for label in self.done_labels if label in trained]

    @property
    def clock(self) -> str:
        """The column of `steps` that methods have in common: `step`, of supernets `epochs`."""
        return "epochs" if self.supernet else "step"

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The recorded steps of the trials with a result, with `accuracy` and `regret`.

        Of supernets also `epochs`: how many were over by then.
        """
        if self.done.empty or self.history.empty:
            columns = [*self.history.columns, "report_metric", "accuracy", "regret", "epochs"]
            return pd.DataFrame(columns=list(dict.fromkeys(columns)))
        metrics = self.done[["trial", "report_metric"]]
        steps = with_outcomes(self.history.merge(metrics, on="trial", how="inner"))
        if self.supernet:
            lengths = {spec.trial_id: spec.epoch_steps for spec in self.study.specs}
            steps["epochs"] = steps["step"] / steps["trial"].map(lengths)
        return steps

    def first(self, column: str) -> Any:
        """What all trials of the study share, such as `report_metric` or `dataset`."""
        return self.trials[column].iloc[0]

    @cached_property
    def complete(self) -> CompleteTable | None:
        """The table, if it is at hand and has every architecture: where regret is known from."""
        return self.table if isinstance(self.table, CompleteTable) else None

    @property
    def metric(self) -> Metric | None:
        """What the report metric is, if the table is at hand."""
        return self.table.metrics.get(self.first("report_metric")) if self.table else None

    def budget(self, label: str) -> int:
        """Steps of a method's trials."""
        return int(self.trials.loc[self.trials["method"] == label, "steps"].max())

    @cached_property
    def querying(self) -> list[str]:
        """Methods that asked the table for single architectures, best first."""
        asked = self.summary.set_index("method")["queries_mean"]
        return [label for label in self.done_labels if asked[label] > 0]


def load_study(folder: Path) -> StudyData:
    """Read the study in `folder`; HarnessError if that cannot be done."""
    return read_study(open_study(folder))


def read_study(study: Study) -> StudyData:
    """The same of a study that is open."""
    if not study.specs:
        raise StudyError(
            f"The study in {study.folder} has no trials; run it with at least one method."
        )
    trials, history = (table.to_pandas() for table in current_tables(study))
    table, missing = _table(study)
    space = registry.open_space(study.specs[0].space)
    return StudyData(study, trials, history, space, table, missing)


def _table(study: Study) -> tuple[Benchmark | None, str]:
    """The benchmark table, if it is still the one the study used."""
    spec = study.specs[0]
    try:
        table = find_table(spec.table)
    except HarnessError as error:
        return None, f"the table `{spec.table}` cannot be opened here ({error})"
    if table is not None and table.content_hash != spec.table_hash:
        return None, (
            f"the table `{spec.table}` installed here is not the one the study used"
            f" ({table.content_hash[:12]} here, {spec.table_hash[:12]} then)"
        )
    return table, ""
