"""The architectures that each trial of a method offers as its front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.store.schema import FRONT


@dataclass(frozen=True)
class Archives:
    """Of one method, a list for every trial that is done."""

    asked: bool
    """Of all that the search asked for; else of the answers that it recorded on the way."""
    queries: float
    """How many it asked for, the mean; NaN where that is not known."""
    ranks: list[list[int]]
    """In the space."""


def archives(data: StudyData, space: EnumerableSpace) -> Iterator[tuple[str, Archives]]:
    """Of every method with a result: what its trials kept as their front, or else their answers.

    A method is measured by what all of its trials have.
    """
    for label, trials in data.done.groupby("method", sort=False, observed=True):
        kept = _kept(trials)
        texts = _answers(data, trials) if kept is None else kept
        queries = float(pd.to_numeric(trials["queries"]).mean())
        ranks = [[space.rank(space.parse(str(text))) for text in own] for own in texts]
        yield str(label), Archives(kept is not None, queries, ranks)


def _kept(trials: pd.DataFrame) -> list[list[str]] | None:
    if FRONT not in trials:
        return None
    fronts = [list(own) for own in trials[FRONT] if own is not None and not isinstance(own, float)]
    return fronts if len(fronts) == len(trials) else None


def _answers(data: StudyData, trials: pd.DataFrame) -> list[list[str]]:
    if "architecture" not in data.steps:
        return []
    recorded = data.steps.of(str(trials["method"].iloc[0]), "architecture")
    answers = recorded.groupby("trial", observed=True)["architecture"]
    return [list(texts.dropna().unique()) for _, texts in answers]
