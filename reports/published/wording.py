"""How published numbers are written: each with its tags, which a legend explains."""

from __future__ import annotations

from collections.abc import Iterable

from nasbench_harness.reports.published.results import (
    COST,
    PARAMS,
    SD,
    TOP5,
    Evidence,
    PublishedResult,
)

MEANINGS = {
    Evidence.PRINTED: "printed in the source, its README or an answer of its maintainers",
    Evidence.ABSTRACT: "in the abstract only",
    Evidence.RECOMPUTED: "recomputed exactly",
    Evidence.UNVERIFIED: "unverified, as commonly quoted and not compared with the source",
}
LEGEND = ", ".join(f"[{level.tag}] {words}" for level, words in MEANINGS.items())


def tags(levels: Iterable[Evidence]) -> str:
    """`[P]`, `[U][V]`."""
    return "".join(f"[{level.tag}]" for level in levels)


def percent(value: float, dataset: str) -> str:
    """With the digits that are published: two, on ImageNet mostly one."""
    one = dataset == "imagenet" and round(value, 1) == value
    return f"{value:.1f}" if one else f"{value:.2f}"


def number_text(result: PublishedResult) -> str:
    """`2.76 (sd 0.09) [P]`; a deviation that is established otherwise has tags of its own."""
    dataset, own = result.dataset, tags(result.levels())
    if result.mean is None:
        low, high = result.low or 0.0, result.high or 0.0
        return f"{percent(low, dataset)} to {percent(high, dataset)} {own}"
    shown = percent(result.mean, dataset)
    if result.std is None:
        return f"{shown} {own}"
    spread = f"sd {percent(result.std, dataset)}"
    if (others := tags(result.levels(SD))) != own:
        return f"{shown} {own} ({spread} {others})"
    return f"{shown} ({spread}) {own}"


def error_text(result: PublishedResult) -> str:
    """The same with the top-5 error, if it is known: `26.7 (top-5 8.7) [P]`."""
    number, top5, own = number_text(result), top5_text(result), tags(result.levels())
    if not top5:
        return number
    if number.endswith(f" {own}") and top5.endswith(f" {own}"):
        return f"{number.removesuffix(own)}(top-5 {top5.removesuffix(f' {own}')}) {own}"
    return f"{number} (top-5 {top5})"


def top5_text(result: PublishedResult) -> str:
    """`8.7 [P]`; empty where it is not known."""
    if result.top5 is None:
        return ""
    return f"{percent(result.top5, result.dataset)} {tags(result.levels(TOP5))}"


def params_text(result: PublishedResult) -> str:
    """`3.3 M [P]`; empty where nobody says."""
    return _tagged(result.params_millions, "M", result, PARAMS)


def cost_text(result: PublishedResult) -> str:
    """`0.6 GPU days [P]`; empty where nobody says."""
    return _tagged(result.cost_gpu_days, "GPU days", result, COST)


def line_text(result: PublishedResult) -> str:
    """The line of a table that a number is of: `DARTS, second order`."""
    return f"{result.name}, {result.variant}" if result.variant else result.name


def _tagged(value: float | None, unit: str, result: PublishedResult, what: str) -> str:
    return "" if value is None else f"{value} {unit} {tags(result.levels(what))}"
