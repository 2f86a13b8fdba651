"""One page about several studies: each has its part, its heading and its files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.reports.analysis.overview import NoOverview, Overview, overviews
from nasbench_harness.reports.figures.reference import whole_table
from nasbench_harness.reports.statistics.robust import interquartile_mean
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.columns import ColumnTable

from .conftest import made_up, make_study, searching_on
from .htmlpage import Page

DATASETS = ("cifar10", "cifar100", "imagenet16-120")
DataOf = Callable[[pd.DataFrame], StudyData]
LARGEST = 3_000_000
"""Bytes of a page that is still easy to mail."""


@pytest.fixture(scope="module")
def several(finished: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about a finished study and one that has not begun."""
    folder = tmp_path_factory.mktemp("studies")
    planned = make_study(folder / "a <b>", "rea", run=False)
    return write_report(finished.folder, planned.folder, out=folder / "report")


def test_files_are_kept_apart(several: Path) -> None:
    parsed = Page(several.read_text())
    links = [link for link in parsed.links if not link.startswith("#")]
    assert all((several.parent / link).is_file() for link in links)
    assert {link.partition("/")[0] for link in links} == {"study-1", "study-2"}


def test_ids_are_unique_and_anchors_lead_somewhere(several: Path) -> None:
    parsed = Page(several.read_text())
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    anchors = {link[1:] for link in parsed.links if link.startswith("#")}
    assert {"study-1", "study-2"} <= anchors <= set(parsed.ids)


def test_contents_come_first_with_one_line_a_study(several: Path) -> None:
    text = several.read_text()
    start = text.index('<nav class="contents"')
    contents = text[start : text.index("</nav>", start)]
    assert contents.count("<li>") == 2
    assert "dataset cifar10, table <code>analog</code>: 3 methods, 3 seeds" in contents
    assert "a &lt;b&gt;" in contents
    assert start + len(contents) < text.index("<article")


def test_every_verdict_stands_in_the_contents(several: Path, finished: Study) -> None:
    lead = plain(judge(load_study(finished.folder)).lead)
    markdown = (several.parent / "report.md").read_text().replace("`", "")
    for text in (Page(several.read_text()).words, markdown):
        assert text.count(lead) == 2  # there, and in its own part
        assert text.index(lead) < text.index("Read this first")


def test_contents_tell_oracle_studies_from_searches(tmp_path: Path) -> None:
    edit = searching_on("cifar10_analog_accuracy", "rea")
    oracle = make_study(tmp_path / "s", "rea", run=False, edit=edit)
    other = make_study(tmp_path / "t", "rea", run=False)
    text = write_report(oracle.folder, other.folder, out=tmp_path / "report").read_text()
    contents = text[text.index('<nav class="contents"') :].partition("</nav>")[0]
    lines = re.findall("<li>(.*?)</li>", contents)
    assert ["an oracle study, no search result" in line for line in lines] == [True, False]


def test_every_heading_names_its_dataset_and_table(several: Path) -> None:
    text = several.read_text()
    assert len(re.findall(r"<h1[ >]", text)) == 1
    studies = re.findall(r'<h2 class="study">(.*?)</h2>', text)
    assert len(studies) == 2
    assert all("dataset cifar10, table <code>analog</code>" in study for study in studies)
    heads = re.findall(r"<h3.*?</h3>", text)
    assert len(heads) > 10
    assert all("cifar10, <code>analog</code>" in head for head in heads)


def test_markdown_has_contents_and_anchors_too(several: Path) -> None:
    text = (several.parent / "report.md").read_text()
    for number in (1, 2):
        assert f"](#study-{number})" in text
        assert f'<a id="study-{number}"></a>' in text
    assert len(re.findall(r"^### Summary \(cifar10, `analog`\)$", text, re.M)) == 2


def test_studies_with_common_methods_are_ranked_together(
    finished: Study, tmp_path: Path, quick: None
) -> None:
    other = make_study(tmp_path / "again", "drnas,rea", seeds=4, steps=5)
    page = write_report(finished.folder, other.folder, out=tmp_path / "report")
    ranks = pd.read_csv(tmp_path / "report" / "tables" / "ranks-landscape-nb201.csv")
    assert set(ranks["method"]) == {"drnas", "rea", "random"}
    both = ranks[["rank_1", "rank_2"]].to_numpy()
    assert both.sum(axis=0) == pytest.approx([6, 6])  # 1 + 2 + 3
    assert ranks["rank"].to_numpy() == pytest.approx((3 * both[:, 0] + 4 * both[:, 1]) / 7)
    assert set(ranks["claim_1"].dropna()) <= {"better", "better, perhaps slightly", "same",
                                              "cannot tell"}  # fmt: skip
    assert ranks[["normalised_low", "normalised_high"]].isna().all(axis=None)  # of 3 and 4 seeds
    for row in ranks.itertuples():
        runs = [
            data.done.loc[data.done["method"] == row.method, "regret"] / whole_table(data).mean
            for data in map(load_study, (finished.folder, other.folder))
        ]
        assert row.normalised_iqm == pytest.approx(interquartile_mean(runs))
    for text in (Page(page.read_text()).words, (page.parent / "report.md").read_text()):
        assert "Ranks over 2 landscape studies of nb201" in text
        assert "average rank over 7 blocks" in text
        overview = text[text.index("Over 2 studies") :].partition("Read this first")[0]
        assert "called better than another over all of these studies" in overview
        assert "as in the words and tables" not in overview
        assert "of fewer than 5 seeds there are none" in overview


def several_of(data_of: DataOf, *regrets: dict[str, list[float]]) -> list[StudyData]:
    about = {"space": "nb201", "dataset": "cifar10"}
    return [data_of(made_up(given).assign(**about)) for given in regrets]


GENERATOR = np.random.default_rng(0)
FIVE = {label: list(GENERATOR.uniform(0, 4, 5)) for label in ("drnas", "rea", "random")}
APART = {"drnas": [0.1], "rea": [0.2], "random": [0.3]}


def test_five_seeds_a_study_have_an_interval(data_of: DataOf) -> None:
    (found,) = overviews(several_of(data_of, FIVE, FIVE))
    assert isinstance(found, Overview)
    rows = found.table.rows
    assert (rows["normalised_low"] < rows["normalised_iqm"]).all()
    assert (rows["normalised_iqm"] < rows["normalised_high"]).all()
    assert found.over_all is not None
    assert "somewhat too short" in found.over_all.note
    assert "there are none" not in found.over_all.note


def without_common_seeds(data: StudyData) -> StudyData:
    """The methods finished a seed each, and not the same."""
    seeds = {"drnas": 0, "rea": 1, "random": 2}
    return replace(data, trials=data.trials.assign(seed=data.trials["method"].map(seeds)))


def test_a_study_without_common_seeds_is_left_out_and_named(data_of: DataOf) -> None:
    one, two, other = several_of(data_of, FIVE, FIVE, APART)
    (found,) = overviews([without_common_seeds(other), one, two])
    assert isinstance(found, Overview)
    assert found.title == "Ranks over 2 landscape studies of nb201"
    assert found.drawing is not None
    assert "over 10 blocks" in found.drawing.caption
    assert "is left out, without a seed that all of these methods finished" in found.note
    assert list(found.table.rows.filter(regex=r"^rank_\d")) == ["rank_1", "rank_2"]


def test_one_study_left_is_not_ranked_with_others(data_of: DataOf) -> None:
    one, other = several_of(data_of, FIVE, APART)
    (found,) = overviews([one, without_common_seeds(other)])
    assert isinstance(found, NoOverview)
    assert plain(found.reason) == (
        "ranks need seeds that all methods finished, and study drnas-rea-nb201 has none that no"
        " other study here has"
    )


def test_studies_without_common_results_say_why_there_are_no_ranks(several: Path) -> None:
    assert "Not shown: ranks need 3 methods" in Page(several.read_text()).words


def test_a_single_study_needs_no_list_of_studies(page: Path) -> None:
    text = page.read_text()
    assert '<nav class="contents"' not in text
    assert 'id="tabs"' not in text
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert "dataset cifar10, table <code>analog</code>" in text
    assert "<h3" not in text


def test_no_table_mixes_datasets(official: ColumnTable, tmp_path: Path, quick: None) -> None:
    folders = [
        make_study(tmp_path / dataset, "rea", seeds=2, dataset=dataset).folder
        for dataset in DATASETS
    ]
    page = write_report(*folders, out=tmp_path / "report")
    text = page.read_text()
    assert len(text) < LARGEST
    assert len(re.findall('<table[^>]* aria-label="Summary"', text)) == len(DATASETS)
    for number, dataset in enumerate(DATASETS, start=1):
        summary = pd.read_csv(tmp_path / "report" / f"study-{number}" / "tables" / "summary.csv")
        assert set(summary["dataset"]) == {dataset}
        assert set(summary["report_metric"]) == {f"{dataset.replace('-', '_')}_test_200ep"}
        assert f"dataset {dataset}, table <code>official</code>" in text
