"""What the numbers of a metric are called and how they are written: points of accuracy, or others.

Everybody who shows a number asks here, so that an SSIM or a loss is never called an accuracy, never
stands under a per cent sign, and is written with as many digits as tell it apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nasbench_harness.contracts import Benchmark, Metric
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.schema import QUANTITY, UNIT
from nasbench_harness.tables.library import find_table

PERCENT = "%"
_VALUE_DIGITS, _DIFFERENCE_DIGITS = 4, 5
"""After the point, of numbers between -1 and 1; those ten times as large have one less."""


@dataclass(frozen=True)
class Quantity:
    """What a number is of. More of it is better; a difference has the same unit."""

    noun: str = "accuracy"
    unit: str = PERCENT
    """Empty where it has none, as an SSIM."""
    size: float = 100.0
    """The power of ten that its numbers lie within, which digits and axes go by."""

    @property
    def is_percent(self) -> bool:
        """Are differences points."""
        return self.unit == PERCENT

    @property
    def of_differences(self) -> str:
        """Over a column of differences, or along an axis: `points`, `SSIM`, `negative L2 loss`."""
        return "points" if self.is_percent else self.unit or self.noun

    @property
    def of_values(self) -> str:
        """Along an axis that says `accuracy` already: `, %`; empty without a unit."""
        return f", {self.unit}" if self.unit else ""

    @property
    def headed(self) -> str:
        """Over a column in a terminal: `accuracy (%)`, `SSIM`."""
        return f"{self.noun} ({self.unit})" if self.unit else self.noun

    @property
    def spoken(self) -> str:
        """What stands behind `final SSIM in`: `per cent`, `nats`, or `its own unit`."""
        return "per cent" if self.is_percent else self.unit or "its own unit"

    @property
    def digits(self) -> int:
        """After the point, of a number: 2 in percent, 4 of an SSIM."""
        return max(0, _VALUE_DIGITS - self._power)

    @property
    def difference_digits(self) -> int:
        """After the point, of a difference: one more."""
        return max(0, _DIFFERENCE_DIGITS - self._power)

    @property
    def _power(self) -> int:
        return round(math.log10(self.size))

    def amount(self, text: str) -> str:
        """A difference in a sentence: `0.051 points`, `0.01230 SSIM`, `0.031 of accuracy`."""
        if self.is_percent or self.unit or self.noun.isupper():
            return f"{text} {self.of_differences}"
        return f"{text} of {self.noun}"

    def sized(self, numbers: Iterable[float]) -> Quantity:
        """With the size of these numbers; percentages always lie within 100."""
        largest = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
        if self.is_percent or not largest:
            return self
        return replace(self, size=10.0 ** math.ceil(math.log10(largest) - 1e-9))


ACCURACY = Quantity()


def quantity_of(metric: Metric | None) -> Quantity:
    """That of a column of a table; accuracy in percent where nobody knows the column."""
    return ACCURACY if metric is None else quantity_called(metric.quantity, metric.unit)


def quantity_in(table: Benchmark | str | None, metric: str) -> Quantity:
    """The same of a column by its name; of a table that is not at hand it is an accuracy."""
    try:
        opened = find_table(table) if isinstance(table, str) else table
    except HarnessError:
        return ACCURACY
    return quantity_of(opened.metrics.get(metric) if opened else None)


def recorded(quantity: Quantity) -> dict[str, str]:
    """The columns of a result that is judged by it; none of an accuracy in percent."""
    if quantity == ACCURACY:
        return {}
    return {QUANTITY: quantity.noun, UNIT: quantity.unit}


def read_quantity(facts: Mapping[str, Any]) -> Quantity | None:
    """What a result or a line of a baseline says; None where it says nothing."""
    noun = facts.get(QUANTITY)
    if not isinstance(noun, str) or not noun:
        return None
    unit = facts.get(UNIT)
    return quantity_called(noun, unit if isinstance(unit, str) else "")


def quantity_called(noun: str, unit: str) -> Quantity:
    """By its two words. An SSIM whose unit is `SSIM` has none."""
    own = "" if unit.lower() == noun.lower() else unit
    return Quantity(noun, own) if own == PERCENT else Quantity(noun, own, 1.0)
