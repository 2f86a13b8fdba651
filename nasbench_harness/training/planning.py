"""Architectures x seeds -> specs: what is asked for, checked before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware, find_device
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.layout import LayoutName
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.images.place import absolute, place_name
from nasbench_harness.training.equipment import check_equipment
from nasbench_harness.training.images import training_images
from nasbench_harness.training.settings import TrainingSettings, find_recipe, network_space
from nasbench_harness.training.spec import TrainingSpec

NAMED = 4
"""Architectures whose labels a folder's name can hold."""


@dataclass(frozen=True)
class TrainingRequest:
    """What is trained, on what, and where."""

    space: str
    architectures: Sequence[Architecture]
    dataset: str
    settings: TrainingSettings
    seeds: Sequence[int] | None = None
    """None: those of the space's first recipe."""
    limit: int | None = None
    """Training images that are kept; None: all."""
    hardware: Hardware = field(default_factory=Hardware)
    image_layout: LayoutName | None = None
    """What the folders of an image folder are, where they can be read in two ways."""
    image_size: int | None = None
    """Side that the images of a folder are resized or cropped to, in pixels; None: theirs."""
    stream: bool | None = None
    """Decode them as they are needed; None: where they would take too much memory."""

    @property
    def folder_name(self) -> str:
        """`train-<index or short hash>-<dataset>-<epochs>ep`."""
        space = registry.open_space(self.space)
        labels = [label(space, arch) for arch in dict.fromkeys(self.architectures)]
        if len(labels) > NAMED:
            labels = [f"{len(labels)}-{_short_hash(' '.join(labels))}"]
        dataset = place_name(self.dataset)
        if self.settings.split == "search":
            dataset += "-search"
        return f"train-{'-'.join(labels)}-{dataset}-{self.settings.epochs}ep"


def label(space: SearchSpace, arch: Architecture) -> str:
    """The architecture's index where its space has one, else a short hash of its text."""
    index = space.describe(arch).get("index")
    return str(index) if index is not None else _short_hash(str(arch))


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class TrainingPlan:
    """The trainings of a request."""

    config: dict[str, Any]
    """What all of them have in common."""
    specs: list[TrainingSpec]


def plan(
    request: TrainingRequest,
    opened: Callable[[ImageDataset], None] = lambda images: None,
    *,
    like: str = "",
) -> TrainingPlan:
    """The trainings of `request`; HarnessError for what cannot be trained at all.

    `opened` is called with the images, which have the digest `like` if they can, see
    `open_dataset`.
    """
    builder, space = network_space(request.space), registry.open_space(request.space)
    seeds = find_recipe(builder, None).seeds if request.seeds is None else request.seeds
    dataset = _images(request, like)
    opened(dataset)
    common: dict[str, Any] = {
        "space": request.space,
        "dataset": absolute(request.dataset),
        "dataset_digest": dataset.digest,
        "limit": request.limit,
        "image_layout": request.image_layout,
        "image_size": request.image_size,
        "image_stream": True if dataset.streamed else request.stream,
    }
    sized = request.settings.sized(builder.shapes.evaluation)
    for arch in request.architectures[:1]:
        check_equipment(builder, arch, dataset, sized)
    settings = sized.identity()
    specs = [
        TrainingSpec(
            architecture=str(arch),
            label=label(space, arch),
            space_version=space.version,
            settings=settings,
            seed=seed,
            **common,
        )
        for arch in dict.fromkeys(request.architectures)
        for seed in dict.fromkeys(seeds)
    ]
    return TrainingPlan({**common, **settings}, specs)


def _images(request: TrainingRequest, like: str) -> ImageDataset:
    hardware = request.hardware
    find_device(hardware.device)
    dataset = open_dataset(
        request.dataset,
        data_dir=hardware.data_dir,
        download=hardware.download,
        image_layout=request.image_layout,
        limit=request.limit,
        like=like,
        image_size=request.image_size,
        stream=request.stream,
    )
    images = training_images(dataset, request.settings.split)
    if (batch := request.settings.batch_size) > len(images.train):
        more = "more images" if request.limit is None else f"a `--limit` of {batch} or more"
        kept = "" if request.limit is None else f", which `--limit {request.limit}` leaves"
        raise HarnessError(
            f"A batch of {batch} cannot be taken from {images.trained_on}{kept}; choose a"
            f" `--batch-size` from 1 to {len(images.train)}, or {more}."
        )
    return dataset
