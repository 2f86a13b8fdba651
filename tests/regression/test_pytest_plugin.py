"""The fixture `assert_no_regression`, in a pytest of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.reports.regression.baseline import Baseline, read_baseline, write_baseline
from nasbench_harness.reports.regression.series import Measured, read_results

from .conftest import MakeStudy, fail

OLD = list(93.5 + np.random.default_rng(0).normal(0, 0.1, 12))
LOST = list(np.array(OLD) - 0.5)
TEST = "def test_it(assert_no_regression):\n    assert_no_regression({argument})\n"

BOTH = """
from pathlib import Path
from nasbench_harness.store.studies import open_study
from nasbench_harness.jobs.study import StudyRun

def test_both(assert_no_regression):
    study = open_study(Path({argument!r}))
    report = assert_no_regression(study)
    assert report == assert_no_regression(StudyRun(None, [], False, study))
    assert len(report.findings) == 4
"""

Run = Callable[..., str]


@pytest.fixture
def baseline(study: MakeStudy, tmp_path: Path) -> Path:
    """A baseline of two methods."""
    path = tmp_path / "b.json"
    folder = study("old", {"unas": OLD, "darts": OLD})
    write_baseline(path, Baseline(read_results([folder])))
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run one test file in a process of its own; what it printed, colours off.

    A process, since pytest's own `pytester` forgets modules that a test imports, which the likes of
    numpy do not survive.
    """

    def run_file(argument: str, *options: str, text: str = TEST) -> str:
        folder = tmp_path / "inner"
        folder.mkdir(exist_ok=True)
        (folder / "test_inner.py").write_text(text.format(argument=argument))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
        command += ["-p", "no:benchmark", "--color=no", "-rs", *options, "test_inner.py"]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        ).stdout

    return run_file


def against(baseline: Path) -> str:
    return f"--nasharness-baseline={baseline}"


def test_unchanged_study_passes(run: Run, baseline: Path, study: MakeStudy) -> None:
    folder = study("new", {"unas": OLD, "darts": OLD})
    assert "1 passed" in run(repr(str(folder)), against(baseline))


def test_regression_fails_in_the_words_of_the_check(
    run: Run, baseline: Path, study: MakeStudy
) -> None:
    folder = study("new", {"unas": LOST, "darts": OLD})
    told = run(repr(str(folder)), against(baseline))
    assert "1 failed" in told
    assert re.search("AssertionError: regression: unas, .*got worse by 0.500 points", told)
    assert "check_folders" not in told  # no traceback of ours


def test_methods_and_margins_can_be_given(run: Run, baseline: Path, study: MakeStudy) -> None:
    folder = study("new", {"unas": LOST, "darts": OLD})
    for more in ("methods='darts'", "methods=['darts']", "margins={'accuracy': 1}"):
        argument = f"{str(folder)!r}, {more}"
        assert "1 passed" in run(argument, against(baseline)), more


def test_what_run_study_returned_can_be_given(run: Run, baseline: Path, study: MakeStudy) -> None:
    folder = study("new", {"unas": OLD, "darts": OLD})
    told = run(str(folder), against(baseline), text=BOTH)
    assert "1 passed" in told


def test_failed_trials_and_too_few_seeds_fail(run: Run, baseline: Path, study: MakeStudy) -> None:
    broken = study("new", {"unas": OLD, "darts": OLD})
    fail(broken, "unas", 0)
    told = run(repr(str(broken)), against(baseline))
    assert "unfinished: unas has no result for seed 0" in told
    few = study("few", {"unas": LOST[:3], "darts": OLD[:3]})
    told = run(repr(str(few)), against(baseline))
    assert re.search("inconclusive: unas, .*seeds on both sides would", told)


@pytest.mark.parametrize("values", [OLD, LOST])
def test_collapses_are_a_warning_of_pytest_and_hide_no_failure(
    run: Run, baseline: Path, study: MakeStudy, values: list[float]
) -> None:
    folder = study("new", {"unas": values, "darts": OLD})
    for number, place in enumerate(sorted((folder / "trials").iterdir())):
        path = place / "result.json"
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "percentile": 3.0 if number == 1 else 99.0}))
    write_baseline(baseline, collapsing_nowhere(baseline), update=True)
    told = run(repr(str(folder)), against(baseline))
    warned = "darts (nb201, landscape, cifar10) collapsed more often here: in 1 of 12 seeds"
    assert warned in told
    strict = run(repr(str(folder)), against(baseline), "-W", "error")
    assert warned in strict
    if values is OLD:
        assert "1 passed, 1 warning" in told
        assert "UserWarning: darts" in strict
    else:
        for shown in (told, strict):
            assert "AssertionError: regression: unas" in shown


def collapsing_nowhere(baseline: Path) -> Baseline:
    """The same, with the answers of all seeds where they should be."""
    kept = read_baseline(baseline)
    found = [replace(one, collapsed=frozenset()) for one in kept.results.series]
    return Baseline(Measured(tuple(found), kept.results.versions))


def test_without_a_baseline_it_skips(run: Run) -> None:
    told = run("'nowhere'")
    assert "1 skipped" in told
    assert "no baseline to compare with: give --nasharness-baseline FILE" in told


def test_unusable_baseline_or_study_fails_with_a_sentence(
    run: Run, baseline: Path, tmp_path: Path
) -> None:
    assert "nowhere holds no study" in run("'nowhere'", against(baseline))
    told = run("'nowhere'", against(tmp_path / "none.json"))
    assert "There is no baseline" in told
    assert "1 failed" in told


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    """It is loaded by every pytest of everybody who has the package installed."""
    code = (
        "import sys, nasbench_harness.reports.regression.pytest_plugin;"
        "print([m for m in ('numpy', 'torch', 'pandas', 'scipy', 'pydantic', 'yaml', 'typer')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
