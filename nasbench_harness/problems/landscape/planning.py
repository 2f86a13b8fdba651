"""What a search on the table itself adds to its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import (
    Benchmark,
    CompleteTable,
    NetworkSpace,
    Recipe,
    SearchSpace,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.base import PlainPlan
from nasbench_harness.problems.landscape.options import LandscapeOptions
from nasbench_harness.problems.landscape.runs import run_metrics
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.tables.library import find_table
from nasbench_harness.tables.metrics import find_metric

if TYPE_CHECKING:
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec


def numbers_told(spec: TrialSpec) -> str:
    """`12-epoch numbers`: what a search looked at; empty where no table here tells."""
    try:
        table = find_table(spec.table)
    except HarnessError:
        return ""
    metric = table.metrics.get(spec.search_metric) if table else None
    return f"{metric.epochs}-epoch numbers" if metric and metric.epochs else ""


class OnTable(PlainPlan):
    """What a search on the table itself adds to its trials."""

    options: LandscapeOptions

    def __init__(self, config: StudyConfig, options: LandscapeOptions, space: SearchSpace) -> None:
        super().__init__(config, options)
        table = find_table(config.table)
        if isinstance(table, CompleteTable):
            return
        lacks = "this study has none"
        if table is not None:
            lacks = f"`{table.name}` has numbers of some architectures of `{space.name}` only"
        trained = isinstance(space, NetworkSpace)
        other = ", or train a supernet with `--search supernet`" if trained else ""
        raise ConfigError(
            f"A landscape is a complete table, and {lacks}; give one of space `{space.name}`"
            f" with `--table NAME` (`nasharness list tables`){other}."
        )

    def shared(self) -> dict[str, Any]:
        """What all trials have in common."""
        return {"batch_size": self.config.batch_size, "noise": self.options.noise}

    def resolve(self, table: Benchmark | None, method: Any, recipe: Recipe) -> dict[str, Any]:
        """What depends on the method: what it looks at, and how long."""
        assert table is not None  # as __init__ has seen
        metric = self._search_metric(table, queries=method.queries)
        if self.options.noise == "seeds" and not run_metrics(table, metric):
            raise ConfigError(
                f"Table `{table.name}` has no single runs behind `{metric}`, so that --noise seeds"
                " has nothing to draw from; choose another --search-metric or Gaussian noise."
            )
        return {"search_metric": metric, **super().resolve(table, method, recipe)}

    def _search_metric(self, table: Benchmark, *, queries: bool) -> str:
        """What searches look at; a metric that is for reporting only where that is allowed."""
        dataset, asked = self.config.dataset, self.options.search_metric
        if asked is None:
            return table.search_metric(dataset, queries=queries)
        metric = find_metric(table, dataset, asked)
        if not metric.search and not self.options.allow_test_search:
            raise ConfigError(
                f"`{metric.name}` is no metric to search on: a search that looks at what it is"
                " judged by is an oracle study. `--allow-test-search` runs it all the same and the"
                " report will say so."
            )
        return metric.name
