"""The kit tells what is wrong with a space, each fault in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Column, Decision, Role, Value
from nasbench_harness.testing import ToySpace, check_space


class Unnamed(ToySpace):
    def sample(self, generator: torch.Generator) -> Architecture:
        return replace(super().sample(generator), space="other")


class FlawedByFlag(ToySpace):
    def flaw(self, arch: Architecture) -> bool:
        return True


class Unreadable(ToySpace):
    def parse(self, text: str) -> Architecture:
        read = super().parse(text)
        return self.architecture([*read.choices[:-1], 0])


class ReadsAnything(ToySpace):
    def parse(self, text: str) -> Architecture:
        return super().parse(text or "0-0-0")


class Unlucky(ToySpace):
    """Draws from the world's random numbers."""

    def sample(self, generator: torch.Generator) -> Architecture:
        return super().sample(torch.Generator().manual_seed(int(torch.randint(1000, ()))))


class Meddling(ToySpace):
    """Draws from its generator, and spends a number of the world's."""

    def sample(self, generator: torch.Generator) -> Architecture:
        torch.rand(())
        return super().sample(generator)


class OneDecisionShort(ToySpace):
    @property
    def mask(self) -> Tensor:
        return super().mask[:-1]


class NumberMask(ToySpace):
    @property
    def mask(self) -> Tensor:
        return super().mask.long()


class FullMask(ToySpace):
    @property
    def mask(self) -> Tensor:
        return torch.ones_like(super().mask)


class LateMask(ToySpace):
    """Pads its rows in front."""

    @property
    def mask(self) -> Tensor:
        return super().mask.flip(1)


class Decided(ToySpace):
    """With other decisions than a toy space has."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.decisions = (
            tuple(replace(d, **changes) for d in self.decisions[:1]) + (self.decisions[1:])
        )


class Nameless(ToySpace):
    def __init__(self) -> None:
        super().__init__()
        self.decisions = tuple(Decision("d", d.options, d.group) for d in self.decisions)


class ShortWeights(ToySpace):
    def weights(self, arch: Architecture) -> Tensor:
        return super().weights(arch)[:, :-1]


class DoubleWeights(ToySpace):
    def weights(self, arch: Architecture) -> Tensor:
        return super().weights(arch).double()


class NegativeWeights(ToySpace):
    def weights(self, arch: Architecture) -> Tensor:
        return super().weights(arch) - 0.5


class UnmaskedWeights(ToySpace):
    def weights(self, arch: Architecture) -> Tensor:
        return super().weights(arch) + 0.1


class OtherWeights(ToySpace):
    """The point of another architecture."""

    def weights(self, arch: Architecture) -> Tensor:
        return super().weights(self.architecture([0, *arch.choices[1:]]))


class DerivesWhatIsMasked(ToySpace):
    def derive(self, scores: Tensor) -> Architecture:
        best = scores.argmax(dim=-1).tolist()
        most = [len(decision.options) - 1 for decision in self.decisions]
        return self.architecture([min(pair) for pair in zip(best, most, strict=True)])


class DerivesByChance(ToySpace):
    """Where no option is alone at the top."""

    def derive(self, scores: Tensor) -> Architecture:
        noise = torch.rand(scores.shape) * (scores.max() < 1)
        return super().derive(scores + noise)


class Lame(ToySpace):
    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        return arch


class MutatesByChance(ToySpace):
    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        return super().mutate(arch, torch.default_generator)


class MutatesInAnOrder(ToySpace):
    """The next neighbour, whatever the generator says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        self.asked += 1
        near = self.neighbours(arch)
        return near[self.asked % len(near)]


class MutatesElsewhere(ToySpace):
    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        return Architecture("toy", (9, 9, 9), "0-0-0")


class Alone(ToySpace):
    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return []

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        return self.unrank((self.rank(arch) + 1) % self.size)


class TwiceNear(ToySpace):
    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return super().neighbours(arch) * 2


class NearItself(Alone):
    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return [arch, *ToySpace.neighbours(self, arch)]


class OneWay(Alone):
    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return [self.unrank((self.rank(arch) + 1) % self.size)]


class Steady(ToySpace):
    """Whose neighbours do not depend on what it lists."""

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        return ToySpace().neighbours(arch)


class RanksBackwards(ToySpace):
    def rank(self, arch: Architecture) -> int:
        return self.size - 1 - super().rank(arch)


class RanksOutside(Steady):
    def rank(self, arch: Architecture) -> int:
        place = super().rank(arch)
        return place if place < self.size - 3 else place + 100

    def enumerate(self) -> Iterator[Architecture]:
        return iter(list(super().enumerate())[:4])


class UnranksAnother(ToySpace):
    def unrank(self, rank: int) -> Architecture:
        return super().unrank(min(rank, 20))


class ListsSome(Steady):
    def enumerate(self) -> Iterator[Architecture]:
        return iter(list(super().enumerate())[:-1])


class ListsForEver(Steady):
    def enumerate(self) -> Iterator[Architecture]:
        while True:
            yield from super().enumerate()


class Numbered(ToySpace):
    columns = (Column("index", Value.WHOLE, Role.RESULT, "its number"),)

    def indices(self) -> Any:
        return np.arange(self.size)[::-1]

    def at_index(self, index: int) -> Architecture:
        return self.unrank(self.size - 1 - index)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        return {"index": self.size - 1 - self.rank(arch)}


class NumberedTwice(Numbered):
    def indices(self) -> Any:
        return np.arange(self.size) // 2


class NumberedElsewhere(Numbered):
    def at_index(self, index: int) -> Architecture:
        return self.unrank(index)


class Incomplete:
    name, version, costs = "half", "1", ()
    decisions = ToySpace().decisions
    mask = ToySpace().mask


FAULTS = [
    (Incomplete(), "lacks parse, sample, mutate, neighbours, weights, derive, cost, describe,"),
    (OneDecisionShort(), r"mask must be \[D, K\] = \(3, 4\), not \(2, 4\)"),
    (NumberMask(), "mask must be bool, not torch.int64"),
    (FullMask(), "mask must be True for the 3 options of `d0` and for nothing else"),
    (LateMask(), "mask must be True for the 3 options of `d0` and for nothing else"),
    (Nameless(), "every decision has a name of its own"),
    (Decided(options=("o0", "o1", "o0")), "an option of `d0` is there twice"),
    (Decided(free=("skip",)), "`free` of `d0` names `skip`, which is none of o0, o1, o2"),
    (FlawedByFlag(), "flaw\\(\\) tells words, or an empty text"),
    (Unnamed(), "must say that it is of the space `toy`"),
    (Unreadable(), r"parse must read what str\(\) writes"),
    (ReadsAnything(), r"parse\(''\) must raise InvalidArchitectureError"),
    (Unlucky(), r"sample\(\) must obey its generator"),
    (Meddling(), r"sample\(\) must leave global random state alone"),
    (ShortWeights(), r"must be \[D, K\] = \(3, 4\), not \(3, 3\)"),
    (DoubleWeights(), "must be float32, not torch.float64"),
    (NegativeWeights(), r"weights\(.*\) must not be negative"),
    (UnmaskedWeights(), r"weights\(.*\) must be 0 where the mask is False"),
    (OtherWeights(), r"derive\(weights\([12]-.-.\)\) must give it back, not 0-.-."),
    (DerivesWhatIsMasked(), r"derive\(\) must not look at what the mask leaves out"),
    (DerivesByChance(), r"derive\(\) must not depend on chance"),
    (Lame(), r"mutate\(.*\) must give another architecture"),
    (MutatesByChance(), r"mutate\(\) must leave global random state alone"),
    (MutatesInAnOrder(), r"mutate\(\) must obey its generator"),
    (MutatesElsewhere(), r"parse must read what str\(\) writes: 0-0-0"),
    (Alone(), "needs a neighbour"),
    (TwiceNear(), "must have every neighbour once"),
    (NearItself(), "must not be a neighbour of its own"),
    (OneWay(), "neighbours must be mutual: .* has .*, which has not"),
    (RanksBackwards(), r"rank\(0-0-0\) must be its place in enumerate\(\), 0"),
    (RanksOutside(), r"rank\(.*\) must be from 0 to 23, not 12"),
    (UnranksAnother(), r"unrank\(2[1-3]\) must be the inverse of rank"),
    (ListsSome(), r"enumerate\(\) must give each of the 24 architectures once"),
    (ListsForEver(), r"rank\(0-0-0\) must be its place in enumerate\(\), 24"),
    (NumberedTwice(), "every index is there once"),
    (NumberedElsewhere(), r"at_index\(.*\) must give"),
]


@pytest.mark.parametrize(
    ("space", "sentence"), FAULTS, ids=[type(space).__name__ for space, _ in FAULTS]
)
def test_a_fault_is_told_in_a_sentence(space: Any, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence) as caught:
        check_space(space)
    told, _, _ = str(caught.value).partition("\nassert ")  # as pytest explains it
    assert "\n" not in told


def test_what_is_right_passes() -> None:
    check_space(ToySpace())
    check_space(Numbered())


def test_a_long_enumeration_is_found_out_where_few_are_looked_at() -> None:
    with pytest.raises(AssertionError, match="must give each of the 24 architectures once"):
        check_space(ListsForEver(), samples=10)
