"""How far the choice probabilities of a search had come by its end.

An answer is the likeliest option of every decision, however little likelier it is. Where a search
is short, or its architecture's learning rate small, the probabilities hardly leave the even ones
that they begin with, and answers hang on differences that the next steps would turn.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import listing, name, names

PROBABILITIES = "probabilities"
NEARLY_EVEN = 0.98
"""Share of the largest entropy above which probabilities have hardly left the even ones.

A design decision, from what docs/results.md has measured: published recipes cut to 20 epochs of a
small data set end above 0.9997, with likeliest options that lead by 0.0003, recipes made for short
searches between 0.91 and 0.984. Where one of five options has 0.31 and four even ones 0.17, it is
0.98. In the reduced searches on CIFAR-10 a lead of 0.012 on one edge decided over eight points.
"""
COLUMNS = ("top", "entropy", "lead")


def final_alpha(data: StudyData, label: str) -> pd.DataFrame:
    """One row per seed of a method whose probabilities were recorded at last.

    Columns top (the largest probability of any option), entropy (mean over decisions, as a share of
    that of even probabilities) and lead (the smallest difference between the likeliest and the
    next option of a decision).
    """
    if PROBABILITIES not in data.steps:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = data.steps.of(label, PROBABILITIES, "step")
    rows = rows[rows[PROBABILITIES].notna()]
    last = rows.sort_values("step").groupby("trial").tail(1)
    found = [_facts(recorded, data.space) for recorded in last[PROBABILITIES]]
    return pd.DataFrame(found, columns=list(COLUMNS), dtype=float)


def nearly_even(data: StudyData) -> dict[str, pd.Series]:
    """Means of `final_alpha`, of methods that trained networks and hardly moved their alpha."""
    if not data.kind.trains:
        return {}
    found = {label: final_alpha(data, label) for label in data.searching}
    means = {label: rows.mean() for label, rows in found.items() if len(rows)}
    return {label: mean for label, mean in means.items() if mean["entropy"] > NEARLY_EVEN}


def nearly_even_sentences(data: StudyData) -> list[str]:
    """The warning about them, marked; none of methods whose probabilities moved."""
    found = nearly_even(data)
    if not found:
        return []
    told = [
        f"{name(label)} {numerals.fixed(mean['entropy'], 4)} of the largest entropy, the likeliest"
        f" option {numerals.points(mean['top'])}, the least lead {numerals.fixed(mean['lead'], 4)}"
        for label, mean in found.items()
    ]
    its = "its" if len(found) == 1 else "their"
    options = sorted({len(decision.options) for decision in data.space.decisions} - {1})
    even = listing([numerals.points(1 / number) for number in options])
    return [
        f"The choice probabilities of {names(found)} hardly left the even ones ({even} an option):"
        f" {'; '.join(told)}. {its.capitalize()} answers are the argmax of small differences, which"
        " a longer search or another seed may turn."
    ]


def _facts(recorded: Array, space: SearchSpace) -> tuple[float, float, float]:
    rows = [
        np.sort(np.asarray(row, dtype=float)[: len(decision.options)])
        for row, decision in zip(recorded, space.decisions, strict=True)
        if len(decision.options) > 1
    ]
    if not rows:
        return (np.nan, np.nan, np.nan)
    top = max(float(row[-1]) for row in rows)
    lead = min(float(row[-1] - row[-2]) for row in rows)
    return top, float(np.mean([_entropy(row) for row in rows])), lead


def _entropy(probabilities: Array) -> float:
    """As a share of the largest, which even ones have."""
    there = probabilities[probabilities > 0]
    return float(-(there * np.log(there)).sum() / math.log(len(probabilities))) + 0.0
