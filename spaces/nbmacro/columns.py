"""What the space tells of an architecture."""

from __future__ import annotations

from nasbench_harness.contracts import Column, Role, Value

COLUMNS = (
    Column(
        "trained_as", Value.TEXT, Role.RESULT,
        "the architecture whose trainings the benchmark gives this one: identities behind the first"
        " layer of a stage moved to its end",
        missing="not done",
    ),
)  # fmt: skip
