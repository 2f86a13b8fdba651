"""How far a retraining moves a good architecture, of columns that hold single training runs.

Runs are columns of one data set, schedule and split whose `seeds` name one seed each. The spread is
the standard deviation of an architecture's runs (n - 1), pooled over the best hundredth of the
architectures by what they are judged by: good ones are what studies end with, and bad ones, which
may fail to train at all, vary by several times as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from nasbench_harness.contracts import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GOOD = 0.01
"""Share of the architectures that count as good ones; at least one."""


def spread_of_runs(
    metrics: Mapping[str, Metric], column: Callable[[str], NDArray[np.float64]], metric: str
) -> float | None:
    """By how much one retraining of a good architecture varies: a standard deviation, in its unit.

    By the runs of the same data set and schedule as `metric`: of its own split where they are
    there, else of the split that has most runs. None where no good architecture was trained twice,
    or each always came out the same.
    """
    import numpy as np

    names = _runs(metrics, metric)
    if not names:
        return None
    judged = column(metric)
    runs = np.stack([column(name) for name in names], axis=1)
    known = np.flatnonzero(np.isfinite(judged))
    best = known[np.argsort(-judged[known], kind="stable")]
    runs = runs[best[: math.ceil(GOOD * len(judged))]]
    counts = np.isfinite(runs).sum(axis=1)
    runs, freedom = runs[counts > 1], counts[counts > 1] - 1
    if not len(runs):
        return None
    spread = math.sqrt((np.nanvar(runs, axis=1, ddof=1) * freedom).sum() / freedom.sum())
    return spread or None


def _runs(metrics: Mapping[str, Metric], metric: str) -> list[str]:
    """Columns that hold single runs of what `metric` is the mean of, or of what is nearest."""
    judged = metrics[metric]
    groups: dict[tuple[str, str, str], dict[str, str]] = {}
    for one in _singles(metrics.values()):
        if (one.dataset, one.epochs, one.unit) == (judged.dataset, judged.epochs, judged.unit):
            group = groups.setdefault((one.split, one.trained_on, one.evaluated_on), {})
            group.setdefault(one.seeds, one.name)
    several = {key: list(runs.values()) for key, runs in groups.items() if len(runs) > 1}
    own = (judged.split, judged.trained_on, judged.evaluated_on)
    return several.get(own) or max(several.values(), key=len, default=[])


def _singles(metrics: Iterable[Metric]) -> list[Metric]:
    """Accuracies of one run each; what is searched or reported is no single run."""
    return [m for m in metrics if m.seeds.isdecimal() and not m.search and not m.report]
