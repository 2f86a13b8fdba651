"""How good a search is at any time: the area under its regret, per unit of budget."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite

Axis = Literal["linear", "log10"]


def anytime_regret(
    steps: ArrayLike, regret: ArrayLike, axis: Axis = "linear", *, held: bool = False
) -> Array:
    """Mean regret over the budget, in points: of `regret` [seeds, steps] an array [seeds].

    The area under the regret at the recorded `steps` [steps], which must ascend, over the length of
    the axis: of trapezoids or, where an answer is `held` until the next one, of a step function. On
    a `log10` axis every tenfold of the budget weighs the same, and steps below 1 are left out. A
    single step gives its own regret, none NaN.
    """
    at, values = finite(steps), finite(regret, 2)
    if values.shape[1] != len(at):
        raise ValueError(f"Expected the regret at {len(at)} steps, not at {values.shape[1]}.")
    if (np.diff(at) <= 0).any():
        raise ValueError("Steps must ascend.")
    if axis == "log10":
        at, values = np.log10(at[at >= 1]), values[:, at >= 1]
    if len(at) < 2:
        return values[:, 0] if len(at) else np.full(len(values), np.nan)
    area = values[:, :-1] @ np.diff(at) if held else np.trapezoid(values, at, axis=1)
    return np.asarray(area / (at[-1] - at[0]))
