"""A study that was looked up in a benchmark of some architectures: no best, and not every answer.

Its studies are made-up trials, of which nothing but the numbers matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.cli.console import print_summary
from nasbench_harness.contracts import Benchmark
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.reports import summarise
from nasbench_harness.reports.analysis.overview import NoOverview, Overview, overviews
from nasbench_harness.reports.figures import anytime, cells
from nasbench_harness.reports.figures.anytime import LEAST, _about_seconds, _value_limits
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.reference import Level
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.page.provenance import caveats
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.study.measure import ACCURACY, concluded, conclusion
from nasbench_harness.reports.tables.summary import SEEDS, summary_table
from nasbench_harness.reports.words import images
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store.studies import Study, current_tables
from tests.steps_recorded import recorded, recording

from .conftest import BEST, METRIC, made_up, make_study

ACCURACIES = {
    "a": [93.0, 92.0, np.nan],
    "b": [91.0, 90.0, 89.5],
    "random": [88.0, np.nan, 87.0],
}
CELLAR = SimpleNamespace(
    name="cellar", space="nb201", version="1", content_hash="of-some", metrics={}, caveat=""
)
DataOf = Callable[..., StudyData]


def trials_of(accuracies: Mapping[str, Sequence[float]], **columns: Any) -> pd.DataFrame:
    """Trials with these final accuracies, percent; nobody knows the best."""
    regrets = {label: list(BEST - np.asarray(values)) for label, values in accuracies.items()}
    rows = made_up(regrets, columns.pop("statuses", None))
    unknown = [name for name in (f"regret_{METRIC}", "percentile") if name in rows]
    return rows.drop(columns=unknown).assign(
        **{"table": "cellar", "problem": "landscape", "search_metric": METRIC, **columns}
    )


@pytest.fixture
def partly(finished: Study) -> DataOf:
    """Of accuracies per method and seed: a study that looked them up in some of a benchmark."""

    def build(accuracies: Mapping[str, Sequence[float]] = ACCURACIES, **columns: Any) -> StudyData:
        data, trials = load_study(finished.folder), trials_of(accuracies, **columns)
        history = recorded(data)
        history = history.drop(columns=[n for n in history if n.startswith("regret")])
        table = cast("Benchmark", CELLAR)
        return replace(recording(data, history), trials=trials, table=table)

    return build


# --- how many numbers there are ----------------------------------------------------------------


def test_seeds_are_those_whose_answer_is_known(partly: DataOf) -> None:
    data = partly(statuses={"b": ["done", "failed", "done"]})
    summary = data.summary.set_index("method")
    assert summary["seeds"].to_dict() == {"a": 3, "b": 2, "random": 3}
    assert summary["known"].to_dict() == {"a": 2, "b": 2, "random": 2}
    cells = {row.method: SEEDS.text(row) for row in data.summary.itertuples()}
    assert cells == {"a": "2 of 3", "b": "2 of 3", "random": "2 of 3"}
    answer = judge(data)
    assert data.claims.all[0].runs == (2, 2)
    assert "it takes about 5 seeds of each" in answer.lead


def test_the_terminal_tells_unknown_answers_from_missing_ones(
    partly: DataOf, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = [np.nan, np.nan]
    trials = trials_of({"a": [93.0, np.nan], "b": nothing, "c": nothing},
                       statuses={"c": ["failed", "missing"]})  # fmt: skip
    rows = summarise(trials).to_dict("records")
    print_summary(rows, title="", missed=False, failed={"c": 1})
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("a 1 (1 unknown) 93.00") for line in printed)
    assert any(line.startswith("b 0 (2 unknown) unknown") for line in printed)
    assert any(line.startswith("c 0 (1 failed, 1 missing) no result") for line in printed)


# --- what is said first ------------------------------------------------------------------------


def test_a_benchmark_of_some_architectures_is_introduced(partly: DataOf) -> None:
    said = plain(" ".join(caveats(partly())))
    assert "The benchmark cellar knows only some architectures of the space" in said
    assert "regret is not known" in said
    assert "known answers only, which are a selection: 7 of 9 answers" in said


def test_one_of_all_is_not(finished: Study) -> None:
    assert "knows only some" not in " ".join(caveats(load_study(finished.folder)))


@pytest.mark.parametrize(
    "accuracies", [{"a": [np.nan, np.nan]}, {"a": []}], ids=["unknown", "failed"]
)
def test_without_a_number_there_is_no_regret_either(
    partly: DataOf, accuracies: dict[str, list[float]]
) -> None:
    """As gathered: in a study whose benchmark is not complete."""
    values = accuracies["a"] or [90.0]
    states = {"a": ["done" if accuracies["a"] else "failed"] * len(values)}
    data = partly({"a": values}, statuses=states, accuracy=np.nan)
    trials = data.trials.drop(columns=METRIC, errors="ignore")
    bare = StudyData(data.study, trials, data.history, data.space, data.table, "")
    assert bare.measure == ACCURACY
    assert "Regret" not in [column.heading for column in summary_table(bare).columns]


def test_gathered_without_a_result_there_is_no_regret(
    tmp_path: Path, table_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = make_study(tmp_path / "complete", "rea", seeds=1, run=False)
    assert "regret" in current_tables(complete)[0].column_names
    monkeypatch.setattr("nasbench_harness.store.studies.find_table", lambda name: CELLAR)
    study = make_study(tmp_path / "s", "rea", seeds=1, run=False)
    for table in current_tables(study):
        assert "accuracy" in table.column_names
        assert "regret" not in table.column_names
    assert load_study(study.folder).measure == ACCURACY


def test_without_recorded_queries_none_are_told(partly: DataOf) -> None:
    (line, *_) = judge(partly(queries=np.nan)).against_baseline
    assert "after" not in line
    assert "–" not in line


class Elsewhere(PlainKind):
    """A kind that says nothing of training."""

    name = "elsewhere"
    concludes = "guess"
    caveat_alone = "A guess is a guess."


def test_of_a_kind_that_is_silent_nothing_is_said_of_training(
    partly: DataOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasbench_harness.reports.study.data.kind_of", lambda name: Elsewhere())
    said = " ".join([*caveats(partly(table="")), _about_seconds(partly())])
    assert "A guess is a guess." in said
    assert not [word for word in ("trained", "a real search", "elsewhere") if word in said]


def test_what_a_kind_concludes_is_called_as_it_says() -> None:
    assert conclusion("supernet", "oneshot_accuracy") == "one-shot accuracy"
    assert conclusion("landscape", "some_guess") == "some guess"
    assert concluded(kind_of("supernet")) == ("One-shot", "accuracy, %")
    assert concluded(Elsewhere()) == ("Guess", "%")


# --- several on one page -----------------------------------------------------------------------

FIVE = {label: list(start + np.arange(5.0)) for label, start in (("a", 80), ("b", 70), ("c", 60))}


def together(studies: Sequence[StudyData]) -> list[Overview]:
    found = overviews(studies)
    assert not [one for one in found if isinstance(one, NoOverview)]
    return cast("list[Overview]", found)


def test_ranks_by_different_measures_have_files_and_places_of_their_own(partly: DataOf) -> None:
    shared = {"space": "nb201", "dataset": "digits"}
    alone = trials_of(FIVE, table="", **shared).rename(columns={METRIC: "oneshot_accuracy"})
    alone["report_metric"] = "oneshot_accuracy"
    both = [partly(FIVE, **shared) for _ in range(2)]
    data = both[0]
    both += [StudyData(data.study, alone, data.history, data.space, None, "")] * 2
    found = together(both)
    assert len({one.title for one in found}) == 2
    assert len({one.table.key for one in found}) == 2
    assert len({one.drawing.key for one in found if one.drawing}) == 2


# --- one method, and figures -------------------------------------------------------------------


def test_one_method_alone_is_the_highest_of_nothing(partly: DataOf) -> None:
    answer = judge(partly({"a": [93.0, 92.0]}))
    assert plain(answer.lead).startswith("a ends with a mean accuracy: 92.50 %")
    (few,) = answer.warnings
    assert plain(few) == "a has no other method to be compared with."


def test_what_has_no_accuracy_is_not_called_the_best(partly: DataOf) -> None:
    known, unknown = {"a": [93.0, 92.0]}, {"b": [np.nan, np.nan]}
    cells_ = {"architecture": "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"}
    said = {}
    for name, accuracies in (("all", known), ("some", known | unknown), ("none", unknown)):
        data = partly(accuracies, **cells_)
        drawing = cells.draw(data, method_styles({label: label for label in "ab"}, "random"))
        assert isinstance(drawing, Drawing)
        said[name] = drawing.caption
    assert "(the best of them where" in said["all"]
    assert "if none has a known accuracy" in said["some"]
    assert "best" not in said["none"]


def curve(method: str, *means: float, band: float = np.nan) -> pd.DataFrame:
    along = np.array(means)
    bounds = {"accuracy_low": along - band, "accuracy_high": along + band}
    return pd.DataFrame({"method": method, "accuracy_mean": along, **bounds})


def level(accuracy: float) -> Level:
    return Level("random ends here", np.nan, accuracy, "black", "-")


@pytest.mark.parametrize(
    ("frame", "lines"),
    [
        (curve("a", 20.0, 50.0, 70.0), []),
        (curve("a", 20.0, 50.0, 70.0), [level(70.0)]),
        (curve("a", 70.0), []),
        (curve("a", 70.0, 70.0), [level(60.0)]),
        (pd.concat([curve("a", 20.0, 70.0), curve("b", 30.0, 69.999)]), [level(69.9995)]),
        (curve("a", 20.0, 70.0, band=2.0), [level(75.0)]),
        (pd.concat([curve("a", 20.0, 70.0), curve("b", 30.0, 60.0)]), []),
    ],
    ids=["one end", "ends alike", "one point", "level below", "close", "level above", "two ends"],
)
def test_an_axis_of_accuracy_shows_its_levels_and_is_wide_enough(
    frame: pd.DataFrame, lines: list[Level]
) -> None:
    least = LEAST * 100
    low, high = _value_limits(frame, lines, least)
    assert high - low >= least * 0.999
    ends = frame.groupby("method")["accuracy_mean"].last()
    shown = [*ends, *(line.accuracy for line in lines)]
    assert low < min(shown) <= max(shown) < high
    if max(shown) == min(shown):
        assert low < frame["accuracy_mean"].min()


def test_the_axis_of_accuracy_has_no_offset(finished: Study) -> None:
    data = load_study(finished.folder)
    for drawing in anytime.draw(data, method_styles({n: n for n in data.labels}, "random")):
        assert isinstance(drawing, Drawing)
        if "accuracy" in drawing.key:
            (axes,) = drawing.figure.axes
            assert not axes.yaxis.get_major_formatter().get_useOffset()


def test_lines_over_fewer_images_say_so(partly: DataOf, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kind_of("supernet")
    spec = SimpleNamespace(network={"evaluated_images": 1000})
    assert "at most 1,000 of the search-validation images" in kind.observed(spec)
    assert kind.observed(SimpleNamespace(network={})) == ""
    monkeypatch.setattr(Elsewhere, "observed", lambda self, spec: "Measured on less.")
    monkeypatch.setattr("nasbench_harness.reports.study.data.kind_of", lambda name: Elsewhere())
    said = {table: images.observed(partly(table=table)) for table in ("", "cellar")}
    assert said == {"": "Measured on less.", "cellar": ""}
