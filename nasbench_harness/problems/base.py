"""The answers of a plain kind of problem: derive from these and change what differs.

A kind of one's own is a subclass of `PlainKind` with `name`, `Options`, `problem` and `open`; its
options then stand in the command line, in study files, in the trial, its row and its command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nasbench_harness.contracts import (
    Benchmark,
    Columns,
    Kind,
    Plan,
    Problem,
    Recipe,
    Search,
    SearchSpace,
    Setup,
)
from nasbench_harness.problems.points import recorded_steps
from nasbench_harness.problems.spent import asked
from nasbench_harness.settings import Settings

if TYPE_CHECKING:
    import torch

    from nasbench_harness.hardware import Hardware

STEPS_PER_EPOCH = 391
"""Batches of 64 in the 25,000 CIFAR-10 training images of a search."""


class PlainPlan:
    """Steps as the recipe has them, the options as they are."""

    def __init__(self, config: Any, options: Settings) -> None:
        self.config, self.options = config, options

    def dataset(self, table: Benchmark) -> str:
        """The one that was asked for."""
        return str(self.config.dataset)

    def recipe(self, method: str) -> str | None:
        """The study's."""
        return None

    def shared(self) -> dict[str, Any]:
        """The options."""
        return {"batch_size": self.config.batch_size, "options": self.options.identity()}

    def resolve(self, table: Benchmark | None, method: Any, recipe: Recipe) -> dict[str, Any]:
        """Steps asked for, those of the recipe, or as many as its epochs have batches."""
        steps = self.config.steps or recipe.steps or recipe.epochs * STEPS_PER_EPOCH
        return {"steps": steps, "epochs": recipe.epochs}

    def rates(self, method: type[Setup], recipe: Recipe) -> dict[str, float]:
        """There are no batches of images that learning rates could grow with."""
        return {}

    def resolve_network(self, recipe: Recipe, roles: Mapping[str, Any]) -> dict[str, Any]:
        """There is none."""
        return {}


class PlainKind(Kind):
    """Cheap steps on the CPU, that train nothing."""

    name = ""
    plural = ""
    Options: ClassVar[type[Settings]] = Settings
    absorbed: ClassVar[Mapping[str, str]] = {}
    named: ClassVar[Sequence[str]] = ()
    meanings: ClassVar[Mapping[str, str]] = {}
    recipe = "quick"
    capabilities: ClassVar[Sequence[type]] = ()
    measures = False
    concludes = ""
    conclusion = ""
    conclusion_told = ""
    errs = ""
    observes = ""
    signals: ClassVar[Sequence[str]] = ()
    uses: ClassVar[Sequence[str]] = ()
    columns: ClassVar[Columns] = Columns()
    trains: ClassVar[bool | None] = None
    paired = False
    dear = False
    title = ""
    does = ""
    caveat = ""
    caveat_alone = ""
    suggestions: ClassVar[Sequence[str]] = ()

    def plan(
        self,
        config: Any,
        options: Any,
        space: SearchSpace,
        hardware: Any,
        opened: Callable[[Any], None],
    ) -> Plan:
        """Nothing has to be opened."""
        return PlainPlan(config, options)

    def notes(self, config: Mapping[str, Any], specs: Sequence[Any]) -> Iterable[str]:
        """Nothing."""
        return ()

    def elsewhere(self, given: Mapping[str, Any], there: Kind) -> str:
        """Whose the first of them is, and how to search that."""
        name, value = next(iter(given.items()))
        if isinstance(value, Mapping):  # of settings: told by the first that was given
            name = f"{name}.{next(iter(value), '')}".rstrip(".")
        return (
            f"`{name}` is about {self.plural or self.name}, and a {there.name} has"
            f" none; add `--search {self.name}`."
        )

    def settled(self, config: Any) -> dict[str, Any]:
        """Nothing depends on the working folder."""
        return {}

    def processes(self, hardware: Hardware) -> int | None:
        """As many as there are cores."""
        return None

    def device(self, hardware: Hardware) -> torch.device:
        """The CPU, whatever was asked for."""
        return hardware.host()

    def host_bytes(self, specs: Sequence[Any], hardware: Any) -> int:
        """Nothing beyond what any search on a table takes; see `HostMemory`."""
        return 0

    def open(
        self,
        spec: Any,
        space: SearchSpace,
        table: Benchmark | None,
        hardware: Any,
        device: torch.device,
    ) -> Problem:
        """A problem of the class, from what a trial has of its options."""
        raise NotImplementedError

    def problem(self) -> type:
        """The class of its problems."""
        raise NotImplementedError

    def joins(self, problem: Problem) -> bool:
        """Every search is stepped by itself."""
        return False

    def join(self, problems: Sequence[Problem]) -> Problem:
        """Not where `joins` is False."""
        raise NotImplementedError

    def recorded(self, spec: Any) -> list[int]:
        """The first, dense at first, then even."""
        return recorded_steps(spec.steps)

    def record(self, search: Search, p: torch.Tensor) -> dict[str, Any]:
        """Nothing beside what the problem observes."""
        return {}

    def result(self, search: Search) -> dict[str, Any]:
        """Nothing beside what the problem concludes."""
        return {}

    def told(self, spec: Any) -> str:
        """`nb201 on the NAME`."""
        return f"{spec.space} on the {spec.problem}"

    def observed(self, spec: Any) -> str:
        """In nothing."""
        return ""

    def saw(self, spec: Any, spent: Mapping[str, float]) -> str:
        """Its queries where it made some, else its steps."""
        return asked(spent) or f"{spec.steps:,} step{'s' if spec.steps != 1 else ''}"

    def identity(self, spec: Any) -> dict[str, Any]:
        """The options."""
        return dict(spec.options)

    def command(self, spec: Any, *, allow_test_search: bool = False) -> list[str]:
        """The kind, the steps, and every option that is not at its default."""
        words = ["--search", self.name, "--steps", str(spec.steps)]
        if spec.batch_size != 1:
            words += ["--batch-size", str(spec.batch_size)]
        for name, field in self.Options.model_fields.items():
            value = spec.options.get(name, field.default)
            if value != field.default:
                option = f"--{name.replace('_', '-')}"
                words += [option] if value is True else [option, str(value)]
        return words
