"""Who runs next on a device that several share, and who has it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nasbench_harness.jobs.executors.dispatch import Dispatch
from nasbench_harness.study.config import StudyConfig, build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

Configured = Callable[..., StudyConfig]
Waiting = Callable[..., tuple[Dispatch, list[TrialSpec]]]


@pytest.fixture
def waiting() -> Waiting:
    given: dict[str, Any] = {"methods": "rea", "random": False, "steps": 4}

    def make(trials: int, *devices: str) -> tuple[Dispatch, list[TrialSpec]]:
        specs = plan(build_config(None, {**given, "seeds": trials}, []))
        return Dispatch([[spec] for spec in specs], devices), specs

    return make


def apart(dispatch: Dispatch, *specs: TrialSpec) -> None:
    """They ran out of memory in slot 0."""
    assert all(dispatch.moves(spec, 0) for spec in specs)
    dispatch.set_apart(specs)


def test_cohorts_are_handed_out_in_turn(waiting: Waiting) -> None:
    dispatch, specs = waiting(3, "a", "b")
    assert [dispatch.take(place, []) for place in (0, 1, 0)] == [[spec] for spec in specs]
    assert not dispatch
    assert dispatch.take(0, []) == []


def test_what_comes_again_comes_first(waiting: Waiting) -> None:
    dispatch, (first, second, third) = waiting(3, "a")
    dispatch.take(0, [])
    dispatch.take(0, [])
    dispatch.again([[first], [second]])
    assert [dispatch.take(0, []) for _ in range(3)] == [[first], [second], [third]]


def test_a_trial_that_ran_out_of_memory_has_its_device_to_itself(waiting: Waiting) -> None:
    dispatch, (first, second, third) = waiting(3, "a", "a")
    dispatch.take(0, [])
    dispatch.take(1, [0])
    apart(dispatch, first)
    assert dispatch.take(0, [1]) == []  # the other is still there
    assert dispatch.take(1, []) == [first]
    assert dispatch.take(0, [1]) == []  # it is alone
    assert dispatch.take(1, []) == [third]
    assert second.trial_id != third.trial_id


def test_other_devices_go_on_while_one_is_emptied(waiting: Waiting) -> None:
    dispatch, specs = waiting(6, "a", "b", "a", "b")
    for place in range(4):
        dispatch.take(place, range(place))
    apart(dispatch, specs[0])
    assert dispatch.take(0, [1, 2, 3]) == []
    assert dispatch.take(1, [2, 3]) == [specs[4]]
    assert dispatch.take(2, [1, 3]) == [specs[0]]
    assert dispatch.take(0, [1, 2, 3]) == []
    assert dispatch.take(3, [1, 2]) == [specs[5]]


def test_a_device_that_is_empty_already_takes_it(waiting: Waiting) -> None:
    dispatch, specs = waiting(3, "a", "b", "a", "b")
    for place in range(3):
        dispatch.take(place, range(place))
    apart(dispatch, specs[0])
    assert dispatch.take(0, [1, 2]) == []
    assert dispatch.take(1, [2]) == [specs[0]]


def test_nobody_moves_twice(waiting: Waiting) -> None:
    dispatch, (first, *_) = waiting(2, "a", "a")
    apart(dispatch, first)
    assert dispatch.take(0, []) == [first]
    assert not dispatch.moves(first, 0)


def test_who_had_the_device_alone_does_not_move(waiting: Waiting) -> None:
    dispatch, (first, *_) = waiting(2, "a", "b")
    assert not dispatch.moves(first, 0)


def test_what_ran_together_goes_on_one_by_one(waiting: Waiting) -> None:
    dispatch, specs = waiting(2, "a", "a")
    dispatch.take(0, [])
    dispatch.take(1, [0])
    apart(dispatch, *specs)
    assert [dispatch.take(0, []) for _ in specs] == [[spec] for spec in specs]


def test_what_is_only_stepped_together_stays_together(configured: Configured) -> None:
    given = {"search": "supernet", "dataset": "digits", "limit": 200, "cohort": 2, "random": False}
    specs = plan(configured("darts", seeds=2, epochs=1, table="none", **given))
    dispatch = Dispatch([specs], ["a", "a"])
    dispatch.take(0, [])
    apart(dispatch, *specs)
    assert dispatch.take(0, []) == specs
