"""Decisions that are settled one by one, by what a mixture is worth without each of their options.

Perturbation-based selection (Wang et al., ICLR 2021, arXiv 2108.04392): an option matters as much
as the mixture of all loses without it, whatever its weight says. What is taken out weighs 0, and
the others what they weighed before: nothing is divided by a sum.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.errors import HarnessError


@dataclass(frozen=True)
class Crowd:
    """Decisions of one group, of which an architecture keeps fewer than there are."""

    decisions: tuple[int, ...]
    keeps: int


@dataclass(frozen=True)
class SpacePart:
    """What is settled beside other parts, such as one type of cell."""

    decisions: tuple[int, ...]
    crowds: tuple[Crowd, ...]

    def undecided(self, kept: Tensor) -> list[int]:
        """Decisions with several options left in `kept`, bool [D, K]."""
        return [decision for decision in self.decisions if int(kept[decision].sum()) > 1]

    def crowded(self, kept: Tensor) -> list[Crowd]:
        """Groups of which more is left than an architecture keeps."""
        left = kept.any(dim=-1)
        return [crowd for crowd in self.crowds if int(left[[*crowd.decisions]].sum()) > crowd.keeps]


def parts_of(space: SearchSpace) -> list[SpacePart]:
    """The space's parts, in the order of its decisions; one where it tells none apart."""
    names = [decision.cell for decision in space.decisions]
    places = {name: [d for d, own in enumerate(names) if own == name] for name in names}
    kept = _kept_decisions(space)
    return [SpacePart(tuple(own), _crowds(space, own, kept)) for own in places.values()]


def _kept_decisions(space: SearchSpace) -> Tensor:
    """bool [D]: those that an architecture keeps in which each has one option, the last it has."""
    last = space.mask.sum(dim=-1, keepdim=True) - 1
    chosen = torch.zeros(space.mask.shape).scatter(-1, last, 1.0)
    return (space.weights(space.derive(chosen)) != 0).any(dim=-1)


def _crowds(space: SearchSpace, decisions: Sequence[int], kept: Tensor) -> tuple[Crowd, ...]:
    groups = [space.decisions[d].group for d in decisions]
    own = {
        name: [d for d, of in zip(decisions, groups, strict=True) if of == name] for name in groups
    }
    crowds = (Crowd(tuple(d), max(1, int(kept[d].sum()))) for d in own.values())
    return tuple(crowd for crowd in crowds if crowd.keeps < len(crowd.decisions))


def rounds_left(parts: Sequence[SpacePart], kept: Tensor) -> int:
    """Rounds until everything is settled: in each, every part settles a decision or a group."""
    return max(len(part.undecided(kept)) + len(part.crowded(kept)) for part in parts)


class Settling(ABC):
    """A searcher that settles decisions in rounds; it says what a mixture is and is worth.

    `parts` are those of its space.
    """

    parts: Sequence[SpacePart]
    judged_by = "the accuracy"
    """What a mixture is worth, as sentences say it."""

    @property
    @abstractmethod
    def kept(self) -> Tensor:
        """bool [D, K] on the host: the options that are left; none of a decision left out."""

    @abstractmethod
    def leave(self, kept: Tensor) -> None:
        """Go on with fewer options."""

    @abstractmethod
    def mixed(self) -> Tensor:
        """[D, K], detached: what the options that are left weigh now."""

    @abstractmethod
    def worth(self, weights: Tensor) -> float:
        """Of a mixture; the less it is without an option, the more that matters."""

    @abstractmethod
    def below(self, count: int) -> int:
        """A random number, 0 to below `count`."""

    def settle_round(self) -> None:
        """In every part, one decision at random; where all have an option, one group at random."""
        for part in self.parts:
            if undecided := part.undecided(self.kept):
                self.settle_decision(undecided[self.below(len(undecided))])
            elif crowded := part.crowded(self.kept):
                self.thin_out(crowded[self.below(len(crowded))])

    def settle_decision(self, decision: int) -> None:
        """Keep the option without which the mixture is worth least; of equals the first.

        HarnessError where no such worth is a finite number, which would settle nothing.
        """
        kept, mixed = self.kept.clone(), self.mixed()
        options = kept[decision].nonzero().flatten().tolist()
        worths = [self._worth_without(mixed, (decision, option)) for option in options]
        if not any(map(math.isfinite, worths)):
            raise HarnessError(
                f"Decision {decision + 1} cannot be settled: {self.judged_by} of the mixture is no"
                " finite number without any one of its options; take another, or another"
                " --batch-size."
            )
        kept[decision] = False
        kept[decision, options[worths.index(min(worths))]] = True
        self.leave(kept)

    def thin_out(self, crowd: Crowd) -> None:
        """Leave out what is missed least, one decision after the other; of equals the last.

        Each is taken out while all others are in place, as in the authors' codes, so that it is
        measured once.
        """
        kept, mixed = self.kept.clone(), self.mixed()
        worths = {d: self._worth_without(mixed, (d,)) for d in crowd.decisions}
        while len(worths) > crowd.keeps:
            least = max(reversed(worths), key=worths.__getitem__)
            kept[least] = False
            del worths[least]
        self.leave(kept)

    def _worth_without(self, mixed: Tensor, place: tuple[int, ...]) -> float:
        """What is left weighs what it did; what is no number is worth most, so not chosen."""
        without = mixed.clone()
        without[place] = 0.0
        worth = self.worth(without)
        return math.inf if math.isnan(worth) else worth
