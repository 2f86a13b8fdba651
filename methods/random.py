"""Random search: the line every method has to beat (Li & Talwalkar, UAI 2019, arXiv 1902.07638).

Every step draws an architecture uniformly and asks for its accuracy; the answer is the best seen.
Without asking it is random sampling: what a space gives away without any search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nasbench_harness.contracts import Log, Recipe
from nasbench_harness.methods.networks import QUICK
from nasbench_harness.methods.queries import QuerySearcher, hundred_queries
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


class RandomSearch(QuerySearcher[RandomSettings]):
    """One uniform architecture a step."""

    Settings = RandomSettings
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

    def step(self) -> Log:
        """Draw, ask, keep the better; or stay with the first draw."""
        return self.ask(self.space.sample(self.generator)) if self.settings.ask else {}
