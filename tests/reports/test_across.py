"""What is said over several problems: by one decision, of these problems, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.analysis.across import AcrossClaims, decide_across
from nasbench_harness.reports.analysis.decision import Standing
from nasbench_harness.reports.analysis.overview import overviews
from nasbench_harness.reports.analysis.problems import Problems, problems_of
from nasbench_harness.reports.figures.heat import draw_heat
from nasbench_harness.reports.figures.reference import whole_table
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.across import heat_map, over_all
from nasbench_harness.reports.words.across import verdict
from nasbench_harness.reports.words.marked import plain

from .conftest import METRIC, made_up

DataOf = Callable[[pd.DataFrame], StudyData]
GENERATOR = np.random.default_rng(3)
SEEDS = 6


def around(regret: float) -> list[float]:
    return list(regret + 0.2 * GENERATOR.random(SEEDS))


FIRST = {"drnas": around(0.1), "rea": around(0.8), "random": around(1.4)}
SECOND = {"drnas": around(0.2), "rea": around(0.3), "random": around(2.0)}
THIRD = {"drnas": around(0.9), "rea": around(0.1), "random": around(1.0)}


def problems(data_of: DataOf, *regrets: dict[str, list[float]]) -> Problems:
    found = problems_of([data_of(made_up(given)) for given in regrets], {})
    assert found is not None
    return found


def claim_of(claims: AcrossClaims, first: str, second: str) -> Standing:
    claim = claims.of(first, second)
    assert claim is not None
    return claim.outcome


def test_regrets_are_in_units_of_a_uniform_draw(data_of: DataOf) -> None:
    found = problems(data_of, FIRST, SECOND)
    table = whole_table(found.studies[0])
    assert table is not None
    for given, runs in zip((FIRST, SECOND), found.runs("rea"), strict=True):
        assert runs == pytest.approx(np.array(given["rea"]) / table.mean)
    rows = heat_map(found).table.rows.set_index("method")
    assert rows.loc["rea", "mean_1"] == pytest.approx(np.mean(SECOND["rea"]) / table.mean)
    assert list(rows.index) == ["drnas", "rea", "random"]


def test_what_holds_everywhere_is_claimed(data_of: DataOf) -> None:
    found = problems(data_of, FIRST, SECOND)
    claims = decide_across(found)
    assert claim_of(claims, "drnas", "random") is Standing.BETTER
    assert claim_of(claims, "rea", "random") is Standing.BETTER
    claim = claims.of("drnas", "random")
    assert claim is not None
    assert (claim.ahead, claim.family, claim.better, claim.worse) == ("drnas", 2, 2, 0)
    assert claim.chance.value == 1
    turned = claim.turned()
    assert (turned.ahead, turned.chance.value, turned.worse) == ("drnas", 0, 2)
    said = plain(verdict(found, claims).lead)
    assert said.startswith("On these 2 studies drnas ends nearest to the best")
    assert "it is better than rea and random" in said


def test_who_is_ahead_here_and_behind_there_is_not_told_apart(data_of: DataOf) -> None:
    found = problems(data_of, FIRST, THIRD)
    claims = decide_across(found)
    claim = claims.of("drnas", "rea")
    assert claim is not None
    assert claim.outcome is Standing.UNDECIDED
    assert (claim.better, claim.worse) == (1, 1)
    said = " ".join(map(plain, verdict(found, claims).lines))
    assert "is better on 1 of them and" in said


def test_too_few_seeds_are_the_reason_that_is_given(
    data_of: DataOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A p-value below the level, as of many spaces, and no claim: a reader has to know why."""
    within = "nasbench_harness.reports.analysis.across.within_problems_p"
    monkeypatch.setattr(within, lambda *_: 0.001)
    two = [{label: runs[:2] for label, runs in FIRST.items()} for _ in range(6)]
    found = problems(data_of, *two)
    claims = decide_across(found)
    claim = claims.of("drnas", "random")
    assert claim is not None
    assert claim.p_corrected < 0.025
    assert (claim.outcome, claim.few) == (Standing.UNDECIDED, True)
    said = verdict(found, claims)
    assert "fewer than 3 seeds on a problem claim nothing" in said.lines[0]
    assert "3 seeds on every problem" in said.note


def test_failed_trials_can_undo_a_claim(data_of: DataOf) -> None:
    """Two of six seeds gone: counted as the worst, the others are no proof."""
    statuses = {"rea": ["done"] * 4 + ["failed"] * 2}
    trials = [made_up(given, statuses) for given in (FIRST, SECOND)]
    found = problems_of([data_of(one) for one in trials], {})
    assert found is not None
    claim = decide_across(found).of("rea", "random")
    assert claim is not None
    assert (claim.outcome, claim.undone) == (Standing.UNDECIDED, True)
    assert [len(runs) for runs in found.counted("rea")] == [6, 6]


def test_an_answer_without_a_number_counts_as_a_failed_trial(data_of: DataOf) -> None:
    """A method is not judged by those of its seeds alone that ended somewhere known."""
    trials = [made_up(given) for given in (FIRST, SECOND)]
    for one in trials:
        unknown = (one["method"] == "rea") & (one["seed"] < 2)
        one.loc[unknown, [METRIC, f"regret_{METRIC}"]] = np.nan
    found = problems_of([data_of(one) for one in trials], {})
    assert found is not None
    claim = decide_across(found).of("rea", "random")
    assert claim is not None
    assert (claim.outcome, claim.undone) == (Standing.UNDECIDED, True)
    table = whole_table(found.studies[0])
    assert table is not None
    assert found.counted("rea")[0].max() == pytest.approx(table.worst / table.mean)
    alone = found.studies[0].claims.of("rea", "random")
    assert alone is not None
    assert alone.ahead is None


def test_problems_of_one_space_are_one_block(data_of: DataOf) -> None:
    found = problems(data_of, FIRST, SECOND)
    assert [block.shape for block in found.blocks("rea")] == [(2, SEEDS)]


def test_a_method_without_a_result_somewhere_has_its_reason_and_no_claim(data_of: DataOf) -> None:
    without = {label: regrets for label, regrets in SECOND.items() if label != "rea"}
    studies = [data_of(made_up(given)) for given in (FIRST, without)]
    name = studies[1].name
    found = problems_of(studies, {(name, "rea"): "It has no recipe here."})
    assert found is not None
    claims = decide_across(found)
    assert claims.of("rea", "random") is None
    heat = heat_map(found)
    cells = dict(heat.table.cells)
    assert cells["rea"][2] == "none (1)"
    assert heat.table.heats[-1][2] is None
    assert plain(heat.reasons[0]) == f"(1) rea on {name}: It has no recipe here."
    assert list(over_all(found, claims).rows["method"]) == ["drnas", "random"]
    assert "rea has no result on all of them" in plain(verdict(found, claims).note)


def test_a_failed_method_tells_its_error(data_of: DataOf) -> None:
    broken = made_up(SECOND, {"rea": ["failed"] * SEEDS})
    found = problems_of([data_of(made_up(FIRST)), data_of(broken)], {})
    assert found is not None
    assert found.missing("rea", 1) == "RuntimeError: it broke"


def test_a_method_whose_answers_nobody_measured_is_told_as_that(data_of: DataOf) -> None:
    unknown = made_up(SECOND)
    unknown.loc[unknown["method"] == "rea", [METRIC, f"regret_{METRIC}"]] = np.nan
    found = problems_of([data_of(made_up(FIRST)), data_of(unknown)], {})
    assert found is not None
    assert found.missing("rea", 1) == "The benchmark has no number of what it answered there."


def test_words_table_and_figure_say_the_same(data_of: DataOf) -> None:
    about = {"space": "nb201", "dataset": "cifar10"}
    given = [made_up(regrets).assign(**about) for regrets in (FIRST, SECOND, THIRD)]
    (found,) = overviews([data_of(trials) for trials in given])
    assert found.over_all is not None
    told = plain(found.over_all.verdict.lines[0])
    for row in found.over_all.table.rows.itertuples():
        if row.claim == "better":
            assert str(row.method) in told
    drawing = found.drawing  # type: ignore[union-attr]
    assert drawing is not None
    assert ("cannot be told apart" in " ".join(map(plain, found.over_all.verdict.lines))) == (
        "Not told apart" in drawing.alt
    )


def test_the_heat_map_is_a_figure_with_the_numbers_of_the_table(data_of: DataOf) -> None:
    without = {label: regrets for label, regrets in SECOND.items() if label != "rea"}
    found = problems_of([data_of(made_up(FIRST)), data_of(made_up(without))], {})
    assert found is not None
    table = heat_map(found).table
    (axes,) = draw_heat(table, "Problem by problem", "").figure.axes
    shown = [text.get_text() for text in axes.texts]
    assert shown == [text for _, texts in table.cells for text in texts]
    assert "none (1)" in shown
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        label for label, _ in table.cells
    ]
    image = axes.images[0].get_array()
    for row, heats in zip(image, table.heats, strict=True):
        assert [None if np.ma.is_masked(heat) else float(heat) for heat in row] == heats


def test_one_study_with_a_unit_is_no_overview(data_of: DataOf) -> None:
    data = data_of(made_up(FIRST))
    assert problems_of([data, replace(data, table=None)], {}) is None
