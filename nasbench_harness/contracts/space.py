"""What is searched: decisions, architectures, and the two ways between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nasbench_harness.contracts.cost import Cost

if TYPE_CHECKING:
    import numpy as np
    import torch
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Decision:
    """A named categorical choice, for example the operation on one edge of a cell.

    `group` names what the decision belongs to (the node an edge enters, a layer): evolution draws
    a group first, then one of its decisions.
    """

    name: str
    options: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class Architecture:
    """One point of a search space: the index chosen for every decision.

    Two architectures are equal when space and choices are. `text` is how the space's community
    writes it.
    """

    space: str
    choices: tuple[int, ...]
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


class SearchSpace(Protocol):
    """The decisions, and the two ways between decisions and architectures.

    A space may also have `tables`, the names of its own tables, the preferred first and last the
    one that is always there: the first that is installed is looked up in where nothing is said.
    And `citation`, BibTeX of where it was published (see `Citable`).
    """

    @property
    def name(self) -> str:
        """What architectures and tables call the space."""

    @property
    def version(self) -> str:
        """Raised when the same choices mean another network."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The D choices."""

    @property
    def size(self) -> int:
        """Number of architectures."""

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What `cost` can tell; all of it stands in the result of every trial."""

    @property
    def mask(self) -> torch.Tensor:
        """bool [D, K]: True where the option exists."""

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The architecture of these option indices; ValueError if one is out of range."""

    def parse(self, text: str) -> Architecture:
        """Read the community's notation; InvalidArchitectureError points at the first fault."""

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly."""

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All architectures that differ in exactly one decision."""

    def enumerate(self) -> Iterator[Architecture]:
        """Every architecture in rank order."""

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`: the row of a table."""

    def unrank(self, rank: int) -> Architecture:
        """The architecture at a position: the inverse of `rank`."""

    def derive(self, scores: torch.Tensor) -> Architecture:
        """The discretisation rule: [D, K] preferences to an architecture."""

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """Exact cost of the stand-alone network, by the name of one of `costs`, in its `unit`."""

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Facts worth printing beside the architecture (its index, its class, ...)."""

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the architecture as a graph."""


@runtime_checkable
class Numbered(Protocol):
    """Capability of a space: its benchmark numbers the architectures in an order of its own."""

    def indices(self) -> NDArray[np.int64]:
        """[size] the official index of every architecture, in rank order, each once.

        The one that `describe` tells as `index`.
        """
