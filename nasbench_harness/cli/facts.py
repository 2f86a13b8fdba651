"""What a table knows about an architecture, as a person reads it: in groups, with units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nasbench_harness.contracts import Cost, Metric

COUNT = "count"
"""Unit of costs that are whole numbers of what their title names."""

WHOLE = 1e15
"""Up to here a float holds every whole number."""


def lines(
    facts: Mapping[str, Any], metrics: Mapping[str, Metric], costs: Mapping[str, Cost]
) -> Iterator[str]:
    """First the facts of the architecture, then every group of columns under its heading."""
    width = max(map(len, facts))
    of_space = {name: value for name, value in facts.items() if name not in metrics}
    for name, value in of_space.items():
        yield f"{name:<{width}}  {fact(name, value, costs.get(name))}"
    groups: dict[str, list[str]] = {}
    for name in (name for name in facts if name in metrics):
        groups.setdefault(heading(metrics[name]), []).append(name)
    for title, names in groups.items():
        yield f"\n{title}"
        for name in names:
            yield f"{name:<{width}}  {number(facts[name], metrics[name].unit)}"


def fact(name: str, value: Any, cost: Cost | None = None) -> str:
    """A fact that stands in no column; `cost` where it is one of the space's."""
    from nasbench_harness.cli.console import cell

    if cost is not None and isinstance(value, int | float):
        counted = cost.unit == COUNT
        return f"{value:,.0f} {cost.heading.lower()}" if counted else number(value, cost.unit)
    return f"{value:.2f} %" if name.startswith("percentile") else cell(value)


def heading(metric: Metric) -> str:
    """What a column stands under: data set and schedule, latency, energy, size, proxies."""
    if metric.unit == "%" or metric.quantity != Metric.quantity:
        schedule = f", {metric.epochs} epochs" if metric.epochs else ""
        one = ", single runs" if metric.seeds.isdigit() and len(metric.seeds) > 1 else ""
        return f"{metric.dataset}{schedule}{one}: {metric.quantity}"
    if metric.unit == "ms":
        return "latency"
    if metric.unit == "mJ":
        return "energy"
    if metric.unit == "million":
        return "parameters and multiply-adds of the network"
    return "training-free proxies" if "proxy" in metric.meaning else "training runs and classes"


def number(value: float, unit: str) -> str:
    """A number with its unit: counts as counts, the rest to the digits that mean something."""
    if value != value:  # noqa: PLR0124 - NaN
        return "–"
    if unit == "million":
        return f"{value * 1e6:,.0f}"
    if float(value).is_integer() and abs(value) < WHOLE and unit in ("", "runs"):
        return f"{value:.0f} {unit}".rstrip()
    shown = f"{value:,.2f}" if unit in ("%", "ms", "s") else f"{value:.6g}"
    return f"{shown} {unit}".rstrip()
