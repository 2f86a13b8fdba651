"""How many seeds the figure of ends marks."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from nasbench_harness.reports.figures import distribution, tradeoff
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.study.data import StudyData

from .conftest import made_up


@pytest.mark.parametrize(("most", "marked"), [(18, 9), (8, 4)])
def test_of_very_many_seeds_the_best_to_the_worst_are_marked(
    data_of: Callable[[pd.DataFrame], StudyData],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    marked: int,
) -> None:
    monkeypatch.setattr(distribution, "MARKS", most)
    ends = [0.5, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6]
    data = data_of(made_up({"rea": ends, "drnas": ends}))
    drawn = distribution.draw(data, method_styles({n: n for n in data.labels}, "random"))
    assert isinstance(drawn, Drawing)
    strips = [c.get_offsets() for c in drawn.figure.axes[0].collections if len(c.get_offsets()) > 1]
    assert [len(marks) for marks in strips] == [marked, marked]
    assert {(float(m[:, 0].min()), float(m[:, 0].max())) for m in strips} == {(0.1, 0.9)}
    assert ("at most 4 are drawn" in drawn.caption) == (marked == 4)
    assert len(drawn.tables["distribution"]) == 18


def test_of_very_many_cells_those_found_most_often_are_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = pd.DataFrame({"method": ["rea"] * 3 + ["drnas"], "found": [1, 5, 3, 1]})
    assert tradeoff._marked(found) is found
    monkeypatch.setattr(tradeoff, "MARKS", 3)
    assert tradeoff._marked(found)["found"].to_list() == [5, 1]
    monkeypatch.setattr(tradeoff, "MARKS", 2)
    assert tradeoff._marked(found)["method"].to_list() == ["rea", "drnas"]
