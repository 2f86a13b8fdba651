"""What the space tells of an architecture."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Role, Value


def _fact(name: str, value: Value, meaning: str) -> Column:
    return Column(name, value, Role.RESULT, meaning, missing="not done")


COLUMNS = (
    _fact("canonical_form", Value.TEXT, "the architecture, as five digits, that was trained for"
          " all of the same network; empty where none was"),
    _fact("collapsed", Value.FLAG, "are all operations skips"),
)  # fmt: skip
