"""How numbers are printed: accuracies in percent, regret in points, parameters in millions."""

from __future__ import annotations

import math

NOTHING = "–"


def percent(value: float) -> str:
    """Accuracy or percentile, two digits."""
    return fixed(value, 2)


def points(value: float) -> str:
    """Regret or a difference of accuracies, three digits."""
    return fixed(value, 3)


def decimal(value: float) -> str:
    """A number with one digit."""
    return fixed(value, 1)


def significant(value: float) -> str:
    """Three significant digits, whatever the size."""
    return NOTHING if math.isnan(value) else f"{value:.3g}"


def share(value: float) -> str:
    """A share of one as whole percent."""
    return NOTHING if math.isnan(value) else f"{100 * value:.0f} %"


def millions(value: float) -> str:
    """Parameters or multiply-adds in millions."""
    return fixed(value / 1e6, 2 if abs(value) < 1e7 else 1)


def seconds(value: float) -> str:
    """A duration, three significant digits."""
    if math.isnan(value):
        return NOTHING
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def whole(value: float) -> str:
    """A count."""
    return NOTHING if math.isnan(value) else f"{value:,.0f}".replace(",", " ")


def interval(low: float, high: float, digits: int = 3) -> str:
    """`[0.551, 0.795]`; nothing where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    return f"[{fixed(low, digits)}, {fixed(high, digits)}]"


def fixed(value: float, digits: int) -> str:
    """A number with so many digits after the point."""
    if math.isnan(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
