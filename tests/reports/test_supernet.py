"""The report of a search on images: what it says was searched, and what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.cli.console import print_summary
from nasbench_harness.methods.setups.darts import DARTSSettings
from nasbench_harness.methods.setups.edas import EDASSetup
from nasbench_harness.problems.landscape.kind import KIND as LANDSCAPE
from nasbench_harness.problems.supernet.kind import KIND as SUPERNET
from nasbench_harness.reports import summarise, write_report
from nasbench_harness.reports.analysis.searchcost import search_cost
from nasbench_harness.reports.figures.curves import EPOCHS, SECONDS, curves
from nasbench_harness.reports.figures.epochcurves import epoch_curve
from nasbench_harness.reports.figures.reference import whole_table
from nasbench_harness.reports.page.provenance import caveats, method_settings, provenance
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.files import OF_QUERIES
from nasbench_harness.reports.words.images import caveats as image_caveats
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store.studies import Study

from .conftest import BEST, METRIC, made_up, make_supernet_study
from .htmlpage import Page

NEW_FIGURES = ("oneshot", "signs")
DIAGNOSED = {
    "kendall_tau", "alpha_gradient_norm", "alpha_gradient_variance", "hessian_eigenvalue",
}  # fmt: skip


@pytest.fixture
def data(searched: Study) -> StudyData:
    return load_study(searched.folder)


@pytest.fixture
def with_trials(data: StudyData) -> Callable[[pd.DataFrame], StudyData]:
    """The study of supernets with made-up trials in place of its own."""
    return lambda trials: StudyData(
        data.study, trials, data.history, data.space, data.table, data.table_missing
    )


def planned(data: StudyData, config: dict[str, Any] | None = None, **spec: Any) -> StudyData:
    """The study as if its trials had been planned otherwise."""
    specs = [replace(s, **spec) for s in data.study.specs]
    return replace(data, study=replace(data.study, specs=specs, config=config or {}))


# --- what is said ------------------------------------------------------------------------------


def test_page_says_what_was_searched_and_where_answers_were_looked_up(searched_page: Path) -> None:
    for text in (
        Page(searched_page.read_text()).words,
        (searched_page.parent / "report.md").read_text().replace("`", "").replace("\\", ""),
    ):
        assert SUPERNET.caveat in text
        assert LANDSCAPE.caveat not in text
        assert "Supernets were trained on digits (limited to 120 images)" in text
        assert "width 2, 1 cell a stage; 2 epochs of 3 steps on batches of 16 images" in text
        assert f"looked up in table analog: {METRIC} (cifar10, undocumented split" in text
        assert "width 2 (published: 16), 1 cell a stage (published: 5)" in text
        assert "The search was on digits, the look-up is on cifar10: another data set" in text
        assert "searched on" not in text


def test_landscape_pages_say_nothing_of_supernets(page: Path) -> None:
    words = Page(page.read_text()).words
    assert SUPERNET.caveat not in words
    assert "One-shot" not in words
    assert not [key for key in NEW_FIGURES if list((page.parent / "figures").glob(f"{key}*"))]


def test_the_published_setting_on_the_tables_own_images_has_no_further_caveat(
    data: StudyData,
) -> None:
    network = {"width": 16, "cells": 5}
    paper = planned(
        data, {"recipe": "paper"}, recipe="nb201", network=network, images="cifar10",
        image_limit=None, overrides={},
    )  # fmt: skip
    (only,) = image_caveats(paper)
    assert "Supernets were trained on cifar10" in plain(only)
    longer = replace(paper, study=replace(paper.study, config={"epochs": 7}))
    assert "Changed setting, not a paper's: 7 epochs by request." in map(
        plain, image_caveats(longer)
    )


def test_scaled_rates_of_the_architecture_are_told(data: StudyData) -> None:
    told = (
        " learning rates of the architecture times the recipe's epochs / epochs, our own decision"
    )
    assert told not in plain("\n".join(image_caveats(planned(data, {"alpha_rate": "published"}))))
    assert told in plain("\n".join(image_caveats(planned(data, {"alpha_rate": "scaled"}))))


def test_seeds_of_one_network_are_told(data: StudyData) -> None:
    together = planned(data, options={"cohort": 8})
    told = "; 8 seeds of a method at a time in one wide network"
    assert told in plain("\n".join(image_caveats(together)))
    assert "wide network" not in plain("\n".join(image_caveats(data)))
    shown = {one.label: one.settings for one in method_settings(together)}
    assert {label: settings.get("cohort") for label, settings in shown.items()} == {
        label: None if label == "random" else "8" for label in shown
    }


def test_what_a_folder_holds_is_not_claimed_to_be_known(data: StudyData) -> None:
    text = plain("\n".join(image_caveats(planned(data, images="folder:/data/photos"))))
    assert "Whether these are the same images is not known here" in text
    assert "another data set" not in text


def test_caveats_hold_before_anything_has_run(tmp_path: Path) -> None:
    study = make_supernet_study(tmp_path / "s", run=False)
    text = plain("\n".join(caveats(load_study(study.folder))))
    assert "width 2, 1 cell a stage; 2 epochs of 3 steps" in text
    words = Page(write_report(study.folder).read_text()).words
    assert "2 of 2 trials have no result" in words
    assert "nan" not in words.lower().split()


def test_readings_of_methods_stand_beside_their_results(searched_page: Path) -> None:
    page = Page(searched_page.read_text())
    text = (searched_page.parent / "report.md").read_text()
    captions = text.count("`edas` is EDAS as reconstructed from its abstract.")
    assert captions > len(list((searched_page.parent / "tables").glob("*.md"))) > 0
    assert page.words.count("edas is EDAS as reconstructed from its abstract.") == captions


def test_readings_are_the_set_ups_own(data: StudyData, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain(readings(data.study.specs)) == "edas is EDAS as reconstructed from its abstract."
    monkeypatch.delattr(EDASSetup, "reading")
    assert readings(data.study.specs) == ""


def test_origins_count_the_settings_that_ran(tmp_path: Path) -> None:
    study = make_supernet_study(tmp_path / "s", "darts[beta1=0.7]", run=False)
    told = {label: plain(text) for label, text in provenance(load_study(study.folder))}
    darts, random = told["Origin of settings"].partition(". ")[0].split("; ")
    settings, network = DARTSSettings().identity(), 12
    assert darts.endswith("and 4 by request")  # width, cells, batch, beta1
    assert sum(map(int, re.findall(r"(\d+) (?:\[|by)", darts))) == len(settings) + network
    assert random == "random 1 [D]"  # `ask`, and no network


def test_random_is_called_a_sample_and_the_whole_table_stands_beside_it(
    with_trials: Callable[[pd.DataFrame], StudyData],
) -> None:
    trials = made_up({
        "darts": [1.0 + k / 10 for k in range(8)], "edas": [40.0 + k for k in range(8)],
        "random": [4.0, 9.0, 3.0],
    })  # fmt: skip
    text = plain("\n".join(judge(with_trials(trials)).against_baseline))
    assert text.startswith("The line to beat is drawing blindly. With endless seeds that gives the")
    assert "the mean of all 15,625 cells" in text
    assert "The 3 draws of random here have a mean regret of 5.333 points" in text
    assert "quer" not in text
    assert "random search" not in text
    assert "Better than drawing blindly: darts, by " in text
    assert "Worse than drawing blindly: edas, by " in text


def test_the_whole_table_is_what_endless_draws_would_give(data: StudyData) -> None:
    whole = whole_table(data)
    assert whole is not None
    assert data.table is not None
    column = data.table.column(METRIC)
    assert whole.mean == pytest.approx(BEST - column.mean())
    assert whole.median == pytest.approx(BEST - np.median(column))
    assert whole_table(replace(data, table=None)) is None


# --- what is left out --------------------------------------------------------------------------


def test_nothing_of_landscapes_stands_empty(searched_page: Path) -> None:
    words = Page(searched_page.read_text()).words
    for text in ("Queries", "Batch and noise", "Simulated", "simulated", "Searched metric"):
        assert text not in words
    assert "nan" not in words.lower().split()
    trials = pd.read_csv(searched_page.parent / "tables" / "trials.csv")
    assert not set(OF_QUERIES) & set(trials.columns)
    assert "queries_mean" not in pd.read_csv(searched_page.parent / "tables" / "summary.csv")


def test_sampling_has_no_place_among_curves(data: StudyData) -> None:
    assert set(data.done_labels) == {"darts", "edas", "random"}
    assert set(data.searching) == {"darts", "edas"}
    assert set(curves(data, EPOCHS)["method"]) == {"darts", "edas"}


# --- figures and tables ------------------------------------------------------------------------


@pytest.mark.parametrize("key", [*NEW_FIGURES, "choices", "answers"])
def test_every_figure_is_there_as_svg_png_and_csv(searched_page: Path, key: str) -> None:
    stem = searched_page.parent / "figures" / key
    ElementTree.parse(stem.with_suffix(".svg"))
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(stem.with_suffix(".csv"))) > 0


def test_page_is_well_formed_and_its_files_exist(searched_page: Path) -> None:
    parsed = Page(searched_page.read_text())
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    links = [link for link in parsed.links if not link.startswith("#")]
    assert all((searched_page.parent / link).is_file() for link in links)


def test_curves_are_over_epochs_whatever_the_batch(data: StudyData) -> None:
    for label, curve in curves(data, EPOCHS).groupby("method"):
        assert list(curve["epochs"]) == [1, 2]
        assert curve["regret_mean"].iloc[-1] == pytest.approx(data.row(str(label)).regret_mean)
    times = curves(data, SECONDS)
    for label, curve in times.groupby("method"):
        assert curve["regret_mean"].iloc[-1] == pytest.approx(data.row(str(label)).regret_mean)


def test_epoch_curves_are_mean_and_range_over_seeds(data: StudyData) -> None:
    curve = epoch_curve(data, "darts", "oneshot_accuracy_mixture").set_index("epochs")
    steps = data.steps.of("darts", "epochs", "oneshot_accuracy_mixture")
    last = steps[steps["epochs"] == 2]["oneshot_accuracy_mixture"]
    assert list(curve.index) == [1, 2]
    assert curve.loc[2, "mean"] == pytest.approx(last.mean())
    assert (curve.loc[2, "low"], curve.loc[2, "high"]) == (last.min(), last.max())
    assert set(curve["seeds"]) == {2}


def test_diagnoses_are_drawn_where_there_are_some(searched_page: Path, data: StudyData) -> None:
    signs = pd.read_csv(searched_page.parent / "figures" / "signs.csv")
    assert set(signs["quantity"]) == DIAGNOSED | {"skip_connections", "entropy"}
    assert set(signs[signs["quantity"] == "kendall_tau"]["epochs"]) == {2}


def test_without_diagnoses_their_panels_are_left_out(tmp_path: Path, quick: None) -> None:
    study = make_supernet_study(tmp_path / "s", random=False)
    page = write_report(study.folder)
    signs = pd.read_csv(page.parent / "figures" / "signs.csv")
    assert set(signs["quantity"]) == {"skip_connections", "entropy"}
    words = Page(page.read_text()).words
    assert "--diagnose-every" in words
    assert "Fewer than three seeds, and seeds that all end alike, have no interval" in words
    assert "nan" not in words.lower().split()


def test_cost_table_has_what_the_trials_have(searched_page: Path, data: StudyData) -> None:
    table = search_cost(data).set_index("method")
    darts = data.done[data.done["method"] == "darts"]
    assert table.loc["darts", "oneshot_mean"] == pytest.approx(darts["oneshot_accuracy"].mean())
    assert table.loc["darts", "cpu_hours_mean"] == pytest.approx(darts["search_cpu_hours"].mean())
    assert table.loc["darts", "devices"] == "cpu"
    steps = data.steps.of("darts", "epochs", "discretisation_gap")
    ends = steps[steps["epochs"] == 2]
    assert table.loc["darts", "gap_mean"] == pytest.approx(ends["discretisation_gap"].mean())
    never = table.loc["random", ["oneshot_mean", "gap_mean", "memory_mb_max", "cpu_hours_mean"]]
    assert never.isna().all()
    assert "CPU-hours" in (searched_page.parent / "tables" / "search.md").read_text()
    assert "GPU-days" not in (searched_page.parent / "tables" / "search.md").read_text()


# --- several studies, one seed -----------------------------------------------------------------


def test_landscapes_and_supernets_are_kept_apart(
    finished: Study, searched: Study, tmp_path: Path, quick: None
) -> None:
    page = write_report(finished.folder, searched.folder, out=tmp_path / "report")
    text = page.read_text()
    assert "answer different questions: their methods are ranked apart" in text
    contents = Page(text[text.index('<nav class="contents"') :].partition("</nav>")[0]).words
    assert "landscape, dataset cifar10, table analog" in contents
    assert "supernet trained on digits (limited to 120 images)" in contents
    first, second = (
        pd.read_csv(tmp_path / "report" / f"study-{number}" / "tables" / "summary.csv")
        for number in (1, 2)
    )
    assert set(first["method"]) == {"drnas", "rea", "random"}
    assert set(second["method"]) == {"darts", "edas", "random"}
    assert set(second["images"]) == {"digits"}


def test_one_seed_prints_no_interval_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    summary = summarise(made_up({"a": [0.078], "b": [0]}, {"b": ["failed"]}))
    print_summary(summary.to_dict("records"), title="")
    printed = capsys.readouterr().out
    assert "0.078 (one seed: no interval)" in printed
    assert "no result" in printed
    assert "nan" not in printed
