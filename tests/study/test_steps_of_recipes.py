"""Recipes that say how many steps a search on images takes, and what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.store.studies import reproduce
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

SEARCH: dict[str, Any] = {
    "search": "supernet", "dataset": "digits", "limit": 64, "seeds": 1, "random": False,
    "table": "none", "batch_size": 8,
}  # fmt: skip
COUNTING = ["zerocostpt[recipe=nb201]", "proxy[recipe=quick]", "freedarts[recipe=quick]"]


def planned(methods: str, **given: Any) -> list[TrialSpec]:
    return plan(build_config(None, {**SEARCH, "methods": methods, **given}, []))


@pytest.mark.parametrize("method", COUNTING)
def test_steps_that_are_asked_for_win(method: str) -> None:
    (own,), (asked,) = planned(method), planned(method, steps=7)
    assert own.steps in (1, 160)
    assert asked.steps == 7


def test_epochs_are_not_theirs() -> None:
    (spec,) = planned("proxy[recipe=quick]", epochs=3)
    assert (spec.epochs, spec.steps) == (1, 1)


def test_a_blind_draw_stays_one_step() -> None:
    assert {spec.steps for spec in planned("random,proxy", recipe="quick", steps=7)} == {1, 7}


@pytest.mark.parametrize("method", COUNTING)
@pytest.mark.parametrize("steps", [None, 4, 7, 30])
def test_the_command_of_a_trial_plans_it_again(method: str, steps: int | None) -> None:
    """Where the steps are whole epochs too."""
    (spec,) = planned(method, steps=steps)
    words = kind_of(spec.problem).command(spec)
    lengths = {name: int(words[words.index(f"--{name}") + 1]) for name in ("epochs", "steps")}
    assert (lengths["epochs"], lengths["steps"]) == (spec.epochs, spec.steps)
    assert planned(method, **lengths)[0].trial_id == spec.trial_id
    assert f"--steps {spec.steps}" in reproduce(spec)
