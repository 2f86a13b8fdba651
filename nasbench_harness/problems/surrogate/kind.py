"""A kind of problem: predictions are searched, by the polynomial that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nasbench_harness.contracts import (
    Benchmark,
    Fitted,
    Problem,
    Search,
    SearchSpace,
)
from nasbench_harness.problems.multilinear.kind import MultilinearKind
from nasbench_harness.problems.spent import asked
from nasbench_harness.problems.surrogate.columns import COLUMNS, ERROR

if TYPE_CHECKING:
    import torch

    from nasbench_harness.hardware import Hardware
    from nasbench_harness.problems.surrogate.planning import OnPolynomial
    from nasbench_harness.settings import Settings
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec


class SurrogateKind(MultilinearKind):
    """The optimiser, on predictions of known error."""

    name = "surrogate"
    plural = "surrogates"
    named = ("table", "dataset", "recipe", "steps", "batch_size", "report_metric")
    columns = COLUMNS
    meanings: ClassVar[Mapping[str, str]] = {
        "search": "a fitted polynomial of known error",
        **MultilinearKind.meanings,
    }
    errs = ERROR
    recipe = "landscape"
    title = "Searches on predictions (surrogate)"
    does = "search a polynomial that predicts"
    caveat = (
        "This is a surrogate study: every accuracy in it is predicted, by a polynomial that was"
        " fitted to trained networks, and none is measured; queries ask for predictions as well."
        " Searches climb to where the polynomial is highest, which is also where it may err in"
        " their favour. It compares optimisers, and is no evidence that a method works on images."
    )

    def plan(
        self,
        config: StudyConfig,
        options: Settings,
        space: SearchSpace,
        hardware: Hardware,
        opened: Callable[[Any], None],
    ) -> OnPolynomial:
        """A benchmark with a polynomial is needed, whose space may be as large as it likes."""
        from nasbench_harness.problems.surrogate.planning import OnPolynomial

        return OnPolynomial(config, options, space)

    def problem(self) -> type:
        """Of torch."""
        from nasbench_harness.problems.surrogate.objective import Surrogate

        return Surrogate

    def open(
        self,
        spec: TrialSpec,
        space: SearchSpace,
        table: Benchmark | None,
        hardware: Hardware,
        device: torch.device,
    ) -> Problem:
        """The polynomial, as an objective."""
        from nasbench_harness.problems.surrogate.objective import Surrogate

        return Surrogate(
            space,
            cast("Fitted", table),
            metric=spec.search_metric,
            dataset=spec.dataset,
            steps=spec.steps,
            epochs=spec.epochs,
            batch_size=spec.batch_size,
        )

    def joins(self, problem: Problem) -> bool:
        """With one architecture sample a step."""
        from nasbench_harness.problems.multilinear.joint import can_join
        from nasbench_harness.problems.surrogate.objective import Surrogate

        return can_join(problem, Surrogate)

    def join(self, problems: Sequence[Problem]) -> Problem:
        """Of all of them the polynomial is one."""
        from nasbench_harness.problems.surrogate.joint import JointSurrogate

        return cast("Problem", JointSurrogate(cast("Any", problems)))

    def result(self, search: Search) -> dict[str, Any]:
        """By how much predictions are off, so that it stands beside what they say for ever."""
        table = cast("Fitted", search.table)
        return {ERROR: table.held_out(search.spec.search_metric).mae}

    def saw(self, spec: TrialSpec, spent: Mapping[str, float]) -> str:
        """The polynomial at every step, or single predictions."""
        return asked(spent, "predictions") or f"whole polynomial x {spec.steps:,}"


KIND = SurrogateKind()
