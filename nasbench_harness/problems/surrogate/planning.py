"""What a search on a fitted polynomial adds to its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Benchmark, Fitted, Recipe, SearchSpace
from nasbench_harness.problems.base import PlainPlan
from nasbench_harness.settings import Settings
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.tables.library import find_table

if TYPE_CHECKING:
    from nasbench_harness.study.config import StudyConfig


class OnPolynomial(PlainPlan):
    """Steps as on a table, and what predicts."""

    def __init__(self, config: StudyConfig, options: Settings, space: SearchSpace) -> None:
        super().__init__(config, options)
        table = find_table(config.table)
        if isinstance(table, Fitted):
            return
        lacks = "this study has no benchmark"
        if table is not None:
            lacks = f"the numbers of `{table.name}` are none of one"
        raise ConfigError(
            f"A surrogate is a polynomial that a benchmark was fitted with, and {lacks}; give one"
            f" that has it with `--table NAME` and its space with `--space NAME` (`nasharness list"
            f" tables`), or leave `--search surrogate` out."
        )

    def shared(self) -> dict[str, Any]:
        """The batch."""
        return {"batch_size": self.config.batch_size}

    def resolve(self, table: Benchmark | None, method: Any, recipe: Recipe) -> dict[str, Any]:
        """What is predicted, and how long it is searched."""
        assert table is not None  # as __init__ has seen
        metric = table.search_metric(self.config.dataset, queries=method.queries)
        return {"search_metric": metric, **super().resolve(table, method, recipe)}
