"""The process that measures, and its parent: whatever happens there is an answer here."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import asdict
from typing import Any

import pytest

from nasbench_harness.bench import machine
from nasbench_harness.bench.asked import MACHINE, BenchItem, BenchRequest
from nasbench_harness.bench.process import MeasuringProcess
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.worker import answer_all

ASKED = BenchRequest("cpu", "nb201", ("darts",), True, "quick")


def child(body: str) -> tuple[str, ...]:
    """A process that has a line `question` and does as it likes."""
    loop = f"for line in sys.stdin:\n  question = json.loads(line)\n  {body}"
    return (sys.executable, "-c", f"import json, os, sys, time\n{loop}")


def asked(function: str = "machine:facts", **given: Any) -> BenchItem:
    return BenchItem("part", "name", function, 60.0, given)


def test_a_question_is_answered() -> None:
    body = 'print(json.dumps({"status": "done", "values": question["given"]}), flush=True)'
    with MeasuringProcess(ASKED, child(body)) as process:
        assert process.measure(asked(seeds=2), 60).values == {"seeds": 2}
        assert process.measure(asked(seeds=4), 60).values == {"seeds": 4}


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_crash_is_told_and_the_next_question_answered() -> None:
    body = (
        'print("illegal access", file=sys.stderr, flush=True);'
        ' question["given"] and os.kill(os.getpid(), 11);'
        ' print(json.dumps({"status": "done", "values": {}}), flush=True)'
    )
    with MeasuringProcess(ASKED, child(body)) as process:
        died = process.measure(asked(crash=True), 60)
        assert died.status == "failed"
        assert died.reason == "the measuring process ended (SIGSEGV): illegal access"
        assert process.measure(asked(), 60).status == "done"


def test_who_is_late_is_ended() -> None:
    with MeasuringProcess(ASKED, child("time.sleep(600)")) as process:
        late = process.measure(asked(), 0.2)
    assert (late.status, late.reason) == ("failed", "the time was over")


def test_a_process_that_lost_its_device_is_replaced() -> None:
    body = (
        'print(json.dumps({"status": "failed", "reason": str(os.getpid()),'
        ' "lost": "lost" in question["given"]}), flush=True)'
    )
    with MeasuringProcess(ASKED, child(body)) as process:
        first = process.measure(asked(), 60).reason
        assert process.measure(asked(lost=1), 60).reason == first
        assert process.measure(asked(), 60).reason != first


# --- the child's side --------------------------------------------------------------------------


def told(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> dict[str, Any]:
    def facts(request: BenchRequest, **given: Any) -> dict[str, Any]:
        assert request == ASKED
        if error is not None:
            raise error
        return {**given, "endless": float("inf")}

    monkeypatch.setattr(machine, "facts", facts)
    question = {"asked": asdict(ASKED), "function": MACHINE.function, "given": {"a": 1}}
    answers = io.StringIO()
    answer_all(io.StringIO(json.dumps(question) + "\n"), answers)
    found: dict[str, Any] = json.loads(answers.getvalue())
    return found


def test_values_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, None) == {"status": "done", "values": {"a": 1, "endless": None}}


def test_what_cannot_be_measured_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch, NotMeasurableError("no graphs here"))
    assert found == {"status": "skipped", "reason": "no graphs here"}


def test_any_error_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch, RuntimeError("CUDA out of memory"))
    assert found["reason"] == "RuntimeError: CUDA out of memory"
    assert found["status"] == "failed"
    assert not found["lost"]
