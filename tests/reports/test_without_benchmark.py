"""A study that looked nothing up: what its report leads with, says first, and leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pandas as pd
import pytest

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports import summarise, write_report
from nasbench_harness.reports.analysis import everycost
from nasbench_harness.reports.analysis.compare import chosen_measure, compare
from nasbench_harness.reports.analysis.everycost import NoCostError, every_cost
from nasbench_harness.reports.analysis.searchcost import stepped_together
from nasbench_harness.reports.figures import relief, tradeoff
from nasbench_harness.reports.figures.curves import budgets, curves
from nasbench_harness.reports.paper import write_paper
from nasbench_harness.reports.regression.baseline import Baseline
from nasbench_harness.reports.regression.check import check_results
from nasbench_harness.reports.regression.series import read_results
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.study.measure import without_untrained
from nasbench_harness.reports.words.claims import sentence
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.studies import Study, history_table, trials_table

from .conftest import make_supernet_study
from .htmlpage import Page


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    folder = tmp_path_factory.mktemp("alone") / "darts-edas-digits"
    return make_supernet_study(folder, "darts,edas", seeds=3, table="none")


def test_where_every_search_failed_a_draw_has_no_accuracy_either(alone: Study) -> None:
    trials, history = trials_table(alone), history_table(alone)
    drawn = trials[trials["method"] == "random"]
    left = without_untrained(drawn, history[history["trial"].isin(drawn["trial"])])
    nothing = without_untrained(drawn, pd.DataFrame({"trial": []}))
    assert left["oneshot_accuracy"].isna().all()
    assert nothing["oneshot_accuracy"].isna().all()


@pytest.fixture
def data(alone: Study) -> StudyData:
    return load_study(alone.folder)


def test_it_says_first_that_nothing_was_looked_up(alone: Study, tmp_path: Path) -> None:
    page = write_report(alone.folder, out=tmp_path / "report")
    markdown = (tmp_path / "report" / "report.md").read_text()
    for text in (Page(page.read_text()).words, markdown.replace("`", "").replace("> ", "")):
        words = " ".join(text.split())
        assert words.index("nothing looked up") < words.index("Read this first")
        assert "Nothing was looked up: this study has no benchmark." in words
        assert words.index("Nothing was looked up") < words.index("In words")
        assert "only the answers were looked up" not in words
        assert "nothing here tells the two apart" in words
        assert "mean one-shot accuracy of " in words
        assert "regret" not in words.lower()
        assert "percentile" not in words.lower().replace("percentile bootstraps", "")
        assert "nan" not in words.lower().split()
    drawn = {path.stem for path in (tmp_path / "report" / "figures").glob("*.svg")}
    assert not drawn & {"landscape", "answers", "tradeoff", "profiles", "scatter"}
    assert {"anytime-accuracy-epochs", "distribution", "oneshot", "signs"} <= drawn


def test_methods_are_in_order_of_the_accuracy_they_measured(data: StudyData) -> None:
    means = data.done.groupby("method")["oneshot_accuracy"].mean()
    first, second = sorted(["darts", "edas"], key=lambda label: (-means[label], label))
    assert data.labels == [first, second, "random"]
    assert "regret" not in data.done
    assert "regret" not in data.steps
    assert data.row(first).accuracy_mean == pytest.approx(means[first])
    frame = curves(data, budgets(data)[0])
    ends = frame.groupby("method")["accuracy_mean"].last()
    assert set(ends.index) == {"darts", "edas"}
    assert "regret_mean" not in frame


def test_what_trained_no_network_is_no_line_to_beat(data: StudyData) -> None:
    drawn = data.done[data.done["method"] == "random"]
    assert len(drawn) == 3
    assert drawn["accuracy"].isna().all()
    assert "random" not in {label for claim in data.claims.all for label in claim.labels}
    (line,) = judge(data).against_baseline
    assert "trained no network, so its answers have no one-shot accuracy" in plain(line)


def test_it_is_compared_by_what_it_has(data: StudyData) -> None:
    claim, measure = compare(data, "darts", "edas"), chosen_measure(data, None)
    assert (measure.key, measure.noun) == ("accuracy", "one-shot accuracy")
    assert claim.test == "pairs"  # equal seeds share their first weights and their split
    assert "one-shot accuracy" in sentence(claim, measure)
    assert compare(data, "darts", "edas", chosen_measure(data, "accuracy")) == claim
    with pytest.raises(HarnessError, match="has no regret"):
        chosen_measure(data, "regret")


def test_the_terminal_s_summary_is_led_by_accuracy(data: StudyData) -> None:
    summary = summarise(data.trials)
    known = summary["accuracy_mean"].dropna()
    assert known.is_monotonic_decreasing
    assert summary["regret_mean"].isna().all()


def test_a_paper_and_a_check_of_it(alone: Study, tmp_path: Path) -> None:
    document = write_paper([alone.folder], tmp_path / "paper").read_text()
    assert "Nothing was looked up" in document
    assert "regret" not in document.lower()
    results = read_results([alone.folder])
    assert {one.key.metric for one in results.series} >= {"oneshot_accuracy"}
    report = check_results(Baseline(results, {}), results)
    assert report.exit_code == 0


def test_pages_of_several_rank_it_apart(alone: Study, searched: Study, tmp_path: Path) -> None:
    page = write_report(alone.folder, searched.folder, out=tmp_path / "both")
    assert "Ranks over 2" not in page.read_text()
    assert "nan" not in Page(page.read_text()).words.lower().split()


def test_seconds_of_searches_stepped_together_are_said_to_be_shares(finished: Study) -> None:
    data = load_study(finished.folder)
    trials = data.trials
    for together, said in ((1, False), (3, True)):
        one = StudyData(data.study, trials.assign(cohort=together), data.history, data.space,
                        data.table, "")  # fmt: skip
        assert stepped_together(one) is said


# --- spaces that nobody lists ------------------------------------------------------------------


class Unlisted:
    """NAS-Bench-201 without what lists its architectures."""

    hidden = ("size", "enumerate", "rank", "unrank")

    def __init__(self) -> None:
        self._space = NB201()

    def __getattr__(self, name: str) -> object:
        if name in self.hidden:
            raise AttributeError(name)
        return getattr(self._space, name)


def test_figures_of_every_architecture_need_a_space_that_lists_them(finished: Study) -> None:
    data = load_study(finished.folder)
    unlisted = StudyData(
        data.study, data.trials, data.history, cast("EnumerableSpace", Unlisted()), data.table, ""
    )
    assert relief.draw(unlisted, {}) is None
    assert tradeoff.draw(unlisted, {}) is None


class Dear(NB201):
    """One whose costs take long to tell: 0.18 s each, by a clock that the costs move."""

    version = "dear"
    now = 0.0
    asked = 0
    each = 0.18

    def cost(self, arch: object, what: str, dataset: str) -> float:
        self.now += self.each
        self.asked += 1
        return 1.0


def test_costs_that_take_long_are_not_asked_for() -> None:
    space = Dear()
    with pytest.raises(NoCostError, match=r"takes 0\.18 s to tell, which is too long for all"):
        every_cost(space, "params", "cifar10", lambda: space.now)
    assert space.asked == everycost.FIRST + 1


def test_costs_that_take_minutes_are_asked_for_twice() -> None:
    space = Dear()
    space.each, space.version = 60.0, "dearer"
    with pytest.raises(NoCostError, match="takes 60 s to tell"):
        every_cost(space, "params", "cifar10", lambda: space.now)
    assert space.asked == 2  # of the first, nobody knows what it made ready


def test_a_figure_says_that_costs_take_too_long(
    finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everycost, "PATIENCE", 0.0)
    monkeypatch.setattr(everycost, "_COUNTED", {})
    found = tradeoff.draw(load_study(finished.folder), {})
    assert "too long for all 15,625 of them" in found.reason  # type: ignore[union-attr]
