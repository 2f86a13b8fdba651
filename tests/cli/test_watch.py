"""Watching a study from its folder: what is told, that it stays cheap and disturbs nobody."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.missing import LOCK_SECONDS
from nasbench_harness.store.journals import Journal, last_row
from nasbench_harness.store.outcomes import Outcome, Status, write_failure
from nasbench_harness.store.studies import Study, StudyError, plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.watch.locks import is_held
from nasbench_harness.watch.studies import StudyObserver
from nasbench_harness.watch.trials import KILLED, TrialState

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")
STEPS = 50

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX locks and signals")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study of `rea` and `random` with two seeds each, of which nothing has run."""
    return planned(tmp_path / "s")


def planned(folder: Path, methods: str = "rea", seeds: int = 2) -> Study:
    given = {"methods": methods, "seeds": seeds, "steps": STEPS}
    config = build_config(None, given, [])
    folder.mkdir(exist_ok=True)
    return plan_study(folder, config.model_dump(mode="json"), plan(config))


def finish(study: Study, position: int) -> None:
    spec = study.specs[position]
    assert run_job(spec, study.trials_folder / spec.trial_id).status is Status.DONE


def begin(study: Study, position: int, step: int, seconds: float = 4.0) -> Path:
    """The folder of a trial that got so far; two minutes ago, so that nothing is fresh."""
    spec = study.specs[position]
    folder = study.trials_folder / spec.trial_id
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, step, seconds=seconds, **{spec.report_metric: 90.0, regret(spec): 4.5})
    age(folder / "history.jsonl")
    return folder


def regret(spec: Any) -> str:
    return f"regret_{spec.report_metric}"


def write(folder: Path, step: int, **facts: Any) -> None:
    journal = Journal(folder / "history.jsonl")
    journal.append({"step": step, **facts})
    journal.close()


def age(path: Path, seconds: float = 120.0) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def look(study: Study, position: int) -> TrialState:
    return StudyObserver(study.folder).look().trials[position]


# --- the end of a journal ----------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 5_000, 100_000])
def test_last_row_is_the_last_whole_line(tmp_path: Path, width: int) -> None:
    path = tmp_path / "history.jsonl"
    journal = Journal(path)
    for step in range(1, 4):
        journal.append({"step": step, "text": "x" * width})
    journal.close()
    assert (last_row(path) or {})["step"] == 3
    with path.open("ab") as file:
        file.write(b'{"step":4,"te')
    assert (last_row(path) or {})["step"] == 3


@pytest.mark.parametrize("content", [b"", b'{"step":1', b"no json\n", b"[1]\n"])
def test_journal_without_a_whole_row_has_no_last_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(content)
    assert last_row(path) is None
    assert last_row(tmp_path / "none") is None


# --- locks -------------------------------------------------------------------------------------


def test_lock_is_seen_as_held_only_while_it_is(tmp_path: Path) -> None:
    path = tmp_path / "trial.lock"
    assert is_held(path) is False
    assert not path.exists()
    with FileLock(path):
        assert is_held(path) is True
    assert is_held(path) is False


def test_asking_does_not_keep_anybody_from_the_lock(tmp_path: Path) -> None:
    """With eight watchers that ask without a pause."""
    path = tmp_path / "study.lock"
    path.touch()
    asked, over = [0], threading.Event()

    def ask() -> None:
        while not over.is_set():
            is_held(path)
            asked[0] += 1

    watchers = [threading.Thread(target=ask) for _ in range(8)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(20):
            with FileLock(path, timeout=20 * LOCK_SECONDS):
                pass
    finally:
        over.set()
        for watcher in watchers:
            watcher.join()
    assert asked[0] > 20


# --- the state of a trial ----------------------------------------------------------------------


def test_trial_not_begun_is_missing(study: Study) -> None:
    seen = look(study, 0)
    assert (seen.state, seen.step, seen.steps) == (Status.MISSING, 0, STEPS)


def test_done_trial_tells_its_result(study: Study) -> None:
    finish(study, 0)
    seen, spec = look(study, 0), study.specs[0]
    result = study.result(spec)
    assert (seen.state, seen.step, seen.method) == (Status.DONE, STEPS, "rea")
    assert seen.accuracy == result[spec.report_metric]
    assert seen.regret == result[regret(spec)]
    assert seen.seconds == result["search_seconds"]


def test_trial_whose_lock_is_held_is_running(study: Study) -> None:
    folder = begin(study, 0, step=20)
    with FileLock(folder / "trial.lock"):
        seen = look(study, 0)
    assert seen.state is Status.RUNNING
    assert (seen.step, seen.accuracy, seen.regret, seen.seconds) == (20, 90.0, 4.5, 4.0)


def test_trial_nobody_holds_was_killed(study: Study) -> None:
    folder = begin(study, 0, step=20)
    with FileLock(folder / "trial.lock"):
        pass
    seen = look(study, 0)
    assert (seen.state, seen.error, seen.step) == (Status.INTERRUPTED, KILLED, 20)


def test_journal_that_grows_tells_of_a_trial_on_another_machine(study: Study) -> None:
    folder = begin(study, 0, step=20)
    age(folder / "history.jsonl", seconds=3)
    assert look(study, 0).state is Status.RUNNING


def test_slow_trial_may_pause_longer_between_two_lines(study: Study) -> None:
    """Twenty steps took 20,000 s, so a line is due every 500 s."""
    begin(study, 0, step=20, seconds=20_000.0)
    assert look(study, 0).state is Status.RUNNING


def test_failure_is_told_until_the_trial_is_done(study: Study) -> None:
    spec = study.specs[0]
    folder = begin(study, 0, step=20)
    write_failure(folder, Outcome(spec.trial_id, Status.FAILED, "Out of luck."))
    assert (look(study, 0).state, look(study, 0).error) == (Status.FAILED, "Out of luck.")
    with FileLock(folder / "trial.lock"):
        assert (look(study, 0).state, look(study, 0).error) == (Status.RUNNING, "Out of luck.")
    finish(study, 0)
    assert (look(study, 0).state, look(study, 0).error) == (Status.DONE, "")


def test_stopped_trial_is_interrupted(study: Study) -> None:
    folder = begin(study, 0, step=20)
    outcome = Outcome(study.specs[0].trial_id, Status.INTERRUPTED, "stopped at step 20")
    write_failure(folder, outcome)
    assert (look(study, 0).state, look(study, 0).step) == (Status.INTERRUPTED, 20)


# --- the state of a study ----------------------------------------------------------------------


def test_counts_add_up_per_method(study: Study) -> None:
    finish(study, 0)
    begin(study, 2, step=20)
    rows = {row.pop("method"): row for row in StudyObserver(study.folder).look().methods()}
    nothing = {"done": 0, "running": 0, "failed": 0, "interrupted": 0, "missing": 0}
    assert rows == {
        "rea": nothing | {"done": 1, "interrupted": 1},
        "random": nothing | {"missing": 2},
    }


def test_study_is_running_while_its_lock_is_held_and_stopped_after(study: Study) -> None:
    observer = StudyObserver(study.folder)
    with FileLock(study.folder / "study.lock"):
        assert observer.look().state == "running"
    assert observer.look().state == "stopped"


def test_time_left_is_what_trials_promise(study: Study) -> None:
    """One trial of 10 s is 4 s in; one more of its method and two of unknown ones wait."""
    folder = begin(study, 0, step=20, seconds=4.0)
    with FileLock(folder / "trial.lock"):
        seen = StudyObserver(study.folder).look()
    assert seen.eta_seconds() == pytest.approx(6 + 3 * 10)


def test_time_left_is_shared_by_trials_that_run_at_a_time(study: Study) -> None:
    first, second = (begin(study, i, step=25, seconds=5.0) for i in (0, 1))
    with FileLock(first / "trial.lock"), FileLock(second / "trial.lock"):
        seen = StudyObserver(study.folder).look()
    assert seen.eta_seconds() == pytest.approx((5 + 5 + 10 + 10) / 2)


def test_time_left_of_trials_that_are_stepped_together(study: Study) -> None:
    """They share one process, and each has recorded its share of the time."""
    first, second = (begin(study, i, step=25, seconds=5.0) for i in (0, 2))
    with FileLock(first / "trial.lock"), FileLock(second / "trial.lock"):
        seen = StudyObserver(study.folder).look()
    assert seen.eta_seconds() == pytest.approx(5 + 5 + 10 + 10)


def test_time_left_is_unknown_before_anything_is_recorded(study: Study) -> None:
    with FileLock(study.folder / "study.lock"):
        assert StudyObserver(study.folder).look().eta_seconds() is None


def test_methods_added_to_a_study_are_noticed(study: Study) -> None:
    observer = StudyObserver(study.folder)
    assert len(observer.look().trials) == 4
    planned(study.folder, "rea,drnas", seeds=3)
    assert len(observer.look().trials) == 9


def test_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="holds no study"):
        StudyObserver(tmp_path)


# --- how much is read --------------------------------------------------------------------------


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Names of the files that Python opens while the list is emptied and looked at."""
    names: list[str] = []
    listening = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and listening[0] and isinstance(arguments[0], str):
            names.append(Path(arguments[0]).name)

    sys.addaudithook(hook)  # there is no way to take one off again
    yield names
    listening[0] = False


def test_second_look_reads_only_what_has_changed(study: Study, opened: list[str]) -> None:
    finish(study, 0)
    folders = [begin(study, i, step=20) for i in (1, 2)]
    observer = StudyObserver(study.folder)
    opened.clear()
    observer.look()
    assert sorted(opened).count("history.jsonl") == 2
    opened.clear()
    observer.look()
    assert [name for name in opened if not name.endswith(".lock")] == []
    write(folders[0], 30)
    opened.clear()
    assert observer.look().trials[1].step == 30
    assert [name for name in opened if not name.endswith(".lock")] == ["history.jsonl"]


def test_journal_cut_back_by_a_resume_is_read_again(study: Study) -> None:
    folder = begin(study, 0, step=20)
    write(folder, 30)
    observer = StudyObserver(study.folder)
    assert observer.look().trials[0].step == 30
    Journal(folder / "history.jsonl", keep=1).close()
    assert observer.look().trials[0].step == 20


# --- the command -------------------------------------------------------------------------------


def test_once_prints_counts_failures_and_how_to_go_on(study: Study, nasharness: Run) -> None:
    finish(study, 0)
    spec = study.specs[2]
    folder = begin(study, 2, step=20)
    write_failure(folder, Outcome(spec.trial_id, Status.FAILED, "Out of luck."))
    told = nasharness("watch", "--once", "s").stdout
    assert "s: stopped, 1 of 4 trials done" in told
    assert f"{spec.label} seed {spec.seed} failed: Out of luck." in told
    assert "nasharness resume s" in told
    assert "\x1b" not in told


def test_json_tells_every_trial(study: Study, nasharness: Run) -> None:
    finish(study, 0)
    folder = begin(study, 1, step=20)
    with FileLock(folder / "trial.lock"):
        (told,) = json.loads(nasharness("watch", "--json", "s").stdout)
    assert told["state"] == "running"
    assert told["eta_seconds"] > 0
    assert [trial["state"] for trial in told["trials"]] == ["done", "running", "missing", "missing"]
    assert told["trials"][1]["regret"] == 4.5


def test_study_that_is_over_is_told_at_once(study: Study, nasharness: Run) -> None:
    for position in range(4):
        finish(study, position)
    assert "s: done, 4 of 4 trials done" in nasharness("watch", "s").stdout


def test_every_study_of_a_folder_is_shown(tmp_path: Path, nasharness: Run) -> None:
    (tmp_path / "all").mkdir()
    planned(tmp_path / "all" / "cifar10")
    planned(tmp_path / "all" / "cifar100")
    planned(tmp_path / "other")
    told = json.loads(nasharness("watch", "--json", "all", "other").stdout)
    assert [Path(study["folder"]).as_posix() for study in told] == [
        "all/cifar10", "all/cifar100", "other",
    ]  # fmt: skip


def test_folder_without_a_study_gets_one_sentence(tmp_path: Path, nasharness: Run) -> None:
    (tmp_path / "empty").mkdir()
    for options in ([], ["--once"], ["--json"]):
        told = nasharness("watch", "empty", *options, code=2)
        assert told.stderr.count("holds no study") == 1
        assert told.stdout == ""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A study of long trials in folder `s`, of which one has recorded steps."""
    words = ["run", "-m", "drnas", "--seeds", "1", "--steps", "20000", "--jobs", "1", "--out", "s"]
    process = subprocess.Popen(
        [NASHARNESS, *words, "--no-report"], cwd=tmp_path, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not any(path.stat().st_size for path in tmp_path.glob("s/trials/*/history.jsonl")):
        assert process.poll() is None, process.communicate()
    yield process
    with contextlib.suppress(ProcessLookupError):  # a test may have ended them, and they are gone
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_running_study_is_seen_running_and_then_killed(
    running: subprocess.Popen[str], tmp_path: Path, nasharness: Run
) -> None:
    (told,) = json.loads(nasharness("watch", "--json", "s").stdout)
    assert told["state"] == "running"
    assert [trial["state"] for trial in told["trials"]].count("running") == 1
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    for path in tmp_path.glob("s/trials/*/history.jsonl"):
        age(path)
    (told,) = json.loads(nasharness("watch", "--json", "s").stdout)
    assert told["state"] == "stopped"
    assert [trial["state"] for trial in told["trials"]].count("interrupted") == 1


@pytest.mark.usefixtures("running")
def test_ctrl_c_leaves_quietly_and_the_study_runs_on(tmp_path: Path) -> None:
    """In a real terminal, which draws bars."""
    import pty

    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        [NASHARNESS, "watch", "s", "--every", "0.1"], cwd=tmp_path, stdout=theirs, stderr=theirs,
        env={**os.environ, "COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    seen = read_until(ours, b"/20000", times=3)
    watching.send_signal(signal.SIGINT)
    seen += read_until(ours, None)
    assert watching.wait(timeout=60) == 0
    os.close(ours)
    assert "━" in seen.decode()
    assert b"Traceback" not in seen
    assert is_held(tmp_path / "s" / "study.lock")


def read_until(terminal: int, wanted: bytes | None, times: int = 1) -> bytes:
    """What the terminal shows, until something was shown so often or the other end has closed."""
    seen = b""
    while wanted is None or seen.count(wanted) < times:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # the last process that had the terminal has ended
            break
        if not block:
            break
        seen += block
    return seen


def test_watched_to_its_end(tmp_path: Path, nasharness: Run) -> None:
    words = ["run", "-m", "rea", "--seeds", "2", "--out", "s", "--no-report"]
    process = subprocess.Popen(
        [NASHARNESS, *words],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not (tmp_path / "s" / "study.json").exists():
        assert process.poll() is None
    told = nasharness("watch", "s", "--every", "0.2").stdout
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "s: done, 4 of 4 trials done" in told
