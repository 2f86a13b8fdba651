"""Studies against baselines: refusals, failed trials, and what a whole check says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasbench_harness.errors import ExitCode, HarnessError, UnknownNameError
from nasbench_harness.reports.regression.baseline import Baseline, BaselineError
from nasbench_harness.reports.regression.check import CheckReport, check_folders, check_results
from nasbench_harness.reports.regression.series import MEMORY, read_results
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Finding
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.studies import open_study

from .conftest import METRIC, MakeStudy, edit_study, fail, results, series, with_torch

OLD = list(93.5 + np.random.default_rng(0).normal(0, 0.1, 12))
LOST = list(np.array(OLD) - 0.5)


def baseline_of(folder: Path, **margins: float) -> Baseline:
    return Baseline(read_results([folder]), margins)


def finding(report: CheckReport, method: str, metric: str = METRIC) -> Finding:
    (found,) = [f for f in report.findings if (f.name, f.metric) == (method, metric)]
    return found


def test_unchanged_study_passes(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    report = check_folders(baseline, [study("b", {"unas": OLD, "darts": OLD})])
    assert {f.verdict for f in report.findings} == {CheckVerdict.UNCHANGED}
    assert len(report.findings) == 4
    assert report.exit_code == ExitCode.DONE
    assert report.notes == ()


def test_method_that_lost_is_named(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    report = check_folders(baseline, [study("b", {"unas": LOST, "darts": OLD})])
    assert report.exit_code == ExitCode.CHECK_FAILED
    lost = finding(report, "unas")
    assert lost.verdict is CheckVerdict.REGRESSION
    assert lost.effect is not None
    assert (lost.effect.loss, lost.effect.unit) == (pytest.approx(0.5), "points")
    assert lost.new == pytest.approx(np.mean(LOST))
    assert finding(report, "darts").verdict is CheckVerdict.UNCHANGED


def test_margin_of_the_baseline_is_replaced_by_a_given_one(study: MakeStudy) -> None:
    old, new = study("a", {"unas": OLD}), study("b", {"unas": LOST})
    generous = baseline_of(old, accuracy=1.0)
    assert check_folders(generous, [new]).exit_code == ExitCode.DONE
    strict: dict[str, float] = {METRIC: 0.1}
    assert check_folders(generous, [new], margins=strict).exit_code == ExitCode.CHECK_FAILED


@pytest.mark.parametrize(
    ("margins", "words"),
    [({"acuracy": 0.1}, "Did you mean `accuracy`"), ({"accuracy": -0.1}, "expected a number ≥ 0"),
     ({"accuracy": "much"}, "expected a number ≥ 0"), ({"queries": float("nan")}, "number ≥ 0"),
     ({"accuracy": float("inf")}, "number ≥ 0"), ({"accuracy": True}, "number ≥ 0")],
)  # fmt: skip
def test_margin_that_is_none(study: MakeStudy, margins: dict[str, Any], words: str) -> None:
    folder = study("a", {"unas": OLD})
    with pytest.raises(HarnessError, match=words):
        check_folders(baseline_of(folder), [folder], margins=margins)


# --- refusals ----------------------------------------------------------------------------------


def test_other_config_is_refused_with_the_difference(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD}))
    with pytest.raises(
        BaselineError, match=r"another config of `unas`: .*`steps` was 2000 and is 9"
    ):
        check_folders(baseline, [study("b", {"unas": OLD}, steps=9)])


def test_other_settings_under_the_same_name_are_refused(study: MakeStudy) -> None:
    def warmer(content: dict[str, Any]) -> None:
        for trial in content["trials"]:
            trial["settings"]["temperature"] = 0.9

    baseline = baseline_of(study("a", {"unas": OLD}))
    folder = study("b", {"unas": OLD})
    edit_study(folder, warmer)
    with pytest.raises(BaselineError, match=r"`settings.temperature` was 0.4 and is 0.9"):
        check_folders(baseline, [folder])


def test_other_table_is_refused_as_such(study: MakeStudy) -> None:
    old = results(series(OLD))
    new = results(series(OLD, table_hash="b" * 64))
    with pytest.raises(BaselineError) as caught:
        check_results(Baseline(old), new)
    assert "another table of `unas`: `table_hash` was aaaaaaaaaaaa and is bbbbbbbbbbbb" in str(
        caught.value
    )


def test_method_that_was_not_run_is_refused_unless_left_out(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    folder = study("b", {"unas": OLD})
    with pytest.raises(
        BaselineError, match=r"`darts` \(nb201, landscape, cifar10\), which was not"
    ):
        check_folders(baseline, [folder])
    report = check_folders(baseline, [folder], methods=["unas"])
    assert {f.name for f in report.findings} == {"unas"}
    with pytest.raises(UnknownNameError, match="method in the baseline called `drats`"):
        check_folders(baseline, [folder], methods=["drats"])


def test_metric_the_run_lacks_is_refused() -> None:
    old, new = results(series(OLD, metric="test")), results(series(OLD, metric="valid"))
    with pytest.raises(
        BaselineError, match="judges `unas` by `test`, which this run has not; it has valid"
    ):
        check_results(Baseline(old), new)


def test_new_method_is_told(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD}))
    report = check_folders(baseline, [study("b", {"unas": OLD, "darts": OLD, "edas": OLD})])
    assert plain(report.notes[0]) == "darts and edas are not in the baseline."


# --- failed trials -----------------------------------------------------------------------------


def test_failed_trial_is_never_a_pass(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    folder = study("b", {"unas": OLD, "darts": OLD})
    fail(folder, "unas", 3)
    report = check_folders(baseline, [folder])
    assert finding(report, "unas").verdict is CheckVerdict.UNFINISHED
    assert "no result for seed 3 (RuntimeError: it broke)" in plain(
        finding(report, "unas").sentence
    )
    assert finding(report, "darts").verdict is CheckVerdict.UNCHANGED
    assert report.exit_code == ExitCode.INCOMPLETE


def test_method_without_any_result_is_unfinished(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    report = check_folders(baseline, [study("b", {"unas": {}, "darts": OLD})])
    assert finding(report, "unas").verdict is CheckVerdict.UNFINISHED
    assert finding(report, "unas", "queries").verdict is CheckVerdict.UNFINISHED
    assert report.exit_code == ExitCode.INCOMPLETE


def test_regression_shows_in_spite_of_a_failed_trial(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD}))
    folder = study("b", {"unas": LOST})
    fail(folder, "unas", 0)
    report = check_folders(baseline, [folder])
    assert finding(report, "unas").verdict is CheckVerdict.REGRESSION
    assert report.exit_code == ExitCode.CHECK_FAILED


def test_result_without_the_metric_is_unfinished() -> None:
    broken = series({0: 93.0, 1: 93.0}, "unas")
    broken = type(broken)(**{**vars(broken), "unfinished": {2: "its result has no `x`"}})
    report = check_results(Baseline(results(series([93.0] * 3))), results(broken))
    assert report.exit_code == ExitCode.INCOMPLETE


# --- what a run may differ in ------------------------------------------------------------------


def test_other_torch_turns_exactness_off_and_says_so(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD}))
    shaken = list(np.array(OLD) + np.random.default_rng(4).normal(0, 0.02, 12))
    folder = study("b", {"unas": shaken})
    assert finding(check_folders(baseline, [folder]), "unas").verdict is CheckVerdict.CHANGED
    edit_study(folder, with_torch("99.0"))
    report = check_folders(baseline, [folder])
    assert finding(report, "unas").verdict is CheckVerdict.PASSED
    assert "→ 99.0" in report.notes[0]


def test_fresh_seeds_of_several_methods(study: MakeStudy) -> None:
    baseline = baseline_of(study("a", {"unas": OLD, "darts": OLD}))
    other = {100 + seed: value for seed, value in enumerate(OLD)}
    lost = {100 + seed: value for seed, value in enumerate(LOST)}
    report = check_folders(baseline, [study("b", {"unas": other, "darts": lost})])
    assert finding(report, "unas").verdict is CheckVerdict.PASSED
    assert finding(report, "darts").verdict is CheckVerdict.REGRESSION
    assert finding(report, "darts").seeds == "12 / 12"


def test_memory_is_compared_on_one_kind_of_device_only() -> None:
    def run(memory: float, device: str) -> Any:
        values = [memory + i for i in range(10)]
        return results(series(OLD, device=device), series(values, metric=MEMORY, device=device))

    baseline = Baseline(run(1000.0, "cpu"))
    report = check_results(baseline, run(1300.0, "cpu"))
    assert finding(report, "unas", MEMORY).verdict is CheckVerdict.REGRESSION
    report = check_results(baseline, run(1300.0, "Some GPU"))
    assert finding(report, "unas", MEMORY).verdict is CheckVerdict.SKIPPED
    assert report.exit_code == ExitCode.DONE
    near = check_results(baseline, run(1020.0, "cpu"))
    assert finding(near, "unas", MEMORY).verdict is CheckVerdict.PASSED


def test_cost_that_is_not_recorded_any_more_is_told() -> None:
    old = results(series(OLD), series([100.0] * 12, metric="queries"))
    report = check_results(Baseline(old), results(series(OLD)))
    assert finding(report, "unas", "queries").verdict is CheckVerdict.SKIPPED


@pytest.mark.parametrize("asked", ["unas[temperature=1]", "unas[temperature=1.0]"])
def test_methods_to_check_may_be_spelled_in_any_way(study: MakeStudy, asked: str) -> None:
    folder = study("a", {"unas[temperature=1.0]": [93.0, 92.0, 91.0], "drnas": [93.0, 92.0, 91.0]})
    baseline = Baseline(read_results([folder]))
    report = check_folders(baseline, [folder], methods=[asked])
    assert {finding.name for finding in report.findings} == {"unas[temperature=1.0]"}


def test_images_that_moved_are_compared_with_their_baseline(study: MakeStudy) -> None:
    def on(place: str, digest: str) -> Callable[[dict[str, Any]], None]:
        def edit(content: dict[str, Any]) -> None:
            for trial in content["trials"]:
                trial.update(images=place, image_digest=digest, problem="supernet")

        return edit

    folder = study("a", {"unas": [93.0, 92.0, 91.0]})
    paths = sorted((folder / "trials").iterdir())
    found = []
    for place, digest in (
        ("folder:/old/imgs", "a"),
        ("folder:/new/moved", "a"),
        ("folder:/x", "b"),
    ):
        edit_study(folder, on(f"folder:{place}", digest * 64))
        specs = open_study(folder).specs
        for number, (path, spec) in enumerate(zip(paths, specs, strict=True)):
            paths[number] = path.rename(path.with_name(spec.trial_id))
        found.append(read_results([folder]))
    report = check_results(Baseline(found[0]), found[1])
    assert {finding.verdict for finding in report.findings} == {CheckVerdict.UNCHANGED}
    with pytest.raises(BaselineError, match="which was not run"):
        check_results(Baseline(found[0]), found[2])
