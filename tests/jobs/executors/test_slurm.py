"""SLURM: what is submitted, and what tasks do that a small SLURM of our own runs.

Those that need submitit skip where it is not installed; those that run tasks are slow.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import Advanced, slurm
from nasbench_harness.jobs.executors.batches import Allocation, parse_minutes
from nasbench_harness.jobs.executors.queues import Queue
from nasbench_harness.jobs.executors.requests import ClusterError, Request
from nasbench_harness.jobs.executors.slurm import SlurmExecutor
from nasbench_harness.jobs.executors.tasks import QUEUE, BatchWork
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from tests.commands import called
from tests.jobs.executors import fake_slurm

SPENT = ("search_seconds", "cohort")
LONG = 3_000
RUN = ("run", "-m", "drnas,rea", "--seeds", "2", "--steps", "40", "--no-report")
SLURM = ("--executor", "slurm")
needs_submitit = pytest.mark.skipif(
    find_spec("submitit") is None, reason="submitit is not installed"
)
posix = pytest.mark.skipif(os.name != "posix", reason="SLURM runs on POSIX systems")


class Fake:
    """Our SLURM, as tests look into it."""

    def __init__(self, state: Path) -> None:
        self.state = state

    @property
    def scripts(self) -> list[str]:
        return [path.read_text() for path in sorted(self.state.glob("*.sh"))]

    @property
    def live(self) -> list[str]:
        return sorted(path.name for path in (self.state / "live").iterdir())

    @property
    def requeued(self) -> list[str]:
        path = self.state / "requeued"
        return sorted(path.read_text().split()) if path.exists() else []

    def tell(self, number: int, tasks: list[str] | None = None) -> None:
        fake_slurm.tell(self.live if tasks is None else tasks, number, self.state / "pids")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    state = tmp_path / "fake"
    fake_slurm.install(state, tmp_path / "bin")
    monkeypatch.setenv("FAKE_SLURM", str(state))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(slurm, "QUEUE_SECONDS", 0.5)
    found = Fake(state)
    yield found
    (state / "broken").touch()
    found.tell(signal.SIGKILL)


def planned(methods: str, seeds: int = 2, **given: Any) -> list[Any]:
    asked = {"methods": methods, "seeds": seeds, "random": False, **given}
    return plan(build_config(None, asked, []))


def results(specs: list[Any], folder: Path) -> list[dict[str, Any]]:
    return [json.loads((folder / spec.trial_id / "result.json").read_text()) for spec in specs]


def answers(specs: list[Any], folder: Path) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in result.items() if k not in SPENT} for result in results(specs, folder)
    ]


def alone(specs: list[Any], folder: Path) -> list[dict[str, Any]]:
    for spec in specs:
        run_job(spec, folder / spec.trial_id)
    return answers(specs, folder)


def ended(
    specs: list[Spec], folder: Path, begun: Callable[[], None] = lambda: None, jobs: int = 2
) -> list[Outcome]:
    """How all of them end; `begun` is called when the first has got somewhere."""
    found, told = [], False
    for event in SlurmExecutor(Request(1), jobs=jobs).run(specs, folder):
        if isinstance(event, Outcome):
            found.append(event)
        elif not told:
            told = True
            begun()
    return found


def test_without_submitit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(ClusterError, match=r"pip install 'nasbench-harness\[slurm\]'"):
        SlurmExecutor(Request(1))


@needs_submitit
def test_machine_without_slurm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ClusterError, match="There is no `sbatch` on this machine"):
        SlurmExecutor(Request(1))


@pytest.mark.parametrize(
    ("request_", "words"),
    [(Request(1, 0.5), "whole GPUs for a task, not 0.5"), (Request(1.5), "whole CPUs")],
)
def test_shares_are_refused(request_: Request, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        SlurmExecutor(request_)


def test_device_that_contradicts_the_request_is_refused() -> None:
    with pytest.raises(ClusterError, match="SLURM chooses the GPUs"):
        SlurmExecutor(Request(1, 1), Hardware("cuda:1"))


@needs_submitit
def test_script_asks_for_all_that_was_asked(tmp_path: Path) -> None:
    allocation = Allocation(90, "gpu", "lab", "high", "a100|h100")
    executor = SlurmExecutor(
        Request(3, 2, 8.0), Hardware("cuda"), allocation=allocation, jobs=2, dry=True
    )
    lines = executor.script(planned("rea", 8, steps=20), tmp_path / "trials").splitlines()
    for line in (
        "array=0-1%2", "cpus-per-task=3", "gpus-per-node=2", "mem=7630M", "partition=gpu",
        "account=lab", "qos=high", "constraint='a100|h100'", "time=90", "requeue",
        "signal=USR2@120",
    ):  # fmt: skip
        assert f"#SBATCH --{line}" in lines
    assert "--cpus-per-task 3 " in lines[-2] or "--cpus-per-task 3 " in lines[-1]
    assert not (tmp_path / "slurm").exists()


@needs_submitit
def test_single_task_is_no_array(tmp_path: Path) -> None:
    executor = SlurmExecutor(Request(1), jobs=1, dry=True)
    text = executor.script(planned("rea", steps=20), tmp_path / "trials")
    assert "--array" not in text
    assert "gpus" not in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--time", "4h"), "--time is for SLURM; add --executor slurm"),
        (("--partition", "gpu"), "--partition is for SLURM"),
        (("--gpus-per-trial", "1"), "--gpus-per-trial is for Ray and SLURM"),
        ((*SLURM, "--address", "auto"), "--address is not for SLURM"),
        (("--executor", "ray", "--qos", "high"), "--qos is not for Ray"),
        ((*SLURM, "--time", "4"), "as 4h, 90min or 1-12:00:00, not `4`"),
        ((*SLURM, "--time", "20s"), "not `20s`"),
        ((*SLURM, "--gpus-per-trial", "0.5"), "SLURM keeps whole GPUs"),
        ((*SLURM, "--devices", "cpu"), "clusters take --gpus-per-trial"),
    ],
)
def test_what_does_not_fit_is_a_sentence_before_anything_starts(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    done = called(*RUN, *options, "--out", str(tmp_path / "a"))
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "a").exists()


@needs_submitit
def test_command_on_a_machine_without_slurm_begins_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    done = called(*RUN, *SLURM, "--out", str(tmp_path / "a"))
    assert done.returncode == 2
    assert "There is no `sbatch` on this machine" in " ".join(done.stderr.split())
    assert not (tmp_path / "a").exists()


@needs_submitit
def test_a_dry_run_prints_the_script_and_writes_nothing(tmp_path: Path) -> None:
    options = (*SLURM, "--jobs", "3", "--time", "90min", "--dry-run")
    done = called(*RUN, *options, "--out", str(tmp_path / "a"))
    assert done.returncode == 0, done.stderr
    assert "3 at a time" in " ".join(done.stdout.split())
    assert "#SBATCH --time=90\n" in done.stdout
    assert not (tmp_path / "a").exists()
    told = json.loads(called(*RUN, *options, "--out", str(tmp_path / "a"), "--json").stdout)
    assert "#SBATCH --array=0-2%3\n" in told["folders"][0]["script"]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("4h", 240), ("90min", 90), ("1d12h", 2160), ("1.5h", 90), ("4:00:00", 240), ("90s", 2),
     ("1-12:00", 2160), ("2-00:00:30", 2881)],
)  # fmt: skip
def test_times_are_minutes(text: str, minutes: int) -> None:
    assert parse_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "4", "4:00", "h", "4 h", "-4h", "1e3h", "0h", "nan", "9999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ClusterError, match="--time takes"):
        parse_minutes(text)


@needs_submitit
@posix
def test_what_slurm_says_no_to_is_told_in_its_words(fake: Fake, tmp_path: Path) -> None:
    (fake.state / "refused").touch()
    with pytest.raises(ClusterError, match="SLURM took no jobs: sbatch: error"):
        SlurmExecutor(Request(1)).run(planned("rea", steps=20), tmp_path / "s" / "trials")
    assert list((tmp_path / "s" / "slurm").iterdir()) == []


@needs_submitit
@posix
def test_command_that_is_a_job_itself_hands_on_nothing_of_that(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fake.state / "broken").touch()
    kept = ("SLURM_CONF", "SBATCH_ACCOUNT")
    for name in ("SLURM_JOB_ID", "SLURM_CPUS_PER_TASK", *kept):
        monkeypatch.setenv(name, "64")
    SlurmExecutor(Request(1)).run(planned("rea", steps=20), tmp_path / "trials")
    names = (fake.state / "environment").read_text().split()
    assert {name for name in names if name.startswith(("SLURM", "SBATCH"))} == set(kept)
    assert os.environ["SLURM_JOB_ID"] == "64"


@needs_submitit
@posix
def test_tasks_that_never_begin_are_told_of(fake: Fake, tmp_path: Path) -> None:
    (fake.state / "broken").touch()
    with pytest.raises(ClusterError, match="ended all tasks before they began a trial, 2 times"):
        ended(planned("rea", steps=20), tmp_path / "trials")
    assert len(fake.scripts) == 2


def laid_out(place: Path, specs: list[Any]) -> Path:
    """A submission whose command was killed before SLURM heard of it."""
    BatchWork([specs], str(place / "trials"), Hardware(), str(place), {}).write(place / "slurm/ab")
    return place / "slurm" / "ab"


@needs_submitit
@posix
@pytest.mark.parametrize("planned_first", [True, False])
def test_nothing_is_left_of_a_command_that_was_killed_as_it_submitted(
    fake: Fake, tmp_path: Path, planned_first: bool
) -> None:
    (fake.state / "broken").touch()
    specs = planned("rea", steps=20)
    place = laid_out(tmp_path / "s", specs)
    if planned_first:
        (place / "batch.json").write_text(json.dumps([[spec.trial_id for spec in specs]]))
    SlurmExecutor(Request(1)).run(specs, tmp_path / "s" / "trials")
    assert not place.exists()
    assert len(list((tmp_path / "s" / "slurm").iterdir())) == 1
    assert len(fake.scripts) == 1


@needs_submitit
@posix
def test_command_that_is_killed_as_it_submits_leaves_its_plan(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: BatchWork, batch: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BatchWork, "write", die)
    with pytest.raises(KeyboardInterrupt):
        SlurmExecutor(Request(1)).run(planned("rea", steps=20), tmp_path / "s" / "trials")
    (place,) = (tmp_path / "s" / "slurm").iterdir()
    assert [path.name for path in place.iterdir()] == ["batch.json"]
    assert fake.scripts == []


@needs_submitit
@posix
def test_tasks_that_were_told_to_stop_and_not_cancelled_are(fake: Fake, tmp_path: Path) -> None:
    """Whoever told them was killed before SLURM heard of it."""
    (fake.state / "broken").touch()
    specs = planned("rea", steps=20)
    place = laid_out(tmp_path / "s", specs)
    (place / "batch.json").write_text(json.dumps([[spec.trial_id for spec in specs]]))
    (place / "0_log.out").touch()
    Queue(place / QUEUE, 1).stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as task:
        (fake.state / "pids" / "7").write_text(str(task.pid))
        (fake.state / "live" / "7").write_text("nasharness-ab")
        SlurmExecutor(Request(1)).run(specs, tmp_path / "s" / "trials")
        (fake.state / "live" / "7").unlink()
        assert task.wait(60) == -signal.SIGTERM
    assert [path.name for path in place.iterdir()] == ["0_log.out"]


@pytest.mark.slow
@needs_submitit
@posix
def test_results_are_those_of_this_machine(fake: Fake, tmp_path: Path) -> None:
    specs = planned("drnas,rea", steps=40)
    outcomes = ended(specs, tmp_path / "s" / "trials")
    assert sorted(o.trial_id for o in outcomes) == sorted(s.trial_id for s in specs)
    assert {o.status for o in outcomes} == {Status.DONE}
    assert answers(specs, tmp_path / "s" / "trials") == alone(specs, tmp_path / "alone")
    assert not [name for _, _, names in os.walk(tmp_path) for name in names if "lease" in name]
    left = [path.suffix for path in (tmp_path / "s" / "slurm").rglob("*") if path.is_file()]
    assert set(left) <= {".sh", ".out", ".err"}
    (script,) = fake.scripts
    assert "#SBATCH --array=0-1%2" in script


@pytest.mark.slow
@needs_submitit
@posix
def test_tasks_whose_time_is_over_go_on(fake: Fake, tmp_path: Path) -> None:
    specs = planned("drnas", steps=LONG)
    outcomes = ended(specs, tmp_path / "s" / "trials", lambda: fake.tell(signal.SIGUSR2))
    assert [o.status for o in outcomes] == [Status.DONE] * len(specs)
    assert fake.requeued
    assert len(fake.scripts) == 1
    assert answers(specs, tmp_path / "s" / "trials") == alone(specs, tmp_path / "alone")


@pytest.mark.slow
@needs_submitit
@posix
def test_trials_of_killed_tasks_go_on(fake: Fake, tmp_path: Path) -> None:
    specs = planned("drnas,unas", 1, steps=LONG)
    outcomes = ended(specs, tmp_path / "s" / "trials", lambda: fake.tell(signal.SIGKILL))
    assert [o.status for o in outcomes] == [Status.DONE] * len(specs)
    assert answers(specs, tmp_path / "s" / "trials") == alone(specs, tmp_path / "alone")


@pytest.mark.slow
@needs_submitit
@posix
def test_what_an_earlier_command_submitted_is_not_submitted_again(
    fake: Fake, tmp_path: Path
) -> None:
    specs = planned("drnas", steps=LONG)
    killed = SlurmExecutor(Request(1), jobs=1).run(specs, tmp_path / "trials")
    assert isinstance(next(killed), Advanced)
    outcomes = ended(specs, tmp_path / "trials")
    assert [o.status for o in outcomes] == [Status.DONE] * len(specs)
    assert len(fake.scripts) == 1


@pytest.mark.slow
@needs_submitit
@posix
def test_closing_lets_trials_save_themselves(fake: Fake, tmp_path: Path) -> None:
    specs = planned("drnas", steps=1_000_000)
    with closing(SlurmExecutor(Request(1), jobs=1).run(specs, tmp_path / "trials")) as events:
        next(events)
    assert {result["status"] for result in results(specs, tmp_path / "trials")} == {"interrupted"}
    assert all((tmp_path / "trials" / s.trial_id / "checkpoint.pt").exists() for s in specs)
    assert fake.requeued == []


@pytest.mark.slow
@needs_submitit
@posix
def test_tasks_that_somebody_cancelled_are_not_submitted_again(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "GRACE_SECONDS", 0.0)
    specs = planned("drnas", steps=1_000_000)
    with pytest.raises(ClusterError, match="as after `scancel`"):
        ended(specs, tmp_path / "trials", lambda: fake.tell(signal.SIGTERM))
    assert len(fake.scripts) == 1


@pytest.mark.slow
@needs_submitit
@posix
def test_command_writes_the_tables_of_a_local_one(fake: Fake, tmp_path: Path) -> None:
    tables = []
    for name, options in (("slurm", (*SLURM, "--jobs", "2")), ("local", ())):
        done = called(*RUN, *options, "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        table = pd.read_csv(tmp_path / name / "trials.csv")
        tables.append(table.drop(columns=[*SPENT, "command"], errors="ignore"))
    pd.testing.assert_frame_equal(*tables)
    done = called("resume", str(tmp_path / "slurm"), *SLURM, "--no-report")
    assert done.returncode == 0, done.stderr
    assert len(fake.scripts) == 1
