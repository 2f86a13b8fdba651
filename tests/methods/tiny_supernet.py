"""A real, tiny supernet of NAS-Bench-201: images of noise with a patch that tells the class."""

from __future__ import annotations

from typing import Any

import torch

from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201

EDGES = 6
CLASSES, SIDE, IMAGES, BATCH = 3, 8, 48, 4
EPOCHS = 2
STEPS = EPOCHS * IMAGES // 2 // BATCH


def tiny_images() -> ImageDataset:
    """Noise with a bright patch whose place is the class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(IMAGES) % CLASSES
    pixels = torch.randint(0, 100, (IMAGES, 3, SIDE, SIDE), generator=generator)
    for image, label in zip(pixels, labels.tolist(), strict=True):
        image[:, :, 2 * label : 2 * label + 3] += 120
    return ImageDataset(
        name="tiny", train=Images(pixels.to(torch.uint8), labels), valid=None, test=None,
        classes=("a", "b", "c"), mean=(0.3,) * 3, std=(0.2,) * 3, padding=1, flip=True,
        digest="tiny", table_dataset=None,
    )  # fmt: skip


def supernet(**network: Any) -> WeightSharing:
    """Two epochs of six steps, width 4, one cell a stage."""
    chosen = {"width": 4, "cells": 1, "batch_size": BATCH, "split": "halves", **network}
    settings = NetworkSettings.build("network", chosen)
    return WeightSharing(
        NB201(), tiny_images(), settings, steps=STEPS, epochs=EPOCHS, seed=5, device="cpu"
    )
