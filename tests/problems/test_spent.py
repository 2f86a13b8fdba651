"""What searches saw, in the words of their kind of problem."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from nasbench_harness.problems.base import PlainKind
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.problems.spent import asked, duration
from nasbench_harness.tables.columns import ColumnTable


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (2.1, "2.1 GPU hours"),
        (1.0, "1.0 GPU hours"),
        (130.4, "130 GPU hours"),
        (12_345.0, "12,345 GPU hours"),
        (0.5, "30.0 GPU minutes"),
        (0.004, "14.4 GPU seconds"),
        (0.0001, "0.4 GPU seconds"),
    ],
)
def test_a_duration_is_told_in_the_largest_unit_there_is_one_of(hours: float, said: str) -> None:
    assert duration(hours, "GPU") == said


def test_queries_are_told_with_what_they_answered_and_would_have_cost() -> None:
    spent = {"queries": 1234.0, "simulated_gpu_hours": 3.24}
    assert asked(spent, "12-epoch numbers") == (
        "1,234 queries, 12-epoch numbers, 3.2 GPU hours simulated"
    )
    assert asked({"queries": 1.0}) == "1 query"
    assert asked({"queries": 0.0, "simulated_gpu_hours": 3.0}) == asked({}) == ""


def spec(**given: Any) -> Any:
    basics = {"steps": 2000, "epochs": 10, "epoch_steps": 200, "table": "analog", "method": "darts"}
    return SimpleNamespace(**{**basics, "search_metric": "cifar10_baseline_accuracy", **given})


def test_a_plain_kind_tells_queries_or_steps() -> None:
    assert PlainKind().saw(spec(), {"queries": 7.0}) == "7 queries"
    assert PlainKind().saw(spec(), {}) == "2,000 steps"
    assert PlainKind().saw(spec(steps=1), {"queries": 0.0}) == "1 step"


def test_a_search_on_a_table_saw_all_of_it_or_single_entries() -> None:
    saw = open_kind("landscape").saw
    assert saw(spec(), {"queries": 0.0}) == "whole table x 2,000"
    assert saw(spec(), {"queries": 60.0}) == "60 queries"  # the embedded table tells no epochs
    assert saw(spec(), {}) == ""


def test_the_training_length_behind_a_query_is_the_searched_metric_s(official: ColumnTable) -> None:
    saw = open_kind("landscape").saw
    short = spec(table="official", search_metric="cifar10valid_val_12ep")
    assert saw(short, {"queries": 60.0}) == "60 queries, 12-epoch numbers"


def test_a_table_that_is_gone_tells_no_training_length() -> None:
    assert open_kind("landscape").saw(spec(table="gone"), {"queries": 2.0}) == "2 queries"


@pytest.mark.parametrize(
    ("given", "spent", "said"),
    [
        ({}, {"search_gpu_days": 0.1}, "10 epochs, 2.4 GPU hours"),
        ({}, {"search_cpu_hours": 0.05}, "10 epochs, 3.0 CPU minutes"),
        ({"steps": 500, "epochs": 3}, {}, "500 steps"),
        ({"steps": 200, "epochs": 1}, {}, "1 epoch"),
        ({"steps": 1, "method": "random"}, {"search_cpu_hours": 1e-9}, "nothing (a blind draw)"),
        ({"steps": 1}, {}, "1 step"),
    ],
)
def test_a_search_on_images_saw_epochs_in_a_time(
    given: dict[str, int], spent: dict[str, float], said: str
) -> None:
    assert open_kind("supernet").saw(spec(**given), spent) == said
