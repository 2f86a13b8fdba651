"""One training from start to finish: build, train, record, checkpoint, resume, judge.

What it ends with depends on its own `TrainingSpec` alone, on the CPU bit for bit, however often it
was stopped or killed on the way.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch

from nasbench_harness.contracts import Architecture, NetworkSpace, SearchSpace
from nasbench_harness.hardware import (
    DeviceError,
    describe_device,
    is_out_of_memory,
    peak_memory_mb,
    reset_peak_memory,
)
from nasbench_harness.images.layout import LayoutName
from nasbench_harness.store.checkpoints import load_checkpoint, remove_checkpoints, save_checkpoint
from nasbench_harness.store.files import write_json
from nasbench_harness.store.journals import Journal, read_journal
from nasbench_harness.store.outcomes import (
    HISTORY,
    RESULT,
    SCHEMA_VERSION,
    TRIAL,
    Outcome,
    Status,
    sentence,
    write_failure,
)
from nasbench_harness.training.comparison import is_whole, table_value
from nasbench_harness.training.images import TrainingImages
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.training import VERSION, Training, build_network, count_costs

CHECKPOINT_SECONDS = 300.0
"""Between checkpoints within an epoch; the end of each epoch has one anyway."""
_PACKAGES = ("nasbench-harness", "torch", "numpy")

Row = dict[str, Any]
Watch = Callable[["TrainingSpec", Row], None]
"""Hears of each line of a history."""


@dataclass(frozen=True)
class TrainingSpec:
    """Everything the result of a training depends on."""

    architecture: str
    label: str
    """The architecture in names: its index in the benchmark, or a short hash."""
    space: str
    space_version: str
    dataset: str
    dataset_digest: str
    limit: int | None
    settings: Mapping[str, Any]
    seed: int
    version: str = VERSION
    image_layout: LayoutName | None = None
    """What the folders of an image folder are, where they can be read in two ways."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the result."""
        place = ("dataset", "image_layout")  # what is read there counts by its digest
        decisive = {k: v for k, v in asdict(self).items() if k not in place}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def trial_id(self) -> str:
        """Readable name and a hash of everything above."""
        return f"{self.label}-s{self.seed}-{self.fingerprint[:10]}"


@dataclass(frozen=True)
class Workbench:
    """What the trainings of one command share."""

    space: SearchSpace
    images: TrainingImages
    """On the device."""
    device: torch.device
    threads: int


def run_training(
    spec: TrainingSpec,
    bench: Workbench,
    folder: Path,
    *,
    watch: Watch = lambda spec, row: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run (or go on with) the training in `folder`; whatever goes wrong becomes its status."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / TRIAL, {"schema_version": SCHEMA_VERSION, **asdict(spec)})
        run = _begin(spec, bench)
        if not _train(run, folder, watch, stopped):
            error = f"stopped in epoch {run.training.epoch + 1}"
            outcome = Outcome(spec.trial_id, Status.INTERRUPTED, error)
            write_failure(folder, outcome)
            return outcome
        write_json(folder / RESULT, _result(run, read_journal(folder / HISTORY)))
        remove_checkpoints(folder)
    except Exception as error:
        outcome = Outcome(spec.trial_id, Status.FAILED, _sentence(error, spec, bench.device))
        write_failure(folder, outcome, traceback.format_exc())
        return outcome
    return Outcome(spec.trial_id, Status.DONE)


def _sentence(error: Exception, spec: TrainingSpec, device: torch.device) -> str:
    if is_out_of_memory(error):
        settings = TrainingSettings(**spec.settings)
        half = ", `--precision bf16`" if settings.precision == "fp32" else ""
        error = DeviceError(
            f"{describe_device(device)} has too little memory for batches of"
            f" {settings.batch_size} images in {settings.precision}; take a smaller"
            f" `--batch-size`{half} or a smaller `--width`."
        )
    return sentence(error)


# --- the training ------------------------------------------------------------------------------


@dataclass
class _Run:
    """A training in progress."""

    spec: TrainingSpec
    arch: Architecture
    bench: Workbench
    training: Training
    costs: dict[str, int]
    seconds: float = 0.0
    lines: int = 0
    last_checkpoint: float = field(default_factory=time.monotonic)


def _begin(spec: TrainingSpec, bench: Workbench) -> _Run:
    reset_peak_memory(bench.device)
    settings = TrainingSettings(**spec.settings)
    arch = bench.space.parse(spec.architecture)
    dataset = bench.images.dataset
    network = build_network(cast("NetworkSpace", bench.space), arch, dataset, settings, spec.seed)
    costs = count_costs(network, dataset)
    training = Training(network, bench.images, settings, seed=spec.seed, device=bench.device)
    return _Run(spec, arch, bench, training, costs)


def _train(run: _Run, folder: Path, watch: Watch, stopped: Callable[[], bool]) -> bool:
    """Train to the last epoch; False if stopped before, with a checkpoint to go on from."""
    _resume(run, folder)
    with contextlib.closing(Journal(folder / HISTORY, keep=run.lines)) as journal:
        while not run.training.finished:
            row = _step(run)
            if row is not None:
                journal.append(row)
                run.lines = journal.length
                watch(run.spec, row)
            stop = stopped()
            if row is not None or stop or _is_due(run):
                journal.sync()
                _checkpoint(run, folder)
            if stop and not run.training.finished:
                return False
    return True


def _step(run: _Run) -> Row | None:
    """Train on one batch; the line of the history where an epoch ended with it."""
    started = time.perf_counter()
    record = run.training.record() if run.training.step() else None
    run.seconds += time.perf_counter() - started
    if record is None:
        return None
    row = {"epoch": record.pop("epoch"), "seconds": round(run.seconds, 3), **record}
    return {name: None if not _is_finite(value) else value for name, value in row.items()}


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _is_due(run: _Run) -> bool:
    return time.monotonic() - run.last_checkpoint > CHECKPOINT_SECONDS


def _checkpoint(run: _Run, folder: Path) -> None:
    state = {
        "fingerprint": run.spec.fingerprint,
        "seconds": run.seconds,
        "lines": run.lines,
        "training": run.training.state_dict(),
    }
    save_checkpoint(folder, state)
    run.last_checkpoint = time.monotonic()


def _resume(run: _Run, folder: Path) -> None:
    state = load_checkpoint(folder, run.spec.fingerprint)
    if state is None:
        return
    run.seconds, run.lines = state["seconds"], state["lines"]
    run.training.load_state_dict(state["training"])


# --- what is kept ------------------------------------------------------------------------------


def _result(run: _Run, history: list[Row]) -> dict[str, Any]:
    """The final row: `test_accuracy` is the last epoch's.

    `best_test_accuracy` is the highest of the evaluated epochs, chosen by looking at the test: no
    number to compare methods by. `seconds` count training and evaluation, on however many
    machines they ran; device, threads and peak memory are those of the last.
    """
    bench, last = run.bench, history[-1]
    seen = [row["test_accuracy"] for row in history if row["test_accuracy"] is not None]
    images = bench.images
    return {
        "schema_version": SCHEMA_VERSION,
        "status": Status.DONE,
        "error": "",
        "architecture": str(run.arch),
        **bench.space.describe(run.arch),
        **run.costs,
        "test_accuracy": last["test_accuracy"],
        "best_test_accuracy": max(seen, default=None),
        "test_loss": last["test_loss"],
        "train_accuracy": last["train_accuracy"],
        "train_loss": last["train_loss"],
        **table_value(
            bench.space,
            run.arch,
            images.dataset.table_dataset,
            run.training.settings,
            limited=run.spec.limit is not None or not is_whole(images.dataset),
        ),
        "trained_on": images.trained_on,
        "evaluated_on": images.evaluated_on,
        "dataset_digest": images.dataset.digest,
        "seconds": run.seconds,
        "device": describe_device(bench.device),
        "threads": bench.threads,
        "peak_memory_mb": peak_memory_mb(bench.device),
        "versions": {package: version(package) for package in _PACKAGES},
    }
