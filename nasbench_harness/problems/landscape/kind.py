"""A kind of problem: the table itself is searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nasbench_harness.contracts import (
    Benchmark,
    CompleteTable,
    EnumerableSpace,
    Fitted,
    Kind,
    NetworkSpace,
    Problem,
    SearchSpace,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.landscape.columns import COLUMNS
from nasbench_harness.problems.landscape.options import LandscapeOptions
from nasbench_harness.problems.multilinear.kind import MultilinearKind
from nasbench_harness.problems.spent import QUERIES, asked
from nasbench_harness.seeding import stream_seed

if TYPE_CHECKING:
    import torch

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.problems.landscape.planning import OnTable
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec


class LandscapeKind(MultilinearKind):
    """The optimiser without the weight sharing."""

    name = "landscape"
    plural = "landscapes"
    Options = LandscapeOptions
    named = (
        "table", "dataset", "recipe", "steps", "noise", "batch_size", "search_metric",
        "report_metric",
    )  # fmt: skip
    columns = COLUMNS
    meanings: ClassVar[Mapping[str, str]] = {
        "search": "the table itself",
        **MultilinearKind.meanings,
    }
    recipe = "landscape"
    title = "Searches on a table (landscape)"
    does = "search the table itself"
    caveat = (
        "This is a landscape study: the searchers optimised the table itself, without training any"
        " network. It compares optimisers, and is no evidence that a method works on images."
    )
    suggestions = (
        "on real images, some seconds a trial:",
        "nasharness run -m drnas --search supernet --dataset digits --recipe quick",
    )

    def plan(
        self,
        config: StudyConfig,
        options: LandscapeOptions,
        space: SearchSpace,
        hardware: Hardware,
        opened: Callable[[Any], None],
    ) -> OnTable:
        """Nothing but a complete table is needed."""
        from nasbench_harness.problems.landscape.planning import OnTable
        from nasbench_harness.tables.enumeration import free_product

        try:
            free_product(space, "a landscape is the mean over all of these")
        except HarnessError as error:
            if other := self._instead(config, space):
                raise HarnessError(f"{error} {other}") from error
            raise
        return OnTable(config, options, space)

    @staticmethod
    def _instead(config: StudyConfig, space: SearchSpace) -> str:
        """What can be searched of a space that is no landscape; empty where nothing can."""
        from nasbench_harness.tables.library import find_table

        if isinstance(space, NetworkSpace):
            return "Train a supernet with `--search supernet` instead."
        if isinstance(find_table(config.table), Fitted):
            return "Search what is predicted with `--search surrogate` instead."
        return ""

    def elsewhere(self, given: Mapping[str, Any], there: Kind) -> str:
        """Whatever searches something else has a loss of its own to look at."""
        looks = [name for name in ("noise", "search_metric") if name in given]
        if not looks:
            return ""
        told = " and ".join(f"`{name}`" for name in looks)
        return (
            f"{told} {'is' if len(looks) == 1 else 'are'} about landscapes; a {there.name} is"
            " searched on its own validation loss."
        )

    def problem(self) -> type:
        """Of torch."""
        from nasbench_harness.problems.landscape.objective import Landscape

        return Landscape

    def open(
        self,
        spec: TrialSpec,
        space: SearchSpace,
        table: Benchmark | None,
        hardware: Hardware,
        device: torch.device,
    ) -> Problem:
        """The table, as an objective."""
        from nasbench_harness.problems.landscape.objective import Landscape

        return Landscape(
            cast("EnumerableSpace", space),
            cast("CompleteTable", table),
            metric=spec.search_metric,
            dataset=spec.dataset,
            steps=spec.steps,
            epochs=spec.epochs,
            batch_size=spec.batch_size,
            noise="seeds" if spec.noise == "seeds" else float(spec.noise),
            seed=stream_seed(spec.seed, "problem"),
        )

    def joins(self, problem: Problem) -> bool:
        """With one architecture sample a step."""
        from nasbench_harness.problems.landscape.objective import Landscape
        from nasbench_harness.problems.multilinear.joint import can_join

        return can_join(problem, Landscape)

    def join(self, problems: Sequence[Problem]) -> Problem:
        """The tables side by side, which are one."""
        from nasbench_harness.problems.landscape.joint import JointLandscape

        return cast("Problem", JointLandscape(cast("Any", problems)))

    def saw(self, spec: TrialSpec, spent: Mapping[str, float]) -> str:
        """The whole table at every step, or single entries; empty if nobody counted."""
        from nasbench_harness.problems.landscape.planning import numbers_told

        if QUERIES not in spent:
            return ""
        return asked(spent, numbers_told(spec)) or f"whole table x {spec.steps:,}"

    def identity(self, spec: TrialSpec) -> dict[str, Any]:
        """All of it is said by the columns that every trial has."""
        return {}

    def command(self, spec: TrialSpec, *, allow_test_search: bool = False) -> list[str]:
        """Steps and what was looked at; the rest where it is not at its default."""
        words = ["--steps", str(spec.steps), "--search-metric", spec.search_metric]
        if allow_test_search:
            words += ["--allow-test-search"]
        if spec.noise:
            words += ["--noise", str(spec.noise)]
        if spec.batch_size != 1:
            words += ["--batch-size", str(spec.batch_size)]
        if spec.diagnose_every:
            words += ["--diagnose-every", str(spec.diagnose_every)]
        return words


KIND = LandscapeKind()
