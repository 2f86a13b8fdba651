"""How often the whole decision errs: families, corrections and looks together, by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.analysis.decision import (
    Claims,
    Design,
    MethodLosses,
    Standing,
    decide,
)
from nasbench_harness.store.looks import LEVEL, level_of

STUDIES = 200
METHODS = ("a", "b", "c", "random")
ALLOWED = LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / STUDIES)
DRAWN = {
    "normal": lambda g, n: g.normal(size=n),
    "skewed": lambda g, n: g.exponential(size=n),
    "mostly ties": lambda g, n: np.where(g.random(n) < 0.7, 0.0, g.exponential(size=n)),
}


def claims(losses: dict[str, np.ndarray], design: Design) -> Claims:
    return decide([MethodLosses(m, pd.Series(values)) for m, values in losses.items()], design)


@pytest.mark.slow
@pytest.mark.parametrize("runs", list(DRAWN))
def test_a_study_that_is_extended_twice_makes_no_more_false_claims(runs: str) -> None:
    """Four equal methods, judged with 5, 10 and 20 seeds: a claim in either family, at any look."""
    false = {"baseline": 0, "others": 0}
    for study in range(STUDIES):
        generator = np.random.default_rng(study)
        losses = {method: DRAWN[runs](generator, 20) for method in METHODS}
        seen = set()
        for number, seeds in enumerate((5, 10, 20), start=1):
            design = Design(level=level_of(number), baseline="random")
            found = claims({m: values[:seeds] for m, values in losses.items()}, design)
            seen |= {
                "baseline" if "random" in claim.labels else "others"
                for claim in found.all
                if claim.ahead
            }
        for family in seen:
            false[family] += 1
    assert max(false.values()) / STUDIES <= ALLOWED, false


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "least"), [(5, 0.5), (10, 0.9)])
def test_equal_methods_are_called_practically_the_same(seeds: int, least: float) -> None:
    """At the first look, spread 0.1, smallest difference of interest 0.17."""
    design = Design(level=level_of(1), delta=0.17)
    same = 0
    for study in range(STUDIES):
        values = np.random.default_rng(study).normal(0, 0.1, size=(2, seeds))
        (claim,) = claims({"a": values[0], "b": values[1]}, design).all
        same += claim.outcome is Standing.SAME
    assert same / STUDIES >= least


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [5, 10])
def test_methods_as_far_apart_as_matters_are_seldom_called_the_same(seeds: int) -> None:
    design = Design(level=level_of(1), delta=0.17)
    same = 0
    for study in range(400):
        values = np.random.default_rng(study).normal(0, 0.1, size=(2, seeds))
        (claim,) = claims({"a": values[0], "b": values[1] + 0.17}, design).all
        same += claim.outcome is Standing.SAME
    assert same / 400 <= 0.07
