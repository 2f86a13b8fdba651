"""Methods of several studies told apart: labels are shuffled within each study, never across."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from nasbench_harness.reports.figures.ranks import Separated
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.normalised import within_problems_p


def separated_across(table: pd.DataFrame, level: float) -> Separated:
    """Which methods of `table` [blocks, methods] are told apart over all of its studies.

    By the corrected p-value of a permutation test within studies. Blocks are indexed by `study` and
    seed, and hold losses: lower is better.
    """
    labels = [str(label) for label in table.columns]
    losses = {label: _by_study(table[label]) for label in labels}
    pairs = list(combinations(labels, 2))
    p_values = holm([within_problems_p(losses[a], losses[b]) for a, b in pairs])
    apart = {frozenset(pair) for pair, p in zip(pairs, p_values, strict=True) if p < level}
    return lambda first, second: frozenset((first, second)) in apart


def _by_study(column: pd.Series[float]) -> Sequence[Array]:
    return [rows.to_numpy(dtype=float) for _, rows in column.groupby(level="study")]
