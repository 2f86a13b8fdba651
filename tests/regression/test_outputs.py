"""What is left for others to read: JUnit XML, a Markdown summary, annotations, JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from nasbench_harness.cli.console import print_json
from nasbench_harness.reports.regression import outputs
from nasbench_harness.reports.regression.check import CheckReport
from nasbench_harness.reports.regression.dotplot import dot_plots
from nasbench_harness.reports.regression.junit import is_junit
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Effect, Finding
from nasbench_harness.reports.words.marked import name

LABEL = "unas[cost=params|flops,note=`a`]"
NASTY = "RuntimeError: <b>50 %</b> & \x1b[31mred\x00 'quoted' \"twice\"\nsecond line"


def found(
    verdict: CheckVerdict, sentence: str = "", loss: float = 0.1, label: str = LABEL
) -> Finding:
    effect = Effect(loss, loss - 0.05, loss + 0.1, 0.2, "points")
    told = sentence or f"{name(label)} did something."
    return Finding(
        "nb201, landscape, cifar10", label, "cifar10_test", verdict, told, effect, 94.0, 93.9, "9"
    )


@pytest.fixture
def report() -> CheckReport:
    """One finding of every verdict."""
    findings = [found(verdict, loss=0.1 * i) for i, verdict in enumerate(CheckVerdict)]
    broken = Finding("nb201", "drnas", "acc", CheckVerdict.UNFINISHED, f"No result ({NASTY}).")
    notes = (f"{name('edas')} is not in the baseline.",)
    return CheckReport((*findings, broken), notes, (f"{name('drnas')} collapses.",))


# --- JUnit -------------------------------------------------------------------------------------

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set[str](),
}
"""Elements and attributes of the Jenkins schema, as far as they are used."""


def test_junit_has_the_schema_s_elements_and_no_others(report: CheckReport) -> None:
    root = ET.fromstring(outputs.to_junit(report, 1.5).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for case in root.iter("testcase"):
        assert len(case) == 1


def test_junit_counts_are_those_of_its_cases(report: CheckReport) -> None:
    root = ET.fromstring(outputs.to_junit(report, 1.5).encode())
    for element in (root, root[0]):
        assert int(element.attrib["tests"]) == len(list(root.iter("testcase"))) == 10
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[count]) == len(list(root.iter(tag)))
        assert float(element.attrib["time"]) == 1.5
    assert len(list(root.iter("failure"))) == 2
    assert len(list(root.iter("error"))) == 3
    assert len(list(root.iter("skipped"))) == 2


def test_junit_shows_warnings_and_counts_them_as_no_failure(report: CheckReport) -> None:
    warned = ET.fromstring(outputs.to_junit(report).encode())
    silent = ET.fromstring(outputs.to_junit(replace(report, warnings=())).encode())
    (last,) = list(warned.iter("testcase"))[len(list(silent.iter("testcase"))) :]
    assert last.attrib["name"] == "collapse 1"
    assert last[0].tag == "skipped"
    assert last[0].attrib["message"] == "Warning: drnas collapses."
    for count in ("failures", "errors"):
        assert warned.attrib[count] == silent.attrib[count]
    assert is_junit(outputs.to_junit(report).encode())


def test_junit_names_the_check_and_survives_any_error_text(report: CheckReport) -> None:
    root = ET.fromstring(outputs.to_junit(report).encode())
    cases = list(root.iter("testcase"))
    assert cases[0].attrib["classname"] == "nb201.landscape.cifar10"
    assert cases[0].attrib["name"] == f"{LABEL} cifar10_test"
    message = cases[-2][0].attrib["message"]
    assert "<b>50 %</b> & \\x1b[31mred\\x00 'quoted' \"twice\" second line" in message


def test_junit_of_a_check_is_known(report: CheckReport) -> None:
    again = Finding("a\nb", "x\ty", "", CheckVerdict.UNFINISHED, "one\r\ntwo\rthree")
    assert is_junit(outputs.to_junit(report).encode())
    assert is_junit(outputs.to_junit(CheckReport((again,), ())).encode())
    assert is_junit(outputs.to_junit(CheckReport((), ())).encode())


@pytest.mark.parametrize(
    ("place", "foreign"),
    [
        ("</testsuite>", '<testcase classname="mine" name="mine" time="0" />'),
        ("</testsuites>", '<testsuite name="mine" />'),
        ("</testsuites>", "<!-- mine -->"),
    ],
)
def test_junit_with_anything_of_somebody_is_not(
    report: CheckReport, place: str, foreign: str
) -> None:
    text = outputs.to_junit(report)
    assert not is_junit(text.replace(place, foreign + place).encode())
    assert not is_junit(text.encode() + b"<!-- mine -->")


# --- Markdown ----------------------------------------------------------------------------------


def test_markdown_starts_with_the_worst(report: CheckReport) -> None:
    text = outputs.to_markdown(report)
    title, told = text.split("\n\n")[:2]
    assert title == (
        "## nasharness check: 9 checks: 1 regression, 1 moved, 2 unfinished, 1 inconclusive,"
        " 1 changed, 1 not compared, 1 no regression, 1 unchanged; 1 warning"
    )
    assert "\n\n- ⚠️ `drnas` collapses.\n\n- `edas` is not" in text
    assert [line[:3] for line in told.splitlines()] == ["- ❌"] * 4 + ["- ⚠", "- ℹ"]


def test_markdown_table_has_a_row_per_check_and_the_same_cells_in_each(report: CheckReport) -> None:
    rows = [line for line in outputs.to_markdown(report).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(report.findings)
    assert {row.replace(r"\|", "").count("|") for row in rows} == {10}
    assert rows[2].startswith("| ❌ |")


def test_markdown_shows_no_html_of_an_error(report: CheckReport) -> None:
    assert "<b>" not in outputs.to_markdown(report).replace(r"\<b\>", "")


def test_figure_places_losses_on_one_axis() -> None:
    plots = dot_plots(
        [found(CheckVerdict.PASSED, loss=0.0), found(CheckVerdict.REGRESSION, loss=0.5)]
    )
    (lines,) = [plot.splitlines() for plot in plots]
    none, lost = lines[0].index("●"), lines[1].index("●")
    assert lines[1].index("│") == none < lines[1].index("┊") < lines[1].index("├") < lost
    assert lines[0].rindex("┊") == lines[1].index("┊")
    assert lines[2].split() == ["-0.05", "0.6"]


def test_figure_of_effects_without_interval_or_movement() -> None:
    still = Effect(0.0, 0.0, 0.0, 0.2, "points")
    alone = Effect(-0.3, math.nan, math.nan, 0.2, "points")
    made = [Finding("", "a", "", CheckVerdict.PASSED, "", effect) for effect in (still, alone)]
    assert dot_plots(made[:1]) == []
    (plot,) = dot_plots(made)
    assert "├" not in plot.splitlines()[1]


# --- annotations and JSON ----------------------------------------------------------------------


def test_annotations_are_one_escaped_line_each(report: CheckReport) -> None:
    lines = outputs.to_annotations(report)
    assert [line.split(" ")[0] for line in lines] == [
        "::error", "::error", "::error", "::error", "::warning", "::notice", "::warning"
    ]  # fmt: skip
    assert lines[-1] == "::warning title=Collapse::drnas collapses."
    escaped = LABEL.replace(",", "%2C")
    assert lines[0] == f"::error title=Regression%3A {escaped}::{LABEL} did something."
    assert "50 %25</b>" in lines[3]
    assert lines[3].endswith("%0Asecond line).")
    assert not any("\n" in line for line in lines)


def test_json_is_plain(report: CheckReport, capsys: pytest.CaptureFixture[str]) -> None:
    print_json(outputs.to_json(report))
    content = json.loads(capsys.readouterr().out)
    assert content["exit_code"] == 1
    first, last = content["findings"][0], content["findings"][-1]
    assert (first["what"], first["loss"], first["margin"]) == (LABEL, 0.0, 0.2)
    assert last["baseline"] is None
    assert content["notes"] == ["edas is not in the baseline."]
    assert content["warnings"] == ["drnas collapses."]
