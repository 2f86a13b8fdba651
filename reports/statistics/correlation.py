"""Whether two rankings agree: Kendall's tau-b."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import tied, together


def kendall(first: ArrayLike, second: ArrayLike) -> float:
    """Kendall's tau-b of two arrays [pairs], in any units; NaN where one of them is constant."""
    from scipy.stats import kendalltau

    left, right = map(tied, together(first, second))
    return np.nan if _constant(left, right) else float(kendalltau(left, right).statistic)


def _constant(left: Array, right: Array) -> bool:
    return len(left) < 2 or min(np.ptp(left), np.ptp(right)) == 0
