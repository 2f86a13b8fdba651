"""Answers trained alone put to the decision, beside random architectures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.decision import Claims, Design, MethodLosses, decide
from nasbench_harness.reports.study.measure import ACCURACY
from nasbench_harness.reports.words.against import compared
from nasbench_harness.store.looks import level_of
from nasbench_harness.study.config import BASELINE
from nasbench_harness.training.evaluation import Evaluated, Evaluation

DRAWN = "random architectures"
"""How sentences call what answers stand beside."""
HOPELESS = (
    "So few answers and draws could have told no method from random architectures, however they had"
    " fallen: more seeds of the study, or more --random, could."
)
"""Where no p-value can pass."""


@dataclass(frozen=True)
class Ranked:
    """The answers of a method among the draws."""

    method: str
    answers: int
    mean: float
    """Accuracy, percent."""
    deviation: float
    """Of the answers' accuracies; NaN of one."""
    percentile: float
    """Share of the draws that an answer beats, ties half, mean over the answers; percent."""


def judged(evaluation: Evaluation) -> Claims:
    """Every method against the draws, and every two methods, as a study's are.

    Answers are independent runs: of no two methods do equal seeds share anything that training
    alone would show. The level is that of so many looks in the folder.
    """
    level = level_of(evaluation.looks.index(evaluation.digest) + 1)
    runs = [_losses(evaluation, method) for method in (*evaluation.methods, BASELINE)]
    runs.sort(key=lambda one: float(one.losses.mean()))
    return decide(runs, Design(level=level, baseline=BASELINE, worst=0.0))


def ranked(evaluation: Evaluation) -> list[Ranked]:
    """Methods, best first; the draws among them."""
    drawn = [one.accuracy for one in evaluation.of(BASELINE)]
    found = [_ranked(m, evaluation.of(m), drawn) for m in (*evaluation.methods, BASELINE)]
    return sorted(found, key=lambda one: -one.mean)


def sentences(evaluation: Evaluation) -> list[str]:
    """What may be said, marked: each method against the draws, and whether so few could tell."""
    claims = judged(evaluation)
    said = compared(evaluation.methods, claims, ACCURACY, DRAWN)
    beside = [claims.of(method, BASELINE) for method in evaluation.methods]
    if not any(claim.able for claim in beside if claim):
        return [*said, HOPELESS]
    return said


def _losses(evaluation: Evaluation, method: str) -> MethodLosses:
    answers = evaluation.of(method)
    values = pd.Series([-one.accuracy for one in answers], index=range(len(answers)), dtype=float)
    if method != BASELINE:
        values.index = pd.Index([one.seed for one in answers])
    return MethodLosses(method, values, tuple(evaluation.failed.get(method, ())))


def _ranked(method: str, answers: Sequence[Evaluated], drawn: Sequence[float]) -> Ranked:
    values = np.array([one.accuracy for one in answers])
    worse = np.sign(values[:, None] - np.array(drawn)[None]) / 2 + 0.5
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    return Ranked(method, len(values), float(values.mean()), deviation, 100 * float(worse.mean()))
