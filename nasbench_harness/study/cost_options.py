"""`--cost` and `--target`: costs for every method that takes some."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST, TOGETHER
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.scalars import AmbiguousScalarError, read_scalar, shown
from nasbench_harness.settings import named
from nasbench_harness.study.choice import MethodChoice
from nasbench_harness.study.costs import space_costs
from nasbench_harness.study.heldcost import COST, TARGET
from nasbench_harness.study.latencies import is_file, offer_file
from nasbench_harness.study.notation import ConfigError

Limits = float | list[float]
"""A target for every cost, or one for each."""
COST_OPTION, TARGET_OPTION = "cost", "target"
"""As a study file calls them; on the command line with two dashes before them."""


def read_options(cost: Any, target: Any, space: str) -> tuple[str | None, Limits | None]:
    """Both as they were given, names and numbers; ConfigError where they are something else.

    Several are a list, or text with commas or `+` between them; names come back joined by `+`.
    """
    return (
        None if cost is None else _read_names(cost, space),
        None if target is None else _read_targets(target),
    )


def _read_names(given: Any, space: str) -> str:
    names = _parts(given, rf",|\{TOGETHER}")
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ConfigError(
            f"`{COST_OPTION}` cannot be {shown(given)}: expected {', '.join(counted(space))}, or"
            " another cost that the table has, or several of them."
        )
    return TOGETHER.join(offer_file(name, space) if is_file(name) else name for name in names)


def _read_targets(given: Any) -> Limits:
    numbers = [_number(part) for part in _parts(given, rf",|(?<=[\d.])\{TOGETHER}")]
    if not numbers or any(not math.isfinite(number) or number < 0 for number in numbers):
        raise ConfigError(
            f"`{TARGET_OPTION}` cannot be {shown(given)}: expected a number of 0 or more, in the"
            " unit that the cost is told in; of several costs one for each."
        )
    return numbers if len(numbers) > 1 else numbers[0]


def _parts(given: Any, between: str) -> list[Any]:
    """The entries of a list, or of a text with this pattern between them."""
    if isinstance(given, str):
        return [part.strip() for part in re.split(between, given)]
    return list(given) if isinstance(given, list | tuple) else [given]


def _number(given: Any) -> float:
    """NaN for what is none; ConfigError for a text that people read in two ways."""
    try:  # YAML 1.1 reads 1e-3 as text
        read: Any = read_scalar(given) if isinstance(given, str) else given
        return math.nan if isinstance(read, bool) else float(read)
    except AmbiguousScalarError as error:
        raise ConfigError(f"`{TARGET_OPTION}` cannot be read: {error}.") from error
    except (TypeError, ValueError, OverflowError):
        return math.nan


def counted(space: str) -> list[str]:
    """What the space counts, by name."""
    return [cost.name for cost in space_costs(registry.open_space(space))]


def hold(
    choices: Sequence[MethodChoice], cost: str | None, target: Limits | None, space: str,
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
    if target is not None and all(_cost_of(updated[i], of_recipe) == NO_COST for i in takers):
        raise ConfigError(
            f"A target of {_told(target)} is given and no cost that it is of; add"
            f" {' or '.join(f'`--cost {name}`' for name in counted(space)) or '`--cost NAME`'} (in"
            " a study file `cost: NAME`), or leave the target out."
        )
    return tuple(updated)


def _told(target: Limits) -> str:
    return ", ".join(f"{one:g}" for one in (target if isinstance(target, list) else [target]))


def _held(
    choice: MethodChoice, cost: str | None, target: Limits | None,
    of_recipe: Callable[[MethodChoice], str],
) -> MethodChoice:  # fmt: skip
    settings = dict(choice.settings)
    if cost is not None:
        settings.setdefault(setting_of(choice.name, COST), cost)
    held = _cost_of(choice.model_copy(update={"settings": settings}), of_recipe)
    if target is not None and held != NO_COST and (own := _own(target, cost, held)) is not None:
        settings.setdefault(setting_of(choice.name, TARGET), own)
    return choice.model_copy(update={"settings": settings})


def _own(target: Limits, cost: str | None, held: str) -> Limits | None:
    """The targets of what a method holds, in its order; None where they are of other costs."""
    if cost is None or cost == held:
        return target
    names, mine = cost.split(TOGETHER), held.split(TOGETHER)
    if not set(mine) <= set(names):
        return None
    if not isinstance(target, list) or len(target) != len(names):
        return target  # one for all; or wrong, which is told where it is checked
    numbers = [dict(zip(names, target, strict=True))[name] for name in mine]
    return numbers if len(numbers) > 1 else numbers[0]


def _cost_of(choice: MethodChoice, of_recipe: Callable[[MethodChoice], str]) -> str:
    return str(choice.settings.get(setting_of(choice.name, COST)) or of_recipe(choice))


def held_by(choice: MethodChoice) -> str:
    """The cost that a method is told to hold; that of its recipe is not looked for."""
    return str(choice.settings.get(setting_of(choice.name, COST), NO_COST))


def setting_of(method: str, role: str) -> str:
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
