"""Settings and recipes of regularised evolution."""

from __future__ import annotations

from typing import ClassVar

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
    version = "1"
    fronts: ClassVar[bool] = True
    recipes = recipe_file("nasbench_harness.methods.recipes", "rea")
