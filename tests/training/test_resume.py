"""A training that was stopped, killed or damaged ends as if nothing had happened, or says why."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness.jobs.driver import Callbacks
from nasbench_harness.store.checkpoints import CHECKPOINT, PREVIOUS
from nasbench_harness.training import job
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun, train

MakeRequest = Callable[..., TrainingRequest]
Train = Callable[..., TrainingRun]
MACHINE = ("seconds", "peak_memory_mb", "device", "threads")
"""What may differ between two runs of the same training."""


def after(batches: int) -> Callable[[], bool]:
    """Asks to stop once so many batches are done."""
    asked = iter(range(1, batches))
    return lambda: next(asked, None) is None


def outcome(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Histories and results without what clock and machine wrote."""
    lines = [
        json.loads(line)
        for journal in sorted(path.rglob("history.jsonl"))
        for line in journal.read_text().splitlines()
    ]
    results = [json.loads(file.read_text()) for file in sorted(path.rglob("result.json"))]
    for row in [*lines, *results]:
        for name in MACHINE:
            row.pop(name, None)
    return lines, results


@pytest.mark.parametrize("batches", [1, 3, 4], ids=["first batch", "end of epoch", "mid-epoch"])
def test_stopped_and_gone_on_with_is_the_same(
    make_request: MakeRequest,
    train_here: Train,
    uninterrupted: TrainingRun,
    tmp_path: Path,
    batches: int,
) -> None:
    first = train_here(make_request(), tmp_path / "run", after(batches))
    assert first.interrupted
    assert first.exit_code == 3
    assert list(first.trials["status"]) == ["interrupted"]
    second = train_here(make_request(), tmp_path / "run")
    assert second.exit_code == 0
    assert outcome(tmp_path / "run") == outcome(uninterrupted.folder.path)


def test_stopped_after_the_batch(
    make_request: MakeRequest, in_process: Any, uninterrupted: TrainingRun, tmp_path: Path
) -> None:
    """As soon as the first epoch is told of; the next seed is not begun."""
    told: list[int] = []
    executor = in_process(Callbacks(told.append, lambda: bool(told)))
    done = train(make_request(seeds=(777, 888)), tmp_path / "run", executor)
    assert done.interrupted
    assert list(done.trials["status"]) == ["interrupted", "missing"]
    assert list(done.trials["error"]) == ["stopped in epoch 2", ""]
    train(make_request(), tmp_path / "run", in_process())
    assert outcome(tmp_path / "run") == outcome(uninterrupted.folder.path)


KILLED = """
import os, signal, sys
from pathlib import Path
from nasbench_harness import registry
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs import driver
from nasbench_harness.training.planning import TrainingRequest, plan
from nasbench_harness.training.settings import TrainingSettings
driver.CHECKPOINT_SECONDS = 0.0  # after every batch
polls = iter(range(5))
def stopped():
    if next(polls, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return False
settings = TrainingSettings(epochs=2, batch_size=64, width=4, cells=1)
cell = registry.open_space("nb201").at_index(13714)
request = TrainingRequest("nb201", [cell], "digits", settings, (777,), 150, Hardware("cpu"))
(spec,) = plan(request).specs
folder = Path(sys.argv[1], "trials", spec.trial_id)
driver.run_job(spec, folder, driver.Callbacks(stopped=stopped), request.hardware)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_and_gone_on_with_is_the_same(
    make_request: MakeRequest, train_here: Train, uninterrupted: TrainingRun, tmp_path: Path
) -> None:
    """SIGKILL after the last line of the history, before the checkpoint that belongs to it."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (journal,) = (tmp_path / "run").rglob("history.jsonl")
    assert len(journal.read_text().splitlines()) == 2
    assert list((tmp_path / "run").rglob(CHECKPOINT))
    train_here(make_request(), tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(uninterrupted.folder.path)


def test_checkpoints_are_what_0_1_0_wrote(
    make_request: MakeRequest, train_here: Train, tmp_path: Path
) -> None:
    train_here(make_request(), tmp_path / "run", after(4))
    (path,) = (tmp_path / "run").rglob(CHECKPOINT)
    state = torch.load(path, weights_only=True)
    assert set(state) == {"fingerprint", "seconds", "lines", "training"}
    assert state["lines"] == 1
    assert set(state["training"]) == {"steps", "network", "optimizer", "batches", "totals"}


def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    make_request: MakeRequest, train_here: Train, uninterrupted: TrainingRun, tmp_path: Path
) -> None:
    train_here(make_request(), tmp_path / "run", after(4))
    (last,) = (tmp_path / "run").rglob(CHECKPOINT)
    last.write_bytes(last.read_bytes()[:-200])
    train_here(make_request(), tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(uninterrupted.folder.path)
    assert not list((tmp_path / "run").rglob("*.pt"))


def test_damaged_checkpoints_are_a_failure_with_a_way_out(
    make_request: MakeRequest, train_here: Train, tmp_path: Path
) -> None:
    train_here(make_request(), tmp_path / "run", after(4))
    for name in (CHECKPOINT, PREVIOUS):
        (file,) = (tmp_path / "run").rglob(name)
        file.write_bytes(b"")
    done = train_here(make_request(), tmp_path / "run")
    assert done.exit_code == 3
    assert "delete them to start the trial again" in done.failures[0].error


def test_out_of_memory_names_the_settings_and_the_next_seed_goes_on(
    make_request: MakeRequest, train_here: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, seeds = job.build_network, []

    def first_is_too_large(*arguments: Any) -> torch.nn.Module:
        seeds.append(arguments[-1])
        if len(seeds) == 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return build(*arguments)

    monkeypatch.setattr(job, "build_network", first_is_too_large)
    done = train_here(make_request(seeds=(777, 888)), tmp_path / "run")
    assert done.exit_code == 3
    assert [failure.error for failure in done.failures] == [
        "cpu has too little memory for batches of 64 images in fp32; take a smaller `--batch-size`,"
        " `--precision bf16` or a smaller `--width`."
    ]
    assert list(done.trials["status"]) == ["failed", "done"]
