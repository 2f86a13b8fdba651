"""A method: its settings and recipes, and a search of it in progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeGuard, runtime_checkable

from nasbench_harness.contracts.cost import Cost
from nasbench_harness.contracts.problem import Log, Problem
from nasbench_harness.contracts.space import Architecture, SearchSpace

if TYPE_CHECKING:
    import torch


TAGS: Mapping[str, str] = {
    "C": "authors' code",
    "C3": "others' code",
    "B": "benchmark authors' code",
    "P": "paper",
    "A": "abstract",
    "V": "recomputed",
    "D": "decision of this project",
    "U": "unconfirmed",
}
"""Where a number is from, by its tag; `BV` is both."""


@dataclass(frozen=True)
class Recipe:
    """A published (or our own) setting of a method for a space and a kind of problem.

    It may be written in Python, as here, or in a YAML file (see `nasbench_harness.fields.recipes`);
    another package can bring one for a method or a space that it did not write.
    """

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
    space: str | None = None
    """The space it is for; None: any."""
    kind: str | None = None
    """The kind of problem it is for; None: any."""
    called: str = ""
    """What it is asked for by, where that is not its title: a method may have a `quick` of several
    spaces, and the nearest is meant."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Where each number is from (`TAGS`), by its place: `epochs`, `settings.learning_rate`,
    `network.width`."""


class Setup(Protocol):
    """What can be read of a method without running it.

    A method is its own set-up. One that imports much may keep these members in a base class, in a
    module that imports little, and name it by an entry point `nasbench_harness.setups` as well:
    then `show method` and shell completion answer at once; with `queries`, `batched` and `requires`
    in that class as well a study is planned without the method's own module. It may also have
    `citation`, BibTeX of where the method was published (see `Citable`), `fidelity`, how true it
    is to that (see `Faithful`), and `reading`, what its results are results of where that is less
    than the method as published; reports say it beside them. It has `columns`, a `Column` of each
    thing that `step` logs, where it logs anything (see `Declaring`). With `fronts` true a target of
    0 is none to it: the cost is an objective, of which it looks for the whole front (see
    `FrontSearcher`).
    """

    Settings: ClassVar[type[Any]]
    """Validated hyper-parameters: a `nasbench_harness.settings.Settings`."""
    recipes: ClassVar[Mapping[str, Recipe]]
    """By name; a dictionary, or `fields.recipes.recipe_file(...)`."""
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
        """[D, K], non-negative, 0 where masked: the preference for every choice now.

        A method that trains with other weights than these also has a `mixture` (see
        `MixtureSearcher`).
        """

    def architecture(self) -> Architecture:
        """The answer if stopped now."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on; `torch.load(weights_only=True)` reads it."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""


@runtime_checkable
class MixtureSearcher(Protocol):
    """Capability of a searcher: the weights it trains with are not the shares of its scores.

    Such as a mixture with edges normalised against each other. Problems observe the mixture, and
    one-shot accuracies of it are measured on that; answers are derived from the scores. Of a
    method without it, the mixture is its scores with every row summing to 1.
    """

    def mixture(self) -> torch.Tensor:
        """[D, K], detached, 0 where masked; rows need not sum to 1."""


@runtime_checkable
class ChannelParts(Protocol):
    """Capability of a set-up: it tells with which `PartialChannels` the method will search."""

    @classmethod
    def channel_parts(cls, settings: Any) -> Sequence[int]:
        """Every k of which 1/k of the channels passes at some time; 1 where all do."""


@runtime_checkable
class WholeMixture(Protocol):
    """Capability of a set-up: it tells whether its method runs all options at once.

    Supernets of several seeds are trained as one where that is so (`--cohort`). A method that
    chooses what it runs is a `ChosenMixture` instead; by no other are they.
    """

    @classmethod
    def runs_all(cls, settings: Any) -> bool:
        """Does every pass run all options, under the same weights [D, K] for all examples."""


@runtime_checkable
class ChosenMixture(Protocol):
    """Capability of a set-up: its method chooses what is run, and tells where seeds can be one.

    Where seeds of it are stepped as one, passes are of weights [R, D, K], the same for all examples
    of a run, and `active` is [R, D, K]. A run must then make every step that it makes alone; alone
    it may be that nothing reaches what it has chosen, and the loss has no way back.
    """

    @classmethod
    def stays_alone(cls, settings: Any) -> str:
        """Why supernets of several seeds cannot be trained as one; empty where they can.

        As it is told after a colon, without a full stop.
        """


@dataclass(frozen=True)
class SearchOutline:
    """What is known of a search before it is planned."""

    space: SearchSpace
    costs: Mapping[str, Cost]
    """Those that can be told there, by name."""
    epochs: int
    step_bytes: Callable[[torch.Tensor], int] | None = None
    """The `StepMemory` of the problem; None where nothing is trained."""
    batch_size: int | None = None
    """Images of a batch; None where there are none."""
    cell_decisions: Callable[[], Sequence[Sequence[int]]] | None = None
    """Of the supernet, which has `CellShifts` where the method requires `CellWeights`; None where
    nothing is trained."""


@runtime_checkable
class SearchCheck(Protocol):
    """Capability of a set-up: what its method cannot search is told before anything runs.

    A study that asks for it is then refused, where otherwise each of its trials would fail.
    """

    @classmethod
    def check_search(cls, settings: Any, outline: SearchOutline) -> None:
        """HarnessError where a search of these settings cannot be; the costs it holds are known."""


@runtime_checkable
class SpaceCheck(Protocol):
    """Capability of settings: what they ask of a space that it has not is told before a search.

    A study that asks for it is then refused, where otherwise each of its trials would fail.
    """

    def check_space(self, space: SearchSpace) -> None:
        """HarnessError where no search of this space can have these settings."""


@runtime_checkable
class FrontSearcher(Protocol):
    """Capability of a searcher: it knows more answers than one, by accuracy and costs.

    They are kept of a finished trial where a cost is held, and reports measure them against the
    true front. At most a few hundred.
    """

    def front(self) -> Sequence[Architecture]:
        """Of all that it asked for those that no other dominates; none where no cost is held."""


def keeps_front(searcher: object) -> TypeGuard[FrontSearcher]:
    """Is it a `FrontSearcher`; one whose `front` is something else is none."""
    return isinstance(searcher, FrontSearcher) and callable(searcher.front)


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

        Only on problems that are `Multilinear`.
        """


@runtime_checkable
class JointSearcher(Protocol):
    """Capability of a searcher: it steps together with others that differ in their seed only.

    A step of R runs on a landscape then costs hardly more than one. What a run finds must not
    depend on it, bit for bit: each draws from its own generator, and every number is computed as it
    is for a run by itself (the conformance kit tells). A method without these
    members is stepped run by run.
    """

    @classmethod
    def joins(cls, settings: Any) -> bool:
        """Can searches of these settings be joined."""

    @classmethod
    def join(cls, searchers: Sequence[Any], problem: Problem) -> Any:
        """A searcher of all of them on their joint `problem`, all at the same step.

        Its weights are [R, D, K] or [R, B, D, K], the problem's losses [R, B], and its `step` logs
        values [R]. Of the problem it has `space`, `device`, `dtype`, `batch_size`, `progress`,
        `losses` and `fit`. The single searchers go on to tell their own scores, answer and state.
        """

    def step(self) -> Log:
        """One step; of all runs, for a joint searcher."""

    def part(self, searchers: Sequence[Any]) -> None:
        """Give each of the joined what the joint searcher keeps for them, if it keeps anything."""
