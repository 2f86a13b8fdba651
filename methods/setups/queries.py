"""Recipes of methods that ask for single architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from nasbench_harness.contracts import Column, Recipe, StandAloneAccuracy
from nasbench_harness.methods.setups.columns import BEST_SCORE, SCORE


def hundred_queries(source: str) -> Mapping[str, Recipe]:
    """Recipes of 100 queries, whatever the problem: a table without training times has no budget.

    The papers stop after a simulated training time; counting queries instead is a design decision
    of this project.
    """
    said = f"{source}; 100 queries in place of a time budget are a design decision of this project"
    names = ("landscape", "nb201", "quick")
    return {name: Recipe(epochs=100, steps=100, source=said) for name in names}


class QuerySetup:
    """What methods have in common that ask for single architectures."""

    columns: ClassVar[Sequence[Column]] = (SCORE, BEST_SCORE)
    queries = True
    batched: ClassVar[bool] = False

    @classmethod
    def requires(cls, settings: Any) -> Sequence[type]:
        """Accuracies of single architectures, as one would train them."""
        return (StandAloneAccuracy,)
