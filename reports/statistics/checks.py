"""What every statistic asks of its numbers before it counts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array

DECIMALS = 9
"""Numbers that agree to so many digits are tied; beyond lies rounding (see `TOLERANCE`)."""


def finite(values: ArrayLike, dimensions: int = 1) -> Array:
    """The numbers as an array of so many dimensions; ValueError if any is missing or infinite."""
    array = np.asarray(values, dtype=float)
    if array.ndim != dimensions:
        raise ValueError(f"Expected {dimensions} dimensions, not {array.ndim}.")
    if not np.isfinite(array).all():
        raise ValueError("Missing or infinite numbers must be left out beforehand.")
    return array


def by_seed(values: ArrayLike) -> Array:
    """Runs [problems, seeds] of problems whose seeds belong together; one of [seeds] is a row.

    NaN stands in a matrix for a run that is not there. ValueError for other numbers of dimensions,
    and as `finite`.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 2:
        return finite(array)[None, :]
    finite(array[~np.isnan(array)])
    return array


def tied(values: Array) -> Array:
    """Rounded, so that what differs by rounding alone is equal."""
    return np.round(values, DECIMALS) + 0.0  # the sum turns −0 into 0


def together(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    """Two arrays of one length; ValueError otherwise."""
    left, right = finite(first), finite(second)
    if len(left) != len(right):
        raise ValueError(f"Expected as many numbers in both, not {len(left)} and {len(right)}.")
    return left, right
