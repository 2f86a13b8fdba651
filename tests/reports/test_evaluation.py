"""Answers trained alone put to the decision, beside random architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
import pytest

from nasbench_harness.reports.analysis.evaluation import judged, ranked, sentences
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.training.evaluation import Evaluated, Evaluation

DRAWN = [50.0, 52.0, 54.0, 56.0, 58.0, 60.0, 62.0, 64.0, 66.0, 68.0, 70.0, 72.0]


def evaluation(
    found: Mapping[str, Sequence[float]],
    drawn: Sequence[float] = DRAWN,
    failed: Mapping[str, Sequence[int]] | None = None,
    looks: int = 1,
) -> Evaluation:
    """Methods whose answers ended so, at the n-th look."""
    named = [(method, seed, a) for method, ends in found.items() for seed, a in enumerate(ends)]
    answers = [
        Evaluated(method=method, seed=seed, architecture="a", accuracies={0: a}, accuracy=a)
        for method, seed, a in [*named, *(("random", None, a) for a in drawn)]
    ]
    made = Evaluation(
        study="s", space="darts", space_version="1", images="digits", image_digest="", limit=None,
        trained_on="150 images", evaluated_on="300 images", settings={"epochs": 1},
        random_seed=0, seeds=[0], answers=answers, failed=failed or {},
    )  # fmt: skip
    return made.model_copy(update={"looks": [*map(str, range(looks - 1)), made.digest]})


def test_a_method_is_told_by_how_many_draws_its_answers_beat() -> None:
    best, random = ranked(evaluation({"drnas": [72.0, 73.0, 49.0]}))
    assert (random.method, random.percentile, random.answers) == ("random", 50.0, 12)
    assert best.percentile == pytest.approx(100 * (11.5 + 12 + 0) / 36)
    assert best.mean == pytest.approx(np.mean([72.0, 73.0, 49.0]))


def test_the_p_value_counts_all_ways_to_deal_the_accuracies() -> None:
    ours = [80.0, 79.0, 81.0]
    claim = judged(evaluation({"drnas": ours})).of("drnas", "random")
    assert claim is not None
    every = [*ours, *DRAWN]

    def welch(chosen: Sequence[float], rest: Sequence[float]) -> float:
        error = np.var(chosen, ddof=1) / len(chosen) + np.var(rest, ddof=1) / len(rest)
        return float(abs(np.mean(chosen) - np.mean(rest)) / np.sqrt(error))

    reached = 0
    for places in combinations(range(15), 3):
        rest = [every[i] for i in range(15) if i not in places]
        reached += welch([every[i] for i in places], rest) >= welch(ours, DRAWN) * (1 - 1e-9)
    assert claim.p_value == pytest.approx(reached / comb(15, 3), abs=1e-12)
    assert claim.p_value < 0.01
    assert claim.ahead == "drnas"


def test_a_second_look_is_judged_at_half_the_level() -> None:
    levels = [
        claim.level
        for looks in (1, 2)
        if (claim := judged(evaluation({"drnas": [80.0, 79.0, 81.0]}, looks=looks)).all[0])
    ]
    assert levels == [0.025, 0.0125]


def test_a_trial_that_failed_counts_as_the_worst() -> None:
    good = {"drnas": [80.0, 79.0, 81.0]}
    claim = judged(evaluation(good, failed={"drnas": [3, 4]})).of("drnas", "random")
    assert claim is not None
    assert claim.undone
    assert claim.ahead is None


def test_what_so_few_could_never_tell_is_said() -> None:
    few = sentences(evaluation({"drnas": [80.0, 79.0, 81.0]}, drawn=DRAWN[:3]))
    assert "however they had fallen" in plain(few[-1])
    enough = sentences(evaluation({"drnas": [80.0, 79.0, 81.0]}))
    assert plain(enough[0]).startswith("Better than random architectures: drnas, by")
    assert "however" not in plain(enough[-1])
