"""Hypervolumes and fronts against counting and going through all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nasbench_harness.reports.analysis.fronts import TrueFront
from nasbench_harness.reports.statistics.hypervolume import hypervolume, non_dominated


def counted(points: np.ndarray, side: int) -> int:
    """Unit cells of a grid that some point dominates."""
    cells = itertools.product(range(side), repeat=points.shape[1])
    return sum(bool((points <= np.array(cell)).all(axis=1).any()) for cell in cells)


@pytest.mark.parametrize(("objectives", "side"), [(1, 9), (2, 9), (3, 6), (4, 4)])
@pytest.mark.parametrize("seed", range(5))
def test_volumes_are_those_of_counted_cells(objectives: int, side: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, side + 1, (7, objectives)).astype(float)
    reference = np.full(objectives, float(side))
    assert hypervolume(points, reference) == pytest.approx(counted(points, side), abs=1e-12)


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_fronts_are_those_of_all_pairs(objectives: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 5, (40, objectives)).astype(float)
    points[3, 0] = np.nan
    expected = [
        not np.isnan(p).any()
        and not any((q <= p).all() and (q < p).any() for q in points)
        for p in points
    ]  # fmt: skip
    assert non_dominated(points).tolist() == expected


def test_a_point_at_the_reference_dominates_nothing() -> None:
    points, reference = np.array([[1.0, 3.0], [np.nan, 0.0]]), np.array([3.0, 3.0])
    assert hypervolume(points, reference) == 0.0
    assert hypervolume(np.empty((0, 2)), reference) == 0.0


def test_a_found_front_is_a_share_of_the_true_one() -> None:
    accuracy = np.array([90.0, 80.0, 70.0, 60.0, np.nan])
    cost = np.array([4.0, 2.0, 3.0, 5.0, 1.0])
    front = TrueFront.of(accuracy, [cost])
    assert front.members.tolist() == [0, 1]
    assert front.reference.tolist() == [-60.0, 5.0]
    assert front.volume == 30 * 1 + 20 * 2  # to 4 above 60, then from 4 to 2 above 60
    assert front.share([0, 1]) == 1.0
    assert front.share([2]) == pytest.approx(10 * 2 / 70)
    assert front.found([2, 1, 2, 0]) == [0, 1]
    assert front.share([3, 4]) == 0.0


def test_a_front_of_unknown_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="no architecture has a known accuracy"):
        TrueFront.of(np.array([np.nan]), [np.array([1.0])])


def test_equal_architectures_have_no_share() -> None:
    assert np.isnan(TrueFront.of(np.ones(3), [np.ones(3)]).share([0]))
