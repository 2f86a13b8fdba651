"""Columns of the history with what a diagnosed step tells of a gradient (see `estimators`)."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Role, Value

_UNDIAGNOSED = "not diagnosed (`--diagnose`)"


def _diagnosed(name: str, meaning: str) -> Column:
    return Column(name, Value.NUMBER, Role.RECORD, meaning, missing=_UNDIAGNOSED)


DIAGNOSED = (
    _diagnosed("gradient_bias", "distance of the mean of 64 estimates of the architecture"
               " gradient from the exact one, a share of its norm"),
    _diagnosed("gradient_bias_error", "what that distance would be by chance alone"),
    _diagnosed("gradient_variance", "trace of the estimates' covariance, a share of the exact"
               " gradient's squared norm"),
    _diagnosed("gradient_cosine", "cosine of their mean and the exact gradient"),
)  # fmt: skip
