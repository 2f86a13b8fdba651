"""`--cost` and `--target`: which methods hold what, what is refused, what is said beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST, Cost, held_down
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.study.config import build_config, with_cost
from nasbench_harness.study.cost_notes import cost_notes
from nasbench_harness.study.heldcost import (
    HeldCost,
    HeldCosts,
    common_costs,
    held_costs,
    held_names,
)
from nasbench_harness.study.naming import study_name
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.study.planning import plan
from nasbench_harness.tables.within import best_within

PARAMS, FLOPS = NB201.costs
TOASTER = Cost("latency:toaster", "on a toaster", "ms", metric="latency_ms_toaster")


def labels(methods: str, sets: tuple[str, ...] = (), **given: Any) -> list[str]:
    config = build_config(None, {"methods": methods, "table": "analog", **given}, sets)
    return [choice.label for choice in config.methods]


def notes(methods: str, **given: Any) -> list[str]:
    basics = {"methods": methods, "seeds": "2", "steps": 600, "table": "analog", "random": False}
    return list(cost_notes(plan(build_config(None, {**basics, **given}, []))))


# --- which methods hold it ---------------------------------------------------------------------


def test_every_method_that_takes_a_cost_holds_it() -> None:
    assert labels("unas,drnas", cost="params", target=0.5) == [
        "unas[cost=params,cost_target=0.5]", "drnas",
    ]  # fmt: skip


def test_option_and_brackets_are_the_same_study() -> None:
    given: dict[str, Any] = {"seeds": "1", "steps": 3, "table": "analog"}
    option = build_config(None, {"methods": "unas", "cost": "params", "target": 0.5, **given}, [])
    brackets = build_config(None, {"methods": "unas[cost=params,cost_target=0.5]", **given}, [])
    assert [s.trial_id for s in plan(option)] == [s.trial_id for s in plan(brackets)]
    assert study_name(option) == study_name(brackets)


def test_a_study_file_holds_them_too(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("methods: [unas]\ncost: flops\ntarget: 5e1\n")
    config = build_config(path, {}, [])
    assert config.methods[0].label == "unas[cost=flops,cost_target=50.0]"
    assert build_config(path, {"target": 60.0}, []).methods[0].settings["cost_target"] == 60.0


def test_what_a_method_says_of_its_own_stands() -> None:
    assert labels("unas[cost=none],unas", cost="params", target=0.5) == [
        "unas[cost=none]", "unas[cost=params,cost_target=0.5]",
    ]  # fmt: skip
    assert labels("unas[cost_target=1],unas[cost_target=2]", cost="params") == [
        "unas[cost=params,cost_target=1.0]", "unas[cost=params,cost_target=2.0]",
    ]  # fmt: skip
    assert labels("unas", ("unas.cost=flops",), cost="params") == ["unas[cost=flops]"]


def test_a_target_is_not_that_of_another_cost() -> None:
    assert labels("unas[cost=flops],unas", cost="params", target=0.5) == [
        "unas[cost=flops]", "unas[cost=params,cost_target=0.5]",
    ]  # fmt: skip


def test_a_target_goes_to_the_methods_that_hold_a_cost() -> None:
    assert labels("unas[cost=params],unas", target=0.5) == [
        "unas[cost=params,cost_target=0.5]", "unas",
    ]  # fmt: skip


def test_a_cost_is_planned_again_from_what_a_study_says() -> None:
    config = build_config(None, {"methods": "unas", "cost": "params", "target": 0.5}, [])
    again = type(config).model_validate(config.model_dump(mode="json"))
    assert with_cost(again, None, None) == config


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("methods", ["unas", "unas,drnas", "unas[cost=none]", "drnas"])
def test_a_target_without_a_cost_is_refused(methods: str) -> None:
    with pytest.raises(ConfigError, match=r"target of 0.5 is given and no cost.*--cost params"):
        labels(methods, target=0.5)


def test_a_target_of_no_cost_is_refused() -> None:
    with pytest.raises(ConfigError, match="no cost that it is of"):
        labels("unas", cost="none", target=0.5)


def test_a_cost_that_no_method_takes_names_those_that_do() -> None:
    with pytest.raises(
        ConfigError, match="None of these methods takes a cost; `monas`, `random`, `rea`, `unas` do"
    ):
        labels("drnas,darts", cost="params", target=1)


@pytest.mark.parametrize("target", [-1, True, float("nan"), float("inf"), "eight", [8, -1], []])
def test_a_target_is_a_number_of_0_or_more(target: Any) -> None:
    with pytest.raises(ConfigError, match=r"`target` cannot be .*expected a number of 0 or more"):
        labels("unas", cost="params", target=target)


def test_a_cost_is_a_name() -> None:
    with pytest.raises(ConfigError, match=r"`cost` cannot be 3: expected params"):
        labels("unas", cost=3, target=1)


def test_a_mistyped_key_finds_the_option() -> None:
    with pytest.raises(ConfigError, match="Did you mean `target`"):
        labels("unas", cost="params", targt=1)


@pytest.fixture
def holed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives the table a latency of one device, with missing entries."""
    table: Any = registry.open_table("analog")

    def change(missing: int) -> None:
        column = np.linspace(1.0, 2.0, 15_625)
        column[:missing] = np.nan
        accuracy = table.column
        metric = next(iter(table.metrics.values()))
        monkeypatch.setattr(table, "metrics", {**table.metrics, "latency_ms_toaster": metric})
        monkeypatch.setattr(
            table, "column", lambda name: column if name == "latency_ms_toaster" else accuracy(name)
        )
        monkeypatch.setattr(table, "_costs_among", lambda _: [TOASTER])

    return change


def test_a_latency_with_holes_is_refused(holed: Callable[..., None]) -> None:
    holed(3)
    with pytest.raises(HarnessError, match=r"no latency:toaster of 3 of its 15,625 architectures"):
        notes("unas", cost="latency:toaster", target=1.5)


def test_a_latency_without_holes_is_planned(holed: Callable[..., None]) -> None:
    holed(0)
    assert notes("unas", cost="latency:toaster", target=1.5) == []


# --- what is said beforehand -------------------------------------------------------------------


def test_methods_without_a_cost_are_named() -> None:
    assert notes("unas,drnas", cost="params", target=0.5) == [
        "`drnas` holds no cost and searches without it; what the answers cost is recorded all the"
        " same."
    ]
    (told,) = notes("unas,drnas,edas,darts", cost="params", target=0.5)
    assert told.startswith("`drnas`, `edas` and `darts` hold no cost and search without it")


@pytest.mark.parametrize("given", [{"cost": "params"}, {"methods": "unas[cost=params]"}])
def test_a_cost_without_a_target_is_said(given: dict[str, Any]) -> None:
    (told,) = notes(**{"methods": "unas", **given})
    assert "holds params down without a target, so that every million params is penalised" in told
    assert "--target" in told


def test_without_a_target_query_methods_look_for_the_whole_front() -> None:
    (told,) = notes("rea", cost="params")
    assert told == (
        "`rea[cost=params]` looks for the whole front of params, whatever its answer costs;"
        " --target (in brackets `cost_target=...`) says what that may cost."
    )
    given = {"methods": "rea[cost=params]", "seeds": "1", "random": False}
    (spec,) = plan(build_config(None, given, []))
    held = held_costs(spec)
    assert held is not None
    assert [one.target for one in held] == [None]
    assert held.judged([0.3], 90.0, best_within(spec, held))["target_met"] is None


def test_a_target_of_0_that_was_asked_for_is_told_to_be_out_of_reach() -> None:
    (told,) = notes("unas", cost="params", target=0)
    assert told.startswith("Nothing is within the target of 0 million")


def test_a_target_below_everything_tells_the_least() -> None:
    (told,) = notes("unas", cost="params", target=0.05)
    assert "params of nb201 on cifar10 begin at 0.073306 million" in told


def test_a_target_above_everything_tells_the_most() -> None:
    (told,) = notes("unas", cost="params", target=2)
    assert "end at 1.53155 million, so that nothing is ever penalised" in told


@pytest.mark.parametrize("target", [0.073306, 0.5, 1.5])
def test_a_target_that_some_keep_needs_no_words(target: float) -> None:
    assert notes("unas", cost="params", target=target) == []


def test_a_target_in_brackets_without_a_cost_is_said() -> None:
    (told,) = notes("unas[cost_target=0.5]")
    assert told.startswith("`unas[cost_target=0.5]` has a target and holds no cost")


def test_studies_without_a_cost_hear_nothing() -> None:
    assert notes("unas,drnas") == []


# --- the cost of a study -----------------------------------------------------------------------


def test_units_are_millions_and_milliseconds() -> None:
    assert (HeldCost(PARAMS, 1).scaled(5e5), HeldCost(PARAMS, 1).unit) == (0.5, "million")
    assert (HeldCost(TOASTER, 1).scaled(5.5), HeldCost(TOASTER, 1).unit) == (5.5, "ms")


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ("unas,drnas", None),
        ("unas[cost=params,cost_target=1],drnas", [HeldCost(PARAMS, 1.0)]),
        (
            "unas[cost=params,cost_target=1],unas[cost=params,cost_target=2]",
            [HeldCost(PARAMS, None)],
        ),
        (
            "unas[cost=params+flops,cost_target=[1,60]],unas[cost=flops+params,cost_target=[60,2]]",
            [HeldCost(PARAMS, None), HeldCost(FLOPS, 60.0)],
        ),
        ("unas[cost=params+flops],unas[cost=params]", None),
        ("unas[cost=params,cost_target=1],unas[cost=flops,cost_target=1]", None),
    ],
)
def test_other_methods_are_measured_by_the_common_cost(
    methods: str, expected: list[HeldCost] | None
) -> None:
    config = build_config(None, {"methods": methods, "seeds": "1", "table": "analog"}, [])
    assert common_costs(plan(config)) == (HeldCosts(tuple(expected)) if expected else None)


@pytest.mark.parametrize(
    "settings",
    [{}, {"cost": "none"}, {"cost": 3}, {"cost": "params", "cost_target": "much"},
     {"cost": "params+flops", "cost_target": [1.0]}, {"cost": "a", "cost_target": [True]}],
)  # fmt: skip
def test_settings_that_mean_something_else_are_no_cost(settings: dict[str, Any]) -> None:
    assert held_names(settings) == ()


@pytest.mark.parametrize(
    ("cost", "best", "met", "regret"),
    [(0.4, 90.0, True, 1.0), (0.5, 90.0, True, 1.0), (0.6, 90.0, False, None),
     (0.4, None, True, None), (float("nan"), 90.0, None, None)],
)  # fmt: skip
def test_an_answer_is_judged_within_the_target(
    cost: float, best: float | None, met: bool | None, regret: float | None
) -> None:
    judged = HeldCosts((HeldCost(PARAMS, 0.5),)).judged([cost], 89.0, best)
    assert (judged["target_met"], judged["regret_within_target"]) == (met, regret)
    assert judged["cost_target"] == 0.5


def test_registry_is_untouched() -> None:
    assert "latency_ms_toaster" not in registry.open_table("analog").metrics


def test_a_ramp_that_the_search_does_not_reach_the_end_of_is_told() -> None:
    (told,) = notes("unas[cost=params,cost_target=0.5]", steps=599)
    assert told.startswith("The weight of params grows over 600 steps and `unas[cost=params")
    assert "searches for 599" in told
    assert notes("unas[cost=params,cost_target=0.5]", steps=600) == []
    assert notes("unas[cost=params,cost_target=0.5,cost_ramp=9]", steps=10) == []


def test_targets_go_by_the_names_of_costs() -> None:
    given = {"cost": "params,flops", "target": "0.4,60"}
    held = {
        "unas[cost=flops+params]": [60.0, 0.4],
        "unas[cost=params]": 0.4,
        "unas": [0.4, 60.0],
    }
    for methods, target in held.items():
        (choice,) = build_config(None, {"methods": methods, **given}, []).methods
        assert choice.settings["cost_target"] == target
    given = {"methods": "unas[cost=flops]", "cost": "params", "target": 1}
    (other,) = build_config(None, given, []).methods
    assert "cost_target" not in other.settings


def test_what_all_are_compared_with_holds_no_cost() -> None:
    config = build_config(None, {"methods": "unas,random", "cost": "params", "target": 0.4}, [])
    assert [choice.label for choice in config.choices][-1] == "random"
    assert sum(choice.name == "random" for choice in config.choices) == 2
    plain = build_config(None, {"methods": "unas,random"}, [])
    assert sum(choice.name == "random" for choice in plain.choices) == 1


def test_an_objective_is_never_out_of_reach() -> None:
    assert notes("rea", cost="params,flops", target=[0, 60]) == []
    assert notes("rea", cost="params", target=0) == []


def test_targets_without_a_cost_do_nothing() -> None:
    assert held_down(NO_COST, [1.0, 2.0]) == ()
