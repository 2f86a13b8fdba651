"""Kinds of problem in which an exact expectation is climbed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nasbench_harness.contracts import (
    FittedGradient,
    Multilinear,
    Search,
    StandAloneAccuracy,
    UnrolledGradient,
)
from nasbench_harness.problems.base import PlainKind

if TYPE_CHECKING:
    import torch

    from nasbench_harness.study.spec import TrialSpec


class MultilinearKind(PlainKind):
    """What they have in common: capabilities, cohorts and the quality of the gradient."""

    meanings: ClassVar[Mapping[str, str]] = {
        "diagnose": "bias and variance of the gradient",
        "diagnose_every": "recorded steps",
        "batch_size": "architecture samples per step, of methods that draw one per example",
    }
    capabilities = (UnrolledGradient, FittedGradient, StandAloneAccuracy, Multilinear)
    trains = False

    def record(self, search: Search, p: torch.Tensor) -> dict[str, Any]:
        """How good the gradient is, every so many recorded steps and at the last one."""
        spec: TrialSpec = search.spec
        if not spec.diagnose_every:
            return {}
        place = self.recorded(spec).index(search.step)
        if place % spec.diagnose_every and search.step != spec.steps:
            return {}
        from nasbench_harness.problems.estimators import diagnose

        return dict(diagnose(search.searcher, search.problem))
