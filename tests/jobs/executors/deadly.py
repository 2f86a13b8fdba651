"""Trials that kill what runs them, for `test_ray`; nodes import this module by its own name.

Whatever dies leaves a line in the file that a variable names.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs import driver
from nasbench_harness.jobs.search import open_search
from nasbench_harness.study.spec import TrialSpec

TOLL = "NASHARNESS_TOLL"
STEP = 4


class Dying(TrialSpec):
    """It saves itself after each step, after the fourth time and again, and then dies."""

    job = "deadly:open_dying"


class Stillborn(TrialSpec):
    """What it is opened by kills the first processes that import it."""

    job = "stillborn:open_born"


def toll() -> int:
    """How many have died."""
    path = Path(os.environ[TOLL])
    return len(path.read_text().splitlines()) if path.exists() else 0


def die() -> None:
    """And be counted."""
    with Path(os.environ[TOLL]).open("a") as file:
        file.write("dead\n")
    os.kill(os.getpid(), signal.SIGKILL)


def open_dying(spec: TrialSpec, hardware: Hardware) -> Any:
    """The search, but for its fifth step."""
    driver.CHECKPOINT_SECONDS = 0.0
    job: Any = open_search(spec, hardware)
    step, waited = job.advance, False

    def advance() -> bool:
        nonlocal waited
        if job.step < STEP:
            return bool(step())
        if waited:
            die()
        waited = True
        return False

    job.advance = advance
    return job
