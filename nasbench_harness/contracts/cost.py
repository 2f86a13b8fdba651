"""What an architecture's network costs: the name of a cost, its unit, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

NO_COST, TOGETHER = "none", "+"
"""How a setting says that no cost is held, and what joins the names of several."""


class Additive(Protocol):
    """A cost that is a sum of what the options of single decisions cost, or of a few together.

    Its mean over independent decisions is exact, however many architectures there are. `choices`
    of an architecture of such a cost are the options of its decisions. `tables.additive` has one.
    """

    def of(self, choices: Sequence[int]) -> float:
        """What the architecture with these options costs, in the cost's `unit`."""

    def expected(self, weights: torch.Tensor) -> torch.Tensor:
        """The mean under probabilities [..., D, K], with the leading shape; differentiable."""

    def least(self) -> float:
        """What no architecture costs less than."""


@dataclass(frozen=True)
class Cost:
    """A cost of an architecture's network, named by a space or by a benchmark.

    A space counts its own (`SearchSpace.cost` tells them), a benchmark holds measured ones in its
    columns. Users hold one down by its name: `--cost NAME`.

        Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6)
    """

    name: str
    """What users call it, such as `params`; letters, digits, `_`, `-`, `.` and `:`."""
    meaning: str
    """What the number is, in words."""
    unit: str
    """Of the numbers as they are kept: `count`, `ms`, `mJ`."""
    title: str = ""
    """Heading of tables and axes; the name where it is empty."""
    told_in: str = ""
    """Unit in which targets are given and held costs are told; `unit` where it is empty."""
    scale: float = 1.0
    """How many `unit` are one `told_in`."""
    metric: str = ""
    """The benchmark's column that holds it; empty for a cost of the space."""
    of_all: bool = True
    """Can it be asked of every architecture of a small space; not where it is measured when it is
    asked for, or takes more than a millisecond or so."""
    by_dataset: tuple[tuple[str, str], ...] = ()
    """Pairs of a data set and the column that holds the cost there; of others `metric` does."""
    sum_of: Callable[[], Additive] | None = field(default=None, compare=False, repr=False)
    """What it is the sum of, where it is one on every data set; made when it is asked for."""

    @property
    def heading(self) -> str:
        """Title, or else name."""
        return self.title or self.name

    @property
    def shown_unit(self) -> str:
        """In which targets are given and held costs are told."""
        return self.told_in or self.unit

    @property
    def measured(self) -> bool:
        """Is it a benchmark's, not counted by the space."""
        return bool(self.metric or self.by_dataset)

    def column(self, dataset: str) -> str:
        """The benchmark's column that holds it on a data set; empty where none does."""
        return dict(self.by_dataset).get(dataset, self.metric)

    def shown(self, value: float) -> float:
        """A number in `unit`, in `shown_unit`."""
        return float(value) / self.scale


def held_down(cost: str, target: float | Sequence[float] = 0.0) -> tuple[tuple[str, float], ...]:
    """The costs that settings name, each with what of it is free: `params+flops`, `[0.5, 60]`.

    One number is the target of every cost. `none` names no cost. ValueError where targets
    and costs are not as many.

    >>> held_down("params+flops", [0.5, 60])
    (('params', 0.5), ('flops', 60.0))
    """
    if cost == NO_COST:
        return ()
    names = tuple(cost.split(TOGETHER))
    targets = list(target) if isinstance(target, Sequence) else [target] * len(names)
    if len(targets) != len(names):
        raise ValueError(f"{len(targets)} targets for {len(names)} costs")
    return tuple((name, float(free)) for name, free in zip(names, targets, strict=True))


@runtime_checkable
class Costed(Protocol):
    """Capability of a benchmark: costs that were measured of its architectures."""

    @property
    def costs(self) -> Sequence[Cost]:
        """Each with the `metric` that holds it, or one for every data set."""
