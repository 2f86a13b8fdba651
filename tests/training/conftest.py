"""A cell, its images and a small training that takes a fraction of a second an epoch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest
import torch

from nasbench_harness.contracts import Architecture
from nasbench_harness.hardware import Hardware
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors import Event
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.outcomes import Status
from nasbench_harness.training.images import training_images
from nasbench_harness.training.planning import TrainingRequest
from nasbench_harness.training.run import TrainingRun, train
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.spec import TrainingSpec
from nasbench_harness.training.training import Training, build_network

SMALL = TrainingSettings(epochs=2, batch_size=64, width=4, cells=1)

MakeTraining = Callable[..., Training]
MakeRequest = Callable[..., TrainingRequest]
Train = Callable[..., TrainingRun]


class InProcess:
    """Runs trainings one after the other here; a training that is stopped is a Ctrl-C."""

    def __init__(self, callbacks: Callbacks | None = None) -> None:
        self.callbacks = callbacks or Callbacks()
        self.ran: list[tuple[str, int]] = []

    def run(self, specs: Sequence[TrainingSpec], folder: Path) -> Generator[Event]:
        for spec in specs:
            self.ran.append((spec.label, spec.seed))
            outcome = run_job(spec, folder / spec.trial_id, self.callbacks, Hardware("cpu"))
            yield outcome
            if outcome.status is Status.INTERRUPTED:
                raise KeyboardInterrupt


@pytest.fixture(scope="session")
def in_process() -> type[InProcess]:
    return InProcess


@pytest.fixture(scope="session")
def train_here() -> Train:
    """`train` in this process; `stopped` is asked after every batch."""

    def run(
        request: TrainingRequest, path: Path, stopped: Callable[[], bool] = lambda: False
    ) -> TrainingRun:
        return train(request, path, InProcess(Callbacks(stopped=stopped)))

    return run


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small() -> TrainingSettings:
    return SMALL


@pytest.fixture(scope="session")
def digits() -> ImageDataset:
    return open_dataset("digits")


@pytest.fixture(scope="session")
def few_digits() -> ImageDataset:
    return open_dataset("digits", limit=150)


@pytest.fixture(scope="session")
def cell(space: NB201) -> Architecture:
    return space.at_index(13714)


@pytest.fixture
def make_training(space: NB201, cell: Architecture, few_digits: ImageDataset) -> MakeTraining:
    def make(
        settings: TrainingSettings = SMALL, *, seed: int = 777, dataset: ImageDataset = few_digits
    ) -> Training:
        network = build_network(space, cell, dataset, settings, seed)
        images = training_images(dataset, settings.split)
        return Training(network, images, settings, seed=seed, device=torch.device("cpu"))

    return make


@pytest.fixture
def make_request(cell: Architecture) -> MakeRequest:
    """Two epochs of three batches on 150 digits."""

    def make(
        *,
        settings: TrainingSettings = SMALL,
        seeds: tuple[int, ...] = (777,),
        limit: int | None = 150,
        architectures: tuple[Architecture, ...] = (cell,),
        dataset: str = "digits",
    ) -> TrainingRequest:
        return TrainingRequest(
            space="nb201",
            architectures=architectures,
            dataset=dataset,
            settings=settings,
            seeds=seeds,
            limit=limit,
            hardware=Hardware(device="cpu"),
        )

    return make


@pytest.fixture(scope="session")
def uninterrupted(
    cell: Architecture, train_here: Train, tmp_path_factory: pytest.TempPathFactory
) -> TrainingRun:
    """The request of `make_request`, from start to finish."""
    request = TrainingRequest(
        space="nb201",
        architectures=[cell],
        dataset="digits",
        settings=SMALL,
        seeds=(777,),
        limit=150,
        hardware=Hardware(device="cpu"),
    )
    return train_here(request, tmp_path_factory.mktemp("uninterrupted") / "run")
