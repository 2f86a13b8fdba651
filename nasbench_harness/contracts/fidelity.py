"""How true a method is to what was published under its name, and what a step of it costs.

A method (or its set-up) may have `fidelity`, a `Fidelity`, beside its `citation`; `nasharness list
methods`, `show method` and docs/methods.md tell it. Without one they tell what they find: the
summary and the formula of the method's own source, the year of its citation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Basis(StrEnum):
    """What a method was written from, the surest first."""

    CODE = "authors' code"
    """Read, and not run beside ours, unless `Fidelity.against` says so."""
    BENCHMARK_CODE = "benchmark code"
    """That of a benchmark's authors, who ran the method."""
    OTHERS_CODE = "others' code"
    TEXT = "paper"
    ABSTRACT = "abstract only"
    OWN = "ours"
    """Published by nobody under that name."""


@dataclass(frozen=True)
class Passes:
    """Passes of the network over one batch."""

    forward: int = 0
    backward: int = 0


@dataclass(frozen=True)
class StepCost:
    """What one step of a search costs on images, under the method's own default settings."""

    weights: Passes
    """Of the update of the network weights; one pass of both is counted here."""
    architecture: Passes
    """Of the update of the architecture parameters."""
    note: str = ""
    """What other settings cost, or how much of the network a pass runs; no full stop."""


@dataclass(frozen=True)
class Fidelity:
    """What a method claims to be, no more than has been looked at."""

    basis: Basis
    gist: str = ""
    """The method in at most 26 letters, for a list; empty: the summary of its module."""
    against: str = ""
    """What of it was held against what, in a sentence."""
    deviations: tuple[str, ...] = ()
    """Where it differs from what it was written from; a sentence each."""
    behind: tuple[str, ...] = ()
    """Where its answers were measured to be worse than those of draws at random, and why; a
    sentence each."""
    cost: StepCost | None = None
    tests: tuple[str, ...] = ()
    """Files of tests, from the root of the method's repository, that hold it to its formula."""


@runtime_checkable
class Faithful(Protocol):
    """Capability of a method (or its set-up): it says how true it is to what was published."""

    fidelity: Fidelity
