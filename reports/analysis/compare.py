"""The methods of a study put to the decision: which trials count, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.reports.analysis.decision import Claim, Claims, Design, MethodLosses, decide
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.measure import ACCURACY, REGRET, Measure, MeasureKey, by_value
from nasbench_harness.reports.words.marked import listing
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.canonical import find_label
from nasbench_harness.study.config import BASELINE

if TYPE_CHECKING:
    from nasbench_harness.contracts import CompleteTable, Kind
    from nasbench_harness.reports.study.smallest import SmallestDifference
    from nasbench_harness.store.looks import Look
    from nasbench_harness.store.studies import Study


class Compared(Protocol):
    """The study that methods are compared in."""

    @property
    def study(self) -> Study:
        """What was planned."""

    @property
    def name(self) -> str:
        """The study's name."""

    @property
    def labels(self) -> list[str]:
        """Every method."""

    @property
    def done_labels(self) -> list[str]:
        """Methods with at least one result, best first."""

    @property
    def trials(self) -> pd.DataFrame:
        """Every planned trial."""

    @property
    def done(self) -> pd.DataFrame:
        """The trials with a result."""

    @property
    def measure(self) -> Measure:
        """What methods are compared by where nobody says."""

    @property
    def kind(self) -> Kind:
        """The kind of problem."""

    @property
    def queryable(self) -> bool:
        """Whether searches could ask for single architectures, so that `random` searches."""

    @property
    def complete(self) -> CompleteTable | None:
        """The table of all architectures, if there is one."""

    @property
    def look(self) -> Look:
        """How often results of this study have been judged, and at which level this time."""

    @property
    def smallest(self) -> SmallestDifference | None:
        """Which difference is of interest."""


def compare_all(data: Compared, measure: Measure | None = None) -> Claims:
    """What may be claimed of every pair of methods with a result, by the study's own measure."""
    chosen = measure or data.measure
    return decide(
        [_runs(data, label, chosen) for label in data.done_labels], design_of(data, chosen)
    )


def compare(data: Compared, first: str, second: str, measure: Measure | None = None) -> Claim:
    """What may be claimed of two methods of a study, judged within all of its methods.

    A label may be spelled in any way: `unas[temperature=1]` is `unas[temperature=1.0]`.

    HarnessError if a label is unknown or has no result, or both are the same. Where a study holds
    one seed of a method twice, as after an update of the method, the later one counts.
    """
    chosen = measure or data.measure
    specs = data.study.specs
    first, second = (find_label(one, data.labels, specs) or one for one in (first, second))
    if first == second:
        raise HarnessError(f"A method cannot be compared with itself: `{first}` is given twice.")
    if found := compare_all(data, chosen).of(first, second):
        return found
    for label in (first, second):
        _refuse_without_result(data, label, chosen)
    raise HarnessError(f"`{first}` and `{second}` cannot be compared in study {data.name}.")


def chosen_measure(data: Compared, key: MeasureKey | None) -> Measure:
    """What is compared by; HarnessError for the regret of a study that has none."""
    if key is None or key == data.measure.key:
        return data.measure
    if key == ACCURACY.key:
        return by_value(data.measure.quantity)
    raise HarnessError(
        f"Study {data.name} has no regret, because its answers were looked up in no complete table,"
        f" so that nobody knows the best; compare them by {data.measure.quantity.noun} (`--metric"
        " accuracy`)."
    )


# --- what counts -------------------------------------------------------------------------------


def design_of(data: Compared, measure: Measure) -> Design:
    """What is settled before the results are looked at."""
    column = _losses_of_all(data, measure)
    blind = column is not None and not data.queryable
    return Design(
        level=data.look.level,
        delta=data.smallest.points if data.smallest else None,
        paired=data.kind.paired,
        baseline=BASELINE,
        column=column if blind else None,
        worst=float(column.max()) if column is not None else np.nan,
    )


def _losses_of_all(data: Compared, measure: Measure) -> Array | None:
    """The measure's loss of every architecture; None where no complete table is at hand."""
    if data.complete is None or not len(data.trials):
        return None
    name = str(data.trials["report_metric"].iloc[0])
    if name not in data.complete.metrics:
        return None
    column = np.asarray(data.complete.column(name), dtype=float)
    column = column[np.isfinite(column)]
    return np.asarray(column.max() - column if measure.key == REGRET.key else -column)


def _runs(data: Compared, label: str, measure: Measure) -> MethodLosses:
    rows = data.done[data.done["method"] == label]
    values = rows.set_index("seed")[measure.key].astype(float).sort_index()
    losses = measure.sign * values[np.isfinite(values)]
    return MethodLosses(label, losses, failed_seeds(data, label, losses))


def failed_seeds(data: Compared, label: str, losses: pd.Series[float]) -> tuple[int, ...]:
    """Seeds whose trial failed, and that have no loss.

    So did one whose answer has no number in a complete table: a method that ends there must not be
    judged by its other seeds alone.
    """
    planned = data.trials[data.trials["method"] == label]
    ended = [Status.FAILED] if data.complete is None else [Status.FAILED, Status.DONE]
    failed = planned.loc[planned["status"].isin(ended), "seed"]
    return tuple(sorted(set(map(int, failed)) - set(losses.index)))


def _refuse_without_result(data: Compared, label: str, measure: Measure) -> None:
    if label not in data.labels:
        raise _unknown(data, label)
    if label not in data.done_labels:
        raise HarnessError(f"`{label}` has no result in study {data.name} yet; run the study on.")
    if _runs(data, label, measure).losses.empty:
        raise HarnessError(
            f"`{label}` is done in study {data.name} and has no {measure.noun} there: nobody"
            " measured or knows that of its answers, so that there is nothing to compare."
        )


def _unknown(data: Compared, label: str) -> HarnessError:
    """Names the method's own settings first: `unas` is most like `unas[temperature=0.4]`."""
    settings = [
        known for known in data.labels if known.partition("[")[0] == label.partition("[")[0]
    ]
    if not settings:
        return UnknownNameError(f"method in study {data.name}", label, data.labels)
    have = listing([f"`{known}`" for known in settings])
    return HarnessError(f"Study {data.name} has no `{label}`; it has {have}.")
