"""`pytest --nasharness-baseline FILE`: the fixture `assert_no_regression`.

    def test_methods_are_as_good_as_they_were(assert_no_regression, tmp_path):
        ... run a study into tmp_path ...
        assert_no_regression(tmp_path)

It is loaded by every pytest of everybody who has the package installed, so it imports nothing but
pytest until the fixture is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from nasbench_harness.reports.regression.check import CheckReport

OPTION = "--nasharness-baseline"


class AssertNoRegression(Protocol):
    """What the fixture hands out."""

    def __call__(
        self,
        study: Any,
        *,
        methods: Sequence[str] | str = (),
        margins: Mapping[str, float] | None = None,
    ) -> CheckReport:
        """Check a study's folder, or what `run_study` returned; returns what was found.

        AssertionError, in the words of `nasharness check`, if a method got worse, has trials
        without a result, or has too few seeds to tell. What the command warns of, more seeds that
        collapsed, is part of that, and a UserWarning where nothing fails. `methods` are the labels
        to check, by default all of the baseline; `margins` replace the baseline's.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("nasharness")
    group.addoption(
        OPTION, metavar="FILE", default=None, help="Baseline for the fixture assert_no_regression."
    )


@pytest.fixture
def assert_no_regression(request: pytest.FixtureRequest) -> AssertNoRegression:
    """Assert that a study is no worse than the baseline; skips where none is given."""
    given = request.config.getoption(OPTION)
    if given is None:
        pytest.skip(f"no baseline to compare with: give {OPTION} FILE")
    path = request.config.invocation_params.dir / given

    def check(
        study: Any,
        *,
        methods: Sequence[str] | str = (),
        margins: Mapping[str, float] | None = None,
    ) -> CheckReport:
        __tracebackhide__ = True
        report = _check(path, study, [methods] if isinstance(methods, str) else methods, margins)
        found = _warnings(report)
        if failures := _failures(report):
            raise AssertionError("\n".join([failures, *(f"warning: {told}" for told in found)]))
        for told in found:
            warnings.warn(told, stacklevel=2)
        return report

    return check


def _check(
    baseline: Path, study: Any, methods: Sequence[str], margins: Mapping[str, float] | None
) -> CheckReport:
    from nasbench_harness.errors import HarnessError
    from nasbench_harness.reports.regression.baseline import read_baseline
    from nasbench_harness.reports.regression.check import check_folders

    __tracebackhide__ = True
    try:
        return check_folders(
            read_baseline(baseline), [_folder(study)], methods=methods, margins=margins
        )
    except HarnessError as error:
        pytest.fail(str(error), pytrace=False)


def _failures(report: CheckReport) -> str:
    from nasbench_harness.reports.words.marked import plain

    failing = [finding for finding in report.findings if finding.fails]
    return "\n".join(f"{finding.verdict}: {plain(finding.sentence)}" for finding in failing)


def _warnings(report: CheckReport) -> list[str]:
    from nasbench_harness.reports.words.marked import plain

    return [plain(warning) for warning in report.warnings]


def _folder(study: Any) -> Path:
    """The folder of a study, of a run of one, or the path itself."""
    inner = getattr(study, "study", study)
    return Path(getattr(inner, "folder", inner))
