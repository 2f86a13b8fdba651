"""Which skips of a space count."""

from __future__ import annotations

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.errors import HarnessError


def counted_skips(space: SearchSpace, *, every_cell: bool) -> list[tuple[str, ...]]:
    """By decision the skips: of the first one's type of cell, or all; HarnessError for none."""
    first = space.decisions[0].cell
    found = [one.free if every_cell or one.cell == first else () for one in space.decisions]
    if not any(found):
        raise HarnessError(
            f"The space `{space.name}` has no skip that could be counted; search it without"
            " `kept_skips` and `stop_above_skips`."
        )
    return found
