"""`--cost` and `--target`: a cost for every method that takes one, and what a user should hear."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.settings import named
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.costs import space_costs
from nasbench_harness.study.heldcost import COST, NONE, RAMP, TARGET, HeldCost, held_cost
from nasbench_harness.study.notation import ConfigError

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

COST_OPTION, TARGET_OPTION = "cost", "target"
"""As a study file calls them; on the command line with two dashes before them."""


def read_options(cost: Any, target: Any, space: str) -> tuple[str | None, float | None]:
    """Both as they were given; ConfigError unless one is a name and the other a number."""
    if cost is not None and not isinstance(cost, str):
        raise ConfigError(
            f"`{COST_OPTION}` cannot be {cost!r}: expected {', '.join(_counted(space))}, or another"
            " cost that the table has."
        )
    return cost, None if target is None else _read_target(target)


def _read_target(target: Any) -> float:
    try:  # YAML 1.1 reads 1e-3 as text
        number = math.nan if isinstance(target, bool) else float(target)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise ConfigError(
            f"`{TARGET_OPTION}` cannot be {target!r}: expected a number of 0 or more, in the unit"
            " that the cost is told in."
        )
    return number


def _counted(space: str) -> list[str]:
    """What the space counts, by name."""
    return [cost.name for cost in space_costs(registry.open_space(space))]


def hold(
    choices: Sequence[MethodChoice], cost: str | None, target: float | None, space: str,
    of_recipe: Callable[[MethodChoice], str],
) -> tuple[MethodChoice, ...]:  # fmt: skip
    """The methods with the study's cost and target; what a method says of its own stands.

    `of_recipe` tells the cost of a method's recipe. ConfigError where no method takes a cost, or
    there is a target and nothing that it is a target of.
    """
    takers = [i for i, choice in enumerate(choices) if takes_cost(choice.name)]
    if cost is not None and not takers:
        raise ConfigError(f"None of these methods takes a cost; {_taking()}.")
    updated = list(choices)
    for i in takers:
        updated[i] = _held(choices[i], cost, target, of_recipe)
    if target is not None and all(_cost_of(updated[i], of_recipe) == NONE for i in takers):
        raise ConfigError(
            f"A target of {target:g} is given and no cost that it is of; add"
            f" {' or '.join(f'`--cost {name}`' for name in _counted(space)) or '`--cost NAME`'} (in"
            " a study file `cost: NAME`), or leave the target out."
        )
    return tuple(updated)


def _held(
    choice: MethodChoice, cost: str | None, target: float | None,
    of_recipe: Callable[[MethodChoice], str],
) -> MethodChoice:  # fmt: skip
    settings = dict(choice.settings)
    if cost is not None:
        settings.setdefault(_named(choice.name, COST), cost)
    held = _cost_of(choice.model_copy(update={"settings": settings}), of_recipe)
    if target is not None and held != NONE and cost in (None, held):
        settings.setdefault(_named(choice.name, TARGET), target)
    return choice.model_copy(update={"settings": settings})


def _cost_of(choice: MethodChoice, of_recipe: Callable[[MethodChoice], str]) -> str:
    return str(choice.settings.get(_named(choice.name, COST)) or of_recipe(choice))


def _named(method: str, role: str) -> str:
    """The method's setting of that role; the role's own name where it has none."""
    return named(registry.open_setup(method).Settings, role) or role


def takes_cost(method: str) -> bool:
    """Has the method a setting for it."""
    return named(registry.open_setup(method).Settings, COST) is not None


def _taking() -> str:
    """`unas` does."""
    found = []
    for name in registry.methods.names():
        try:
            found += [f"`{name}`"] if takes_cost(name) else []
        except HarnessError:  # a plugin that cannot be loaded
            continue
    does = "does" if len(found) == 1 else "do"
    return f"{', '.join(found)} {does}" if found else "no installed one does"


# --- what a user should hear -------------------------------------------------------------------


def cost_notes(specs: Iterable[TrialSpec]) -> Iterator[str]:
    """What is to be known of the costs of a study before it runs, a sentence each."""
    by_label = {spec.label: spec for spec in specs}
    held = {label: held_cost(spec) for label, spec in by_label.items()}
    for label, spec in by_label.items():
        if (cost := held[label]) is not None:
            yield from _notes(label, spec, cost)
        elif spec.overrides.get(_named(spec.method, TARGET)):
            name = next(iter(_counted(spec.space)), "NAME")
            yield (
                f"`{label}` has a target and holds no cost, so that the target does nothing; add"
                f" `{_named(spec.method, COST)}={name}` to its brackets, or `--cost {name}`."
            )
    without = [f"`{label}`" for label, spec in by_label.items() if COST not in spec.roles]
    if without and any(held.values()):
        takes = "takes no cost and searches" if len(without) == 1 else "take no cost and search"
        names = " and ".join(filter(None, [", ".join(without[:-1]), without[-1]]))
        yield f"{names} {takes} without it; what the answers cost is recorded all the same."


def _notes(label: str, spec: TrialSpec, held: HeldCost) -> Iterator[str]:
    from nasbench_harness.tables.within import known_of_all

    yield from _of_ramp(label, spec, held)
    target = _named(spec.method, TARGET)
    if not held.target and target not in spec.overrides:
        counted = held.cost.scale != 1.0
        per = f"{held.unit} {held.what}" if counted else held.unit
        yield (
            f"`{label}` holds {held.what} down without a target, so that every {per} is penalised;"
            f" --target (in brackets `{target}=...`) says how much is free."
        )
    elif not held.cost.of_all:
        yield (
            f"{held.what} is measured of answers alone, so that nobody knows the best architecture"
            " within the target: there is no regret within it."
        )
    elif known_of_all(spec):
        yield from _out_of_range(spec, held)


def _of_ramp(label: str, spec: TrialSpec, held: HeldCost) -> Iterator[str]:
    """Where the search ends before the cost has its whole weight."""
    ramp = spec.roles.get(RAMP)
    if isinstance(ramp, int) and ramp > spec.steps:
        setting = _named(spec.method, RAMP)
        yield (
            f"The weight of {held.what} grows over {ramp:,} steps and `{label}` searches for"
            f" {spec.steps:,}, so that the cost never has its whole weight; give it more steps, or"
            f" a shorter ramp with `--set {spec.method}.{setting}=...`."
        )


def _out_of_range(spec: TrialSpec, held: HeldCost) -> Iterator[str]:
    """Where nothing, or everything, is within the target."""
    import numpy as np

    from nasbench_harness.tables.within import costs_of

    costs, target = costs_of(spec, held), held.target or 0.0
    least, most = float(np.nanmin(costs)), float(np.nanmax(costs))
    where = f"{held.what} of {spec.space} on {spec.dataset}"
    if target < least:
        yield (
            f"Nothing is within the target of {target:g} {held.unit}: {where} begin at"
            f" {least:.6g} {held.unit}, so that there is no regret within the target and it cannot"
            " be met."
        )
    elif target >= most:
        yield (
            f"Everything is within the target of {target:g} {held.unit}: {where} end at"
            f" {most:.6g} {held.unit}, so that nothing is ever penalised."
        )
