"""Columns of searches on a table."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Columns, Role, Value

_UNDIAGNOSED = "not diagnosed (`--diagnose`)"


def _diagnosed(name: str, meaning: str) -> Column:
    return Column(name, Value.NUMBER, Role.RECORD, meaning, missing=_UNDIAGNOSED)


COLUMNS = Columns(
    history=(
        Column("expected_accuracy", Value.NUMBER, Role.RECORD, "mean of the searched metric of"
               " architectures drawn from the choice probabilities, without noise",
               "percent, or its own"),
        Column("queries", Value.NUMBER, Role.COST, "architectures asked for so far", "count"),
        Column("simulated_gpu_hours", Value.NUMBER, Role.COST, "what training them would have"
               " taken", "GPU hours", missing="without queries, or the benchmark does not tell"),
        _diagnosed("gradient_bias", "distance of the mean of 64 estimates of the architecture"
                   " gradient from the exact one, a share of its norm"),
        _diagnosed("gradient_bias_error", "what that distance would be by chance alone"),
        _diagnosed("gradient_variance", "trace of the estimates' covariance, a share of the exact"
                   " gradient's squared norm"),
        _diagnosed("gradient_cosine", "cosine of their mean and the exact gradient"),
    ),
)  # fmt: skip
