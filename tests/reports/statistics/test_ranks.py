"""Average ranks against Demšar's worked example, with ties and with nothing."""

from __future__ import annotations

import numpy as np
import pytest

from nasbench_harness.reports.statistics.ranks import average_ranks

AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
"""Four variants of C4.5 on 14 data sets: Demšar (2006), Table 6."""


def test_demsar_s_example() -> None:
    assert np.round(average_ranks(-AUC), 3) == pytest.approx([3.143, 2.000, 2.893, 1.964])


def test_ties_share_and_rounding_is_a_tie() -> None:
    assert average_ranks(np.zeros((5, 3))) == pytest.approx([2, 2, 2])
    assert average_ranks([[0.1 + 0.2, 0.3, 0.3]] * 2) == pytest.approx([2, 2, 2])


def test_no_block_has_no_ranks() -> None:
    assert np.isnan(average_ranks(np.empty((0, 3)))).all()


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="left out"):
        average_ranks([[0.1, np.nan, 0.2]])
