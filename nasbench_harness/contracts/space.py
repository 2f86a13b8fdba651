"""What is searched: decisions, architectures, and the two ways between them."""

from __future__ import annotations

from collections.abc import Iterator
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

    `group` names what the decision belongs to (the node an edge enters, a layer). `free` names the
    options that pass their input on with nothing to train: skips, identities. `cell` is the type of
    cell that it is in, where a space has several.
    """

    name: str
    options: tuple[str, ...]
    group: str
    free: tuple[str, ...] = ()
    cell: str = ""


@dataclass(frozen=True)
class Architecture:
    """One point of a search space; only the space itself looks into `choices`.

    Two architectures are equal when space and choices are. `choices` are whatever numbers the
    space tells its architectures apart by: an option for every decision, or less than that where
    not every decision is kept. `text` is how the space's community writes it.
    """

    space: str
    choices: tuple[int, ...]
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


class SearchSpace(Protocol):
    """The decisions, and the two ways between decisions and architectures.

    A searcher relaxes `decisions` and `mask`, and treats architectures as opaque: `weights` is
    their point among the relaxed ones, `derive` the way back. A space need not be the free product
    of its decisions: a cell may keep two inputs a node out of all those that are relaxed. One that
    is, with one-hot `weights` and the last decision fastest among its ranks, may say so by
    `product = True`; a table of it can be searched itself. One that says nothing is tried.

    A space may also have `tables`, the names of its own tables, the preferred first and last the
    one that is always there: the first that is installed is looked up in where nothing is said.
    And `citation`, BibTeX of where it was published (see `Citable`), and `columns`, a `Column` of
    each thing that `describe` tells (see `Declaring`).
    """

    @property
    def name(self) -> str:
        """What architectures and tables call the space: the name of its entry point."""

    @property
    def version(self) -> str:
        """Raised when the same choices mean another network."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The D choices."""

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What `cost` can tell; all of it stands in the result of every trial."""

    @property
    def mask(self) -> torch.Tensor:
        """bool [D, K]: True where the option exists."""

    def parse(self, text: str) -> Architecture:
        """Read the community's notation; InvalidArchitectureError points at the first fault."""

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly."""

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """Another architecture, a random step away: what evolution makes of a parent."""

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All architectures one step away, each once; whose neighbour is one is its neighbour."""

    def weights(self, arch: Architecture) -> torch.Tensor:
        """float32 [D, K] on the CPU: an architecture's point among the weights, 0 where masked.

        `derive` gives the architecture back. A row need not be one-hot.
        """

    def derive(self, scores: torch.Tensor) -> Architecture:
        """The discretisation rule: [D, K] preferences, on any device, to an architecture.

        What is masked does not count. A searcher that drew an option for every decision asks this
        as well: what it drew need not be an architecture.
        """

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """Exact cost of the stand-alone network, by the name of one of `costs`, in its `unit`.

        `dataset` is one of a benchmark; empty where nothing is looked up in one, which asks for the
        network that the space was published with.
        """

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Facts worth printing beside the architecture (its index, its class, ...)."""

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the architecture as a graph."""


@runtime_checkable
class Enumerable(Protocol):
    """Capability of a space: its architectures can be counted and listed.

    What is looked up in a complete table needs it, and nothing else.
    """

    @property
    def size(self) -> int:
        """Number of architectures."""

    def enumerate(self) -> Iterator[Architecture]:
        """Every architecture, each once, in rank order."""

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()`: the row of a table."""

    def unrank(self, rank: int) -> Architecture:
        """The architecture at a position: the inverse of `rank`; IndexError outside."""


class EnumerableSpace(SearchSpace, Enumerable, Protocol):
    """A search space whose architectures can be listed."""


@runtime_checkable
class Factorised(Protocol):
    """Capability of a space that is no free product of its decisions: other decisions that are one.

    A method that draws every decision by itself draws `factors` then, F of them with at most M
    options, and gives the network what `expand` makes of its weights.
    """

    @property
    def factors(self) -> tuple[Decision, ...]:
        """The F independent choices of which an architecture is made."""

    def expand(self, weights: torch.Tensor) -> torch.Tensor:
        """[..., F, M] weights of the factors to [..., D, K], linear in each of their rows."""

    def compose(self, scores: torch.Tensor) -> Architecture:
        """[F, M] preferences, on any device, to an architecture: the best option of every factor.

        Where these make none, the space changes as little as it has to.
        """

    def overlap(self, weights: torch.Tensor) -> torch.Tensor:
        """[...]: how much of what factors choose they choose twice, 0 where nothing is."""


@runtime_checkable
class Flawed(Protocol):
    """Capability of a space: numbers of some architectures say nothing about a network."""

    def flaw(self, arch: Architecture) -> str:
        """Why that is so, to stand after its facts; empty of an architecture without."""


@runtime_checkable
class Numbered(Protocol):
    """Capability of a space: its benchmark numbers the architectures in an order of its own."""

    def indices(self) -> NDArray[np.int64]:
        """[size] the official index of every architecture, in rank order, each once.

        The one that `describe` tells as `index`.
        """

    def at_index(self, index: int) -> Architecture:
        """The architecture with an official index; IndexError outside."""
