"""What memory a trial asks for where nobody says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from nasbench_harness.contracts import HostMemory
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors.foreseen import (
    CUDA_BYTES,
    PROCESS_BYTES,
    cut_down,
    foreseen,
)
from nasbench_harness.jobs.executors.requests import Request
from nasbench_harness.problems.kinds import kinds, open_kind
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from tests.commands import called

CPU = Hardware("cpu")
RUN = ("run", "-m", "rea", "--seeds", "1", "--steps", "20", "--no-random", "--dry-run")


def planned(**given: Any) -> list[Any]:
    return plan(build_config(None, {"methods": "rea", "seeds": 2, "random": False, **given}, []))


@pytest.mark.parametrize("own", [0, 1, 99_999_999, 2_000_000_001])
@pytest.mark.parametrize("gpus", [0.0, 0.5])
def test_no_less_is_asked_for_than_is_estimated_and_hardly_more(own: int, gpus: float) -> None:
    request, why = foreseen(Request(2, gpus), planned(steps=5), CPU, lambda specs, hardware: own)
    estimated = PROCESS_BYTES + own + (CUDA_BYTES if gpus else 0)
    assert 0 <= request.memory_gb * 1e9 - estimated < 1e8
    assert (request.cpus, request.gpus, why) == (2, gpus, "")


def test_memory_that_cannot_be_estimated_is_not_counted_and_told() -> None:
    def broken(specs: Sequence[Any], hardware: Hardware) -> int:
        raise HarnessError("The images are elsewhere.")

    request, why = foreseen(Request(1), planned(steps=5), CPU, broken)
    assert request == Request(1)
    assert "The images are elsewhere" in why
    assert "--memory-per-trial" in why


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (2.04, "more than any node has; 2.0 GB are kept"),
        (0.0, "which no node counts; none is kept"),
    ],
)
def test_what_is_kept_where_no_node_has_enough_is_told(kept: float, told: str) -> None:
    assert f"estimated to take 5 GB of memory, {told} for it. Where" in cut_down(5.0, kept)


def test_every_kind_that_is_built_in_estimates() -> None:
    assert all(isinstance(kind, HostMemory) for kind in kinds())


def test_a_search_on_a_table_takes_what_a_process_takes() -> None:
    specs = planned(steps=5)
    kind = open_kind(specs[0].problem)
    assert isinstance(kind, HostMemory)
    assert kind.host_bytes(specs, CPU) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("ray",), "1 CPUs, 0 GPUs and 0.9 GB of memory, which is estimated"),
        (("ray", "--memory-per-trial", "3"), "1 CPUs, 0 GPUs and 3 GB of memory"),
        (("slurm", "--memory-per-trial", "3"), "1 CPUs, 0 GPUs and 3 GB of memory"),
        (("slurm",), "1 CPUs, 0 GPUs; memory as the cluster has it by default"),
    ],
    ids=["ray", "said", "slurm, said", "slurm"],
)
def test_a_dry_run_tells_what_is_asked_of_a_cluster(options: tuple[str, ...], told: str) -> None:
    if options[0] == "slurm":
        pytest.importorskip("submitit", reason="submitit is not installed")
    done = called(*RUN, "--threads", "1", "--executor", *options)
    assert done.returncode == 0, done.stderr
    line = " ".join(done.stdout.split())
    assert f"each asks for {told}" in line
    assert ("which is estimated" in line) == (options == ("ray",))


def test_slurm_is_asked_for_no_memory_that_nobody_said() -> None:
    pytest.importorskip("submitit", reason="submitit is not installed")
    assert "--mem" not in called(*RUN, "--executor", "slurm").stdout.partition("sbatch")[2]


def test_what_runs_here_asks_nobody() -> None:
    assert "each asks for" not in called(*RUN).stdout
