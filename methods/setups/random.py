"""Settings and recipes of random search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import RANDOM_BIBTEX
from nasbench_harness.methods.setups.costs import CostSettings
from nasbench_harness.methods.setups.queries import QuerySetup
from nasbench_harness.settings import setting


class RandomSettings(CostSettings):
    """The budget of random search is the number of steps."""

    ask: bool = setting(
        True,
        "ask for the accuracy of every draw and keep the best; false: the first draw is the answer,"
        " random sampling without any search",
        tag="B",
        later=True,
    )


class RandomSearchSetup(QuerySetup):
    """What can be read of the method without torch."""

    Settings = RandomSettings
    citation = RANDOM_BIBTEX
    fidelity = Fidelity(
        Basis.BENCHMARK_CODE,
        gist="best of uniform draws",
        against="As the NAS-Bench-201 authors run it, as read.",
        deviations=(
            "The budget is a number of queries and no simulated time.",
            "Costs, and the front of what was asked for, are ours.",
        ),
        cost=StepCost(Passes(), Passes(), "the accuracy of one architecture is asked for"),
        tests=("tests/methods/test_query_methods.py", "tests/methods/test_costly_queries.py"),
    )
    version = "1"
    fronts: ClassVar[bool] = True
    recipes = recipe_file("nasbench_harness.methods.recipes", "random")

    @classmethod
    def requires(cls, settings: RandomSettings) -> Sequence[type]:
        """Nothing where it does not ask."""
        return super().requires(settings) if settings.ask else ()
