"""Predictions: by how much they are off, beside every difference of them."""

from __future__ import annotations

import pandas as pd

from nasbench_harness.contracts import Kind
from nasbench_harness.reports.words import numerals


def error(trials: pd.DataFrame, kind: Kind) -> float | None:
    """Mean error of what answers are judged by; None where nothing of it is predicted."""
    if not kind.errs or kind.errs not in trials:
        return None
    told = trials[kind.errs].dropna()
    return float(told.mean()) if len(told) else None


def off(trials: pd.DataFrame, kind: Kind) -> str:
    """That and how far they are off, as a sentence; empty where nothing is predicted."""
    found = error(trials, kind)
    return "" if found is None else (
        f"All of this is predicted, not measured: predictions are off by {amount(found)} on"
        " average on architectures held out of their fit."
    )  # fmt: skip


def amount(found: float) -> str:
    """`0.34 points`."""
    return f"{numerals.significant(found)} points"
