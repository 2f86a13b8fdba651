"""The process that measures, as its parent sees it: asked in lines of JSON, ended when it is late.

A bench goes on whatever happens to it: after a crash, a lost device or a compiler that does not
come back, the next measurement gets a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any, Self

from nasbench_harness.bench.asked import BenchItem, BenchRequest
from nasbench_harness.bench.record import TIME_OVER, BenchResult

COMMAND = (sys.executable, "-P", "-m", "nasbench_harness.bench.worker")
"""`-P`: nothing in the folder one works in stands in for a module of ours."""
ENVIRONMENT = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""What products that are the same at every run need, and what has to be said before CUDA starts."""
GRACE_SECONDS = 10.0
"""For a process that ends by itself, or was told to."""
SHOWN = 300
"""Characters of what a process that died said last."""


class MeasuringProcess:
    """A `Measurer`: a child that is started when it is needed, and as often."""

    def __init__(self, asked: BenchRequest, command: Sequence[str] = COMMAND) -> None:
        self._asked, self._command = asked, command
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def measure(self, one: BenchItem, seconds: float) -> BenchResult:
        """See `running.Measurer`."""
        if self._child is None:
            self._child = _Child(self._command)
        question = {"asked": asdict(self._asked), "function": one.function, "given": one.given}
        answer = self._child.answer(question, seconds)
        if answer is None:
            self._end()
            return BenchResult("failed", reason=TIME_OVER)
        if "died" in answer:
            self._end()
            return BenchResult("failed", reason=answer["died"])
        if answer.get("lost"):
            self._end()
        return BenchResult(answer["status"], answer.get("values", {}), answer.get("reason", ""))

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    def __init__(self, command: Sequence[str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the child
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said,
            env={**ENVIRONMENT, **os.environ}, text=True, encoding="utf-8",
            start_new_session=True,
        )  # fmt: skip
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        stdout: IO[str] = self._process.stdout  # type: ignore[assignment]
        with contextlib.suppress(ValueError, OSError):  # closed meanwhile
            for line in stdout:
                self._lines.put(line)
        self._lines.put(None)

    def answer(self, question: Any, seconds: float) -> dict[str, Any] | None:
        """What it says; None where it is late, `died` with the reason where it is gone."""
        stdin: IO[str] = self._process.stdin  # type: ignore[assignment]
        try:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
            line = self._lines.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        except (BrokenPipeError, ValueError):
            line = None
        if line is None:
            return {"died": self._last_words()}
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:  # it died in the middle of its answer
            return {"died": self._last_words()}
        return told

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        code = self._process.returncode
        how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"the measuring process ended ({how})" + (f": {said[:SHOWN]}" if said else "")

    def end(self) -> None:
        """At once, with whatever it has started itself."""
        kill = getattr(os, "killpg", None)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if kill is None:
                self._process.kill()
            else:
                kill(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a driver that hangs keeps it
            self._process.wait(GRACE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._said):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def now() -> float:
    """Seconds that pass evenly."""
    return time.monotonic()
