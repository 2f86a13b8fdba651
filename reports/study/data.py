"""A study as a report sees it: its tables, and the space and benchmark table they are about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Benchmark,
    CompleteTable,
    EnumerableSpace,
    Kind,
    Metric,
    SearchSpace,
    StandAloneAccuracy,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.process.names import printable
from nasbench_harness.reports.analysis.compare import compare_all
from nasbench_harness.reports.analysis.decision import Claims
from nasbench_harness.reports.study.measure import (
    TRAINED,
    Measure,
    looked_up,
    measure_of,
    without_untrained,
)
from nasbench_harness.reports.study.recorded import RecordedSteps, frame_of
from nasbench_harness.reports.study.smallest import SmallestDifference, smallest_difference
from nasbench_harness.reports.study.summary import DONE, latest, summarise, with_outcomes
from nasbench_harness.store.histories import History
from nasbench_harness.store.looks import Look, look
from nasbench_harness.store.studies import Study, StudyError, open_study, opened_tables
from nasbench_harness.study.config import BASELINE
from nasbench_harness.tables.enumeration import lists
from nasbench_harness.tables.library import find_table
from nasbench_harness.tables.quantity import Quantity, quantity_in, quantity_of


@dataclass(frozen=True)
class StudyData:
    """One study; `trials` has a row for every planned trial, and `history` is read as needed."""

    study: Study
    trials: pd.DataFrame
    history: History
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
    def kind(self) -> Kind:
        """The kind of problem that was searched: what is only its own to say, it says."""
        return kind_of(self.study.specs[0].problem)

    # --- what there is -------------------------------------------------------------------------

    @property
    def images(self) -> str:
        """What networks were trained on while searching; empty where none were."""
        return self.study.specs[0].images

    @property
    def queryable(self) -> bool:
        """Whether searches could ask for the accuracy of single architectures.

        Of a kind that says nothing of itself, as one that is not installed here, the trials tell.
        """
        capabilities = self.kind.capabilities
        return StandAloneAccuracy in capabilities or bool(not capabilities and self.querying)

    @cached_property
    def looked_up(self) -> bool:
        """Whether answers were looked up in a benchmark."""
        return looked_up(self.trials)

    @cached_property
    def complete(self) -> CompleteTable | None:
        """The table, if it is at hand and has every architecture: where regret is known from."""
        return self.table if isinstance(self.table, CompleteTable) else None

    @property
    def every_architecture(self) -> EnumerableSpace | None:
        """The space, where its architectures can be listed."""
        space = self.space
        return space if lists(space) else None

    @cached_property
    def measure(self) -> Measure:
        """What methods are compared by."""
        return measure_of(with_outcomes(self.trials), quantity_of(self.metric))

    def quantity(self, metric: str) -> Quantity:
        """What a column of the table is of; `self.measure.quantity` that of the report metric.

        Accuracy in percent of what is no column, as where a search looked at none.
        """
        if metric == self.first("report_metric"):
            return self.measure.quantity
        found, complete = quantity_in(self.table, metric), self.complete
        held = complete is not None and metric in complete.metrics
        return found.sized(complete.column(metric)) if complete and held else found

    def has(self, column: str) -> bool:
        """Whether trials have such a column, or would have it if one of them had a result."""
        return column in self.trials or column == self.kind.concludes

    def recorded(self, column: str) -> bool:
        """Whether a step of a trial with a result holds such a number."""
        return column in self.steps and any(
            rows[column].notna().any() for _, rows in self.steps.each(column)
        )

    # --- methods and trials --------------------------------------------------------------------

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
        """All trials, with `accuracy` and `regret` where there is a result, as `measure` has them.

        Without `regret` where no best is known.
        """
        return self._judged(with_outcomes(self.trials))

    @cached_property
    def done(self) -> pd.DataFrame:
        """Those with a result; of a seed that a method holds twice the later one."""
        return latest(self.outcomes[self.trials["status"] == DONE])

    @cached_property
    def done_labels(self) -> list[str]:
        """Methods with at least one result, best first."""
        present = set(self.done["method"])
        return [label for label in self.labels if label in present]

    @cached_property
    def claims(self) -> Claims:
        """What may be said of every pair of methods, by the measure of the study."""
        return compare_all(self)

    @cached_property
    def look(self) -> Look:
        """Which look at the results of the study this is; reading it makes it one."""
        return look(self.study)

    @cached_property
    def smallest(self) -> SmallestDifference | None:
        """The smallest difference of interest; None where nothing says what it is."""
        metric = str(self.first("report_metric"))
        return smallest_difference(self.study, self.measure, metric, self.table)

    @cached_property
    def searching(self) -> list[str]:
        """Methods with a result that searched, best first: on images those that trained."""
        if TRAINED in self.steps:
            each = self.steps.each(TRAINED)
            return [label for label, rows in each if rows[TRAINED].notna().any()]
        if not self.images:
            return self.done_labels
        names = {spec.label: spec.method for spec in self.study.specs}
        return [label for label in self.done_labels if names.get(label) != BASELINE]

    @cached_property
    def querying(self) -> list[str]:
        """Methods that asked the table for single architectures, best first."""
        asked = self.summary.set_index("method")["queries_mean"]
        return [label for label in self.done_labels if asked[label] > 0]

    def budget(self, label: str) -> int:
        """Steps of a method's trials."""
        return int(self.trials.loc[self.trials["method"] == label, "steps"].max())

    # --- steps ---------------------------------------------------------------------------------

    @cached_property
    def clock(self) -> str:
        """The column of steps that methods have in common: `epochs`, or `step` without images."""
        return "epochs" if all(spec.epoch_steps for spec in self.study.specs) else "step"

    @property
    def in_epochs(self) -> bool:
        """Whether that is epochs."""
        return self.clock == "epochs"

    @cached_property
    def steps(self) -> RecordedSteps:
        """The recorded steps of the trials with a result, read by method and column."""
        return RecordedSteps(
            self.history,
            self.done[["trial", "method", "report_metric"]],
            labels=self.done_labels,
            epoch_steps=self._epoch_steps if self.in_epochs else {},
            regret=self.measure.is_regret,
            observed="" if self.looked_up else self.kind.observes,
        )

    @property
    def _epoch_steps(self) -> dict[str, int]:
        return {spec.trial_id: spec.epoch_steps for spec in self.study.specs}

    def _judged(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows without a regret that nothing is missed by."""
        return (
            rows if self.measure.key == "regret" else rows.drop(columns="regret", errors="ignore")
        )

    # --- metrics -------------------------------------------------------------------------------

    def first(self, column: str) -> Any:
        """What all trials of the study share, such as `report_metric` or `dataset`."""
        return self.trials[column].iloc[0]

    @property
    def metric(self) -> Metric | None:
        """What the report metric is, if the table is at hand."""
        return self.table.metrics.get(self.first("report_metric")) if self.table else None


def load_study(folder: Path) -> StudyData:
    """Read the study in `folder`; HarnessError if that cannot be done."""
    return read_study(open_study(folder))


def read_study(study: Study) -> StudyData:
    """The same of a study that is open."""
    if not study.specs:
        raise StudyError(
            f"The study in {study.folder} has no trials; run it with at least one method."
        )
    stored, history = opened_tables(study)
    table, missing = _table(study)
    space = registry.open_space(study.specs[0].space)
    trained = frame_of(history.read(["trial", TRAINED]))
    trials = without_untrained(stored.to_pandas(), trained)
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
