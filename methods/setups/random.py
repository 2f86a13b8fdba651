"""Settings and recipes of random search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nasbench_harness.contracts import Recipe
from nasbench_harness.methods.networks import QUICK
from nasbench_harness.methods.setups.citations import RANDOM_BIBTEX
from nasbench_harness.methods.setups.queries import QuerySetup, hundred_queries
from nasbench_harness.settings import Settings, setting

SAMPLING = "design decision of this project: the first uniform draw is the answer"


class RandomSettings(Settings):
    """The budget of random search is the number of steps."""

    ask: bool = setting(
        True,
        "ask for the accuracy of every draw and keep the best; false: the first draw is the answer,"
        " random sampling without any search",
        later=True,
    )


class RandomSearchSetup(QuerySetup):
    """What can be read of the method without torch."""

    Settings = RandomSettings
    citation = RANDOM_BIBTEX
    version = "1"
    recipes: Mapping[str, Recipe] = {
        **hundred_queries("NAS-Bench-201 authors' code"),
        "quick": Recipe(1, SAMPLING, {"ask": False}, steps=1, network=QUICK),
        "sampling": Recipe(1, SAMPLING, {"ask": False}, steps=1),
    }

    @classmethod
    def requires(cls, settings: RandomSettings) -> Sequence[type]:
        """Nothing where it does not ask."""
        return super().requires(settings) if settings.ask else ()
