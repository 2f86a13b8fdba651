"""Regret in two parts: of the search, and of the metric that it looked at."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.reports.analysis.parts import (
    found_sentence,
    gap_sentences,
    optimisation_regrets,
    regret_parts,
    searched_metrics,
    selection_gaps,
)
from nasbench_harness.reports.figures.reference import levels
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables import parts as table
from nasbench_harness.reports.tables.exhibits import exhibits
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.optimisers import optimisers
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.columns import ColumnTable

from .conftest import METRIC, make_study, searching_on

ANALOG = "cifar10_noisy_accuracy"


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> StudyData:
    """A gradient method that looked at the accuracy on analog hardware; others did not."""
    folder = tmp_path_factory.mktemp("parts") / "study"
    study = make_study(folder, "darts,rea", steps=200, edit=searching_on(ANALOG, "darts"))
    return load_study(study.folder)


def test_who_searched_on_what_it_is_judged_by_has_one_regret(finished: Study) -> None:
    data = load_study(finished.folder)
    assert searched_metrics(data) == {}
    assert selection_gaps(data) == {}
    assert regret_parts(data).empty
    assert gap_sentences(data) == []
    assert found_sentence(data) == ""
    assert table.parts_table(data) is None


def test_searches_on_images_have_one_regret(searched: Study) -> None:
    assert table.parts_table(load_study(searched.folder)) is None


def test_the_gap_is_the_regret_of_the_best_by_the_searched_metric(uneven: StudyData) -> None:
    assert uneven.complete is not None
    searched, judged = (uneven.complete.column(metric) for metric in (ANALOG, METRIC))
    gap = judged.max() - judged[np.argmax(searched)]
    assert gap > 0
    assert selection_gaps(uneven) == {ANALOG: pytest.approx(gap)}
    rows = regret_parts(uneven).set_index("method")
    assert rows["gap"]["darts"] == pytest.approx(gap)
    assert rows["gap"]["rea"] == rows["gap"]["random"] == 0


def test_optimisation_regret_is_of_the_searched_metric(uneven: StudyData) -> None:
    assert uneven.complete is not None
    best = uneven.complete.best(ANALOG)
    answers = uneven.done.loc[uneven.done["method"] == "darts", "architecture"]
    missed = [best - uneven.complete.value(ANALOG, uneven.space.parse(a)) for a in answers]
    assert sorted(optimisation_regrets(uneven, "darts")) == pytest.approx(sorted(missed))
    row = regret_parts(uneven).set_index("method").loc["darts"]
    assert row["optimisation_mean"] == pytest.approx(np.mean(missed))
    assert row["found"] == sum(m < 1e-9 for m in missed)
    assert row["regret_mean"] == pytest.approx(uneven.row("darts").regret_mean)


def test_for_others_it_is_their_regret(uneven: StudyData) -> None:
    row = regret_parts(uneven).set_index("method").loc["rea"]
    assert row["searched"] == METRIC
    assert row["optimisation_mean"] == pytest.approx(row["regret_mean"])


def test_without_the_table_no_gap_is_known(uneven: StudyData) -> None:
    rows = regret_parts(replace(uneven, table=None)).set_index("method")
    assert np.isnan(rows["gap"]["darts"])
    assert rows["optimisation_mean"].notna().all()


def test_the_report_shows_the_parts_and_draws_the_gap(uneven: StudyData) -> None:
    (shown,) = [e for e in exhibits(uneven) if e.title == table.TITLE]
    gap = selection_gaps(uneven)[ANALOG]
    note = plain(shown.note)
    assert f"The best architecture by {ANALOG}, which darts searched on, has a regret" in note
    assert f"of {gap:.3f} points by {METRIC}." in note
    (level,) = [level for level in levels(uneven) if "searched metric" in level.words]
    assert level.regret == pytest.approx(gap)
    best = max(level.accuracy for level in levels(uneven))
    assert level.accuracy == pytest.approx(best - gap)


def test_methods_are_compared_as_optimisers_of_what_both_looked_at(
    tmp_path: Path, official: ColumnTable
) -> None:
    given = {"table": "official", "dataset": "imagenet16-120"}
    data = load_study(make_study(tmp_path / "s", "darts,drnas,rea", 6, 40, **given).folder)
    text = plain(optimisers(data))
    found = re.findall(r"As an optimiser of (\S+), (\S+) ends .*? regret, (\S+) points", text)
    ends = {
        label: float(optimisation_regrets(data, label).mean()) for label in searched_metrics(data)
    }
    assert [metric for metric, *_ in found] == list(selection_gaps(data))
    for metric, best, mean in found:
        same = {label for label, own in searched_metrics(data).items() if own == metric}
        assert len(same) == 2
        assert best == min(same, key=ends.__getitem__)
        assert float(mean) == pytest.approx(ends[best], abs=5e-4)


def test_no_other_metric_no_optimisers(finished: Study, uneven: StudyData) -> None:
    assert optimisers(load_study(finished.folder)) == ""
    assert "darts" not in optimisers(uneven)  # nobody else looked at what it did


def test_no_line_is_drawn_where_there_is_no_gap(finished: Study) -> None:
    assert not [lev for lev in levels(load_study(finished.folder)) if "searched" in lev.words]


def test_on_the_official_table_the_best_by_validation_misses_the_best_by_test(
    tmp_path: Path, official: ColumnTable
) -> None:
    """1.111 points on ImageNet16-120: more than gradient methods end with."""
    given = {"table": "official", "dataset": "imagenet16-120"}
    data = load_study(make_study(tmp_path / "s", "darts,rea", 2, 30, **given).folder)
    gaps = selection_gaps(data)
    assert gaps["imagenet16_120_val_200ep"] == pytest.approx(1.1111, abs=1e-4)
    assert set(gaps) == {"imagenet16_120_val_200ep", "imagenet16_120_val_12ep"}
    assert [lev.words for lev in levels(data) if "_val_" in lev.words] == [
        f"best by {metric}" for metric in gaps
    ]
