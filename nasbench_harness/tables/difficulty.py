"""How hard a table is to search: why methods tie on one problem and part on another.

Everything is exact, of the whole table: no search is run, and nothing is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbench_harness.contracts import CompleteTable, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.tables.differences import smallest_difference_of
from nasbench_harness.tables.enumeration import free_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STEPS, RATE, BETAS, EPSILON = 2000, 0.05, (0.5, 0.999), 1e-8
"""Of the ascent: Adam on the logits, as the landscape recipes of gradient methods have it."""
MEANINGS: Mapping[str, str] = {
    "size": "architectures",
    "best": "the largest number of the table",
    "median": "half of all architectures are better: what a blind draw brings",
    "smallest_difference": "what a report takes for no difference",
    "near_best": "architectures within that of the best: where there are many, methods tie",
    "local_maxima": "architectures that no single change makes better: where a local search stops",
    "ascent_rank": "where exact gradient ascent from the uniform start ends, 1 is the best: how far"
    " the relaxation alone leads",
    "autocorrelation": "of the numbers of neighbours, over all steps of all random walks: 1 is"
    " smooth, 0 is noise",
    "correlation_length": "steps after which a random walk has forgotten where it was (to 1/e)",
}
"""What each number tells."""


@dataclass(frozen=True)
class Difficulty:
    """Of one metric of a complete table; `MEANINGS` says what each number tells."""

    metric: str
    unit: str
    size: int
    best: float
    median: float
    smallest_difference: float
    """NaN where all architectures are worth the same."""
    near_best: float
    """A share, 0 to 1."""
    local_maxima: int
    ascent_rank: int
    ascent_architecture: str
    autocorrelation: float
    """At lag 1."""
    correlation_length: float
    """0 where neighbours are not correlated."""

    def facts(self) -> dict[str, Any]:
        """All of it, by name."""
        return asdict(self)


def difficulty(table: CompleteTable, space: SearchSpace, metric: str) -> Difficulty:
    """Of a search on one metric of a table.

    HarnessError where the space is no free product of its decisions, and where no number is known.
    """
    listed = free_product(space, "an expected number is a mean over all of these")
    tensor = np.asarray(table.tensor(metric), dtype=np.float64)
    known = tensor[np.isfinite(tensor)]
    if not len(known):
        raise HarnessError(f"Table `{table.name}` has no number of `{metric}` at all.")
    best = float(known.max())
    difference, _ = smallest_difference_of(table, metric) or (math.nan, "")
    end = ascent(tensor, table.metrics[metric].whole)
    correlation = autocorrelation(tensor)
    return Difficulty(
        metric=metric,
        unit=table.metrics[metric].unit,
        size=len(known),
        best=best,
        median=float(np.median(known)),
        smallest_difference=difference,
        near_best=float(np.mean(known >= best - (0.0 if math.isnan(difference) else difference))),
        local_maxima=local_maxima(tensor),
        ascent_rank=table.standing(metric, float(tensor.flat[end]))[1] + 1,
        ascent_architecture=str(listed.unrank(end)),
        autocorrelation=correlation,
        correlation_length=-1 / math.log(correlation) if 0 < correlation < 1 else 0.0,
    )


def local_maxima(tensor: Array) -> int:
    """How many entries no other option of a single decision is better than.

    `tensor` has an axis per decision. Ties count as maxima, missing entries (NaN) as the worst.
    """
    filled = np.where(np.isfinite(tensor), tensor, -np.inf)
    best = np.isfinite(tensor)
    for axis in range(tensor.ndim):
        best &= filled >= filled.max(axis=axis, keepdims=True)
    return int(best.sum())


def autocorrelation(tensor: Array) -> float:
    """Correlation of an entry and one that differs in one decision, a step of a random walk.

    Every step to a neighbour has the same chance, so that a walk comes everywhere equally often,
    and the mean over all walks is one over all pairs of neighbours (Weinberger, Biological
    Cybernetics 63, 1990, who takes it from a single walk). Missing entries count as the mean of the
    others. NaN where all are worth the same.
    """
    known = np.isfinite(tensor)
    centred = np.where(known, tensor - tensor[known].mean(), 0.0)
    variance = float(np.square(centred).mean())
    neighbours = sum(count - 1 for count in tensor.shape)
    if not variance or not neighbours:
        return math.nan
    sums = [centred.sum(axis=axis, keepdims=True) - centred for axis in range(tensor.ndim)]
    shared: float = sum(float(np.mean(centred * one)) for one in sums)
    return float(shared / (neighbours * variance))


def ascent(tensor: Array, whole: float = 1.0) -> int:
    """Where exact ascent of the expected entry ends: the rank of the likeliest options.

    A softmax per decision, logits from 0, Adam for 2,000 steps. Entries are divided by `whole`;
    missing ones count as the worst.
    """
    worst = np.nanmin(tensor)
    scaled = np.where(np.isfinite(tensor), tensor, worst) / whole
    half = max(1, tensor.ndim // 2)
    folded = scaled.reshape(math.prod(tensor.shape[:half]), -1)
    rows = [_Row(count) for count in tensor.shape]
    for step in range(1, STEPS + 1):
        slopes = _slopes(folded, [row.chances() for row in rows], half)
        for row, slope in zip(rows, slopes, strict=True):
            row.climb(slope, step)
    return int(np.ravel_multi_index([row.likeliest() for row in rows], tensor.shape))


class _Row:
    """The logits of one decision, and Adam's moments of their gradient."""

    def __init__(self, options: int) -> None:
        self.logits, self.first, self.second = np.zeros((3, options))

    def chances(self) -> Array:
        """Their softmax."""
        grown = np.exp(self.logits - self.logits.max())
        return np.asarray(grown / grown.sum())

    def climb(self, slope: Array, step: int) -> None:
        """A step of Adam; `slope` is the gradient in the chances, `step` counts from 1."""
        chances = self.chances()
        gradient = chances * (slope - chances @ slope)
        self.first += (1 - BETAS[0]) * (gradient - self.first)
        self.second += (1 - BETAS[1]) * (gradient**2 - self.second)
        scale = np.sqrt(self.second / (1 - BETAS[1] ** step)) + EPSILON
        self.logits += RATE * self.first / (1 - BETAS[0] ** step) / scale

    def likeliest(self) -> int:
        """The option with the largest chance, of equal ones the first."""
        return int(self.logits.argmax())


def _slopes(folded: Array, chances: Sequence[Array], half: int) -> list[Array]:
    """Per decision the mean of the table with each option fixed and the other decisions averaged.

    `folded` is the table as [combinations of the first `half` decisions, those of the rest].
    """
    first, rest = chances[:half], chances[half:]
    over_rest = folded @ _joint(rest)
    over_first = _joint(first) @ folded
    shapes = [tuple(map(len, part)) for part in (first, rest)]
    return [
        *_partials(over_rest.reshape(shapes[0]), first),
        *_partials(over_first.reshape(shapes[1]), rest),
    ]


def _joint(chances: Sequence[Array]) -> Array:
    return reduce(lambda joint, row: np.outer(joint, row).ravel(), chances, np.ones(1))


def _partials(tensor: Array, chances: Sequence[Array]) -> list[Array]:
    """The same of a tensor with an axis per decision."""
    slopes = []
    for place, own in enumerate(chances):
        slope = tensor
        for later in reversed(chances[place + 1 :]):
            slope = slope @ later
        slopes.append(slope)
        tensor = np.tensordot(own, tensor, 1)
    return slopes
