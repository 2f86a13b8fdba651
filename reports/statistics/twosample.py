"""Whether two sets of independent runs differ: a permutation test of Welch's t.

Runs on a table have no common seeds worth the name, so nothing pairs them, and every way to deal
all runs to the two methods is as likely as the one observed where the methods do not differ. The
test is therefore exact for any distribution, ties included. Studentised, it also holds its level in
the limit where the means are equal and only the spreads differ (Janssen, Statistics & Probability
Letters 1997; Chung & Romano, Annals of Statistics 2013).

Neither the order of runs nor which method comes first changes a p-value.

Of drawn assignments none can have a p-value below 1 / (draws + 1), which is too much where many
pairs are judged at a low level. So where the first draws leave hardly anything as large as what is
observed, as many are drawn as that level needs. Such a p-value is still at most a with a chance of
at most a: to be small it has to be small among all draws, and to be larger than what leads to more
draws it has to be so among the first.

Of thousands of runs packets are dealt, see `packets`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.dealing import Assignments, drawn, every, sums
from nasbench_harness.reports.statistics.packets import Packets, packets_of

DRAWS = 20_000
"""Assignments that are all counted; where there are more, so many are drawn."""
MOST = 2_000_000
"""Draws that are made for the lowest levels."""
PER_LEVEL = 20
"""Draws for a level, by its inverse: a p-value twenty times below it is told."""
FEW = 10
"""Among the first draws; if fewer are as large as what is observed, more may be made."""
EQUAL = 1 - 1e-9
"""Statistics are as large as another from this share of it on: less is rounding."""
SPREAD = 1e-10
"""Deviations below this share of the range of all runs are rounding."""
ROUGH = 1e-5
"""Squared standard errors below this, of runs from 0 to 1, are worked out with more care."""

TINY = 1e-30
"""Squared standard errors that are rounding."""


class TwoSampleTest(NamedTuple):
    """What comes of one comparison."""

    p: float
    smallest: float
    """The least p-value that any assignment of these very runs could have had."""


def two_sample_p(first: ArrayLike, second: ArrayLike, level: float = 0.05) -> float:
    """Two-sided p-value of `first` [n] and `second` [m], in any unit, being runs of one method.

    Every assignment counts where there are at most `DRAWS`; else so many are drawn, by a fixed
    generator, and the observed one is added. Where that leaves fewer than `FEW` as large, at most
    `MOST` are drawn, `PER_LEVEL` by the `level` that a single such p-value is judged at. Two groups
    of equal runs each, of different values, are as far apart as can be. 1.0 where a side is empty
    or all runs are alike.
    """
    return two_sample_test(first, second, level).p


def smallest_two_sample_p(first: ArrayLike, second: ArrayLike, level: float = 0.05) -> float:
    """The smallest p-value that any assignment of these very runs could have had, at that `level`.

    It depends on all the runs together and on the sizes of both sides, not on whose run is whose,
    so that tests can be left out by it beforehand (Tarone 1990). Where assignments are drawn, the
    largest statistic drawn stands for the largest; and where more would be drawn, that of one which
    no draw reaches. 1.0 where nothing can speak.
    """
    return two_sample_test(first, second, level).smallest


def two_sample_test(first: ArrayLike, second: ArrayLike, level: float = 0.05) -> TwoSampleTest:
    """Both p-values, from the same assignments."""
    ours, theirs, pooled = _scaled(first, second)
    if min(len(ours), len(theirs)) == 0 or not pooled.any():
        return TwoSampleTest(1.0, 1.0)
    sides = sorted((ours, theirs), key=lambda side: (len(side), side.tobytes()))
    return _tested(sides[0].tobytes(), sides[1].tobytes(), _draws(level))


def _draws(level: float) -> int:
    """As many as a level needs."""
    return max(DRAWS, min(MOST, math.ceil(PER_LEVEL / level) if level > 0 else DRAWS))


def _scaled(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array, Array]:
    """Both sides and all runs in order, moved and scaled into 0 to 1; zeros where all are alike."""
    ours, theirs = np.sort(tied(finite(first))), np.sort(tied(finite(second)))
    pooled = np.sort(np.concatenate([ours, theirs]))
    if len(pooled) == 0:
        return ours, theirs, pooled
    start, width = pooled[0], float(pooled[-1] - pooled[0]) or 1.0
    return (ours - start) / width, (theirs - start) / width, (pooled - start) / width


@lru_cache(maxsize=4096)
def _tested(first: bytes, second: bytes, draws: int) -> TwoSampleTest:
    """Of both sides, the shorter one first; `draws` are made where the usual ones are too few."""
    ours, theirs = np.frombuffer(first), np.frombuffer(second)
    pooled, few = np.sort(np.concatenate([ours, theirs])), len(ours)
    observed = float(_welch_t(ours[None], theirs[None])[0])
    if packets := packets_of(ours, theirs):
        return _tested_in_packets(packets, (few, len(theirs)), observed, draws)
    if _all_counted(few, len(theirs)):
        null = np.concatenate(list(_statistics(pooled, few, every(few, len(pooled)))))
        return TwoSampleTest(
            _reached(null, observed) / len(null), _reached(null, float(null.max())) / len(null)
        )
    null = np.concatenate(list(_statistics(pooled, few, drawn(few, len(pooled), DRAWS))))
    reached, largest = _reached(null, observed), _reached(null, float(null.max()))
    p_value, smallest = _of_drawn(reached, DRAWS), _of_drawn(largest - 1, DRAWS)
    if draws > DRAWS and reached < FEW:
        more = _statistics(pooled, few, drawn(few, len(pooled), draws))
        p_value = _of_drawn(sum(_reached(part, observed) for part in more), draws)
    if draws > DRAWS and largest < FEW:
        smallest = _of_drawn(0, draws)
    return TwoSampleTest(p_value, smallest)


def _tested_in_packets(
    packets: Packets, runs: tuple[int, int], observed: float, draws: int
) -> TwoSampleTest:
    """The smallest p-value is what no draw reaches, whatever the runs are."""
    total, made = len(packets.sums), DRAWS
    null = _of_packets(packets, runs, drawn(packets.few, total, made))
    reached = sum(_reached(part, observed) for part in null)
    if draws > DRAWS and reached < FEW:
        made = draws
        null = _of_packets(packets, runs, drawn(packets.few, total, made))
        reached = sum(_reached(part, observed) for part in null)
    return TwoSampleTest(_of_drawn(reached, made), _of_drawn(0, draws))


def _of_packets(
    packets: Packets, runs: tuple[int, int], dealt: Iterable[Assignments]
) -> Iterator[Array]:
    """Absolute Welch's t [rows] of all packets dealt to sides of so many runs."""
    few, many = runs
    whole = packets.sums.sum(), packets.squares.sum()
    (our_runs, our_squares), (their_runs, their_squares) = packets.left
    for members in dealt:
        dealt_runs, dealt_squares = sums(members, packets.sums), sums(members, packets.squares)
        ours = dealt_runs + our_runs, dealt_squares + our_squares
        theirs = whole[0] - dealt_runs + their_runs, whole[1] - dealt_squares + their_squares
        squared = _error_of_sums(*ours, few) + _error_of_sums(*theirs, many)
        yield np.abs(ours[0] / few - theirs[0] / many) / np.sqrt(np.maximum(squared, TINY))


def _all_counted(first: int, second: int) -> bool:
    return math.comb(first + second, first) <= DRAWS


def _of_drawn(reached: int, draws: int) -> float:
    """The observed assignment counts as one that was drawn."""
    return (reached + 1) / (draws + 1)


def _reached(null: Array, statistic: float) -> int:
    return int(np.count_nonzero(null >= statistic * EQUAL))


def _statistics(pooled: Array, few: int, dealt: Iterable[Assignments]) -> Iterator[Array]:
    """Absolute Welch's t [rows] of all runs dealt to two sides, the first one of `few` runs.

    Sums give it at once. Where they leave little but rounding, it is worked out as it is defined.
    """
    values = pooled - pooled.mean()
    many = len(pooled) - few
    whole = values.sum(), (values**2).sum()
    for members in dealt:
        ours = sums(members, values), sums(members, values**2)
        theirs = whole[0] - ours[0], whole[1] - ours[1]
        apart = np.abs(ours[0] / few - theirs[0] / many)
        squared = _error_of_sums(*ours, few) + _error_of_sums(*theirs, many)
        rough = squared < ROUGH
        t = apart / np.sqrt(np.where(rough, 1.0, squared))
        if rough.any():
            t[rough] = _welch_t(*_sides(pooled, members[rough], few))
        yield t


def _error_of_sums(runs: Array, squares: Array, number: int) -> Array:
    """Squared standard errors of means [rows], by the sums [rows] of runs and of their squares."""
    if number < 2:
        return np.zeros_like(runs)
    return np.asarray((squares - runs**2 / number) / (number * (number - 1)))


def _sides(pooled: Array, members: Assignments, few: int) -> tuple[Array, Array]:
    runs, rows = np.broadcast_to(pooled, members.shape), len(members)
    return runs[members].reshape(rows, few), runs[~members].reshape(rows, len(pooled) - few)


def _welch_t(first: Array, second: Array) -> Array:
    """Absolute Welch's t [rows] of scaled `first` [rows, n] and `second` [rows, m].

    A single run counts as one without a spread. Infinite where neither side has a spread and the
    means differ, 0 where they do not.
    """
    apart = np.abs(first.mean(axis=1) - second.mean(axis=1))
    apart[apart <= SPREAD] = 0.0
    error = np.sqrt(_variance_of_mean(first) + _variance_of_mean(second))
    without = np.where(apart > 0, np.inf, 0.0)
    return np.asarray(np.divide(apart, error, out=without, where=error > 0))


def _variance_of_mean(values: Array) -> Array:
    runs = values.shape[1]
    if runs < 2:
        return np.zeros(len(values))
    variance = values.var(axis=1, ddof=1)
    variance[variance <= SPREAD**2] = 0.0
    return np.asarray(variance / runs)
