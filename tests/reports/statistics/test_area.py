"""Areas under curves whose integral is known."""

from __future__ import annotations

import numpy as np
import pytest

from nasbench_harness.reports.statistics.area import Axis, anytime_regret

STEPS = [1, 2, 5, 10, 40, 100]


@pytest.mark.parametrize("axis", ["linear", "log10"])
def test_constant_regret_is_its_own_mean(axis: Axis) -> None:
    found = anytime_regret(STEPS, np.array([[0.7] * 6, [0.0] * 6]), axis)
    assert found == pytest.approx([0.7, 0.0])


def test_falling_straight_gives_the_middle() -> None:
    assert anytime_regret(STEPS, 3 - 0.02 * np.array([STEPS])) == pytest.approx([3 - 0.02 * 50.5])


def test_falling_straight_in_the_logarithm_gives_the_middle_of_that_axis() -> None:
    assert anytime_regret(STEPS, 5 - np.log10([STEPS]), "log10") == pytest.approx([4.0])


def test_a_late_success_counts_more_on_a_logarithmic_axis() -> None:
    regret = [[2.0, 2.0, 2.0, 0.0, 0.0, 0.0]]
    by_hand = (1 * 2 + 3 * 2 + 5 * 1) / 99
    assert anytime_regret(STEPS, regret) == pytest.approx([by_hand])
    assert anytime_regret(STEPS, regret, "log10")[0] > 5 * by_hand


def test_unit_of_the_budget_does_not_matter() -> None:
    regret = np.random.default_rng(0).exponential(1, (3, 6))
    assert anytime_regret(STEPS, regret) == pytest.approx(
        anytime_regret(1000 * np.array(STEPS), regret)
    )


def test_log_axis_starts_at_the_first_step() -> None:
    with_start = anytime_regret([0, *STEPS], [[9.0, *[1.0] * 6]], "log10")
    assert with_start == pytest.approx([1.0])
    assert anytime_regret([0, *STEPS], [[9.0, *[1.0] * 6]])[0] > 1


def test_one_step_or_none() -> None:
    assert anytime_regret([7], [[0.4], [0.2]]).tolist() == [0.4, 0.2]
    assert np.isnan(anytime_regret([], np.empty((2, 0)))).tolist() == [True, True]
    assert anytime_regret([1, 2], np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize(
    ("steps", "regret", "said"),
    [
        ([2, 1], [[0.1, 0.2]], "ascend"),
        ([1, 1], [[0.1, 0.2]], "ascend"),
        ([1, 2], [[0.1, np.nan]], "Missing"),
        ([1, 2], [[0.1]], "at 2 steps, not at 1"),
    ],
)
def test_wrong_input(steps: list[int], regret: list[list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        anytime_regret(steps, regret)


def test_held_until_the_next_step_is_the_area_of_a_step_function() -> None:
    regret = [[2.0, 2.0, 1.0, 0.0, 0.0, 0.0]]
    by_hand = (1 * 2 + 3 * 2 + 5 * 1) / 99
    assert anytime_regret(STEPS, regret, held=True) == pytest.approx([by_hand])
    assert anytime_regret(STEPS, [[0.7] * 6], "log10", held=True) == pytest.approx([0.7])
    assert anytime_regret([1, 10, 100], [[2.0, 1.0, 0.0]], "log10", held=True)[0] == 1.5
    assert anytime_regret([7], [[0.4], [0.2]], held=True).tolist() == [0.4, 0.2]


def test_of_falling_regret_the_steps_lie_above_the_trapezoids() -> None:
    regret = np.sort(np.random.default_rng(0).exponential(1, (5, 6)), axis=1)[:, ::-1]
    assert (anytime_regret(STEPS, regret, held=True) > anytime_regret(STEPS, regret)).all()
