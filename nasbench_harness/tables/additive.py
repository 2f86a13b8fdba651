"""Costs that add up: a number for every option of a decision, or of a few decisions together.

A latency look-up table is one, T(z) = c + sum over g of t_g[z_g], where g is a layer, or a block
whose decisions act together. What independent decisions cost on average is then exact, by the
number of entries and not of architectures: E T = c + sum over g of <t_g, product of the p of g>.

    cost = AdditiveCost(2.0, (CostPart((0,), [0.5, 0.1]), CostPart((1, 2), [[0, 1], [2, 4]])))
    cost.of([0, 1, 1])                       # 2.0 + 0.5 + 4
    cost.expected(weights).backward()        # weights [D, K], differentiable
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import torch

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CostPart:
    """What some decisions cost together."""

    decisions: tuple[int, ...]
    """Their places among the decisions of the space."""
    table: ArrayLike
    """An axis for each of them, as long as it has options; in the unit of the cost."""


class AdditiveCost:
    """A constant and parts, each of decisions of its own or shared with others."""

    def __init__(self, constant: float, parts: Sequence[CostPart]) -> None:
        """ValueError for a part whose table has another number of axes than decisions."""
        self.constant = float(constant)
        self.parts = tuple((part.decisions, np.asarray(part.table, dtype=float)) for part in parts)
        for decisions, table in self.parts:
            if len(set(decisions)) != table.ndim or len(decisions) != table.ndim:
                raise ValueError(f"a table of {table.ndim} axes for the decisions {decisions}")

    def of(self, choices: Sequence[int]) -> float:
        """What the architecture with these options costs, one of every decision."""
        costs = (float(table[tuple(choices[d] for d in places)]) for places, table in self.parts)
        return math.fsum((self.constant, *costs))

    def least(self) -> float:
        """What no architecture costs less than; where parts share decisions, a bound."""
        return self.constant + math.fsum(float(table.min()) for _, table in self.parts)

    def expected(self, weights: torch.Tensor) -> torch.Tensor:
        """The mean under independent decisions of probabilities [..., D, K]; differentiable.

        Of one-hot weights what the architecture costs. Rows of weights count as they are: what does
        not sum to 1 is no mean.
        """
        import torch

        total = weights.new_full(weights.shape[:-2], self.constant)
        for decisions, table in self.parts:
            rows = [weights[..., d, :k] for d, k in zip(decisions, table.shape, strict=True)]
            joint = rows[0]
            for row in rows[1:]:
                joint = (joint.unsqueeze(-1) * row.unsqueeze(-2)).flatten(-2)
            costs = torch.as_tensor(table, dtype=weights.dtype, device=weights.device)
            total = total + joint @ costs.flatten()
        return total

    def in_ones(self, factor: float) -> AdditiveCost:
        """Counts that were told in units of `factor`, as the whole numbers that they are."""
        parts = [CostPart(decisions, (table * factor).round()) for decisions, table in self.parts]
        return AdditiveCost(round(self.constant * factor), parts)

    def to_json(self) -> dict[str, Any]:
        """As it is kept in a file."""
        parts = [{"decisions": list(d), "table": table.tolist()} for d, table in self.parts]
        return {"constant": self.constant, "parts": parts}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> AdditiveCost:
        """As `to_json` told it."""
        parts = [CostPart(tuple(part["decisions"]), part["table"]) for part in kept["parts"]]
        return cls(kept["constant"], parts)


def fit_additive(
    choices: NDArray[np.integer[Any]],
    values: ArrayLike,
    counts: Sequence[int],
    groups: Sequence[tuple[int, ...]],
) -> tuple[AdditiveCost, float]:
    """The additive cost nearest to measurements, and the largest distance that remains.

    `choices` [N, D] are the options of N architectures, `values` [N] what they cost, `counts` the
    options of each decision. Least squares; entries are told relative to the first option, or the
    first options of a group. ValueError where the measurements do not tell every entry.
    """
    known = np.asarray(values, dtype=float)
    shapes = [tuple(counts[place] for place in group) for group in groups]
    places = [
        np.ravel_multi_index(tuple(choices[:, place] for place in group), shape)
        for group, shape in zip(groups, shapes, strict=True)
    ]
    columns = [np.ones((len(known), 1))]
    for place, shape in zip(places, shapes, strict=True):
        columns.append(np.eye(math.prod(shape))[place][:, 1:])
    design = np.concatenate(columns, axis=1)
    solved, _, rank, _ = np.linalg.lstsq(design, known, rcond=None)
    if rank < design.shape[1]:
        raise ValueError(f"{len(known)} measurements tell {rank} of {design.shape[1]} entries")
    ends = np.cumsum([1, *(math.prod(shape) - 1 for shape in shapes)])
    parts = [
        CostPart(group, np.concatenate([[0.0], solved[start:end]]).reshape(shape))
        for group, shape, start, end in zip(groups, shapes, ends, ends[1:], strict=False)
    ]
    return AdditiveCost(solved[0], parts), float(np.abs(design @ solved - known).max())
