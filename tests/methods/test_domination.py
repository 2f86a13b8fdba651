"""Non-dominated sorting, crowding and constraints, against brute force."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.methods.shared.domination import crowding, front_ranks, violation

Point = tuple[float, ...]


def beats(one: Point, other: Point, violated: tuple[float, float] = (0.0, 0.0)) -> bool:
    """The definition, number by number; NaN is the worst."""
    if violated[0] or violated[1]:
        return violated[0] < violated[1]
    mine, its = ([math.inf if math.isnan(v) else v for v in p] for p in (one, other))
    pairs = list(zip(mine, its, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def peeled(points: list[Point], violations: list[float]) -> list[int]:
    """Fronts taken off one after the other."""
    ranks, left, rank = [-1] * len(points), set(range(len(points))), 0
    while left:
        front = {
            i
            for i in left
            if not any(beats(points[j], points[i], (violations[j], violations[i])) for j in left)
        }
        for i in front:
            ranks[i] = rank
        left -= front
        rank += 1
    return ranks


@pytest.mark.parametrize(("objectives", "seed"), list(product([1, 2, 3, 4], range(4))))
def test_fronts_are_those_peeled_off_by_definition(objectives: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 5, (40, objectives)).astype(float)  # few values, so many ties
    numbers[rng.random(numbers.shape) < 0.05] = math.nan
    points = [tuple(row) for row in numbers]
    none = [0.0] * 40
    some = [float(v) for v in rng.choice([0.0, 0.0, 0.5, 1.0], 40)]
    assert front_ranks(points).tolist() == peeled(points, none)
    assert front_ranks(points, some).tolist() == peeled(points, some)


LEVELS = st.sampled_from([0.0, 1.0, 2.0, math.nan])


@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=12))
def test_ranks_are_without_gaps_and_equal_points_share_one(points: list[Point]) -> None:
    ranks = front_ranks(points)
    assert set(ranks) == set(range(max(ranks) + 1))
    for (i, one), (j, other) in product(enumerate(points), repeat=2):
        if repr(one) == repr(other):
            assert ranks[i] == ranks[j]
        if beats(one, other):
            assert ranks[i] < ranks[j]


def test_what_keeps_constraints_comes_first_however_poor() -> None:
    ranks = front_ranks([(0.0, 0.0), (9.0, 9.0), (1.0, 1.0)], [0.5, 0.0, 0.1])
    assert ranks.tolist() == [2, 0, 1]


def test_an_unknown_violation_is_the_largest() -> None:
    assert front_ranks([(0.0,), (0.0,)], [math.nan, 7.0]).tolist() == [1, 0]


def test_crowding_by_hand() -> None:
    points = [(0.0, 4.0), (1.0, 2.0), (2.0, 1.0), (4.0, 0.0), (4.0, 4.0)]
    ranks = front_ranks(points)
    assert ranks.tolist() == [0, 0, 0, 0, 1]
    # (1, 2): (2 - 0) / 4 + (4 - 1) / 4; (2, 1): (4 - 1) / 4 + (2 - 0) / 4
    assert crowding(points, ranks)[1:3].tolist() == [1.25, 1.25]
    assert np.isinf(crowding(points, ranks)[[0, 3]]).all()


@given(st.lists(st.tuples(LEVELS, LEVELS, LEVELS), min_size=1, max_size=9))
def test_crowding_is_a_number_of_every_point(points: list[Point]) -> None:
    distances = crowding(points, front_ranks(points))
    assert not np.isnan(distances).any()
    assert (distances >= 0).all()


def test_violations_are_relative_and_add_up() -> None:
    assert violation([3.0, 12.0], [2.0, 10.0]) == pytest.approx(0.5 + 0.2)
    assert violation([2.0, 10.0], [2.0, 10.0]) == 0.0
    assert violation([3.0, 12.0], [0.0, 10.0]) == pytest.approx(0.2)
    assert violation([math.nan], [1.0]) == math.inf
    assert violation([math.nan], [0.0]) == 0.0
