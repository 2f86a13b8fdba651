"""What a check leaves for others to read: a job summary, JUnit XML, annotations, JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from nasbench_harness.reports.regression.check import CheckReport
from nasbench_harness.reports.regression.dotplot import dot_plots
from nasbench_harness.reports.regression.junit import NAME, written
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Effect, Finding
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import (
    count,
    markdown,
    markdown_cell,
    markdown_code,
    plain,
)

_ORDER = (
    CheckVerdict.REGRESSION, CheckVerdict.MOVED, CheckVerdict.UNFINISHED, CheckVerdict.INCONCLUSIVE,
    CheckVerdict.CHANGED, CheckVerdict.SKIPPED, CheckVerdict.PASSED, CheckVerdict.UNCHANGED,
)  # fmt: skip
_WARNING = "⚠️"
_SIGNS = {
    CheckVerdict.REGRESSION: "❌", CheckVerdict.MOVED: "❌", CheckVerdict.UNFINISHED: "❌",
    CheckVerdict.INCONCLUSIVE: _WARNING, CheckVerdict.CHANGED: "ℹ️", CheckVerdict.SKIPPED: "➖",
}  # fmt: skip
_LEVELS = {
    CheckVerdict.REGRESSION: "error", CheckVerdict.MOVED: "error", CheckVerdict.UNFINISHED: "error",
    CheckVerdict.INCONCLUSIVE: "warning", CheckVerdict.CHANGED: "notice",
}  # fmt: skip
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def headline(report: CheckReport) -> str:
    """How many checks ended each way, the worst first."""
    counts = Counter(finding.verdict for finding in report.findings)
    found = [f"{counts[verdict]} {verdict}" for verdict in _ORDER if counts[verdict]]
    warned = f"; {count(len(report.warnings), 'warning')}" if report.warnings else ""
    return f"{count(len(report.findings), 'check')}: {', '.join(found) or 'none'}{warned}"


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Failures on top, otherwise as they were."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.verdict))


def effect_cell(effect: Effect | None) -> str:
    """`0.512 [0.470, 0.550] points`, signed: a gain is negative."""
    if effect is None:
        return numerals.NOTHING
    digits = effect.digits
    bounds = f" {numerals.interval(effect.low, effect.high, digits)}" if effect.has_interval else ""
    return f"{numerals.fixed(effect.loss, digits)}{bounds} {effect.unit}"


def loud(findings: Sequence[Finding]) -> list[Finding]:
    """Those a reader has to hear of, failures first."""
    return [finding for finding in worst_first(findings) if finding.verdict in _LEVELS]


def cells(finding: Finding) -> list[str]:
    """A row of a table: what, metric, where, baseline, now, loss, seeds, verdict."""
    return [
        finding.name, finding.metric, finding.where,
        _mean(finding.old, finding.effect), _mean(finding.new, finding.effect),
        effect_cell(finding.effect), finding.seeds or numerals.NOTHING, str(finding.verdict),
    ]  # fmt: skip


def _mean(value: float, effect: Effect | None) -> str:
    if effect is not None and not effect.quantity.is_percent:
        return numerals.fixed(value, effect.digits)
    return numerals.fixed(value, 3) if not abs(value) < 1 else numerals.significant(value)


# --- Markdown ----------------------------------------------------------------------------------


def to_markdown(report: CheckReport) -> str:
    """A summary for a job's page: what failed in words, a figure, and a table of everything."""
    parts = [f"## nasharness check: {headline(report)}"]
    if told := loud(report.findings):
        parts.append("\n".join(f"- {_SIGNS[f.verdict]} {_item(f.sentence)}" for f in told))
    if report.warnings:
        parts.append("\n".join(f"- {_WARNING} {_item(warning)}" for warning in report.warnings))
    if report.notes:
        parts.append("\n".join(f"- {_item(note)}" for note in report.notes))
    parts += [f"```text\n{figure}\n```" for figure in dot_plots(report.findings)]
    parts.append("\n".join(_table(report.findings)))
    return "\n\n".join(parts) + "\n"


def _item(sentence: str) -> str:
    """In one line, whatever an error message holds."""
    return markdown(" ".join(sentence.split()))


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    yield "| | what | metric | where | baseline | now | loss, 95 % interval | seeds | verdict |"
    yield "|---|---|---|---|--:|--:|--:|--:|---|"
    for finding in worst_first(findings):
        what, metric, *rest = cells(finding)
        codes = [markdown_code(what), markdown_code(metric)]
        row = [_SIGNS.get(finding.verdict, "✅"), *codes, *map(markdown, rest)]
        yield f"| {' | '.join(map(markdown_cell, row))} |"


# --- JUnit -------------------------------------------------------------------------------------


def to_junit(report: CheckReport, seconds: float = 0.0) -> str:
    """JUnit XML, one test case per check and per warning.

    A regression or a move is a failure, trials without a result and undecided checks are errors,
    and what could not be compared is skipped. JUnit has no warnings: one is a skipped case, whose
    message every viewer shows, and of which no exit code depends.
    """
    verdicts = Counter(finding.verdict for finding in report.findings)
    counts = {
        "tests": str(len(report.findings) + len(report.warnings)),
        "failures": str(verdicts[CheckVerdict.REGRESSION] + verdicts[CheckVerdict.MOVED]),
        "errors": str(verdicts[CheckVerdict.UNFINISHED] + verdicts[CheckVerdict.INCONCLUSIVE]),
        "skipped": str(verdicts[CheckVerdict.SKIPPED] + len(report.warnings)),
        "time": f"{seconds:.3f}",
    }
    root = ET.Element("testsuites", {"name": NAME, **counts})
    suite = ET.SubElement(root, "testsuite", {"name": NAME, **counts})
    for finding in report.findings:
        _case(suite, finding)
    for number, warning in enumerate(report.warnings, start=1):
        _warning(suite, number, warning)
    ET.indent(root)
    return written(root)


def _case(suite: ET.Element, finding: Finding) -> None:
    attributes = {
        "classname": _legal(finding.where.replace(", ", ".")),
        "name": _legal(f"{finding.name} {finding.metric}".strip()),
        "time": "0",
    }
    case = ET.SubElement(suite, "testcase", attributes)
    sentence = _legal(plain(finding.sentence))
    message = {"message": " ".join(sentence.split())}
    match finding.verdict:
        case CheckVerdict.REGRESSION | CheckVerdict.MOVED:
            kind = str(finding.verdict)
            ET.SubElement(case, "failure", {**message, "type": kind}).text = sentence
        case CheckVerdict.UNFINISHED | CheckVerdict.INCONCLUSIVE:
            kind = str(finding.verdict)
            ET.SubElement(case, "error", {**message, "type": kind}).text = sentence
        case CheckVerdict.SKIPPED:
            ET.SubElement(case, "skipped", message)
        case _:
            ET.SubElement(case, "system-out").text = sentence


def _warning(suite: ET.Element, number: int, warning: str) -> None:
    name = {"classname": "warnings", "name": f"collapse {number}", "time": "0"}
    case = ET.SubElement(suite, "testcase", name)
    sentence = " ".join(_legal(plain(warning)).split())
    ET.SubElement(case, "skipped", {"message": f"Warning: {sentence}"})


def _legal(text: str) -> str:
    return _ILLEGAL.sub("�", text)


# --- annotations and JSON ----------------------------------------------------------------------


def to_annotations(report: CheckReport) -> list[str]:
    """Workflow commands that GitHub shows beside a pull request; what passed says nothing."""
    found = [
        f"::{_LEVELS[f.verdict]} title={_property(_title(f))}::{_data(plain(f.sentence))}"
        for f in loud(report.findings)
    ]
    return found + [f"::warning title=Collapse::{_data(plain(told))}" for told in report.warnings]


def _title(finding: Finding) -> str:
    return f"{str(finding.verdict).capitalize()}: {finding.name}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def to_json(report: CheckReport) -> dict[str, Any]:
    """For scripts."""
    return {
        "exit_code": int(report.exit_code),
        "findings": [_as_json(finding) for finding in report.findings],
        "warnings": [plain(warning) for warning in report.warnings],
        "notes": [plain(note) for note in report.notes],
    }


def _as_json(finding: Finding) -> dict[str, Any]:
    effect = finding.effect
    facts = {} if effect is None else {
        "loss": effect.loss, "low": effect.low, "high": effect.high,
        "margin": effect.margin, "unit": effect.unit,
    }  # fmt: skip
    return {
        "where": finding.where, "what": finding.name, "metric": finding.metric,
        "verdict": str(finding.verdict), "sentence": plain(finding.sentence),
        "baseline": finding.old, "now": finding.new, "seeds": finding.seeds, **facts,
    }  # fmt: skip
