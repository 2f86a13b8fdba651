"""How large DARTS networks are, and how those of publications were trained on their own.

For CIFAR 600 epochs with cutout and drop path; for ImageNet 250 with smoothed labels. Our last
epoch counts, as in DARTS' and UNAS' code; DrNAS' logs the best of all epochs.
"""

from __future__ import annotations

from collections.abc import Mapping

from nasbench_harness.contracts import TrainingRecipe

_SGD = {"momentum": 0.9, "nesterov": False, "clip_norm": 5.0, "auxiliary_weight": 0.4}
_CIFAR = {
    **_SGD, "epochs": 600, "learning_rate": 0.025, "weight_decay": 3e-4, "cutout": 16,
    "drop_path": 0.2,
}  # fmt: skip
_IMAGENET = {
    **_SGD, "epochs": 250, "weight_decay": 3e-5, "label_smoothing": 0.1, "width": 48, "cells": 14,
}  # fmt: skip

RECIPES: Mapping[str, TrainingRecipe] = {
    "darts": TrainingRecipe(
        "DARTS authors' code for CIFAR: 20 cells of 36 channels, 600 epochs.",
        {**_CIFAR, "batch_size": 96},
    ),
    "drnas": TrainingRecipe(
        "DrNAS authors' code for CIFAR.", {**_CIFAR, "batch_size": 64, "drop_path": 0.3}
    ),
    "unas": TrainingRecipe(
        "UNAS authors' code for CIFAR-10; for CIFAR-100 they drop paths up to 0.3.",
        {**_CIFAR, "batch_size": 128, "learning_rate": 0.05, "warmup_epochs": 30},
    ),
    "darts_imagenet": TrainingRecipe(
        "DARTS authors' code for ImageNet; without the random resized crops and colour changes.",
        {**_IMAGENET, "batch_size": 128, "learning_rate": 0.1, "schedule": "exponential"},
    ),
    "drnas_imagenet": TrainingRecipe(
        "DrNAS authors' code for ImageNet; but that the last five epochs fall as the others, and"
        " without the random resized crops and colour changes.",
        {
            **_IMAGENET, "batch_size": 768, "learning_rate": 0.5, "schedule": "linear",
            "warmup_epochs": 5,
        },
    ),
    "unas_imagenet": TrainingRecipe(
        "UNAS authors' code for ImageNet, 8 devices with 128 images each and the rate that goes"
        " with them; without the random resized crops and colour changes.",
        {**_IMAGENET, "batch_size": 1024, "learning_rate": 0.8, "warmup_epochs": 5},
    ),
    "quick": TrainingRecipe(
        "Design decision of this project: a small network for a few epochs, for CPUs.",
        {
            **_SGD, "epochs": 10, "batch_size": 64, "learning_rate": 0.05, "weight_decay": 3e-4,
            "width": 8, "cells": 5,
        },
    ),
}  # fmt: skip
