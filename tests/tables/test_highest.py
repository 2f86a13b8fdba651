"""The highest prediction: proved, and the same that going through all of them finds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nasbench_harness.contracts import Polynomial
from nasbench_harness.tables.highest import highest

COUNTS = (3, 2, 4, 2, 3, 3)


def random_polynomial(seed: int, pairs: float) -> Polynomial:
    """Whose pairs are `pairs` times as large as its main effects."""
    draw = np.random.default_rng(seed)
    there = np.arange(4) < np.array(COUNTS)[:, None]
    single = draw.normal(size=there.shape) * there
    together = pairs * draw.normal(size=(*there.shape, *there.shape))
    together *= there[:, :, None, None] * there
    together += together.transpose(2, 3, 0, 1)
    for place in range(len(COUNTS)):
        together[place, :, place] = 0
    return Polynomial(60.0, single, together)


@pytest.mark.parametrize("groups", [[[0], [1], [2], [3], [4], [5]], [[0, 3], [5, 1], [2, 4]]])
@pytest.mark.parametrize("pairs", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_highest_of_all(seed: int, pairs: float, groups: list[list[int]]) -> None:
    polynomial = random_polynomial(seed, pairs)
    truth = max(polynomial.at(cell) for cell in product(*map(range, COUNTS)))
    found = highest(polynomial, COUNTS, groups)
    assert found is not None
    assert polynomial.at(found) == pytest.approx(truth, abs=1e-9)


def test_what_is_not_proved_in_time_is_not_told() -> None:
    assert highest(random_polynomial(0, 3.0), COUNTS, [[0], [1], [2], [3], [4], [5]], 5) is None
