"""One-sided permutation tests of means, many samples at once.

Accuracies over seeds are tied, skewed and bounded, and there are few of them, so no shape is
assumed: where both samples come from one distribution, every split of the pooled values is as
likely as the one seen, and the p-values are exact whatever that distribution is. The statistic is
studentised, which keeps the level nearly right when only the means agree but not the spreads
(Janssen 1997; Chung & Romano 2013, "Exact and asymptotically robust permutation tests"): simulated
at 5 %, it is 5 to 7 % with ten seeds or more on each side, but up to 13 % with five noisy seeds
against twenty steady ones.

`scipy.stats.permutation_test` does one sample pair at a time; here one matrix of splits serves any
number of pairs, which is what makes the error rates cheap to simulate.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import ceil, comb, log2

import numpy as np

from nasbench_harness.reports.statistics.arrays import Array

SPLITS = 20_000
"""Up to so many splits all are gone through; where there are more, so many are drawn."""
_CELLS = 4_000_000
_SPREAD_FLOOR = 1e-6
_TIE = 1e-7


def greater_p(first: Array, second: Array, splits: int = SPLITS) -> Array:
    """P-values [...] against mean(first) <= mean(second), of samples [..., n] and [..., m].

    Both hold at least one value. No p-value is less than `smallest_p(n, m)` or 1 / `splits`.
    """
    pooled = np.concatenate([first, second], axis=-1)
    pooled = pooled - pooled.mean(axis=-1, keepdims=True)
    matrix = _splits(first.shape[-1], second.shape[-1], splits)
    flat = pooled.reshape(-1, pooled.shape[-1])
    size = max(1, _CELLS // len(matrix))
    parts = [_exceeding(flat[i : i + size], matrix) for i in range(0, len(flat), size)]
    return np.concatenate(parts).reshape(pooled.shape[:-1])


def positive_p(differences: Array, splits: int = SPLITS) -> Array:
    """P-values [...] against a mean <= 0, of paired differences [..., n], by flipping signs.

    Exact where a difference is as likely as its opposite, as it is for two runs of one method.
    No p-value is less than 2 ** -n or 1 / `splits`.
    """
    signs = _signs(differences.shape[-1], splits)
    flat = differences.reshape(-1, differences.shape[-1])
    size = max(1, _CELLS // len(signs))
    parts = [_at_least_first(flat[i : i + size] @ signs.T) for i in range(0, len(flat), size)]
    return np.concatenate(parts).reshape(differences.shape[:-1])


def smallest_p(first: int, second: int) -> float:
    """The smallest p-value that two samples of these sizes can give."""
    return 1 / comb(first + second, first)


def fewest_fresh(level: float) -> int:
    """Seeds on both sides from which on a test of fresh seeds can reach the level."""
    return next(n for n in range(1, 1000) if smallest_p(n, n) <= level)


def fewest_paired(level: float) -> int:
    """Paired seeds from which on a test of them can reach the level."""
    return ceil(-log2(level))


def _exceeding(pooled: Array, splits: Array) -> Array:
    """P-values [samples] of pooled values [samples, n + m]; the first split is the one seen."""
    n = int(splits[0].sum())
    m = splits.shape[1] - n
    sums, squares = pooled @ splits.T, pooled**2 @ splits.T
    total = (pooled**2).sum(axis=1, keepdims=True)
    first, second = sums / n, -sums / m
    if min(n, m) == 1:
        return _at_least_first(first - second)
    variance = (squares - n * first**2) / (n * (n - 1))
    variance += (total - squares - m * second**2) / (m * (m - 1))
    return _at_least_first((first - second) / np.sqrt(np.maximum(variance, _SPREAD_FLOOR**2)))


def _at_least_first(statistics: Array) -> Array:
    """Share of each row that reaches its first entry, ties included."""
    seen = statistics[:, :1]
    reaching = statistics >= seen - _TIE * np.maximum(1, np.abs(seen))
    return np.asarray(reaching.mean(axis=1))


@lru_cache(maxsize=16)
def _splits(n: int, m: int, most: int) -> Array:
    """Which values go into the first sample [splits, n + m]; the first row is the split seen."""
    size = n + m
    if comb(size, n) <= most:
        chosen = np.array(list(combinations(range(size), n)))
    else:
        generator = np.random.default_rng(0)
        drawn = generator.permuted(np.tile(np.arange(size), (most - 1, 1)), axis=1)[:, :n]
        chosen = np.concatenate([np.arange(n)[None], drawn])
    splits = np.zeros((len(chosen), size))
    np.put_along_axis(splits, chosen, 1.0, axis=1)
    return splits


@lru_cache(maxsize=16)
def _signs(n: int, most: int) -> Array:
    """Signs [flips, n]; the first row flips nothing."""
    if 2**n <= most:
        bits = np.arange(2**n)[:, None] >> np.arange(n)[None] & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, (most, n))
        bits[0] = 0
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)
