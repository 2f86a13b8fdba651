"""Lines of mean regret with a band, one per method: what the figures over time have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.words.marked import shortened
from nasbench_harness.tables.quantity import Quantity

WIDTH, HEIGHT = 350, 300  # points
LINEAR_BELOW = 0.1
"""Points of regret below which the logarithmic axis is linear, so that it can show zero."""


LONGEST = 50
"""Characters that fit the height of a figure in one line."""


def linear_below(quantity: Quantity) -> float:
    """The same of another quantity: a thousandth of what its numbers lie within."""
    return LINEAR_BELOW * quantity.size / 100


def regret_axis(quantity: Quantity, said: str = "regret") -> str:
    """The label of a logarithmic axis of regret."""
    below = f"{linear_below(quantity):g}"
    return f"{said}, {quantity.of_differences} (logarithmic, linear below {below})"


DRAWN = 120
"""Places of a line, evenly spaced on a logarithmic axis; more than the eye can tell apart."""


def line(  # noqa: PLR0913, PLR0917 - what, where and how
    axes: Axes, curve: pd.DataFrame, x: str, style: MethodStyle, position: int, quantity: str
) -> None:
    """The mean of `curve` over its column `x`; `position` keeps markers of methods apart."""
    curve = _thinned(curve, x)
    along = curve[x].to_numpy()
    axes.fill_between(
        along, curve[f"{quantity}_low"], curve[f"{quantity}_high"], color=style.colour,
        alpha=0.16, linewidth=0,
    )  # fmt: skip
    spread = max(1, len(along) // 8)
    axes.plot(
        along,
        curve[f"{quantity}_mean"],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.6,
        marker=style.mark,
        markersize=5,
        markevery=(position * spread // 6 % spread, spread),
    )


def _thinned(curve: pd.DataFrame, x: str) -> pd.DataFrame:
    along = curve[x].to_numpy(dtype=float)
    if len(along) <= DRAWN:
        return curve
    places = np.searchsorted(along, np.geomspace(along[0], along[-1], DRAWN))
    return curve.iloc[np.unique([0, *places.clip(max=len(along) - 1), len(along) - 1])]


def handle(label: str, style: MethodStyle) -> Line2D:
    """A method's line in the legend."""
    text = shortened(label, 24)
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.6,
        marker=style.mark,
        markersize=5,
        label=f" {text}" if text.startswith("_") else text,  # matplotlib hides a leading underscore
    )


def scale_regret(
    axes: Axes, curves: pd.DataFrame, quantity: Quantity, lines: Sequence[float] = ()
) -> None:
    """A logarithmic axis of regret that can show zero and `lines`; no minor ticks on either."""
    drawn = curves[["regret_mean", "regret_low", "regret_high"]].to_numpy(dtype=float)
    regrets = np.append(drawn.ravel(), lines)
    below = linear_below(quantity)
    low, high = float(np.nanmin(regrets)), max(float(np.nanmax(regrets)), below)
    axes.set_yscale("symlog", linthresh=below, linscale=0.7)
    axes.set_ylim(0.75 * low if low > 2 * below else -0.12 * below, 1.25 * high)
    ticks = regret_ticks(*axes.get_ylim(), quantity)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    label = regret_axis(quantity)
    axes.set_ylabel(label if len(label) <= LONGEST else label.replace(" (", "\n(", 1))
    axes.minorticks_off()


def regret_ticks(low: float, high: float, quantity: Quantity) -> list[float]:
    """Round numbers between the limits of a logarithmic axis; more of them on a short one."""
    most = round(math.log10(quantity.size))
    ticks = round_ticks(low, high, range(most - 3, most + 1))
    return [0.0, *ticks] if low <= 0 else ticks


def cost_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two positive limits; whole powers of ten on a long axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    whole = round_ticks(low, high, powers, ((1,),))
    return whole if len(whole) > 3 else round_ticks(low, high, powers)


def round_ticks(
    low: float,
    high: float,
    powers: Sequence[int],
    choices: Sequence[Sequence[int]] = ((1, 2, 5), range(1, 10)),
) -> list[float]:
    """Digits times powers of ten between the limits; the first choice of digits that is enough."""
    inside: list[float] = []
    for digits in choices:
        inside = [digit * 10.0**power for power in powers for digit in digits]
        inside = [tick for tick in inside if low <= tick <= high]
        if len(inside) >= 3:
            break
    return inside
