"""Settings and recipes of regularised evolution."""

from __future__ import annotations

from typing import ClassVar

from nasbench_harness.contracts import Basis, Fidelity, Passes, StepCost
from nasbench_harness.fields.recipes import recipe_file
from nasbench_harness.methods.setups.citations import REA_BIBTEX
from nasbench_harness.methods.setups.costs import CostSettings
from nasbench_harness.methods.setups.queries import QuerySetup
from nasbench_harness.settings import setting


class REASettings(CostSettings):
    """The NAS-Bench-201 authors' values."""

    population: int = setting(10, "architectures alive at a time", tag="B", ge=2)
    tournament: int = setting(
        3, "members drawn, with replacement, for the best to breed", tag="B", ge=1
    )


class RegularisedEvolutionSetup(QuerySetup):
    """What can be read of the method without torch."""

    Settings = REASettings
    citation = REA_BIBTEX
    fidelity = Fidelity(
        Basis.BENCHMARK_CODE,
        gist="regularised evolution",
        against="Population, tournament, mutation and answer as the NAS-Bench-201 authors run it,"
        " as read; mutation frequencies against the enumerated ones.",
        deviations=(
            "The budget is a number of queries and no simulated time.",
            "Parents by constraint domination, where costs are held, are ours.",
        ),
        cost=StepCost(Passes(), Passes(), "the accuracy of one architecture is asked for"),
        tests=("tests/methods/test_query_methods.py", "tests/methods/test_costly_queries.py"),
    )
    version = "1"
    fronts: ClassVar[bool] = True
    recipes = recipe_file("nasbench_harness.methods.recipes", "rea")
