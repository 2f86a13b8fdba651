"""Reports about a study and its copies: every trial is evidence once, and the page says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.reports.analysis.collapse import collapses
from nasbench_harness.reports.analysis.compare import compare
from nasbench_harness.reports.figures.ranks import blocks
from nasbench_harness.reports.paper import write_paper
from nasbench_harness.reports.study.data import StudyData, load_study, read_study
from nasbench_harness.store.copies import open_studies
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.studies import Study

from .conftest import METRIC, made_up, make_study
from .htmlpage import Page

DataOf = Callable[[pd.DataFrame], StudyData]


@pytest.fixture
def backup(finished: Study, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished.folder, tmp_path / "backup"))


def words(page: Path) -> tuple[str, str]:
    return Page(page.read_text()).words, (page.parent / "report.md").read_text()


def test_a_copy_changes_nothing_but_a_sentence(
    finished: Study, backup: Path, tmp_path: Path, quick: None
) -> None:
    one = write_report(finished.folder, out=tmp_path / "one")
    two = write_report(finished.folder, backup, out=tmp_path / "two")
    told = f"9 trials are in both {finished.folder} and {backup}: counted once."
    assert told in words(two)[0]
    assert "counted once" in words(two)[1]
    assert len(words(two)[1].splitlines()) == len(words(one)[1].splitlines()) + 2
    for name in ("summary.csv", "trials.csv"):
        same = (one.parent / "tables" / name).read_bytes()
        assert (two.parent / "tables" / name).read_bytes() == same
    assert "<article" in two.read_text()
    assert two.read_text().count("<article") == 1


def test_a_study_alone_says_nothing_of_copies(page: Path) -> None:
    assert "counted once" not in "".join(words(page))


def test_ranks_over_studies_that_overlap_count_a_trial_once(
    finished: Study, tmp_path: Path, quick: None
) -> None:
    one = make_study(tmp_path / "one", "drnas,rea", seeds="1-4")
    two = make_study(tmp_path / "two", "drnas,rea", seeds="3-6")
    page = write_report(one.folder, two.folder, out=tmp_path / "report")
    assert all("average rank over 6 blocks" in text for text in words(page))
    assert "6 trials are in both" in words(page)[0]
    assert page.read_text().count("<article") == 2


def test_a_study_on_its_own_is_whole(finished: Study, backup: Path, tmp_path: Path) -> None:
    more = make_study(tmp_path / "two", "drnas,rea", seeds="2-4")
    first, second = (read_study(s) for s in open_studies([finished.folder, more.folder]).distinct)
    assert len(blocks([second])) == 3
    assert len(blocks([first, second])) == 3 + 2


def test_a_result_that_only_the_copy_has_is_shown(
    finished: Study, backup: Path, tmp_path: Path, quick: None
) -> None:
    mine = Path(shutil.copytree(finished.folder, tmp_path / "mine"))
    (lost, *_) = sorted((mine / "trials").glob("drnas-*"))
    (lost / "result.json").unlink()
    write_report(mine, backup, out=tmp_path / "report")
    trials = pd.read_csv(tmp_path / "report" / "tables" / "trials.csv")
    assert set(trials["status"]) == {"done"}
    assert load_study(mine).trials["status"].tolist().count("missing") == 1


def test_a_paper_shows_a_copy_once(finished: Study, backup: Path, tmp_path: Path) -> None:
    main = write_paper([finished.folder, backup], tmp_path / "paper")
    assert "study-1" not in main.read_text()


def test_copies_that_ended_differently_are_told_loudly(
    finished: Study, backup: Path, tmp_path: Path, quick: None
) -> None:
    (path,) = (backup / "trials").glob("drnas-s0-*/result.json")
    write_json(path, {**read_json(path), METRIC: 12.5, f"regret_{METRIC}": 81.5})
    page = write_report(finished.folder, backup, out=tmp_path / "report")
    for text in words(page):
        assert "drnas seed 0 did not end alike in" in text
    assert page.read_text().count("<article") == 2
    assert "average rank over 3 blocks" in words(page)[0]


# --- versions ----------------------------------------------------------------------------------


def test_a_seed_that_two_versions_of_a_method_have_is_one_everywhere(data_of: DataOf) -> None:
    """The older answer is in the lower quarter, and missed the smallest difference."""
    others = {"rea": [0.1, 0.1], "random": [2.0, 2.1]}
    old = made_up({"drnas": [80.0, 0.2], **others})
    new = made_up({"drnas": [0.1]}).assign(trial="drnas-0-new")
    data = data_of(pd.concat([old, new], ignore_index=True))
    assert len(data.done) == 6
    assert data.row("drnas").seeds == 2
    assert data.row("drnas").regret_mean == pytest.approx(0.15)
    claim = data.claims.of("drnas", "rea")
    assert claim is not None
    assert claim.runs == (2, 2)
    assert claim.means[0] == pytest.approx(0.15)
    assert collapses(data)[["collapsed", "seeds"]].to_numpy().tolist() == [[0, 2]] * 3
    assert blocks([data])["drnas"].to_list() == pytest.approx([0.1, 0.2])
    assert {len(part) for _, part in data.done.groupby("method")} == {2}


# --- labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["unas[temperature=1]", "unas[temperature=1e0]"])
def test_compare_knows_a_setting_however_it_is_spelled(tmp_path: Path, asked: str) -> None:
    data = load_study(make_study(tmp_path / "s", "unas[temperature=1]", seeds=2).folder)
    assert compare(data, asked, "random").first == "unas[temperature=1.0]"
