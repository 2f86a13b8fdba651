"""SLURM's own commands: what is asked of it, whether it has it still, and that it is cancelled.

submitit writes the scripts and submits them. A batch of tasks is known to SLURM by its name, which
no other has, so that it is found again also where whoever submitted it was killed.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from nasbench_harness.errors import reason
from nasbench_harness.jobs.executors.requests import ClusterError, Request
from nasbench_harness.jobs.executors.tasks import BatchTask

COMMANDS = ("sbatch", "srun", "squeue", "scancel")
ANSWER_SECONDS = 60.0
"""How long one of them may take."""
DEFAULT_MINUTES = 240
SIGNAL_SECONDS = 120
"""So long before its time is over a task is told; a step and a checkpoint have to fit."""
TIMEOUTS = 10_000
"""How often a task is queued again; trials end by themselves."""
_OF_JOBS, _OF_CLUSTERS = ("SLURM_", "SLURMD_", "SRUN_", "SUBMITIT_"), ("SLURM_CONF",)
_UNITS = {"d": 1440.0, "h": 60.0, "m": 1.0, "min": 1.0, "s": 1 / 60}
_WORDS = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|min|m|s))+")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?")


@dataclass(frozen=True)
class Allocation:
    """Where in SLURM tasks run, and for how long; None leaves it to the cluster."""

    minutes: int = DEFAULT_MINUTES
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None


def parse_minutes(text: str) -> int:
    """`4h`, `1d12h`, `90min`, `4:00:00` or `1-12:00` in minutes, rounded up.

    ClusterError for anything else, and for less than a minute. A bare number would be minutes to
    SLURM and seconds to others, and `4:00` minutes to SLURM and hours to most.
    """
    word = text.strip().lower()
    minutes = 0.0
    if _WORDS.fullmatch(word):
        parts = re.findall(r"(\d+(?:\.\d+)?)(d|h|min|m|s)", word)
        minutes = sum(float(count) * _UNITS[unit] for count, unit in parts)
    elif (clock := _CLOCK.fullmatch(word)) and (clock[1] or clock[4]):
        minutes = 1440 * int(clock[1] or 0) + 60 * int(clock[2]) + int(clock[3])
        minutes += int(clock[4] or 0) / 60
    if not 1 <= minutes < 1e6:
        raise ClusterError(
            f"--time takes how long a task may last, as 4h, 90min or 1-12:00:00, not `{text}`."
        )
    return math.ceil(minutes)


def whole(request: Request) -> Request:
    """The request where SLURM can grant it; ClusterError for shares of CPUs and GPUs."""
    for kind, amount in (("GPUs", request.gpus), ("CPUs", request.cpus)):
        if amount != int(amount):
            raise ClusterError(
                f"SLURM keeps whole {kind} for a task, not {amount:g}; give"
                f" --{kind.lower()}-per-trial a whole number."
            )
    return request


def submitit() -> Any:
    """The package; ClusterError where it is not installed."""
    try:
        return import_module("submitit")
    except ImportError as error:
        raise ClusterError(
            "`--executor slurm` needs submitit: pip install 'nasbench-harness[slurm]'."
        ) from error


def refuse_without_slurm() -> None:
    """ClusterError unless SLURM's commands are on this machine."""
    for name in COMMANDS:
        if shutil.which(name) is None:
            raise ClusterError(
                f"There is no `{name}` on this machine; run `--executor slurm` where SLURM's"
                " commands are, such as a login node."
            )


def parameters(request: Request, allocation: Allocation, name: str, tasks: int) -> dict[str, Any]:
    """What is asked of SLURM for each of so many tasks, by submitit's names."""
    cpus, gpus = int(request.cpus), int(request.gpus)
    asked: dict[str, Any] = {
        "job_name": name,
        "time": allocation.minutes,
        "nodes": 1,
        "ntasks_per_node": 1,
        "cpus_per_task": cpus,
        "gpus_per_node": gpus or None,
        "mem": f"{math.ceil(request.memory_gb * 1e9 / 2**20)}M" if request.memory_gb else None,
        "partition": allocation.partition,
        "account": allocation.account,
        "qos": allocation.qos,
        "constraint": allocation.constraint,
        "signal_delay_s": min(SIGNAL_SECONDS, allocation.minutes * 20),
        "array_parallelism": tasks,
        # Since SLURM 22.05 `srun` does not take it over from `sbatch`.
        "srun_args": ["--cpus-per-task", str(cpus)],
        # Also where a cluster does not queue anything again by itself.
        "additional_parameters": {"requeue": True},
    }
    return {name: value for name, value in asked.items() if value is not None}


def script(batch: Path, tasks: int, asked: dict[str, Any]) -> str:
    """What `submit` gives to `sbatch`."""
    write: Any = import_module("submitit.slurm.slurm")._make_sbatch_string
    command = f"{shlex.quote(sys.executable)} -u -m submitit.core._submit {shlex.quote(str(batch))}"
    text: str = write(command, batch, map_count=tasks if tasks > 1 else None, **asked)
    return text


def submit(batch: Path, tasks: int, asked: dict[str, Any]) -> None:
    """Have SLURM run so many tasks of a batch; scripts and logs go into its folder.

    ClusterError, in SLURM's own words, where it refuses.
    """
    try:
        executor = submitit().SlurmExecutor(batch, max_num_timeout=TIMEOUTS)
        executor.update_parameters(**asked)
        ranks = [BatchTask(str(batch), rank, tasks) for rank in range(tasks)]
        with _no_job():
            executor.submit_array(ranks)
    except Exception as error:
        lines = str(error).strip().splitlines()
        told = next((line for line in lines if "error" in line.lower()), "") or reason(error)
        raise ClusterError(f"SLURM took no jobs: {told.strip()}") from error


@contextlib.contextmanager
def _no_job() -> Iterator[None]:
    """A command that is a job itself hands on nothing of what that was given.

    What the user or the cluster has set stays, such as SBATCH_ACCOUNT.
    """
    inside = "SLURM_JOB_ID" in os.environ
    own = [v for v in os.environ if inside and v.startswith(_OF_JOBS) and v not in _OF_CLUSTERS]
    before = {name: os.environ.pop(name) for name in own}
    try:
        yield
    finally:
        os.environ.update(before)


def queued(names: Sequence[str]) -> set[str] | None:
    """Which batches have tasks that wait or run; None where SLURM does not answer."""
    if not names:
        return set()
    told = _called("squeue", "--noheader", f"--name={','.join(names)}", "--format=%j")
    return None if told is None else {line.strip() for line in told.splitlines()} & set(names)


def cancel(names: Iterable[str], *, waiting_only: bool = False) -> None:
    """Have SLURM end the tasks of batches: those that run are told first."""
    for name in names:
        _called("scancel", f"--name={name}", *(["--state=PENDING"] if waiting_only else []))


def _called(*command: str) -> str | None:
    """What a command prints; None where it fails or does not answer."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
