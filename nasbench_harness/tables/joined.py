"""A table and its companion: more columns of the same rows, kept and hashed apart.

The numbers of a companion come from other people or at another time. A table that has one keeps its
own columns, their order and its content hash, so that studies on it stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nasbench_harness.contracts import Cost, Metric
from nasbench_harness.tables.columns import ColumnTable, TableError


class JoinedTable(ColumnTable):
    """A table with the columns of its companion behind its own.

    Where both have a column of one name, the table's own is the one.
    """

    def __init__(
        self,
        folder: Path,
        companion: Path,
        *,
        costs: Callable[[Iterable[Metric]], Sequence[Cost]] = lambda _: (),
    ) -> None:
        """The two folders; TableError if one is damaged, or their rows are not the same."""
        super().__init__(folder, costs=costs)
        self.companion = ColumnTable(companion)
        own, other = (self.space, self.shape, self._size), self.companion
        if own != (other.space, other.shape, other._size):
            raise TableError(
                f"{companion} has {other._size:,} rows of `{other.space}` and is no companion of"
                f" {folder}, which has {self._size:,} of `{self.space}`. Delete it and pull again."
            )
        added = {name: m for name, m in other.metrics.items() if name not in self.metrics}
        self._added = frozenset(added)
        self.metrics = {**self.metrics, **added}

    @property
    def size_on_disk(self) -> int:
        """Bytes of both."""
        return super().size_on_disk + self.companion.size_on_disk

    def _column(self, metric: str) -> memoryview[float]:
        if metric in self._added:
            return self.companion._column(metric)
        return super()._column(metric)
