"""Average ranks of several methods over blocks that all of them faced.

A block is a seed of a study. Ranks say who is better how often; whether that is more than chance is
for `analysis.decision` to say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied


def average_ranks(values: ArrayLike) -> Array:
    """Average ranks [methods] by losses `values` [blocks, methods]: 1 is best, ties share.

    Lower is better, in any unit. NaN without a block; ValueError if a number is missing.
    """
    from scipy.stats import rankdata

    table = tied(finite(values, 2))
    if len(table) == 0:
        return np.full(table.shape[1], np.nan)
    return np.asarray(rankdata(table, axis=1).mean(axis=0))
