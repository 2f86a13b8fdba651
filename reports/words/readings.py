"""What a method's results are results of, where that is less than the method as published."""

from __future__ import annotations

from collections.abc import Iterable

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.words.marked import name
from nasbench_harness.study.spec import TrialSpec


def readings(specs: Iterable[TrialSpec]) -> str:
    """A marked sentence for each method whose set-up says so; empty where none does."""
    methods = {spec.label: spec.method for spec in specs}
    told = {label: _reading(method) for label, method in methods.items()}
    return " ".join(f"{name(label)} is {text}." for label, text in told.items() if text)


def _reading(method: str) -> str:
    try:
        return str(getattr(registry.open_setup(method), "reading", ""))
    except HarnessError:
        return ""  # a method that is not installed here
