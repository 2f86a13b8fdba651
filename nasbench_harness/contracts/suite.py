"""Suites: named lists of problems that methods are compared on together.

A suite is found by entry point (group `nasbench_harness.suites`): a name, and a function without
arguments that gives a `Suite`. `nasbench_harness.fields.suites.read_suite` reads one from a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SuiteProblem:
    """One problem of a suite: what a study file would say of it.

    What is compared on it is the user's to say: methods, and seeds where it names none. Whatever
    they say of other keys wins, but `space`, `table` and `search` are the problem's own; `dataset`
    is too where tables are searched, while images may be exchanged.
    """

    keys: Mapping[str, Any]
    """Keys of a study file: `space`, `table`, `dataset`, `search`, a budget such as `steps`, ..."""
    name: str = ""
    """Of its folder and its column; empty: made of its space, data set and table."""


@dataclass(frozen=True)
class Suite:
    """Problems in the order in which they run."""

    name: str
    """That of its entry point."""
    about: str
    """What these problems have in common, and what for; the beginning of a sentence."""
    problems: tuple[SuiteProblem, ...]
