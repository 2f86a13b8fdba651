"""Local processes: parallel, deterministic, and a dead worker takes only its trial along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import Advanced, local
from nasbench_harness.jobs.executors.local import LocalExecutor, available_cores
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from tests.commands import process

Specs = Callable[..., list[TrialSpec]]
SPENT = ("search_seconds", "cohort")


@pytest.fixture
def specs() -> Specs:
    def make(methods: str = "drnas,rea", **given: Any) -> list[TrialSpec]:
        return plan(build_config(None, {"methods": methods, "seeds": 3, "steps": 40, **given}, []))

    return make


def outcomes(executor: LocalExecutor, specs: list[TrialSpec], folder: Path) -> list[Outcome]:
    return [event for event in executor.run(specs, folder) if isinstance(event, Outcome)]


def answers(specs: list[TrialSpec], folder: Path) -> list[dict[str, Any]]:
    results = [read_json(folder / spec.trial_id / "result.json") for spec in specs]
    return [{k: v for k, v in result.items() if k not in SPENT} for result in results]


def test_results_do_not_depend_on_jobs_or_order(specs: Specs, tmp_path: Path) -> None:
    chosen = specs()
    for spec in chosen:
        run_job(spec, tmp_path / "alone" / spec.trial_id)
    outcomes(LocalExecutor(1), chosen, tmp_path / "one")
    outcomes(LocalExecutor(3), chosen[::-1], tmp_path / "three")
    alone = answers(chosen, tmp_path / "alone")
    assert answers(chosen, tmp_path / "one") == alone
    assert answers(chosen, tmp_path / "three") == alone


def test_every_trial_ends_once_and_tells_its_progress(specs: Specs, tmp_path: Path) -> None:
    chosen = specs()
    events = list(LocalExecutor(2).run(chosen, tmp_path))
    ended = [event.trial_id for event in events if isinstance(event, Outcome)]
    assert sorted(ended) == sorted(spec.trial_id for spec in chosen)
    assert {e.trial_id for e in events if isinstance(e, Advanced)} == set(ended)


def test_killed_worker_takes_only_its_trial_along(specs: Specs, tmp_path: Path) -> None:
    chosen = specs("drnas,darts,unas", seeds=1, steps=3_000, random=False)
    ended: list[Outcome] = []
    killed = ""
    for event in LocalExecutor(1).run(chosen, tmp_path):
        if isinstance(event, Outcome):
            ended.append(event)
        elif not killed and event.steps > 100:
            killed = event.trial_id
            (worker,) = multiprocessing.active_children()
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
    by_id = {outcome.trial_id: outcome for outcome in ended}
    assert by_id[killed].status is Status.FAILED
    assert "SIGKILL" in by_id[killed].error
    assert [o.status for t, o in by_id.items() if t != killed] == [Status.DONE] * 2
    assert read_json(tmp_path / killed / "result.json")["status"] == "failed"


def test_killed_worker_takes_nobody_of_a_cohort_along(specs: Specs, tmp_path: Path) -> None:
    """They go on one by one, to what each ends with alone."""
    chosen = specs("darts", steps=3_000, random=False)
    ended: list[Outcome] = []
    killed = False
    for event in LocalExecutor(1).run(chosen, tmp_path):
        if isinstance(event, Outcome):
            ended.append(event)
        elif not killed and event.steps > 100:
            killed = True
            (worker,) = multiprocessing.active_children()
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
    assert killed
    assert [outcome.status for outcome in ended] == [Status.DONE] * 3
    for spec in chosen:
        run_job(spec, tmp_path / "alone" / spec.trial_id)
    assert answers(chosen, tmp_path) == answers(chosen, tmp_path / "alone")


def test_closing_the_iterator_interrupts_running_trials(specs: Specs, tmp_path: Path) -> None:
    chosen = specs("drnas", steps=100_000, random=False)
    with closing(LocalExecutor(1).run(chosen, tmp_path)) as events:
        first = next(events)
    result = read_json(tmp_path / first.trial_id / "result.json")
    assert result["status"] == "interrupted"
    assert (tmp_path / first.trial_id / "checkpoint.pt").exists()
    assert not multiprocessing.active_children()


def _ignore_the_end(connection: Connection) -> None:
    """A worker in the middle of a step that takes for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection.send("ready")
    while True:
        signal.pause()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_second_ctrl_c_ends_workers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While those are waited for that do not end by themselves."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_ignore_the_end, args=(theirs,), daemon=True)
    process.start()
    assert ours.recv() == "ready"
    monkeypatch.setattr(local, "SHORT_SECONDS", 0.0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local._stop([local._Worker(process, ours, 0)], waiting=interrupt)
    assert process.exitcode == -signal.SIGKILL


def test_method_may_print_though_nobody_reads(tmp_path: Path) -> None:
    """A worker inherits the streams of its command."""
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from nasbench_harness.study.config import build_config\n"
        "from nasbench_harness.jobs.executors.local import _work\n"
        "from nasbench_harness.hardware import Hardware\n"
        "from nasbench_harness.jobs.executors.slots import Slot\n"
        "from nasbench_harness.methods.rea import RegularisedEvolution as Method\n"
        "from nasbench_harness.study.planning import plan\n"
        "class Connection:\n"
        "    def __init__(self, specs): self.specs = specs\n"
        "    def recv(self):\n"
        "        if not self.specs: raise EOFError\n"
        "        return [self.specs.pop()]\n"
        "    def send(self, event): pass\n"
        "step = Method.step\n"
        "def talk(self):\n"
        "    print('→', flush=True)\n"
        "    return step(self)\n"
        "Method.step = talk\n"
        "given = {'methods': 'rea', 'seeds': 1, 'steps': 9, 'random': False}\n"
        "specs = plan(build_config(None, given, []))\n"
        "_work(Connection(specs), Path(sys.argv[1]), Slot(Hardware()), Path.cwd())\n"
    )
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, stdout=write, env=environment, check=True)
    os.close(write)
    (path,) = tmp_path.glob("rea-*/result.json")
    assert read_json(path)["status"] == "done"


def test_files_of_the_working_folder_are_no_modules_of_workers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("queue.py", "torch.py"):
        (tmp_path / name).write_text("raise SystemExit(f'{__name__} is not this file')\n")
    monkeypatch.chdir(tmp_path)
    words = ("-m", "random", "--seeds", "1", "--steps", "3", "--no-random", "--no-report")
    done = process("run", *words, "--out", "runs")
    assert done.returncode == 0, done.stderr


def test_default_is_one_process_per_core() -> None:
    assert LocalExecutor().jobs == available_cores() >= 1
