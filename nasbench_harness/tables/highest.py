"""The architecture that a polynomial is highest for, proved: by branch and bound.

Decisions are taken a group after the other. What the open groups can still add is bounded by the
best option of each of them, with what is taken and with half of the best that every pair of open
groups can add to both; whatever cannot exceed the best that is known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.contracts import Polynomial

Array = NDArray[np.float64]
NEAR = 1e-9
"""Closer than this nothing is higher."""


def highest(
    polynomial: Polynomial,
    counts: Sequence[int],
    groups: Sequence[Sequence[int]],
    most: int = 100_000,
) -> tuple[int, ...] | None:
    """The options, one of every decision, of which no others have a higher number.

    `counts` are the options of each decision; `groups` put decisions together that are taken at
    once, each in one of them: of tens of combinations, so that bounds are tight. None where it is
    not proved within `most` steps, of some tenths of a millisecond.
    """
    states = [np.array(list(product(*(range(counts[d]) for d in group)))) for group in groups]
    alone = [_alone(polynomial, group, of) for group, of in zip(groups, states, strict=True)]
    order = sorted(range(len(groups)), key=lambda group: -np.ptp(alone[group]))
    search = _Search({
        (a, b): _together(polynomial, groups[a], states[a], groups[b], states[b])
        for a in order for b in order if a != b
    }, most)  # fmt: skip
    search.go_on(0.0, dict(enumerate(alone)), order, {})
    if search.steps_left < 0:
        return None
    choices = [0] * len(counts)
    for group, taken in search.best.items():
        for decision, option in zip(groups[group], states[group][taken], strict=True):
            choices[decision] = int(option)
    return tuple(choices)


def _alone(polynomial: Polynomial, group: Sequence[int], states: NDArray[np.int64]) -> Array:
    """[S]: what the combinations of a group add by themselves."""
    places = np.asarray(group)
    single = polynomial.single[places, states].sum(axis=1)
    pairs = [polynomial.pairs[places, of][:, places, of].sum() / 2 for of in states]
    return np.asarray(single + pairs)


def _together(
    polynomial: Polynomial, one: Sequence[int], ones: NDArray[np.int64],
    other: Sequence[int], others: NDArray[np.int64],
) -> Array:  # fmt: skip
    """[S, T]: what combinations of two groups add together."""
    total = np.zeros((len(ones), len(others)))
    for place, decision in enumerate(one):
        for at, against in enumerate(other):
            table = polynomial.pairs[decision, :, against]
            total += table[np.ix_(ones[:, place], others[:, at])]
    return total


@dataclass
class _Search:
    """The best that is known, and what is still to be looked at."""

    pairs: Mapping[tuple[int, int], Array]
    """[S, T] of two groups."""
    steps_left: int
    value: float = -np.inf
    best: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.halves = {both: table.max(axis=1) / 2 for both, table in self.pairs.items()}

    def go_on(
        self, value: float, alone: Mapping[int, Array], left: Sequence[int], taken: dict[int, int]
    ) -> None:
        """All combinations of the groups that are `left`, where `taken` are worth `value`.

        `alone` is what combinations of these add, together with what is taken.
        """
        self.steps_left -= 1
        if not left:
            if value > self.value + NEAR:
                self.value, self.best = value, dict(taken)
            return
        group, rest = left[0], left[1:]
        bound = value + self._bound(group, rest, alone)
        for option in np.argsort(-bound, kind="stable"):
            if bound[option] <= self.value + NEAR or self.steps_left < 0:
                return
            further = {other: alone[other] + self.pairs[group, other][option] for other in rest}
            one = float(alone[group][option])
            self.go_on(value + one, further, rest, {**taken, group: int(option)})

    def _bound(self, group: int, rest: Sequence[int], alone: Mapping[int, Array]) -> Array:
        """[S]: the most that the groups can add together, by the option of the first."""
        total = alone[group].copy()
        for other in rest:
            open_ = sum((self.halves[other, third] for third in rest if third != other), 0.0)
            total += (alone[other] + open_ + self.pairs[group, other]).max(axis=1)
        return total
