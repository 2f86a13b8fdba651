"""Which images a training sees, and which it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.images.splits import search_split


@dataclass(frozen=True)
class TrainingImages:
    """The two parts of a data set that a training needs."""

    dataset: ImageDataset
    """How images are normalised and augmented, and what they are called."""
    train: Images
    evaluated: Images
    trained_on: str
    evaluated_on: str

    def to(self, device: torch.device) -> TrainingImages:
        """The same with both parts on a device."""
        return replace(self, train=self.train.to(device), evaluated=self.evaluated.to(device))


def training_images(dataset: ImageDataset, split: Literal["table", "search"]) -> TrainingImages:
    """The parts that `TrainingSettings.split` names.

    Raises ImageDataError where the data set has no test part to be judged by.
    """
    if split == "search":
        train, evaluated = search_split(dataset, "published")
        names = ("search-training", "search-validation")
    else:
        train, evaluated, names = dataset.train, _test_part(dataset), ("training", "test")
    trained_on, evaluated_on = (
        f"{len(part):,} {name} images" for part, name in zip((train, evaluated), names, strict=True)
    )
    return TrainingImages(dataset, train, evaluated, trained_on, evaluated_on)


def _test_part(dataset: ImageDataset) -> Images:
    if dataset.test is None:
        raise ImageDataError(
            f"`{dataset.name}` has no test part to judge a network by; `--split search` holds out"
            " half of its training images for that."
        )
    return dataset.test
