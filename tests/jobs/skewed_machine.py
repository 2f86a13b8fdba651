"""What `test_skewed_clocks` runs in a process that believes to be on a machine of its own.

Its clocks go by other hours, and it sees no lock of the other process but leases. The clocks are
set before anything of the harness is imported.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

_wall, _wall_ns, _steady = time.time, time.time_ns, time.monotonic
SKEW = float(sys.argv[1])
time.time = lambda: _wall() + SKEW
time.time_ns = lambda: _wall_ns() + int(SKEW * 1e9)
time.monotonic = lambda: _steady() + SKEW

from filelock import FileLock  # noqa: E402

from nasbench_harness.jobs import driver  # noqa: E402
from nasbench_harness.jobs.driver import Callbacks, run_job  # noqa: E402
from nasbench_harness.store import leases  # noqa: E402
from nasbench_harness.study.config import build_config  # noqa: E402
from nasbench_harness.study.planning import plan  # noqa: E402

PATIENCE_SECONDS = 2.0


def tell(*facts: object) -> None:
    """Say something, and wait until it was heard."""
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()


def main() -> None:
    """Run a trial that hangs once it has begun, or try twice to run it to its end."""
    machine, folder = sys.argv[2], Path(sys.argv[3])
    leases._HEART = leases.Heart(machine)
    leases.BEAT_SECONDS, leases.LOOK_SECONDS = 0.1, 0.1
    leases.PATIENCE_SECONDS, driver.LOCK_SECONDS = PATIENCE_SECONDS, PATIENCE_SECONDS + 0.5
    own = folder / f"{machine}.lock"
    driver.FileLock = lambda path, timeout: FileLock(own, timeout)  # type: ignore[attr-defined, assignment]
    given = {"methods": "rea", "seeds": "0,", "steps": 40, "random": False}
    spec = plan(build_config(None, given, []))[0]
    if machine == "holder":
        run_job(spec, folder, Callbacks(lambda steps: tell("begun", steps)), shared=True)
    tell("ready", time.time() - _wall())
    for _ in range(2):
        outcome = run_job(spec, folder, shared=True)
        tell(outcome.status, outcome.error)


if __name__ == "__main__":
    main()
