"""Which images a training sees, which it is judged by, and which it is also validated on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import ImageDataset, ImagePart
from nasbench_harness.images.splits import search_split


@dataclass(frozen=True)
class TrainingImages:
    """The parts of a data set that a training needs."""

    dataset: ImageDataset
    """How images are normalised and augmented, and what they are called."""
    train: ImagePart
    evaluated: ImagePart
    trained_on: str
    evaluated_on: str
    validated: ImagePart | None = None
    """A validation part beside the test part that it is judged by; None where there is none."""
    validated_on: str = ""

    def to(self, device: torch.device) -> TrainingImages:
        """The same with every part on a device."""
        return replace(
            self,
            train=self.train.to(device),
            evaluated=self.evaluated.to(device),
            validated=self.validated.to(device) if self.validated else None,
        )


def training_images(dataset: ImageDataset, split: Literal["table", "search"]) -> TrainingImages:
    """The parts that `TrainingSettings.split` names.

    With `table` a data set that has a validation part as well, whose images no network is trained
    on, is also validated on it. Raises ImageDataError where the data set has no test part to be
    judged by.
    """
    if split == "search":
        train, evaluated = search_split(dataset, "published")
        trained_on = _count(train, "search-training")
        told = _told(dataset, evaluated, "search-validation", 0)
        return TrainingImages(dataset, train, evaluated, trained_on, told)
    test, trained_on = _test_part(dataset), _count(dataset.train, "training")
    told = _told(dataset, test, "test", 1)
    images = TrainingImages(dataset, dataset.train, test, trained_on, told)
    if dataset.valid is None:
        return images
    told = _told(dataset, dataset.valid, "validation", 0)
    return replace(images, validated=dataset.valid, validated_on=told)


def _count(part: ImagePart, name: str) -> str:
    return f"{len(part):,} {name} images"


def _told(dataset: ImageDataset, part: ImagePart, name: str, half: int) -> str:
    """How many images of which part, and which half they are where they are one."""
    count = _count(part, name)
    return f"{count} ({dataset.halved.told(half)})" if dataset.halved else count


def _test_part(dataset: ImageDataset) -> ImagePart:
    if dataset.test is None:
        raise ImageDataError(
            f"`{dataset.name}` has no test part to judge a network by; `--split search` holds out"
            " half of its training images for that."
        )
    return dataset.test
