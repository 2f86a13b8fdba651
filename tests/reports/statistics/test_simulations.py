"""What reports claim is false as rarely as they say, and their intervals hold the truth.

Slow: `python -m pytest -m slow tests/reports/statistics/test_simulations.py`. The same tables stand
in docs/statistics.md.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from . import simulations

pytestmark = pytest.mark.slow
Rows = simulations.Rows


def numbers(row: dict[str, Any], prefix: str = "n = ") -> dict[str, float]:
    return {name: value for name, value in row.items() if name.startswith(prefix)}


def assert_size(rows: Rows, studies: int, prefix: str = "n = ") -> None:
    """At most 5 %, and two standard errors."""
    most = 0.05 + 2 * math.sqrt(0.05 * 0.95 / studies)
    assert rows
    for row in rows:
        assert numbers(row, prefix)
        assert all(value <= most for value in numbers(row, prefix).values()), row


def assert_coverage(rows: Rows, least: float = 0.93) -> None:
    assert rows
    for row in rows:
        assert all(value >= least for value in numbers(row).values()), row


def of_normal(rows: Rows) -> Rows:
    return [row for row in rows if row["runs"].startswith("normal")]


def test_two_sample_size() -> None:
    rows = simulations.two_sample_size()
    assert_size(rows, simulations.STUDIES)
    for row in rows[:4]:  # and uses its level where enough assignments differ
        assert row["n = 10"] > 0.035


def test_signed_rank_size() -> None:
    assert_size(simulations.signed_rank_size(), simulations.STUDIES)


def test_blind_draw_size_on_synthetic_benchmarks() -> None:
    assert_size(simulations.blind_draw_size(simulations.synthetic_columns()), simulations.STUDIES)


def test_blind_draw_size_on_the_official_tables(reference_data: Path) -> None:
    rows = simulations.blind_draw_size(simulations.official_columns(reference_data))
    assert len(rows) == 3
    assert_size(rows, simulations.STUDIES)


def test_three_seeds_can_beat_blind_draws(reference_data: Path) -> None:
    column = simulations.official_columns(reference_data)["cifar10"]
    *_, best = simulations.blind_draw_power(column)
    assert best["n = 3"] > 0.9


def test_family_size_with_and_without_screening() -> None:
    rows = simulations.family_size()
    assert_size(rows, 500, "Holm, n = ")
    assert_size(rows, 500, "screened, n = ")


def test_screening_finds_more() -> None:
    (row,) = simulations.family_power()
    assert row["screened, n = 5"] > row["Holm, n = 5"] + 0.9


def test_within_problems_size() -> None:
    assert_size(simulations.within_problems_size(), 1000)


def test_two_sample_power_is_above_that_of_nominal_pairs() -> None:
    *_, clear = simulations.two_sample_power()
    assert clear["n = 5"] > 0.6
    assert clear["signed-rank, n = 5"] == 0


def test_mean_coverage() -> None:
    rows = simulations.mean_coverage()
    assert_coverage(of_normal(rows))
    skewed = next(row for row in rows if row["runs"] == "skewed")
    assert min(skewed["n = 10"], skewed["n = 20"]) >= 0.93


def test_difference_coverage() -> None:
    assert_coverage(of_normal(simulations.difference_coverage()))


def test_paired_coverage() -> None:
    assert_coverage(of_normal(simulations.paired_coverage()))


def test_improvement_coverage() -> None:
    assert_coverage(simulations.improvement_coverage())


def test_kendall_coverage() -> None:
    assert_coverage(simulations.kendall_coverage())


def test_share_coverage() -> None:
    rows = simulations.share_coverage()
    assert_coverage([row for row in rows if row["interval"] == "Clopper-Pearson"], 0.95)
    assert_coverage([row for row in rows if row["interval"] == "Wilson"], 0.82)


def test_equivalence() -> None:
    rows = {row["true difference"]: row for row in simulations.equivalence()}
    assert rows["0"]["n = 5"] >= 0.5
    assert rows["0"]["n = 10"] >= 0.9
    assert all(value <= 0.07 for value in numbers(rows["0.17"]).values())
    assert all(value <= 0.07 for value in numbers(rows["0.17"], "paired, n = ").values())
