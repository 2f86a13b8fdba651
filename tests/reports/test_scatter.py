"""The figure of one-shot against stand-alone accuracy."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.reports.figures import scatter
from nasbench_harness.reports.figures.drawing import Drawing, Omitted
from nasbench_harness.reports.figures.scatter import rank_correlation
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.studies import Study

from .conftest import make_supernet_study


def frame(oneshot: list[float], accuracy: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"oneshot_accuracy": oneshot, "accuracy": accuracy})


def test_a_mark_per_seed_of_what_trained_a_supernet(searched: Study) -> None:
    data = load_study(searched.folder)
    figure = scatter.draw(data, method_styles({m: m for m in data.labels}, "random"))
    assert isinstance(figure, Drawing)
    rows = figure.tables["scatter"]
    assert sorted(zip(rows["method"], rows["seed"], strict=True)) == [
        (method, seed) for method in ("darts", "edas") for seed in (0, 1)
    ]
    known = data.done.set_index(["method", "seed"])
    for row in rows.itertuples():
        trial = known.loc[(row.method, row.seed)]
        assert row.oneshot_accuracy == trial["oneshot_accuracy"]
        assert row.accuracy == trial[trial["report_metric"]]
    assert "4 answers are too few for a rank correlation" in plain(figure.caption)
    assert "random" not in figure.alt


def test_rank_correlation_by_hand() -> None:
    """Of 10 pairs 8 agree and 2 do not; with a tie tau-b leaves its pair out of one root."""
    assert rank_correlation(frame([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])) == pytest.approx(0.6)
    tied = rank_correlation(frame([1, 1, 3, 4, 5], [1, 2, 3, 4, 5]))
    assert tied == pytest.approx(9 / math.sqrt(9 * 10))


def test_few_or_equal_answers_have_no_rank_correlation() -> None:
    assert math.isnan(rank_correlation(frame([1, 2, 3, 4], [1, 2, 3, 4])))
    assert math.isnan(rank_correlation(frame([1, 2, 3, 4, 5], [7, 7, 7, 7, 7])))


def test_it_has_no_place_in_a_landscape(finished: Study) -> None:
    assert scatter.draw(load_study(finished.folder), {}) is None


def test_where_nothing_was_trained_it_says_so(tmp_path: Path, table_cache: Path) -> None:
    study = make_supernet_study(tmp_path / "s", "random")
    figure = scatter.draw(load_study(study.folder), {})
    assert isinstance(figure, Omitted)
    assert figure.reason == "no trial that trained a supernet has a result"
