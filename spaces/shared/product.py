"""Spaces in which every combination of options is an architecture.

A space of one's own derives from `ProductSpace` and gives `name`, `decisions`, `costs` and `cost`;
from `ListedProduct` where it is small enough to be listed, which complete tables need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from nasbench_harness.contracts import Architecture, Cost, Decision
from nasbench_harness.errors import InvalidArchitectureError, UnknownNameError

if TYPE_CHECKING:  # a look-up needs no torch
    import torch
    from matplotlib.axes import Axes
    from torch import Tensor


class ProductSpace:
    """An option for every decision, written `conv/skip/conv`; one step is one other option.

    Options of one decision have names of their own, without a `/` in them.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    decisions: ClassVar[tuple[Decision, ...]]
    costs: ClassVar[tuple[Cost, ...]] = ()

    @property
    def mask(self) -> Tensor:
        """bool [D, K]: True where the option exists."""
        import torch

        counts = torch.tensor(self._counts)
        return torch.arange(int(counts.max())) < counts.unsqueeze(1)

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The one with these options; ValueError where there are none such."""
        chosen = tuple(map(int, choices))
        if len(chosen) != len(self.decisions) or any(
            not 0 <= choice < count for choice, count in zip(chosen, self._counts, strict=True)
        ):
            raise ValueError(f"choices {chosen} out of range {self._counts}")
        return Architecture(self.name, chosen, "/".join(self.options(chosen)))

    def options(self, choices: Sequence[int]) -> list[str]:
        """The names of the options with these places."""
        return [d.options[choice] for d, choice in zip(self.decisions, choices, strict=True)]

    def parse(self, text: str) -> Architecture:
        """Read `conv/skip/conv`; InvalidArchitectureError points at the first fault."""
        words, position = text.split("/"), 0
        if len(words) != len(self.decisions):
            raise InvalidArchitectureError(
                text, 0, f"{len(words)} options where {self.name} has {len(self.decisions)}"
            )
        for word, decision in zip(words, self.decisions, strict=True):
            if word not in decision.options:
                expected = f"{decision.name} is one of {', '.join(decision.options)}"
                raise InvalidArchitectureError(text, position, expected)
            position += len(word) + 1
        places = (d.options.index(w) for w, d in zip(words, self.decisions, strict=True))
        return self.architecture(tuple(places))

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly."""
        return self.architecture([_below(count, generator) for count in self._counts])

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """Another option of one decision."""
        several = [place for place, count in enumerate(self._counts) if count > 1]
        place = several[_below(len(several), generator)]
        step = 1 + _below(self._counts[place] - 1, generator)
        choices = list(arch.choices)
        choices[place] = (choices[place] + step) % self._counts[place]
        return self.architecture(choices)

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All that differ in one decision."""
        return [
            self.architecture((*arch.choices[:place], option, *arch.choices[place + 1 :]))
            for place, count in enumerate(self._counts)
            for option in range(count)
            if option != arch.choices[place]
        ]

    def weights(self, arch: Architecture) -> Tensor:
        """One-hot."""
        import torch
        from torch.nn.functional import one_hot

        return one_hot(torch.tensor(arch.choices), max(self._counts)).float()

    def derive(self, scores: Tensor) -> Architecture:
        """The option with the highest preference of every decision."""
        there = scores.detach().cpu().masked_fill(~self.mask, -math.inf)
        return self.architecture(there.argmax(dim=-1).tolist())

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """None; a space with `costs` tells them."""
        raise UnknownNameError(f"cost of {self.name}", what, [cost.name for cost in self.costs])

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Nothing."""
        return {}

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Its options, the first on top."""
        axes.set_axis_off()
        for place, option in enumerate(self.options(arch.choices)):
            height = 1 - (place + 0.5) / len(self.decisions)
            text = f"{self.decisions[place].name}: {option}"
            axes.text(0.5, height, text, ha="center", va="center", transform=axes.transAxes)

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        return tuple(len(decision.options) for decision in self.decisions)


class ListedProduct(ProductSpace):
    """The same of a space that is small enough to be listed; the first decision is the slowest."""

    product: ClassVar[bool] = True
    """A column of a table is a tensor with an axis per decision."""

    @property
    def size(self) -> int:
        """Number of architectures."""
        return math.prod(self._counts)

    def enumerate(self) -> Iterator[Architecture]:
        """All, in rank order."""
        return map(self.architecture, itertools.product(*map(range, self._counts)))

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`."""
        rank = 0
        for choice, count in zip(arch.choices, self._counts, strict=True):
            rank = rank * count + choice
        return rank

    def unrank(self, rank: int) -> Architecture:
        """The inverse of `rank`; IndexError outside."""
        if not 0 <= rank < self.size:
            raise IndexError(f"rank {rank} is none from 0 to {self.size - 1}")
        choices: list[int] = []
        for count in reversed(self._counts):
            rank, choice = divmod(rank, count)
            choices.append(choice)
        return self.architecture(choices[::-1])


def _below(count: int, generator: torch.Generator) -> int:
    import torch

    return int(torch.randint(count, (), generator=generator))
