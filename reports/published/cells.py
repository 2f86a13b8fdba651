"""Which published results are of an architecture, and what is exact of it beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.fields.parameters import base_of
from nasbench_harness.reports.published.results import (
    COST,
    MEASURES,
    PARAMS,
    SD,
    TOP5,
    PublishedResult,
    published,
    unknown,
)

EXACT = ("params", "flops")
"""Costs that are counted of a published network, where its space tells them."""


def has_published(space: str) -> bool:
    """Whether something published in a space, or a variant of it, is known here."""
    return base_of(space) in MEASURES


def results_of(space: SearchSpace, arch: Architecture) -> list[PublishedResult]:
    """Published results of the lines whose authors released this architecture."""
    if not has_published(space.name):
        return []
    return [result for result in published(space.name) if released(space, result) == arch]


def results_called(space: str, name: str) -> list[PublishedResult]:
    """Published results of the method with this name, whatever its hyphens; [] without."""
    return [result for result in published(space) if result.is_of(name) or _same(result, name)]


def names_in(space: str) -> list[str]:
    """Names that something is published under in a space, each once."""
    known = [*(result.name for result in published(space)), *(one.name for one in unknown(space))]
    return list(dict.fromkeys(known))


def released(space: SearchSpace, result: PublishedResult) -> Architecture | None:
    """The architecture of a result; None where none is known, or the space does not have it."""
    with suppress(HarnessError):
        return space.parse(result.architecture) if result.architecture else None
    return None


def counted(space: SearchSpace, result: PublishedResult) -> dict[str, float]:
    """Exact costs of the released network on the result's data set, by the space's names."""
    arch, known = released(space, result), {cost.name for cost in space.costs}
    found: dict[str, float] = {}
    if arch is None:
        return found
    for what in EXACT:
        with suppress(HarnessError):  # a data set that the space knows no network for
            if what in known:
                found[what] = space.cost(arch, what, result.dataset)
    return found


def record(space: SearchSpace, result: PublishedResult) -> dict[str, Any]:
    """One published result for programs; what nobody knows is left out."""
    every = dict(_items(result))
    return {
        **{key: value for key, value in every.items() if value not in (None, "")},
        **{f"counted_{what}": value for what, value in counted(space, result).items()},
    }


def _items(result: PublishedResult) -> Iterator[tuple[str, Any]]:
    named = (
        "method", "name", "variant", "architecture", "dataset", "split", "measure", "mean", "std",
        "low", "high", "top5", "params_millions", "cost_gpu_days", "runs", "protocol", "note",
    )  # fmt: skip
    yield from ((key, getattr(result, key)) for key in named)
    yield "rerun", result.rerun
    yield "provenance", [str(level) for level in result.provenance]
    for what in (SD, TOP5, PARAMS, COST):
        if what in result.beside:
            yield f"{what}_provenance", [str(level) for level in result.beside[what]]
    yield "source", str(result.source)
    yield "link", result.source.link


def _same(result: PublishedResult, name: str) -> bool:
    return result.name.lower() == name.strip().lower()
