"""A search in progress: what it runs with, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from nasbench_harness.contracts import Benchmark, CompleteTable, Problem, Searcher, SearchSpace
from nasbench_harness.hardware import Hardware
from nasbench_harness.study.spec import TrialSpec


@dataclass
class Run:
    """A search in progress."""

    spec: TrialSpec
    space: SearchSpace
    table: Benchmark | None
    """Where answers are looked up; None where nothing is."""
    problem: Problem
    searcher: Searcher
    hardware: Hardware = field(default_factory=Hardware)
    step: int = 0
    seconds: float = 0.0
    cohort: int = 1
    """The most searches that were stepped together with this one, itself among them."""

    @cached_property
    def complete(self) -> CompleteTable | None:
        """The benchmark where it has every architecture: only then is it known what is missed."""
        return self.table if isinstance(self.table, CompleteTable) else None
