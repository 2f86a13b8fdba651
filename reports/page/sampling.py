"""Which trials a page holds where there are more of them than a browser likes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import DONE

HELD = 8_000
"""Trials that a part of a page holds, about 4 MB of them."""
UNFINISHED = 1_000
"""Of these at most so many without a result."""


def sampled(data: StudyData, trials: pd.DataFrame, most: int = HELD) -> pd.DataFrame:
    """At most `most` of `trials`, in their order; all of them where they are no more.

    Those without a result come first, then of every method trials from its best to its worst, at
    equal distances in this order, the same number of each as far as it has them.
    """
    if len(trials) <= most:
        return trials
    done = (trials["status"] == DONE).to_numpy()
    others = np.flatnonzero(~done)[: most * UNFINISHED // HELD]
    ends = trials[data.measure.key].to_numpy(dtype=float, na_value=np.nan)
    of_methods = [
        np.flatnonzero(done & (trials["method"] == label).to_numpy()) for label in data.labels
    ]
    chosen = [others]
    left, waiting = most - len(others), sorted(of_methods, key=len)
    for number, places in enumerate(waiting):
        share = min(len(places), left // (len(waiting) - number))
        ranked = places[np.argsort(ends[places], kind="stable")]
        chosen.append(ranked[_spread(len(ranked), share)])
        left -= share
    return trials.iloc[np.sort(np.concatenate(chosen))]


def _spread(size: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """So many places among `size`, the first and the last with them."""
    return np.linspace(0, size - 1, count).round().astype(np.int64)
