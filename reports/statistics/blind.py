"""Whether a method chooses better than somebody who draws architectures without looking.

The null hypothesis is known to the last digit: answers that are uniform draws from the benchmark.
So the test needs no runs of random sampling, and holds its level however skewed the accuracies are.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied

LONGEST = 2**21
"""Places of the distribution; where there would be more, percentiles are rounded to fewer."""
LEAST = 1e-12
"""Chances below this one drown in the rounding of the transform, and are given as this one."""


class BlindDraws(NamedTuple):
    """A method's answers compared with uniform draws."""

    p: float
    """Two-sided: how often so many draws have a mean percentile as far from 50."""
    percentile: float
    """Mean percentile of the answers, from 0 to 100; ties count half."""


def blind_draw_test(answers: ArrayLike, column: ArrayLike) -> BlindDraws:
    """Compare the accuracies of `answers` [seeds] with uniform draws from `column` [architectures].

    Higher is better; what is missing in `column` is left out. A percentile is the share of
    architectures that are worse and half of those that are equal. The distribution of the mean of
    n of them is exact, by convolution. p is 1.0, and the percentile NaN, where there is no answer
    or no architecture.
    """
    ours, all_of = tied(finite(answers)), _known(column)
    if min(len(ours), len(all_of)) == 0:
        return BlindDraws(1.0, np.nan)
    places = _doubled_percentiles(ours, all_of)
    percentile = 100 * float(places.mean()) / (2 * len(all_of))
    width = _width(len(ours), len(all_of))
    null = _Null(len(ours), all_of, width)
    return BlindDraws(null.p_of(int(_rounded(places, width).sum())), percentile)


def smallest_blind_p(number: int, column: ArrayLike) -> float:
    """The smallest p-value that `number` answers could have among `column` [architectures].

    That of answers that are all among the best, or all among the worst, whichever is smaller; 1.0
    where there is no answer or no architecture.
    """
    all_of = _known(column)
    if min(number, len(all_of)) == 0:
        return 1.0
    width = _width(number, len(all_of))
    ends = _rounded(_doubled_percentiles(all_of[[0, -1]], all_of), width)
    null = _Null(number, all_of, width)
    return min(null.p_of(number * int(end)) for end in ends)


class _Null:
    """The sum of the percentiles of `number` uniform draws, in halves of a row times `width`."""

    def __init__(self, number: int, column: Array, width: int) -> None:
        places = _rounded(_doubled_percentiles(column, column), width)
        self._middle = number * float(places.mean())
        self._chances = _sums((np.bincount(places) / len(places)).tobytes(), number)

    def p_of(self, observed: int) -> float:
        """The chance of a sum as far from the middle as `observed`, on either side."""
        apart = abs(observed - self._middle) - 1e-6
        below = max(0, math.floor(self._middle - apart) + 1)
        above = max(0, math.ceil(self._middle + apart))
        chance = float(self._chances[:below].sum() + self._chances[above:].sum())
        return min(1.0, max(chance, LEAST))


@lru_cache(maxsize=2)
def _sums(single: bytes, number: int) -> Array:
    """Chances of all sums of `number` draws, given those of one."""
    from scipy.fft import irfft, next_fast_len, rfft

    chances = np.frombuffer(single)
    length = number * (len(chances) - 1) + 1
    padded = next_fast_len(length, real=True)
    summed = irfft(rfft(chances, padded) ** number, padded)[:length]
    return np.maximum(summed, 0.0)


def _known(column: ArrayLike) -> Array:
    """The numbers of a column that are there, in order."""
    values = np.asarray(column, dtype=float)
    return np.sort(tied(finite(values[~np.isnan(values)])))


def _doubled_percentiles(values: Array, column: Array) -> NDArray[np.int64]:
    """Rows of an ordered `column` below each of `values`, and up to it: from 0 to twice all."""
    below = np.searchsorted(column, values, side="left")
    return np.asarray(below + np.searchsorted(column, values, side="right"))


def _width(number: int, rows: int) -> int:
    """To what multiples percentiles are rounded, in halves of a row: 1 where all fit."""
    return math.ceil(2 * rows * number / LONGEST)


def _rounded(places: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    return places if width == 1 else np.rint(places / width).astype(np.int64)
