"""Rank correlation against its definition."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.reports.statistics.correlation import kendall

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10)


@given(pairs)
def test_against_the_definition(points: list[tuple[int, int]]) -> None:
    left, right = np.array(points, dtype=float).reshape(-1, 2).T
    both = [(np.sign(left[i] - left[j]), np.sign(right[i] - right[j]))
            for i, j in combinations(range(len(left)), 2)]  # fmt: skip
    untied = sum(a != 0 for a, _ in both) * sum(b != 0 for _, b in both)
    if untied == 0:
        assert np.isnan(kendall(left, right))
        return
    assert kendall(left, right) == pytest.approx(sum(a * b for a, b in both) / np.sqrt(untied))


@pytest.mark.parametrize(("left", "right"), [([1.0] * 4, [1, 2, 3, 4]), ([], []), ([1], [2])])
def test_what_has_no_order_is_nan_without_a_warning(left: list[float], right: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(kendall(left, right))


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match="Missing"):
        kendall([1, np.nan, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="as many"):
        kendall([1, 2, 3], [1, 2])
