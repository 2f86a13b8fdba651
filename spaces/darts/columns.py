"""What the space tells of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasbench_harness.contracts import Column, Role, Value
from nasbench_harness.spaces.darts.encoding import INPUTS, NONE, SKIP, CellEdges

COLUMNS = (
    Column("normal_skips", Value.WHOLE, Role.RESULT, "skip connections among the kept edges of the"
           " normal cell", missing="not done"),
    Column("normal_depth", Value.WHOLE, Role.RESULT, "edges of the longest path through the normal"
           " cell that are neither skip nor none", missing="not done"),
)  # fmt: skip


def facts(cells: Mapping[str, CellEdges]) -> dict[str, Any]:
    """The columns of an architecture."""
    normal = cells["normal"]
    skips = sum(edge.operation == SKIP for node in normal for edge in node)
    depths = [0] * INPUTS
    for node in normal:
        depths.append(max(depths[e.source] + (e.operation not in (SKIP, NONE)) for e in node))
    return {"normal_skips": skips, "normal_depth": max(depths)}
