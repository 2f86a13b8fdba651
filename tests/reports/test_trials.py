"""The page's list of trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from nasbench_harness import registry
from nasbench_harness.reports.page.trials import numbers_of
from nasbench_harness.reports.study.data import StudyData

from .conftest import made_up


def test_a_cost_is_headed_as_its_space_calls_it(
    data_of: Callable[[pd.DataFrame], StudyData],
) -> None:
    """TransNAS-Bench-101 counts batch norms and ReLUs among its operations."""
    trials = made_up({"random": [0.1, 0.2]}).assign(flops=2e6)
    data = data_of(trials)
    other = replace(data, space=registry.open_space("transnas101"))

    def heading(one: StudyData) -> str:
        return next(number.heading for number in numbers_of(one) if number.column == "flops")

    assert (heading(data), heading(other)) == ("Multiply-adds", "Operations")
