"""Several costs at once: how they are written, what is refused, what is said beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Cost
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.setups.unas import UNASSettings
from nasbench_harness.settings import Settings, setting
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.study.config import build_config
from nasbench_harness.study.cost_checks import takes_several
from nasbench_harness.study.cost_notes import cost_notes
from nasbench_harness.study.heldcost import HeldCost, HeldCosts
from nasbench_harness.study.planning import plan

PARAMS, FLOPS = NB201.costs
BOTH = "unas[cost=params+flops,cost_target=[0.5, 60.0]]"


def labels(methods: str = "unas", **given: Any) -> list[str]:
    config = build_config(None, {"methods": methods, "table": "analog", **given}, [])
    return [choice.label for choice in config.methods]


def planned(methods: str = "unas", **given: Any) -> list[Any]:
    basics = {"methods": methods, "seeds": "1", "steps": 600, "table": "analog", "random": False}
    return plan(build_config(None, {**basics, **given}, []))


def notes(methods: str = "unas", **given: Any) -> list[str]:
    return list(cost_notes(planned(methods, **given)))


# --- how they are written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "cost", ["params+flops", "params,flops", " params , flops", ["params", "flops"]]
)
@pytest.mark.parametrize("target", ["0.5,60", "0.5+60", "5e-1, 6e+1", [0.5, 60], (0.5, "60")])
def test_names_and_targets_are_lists_or_text(cost: Any, target: Any) -> None:
    assert labels(cost=cost, target=target) == [BOTH]


def test_a_study_file_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("methods: [unas]\ncost: [params, flops]\ntarget: [5e-1, 60]\n")
    assert build_config(path, {}, []).methods[0].label == BOTH


def test_however_they_are_written_they_are_one_study() -> None:
    (option,) = planned(cost="params,flops", target="0.5,60")
    (brackets,) = planned("unas[cost=params+flops,cost_target=[0.5,60]]")
    assert option.trial_id == brackets.trial_id
    assert option.settings["cost_target"] == [0.5, 60.0]


def test_one_number_is_the_target_of_each() -> None:
    (spec,) = planned(cost="params,flops", target=2)
    assert spec.settings["cost_target"] == 2.0


@pytest.mark.parametrize("target", [20, 20.0, "20", "2e1", [20], "[20]"])
def test_a_single_cost_has_the_name_that_it_had(target: Any) -> None:
    """Of the trial: what decides it is a number as before, and not a list."""
    told = [planned(f"unas[cost=params,cost_target={target}]")[0]]
    told += [planned(cost="params", target=target)[0]] if target != "[20]" else []
    (as_before,) = planned("unas[cost=params,cost_target=20]")
    assert {spec.trial_id for spec in told} == {as_before.trial_id}
    assert told[0].settings["cost_target"] == 20.0


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "target", "told"),
    [
        ("params,params", 1, "`unas` is to hold params twice; name each cost once."),
        ("params,flops", "1,2,3",
         r"`unas` holds 2 costs \(params, flops\) and has 3 targets \(1, 2, 3\); give one for"),
        ("params", "1,2", r"`unas` holds 1 cost \(params\) and has 2 targets \(1, 2\)"),
        ("params,flop", "1,2", "no cost of space .* called `flop`. Did you mean `flops`"),
        ("params,none", "1,2", "no cost of space .* called `none`"),
        ("params,flops", "1,-2", "`target` cannot be '1,-2': expected a number of 0 or more"),
        ("params,flops", "1,", "`target` cannot be '1,'"),
        ("params,flops", "1,1_0", "`target` cannot be"),
        ("params,flops", [1, True], "`target` cannot be"),
        ("params,", 1, "`cost` cannot be 'params,': expected params, flops"),
        (["params", 3], 1, "`cost` cannot be"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_a_sentence(cost: Any, target: Any, told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        planned(cost=cost, target=target)


@pytest.mark.parametrize("inside", ["cost_target=-1", "cost_target=[1,-1]", "cost_target=[]"])
def test_a_target_in_brackets_is_refused_once(inside: str) -> None:
    with pytest.raises(HarnessError) as caught:
        planned(f"unas[cost=params+flops,{inside}]")
    assert str(caught.value).count("expected a number >= 0 or a list") == 1


def test_several_targets_of_no_cost_are_refused() -> None:
    with pytest.raises(HarnessError, match=r"A target of 0.5, 60 is given and no cost"):
        labels(target="0.5,60")


def test_a_method_of_one_target_takes_one_cost() -> None:
    class One(Settings):
        price: str = setting("none", "what to hold down", role="cost")
        budget: float = setting(0.0, "how much is free", role="cost_target")

    assert not takes_several(One)
    assert takes_several(UNASSettings)


# --- what is said beforehand -------------------------------------------------------------------


def test_targets_that_some_keep_together_need_no_words() -> None:
    assert notes(cost="params,flops", target="0.5,80") == []


def test_without_targets_every_unit_of_each_is_penalised() -> None:
    (told,) = notes(cost="params,flops")
    assert "holds params and flops down without a target" in told
    assert "every million params and every million flops is penalised" in told


def test_a_ramp_is_that_of_all() -> None:
    told = notes(cost="params,flops", target="0.5,80", steps=10)
    assert told[0].startswith("The weight of params and flops grows over 600 steps")
    assert "no cost ever has its whole weight" in told[0]


def test_each_target_out_of_range_is_told() -> None:
    told = notes(cost="params,flops", target="0.01,1000")
    assert [note.partition(" of ")[0] for note in told] == [
        "Nothing is within the target", "Everything is within the target",
    ]  # fmt: skip
    assert "no regret within the targets and this one cannot be met" in told[0]
    assert "so that flops is never penalised" in told[1]


def test_what_is_measured_of_answers_alone_hides_no_target_out_of_range() -> None:
    given = {"search": "supernet", "dataset": "digits", "recipe": "quick", "steps": None}
    told = notes("unas[cost_ramp=1]", cost="latency:measured,params", target="1,0.01", **given)
    assert told[0].startswith("latency:measured is measured of answers alone")
    assert "within the targets: there is no regret within them." in told[0]
    assert told[1].startswith("Nothing is within the target of 0.01 million: params of nb201")


@pytest.fixture
def params(space: Any) -> np.ndarray[Any, Any]:
    """Of every cell, in million."""
    return np.array([space.cost(arch, "params") for arch in space.enumerate()]) / 1e6


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch, params: np.ndarray[Any, Any]) -> None:
    """A latency that is lower for larger cells: with params it cannot be held down far."""
    table: Any = registry.open_table("analog")
    own = table.column
    latency = Cost("latency:odd", "on an odd device", "ms", metric="latency_ms_odd")
    metric = next(iter(table.metrics.values()))
    monkeypatch.setattr(table, "metrics", {**table.metrics, latency.metric: metric})
    monkeypatch.setattr(
        table, "column", lambda name: 2.0 - params if name == latency.metric else own(name)
    )
    monkeypatch.setattr(table, "_costs_among", lambda _: [latency])


@pytest.mark.usefixtures("odd")
def test_targets_that_nothing_keeps_together_are_told(params: np.ndarray[Any, Any]) -> None:
    small, large = params[params <= 0.4].max(), params[params >= 1.0].min()
    (told,) = notes(cost="params,latency:odd", target=[0.4, 1.0])
    assert told == (
        "No architecture of nb201 on cifar10 keeps all targets, at most 0.4 million params and"
        f" 1 ms latency:odd: with at most 1 ms latency:odd params begin at {large:.6g} million and"
        f" with at most 0.4 million params latency:odd begin at {2 - small:.6g} ms. So there is no"
        " regret within them, and they cannot be met."
    )
    assert notes(cost="params,latency:odd", target=[1.1, 1.0]) == []


def test_an_answer_keeps_all_targets_or_misses() -> None:
    held = HeldCosts((HeldCost(PARAMS, 0.5), HeldCost(FLOPS, 60.0)))
    kept = held.judged([0.5, 59.0], 89.0, 90.0)
    assert (kept["target_met"], kept["regret_within_target"]) == (True, 1.0)
    assert (kept["cost_name"], kept["cost_of_params"], kept["cost_of_flops"]) == (
        "params+flops", 0.5, 59.0,
    )  # fmt: skip
    assert (kept["cost_target_of_params"], kept["cost_unit_of_flops"]) == (0.5, "million")
    assert [kept[name] for name in ("cost", "cost_unit", "cost_target")] == [None] * 3
    missed = held.judged([0.4, 61.0], 89.0, 90.0)
    assert (missed["target_met"], missed["regret_within_target"]) == (False, None)
    unknown = held.judged([0.4, float("nan")], 89.0, 90.0)
    assert (unknown["target_met"], unknown["cost_of_flops"]) == (None, None)


def test_answers_that_are_measured_have_no_best_within() -> None:
    measured = Cost("latency:here", "measured", "ms", of_all=False)
    assert HeldCosts((HeldCost(PARAMS, 1.0),)).of_all
    assert not HeldCosts((HeldCost(PARAMS, 1.0), HeldCost(measured, 1.0))).of_all
