"""Methods over several studies: told apart, and how far they end from the best, in one unit.

What is drawn or shuffled stays within its study; what comes out holds for these studies alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nasbench_harness.reports.figures.ranks import Separated
from nasbench_harness.reports.figures.reference import whole_table
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.normalised import normalised_iqm, within_problems_p
from nasbench_harness.reports.statistics.robust import ENOUGH
from nasbench_harness.reports.study.data import StudyData


def separated_across(table: pd.DataFrame, level: float) -> Separated:
    """Which methods of `table` [blocks, methods] are told apart by rank over all of its studies.

    By the corrected p-value of a permutation test within studies. Blocks are indexed by `study` and
    seed, and hold losses: lower is better.
    """
    labels = [str(label) for label in table.columns]
    losses = {label: _by_study(table[label]) for label in labels}
    pairs = list(combinations(labels, 2))
    p_values = holm([within_problems_p(losses[a], losses[b]) for a, b in pairs])
    apart = {frozenset(pair) for pair, p in zip(pairs, p_values, strict=True) if p < level}
    return lambda first, second: frozenset((first, second)) in apart


def normalised_across(
    table: pd.DataFrame, studies: Mapping[int, StudyData]
) -> dict[str, tuple[float, float, float]]:
    """Per method the interquartile mean of its normalised regrets, with its 95 % bounds.

    1 is the mean regret of a uniform draw of the study's table, 0 its best. `studies` are those of
    the blocks, by their number there. Without bounds (NaN) where one of them has fewer blocks than
    `ENOUGH`. Empty where a study has no table of all architectures at hand, or all of them
    are worth the same.
    """
    tables = [whole_table(studies[number]) for number in sorted(studies)]
    uniform = [whole.mean for whole in tables if whole is not None and whole.mean > 0]
    if len(uniform) < len(studies):
        return {}
    labels = [str(label) for label in table.columns]
    found = {label: normalised_iqm(_by_study(table[label]), uniform) for label in labels}
    if table.groupby(level="study").size().min() >= ENOUGH:
        return found
    return {label: (value, np.nan, np.nan) for label, (value, *_) in found.items()}


def _by_study(column: pd.Series[float]) -> Sequence[Array]:
    return [np.asarray(rows, dtype=np.float64) for _, rows in column.groupby(level="study")]
