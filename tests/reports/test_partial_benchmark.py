"""A study that was looked up in a benchmark of some architectures: no best, and not every answer.

Its studies are made-up trials, of which nothing but the numbers matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.contracts import Benchmark
from nasbench_harness.reports.analysis.overview import NoOverview, Overview, overviews
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.store.studies import Study

from .conftest import BEST, METRIC, made_up

ACCURACIES = {
    "a": [93.0, 92.0, np.nan],
    "b": [91.0, 90.0, 89.5],
    "random": [88.0, np.nan, 87.0],
}
CELLAR = SimpleNamespace(
    name="cellar", space="nb201", version="1", content_hash="of-some", metrics={}, caveat=""
)
DataOf = Callable[..., StudyData]


def trials_of(accuracies: Mapping[str, Sequence[float]], **columns: Any) -> pd.DataFrame:
    """Trials with these final accuracies, percent; nobody knows the best."""
    regrets = {label: list(BEST - np.asarray(values)) for label, values in accuracies.items()}
    rows = made_up(regrets, columns.pop("statuses", None))
    unknown = [name for name in (f"regret_{METRIC}", "percentile") if name in rows]
    return rows.drop(columns=unknown).assign(**{"table": "cellar", **columns})


@pytest.fixture
def partly(finished: Study) -> DataOf:
    """Of accuracies per method and seed: a study that looked them up in some of a benchmark."""

    def build(accuracies: Mapping[str, Sequence[float]] = ACCURACIES, **columns: Any) -> StudyData:
        data, trials = load_study(finished.folder), trials_of(accuracies, **columns)
        history = data.history.drop(columns=[n for n in data.history if n.startswith("regret")])
        table = cast("Benchmark", CELLAR)
        return StudyData(data.study, trials, history, data.space, table, "")

    return build


# --- several on one page -----------------------------------------------------------------------

FIVE = {label: list(start + np.arange(5.0)) for label, start in (("a", 80), ("b", 70), ("c", 60))}


def together(studies: Sequence[StudyData]) -> list[Overview]:
    found = overviews(studies)
    assert not [one for one in found if isinstance(one, NoOverview)]
    return cast("list[Overview]", found)


def test_ranks_by_different_measures_have_files_and_places_of_their_own(partly: DataOf) -> None:
    shared = {"space": "nb201", "dataset": "digits"}
    alone = trials_of(FIVE, table="", **shared).rename(columns={METRIC: "oneshot_accuracy"})
    alone["report_metric"] = "oneshot_accuracy"
    both = [partly(FIVE, **shared) for _ in range(2)]
    data = both[0]
    both += [StudyData(data.study, alone, data.history, data.space, None, "")] * 2
    found = together(both)
    assert len({one.title for one in found}) == 2
    assert len({one.table.key for one in found}) == 2
    assert len({one.drawing.key for one in found if one.drawing}) == 2
