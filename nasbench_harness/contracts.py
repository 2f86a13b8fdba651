"""The whole vocabulary on one page: what a method, a problem, a space and a table are.

Everything else leans on this file and it leans on nothing of ours. Shapes: D decisions, K options
(the largest number of options of any decision; shorter ones are padded and masked), B examples of
a batch. Accuracies are percent (0-100), losses are what a searcher minimises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

Split = Literal["train", "valid"]
Log = dict[str, "float | torch.Tensor"]
"""What a step is worth logging: numbers, or detached 0-d tensors that are only read when recorded,
so that logging never makes a device wait."""


# --- search spaces -----------------------------------------------------------------------------


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
    """The decisions, and the two ways between decisions and architectures."""

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
    def costs(self) -> tuple[str, ...]:
        """What `cost` can tell."""

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
        """Exact cost of the stand-alone network: `params` (count), `flops` (multiply-adds)."""

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


# --- networks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NetworkShape:
    """How large a space's network is, what it reads and how many classes it tells apart."""

    classes: int
    in_channels: int = 3
    width: int = 16
    """Channels of the first stage."""
    cells: int = 5
    """Cells per stage."""


@dataclass(frozen=True)
class Grown:
    """A parameter that was replaced by a larger one, and how its companions grow with it."""

    old: torch.nn.Parameter
    new: torch.nn.Parameter
    grow: Callable[[torch.Tensor], torch.Tensor]
    """A tensor of the old shape (a momentum) to the new shape."""


class Supernet(Protocol):
    """All networks of a space in one, with shared weights: a `torch.nn.Module`.

    Images are float [B, channels, H, W]. `weights` and `active` are those of a `Problem`; choices
    that are not active are not computed, whatever their weight.
    """

    def __call__(
        self, images: torch.Tensor, weights: torch.Tensor, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits [B, classes], differentiable in `weights` and in the network's parameters."""

    def frozen(self) -> AbstractContextManager[None]:
        """Within it a forward pass leaves the network's parameters out of the graph."""

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """Widen the mixed operations to 1/factor of the channels; see `PartialChannels`."""


@runtime_checkable
class NetworkSpace(Protocol):
    """A space whose architectures can be built and trained."""

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> torch.nn.Module:
        """A fresh `Supernet`; 1/partial of the channels pass through the mixed operations."""

    def network(self, arch: Architecture, shape: NetworkShape) -> torch.nn.Module:
        """The stand-alone network of one architecture: images [B, ...] to logits."""

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> torch.nn.Module:
        """The stand-alone network of `arch` with the weights it has in `supernet`."""


# --- problems ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """Where a search stands. Epochs carry the schedules; a landscape maps its steps to them."""

    step: int
    """Steps begun before this one: 0 in the first."""
    steps: int
    epoch: int
    epochs: int

    @property
    def fraction(self) -> float:
        """Share of the steps that lies behind, 0 to below 1."""
        return self.step / self.steps


class Problem(Protocol):
    """What a searcher optimises: an exact table, or a supernet trained on images.

    `weights` are float [D, K] or [B, D, K] (one architecture sample per example) and need not lie
    on the simplex. `active`, a host-side bool [D, K], names the choices that must be computed at
    all; None means all.
    """

    @property
    def space(self) -> SearchSpace:
        """What is searched."""

    @property
    def device(self) -> torch.device:
        """Where weights live."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of weights."""

    @property
    def batch_size(self) -> int:
        """B, the examples of a batch."""

    @property
    def progress(self) -> Progress:
        """The step that `advance` began last."""

    def advance(self) -> None:
        """Begin the next step: draw its batches (and its noise) and hold them fixed."""

    def losses(
        self, weights: torch.Tensor, split: Split, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Per-example losses [B] on this step's batch, differentiable in `weights`."""

    def fit(self, weights: torch.Tensor, active: torch.Tensor | None = None) -> Log:
        """One update of the shared network weights on the train batch; {} where there are none."""

    def score(self, candidate: torch.Tensor | Architecture) -> float:
        """Accuracy, percent, over the search-validation data: of a mixture or an architecture."""

    def cost(self, arch: Architecture, what: str) -> float:
        """Cost of the stand-alone network on this problem's dataset."""

    def observe(self, weights: torch.Tensor) -> dict[str, float]:
        """Facts about a mixture [D, K] for the history, such as its expected accuracy.

        It leaves no trace: a search that is observed goes on as one that is not.
        """

    def check(self) -> None:
        """HarnessError if the search has gone wrong, with the step; called where it is recorded."""

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """Facts about the answer of a finished search, and what the search took, for its result."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on after this step; `torch.load(weights_only=True)` reads it."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""


@runtime_checkable
class UnrolledGradient(Protocol):
    """Capability of a problem: the gradient through one look-ahead step of the network weights."""

    def unrolled_gradient(self, weights: torch.Tensor) -> torch.Tensor:
        """Gradient [D, K] of the validation loss at w' = w - xi dL_train/dw (DARTS, eq. 7-8)."""


@runtime_checkable
class PartialChannels(Protocol):
    """Capability of a problem: only a part of the channels passes through mixed operations."""

    def use_channels(self, factor: int) -> None:
        """Let 1/factor of the channels through from now on.

        A smaller factor than before widens the operations: their weights, and the momentum of
        these, grow by copies of randomly chosen channels (DrNAS, section 3.3). Before the first
        step it only says how the network is built.
        """


@runtime_checkable
class StandAloneAccuracy(Protocol):
    """Capability of a problem: the accuracy of single architectures, each trained on its own."""

    def query(self, arch: Architecture) -> float:
        """Accuracy, percent; counts as one query."""


# --- methods -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """A published (or our own) setting of a method for a space or problem."""

    epochs: int
    source: str
    """Where the numbers come from; says so where they are a design decision of this project."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the method's defaults."""
    steps: int | None = None
    """Search steps on a landscape; None: as many as the epochs have batches."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """How a weight-sharing problem trains its network weights under this recipe."""
    rates_for_batch: int | None = None
    """Images of a batch that both learning rates, the method's and the network's, are for: on
    images they grow with the batch, where the user does not set them; None: they are the same for
    every batch. What they end at stays."""


class Setup(Protocol):
    """What can be read of a method without running it.

    A method is its own set-up. One that imports much may keep these members in a base class, in a
    module that imports little, and name it by an entry point `nasbench_harness.setups` as well:
    then `show method` and shell completion answer at once.
    """

    Settings: ClassVar[type[Any]]
    """Validated hyper-parameters: a `nasbench_harness.settings.Settings`."""
    recipes: ClassVar[Mapping[str, Recipe]]
    version: ClassVar[str]
    """Raised when the same settings and seed give another result."""


class Searcher(Setup, Protocol):
    """A method in the middle of a search.

    It owns its architecture parameters, its optimiser and its random generator. It never touches
    files, tables, the clock or global random state, and cannot tell a landscape from a supernet.
    """

    queries: ClassVar[bool]
    """Does it ask for single architectures, as one would train them, rather than for losses."""

    def __init__(self, problem: Problem, settings: Any, seed: int) -> None: ...

    @classmethod
    def requires(cls, settings: Any) -> Sequence[type]:
        """The optional capabilities (protocols) a problem must have under these settings."""

    def step(self) -> Log:
        """One search step on the batches the problem drew; returns what is worth logging."""

    def scores(self) -> torch.Tensor:
        """[D, K], non-negative, 0 where masked: the preference for every choice now."""

    def architecture(self) -> Architecture:
        """The answer if stopped now."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on; `torch.load(weights_only=True)` reads it."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""


@runtime_checkable
class GradientEstimator(Protocol):
    """Capability of a searcher: its architecture gradient, and what that is an estimate of.

    Both are taken at the parameters and on the batch of now, without the optimiser's weight decay,
    and neither updates a parameter or a moving average; random numbers and queries may be spent.
    """

    def estimate(self) -> torch.Tensor:
        """One fresh draw [D, K] of the gradient that a step follows, detached."""

    def exact(self) -> torch.Tensor:
        """Gradient [D, K], detached, of the objective the method claims to descend.

        Only where losses are multilinear in the weights, as on a landscape: there the expected
        loss of independent random rows is the loss of their means.
        """


# --- tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """One column of a tabular benchmark: what the number is and what it may be used for."""

    name: str
    meaning: str
    unit: str
    dataset: str
    split: str
    epochs: int | None
    search: bool
    """May a search look at it."""
    report: bool
    """Is it shown as a result."""
    trained_on: str = ""
    evaluated_on: str = ""
    seeds: str = ""
    """Training runs behind one number: `3`, `2-3 (mean)`, `777` for a single one."""
    source: str = ""
    """Which of the table's sources it is from."""


class Table(Protocol):
    """A tabular benchmark: one row per architecture, in the space's rank order.

    A rank is the place in `enumerate()` of the space, not the number by which the benchmark knows
    an architecture (see `Numbered`).
    """

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def space(self) -> str:
        """Name of the space its rows are of."""

    @property
    def version(self) -> str:
        """Release of the source."""

    @property
    def content_hash(self) -> str:
        """SHA-256 over the numbers: two tables with the same hash are the same table."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The columns."""

    @property
    def caveat(self) -> str:
        """What a reader of a result from this table must know."""

    def value(self, metric: str, rank: int) -> float:
        """One number."""

    def lookup(self, rank: int) -> dict[str, float]:
        """Every number of one architecture."""

    def column(self, metric: str) -> NDArray[np.float64]:
        """[size] numbers in rank order, read-only, not copied."""

    def tensor(self, metric: str) -> NDArray[np.float64]:
        """The column with one axis per decision, read-only, not copied."""

    def standing(self, metric: str, value: float) -> tuple[int, int]:
        """How many architectures are strictly worse, and how many strictly better."""

    def best(self, metric: str) -> float:
        """The optimum: the largest number of the column."""

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """The metric a search on `dataset` looks at by default.

        Methods that query single architectures look at the one of the shortest training, the
        others at the one of the longest.
        """

    def report_metric(self, dataset: str) -> str:
        """The metric a result on `dataset` is judged by by default."""

    def training_seconds(self, metric: str, rank: int) -> float | None:
        """What it took to train the network behind one number; None where nobody recorded it."""
