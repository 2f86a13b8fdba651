"""What set-ups of methods have in common that ask for single architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from nasbench_harness.contracts import Column, StandAloneAccuracy
from nasbench_harness.methods.setups.columns import BEST_SCORE, SCORE


class QuerySetup:
    """What methods have in common that ask for single architectures."""

    columns: ClassVar[Sequence[Column]] = (SCORE, BEST_SCORE)
    queries = True
    batched: ClassVar[bool] = False

    @classmethod
    def requires(cls, settings: Any) -> Sequence[type]:
        """Accuracies of single architectures, as one would train them."""
        return (StandAloneAccuracy,)
