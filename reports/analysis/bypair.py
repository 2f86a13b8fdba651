"""Claims of pairs of methods, found by label from either side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, Self, TypeVar

from nasbench_harness.reports.analysis.groups import groups


class PairClaim(Protocol):
    """What may be claimed of two methods."""

    @property
    def first(self) -> str:
        """The method it is seen from."""

    @property
    def second(self) -> str:
        """The other one."""

    @property
    def ahead(self) -> str | None:
        """The method that is better; None where that is not claimed."""

    def turned(self) -> Self:
        """The same seen from the second method."""


C = TypeVar("C", bound=PairClaim)


class ClaimsByPair(Generic[C]):
    """Claims by pair of labels."""

    def __init__(self, claims: Iterable[C]) -> None:
        self.all = list(claims)
        self._by_labels = {(claim.first, claim.second): claim for claim in self.all}

    def of(self, first: str, second: str) -> C | None:
        """The claim seen from the first; None where there is none of these."""
        if found := self._by_labels.get((first, second)):
            return found
        turned = self._by_labels.get((second, first))
        return turned.turned() if turned else None

    def separates(self, first: str, second: str) -> bool:
        """Whether one of them is called better."""
        found = self.of(first, second)
        return found is not None and found.ahead is not None

    def groups(self, labels: Sequence[str]) -> list[tuple[str, ...]]:
        """The largest sets of two of these methods or more of which none is called better."""
        return groups(labels, self.separates)
