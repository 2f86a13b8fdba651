"""Entries that a table does not have, in a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def worst_where_missing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same numbers, and where one is missing (NaN) the lowest of all.

    An expectation needs a number of every architecture. Nothing is known of those without, so that
    no search should gain by them; the lowest there is keeps gradients of a size.
    """
    import numpy as np

    missing = np.isnan(values)
    return np.where(missing, np.nanmin(values), values) if missing.any() else values
