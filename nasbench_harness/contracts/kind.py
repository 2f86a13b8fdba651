"""A kind of problem: its options, its planning, and its part in the life of a trial.

A kind is found by entry point (group `nasbench_harness.problems`). The engine knows none by name:
it asks. `nasbench_harness.problems.base` has the answers of a plain kind, to derive from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from nasbench_harness.contracts.benchmark import Benchmark
from nasbench_harness.contracts.columns import Columns
from nasbench_harness.contracts.network import NetworkShape
from nasbench_harness.contracts.problem import Problem
from nasbench_harness.contracts.searcher import Recipe, Searcher, Setup
from nasbench_harness.contracts.space import SearchSpace

if TYPE_CHECKING:
    import torch


class Plan(Protocol):
    """What a kind adds to the trials of one study, as fields of `study.spec.TrialSpec`."""

    def dataset(self, table: Benchmark) -> str:
        """The benchmark's data set that answers are looked up on; not asked without one."""

    def recipe(self, method: str) -> str | None:
        """The recipe of a method of which nobody says another; None: the study's."""

    def shared(self) -> dict[str, Any]:
        """What all trials have in common."""

    def resolve(self, table: Benchmark | None, method: Any, recipe: Recipe) -> dict[str, Any]:
        """What depends on the method, `steps` and `epochs` at least.

        `table` is where answers are looked up, None where nothing is. Of `method` there is what a
        `Setup` has, and `queries`.
        """

    def rates(self, method: type[Setup], recipe: Recipe) -> dict[str, float]:
        """Settings of the recipe that this study changes, such as rates that grow with batches."""

    def resolve_network(self, recipe: Recipe, roles: Mapping[str, Any]) -> dict[str, Any]:
        """What is trained where the method's settings have these `roles`; {} where nothing is."""


@runtime_checkable
class NetworkPlan(Protocol):
    """Capability of a plan: it knows the networks that its trials build.

    `network` are the settings of a trial's network. What has to be built for an answer is built
    when it is asked first, and as a search begins with it.
    """

    def shape(self, network: Mapping[str, Any]) -> NetworkShape:
        """How large it is, and of which images."""

    def step_bytes(self, network: Mapping[str, Any]) -> Callable[[torch.Tensor], int]:
        """The `StepMemory` of a trial's problem; nothing is built before it is called."""

    def check_network(self, network: Mapping[str, Any], capabilities: Sequence[type]) -> None:
        """HarnessError where it lacks what one of these capabilities of a problem takes."""

    def cell_decisions(self, network: Mapping[str, Any]) -> Sequence[Sequence[int]]:
        """See `CellShifts`, which its supernet has."""


@runtime_checkable
class CohortPlan(Protocol):
    """Capability of a plan: its trials can be asked to be stepped together with other seeds."""

    def joined(
        self, name: str, method: type[Setup], settings: Any, network: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What a trial of the method has of the cohort that is asked for, as fields of its spec.

        `network` are the settings of its network. HarnessError where such trials cannot be stepped
        together, in a sentence that says why.
        """


@runtime_checkable
class HostMemory(Protocol):
    """Capability of a kind: it foresees what its searches take of the memory of a machine.

    A cluster is asked to keep that much where nobody says how much.
    """

    def host_bytes(self, specs: Sequence[Any], hardware: Any) -> int:
        """What a process that runs one of these trials takes at its peak, or one of the cohorts
        that they have places in; the most of all.

        Beyond what any process takes that has torch imported and searches a table. Where `hardware`
        says another device than `cpu`, a GPU has what is on a device; the machine has the rest.
        """


class Search(Protocol):
    """A search in progress, as a kind sees it where it is recorded."""

    @property
    def spec(self) -> Any:
        """The trial: a `study.spec.TrialSpec`."""

    @property
    def table(self) -> Benchmark | None:
        """Where answers are looked up; None where nothing is."""

    @property
    def problem(self) -> Any:
        """What the kind's `open` gave."""

    @property
    def searcher(self) -> Searcher:
        """The method."""

    @property
    def hardware(self) -> Any:
        """Where it runs: a `hardware.Hardware`."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def seconds(self) -> float:
        """Duration of these."""


class Kind(Protocol):
    """A kind of problem. Specs are `study.spec.TrialSpec`, a config is `study.config.StudyConfig`.

    Every member must be there at little cost: what imports torch is imported where it is used.
    """

    name: ClassVar[str]
    """That of its entry point; `--search NAME`."""
    plural: ClassVar[str]
    """How sentences name several."""
    Options: ClassVar[type[Any]]
    """What only such a study can be asked: a `settings.Settings`, each field an `option`."""
    absorbed: ClassVar[Mapping[str, str]]
    """Keys of every study that are here settings of one of the options: key to option."""
    named: ClassVar[Sequence[str]]
    """Keys that the default name of a study's folder tells, in this order."""
    meanings: ClassVar[Mapping[str, str]]
    """What options of `run` that every study has mean here, by their names and in a few words, for
    `--help`: `search` (what is searched), `diagnose` (what is recorded), `diagnose_every` and
    `batch_size` (of what a number counts)."""
    recipe: ClassVar[str]
    """The recipe of every method where nobody says another."""
    capabilities: ClassVar[Sequence[type]]
    """The optional capabilities (protocols) of its problems, as far as it knows them."""
    measures: ClassVar[bool]
    """Are networks built, whose latency can be measured here."""
    concludes: ClassVar[str]
    """Column of the result with the accuracy, percent, that its problems conclude by themselves:
    what answers are judged by where no benchmark is looked up in. Empty where it concludes none;
    its studies then need a benchmark."""
    conclusion: ClassVar[str]
    """How sentences name what it concludes; empty: as the column is called."""
    conclusion_told: ClassVar[str]
    """What that is and how it is measured, in a sentence; may be empty."""
    errs: ClassVar[str]
    """Column of the result with the mean error of what answers are judged by, in its unit, where
    that is predicted and not measured: reports tell it beside every difference. Else empty."""
    observes: ClassVar[str]
    """Column of the history with the same of the answer at that step; empty where there is none."""
    signals: ClassVar[Sequence[str]]
    """Columns of the history, accuracies in percent, whose last number tells how well a search
    itself went, whatever its answer is worth: a baseline may hold them."""
    uses: ClassVar[Sequence[str]]
    """Fields of `hardware.Hardware`, beside threads, that make a difference to its searches."""
    columns: ClassVar[Columns]
    """What its problems observe and conclude, and what it records and tells of a trial itself;
    its options need not be among them."""
    trains: ClassVar[bool | None]
    """Do steps train networks; None: it does not say. Where none are trained, reports tell that
    seconds are no cost of a real search."""
    paired: ClassVar[bool]
    """Do equal seeds share what chance decides, such as first weights and the split of images, so
    that reports compare methods seed by seed."""
    dear: ClassVar[bool]
    """Does a step take so long that each is told, and each recorded one saved."""

    title: ClassVar[str]
    """Heading of its options in `--help`."""
    does: ClassVar[str]
    """What its studies do, so that it can stand after "which"; may be empty."""
    caveat: ClassVar[str]
    """What a reader must know before believing a number; a sentence or several."""
    caveat_alone: ClassVar[str]
    """The same of a study that looked nothing up; empty: no other."""
    suggestions: ClassVar[Sequence[str]]
    """What to do next, in lines of at most 78 columns; commands can be pasted."""

    # --- planning ------------------------------------------------------------------------------

    def plan(
        self,
        config: Any,
        options: Any,
        space: SearchSpace,
        hardware: Any,
        opened: Callable[[Any], None],
    ) -> Plan:
        """What a study adds to its trials; ConfigError for all that is wrong with `options`.

        `hardware` says where files are, `opened` is called with the images that are read.
        """

    def notes(self, config: Mapping[str, Any], specs: Sequence[Any]) -> Iterable[str]:
        """What a user should hear of a study, as asked for, before it runs; a sentence each."""

    def elsewhere(self, given: Mapping[str, Any], there: Kind) -> str:
        """Why these of its own options cannot be given to another kind; empty: they do nothing."""

    def settled(self, config: Any) -> dict[str, Any]:
        """Keys of the config that are understood from everywhere only in another spelling."""

    def problem(self) -> type:
        """The class of its problems."""

    # --- running -------------------------------------------------------------------------------

    def processes(self, hardware: Any) -> int | None:
        """How many trials run at a time unless somebody says; None: as many as there are cores."""

    def device(self, hardware: Any) -> torch.device:
        """Set the process up and return where weights live."""

    def open(
        self,
        spec: Any,
        space: SearchSpace,
        table: Benchmark | None,
        hardware: Any,
        device: torch.device,
    ) -> Problem:
        """The problem of a trial; `table` is where answers are looked up, None where nothing is."""

    def joins(self, problem: Problem) -> bool:
        """Can problems like this one, of searches that differ in their seed only, become one."""

    def join(self, problems: Sequence[Problem]) -> Problem:
        """One problem with weights [R, D, K] and losses [R, B]: all that a joint searcher asks."""

    def recorded(self, spec: Any) -> list[int]:
        """Which steps enter the history, in order; always the last one."""

    def record(self, search: Search, p: torch.Tensor) -> dict[str, Any]:
        """Columns of a recorded step; `p` are the choice probabilities [D, K] on the host."""

    def result(self, search: Search) -> dict[str, Any]:
        """Columns of the result, beside what the problem concludes."""

    # --- telling -------------------------------------------------------------------------------

    def told(self, spec: Any) -> str:
        """What was searched, in words: `nb201 on ...`."""

    def observed(self, spec: Any) -> str:
        """In what the accuracy it observes differs from the one it concludes; may be empty."""

    def saw(self, spec: Any, spent: Mapping[str, float]) -> str:
        """What such a search saw, in a few words that can be compared with those of others.

        `100 queries`, `10 epochs, 2.1 GPU hours`; empty: it does not say. `spent` are means over
        the trials of a method that have a result, of all columns of numbers that these have.
        """

    def identity(self, spec: Any) -> dict[str, Any]:
        """Columns that say what was searched on, for tables and trackers."""

    def command(self, spec: Any, *, allow_test_search: bool = False) -> list[str]:
        """The words of `nasharness run` that only a trial of this kind needs."""
