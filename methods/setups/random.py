"""Settings and recipes of random search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

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
    version = "1"
    fronts: ClassVar[bool] = True
    recipes = recipe_file("nasbench_harness.methods.recipes", "random")

    @classmethod
    def requires(cls, settings: RandomSettings) -> Sequence[type]:
        """Nothing where it does not ask."""
        return super().requires(settings) if settings.ask else ()
