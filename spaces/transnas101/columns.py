"""What the space tells of a cell."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Role, Value


def _fact(name: str, value: Value, meaning: str) -> Column:
    return Column(name, value, Role.RESULT, meaning, missing="not done")


COLUMNS = (
    _fact("canonical_form", Value.TEXT, "equal for cells that compute the same"),
    _fact("connected", Value.FLAG, "does the input reach the output"),
    _fact("collapsed", Value.FLAG, "are all operations skip connections"),
)
