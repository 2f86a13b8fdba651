"""Architectures x seeds -> trainings: runs what is missing, one after another, gathers tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, NetworkSpace, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import DeviceError, Hardware, is_out_of_memory
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.layout import LayoutName
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.images.place import absolute, place_name
from nasbench_harness.store.outcomes import Ended, Outcome, Status
from nasbench_harness.training.folder import (
    LOCK,
    TrainingFolder,
    TrainingFolderError,
    gather,
    plan_folder,
    refuse_strangers,
)
from nasbench_harness.training.images import TrainingImages, training_images
from nasbench_harness.training.settings import SEEDS, TrainingSettings
from nasbench_harness.training.trial import (
    TrainingSpec,
    Watch,
    Workbench,
    run_training,
)

if TYPE_CHECKING:
    import pandas as pd
    import torch

_TABLE = ("table", "table_metric", "table_test_accuracy")
NAMED = 4
"""Architectures whose labels a folder's name can hold."""


@dataclass(frozen=True)
class TrainingRequest:
    """What is trained, on what, and where."""

    space: str
    architectures: Sequence[Architecture]
    dataset: str
    settings: TrainingSettings
    seeds: Sequence[int] = SEEDS
    limit: int | None = None
    """Training images that are kept; None: all."""
    hardware: Hardware = field(default_factory=Hardware)
    image_layout: LayoutName | None = None
    """What the folders of an image folder are, where they can be read in two ways."""

    @property
    def folder_name(self) -> str:
        """`train-<index or short hash>-<dataset>-<epochs>ep`."""
        space = registry.open_space(self.space)
        labels = [label(space, arch) for arch in self.architectures]
        if len(labels) > NAMED:
            labels = [f"{len(labels)}-{_short_hash(' '.join(labels))}"]
        dataset = place_name(self.dataset)
        if self.settings.split == "search":
            dataset += "-search"
        return f"train-{'-'.join(labels)}-{dataset}-{self.settings.epochs}ep"


@dataclass(frozen=True)
class TrainingRun(Ended):
    """The trainings of a request after they ran."""

    folder: TrainingFolder


def label(space: SearchSpace, arch: Architecture) -> str:
    """The architecture's index where its space has one, else a short hash of its text."""
    index = space.describe(arch).get("index")
    return str(index) if index is not None else _short_hash(str(arch))


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def train(  # noqa: PLR0913 - what is trained, and who is told
    request: TrainingRequest,
    path: Path,
    *,
    begin: Callable[[TrainingFolder, list[TrainingSpec]], None] = lambda folder, missing: None,
    watch: Watch = lambda spec, row: None,
    stopped: Callable[[], bool] = lambda: False,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> TrainingRun:
    """Run what `path` lacks of the request, and gather all of its tables.

    HarnessError for what cannot be trained at all, before anything is written; what goes wrong
    later fails that one training.
    """
    refuse_strangers(path)
    bench = _workbench(request)
    opened(bench.images.dataset)
    specs = _specs(request, bench)
    path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path / LOCK, timeout=0):
            folder = plan_folder(path, _common(request, bench.images), specs)
            missing = folder.missing(specs)
            begin(folder, missing)
            failures, interrupted = _run_missing(folder, missing, bench, watch, stopped)
            trials = gather(folder)
    except Timeout as error:
        raise TrainingFolderError(
            f"Another command is training in {path}; wait for it to end."
        ) from error
    return TrainingRun(trials, failures, interrupted, folder)


def _run_missing(
    folder: TrainingFolder,
    missing: list[TrainingSpec],
    bench: Workbench,
    watch: Watch,
    stopped: Callable[[], bool],
) -> tuple[list[Outcome], bool]:
    """The trainings that failed, and whether all was stopped."""
    failures: list[Outcome] = []
    for spec in missing:
        if stopped():
            return failures, True
        outcome = run_training(spec, bench, folder.trial(spec), watch=watch, stopped=stopped)
        if outcome.status is Status.INTERRUPTED:
            return failures, True
        if outcome.status is Status.FAILED:
            failures.append(outcome)
    return failures, False


def _workbench(request: TrainingRequest) -> Workbench:
    space = registry.open_space(request.space)
    if not isinstance(space, NetworkSpace):
        raise HarnessError(f"The space `{request.space}` builds no networks that can be trained.")
    hardware = request.hardware
    device = hardware.open()
    dataset = open_dataset(
        request.dataset,
        data_dir=hardware.data_dir,
        download=hardware.download,
        image_layout=request.image_layout,
        limit=request.limit,
    )
    images = training_images(dataset, request.settings.split)
    if (batch := request.settings.batch_size) > len(images.train):
        raise HarnessError(
            f"A batch of {batch} cannot be taken from {images.trained_on}; choose a `--batch-size`"
            f" from 1 to {len(images.train)}, or more images."
        )
    return Workbench(space, _on_device(images, device), device, hardware.threads)


def _on_device(images: TrainingImages, device: torch.device) -> TrainingImages:
    try:
        return images.to(device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceError(
            f"The images of `{images.dataset.name}` do not fit into the memory of `{device}`; take"
            " fewer with `--limit`."
        ) from error


def _specs(request: TrainingRequest, bench: Workbench) -> list[TrainingSpec]:
    return [
        TrainingSpec(
            architecture=str(arch),
            label=label(bench.space, arch),
            space=request.space,
            space_version=bench.space.version,
            dataset=absolute(request.dataset),
            dataset_digest=bench.images.dataset.digest,
            limit=request.limit,
            image_layout=request.image_layout,
            settings=request.settings.model_dump(mode="json"),
            seed=seed,
        )
        for arch in dict.fromkeys(request.architectures)
        for seed in dict.fromkeys(request.seeds)
    ]


def _common(request: TrainingRequest, images: TrainingImages) -> dict[str, Any]:
    """What all trainings of a folder share."""
    return {
        "space": request.space,
        "dataset": absolute(request.dataset),
        "dataset_digest": images.dataset.digest,
        "limit": request.limit,
        "image_layout": request.image_layout,
        **request.settings.model_dump(mode="json"),
    }


def summarise(trials: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per architecture: mean and standard deviation over its finished seeds.

    Accuracies are percent and of the last epoch; the deviation is the sample's, NaN for one seed.
    """
    rows = []
    for (name, architecture), every in trials.groupby(["label", "architecture"], sort=False):
        done = every[every["status"] == Status.DONE]
        if done.empty:
            continue
        rows.append(
            {
                "label": name,
                "architecture": architecture,
                "seeds": len(done),
                "missing": len(every) - len(done),
                "test_accuracy_mean": float(done["test_accuracy"].mean()),
                "test_accuracy_std": float(done["test_accuracy"].std()),
                "best_test_accuracy_mean": float(done["best_test_accuracy"].mean()),
                "params": int(done["params"].iloc[0]),
                "flops": int(done["flops"].iloc[0]),
                "seconds_mean": float(done["seconds"].mean()),
                **{name: _known(done[name].iloc[0]) for name in _TABLE},
            }
        )
    return rows


def _known(value: Any) -> Any:
    """None for what a table of numbers holds as NaN."""
    return None if value != value else value  # noqa: PLR0124
