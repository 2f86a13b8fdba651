"""The two parts of a search: images for the network weights, images for the architecture."""

from __future__ import annotations

import random
from typing import Literal

import numpy as np
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset, ImagePart

BENCHMARK_SEED = 1021
"""Of every split of NAS-Bench-201 (its authors' code)."""


def search_split(
    dataset: ImageDataset,
    how: Literal["published", "halves", "per_class"],
    *,
    train_share: float = 0.5,
    valid_share: float | None = None,
) -> tuple[ImagePart, ImagePart]:
    """The images for the network weights w, and those for the architecture alpha.

    `published`: the split of NAS-Bench-201 (Dong and Yang, ICLR 2020, and its code). Where the
    data set has a search-validation part of its own (CIFAR-100, ImageNet16-120) all training
    images are for w and that part is for alpha. On CIFAR-10 the training images are shuffled with
    seed 1021 and each half is put back in order. Any other data set, or a training part that was
    cut down, is split by the same rule, N // 2 of its N images for w: this project's decision.

    `halves`: the first and the second half of the training images in their order, as in the code
    of DARTS and DrNAS. For any other `train_share` they are first put in a fixed random order with
    seed 0, as UNAS's code does with a share of 0.9; that the order is numpy's is our decision.
    Image folders are in a random order since they were opened, so that no class is missing.

    `per_class`: of each class the first `train_share` of its training images in their order, and
    the next `valid_share`, or all others, so that both parts have the classes in the proportions of
    the whole: 0.1 and 0.025 of ImageNet, as PC-DARTS and DrNAS search on it. Which of the images
    they are is this project's decision.

    Raises HarnessError where a part would be empty or the share does not fit the split.
    """
    _refuse_shares(how, train_share, valid_share)
    if how == "published":
        if dataset.valid is not None:
            return dataset.train, dataset.valid
        first, second = shuffled_halves(len(dataset.train))
    elif how == "halves":
        first, second = _shares(len(dataset.train), train_share)
    else:
        first, second = _of_classes(dataset.train.labels, train_share, valid_share)
    if not len(first) or not len(second):
        raise HarnessError(
            f"{len(dataset.train)} training images with a share of {train_share} leave one part of"
            " the search without images; take more images or another share."
        )
    return dataset.train.select(first), dataset.train.select(second)


def _refuse_shares(how: str, train_share: float, valid_share: float | None) -> None:
    if how not in ("published", "halves", "per_class"):
        raise HarnessError(
            f"There is no split `{how}`; there are `published`, `halves` and `per_class`."
        )
    if how == "published" and train_share != 0.5:
        raise HarnessError(
            f"The published split has a fixed share of training images, so {train_share} cannot"
            " be had with it; use the split `halves`."
        )
    if how != "per_class" and valid_share is not None:
        raise HarnessError(
            f"A share of {valid_share} for the architecture is one of each class; use the split"
            " `per_class`, or leave `valid_share` out."
        )


def shuffled_halves(count: int) -> tuple[list[int], list[int]]:
    """NAS-Bench-201's rule: shuffle with seed 1021, cut in the middle, sort both halves."""
    order = list(range(count))
    random.Random(BENCHMARK_SEED).shuffle(order)
    return sorted(order[: count // 2]), sorted(order[count // 2 :])


def _of_classes(
    labels: torch.Tensor, train_share: float, valid_share: float | None
) -> tuple[list[int], list[int]]:
    """Positions, in their order; HarnessError where the shares do not fit, or a class has none."""
    together = train_share + (valid_share or 0)
    shares = f"{train_share} and {'what is left' if valid_share is None else valid_share}"
    if not 0 < train_share < 1 or together > 1 + 1e-9:
        raise HarnessError(
            f"Shares of {shares} of each class cannot be taken; give numbers above"
            " 0 that are 1 together at most."
        )
    first, second = [], []
    by_class = torch.split(torch.argsort(labels, stable=True), labels.bincount().tolist())
    for positions in (of_class.tolist() for of_class in by_class):
        cut = int(len(positions) * train_share + 1e-9)
        stop = len(positions) if valid_share is None else int(len(positions) * together + 1e-9)
        if not 0 < cut < stop:
            raise HarnessError(
                f"A class of {len(positions)} images has none for one part of the search with"
                f" shares of {shares}; take larger ones, or more images."
            )
        first += positions[:cut]
        second += positions[cut:stop]
    return sorted(first), sorted(second)


def _shares(count: int, train_share: float) -> tuple[list[int], list[int]]:
    if not 0 < train_share < 1:
        raise HarnessError(
            f"A share of {train_share} of the training images cannot be taken; give a number"
            " between 0 and 1."
        )
    cut = int(count * train_share)
    if train_share == 0.5:
        return list(range(cut)), list(range(cut, count))
    order = np.random.RandomState(0).permutation(count).tolist()
    return order[:cut], order[cut:]
