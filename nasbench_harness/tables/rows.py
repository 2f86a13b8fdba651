"""Which architecture a row of a table is, and the number its community knows it by.

Columns are in the space's rank order, on which the engine relies. People know an architecture by
its official index, so whatever they look up in (`to_pandas`, `column(..., order="index")`) goes by
that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import Numbered
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.parameters import base_of
from nasbench_harness.tables.enumeration import lists

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from nasbench_harness.contracts import Architecture, EnumerableSpace

ARCHITECTURE, INDEX, RANK = "architecture", "index", "rank"


@dataclass(frozen=True)
class Rows:
    """The rows of a table, in rank order."""

    size: int
    space: EnumerableSpace | None
    """None where the space is not installed: then rows have nothing but their ranks."""

    @cached_property
    def official(self) -> NDArray[np.int64] | None:
        """[size] official index of every row; None where the space numbers nothing."""
        import numpy as np

        if self.space is None:
            return None
        if isinstance(self.space, Numbered):
            return np.asarray(self.space.indices(), dtype=np.int64)
        if INDEX not in self.space.describe(self.space.unrank(0)):
            return None
        found = [self.space.describe(arch)[INDEX] for arch in self.space.enumerate()]
        return np.asarray(found, dtype=np.int64)

    @property
    def key(self) -> str:
        """What rows are known by: `index`, or `rank` where the space numbers nothing."""
        return RANK if self.official is None else INDEX

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """[size] the key of every row."""
        import numpy as np

        return _read_only(np.arange(self.size) if self.official is None else self.official)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """[size] ranks, sorted by the key."""
        import numpy as np

        return np.argsort(self.index)

    @cached_property
    def architectures(self) -> NDArray[np.object_]:
        """[size] every row's architecture as its community writes it."""
        import numpy as np

        space = self._space()
        return _read_only(np.array([str(arch) for arch in space.enumerate()], dtype=object))

    @cached_property
    def rank(self) -> Callable[[Architecture], int]:
        """Which row an architecture of the space is."""
        return self._space().rank

    def _space(self) -> EnumerableSpace:
        if self.space is None:
            raise HarnessError(
                "The table's search space is not installed here, so that its rows have ranks and"
                f" no architectures; installed: {', '.join(registry.spaces.names()) or 'none'}."
            )
        return self.space

    def frame(self, columns: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
        """Columns in rank order as a frame that is keyed and sorted by `key`.

        Its first column is `architecture`, where the space is installed.
        """
        import pandas as pd

        index = pd.Index(self.index[self.order], name=self.key)
        named = {} if self.space is None else {ARCHITECTURE: self.architectures[self.order]}
        sorted_ = {name: values[self.order] for name, values in columns.items()}
        return pd.DataFrame({**named, **sorted_}, index=index)


def rows_of(space: str, size: int) -> Rows:
    """The rows of a table of that space and length."""
    if base_of(space) not in registry.spaces.names():
        return Rows(size, None)
    opened = registry.open_space(space)
    if not lists(opened) or opened.size != size:
        return Rows(size, None)
    return Rows(size, opened)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
