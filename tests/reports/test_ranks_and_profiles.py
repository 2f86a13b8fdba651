"""Ranks and performance profiles of a study: what is drawn, and when nothing is."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib as mpl
import pandas as pd
import pytest

from nasbench_harness.reports.figures import profiles, ranks
from nasbench_harness.reports.figures.style import RC, method_styles
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.robust import robust_statistics

from .conftest import made_up

DataOf = Callable[[pd.DataFrame], StudyData]
REGRETS = {"a": [0.0, 0.1, 0.2, 0.3], "b": [1.0, 1.1, 0.1, 5.0], "c": [2.0, 0.5, 3.0, 4.0]}


def styles(data: StudyData) -> dict[str, object]:
    return method_styles({label: label for label in data.labels}, "random")  # type: ignore[return-value]


def test_blocks_are_the_seeds_that_every_method_finished(data_of: DataOf) -> None:
    states = {"b": ["done", "failed", "done", "done"]}
    table = ranks.blocks([data_of(made_up(REGRETS, states))])
    assert list(table.index.get_level_values("seed")) == [0, 2, 3]
    assert set(table.columns) == {"a", "b", "c"}


def test_ranks_are_averages_over_seeds(data_of: DataOf) -> None:
    data = data_of(made_up(REGRETS))
    drawing = ranks.draw(data, styles(data))
    assert drawing is not None
    found = drawing.tables["ranks"].set_index("method")["average_rank"]
    assert dict(found) == {"a": 1.25, "b": 2.25, "c": 2.5}
    assert "a 1.25, b 2.25 and c 2.50" in drawing.alt
    assert "Not told apart: a, b and c" in drawing.alt


@pytest.mark.parametrize("regrets", [{"a": [1.0, 2.0], "b": [2.0, 1.0]}, {"a": [1.0]}, {}])
def test_two_methods_or_one_seed_have_no_ranks(
    data_of: DataOf, regrets: dict[str, list[float]]
) -> None:
    data = data_of(made_up(regrets or {"a": [1.0]}, None if regrets else {"a": ["failed"]}))
    assert ranks.draw(data, styles(data)) is None


def test_ranks_survive_ties_everywhere(data_of: DataOf) -> None:
    data = data_of(made_up({label: [0.0] * 5 for label in "abcd"}))
    with mpl.rc_context(RC):
        drawing = ranks.draw(data, styles(data))
    assert drawing is not None
    assert set(drawing.tables["ranks"]["average_rank"]) == {2.5}
    assert "nan" not in drawing.caption


def test_profiles_are_shares_of_seeds(data_of: DataOf) -> None:
    table = profiles.profile_table(data_of(made_up(REGRETS)))
    for label, regrets in REGRETS.items():
        own = table[table["method"] == label]
        for at, share in zip(own["regret"], own["share"], strict=True):
            assert share == sum(regret <= at + 1e-9 for regret in regrets) / 4
        assert own["share"].iloc[-1] == 1
        assert (own["low"] <= own["share"] + 1e-9).all()


def test_profiles_need_three_seeds(data_of: DataOf) -> None:
    data = data_of(made_up({"a": [0.1, 0.2], "b": [0.3, 0.4]}))
    assert profiles.draw(data, styles(data)) is None


def test_robust_statistics_are_those_of_the_final_regrets(data_of: DataOf) -> None:
    table = robust_statistics(data_of(made_up(REGRETS))).set_index("method")
    assert table.loc["a", "regret_iqm"] == pytest.approx(0.15)  # of 0.1 and 0.2
    assert table.loc["b", "regret_median"] == pytest.approx(1.05)
    assert table.loc["c", "regret_worst"] == 4.0
    assert table.loc["a", "regret_std"] == pytest.approx(pd.Series(REGRETS["a"]).std())


def test_middle_halves_have_an_interval_from_five_seeds_on(data_of: DataOf) -> None:
    ends = [0.1, 0.2, 0.4, 0.7, 1.1]
    table = robust_statistics(data_of(made_up({"a": ends, "b": ends[:4]}))).set_index("method")
    assert table.loc["a", "regret_iqm_low"] < table.loc["a", "regret_iqm_high"]
    assert table.loc["b", ["regret_iqm_low", "regret_iqm_high"]].isna().all()


def test_anytime_regret_lies_between_start_and_end(finished: object) -> None:
    from nasbench_harness.reports.figures.curves import STEPS, curves
    from nasbench_harness.reports.study.data import load_study

    data = load_study(finished.folder)  # type: ignore[attr-defined]
    for row in robust_statistics(data).itertuples():
        course = curves(data, STEPS).query("method == @row.method")["regret_mean"]
        assert course.min() <= row.anytime_linear <= course.max()
        assert course.min() <= row.anytime_log <= course.max()
