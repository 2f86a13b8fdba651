"""Random search: the line every method has to beat (Li & Talwalkar, UAI 2019, arXiv 1902.07638).

Every step draws an architecture uniformly and asks for its accuracy; the answer is the best seen.
Without asking it is random sampling: what a space gives away without any search.
"""

from __future__ import annotations

from nasbench_harness.contracts import Log
from nasbench_harness.methods.setups.random import RandomSearchSetup, RandomSettings
from nasbench_harness.methods.shared.costlyqueries import CostlyQueries


class RandomSearch(RandomSearchSetup, CostlyQueries[RandomSettings]):
    """One uniform architecture a step.

        z ~ uniform;  answer = argmax over the z drawn so far of accuracy(z)

    Where costs are held the answer is the most accurate that keeps every target (ours, see
    `CostlyQueries`); what is drawn stays the same.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=20)
    >>> search = RandomSearch(problem, RandomSettings(), seed=0)
    >>> for _ in range(20):
    ...     problem.advance()
    ...     log = search.step()
    >>> str(search.architecture())
    '1-0-1'
    """

    def step(self) -> Log:
        """Draw, ask, keep the better; or stay with the first draw."""
        return self.ask(self.space.sample(self.generator)) if self.settings.ask else {}
