"""Seeds that collapse: which answers did, what is warned of, and what a baseline keeps of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.errors import ExitCode
from nasbench_harness.registry import open_space
from nasbench_harness.reports.analysis.collapse import collapses
from nasbench_harness.reports.regression.baseline import (
    Baseline,
    diff,
    read_baseline,
    write_baseline,
)
from nasbench_harness.reports.regression.check import CheckReport, check_results
from nasbench_harness.reports.regression.series import Series, collapsed_seeds, read_results
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.reports.words.marked import plain

from .conftest import MakeStudy, results, series

OLD = list(93.5 + np.random.default_rng(0).normal(0, 0.1, 20))
NONE = frozenset[int]()


def told(values: Any, collapsed: frozenset[int] | None, method: str = "unas") -> Series:
    return replace(series(values, method), collapsed=collapsed)


def fresh(*collapsed: int) -> Series:
    """Twenty seeds that the baseline has not, of the same values."""
    return told({seed + 100: value for seed, value in enumerate(OLD)}, frozenset(collapsed))


def check(old: Series, new: Series) -> CheckReport:
    return check_results(Baseline(results(old)), results(new))


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "collapsed"),
    [
        ({"percentile": 24.9}, True),
        ({"percentile": 25.0}, False),
        ({"percentile": 99.0, "collapsed": True}, True),
        ({"percentile": 99.0, "connected": False}, True),
        ({"collapsed": False, "connected": True}, False),
        ({"percentile": None, "connected": True}, False),
    ],
)
def test_an_answer_collapsed_by_its_place_or_by_the_space_s_sign(
    result: dict[str, Any], collapsed: bool
) -> None:
    assert collapsed_seeds({7: result}) == (frozenset({7}) if collapsed else NONE)


def test_where_one_answer_tells_nothing_nobody_knows() -> None:
    assert collapsed_seeds({0: {"percentile": 3.0}, 1: {"accuracy": 90.0}}) is None
    assert collapsed_seeds({}) == NONE


def test_a_flaw_that_only_the_space_tells_is_a_sign() -> None:
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    conv = none.replace("none", "nor_conv_3x3")
    answers = {0: {"architecture": none}, 1: {"architecture": conv}}
    assert collapsed_seeds(answers, open_space("nb201")) == frozenset({0})
    assert collapsed_seeds(answers) is None


def test_reports_and_checks_see_the_same_collapses(study: MakeStudy) -> None:
    folder = study("new", {"unas": OLD[:3]})
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    for place, more in zip(
        sorted((folder / "trials").iterdir()),
        ({"percentile": 3.0}, {"percentile": 99.0, "architecture": none}, {"percentile": 99.0}),
        strict=True,
    ):
        path = place / "result.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **more}))
    (row,) = collapses(load_study(folder)).to_dict("records")
    seen = {frozenset({0, 1})}
    assert {one.collapsed for one in read_results([folder]).series if one.collapsed} == seen
    assert (row["collapsed"], row["which"]) == (2, "0–1")


# --- warnings ----------------------------------------------------------------------------------


def test_more_collapses_are_a_warning_and_no_failure() -> None:
    report = check(told(OLD, frozenset({3})), fresh(100, 104, 105, 106))
    (warning,) = map(plain, report.warnings)
    assert "unas (nb201, landscape, cifar10) collapsed more often here: in 4 of 20 seeds" in warning
    assert "(100, 104–106), in 1 of 20 of the baseline (Fisher's exact p = 0.171" in warning
    assert report.exit_code == ExitCode.DONE


@pytest.mark.parametrize(("before", "now"), [((), ()), ((3,), (100,)), ((3, 4), (100,))])
def test_as_many_or_fewer_are_no_warning(before: tuple[int, ...], now: tuple[int, ...]) -> None:
    assert check(told(OLD, frozenset(before)), fresh(*now)).warnings == ()


def test_the_same_seeds_are_held_against_each_other() -> None:
    """One collapse among five seeds is more often than one among twenty, and nothing new."""
    old = told(OLD, frozenset({2}))
    assert check(old, told(OLD[:5], frozenset({2}))).warnings == ()
    (warning,) = check(old, told(OLD[:5], frozenset({1, 2}))).warnings
    assert "in 2 of 5 seeds (1–2), in 1 of 5 of the baseline" in warning


def test_a_method_is_warned_of_once_whatever_it_is_judged_by() -> None:
    def both(one: Series) -> list[Series]:
        return [one, replace(one, key=one.key._replace(metric="cifar10_ptq_accuracy"))]

    baseline = Baseline(results(*both(told(OLD, NONE))))
    assert len(check_results(baseline, results(*both(fresh(101)))).warnings) == 1


# --- baselines that do not tell ----------------------------------------------------------------


def test_what_a_baseline_of_before_lacks_is_said() -> None:
    report = check(told(OLD, None), fresh(101))
    assert report.warnings == ()
    (note,) = map(plain, report.notes)
    assert "does not tell which of its seeds collapsed" in note
    assert "collapsed here: unas in 1 of 20 seeds (101)" in note
    (note,) = check(told(OLD, None), fresh()).notes
    assert "no seed collapsed here" in note


def test_nothing_is_said_where_no_answer_can_be_placed() -> None:
    new = replace(fresh(), collapsed=None)
    assert check(told(OLD, None), new).notes == ()
    assert check(told(OLD, NONE), new).notes == ()


def test_a_baseline_keeps_which_seeds_collapsed(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    for collapsed in (None, NONE, frozenset({1, 11})):
        write_baseline(path, Baseline(results(told(OLD, collapsed))), update=True)
        (kept,) = read_baseline(path).results.series
        assert kept.collapsed == collapsed
        assert ("collapsed" in path.read_text()) == (collapsed is not None)
    before, after = (Baseline(results(told(OLD, c))) for c in (None, frozenset({1, 11})))
    (line,) = diff(before, after)
    assert line.endswith("collapsed unknown → seeds 1, 11")
