"""Two series put side by side: what got worse, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nasbench_harness.reports.regression.permutation import greater_p, positive_p
from nasbench_harness.reports.regression.series import MEMORY, Series
from nasbench_harness.reports.regression.verdicts import SPREADS, Effect
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.intervals import difference_interval, mean_interval

ENOUGH = 3
"""Fewer fresh seeds than this pass no test, whatever their p-value."""
FAR = 5
"""Margins below the baseline's worst seed from which on one seed speaks against a pass."""
DETERMINISTIC = ("torch", "numpy")
"""Packages that seeds need in one version to give the same numbers again."""


@dataclass(frozen=True)
class LossComparison:
    """An old and a new series; losses are positive where the new one is worse.

    Of a dynamic, of which neither more nor less is better, a loss is a fall, and a rise counts as
    much.
    """

    old: Series
    new: Series
    margin: float
    noise: str
    """Why equal code need not give equal values; empty where it has to."""

    @property
    def both_ways(self) -> bool:
        """Whether a move either way counts."""
        return self.old.key.is_dynamic

    @property
    def exact(self) -> bool:
        """Whether the same seed gives the same value as long as nothing changed."""
        return not self.noise

    @cached_property
    def common(self) -> list[int]:
        """Seeds that both sides have."""
        return sorted(self.old.values.keys() & self.new.values.keys())

    @property
    def paired(self) -> bool:
        """Whether one side's seeds are among the other's, so that each has its partner."""
        return bool(self.common) and len(self.common) == min(
            len(self.old.values), len(self.new.values)
        )

    @cached_property
    def sides(self) -> tuple[Array, Array]:
        """Old and new values, more being better; a cost in percent of the old mean, dynamics in
        standard deviations of the old seeds."""
        old, new = (self._scale * values for values in self._as_told)
        return old, new

    @property
    def _as_told(self) -> tuple[Array, Array]:
        """Old and new values in the metric's own unit."""
        chosen = self.common if self.paired else None
        return _values(self.old, chosen), _values(self.new, chosen)

    @cached_property
    def _scale(self) -> float:
        """What makes more of it better, and a cost percent of the old mean; see `sides`.

        Where a dynamic of the baseline is the same in every seed, 1 % of it counts as their spread.
        """
        old = self._as_told[0]
        percent = 100 / (abs(float(old.mean())) or 1.0)
        if self.old.key.is_cost:
            return -percent
        if not self.both_ways:
            return 1.0
        spread = float(old.std(ddof=1)) if len(old) > 1 else 0.0
        return 1 / spread if spread > TOLERANCE else percent

    @property
    def losses(self) -> Array:
        """Loss of every common seed; only of paired sides."""
        old, new = self.sides
        return old - new

    @cached_property
    def loss(self) -> float:
        """Loss of the mean."""
        old, new = self.sides
        return float(old.mean() - new.mean())

    @property
    def excess(self) -> float:
        """What is held against the margin: the loss, or how far a dynamic moved."""
        return abs(self.loss) if self.both_ways else self.loss

    @property
    def effect(self) -> Effect:
        """The loss with its 95 % interval, which few or equal values have not."""
        bounds = mean_interval(self.losses) if self.paired else difference_interval(*self.sides)
        if self.old.key.is_cost or self.both_ways:
            unit = SPREADS if self.both_ways else "%"
            return Effect(self.loss, *bounds, self.margin, unit)
        quantity = self.old.quantity
        return Effect(self.loss, *bounds, self.margin, quantity.of_differences, quantity)

    @property
    def enough(self) -> bool:
        """Whether both sides have seeds enough to speak for their method at all."""
        return self.paired or min(map(len, self.sides)) >= ENOUGH

    @cached_property
    def fallen(self) -> dict[int, float]:
        """Seeds far below the baseline's worst, and by how much in the unit of the effect.

        Far is more than `FAR` margins; the lowest comes first. A dynamic has no worst.
        """
        if self.both_ways:
            return {}
        worst = self._scale * self.old.values[self.worst_seed]
        seeds = self.common if self.paired else sorted(self.new.values)
        below = {seed: worst - self._scale * self.new.values[seed] for seed in seeds}
        far = {seed: by for seed, by in below.items() if by > FAR * self.margin + TOLERANCE}
        return dict(sorted(far.items(), key=lambda one: -one[1]))

    @property
    def worst_seed(self) -> int:
        """The baseline's."""
        return min(self.old.values, key=lambda seed: self._scale * self.old.values[seed])

    @property
    def identical(self) -> bool:
        """Whether every common seed has the same value."""
        return bool(self.common) and bool(np.abs(self._of_common()).max() <= TOLERANCE)

    @property
    def nobody_lost(self) -> bool:
        """Whether no common seed is worse; never told of a dynamic."""
        return (
            not self.both_ways and bool(self.common) and bool(self._of_common().max() <= TOLERANCE)
        )

    @property
    def constant(self) -> bool:
        """Whether all values of both sides are one number, so that no test can find a loss."""
        return float(np.ptp(np.concatenate(self.sides))) <= TOLERANCE

    @property
    def deviation(self) -> float:
        """Standard deviation of the paired losses, or of a value; NaN where nothing tells it."""
        if self.paired:
            return float(self.losses.std(ddof=1)) if len(self.losses) > 1 else math.nan
        spreads = [float(side.var(ddof=1)) for side in self.sides if len(side) > 1]
        return math.sqrt(float(np.mean(spreads))) if spreads else math.nan

    def p_of_loss(self, splits: int) -> float:
        """P-value against: nothing was lost; of a dynamic, two-sided: nothing moved."""
        old, new = self.sides
        fall = self._p_of_more(old, new, splits)
        if not self.both_ways:
            return fall
        return min(1.0, 2 * min(fall, self._p_of_more(new, old, splits)))

    def p_of_margin(self, splits: int) -> float:
        """P-value against: the margin or more was lost; of a dynamic: either way (two one-sided
        tests)."""
        old, new = self.sides
        fall = self._p_of_more(new + self.margin, old, splits)
        if not self.both_ways:
            return fall
        return max(fall, self._p_of_more(old + self.margin, new, splits))

    def _p_of_more(self, first: Array, second: Array, splits: int) -> float:
        """P-value against: the first side is not more than the second in the mean."""
        if self.paired:
            return float(positive_p(first - second, splits))
        return float(greater_p(first, second, splits))

    def _of_common(self) -> Array:
        """Loss of every common seed, whatever seeds there are beside them."""
        old, new = (_values(series, self.common) for series in (self.old, self.new))
        return new - old if self.old.key.is_cost else old - new


def noise_between(
    old: Series, new: Series, before: Mapping[str, str], after: Mapping[str, str]
) -> str:
    """Why the same seeds may differ though nothing got worse; empty where they may not."""
    if old.key.metric == MEMORY:
        return "memory is measured"
    for name in DETERMINISTIC:
        if before.get(name) != after.get(name):
            return f"{name} {before.get(name, 'unknown')} → {after.get(name, 'unknown')}"
    if old.method_version != new.method_version:
        return f"version {old.method_version} → {new.method_version} of the method"
    for device in (old.device, new.device):
        if device not in ("", "cpu"):
            return f"trained on {device}, which does not repeat itself bit for bit"
    return ""


def _values(series: Series, seeds: list[int] | None) -> Array:
    chosen = sorted(series.values) if seeds is None else seeds
    return np.array([series.values[seed] for seed in chosen])
