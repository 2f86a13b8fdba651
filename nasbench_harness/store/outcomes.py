"""How a trial ended, whatever it did, and how its folder says so."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import ExitCode, HarnessError, os_sentence
from nasbench_harness.hardware import is_out_of_memory
from nasbench_harness.store.files import read_json, write_json

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
TRIAL, HISTORY, RESULT = "trial.json", "history.jsonl", "result.json"
TRIAL_LOCK = "trial.lock"
"""Held by whoever runs the trial."""
_SIZES = ("batch_size", "width", "cells")


class Status(StrEnum):
    """What a trial is doing, or how it ended; its folder and the tables know no `running`."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Stopped or killed before its end."""
    MISSING = "missing"
    """Not begun."""


WRITTEN = tuple(status for status in Status if status is not Status.RUNNING)
"""How a trial is found once nobody works on it."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended."""

    trial_id: str
    status: Status
    error: str = ""
    out_of_memory: bool = False
    """Is that why it failed."""


@dataclass(frozen=True)
class Ended:
    """Trials after a command has run what was missing of them."""

    trials: pd.DataFrame
    """One row per planned trial, as gathered."""
    failures: list[Outcome]
    interrupted: bool

    def counts(self) -> dict[Status, int]:
        """How many trials have each status."""
        statuses = list(self.trials["status"])
        return {status: statuses.count(status) for status in Status if status in statuses}

    @property
    def exit_code(self) -> ExitCode:
        """DONE only if every trial has a result."""
        return ExitCode.DONE if set(self.counts()) <= {Status.DONE} else ExitCode.INCOMPLETE


def write_failure(folder: Path, outcome: Outcome, details: str = "") -> None:
    """Keep why a trial has no result; on a full disk the outcome itself has to do."""
    facts = {"status": outcome.status, "error": outcome.error, "traceback": details}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RESULT, {"schema_version": SCHEMA_VERSION, **facts})


def sentence(error: Exception, spec: object = None) -> str:
    """What a table shows of an error; what a user caused is a sentence already.

    `spec` is that of the job that failed; where it tells its `sizes`, by the names of options,
    these are what is named where memory is short.
    """
    text = " ".join(str(error).split())
    if is_out_of_memory(error):
        ways = _relief(getattr(spec, "sizes", {}))
        return f"Out of memory; {ways} need less ({type(error).__name__})."
    if isinstance(error, OSError):
        text = os_sentence(error)
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"


def _relief(sizes: Mapping[str, Any]) -> str:
    """What takes less memory, of the options that the job has."""
    known = {name: size for name in _SIZES if isinstance(size := sizes.get(name), int)}
    smaller = [f"--{name.replace('_', '-')}" for name, size in known.items() if size > 1]
    ways = [f"a smaller {_listed(smaller)}"] if smaller else []
    ways += ["`--precision bf16`"] if sizes.get("precision") == "fp32" else []
    return _listed([*ways, "fewer --jobs"])


def _listed(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def read_result(folder: Path) -> dict[str, Any]:
    """The result of the trial in `folder`; only a status if there is none or it is damaged."""
    try:
        result: dict[str, Any] = read_json(folder / RESULT)
        if result["status"] not in WRITTEN:
            return {"status": Status.MISSING}
    except (OSError, ValueError, KeyError, TypeError):
        return {"status": Status.MISSING}
    return result
