"""Settings and recipes of MONAS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, field_validator, model_validator

from nasbench_harness.contracts import (
    NO_COST,
    Basis,
    Column,
    Cost,
    Enumerable,
    Fidelity,
    Passes,
    Role,
    SearchOutline,
    SearchSpace,
    StepCost,
    Value,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import MONAS_BIBTEX
from nasbench_harness.methods.setups.columns import REWARD
from nasbench_harness.methods.setups.costs import CostSettings, cost_setting, target_setting
from nasbench_harness.methods.setups.queries import QuerySetup
from nasbench_harness.settings import setting

ENERGY, LATENCY = "energy:", "latency:"
"""How costs begin whose quotient is the power that a device takes, in mJ / ms = W."""


class MONASSettings(CostSettings):
    """The forms of the reward are secondary and unconfirmed, the numbers our own."""

    reward: Literal["mixed", "acc_constraint", "power_constraint", "cost_constraint"] = setting(
        "mixed",
        "a Acc - (1 - a) Cost; 1 - Cost where the accuracy is reached, else 0; Acc where power is"
        " below its limit, else 0; or (ours) Acc where the cost is below its target, else 0",
        tag="U",
    )
    accuracy_weight: float = setting(
        0.5, "a, the share of the accuracy in the mixed reward", tag="D", ge=0, le=1
    )
    least_accuracy: float = setting(
        0.0, "accuracy that acc_constraint asks for", unit="percent", tag="D", ge=0
    )
    power_limit: float = setting(
        0.0,
        "what power must stay below with power_constraint: the energy that is held over the latency"
        " of the same device",
        unit="W",
        tag="D",
        ge=0,
    )
    cost: str = cost_setting(
        "cost in the reward, one that the space or the table has, such as energy:edgegpu",
        tag="D",
        default="params",
    )
    cost_target: NonNegativeFloat = target_setting(
        "cost that an answer may have, and that cost_constraint stays below; 0: any", tag="D"
    )
    cost_range: list[float] = setting(
        [],
        "least and largest cost, which count 0 and 1 in a reward, in the unit that the cost is told"
        " in; [] takes those of all architectures, which then have to be listed",
        tag="D",
    )
    hidden: int = setting(32, "length of the controller's state", tag="D", ge=1)
    learning_rate: float = setting(
        0.01, "Adam's step on the controller", role="rate", tag="D", gt=0
    )
    beta1: float = setting(0.9, "Adam's decay of the first moment", tag="D", ge=0, lt=1)
    beta2: float = setting(0.999, "Adam's decay of the second moment", tag="D", ge=0, lt=1)
    baseline_momentum: float = setting(
        0.9, "momentum of the moving average of the reward", tag="D", ge=0, lt=1
    )

    @field_validator("cost_range")
    @classmethod
    def _a_least_and_a_largest(cls, value: list[float]) -> list[float]:
        if value and (len(value) != 2 or not value[0] < value[1]):
            raise ValueError("cost_range must be [] or [least, largest], the least first")
        return value

    @model_validator(mode="after")
    def _reward_has_its_numbers(self) -> Self:
        if self.cost == NO_COST:
            raise ValueError("the reward needs a cost: give one with --cost NAME, such as params")
        limits = {
            "acc_constraint": ("least_accuracy", self.least_accuracy),
            "power_constraint": ("power_limit", self.power_limit),
            "cost_constraint": ("cost_target", self.cost_target),
        }
        name, limit = limits.get(self.reward, ("", 1.0))
        if not limit:
            raise ValueError(f"reward={self.reward} needs a {name} above 0")
        return self

    @property
    def scales_cost(self) -> bool:
        """Is the cost itself, between its least and its largest, part of the reward."""
        return self.reward in ("mixed", "acc_constraint")


def latency_beside(cost: str, costs: Mapping[str, Cost]) -> str:
    """The latency of the device that `cost` is an energy of; HarnessError where there is none."""
    known = [
        name.removeprefix(ENERGY) for name, found in costs.items()
        if name.startswith(ENERGY) and found.unit == "mJ"
        and (beside := costs.get(LATENCY + name.removeprefix(ENERGY))) and beside.unit == "ms"
    ]  # fmt: skip
    device = cost.removeprefix(ENERGY)
    if cost.startswith(ENERGY) and device in known:
        return LATENCY + device
    there = ", ".join(f"{ENERGY}{name}" for name in known)
    raise HarnessError(
        f"Power is energy over latency, and of `{cost}` not both are known here; hold"
        f" {there} down with --cost, or choose another reward."
        if there
        else "Power is energy over latency, and nothing here has both of one device; choose another"
        " reward, or a --table that has them (nb201's `official` with its hardware numbers)."
    )


def check_range(space: SearchSpace, cost: Cost) -> None:
    """HarnessError where nobody knows the least and the largest cost of all architectures."""
    listed = isinstance(space, Enumerable)
    if listed and cost.of_all:
        return
    why = (
        f"the architectures of `{space.name}` cannot be listed" if not listed
        else f"`{cost.name}` cannot be asked of all architectures"
    )  # fmt: skip
    raise HarnessError(
        f"`monas` scales {cost.name} by the least and the largest of the space, and {why}; say both"
        f" in {cost.shown_unit} with `monas[cost_range=[least,largest]]`."
    )


class MONASSetup(QuerySetup):
    """What can be read of the method without torch."""

    Settings = MONASSettings
    citation = MONAS_BIBTEX
    fidelity = Fidelity(
        Basis.ABSTRACT,
        gist="a recurrent controller",
        against="What the abstract says, and secondary accounts of controller and rewards; the"
        " policy's gradient against the enumerated one.",
        deviations=(
            "The forms of the reward are secondary knowledge, unconfirmed; cost_constraint is"
            " ours.",
            "Sizes, rates, the baseline and the scale of costs are decisions of this project.",
            "Accuracies and costs are those of a table; the published targets were other networks.",
        ),
        behind=(
            "On eight of nine tables: half of its default reward is what a cell saves in"
            " parameters, and the answer is the one of the most reward.",
        ),
        cost=StepCost(Passes(), Passes(), "the accuracy of one architecture is asked for"),
        tests=("tests/methods/test_monas.py",),
    )
    reading = "MONAS as reconstructed from its abstract and from what others tell of it"
    columns = (
        *QuerySetup.columns,
        REWARD,
        Column(
            "policy_surprise", Value.NUMBER, Role.RECORD,
            "minus the log-probability of what the policy drew, per decision; its entropy on"
            " average", "nats", missing="other methods",
        ),
    )  # fmt: skip
    version = "1"
    fronts: ClassVar[bool] = True
    recipes = recipe_file("nasbench_harness.methods.recipes", "monas")

    @classmethod
    def check_search(cls, settings: MONASSettings, outline: SearchOutline) -> None:
        """HarnessError where the reward's numbers are not known there; see `SearchCheck`."""
        if settings.reward == "power_constraint":
            latency_beside(settings.cost, outline.costs)
        if settings.scales_cost and not settings.cost_range:
            check_range(outline.space, outline.costs[settings.cost])


def mixed(accuracy: float, cost: float, weight: float) -> float:
    """a Acc - (1 - a) Cost, both scaled to 0 to 1."""
    return weight * accuracy - (1 - weight) * cost


def if_accurate(accuracy: float, cost: float, least: float) -> float:
    """1 - Cost where the accuracy is at least that; else, and where it is not known, 0."""
    return 1 - cost if accuracy >= least else 0.0


def if_below(accuracy: float, cost: float, limit: float) -> float:
    """Acc where the cost is below the limit; else, and where it is not known, 0."""
    return accuracy if cost < limit else 0.0


def scaled(cost: float, least: float, largest: float) -> float:
    """The cost in its range, 0 to 1; 1 where it is not known, 0 where all cost the same."""
    if math.isnan(cost):
        return 1.0
    return min(max((cost - least) / (largest - least), 0.0), 1.0) if largest > least else 0.0
