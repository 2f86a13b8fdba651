"""Columns of searches on a fitted polynomial."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Columns, Role, Value
from nasbench_harness.problems.diagnosed import DIAGNOSED

ERROR = "prediction_error"
COLUMNS = Columns(
    trials=(
        Column(ERROR, Value.NUMBER, Role.RECORD, "mean absolute error of the predictions that were"
               " searched, on architectures that were measured and not fitted to; in the unit of"
               " the metric", missing="not done"),
    ),
    history=(
        Column("expected_prediction", Value.NUMBER, Role.RECORD, "mean prediction for architectures"
               " drawn from the choice probabilities, in the unit of the metric"),
        Column("queries", Value.NUMBER, Role.COST, "architectures asked for so far", "count"),
        *DIAGNOSED,
    ),
)  # fmt: skip
