"""The process that measures: a line of JSON in, a line of JSON out, one after the other.

Whatever a measurement raises is its answer. Where the device does not answer any more after that,
as after an illegal access, the answer says so (`lost`), and the parent starts another process.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.errors import HarnessError, reason

SHOWN = 300
"""Characters of an error's text."""


def main() -> None:
    """Answer until the other end closes; what is printed meanwhile goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    answer_all(sys.stdin, answers)


def answer_all(questions: IO[str], answers: IO[str]) -> None:
    """A line for a line."""
    for line in questions:
        question = json.loads(line)
        methods = tuple(question["asked"].pop("methods"))
        asked = BenchRequest(**question["asked"], methods=methods)
        told = answer(asked, question["function"], question["given"])
        answers.write(json.dumps(told) + "\n")
        answers.flush()


def answer(asked: BenchRequest, function: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a measurement, as the parent reads it."""
    module, _, name = function.partition(":")
    try:
        measure = getattr(import_module(f"nasbench_harness.bench.{module}"), name)
        values = measure(asked, **given)
        return {"status": "done", "values": {key: _plain(one) for key, one in values.items()}}
    except NotMeasurableError as refusal:
        return {"status": "skipped", "reason": _short(reason(refusal))}
    except HarnessError as error:
        return {"status": "failed", "reason": _short(reason(error)), "lost": _is_lost(asked)}
    except Exception as error:
        told = _short(f"{type(error).__name__}: {reason(error)}")
        return {"status": "failed", "reason": told, "lost": _is_lost(asked)}
    finally:
        _let_go()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _plain(value: Any) -> Any:
    """JSON has no infinities."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_lost(asked: BenchRequest) -> bool:
    """Does the device not even count to one any more."""
    import torch

    try:
        return float(torch.ones(1, device=asked.device).sum()) != 1.0
    except Exception:
        return True


def _let_go() -> None:
    """What a measurement has left on the device."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is None:
        return
    try:
        if (dynamo := sys.modules.get("torch._dynamo")) is not None:
            dynamo.reset()  # it would soon refuse to compile yet another network
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    except Exception:  # of a lost device, which the next measurement will not meet
        gc.collect()


if __name__ == "__main__":
    main()
