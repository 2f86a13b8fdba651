"""Random search: the line every method has to beat (Li & Talwalkar, UAI 2019, arXiv 1902.07638).

Every step draws an architecture uniformly and asks for its accuracy; the answer is the best seen.
"""

from __future__ import annotations

from nasbench_harness.contracts import Log
from nasbench_harness.methods.queries import QuerySearcher, hundred_queries
from nasbench_harness.settings import Settings


class RandomSettings(Settings):
    """Random search has none: its budget is the number of steps."""


class RandomSearch(QuerySearcher[RandomSettings]):
    """One uniform architecture a step."""

    Settings = RandomSettings
    version = "1"
    recipes = hundred_queries("NAS-Bench-201 authors' code")

    def step(self) -> Log:
        """Draw, ask, keep the better."""
        return self.ask(self.space.sample(self.generator))
