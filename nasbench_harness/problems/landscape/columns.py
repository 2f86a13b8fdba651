"""Columns of searches on a table."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Columns, Role, Value
from nasbench_harness.problems.diagnosed import DIAGNOSED

COLUMNS = Columns(
    history=(
        Column("expected_accuracy", Value.NUMBER, Role.RECORD, "mean of the searched metric of"
               " architectures drawn from the choice probabilities, without noise",
               "percent, or its own"),
        Column("queries", Value.NUMBER, Role.COST, "architectures asked for so far", "count"),
        Column("simulated_gpu_hours", Value.NUMBER, Role.COST, "what training them would have"
               " taken", "GPU hours", missing="without queries, or the benchmark does not tell"),
        *DIAGNOSED,
    ),
)  # fmt: skip
