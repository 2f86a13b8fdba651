"""Does a space keep the contract of `SearchSpace`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch

from nasbench_harness.contracts import Architecture, Numbered, SearchSpace
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.testing.columns import check_told


def check_space(space: SearchSpace, *, samples: int = 50) -> None:
    """Does a space keep the contract of `SearchSpace`, tried on `samples` random architectures.

    Parse and format are inverse; rank is the place in the enumeration; neighbours differ in one
    decision, are complete and mutual; deriving a one-hot gives the architecture back; sampling is
    reproducible; bad text is refused with the right error.
    """
    counts = [len(decision.options) for decision in space.decisions]
    assert space.mask.shape == (len(counts), max(counts)), "mask must be [D, K]"
    assert space.mask.sum(dim=1).tolist() == counts, "mask must count the options"
    generator = torch.Generator().manual_seed(0)
    drawn = [space.sample(generator) for _ in range(samples)]
    again = torch.Generator().manual_seed(0)
    assert drawn == [space.sample(again) for _ in range(samples)], (
        "sample() must obey its generator"
    )
    for rank, arch in enumerate(islice(space.enumerate(), samples)):
        assert space.rank(arch) == rank, f"rank({arch}) must be its place in enumerate()"
        assert space.unrank(rank) == arch, f"unrank({rank}) must be the inverse of rank"
    for arch in drawn:
        _check_architecture(space, arch, counts)
    if isinstance(space, Numbered):
        _check_numbers(space, drawn)
    check_told(space, drawn)
    _check_refusals(space)


def _check_numbers(space: Any, drawn: Sequence[Architecture]) -> None:
    indices = space.indices()
    assert len(set(indices.tolist())) == len(indices) == space.size, "every index is there once"
    for arch in drawn:
        told = space.describe(arch).get("index")
        assert told == indices[space.rank(arch)], f"describe and indices must agree on {arch}"


def _check_architecture(space: SearchSpace, arch: Architecture, counts: Sequence[int]) -> None:
    assert space.parse(str(arch)) == arch, f"parse must read what str() writes: {arch}"
    assert space.architecture(arch.choices) == arch, f"architecture() must rebuild {arch}"
    assert 0 <= space.rank(arch) < space.size, f"rank({arch}) must lie in the space"
    neighbours = space.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours) == sum(counts) - len(counts), (
        f"{arch} must have every neighbour once"
    )
    assert all(_distance(arch, other) == 1 for other in neighbours), "neighbours differ in one"
    assert arch in space.neighbours(neighbours[0]), "neighbours must be mutual"
    scores = torch.zeros(space.mask.shape)
    scores[range(len(counts)), list(arch.choices)] = 1.0
    assert space.derive(scores) == arch, "derive() must give back a one-hot"


def _check_refusals(space: SearchSpace) -> None:
    for text in ("", "no architecture at all", "|"):
        try:
            space.parse(text)
        except InvalidArchitectureError:
            continue
        raise AssertionError(f"parse({text!r}) must raise InvalidArchitectureError")


def _distance(one: Architecture, other: Architecture) -> int:
    return sum(a != b for a, b in zip(one.choices, other.choices, strict=True))
