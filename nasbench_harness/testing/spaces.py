"""Does a space keep the contract of `SearchSpace`, and those of its capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, cast

import torch

from nasbench_harness.contracts import (
    Architecture,
    Decision,
    Enumerable,
    EnumerableSpace,
    Flawed,
    Numbered,
    SearchSpace,
)
from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.registry import lacking
from nasbench_harness.tables.enumeration import try_product
from nasbench_harness.testing.columns import check_told

SMALL = 100_000
"""A space of at most so many architectures is gone through as a whole."""
NEAR = 5
"""Neighbours of an architecture whose own neighbours are looked at."""
MASKED = 9.0
"""A preference for options that do not exist, which must not count."""


def check_space(space: SearchSpace, *, samples: int = 50) -> None:
    """Does a space keep the contract of `SearchSpace`, tried on `samples` random architectures.

    Decisions and mask agree; `free` names options; parse and format are inverse, `weights` and
    `derive` too; a mutation is another architecture; neighbours are distinct and mutual; sampling
    and mutation are reproducible and leave global random state alone; bad text is refused with the
    right error. Where architectures can be listed, rank is the place in the enumeration; where
    they are numbered, every index is there once.
    """
    assert not (missing := lacking(space, SearchSpace)), f"the space lacks {', '.join(missing)}"
    _check_decisions(space)
    drawn = _sampled(space, samples)
    generator = torch.Generator().manual_seed(1)
    for arch in drawn:
        _check_architecture(space, arch)
        _check_derived(space, generator)
        _check_steps(space, arch, generator)
    if not lacking(space, Enumerable):
        _check_enumeration(cast("EnumerableSpace", space), drawn)
    if isinstance(space, Numbered):
        _check_numbers(space, drawn)
    if isinstance(space, Flawed):
        flaws = [space.flaw(arch) for arch in drawn]
        assert all(isinstance(flaw, str) for flaw in flaws), "flaw() tells words, or an empty text"
    check_told(space, drawn)
    _check_refusals(space)


# --- decisions ---------------------------------------------------------------------------------


def _check_decisions(space: SearchSpace) -> None:
    decisions, mask = space.decisions, space.mask
    assert decisions, "a space has at least one decision"
    counts = [len(decision.options) for decision in decisions]
    assert mask.dtype == torch.bool, f"mask must be bool, not {mask.dtype}"
    assert mask.shape == (len(counts), max(counts)), (
        f"mask must be [D, K] = {(len(counts), max(counts))}, not {tuple(mask.shape)}"
    )
    for decision, count, row in zip(decisions, counts, mask.tolist(), strict=True):
        assert row == [place < count for place in range(len(row))], (
            f"mask must be True for the {count} options of `{decision.name}` and for nothing else"
        )
        _check_decision(decision)
    names = [decision.name for decision in decisions]
    assert len(set(names)) == len(names), "every decision has a name of its own"


def _check_decision(decision: Decision) -> None:
    options = decision.options
    assert options, f"`{decision.name}` needs an option"
    assert len(set(options)) == len(options), f"an option of `{decision.name}` is there twice"
    for name in decision.free:
        assert name in options, (
            f"`free` of `{decision.name}` names `{name}`, which is none of {', '.join(options)}"
        )


# --- architectures -----------------------------------------------------------------------------


def _sampled(space: SearchSpace, samples: int) -> list[Architecture]:
    before = torch.get_rng_state()
    generator = torch.Generator().manual_seed(0)
    drawn = [space.sample(generator) for _ in range(samples)]
    again = torch.Generator().manual_seed(0)
    assert drawn == [space.sample(again) for _ in range(samples)], (
        "sample() must obey its generator"
    )
    assert torch.equal(before, torch.get_rng_state()), (
        "sample() must leave global random state alone"
    )
    return drawn


def _check_architecture(space: SearchSpace, arch: Architecture) -> None:
    """It is one of the space, and its point among the weights says so."""
    assert arch.space == space.name, f"{arch} must say that it is of the space `{space.name}`"
    assert space.parse(str(arch)) == arch, f"parse must read what str() writes: {arch}"
    weights, mask = space.weights(arch), space.mask
    assert weights.shape == mask.shape, (
        f"weights({arch}) must be [D, K] = {tuple(mask.shape)}, not {tuple(weights.shape)}"
    )
    assert weights.dtype == torch.float32, f"weights({arch}) must be float32, not {weights.dtype}"
    assert weights.device.type == "cpu", f"weights({arch}) must be on the CPU"
    assert bool((weights >= 0).all()), f"weights({arch}) must not be negative"
    assert bool((weights[~mask] == 0).all()), f"weights({arch}) must be 0 where the mask is False"
    back = space.derive(weights)
    assert back == arch, f"derive(weights({arch})) must give it back, not {back}"
    unmasked = space.derive(weights.masked_fill(~mask, MASKED))
    assert unmasked == arch, f"derive() must not look at what the mask leaves out: {unmasked}"


def _check_derived(space: SearchSpace, generator: torch.Generator) -> None:
    """Whatever a searcher prefers, what is derived is an architecture."""
    scores = torch.rand(space.mask.shape, generator=generator) * space.mask
    arch = space.derive(scores)
    assert arch == space.derive(scores), "derive() must not depend on chance"
    _check_architecture(space, arch)


def _check_steps(space: SearchSpace, arch: Architecture, generator: torch.Generator) -> None:
    """Mutations and neighbours of an architecture are other architectures of the space."""
    before, state = torch.get_rng_state(), generator.get_state()
    child = space.mutate(arch, generator)
    assert torch.equal(before, torch.get_rng_state()), (
        "mutate() must leave global random state alone"
    )
    assert child != arch, f"mutate({arch}) must give another architecture"
    _check_architecture(space, child)
    again = torch.Generator()
    again.set_state(state)
    assert space.mutate(arch, again) == child, "mutate() must obey its generator"
    neighbours = space.neighbours(arch)
    assert neighbours, f"{arch} needs a neighbour"
    assert len(set(neighbours)) == len(neighbours), f"{arch} must have every neighbour once"
    assert arch not in neighbours, f"{arch} must not be a neighbour of its own"
    for other in neighbours[:: max(1, len(neighbours) // NEAR)]:
        _check_architecture(space, other)
        assert arch in space.neighbours(other), (
            f"neighbours must be mutual: {arch} has {other}, which has not {arch}"
        )


# --- capabilities ------------------------------------------------------------------------------


def _check_enumeration(space: EnumerableSpace, drawn: Sequence[Architecture]) -> None:
    size = space.size
    if getattr(space, "product", False):
        assert try_product(space), "a space that says `product` is no free product in rank order"
    for rank, arch in enumerate(islice(space.enumerate(), len(drawn))):
        assert space.rank(arch) == rank, f"rank({arch}) must be its place in enumerate(), {rank}"
        assert space.unrank(rank) == arch, f"unrank({rank}) must be the inverse of rank"
    for arch in drawn:
        rank = space.rank(arch)
        assert 0 <= rank < size, f"rank({arch}) must be from 0 to {size - 1}, not {rank}"
        assert space.unrank(rank) == arch, f"unrank({rank}) must be the inverse of rank"
    if size <= SMALL:
        listed = list(islice(space.enumerate(), size + 1))
        assert len(listed) == len(set(listed)) == size, (
            f"enumerate() must give each of the {size} architectures once"
        )


def _check_numbers(space: Any, drawn: Sequence[Architecture]) -> None:
    assert not lacking(space, Enumerable), "architectures that are numbered can be listed"
    indices = space.indices()
    assert len(set(indices.tolist())) == len(indices) == space.size, "every index is there once"
    for arch in drawn:
        index = indices[space.rank(arch)]
        told = space.describe(arch).get("index")
        assert told == index, f"describe and indices must agree on {arch}"
        assert space.at_index(int(index)) == arch, f"at_index({index}) must give {arch}"


def _check_refusals(space: SearchSpace) -> None:
    for text in ("", "no architecture at all", "|"):
        try:
            space.parse(text)
        except InvalidArchitectureError:
            continue
        raise AssertionError(f"parse({text!r}) must raise InvalidArchitectureError")
