"""The correction for claiming several things at once.

Holm's method (Scandinavian Journal of Statistics 1979) multiplies the smallest of m p-values by m,
the next by m - 1, and so on. Tests of few or tied numbers have a smallest p-value that no data can
get below, and one that cannot get as low as p cannot make a false claim at p. So the i-th smallest
p-value p is multiplied by the number of those tests, among those not yet passed, that could have
had a p-value of p or less (Tarone, Biometrics 1990; in steps, Hommel & Krummenauer, Biometrics
1998). Where every test can get arbitrarily low, this is Holm's method; else it claims whatever that
claims, and more.

Why the chance of any false claim stays at or below any level a: let T be the true hypotheses, s_j
their smallest attainable p-values, and c(t) the number of those in T with s_j <= t. When the steps
come to their first false claim, at p, all of T are still there to be counted, so p c(p) <= a. As
t c(t) rises with t, this p lies below the bound b up to which t c(t) <= a. A p-value of T lies
there with a chance of at most b where s_j is below b, and of 0 elsewhere: in sum at most a. The s_j
must not depend on who won; of a permutation test they follow from all runs together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, together

ROUNDING = 1e-12
"""A smallest p-value above a p-value by less than this share counts as one it can have."""


def holm(p_values: ArrayLike, smallest: ArrayLike | None = None, level: float = 0.05) -> Array:
    """Adjusted p-values [tests] that keep the chance of any false claim among all of them.

    `smallest` [tests] are the smallest p-values that the tests could have had; without them this is
    Holm's method. Below a level after this, a claim holds at that level. Tests that cannot get
    below `level` even alone are given 1.0.
    """
    values = finite(p_values)
    if smallest is None:
        least, able = np.zeros_like(values), np.ones(len(values), dtype=bool)
    else:
        values, least = together(p_values, smallest)
        values, able = np.maximum(values, least), least < level
    adjusted, reached = np.ones_like(values), 0.0
    order = np.argsort(values, kind="stable")
    for step, place in enumerate(order):
        p_value = float(values[place])
        rivals = np.count_nonzero(least[order[step:]] <= p_value * (1 + ROUNDING))
        reached = max(reached, p_value * rivals)
        adjusted[place] = min(reached, 1.0)
    return np.where(able, adjusted, 1.0)
