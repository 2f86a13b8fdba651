"""The figure of bias and variance of gradients."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.figures import estimators
from nasbench_harness.reports.figures.drawing import Drawing, save
from nasbench_harness.reports.figures.estimators import excess, medians
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.store.studies import Study

from .conftest import make_study

SHARES = ("gradient_bias", "gradient_bias_error", "gradient_variance", "gradient_cosine")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> StudyData:
    folder = tmp_path_factory.mktemp("diagnosed") / "s"
    return load_study(make_study(folder, "drnas,darts,rea", 3, 30, diagnose_every=4).folder)


def drawn(data: StudyData) -> Drawing:
    figure = estimators.draw(data, method_styles({m: m for m in data.labels}, "random"))
    assert isinstance(figure, Drawing)
    return figure


def shares(rows: list[tuple[str, int, int, float, float]]) -> pd.DataFrame:
    columns = ["method", "seed", "step", "gradient_bias", "gradient_bias_error"]
    return pd.DataFrame(rows, columns=columns).assign(gradient_variance=1.0, gradient_cosine=0.5)


def test_a_panel_for_every_method_that_has_an_estimator(data: StudyData) -> None:
    figure = drawn(data)
    found = figure.tables["estimators"]
    assert set(found["method"]) == {"drnas", "darts"}
    assert [panel.alt.partition(":")[0] for panel in figure.panels] == [
        label for label in data.done_labels if label in {"drnas", "darts"}
    ]
    assert set(SHARES) <= set(found)
    assert (found["seeds"] == 3).all()
    assert {1, 30} <= set(found["step"])


def test_a_study_without_a_finished_trial_has_no_panels(data: StudyData) -> None:
    """Its steps are there, and nobody's are shown."""
    none = replace(data, trials=data.trials.assign(status="interrupted"))
    assert estimators.diagnosed(none).empty


def test_darts_is_said_to_be_exact_and_drnas_to_vary(data: StudyData) -> None:
    alts = {panel.alt.partition(":")[0]: panel.alt for panel in drawn(data).panels}
    assert "exact: neither bias nor variance" in alts["darts"]
    assert "what chance gives, 3 seeds" in alts["drnas"]
    found = drawn(data).tables["estimators"]
    assert (found.loc[found["method"] == "drnas", "gradient_variance"] > 0.01).all()


def test_medians_are_over_seeds() -> None:
    rows = shares([("a", seed, 1, bias, 1.0) for seed, bias in enumerate((1.0, 2.0, 9.0))])
    (found,) = medians(rows).to_dict("records")
    assert (found["gradient_bias"], found["seeds"], found["step"]) == (2.0, 3, 1)


def test_excess_is_the_root_mean_square_of_the_ratios() -> None:
    rows = shares([("a", 0, 1, 3.0, 1.0), ("a", 0, 2, 1.0, 1.0)])
    assert excess(rows) == pytest.approx(np.sqrt(5))
    assert math.isnan(excess(shares([("a", 0, 1, 2e-16, 3e-17)])))


def test_the_drawing_is_saved_with_its_numbers(data: StudyData, tmp_path: Path) -> None:
    saved = save(drawn(data), tmp_path)
    assert saved.files == ("estimators.svg", "estimators.png", "estimators.csv")
    assert len(pd.read_csv(tmp_path / "estimators.csv")) == len(medians(estimators.diagnosed(data)))


def test_a_study_of_exact_gradients_can_be_drawn(tmp_path: Path, table_cache: Path) -> None:
    study = make_study(tmp_path / "s", "darts", 1, 5, random=False, diagnose_every=2)
    assert "exact" in drawn(load_study(study.folder)).panels[0].alt


def test_without_a_diagnosis_it_has_no_place(finished: Study, searched: Study) -> None:
    for study in (finished, searched):
        assert estimators.draw(load_study(study.folder), {}) is None
