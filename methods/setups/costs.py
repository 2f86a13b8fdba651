"""The settings by which a method holds costs: which, and how much of each is free.

Engine and users know them by their roles, `contracts.held_down` reads both together.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, NonNegativeFloat

from nasbench_harness.contracts import NO_COST, TOGETHER
from nasbench_harness.settings import Settings, setting

_NAME = r"[\w.:-]+"
COST_UNIT = "millions (latency: ms)"


def _shortest(target: float | list[float]) -> float | list[float]:
    """A list of one as its number, so that both are the same trial."""
    return target[0] if isinstance(target, list) and len(target) == 1 else target


Targets = Annotated[
    NonNegativeFloat | Annotated[list[NonNegativeFloat], Field(min_length=1)],
    AfterValidator(_shortest),
]
"""A number for every cost, or a list with one for each."""


def cost_setting(meaning: str, *, tag: str, later: bool = False, default: str = NO_COST) -> Any:
    """The costs of the discrete architecture to hold, a field of type `str`; none by default."""
    return setting(
        default,
        meaning,
        pattern=rf"^{_NAME}(\{TOGETHER}{_NAME})*$",
        notation=f"{NO_COST}, the name of a cost, or several as a{TOGETHER}b",
        role="cost",
        tag=tag,
        later=later,
    )


def target_setting(meaning: str, *, tag: str, later: bool = False) -> Any:
    """What of each cost is free, a field of type `Targets`; nothing by default."""
    return setting(0.0, meaning, unit=COST_UNIT, role="cost_target", tag=tag, later=later)


class CostSettings(Settings):
    """Of query methods that mind what architectures cost, by domination and not by a penalty."""

    cost: str = cost_setting(
        "costs of the architectures to mind: none, or one or more that the space or the table has,"
        " such as params",
        tag="D",
        later=True,
    )
    cost_target: Targets = target_setting(
        "cost that an answer may have, one number for all costs or a list with one for each; a cost"
        " without one (0) is an objective beside the accuracy, so that every bit of it counts",
        tag="D",
        later=True,
    )
