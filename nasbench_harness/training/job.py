"""A stand-alone training as a job: build the network, train, evaluate, compare with the table."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast

import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, NetworkSpace, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import (
    DeviceError,
    Hardware,
    describe_device,
    is_out_of_memory,
    peak_memory_mb,
)
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.jobs.job import Row
from nasbench_harness.store.outcomes import Status
from nasbench_harness.training.comparison import table_validation, table_value
from nasbench_harness.training.equipment import equip
from nasbench_harness.training.images import TrainingImages, training_images
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.spec import TrainingSpec
from nasbench_harness.training.training import Training, build_network, count_costs

_PACKAGES = ("nasbench-harness", "torch", "numpy")


@dataclass(frozen=True)
class Bench:
    """What a training runs on."""

    space: SearchSpace
    images: TrainingImages
    """On the device."""
    device: torch.device
    threads: int


def open_training(spec: TrainingSpec, hardware: Hardware) -> TrainingJob:
    """The training at its first batch; HarnessError where its images are others or do not fit."""
    device = hardware.open()
    space = registry.open_space(spec.space)
    settings = TrainingSettings(**spec.settings)
    bench = Bench(space, _open_images(spec, settings, hardware, device), device, hardware.threads)
    with _memory_explained(settings, device):
        dataset, arch = bench.images.dataset, space.parse(spec.architecture)
        network = build_network(cast("NetworkSpace", space), arch, dataset, settings, spec.seed)
        costs = count_costs(network, dataset)
        equip(network, settings, spec.seed)
        training = Training(network, bench.images, settings, seed=spec.seed, device=device)
    return TrainingJob(spec, arch, bench, training, costs)


def _open_images(
    spec: TrainingSpec, settings: TrainingSettings, hardware: Hardware, device: torch.device
) -> TrainingImages:
    dataset = open_dataset(
        spec.dataset,
        data_dir=hardware.data_dir,
        image_layout=spec.image_layout,
        limit=spec.limit,
        planned=spec.dataset_digest,
        image_size=spec.image_size,
        stream=bool(spec.image_stream),
        workers=hardware.decoders(device),
    )
    if dataset.digest != spec.dataset_digest:
        raise HarnessError(
            f"The images of `{spec.dataset}` have changed since the training was planned"
            f" ({spec.dataset_digest[:12]} then, {dataset.digest[:12]} now)."
        )
    try:
        return training_images(dataset, settings.split).to(device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceError(
            f"The images of `{dataset.name}` do not fit into the memory of `{device}`; take fewer"
            " with `--limit`."
        ) from error


@contextlib.contextmanager
def _memory_explained(settings: TrainingSettings, device: torch.device) -> Iterator[None]:
    """Within it too little memory is a DeviceError that says which settings take less."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        half = ", `--precision bf16`" if settings.precision == "fp32" else ""
        raise DeviceError(
            f"{describe_device(device)} has too little memory for batches of"
            f" {settings.batch_size} images in {settings.precision}; take a smaller"
            f" `--batch-size`{half} or a smaller `--width`."
        ) from error


class TrainingJob:
    """One training in progress, a `Job`: it counts epochs, and is gone on with in their midst."""

    lasting = True

    def __init__(
        self,
        spec: TrainingSpec,
        arch: Architecture,
        bench: Bench,
        training: Training,
        costs: Mapping[str, int],
    ) -> None:
        """`training` is at its first batch; `costs` are those of its network."""
        self._spec, self._arch, self._bench = spec, arch, bench
        self._training, self._costs = training, costs
        self._seconds = 0.0

    @property
    def step(self) -> int:
        """Whole epochs trained."""
        return self._training.epoch

    @property
    def finished(self) -> bool:
        """Is the last epoch done."""
        return self._training.finished

    @property
    def share(self) -> float:
        """Of the batches."""
        return self._training.steps / (self._training.steps_per_epoch * self._spec.steps)

    @property
    def place(self) -> str:
        """`in epoch 3`."""
        return f"in epoch {self._training.epoch + 1}"

    def advance(self) -> bool:
        """Train on one batch; True where an epoch ended with it."""
        with self._measured():
            return self._training.step()

    def record(self) -> Row:
        """The epoch that ended; `seconds` count training and evaluation."""
        with self._measured():
            record = self._training.record()
        row = {"epoch": record.pop("epoch"), "seconds": round(self._seconds, 3), **record}
        return {name: value if _is_finite(value) else None for name, value in row.items()}

    @contextlib.contextmanager
    def _measured(self) -> Iterator[None]:
        started = time.perf_counter()
        with _memory_explained(self._training.settings, self._bench.device):
            yield
        self._seconds += time.perf_counter() - started

    def result(self, history: Callable[[], Sequence[Row]]) -> Row:
        """The final row: `test_accuracy` is the last epoch's, as is `valid_accuracy` if there.

        `best_test_accuracy` is the highest of the evaluated epochs, chosen by looking at the test:
        no number to compare methods by. `seconds` count training and evaluation, on however many
        machines they ran; device, threads and peak memory are those of the last.
        """
        rows, bench = history(), self._bench
        last, images = rows[-1], bench.images
        seen = [row["test_accuracy"] for row in rows if row["test_accuracy"] is not None]
        return {
            "status": Status.DONE,
            "error": "",
            "architecture": str(self._arch),
            **bench.space.describe(self._arch),
            **self._costs,
            "test_accuracy": last["test_accuracy"],
            "best_test_accuracy": max(seen, default=None),
            "test_loss": last["test_loss"],
            **self._validation(last),
            "train_accuracy": last["train_accuracy"],
            "train_loss": last["train_loss"],
            **self._beside(),
            "trained_on": images.trained_on,
            "evaluated_on": images.evaluated_on,
            "dataset_digest": images.dataset.digest,
            "seconds": self._seconds,
            "device": describe_device(bench.device),
            "threads": bench.threads,
            "peak_memory_mb": peak_memory_mb(bench.device),
            "versions": {package: version(package) for package in _PACKAGES},
        }

    def _validation(self, last: Row) -> Row:
        """The last epoch on the validation part; empty where the images have none beside test."""
        images = self._bench.images
        if images.validated is None:
            return {}
        numbers = {name: last.get(name) for name in ("valid_accuracy", "valid_loss")}
        return {**numbers, "validated_on": images.validated_on}

    def _beside(self) -> Row:
        """The benchmark's numbers of the same training: of the images that judge, and validate."""
        images, settings = self._bench.images, self._training.settings
        whole = self._spec.limit is None
        asked = (self._bench.space, self._arch, images.dataset, settings)
        beside = table_value(*asked, limited=not whole)
        if images.validated is not None:
            beside |= table_validation(*asked, limited=not whole)
        return beside

    def state_dict(self) -> dict[str, Any]:
        """Clock and training."""
        return {"seconds": self._seconds, "training": self._training.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the batch of `state`."""
        self._seconds = state["seconds"]
        self._training.load_state_dict(state["training"])


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
