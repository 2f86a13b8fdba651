"""The single training runs behind the means of a table."""

from __future__ import annotations

from nasbench_harness.contracts import Benchmark


def run_metrics(table: Benchmark, metric: str) -> list[str]:
    """The columns with the single training runs behind a mean."""
    return [name for name in table.metrics if name.startswith(f"{metric}_seed")]
