"""What problems of searches that differ in their seed only are as one problem, of whatever kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import torch

from nasbench_harness.contracts import Progress, SearchSpace


class Steppable(Protocol):
    """What of a `Problem` a joint one leans on."""

    @property
    def space(self) -> SearchSpace:
        """What is searched."""

    @property
    def device(self) -> torch.device:
        """Where weights live."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of weights."""

    @property
    def batch_size(self) -> int:
        """Examples of a batch."""

    @property
    def progress(self) -> Progress:
        """The step that `advance` began last."""

    def advance(self) -> None:
        """Begin the next step."""


P = TypeVar("P", bound=Steppable)


class JointProblem(Generic[P]):
    """R problems side by side, which are stepped as one.

    What is counted and what is recorded stays with the single ones. A subclass adds `losses` and
    `fit`.
    """

    def __init__(self, problems: Sequence[P]) -> None:
        """`problems` are alike, and stand at the same step."""
        self.problems = problems
        first = problems[0]
        self.space, self.device, self.dtype = first.space, first.device, first.dtype
        self.batch_size = first.batch_size

    @property
    def progress(self) -> Progress:
        """The step that all of them are in."""
        return self.problems[0].progress

    def advance(self) -> None:
        """Begin the next step of all."""
        for problem in self.problems:
            problem.advance()
